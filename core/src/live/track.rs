//! What a thread did with locks just now, to be shown: a ring of events to each thread.
//!
//! Protocol. The actor's thread writes and whoever shows it takes out, one writer and one reader; neither waits for the
//! other. A full ring takes nothing more until it has been emptied, and what passes meanwhile is counted as dropped. So
//! each time the ring has the first events since it was emptied, without a gap. Nothing rests on these events: a recording
//! is made elsewhere and drops nothing.

use super::control::{pack, unpack};
use crate::lock::{Lock, Mode};
use std::sync::atomic::{AtomicU64, Ordering};

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

/// What was taken out of a thread's ring.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Track {
    /// The first events since the ring was emptied last, in order.
    pub moments: Vec<Moment>,
    /// How many came after them and were dropped.
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
    /// Events ever written; the writer's alone.
    head: AtomicU64,
    /// Events ever taken out; the reader's alone.
    tail: AtomicU64,
    /// Events dropped; the writer's alone.
    dropped: AtomicU64,
    /// Of those, how many have been told; the reader's alone.
    told: AtomicU64,
}

impl Ring {
    pub(super) fn new() -> Ring {
        let zero = AtomicU64::default;
        let slots = (0..TRACK_ROOM).map(|_| Slot::default()).collect();
        Ring { slots, head: zero(), tail: zero(), dropped: zero(), told: zero() }
    }

    /// Whether there is room for one more event. Asked before the time is, which costs more.
    pub(super) fn has_room(&self) -> bool {
        self.head.load(Ordering::Relaxed) - self.tail.load(Ordering::Acquire) < TRACK_ROOM as u64
    }

    /// Counts an event that found no room.
    pub(super) fn drop_one(&self) {
        self.dropped.store(self.dropped.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    }

    /// Writes an event; there must be room.
    pub(super) fn put(&self, at: u64, deed: Deed) {
        let head = self.head.load(Ordering::Relaxed);
        let slot = &self.slots[head as usize % TRACK_ROOM];
        slot.at.store(at, Ordering::Relaxed);
        slot.deed.store(deed.to_word(), Ordering::Relaxed);
        self.head.store(head + 1, Ordering::Release);
    }

    /// Takes out all events.
    pub(super) fn take(&self) -> Track {
        let (tail, head) = (self.tail.load(Ordering::Relaxed), self.head.load(Ordering::Acquire));
        let moments = (tail..head).map(|i| {
            let slot = &self.slots[i as usize % TRACK_ROOM];
            Moment { at: slot.at.load(Ordering::Relaxed), deed: Deed::from_word(slot.deed.load(Ordering::Relaxed)) }
        });
        let moments = moments.collect();
        let dropped = self.dropped.load(Ordering::Relaxed);
        let before = self.told.swap(dropped, Ordering::Relaxed);
        self.tail.store(head, Ordering::Release);
        Track { moments, dropped: dropped - before }
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
    fn a_full_ring_keeps_its_first_events_and_counts_the_rest() {
        let ring = Ring::new();
        let put = |n: u64| match ring.has_room() {
            true => ring.put(n, Deed::Round { failed: false }),
            false => ring.drop_one(),
        };
        (0..TRACK_ROOM as u64 + 5).for_each(put);
        let track = ring.take();
        assert_eq!((track.moments.len(), track.dropped), (TRACK_ROOM, 5));
        assert!(track.moments.iter().map(|m| m.at).eq(0..TRACK_ROOM as u64));
        (1_000..1_003).for_each(put);
        let track = ring.take();
        assert_eq!(
            (track.moments.iter().map(|m| m.at).collect::<Vec<_>>(), track.dropped),
            (vec![1_000, 1_001, 1_002], 0)
        );
        assert_eq!(ring.take(), Track::default());
    }

    #[test]
    fn a_reader_beside_the_writer_misses_nothing_that_was_not_dropped() {
        let ring = Ring::new();
        const ALL: u64 = 200_000;
        let mut seen = Vec::new();
        let mut dropped = 0;
        std::thread::scope(|threads| {
            threads.spawn(|| {
                for n in 0..ALL {
                    if ring.has_room() { ring.put(n, Deed::Round { failed: n % 2 == 1 }) } else { ring.drop_one() }
                }
            });
            while seen.len() as u64 + dropped < ALL {
                let track = ring.take();
                dropped += track.dropped;
                seen.extend(track.moments);
                std::thread::yield_now();
            }
        });
        assert_eq!(seen.len() as u64 + dropped, ALL);
        assert!(seen.windows(2).all(|two| two[0].at < two[1].at));
        assert!(seen.iter().all(|m| m.deed == Deed::Round { failed: m.at % 2 == 1 }));
    }
}
