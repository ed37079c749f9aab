//! How long each lock is held and waited for: histograms, a table of them to each thread.
//!
//! Protocol. A table is written by its actor's thread alone, which needs no read-modify-write for that; whoever reads it
//! while the actor runs sees counts that are at most a few events apart. Nothing of it lies in the machine's words, and a
//! run that is not metered does not have it. A hold lasts from when the lock was got until just before it is let go; of a
//! lock taken again the outermost hold counts. A wait lasts from the first look that found the lock taken until it was
//! got; one that ended otherwise is not counted.
//!
//! A bucket holds the times of one power of two: 0 ns, 1 ns, 2 and 3 ns, 4 to 7 ns ..

use super::HELD_LIVE;
use super::control::{pack, unpack};
use crate::lock::{Lock, Mode};
use std::sync::atomic::{AtomicU64, Ordering};

/// Buckets of a histogram; the last one has all times from 4.6 minutes on.
pub const BUCKETS: usize = 40;
/// Locks that one thread can meter, each side of one apart.
const PLACES: usize = 64;

/// How often something lasted how long.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Histogram {
    buckets: [u64; BUCKETS],
    nanos: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Histogram { buckets: [0; BUCKETS], nanos: 0 }
    }
}

impl Histogram {
    /// Counts a time.
    pub fn note(&mut self, nanos: u64) {
        self.buckets[bucket(nanos)] += 1;
        self.nanos = self.nanos.saturating_add(nanos);
    }

    /// How many times were counted.
    pub fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// Their sum in ns.
    pub fn nanos(&self) -> u64 {
        self.nanos
    }

    /// Each bucket that is not empty: the times from its first up to but not with its second ns, and how many. The last
    /// bucket has no end, which is all ones.
    pub fn bars(&self) -> impl Iterator<Item = (u64, u64, u64)> {
        self.buckets.iter().enumerate().filter(|(_, n)| **n > 0).map(|(i, &n)| (begins(i), begins(i + 1), n))
    }

    /// A time that so many of a hundred do not exceed, as far as buckets tell: the end of the bucket. None of none.
    pub fn at_most(&self, percent: u64) -> Option<u64> {
        let wanted = (self.count() as u128 * percent.min(100) as u128).div_ceil(100).max(1) as u64;
        let mut seen = 0;
        let found = self.bars().find(|&(_, _, n)| {
            seen += n;
            seen >= wanted
        });
        found.map(|(_, end, _)| end)
    }

    /// Adds what another one has counted.
    pub fn add(&mut self, other: &Histogram) {
        for (mine, theirs) in self.buckets.iter_mut().zip(&other.buckets) {
            *mine += theirs;
        }
        self.nanos = self.nanos.saturating_add(other.nanos);
    }
}

const fn bucket(nanos: u64) -> usize {
    let bits = (u64::BITS - nanos.leading_zeros()) as usize;
    if bits < BUCKETS { bits } else { BUCKETS - 1 }
}

/// The first ns of a bucket; all ones behind the last.
const fn begins(bucket: usize) -> u64 {
    match bucket {
        0 => 0,
        BUCKETS.. => u64::MAX,
        _ => 1 << (bucket - 1),
    }
}

/// The times of one side of a lock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LockTimes {
    /// Which lock.
    pub lock: Lock,
    /// Which side of it.
    pub mode: Mode,
    /// How long it was held.
    pub held: Histogram,
    /// How long it was waited for, by those who had to wait.
    pub waited: Histogram,
}

/// A histogram that one thread writes and all read.
struct Cells {
    buckets: [AtomicU64; BUCKETS],
    nanos: AtomicU64,
}

/// Adds to a word that only this thread writes.
fn bump(w: &AtomicU64, n: u64) {
    w.store(w.load(Ordering::Relaxed).wrapping_add(n), Ordering::Relaxed);
}

impl Cells {
    fn new() -> Cells {
        Cells { buckets: std::array::from_fn(|_| AtomicU64::new(0)), nanos: AtomicU64::new(0) }
    }

    fn note(&self, nanos: u64) {
        bump(&self.buckets[bucket(nanos)], 1);
        bump(&self.nanos, nanos);
    }

    fn read(&self) -> Histogram {
        let buckets = std::array::from_fn(|i| self.buckets[i].load(Ordering::Relaxed));
        Histogram { buckets, nanos: self.nanos.load(Ordering::Relaxed) }
    }
}

/// The times of one side of a lock, as its thread keeps them.
struct Place {
    /// The lock, packed; 0 while the place is free. Set once.
    key: AtomicU64,
    held: Cells,
    waited: Cells,
}

/// A lock that is held, and since when.
#[derive(Default)]
struct Open {
    key: AtomicU64,
    since: AtomicU64,
}

/// One thread's table.
pub(super) struct Meter {
    places: Box<[Place]>,
    open: Box<[Open]>,
    depth: AtomicU64,
    /// Times of locks that found no place.
    beyond: AtomicU64,
}

impl Meter {
    pub(super) fn new() -> Meter {
        let place = |_| Place { key: AtomicU64::new(0), held: Cells::new(), waited: Cells::new() };
        Meter {
            places: (0..PLACES).map(place).collect(),
            open: (0..HELD_LIVE).map(|_| Open::default()).collect(),
            depth: AtomicU64::new(0),
            beyond: AtomicU64::new(0),
        }
    }

    /// The lock has been got.
    pub(super) fn took(&self, key: u64, now: u64) {
        let depth = self.depth.load(Ordering::Relaxed);
        if let Some(open) = self.open.get(depth as usize) {
            open.key.store(key, Ordering::Relaxed);
            open.since.store(now, Ordering::Relaxed);
            self.depth.store(depth + 1, Ordering::Relaxed);
        }
    }

    /// The lock is about to be let go.
    pub(super) fn gives(&self, key: u64, now: u64) {
        let depth = self.depth.load(Ordering::Relaxed) as usize;
        let open = &self.open[..depth.min(HELD_LIVE)];
        let is = |o: &Open| o.key.load(Ordering::Relaxed) == key;
        let Some(at) = open.iter().rposition(is) else { return };
        if !open[..at].iter().any(is) {
            let since = open[at].since.load(Ordering::Relaxed);
            self.note(key, |place| place.held.note(now.saturating_sub(since)));
        }
        for i in at + 1..open.len() {
            open[i - 1].key.store(open[i].key.load(Ordering::Relaxed), Ordering::Relaxed);
            open[i - 1].since.store(open[i].since.load(Ordering::Relaxed), Ordering::Relaxed);
        }
        self.depth.store(depth as u64 - 1, Ordering::Relaxed);
    }

    /// The lock has been got after a wait of so many ns.
    pub(super) fn waited(&self, key: u64, nanos: u64) {
        self.note(key, |place| place.waited.note(nanos));
    }

    fn note(&self, key: u64, note: impl FnOnce(&Place)) {
        // Multiplied by a number without a pattern, so that neighbouring ranges begin their search apart.
        let first = (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize;
        for i in 0..PLACES {
            let place = &self.places[(first + i) % PLACES];
            match place.key.load(Ordering::Relaxed) {
                0 => place.key.store(key, Ordering::Release),
                found if found == key => {}
                _ => continue,
            }
            return note(place);
        }
        bump(&self.beyond, 1);
    }

    /// Adds what was counted so far to the times of all threads, and gives how many found no place.
    pub(super) fn add_to(&self, all: &mut Vec<LockTimes>) -> u64 {
        for place in &self.places {
            let Some((lock, mode)) = unpack(place.key.load(Ordering::Acquire)) else { continue };
            let at = all.iter().position(|t| pack(t.lock, t.mode) == pack(lock, mode)).unwrap_or_else(|| {
                let (held, waited) = (Histogram::default(), Histogram::default());
                all.push(LockTimes { lock, mode, held, waited });
                all.len() - 1
            });
            all[at].held.add(&place.held.read());
            all[at].waited.add(&place.waited.read());
        }
        self.beyond.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_power_of_two_has_a_bucket() {
        let cases = [(0, 0, 1), (1, 1, 2), (2, 2, 4), (3, 2, 4), (4, 4, 8), (1023, 512, 1024), (1024, 1024, 2048)];
        for (nanos, from, to) in cases {
            let mut h = Histogram::default();
            h.note(nanos);
            assert_eq!(h.bars().collect::<Vec<_>>(), [(from, to, 1)], "{nanos}");
        }
        let mut h = Histogram::default();
        h.note(u64::MAX);
        assert_eq!(h.bars().collect::<Vec<_>>(), [(1 << (BUCKETS - 2), u64::MAX, 1)], "the last has no end");
    }

    #[test]
    fn shares_are_told_by_the_ends_of_buckets() {
        let mut h = Histogram::default();
        assert_eq!(h.at_most(50), None);
        (0..9).for_each(|_| h.note(100));
        h.note(5_000);
        // 100 lies in 64 to 127, 5000 in 4096 to 8191; nine of ten are short.
        assert_eq!([50, 90, 91, 100].map(|p| h.at_most(p)), [128, 128, 8192, 8192].map(Some));
        assert_eq!((h.count(), h.nanos()), (10, 5_900));
    }

    fn key(range: u64) -> u64 {
        pack(Lock::Range(0, range), Mode::Exclusive)
    }

    fn times(m: &Meter) -> (Vec<LockTimes>, u64) {
        let mut all = Vec::new();
        let beyond = m.add_to(&mut all);
        (all, beyond)
    }

    #[test]
    fn the_outermost_hold_counts_and_others_end_in_any_order() {
        let m = Meter::new();
        m.took(key(1), 10);
        m.took(key(2), 12);
        m.took(key(1), 14);
        m.gives(key(1), 20); // the inner one: does not count
        m.gives(key(1), 26); // held from 10 to 26
        m.gives(key(2), 13); // held from 12 to 13
        m.gives(key(2), 99); // not held any more
        let (mut all, beyond) = times(&m);
        all.sort_by_key(|t| t.lock);
        let held: Vec<_> = all.iter().map(|t| (t.lock, t.held.count(), t.held.nanos())).collect();
        assert_eq!((held, beyond), (vec![(Lock::Range(0, 1), 1, 16), (Lock::Range(0, 2), 1, 1)], 0));
    }

    #[test]
    fn threads_are_summed_and_sides_stand_apart() {
        let (a, b) = (Meter::new(), Meter::new());
        let shared = pack(Lock::Global(0), Mode::Shared);
        a.waited(shared, 3);
        b.waited(shared, 3);
        b.waited(pack(Lock::Global(0), Mode::Exclusive), 3);
        let mut all = Vec::new();
        a.add_to(&mut all);
        b.add_to(&mut all);
        let mut waited: Vec<_> = all.iter().map(|t| (t.mode, t.waited.count())).collect();
        waited.sort();
        assert_eq!(waited, [(Mode::Exclusive, 1), (Mode::Shared, 2)]);
    }

    #[test]
    fn what_finds_no_place_is_counted_beside() {
        let m = Meter::new();
        (0..PLACES as u64 + 3).for_each(|range| m.waited(key(range), 1));
        let (all, beyond) = times(&m);
        assert_eq!((all.len(), beyond), (PLACES, 3));
    }
}
