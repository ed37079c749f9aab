//! Who listens for accesses that an entry's right forbids, an introspection tool (Xen's
//! `vm_event` ring of the monitor, `p2m_mem_access_check` and `p2m_mem_access_resume`, 2012 and later).
//!
//! Protocol: a domain has one listener. Its events, frame numbers, are posted on the world's ring `monitor` when the
//! entry's lock is released (S17): a vCPU sleeps there while the ring is full. It is paused before it posts, and stays
//! outside until the listener has answered for that frame number; then it tries again, and asks again if the right
//! still forbids it.

use super::code::Code;
use crate::addr::DomGfn;
use crate::machine::DomWord;
use crate::machine::World;
use crate::machine::monitor::MonitorAct;
use crate::machine::paging::is_own;
use crate::machine::ring::RingAct;
use crate::step::{Act, Effect, Step, Stop};

/// The ring of events, by its name in the lesson.
fn ring(world: &World) -> Option<u8> {
    world.rings.iter().position(|r| r.of.is_none() && r.name == "monitor").map(|i| i as u8)
}

/// `access_listen d`: the actor gets the events of the domain from now on. `ENODEV` if the world has no ring `monitor`;
/// `EBUSY` if somebody listens already.
pub fn listen<S: Step>(s: &mut S, slot: u8) -> Result<Code, Stop> {
    if ring(s.world()).is_none() {
        return Ok(Code::Enodev);
    }
    let done = s.act(Act::Monitor(MonitorAct::Listen(slot)))? != 0;
    Ok(if done { Code::Ok } else { Code::Ebusy })
}

/// `access_unlisten d`: it gets them no longer, and every vCPU that waits for an answer goes on. `EINVAL` if the actor does
/// not listen. Events that are on the ring stay there.
pub fn unlisten<S: Step>(s: &mut S, slot: u8) -> Result<Code, Stop> {
    let done = s.act(Act::Monitor(MonitorAct::Unlisten(slot)))? != 0;
    Ok(if done { Code::Ok } else { Code::Einval })
}

/// `access_resume g`: lets the vCPUs go on that wait for an answer about that frame number (`p2m_mem_access_resume`). Gives
/// how many there were.
pub fn resume<S: Step>(s: &mut S, g: DomGfn) -> Result<u64, Stop> {
    s.slot(g.dom)?;
    s.act(Act::Monitor(MonitorAct::LetGo(g)))
}

/// Whether somebody listens. No effect where the world has no ring for events.
pub(super) fn listens<S: Step>(s: &mut S, slot: u8) -> Result<bool, Stop> {
    if ring(s.world()).is_none() {
        return Ok(false);
    }
    let listener = s.dom_word(slot, DomWord::Listener);
    s.note("looks whether anybody listens");
    Ok(s.load(listener)? != 0)
}

/// Tells the listener of an access to `g`, without any lock held. A vCPU of the domain sleeps while the ring is full, and
/// where it is to `wait` it is paused first; what anybody else posts on a full ring is lost. Whether it is paused.
pub(super) fn tell<S: Step>(s: &mut S, slot: u8, g: DomGfn, wait: bool) -> Result<bool, Stop> {
    let Some(ring) = ring(s.world()) else { return Ok(false) };
    let own = is_own(s.world(), s.me(), slot);
    if own && wait {
        s.note("pauses itself until the listener has answered");
        s.act(Act::Monitor(MonitorAct::Await(g)))?;
        // A listener that left since it was asked for lets nobody go on any more.
        if !listens(s, slot)? {
            s.act(Act::Monitor(MonitorAct::LetGo(g)))?;
            return Ok(true);
        }
    }
    s.effect(Effect::Act(Act::Ring(RingAct::Post { ring, value: g.to_word(), wait: own })))?;
    Ok(own && wait)
}
