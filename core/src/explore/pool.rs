//! One search on all threads of a rayon pool.
//!
//! Protocol: all threads share the set of states seen, each walks depth first on a world of its own. A walker that
//! has nothing left takes a branch from the pile. At the end of each slice the others look whether somebody is
//! hungry and the pile too small for them; then one gives branches of its path away, with a snapshot of the state that
//! each leaves. The search is complete when all are hungry and the pile is empty.

use super::question::{Progress, Question, Report, Tally};
use super::seen::{Own, SLICE, Seen};
use super::slices::{EXACT, Ending, Reduction, Slices, YOUNG};
use super::walk::{Branch, Halt, Walk};
use crate::sim::{Code, Sim};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Steps between two looks at the progress.
const LOOK: u64 = 8 * SLICE;
/// Branches that are given away at a time.
const GIFT: usize = 32;

/// Searches from the state in which `sim` is, on all threads of the pool in which it is called. `progress` is asked
/// every few milliseconds whether to go on.
pub fn explore<C: Code>(
    sim: &Sim<C>,
    q: &Question<C>,
    progress: impl Fn(&Progress) -> ControlFlow<()> + Sync,
) -> Report {
    let threads = rayon::current_num_threads();
    let mut slices = match threads {
        1 => Slices::new(sim, q),
        _ => {
            let mut reduction = Reduction::new(sim, q);
            loop {
                let shared = Shared::new(q, threads);
                rayon::broadcast(|_| shared.part(sim, q, &reduction, &progress));
                match shared.outcome() {
                    (Ending::Again, _) => reduction.pass += 1,
                    (Ending::Complete, tally) if tally.states > q.limits.states => {
                        break Slices::after(sim, q, Ending::Bound, tally, reduction);
                    }
                    (ending, tally) => break Slices::after(sim, q, ending, tally, reduction),
                }
            }
        }
    };
    loop {
        if let Some(report) = slices.run(LOOK) {
            return report;
        }
        if progress(&slices.progress()).is_break() {
            return slices.cancel();
        }
    }
}

/// Runs `f` in a pool of that many threads; [`explore`] within it uses them all. Where threads cannot be had it runs
/// on this one.
pub fn with_threads<R: Send>(threads: usize, f: impl FnOnce() -> R + Send) -> R {
    match rayon::ThreadPoolBuilder::new().num_threads(threads).build() {
        Ok(pool) => pool.install(f),
        Err(_) => f(),
    }
}

/// What the threads of a search share.
struct Shared {
    threads: usize,
    seen: Seen,
    pile: Mutex<Pile>,
    /// Somebody sleeps beside the pile, or the search is over.
    fed: Condvar,
    /// How many more branches the hungry could do with; a hint, so that walkers need not lock the pile.
    wanted: AtomicUsize,
    over: AtomicBool,
    /// Something was learnt that this pass did not know at its beginning.
    stale: AtomicBool,
}

/// Branches for whoever is hungry.
struct Pile {
    branches: Vec<Branch>,
    hungry: usize,
    /// One thread has begun; the others begin hungry.
    begun: bool,
    ending: Option<Ending>,
    tally: Tally,
}

impl Shared {
    fn new<C>(q: &Question<C>, threads: usize) -> Shared {
        Shared {
            threads,
            seen: Seen::new(q.exact, threads, q.limits.memory),
            pile: Mutex::new(Pile {
                branches: Vec::new(),
                hungry: 0,
                begun: false,
                ending: None,
                tally: Tally::default(),
            }),
            fed: Condvar::new(),
            wanted: AtomicUsize::new(0),
            over: AtomicBool::new(false),
            stale: AtomicBool::new(false),
        }
    }

    fn pile(&self) -> MutexGuard<'_, Pile> {
        self.pile.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the search for all; the first who does says how.
    fn end(&self, ending: Ending) {
        self.pile().ending.get_or_insert(ending);
        self.over.store(true, Relaxed);
        self.fed.notify_all();
    }

    fn outcome(self) -> (Ending, Tally) {
        let table = self.seen.table();
        let pile = self.pile.into_inner().unwrap_or_else(PoisonError::into_inner);
        let ending = match pile.ending.unwrap_or(Ending::Complete) {
            Ending::Complete if self.stale.into_inner() => Ending::Again,
            ending => ending,
        };
        (ending, Tally { table, ..pile.tally })
    }

    /// The part of one thread. One that panics would leave the others asleep beside the pile for ever: it ends the search
    /// for them all.
    fn part<C: Code>(
        &self,
        sim: &Sim<C>,
        q: &Question<C>,
        reduction: &Reduction,
        progress: &impl Fn(&Progress) -> ControlFlow<()>,
    ) {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| self.work(sim, q, reduction, progress))) {
            let text = panic.downcast_ref::<String>().cloned();
            let said = text.or_else(|| panic.downcast_ref::<&str>().map(|s| s.to_string()));
            self.end(Ending::Failed(said.unwrap_or_else(|| "a thread panicked".into())));
        }
    }

    /// The same, while all goes well.
    fn work<C: Code>(
        &self,
        sim: &Sim<C>,
        q: &Question<C>,
        reduction: &Reduction,
        progress: &impl Fn(&Progress) -> ControlFlow<()>,
    ) {
        let mut walk = reduction.walk(sim, q);
        let mut own = Own::default();
        let first = !std::mem::replace(&mut self.pile().begun, true);
        let mut halt = match first {
            true => walk.begin(q, &mut self.seen.slice(&mut own)),
            false => Halt::Done,
        };
        self.seen.add(walk.tally.states, &mut own, &mut walk.tally);
        let mut looked = 0;
        while !self.over.load(Relaxed) {
            match halt {
                Halt::Found => {
                    self.end(Ending::Found(walk.schedule()));
                    break;
                }
                Halt::Done => {
                    let Some(branch) = self.next_branch() else { break };
                    walk.take(branch);
                    own.jumped(walk.sim());
                }
                Halt::Slice => {}
            }
            let before = walk.tally;
            halt = walk.run(q, &mut self.seen.slice(&mut own), SLICE);
            self.seen.add(walk.tally.states - before.states, &mut own, &mut walk.tally);
            if self.wanted.load(Relaxed) > 0 && halt == Halt::Slice {
                self.feed(&mut walk);
            }
            if halt != Halt::Found {
                if walk.stale() && walk.tally.steps < YOUNG {
                    self.end(Ending::Again);
                } else if self.seen.len() > q.limits.states {
                    self.end(Ending::Bound);
                } else if self.seen.full() {
                    self.end(Ending::Full(EXACT));
                }
            }
            looked += walk.tally.steps - before.steps;
            if first && looked >= LOOK {
                looked = 0;
                // What the others counted is not known while they walk; the states are.
                let states = self.seen.len();
                let all = |mine: u64| (mine as f64 / walk.tally.states.max(1) as f64 * states as f64) as u64;
                let (steps, pruned, table) = (all(walk.tally.steps), all(walk.tally.pruned), self.seen.table());
                let so_far = Progress { states, steps, pruned, table, ..walk.tally.progress(reduction.pass, false) };
                if progress(&so_far).is_break() {
                    self.end(Ending::Cancelled);
                }
            }
        }
        if walk.stale() {
            self.stale.store(true, Relaxed);
        }
        self.pile().tally.add(&walk.tally);
    }

    /// A branch from the pile; sleeps until there is one. None when the search is over.
    fn next_branch(&self) -> Option<Branch> {
        let mut pile = self.pile();
        pile.hungry += 1;
        loop {
            if pile.ending.is_some() {
                return None;
            }
            if let Some(branch) = pile.branches.pop() {
                pile.hungry -= 1;
                return Some(branch);
            }
            if pile.hungry == self.threads {
                drop(pile);
                self.end(Ending::Complete);
                return None;
            }
            self.wanted.store(pile.hungry, Relaxed);
            pile = self.fed.wait(pile).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Gives branches of a walk to the hungry.
    fn feed<C: Code>(&self, walk: &mut Walk<C>) {
        if !self.pile().branches.is_empty() {
            return;
        }
        let branches = walk.give(GIFT);
        if !branches.is_empty() {
            let mut pile = self.pile();
            pile.branches.extend(branches);
            self.wanted.store(0, Relaxed);
            self.fed.notify_all();
        }
    }
}
