//! The run: step, back, forward, seek, fork.

use super::event::{Event, Size, Waiting};
use super::forks::{Fork, Forks};
use super::picker::{Offer, Picker};
use super::progress;
use crate::addr::{ActorId, Word};
use crate::machine::{Region, World};
use crate::sim::{Code, Memory, Refused, Sim, Stepped};
use std::sync::Arc;

/// The most steps that one call takes: a program that spins for ever is given back to the user.
pub const PATIENCE: usize = 100_000;

/// A simulated run with its history.
pub struct Run<C> {
    pub(super) sim: Sim<C>,
    at: usize,
    forks: Forks,
    first: Vec<Waiting>,
    first_hash: u64,
}

impl<C> Clone for Run<C> {
    fn clone(&self) -> Self {
        Run {
            sim: self.sim.clone(),
            at: self.at,
            forks: self.forks.clone(),
            first: self.first.clone(),
            first_hash: self.first_hash,
        }
    }
}

impl<C: Code> Run<C> {
    /// A run whose first state is the one that the simulated world is in.
    pub fn new(mut sim: Sim<C>) -> Run<C> {
        let first = waiting(&mut sim);
        let first_hash = sim.hash();
        Run { sim, at: 0, forks: Forks::new(), first, first_hash }
    }

    /// The simulated run, at the position.
    pub fn sim(&self) -> &Sim<C> {
        &self.sim
    }

    /// The simulated run, for questions that read through [`Words`](crate::machine::Words). Whoever steps it here
    /// leaves the run without its history.
    pub fn sim_mut(&mut self) -> &mut Sim<C> {
        &mut self.sim
    }

    /// The words, to be read.
    pub fn words(&mut self) -> &mut Memory {
        self.sim.words()
    }

    /// What is fixed.
    pub fn world(&self) -> &Arc<World> {
        self.sim.world()
    }

    /// The position: steps taken since the first state.
    pub fn at(&self) -> usize {
        self.at
    }

    /// The last position of the current branch.
    pub fn len(&self) -> usize {
        self.forks.path().len()
    }

    /// Whether no step has been taken on the current branch.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The hash of the state at the position.
    pub fn hash(&self) -> u64 {
        self.sim.hash()
    }

    /// The hash of the state at a position of the current branch.
    pub fn hash_at(&self, k: usize) -> Option<u64> {
        match k.checked_sub(1) {
            None => Some(self.first_hash),
            Some(i) => self.events().get(i).map(|e| e.hash),
        }
    }

    /// All events of the current branch, those beyond the position too.
    pub fn events(&self) -> &[Event] {
        self.forks.path()
    }

    /// The events that led to the position.
    pub fn past(&self) -> &[Event] {
        &self.forks.path()[..self.at]
    }

    /// The step that led to the position.
    pub fn last_event(&self) -> Option<&Event> {
        self.past().last()
    }

    /// Who could not step at a position of the current branch.
    pub fn waiting(&self, k: usize) -> &[Waiting] {
        match k.checked_sub(1) {
            None => &self.first,
            Some(i) => self.events().get(i).map_or(&[], |e| &e.waiting),
        }
    }

    /// Since which position the actor has waited, if it waits now.
    pub fn waits_since(&self, a: ActorId) -> Option<usize> {
        let waits = |k: usize| self.waiting(k).iter().any(|w| w.actor == a);
        let mut k = self.at;
        if !waits(k) {
            return None;
        }
        while k > 0 && waits(k - 1) {
            k -= 1;
        }
        Some(k)
    }

    /// Who can step now, and in how many ways, in the order of actors.
    pub fn enabled(&mut self) -> Vec<(ActorId, u64)> {
        let sim = &mut self.sim;
        let all = sim.world().actor_ids();
        all.map(|a| (a, sim.ways(a))).filter(|&(_, ways)| ways > 0).collect()
    }

    /// Takes one step. It is the next one of the current branch, or of another that shares the steps so far, or it
    /// opens a fork.
    pub fn take(&mut self, a: ActorId, choice: u64) -> Result<(), Refused> {
        if self.forks.path().get(self.at).is_some_and(|e| e.actor == a && e.choice == choice) {
            self.redo();
            return Ok(());
        }
        let event = perform(&mut self.sim, a, choice, self.at + 1)?;
        if self.at < self.len() || self.leaves_a_sibling(a, choice) {
            match self.forks.with_next(self.at, a, choice) {
                Some(f) => {
                    self.forks.select(f);
                    self.at += 1;
                    return Ok(());
                }
                None if self.at < self.len() => self.forks.open(self.at),
                None => {}
            }
        }
        self.forks.push(event);
        self.at += 1;
        Ok(())
    }

    fn leaves_a_sibling(&self, a: ActorId, choice: u64) -> bool {
        self.forks.all().len() > 1 && self.forks.with_next(self.at, a, choice).is_some()
    }

    /// Lets an actor go on by one step of that size; gives how many effects it took. A choice of the world is 0
    /// here: [`Run::take`] decides otherwise. Refused only where not even one effect is possible.
    pub fn step(&mut self, a: ActorId, size: Size) -> Result<usize, Refused> {
        self.take(a, 0)?;
        let mut taken = 1;
        while taken < PATIENCE && !self.stops(size) && self.sim.ways(a) > 0 && self.take(a, 0).is_ok() {
            taken += 1;
        }
        Ok(taken)
    }

    /// Whether the last step ends a step of that size.
    fn stops(&self, size: Size) -> bool {
        self.last_event().is_none_or(|e| e.stops(size))
    }

    /// Lets an actor go on until it waits or ends; gives how many effects it took.
    pub fn until_blocked(&mut self, a: ActorId) -> Result<usize, Refused> {
        self.take(a, 0)?;
        let mut taken = 1;
        while taken < PATIENCE && self.take(a, 0).is_ok() {
            taken += 1;
        }
        Ok(taken)
    }

    /// Takes a step of the picker's choosing; false if nobody can step or the picker has nothing more to say.
    pub fn pick(&mut self, picker: &mut dyn Picker) -> bool {
        let enabled = self.enabled();
        if enabled.is_empty() {
            return false;
        }
        let picked = picker.pick(&Offer { enabled: &enabled, past: self.past() });
        picked.is_some_and(|(a, choice)| self.take(a, choice).is_ok())
    }

    /// Steps by a picker until a rule is broken, nobody can step, or patience ends. True if a rule was broken.
    pub fn until_breach(&mut self, picker: &mut dyn Picker) -> bool {
        for _ in 0..PATIENCE {
            if !self.pick(picker) {
                return false;
            }
            if self.last_event().is_some_and(|e| !e.broken.is_empty()) {
                return true;
            }
        }
        false
    }

    /// Goes back by one step of that size: to where the last step of that size by its actor began. False at the
    /// first state.
    pub fn back(&mut self, size: Size) -> bool {
        let Some(actor) = self.last_event().map(|e| e.actor) else { return false };
        self.undo();
        while self.last_event().is_some_and(|e| e.actor == actor && !e.stops(size)) {
            self.undo();
        }
        true
    }

    /// Goes forward along the current branch by one step of that size; false at its end.
    pub fn forward(&mut self, size: Size) -> bool {
        let Some(actor) = self.events().get(self.at).map(|e| e.actor) else { return false };
        self.redo();
        while !self.stops(size) && self.events().get(self.at).is_some_and(|e| e.actor == actor) {
            self.redo();
        }
        true
    }

    /// Goes to a position of the current branch, or to its end if that comes first.
    pub fn seek(&mut self, k: usize) {
        let k = k.min(self.len());
        while self.at > k {
            self.undo();
        }
        while self.at < k {
            self.redo();
        }
    }

    /// Goes to the first state.
    pub fn first(&mut self) {
        self.seek(0);
    }

    /// Goes to the end of the current branch.
    pub fn last(&mut self) {
        self.seek(self.len());
    }

    /// All branches. The first is the one that the run began on.
    pub fn forks(&self) -> &[Fork] {
        self.forks.all()
    }

    /// Which branch is current.
    pub fn fork(&self) -> usize {
        self.forks.current()
    }

    /// Makes a branch current. The position stays where both branches agree, else it goes to where they part.
    pub fn select_fork(&mut self, i: usize) {
        if i < self.forks.all().len() {
            let common = self.forks.common(self.forks.current(), i);
            self.seek(self.at.min(common));
            self.forks.select(i);
        }
    }

    /// Gives a branch another name.
    pub fn rename_fork(&mut self, i: usize, name: String) {
        self.forks.rename(i, name);
    }

    /// The events of any branch, from the first step on.
    pub fn events_of(&self, fork: usize) -> Vec<Event> {
        if fork < self.forks.all().len() { self.forks.events_of(fork) } else { Vec::new() }
    }

    /// How many steps two branches share.
    pub fn common(&self, a: usize, b: usize) -> usize {
        let n = self.forks.all().len();
        if a < n && b < n { self.forks.common(a, b) } else { 0 }
    }

    fn undo(&mut self) {
        if self.at > 0 && self.sim.undo() {
            self.at -= 1;
        }
    }

    fn redo(&mut self) {
        let (a, choice) = match self.events().get(self.at) {
            Some(e) => (e.actor, e.choice),
            None => return,
        };
        let done = self.sim.step(a, choice);
        debug_assert!(done.is_ok(), "a noted step can be taken again");
        self.at += 1;
        debug_assert_eq!(self.hash_at(self.at), Some(self.sim.hash()));
    }
}

impl Event {
    /// Whether a step of that size ends with this one.
    pub fn stops(&self, size: Size) -> bool {
        match size {
            Size::Effect => true,
            Size::LockEvent => self.lock_event || self.ended,
            Size::Statement => self.finished || self.ended,
        }
    }
}

/// Steps the simulated run and notes what that did.
fn perform<C: Code>(sim: &mut Sim<C>, a: ActorId, choice: u64, step: usize) -> Result<Event, Refused> {
    let mark = sim.memory().mark();
    let Stepped { actor, did, result, queued, finished, ended, broken, .. } = sim.step(a, choice)?;
    let mut wrote: Vec<(Word, u64)> = Vec::new();
    for &(at, old) in sim.memory().since(mark) {
        let word = Word(at);
        if sim.world().map.region(word) != Region::Ghost {
            wrote.push((word, old));
        }
    }
    // Of several writes to a word the first one tells what it held before; the sort is stable.
    wrote.sort_by_key(|w| w.0);
    wrote.dedup_by_key(|w| w.0);
    let lock_event = did.effect.is_lock_event();
    let (own, moved) = (progress::own(sim, a), progress::moved(sim, &wrote));
    let (waiting, hash) = (waiting(sim), sim.hash());
    Ok(Event {
        step,
        actor,
        choice,
        did,
        result,
        queued,
        finished,
        ended,
        lock_event,
        broken,
        wrote,
        waiting,
        hash,
        own,
        moved,
    })
}

/// Who cannot step now although its program has not ended.
fn waiting<C: Code>(sim: &mut Sim<C>) -> Vec<Waiting> {
    let all = sim.world().actor_ids();
    all.filter_map(|actor| {
        let on = sim.pending(actor)?.effect;
        (sim.ways(actor) == 0).then_some(Waiting { actor, on })
    })
    .collect()
}
