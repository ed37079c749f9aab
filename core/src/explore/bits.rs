//! What is kept of states for which memory is too small: three bits of each (Holzmann's supertrace).
//!
//! Protocol: a state's fingerprint says in which word of the array its bits lie and which of that word's 64 they are. All
//! are set by one atomic *or*, so of two threads that come with one state exactly one is told that it is new. A state
//! whose bits were all set before is taken for one that was seen, which it may not be.
//!
//! How many are missed so. A state that was never seen finds a word in which `c` of 64 bits are set; each of its three
//! bits is one of these with the chance `c / 64`, so it is missed with `p = (c / 64)^3`. Of states that come to such
//! words, for each that is entered there are `p / (1 - p)` that are not. The sum of that over all states that were
//! entered is the number of states that were probably met and not entered; it is measured word by word, since some are
//! fuller than others. What only those lead to is never met, and not in the number.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Bits of a state.
pub(super) const BITS: u32 = 3;

/// An array of bits.
pub(super) struct Bits {
    words: Box<[AtomicU64]>,
    shift: u32,
}

impl Bits {
    /// None set, in the largest array of so many bytes or less; at least one of two words.
    pub fn within(bytes: u64) -> Bits {
        let words = (bytes / 8).max(2);
        let log = words.ilog2();
        Bits { words: (0..1u64 << log).map(|_| AtomicU64::new(0)).collect(), shift: 64 - log }
    }

    /// What it takes.
    pub fn bytes(&self) -> u64 {
        8 * self.words.len() as u64
    }

    /// Sets the bits of a fingerprint. None if all were set; else how many states like it are probably missed.
    #[inline]
    pub fn insert(&self, print: u64) -> Option<f64> {
        let mine = (0..BITS).fold(0, |set, i| set | 1 << (print >> (6 * i) & 63));
        let before = self.words[(print >> self.shift) as usize].fetch_or(mine, Relaxed);
        if before & mine == mine {
            return None;
        }
        let missed = (before.count_ones() as f64 / 64.0).powi(BITS as i32);
        Some(missed / (1.0 - missed))
    }

    /// Which share of them is set after so many were inserted, in thousandths: a bit stays clear when none of the states
    /// of its word, on average `states / words`, has it among its three.
    pub fn load(&self, states: u64) -> u32 {
        let each = 1.0 - (63f64 / 64.0).powi(BITS as i32);
        (1000.0 * (1.0 - (-(states as f64) / self.words.len() as f64 * each).exp())) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mix(i: u64) -> u64 {
        let z = (i ^ i >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    #[test]
    fn what_was_put_in_is_found_and_the_missed_are_as_many_as_it_says() {
        let bits = Bits::within(1 << 16);
        let (mut new, mut missed) = (0, 0.0);
        for i in 1..=60_000 {
            if let Some(m) = bits.insert(mix(i)) {
                (new, missed) = (new + 1, missed + m);
            }
        }
        let set: u32 = bits.words.iter().map(|w| w.load(Relaxed).count_ones()).sum();
        assert!((set as u64 * 1000 / (64 * bits.words.len() as u64)).abs_diff(bits.load(60_000) as u64) < 10);
        assert!((1..=60_000).all(|i| bits.insert(mix(i)).is_none()));
        // All were different: whoever is not new was missed. At the end 7.3 states have come to each of 8,192 words, so three
        // of ten bits are set and a state is missed with a chance of 0.027; that has grown as the cube of their number, so on
        // average it is a quarter: some 400, and more since words are not filled alike.
        let really = 60_000.0 - new as f64;
        assert!((400.0..800.0).contains(&really) && (missed / really - 1.0).abs() < 0.1, "{missed} for {really}");
    }

    #[test]
    fn threads_that_insert_the_same_count_each_once() {
        let bits = Bits::within(1 << 20);
        let insert = || (0..40_000).filter(|&i| bits.insert(mix(i)).is_some()).count();
        let both: usize = std::thread::scope(|s| {
            let threads = [s.spawn(insert), s.spawn(insert)];
            threads.into_iter().map(|t| t.join().unwrap()).sum()
        });
        let alone = Bits::within(1 << 20);
        let of_one = (0..40_000).filter(|&i| alone.insert(mix(i)).is_some()).count();
        // In another order others are missed, by chance as many.
        assert!(both.abs_diff(of_one) < 20 && both <= 40_000, "{both} and {of_one}");
    }
}
