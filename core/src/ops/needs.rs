//! Needing more than one holds.
//!
//! Protocol. An operation runs under its first locks. Where it finds that it must also change what these do not guard
//! (another gfn that maps the frame, a leaf larger than its range, a third domain's entry, the whole table), it answers
//! [`Attempt::Needs`] **before it has changed anything**. Only the outermost operation of an actor acts on that: it
//! releases all that it holds, takes everything that was asked for in the one order of locks, and starts again from
//! the beginning, since whatever it saw may have changed meanwhile. So nobody ever waits for a range while holding a
//! later one (S27, S29; rule R8 of the proposal), and nothing is promoted.
//!
//! An actor that holds p2m locks from outside the operation (a lesson's own `lock gfn(..)`, a get that is not put)
//! cannot release those. If all that is needed is its own already the operation goes on; if not it ends with nothing
//! changed, and its caller answers `ERESTART`.
//!
//! What is held only grows from attempt to attempt, and ends at the whole tables: so there is a last one.
//!
//! How an operation is written:
//!
//! ```
//! use p2mscope_core::addr::{DomGfn, Order};
//! use p2mscope_core::lock::Hold;
//! use p2mscope_core::ops::needs::{self, Attempt};
//! use p2mscope_core::ops::{Code, query};
//! use p2mscope_core::step::{Step, Stop};
//!
//! fn toy<S: Step>(s: &mut S, g: DomGfn) -> Result<Code, Stop> {
//!     let slot = s.slot(g.dom)?;
//!     let first = Hold::entry(s.world(), slot, g.gfn, Order::K4);
//!     needs::outermost(s, first, |s, hold| {
//!         let (entry, level) = query::walk(s, g)?;
//!         let Some(leaf) = s.world().leaf_of(g, entry, level) else { return Attempt::done(Code::Enoent) };
//!         if !hold.covers(s.world(), slot, g.gfn, leaf.order) {
//!             return Attempt::needs(Hold::entry(s.world(), slot, g.gfn, leaf.order));
//!         }
//!         // From here on it may change the leaf as a whole.
//!         Attempt::done(Code::Ok)
//!     })
//!     .map(|answer| answer.unwrap_or(Code::Erestart))
//! }
//! ```
//!
//! Other first holds: two entries are `Hold::entry(..).and(world, Hold::entry(..))`, a whole table is
//! `Hold::whole(slot)`. A list that is found by walking is gathered with `Step::fold` and [`Hold::and`], which falls
//! back to whole tables when there are more ranges than a value can name.

use super::code::Code;
use super::table::flush;
use crate::lock::{Hold, Lock, Mode};
use crate::step::{Act, Plain, Step, Stop};
use std::ops::ControlFlow::{Break, Continue};

/// What became of an attempt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Attempt<R> {
    /// It is done; the result has at most three words.
    Done(R),
    /// Nothing has changed: this must be held too.
    Needs(Hold),
    /// Nothing has changed, and what is needed cannot be taken.
    Refused,
}

impl<R> Attempt<R> {
    /// It is done, as an attempt's closure returns it.
    pub const fn done(r: R) -> Result<Attempt<R>, Stop> {
        Ok(Attempt::Done(r))
    }

    /// This must be held too. It may name what is held already.
    pub const fn needs(hold: Hold) -> Result<Attempt<R>, Stop> {
        Ok(Attempt::Needs(hold))
    }
}

/// Which attempt it is stands above the domains of a [`Hold`] in the last word.
const TAG_AT: u32 = 32;

impl<R: Plain> Plain for Attempt<R> {
    const WORDS: usize = 4;

    #[inline(always)]
    fn to_words(self) -> [u64; 4] {
        const { assert!(R::WORDS <= 3, "a result of an attempt has at most three words") };
        let (mut words, tag) = match self {
            Attempt::Done(r) => (r.to_words(), 0),
            Attempt::Needs(hold) => (hold.to_words(), 1),
            Attempt::Refused => ([0; 4], 2),
        };
        words[3] |= tag << TAG_AT;
        words
    }

    #[inline(always)]
    fn from_words(w: [u64; 4]) -> Attempt<R> {
        match w[3] >> TAG_AT {
            0 => Attempt::Done(R::from_words(w)),
            1 => Attempt::Needs(Hold::from_words(w)),
            _ => Attempt::Refused,
        }
    }
}

/// Runs an operation under `first`, and again under more for as long as it needs more. None, and nothing has changed,
/// if more is needed than an actor that holds p2m locks from outside can take: the operation answers `ERESTART`.
///
/// The closure may be run several times. It holds what it is given, all of `first` and of its own earlier needs in it,
/// and must give [`Attempt::Needs`] before its first change. Naming only what it holds is its own mistake and stops it.
pub fn outermost<S: Step, R: Plain>(
    s: &mut S,
    first: Hold,
    attempt: impl Fn(&mut S, Hold) -> Result<Attempt<R>, Stop>,
) -> Result<Option<R>, Stop> {
    let last = s.fold(Attempt::Needs(first), |s, round| {
        let Attempt::Needs(hold) = round else { return Ok(Break(round)) };
        if !take(s, hold)? {
            return Ok(Break(Attempt::Refused));
        }
        let got = attempt(s, hold)?;
        release(s, hold)?;
        let Attempt::Needs(more) = got else { return Ok(Break(got)) };
        let all = hold.and(s.world(), more);
        if all == hold {
            return Err(Stop::Bad { what: "something that is not held yet", value: 0 });
        }
        s.note("asks itself whether it holds anything that it cannot release");
        Ok(match s.act(Act::MayTake(all))? != 0 {
            true => Continue(Attempt::Needs(all)),
            false => Break(Attempt::Refused),
        })
    })?;
    Ok(match last {
        Attempt::Done(r) => Some(r),
        Attempt::Needs(_) | Attempt::Refused => None,
    })
}

/// [`outermost`] for operations that answer a code.
#[inline(always)]
pub fn outermost_code<S: Step>(
    s: &mut S,
    first: Hold,
    attempt: impl Fn(&mut S, Hold) -> Result<Attempt<Code>, Stop>,
) -> Result<Code, Stop> {
    Ok(outermost(s, first, attempt)?.unwrap_or(Code::Erestart))
}

/// Takes a set of locks in their order. False if a whole table is asked for by an actor that holds its shared side:
/// that is a promotion, which the watchers report; then none of the set is held.
pub fn take<S: Step>(s: &mut S, hold: Hold) -> Result<bool, Stop> {
    if let Some(range) = hold.single()
        && let Some(slot) = range.slot()
    {
        s.lock(Lock::Global(slot), Mode::Shared)?;
        s.lock(range, Mode::Exclusive)?;
        return Ok(true);
    }
    let all = hold.locks(s.world());
    for (i, &(lock, mode)) in all.iter().enumerate() {
        if !s.lock(lock, mode)? {
            for &(lock, mode) in all[..i].iter().rev() {
                s.unlock(lock, mode)?;
            }
            return Ok(false);
        }
    }
    Ok(true)
}

/// Releases a set of locks, innermost first; then makes the flushes that were put off.
pub fn release<S: Step>(s: &mut S, hold: Hold) -> Result<(), Stop> {
    if let Some(range) = hold.single()
        && let Some(slot) = range.slot()
    {
        s.unlock(range, Mode::Exclusive)?;
        s.unlock(Lock::Global(slot), Mode::Shared)?;
        return flush::released(s, slot);
    }
    let all = hold.locks(s.world());
    for &(lock, mode) in all.iter().rev() {
        s.unlock(lock, mode)?;
    }
    for &(lock, _) in &all {
        if let Lock::Global(slot) = lock {
            flush::released(s, slot)?;
        }
    }
    Ok(())
}

/// Takes a set of locks if none of it needs waiting; if not, none is held. For whom the author of the proposal would
/// try and skip: a sweep that holds a later lock already.
pub fn try_take<S: Step>(s: &mut S, hold: Hold) -> Result<bool, Stop> {
    let all = hold.locks(s.world());
    for (i, &(lock, mode)) in all.iter().enumerate() {
        if !s.try_lock(lock, mode)? {
            for &(lock, mode) in all[..i].iter().rev() {
                s.unlock(lock, mode)?;
            }
            return Ok(false);
        }
    }
    Ok(true)
}
