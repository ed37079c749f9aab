//! How long each actor has waited, and how often it went round without getting anywhere.
//!
//! Both are read from the events and never hashed: they are for people, and no state differs by them.
//!
//! - *Waited*: the steps that others took while it had to wait for a lock, and how often one of them got that lock
//!   meanwhile. It is one wait until the actor has the lock, also if that was free in between and others were faster.
//! - *Rounds*: how often in a row the actor came back to where it was with the same variables, while all that it had
//!   done to words on the way was undone again. A failed attempt that is repeated is such a round; so is looking at a
//!   word that does not change. A round that leaves anything behind is progress, and so is coming to where it has not
//!   been: then the count begins again.
//!
//! Two actors or more that go round because of one another are in a *livelock*. One that goes round because of somebody
//! who does not only *spins*.
//!
//! A count means something only beside a threshold, so each is told with its own.

use super::event::Event;
use super::holds::holds;
use super::run::Run;
use crate::addr::{ActorId, Word};
use crate::lock::{Lock, Mode};
use crate::machine::{GhostWord, World};
use crate::sim::{Code, Sim};
use crate::step::Effect;
use std::collections::HashMap;

/// From when on a count is called by its name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Thresholds {
    /// An actor starves that has waited during more steps of others than this.
    pub waited: u64,
    /// An actor goes round that has done so as often as this.
    pub rounds: u64,
}

impl Thresholds {
    /// Those of a world: its own patience; 100 steps where it has none; three rounds.
    pub fn of(world: &World) -> Thresholds {
        Thresholds { waited: world.patience.unwrap_or(100), rounds: 3 }
    }
}

/// A wait for a lock, counted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Waited {
    /// Which lock.
    pub lock: Lock,
    /// How it is wanted.
    pub mode: Mode,
    /// The position since which it waits.
    pub since: usize,
    /// How many steps others have taken since, at the end of which it could not go on.
    pub steps: u64,
    /// How often others got that lock since.
    pub overtaken: u64,
}

/// Rounds in which an actor got nowhere.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rounds {
    /// How many in a row.
    pub count: u64,
    /// The step after which the first of them began.
    pub since: usize,
    /// Because of whom: those who held a lock that it tried in vain, or wrote a word that it looked at.
    pub because: Vec<ActorId>,
}

/// What is counted of an actor.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Counters {
    /// Who.
    pub actor: ActorId,
    /// Its wait; none while it does not wait for a lock.
    pub waited: Option<Waited>,
    /// Its rounds; none while it gets ahead.
    pub rounds: Option<Rounds>,
}

/// What stands for an actor's own part of the state.
pub(super) fn own<C: Code>(sim: &Sim<C>, a: ActorId) -> u64 {
    let (map, mem) = (sim.world().map, sim.memory());
    let ghost = |w| mem.peek(map.ghost(a, w));
    let locals = sim.locals(a);
    let words = [GhostWord::Place, GhostWord::Ended, GhostWord::Round, GhostWord::LogScopes].map(ghost);
    let vars = [u64::from(locals.assigned), u64::from(locals.stale)].into_iter().chain(locals.vars);
    let log = (0..ghost(GhostWord::LogLen)).map(|i| mem.peek(map.log(a, i)));
    words.into_iter().chain(vars).chain(log).fold(u64::from(a.0), |h, w| mix(h.rotate_left(5) ^ mix(w)))
}

/// What stands for the changes to these words, given with what each held before: linear, so that it adds up.
pub(super) fn moved<C: Code>(sim: &Sim<C>, wrote: &[(Word, u64)]) -> u64 {
    let by =
        |&(word, old): &(Word, u64)| sim.memory().peek(word).wrapping_sub(old).wrapping_mul(mix(word.0.into()) | 1);
    wrote.iter().fold(0, |sum, w| sum.wrapping_add(by(w)))
}

/// A bijection that leaves no pattern (the finisher of splitmix64).
const fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// The counters of every actor at the position.
pub fn counters<C: Code>(run: &Run<C>) -> Vec<Counters> {
    let all: Vec<ActorId> = run.world().actor_ids().collect();
    all.into_iter().map(|actor| Counters { actor, waited: waited(run, actor), rounds: rounds(run, actor) }).collect()
}

fn waited<C: Code>(run: &Run<C>, a: ActorId) -> Option<Waited> {
    let Effect::Lock(lock, mode) = run.sim().pending(a)?.effect else { return None };
    let waits = |k: &usize| run.waiting(*k).iter().any(|w| w.actor == a);
    // Since its own last step; queuing is a part of the wait.
    let begun = run.past().iter().rposition(|e| e.actor == a && !e.queued).map_or(0, |i| i + 1);
    let since = (begun..=run.at()).find(waits)?;
    let others = |from: usize| run.past()[from..].iter().filter(|e| e.actor != a);
    let gets = |e: &&Event| match e.did.effect {
        Effect::Lock(l, _) | Effect::TryLock(l, _) => l == lock && !e.queued && e.result[0] != 0,
        _ => false,
    };
    // The step that made it wait is the first of them.
    let steps = others(begun).filter(|e| waits(&e.step)).count() as u64;
    Some(Waited { lock, mode, since, steps, overtaken: others(since).filter(gets).count() as u64 })
}

fn rounds<C: Code>(run: &Run<C>, a: ActorId) -> Option<Rounds> {
    if run.sim().ended(a) {
        return None;
    }
    // Where it has been since it last got ahead: what was moved by then, and after which step.
    let mut been: HashMap<u64, (u64, usize)> = HashMap::new();
    let (mut sum, mut count, mut turn) = (0_u64, 0, None);
    for e in run.past().iter().filter(|e| e.actor == a) {
        sum = sum.wrapping_add(e.moved);
        match been.get(&e.own) {
            Some(&(then, at)) if then == sum => {
                let (own, _) = *turn.get_or_insert((e.own, at));
                count += u64::from(own == e.own);
            }
            known => {
                if known.is_some() {
                    been.clear();
                }
                (count, turn) = (0, None);
                been.insert(e.own, (sum, e.step));
            }
        }
    }
    let (_, since) = turn?;
    Some(Rounds { count, since, because: because(run, a, since) })
}

/// Who kept an actor from getting ahead since that step.
fn because<C: Code>(run: &Run<C>, a: ActorId, since: usize) -> Vec<ActorId> {
    let held = holds(run.past());
    let round = &run.past()[since..];
    let mut all = Vec::new();
    for e in round.iter().filter(|e| e.actor == a) {
        match e.did.effect {
            Effect::TryLock(lock, _) if e.result[0] == 0 => {
                let there = |h: &&super::Hold| {
                    let clash = h.lock == lock || h.lock.covers(lock) || lock.covers(h.lock);
                    clash && h.since < e.step && h.until.is_none_or(|until| until >= e.step)
                };
                all.extend(held.iter().filter(there).map(|h| h.actor));
            }
            Effect::Load(word) | Effect::Cas(word, ..) => {
                let wrote = |o: &&Event| o.wrote.iter().any(|w| w.0 == word);
                all.extend(round.iter().filter(wrote).map(|o| o.actor));
            }
            _ => {}
        }
    }
    all.sort();
    all.dedup();
    all.retain(|&b| b != a);
    all
}

/// Those who go round, as often as the threshold says: first the ones in a livelock, then the ones that only spin.
pub fn livelock(all: &[Counters], thresholds: Thresholds) -> (Vec<ActorId>, Vec<ActorId>) {
    let hot = all.iter().filter_map(|c| Some((c.actor, c.rounds.as_ref()?)));
    let hot: Vec<(ActorId, &Rounds)> = hot.filter(|(_, r)| r.count >= thresholds.rounds).collect();
    let mut in_it: Vec<ActorId> = hot.iter().map(|h| h.0).collect();
    // Out goes whoever goes round because of nobody that is left.
    loop {
        let stays = |a: &ActorId| hot.iter().any(|(b, r)| a == b && r.because.iter().any(|o| in_it.contains(o)));
        let left: Vec<ActorId> = in_it.iter().copied().filter(stays).collect();
        if left.len() == in_it.len() {
            break;
        }
        in_it = left;
    }
    let spins = hot.iter().map(|h| h.0).filter(|a| !in_it.contains(a)).collect();
    (in_it, spins)
}

/// The earliest position of the branch at which the whole state was the one that it is now; none if it is new. From
/// there to here the steps can be taken again and again.
pub fn again<C: Code>(run: &Run<C>) -> Option<usize> {
    (0..run.at()).find(|&k| run.hash_at(k) == Some(run.hash()))
}
