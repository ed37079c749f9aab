//! The flat memory as the functions of the core see it: words, each read or changed atomically.
//!
//! Every record, lock and table is changed through this trait alone, so that one text serves the simulated memory
//! (plain words with a journal) and the live one (`AtomicU64` in shared memory). In simulated memory the orderings
//! are ignored: there a whole effect is one step.

use crate::addr::Word;
use std::sync::atomic::Ordering;

/// Words that can be read and changed one at a time.
///
/// A [`Word`] is made by [`Map`](super::Map) only, which checks what comes out of memory; an implementation may
/// rely on its being in range.
pub trait Words {
    /// Reads a word.
    fn load(&mut self, w: Word, order: Ordering) -> u64;
    /// Writes a word.
    fn store(&mut self, w: Word, v: u64, order: Ordering);
    /// Writes `new` if the word holds `old`; gives what it held. Sequentially consistent.
    fn cas(&mut self, w: Word, old: u64, new: u64) -> u64;
    /// Adds, wrapping; gives what the word held. Sequentially consistent.
    fn add(&mut self, w: Word, n: u64) -> u64;
    /// Writes a word and gives what it held. Sequentially consistent.
    fn swap(&mut self, w: Word, v: u64) -> u64;

    /// Reads a word with acquire ordering: what its writer did before it is seen.
    #[inline(always)]
    fn get(&mut self, w: Word) -> u64 {
        self.load(w, Ordering::Acquire)
    }

    /// Writes a word with release ordering.
    #[inline(always)]
    fn set(&mut self, w: Word, v: u64) {
        self.store(w, v, Ordering::Release);
    }

    /// Where it is kept which words are looked at: whether what follows is not to be kept, since [`Words::note`] says it.
    #[inline(always)]
    fn hush(&mut self, _hush: bool) {}

    /// Where it is kept which words are looked at: takes note of one, or of what stands for several.
    #[inline(always)]
    fn note(&mut self, _at: u32) {}

    /// Called between two attempts by whoever finds a word busy for a moment. Simulated memory never does.
    #[inline(always)]
    fn relax(&mut self) {
        std::hint::spin_loop();
    }
}

/// Words that nobody else sees: a world while it is being built, or a copy.
impl Words for Vec<u64> {
    fn load(&mut self, w: Word, _: Ordering) -> u64 {
        self[w.0 as usize]
    }

    fn store(&mut self, w: Word, v: u64, _: Ordering) {
        self[w.0 as usize] = v;
    }

    fn cas(&mut self, w: Word, old: u64, new: u64) -> u64 {
        let now = self[w.0 as usize];
        if now == old {
            self[w.0 as usize] = new;
        }
        now
    }

    fn add(&mut self, w: Word, n: u64) -> u64 {
        let now = self[w.0 as usize];
        self[w.0 as usize] = now.wrapping_add(n);
        now
    }

    fn swap(&mut self, w: Word, v: u64) -> u64 {
        std::mem::replace(&mut self[w.0 as usize], v)
    }
}
