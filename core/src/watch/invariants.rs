//! The invariants of the p2m as functions over words (reference section 9.3).
//!
//! Each function looks at the whole and names what it finds; it is called when a step wrote a word that it reads.

use super::survey::Survey;
use super::{Broken, Rule};
use crate::addr::{ActorId, DomGfn, DomId, Gfn, Mfn};
use crate::entry::{Decoded, LeafCtx, P2mType};
use crate::lock::{Lock, global};
use crate::machine::frames::{self, M2P_INVALID, PGC_ALLOCATED, count};
use crate::machine::{DomWord, FrameUse, FrameWord, GhostWord, Words, World, tlb};
use crate::perform::PIN_COUNT;
use std::collections::BTreeMap;

fn broken(rule: Rule, why: String) -> Broken {
    Broken { rule, actor: None, why }
}

fn record<W: Words>(m: &mut W, world: &World, mfn: Mfn, w: FrameWord) -> u64 {
    world.map.frame(mfn, w).map_or(0, |word| m.get(word))
}

/// Whether the type maps memory of the domain's own: what I1 and I3 speak of.
const fn own_memory(ty: P2mType) -> bool {
    ty.is_ram() && ty.has_frame() && !ty.is_shared()
}

/// I1, I3, I4, I5, I6, I7, I8: what holds of every entry after every step.
pub fn entries<W: Words>(m: &mut W, world: &World, s: &Survey, out: &mut Vec<Broken>) {
    let mut seen: BTreeMap<Mfn, DomGfn> = BTreeMap::new();
    for (g, mfn, leaf) in s.frames() {
        let info = record(m, world, mfn, FrameWord::Count);
        let name = world.frame_name(mfn);
        if count(info) == 0 {
            out.push(broken(Rule::I4, format!("{g} maps frame {name}, which is free")));
        }
        if !own_memory(leaf.ty) {
            continue;
        }
        let owner = frames::owner(m, world, mfn);
        if owner != g.dom || info & PGC_ALLOCATED == 0 {
            let why = format!(
                "{g} ({}) maps frame {name}, which is {} and owned by {owner}",
                leaf.ty.name(),
                allocated(info)
            );
            out.push(broken(Rule::I1, why));
        }
        if let Some(other) = seen.insert(mfn, g) {
            out.push(broken(Rule::I3, format!("{g} and {other} both map frame {name}")));
        }
    }
    for at in &s.leaves {
        let leaf = &at.leaf;
        let (is, should) = (
            world.format.perms(at.entry),
            world.format.permissions(leaf.ty, leaf.access, leaf.order, &LeafCtx::default()),
        );
        if is != should && leaf.ty != P2mType::MmioDirect {
            out.push(broken(Rule::I5, format!("{} allows {is} and should allow {should}", at.g)));
        }
        let frames = leaf.order.frames();
        if leaf.mfn.is_valid() && leaf.ty.has_frame() && !leaf.mfn.0.is_multiple_of(frames) {
            out.push(broken(Rule::I6, format!("the superpage at {} maps the unaligned frame {}", at.g, leaf.mfn)));
        }
        if let Some(slot) = world.slot(at.g.dom)
            && m.get(world.map.dom(slot, DomWord::MaxMapped)) < at.g.gfn.0 + frames
        {
            out.push(broken(Rule::I8, format!("{} is mapped above max_mapped", at.g)));
        }
    }
    for (i, (slot, mfn)) in s.tables.iter().enumerate() {
        if frames::used_as(m, world, *mfn) != (FrameUse::Table { slot: *slot }) {
            out.push(broken(Rule::I7, format!("page {mfn} hangs in a table and is no table")));
        }
        if s.tables[..i].iter().any(|t| t.1 == *mfn) {
            out.push(broken(Rule::I7, format!("table page {mfn} hangs in two places")));
        }
    }
}

fn gfn_of_m2p(m2p: u64) -> String {
    if m2p == M2P_INVALID { "none".into() } else { DomGfn::from_word(m2p).to_string() }
}

const fn allocated(info: u64) -> &'static str {
    if info & PGC_ALLOCATED == 0 { "not allocated" } else { "allocated" }
}

/// I4 and I7 for the TLBs: no vCPU and no device reaches a free frame, or a table that was freed.
pub fn tlbs<W: Words>(m: &mut W, world: &World, out: &mut Vec<Broken>) {
    for a in world.actor_ids().filter(|a| world.actors[a.0 as usize].kind.has_tlb()) {
        let who = world.actor_name(a);
        for tlb::Cached { g, level, entry } in tlb::cached(m, world, a) {
            match world.format.decode(level, entry) {
                Decoded::Table { mfn } => {
                    let of = world.slot(g.dom).map(|slot| FrameUse::Table { slot });
                    if Some(frames::used_as(m, world, mfn)) != of {
                        let why = format!("the TLB of {who} still leads to table page {mfn} for {g}, which was freed");
                        out.push(broken(Rule::I7, why));
                    }
                }
                Decoded::Leaf(leaf) => {
                    let mut all = (0..leaf.order.frames()).map(|i| leaf.mfn.plus(i));
                    let there = |f: &Mfn| f.0 < world.map.frames() as u64;
                    let Some(mfn) = all.by_ref().take_while(there).find(|&f| frames::is_free(m, world, f)) else {
                        continue;
                    };
                    let (name, at) = (world.frame_name(mfn), Gfn(g.gfn.0 + mfn.0 - leaf.mfn.0));
                    let why = format!("the TLB of {who} still maps {}:{at} to frame {name}, which is free", g.dom);
                    out.push(broken(Rule::I4, why));
                }
                Decoded::Empty | Decoded::Misconfigured { .. } => {}
            }
        }
    }
}

/// I11: an allocated frame has a count, and a counted one an owner.
pub fn records<W: Words>(m: &mut W, world: &World, mfn: Mfn, out: &mut Vec<Broken>) {
    let info = record(m, world, mfn, FrameWord::Count);
    let name = world.frame_name(mfn);
    if info & PGC_ALLOCATED != 0 && count(info) == 0 {
        out.push(broken(Rule::I11, format!("frame {name} is allocated and has no count")));
    }
    if count(info) > 0 && frames::owner(m, world, mfn) == DomId::NOBODY {
        out.push(broken(Rule::I11, format!("frame {name} is counted and has no owner")));
    }
}

/// Whether nobody holds a lock or is inside a statement.
pub fn quiescent<W: Words>(m: &mut W, world: &World) -> bool {
    world
        .actor_ids()
        .all(|a| m.get(world.map.ghost(a, GhostWord::Held)) == 0 && m.get(world.map.ghost(a, GhostWord::LogLen)) == 0)
}

/// I2, I9, I12, I32: what holds while nobody is at work.
pub fn at_rest<W: Words>(m: &mut W, world: &World, s: &Survey, out: &mut Vec<Broken>) {
    for (g, mfn, leaf) in s.frames().filter(|f| own_memory(f.2.ty)) {
        let m2p = record(m, world, mfn, FrameWord::M2p);
        if m2p != g.to_word() {
            let name = world.frame_name(mfn);
            out.push(broken(
                Rule::I2,
                format!("{g} ({}) maps frame {name}, whose m2p is {}", leaf.ty.name(), gfn_of_m2p(m2p)),
            ));
        }
    }
    for mfn in (0..world.map.frames() as u64).map(Mfn) {
        let info = record(m, world, mfn, FrameWord::Count);
        let (is, holders) = (count(info), holders(m, world, mfn));
        let should = (info & PGC_ALLOCATED != 0) as u64 + holders.iter().map(|h| h.1).sum::<u64>();
        if is != should {
            let name = world.frame_name(mfn);
            out.push(broken(Rule::I9, format!("frame {name} has count {is}, and {should} hold it")));
        }
    }
    for (slot, d) in world.domains.iter().enumerate() {
        let of = |ty| {
            let leaves = s.leaves.iter().filter(|l| l.g.dom == d.id && l.leaf.ty == ty);
            leaves.map(|l| l.leaf.order.frames()).sum::<u64>()
        };
        let (paged, should) = (m.get(world.map.dom(slot as u8, DomWord::PagedPages)), of(P2mType::RamPaged));
        if paged != should {
            out.push(broken(Rule::I12, format!("{} has {should} paged-out pages and counts {paged}", d.name)));
        }
        let (tot, list) =
            (m.get(world.map.dom(slot as u8, DomWord::TotPages)), frames::page_list(m, world, slot as u8).len() as u64);
        if tot != list {
            out.push(broken(Rule::I32, format!("{} has {list} pages on its list and counts {tot}", d.name)));
        }
    }
}

/// All that must hold of words at rest, as a drained run leaves them: nobody is inside a statement or holds a lock.
pub fn drained<W: Words>(m: &mut W, world: &World) -> Vec<Broken> {
    let mut out = Vec::new();
    let survey = Survey::take(m, world);
    entries(m, world, &survey, &mut out);
    tlbs(m, world, &mut out);
    exclusion(m, world, &mut out);
    for mfn in (0..world.map.frames() as u64).map(Mfn) {
        records(m, world, mfn, &mut out);
    }
    at_rest(m, world, &survey, &mut out);
    out
}

/// Who holds references on a frame beyond its allocation: the actor, how many, and whether its gets do.
pub fn holders<W: Words>(m: &mut W, world: &World, mfn: Mfn) -> Vec<(ActorId, u64, bool)> {
    let mut all = Vec::new();
    for a in world.actor_ids() {
        let pinned = world.map.pins(a).pairs(m).into_iter().filter(|p| p.1 & (PIN_COUNT - 1) == mfn.0);
        let pins: u64 = pinned.map(|p| p.1 / PIN_COUNT).sum();
        if pins > 0 {
            all.push((a, pins, true));
        }
        if let Some(refs) = world.map.refs(a).get(m, mfn.0) {
            all.push((a, refs, false));
        }
    }
    all
}

/// I30: while one holds a table exclusively, no other holds a range of it or its shared side.
pub fn exclusion<W: Words>(m: &mut W, world: &World, out: &mut Vec<Broken>) {
    for (slot, d) in world.domains.iter().enumerate() {
        let slot = slot as u8;
        let Some((owner, _)) = global::exclusive(m.get(world.map.dom(slot, DomWord::Global))) else { continue };
        for a in world.actor_ids().filter(|&a| a != owner) {
            let other = super::held::held(m, world, a)
                .into_iter()
                .find(|h| matches!(h.0, Lock::Global(s) | Lock::Range(s, _) if s == slot));
            if let Some((lock, _)) = other {
                let (who, holder) = (world.actor_name(a), world.actor_name(owner));
                let why =
                    format!("{who} holds {} while {holder} holds the whole table of {}", lock.describe(world), d.name);
                out.push(broken(Rule::I30, why));
            }
        }
    }
}

/// `leak` at the end: references still held, frames and tables that nothing leads to.
pub fn leaks<W: Words>(m: &mut W, world: &World, s: &Survey, out: &mut Vec<Broken>) {
    for mfn in (0..world.map.frames() as u64).map(Mfn) {
        let name = world.frame_name(mfn);
        for (a, n, get) in holders(m, world, mfn) {
            let how = if get { "of its gets" } else { "of its own" };
            let why = format!("{} ends with {n} reference(s) {how} on frame {name}", world.actor_name(a));
            out.push(broken(Rule::Leak, why));
        }
        let linked = s.tables.iter().any(|t| t.1 == mfn) || world.domains.iter().any(|d| d.root == mfn);
        if matches!(frames::used_as(m, world, mfn), FrameUse::Table { .. }) && !linked {
            out.push(broken(Rule::Leak, format!("table page {mfn} is in no table and in no pool")));
        }
        let info = record(m, world, mfn, FrameWord::Count);
        let owner = frames::owner(m, world, mfn);
        let lost = info & PGC_ALLOCATED != 0
            && world.slot(owner).is_some()
            && !s.frames().any(|f| f.1 == mfn)
            && !world.loose.contains(&mfn)
            && !(0..world.words.len() as u32).any(|i| m.get(world.map.word(i)) == mfn.0);
        if lost {
            out.push(broken(Rule::Leak, format!("frame {name} belongs to domain {owner}, and nothing leads to it")));
        }
    }
}
