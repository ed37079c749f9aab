//! What the controller of a live run and its actors tell each other, apart from the machine's words.
//!
//! Protocol. Each actor has a record of its own. The actor alone writes it, but for the halt word, which only grows,
//! and for the state of an actor that has stopped. Handshakes of the form "store mine, look at theirs" are
//! sequentially consistent; what is only counted is relaxed.
//!
//! | halt | the actor |
//! |---|---|
//! | 0 | runs |
//! | 1, drain | stops at the end of its program |
//! | 2, freeze | stops before its next effect, also in the middle of waiting |
//! | 3, abort | the same, and what it holds is then released |

use crate::addr::ActorId;
use crate::lock::{self, Lock, Mode};
use crate::machine::{ActorWord, Words, World};
use crate::step::Stop;
use std::sync::atomic::{AtomicU64, Ordering};

pub(super) const DRAIN: u64 = 1;
pub(super) const FREEZE: u64 = 2;
pub(super) const ABORT: u64 = 3;

/// Locks that a live actor can hold at once, the same one taken again counted again.
pub const HELD_LIVE: usize = 64;

/// Where a live actor is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u64)]
pub enum State {
    /// Its thread has not come yet.
    Absent,
    /// Waits for the others at the gate.
    Ready,
    /// Runs its program, again and again. It may be waiting for a lock.
    Running,
    /// Has stopped between two rounds of its program.
    Drained,
    /// Has stopped in the middle.
    Frozen,
    /// A word led nowhere: its program has ended there, and what it held it still holds.
    Strayed,
    /// Was stopped in the middle; what it held is being released.
    Releasing,
    /// Was stopped in the middle, and what it held was released.
    Aborted,
}

impl State {
    const ALL: [State; 8] = [
        State::Absent,
        State::Ready,
        State::Running,
        State::Drained,
        State::Frozen,
        State::Strayed,
        State::Releasing,
        State::Aborted,
    ];

    /// Whether its thread will do nothing more.
    pub const fn stopped(self) -> bool {
        matches!(self, State::Drained | State::Frozen | State::Strayed | State::Aborted)
    }
}

/// What a live actor has done so far.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Rounds of its program that went well.
    pub operations: u64,
    /// Rounds in which a statement gave an error.
    pub failures: u64,
    /// How often it found a lock taken or a condition false, and had to wait.
    pub waits: u64,
}

/// An actor's record, on lines of its own.
#[derive(Default)]
#[repr(align(128))]
pub(super) struct Own {
    halt: AtomicU64,
    state: AtomicU64,
    operations: AtomicU64,
    failures: AtomicU64,
    waits: AtomicU64,
    /// 1 while it waits for a condition.
    condition: AtomicU64,
    /// How often it has looked in vain for what it waits for.
    looks: AtomicU64,
    held: Held,
    /// What an abort has released, in that order.
    released: Held,
}

/// The locks that an actor holds, outermost first: each packed plus one, 0 behind the last.
struct Held([AtomicU64; HELD_LIVE]);

impl Default for Held {
    fn default() -> Self {
        Held(std::array::from_fn(|_| AtomicU64::new(0)))
    }
}

impl Held {
    fn all(&self) -> Vec<(Lock, Mode)> {
        self.0.iter().map_while(|w| unpack(w.load(Ordering::Acquire))).collect()
    }
}

const SHARED: u64 = 1 << 63;

#[inline(always)]
pub(super) const fn pack(lock: Lock, mode: Mode) -> u64 {
    (lock.to_word() + 1) | if matches!(mode, Mode::Shared) { SHARED } else { 0 }
}

pub(super) const fn unpack(w: u64) -> Option<(Lock, Mode)> {
    match w {
        0 => None,
        _ => Some((Lock::from_word((w & !SHARED) - 1), if w & SHARED == 0 { Mode::Exclusive } else { Mode::Shared })),
    }
}

/// Adds to a word that only this thread writes.
#[inline(always)]
fn count(w: &AtomicU64) {
    w.store(w.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
}

impl Own {
    #[inline(always)]
    pub(super) fn halt(&self) -> u64 {
        self.halt.load(Ordering::Relaxed)
    }

    /// An error once the actor must stop where it is.
    #[inline(always)]
    pub(super) fn go_on(&self) -> Result<(), Stop> {
        if self.halt() >= FREEZE { Err(Stop::Halt) } else { Ok(()) }
    }

    pub(super) fn tell(&self, halt: u64) {
        self.halt.fetch_max(halt, Ordering::SeqCst);
    }

    pub(super) fn state(&self) -> State {
        State::ALL[self.state.load(Ordering::SeqCst) as usize % State::ALL.len()]
    }

    pub(super) fn set_state(&self, s: State) {
        self.state.store(s as u64, Ordering::SeqCst);
    }

    /// Goes from one state to another; false if it is not in the first.
    pub(super) fn pass(&self, from: State, to: State) -> bool {
        self.state.compare_exchange(from as u64, to as u64, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }

    pub(super) fn counts(&self) -> Counts {
        Counts {
            operations: self.operations.load(Ordering::Relaxed),
            failures: self.failures.load(Ordering::Relaxed),
            waits: self.waits.load(Ordering::Acquire),
        }
    }

    #[inline(always)]
    pub(super) fn count_round(&self, failed: bool) {
        count(if failed { &self.failures } else { &self.operations });
    }

    /// Begins to wait. Counted before the wait shows, so that two waits in a row never look like one.
    pub(super) fn begin_wait(&self) {
        self.waits.store(self.waits.load(Ordering::Relaxed).wrapping_add(1), Ordering::SeqCst);
    }

    pub(super) fn waits(&self) -> u64 {
        self.waits.load(Ordering::SeqCst)
    }

    /// Shows or hides that it waits for a condition.
    pub(super) fn show_condition(&self, waits: bool) {
        self.condition.store(waits as u64, Ordering::SeqCst);
    }

    pub(super) fn waits_for_condition(&self) -> bool {
        self.condition.load(Ordering::SeqCst) != 0
    }

    /// Counts one look in vain.
    pub(super) fn looked(&self) {
        self.looks.store(self.looks.load(Ordering::Relaxed).wrapping_add(1), Ordering::SeqCst);
    }

    pub(super) fn looks(&self) -> u64 {
        self.looks.load(Ordering::SeqCst)
    }

    /// An error if the actor holds as many locks as can be noted.
    #[inline(always)]
    pub(super) fn room(depth: usize) -> Result<(), Stop> {
        match depth < HELD_LIVE {
            true => Ok(()),
            false => Err(Stop::Bad { what: "room for one more held lock", value: HELD_LIVE as u64 }),
        }
    }

    /// Notes a lock as the innermost of `depth + 1`. There must be room.
    #[inline(always)]
    pub(super) fn push(&self, depth: &mut usize, lock: Lock, mode: Mode) {
        if let Some(place) = self.held.0.get(*depth) {
            place.store(pack(lock, mode), Ordering::Relaxed);
            *depth += 1;
        }
    }

    /// The side of a lock that is let go when it is released like that.
    pub(super) fn side(&self, depth: usize, lock: Lock, mode: Mode) -> Mode {
        let reads = matches!(lock, Lock::Range(..)) && {
            let shared = pack(lock, Mode::Shared);
            self.held.0[..depth].iter().any(|w| w.load(Ordering::Relaxed) == shared)
        };
        lock.released(mode, reads)
    }

    /// Forgets a lock by the [side](Own::side) that is let go, the innermost one where it is held more than once.
    #[inline(always)]
    pub(super) fn pop(&self, depth: &mut usize, lock: Lock, side: Mode) {
        let packed = pack(lock, side);
        if let Some(top) = depth.checked_sub(1).and_then(|top| self.held.0.get(top))
            && top.load(Ordering::Relaxed) == packed
        {
            top.store(0, Ordering::Relaxed);
            *depth -= 1;
        } else {
            self.pop_from_below(depth, packed);
        }
    }

    #[cold]
    fn pop_from_below(&self, depth: &mut usize, packed: u64) {
        let held = &self.held.0[..*depth];
        let Some(at) = held.iter().rposition(|w| w.load(Ordering::Relaxed) == packed) else { return };
        for i in at + 1..*depth {
            held[i - 1].store(held[i].load(Ordering::Relaxed), Ordering::Relaxed);
        }
        held[*depth - 1].store(0, Ordering::Relaxed);
        *depth -= 1;
    }

    /// What the actor holds, outermost first. Exact once it has stopped or stands in a wait.
    pub(super) fn held(&self) -> Vec<(Lock, Mode)> {
        self.held.all()
    }

    /// What an abort has released, in that order.
    pub(super) fn released(&self) -> Vec<(Lock, Mode)> {
        self.released.all()
    }

    /// If the actor has been aborted and has stopped, releases what it holds, innermost first, and takes it out of
    /// the queue that it stands in. Both the actor and the controller call this after their own half of the
    /// handshake (stopping; telling), so the later one finds both done, and only one passes. `first` is called before any
    /// word changes.
    pub(super) fn release_if_aborted<W: Words>(&self, m: &mut W, world: &World, me: ActorId, first: impl FnOnce()) {
        if self.halt.load(Ordering::SeqCst) < ABORT
            || !(self.pass(State::Frozen, State::Releasing) || self.pass(State::Strayed, State::Releasing))
        {
            return;
        }
        first();
        let waited = waiting(m, world, me);
        m.set(world.map.actor(me, ActorWord::WaitsFor), 0);
        self.show_condition(false);
        if let Some((Lock::Global(d), Mode::Exclusive)) = waited {
            lock::global::leave_queue(m, world, d);
        }
        let held = self.held();
        for (i, &(lock, mode)) in held.iter().enumerate().rev() {
            lock::release(m, world, me, lock, mode);
            self.held.0[i].store(0, Ordering::Relaxed);
            self.released.0[held.len() - 1 - i].store(pack(lock, mode), Ordering::Release);
        }
        self.set_state(State::Aborted);
    }
}

/// Writes or clears an actor's wait record.
pub(super) fn record_wait<W: Words>(m: &mut W, world: &World, me: ActorId, lock: Option<(Lock, Mode)>) {
    if let Some((_, mode)) = lock {
        m.set(world.map.actor(me, ActorWord::WaitMode), (mode == Mode::Shared) as u64);
    }
    m.set(world.map.actor(me, ActorWord::WaitsFor), lock.map_or(0, |(lock, _)| lock.to_word() + 1));
}

/// The lock that an actor waits for, from its own record.
pub fn waiting<W: Words>(m: &mut W, world: &World, a: ActorId) -> Option<(Lock, Mode)> {
    let packed = m.get(world.map.actor(a, ActorWord::WaitsFor)).checked_sub(1)?;
    let mode = match m.get(world.map.actor(a, ActorWord::WaitMode)) {
        0 => Mode::Exclusive,
        _ => Mode::Shared,
    };
    Some((Lock::from_word(packed), mode))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn held_locks_come_and_go_in_any_order() {
        let own = Own::default();
        let mut depth = 0;
        let (global, range) = ((Lock::Global(0), Mode::Shared), (Lock::Range(0, 7), Mode::Exclusive));
        let domctl = (Lock::Domctl, Mode::Exclusive);
        for (lock, mode) in [domctl, global, range, range] {
            own.push(&mut depth, lock, mode);
        }
        assert_eq!(own.held(), [domctl, global, range, range]);
        own.pop(&mut depth, global.0, global.1);
        assert_eq!(own.held(), [domctl, range, range]);
        own.pop(&mut depth, range.0, range.1);
        own.pop(&mut depth, global.0, Mode::Exclusive);
        assert_eq!((own.held(), depth), (vec![domctl, range], 2));
    }

    #[test]
    fn too_many_held_locks_are_an_error() {
        let own = Own::default();
        let mut depth = 0;
        while Own::room(depth).is_ok() {
            own.push(&mut depth, Lock::Named(0), Mode::Exclusive);
        }
        assert_eq!((own.held().len(), depth), (HELD_LIVE, HELD_LIVE));
    }
}
