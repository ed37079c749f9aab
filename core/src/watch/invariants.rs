//! The invariants of the p2m, looked at in full.
//!
//! Each rule is a function of its own, in `entries`, `frames` and `domains`, which names the words it reads; here all
//! of them are asked of everything there is. A simulated run asks only about what a step wrote (`recheck`).

use super::survey::Survey;
use super::{Broken, Rule, domains, entries, frames as records, index, memory, recheck, record, requests, shared};
use crate::addr::{ActorId, Mfn};
use crate::lock::{Lock, global};
use crate::machine::frames::{self, PGC_ALLOCATED, PGC_XEN_HEAP};
use crate::machine::lists::{self, Element, List};
use crate::machine::objects;
use crate::machine::{DomWord, FrameUse, FrameWord, GhostWord, Words, World, pod, tlb};

/// I1, I3 to I8: what holds of every entry and table after every step. The index must be that of the survey.
pub fn entries<W: Words>(m: &mut W, world: &World, s: &Survey, out: &mut Vec<Broken>) {
    for at in &s.leaves {
        entries::leaf(m, world, at, out);
    }
    for mfn in (0..world.map.frames() as u64).map(Mfn) {
        let maps = index::maps(m, world, mfn);
        out.extend(records::i3(m, world, mfn, &maps));
    }
    for (i, &(mfn, hangs)) in s.tables.iter().enumerate() {
        out.extend(entries::i7(m, world, mfn, hangs));
        if s.hangs_among(mfn, i) {
            out.push(Broken::of(Rule::I7, format!("table page {mfn} hangs in two places")));
        }
    }
}

/// I4 and I7 for the TLBs of all actors.
pub fn tlbs<W: Words>(m: &mut W, world: &World, out: &mut Vec<Broken>) {
    for a in world.actor_ids().filter(|a| world.actors[a.0 as usize].kind.has_tlb()) {
        for cached in tlb::cached(m, world, a) {
            out.extend(entries::i4_tlb(m, world, a, &cached));
            out.extend(entries::i7_tlb(m, world, a, &cached));
        }
    }
}

/// The rules of every state. The index must be up to date.
pub fn every_state<W: Words>(m: &mut W, world: &World, out: &mut Vec<Broken>) {
    let survey = Survey::take(m, world);
    entries(m, world, &survey, out);
    tlbs(m, world, out);
    exclusion(m, world, out);
    for mfn in (0..world.map.frames() as u64).map(Mfn) {
        out.extend(records::i11(m, world, mfn));
    }
    requests::all(m, world, out);
    for slot in 0..world.domains.len() as u8 {
        out.extend(domains::i34(m, world, slot));
    }
}

/// The rules of rest. The index must be up to date.
pub fn at_rest<W: Words>(m: &mut W, world: &World, out: &mut Vec<Broken>) {
    for mfn in (0..world.map.frames() as u64).map(Mfn) {
        out.extend(records::at_rest(m, world, mfn));
    }
    for slot in 0..world.domains.len() as u8 {
        domains::counters(m, world, slot, out);
        domains::lists(m, world, slot, out);
    }
    shared::machine(m, world, out);
}

/// All that must hold of words at rest, as a drained run leaves them: nobody is inside a statement or holds a lock.
/// Makes the index of these words on its way.
pub fn drained<W: Words>(m: &mut W, world: &World) -> Vec<Broken> {
    let mut out = Vec::new();
    recheck::prime(m, world);
    every_state(m, world, &mut out);
    at_rest(m, world, &mut out);
    out
}

/// Whether the actor holds no lock and is inside no statement.
pub fn rests<W: Words>(m: &mut W, world: &World, a: ActorId) -> bool {
    m.get(world.map.ghost(a, GhostWord::Held)) == 0 && m.get(world.map.ghost(a, GhostWord::LogLen)) == 0
}

/// Whether all rest.
pub fn quiescent<W: Words>(m: &mut W, world: &World) -> bool {
    world.actor_ids().all(|a| rests(m, world, a))
}

/// I30: while one holds a table exclusively, no other holds a range of it or its shared side.
pub fn exclusion<W: Words>(m: &mut W, world: &World, out: &mut Vec<Broken>) {
    for (slot, d) in world.domains.iter().enumerate() {
        let slot = slot as u8;
        let Some((owner, _)) = global::exclusive(m.get(world.map.dom(slot, DomWord::Global))) else { continue };
        for a in world.actor_ids().filter(|&a| a != owner) {
            let other = super::held::held(m, world, a)
                .into_iter()
                .find(|h| matches!(h.0, Lock::Global(s) | Lock::Range(s, _) | Lock::Area(s, _) if s == slot));
            if let Some((lock, _)) = other {
                let (who, holder) = (world.actor_name(a), world.actor_name(owner));
                let why =
                    format!("{who} holds {} while {holder} holds the whole table of {}", lock.describe(world), d.name);
                out.push(Broken::of(Rule::I30, why));
            }
        }
    }
}

/// `leak` at the end: references still held; frames, tables and objects that nothing leads to.
pub fn leaks<W: Words>(m: &mut W, world: &World, s: &Survey, out: &mut Vec<Broken>) {
    let cached: Vec<Mfn> = (0..world.domains.len() as u8).flat_map(|slot| pod::cached(m, world, slot)).collect();
    for mfn in (0..world.map.frames() as u64).map(Mfn) {
        let name = world.frame_name(mfn);
        for (a, n, get) in records::holders(m, world, mfn) {
            let how = if get { "of its gets" } else { "of its own" };
            let why = format!("{} ends with {n} reference(s) {how} on frame {name}", world.actor_name(a));
            out.push(Broken::of(Rule::Leak, why));
        }
        for a in world.actor_ids() {
            let n = memory::typed(m, world, a, mfn);
            if n > 0 {
                let why =
                    format!("{} ends with {n} typed reference(s) of its own on frame {name}", world.actor_name(a));
                out.push(Broken::of(Rule::Leak, why));
            }
        }
        let linked = s.hangs_among(mfn, s.tables.len());
        if matches!(frames::used_as(m, world, mfn), FrameUse::Table { .. }) && !linked {
            out.push(Broken::of(Rule::Leak, format!("table page {mfn} is in no table and in no pool")));
        }
        let info = record(m, world, mfn, FrameWord::Count);
        let owner = frames::owner(m, world, mfn);
        // A page of Xen's own need have no frame number.
        let lost = info & (PGC_ALLOCATED | PGC_XEN_HEAP) == PGC_ALLOCATED
            && world.slot(owner).is_some()
            && !s.frames(world).any(|f| f.1 == mfn)
            && !cached.contains(&mfn)
            && !world.loose.contains(&mfn)
            && !matches!(lists::on(m, world, Element::Frame(mfn)), Some(List::Own(_)))
            && !(0..world.words.len() as u32).any(|i| m.get(world.map.word(i)) == mfn.0);
        if lost {
            out.push(Broken::of(
                Rule::Leak,
                format!("frame {name} belongs to domain {owner}, and nothing leads to it"),
            ));
        }
    }
    for i in 0..world.map.objects() as u64 {
        let named = (0..world.words.len() as u32).any(|w| m.get(world.map.word(w)) == i);
        if objects::in_use(m, world, i) && !named && lists::on(m, world, Element::Object(i)).is_none() {
            out.push(Broken::of(Rule::Leak, format!("object {i} is in use, and nothing leads to it")));
        }
    }
}
