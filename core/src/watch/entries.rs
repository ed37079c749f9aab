//! Rules of entries, of the tables they stand in and of the TLBs they are copied to: I1, I4 to I8, I31. One function to a
//! rule, which says what words it reads; none where the rule holds.

use super::survey::{At, Hangs};
use super::{Broken, Rule, index, record};
use crate::addr::{ActorId, DomGfn, DomId, Mfn};
use crate::entry::{Decoded, P2mType};
use crate::machine::frames::{self, PGC_ALLOCATED, count};
use crate::machine::ioreq;
use crate::machine::tlb::{self, Cached};
use crate::machine::{DomWord, FrameUse, FrameWord, Words, World};

/// I1 for one frame that a leaf maps: a view maps what its domain owns. A frame that is being made shareable belongs to
/// dom_cow a few steps before its entry says so; until then its m2p still names the gfn. Reads the frame's count, owner
/// and m2p.
pub fn i1<W: Words>(m: &mut W, world: &World, g: DomGfn, mfn: Mfn, ty: P2mType) -> Option<Broken> {
    let info = record(m, world, mfn, FrameWord::Count);
    let owner = frames::owner(m, world, mfn);
    let view = world.slot(g.dom).and_then(|slot| world.domain(slot).view);
    let nominated = owner == DomId::COW && record(m, world, mfn, FrameWord::M2p) == g.to_word();
    let own = nominated || owner == view.map_or(g.dom, |v| world.domain(v.of).id);
    let good = own && info & PGC_ALLOCATED != 0;
    (index::own_memory(ty) && !good).then(|| {
        let (ty, name) = (ty.name(), world.frame_name(mfn));
        let allocated = if info & PGC_ALLOCATED == 0 { "not allocated" } else { "allocated" };
        Broken::of(Rule::I1, format!("{g} ({ty}) maps frame {name}, which is {allocated} and owned by {owner}"))
    })
}

/// I1 for a leaf that maps frames beyond the machine. Reads the entry.
pub fn i1_beyond(world: &World, at: &At) -> Option<Broken> {
    (index::own_memory(at.leaf.ty) && at.is_beyond(world)).then(|| beyond(Rule::I1, at))
}

/// I4 for one frame that a leaf maps as memory. Reads the frame's count.
pub fn i4<W: Words>(m: &mut W, world: &World, g: DomGfn, mfn: Mfn, ty: P2mType) -> Option<Broken> {
    (ty != P2mType::MmioDirect && count(record(m, world, mfn, FrameWord::Count)) == 0)
        .then(|| Broken::of(Rule::I4, format!("{g} maps frame {}, which is free", world.frame_name(mfn))))
}

/// I4 for a leaf that maps frames beyond the machine: registers of a device may lie there. Reads the entry.
pub fn i4_beyond(world: &World, at: &At) -> Option<Broken> {
    (at.leaf.ty != P2mType::MmioDirect && at.is_beyond(world)).then(|| beyond(Rule::I4, at))
}

fn beyond(rule: Rule, at: &At) -> Broken {
    Broken::of(rule, format!("{} maps frame {}, and the machine has no such frame", at.g, at.leaf.mfn))
}

/// I4 for an entry of a TLB: no vCPU and no device reaches a free frame. Reads the counts of the frames it names.
pub fn i4_tlb<W: Words>(m: &mut W, world: &World, a: ActorId, of: &Cached) -> Option<Broken> {
    let Decoded::Leaf(leaf) = world.format.decode(of.level, of.entry) else { return None };
    let at = At { slot: 0, g: of.g, leaf, entry: of.entry };
    let (g, mfn) = at.frames(world).find(|f| frames::is_free(m, world, f.1))?;
    let (who, name) = (world.actor_name(a), world.frame_name(mfn));
    Some(Broken::of(Rule::I4, format!("the TLB of {who} still maps {g} to frame {name}, which is free")))
}

/// I7 for an entry of a TLB: no walk is led to a table that was freed. Reads the use of the frame it names.
pub fn i7_tlb<W: Words>(m: &mut W, world: &World, a: ActorId, of: &Cached) -> Option<Broken> {
    let Decoded::Table { mfn } = world.format.decode(of.level, of.entry) else { return None };
    let whose = world.slot(of.g.dom).map(|slot| FrameUse::Table { slot });
    (Some(frames::used_as(m, world, mfn)) != whose).then(|| {
        let who = world.actor_name(a);
        let why = format!("the TLB of {who} still leads to table page {mfn} for {}, which was freed", of.g);
        Broken::of(Rule::I7, why)
    })
}

/// I31, at the moment at which a frame or table page is taken into use again: no TLB leads to it still. Reads all TLBs.
pub fn i31<W: Words>(m: &mut W, world: &World, mfn: Mfn) -> Option<Broken> {
    world.actor_ids().filter(|a| world.actors[a.0 as usize].kind.has_tlb()).find_map(|a| {
        let stale = tlb::cached(m, world, a).into_iter().find(|of| match world.format.decode(of.level, of.entry) {
            Decoded::Table { mfn: table } => table == mfn,
            Decoded::Leaf(leaf) => At { slot: 0, g: of.g, leaf, entry: of.entry }.frames(world).any(|f| f.1 == mfn),
            _ => false,
        })?;
        let (who, name) = (world.actor_name(a), world.frame_name(mfn));
        let why = format!("frame {name} is taken into use while the TLB of {who} still leads to it for {}", stale.g);
        Some(Broken::of(Rule::I31, why))
    })
}

/// I5: reads the entry, and for `ioreq_server` whether the domain's server takes writes.
pub fn i5<W: Words>(m: &mut W, world: &World, at: &At) -> Option<Broken> {
    let leaf = &at.leaf;
    let is = world.format.perms(at.entry);
    let should = world.format.permissions(leaf.ty, leaf.access, leaf.order, &ioreq::leaf_ctx(m, world, at.slot, leaf));
    (is != should)
        .then(|| Broken::of(Rule::I5, format!("{} ({}) allows {is} and should allow {should}", at.g, leaf.ty.name())))
}

/// I6: reads the entry, and the count and owner of each frame of a superpage.
pub fn i6<W: Words>(m: &mut W, world: &World, at: &At) -> Option<Broken> {
    let leaf = &at.leaf;
    let n = leaf.order.frames();
    if n == 1 || !leaf.has_frame() {
        return None;
    }
    if !leaf.mfn.0.is_multiple_of(n) {
        let why = format!("the superpage at {} maps the unaligned frame {}", at.g, leaf.mfn);
        return Some(Broken::of(Rule::I6, why));
    }
    at.frames(world).find_map(|(g, mfn)| i6_frame(m, world, g, mfn, leaf.ty))
}

/// I6 for one frame of a superpage. Reads the frame's count and owner.
pub fn i6_frame<W: Words>(m: &mut W, world: &World, g: DomGfn, mfn: Mfn, ty: P2mType) -> Option<Broken> {
    let b = i1(m, world, g, mfn, ty)?;
    Some(Broken::of(Rule::I6, format!("inside a superpage {}", b.why)))
}

/// I7 for one page that hangs in a table: it is a table of that domain. Reads the frame's use.
pub fn i7<W: Words>(m: &mut W, world: &World, mfn: Mfn, hangs: Hangs) -> Option<Broken> {
    let good = frames::used_as(m, world, mfn) == (FrameUse::Table { slot: hangs.slot });
    (!good).then(|| {
        let d = &world.domain(hangs.slot).name;
        Broken::of(Rule::I7, format!("page {mfn} hangs in a table of {d} and is no table of it"))
    })
}

/// I8: reads the entry and the domain's max_mapped.
pub fn i8<W: Words>(m: &mut W, world: &World, at: &At) -> Option<Broken> {
    let max = m.get(world.dom_word(at.slot, DomWord::MaxMapped));
    (max < at.g.gfn.0 + at.leaf.order.frames())
        .then(|| Broken::of(Rule::I8, format!("{} is mapped above max_mapped, which is {max:#x}", at.g)))
}

/// Every rule of one leaf.
pub fn leaf<W: Words>(m: &mut W, world: &World, at: &At, out: &mut Vec<Broken>) {
    for (g, mfn) in at.frames(world) {
        out.extend(i1(m, world, g, mfn, at.leaf.ty));
        out.extend(i4(m, world, g, mfn, at.leaf.ty));
    }
    out.extend(i1_beyond(world, at));
    out.extend(i4_beyond(world, at));
    out.extend(i5(m, world, at));
    out.extend(i6(m, world, at));
    out.extend(i8(m, world, at));
}

/// The rules of the leaf that maps this frame, after the frame's count or owner has changed.
pub fn mapped<W: Words>(m: &mut W, world: &World, g: DomGfn, mfn: Mfn, out: &mut Vec<Broken>) {
    let Some(leaf) = super::memory::translate(m, world, g) else { return };
    out.extend(i1(m, world, g, mfn, leaf.ty));
    out.extend(i4(m, world, g, mfn, leaf.ty));
    if leaf.order.level() > 0 {
        out.extend(i6_frame(m, world, g, mfn, leaf.ty));
    }
}
