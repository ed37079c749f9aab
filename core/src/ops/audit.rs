//! Auditing a domain: whether its table, m2p and page list tell the same (Xen's `audit_p2m`, in the
//! form of `5e6ced1018`).
//!
//! Protocol: the whole table, then the pod lock, then page_alloc are held from the first look to the last, so that
//! whatever disagrees is wrong and not under way. What Xen's audit leaves out is looked at here: tables of either
//! layout, superpages of every size, promises of 1 GB, frames that dom_cow owns. Foreign frames are left alone as
//! grants are, whose m2p is their owner's affair.

use super::needs::{Attempt, outermost};
use super::query::walk;
use super::refs::set_gpfn;
use crate::addr::{DomGfn, DomId, Gfn, Mfn};
use crate::entry::{Leaf, P2mType};
use crate::lock::{Hold, Lock, Mode};
use crate::machine::blocks::BlockAct;
use crate::machine::frames::{M2P_INVALID, M2P_SHARED, owner_of_word};
use crate::machine::sweep::{Found, Sweep};
use crate::machine::{DomWord, FrameWord};
use crate::ops::change_type::LAST;
use crate::step::{Act, Effect, Step, Stop};
use std::ops::ControlFlow::{Break, Continue};

/// `audit d`: the number of errors; none for who holds a range of the table. An error is: a frame that a leaf maps and
/// whose m2p names another frame number (each frame of a superpage counts); a shared leaf whose frame is not dom_cow's or
/// does not say in m2p that it is shared; a wrong entry_count; a frame on the page list that is somebody else's, that is
/// shared, or whose m2p names a frame number that does not map it. That last m2p entry is blanked. A listed frame
/// without a frame number is none: such are frames that are special or on their way.
pub fn audit<S: Step>(s: &mut S, slot: u8) -> Result<Option<u64>, Stop> {
    outermost(s, Hold::whole(slot), |s, _| {
        s.lock(Lock::Pod(slot), Mode::Exclusive)?;
        s.lock(Lock::PageAlloc(slot), Mode::Exclusive)?;
        let errors = entries(s, slot)? + listed(s, slot)?;
        s.unlock(Lock::PageAlloc(slot), Mode::Exclusive)?;
        s.unlock(Lock::Pod(slot), Mode::Exclusive)?;
        Attempt::done(errors)
    })
}

/// Every leaf of the table, and the promises that they add up to.
fn entries<S: Step>(s: &mut S, slot: u8) -> Result<u64, Stop> {
    let dom = s.world().domain(slot).id;
    let (_, promised, errors) = s.fold((0, 0, 0), |s, (at, promised, errors)| {
        if at > LAST.0 {
            return Ok(Break((at, promised, errors)));
        }
        s.note("looks for the next entry");
        let sweep = Sweep { slot, from: Gfn(at), through: LAST, ty: None };
        let found = Found::from_words(s.effect(Effect::Act(Act::Sweep(sweep)))?);
        let Some((g, leaf)) = found.and_then(|f| {
            let g = DomGfn { dom, gfn: f.gfn };
            Some((g, s.world().leaf_of(g, f.entry, f.level)?))
        }) else {
            return Ok(Break((at, promised, errors)));
        };
        let next = g.gfn.0 + leaf.order.frames();
        Ok(match leaf.ty {
            P2mType::PopulateOnDemand => Continue((next, promised + leaf.order.frames(), errors)),
            _ => Continue((next, promised, errors + mapped(s, g, leaf)?)),
        })
    })?;
    let counter = s.dom_word(slot, DomWord::EntryCount);
    s.note("compares the count of promised pages");
    Ok(errors + (s.load(counter)? != promised) as u64)
}

/// The frames of one leaf, all of them in one effect.
fn mapped<S: Step>(s: &mut S, g: DomGfn, leaf: Leaf) -> Result<u64, Stop> {
    let Leaf { ty, mfn, order, .. } = leaf;
    let special = matches!(ty, P2mType::MmioDirect | P2mType::GrantMapRw | P2mType::GrantMapRo | P2mType::MapForeign);
    if special || !leaf.has_frame() {
        return Ok(0);
    }
    let g = Some(g).filter(|_| !ty.is_shared());
    let misnamed = s.act(Act::Block(BlockAct::Misnamed { mfn, order, g }))?;
    if g.is_some() || misnamed > 0 {
        return Ok(misnamed);
    }
    let owner = s.frame_word(mfn, FrameWord::Owner)?;
    s.note("looks whether dom_cow owns the shared frame");
    Ok((owner_of_word(s.load(owner)?) != DomId::COW) as u64)
}

/// Every frame of the page list. A list that does not end is an error, too.
fn listed<S: Step>(s: &mut S, slot: u8) -> Result<u64, Stop> {
    let head = s.dom_word(slot, DomWord::ListHead);
    s.note("begins with the page list");
    let first = s.load(head)?;
    let most = s.world().map.frames() as u64;
    let (_, errors, _) = s.fold((first, 0, 0), |s, (link, errors, seen)| {
        let Some(mfn) = link.checked_sub(1).map(Mfn) else { return Ok(Break((link, errors, seen))) };
        if seen == most {
            return Ok(Break((link, errors + 1, seen)));
        }
        let errors = errors + listed_frame(s, slot, mfn)?;
        let next = s.frame_word(mfn, FrameWord::Next)?;
        s.note("goes on with the page list");
        Ok(Continue((s.load(next)?, errors, seen + 1)))
    })?;
    Ok(errors)
}

fn listed_frame<S: Step>(s: &mut S, slot: u8, mfn: Mfn) -> Result<u64, Stop> {
    let dom = s.world().domain(slot).id;
    let (owner, m2p) = (s.frame_word(mfn, FrameWord::Owner)?, s.frame_word(mfn, FrameWord::M2p)?);
    s.note("looks whose the listed frame is");
    let foreign = (owner_of_word(s.load(owner)?) != dom) as u64;
    s.note("looks which frame number it has");
    let named = match s.load(m2p)? {
        M2P_INVALID => return Ok(foreign),
        M2P_SHARED => return Ok(foreign + 1),
        word => DomGfn::from_word(word),
    };
    if named.dom == dom {
        let (entry, level) = walk(s, named)?;
        if s.world().leaf_of(named, entry, level).is_some_and(|leaf| leaf.has_frame() && leaf.mfn == mfn) {
            return Ok(foreign);
        }
    }
    s.note("blanks the stale frame number");
    set_gpfn(s, mfn, M2P_INVALID)?;
    Ok(foreign + 1)
}
