//! Grants: a domain lets another map a page, or copy it (Xen's `grant_table.c`, as of 2026-08).
//!
//! Protocol. The granter's grant lock comes first and is held over the whole of a mapping: the granter's frame number
//! is looked up inside it, the mapper's entry is written inside it, and the grant counts what holds the frame inside
//! it (S55). A frame is looked up for a grant's first mapping alone; the further ones map what is pinned (S35). What is
//! looked up is used only with a reference (S04). The mapper's entry holds none of its own: the grant's pin does. So an
//! unmapping clears the entry and empties the TLBs before the pin goes.
//!
//! Where the world holds mapped entries captive (question Q3 of the proposal) the granter's entry stays got from the
//! first mapping to the last, by one actor.
//!
//! Transfer is [`grant_transfer`](super::physmap::grant_transfer).

use super::code::Code;
use super::log_dirty;
use super::needs::outermost_code;
use super::page::check_get_page_from_gfn;
use super::physmap::{old, p2m_add_page};
use super::query::{self, release, take};
use super::refs::{get_page_type, put_page_type};
use super::table::{NewEntry, flush_sync, set_entry};
use super::teardown::each_entry;
use crate::addr::{DomGfn, DomId, Mfn, Order};
use crate::entry::P2mType;
use crate::lock::{Hold, Lock, Mode, policy};
use crate::machine::grants::{GrantAct, GrantWord};
use crate::machine::refs::PageType;
use crate::machine::{FrameWord, GRANT_READONLY};
use crate::step::{Act, Page, Step, Stop};
use std::ops::ControlFlow::{Break, Continue};

/// What a grant says, which nobody changes.
#[derive(Clone, Copy)]
struct Grant {
    from: DomGfn,
    slot: u8,
    to: DomId,
    readonly: bool,
}

fn load<S: Step>(s: &mut S, grant: u64, w: GrantWord) -> Result<u64, Stop> {
    let word = s.world().map.grant(grant, w as u32).ok_or(Stop::Bad { what: "a grant", value: grant })?;
    s.note("reads the grant");
    s.load(word)
}

fn read<S: Step>(s: &mut S, grant: u64) -> Result<Grant, Stop> {
    let from = DomGfn::from_word(load(s, grant, GrantWord::From)?);
    let to = load(s, grant, GrantWord::To)?;
    let slot = s.slot(from.dom)?;
    Ok(Grant { from, slot, to: DomId(to as u16), readonly: to >> GRANT_READONLY & 1 == 1 })
}

/// Where the receiver of a transfer wants the page that this domain gives; none if the grant is not for it.
pub fn transfers_to<S: Step>(s: &mut S, grant: u64, dom: DomId) -> Result<Option<DomGfn>, Stop> {
    let is = read(s, grant)?;
    Ok((is.to == dom && !is.readonly).then_some(is.from))
}

/// `grant_map g = G [readonly]`: the granted frame is mapped at `g`. Errors in their order:
/// - `EINVAL`: no such frame number;
/// - `EPERM`: the grant is for another domain, or for reading only and a writable mapping is asked for;
/// - of the first mapping: `EAGAIN`: the page is paged out or on its way (the pager was asked to fetch it, and the mapper
///   comes again), or shared, to be written, and there is no memory for a copy; `EPERM`: it is a device's; `EINVAL`: there is none;
/// - `EINVAL`: to be written, and somebody counts on another type of the frame;
/// - those of adding a page at `g`: `EINVAL` for a frame of dom_cow, `ENOMEM` over a shared page, `EPERM` over a grant,
///   a foreign frame or a device, for which the mapper is crashed, `ENOMEM` without a page for a table.
///
/// After an error nothing is pinned and nothing is mapped. Memory that stood at `g` stays the mapper's, and m2p no longer
/// names it; m2p of the granted frame still names the granter's number. Xen's `map_grant_ref` and
/// `create_grant_p2m_mapping`.
pub fn grant_map<S: Step>(s: &mut S, g: DomGfn, grant: u64, readonly: bool) -> Result<Code, Stop> {
    if !g.gfn.fits() {
        return Ok(Code::Einval);
    }
    let is = read(s, grant)?;
    let lock = Lock::Grant(is.slot);
    s.lock(lock, Mode::Exclusive)?;
    let code = s.scope(|s| {
        if is.to != g.dom || is.readonly && !readonly {
            return Ok(Code::Eperm);
        }
        let first = hold_captive(s, grant, is)?;
        let (code, mfn) = s.scope(|s| reference(s, grant, is, !readonly).map(|(code, mfn)| (code.word(), mfn.0)))?;
        let (code, mfn) = (Code::from_word(code).unwrap_or(Code::Einval), Mfn(mfn));
        let code = if code == Code::Ok { s.scope(|s| map(s, g, mfn, readonly))? } else { code };
        if code == Code::Ok {
            s.act(Act::Grant(GrantAct::Pin { grant, mfn, write: !readonly }))?;
            return Ok(code);
        }
        if mfn.is_valid() {
            put(s, mfn, !readonly)?;
        }
        if first {
            query::let_go(s, is.from)?;
        }
        Ok(code)
    })?;
    s.unlock(lock, Mode::Exclusive)?;
    Ok(code)
}

/// Where mapped entries are held captive: the first mapping gets the granter's entry, and keeps it until the last has
/// gone ([`query::let_go`]). Whether it did.
fn hold_captive<S: Step>(s: &mut S, grant: u64, is: Grant) -> Result<bool, Stop> {
    let first = s.world().captive && load(s, grant, GrantWord::Frame)? == 0;
    if first {
        query::get_gfn(s, is.from)?;
    }
    Ok(first)
}

/// The granted frame with the references of one mapping, under the grant lock.
fn reference<S: Step>(s: &mut S, grant: u64, is: Grant, write: bool) -> Result<(Code, Mfn), Stop> {
    let pinned = load(s, grant, GrantWord::Frame)?;
    let mfn = match pinned {
        0 => {
            let (code, _, mfn) = check_get_page_from_gfn(s, is.from, !write)?;
            if code != Code::Ok {
                return Ok((code, Mfn::INVALID));
            }
            mfn
        }
        // What is mapped already stays, whatever the granter has at that number by now.
        frame => {
            let mfn = Mfn(frame - 1);
            s.act(Act::GetPage { mfn, dom: None })?;
            mfn
        }
    };
    if write && !get_page_type(s, mfn, PageType::Writable)? {
        s.act(Act::PutPage(mfn))?;
        return Ok((Code::Einval, Mfn::INVALID));
    }
    Ok((Code::Ok, mfn))
}

/// Under the lock of `g`, as any page is added there.
fn map<S: Step>(s: &mut S, g: DomGfn, mfn: Mfn, readonly: bool) -> Result<Code, Stop> {
    let slot = s.slot(g.dom)?;
    let first = Hold::entry(s.world(), slot, g.gfn, Order::K4);
    outermost_code(s, first, |s, hold| p2m_add_page(s, hold, g, NewEntry::fresh(mfn, entry_type(!readonly))))
}

const fn entry_type(write: bool) -> P2mType {
    if write { P2mType::GrantMapRw } else { P2mType::GrantMapRo }
}

/// Drops the references of one mapping, the typed one first.
fn put<S: Step>(s: &mut S, mfn: Mfn, write: bool) -> Result<(), Stop> {
    if write {
        put_page_type(s, mfn)?;
    }
    s.act(Act::PutPage(mfn)).map(|_| ())
}

/// `grant_unmap g`: takes a mapping away. `EINVAL` if what stands at `g` is no grant's, or not what a grant to that
/// domain has pinned. A frame that could be written is noted as written for its owner. Xen's `unmap_common` and
/// `replace_grant_p2m_mapping`.
pub fn grant_unmap<S: Step>(s: &mut S, g: DomGfn) -> Result<Code, Stop> {
    let seen = old::look(s, g)?;
    let Some(mfn) = seen.mfn().filter(|_| seen.ty().is_grant()) else { return Ok(Code::Einval) };
    let write = seen.ty() == P2mType::GrantMapRw;
    let found = s.act(Act::Grant(GrantAct::Find { to: g.dom, mfn, write }))?;
    let Some(grant) = found.checked_sub(1) else { return Ok(Code::Einval) };
    let is = read(s, grant)?;
    let lock = Lock::Grant(is.slot);
    s.lock(lock, Mode::Exclusive)?;
    let code = s.scope(|s| {
        // Two who unmap one mapping: the second finds another entry, or none.
        if load(s, grant, GrantWord::Frame)? != mfn.0 + 1 {
            return Ok(Code::Einval);
        }
        let code = clear(s, g, mfn, entry_type(write))?;
        if code == Code::Ok {
            unpin(s, grant, is, mfn, write)?;
        }
        Ok(code)
    })?;
    s.unlock(lock, Mode::Exclusive)?;
    Ok(code)
}

/// Clears the entry if it is still that one; every TLB has answered when it returns.
fn clear<S: Step>(s: &mut S, g: DomGfn, mfn: Mfn, ty: P2mType) -> Result<Code, Stop> {
    let slot = s.slot(g.dom)?;
    let plan = policy::for_update(s.world(), slot, g.gfn);
    take(s, slot, plan)?;
    let there = old::look(s, g)?;
    let code = match there.ty() == ty && there.mfn() == Some(mfn) {
        true => set_entry(s, g, NewEntry::new(Mfn::INVALID, P2mType::Invalid))?,
        false => Code::Einval,
    };
    if code == Code::Ok {
        flush_sync(s, slot)?;
    }
    release(s, slot, plan)?;
    Ok(code)
}

/// The pin goes, and with it its references; what could be written counts as written.
fn unpin<S: Step>(s: &mut S, grant: u64, is: Grant, mfn: Mfn, write: bool) -> Result<(), Stop> {
    if s.act(Act::Grant(GrantAct::Unpin { grant, write }))? == 0 {
        return Ok(());
    }
    if write {
        let m2p = s.frame_word(mfn, FrameWord::M2p)?;
        s.note("reads which frame number could be written");
        let named = s.load(m2p)?;
        if named >> 63 == 0 {
            let owner = DomGfn::from_word(named);
            let slot = s.slot(owner.dom)?;
            log_dirty::mark_dirty(s, slot, owner.gfn)?;
        }
    }
    put(s, mfn, write)?;
    if s.world().captive && load(s, grant, GrantWord::Frame)? == 0 {
        query::let_go(s, is.from)?;
    }
    Ok(())
}

/// Takes every mapping of granted frames away that a dying domain has, with its pins: then those of which no entry is
/// left. `ERESTART` at the end of a slice. Xen's `gnttab_release_mappings`, which drops the pins alone.
pub fn release_mappings<S: Step>(s: &mut S, slot: u8) -> Result<Code, Stop> {
    for ty in [P2mType::GrantMapRw, P2mType::GrantMapRo] {
        let code = s.scope(|s| {
            each_entry(s, slot, Some(ty), |s, g, _| {
                grant_unmap(s, g)?;
                Ok(Code::Ok)
            })
        })?;
        if code != Code::Ok {
            return Ok(code);
        }
    }
    let dom = s.world().domain(slot).id;
    for grant in 0..s.world().map.grants() as u64 {
        s.scope(|s| {
            let is = read(s, grant)?;
            if is.to != dom {
                return Ok(());
            }
            let lock = Lock::Grant(is.slot);
            s.lock(lock, Mode::Exclusive)?;
            s.fold((), |s, ()| {
                let frame = load(s, grant, GrantWord::Frame)?;
                if frame == 0 {
                    return Ok(Break(()));
                }
                let write = load(s, grant, GrantWord::Writers)? > 0;
                unpin(s, grant, is, Mfn(frame - 1), write)?;
                Ok(Continue(()))
            })?;
            s.unlock(lock, Mode::Exclusive)
        })?;
    }
    Ok(Code::Ok)
}

/// `grant_copy g = G`: the granted page's content is written to the domain's own page at `g`. The source is pinned for
/// as long, so that it is neither paged out nor given back before it is read (S04). Errors in their order: `EINVAL` no
/// such frame number; `EPERM` the grant is for another domain; those of the first mapping, to read; then those of
/// `g`, to write: `EAGAIN`, `EPERM`, `EINVAL`. Xen's `gnttab_copy`.
pub fn grant_copy<S: Step>(s: &mut S, g: DomGfn, grant: u64) -> Result<Code, Stop> {
    if !g.gfn.fits() {
        return Ok(Code::Einval);
    }
    let is = read(s, grant)?;
    let lock = Lock::Grant(is.slot);
    let (code, from) = s.scope(|s| pin_to_read(s, g, grant, is))?;
    if code != Code::Ok.word() {
        return Ok(Code::from_word(code).unwrap_or(Code::Einval));
    }
    let from = Mfn(from);
    let code = s.scope(|s| write_to(s, g, from))?;
    s.lock(lock, Mode::Exclusive)?;
    unpin(s, grant, is, from, false)?;
    s.unlock(lock, Mode::Exclusive)?;
    Ok(code)
}

/// The source of a copy, pinned as by a mapping; the answer and the frame as words.
fn pin_to_read<S: Step>(s: &mut S, g: DomGfn, grant: u64, is: Grant) -> Result<(u64, u64), Stop> {
    let lock = Lock::Grant(is.slot);
    s.lock(lock, Mode::Exclusive)?;
    let (mut code, mut from) = (Code::Eperm, Mfn::INVALID);
    if is.to == g.dom {
        let first = hold_captive(s, grant, is)?;
        (code, from) = reference(s, grant, is, false)?;
        if code == Code::Ok {
            s.act(Act::Grant(GrantAct::Pin { grant, mfn: from, write: false }))?;
        } else if first {
            query::let_go(s, is.from)?;
        }
    }
    s.unlock(lock, Mode::Exclusive)?;
    Ok((code.word(), from.0))
}

fn write_to<S: Step>(s: &mut S, g: DomGfn, from: Mfn) -> Result<Code, Stop> {
    let (code, _, to) = check_get_page_from_gfn(s, g, false)?;
    if code != Code::Ok {
        return Ok(code);
    }
    let code = match get_page_type(s, to, PageType::Writable)? {
        true => {
            s.note("copies the page");
            s.page(Page::Copy { from, to })?;
            let slot = s.slot(g.dom)?;
            log_dirty::mark_dirty(s, slot, g.gfn)?;
            put_page_type(s, to)?;
            Code::Ok
        }
        false => Code::Einval,
    };
    s.act(Act::PutPage(to))?;
    Ok(code)
}
