//! Mapping a page at another frame number (Xen's `xenmem_add_to_physmap_one`, as of 2026-08): one
//! that the guest has (map space *gmfn*), or one of Xen's own (*shared_info*, *grant_table*). What is another domain's
//! (*gmfn_foreign*) is [`foreign_map`](crate::ops::foreign::foreign_map).
//!
//! Protocol: both frame numbers are held from the first look to the last change, taken in their order, so that m2p of
//! the page names the number it is moved from and stays so.

use super::add::p2m_add_page;
use super::old::{self, Piece};
use super::remove::{Unmapped, guest_remove_page, p2m_remove_entry, unmap};
use crate::addr::{DomGfn, Mfn, Order};
use crate::entry::{Leaf, P2mType};
use crate::lock::{Hold, Lock, Mode};
use crate::machine::FrameWord;
use crate::machine::frames::PGC_XEN_HEAP;
use crate::ops::code::Code;
use crate::ops::log_dirty;
use crate::ops::needs::{Attempt, outermost_code};
use crate::ops::pod;
use crate::ops::sharing;
use crate::ops::table::{NewEntry, flush_sync, set_entry};
use crate::step::{Act, Step, Stop};

/// `move_page g to h`: the page at `g` is mapped at `h` instead; what stood at `h` is given back. Errors in their
/// order:
/// - `EINVAL`: no such frame number, or of two domains (that is `foreign_map`);
/// - `ENOMEM`: the page at `g` is shared and cannot be unshared, or cannot be populated;
/// - `EACCES`: what stands at `g` is neither `ram_rw` nor `ram_logdirty`; `EINVAL`: its frame is not the domain's;
/// - `EXDEV`: m2p names a third frame number for it;
/// - `EPERM`: a device stands at `h`;
/// - those of `guest_remove` for what stands at `h`, but a hole;
/// - `ENOMEM`: no page for a table.
///
/// After an error everything is where it was. A page that is at `h` already stays.
pub fn move_page<S: Step>(s: &mut S, g: DomGfn, h: DomGfn) -> Result<Code, Stop> {
    if g.dom != h.dom || !g.gfn.fits() || !h.gfn.fits() {
        return Ok(Code::Einval);
    }
    let slot = s.slot(g.dom)?;
    let world = s.world();
    let at = |g: DomGfn| Hold::entry(world, slot, g.gfn, Order::K4);
    let first = at(g).and(world, at(h));
    outermost_code(s, first, |s, hold| {
        match pod::populate(s, hold, g)? {
            Attempt::Done(Code::Ok) => {}
            other => return Ok(other),
        }
        let mut source = old::look(s, g)?;
        if source.ty().is_shared() {
            if sharing::unshare_held(s, g)? != Code::Ok {
                return Attempt::done(Code::Enomem);
            }
            source = old::look(s, g)?;
        }
        let Some(leaf) = source.leaf.filter(|l| matches!(l.ty, P2mType::RamRw | P2mType::RamLogdirty)) else {
            return Attempt::done(Code::Eacces);
        };
        if s.act(Act::GetPage { mfn: leaf.mfn, dom: Some(g.dom) })? == 0 {
            return Attempt::done(Code::Einval);
        }
        let code = moved(s, hold, g, h, leaf)?;
        s.act(Act::PutPage(leaf.mfn))?;
        Attempt::done(code)
    })
}

/// The page has a reference of the mover's.
fn moved<S: Step>(s: &mut S, hold: Hold, g: DomGfn, h: DomGfn, leaf: Leaf) -> Result<Code, Stop> {
    let m2p = s.frame_word(leaf.mfn, FrameWord::M2p)?;
    s.note("looks which frame number the page goes by");
    if s.load(m2p)? != g.to_word() {
        return Ok(Code::Exdev);
    }
    let there = old::look(s, h)?;
    if there.ty() == P2mType::MmioDirect {
        return Ok(Code::Eperm);
    }
    if g == h {
        return Ok(Code::Ok);
    }
    // m2p keeps naming g: who wants to map the page meanwhile waits for it.
    let code = s.scope(|s| Ok(answer(unmap(s, hold, g, leaf.mfn, Order::K4)?, Unmapped::code)))?;
    if code != Code::Ok {
        return Ok(code);
    }
    let mut code = Code::Ok;
    if there.ty().is_special() {
        code = clear_special(s, h, there)?;
    } else if there.mfn().is_some() {
        code = s.scope(|s| Ok(answer(guest_remove_page(s, hold, h)?, |code| code)))?;
    }
    if code == Code::Ok {
        // Not the old entry's type: it may be `ram_logdirty` because of where it was (a display that is tracked).
        let slot = s.slot(g.dom)?;
        let ty = log_dirty::ram_type(s, slot)?;
        code = s.scope(|s| Ok(answer(p2m_add_page(s, hold, h, NewEntry::fresh(leaf.mfn, ty))?, |code| code)))?;
    }
    if code != Code::Ok {
        // The entry at g stands in a table of its own by now, so that this needs no page.
        set_entry(s, g, NewEntry { access: leaf.access, ..NewEntry::new(leaf.mfn, leaf.ty) })?;
        let slot = s.slot(g.dom)?;
        log_dirty::mark_dirty(s, slot, g.gfn)?;
    }
    Ok(code)
}

/// `map_special h = F`: a page of Xen's own that the domain may see, its shared_info or a frame of its grant table, is
/// mapped at `h`, and nowhere else any more; what stood at `h` is given back, but a page of Xen's own is only unmapped.
/// Errors in their order: `EINVAL`: no such frame number, or the frame is no page of Xen's that is the domain's;
/// `EPERM`: a device stands at `h`; those of `guest_remove` for what stands at `h`, but a hole; those of
/// [`add_page`](super::add_page). A page that is at `h` already stays.
///
/// The grant lock comes first and is held over all of it (S55: XSA-384, `eb6bbf7b30` of 2021-09-08, and XSA-486,
/// `02708d3b51` of 2026-04-28), so that two who map one frame at two numbers follow each other (S54: XSA-379).
pub fn map_special<S: Step>(s: &mut S, h: DomGfn, mfn: Mfn) -> Result<Code, Stop> {
    let slot = s.slot(h.dom)?;
    if !h.gfn.fits() || !is_special_page(s, mfn)? {
        return Ok(Code::Einval);
    }
    s.lock(Lock::Grant(slot), Mode::Exclusive)?;
    let first = Hold::entry(s.world(), slot, h.gfn, Order::K4);
    let code = outermost_code(s, first, |s, hold| {
        let m2p = s.frame_word(mfn, FrameWord::M2p)?;
        s.note("looks where the frame is mapped");
        let named = s.load(m2p)?;
        let at = (named >> 63 == 0).then(|| DomGfn::from_word(named));
        if let Some(o) = at.filter(|o| o.dom == h.dom && !hold.covers(s.world(), slot, o.gfn, Order::K4)) {
            return Attempt::needs(Hold::entry(s.world(), slot, o.gfn, Order::K4));
        }
        let there = old::look(s, h)?;
        if there.ty() == P2mType::MmioDirect {
            return Attempt::done(Code::Eperm);
        }
        let code = match there.mfn() {
            Some(old) if old == mfn => return Attempt::done(Code::Ok),
            None => Code::Ok,
            Some(_) if there.ty().is_special() => clear_special(s, h, there)?,
            Some(old) if is_special_page(s, old)? => {
                s.scope(|s| Ok(answer(p2m_remove_entry(s, hold, h, old, Order::K4)?, |code| code)))?
            }
            Some(_) => s.scope(|s| Ok(answer(guest_remove_page(s, hold, h)?, |code| code)))?,
        };
        match code {
            Code::Ok => p2m_add_page(s, hold, h, NewEntry::fresh(mfn, P2mType::RamRw)),
            code => Attempt::done(code),
        }
    })?;
    s.unlock(Lock::Grant(slot), Mode::Exclusive)?;
    Ok(code)
}

/// Whether it is a page of Xen's own (`is_special_page`).
fn is_special_page<S: Step>(s: &mut S, mfn: Mfn) -> Result<bool, Stop> {
    let count = s.frame_word(mfn, FrameWord::Count)?;
    s.note("looks whether the page is Xen's own");
    Ok(s.load(count)? & PGC_XEN_HEAP != 0)
}

/// Clears a grant's or foreign entry at the destination. A foreign entry's reference goes with it and may be the frame's
/// last: one more is held until every TLB that may know the entry has answered.
fn clear_special<S: Step>(s: &mut S, h: DomGfn, there: Piece) -> Result<Code, Stop> {
    let slot = s.slot(h.dom)?;
    let held = there.mfn().filter(|_| there.ty() == P2mType::MapForeign);
    if let Some(mfn) = held {
        s.note("takes a reference, so that the frame outlives the entry");
        s.act(Act::GetPage { mfn, dom: None })?;
    }
    let code = set_entry(s, h, NewEntry::new(Mfn::INVALID, P2mType::Invalid))?;
    if code == Code::Ok {
        flush_sync(s, slot)?;
    }
    if let Some(mfn) = held {
        s.note("drops its own reference, now that every TLB has answered");
        s.act(Act::PutPage(mfn))?;
    }
    Ok(code)
}

/// What an operation answered that had all it needs.
fn answer<T>(a: Attempt<T>, code: impl Fn(T) -> Code) -> Code {
    match a {
        Attempt::Done(done) => code(done),
        Attempt::Needs(_) | Attempt::Refused => Code::Erestart,
    }
}
