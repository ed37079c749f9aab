//! A recording of a live run: which effects happened, in one order that all threads agree on.
//!
//! Protocol. While a run is recorded each effect happens inside the recorder. One that touches a single word takes that
//! word's stripe, and the whole only as one of many; any other takes the whole alone. Inside, an effect that cannot
//! happen yet lets go and looks again later, and one that happens draws the next ticket. So effects that share a word
//! happen in the order of their tickets, as do those of one actor, and a simulated run that takes them in that order
//! reads what the live one has read: the recording is a schedule, and its last state has the words of the live run.
//!
//! An abort is no step: before it releases anything the recording is closed, and what happens afterwards is not noted.
//!
//! What that costs is the point of a lock on one core less: a bench says how much slower it is. When as many effects
//! have happened as there is room for, every actor ends the round that it is in; where one waits or spins and so ends
//! none, it is frozen after [`PATIENCE`] times as many.

use super::words::Atomics;
use crate::addr::{ActorId, Word};
use crate::machine::{ActorWord, Map, Region};
use crate::sim::share;
use crate::step::Effect;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Locks for single words: enough that a few threads seldom meet by chance.
const STRIPES: usize = 64;
/// How many times the room a run goes on to let its rounds end.
const PATIENCE: u64 = 4;

/// What a recorded run did, as a simulated one can do it again.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Recording {
    /// How many rounds of its program each actor began.
    pub rounds: Vec<u32>,
    /// Who did the next effect, and which way at a choice.
    pub steps: Vec<(ActorId, u64)>,
}

/// What one actor did: the ticket of each effect, and the choice that decided it.
#[derive(Default)]
struct Tape {
    rounds: u32,
    steps: Vec<(u64, u64)>,
}

/// The recorder of one run, shared by its threads.
pub(super) struct Recorder {
    whole: RwLock<()>,
    stripes: [Mutex<()>; STRIPES],
    ticket: AtomicU64,
    room: u64,
    tapes: Box<[Mutex<Tape>]>,
    /// The words when the recording was closed, if it was.
    closed: OnceLock<Vec<u64>>,
}

/// What keeps others out while an effect happens, for the time that it lives: the whole, or the stripe of one word.
pub(super) struct Inside<'a> {
    _alone: Option<RwLockWriteGuard<'a, ()>>,
    _among_others: Option<RwLockReadGuard<'a, ()>>,
    _stripe: Option<MutexGuard<'a, ()>>,
}

/// A panic of another thread ends its actor, not the recording: the locks guard nothing that could be half done.
fn lock<T>(m: &Mutex<T>) -> MutexGuard<'_, T> {
    m.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Recorder {
    /// For so many actors, and about so many effects.
    pub fn new(actors: usize, room: u64) -> Recorder {
        Recorder {
            whole: RwLock::new(()),
            stripes: std::array::from_fn(|_| Mutex::new(())),
            ticket: AtomicU64::new(0),
            room,
            tapes: (0..actors).map(|_| Mutex::default()).collect(),
            closed: OnceLock::new(),
        }
    }

    /// Keeps out whoever could touch what the effect touches.
    pub fn enter(&self, e: &Effect, alone: bool) -> Inside<'_> {
        match of_one_word(e) {
            Some(w) if !alone => {
                let whole = self.whole.read().unwrap_or_else(PoisonError::into_inner);
                let stripe = w.map(|w| lock(&self.stripes[w.0 as usize % STRIPES]));
                Inside { _alone: None, _among_others: Some(whole), _stripe: stripe }
            }
            _ => {
                let whole = self.whole.write().unwrap_or_else(PoisonError::into_inner);
                Inside { _alone: Some(whole), _among_others: None, _stripe: None }
            }
        }
    }

    /// Notes that an effect has just happened. Only while inside.
    pub fn note(&self, a: ActorId, choice: u64) {
        if self.closed.get().is_some() {
            return;
        }
        let ticket = self.ticket.fetch_add(1, Ordering::Relaxed);
        lock(&self.tapes[a.0 as usize]).steps.push((ticket, choice));
    }

    /// Ends the recording here, while no effect is under way.
    pub fn close(&self, words: Atomics<'_>) {
        let _alone = self.whole.write().unwrap_or_else(PoisonError::into_inner);
        self.closed.get_or_init(|| words.copy());
    }

    /// The words that the recording leads to, once every actor has stopped.
    pub fn words(&self, now: Atomics<'_>) -> Vec<u64> {
        self.closed.get().cloned().unwrap_or_else(|| now.copy())
    }

    /// Notes that an actor begins a round.
    pub fn round(&self, a: ActorId) {
        if self.closed.get().is_some() {
            return;
        }
        lock(&self.tapes[a.0 as usize]).rounds += 1;
    }

    /// Whether the rounds that run should be the last.
    pub fn full(&self) -> bool {
        self.ticket.load(Ordering::Relaxed) >= self.room
    }

    /// Whether even those have had their time.
    pub fn over(&self) -> bool {
        self.ticket.load(Ordering::Relaxed) >= self.room.saturating_mul(PATIENCE)
    }

    /// All that happened so far. Whole once every actor has stopped.
    pub fn recording(&self) -> Recording {
        let mut all = Vec::new();
        let mut rounds = Vec::new();
        for (tape, a) in self.tapes.iter().zip(0..) {
            let tape = lock(tape);
            rounds.push(tape.rounds);
            all.extend(tape.steps.iter().map(|&(ticket, choice)| (ticket, ActorId(a), choice)));
        }
        all.sort_unstable_by_key(|&(ticket, ..)| ticket);
        Recording { rounds, steps: all.into_iter().map(|(_, a, choice)| (a, choice)).collect() }
    }
}

/// The one word that an effect touches, or that it touches none; nothing where it may touch several.
fn of_one_word(e: &Effect) -> Option<Option<Word>> {
    match *e {
        Effect::Load(w) | Effect::Store(w, _) | Effect::Cas(w, ..) | Effect::Add(w, _) | Effect::Swap(w, _) => {
            Some(Some(w))
        }
        Effect::StoreBits { word, .. } => Some(Some(word)),
        Effect::Choose(_) | Effect::Wake(_) => Some(None),
        Effect::Page(_)
        | Effect::Lock(..)
        | Effect::TryLock(..)
        | Effect::Unlock(..)
        | Effect::Wait(_)
        | Effect::Act(_) => None,
    }
}

/// Whether a live and a simulated run keep a word alike. Ghost words only one of the two keeps, and an actor's wait record.
fn kept_alike(map: &Map, actors: usize) -> impl Fn(Word) -> bool {
    let own = (0..actors).flat_map(|i| {
        let kept = [ActorWord::WaitsFor, ActorWord::WaitMode];
        kept.map(|k| map.actor(ActorId(i as u8), k))
    });
    let (own, map): (Vec<Word>, Map) = (own.collect(), *map);
    move |w| map.region(w) != Region::Ghost && !own.contains(&w)
}

/// The hash of all words that a live and a simulated run should leave alike: equal where [`differences`] finds none, and a
/// state that both came to can be named by it.
pub fn digest(map: &Map, actors: usize, words: &[u64]) -> u64 {
    let alike = kept_alike(map, actors);
    let words = (0..).zip(words).filter(|&(at, &w)| w != 0 && alike(Word(at)));
    words.fold(0, |hash, (at, &w)| hash ^ share(at, w))
}

/// Where words of the machine differ that a live and a simulated run should have left alike; each word with the first
/// and the second value. Left out is what only one of the two keeps: ghost words, and an actor's wait record.
pub fn differences(map: &Map, actors: usize, a: &[u64], b: &[u64]) -> Vec<(Word, u64, u64)> {
    let alike = kept_alike(map, actors);
    let words = a.iter().zip(b).enumerate().filter(|(_, (x, y))| x != y);
    let words = words.map(|(at, (&x, &y))| (Word(at as u32), x, y));
    words.filter(|&(w, ..)| alike(w)).collect()
}
