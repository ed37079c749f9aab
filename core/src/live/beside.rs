//! What is noted beside a live run, where it is asked for: a recording, times of locks, events to be shown.
//!
//! Protocol. A run of which nothing is noted has no [`Beside`], and each effect asks for it once. Where there is one, an
//! effect goes through [`LiveStep::observed`](super::LiveStep), which performs it as ever and notes what it did with
//! locks. The clock comes from outside: it gives ns that never go back and that mean the same on all threads.

use super::control::pack;
use super::meter::{LockTimes, Meter};
use super::record::Recorder;
use super::track::{Deed, Ring, Track};
use crate::addr::ActorId;
use crate::lock::{Lock, Mode};

/// A clock: ns since some moment, never going back, the same on all threads.
pub type Clock = fn() -> u64;

/// What is to be noted beside a run. Nothing, if nothing is said: each costs time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Notes {
    /// Record about so many effects; then every actor ends its round and stops.
    pub record: Option<u64>,
    /// Meter how long locks are held and waited for.
    pub times: Option<Clock>,
    /// Keep events to be shown.
    pub events: Option<Clock>,
}

/// What is noted beside one run.
pub(super) struct Beside {
    pub(super) recorder: Option<Recorder>,
    meters: Box<[Meter]>,
    rings: Box<[Ring]>,
    clock: Clock,
}

impl Beside {
    /// None where nothing is to be noted.
    pub(super) fn new(actors: usize, notes: &Notes) -> Option<Beside> {
        let recorder = notes.record.map(|room| Recorder::new(actors, room));
        let all = |wanted: bool| 0..if wanted { actors } else { 0 };
        let clock = notes.times.or(notes.events);
        (recorder.is_some() || clock.is_some()).then(|| Beside {
            recorder,
            meters: all(notes.times.is_some()).map(|_| Meter::new()).collect(),
            rings: all(notes.events.is_some()).map(|_| Ring::new()).collect(),
            clock: clock.unwrap_or(|| 0),
        })
    }

    fn meter(&self, a: ActorId) -> Option<&Meter> {
        self.meters.get(a.0 as usize)
    }

    fn show(&self, a: ActorId, now: Option<u64>, deed: Deed) {
        if let Some(ring) = self.rings.get(a.0 as usize) {
            ring.put(now.unwrap_or_else(self.clock), deed);
        }
    }

    /// The actor has found the lock taken: the time, to be given back when it has got it.
    pub(super) fn waits(&self, a: ActorId, lock: Lock, mode: Mode) -> u64 {
        let now = (self.clock)();
        self.show(a, Some(now), Deed::Waits(lock, mode));
        now
    }

    /// The actor has got the lock for which it waited since then.
    pub(super) fn waited(&self, a: ActorId, lock: Lock, mode: Mode, since: u64) {
        if let Some(meter) = self.meter(a) {
            meter.waited(pack(lock, mode), (self.clock)().saturating_sub(since));
        }
    }

    /// The actor has the lock.
    pub(super) fn takes(&self, a: ActorId, lock: Lock, mode: Mode) {
        let now = self.meter(a).map(|meter| {
            let now = (self.clock)();
            meter.took(pack(lock, mode), now);
            now
        });
        self.show(a, now, Deed::Takes(lock, mode));
    }

    /// The actor is about to let the lock go.
    pub(super) fn gives(&self, a: ActorId, lock: Lock, mode: Mode) {
        let now = self.meter(a).map(|meter| {
            let now = (self.clock)();
            meter.gives(pack(lock, mode), now);
            now
        });
        self.show(a, now, Deed::Gives(lock, mode));
    }

    /// The actor has ended a round.
    pub(super) fn round(&self, a: ActorId, failed: bool) {
        self.show(a, None, Deed::Round { failed });
    }

    /// The times of all threads so far, by lock, and how many found no place.
    pub(super) fn times(&self) -> (Vec<LockTimes>, u64) {
        let mut all = Vec::new();
        let beyond = self.meters.iter().map(|meter| meter.add_to(&mut all)).sum();
        all.sort_by_key(|t| (t.lock, t.mode));
        (all, beyond)
    }

    /// Takes out what each thread did just now.
    pub(super) fn tracks(&self) -> Vec<Track> {
        self.rings.iter().map(Ring::take).collect()
    }
}
