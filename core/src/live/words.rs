//! The flat memory as atomic words: the same words that a simulated run keeps in a plain array.
//!
//! Memory ordering: loads and stores are as their callers say, everything that reads and writes is sequentially
//! consistent. The first word lies at the beginning of a cache line, so that records which [`Map`] puts on lines of
//! their own are on lines of their own.
//!
//! [`Map`]: crate::machine::Map

use crate::addr::Word;
use crate::machine::Words;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes of a cache line, as the map of words counts them.
const LINE: usize = 64;

/// The words themselves.
pub(super) struct Store {
    room: Box<[AtomicU64]>,
    at: usize,
    len: usize,
}

impl Store {
    /// Words with these values.
    pub(super) fn new(first: &[u64]) -> Store {
        let spare = LINE / size_of::<u64>() - 1;
        let room: Box<[AtomicU64]> = (0..first.len() + spare).map(|_| AtomicU64::new(0)).collect();
        // A pointer that cannot be aligned says usize::MAX; the words then lie where they lie.
        let at = room.as_ptr().align_offset(LINE).min(spare);
        for (word, &value) in room[at..].iter().zip(first) {
            word.store(value, Ordering::Relaxed);
        }
        Store { room, at, len: first.len() }
    }

    /// A handle to them.
    #[inline(always)]
    pub(super) fn words(&self) -> Atomics<'_> {
        Atomics(&self.room[self.at..self.at + self.len])
    }
}

/// A handle to the words of a live run; every thread has copies of it.
#[derive(Clone, Copy)]
pub struct Atomics<'a>(&'a [AtomicU64]);

impl Atomics<'_> {
    /// All words, one after the other. While actors run this is no moment of the run.
    pub fn copy(&self) -> Vec<u64> {
        self.0.iter().map(|w| w.load(Ordering::Acquire)).collect()
    }
}

impl Words for Atomics<'_> {
    #[inline(always)]
    fn load(&mut self, w: Word, order: Ordering) -> u64 {
        self.0[w.0 as usize].load(order)
    }

    #[inline(always)]
    fn store(&mut self, w: Word, v: u64, order: Ordering) {
        self.0[w.0 as usize].store(v, order);
    }

    #[inline(always)]
    fn cas(&mut self, w: Word, old: u64, new: u64) -> u64 {
        match self.0[w.0 as usize].compare_exchange(old, new, Ordering::SeqCst, Ordering::SeqCst) {
            Ok(seen) | Err(seen) => seen,
        }
    }

    #[inline(always)]
    fn add(&mut self, w: Word, n: u64) -> u64 {
        self.0[w.0 as usize].fetch_add(n, Ordering::SeqCst)
    }

    #[inline(always)]
    fn swap(&mut self, w: Word, v: u64) -> u64 {
        self.0[w.0 as usize].swap(v, Ordering::SeqCst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_word_begins_a_line() {
        for len in [1, 7, 8, 513] {
            let first: Vec<u64> = (0..len).collect();
            let store = Store::new(&first);
            let words = store.words();
            assert_eq!(words.0.as_ptr() as usize % LINE, 0);
            assert_eq!(words.copy(), first);
        }
    }

    #[test]
    fn each_change_gives_what_was_there() {
        let store = Store::new(&[5]);
        let (mut m, w) = (store.words(), Word(0));
        assert_eq!(m.cas(w, 4, 9), 5);
        assert_eq!(m.cas(w, 5, 9), 5);
        assert_eq!(m.add(w, u64::MAX), 9);
        assert_eq!(m.swap(w, 3), 8);
        assert_eq!(m.get(w), 3);
    }
}
