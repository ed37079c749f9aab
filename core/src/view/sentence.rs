//! One sentence for a step: who did what to which range, frame or word, and what came of it.

use super::blocks;
use super::deeds;
use super::naming::{Names, mapped, number};
use super::{monitor, nested, recalc};
use super::{records, shape};
use crate::addr::{ActorId, Mfn, Word};
use crate::entry::{Cpu, Hardware};
use crate::lock::{Lock, Mode};
use crate::machine::tlb;
use crate::sched::{Event, Hold, Run, cause, holds, side};
use crate::sim::Code;
use crate::step::{Act, Cond, Effect, Page};

/// What the step that led to the position did, and, if its actor waits now, for what: one sentence.
pub fn sentence<C: Code>(run: &mut Run<C>) -> String {
    let Some(e) = run.last_event().cloned() else {
        return match run.sim().world().actors.len() {
            0 => "Nobody is here.".into(),
            1 => "Nothing has happened yet.".into(),
            n => format!("Nothing has happened yet; {n} actors are ready."),
        };
    };
    let world = run.world().clone();
    let name = world.actor_name(e.actor).to_string();
    let deed = deed(run, &e);
    let note = if e.did.note.is_empty() { String::new() } else { format!(" ({})", e.did.note) };
    format!("{name} {deed}{note}{}.", then(run, &e))
}

/// What the step's actor meets next, where that ends or stops it.
fn then<C: Code>(run: &mut Run<C>, e: &Event) -> String {
    if e.ended {
        return "; its program has ended".into();
    }
    if e.queued || run.waits_since(e.actor).is_none() {
        return String::new();
    }
    match run.sim().pending(e.actor).map(|p| p.effect) {
        Some(Effect::Lock(lock, mode)) => {
            format!("; next it asks for {}, {}", side(lock, mode, &run.world().clone()), cause(run, e.actor, lock))
        }
        Some(Effect::Wait(_)) => "; next it sleeps until what it waits for has come".into(),
        _ => String::new(),
    }
}

/// The step's deed, as it follows the actor's name.
fn deed<C: Code>(run: &mut Run<C>, e: &Event) -> String {
    let world = run.world().clone();
    let names = Names::new(run.words(), &world);
    let [result, second] = e.result;
    match e.did.effect {
        Effect::Lock(lock, mode) | Effect::TryLock(lock, mode) => {
            drop(names);
            taking(run, e, lock, mode)
        }
        Effect::Unlock(lock, mode) => {
            let was = holds(&run.events()[..e.step - 1]);
            let mine = |h: &&Hold| h.depth > 0 && h.actor == e.actor && h.lock == lock;
            let mode = lock.released(mode, was.iter().filter(mine).any(|h| h.mode == Mode::Shared));
            let what = side(lock, mode, &world);
            let depth = depth_after(run, e.actor, lock, mode);
            let held = was.iter().filter(mine).any(|h| h.mode == mode);
            match (held, depth) {
                (false, _) => format!("releases {what}, which it does not hold"),
                (_, 0) => format!("releases {what}"),
                (_, n) => format!("releases {what} once and holds it {n} deep still"),
            }
        }
        Effect::Load(w) => format!("reads {}: {}", names.word(w), names.value(w, result)),
        Effect::Store(w, v) => {
            let (word, value) = (names.word(w), names.value(w, v));
            match before(e, w) {
                Some(old) => format!("writes {word}: {} becomes {value}", names.value(w, old)),
                None => format!("writes {word}, which stays {value}"),
            }
        }
        Effect::StoreBits { word, mask, bits } => match before(e, word) {
            Some(old) => {
                let new = old & !mask | bits & mask;
                format!(
                    "writes some bits of {}: {} becomes {}",
                    names.word(word),
                    names.value(word, old),
                    names.value(word, new)
                )
            }
            None => format!("writes some bits of {}, which stay as they are", names.word(word)),
        },
        Effect::Cas(w, old, new) if result == old => {
            format!("exchanges {}: {} becomes {}", names.word(w), names.value(w, old), names.value(w, new))
        }
        Effect::Cas(w, old, _) => {
            let (seen, old) = (names.value(w, result), names.value(w, old));
            format!("finds {seen} instead of {old} in {} and changes nothing", names.word(w))
        }
        Effect::Add(w, n) if (n as i64) < 0 => {
            format!("takes {} from {}: now {}", (n as i64).unsigned_abs(), names.word(w), number(result))
        }
        Effect::Add(w, n) => format!("adds {} to {}: now {}", number(n), names.word(w), number(result)),
        Effect::Swap(w, v) => {
            format!("exchanges {}: {} becomes {}", names.word(w), names.value(w, result), names.value(w, v))
        }
        Effect::Page(p) => page(&names, p, result),
        Effect::Wait(_) => "goes on: what it waited for has come".into(),
        Effect::Wake(w) => format!("wakes those who wait for {}", names.word(w)),
        Effect::Choose(n) => format!("is dealt {result} by the world, of {n} that are possible"),
        Effect::Act(a) => act(&names, a, result, second),
    }
}

/// Taking a lock, or not.
fn taking<C: Code>(run: &mut Run<C>, e: &Event, lock: Lock, mode: Mode) -> String {
    let what = side(lock, mode, &run.world().clone());
    if e.queued {
        let cause = cause(run, e.actor, lock);
        return format!("queues for {what}, {cause}; whoever comes after it has to wait");
    }
    let tried = matches!(e.did.effect, Effect::TryLock(..));
    match (e.result[0] != 0, tried) {
        (true, _) => match depth_after(run, e.actor, lock, mode) {
            0 | 1 => format!("takes {what}"),
            n => format!("takes {what} again and holds it {n} deep"),
        },
        (false, true) => format!("tries {what} and does not get it, {}", cause(run, e.actor, lock)),
        (false, false) => {
            format!("asks for {what} while it holds the shared side: it would wait for itself")
        }
    }
}

/// How deep the actor holds a lock after the last step, by the events.
fn depth_after<C: Code>(run: &Run<C>, a: ActorId, lock: Lock, mode: Mode) -> u64 {
    let held = holds(run.past());
    held.iter().find(|h| h.depth > 0 && h.actor == a && h.lock == lock && h.mode == mode).map_or(0, |h| h.depth)
}

/// What a word held before the step, if the step changed it.
fn before(e: &Event, w: Word) -> Option<u64> {
    e.wrote.iter().find(|x| x.0 == w).map(|x| x.1)
}

fn page(names: &Names<'_>, p: Page, result: u64) -> String {
    match p {
        Page::Fill { table, entry, level } => {
            format!("fills {} with the 512 parts of {}", names.frame(table), names.entry(level, entry))
        }
        Page::Copy { from, to } => format!("copies {} to {}", names.frame(from), names.frame(to)),
        Page::Zero(mfn) => format!("fills {} with zeroes", names.frame(mfn)),
        Page::IsZero(mfn) if result != 0 => format!("finds {} all zeroes", names.frame(mfn)),
        Page::IsZero(mfn) => format!("finds {} not all zeroes", names.frame(mfn)),
    }
}

fn act(names: &Names<'_>, a: Act, result: u64, second: u64) -> String {
    let done = result != 0;
    match a {
        Act::GetPage { mfn, .. } if done => format!("takes a reference on {}", names.frame(mfn)),
        Act::GetPage { mfn, dom: Some(dom) } => {
            format!("gets no reference on {}: it is free, or not domain {dom}'s", names.frame(mfn))
        }
        Act::GetPage { mfn, dom: None } => format!("gets no reference on {}: it is free", names.frame(mfn)),
        Act::PutPage(mfn) if done => format!("drops the last reference on {}, which is free now", names.frame(mfn)),
        Act::PutPage(mfn) => format!("drops a reference on {}", names.frame(mfn)),
        Act::PutAllocation(mfn) if done => format!("drops the allocation's reference on {}", names.frame(mfn)),
        Act::PutAllocation(mfn) => format!("finds the allocation of {} dropped already", names.frame(mfn)),
        Act::Pin { g, mfn } if done => format!("pins {} for its get of {g}", names.frame(mfn)),
        Act::Pin { g, mfn } => format!("cannot pin {} for its get of {g}: it is free", names.frame(mfn)),
        Act::Unpin { g } if done => format!("drops its get's reference for {g}"),
        Act::Unpin { g } => format!("has no get's reference for {g} to drop"),
        Act::AllocFrame(slot) => {
            let dom = &names.world.domain(slot).name;
            match Mfn(result).is_valid() {
                true => format!("allocates {} for {dom}", names.frame(Mfn(result))),
                false => format!("finds no free frame for {dom}"),
            }
        }
        Act::AllocTable(slot) => {
            let dom = &names.world.domain(slot).name;
            match Mfn(result).is_valid() {
                true => format!("takes {} as a table of {dom}", names.frame(Mfn(result))),
                false => format!("finds no free page for a table of {dom}"),
            }
        }
        Act::FreeTable(mfn) if done => format!("gives the table in {} back", names.frame(mfn)),
        Act::FreeTable(mfn) => format!("gives back {}, which is no table", names.frame(mfn)),
        Act::SetEntry { entry, g, order, .. } => {
            let (old, new) = (names.entry(order.level(), result), names.entry(order.level(), entry));
            match result == entry {
                _ if second != 0 => format!("may not write the entry of {}, which stays {old}", mapped(g, order)),
                true => format!("writes the entry of {}, which stays {new}", mapped(g, order)),
                false => format!("writes the entry of {}: {old} becomes {new}", mapped(g, order)),
            }
        }
        Act::TlbAccess { g, access, .. } => accessed(tlb::Outcome::from_words([result, second]), g, access, true),
        Act::TlbWalk { g, access, .. } => accessed(tlb::Outcome::from_words([result, second]), g, access, false),
        Act::Flush(of) => format!("flushes the TLB of {}", names.world.actor_name(of)),
        Act::Sweep(of) => super::dirty::swept(names, of, [result, second]),
        Act::Dirty(a) => super::dirty::did(names, a, result),
        Act::Pte(_)
        | Act::Ring(_)
        | Act::Paging(_)
        | Act::List(_)
        | Act::Object(_)
        | Act::Pause(_)
        | Act::Teardown(_) => deeds::did(names, a, result, second).unwrap_or_default(),
        Act::Nested(n) => nested::did(names, n, result),
        Act::Monitor(a) => monitor::did(names, a, result),
        Act::Recalc(a) => recalc::did(names, a, result),
        Act::MayTake(_) => "looks at the locks that it holds".into(),
        Act::Block(b) => blocks::block_done(names, b, result),
        Act::Pod(p) => blocks::pod_done(names, p, result),
        Act::Refs(a) => records::refs_done(names, a, result),
        Act::Grant(a) => records::grant_done(names, a, result),
        Act::Kept(a) => records::kept_done(names, a, result),
        Act::Sharing(a) => records::sharing_done(names, a, result),
        Act::Table(a) => shape::did(names, a, result),
    }
}

fn accessed(outcome: tlb::Outcome, g: crate::addr::DomGfn, access: tlb::Access, hit: bool) -> String {
    let through = if hit { " through its TLB" } else { " at the end of its walk" };
    match (outcome, access) {
        (tlb::Outcome::Done(v), tlb::Access::Read) => format!("reads {g}{through}: {}", number(v)),
        (tlb::Outcome::Done(v), tlb::Access::Write(_)) => format!("writes {} to {g}{through}", number(v)),
        (tlb::Outcome::Fault, tlb::Access::Read) => format!("may not read {g}: a fault"),
        (tlb::Outcome::Fault, tlb::Access::Write(_)) => format!("may not write {g}: a fault"),
        (tlb::Outcome::Walk { level: 3, .. }, _) if hit => {
            format!("finds no translation of {g} in its TLB and begins a walk at the root")
        }
        (tlb::Outcome::Walk { level, .. }, _) if hit => {
            format!("finds a link for {g} in its TLB and walks on at level {level}")
        }
        (tlb::Outcome::Walk { level, .. }, _) => format!("walks on for {g} and reads level {level}"),
        (tlb::Outcome::Misconfigured, _) => {
            format!("meets bits on its walk for {g} that it refuses: a misconfiguration")
        }
        (tlb::Outcome::LogFull, _) => format!("finds its page of logged writes full at {g}"),
        (tlb::Outcome::Again, _) => format!("has been overtaken by a flush and walks again for {g}"),
    }
}

/// What an effect would do, as it follows `is about to`.
pub fn doing<C: Code>(run: &mut Run<C>, effect: &Effect) -> String {
    let world = run.world().clone();
    let names = Names::new(run.words(), &world);
    match *effect {
        Effect::Lock(lock, mode) => format!("take {}", side(lock, mode, &world)),
        Effect::TryLock(lock, mode) => format!("try {}", side(lock, mode, &world)),
        Effect::Unlock(lock, mode) => format!("release {}", side(lock, mode, &world)),
        Effect::Load(w) => format!("read {}", names.word(w)),
        Effect::Store(w, v) => format!("write {} to {}", names.value(w, v), names.word(w)),
        Effect::StoreBits { word, .. } => format!("write some bits of {}", names.word(word)),
        Effect::Cas(w, old, new) => {
            format!("exchange {} for {} in {}", names.value(w, old), names.value(w, new), names.word(w))
        }
        Effect::Add(w, n) if (n as i64) < 0 => {
            format!("take {} from {}", (n as i64).unsigned_abs(), names.word(w))
        }
        Effect::Add(w, n) => format!("add {} to {}", number(n), names.word(w)),
        Effect::Swap(w, v) => format!("exchange {} for {}", names.word(w), names.value(w, v)),
        Effect::Page(Page::Fill { table, .. }) => format!("fill the table in {}", names.frame(table)),
        Effect::Page(Page::Copy { from, to }) => format!("copy {} to {}", names.frame(from), names.frame(to)),
        Effect::Page(Page::Zero(mfn)) => format!("fill {} with zeroes", names.frame(mfn)),
        Effect::Page(Page::IsZero(mfn)) => format!("look whether {} is all zeroes", names.frame(mfn)),
        Effect::Wait(Cond::Is(w, v)) => format!("wait until {} is {}", names.word(w), names.value(w, v)),
        Effect::Wait(Cond::Not(w, v)) => format!("wait until {} is not {}", names.word(w), names.value(w, v)),
        Effect::Wait(Cond::Outside(who)) => format!("wait until {} are outside", deeds::whom(&world, who)),
        Effect::Wait(Cond::Stated) => "wait until its condition holds".into(),
        Effect::Wake(w) => format!("wake those who wait for {}", names.word(w)),
        Effect::Choose(n) => format!("be dealt one of {n} possibilities"),
        Effect::Act(a) => doing_act(&names, a),
    }
}

fn doing_act(names: &Names<'_>, a: Act) -> String {
    let access = |g, access| match access {
        tlb::Access::Read => format!("read {g}"),
        tlb::Access::Write(v) => format!("write {} to {g}", number(v)),
    };
    match a {
        Act::GetPage { mfn, .. } => format!("take a reference on {}", names.frame(mfn)),
        Act::PutPage(mfn) => format!("drop a reference on {}", names.frame(mfn)),
        Act::PutAllocation(mfn) => format!("drop the allocation of {}", names.frame(mfn)),
        Act::Pin { g, mfn } => format!("pin {} for {g}", names.frame(mfn)),
        Act::Unpin { g } => format!("unpin what it got for {g}"),
        Act::AllocFrame(slot) => format!("allocate a frame for {}", names.world.domain(slot).name),
        Act::AllocTable(slot) => format!("take a page for a table of {}", names.world.domain(slot).name),
        Act::FreeTable(mfn) => format!("give the table in {} back", names.frame(mfn)),
        Act::SetEntry { entry, g, order, .. } => {
            format!("write the entry of {}: {}", mapped(g, order), names.entry(order.level(), entry))
        }
        Act::TlbAccess { g, access: kind, .. } => format!("{} through its TLB", access(g, kind)),
        Act::TlbWalk { g, entry, level, access: kind } => {
            match names.world.format.hardware(level, entry, Cpu::default()) {
                Hardware::Table { .. } => format!("walk on in hardware for {g}"),
                _ => format!("{} at the end of its walk", access(g, kind)),
            }
        }
        Act::Flush(of) => format!("flush the TLB of {}", names.world.actor_name(of)),
        Act::Sweep(of) => super::dirty::sweeping(names, of),
        Act::Dirty(a) => super::dirty::doing(names, a),
        Act::Pte(_)
        | Act::Ring(_)
        | Act::Paging(_)
        | Act::List(_)
        | Act::Object(_)
        | Act::Pause(_)
        | Act::Teardown(_) => deeds::doing(names, a).unwrap_or_default(),
        Act::Nested(n) => nested::doing(names, n),
        Act::Monitor(a) => monitor::doing(names, a),
        Act::Recalc(a) => recalc::doing(names, a),
        Act::MayTake(_) => "look at its locks".into(),
        Act::Block(b) => blocks::block_doing(names, b),
        Act::Pod(p) => blocks::pod_doing(names, p),
        Act::Refs(a) => records::refs_doing(names, a),
        Act::Grant(a) => records::grant_doing(names, a),
        Act::Kept(a) => records::kept_doing(names, a),
        Act::Sharing(a) => records::sharing_doing(names, a),
        Act::Table(a) => shape::doing(names, a),
    }
}
