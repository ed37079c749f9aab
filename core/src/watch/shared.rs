//! Rules of typed references and of sharing, all of rest: I10, I15 and I16 of one frame, I19 of a domain's lists, I17, I18
//! and I20 of the machine as a whole.
//!
//! A sharing record is what makes a frame shared: the rules ask that counters, m2p, owner, lists and entries agree with
//! the records.

use super::index::Maps;
use super::{Broken, Rule, Rules, memory, record};
use crate::addr::{DomGfn, DomId, Mfn};
use crate::machine::frames::{self, M2P_INVALID, M2P_SHARED, PGT_COUNT};
use crate::machine::refs::{PageType, TypeBits};
use crate::machine::{FrameWord, Words, World, XenWord, grants, kept, pod, sharing};

/// I10: reads the frame's type_info, owner and tuples, and the typed references that watchers have seen taken or
/// that grants and kept pages hold.
pub fn i10<W: Words>(m: &mut W, world: &World, mfn: Mfn) -> Option<Broken> {
    let info = record(m, world, mfn, FrameWord::Type);
    let bits = TypeBits::of(world.format);
    let is = info & PGT_COUNT;
    let held: u64 = world.actor_ids().map(|a| memory::typed(m, world, a, mfn)).sum();
    let granted = grants::pins(m, world, mfn).1 + kept::pins(m, world, mfn).1;
    let should = held + granted + sharing::len(m, world, mfn) + (info & bits.locked != 0) as u64;
    let name = world.frame_name(mfn);
    let owner = frames::owner(m, world, mfn);
    let why = if is != should {
        format!("frame {name} has type count {is}, and {should} count on its type")
    } else if is > 0 && bits.get(info) == PageType::Shared && owner != DomId::COW {
        format!("frame {name} is of the shared type and owned by {owner}")
    } else {
        return None;
    };
    Some(Broken::of(Rule::I10, why))
}

/// I15: reads the frame's tuples and the entries that they name; what the index says of the frame says whether others
/// map it as shared.
pub fn i15<W: Words>(m: &mut W, world: &World, mfn: Mfn, maps: &Maps) -> Option<Broken> {
    let tuples = sharing::rmap(m, world, mfn);
    let name = || world.frame_name(mfn);
    let shares = |m: &mut W, g: DomGfn| {
        memory::translate(m, world, g).is_some_and(|leaf| leaf.ty.is_shared() && leaf.mfn == mfn)
    };
    if let Some(&g) = tuples.iter().find(|&&g| !shares(m, g)) {
        return Some(Broken::of(Rule::I15, format!("frame {} has a tuple of {g}, which does not share it", name())));
    }
    let n = tuples.len() as u64;
    let twice = tuples.iter().enumerate().any(|(i, g)| tuples[..i].contains(g));
    (maps.shared != n || twice).then(|| {
        let why = format!("frame {} has {n} tuples, and {} frame numbers share it", name(), maps.shared);
        Broken::of(Rule::I15, why)
    })
}

/// I16: reads the m2p of a frame with a sharing record.
pub fn i16<W: Words>(m: &mut W, world: &World, mfn: Mfn) -> Option<Broken> {
    sharing::info(m, world, mfn)?;
    let m2p = record(m, world, mfn, FrameWord::M2p);
    (m2p != M2P_SHARED).then(|| {
        let says = if m2p == M2P_INVALID { "none".into() } else { DomGfn::from_word(m2p).to_string() };
        Broken::of(Rule::I16, format!("frame {} is shared, and its m2p is {says}", world.frame_name(mfn)))
    })
}

/// I19: walks the domain's page list and those of its cache.
pub fn i19<W: Words>(m: &mut W, world: &World, slot: u8) -> Option<Broken> {
    let all = [frames::page_list(m, world, slot), pod::cached(m, world, slot)].concat();
    let mfn = all.into_iter().find(|&f| sharing::info(m, world, f).is_some())?;
    let d = &world.domain(slot).name;
    Some(Broken::of(Rule::I19, format!("frame {} is shared and on a list of {d}", world.frame_name(mfn))))
}

/// I17, I18 and I20, which read the sharing records of all frames, and the machine's counters of them.
pub fn machine<W: Words>(m: &mut W, world: &World, out: &mut Vec<Broken>) {
    let all: Vec<Mfn> =
        (0..world.map.frames() as u64).map(Mfn).filter(|&f| sharing::info(m, world, f).is_some()).collect();
    let shared = m.get(world.map.xen(XenWord::NrShared));
    if shared != all.len() as u64 {
        let why = format!("{} frames have sharing records, and nr_shared is {shared}", all.len());
        out.push(Broken::of(Rule::I17, why));
    }
    let saved = m.get(world.map.xen(XenWord::NrSaved));
    let should: u64 = all.iter().map(|&f| sharing::len(m, world, f).saturating_sub(1)).sum();
    if saved != should {
        out.push(Broken::of(Rule::I18, format!("sharing saves {should} frames, and nr_saved is {saved}")));
    }
    let handles: Vec<u64> = all.iter().map(|&f| sharing::handle(m, world, f)).collect();
    for (i, &mfn) in all.iter().enumerate() {
        if let Some(other) = handles[..i].iter().position(|&h| h == handles[i]) {
            let (a, b) = (world.frame_name(all[other]), world.frame_name(mfn));
            out.push(Broken::of(Rule::I20, format!("frames {a} and {b} have the same handle, {:#x}", handles[i])));
        }
    }
}

/// The rules that the machine as a whole breaks.
pub fn rules_of_machine<W: Words>(m: &mut W, world: &World) -> Rules {
    let mut out = Vec::new();
    machine(m, world, &mut out);
    out.iter().fold(Rules::NONE, |set, b| set.with(b.rule))
}
