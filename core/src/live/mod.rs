//! Live runs: the same words as atomics, the same programs in loops, each actor on a thread of its own.
//!
//! Protocol. [`Live`] is shared by all threads. Each actor's thread calls [`Live::run_actor`], which waits at a gate;
//! whoever controls the run opens it with [`Live::start`] once [`Live::all_ready`]. From then on nobody waits for the
//! controller, and the controller waits for nobody: it reads counts and words, asks a [`Detector`] who is stuck, and
//! tells actors to stop.
//! - **Drain**: each actor ends the round of its program. Then, unless locks leaked, all locks are free and the words
//!   can be loaded into a simulated run and checked.
//! - **Freeze**: each actor stops before its next effect, or in the middle of a wait. Words, wait records and held
//!   locks stay as they are.
//! - **Record**: the order of all effects is written down, and a simulated run can take the same steps ([`Recording`]).
//! - **Notes**: how long locks are held and waited for, and what each thread did just now ([`Notes`]).
//! - **Abort** of one actor: it stops like that, and what it holds is released, innermost first. Its half-done words
//!   stay.
//!
//! An actor that waits for another which has drained would wait for ever: the detector says so, and freezing ends it.

mod beside;
mod control;
mod meter;
mod record;
mod run;
mod step;
mod stuck;
#[cfg(not(target_family = "wasm"))]
mod threads;
mod track;
mod words;

pub use beside::{Clock, Notes};
pub use control::{Counts, HELD_LIVE, State};
pub use meter::{BUCKETS, Histogram, LockTimes};
pub use record::{Recording, differences, digest};
pub use step::LiveStep;
pub use stuck::Detector;
#[cfg(not(target_family = "wasm"))]
pub use threads::Threads;
pub use track::{Deed, Moment, TRACK_ROOM, Track};
pub use words::Atomics;

use crate::addr::ActorId;
use crate::lock::{Lock, Mode};
use crate::machine::{Kind, World};
use crate::sim::Code;
use beside::Beside;
use control::{ABORT, DRAIN, FREEZE, Own};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use step::Seat;
use words::Store;

/// What is fixed for a live run beside world and programs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Plan {
    /// What the actors' choices are drawn from.
    pub seed: u64,
    /// How many rounds of its program each actor runs; none: until it is told to stop.
    pub rounds: Option<u64>,
}

/// A live run: its words, its programs, and what controller and actors tell each other. Copies are the same run.
pub struct Live<C>(Arc<Inner<C>>);

struct Inner<C> {
    world: Arc<World>,
    code: Arc<C>,
    plan: Plan,
    store: Store,
    gate: AtomicU64,
    owns: Box<[Own]>,
    beside: Option<Beside>,
}

impl<C> Clone for Live<C> {
    fn clone(&self) -> Self {
        Live(self.0.clone())
    }
}

impl<C: Code> Live<C> {
    /// A run that begins with these words. Nothing moves yet.
    pub fn new(world: Arc<World>, code: Arc<C>, first: &[u64], plan: Plan) -> Live<C> {
        Self::noted(world, code, first, plan, Notes::default())
    }

    /// The same, each effect written down. After about `room` effects every actor ends its round and stops.
    pub fn recorded(world: Arc<World>, code: Arc<C>, first: &[u64], plan: Plan, room: u64) -> Live<C> {
        Self::noted(world, code, first, plan, Notes { record: Some(room), ..Notes::default() })
    }

    /// The same, with notes of it.
    pub fn noted(world: Arc<World>, code: Arc<C>, first: &[u64], plan: Plan, notes: Notes) -> Live<C> {
        let owns = world.actors.iter().map(|_| Own::default()).collect();
        let beside = Beside::new(world.actors.len(), &notes);
        Live(Arc::new(Inner { store: Store::new(first), world, code, plan, gate: AtomicU64::new(0), owns, beside }))
    }

    /// What has happened so far, if the run is recorded. Whole once all have stopped.
    pub fn recording(&self) -> Option<Recording> {
        Some(self.0.beside.as_ref()?.recorder.as_ref()?.recording())
    }

    /// The words that the recording leads to: those of now, or, after an abort, those before what it released.
    pub fn recorded_words(&self) -> Option<Vec<u64>> {
        Some(self.0.beside.as_ref()?.recorder.as_ref()?.words(self.words()))
    }

    /// How long locks were held and waited for so far, each side of a lock by itself, in the order of locks; and how many
    /// times found no place, where there are too many locks. Nothing of a run that is not metered.
    pub fn times(&self) -> (Vec<LockTimes>, u64) {
        self.0.beside.as_ref().map(Beside::times).unwrap_or_default()
    }

    /// What each thread did last since this was asked before, as far as there is room, in the order of actors. Nothing of a
    /// run whose events are not kept. One asks at a time.
    pub fn tracks(&self) -> Vec<Track> {
        self.0.beside.as_ref().map(Beside::tracks).unwrap_or_default()
    }

    /// What is fixed.
    pub fn world(&self) -> &Arc<World> {
        &self.0.world
    }

    /// The programs.
    pub fn code(&self) -> &Arc<C> {
        &self.0.code
    }

    /// The words, to be read one at a time while they change.
    pub fn words(&self) -> Atomics<'_> {
        self.0.store.words()
    }

    /// Whether every actor's thread has come to the gate.
    pub fn all_ready(&self) -> bool {
        self.0.owns.iter().all(|own| own.state() != State::Absent)
    }

    /// Opens the gate for all.
    pub fn start(&self) {
        self.0.gate.store(1, Ordering::SeqCst);
    }

    /// Tells every actor to stop at the end of the round that it is in.
    pub fn drain(&self) {
        self.tell_all(DRAIN);
    }

    /// Tells one actor to stop at the end of the round that it is in: who may be waiting for others must be told before
    /// those are.
    pub fn drain_one(&self, a: ActorId) {
        if let Some(own) = self.0.owns.get(a.0 as usize) {
            own.tell(DRAIN);
        }
    }

    /// Tells vCPUs to stop at the end of their rounds, and the others once all vCPUs have stopped: who pages or listens is
    /// there as long as somebody may wait for it. To be called again until all have stopped.
    pub fn drain_in_turn(&self) {
        let world = &self.0.world;
        let is_vcpu = |a: &ActorId| world.actors[a.0 as usize].kind == Kind::Vcpu;
        let stopped = |a: ActorId| self.state(a).is_some_and(State::stopped);
        let others = world.actor_ids().filter(is_vcpu).all(stopped);
        world.actor_ids().filter(|a| others || is_vcpu(a)).for_each(|a| self.drain_one(a));
    }

    /// Tells every actor to stop where it is.
    pub fn freeze(&self) {
        self.tell_all(FREEZE);
    }

    /// Tells one actor to stop where it is, and has what it holds released; also after it has been frozen.
    pub fn abort(&self, a: ActorId) {
        let Some(own) = self.0.owns.get(a.0 as usize) else { return };
        own.tell(ABORT);
        self.0.release_if_aborted(a, own);
    }

    /// Where an actor is.
    pub fn state(&self, a: ActorId) -> Option<State> {
        self.0.owns.get(a.0 as usize).map(Own::state)
    }

    /// Whether all actors have stopped: from then on no word changes.
    pub fn all_stopped(&self) -> bool {
        self.0.owns.iter().all(|own| own.state().stopped())
    }

    /// What each actor has done so far, in the order of actors.
    pub fn counts(&self) -> Vec<Counts> {
        self.0.owns.iter().map(Own::counts).collect()
    }

    /// What an actor holds, outermost first. Exact once it has stopped or stands in a wait.
    pub fn held(&self, a: ActorId) -> Vec<(Lock, Mode)> {
        self.0.owns.get(a.0 as usize).map(Own::held).unwrap_or_default()
    }

    /// What the abort of an actor has released, in that order.
    pub fn released(&self, a: ActorId) -> Vec<(Lock, Mode)> {
        self.0.owns.get(a.0 as usize).map(Own::released).unwrap_or_default()
    }

    /// The lock that an actor waits for, if it waits for one.
    pub fn waiting(&self, a: ActorId) -> Option<(Lock, Mode)> {
        self.0.owns.get(a.0 as usize)?;
        control::waiting(&mut self.words(), &self.0.world, a)
    }

    /// Effects of an actor outside of its program, on the thread that asks. Only while no other thread runs the actor.
    pub fn step(&self, a: ActorId) -> Option<LiveStep<'_>> {
        let own = self.0.owns.get(a.0 as usize)?;
        let depth = own.held().len();
        let (world, seed) = (&self.0.world, self.0.plan.seed);
        let seat = Seat::new(world, self.words(), (own, a), (depth, seed), (false, None));
        Some(LiveStep { seat, stated: &|_| true })
    }

    /// Whether an actor sleeps until a condition holds, or until a record that changes as a whole can.
    pub fn sleeps(&self, a: ActorId) -> bool {
        self.0.owns.get(a.0 as usize).is_some_and(Own::waits_for_condition)
    }

    fn tell_all(&self, halt: u64) {
        for own in &self.0.owns {
            own.tell(halt);
        }
    }
}
