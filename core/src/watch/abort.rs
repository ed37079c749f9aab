//! Whom to abort so that all others can go on.
//!
//! An aborted actor gives up what it holds and does nothing more: who waited for a lock of its waits for it no longer,
//! and who hoped that it would bring something hopes for the others. Of all sets of stuck actors that free the rest
//! the smallest is looked for, of several the first in the order of actors.

use super::waits::{Wait, stuck};
use crate::addr::ActorId;

/// The smallest set of stuck actors whose abort lets all others go on, in the order of actors; empty if nobody is
/// stuck. One that waits for a lock which an ended actor has left cannot be freed by any abort, so it is in every such
/// set.
pub fn to_abort(waits: &[Wait], moving: &[ActorId]) -> Vec<ActorId> {
    let all = stuck(waits, moving);
    let mut chosen = Vec::new();
    for size in 0..=all.len() {
        if choose(&all, size, &mut chosen, &mut |set| frees(waits, moving, set)) {
            break;
        }
    }
    chosen
}

/// Whether the rest can go on without these.
fn frees(waits: &[Wait], moving: &[ActorId], set: &[ActorId]) -> bool {
    let mut left: Vec<Wait> = waits.iter().filter(|w| !set.contains(&w.actor)).cloned().collect();
    let mut free = moving.to_vec();
    for w in &mut left {
        let needed = !w.needs.is_empty();
        w.needs.retain(|n| !set.contains(n));
        // All whom it needed are gone, and with them what they held.
        if w.on.needs_all() && needed && w.needs.is_empty() {
            free.push(w.actor);
        }
    }
    stuck(&left, &free).is_empty()
}

/// Tries all sets of that size in order; leaves the first that fits in `chosen`.
fn choose(from: &[ActorId], size: usize, chosen: &mut Vec<ActorId>, fits: &mut impl FnMut(&[ActorId]) -> bool) -> bool {
    if size == 0 {
        return fits(chosen);
    }
    for (i, &a) in from.iter().enumerate() {
        chosen.push(a);
        if choose(&from[i + 1..], size - 1, chosen, fits) {
            return true;
        }
        chosen.pop();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lock::{Lock, Mode};
    use crate::watch::waits::On;

    fn lock(actor: u8, needs: &[u8]) -> Wait {
        let on = On::Lock(Lock::Named(0), Mode::Exclusive);
        Wait { actor: ActorId(actor), on, needs: needs.iter().map(|&n| ActorId(n)).collect() }
    }

    fn sleep(actor: u8, needs: &[u8]) -> Wait {
        Wait { on: On::Condition, ..lock(actor, needs) }
    }

    fn set(waits: &[Wait], moving: &[u8]) -> Vec<u8> {
        let moving: Vec<ActorId> = moving.iter().map(|&a| ActorId(a)).collect();
        to_abort(waits, &moving).into_iter().map(|a| a.0).collect()
    }

    #[test]
    fn nobody_is_aborted_while_all_can_go_on() {
        assert!(set(&[], &[0]).is_empty());
        assert!(set(&[lock(0, &[1])], &[1]).is_empty());
    }

    #[test]
    fn one_of_a_ring_is_enough_and_one_of_each() {
        assert_eq!(set(&[lock(0, &[1]), lock(1, &[2]), lock(2, &[0])], &[]), [0]);
        assert_eq!(set(&[lock(0, &[1]), lock(1, &[0]), lock(2, &[3]), lock(3, &[2])], &[]), [0, 2]);
    }

    #[test]
    fn where_rings_share_an_actor_it_alone_goes() {
        assert_eq!(set(&[lock(0, &[1]), lock(1, &[0, 2]), lock(2, &[1])], &[]), [1]);
    }

    #[test]
    fn who_waits_for_an_ended_actor_cannot_be_freed() {
        assert_eq!(set(&[lock(0, &[9])], &[]), [0]);
        assert_eq!(set(&[lock(0, &[9]), lock(1, &[0])], &[]), [0]);
    }

    #[test]
    fn a_sleeper_whom_the_freed_one_could_wake_is_free() {
        assert_eq!(set(&[lock(0, &[1]), lock(1, &[0]), sleep(2, &[0, 1])], &[]), [0]);
        assert_eq!(set(&[sleep(0, &[1]), sleep(1, &[0])], &[]), [0, 1], "nobody is left to wake the other");
    }
}
