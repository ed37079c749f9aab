//! Mapping a frame (Xen's `guest_physmap_add_page` and `p2m_add_page`; reference section 7.6, as of 2026-08).
//!
//! Protocol. A frame has one address: its older one, which m2p names, is removed, at whatever gfn that is. So two
//! ranges are held, and which the second is shows only after a look: the operation says what it needs and starts
//! again (section 1.5, item 2). Two that map one frame at two gfns of different ranges hold nothing in common. They
//! exclude each other by the frame itself: the new gfn is put into m2p by compare-and-exchange *before* any entry is
//! written. Whoever comes second finds the first one's gfn there, and needs that one's range: it waits until the
//! first has mapped the frame, and then takes that mapping away (S54).

use super::old::{self, Census, Piece};
use crate::addr::{DomGfn, DomId, Gfn, Mfn, Order};
use crate::entry::P2mType;
use crate::lock::{Hold, Lock, Mode};
use crate::machine::FrameWord;
use crate::machine::blocks::BlockAct;
use crate::machine::frames::M2P_INVALID;
use crate::ops::code::Code;
use crate::ops::crash::crash;
use crate::ops::needs::{Attempt, outermost_code};
use crate::ops::table::{NewEntry, flush, set_entry};
use crate::step::{Act, Step, Stop};
use std::ops::ControlFlow::{Break, Continue};

/// `add_page g = F`: maps frames of the domain's own as `ram_rw`. Errors in their order:
/// - `EINVAL`: not aligned to the order, no such gfn or frame, or frames of another owner (dom_cow's among them);
/// - `ENOMEM`: a shared page stands there that cannot be unshared;
/// - `EPERM`: a grant, a foreign frame or a device stands there; the domain is crashed;
/// - `ENOMEM`: no page for a table. Then nothing has changed, but that frames of a 2 MB block may have lost the
///   addresses they had.
///
/// All domains here are translated, so Xen's `EPERM` for others is never given.
pub fn add_page<S: Step>(s: &mut S, g: DomGfn, mfn: Mfn, order: Order) -> Result<Code, Stop> {
    let slot = s.slot(g.dom)?;
    let first = Hold::entry(s.world(), slot, g.gfn, order);
    outermost_code(s, first, |s, hold| {
        p2m_add_page(s, hold, g, NewEntry { order, ..NewEntry::new(mfn, P2mType::RamRw) })
    })
}

/// What m2p said of the frame before it was claimed, and the alias that was removed.
#[derive(Clone, Copy)]
struct Claimed {
    m2p: u64,
    alias: Option<Piece>,
}

/// Maps frames under what is held. `EINVAL`, too, for device memory and foreign frames, which have operations of their
/// own (`set_mmio`, `foreign_map`).
pub fn p2m_add_page<S: Step>(s: &mut S, hold: Hold, g: DomGfn, new: NewEntry) -> Result<Attempt<Code>, Stop> {
    let slot = s.slot(g.dom)?;
    if !sensible(s, g, new)? {
        return Attempt::done(Code::Einval);
    }
    if !hold.covers(s.world(), slot, g.gfn, new.order) {
        return Attempt::needs(Hold::entry(s.world(), slot, g.gfn, new.order));
    }
    let there = old::census(s, g, new.order.frames())?;
    if there.shared {
        return Attempt::done(Code::Enomem);
    }
    if there.special {
        crash(s, slot)?;
        return Attempt::done(Code::Eperm);
    }
    if !new.ty.is_ram() {
        return Ok(Attempt::Done(replace(s, slot, g, new, there)?));
    }
    match new.order {
        Order::K4 => add_one(s, hold, slot, g, new, there),
        _ => add_block(s, hold, slot, g, new, there),
    }
}

/// What is looked at before any lock.
fn sensible<S: Step>(s: &mut S, g: DomGfn, new: NewEntry) -> Result<bool, Stop> {
    let (mfn, order) = (new.mfn, new.order);
    let aligned = g.gfn.offset(order) == 0 && mfn.0.is_multiple_of(order.frames());
    let last = mfn.plus(order.frames() - 1);
    let other = matches!(new.ty, P2mType::MmioDirect | P2mType::MapForeign) || !new.ty.has_frame();
    if !mfn.is_valid() || !aligned || !g.gfn.fits() || other || s.world().map.page(last, 0).is_none() {
        return Ok(false);
    }
    if new.ty.is_ram() {
        return Ok(s.act(Act::Block(BlockAct::Owned { mfn, order, dom: g.dom }))? != 0);
    }
    Ok(s.act(Act::Block(BlockAct::Owned { mfn, order, dom: DomId::COW }))? == 0)
}

/// One frame: claimed in m2p, taken from where it was, mapped.
fn add_one<S: Step>(
    s: &mut S,
    hold: Hold,
    slot: u8,
    g: DomGfn,
    new: NewEntry,
    there: Census,
) -> Result<Attempt<Code>, Stop> {
    let mfn = new.mfn;
    let m2p = s.frame_word(mfn, FrameWord::M2p)?;
    let claim = s.retry(|s| {
        s.note("looks where the frame is mapped");
        let seen = s.load(m2p)?;
        if let Some(o) = named(seen).filter(|o| o.dom == g.dom)
            && !hold.covers(s.world(), slot, o.gfn, Order::K4)
        {
            return Ok(Some(Attempt::Needs(Hold::entry(s.world(), slot, o.gfn, Order::K4))));
        }
        s.note("claims the frame for its new address");
        Ok(s.cas(m2p, seen, g.to_word())?.then_some(Attempt::Done(seen)))
    })?;
    let before = match claim {
        Attempt::Done(before) => before,
        Attempt::Needs(more) => return Attempt::needs(more),
        Attempt::Refused => return Ok(Attempt::Refused),
    };
    let mut claimed = Claimed { m2p: before, alias: None };
    if let Some(o) = named(before).filter(|&o| o.dom == g.dom && o != g) {
        let at = old::look(s, o)?;
        if at.own() == Some(mfn) {
            let code = set_entry(s, o, NewEntry::new(Mfn::INVALID, P2mType::Invalid))?;
            if code != Code::Ok {
                s.store(m2p, before)?;
                return Attempt::done(code);
            }
            flush(s, slot)?;
            claimed.alias = Some(at);
        }
    }
    let code = replace(s, slot, g, new, there)?;
    if code != Code::Ok {
        undo(s, mfn, claimed)?;
    }
    Attempt::done(code)
}

/// The frame is again where it was: the alias' entry stands in a table that is there, so that it can be written.
fn undo<S: Step>(s: &mut S, mfn: Mfn, was: Claimed) -> Result<(), Stop> {
    if let Some(at) = was.alias
        && let Some(leaf) = at.leaf
    {
        set_entry(s, at.g, NewEntry { access: leaf.access, ..NewEntry::new(mfn, leaf.ty) })?;
    }
    let m2p = s.frame_word(mfn, FrameWord::M2p)?;
    s.note("names the frame's old address again");
    s.store(m2p, was.m2p)
}

/// 512 frames. Where any of them has an address the whole table is needed; where none has, all are claimed at once.
fn add_block<S: Step>(
    s: &mut S,
    hold: Hold,
    slot: u8,
    g: DomGfn,
    new: NewEntry,
    there: Census,
) -> Result<Attempt<Code>, Stop> {
    let (mfn, order) = (new.mfn, new.order);
    let named = s.act(Act::Block(BlockAct::Named { mfn, order }))? != 0;
    if named && !hold.has_whole(slot) {
        return Attempt::needs(Hold::whole(slot));
    }
    if named {
        let code = forget_aliases(s, slot, g, mfn, order.frames())?;
        if code != Code::Ok {
            return Attempt::done(code);
        }
        s.act(Act::Block(BlockAct::Name { mfn, order, g: Some(g) }))?;
    } else if s.act(Act::Block(BlockAct::Claim { mfn, order, g }))? == 0 {
        return Attempt::needs(Hold::whole(slot));
    }
    let code = replace(s, slot, g, new, there)?;
    if code != Code::Ok {
        s.act(Act::Block(BlockAct::Name { mfn, order, g: None }))?;
    }
    Attempt::done(code)
}

/// Removes the entries that map a block's frames elsewhere. The whole table is held.
fn forget_aliases<S: Step>(s: &mut S, slot: u8, g: DomGfn, mfn: Mfn, frames: u64) -> Result<Code, Stop> {
    let (_, code) = s.fold((0, Code::Ok.word()), |s, (i, code): (u64, u64)| {
        if i == frames {
            return Ok(Break((i, code)));
        }
        let m2p = s.frame_word(mfn.plus(i), FrameWord::M2p)?;
        s.note("looks where the frame is mapped");
        let Some(o) = named(s.load(m2p)?).filter(|o| o.dom == g.dom) else { return Ok(Continue((i + 1, code))) };
        if old::look(s, o)?.own() != Some(mfn.plus(i)) {
            return Ok(Continue((i + 1, code)));
        }
        let code = set_entry(s, o, NewEntry::new(Mfn::INVALID, P2mType::Invalid))?;
        if code != Code::Ok {
            return Ok(Break((i, code.word())));
        }
        s.store(m2p, M2P_INVALID)?;
        flush(s, slot)?;
        Ok(Continue((i + 1, code.word())))
    })?;
    Ok(Code::from_word(code).unwrap_or(Code::Einval))
}

/// The gfn that an m2p entry names, if it names one.
fn named(m2p: u64) -> Option<DomGfn> {
    (m2p >> 63 == 0).then(|| DomGfn::from_word(m2p))
}

/// Writes the entry, and keeps the books of what stood there. On an error they are as they were.
fn replace<S: Step>(s: &mut S, slot: u8, g: DomGfn, new: NewEntry, there: Census) -> Result<Code, Stop> {
    let frames = new.order.frames();
    let same = |p: &Piece| p.own().is_some_and(|f| f == new.mfn.plus(p.g.gfn.0 - g.gfn.0));
    let keeps = new.order == Order::K4 && there.own && same(&old::look(s, g)?);
    if there.pod > 0 {
        s.lock(Lock::Pod(slot), Mode::Exclusive)?;
    }
    if there.own && !keeps {
        s.note("takes the old frames' gfns out of m2p");
        old::name_own(s, g, frames, false)?;
    }
    let code = set_entry(s, g, new)?;
    if code == Code::Ok {
        old::count_pod(s, slot, there.pod)?;
    } else if there.own && !keeps {
        old::name_own(s, g, frames, true)?;
    }
    if there.pod > 0 {
        s.unlock(Lock::Pod(slot), Mode::Exclusive)?;
    }
    if code == Code::Ok {
        old::count_out(s, slot, there.out)?;
        if new.ty.is_ram() {
            old::mark_dirty(s, slot, g, frames)?;
        }
        if there.mapped {
            flush(s, slot)?;
        }
    }
    Ok(code)
}

/// The frame number `n` above.
pub(super) fn above(g: DomGfn, n: u64) -> DomGfn {
    DomGfn { gfn: Gfn(g.gfn.0 + n), ..g }
}
