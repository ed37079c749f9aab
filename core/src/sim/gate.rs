//! The gate between guest and hypervisor, in worlds where somebody may be paused or crash: who is inside, who ends.

use super::{Code, Locals, Sim};
use crate::addr::ActorId;
use crate::machine::Kind;
use crate::machine::pause::{self, PauseAct};
use crate::step::{Act, Effect};

impl<C: Code> Sim<C> {
    /// Notes whether a vCPU is inside the hypervisor now, and ends those of a crashed domain that are outside. Between
    /// two rounds of its program it is in its guest.
    pub(super) fn pass_the_gate(&mut self, a: ActorId, did: &Effect, next_round: bool) {
        let next = self.pending[a.0 as usize].map(|p| p.effect);
        let entered = next_round || matches!(did, Effect::Act(Act::Pause(PauseAct::EnterGuest)));
        let inside = !entered && !matches!(next, None | Some(Effect::Act(Act::TlbAccess { .. })));
        let world = self.world.clone();
        if world.actors[a.0 as usize].kind == Kind::Vcpu {
            pause::set_inside(&mut self.mem, &world, a, inside);
        }
        for b in world.actor_ids().filter(|&b| b == a || crashes(did)) {
            if !self.ended(b) && pause::ends(&mut self.mem, &world, b) {
                self.clear_log(b);
                self.write_locals(b, &Locals::NONE);
                self.end(b);
            }
        }
    }
}

/// Whether an effect may end other actors than its own.
pub(super) fn crashes(e: &Effect) -> bool {
    matches!(e, Effect::Act(Act::Pause(PauseAct::Crash(_) | PauseAct::Kill(_))))
}
