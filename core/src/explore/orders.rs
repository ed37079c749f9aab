//! The orders in which a search's actors ask for locks, over all interleavings that it meets.
//!
//! Protocol. A search that carries a [`Book`] shows it each new state and who stepped into it. Where that actor asks for
//! a lock next while it holds others, that is an order; the first steps that led to it are kept with it. It is enough
//! to look at whoever stepped: an actor that asks in some state has stepped to where it asks in a state before.
//!
//! A search goes deep before it goes wide, so the steps that it met an order by are many. What is shown to people is
//! made shorter first: the actor alone, where it gets there alone, else without those who are not needed.

use super::question::Schedule;
use crate::addr::ActorId;
use crate::sched::Sighting;
use crate::sim::{Code, Sim};
use crate::step::Effect;
use crate::watch::held::held;
use crate::watch::potential::{Held, Order, Orders, Seen};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Who, what it held, outermost first, and what it asked for.
type Key = (ActorId, Vec<Held>, Held);

/// How many steps an actor goes alone before it is given up.
const ALONE: usize = 10_000;

/// Orders, each with steps that lead to it.
#[derive(Default)]
pub struct Book(Mutex<HashMap<Key, Schedule>>);

impl Book {
    /// An empty book.
    pub fn new() -> Book {
        Book::default()
    }

    fn open(&self) -> MutexGuard<'_, HashMap<Key, Schedule>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at an actor that has stepped into the state of `sim`; `steps` are all that led there.
    pub(super) fn look<C: Code>(&self, sim: &mut Sim<C>, a: ActorId, steps: impl FnOnce() -> Schedule) {
        if let Some(key) = asks(sim, a) {
            self.open().entry(key).or_insert_with(steps);
        }
    }

    /// How many orders it has.
    pub fn len(&self) -> usize {
        self.open().len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The orders that could close a ring, each with few steps that lead to it from the state of `first`, where the
    /// search began.
    pub fn sightings<C: Code>(&self, first: &Sim<C>) -> Vec<Sighting> {
        let mut all: Vec<(Key, Schedule)> = self.open().iter().map(|(k, s)| (k.clone(), s.clone())).collect();
        all.sort();
        let mut orders = Orders::default();
        for (run, ((actor, held, wants), _)) in all.iter().enumerate() {
            orders.note(*actor, held, *wants, Seen { run, step: 0 });
        }
        let mut used: Vec<&Order> = orders.rings().concat();
        used.sort_by_key(|o| o.first.run);
        used.dedup();
        let short = |o: &&Order| {
            let (key, known) = &all[o.first.run];
            Sighting::new(o, &shorten(first, key, known))
        };
        used.iter().map(short).collect()
    }
}

/// What the actor asks for next while it holds others; none if it asks for nothing, or for what it holds.
fn asks<C: Code>(sim: &mut Sim<C>, a: ActorId) -> Option<Key> {
    let Effect::Lock(lock, mode) = sim.pending(a)?.effect else { return None };
    let world = sim.world().clone();
    let mut stack: Vec<Held> = Vec::new();
    for h in held(sim.words(), &world, a) {
        if !stack.contains(&h) {
            stack.push(h);
        }
    }
    let again = stack.iter().any(|h| h.0 == lock && lock.recursive());
    (!stack.is_empty() && !again).then_some((a, stack, (lock, mode)))
}

/// Few steps that lead to the order, the last of them the one that takes the lock if that can be done there.
fn shorten<C: Code>(first: &Sim<C>, key: &Key, known: &Schedule) -> Schedule {
    let alone: Schedule = vec![(key.0, 0); ALONE];
    let mut best = meet(first, key, &alone);
    if best.is_none() {
        best = meet(first, key, known);
        for other in first.world().actor_ids().filter(|&b| b != key.0) {
            let with = best.as_ref().unwrap_or(known);
            let without: Schedule = with.iter().copied().filter(|s| s.0 != other).collect();
            best = meet(first, key, &without).or(best);
        }
    }
    best.unwrap_or_else(|| known.clone())
}

/// Those of the steps that can be taken, up to where the order is met; none if it is not.
fn meet<C: Code>(first: &Sim<C>, key: &Key, steps: &Schedule) -> Option<Schedule> {
    let mut sim = first.clone();
    let mut taken = Schedule::new();
    for &(a, way) in steps {
        if sim.step(a, way).is_err() {
            if a == key.0 && steps.iter().all(|s| s.0 == a) {
                return None;
            }
            continue;
        }
        taken.push((a, way));
        if a == key.0 && asks(&mut sim, a).as_ref() == Some(key) {
            if sim.step(a, 0).is_ok() {
                taken.push((a, 0));
            }
            return Some(taken);
        }
    }
    None
}
