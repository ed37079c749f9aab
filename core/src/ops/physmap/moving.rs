//! Mapping a page at another frame number (Xen's `xenmem_add_to_physmap_one`, map space *gmfn*; reference section 7.6,
//! as of 2026-08).
//!
//! Protocol: both frame numbers are held from the first look to the last change, taken in their order, so that m2p of
//! the page names the number it is moved from and stays so (section 1.5, item 1).

use super::add::p2m_add_page;
use super::old;
use super::remove::{guest_remove_page, p2m_remove_entry};
use crate::addr::{DomGfn, Mfn, Order};
use crate::entry::{Leaf, P2mType};
use crate::lock::Hold;
use crate::machine::FrameWord;
use crate::ops::code::Code;
use crate::ops::needs::{Attempt, outermost_code};
use crate::ops::pod;
use crate::ops::table::{NewEntry, flush, set_entry};
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
        let source = old::look(s, g)?;
        if source.ty().is_shared() {
            return Attempt::done(Code::Enomem);
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
    let code = s.scope(|s| Ok(answer(p2m_remove_entry(s, hold, g, leaf.mfn, Order::K4)?)))?;
    if code != Code::Ok {
        return Ok(code);
    }
    let mut code = Code::Ok;
    if there.ty().is_special() {
        let slot = s.slot(h.dom)?;
        code = set_entry(s, h, NewEntry::new(Mfn::INVALID, P2mType::Invalid))?;
        flush(s, slot)?;
    } else if there.mfn().is_some() {
        code = s.scope(|s| Ok(answer(guest_remove_page(s, hold, h)?)))?;
    }
    if code == Code::Ok {
        code = s.scope(|s| Ok(answer(p2m_add_page(s, hold, h, NewEntry::new(leaf.mfn, leaf.ty))?)))?;
    }
    if code != Code::Ok {
        // The entry at g stands in a table of its own by now, so that this needs no page.
        set_entry(s, g, NewEntry { access: leaf.access, ..NewEntry::new(leaf.mfn, leaf.ty) })?;
        s.store(m2p, g.to_word())?;
    }
    Ok(code)
}

/// What an operation answered that had all it needs.
fn answer(a: Attempt<Code>) -> Code {
    match a {
        Attempt::Done(code) => code,
        Attempt::Needs(_) | Attempt::Refused => Code::Erestart,
    }
}
