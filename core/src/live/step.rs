//! Effects of a live actor: real atomics.
//!
//! Each effect looks at the actor's halt word first and is then performed as it stands, so that of the abstraction
//! nothing is left when an operation is compiled for this [`Step`]. An actor that finds a lock taken writes its wait
//! record, looks again and again, and clears the record when it has the lock: brief spins first, then sleeps in
//! growing slices, each followed by a look at the halt word.

use super::beside::Beside;
use super::control::{FREEZE, Own, record_wait};
use super::record::Recorder;
use super::words::Atomics;
use crate::addr::ActorId;
use crate::lock::{self, Lock, Mode, Taken};
use crate::machine::pause::PauseAct;
use crate::machine::{ActorWord, Policy, Words, World, pause};
use crate::perform::{Performed, holds, perform, ready};
use crate::step::{Act, Cond, Effect, Plain, Step, Stop, Turn};
use std::ops::ControlFlow;
use std::time::Duration;

/// What an actor's thread keeps between statements.
#[derive(Clone, Copy)]
pub(super) struct Seat<'a> {
    pub(super) world: &'a World,
    pub(super) words: Atomics<'a>,
    pub(super) own: &'a Own,
    pub(super) me: ActorId,
    pub(super) depth: usize,
    pub(super) seed: u64,
    /// Whether it is a vCPU that somebody may pause.
    gated: bool,
    /// Where effects are noted, if they are.
    beside: Option<&'a Beside>,
    /// Whether all effects are [plain](LiveStep::plainly).
    plain: bool,
}

impl<'a> Seat<'a> {
    /// An actor that holds `depth` locks. Effects are noted in `beside`.
    pub(super) fn new(
        world: &'a World,
        words: Atomics<'a>,
        (own, me): (&'a Own, ActorId),
        (depth, seed): (usize, u64),
        (gated, beside): (bool, Option<&'a Beside>),
    ) -> Self {
        let plain = !gated && beside.is_none() && world.policy != Policy::Rw;
        Seat { world, words, own, me, depth, seed, gated, beside, plain }
    }
}

/// Whether the condition of a statement holds.
pub(super) type Stated<'a> = &'a dyn Fn(Atomics<'_>) -> bool;

/// A statement of a live actor.
pub struct LiveStep<'a> {
    pub(super) seat: Seat<'a>,
    pub(super) stated: Stated<'a>,
}

/// The growing pauses of whoever waits.
pub(super) struct Backoff(u32);

/// Rounds of spinning: about as long as a lock of one operation is held.
const SPINS: u32 = 7;
/// The first and the longest slice of sleep.
const FIRST_SLEEP: Duration = Duration::from_micros(20);
const LONGEST_SLEEP: Duration = Duration::from_millis(1);

impl Backoff {
    pub(super) const NEW: Backoff = Backoff(0);

    /// Pauses, a little longer than the last time.
    pub(super) fn pause(&mut self) {
        if self.0 < SPINS {
            for _ in 0..1 << self.0 {
                std::hint::spin_loop();
            }
        } else {
            let slice = FIRST_SLEEP * (1 << (self.0 - SPINS).min(6));
            std::thread::sleep(slice.min(LONGEST_SLEEP));
        }
        self.0 = (self.0 + 1).min(SPINS + 6);
    }
}

/// Looks until there is something: at once, or in a wait that shows.
fn sleep<T>(own: &Own, mut look: impl FnMut() -> Option<T>) -> Result<T, Stop> {
    if let Some(out) = look() {
        return Ok(out);
    }
    own.begin_wait();
    own.show_condition(true);
    let mut backoff = Backoff::NEW;
    let out = loop {
        own.looked();
        own.go_on()?;
        backoff.pause();
        if let Some(out) = look() {
            break out;
        }
    };
    own.show_condition(false);
    Ok(out)
}

impl LiveStep<'_> {
    /// The lock was found taken: waits for it. 0 where it has become a promotion.
    #[cold]
    #[inline(never)]
    fn wait_for_lock(&mut self, lock: Lock, mode: Mode) -> Result<u64, Stop> {
        let Seat { world, mut words, own, me, beside, .. } = self.seat;
        own.begin_wait();
        record_wait(&mut words, world, me, Some((lock, mode)));
        let since = beside.map(|beside| beside.waits(me, lock, mode));
        let mut backoff = Backoff::NEW;
        let taken = loop {
            match lock::try_take(&mut words, world, me, lock, mode) {
                Taken::Yes => break 1,
                Taken::Promotion => break 0,
                Taken::No | Taken::Queued => own.looked(),
            }
            own.go_on()?;
            backoff.pause();
        };
        record_wait(&mut words, world, me, None);
        if let (Some(beside), Some(since), 1) = (beside, since, taken) {
            beside.waited(me, lock, mode, since);
        }
        Ok(taken)
    }

    #[cold]
    #[inline(never)]
    fn wait_for(&mut self, cond: Cond) -> Result<(), Stop> {
        let Seat { world, mut words, own, me, .. } = self.seat;
        let stated = self.stated;
        sleep(own, || match cond {
            Cond::Stated => stated(words).then_some(()),
            _ => holds(&mut words, world, me, cond).then_some(()),
        })
    }

    /// A record that changes as a whole and had to wait: tries again until it can.
    #[cold]
    #[inline(never)]
    fn wait_to(&mut self, e: Effect) -> Result<[u64; 2], Stop> {
        let Seat { world, mut words, own, me, .. } = self.seat;
        sleep(own, || match perform(&mut words, world, me, &e) {
            Performed::Done(out) => Some(out),
            Performed::Blocked => None,
        })
    }

    /// A vCPU goes inside, unless it is paused: then it waits outside. Halts it if its domain has crashed.
    #[cold]
    #[inline(never)]
    fn pass_the_gate(&mut self) -> Result<(), Stop> {
        let Seat { world, mut words, own, me, .. } = self.seat;
        let (inside, paused) = (world.map.actor(me, ActorWord::Inside), world.map.actor(me, ActorWord::Paused));
        if pause::ends(&mut words, world, me) {
            return Err(Stop::Halt);
        }
        sleep(own, || {
            words.swap(inside, 1);
            let may = words.add(paused, 0) == 0;
            if !may {
                words.swap(inside, 0);
            }
            may.then_some(())
        })?;
        Ok(())
    }

    /// An effect inside the recorder, from its gate to its ticket; looked for again and again while it cannot happen.
    #[cold]
    #[inline(never)]
    fn recorded(&mut self, e: Effect, recorder: &Recorder) -> Result<[u64; 2], Stop> {
        match e {
            Effect::Lock(..) | Effect::TryLock(..) => Own::room(self.seat.depth)?,
            Effect::Unlock(lock, mode) => self.forget(lock, mode),
            _ => {}
        }
        let choice = if let Effect::Choose(n) = e { self.draw(n) } else { 0 };
        let Seat { world, mut words, own, me, gated, beside, .. } = self.seat;
        let lock = if let Effect::Lock(lock, mode) = e { Some((lock, mode)) } else { None };
        let (mut waits, mut since, mut backoff) = (false, None, Backoff::NEW);
        let out = loop {
            let inside = recorder.enter(&e, gated);
            if gated && self.ends_or_leaves(&e) {
                return Err(Stop::Halt);
            }
            let stated = !matches!(e, Effect::Wait(Cond::Stated)) || (self.stated)(words);
            if stated && ready(&mut words, world, me, &e) {
                let done = perform(&mut words, world, me, &e);
                if gated {
                    let entered = matches!(e, Effect::Act(Act::Pause(PauseAct::EnterGuest)));
                    pause::set_inside(&mut words, world, me, !entered);
                }
                recorder.note(me, choice);
                if let Performed::Done(out) = done {
                    break out;
                }
            }
            drop(inside);
            if !waits {
                waits = true;
                own.begin_wait();
                match lock {
                    Some((l, mode)) => {
                        record_wait(&mut words, world, me, lock);
                        since = beside.map(|beside| beside.waits(me, l, mode));
                    }
                    None => own.show_condition(true),
                }
            }
            own.looked();
            if recorder.over() {
                own.tell(FREEZE);
            }
            own.go_on()?;
            backoff.pause();
        };
        if waits {
            match lock {
                Some(_) => record_wait(&mut words, world, me, None),
                None => own.show_condition(false),
            }
            if let (Some((lock, mode)), Some(beside), Some(since), 1..) = (lock, beside, since, out[0]) {
                beside.waited(me, lock, mode, since);
            }
        }
        if let Effect::Lock(lock, mode) | Effect::TryLock(lock, mode) = e
            && out[0] != 0
        {
            own.push(&mut self.seat.depth, lock, mode);
        }
        if recorder.over() {
            own.tell(FREEZE);
        }
        Ok(if let Effect::Choose(_) = e { [choice, 0] } else { out })
    }

    /// An effect of an actor whom no gate stops, of whom nothing is noted, where no lock has readers. Made part of each place
    /// that has an effect, and of each only what that effect is.
    #[inline(always)]
    fn plainly(&mut self, e: Effect) -> Result<[u64; 2], Stop> {
        match e {
            Effect::Wait(cond) => return self.wait_for(cond).map(|()| [0; 2]),
            Effect::Choose(n) => return Ok([self.draw(n), 0]),
            Effect::Lock(..) | Effect::TryLock(..) => Own::room(self.seat.depth)?,
            // Forgotten before it is free: from then on another may hold it.
            Effect::Unlock(lock, mode) => self.seat.own.pop(&mut self.seat.depth, lock, lock.released(mode, false)),
            _ => {}
        }
        self.done(e)
    }

    /// The effect itself, once all that comes before it has been seen to.
    #[inline(always)]
    fn done(&mut self, e: Effect) -> Result<[u64; 2], Stop> {
        let out = match perform(&mut self.seat.words, self.seat.world, self.seat.me, &e) {
            Performed::Done(out) => out,
            Performed::Blocked => match e {
                Effect::Lock(lock, mode) => [self.wait_for_lock(lock, mode)?, 0],
                _ => self.wait_to(e)?,
            },
        };
        if let Effect::Lock(lock, mode) | Effect::TryLock(lock, mode) = e
            && out[0] != 0
        {
            self.seat.own.push(&mut self.seat.depth, lock, mode);
        }
        Ok(out)
    }

    /// Any other effect.
    #[cold]
    #[inline(never)]
    fn otherwise(&mut self, e: Effect) -> Result<[u64; 2], Stop> {
        match self.seat.beside {
            None => self.performed(e),
            Some(beside) => self.observed(e, beside),
        }
    }

    /// An effect of which something is noted: performed as ever, or inside the recorder.
    fn observed(&mut self, e: Effect, beside: &Beside) -> Result<[u64; 2], Stop> {
        let me = self.seat.me;
        // Noted before it is free: from then on another may hold it.
        if let Effect::Unlock(lock, mode) = e {
            beside.gives(me, lock, self.seat.own.side(self.seat.depth, lock, mode));
        }
        let out = match &beside.recorder {
            Some(recorder) => self.recorded(e, recorder)?,
            None => self.performed(e)?,
        };
        if let Effect::Lock(lock, mode) | Effect::TryLock(lock, mode) = e
            && out[0] != 0
        {
            beside.takes(me, lock, mode);
        }
        Ok(out)
    }

    /// An effect as it stands.
    fn performed(&mut self, e: Effect) -> Result<[u64; 2], Stop> {
        if self.seat.gated {
            let begins = matches!(e, Effect::Act(Act::TlbAccess { .. }));
            if begins {
                pause::set_inside(&mut self.seat.words, self.seat.world, self.seat.me, false);
            }
            if begins || pause::outside(&mut self.seat.words, self.seat.world, self.seat.me) {
                self.pass_the_gate()?;
            }
        }
        match e {
            Effect::Wait(cond) => return self.wait_for(cond).map(|()| [0; 2]),
            Effect::Choose(n) => return Ok([self.draw(n), 0]),
            Effect::Lock(..) | Effect::TryLock(..) => Own::room(self.seat.depth)?,
            // Forgotten before it is free: from then on another may hold it.
            Effect::Unlock(lock, mode) => self.forget(lock, mode),
            _ => {}
        }
        self.done(e)
    }

    /// Forgets a lock as one of those held.
    fn forget(&mut self, lock: Lock, mode: Mode) {
        let side = self.seat.own.side(self.seat.depth, lock, mode);
        self.seat.own.pop(&mut self.seat.depth, lock, side);
    }

    /// A vCPU that begins a guest access is outside. Whether it ends there, since its domain has crashed.
    fn ends_or_leaves(&mut self, e: &Effect) -> bool {
        let Seat { world, mut words, me, .. } = self.seat;
        if matches!(e, Effect::Act(Act::TlbAccess { .. })) {
            pause::set_inside(&mut words, world, me, false);
        }
        pause::ends(&mut words, world, me)
    }

    /// The next number of the actor's own sequence (splitmix64), brought below `n`.
    fn draw(&mut self, n: u64) -> u64 {
        self.seat.seed = self.seat.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.seat.seed;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (((z ^ (z >> 31)) as u128 * n.max(1) as u128) >> 64) as u64
    }
}

impl Step for LiveStep<'_> {
    #[inline(always)]
    fn world(&self) -> &World {
        self.seat.world
    }

    #[inline(always)]
    fn me(&self) -> ActorId {
        self.seat.me
    }

    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    fn effect(&mut self, e: Effect) -> Result<[u64; 2], Stop> {
        self.seat.own.go_on()?;
        if self.seat.plain { self.plainly(e) } else { self.otherwise(e) }
    }

    #[inline(always)]
    fn note(&mut self, _: &'static str) {}

    #[inline(always)]
    fn scope<R: Plain>(&mut self, f: impl Fn(&mut Self) -> Result<R, Stop>) -> Result<R, Stop> {
        f(self)
    }

    #[inline(always)]
    fn retry<R: Plain>(&mut self, f: impl Fn(&mut Self) -> Result<Option<R>, Stop>) -> Result<R, Stop> {
        loop {
            if let Some(r) = f(self)? {
                return Ok(r);
            }
            self.seat.own.go_on()?;
            std::hint::spin_loop();
        }
    }

    #[inline(always)]
    fn turns<A: Plain>(&mut self, init: A, turn: &impl Turn<Self, A>) -> Result<A, Stop> {
        let mut acc = init;
        loop {
            match turn.turn(self, acc)? {
                ControlFlow::Continue(next) => acc = next,
                ControlFlow::Break(last) => return Ok(last),
            }
            self.seat.own.go_on()?;
        }
    }
}
