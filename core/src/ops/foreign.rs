//! Mapping another domain's frame (Xen's `p2m_add_foreign`, `243cebb3df` of 2014-04-17, as of
//! 2026-08). The formats of 2011 and 2012 have no such type.
//!
//! Protocol. The source is got, its frame referenced, and put again before the mapper's own entry is locked: so the two
//! domains' entries need no order, and the frame stays though its owner may page it out, unmap it or give it back
//! meanwhile. Each entry holds a reference of its own, which comes and goes in the effect that writes the entry
//! ([`machine::foreign`](crate::machine::foreign)). Who takes an entry away holds one more until every TLB that may know
//! it has answered, so that the frame is never freed under a TLB.
//!
//! Where the world holds mapped entries captive (question Q3 of the proposal) the get of the source is kept until the
//! mapping goes, and the same actor must take it away.

use super::code::Code;
use super::needs::{Attempt, outermost_code};
use super::physmap::{guest_remove_page, old};
use super::query::{self, get_gfn, put_gfn, release, take};
use super::table::{NewEntry, flush_sync, set_entry};
use crate::addr::{DomGfn, Gfn, Mfn, Order};
use crate::entry::P2mType;
use crate::lock::{Hold, Lock, Mode, policy};
use crate::machine::{DomWord, FrameWord};
use crate::step::{Act, Step, Stop};
use std::ops::ControlFlow::{Break, Continue};

/// `foreign_map g = h`: the frame of another domain's `h` is mapped at `g`. Errors in their order:
/// - `EINVAL`: both are of one domain, there is no such frame number, or entries of this layout cannot be foreign;
/// - `ESRCH`: one of the two is no domain, but a view of one;
/// - `EPERM`: the mapper is being destroyed, and would never give the frame up. Who may map whose memory is a policy
///   (XSM) that is not modelled: everybody may;
/// - `EINVAL`: what stands at `h` is no memory, or shared, or not there. `ram_rw`, `ram_logdirty`, `ram_ro` and
///   `ram_paging_out` can be mapped;
/// - `EPERM`: as above, seen again under the entry's lock; or, as `guest_remove` says, a device stands at `g`;
///   `ENXIO`: a grant or a foreign frame; `ENOMEM`: a shared page;
/// - `ENOMEM`: no page for a table; `EBUSY`: no reference is left to take.
///
/// Memory that stood at `g` is given back first, and stays so if the entry then cannot be written; that needs no table
/// any more. After any other error nothing has changed. m2p of the frame still names `h`.
pub fn foreign_map<S: Step>(s: &mut S, g: DomGfn, h: DomGfn) -> Result<Code, Stop> {
    let world = s.world();
    if g.dom == h.dom || !g.gfn.fits() || !h.gfn.fits() || world.format.type_code(P2mType::MapForeign).is_none() {
        return Ok(Code::Einval);
    }
    let domain = |g: DomGfn| world.slot(g.dom).filter(|&slot| world.domain(slot).view.is_none());
    let (Some(slot), Some(_)) = (domain(g), domain(h)) else { return Ok(Code::Esrch) };
    if dying(s, slot)? {
        return Ok(Code::Eperm);
    }
    let mfn = Mfn(s.scope(|s| Ok(source(s, h)?.unwrap_or(Mfn::INVALID).0))?);
    if !mfn.is_valid() {
        return Ok(Code::Einval);
    }
    let first = Hold::entry(s.world(), slot, g.gfn, Order::K4);
    let code = outermost_code(s, first, |s, hold| enter(s, hold, slot, g, mfn))?;
    s.note("drops its own reference, the entry has one");
    s.act(Act::PutPage(mfn))?;
    if code != Code::Ok {
        query::let_go(s, h)?;
    }
    Ok(code)
}

fn dying<S: Step>(s: &mut S, slot: u8) -> Result<bool, Stop> {
    let dying = s.dom_word(slot, DomWord::Dying);
    s.note("looks whether the mapper is dying");
    Ok(s.load(dying)? != 0)
}

/// The frame at `h` with a reference from its owner, if it may be mapped. Only then the get is kept where entries are
/// held captive.
fn source<S: Step>(s: &mut S, h: DomGfn) -> Result<Option<Mfn>, Stop> {
    let entry = get_gfn(s, h)?;
    let leaf = query::answered(s.world(), entry);
    let mapped = leaf.filter(|l| l.ty.is_ram() && !l.ty.is_shared() && !l.ty.is_hole() && l.mfn.is_valid());
    let got = match mapped {
        Some(leaf) if s.act(Act::GetPage { mfn: leaf.mfn, dom: Some(h.dom) })? != 0 => Some(leaf.mfn),
        _ => None,
    };
    match got {
        Some(_) => query::keep_captive(s, h)?,
        None => put_gfn(s, h)?,
    }
    Ok(got)
}

/// Under the lock of `g`: what stands there goes, and the foreign frame is mapped.
fn enter<S: Step>(s: &mut S, hold: Hold, slot: u8, g: DomGfn, mfn: Mfn) -> Result<Attempt<Code>, Stop> {
    if dying(s, slot)? {
        return Attempt::done(Code::Eperm);
    }
    let there = old::look(s, g)?;
    if there.mfn().is_some() {
        match s.scope(|s| guest_remove_page(s, hold, g))? {
            Attempt::Done(Code::Ok) => {}
            other => return Ok(other),
        }
    }
    let promised = there.ty().is_pod();
    if promised {
        s.lock(Lock::Pod(slot), Mode::Exclusive)?;
    }
    let code = set_entry(s, g, NewEntry::fresh(mfn, P2mType::MapForeign))?;
    if promised {
        old::count_pod(s, slot, (code == Code::Ok) as u64)?;
        s.unlock(Lock::Pod(slot), Mode::Exclusive)?;
    }
    if code == Code::Ok && there.is_out() {
        old::count_out(s, slot, 1)?;
    }
    Attempt::done(code)
}

/// `foreign_unmap g`: takes the mapping away, and with it the entry's reference, which may be the frame's last by now.
/// `EINVAL` if no foreign frame stands there.
pub fn foreign_unmap<S: Step>(s: &mut S, g: DomGfn) -> Result<Code, Stop> {
    let captive = s.world().captive;
    unmap(s, g, captive)
}

/// `held`: the caller has kept the get of the source.
fn unmap<S: Step>(s: &mut S, g: DomGfn, held: bool) -> Result<Code, Stop> {
    let slot = s.slot(g.dom)?;
    let plan = policy::for_update(s.world(), slot, g.gfn);
    take(s, slot, plan)?;
    let was = remove(s, slot, g)?;
    release(s, slot, plan)?;
    let Some((mfn, code)) = was else { return Ok(Code::Einval) };
    let source = if held && code == Code::Ok { Some(named_by(s, mfn)?) } else { None };
    s.note("drops its own reference, now that every TLB has answered");
    s.act(Act::PutPage(mfn))?;
    if let Some(h) = source {
        query::let_go(s, h)?;
    }
    Ok(code)
}

/// The frame number that a frame goes by: it has not changed while its entry was held captive.
fn named_by<S: Step>(s: &mut S, mfn: Mfn) -> Result<DomGfn, Stop> {
    let m2p = s.frame_word(mfn, FrameWord::M2p)?;
    s.note("reads which entry it holds captive");
    s.load(m2p).map(DomGfn::from_word)
}

/// Clears a foreign entry and empties the TLBs, under its lock: the frame, with a reference of the caller's, and what
/// became of it. None if no foreign frame stands there.
fn remove<S: Step>(s: &mut S, slot: u8, g: DomGfn) -> Result<Option<(Mfn, Code)>, Stop> {
    let there = old::look(s, g)?;
    let Some(mfn) = there.mfn().filter(|_| there.ty() == P2mType::MapForeign) else { return Ok(None) };
    s.note("takes a reference, so that the frame outlives the entry");
    if s.act(Act::GetPage { mfn, dom: None })? == 0 {
        return Ok(None);
    }
    let code = set_entry(s, g, NewEntry::new(Mfn::INVALID, P2mType::Invalid))?;
    if code == Code::Ok {
        flush_sync(s, slot)?;
    }
    Ok(Some((mfn, code)))
}

/// Units of work until a slice ends: entries looked at, a hole as one.
pub const RELINQUISH_UNITS: u64 = 0x2000;

/// Takes away every foreign entry of a dying domain, whose references would keep other domains' frames for ever
/// (S70: `845a60b63b` of 2024-05-29). `ERESTART` when a slice of [`RELINQUISH_UNITS`] is done and some are left: the
/// next call goes on from there. The domain is marked as dying before, so that none comes behind its back.
pub fn relinquish_foreign<S: Step>(s: &mut S, slot: u8) -> Result<Code, Stop> {
    let words = [DomWord::MaxMapped, DomWord::NextForeign, DomWord::NrForeign].map(|w| s.dom_word(slot, w));
    let most = s.world().slice(RELINQUISH_UNITS);
    s.note("reads how far the table goes");
    let max = s.load(words[0])?;
    s.note("reads where the last slice ended");
    let from = s.load(words[1])?;
    let (at, _, code) = s.fold((from, 0, Code::Ok.word()), |s, (gfn, units, _)| {
        s.note("counts the foreign entries that are left");
        if s.load(words[2])? == 0 || gfn >= max {
            return Ok(Break((0, units, Code::Ok.word())));
        }
        if units == most {
            return Ok(Break((gfn, units, Code::Erestart.word())));
        }
        let g = DomGfn { dom: s.world().domain(slot).id, gfn: Gfn(gfn) };
        let (_, level) = query::walk(s, g)?;
        let span = 1u64 << (9 * level as u32);
        if level == 0 {
            unmap(s, g, false)?;
        }
        Ok(Continue((gfn - gfn % span + span, units + 1, 0)))
    })?;
    s.note("notes where this slice ended");
    s.store(words[1], at)?;
    Ok(Code::from_word(code).unwrap_or(Code::Einval))
}
