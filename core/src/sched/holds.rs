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

/// All holds of a run of steps, in the order of their taking. Held by one actor, the open ones of the result stand
/// outermost first.
pub fn holds(events: &[Event]) -> Vec<Hold> {
    let mut all: Vec<Hold> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    for e in events.iter().filter(|e| !e.queued) {
        let (lock, mode, takes) = match e.did.effect {
            Effect::Lock(lock, mode) | Effect::TryLock(lock, mode) if e.result[0] != 0 => (lock, mode, true),
            Effect::Unlock(lock, mode) => (lock, mode, false),
            _ => continue,
        };
        let reads = open.iter().map(|&i| &all[i]).any(|h| (h.actor, h.lock, h.mode) == (e.actor, lock, Mode::Shared));
        let mode = if takes { mode } else { lock.released(mode, reads) };
        let is = |h: &Hold| h.actor == e.actor && h.lock == lock && h.mode == mode;
        match (open.iter().position(|&i| is(&all[i])), takes) {
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
    let all = holds(events);
    let at = |actor: ActorId, step: usize| -> Vec<(Lock, Mode)> {
        let open = |h: &&Hold| h.actor == actor && h.since < step && h.until.is_none_or(|until| until >= step);
        all.iter().filter(open).map(|h| (h.lock, h.mode)).collect()
    };
    for e in events {
        if let Effect::Lock(lock, mode) = e.did.effect {
            orders.note(e.actor, &at(e.actor, e.step), (lock, mode), Seen { run, step: e.step });
        }
        for w in &e.waiting {
            if let Effect::Lock(lock, mode) = w.on {
                orders.note(w.actor, &at(w.actor, e.step + 1), (lock, mode), Seen { run, step: e.step });
            }
        }
    }
}
