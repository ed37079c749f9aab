//! Pausing vCPUs, and ending those of a domain that has crashed.
//!
//! A vCPU is *outside* the hypervisor before its first effect, when its next effect begins a guest access, and after
//! it has entered the guest; in all other places it is inside. One that is paused goes on until it is outside and
//! stays there; one whose domain has crashed ends there. Whoever pauses counts first and then sleeps until those are
//! outside.
//!
//! Protocol: the inside word is the vCPU's own. Live, it says that it is inside before it looks whether it is paused,
//! and takes that back if it is; whoever pauses counts before looking at the inside word. So one of the two sees the
//! other. Only worlds in which somebody pauses keep the inside word ([`World::pausable`]).

use super::record::{ActorWord, DomWord};
use super::teardown::Phase;
use super::words::Words;
use super::world::{Kind, World};
use crate::addr::ActorId;

/// Whom a pause is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Who {
    /// One vCPU.
    Actor(ActorId),
    /// All vCPUs of the domain in that slot but the actor itself.
    Domain(u8),
}

/// What is done to vCPUs as a whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PauseAct {
    /// Counts one pause more. Xen's `vcpu_pause_nosync` and `domain_pause_nosync`.
    Pause(Who),
    /// Counts one less, unless there is none.
    Unpause(Who),
    /// Ends a hypercall: the vCPU is outside again.
    EnterGuest,
    /// The domain has crashed and is dying: its vCPUs end when they are outside. Xen's `domain_crash`.
    Crash(u8),
    /// The domain is to be taken down: it is dying, and its vCPUs end when they are outside. Xen's `domain_kill`, which
    /// pauses the domain for good.
    Kill(u8),
}

impl Who {
    /// The vCPUs that are meant, when `me` says it.
    pub fn all(self, world: &World, me: ActorId) -> impl Iterator<Item = ActorId> + use<'_> {
        world.actor_ids().filter(move |&a| {
            let actor = &world.actors[a.0 as usize];
            actor.kind == Kind::Vcpu
                && match self {
                    Who::Actor(b) => a == b,
                    Who::Domain(slot) => a != me && world.slot(actor.domain) == Some(slot),
                }
        })
    }
}

/// What such an effect does to words.
pub fn act<W: Words>(m: &mut W, world: &World, me: ActorId, a: PauseAct) {
    match a {
        PauseAct::Pause(who) => {
            for a in who.all(world, me) {
                m.add(world.map.actor(a, ActorWord::Paused), 1);
            }
        }
        PauseAct::Unpause(who) => {
            who.all(world, me).for_each(|a| unpause(m, world, a));
        }
        PauseAct::EnterGuest => m.set(world.map.actor(me, ActorWord::Inside), 0),
        PauseAct::Crash(slot) => {
            m.set(world.map.dom(slot, DomWord::Crashed), 1);
            m.set(world.map.dom(slot, DomWord::Dying), 1);
        }
        PauseAct::Kill(slot) => {
            m.set(world.map.dom(slot, DomWord::Dying), 1);
            m.cas(world.map.dom(slot, DomWord::Teardown), 0, Phase::DYING.0);
        }
    }
}

/// Counts one pause less, unless there is none.
pub(super) fn unpause<W: Words>(m: &mut W, world: &World, a: ActorId) {
    let word = world.map.actor(a, ActorWord::Paused);
    let mut seen = m.get(word);
    while seen > 0 {
        let now = m.cas(word, seen, seen - 1);
        if now == seen {
            break;
        }
        seen = now;
    }
}

/// Whether the actor is a vCPU outside the hypervisor, in a world where that is kept.
pub fn outside<W: Words>(m: &mut W, world: &World, a: ActorId) -> bool {
    world.pausable && world.actors[a.0 as usize].kind == Kind::Vcpu && m.get(world.map.actor(a, ActorWord::Inside)) == 0
}

/// Whether it must stay outside because it is paused.
pub fn stays<W: Words>(m: &mut W, world: &World, a: ActorId) -> bool {
    outside(m, world, a) && m.get(world.map.actor(a, ActorWord::Paused)) > 0
}

/// Whether it ends now: it is outside, and its domain has crashed or is taken down.
pub fn ends<W: Words>(m: &mut W, world: &World, a: ActorId) -> bool {
    let slot = world.slot(world.actors[a.0 as usize].domain);
    outside(m, world, a)
        && slot.is_some_and(|slot| {
            [DomWord::Crashed, DomWord::Teardown].into_iter().any(|w| m.get(world.map.dom(slot, w)) != 0)
        })
}

/// Those of them who are inside: whom a pause waits for.
pub fn inside<W: Words>(m: &mut W, world: &World, me: ActorId, who: Who) -> Vec<ActorId> {
    who.all(world, me).filter(|&a| !outside(m, world, a)).collect()
}

/// Writes whether the actor is inside, where that is kept.
pub fn set_inside<W: Words>(m: &mut W, world: &World, a: ActorId, inside: bool) {
    let word = world.map.actor(a, ActorWord::Inside);
    if m.get(word) != inside as u64 {
        m.set(word, inside as u64);
    }
}
