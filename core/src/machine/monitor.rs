//! vCPUs that are paused until whoever listens for forbidden accesses has answered (Xen's `vm_event` with
//! `VM_EVENT_FLAG_VCPU_PAUSED`).
//!
//! Protocol: a vCPU pauses itself in one effect, before its event is posted, so that an answer never comes first. It waits
//! for one frame number; the answer names that number and lets every vCPU go on that waits for it. These words change
//! under the heap's word, with the count of pauses.

use super::frames::heap;
use super::paging::is_own;
use super::pause::unpause;
use super::record::{ActorWord, DomWord};
use super::words::Words;
use super::world::World;
use crate::addr::{ActorId, DomGfn};

/// What is done to a domain's listener and to those who wait for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MonitorAct {
    /// The actor listens from now on; gives whether nobody did.
    Listen(u8),
    /// The actor listens no longer, and every vCPU that waits for an answer goes on; gives whether it did listen.
    Unlisten(u8),
    /// The vCPU pauses itself until its access to that frame number is answered.
    Await(DomGfn),
    /// Lets every vCPU go on that waits for that frame number; gives how many.
    LetGo(DomGfn),
}

/// Does it.
pub fn act<W: Words>(m: &mut W, world: &World, me: ActorId, a: MonitorAct) -> u64 {
    heap(m, world, |m| match a {
        MonitorAct::Listen(slot) => (m.cas(world.dom_word(slot, DomWord::Listener), 0, me.0 as u64 + 1) == 0) as u64,
        MonitorAct::Unlisten(slot) => {
            let mine = me.0 as u64 + 1;
            let done = m.cas(world.dom_word(slot, DomWord::Listener), mine, 0) == mine;
            if done {
                let_go(m, world, slot, |_| true);
            }
            done as u64
        }
        MonitorAct::Await(g) => {
            let word = world.map.actor(me, ActorWord::Monitored);
            if m.get(word) == 0 {
                m.add(world.map.actor(me, ActorWord::Paused), 1);
                m.set(word, g.to_word() + 1);
            }
            0
        }
        MonitorAct::LetGo(g) => match world.slot(g.dom) {
            Some(slot) => let_go(m, world, slot, |of| of == g.to_word()),
            None => 0,
        },
    })
}

/// Lets the domain's vCPUs go on that wait for such frame numbers.
fn let_go<W: Words>(m: &mut W, world: &World, slot: u8, of: impl Fn(u64) -> bool) -> u64 {
    let mut n = 0;
    for a in world.actor_ids().filter(|&a| is_own(world, a, slot)) {
        let word = world.map.actor(a, ActorWord::Monitored);
        let waits = m.get(word);
        if waits != 0 && of(waits - 1) {
            m.set(word, 0);
            unpause(m, world, a);
            n += 1;
        }
    }
    n
}
