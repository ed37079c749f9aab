//! What a search is asked, and what it answers.

use super::orders::Book;
use crate::addr::ActorId;
use crate::sim::{Sim, Stepped};
use crate::watch::{Broken, Rule, Rules};
use std::sync::Arc;

/// Who steps, and which way at a choice (0 otherwise), from the state in which the search began.
pub type Schedule = Vec<(ActorId, u64)>;

/// How far a search may go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Distinct states. It is looked at now and then, so some thousands more may be counted.
    pub states: u64,
    /// Steps from the beginning along one path.
    pub depth: u32,
    /// Bytes for the states that were seen. What does not fit goes on as [`Verdict::Likely`] says, where that can be.
    pub memory: u64,
}

impl Default for Limits {
    /// Fifty million states, a million steps, two gigabytes.
    fn default() -> Limits {
        Limits { states: 50_000_000, depth: 1_000_000, memory: 2 << 30 }
    }
}

/// Looks at each new state; gives which conditions hold in it, one bit each.
pub type Probe<C> = Arc<dyn Fn(&mut Sim<C>) -> u64 + Send + Sync>;
/// Looks at each step taken; gives which things it did, one bit each.
pub type Mark = Arc<dyn Fn(&Stepped) -> u64 + Send + Sync>;

/// What is looked for.
pub struct Question<C> {
    /// A state that broke one of these is counted and not expanded.
    pub stop: Rules,
    /// The rule whose breach is looked for. None: prove that none of `stop` is ever broken.
    pub find: Option<Rule>,
    /// Keep and compare whole states instead of fingerprints.
    pub exact: bool,
    /// Where it changes no answer, let an actor go alone whose next step nobody else can touch ([`super`] says when).
    /// The states that are counted then stand for all.
    pub reduce: bool,
    /// Of actors that nothing tells apart let only the first begin.
    pub twins: bool,
    /// How far to go.
    pub limits: Limits,
    /// Asked of every new state; [`Report::reached`] is the union of its answers.
    pub probe: Option<Probe<C>>,
    /// Asked of every step; [`Report::marked`] is the union of its answers.
    pub mark: Option<Mark>,
    /// Takes down in which orders locks are asked for.
    pub orders: Option<Arc<Book>>,
}

impl<C> Clone for Question<C> {
    fn clone(&self) -> Self {
        Question { probe: self.probe.clone(), mark: self.mark.clone(), orders: self.orders.clone(), ..*self }
    }
}

impl<C> Question<C> {
    /// Is every interleaving free of breaches of these rules?
    pub fn prove(stop: Rules) -> Question<C> {
        let limits = Limits::default();
        Question {
            stop,
            find: None,
            exact: false,
            reduce: false,
            twins: false,
            limits,
            probe: None,
            mark: None,
            orders: None,
        }
    }

    /// In how few steps can that rule be broken? Breaches of other rules end no path.
    pub fn find(rule: Rule) -> Question<C> {
        Question { find: Some(rule), ..Question::prove(Rules::only(rule)) }
    }

    /// The same question, answered with as few states as give the same answer.
    pub fn reduced(self) -> Question<C> {
        Question { reduce: true, twins: true, ..self }
    }

    /// The rules whose breach ends the search.
    pub(super) fn target(&self) -> Rules {
        self.find.map_or(self.stop, Rules::only)
    }

    /// Whether the search must tell which states can still reach an end.
    pub(super) fn wants_hang(&self) -> bool {
        self.target().has(Rule::Hang)
    }
}

/// What came out.
#[derive(Clone, PartialEq, Debug)]
pub enum Verdict {
    /// Every reachable state was looked at, and none has the breach that was asked for.
    Safe,
    /// Nothing was found, and memory was too small to tell all states apart: from then on only some bits of each were
    /// kept, and a state whose bits were all set before was taken for one that had been seen.
    Likely {
        /// How many new states were probably taken for others, and not entered. What lies behind these alone is not
        /// counted in.
        missed: f64,
    },
    /// A breach.
    Found {
        /// What broke, in the last step of the schedule.
        broken: Broken,
        /// The fewest steps that lead there, the first of several in the order of actors; or, where
        /// [`Report::fewest`] is false, few.
        schedule: Schedule,
    },
    /// A limit was reached, and up to there nothing was found.
    Bound {
        /// Which limit, in a sentence.
        why: String,
    },
    /// Whoever watched the progress ended the search.
    Cancelled,
    /// A thread of the search panicked, which is a fault of this program: there is no answer.
    Failed {
        /// What it said.
        why: String,
    },
}

/// The answer to a [`Question`].
#[derive(Clone, PartialEq, Debug)]
pub struct Report {
    /// The answer.
    pub verdict: Verdict,
    /// Distinct states: all reachable ones of a complete search. After a finding, those that can be reached in no
    /// more steps than the finding.
    pub states: u64,
    /// Steps taken forward, over the same states.
    pub steps: u64,
    /// The longest path that the search went, in steps; after a finding the length of its schedule.
    pub depth: u32,
    /// States in which nobody can move and not all have ended.
    pub deadlocked: u64,
    /// States in which all have ended.
    pub ends: u64,
    /// What [`Question::probe`] has answered, in all states together.
    pub reached: u64,
    /// What [`Question::mark`] has answered, in all steps together.
    pub marked: u64,
    /// At most how likely it is that two states had one fingerprint, so that one of them was missed; 0 when exact.
    pub missed_chance: f64,
    /// After a finding: it is proved that no schedule is shorter.
    pub fewest: bool,
    /// Steps that could have been taken in these states and were not, since others stand for them.
    pub pruned: u64,
    /// How often the search began again because it had learnt of a word that it thought nobody touched, and once.
    pub passes: u32,
    /// Why no actor went alone though that was asked for.
    pub whole: Option<&'static str>,
    /// What the states took.
    pub table: Table,
}

/// The memory of what was seen.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Table {
    /// Bytes of it.
    pub bytes: u64,
    /// How full it is, in thousandths: of its slots, or, once only bits are kept, of these.
    pub load: u32,
    /// Only bits are kept.
    pub bits: bool,
}

impl Report {
    /// Which share of the steps that could have been taken was not, since others stand for them.
    pub fn pruned_share(&self) -> f64 {
        share(self.pruned, self.steps)
    }
}

/// How far a running search has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Progress {
    /// Distinct states so far.
    pub states: u64,
    /// Steps so far.
    pub steps: u64,
    /// The longest path so far.
    pub depth: u32,
    /// A breach was found, and the shortest way to it is being looked for; the numbers began again from 0.
    pub shortening: bool,
    /// Steps that were left out so far, since others stand for them.
    pub pruned: u64,
    /// Which pass it is, from 1: the numbers began again with it.
    pub pass: u32,
    /// What the states take.
    pub table: Table,
}

impl Progress {
    /// Which share of the steps that could have been taken was not, since others stand for them.
    pub fn pruned_share(&self) -> f64 {
        share(self.pruned, self.steps)
    }
}

fn share(pruned: u64, taken: u64) -> f64 {
    if pruned == 0 { 0.0 } else { pruned as f64 / (pruned + taken) as f64 }
}

/// What is counted on the way.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(super) struct Tally {
    pub states: u64,
    pub steps: u64,
    pub depth: u32,
    pub deadlocked: u64,
    pub ends: u64,
    pub reached: u64,
    pub marked: u64,
    pub pruned: u64,
    /// How many new states were probably taken for others.
    pub missed: f64,
    pub table: Table,
    /// Some state was not expanded because it lay at the limit of depth.
    pub too_deep: bool,
}

impl Tally {
    /// Adds what another thread has counted.
    pub fn add(&mut self, other: &Tally) {
        self.states += other.states;
        self.steps += other.steps;
        self.depth = self.depth.max(other.depth);
        self.deadlocked += other.deadlocked;
        self.ends += other.ends;
        self.reached |= other.reached;
        self.marked |= other.marked;
        self.pruned += other.pruned;
        self.missed += other.missed;
        self.too_deep |= other.too_deep;
    }

    pub fn progress(&self, pass: u32, shortening: bool) -> Progress {
        let Tally { states, steps, depth, pruned, table, .. } = *self;
        Progress { states, steps, depth, shortening, pruned, pass, table }
    }

    /// The report of a search that counted this.
    pub fn report(&self, verdict: Verdict, exact: bool) -> Report {
        let pairs = self.states as f64 * (self.states.saturating_sub(1)) as f64 / 2.0;
        Report {
            verdict,
            states: self.states,
            steps: self.steps,
            depth: self.depth,
            deadlocked: self.deadlocked,
            ends: self.ends,
            reached: self.reached,
            marked: self.marked,
            missed_chance: if exact { 0.0 } else { (pairs / 2f64.powi(64)).min(1.0) },
            fewest: true,
            pruned: self.pruned,
            passes: 1,
            whole: None,
            table: self.table,
        }
    }
}

impl Limits {
    /// The verdict of a search that stopped at the limit of states.
    pub(super) fn out_of_states(&self) -> Verdict {
        Verdict::Bound { why: format!("more than {} states, and nothing found in these", self.states) }
    }

    /// The verdict of a search that went no deeper than allowed.
    pub(super) fn out_of_depth(&self) -> Verdict {
        Verdict::Bound {
            why: format!("some paths are longer than {} steps, and nothing found up to there", self.depth),
        }
    }

    /// The verdict of a search that must keep what it has seen as it is, and has no more room for it.
    pub(super) fn out_of_memory(&self, states: u64, needs: &str) -> Verdict {
        Verdict::Bound {
            why: format!(
                "{needs} takes more than {} MB after {states} states, and nothing found in these",
                self.memory >> 20
            ),
        }
    }
}
