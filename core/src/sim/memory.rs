//! Simulated memory: plain words with a journal for undo and a hash that every write keeps up to date.
//!
//! The hash is the exclusive-or, over all words that differ from the world's first state, of a strong mix of place
//! and value. So it depends on the contents alone and its cost on the number of writes alone.

use crate::addr::Word;
use crate::machine::Words;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// The words of a world while it is stepped.
#[derive(Clone)]
pub struct Memory {
    words: Vec<u64>,
    first: Arc<[u64]>,
    hash: u64,
    journal: Vec<(u32, u64)>,
    /// Whether it is kept which words are looked at; and what that is to be again after [`Words::hush`].
    watched: bool,
    watched_again: bool,
    /// The words that were looked at. One may come several times.
    looked: Vec<u32>,
}

/// The finaliser of splitmix64: every input bit reaches every output bit.
#[inline(always)]
const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A word's share of the hash. Place and value are mixed apart, so that no two small pairs cancel.
#[inline(always)]
pub(crate) const fn share(at: u32, v: u64) -> u64 {
    mix(v ^ mix((at as u64).wrapping_add(0x9e37_79b9_7f4a_7c15).wrapping_mul(0xd6e8_feb8_6659_fd93)))
}

impl Memory {
    /// Memory in its first state, which hashes to zero.
    pub fn new(first: Arc<[u64]>) -> Memory {
        Memory {
            words: first.to_vec(),
            first,
            hash: 0,
            journal: Vec::new(),
            watched: false,
            watched_again: false,
            looked: Vec::new(),
        }
    }

    /// The hash of the contents.
    pub fn hash(&self) -> u64 {
        self.hash
    }

    /// The hash made anew from all words: equal to [`Memory::hash`], slower.
    pub fn hash_from_scratch(&self) -> u64 {
        self.words
            .iter()
            .zip(self.first.iter())
            .enumerate()
            .filter(|(_, (w, f))| w != f)
            .fold(0, |h, (at, (&w, &f))| h ^ share(at as u32, w) ^ share(at as u32, f))
    }

    /// Where the journal stands now.
    pub fn mark(&self) -> usize {
        self.journal.len()
    }

    /// The writes since a mark: which word, and what it held before. A word may come twice.
    pub fn since(&self, mark: usize) -> &[(u32, u64)] {
        &self.journal[mark.min(self.journal.len())..]
    }

    /// From now on keeps which words are looked at.
    pub fn watch_looks(&mut self) {
        self.watched = true;
    }

    /// The words that were looked at since they were last forgotten, also by whoever wrote what they held already.
    pub fn looked(&self) -> &[u32] {
        &self.looked
    }

    /// Forgets which words were looked at.
    pub fn forget_looks(&mut self) {
        self.looked.clear();
    }

    /// Whether it is kept which words are looked at.
    pub fn is_watched(&self) -> bool {
        self.watched
    }

    /// Has `f` look at words of which nobody wants to know.
    #[inline]
    pub fn unseen<R>(&mut self, f: impl FnOnce(&mut Memory) -> R) -> R {
        let watched = std::mem::replace(&mut self.watched, false);
        let out = f(self);
        self.watched = watched;
        out
    }

    /// Out of the way of those whom nobody watches.
    #[cold]
    #[inline(never)]
    fn keep(&mut self, at: u32) {
        self.looked.push(at);
    }

    /// Takes back all writes since a mark.
    pub fn undo(&mut self, mark: usize) {
        while self.journal.len() > mark {
            if let Some((at, old)) = self.journal.pop() {
                let now = self.words[at as usize];
                self.hash ^= share(at, now) ^ share(at, old);
                self.words[at as usize] = old;
            }
        }
    }

    /// Takes back all writes since a mark at which the hash was that.
    pub fn undo_to(&mut self, mark: usize, hash: u64) {
        while self.journal.len() > mark {
            if let Some((at, old)) = self.journal.pop() {
                self.words[at as usize] = old;
            }
        }
        self.hash = hash;
    }

    /// A word, without asking for the right to change it.
    #[inline(always)]
    pub fn peek(&self, w: Word) -> u64 {
        self.words[w.0 as usize]
    }

    /// What a word held in the first state.
    pub fn first(&self, w: Word) -> u64 {
        self.first[w.0 as usize]
    }

    /// All words that differ from the first state, by place.
    pub fn changes(&self) -> Vec<(u32, u64)> {
        let mut at: Vec<u32> = self.journal.iter().map(|j| j.0).collect();
        at.sort_unstable();
        at.dedup();
        at.into_iter().map(|a| (a, self.words[a as usize])).filter(|&(a, v)| self.first[a as usize] != v).collect()
    }

    /// Brings memory from the first state to one with these changes. The journal then leads back to the first state.
    pub fn apply(&mut self, changes: &[(u32, u64)]) {
        for &(at, v) in changes {
            self.write(at, v);
        }
    }

    #[inline(always)]
    fn write(&mut self, at: u32, v: u64) {
        self.note(at);
        let old = self.words[at as usize];
        if old != v {
            self.journal.push((at, old));
            self.hash ^= share(at, old) ^ share(at, v);
            self.words[at as usize] = v;
        }
    }
}

impl Words for Memory {
    #[inline(always)]
    fn load(&mut self, w: Word, _: Ordering) -> u64 {
        self.note(w.0);
        self.words[w.0 as usize]
    }

    #[inline(always)]
    fn store(&mut self, w: Word, v: u64, _: Ordering) {
        self.write(w.0, v);
    }

    #[inline(always)]
    fn cas(&mut self, w: Word, old: u64, new: u64) -> u64 {
        let now = self.load(w, Ordering::SeqCst);
        if now == old {
            self.write(w.0, new);
        }
        now
    }

    #[inline(always)]
    fn add(&mut self, w: Word, n: u64) -> u64 {
        let now = self.words[w.0 as usize];
        self.write(w.0, now.wrapping_add(n));
        now
    }

    #[inline(always)]
    fn swap(&mut self, w: Word, v: u64) -> u64 {
        let now = self.words[w.0 as usize];
        self.write(w.0, v);
        now
    }
    #[inline(always)]
    fn hush(&mut self, hush: bool) {
        match hush {
            true => self.watched_again = std::mem::replace(&mut self.watched, false),
            false => self.watched = self.watched_again,
        }
    }

    #[inline(always)]
    fn note(&mut self, at: u32) {
        if self.watched {
            self.keep(at);
        }
    }
}
