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

/// Where a key is in a map, or would be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// How many keys are smaller.
    i: u64,
    /// How many there are.
    n: u64,
    /// The value, if the key is there.
    pub held: Option<u64>,
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
        let place = self.find(m, key);
        self.put_at(m, place, key, value)
    }

    /// Takes a key out and gives its value.
    #[inline]
    pub fn take<W: Words>(self, m: &mut W, key: u64) -> Option<u64> {
        let place = self.find(m, key);
        if place.held.is_some() {
            self.take_at(m, place);
        }
        place.held
    }

    /// Where a key is, or would be: for [`Sorted::put_at`] and [`Sorted::take_at`], as long as the map stays as it is.
    #[inline(always)]
    pub fn find<W: Words>(self, m: &mut W, key: u64) -> Place {
        let (i, n) = self.rank(m, key);
        let held = if i < n && m.get(self.key(i)) == key { Some(m.get(self.value(i))) } else { None };
        Place { i, n, held }
    }

    /// Sets the value of the key whose place that is; false if it is new and there is no room for it.
    #[inline(always)]
    pub fn put_at<W: Words>(self, m: &mut W, Place { i, n, held }: Place, key: u64, value: u64) -> bool {
        if held.is_none() {
            if n == self.room {
                return false;
            }
            if i < n {
                self.part(m, i, n);
            }
            m.set(self.key(i), key);
            m.set(self.at, n + 1);
        }
        m.set(self.value(i), value);
        true
    }

    /// Takes out the key that is at that place.
    #[inline(always)]
    pub fn take_at<W: Words>(self, m: &mut W, Place { i, n, .. }: Place) {
        if i + 1 < n {
            self.close(m, i, n);
        }
        m.set(self.key(n - 1), 0);
        m.set(self.value(n - 1), 0);
        m.set(self.at, n - 1);
    }

    /// Moves the pairs from `i` on one up.
    #[inline(never)]
    fn part<W: Words>(self, m: &mut W, i: u64, n: u64) {
        for j in (i..n).rev() {
            let (k, v) = self.pair(m, j);
            m.set(self.key(j + 1), k);
            m.set(self.value(j + 1), v);
        }
    }

    /// Moves the pairs behind `i` one down.
    #[inline(never)]
    fn close<W: Words>(self, m: &mut W, i: u64, n: u64) {
        for j in i + 1..n {
            let (k, v) = self.pair(m, j);
            m.set(self.key(j - 1), k);
            m.set(self.value(j - 1), v);
        }
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
    #[inline(always)]
    fn rank<W: Words>(self, m: &mut W, key: u64) -> (u64, u64) {
        let (n, mut i) = (self.len(m), 0);
        while i < n && m.get(self.key(i)) < key {
            i += 1;
        }
        (i, n)
    }
}
