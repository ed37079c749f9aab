//! How runs can end: the words that outlast them, so that two programs can be compared by all that they can bring about.
//!
//! What nobody can tell later does not count: what stands in free pages; that there is lock memory for a part of a table;
//! the type of a frame of whose type nobody makes use; a frame's place on a list; in which records of the machine it stands
//! who shares a frame; how often it has become shareable, so
//! that no handle comes twice; the event that there was no memory; where a sweep begins and where it ended; which vCPU was
//! last seen inside. Places and variables of programs are not of the machine.

use crate::addr::{Mfn, Word};
use crate::explore::{Limits, Progress, Question, Verdict, explore};
use crate::lesson::Staged;
use crate::machine::frames::{self, PGT_COUNT};
use crate::machine::{ActorWord, DomWord, FrameUse, FrameWord, Region, World, sharing};
use crate::script::Script;
use crate::sim::Sim;
use crate::watch::Rules;
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};

// The words of a frame's record that are looked at in part.
const TYPE: u8 = FrameWord::Type as u8;
const LIST_NEXT: u8 = FrameWord::Next as u8;
const LIST_PREV: u8 = FrameWord::Prev as u8;
const SHARING: u8 = FrameWord::Sharing as u8;
/// A handle without its generation.
const HANDLE: u64 = (1 << 40) - 1;
/// What remains of a frame's link to its sharing record.
const RECORD: u64 = (1 << 24) - 1;

/// What a word holds, as far as it counts for how a run has ended; none if it does not count.
pub fn outcome(sim: &Sim<Script>, w: Word) -> Option<u64> {
    let (world, is) = (sim.world(), sim.memory().peek(w));
    let kept = match world.map.region(w) {
        Region::Ghost => return None,
        Region::Page if is_free(sim, w.frame()) => return None,
        Region::Actors if of_actors(world, w) => return None,
        Region::Domains if of_domains(world, w) => return None,
        Region::Records => is & HANDLE,
        _ => is,
    };
    match world.map.frame_record(w) {
        Some((_, LIST_NEXT | LIST_PREV)) => None,
        Some((_, SHARING)) => Some(kept & RECORD),
        Some((_, TYPE)) if kept & PGT_COUNT == 0 => Some(0),
        _ => Some(kept),
    }
}

fn of_actors(world: &World, w: Word) -> bool {
    world.actor_ids().any(|a| [ActorWord::Fails, ActorWord::Inside].iter().any(|of| world.map.actor(a, *of) == w))
}

fn of_domains(world: &World, w: Word) -> bool {
    use DomWord::{ListHead, ListTail, PodMaxGuest, PodReclaimSingle, ShareEnomem};
    (0..world.domains.len() as u8).any(|d| {
        let directory = world.map.dom(d, DomWord::Global).0 + 32;
        [ListHead, ListTail, PodMaxGuest, PodReclaimSingle, ShareEnomem].iter().any(|of| world.dom_word(d, *of) == w)
            || (directory..directory + 16).contains(&w.0)
    })
}

/// Free, or a page of a pool.
fn is_free(sim: &Sim<Script>, mfn: Mfn) -> bool {
    let of = |w| sim.world().map.frame(mfn, w).map_or(0, |w| sim.memory().peek(w));
    let used = FrameUse::from_word(of(FrameWord::Use) & 0xffff);
    matches!(used, FrameUse::Pool { .. }) || used == FrameUse::Memory && frames::count(of(FrameWord::Count)) == 0
}

/// An end: the words that count and differ from the first state, and who shares a frame now and did not, or did.
type End = Vec<(u32, u64)>;

/// Marks a frame number that shares no longer.
const LEFT: u64 = 1 << 63;

/// What a word holds, as [`outcome`], but for the records in which it stands who shares a frame: see [`sharers`].
fn alone(sim: &Sim<Script>, w: Word) -> Option<u64> {
    let of_records = sim.world().map.region(w) == Region::Records;
    let link = matches!(sim.world().map.frame_record(w), Some((_, SHARING)));
    outcome(sim, w).filter(|_| !of_records && !link)
}

/// Who shares each frame that has a record: the place of the frame's link to it, with a frame number, and once with none.
fn sharers(sim: &Sim<Script>) -> BTreeSet<(u32, u64)> {
    let (world, map) = (sim.world(), &sim.world().map);
    let mut words: Vec<u64> = (0..map.len()).map(|w| sim.memory().peek(Word(w))).collect();
    let mut all = BTreeSet::new();
    for (mfn, link) in (0..map.frames().into()).filter_map(|f| Some((Mfn(f), map.frame(Mfn(f), FrameWord::Sharing)?))) {
        if sharing::info(&mut words, world, mfn).is_some() {
            all.insert((link.0, LEFT - 1));
            all.extend(sharing::rmap(&mut words, world, mfn).into_iter().map(|g| (link.0, g.to_word())));
        }
    }
    all
}

/// In which ways the runs of a staged version can end, over every interleaving; a sentence where that cannot be told.
fn ends(
    staged: &Staged,
    limits: Limits,
    progress: &(dyn Fn(&Progress) -> ControlFlow<()> + Sync),
) -> Result<BTreeSet<End>, String> {
    let first = staged.sim(Rules::NONE);
    let shared = sharers(&first);
    let found = Arc::new(Mutex::new(BTreeSet::new()));
    let into = found.clone();
    let mut q = Question::prove(super::watched());
    q.limits = limits;
    q.probe = Some(Arc::new(move |sim| {
        if sim.all_ended() {
            let words: Vec<Word> = sim.memory().changes().into_iter().map(|(w, _)| Word(w)).collect();
            let counts = words.iter().filter_map(|&w| Some((w, alone(sim, w)?)));
            let mut end: End =
                counts.filter(|&(w, is)| alone(&first, w) != Some(is)).map(|(w, is)| (w.0, is)).collect();
            if words.iter().any(|&w| sim.world().map.region(w) == Region::Records) {
                let now = sharers(sim);
                end.extend(now.difference(&shared));
                end.extend(shared.difference(&now).map(|&(w, g)| (w, g | LEFT)));
            }
            into.lock().unwrap_or_else(PoisonError::into_inner).insert(end);
        }
        0
    }));
    match explore(&staged.sim(q.stop), &q, progress).verdict {
        Verdict::Safe => {}
        Verdict::Found { broken, .. } => return Err(format!("it breaks `{}`: {}", broken.rule, broken.why)),
        Verdict::Likely { .. } => return Err("memory is too small to tell all states apart".into()),
        Verdict::Bound { why } | Verdict::Failed { why } => return Err(why),
        Verdict::Cancelled => return Err("the search was ended before it was complete".into()),
    }
    drop(q);
    let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(std::mem::take(&mut *found))
}

/// Whether two versions, by their names, can end in the same ways; a sentence if not.
pub fn alike(
    one: (&str, &Staged),
    other: (&str, &Staged),
    limits: Limits,
    progress: &(dyn Fn(&Progress) -> ControlFlow<()> + Sync),
) -> Result<(), String> {
    let of = |(name, staged)| ends(staged, limits, progress).map_err(|why| format!("how `{name}` ends: {why}"));
    let (a, b) = (of(one)?, of(other)?);
    let only = |a: &BTreeSet<End>, b| a.difference(b).count();
    match (only(&a, &b), only(&b, &a)) {
        (0, 0) => Ok(()),
        (here, there) => Err(format!(
            "`{}` can end in {} ways and `{}` in {}, which are not alike: {here} are of the first alone, {there} of the \
             second; they differ in {}",
            one.0,
            a.len(),
            other.0,
            b.len(),
            difference(one.1, &a, &b)
        )),
    }
}

/// Where ends of one kind that is not of the other differ from the nearest of the other.
fn difference(staged: &Staged, a: &BTreeSet<End>, b: &BTreeSet<End>) -> String {
    let apart = |x: &End, y: &End| -> Vec<u32> {
        let (x, y): (BTreeSet<_>, BTreeSet<_>) = (x.iter().collect(), y.iter().collect());
        let mut words: Vec<u32> = x.symmetric_difference(&y).map(|(w, _)| *w).collect();
        words.dedup();
        words
    };
    let strange = a.difference(b).map(|x| (x, b)).chain(b.difference(a).map(|x| (x, a)));
    let nearest = strange.filter_map(|(x, all)| all.iter().map(|y| apart(x, y)).min_by_key(Vec::len));
    let Some(words) = nearest.min_by_key(Vec::len) else { return "whether they end at all".into() };
    let map = &staged.world.map;
    let name = |w: u32| {
        let w = Word(w);
        let frame = map.frame_record(w).map(|(f, _)| f).or((map.region(w) == Region::Page).then(|| w.frame()));
        let of = frame.map_or(String::new(), |f| format!(" of frame {f}"));
        format!("{}{of}", map.region(w).name())
    };
    let mut names: Vec<String> = words.into_iter().map(name).collect();
    names.dedup();
    names.join(", ")
}
