//! Taking a frame from a domain for good: to give it to another (Xen's `gnttab_transfer`), or for a new one in its place
//! (`memory_exchange`), both by `steal_page`, as of 2011 and 2012.
//!
//! Since XSA-217 (`fae7d5be8b` of 2017-06-20) Xen steals nothing from guests of this kind: another domain might still
//! reach the frame through a TLB. In worlds with entries of today both answer `EINVAL` at once.
//!
//! Protocol. Under the entry's lock the entry goes and every TLB answers, and only then the frame is taken, in one effect
//! that finds nobody else referring to it and leaves it without references and without an owner (S52: XSA-287,
//! `3d4868a481` of 2019-01-18): nobody can take a reference in between, and if somebody has one everything is as it was.
//! The receiver gets the frame under its page_alloc lock, which is released before its grant lock is taken (S25: XSA-73,
//! `a321abc6d8` of 2013-11-04).

use super::add::p2m_add_page;
use super::old;
use super::remove::{Unmapped, give_block_back, unmap};
use crate::addr::{DomGfn, Mfn, Order};
use crate::entry::{Era, Leaf, P2mType};
use crate::lock::{Hold, Lock, Mode};
use crate::machine::DomWord;
use crate::machine::refs::RefsAct;
use crate::ops::code::Code;
use crate::ops::grant;
use crate::ops::log_dirty;
use crate::ops::needs::{Attempt, outermost, outermost_code};
use crate::ops::sharing;
use crate::ops::table::{NewEntry, flush_sync, set_entry};
use crate::step::{Act, Step, Stop};

fn refused<S: Step>(s: &S) -> bool {
    s.world().format.era() == Era::Now
}

/// Takes the page at `g`, which is held, from its domain: the frame belongs to nobody then. `ENOMEM` if it is shared and
/// cannot be unshared; `EINVAL` if it is no memory that the guest may write, or anybody else refers to it; `ENOMEM`
/// without a page to split a superpage with. After an error nothing has changed.
fn steal_page<S: Step>(s: &mut S, hold: Hold, g: DomGfn) -> Result<Result<Mfn, Code>, Stop> {
    let slot = s.slot(g.dom)?;
    let mut there = old::look(s, g)?;
    if there.ty().is_shared() {
        if sharing::unshare_held(s, g)? != Code::Ok {
            return Ok(Err(Code::Enomem));
        }
        there = old::look(s, g)?;
    }
    let memory = |l: &Leaf| matches!(l.ty, P2mType::RamRw | P2mType::RamLogdirty);
    let Some(leaf) = there.leaf.filter(memory) else { return Ok(Err(Code::Einval)) };
    match unmap(s, hold, g, leaf.mfn, Order::K4)? {
        Attempt::Done(Unmapped::Not(code)) => return Ok(Err(code)),
        Attempt::Done(Unmapped::Own | Unmapped::Other) => {}
        Attempt::Needs(_) | Attempt::Refused => return Ok(Err(Code::Erestart)),
    }
    flush_sync(s, slot)?;
    if s.act(Act::Refs(RefsAct::Steal { mfn: leaf.mfn, from: g.dom }))? != 0 {
        return Ok(Ok(leaf.mfn));
    }
    // The entry stands in a table of its own by now, so that this needs no page.
    set_entry(s, g, NewEntry { access: leaf.access, ..NewEntry::new(leaf.mfn, leaf.ty) })?;
    log_dirty::mark_dirty(s, slot, g.gfn)?;
    Ok(Err(Code::Einval))
}

/// `exchange g [to h]`: the domain gives up the page at `g`, which is freed, and gets the lowest free frame for it, mapped
/// at `h`, or at `g` if that is not said, its content as it was left. Errors in their order: `EINVAL` in the entries of
/// today, or without such frame numbers of one domain; `ENOMEM` without a free frame; those of stealing the page; those
/// of [`add_page`](super::add_page) at `h`, and then the page at `g` is gone. After any other error nothing has changed.
///
/// Xen steals first and gives back where it finds no frame; here the frame is found first.
pub fn memory_exchange<S: Step>(s: &mut S, g: DomGfn, h: DomGfn) -> Result<Code, Stop> {
    if refused(s) || g.dom != h.dom || !g.gfn.fits() || !h.gfn.fits() {
        return Ok(Code::Einval);
    }
    let slot = s.slot(g.dom)?;
    let new = Mfn(s.act(Act::AllocFrame(slot))?);
    if !new.is_valid() {
        return Ok(Code::Enomem);
    }
    let world = s.world();
    let first = Hold::entry(world, slot, g.gfn, Order::K4).and(world, Hold::entry(world, slot, h.gfn, Order::K4));
    let code = outermost_code(s, first, |s, hold| {
        match s.scope(|s| steal_page(s, hold, g).map(word_of))? {
            (mfn, 0) => s.act(Act::Refs(RefsAct::Discard(Mfn(mfn))))?,
            (_, code) => return Attempt::done(code_of(code)),
        };
        p2m_add_page(s, hold, h, NewEntry::fresh(new, P2mType::RamRw))
    })?;
    if code != Code::Ok {
        give_block_back(s, new, Order::K4)?;
    }
    Ok(code)
}

/// `grant_transfer g = G`: the page at `g` is given to the domain that granted `G`, and mapped at the frame number that
/// the grant names, which should be a hole. Errors in their order: `EINVAL` in the entries of today, or without such a
/// frame number; `EPERM` if the grant is for another domain, or for reading only; those of stealing the page, and then
/// nothing has changed; `EAGAIN` if the receiver is dying: the page is freed; those of [`add_page`](super::add_page): the
/// receiver has lost it again.
pub fn grant_transfer<S: Step>(s: &mut S, g: DomGfn, grant: u64) -> Result<Code, Stop> {
    if refused(s) || !g.gfn.fits() {
        return Ok(Code::Einval);
    }
    let (from, to) = (s.slot(g.dom)?, grant::transfers_to(s, grant, g.dom)?);
    let Some(at) = to else { return Ok(Code::Eperm) };
    let first = Hold::entry(s.world(), from, g.gfn, Order::K4);
    let stolen = outermost(s, first, |s, hold| {
        let out = steal_page(s, hold, g)?;
        Attempt::done(word_of(out))
    })?;
    let mfn = match stolen {
        None => return Ok(Code::Erestart),
        Some((mfn, 0)) => Mfn(mfn),
        Some((_, code)) => return Ok(code_of(code)),
    };
    let slot = s.slot(at.dom)?;
    let (page_alloc, dying) = (Lock::PageAlloc(slot), s.dom_word(slot, DomWord::Dying));
    s.lock(page_alloc, Mode::Exclusive)?;
    s.note("looks whether the receiver is dying");
    let assigned = s.load(dying)? == 0 && s.act(Act::Refs(RefsAct::Assign { mfn, to: at.dom }))? != 0;
    if !assigned {
        s.act(Act::Refs(RefsAct::Discard(mfn)))?;
    }
    s.unlock(page_alloc, Mode::Exclusive)?;
    if !assigned {
        return Ok(Code::Eagain);
    }
    s.lock(Lock::Grant(slot), Mode::Exclusive)?;
    let code = s.scope(|s| super::add_page(s, at, mfn, Order::K4))?;
    s.unlock(Lock::Grant(slot), Mode::Exclusive)?;
    if code != Code::Ok {
        give_block_back(s, mfn, Order::K4)?;
    }
    Ok(code)
}

/// What was stolen, and 0; or nothing, and why not.
fn word_of(stolen: Result<Mfn, Code>) -> (u64, u64) {
    match stolen {
        Ok(mfn) => (mfn.0, 0),
        Err(code) => (Mfn::INVALID.0, code.word()),
    }
}

fn code_of(word: u64) -> Code {
    Code::from_word(word).unwrap_or(Code::Einval)
}
