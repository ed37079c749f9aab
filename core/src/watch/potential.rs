//! Deadlocks that have not happened: locks taken in opposite orders, in whatever runs.
//!
//! Whenever an actor waits for a lock, or takes one that it might have had to wait for, while it holds others, that is
//! an *order*: who, what was held, what was asked for, and where that was seen first. A potential deadlock is a ring of
//! orders by different actors in which each asks for what the next one holds, and in which no two hold what keeps them
//! from being there at the same time. A lock that all of them hold outside of the ring is such a thing: it would let
//! only one of them in, so there is no deadlock and none is reported. Two holders of a shared side keep nobody out.
//!
//! What cannot be seen from locks is not known here: whether one actor waits for another's end first. So what is
//! reported may be impossible, but no order that was seen is left out.

use crate::addr::ActorId;
use crate::lock::{Lock, Mode};

/// A lock, and how it is held or wanted.
pub type Held = (Lock, Mode);

/// Where an order was seen first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Seen {
    /// In which run, counted from 0.
    pub run: usize,
    /// At which step of it.
    pub step: usize,
}

/// An actor asked for a lock while it held others.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Order {
    /// Who.
    pub actor: ActorId,
    /// What it held, outermost first.
    pub held: Vec<Held>,
    /// What it asked for.
    pub wants: Held,
    /// Where that was seen first.
    pub first: Seen,
}

/// The orders of many runs.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Orders(Vec<Order>);

/// The longest ring that is looked for: as many actors as could ever matter to a reader.
const LONGEST: usize = 4;

/// Whether two holders keep one another out.
fn conflict(a: Held, b: Held) -> bool {
    let same = a.0 == b.0 || a.0.covers(b.0) || b.0.covers(a.0);
    same && !(a.1 == Mode::Shared && b.1 == Mode::Shared)
}

/// Whether what one asks for is kept from it by what the other holds.
fn blocked(a: &Order, b: &Order) -> bool {
    b.held.iter().any(|&h| conflict(a.wants, h))
}

/// Whether the two can hold what they hold at the same time.
fn together(a: &Order, b: &Order) -> bool {
    a.actor != b.actor && !a.held.iter().any(|&x| b.held.iter().any(|&y| conflict(x, y)))
}

impl Orders {
    /// Notes an order, unless the same one is known. One who asks again for what it holds, or holds nothing, keeps to
    /// no order.
    pub fn note(&mut self, actor: ActorId, held: &[Held], wants: Held, at: Seen) {
        let again = held.iter().any(|h| h.0 == wants.0 && h.0.recursive());
        let known = |o: &Order| o.actor == actor && o.wants == wants && o.held == held;
        if !held.is_empty() && !again && !self.0.iter().any(known) {
            self.0.push(Order { actor, held: held.to_vec(), wants, first: at });
        }
    }

    /// All orders, in the order in which they were first seen.
    pub fn all(&self) -> &[Order] {
        &self.0
    }

    /// The rings of two to four orders that could close, each from its lowest actor on, the shortest first. Of rings
    /// of the same actors over the same locks asked for, one.
    pub fn rings(&self) -> Vec<Vec<&Order>> {
        let mut found: Vec<Vec<&Order>> = Vec::new();
        for length in 2..=LONGEST {
            for first in &self.0 {
                self.extend(&mut vec![first], length, &mut found);
            }
        }
        found
    }

    fn extend<'a>(&'a self, path: &mut Vec<&'a Order>, length: usize, found: &mut Vec<Vec<&'a Order>>) {
        let (Some(&first), Some(&last)) = (path.first(), path.last()) else { return };
        if path.len() == length {
            let closes = blocked(last, first);
            let key = |ring: &[&Order]| ring.iter().map(|o| (o.actor, o.wants)).collect::<Vec<_>>();
            if closes && !found.iter().any(|ring| key(ring) == key(path)) {
                found.push(path.clone());
            }
            return;
        }
        for next in &self.0 {
            // From the lowest actor on, so that each ring is met once.
            let later = next.actor > first.actor;
            if later && blocked(last, next) && path.iter().all(|o| together(o, next)) {
                path.push(next);
                self.extend(path, length, found);
                path.pop();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const X: Mode = Mode::Exclusive;
    const S: Mode = Mode::Shared;

    fn named(n: u8) -> Lock {
        Lock::Named(n)
    }

    fn orders(all: &[(u8, &[Held], Held)]) -> Orders {
        let mut orders = Orders::default();
        for (run, &(actor, held, wants)) in all.iter().enumerate() {
            orders.note(ActorId(actor), held, wants, Seen { run, step: 3 });
        }
        orders
    }

    fn rings(all: &[(u8, &[Held], Held)]) -> Vec<Vec<u8>> {
        orders(all).rings().iter().map(|ring| ring.iter().map(|o| o.actor.0).collect()).collect()
    }

    const A: Held = (Lock::Named(0), X);
    const B: Held = (Lock::Named(1), X);
    const C: Held = (Lock::Named(2), X);

    #[test]
    fn opposite_orders_seen_in_different_runs_close_a_ring() {
        let all = orders(&[(0, &[A], B), (1, &[B], A)]);
        let found = all.rings();
        assert_eq!(found.len(), 1);
        assert_eq!((found[0][0].first.run, found[0][1].first.run), (0, 1), "each with where it was seen");
        assert_eq!(rings(&[(0, &[A], B), (1, &[B], C), (2, &[C], A)]), [[0, 1, 2]]);
    }

    #[test]
    fn one_actor_alone_or_one_order_is_none() {
        assert_eq!(rings(&[(0, &[A], B), (0, &[B], A)]), Vec::<Vec<u8>>::new());
        assert_eq!(rings(&[(0, &[A], B), (1, &[A], B)]), Vec::<Vec<u8>>::new());
    }

    #[test]
    fn a_lock_that_both_hold_outside_guards_the_ring() {
        assert_eq!(rings(&[(0, &[C, A], B), (1, &[C, B], A)]), Vec::<Vec<u8>>::new());
        let shared = (named(2), S);
        assert_eq!(rings(&[(0, &[shared, A], B), (1, &[shared, B], A)]), [[0, 1]]);
        assert_eq!(rings(&[(0, &[shared, A], B), (1, &[C, B], A)]), Vec::<Vec<u8>>::new());
    }

    #[test]
    fn shared_sides_wait_only_for_exclusive_ones() {
        let (global, shared) = (Lock::Global(0), (Lock::Global(0), S));
        let range = (Lock::Range(0, 7), X);
        assert_eq!(rings(&[(0, &[shared], range), (1, &[range], shared)]), Vec::<Vec<u8>>::new());
        assert_eq!(rings(&[(0, &[(global, X)], range), (1, &[range], shared)]), [[0, 1]]);
    }

    #[test]
    fn taking_again_what_one_holds_is_no_order() {
        let range = (Lock::Range(0, 7), X);
        assert!(orders(&[(0, &[range], range)]).all().is_empty());
    }

    #[test]
    fn an_area_is_in_the_way_of_its_gfns() {
        let (gfn, area) = ((Lock::Range(0, 513), X), (Lock::Area(0, 1), X));
        assert_eq!(rings(&[(0, &[gfn], A), (1, &[A], area)]), [[0, 1]]);
    }
}
