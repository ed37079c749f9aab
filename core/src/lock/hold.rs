//! A set of p2m locks that are held together: some ranges, or whole tables, of one domain or of several.
//!
//! Protocol. A set is taken in the one order of all locks ([`Lock::rank`]): table by table, each table's shared side
//! before its ranges, and released in reverse. It is a value of four words: up to [`HOLD_RANGES`] ranges and any
//! number of whole tables. Where more ranges are asked for, the tables that they lie in are taken whole instead:
//! more than was needed, and never less.

use super::{Lock, Mode, global, holders, policy, word_of};
use crate::addr::{ActorId, Gfn, Order};
use crate::machine::{Words, World};

/// Ranges that one set can name.
pub const HOLD_RANGES: usize = 3;

/// No range: no lock's word has this bit.
const NONE: u64 = 1 << 63;

/// Locks of p2m tables, to be held exclusively and together.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Hold {
    /// Packed locks in their order, [`NONE`] behind the last.
    ranges: [u64; HOLD_RANGES],
    /// Tables that are taken whole, one bit for each domain's slot.
    whole: u32,
}

impl Hold {
    /// Nothing at all.
    pub const NOTHING: Hold = Hold { ranges: [NONE; HOLD_RANGES], whole: 0 };

    /// What guards an entry of that order, or of a smaller one, under the policy in force. The base of `gfn` is found
    /// here, so that a misaligned number is guarded as what it lies in (S45).
    #[inline(always)]
    pub fn entry(world: &World, slot: u8, gfn: Gfn, order: Order) -> Hold {
        match policy::guard(world, slot, gfn, order) {
            Some(range) => Hold { ranges: [range.to_word(), NONE, NONE], whole: 0 },
            None => Hold::whole(slot),
        }
    }

    /// A whole table.
    pub const fn whole(slot: u8) -> Hold {
        Hold { whole: 1 << slot, ..Hold::NOTHING }
    }

    /// Both sets. Ranges of a table that is taken whole are left out.
    pub fn and(self, world: &World, other: Hold) -> Hold {
        let mut all: Vec<Lock> = self.range_locks().chain(other.range_locks()).collect();
        let mut whole = self.whole | other.whole;
        let inside = |l: &Lock, whole: u32| l.slot().is_some_and(|d| whole >> d & 1 == 1);
        all.retain(|l| !inside(l, whole));
        all.sort_by_key(|l| (l.rank(world), *l));
        all.dedup();
        let larger: Vec<Lock> = all.clone();
        all.retain(|l| !larger.iter().any(|o| o != l && o.covers(*l)));
        if all.len() > HOLD_RANGES {
            whole = all.iter().filter_map(|l| l.slot()).fold(whole, |set, d| set | 1 << d);
            all.clear();
        }
        let mut ranges = [NONE; HOLD_RANGES];
        ranges.iter_mut().zip(&all).for_each(|(word, lock)| *word = lock.to_word());
        Hold { ranges, whole }
    }

    /// Whether an entry of that order may be changed while this is held.
    pub fn covers(self, world: &World, slot: u8, gfn: Gfn, order: Order) -> bool {
        self.has_whole(slot)
            || policy::guard(world, slot, gfn, order)
                .is_some_and(|l| self.range_locks().any(|mine| mine == l || mine.covers(l)))
    }

    /// Whether the domain's table is held whole.
    pub const fn has_whole(self, slot: u8) -> bool {
        self.whole >> slot & 1 == 1
    }

    /// Its locks in the order in which they are taken.
    pub fn locks(self, world: &World) -> Vec<(Lock, Mode)> {
        let mut all: Vec<(Lock, Mode)> = Vec::new();
        for d in 0..world.domains.len() as u8 {
            let ranged = self.range_locks().any(|l| l.slot() == Some(d));
            match (self.has_whole(d), ranged) {
                (true, _) => all.push((Lock::Global(d), Mode::Exclusive)),
                (_, true) => all.push((Lock::Global(d), Mode::Shared)),
                _ => {}
            }
        }
        all.extend(self.range_locks().map(|l| (l, Mode::Exclusive)));
        all.sort_by_key(|(l, _)| (l.rank(world), *l));
        all
    }

    /// The tables that it holds, whole or in part, by their slots.
    pub fn tables(self, world: &World) -> Vec<u8> {
        let mut all: Vec<u8> = self.locks(world).into_iter().filter_map(|(l, _)| l.slot()).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The lock of a set that is one range of one table, which most are.
    #[inline(always)]
    pub fn single(self) -> Option<Lock> {
        let one = self.whole == 0 && self.ranges[0] != NONE && self.ranges[1] == NONE;
        if one { Some(Lock::from_word(self.ranges[0])) } else { None }
    }

    /// As four words; the upper half of the last one is zero.
    #[inline(always)]
    pub const fn to_words(self) -> [u64; 4] {
        [self.ranges[0], self.ranges[1], self.ranges[2], self.whole as u64]
    }

    /// The inverse of [`Hold::to_words`].
    #[inline(always)]
    pub const fn from_words(w: [u64; 4]) -> Hold {
        Hold { ranges: [w[0], w[1], w[2]], whole: w[3] as u32 }
    }

    fn range_locks(self) -> impl Iterator<Item = Lock> {
        self.ranges.into_iter().filter(|&w| w != NONE).map(Lock::from_word)
    }
}

/// Whether an actor may wait for a set: it holds no lock of any p2m, so that nobody waits for it meanwhile, or every
/// lock of the set is its own already, so that it waits for nobody. Reads words that only the actor itself changes
/// to or from its own.
pub fn may_take<W: Words>(m: &mut W, world: &World, me: ActorId, hold: Hold) -> bool {
    let mine = |m: &mut W, d: u8| {
        let word = m.get(world.map.dom(d, crate::machine::DomWord::Global));
        global::exclusive(word).is_some_and(|(a, _)| a == me)
    };
    let holds_one = |m: &mut W, d: u8| super::holds_table(m, world, me, d);
    if !(0..world.domains.len() as u8).any(|d| holds_one(m, d)) {
        return true;
    }
    hold.locks(world).into_iter().all(|(lock, mode)| match (lock, mode) {
        (Lock::Global(d), Mode::Shared) => holds_one(m, d),
        (Lock::Global(d), Mode::Exclusive) => mine(m, d),
        _ => {
            let owned = word_of(m, world, lock).is_some() && holders(m, world, lock).iter().any(|h| h.0 == me);
            owned || lock.slot().is_some_and(|d| mine(m, d))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::{Actor, Builder, Kind, NewDomain, Policy};
    use std::sync::Arc;

    fn world(policy: Policy) -> Arc<World> {
        let domain = |id: u16, control| NewDomain { id: crate::addr::DomId(id), control, ..NewDomain::default() };
        // The second slot has the lowest number, the third is under control bias.
        let domains = vec![domain(5, false), domain(1, false), domain(0, true)];
        let actors = vec![Actor { name: "A".into(), kind: Kind::Toolstack, domain: crate::addr::DomId(1) }];
        Builder { policy, domains, actors, ..Builder::default() }.build().unwrap().0
    }

    fn at(w: &World, slot: u8, gfn: u64) -> Hold {
        Hold::entry(w, slot, Gfn(gfn), Order::K4)
    }

    #[test]
    fn ranges_are_taken_in_the_order_of_domain_and_range() {
        let w = world(Policy::M2);
        let h = at(&w, 2, 0).and(&w, at(&w, 0, 0x400)).and(&w, at(&w, 1, 0x200));
        let shared = |d| (Lock::Global(d), Mode::Shared);
        let range = |d, i| (Lock::Range(d, i), Mode::Exclusive);
        assert_eq!(h.locks(&w), [shared(1), range(1, 1), shared(0), range(0, 2), shared(2), range(2, 0)]);
        let h = at(&w, 0, 0x400).and(&w, at(&w, 0, 0x10)).and(&w, at(&w, 0, 0x11));
        assert_eq!(h.locks(&w), [shared(0), range(0, 0), range(0, 2)], "a range stands in it once");
        assert_eq!(Hold::from_words(h.to_words()), h);
    }

    #[test]
    fn a_whole_table_takes_the_place_of_its_ranges() {
        let w = world(Policy::M2);
        let h = at(&w, 0, 0x400).and(&w, at(&w, 1, 0)).and(&w, Hold::whole(0));
        let whole = |d| (Lock::Global(d), Mode::Exclusive);
        assert_eq!(h.locks(&w), [(Lock::Global(1), Mode::Shared), (Lock::Range(1, 0), Mode::Exclusive), whole(0)]);
        assert!(h.covers(&w, 0, Gfn(0x9999), Order::G1) && h.covers(&w, 1, Gfn(0x1ff), Order::M2));
        assert!(!h.covers(&w, 1, Gfn(0x200), Order::K4) && !h.covers(&w, 2, Gfn(0), Order::K4));
    }

    #[test]
    fn more_ranges_than_fit_are_the_whole_tables_that_they_lie_in() {
        let w = world(Policy::M2);
        let h = (0..3).fold(at(&w, 1, 0), |h, i| h.and(&w, at(&w, 0, 0x200 * i)));
        assert_eq!(h.locks(&w), [(Lock::Global(1), Mode::Exclusive), (Lock::Global(0), Mode::Exclusive)]);
    }

    #[test]
    fn what_is_larger_than_a_range_is_guarded_by_the_whole_table() {
        let of = |policy, order| Hold::entry(&world(policy), 0, Gfn(0x205), order).locks(&world(policy));
        let range = |i| vec![(Lock::Global(0), Mode::Shared), (Lock::Range(0, i), Mode::Exclusive)];
        let whole = vec![(Lock::Global(0), Mode::Exclusive)];
        assert_eq!(of(Policy::M2, Order::K4), range(1));
        assert_eq!(of(Policy::M2, Order::M2), range(1));
        assert_eq!(of(Policy::M2, Order::G1), whole);
        assert_eq!(of(Policy::G1, Order::G1), range(0));
        assert_eq!(of(Policy::Global, Order::K4), whole);
        assert_eq!(of(Policy::Unlocked, Order::M2), whole);
    }

    #[test]
    fn who_holds_nothing_may_wait_and_who_holds_something_only_for_what_is_its_own() {
        let w = world(Policy::M2);
        let mut m = vec![0; w.map.len() as usize];
        let me = ActorId(0);
        assert!(may_take(&mut m, &w, me, Hold::whole(1)));
        m[w.map.shared_depth(me, 0).0 as usize] = 1;
        assert!(!may_take(&mut m, &w, me, Hold::whole(1)));
        assert!(!may_take(&mut m, &w, me, Hold::whole(0)), "it would wait for itself");
        m[w.map.shared_depth(me, 0).0 as usize] = 0;
        global::try_exclusive(&mut m, &w, 0, me);
        assert!(may_take(&mut m, &w, me, Hold::whole(0)) && may_take(&mut m, &w, me, at(&w, 0, 0x400)));
        assert!(!may_take(&mut m, &w, me, Hold::whole(0).and(&w, Hold::whole(1))));
    }
}
