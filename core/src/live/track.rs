//! What a thread did with locks just now, to be shown: a ring of its last events to each thread.
//!
//! Protocol. The actor's thread alone writes, over the oldest event where the ring is full, and waits for nobody. Whoever
//! shows the ring copies it and leaves out what was written over meanwhile: the writer says which place it is about to
//! write before it does (`claimed`), and what it has written afterwards (`written`); the two fences make sure that a reader
//! who sees a new word also sees that it was claimed. What was written over before it was read is counted as dropped.
//! Nothing rests on these events: a recording is made elsewhere and drops nothing.

use super::control::{pack, unpack};
use crate::lock::{Lock, Mode};
use std::sync::atomic::{AtomicU64, Ordering, fence};

/// Events that a ring has room for.
pub const TRACK_ROOM: usize = 256;

/// What a thread did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Deed {
    /// Found a lock taken, and waits.
    Waits(Lock, Mode),
    /// Got a lock.
    Takes(Lock, Mode),
    /// Lets a lock go.
    Gives(Lock, Mode),
    /// Ended a round of its program.
    Round {
        /// With a refusal or error in it.
        failed: bool,
    },
}

/// What a thread did, and when.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Moment {
    /// When, in ns of the run's clock.
    pub at: u64,
    /// What.
    pub deed: Deed,
}

/// What was read from a thread's ring.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Track {
    /// The last events since the ring was read before, in order and without a gap.
    pub moments: Vec<Moment>,
    /// How many came before them and were dropped.
    pub dropped: u64,
}

/// The kind of an event stands beside its lock, in the bits that a packed lock leaves free.
const KIND_AT: u32 = 60;
const KIND: u64 = 3 << KIND_AT;

impl Deed {
    const fn to_word(self) -> u64 {
        match self {
            Deed::Waits(lock, mode) => pack(lock, mode) | 1 << KIND_AT,
            Deed::Takes(lock, mode) => pack(lock, mode) | 2 << KIND_AT,
            Deed::Gives(lock, mode) => pack(lock, mode) | 3 << KIND_AT,
            Deed::Round { failed } => failed as u64,
        }
    }

    fn from_word(w: u64) -> Deed {
        let of = unpack(w & !KIND).unwrap_or((Lock::Domctl, Mode::Exclusive));
        match (w & KIND) >> KIND_AT {
            1 => Deed::Waits(of.0, of.1),
            2 => Deed::Takes(of.0, of.1),
            3 => Deed::Gives(of.0, of.1),
            _ => Deed::Round { failed: w != 0 },
        }
    }
}

#[derive(Default)]
struct Slot {
    at: AtomicU64,
    deed: AtomicU64,
}

/// A thread's ring.
pub(super) struct Ring {
    slots: Box<[Slot]>,
    /// Events ever written or just being written; the writer's alone.
    claimed: AtomicU64,
    /// Events ever written; the writer's alone.
    written: AtomicU64,
    /// Events ever read or dropped; the reader's alone.
    read: AtomicU64,
}

impl Ring {
    pub(super) fn new() -> Ring {
        let zero = AtomicU64::default;
        let slots = (0..TRACK_ROOM).map(|_| Slot::default()).collect();
        Ring { slots, claimed: zero(), written: zero(), read: zero() }
    }

    /// Writes an event, over the oldest one where there is no room.
    pub(super) fn put(&self, at: u64, deed: Deed) {
        let n = self.written.load(Ordering::Relaxed);
        self.claimed.store(n + 1, Ordering::Relaxed);
        fence(Ordering::Release);
        let slot = &self.slots[n as usize % TRACK_ROOM];
        slot.at.store(at, Ordering::Relaxed);
        slot.deed.store(deed.to_word(), Ordering::Relaxed);
        self.written.store(n + 1, Ordering::Release);
    }

    /// Reads all that has not been read yet and is still there.
    pub(super) fn take(&self) -> Track {
        let room = TRACK_ROOM as u64;
        let (read, end) = (self.read.load(Ordering::Relaxed), self.written.load(Ordering::Acquire));
        let first = read.max(end.saturating_sub(room));
        let words = |i: u64| {
            let slot = &self.slots[i as usize % TRACK_ROOM];
            (slot.at.load(Ordering::Relaxed), slot.deed.load(Ordering::Relaxed))
        };
        let mut copy: Vec<(u64, u64)> = (first..end).map(words).collect();
        fence(Ordering::Acquire);
        let whole = self.claimed.load(Ordering::Relaxed).saturating_sub(room).clamp(first, end);
        copy.drain(..(whole - first) as usize);
        self.read.store(end, Ordering::Relaxed);
        let moments = copy.into_iter().map(|(at, deed)| Moment { at, deed: Deed::from_word(deed) });
        Track { moments: moments.collect(), dropped: whole - read }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deeds_are_words_and_back() {
        let (range, whole) = (Lock::Range(3, 77), Lock::Global(2));
        let page = Lock::Page(0xfff);
        for deed in [
            Deed::Waits(range, Mode::Exclusive),
            Deed::Takes(whole, Mode::Shared),
            Deed::Gives(Lock::Domctl, Mode::Exclusive),
            Deed::Gives(page, Mode::Shared),
            Deed::Round { failed: false },
            Deed::Round { failed: true },
        ] {
            assert_eq!(Deed::from_word(deed.to_word()), deed);
        }
    }

    #[test]
    fn a_full_ring_keeps_its_last_events_and_counts_the_rest() {
        let ring = Ring::new();
        let put = |n: u64| ring.put(n, Deed::Round { failed: false });
        (0..TRACK_ROOM as u64 + 5).for_each(put);
        let track = ring.take();
        assert_eq!((track.moments.len(), track.dropped), (TRACK_ROOM, 5));
        assert!(track.moments.iter().map(|m| m.at).eq(5..TRACK_ROOM as u64 + 5));
        (1_000..1_003).for_each(put);
        let track = ring.take();
        let at: Vec<u64> = track.moments.iter().map(|m| m.at).collect();
        assert_eq!((at, track.dropped), (vec![1_000, 1_001, 1_002], 0));
        assert_eq!(ring.take(), Track::default());
    }

    #[test]
    fn a_reader_beside_the_writer_reads_no_torn_event_and_counts_all() {
        let ring = Ring::new();
        const ALL: u64 = 200_000;
        let mut seen = Vec::new();
        let mut dropped = 0;
        std::thread::scope(|threads| {
            threads.spawn(|| (0..ALL).for_each(|n| ring.put(n, Deed::Round { failed: n % 2 == 1 })));
            while seen.len() as u64 + dropped < ALL {
                let track = ring.take();
                dropped += track.dropped;
                seen.extend(track.moments);
            }
        });
        assert_eq!(seen.len() as u64 + dropped, ALL);
        assert!(seen.windows(2).all(|two| two[0].at < two[1].at));
        assert!(seen.iter().all(|m| m.deed == Deed::Round { failed: m.at % 2 == 1 }), "both words of one event");
    }
}
