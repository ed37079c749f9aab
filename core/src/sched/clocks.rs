//! Which steps had to come before which: a vector clock to each step of a branch.
//!
//! Protocol. A step comes after every earlier step of its own actor, and after those whose traces it met:
//!
//! - whoever takes a lock comes after the releases that let it in: of both sides if it takes the exclusive one, of the
//!   exclusive side alone if it takes the shared one, so that two readers stay beside one another. Whoever only looks at a
//!   lock that is held comes after its taking;
//! - whoever looks at a word comes after the last step that changed it; whoever changes one comes after all that looked at
//!   it since. A sleeper that goes on has looked at what it waited for. The words of locks and what only watchers know are
//!   left out: how a lock is counted orders nobody.
//!
//! Two steps of which neither had to come first could as well have come the other way round, as far as these go.

use super::event::Event;
use super::run::Run;
use crate::addr::{ActorId, Word};
use crate::lock::{Lock, Mode};
use crate::machine::Region;
use crate::perform::{perform, ready};
use crate::sim::{Code, Sim};
use crate::step::Effect;
use std::collections::{BTreeMap, HashMap, HashSet};

/// How many steps of each actor a step comes after, itself included.
type Clock = Vec<u32>;

/// The clocks of a branch's steps.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Clocks {
    steps: Vec<(ActorId, Clock)>,
}

impl Clocks {
    /// The clocks of the current branch, those beyond the position too. Goes through all of it once.
    pub fn of<C: Code>(run: &Run<C>) -> Clocks {
        let mut sim = run.sim().clone();
        while sim.undo() {}
        let actors = run.world().actors.len();
        let mut seen = Traces { now: vec![vec![0; actors]; actors], ..Traces::default() };
        let mut steps = Vec::with_capacity(run.len());
        for e in run.events() {
            let Some(touched) = again(&mut sim, e) else { break };
            steps.push((e.actor, seen.step(e, &touched)));
        }
        Clocks { steps }
    }

    /// Whether step `a` had to come before step `b`; both count from 1, and no step comes before itself.
    pub fn before(&self, a: usize, b: usize) -> bool {
        let step = |k: usize| k.checked_sub(1).and_then(|i| self.steps.get(i));
        match (step(a), step(b)) {
            (Some((who, at)), Some((_, then))) => {
                a != b && at[who.0 as usize] > 0 && then[who.0 as usize] >= at[who.0 as usize]
            }
            _ => false,
        }
    }
}

/// The words that a step touched.
#[derive(Default)]
struct Touched {
    looked: Vec<u32>,
    wrote: HashSet<u32>,
}

/// Takes a noted step again and sees what its effect touches; none if it cannot be taken.
fn again<C: Code>(sim: &mut Sim<C>, e: &Event) -> Option<Touched> {
    let mut touched = Touched::default();
    let world = sim.world().clone();
    sim.step_by(e.actor, e.choice, |m, world, effect| {
        let mark = m.mark();
        m.watch_looks();
        m.forget_looks();
        if matches!(effect, Effect::Wait(_)) {
            ready(m, world, e.actor, effect);
        }
        let done = perform(m, world, e.actor, effect);
        touched.looked = m.looked().to_vec();
        touched.wrote = m.since(mark).iter().map(|w| w.0).collect();
        m.forget_looks();
        done
    })
    .ok()?;
    let told = |w: &u32| world.map.region(Word(*w)) != Region::Ghost;
    touched.looked.retain(told);
    touched.wrote.retain(told);
    Some(touched)
}

/// What has been left behind so far.
#[derive(Default)]
struct Traces {
    /// Each actor's clock.
    now: Vec<Clock>,
    /// Of each lock: the releases of either side, and the takings.
    locks: BTreeMap<Lock, [Clock; 3]>,
    /// The shared sides that are held, and how often.
    shared: HashMap<(ActorId, Lock), u32>,
    /// Of each word: its last change, and who looked at it since.
    words: HashMap<u32, (Clock, Clock)>,
}

const EXCLUSIVE: usize = 0;
const SHARED: usize = 1;
const TAKEN: usize = 2;

fn join(into: &mut Clock, other: &[u32]) {
    if into.len() < other.len() {
        into.resize(other.len(), 0);
    }
    into.iter_mut().zip(other).for_each(|(a, b)| *a = (*a).max(*b));
}

impl Traces {
    /// The clock of the next step.
    fn step(&mut self, e: &Event, touched: &Touched) -> Clock {
        let me = e.actor.0 as usize;
        let mut clock = std::mem::take(&mut self.now[me]);
        clock[me] += 1;
        match e.did.effect {
            Effect::Lock(..) | Effect::TryLock(..) if e.queued => {}
            Effect::Lock(lock, mode) | Effect::TryLock(lock, mode) => {
                let got = e.result[0] != 0;
                for (_, traces) in self.locks.iter().filter(|(it, _)| meets(**it, lock)) {
                    let after: &[usize] = match (got, mode) {
                        (false, _) => &[TAKEN],
                        (true, Mode::Exclusive) => &[EXCLUSIVE, SHARED],
                        (true, Mode::Shared) => &[EXCLUSIVE],
                    };
                    after.iter().for_each(|&i| join(&mut clock, &traces[i]));
                }
                if got {
                    join(&mut self.locks.entry(lock).or_default()[TAKEN], &clock);
                    if mode == Mode::Shared {
                        *self.shared.entry((e.actor, lock)).or_insert(0) += 1;
                    }
                }
            }
            Effect::Unlock(lock, mode) => {
                let held = self.shared.get_mut(&(e.actor, lock)).filter(|n| **n > 0);
                let side = match lock.released(mode, held.is_some()) {
                    Mode::Exclusive => EXCLUSIVE,
                    Mode::Shared => SHARED,
                };
                if let (SHARED, Some(n)) = (side, held) {
                    *n -= 1;
                }
                join(&mut self.locks.entry(lock).or_default()[side], &clock);
            }
            _ => self.words(&mut clock, touched),
        }
        self.now[me] = clock.clone();
        clock
    }

    fn words(&mut self, clock: &mut Clock, touched: &Touched) {
        for w in touched.looked.iter().chain(&touched.wrote) {
            if let Some((changed, looked)) = self.words.get(w) {
                join(clock, changed);
                if touched.wrote.contains(w) {
                    join(clock, looked);
                }
            }
        }
        for &w in &touched.wrote {
            self.words.insert(w, (clock.clone(), Clock::new()));
        }
        for w in touched.looked.iter().filter(|w| !touched.wrote.contains(w)) {
            join(&mut self.words.entry(*w).or_default().1, clock);
        }
    }
}

/// Whether two locks are one, or one is a part of the other.
fn meets(a: Lock, b: Lock) -> bool {
    a == b || a.covers(b) || b.covers(a)
}
