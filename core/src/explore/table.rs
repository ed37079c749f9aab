//! The fingerprint table: open addressing, linear probing, each slot one atomic word.
//!
//! Protocol: a slot goes from 0 to a fingerprint once and never changes again, so an insert needs one
//! compare-and-exchange and a look-up none. Fingerprints are well mixed, their upper bits are the place. The table
//! does not grow by itself: whoever inserts sees to it beforehand that there is room, and grows it while nobody else
//! has it.
//!
//! Memory ordering: a fingerprint is all that a slot says, nothing is published with it, so relaxed is enough.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The fingerprint that stands for 0, which means an empty slot. One state more that is told apart from no other than
/// this one.
const ZERO: u64 = 0x9e37_79b9_7f4a_7c15;

/// A set of fingerprints.
pub(super) struct Table {
    slots: Box<[AtomicU64]>,
    shift: u32,
}

impl Table {
    /// An empty table with room for at least that many.
    pub fn with_room(states: u64) -> Table {
        let bits = (states * 10 / 7).max(1 << 10).next_power_of_two().trailing_zeros();
        Table { slots: (0..1u64 << bits).map(|_| AtomicU64::new(0)).collect(), shift: 64 - bits }
    }

    /// How many fit before it should grow.
    pub fn room(&self) -> u64 {
        self.slots.len() as u64 / 10 * 7
    }

    /// Puts a fingerprint in; true if it was not there.
    #[inline(always)]
    pub fn insert(&self, print: u64) -> bool {
        let key = if print == 0 { ZERO } else { print };
        let mask = self.slots.len() - 1;
        let mut at = (key >> self.shift) as usize;
        loop {
            let slot = &self.slots[at & mask];
            let mut seen = slot.load(Relaxed);
            if seen == 0 {
                match slot.compare_exchange(0, key, Relaxed, Relaxed) {
                    Ok(_) => return true,
                    Err(now) => seen = now,
                }
            }
            if seen == key {
                return false;
            }
            at += 1;
        }
    }

    /// What it takes.
    pub fn bytes(&self) -> u64 {
        8 * self.slots.len() as u64
    }

    /// What it would take with room for at least that many.
    pub fn bytes_for(states: u64) -> u64 {
        8 * (states * 10 / 7).max(1 << 10).next_power_of_two()
    }

    /// All that is in it.
    pub fn prints(&self) -> impl Iterator<Item = u64> {
        self.slots.iter().map(|slot| slot.load(Relaxed)).filter(|&key| key != 0)
    }

    /// The same set with room for at least that many.
    pub fn grown(&self, states: u64) -> Table {
        let table = Table::with_room(states);
        self.prints().for_each(|key| {
            table.insert(key);
        });
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    proptest! {
        #[test]
        fn it_holds_what_a_set_holds(prints in prop::collection::vec(prop_oneof![0..40u64, any::<u64>(), Just(u64::MAX)], 0..900)) {
            let (mut table, mut set) = (Table::with_room(1000), HashSet::new());
            for (i, &p) in prints.iter().enumerate() {
                if i == 400 {
                    table = table.grown(5000);
                }
                prop_assert_eq!(table.insert(p), set.insert(p));
            }
        }
    }

    #[test]
    fn threads_that_insert_the_same_count_each_once() {
        let table = Table::with_room(40_000);
        let mix = |i: u64| i.wrapping_mul(0xd6e8_feb8_6659_fd93);
        let insert = || (0..40_000).filter(|&i| table.insert(mix(i))).count();
        let new: usize = std::thread::scope(|s| {
            let threads = [s.spawn(insert), s.spawn(insert)];
            threads.into_iter().map(|t| t.join().unwrap()).sum()
        });
        assert_eq!(new, 40_000);
    }
}
