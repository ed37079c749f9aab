//! Running a statement on the log of what its effects gave.
//!
//! The function is run from the statement's start. Effects that the log knows give what they gave; the first one that
//! it does not know is the pending effect, and the run ends there. A finished scope stands in the log as its result
//! alone, a failed attempt not at all, a loop as its accumulator: so equal places in an operation are equal logs.

use crate::addr::ActorId;
use crate::machine::{LOG_ROOM, World};
use crate::step::{Effect, Plain, Step, Stop, Turn};
use std::ops::ControlFlow;

/// The results of a running statement's effects. Words of finished scopes and loops are marked.
#[derive(Clone, Copy)]
pub struct Log {
    words: [u64; LOG_ROOM as usize],
    len: usize,
    scopes: u64,
}

impl Log {
    /// A log with nothing in it.
    pub const EMPTY: Log = Log { words: [0; LOG_ROOM as usize], len: 0, scopes: 0 };

    /// A log of these words; `scopes` marks those of finished scopes.
    #[inline]
    pub fn new(words: impl Iterator<Item = u64>, scopes: u64) -> Log {
        let mut log = Log { scopes, ..Log::EMPTY };
        for w in words.take(LOG_ROOM as usize) {
            log.words[log.len] = w;
            log.len += 1;
        }
        log
    }

    /// The words.
    #[inline]
    pub fn words(&self) -> &[u64] {
        &self.words[..self.len]
    }

    /// Which of them belong to finished scopes.
    #[inline]
    pub fn scopes(&self) -> u64 {
        self.scopes
    }

    /// Appends what an effect gave; false if the log is full.
    #[inline]
    pub fn push(&mut self, result: &[u64]) -> bool {
        result.iter().all(|&w| self.push_word(w, false))
    }

    #[inline]
    fn push_word(&mut self, w: u64, scope: bool) -> bool {
        if self.len == self.words.len() {
            return false;
        }
        self.words[self.len] = w;
        self.scopes |= (scope as u64) << self.len;
        self.len += 1;
        true
    }

    #[inline]
    fn truncate(&mut self, len: usize) {
        self.words[len..self.len].fill(0);
        self.len = len;
        self.scopes &= (1 << len) - 1;
    }

    #[inline]
    fn is_scope(&self, at: usize) -> bool {
        at < self.len && self.scopes >> at & 1 == 1
    }
}

/// The log is too short for the operation: an operation's own mistake, met by no schedule of a finished one.
const FULL: Stop = Stop::Bad { what: "room in the log", value: LOG_ROOM };
/// The operation did not do again what it did before.
const ASTRAY: Stop = Stop::Bad { what: "the same effects again", value: 0 };

/// Nothing has begun.
const NOWHERE: usize = usize::MAX;

/// A run of a statement on its log.
pub struct Replay<'a> {
    world: &'a World,
    me: ActorId,
    /// The log, shortened where scopes have ended.
    pub log: &'a mut Log,
    at: usize,
    /// Where the innermost scope, attempt or loop that is under way began.
    begun: usize,
    /// The first effect that the log does not know.
    pub pending: Option<Effect>,
    /// What that effect is for.
    pub note: &'static str,
}

impl<'a> Replay<'a> {
    /// A run of an actor's statement on a log.
    pub fn new(world: &'a World, me: ActorId, log: &'a mut Log) -> Replay<'a> {
        Replay { world, me, log, at: 0, begun: NOWHERE, pending: None, note: "" }
    }

    fn take<R: Plain>(&mut self) -> R {
        let mut w = [0; 4];
        w[..R::WORDS].copy_from_slice(&self.log.words[self.at..self.at + R::WORDS]);
        self.at += R::WORDS.max(1);
        self.note = "";
        R::from_words(w)
    }

    /// Where a scope, an attempt or a loop begins, and where the one around it does. If nothing has happened since that
    /// one began an empty word goes between the two: the end of the inner one would else stand where the outer one
    /// looks for its own.
    #[inline(always)]
    fn begin(&mut self) -> Result<(usize, usize), Stop> {
        let outer = self.begun;
        if outer == self.at {
            if self.at == self.log.len && !self.log.push_word(0, false) {
                return Err(FULL);
            }
            self.at += 1;
        }
        self.begun = self.at;
        Ok((self.at, outer))
    }

    /// Replaces what stands in the log since `start` by a result.
    fn put<R: Plain>(&mut self, start: usize, r: R) -> Result<(), Stop> {
        self.log.truncate(start);
        let words = r.to_words();
        if !words[..R::WORDS.max(1)].iter().all(|&w| self.log.push_word(w, true)) {
            return Err(FULL);
        }
        self.at = self.log.len;
        Ok(())
    }
}

impl Step for Replay<'_> {
    fn world(&self) -> &World {
        self.world
    }

    fn me(&self) -> ActorId {
        self.me
    }

    #[inline(always)]
    fn effect(&mut self, e: Effect) -> Result<[u64; 2], Stop> {
        if self.at == self.log.len {
            self.pending = Some(e);
            return Err(Stop::Pending);
        }
        let width = e.width();
        if self.at + width > self.log.len || self.log.is_scope(self.at) {
            return Err(ASTRAY);
        }
        let second = if width == 2 { self.log.words[self.at + 1] } else { 0 };
        let out = [self.log.words[self.at], second];
        self.at += width;
        // A note is for one effect: this one has happened.
        self.note = "";
        Ok(out)
    }

    fn note(&mut self, what: &'static str) {
        self.note = what;
    }

    fn scope<R: Plain>(&mut self, f: impl Fn(&mut Self) -> Result<R, Stop>) -> Result<R, Stop> {
        let (start, outer) = self.begin()?;
        if self.log.is_scope(start) {
            self.begun = outer;
            return Ok(self.take());
        }
        let r = f(self)?;
        if self.at > start {
            self.put(start, r)?;
        }
        self.begun = outer;
        Ok(r)
    }

    fn retry<R: Plain>(&mut self, f: impl Fn(&mut Self) -> Result<Option<R>, Stop>) -> Result<R, Stop> {
        let (start, outer) = self.begin()?;
        if self.log.is_scope(start) {
            self.begun = outer;
            return Ok(self.take());
        }
        loop {
            self.begun = start;
            match f(self)? {
                Some(r) => {
                    if self.at > start {
                        self.put(start, r)?;
                    }
                    self.begun = outer;
                    return Ok(r);
                }
                None if self.at == start => return Err(ASTRAY),
                None => {
                    self.log.truncate(start);
                    self.at = start;
                }
            }
        }
    }

    fn turns<A: Plain>(&mut self, init: A, turn: &impl Turn<Self, A>) -> Result<A, Stop> {
        let (start, outer) = self.begin()?;
        let mut acc = init;
        if self.log.is_scope(start) {
            let done: bool = self.take();
            if A::WORDS > 0 {
                acc = self.take();
            }
            if done {
                self.begun = outer;
                return Ok(acc);
            }
        }
        loop {
            let before = self.at;
            self.begun = start;
            let flow = turn.turn(self, acc)?;
            if self.at == before && flow.is_continue() {
                return Err(ASTRAY);
            }
            let (done, next) = match flow {
                ControlFlow::Continue(a) => (false, a),
                ControlFlow::Break(a) => (true, a),
            };
            self.put(start, done)?;
            if A::WORDS > 0 {
                self.put(self.at, next)?;
            }
            acc = next;
            if done {
                self.begun = outer;
                return Ok(acc);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::addr::Word;
    use ControlFlow::{Break, Continue};

    /// Loops, attempts and scopes that begin where another does; the results of its effects are 0, 1, 2 and so on.
    fn nested<S: Step>(s: &mut S) -> Result<u64, Stop> {
        let read = |s: &mut S| s.load(Word(0));
        let rounds = |s: &mut S| {
            s.fold(0, |s, n| {
                let inner = s.scope(|s| s.scope(read))?;
                Ok(if inner >= n + 3 { Break(inner) } else { Continue(n) })
            })
        };
        let a = s.scope(|s| {
            let first = s.retry(|s| Ok(Some(rounds(s)?).filter(|&v| v > 5)))?;
            Ok(100 * first + s.scope(rounds)?)
        })?;
        let b = s.scope(|s| Ok((s.scope(|_| Ok(7))?, read(s)?)))?;
        Ok(10_000 * a + 10 * b.1 + b.0)
    }

    #[test]
    fn whatever_begins_where_another_begins_ends_as_itself() {
        // Rounds end at the first result of 3 or more: 3, then 4, 5, and 6, which is enough; then 7; then 8.
        let world = World::default();
        let mut log = Log::EMPTY;
        let mut effects = 0;
        let out = loop {
            let mut run = Replay::new(&world, ActorId(0), &mut log);
            match nested(&mut run) {
                Ok(out) => break out,
                Err(Stop::Pending) => assert!(log.push(&[effects])),
                Err(other) => panic!("{other:?} after {effects} effects: {:?}", log.words()),
            }
            effects += 1;
        };
        assert_eq!((out, effects), (10_000 * (100 * 6 + 7) + 80 + 7, 9));
    }
}
