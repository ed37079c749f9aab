//! Mapping a frame (Xen's `guest_physmap_add_page` and `p2m_add_page`, as of 2026-08).
//!
//! Protocol. A frame has one address: its older one, which m2p names, is removed, at whatever gfn that is. So two
//! ranges are held, and which the second is shows only after a look: the operation says what it needs and starts
//! again. Two that map one frame at two gfns of different ranges hold nothing in common. They
//! exclude each other by the frame itself: the new gfn is put into m2p by compare-and-exchange *before* any entry is
//! written. Whoever comes second finds the first one's gfn there, and needs that one's range: it waits until the
//! first has mapped the frame, and then takes that mapping away (S54).

use super::old::{self, Census, Piece};
use crate::addr::{DomGfn, DomId, Gfn, Mfn, Order};
use crate::entry::P2mType;
use crate::lock::{Hold, Lock, Mode};
use crate::machine::FrameWord;
use crate::machine::blocks::{BlockAct, Renamed};
use crate::machine::frames::M2P_INVALID;
use crate::ops::code::Code;
use crate::ops::crash::crash;
use crate::ops::needs::{Attempt, outermost_code};
use crate::ops::sharing;
use crate::ops::table::{NewEntry, flush, set_entry};
use crate::step::{Act, Step, Stop};
use std::ops::ControlFlow::{Break, Continue};

/// `add_page g = F`: maps frames of the domain's own as `ram_rw`. Errors in their order:
/// - `EINVAL`: not aligned to the order, no such gfn or frame, or frames of another owner (dom_cow's among them);
/// - what `unshare` answers for a shared page that stands there and cannot be unshared: `ENOMEM`, with an event;
/// - `EPERM`: a grant, a foreign frame or a device stands there; the domain is crashed;
/// - `ENOMEM`: no page for a table. Then nothing has changed, but that frames of a 2 MB block may have lost the
///   addresses they had.
///
/// All domains here are translated, so Xen's `EPERM` for others is never given.
pub fn add_page<S: Step>(s: &mut S, g: DomGfn, mfn: Mfn, order: Order) -> Result<Code, Stop> {
    let slot = s.slot(g.dom)?;
    let first = Hold::entry(s.world(), slot, g.gfn, order);
    outermost_code(s, first, |s, hold| {
        p2m_add_page(s, hold, g, NewEntry { order, ..NewEntry::fresh(mfn, P2mType::RamRw) })
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
    let frames = new.order.frames();
    let mut there = old::census(s, g, frames)?;
    if there.shared {
        match unshare_all(s, g, frames)? {
            Code::Ok => there = old::census(s, g, frames)?,
            code => return Attempt::done(code),
        }
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

/// Gives every shared page of a run that is held a frame of its own, which can then be replaced like any other. Should
/// more turn out to be needed afterwards, they stay so.
fn unshare_all<S: Step>(s: &mut S, g: DomGfn, frames: u64) -> Result<Code, Stop> {
    old::scan(s, g, frames, Code::Ok, |s, p, _| {
        if !p.ty().is_shared() {
            return Ok(Continue(Code::Ok));
        }
        Ok(match sharing::unshare_held(s, p.g)? {
            Code::Ok => Continue(Code::Ok),
            code => Break(code),
        })
    })
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

/// In the place of what m2p said: the frame was given back meanwhile. Nothing in m2p is this word.
const GIVEN_BACK: u64 = u64::MAX - 2;

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
        Ok(match Renamed::from_word(s.act(Act::Block(BlockAct::Rename { mfn, seen, g }))?) {
            Renamed::Yes => Some(Attempt::Done(seen)),
            Renamed::Changed => None,
            Renamed::NotOwned => Some(Attempt::Done(GIVEN_BACK)),
        })
    })?;
    let before = match claim {
        Attempt::Done(GIVEN_BACK) => return Attempt::done(Code::Einval),
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
                s.cas(m2p, g.to_word(), before)?;
                return Attempt::done(code);
            }
            flush(s, slot)?;
            claimed.alias = Some(at);
        }
    }
    let code = replace(s, slot, g, new, there)?;
    if code != Code::Ok {
        undo(s, g, mfn, claimed)?;
    }
    Attempt::done(code)
}

/// The frame is again where it was: the alias' entry stands in a table that is there, so that it can be written.
fn undo<S: Step>(s: &mut S, g: DomGfn, mfn: Mfn, was: Claimed) -> Result<(), Stop> {
    if let Some(at) = was.alias
        && let Some(leaf) = at.leaf
    {
        set_entry(s, at.g, NewEntry { access: leaf.access, ..NewEntry::new(mfn, leaf.ty) })?;
    }
    let m2p = s.frame_word(mfn, FrameWord::M2p)?;
    s.note("names the frame's old address again");
    s.cas(m2p, g.to_word(), was.m2p).map(|_| ())
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
        flush(s, slot)?;
        s.store(m2p, M2P_INVALID)?;
        Ok(Continue((i + 1, code.word())))
    })?;
    Ok(Code::from_word(code).unwrap_or(Code::Einval))
}

/// The gfn that an m2p entry names, if it names one.
fn named(m2p: u64) -> Option<DomGfn> {
    (m2p >> 63 == 0).then(|| DomGfn::from_word(m2p))
}

/// Writes the entry, and keeps the books of what stood there. On an error they are as they were. m2p forgets the old
/// frames only when the flush is made or noted: who finds no address there any more may map the frame elsewhere, and
/// give it back.
fn replace<S: Step>(s: &mut S, slot: u8, g: DomGfn, new: NewEntry, there: Census) -> Result<Code, Stop> {
    let frames = new.order.frames();
    let one = new.order == Order::K4 && there.own;
    let old = if one { old::look(s, g)?.own() } else { None };
    let keeps = one && old == Some(new.mfn);
    if there.pod > 0 {
        s.lock(Lock::Pod(slot), Mode::Exclusive)?;
    }
    let code = set_entry(s, g, new)?;
    if code == Code::Ok {
        old::count_pod(s, slot, there.pod)?;
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
        if there.own && !keeps {
            s.note("takes the old frames' gfns out of m2p");
            let but = if new.ty.is_ram() { new.mfn } else { Mfn::INVALID };
            s.act(Act::Block(match old {
                Some(mfn) => BlockAct::Name { mfn, order: Order::K4, g: None },
                None => BlockAct::Forget { g, order: new.order, but },
            }))?;
        }
    }
    Ok(code)
}

/// The frame number `n` above.
pub(super) fn above(g: DomGfn, n: u64) -> DomGfn {
    DomGfn { gfn: Gfn(g.gfn.0 + n), ..g }
}
