//! A small sorted map in words: keys and values side by side behind a length.
//!
//! The order of its entries is that of their keys and not that of their arrival, so equal contents are equal words.
//! It has one writer at a time.

use super::words::Words;
use crate::addr::Word;

/// Where a map lies: its length in the first word, then `room` pairs of key and value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sorted {
    /// The word of the length.
    pub at: Word,
    /// How many pairs fit.
    pub room: u64,
}

impl Sorted {
    /// Words that a map with room for `room` pairs takes.
    pub const fn size(room: u64) -> u64 {
        1 + 2 * room
    }

    /// How many pairs are there.
    #[inline]
    pub fn len<W: Words>(self, m: &mut W) -> u64 {
        m.get(self.at).min(self.room)
    }

    /// Whether there are none.
    pub fn is_empty<W: Words>(self, m: &mut W) -> bool {
        self.len(m) == 0
    }

    /// The pair at place `i`, which must be below the length.
    #[inline]
    pub fn pair<W: Words>(self, m: &mut W, i: u64) -> (u64, u64) {
        (m.get(self.key(i)), m.get(self.value(i)))
    }

    /// All pairs, smallest key first.
    pub fn pairs<W: Words>(self, m: &mut W) -> Vec<(u64, u64)> {
        (0..self.len(m)).map(|i| self.pair(m, i)).collect()
    }

    /// The value of a key.
    #[inline]
    pub fn get<W: Words>(self, m: &mut W, key: u64) -> Option<u64> {
        let (i, n) = self.rank(m, key);
        (i < n && m.get(self.key(i)) == key).then(|| m.get(self.value(i)))
    }

    /// Sets the value of a key; false if the key is new and there is no room for it.
    #[inline]
    pub fn put<W: Words>(self, m: &mut W, key: u64, value: u64) -> bool {
        let (i, n) = self.rank(m, key);
        if i < n && m.get(self.key(i)) == key {
            m.set(self.value(i), value);
            return true;
        }
        if n == self.room {
            return false;
        }
        for j in (i..n).rev() {
            let (k, v) = self.pair(m, j);
            m.set(self.key(j + 1), k);
            m.set(self.value(j + 1), v);
        }
        m.set(self.key(i), key);
        m.set(self.value(i), value);
        m.set(self.at, n + 1);
        true
    }

    /// Takes a key out and gives its value.
    #[inline]
    pub fn take<W: Words>(self, m: &mut W, key: u64) -> Option<u64> {
        let (i, n) = self.rank(m, key);
        if i == n || m.get(self.key(i)) != key {
            return None;
        }
        let old = m.get(self.value(i));
        for j in i + 1..n {
            let (k, v) = self.pair(m, j);
            m.set(self.key(j - 1), k);
            m.set(self.value(j - 1), v);
        }
        m.set(self.key(n - 1), 0);
        m.set(self.value(n - 1), 0);
        m.set(self.at, n - 1);
        Some(old)
    }

    /// Empties the map.
    pub fn clear<W: Words>(self, m: &mut W) {
        for i in 0..self.len(m) {
            m.set(self.key(i), 0);
            m.set(self.value(i), 0);
        }
        m.set(self.at, 0);
    }

    #[inline(always)]
    fn key(self, i: u64) -> Word {
        self.at.at(1 + 2 * i)
    }

    #[inline(always)]
    fn value(self, i: u64) -> Word {
        self.at.at(2 + 2 * i)
    }

    /// How many keys are smaller, and how many there are.
    #[inline]
    fn rank<W: Words>(self, m: &mut W, key: u64) -> (u64, u64) {
        let n = self.len(m);
        ((0..n).find(|&i| m.get(self.key(i)) >= key).unwrap_or(n), n)
    }
}
