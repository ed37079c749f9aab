//! Which locks were held from which step to which, and in which orders they were asked for, read from the events.

use super::event::Event;
use crate::addr::ActorId;
use crate::lock::{Lock, Mode};
use crate::step::Effect;
use crate::watch::potential::{Orders, Seen};

/// A lock held over some steps.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Hold {
    /// By whom.
    pub actor: ActorId,
    /// Which lock.
    pub lock: Lock,
    /// How.
    pub mode: Mode,
    /// The step that took it.
    pub since: usize,
    /// The step that released it for the last time; none while it is held.
    pub until: Option<usize>,
    /// How often it is held at the end; 0 once released.
    pub depth: u64,
}

/// What an event does to holds: which lock, how, and whether it is taken; `reads` says whether its actor holds the shared
/// side of a lock. None for one that neither takes nor releases.
fn change(e: &Event, reads: impl Fn(Lock) -> bool) -> Option<(Lock, Mode, bool)> {
    match e.did.effect {
        _ if e.queued => None,
        Effect::Lock(lock, mode) | Effect::TryLock(lock, mode) if e.result[0] != 0 => Some((lock, mode, true)),
        Effect::Unlock(lock, mode) => Some((lock, lock.released(mode, reads(lock)), false)),
        _ => None,
    }
}

/// All holds of a run of steps, in the order of their taking. Held by one actor, the open ones of the result stand
/// outermost first.
pub fn holds(events: &[Event]) -> Vec<Hold> {
    let mut all: Vec<Hold> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    for e in events {
        let is = |h: &Hold, lock, mode| (h.actor, h.lock, h.mode) == (e.actor, lock, mode);
        let reads = |lock| open.iter().any(|&i| is(&all[i], lock, Mode::Shared));
        let Some((lock, mode, takes)) = change(e, reads) else { continue };
        match (open.iter().position(|&i| is(&all[i], lock, mode)), takes) {
            (Some(at), true) => all[open[at]].depth += 1,
            (None, true) => {
                open.push(all.len());
                all.push(Hold { actor: e.actor, lock, mode, since: e.step, until: None, depth: 1 });
            }
            (Some(at), false) => {
                let h = &mut all[open[at]];
                h.depth -= 1;
                if h.depth == 0 {
                    h.until = Some(e.step);
                    open.remove(at);
                }
            }
            (None, false) => {}
        }
    }
    all
}

/// Notes the orders in which a run's actors asked for locks: also where one still waits. A lock that was only tried
/// makes nobody wait.
pub fn note_orders(events: &[Event], run: usize, orders: &mut Orders) {
    let mut open: Vec<(ActorId, (Lock, Mode), u64)> = Vec::new();
    for e in events {
        let seen = Seen { run, step: e.step };
        if let Effect::Lock(lock, mode) = e.did.effect {
            orders.note(e.actor, &of(&open, e.actor), (lock, mode), seen);
        }
        let reads = |lock| open.iter().any(|h| (h.0, h.1) == (e.actor, (lock, Mode::Shared)));
        if let Some((lock, mode, takes)) = change(e, reads) {
            let at = open.iter().position(|h| (h.0, h.1) == (e.actor, (lock, mode)));
            match (at, takes) {
                (Some(at), true) => open[at].2 += 1,
                (None, true) => open.push((e.actor, (lock, mode), 1)),
                (Some(at), false) if open[at].2 == 1 => drop(open.remove(at)),
                (Some(at), false) => open[at].2 -= 1,
                (None, false) => {}
            }
        }
        for w in &e.waiting {
            if let Effect::Lock(lock, mode) = w.on {
                orders.note(w.actor, &of(&open, w.actor), (lock, mode), seen);
            }
        }
    }
}

/// What one actor holds, outermost first.
fn of(open: &[(ActorId, (Lock, Mode), u64)], a: ActorId) -> Vec<(Lock, Mode)> {
    open.iter().filter(|h| h.0 == a).map(|h| h.1).collect()
}
