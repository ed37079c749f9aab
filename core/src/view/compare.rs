//! Two branches side by side: what each did after they parted, and how their last states differ.

use super::LockName;
use super::naming::Names;
use super::sentence::sentence;
use crate::addr::Word;
use crate::lock::{self, Lock, holders};
use crate::machine::{Region, World};
use crate::sched::Run;
use crate::sim::Code;
use crate::step::Effect;
use std::collections::BTreeMap;

/// A step of one branch.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct StepLine {
    /// Which step.
    pub step: usize,
    /// Whose.
    pub actor: u8,
    /// What happened, in one sentence.
    pub sentence: String,
    /// Steps before it, since the one that is told before it, that only looked at something.
    pub looks: usize,
}

/// One side.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Side {
    /// Which branch.
    pub fork: usize,
    /// Its name.
    pub name: String,
    /// Its first steps after the two parted that changed something, waited, or ended a program: 60 at the most.
    pub steps: Vec<StepLine>,
    /// Steps that are left out.
    pub more: usize,
    /// Its last position.
    pub len: usize,
}

/// Something that the two last states do not agree on.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Difference {
    /// A word or lock by name: `the entry of 1:0x10 at level 0`.
    pub what: String,
    /// What it is on the current branch.
    pub here: String,
    /// What it is on the other.
    pub there: String,
}

/// The current branch and another.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Compared {
    /// Steps that both share.
    pub common: usize,
    /// The current branch.
    pub here: Side,
    /// The other.
    pub there: Side,
    /// How their last states differ, 60 at the most; what only watchers know is left out.
    pub differences: Vec<Difference>,
    /// Differences that are left out.
    pub more: usize,
    /// Whether the two last states are one and the same.
    pub same: bool,
}

/// Steps of each branch that are told.
pub const STEPS: usize = 60;
/// Differences that are told.
pub const DIFFERENCES: usize = 60;

/// A last state: words that differ from the first one, and who holds which lock.
struct End {
    words: BTreeMap<Word, u64>,
    locks: BTreeMap<Lock, String>,
    hash: u64,
}

/// Compares the current branch with another; none if there is no such branch, or it is the current one. The run stands
/// where it stood.
pub fn compare<C: Code>(run: &mut Run<C>, with: usize) -> Option<Compared> {
    let (fork, at) = (run.fork(), run.at());
    if with == fork || with >= run.forks().len() {
        return None;
    }
    let world = run.world().clone();
    let common = run.common(fork, with);
    let used = locks(run, &[fork, with]);
    let (there, other) = follow(run, with, common, &world, &used);
    let (here, own) = follow(run, fork, common, &world, &used);
    let all = differences(run, &world, &own, &other);
    run.seek(at);
    Some(Compared {
        common,
        here,
        there,
        more: all.len().saturating_sub(DIFFERENCES),
        same: own.hash == other.hash,
        differences: all.into_iter().take(DIFFERENCES).collect(),
    })
}

/// The locks that the branches asked for.
fn locks<C: Code>(run: &Run<C>, forks: &[usize]) -> Vec<Lock> {
    let mut all: Vec<Lock> = Vec::new();
    for e in forks.iter().flat_map(|&f| run.events_of(f)) {
        if let Effect::Lock(lock, _) | Effect::TryLock(lock, _) = e.did.effect
            && !all.contains(&lock)
        {
            all.push(lock);
        }
    }
    all
}

/// Goes along a branch to its end.
fn follow<C: Code>(run: &mut Run<C>, fork: usize, from: usize, world: &World, used: &[Lock]) -> (Side, End) {
    run.select_fork(fork);
    let (mut steps, len) = (Vec::new(), run.len());
    let (mut looks, mut told) = (0, from);
    for k in from + 1..=len {
        let Some(e) = run.events().get(k - 1).filter(|_| steps.len() < STEPS) else { break };
        if !e.lock_event && !e.queued && !e.ended && e.broken.is_empty() && e.wrote.is_empty() {
            looks += 1;
            continue;
        }
        let actor = e.actor.0;
        run.seek(k);
        steps.push(StepLine { step: k, actor, sentence: sentence(run), looks: std::mem::take(&mut looks) });
        told = k;
    }
    run.seek(len);
    let words = run.sim().memory().changes().into_iter().map(|(at, v)| (Word(at), v)).collect();
    let held = |run: &mut Run<C>, lock| {
        let all = holders(run.words(), world, lock);
        match all.iter().map(|h| world.actor_name(h.0)).collect::<Vec<_>>() {
            names if names.is_empty() => "free".to_string(),
            names => format!("held by {}", names.join(", ")),
        }
    };
    let locks = used.iter().map(|&lock| (lock, held(run, lock))).collect();
    let name = run.forks()[fork].name.clone();
    let more = len.saturating_sub(told);
    (Side { fork, name, steps, more, len }, End { words, locks, hash: run.hash() })
}

/// All on which the two ends do not agree: locks first, then words by their places. The run stands at the first of them.
fn differences<C: Code>(run: &mut Run<C>, world: &World, here: &End, there: &End) -> Vec<Difference> {
    let mut all = Vec::new();
    for (lock, held) in &here.locks {
        if there.locks.get(lock) != Some(held) {
            let other = there.locks.get(lock).cloned().unwrap_or_default();
            all.push(Difference { what: LockName::of(*lock, world).text, here: held.clone(), there: other });
        }
    }
    // How a lock is counted has been said.
    let counted: Vec<Word> = here.locks.keys().filter_map(|&l| lock::word_of(run.words(), world, l)).collect();
    let names = Names::new(run.words(), world);
    let first = |w: &Word| run.sim().memory().first(*w);
    let mut at: Vec<Word> = here.words.keys().chain(there.words.keys()).copied().collect();
    at.sort_unstable();
    at.dedup();
    at.retain(|w| world.map.region(*w) != Region::Ghost && !counted.contains(w));
    for w in at {
        let value = |end: &End| end.words.get(&w).copied().unwrap_or_else(|| first(&w));
        let (a, b) = (value(here), value(there));
        if a != b {
            all.push(Difference { what: names.word(w), here: names.value(w, a), there: names.value(w, b) });
        }
    }
    all
}
