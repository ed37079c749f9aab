//! Taking a domain down (Xen's `domain_kill` and `domain_relinquish_resources`, with `relinquish_memory`,
//! `gnttab_release_mappings`, `relinquish_shared_pages` and `p2m_teardown`, as of
//! 2026-08).
//!
//! Order. The domain is marked dying and its vCPUs stop; one that sleeps for a slot of its ring leaves (S71: 90e88dbae3
//! and c1e3e15c58 of 2012-03-15). Its table is closed. Then goes what hangs on the table: nested and alternative views,
//! before the table that they show (S68: f0fc1e8294 of 2013-02-28); frames that others grant; shares, before the rest
//! of the table (2869349f0c of 2023-02-23); foreign frames with the references of their entries, which would keep
//! another domain's frames for ever (S70: 845a60b63b of 2024-05-29); the bitmap of writes, turned off before it is freed
//! (S59: 68bde1a6e8 of 2012-03-08); the populate-on-demand cache (S38); every entry that is left; the domain's frames;
//! the tables, after a flush (S63); the pool of table pages.
//!
//! Protocol. Each call does a slice and answers `ERESTART` while something is left (S69: f50a2c0e1d of 2022-10-11): the
//! record says how far it has got, and nothing is done twice. Between slices nothing is held, and others work on the
//! domain as on any other: so it is closed first ([`machine::teardown`](crate::machine::teardown)). Xen frees frames
//! while the table still names them, since no vCPU runs; here entries go first and every TLB answers, so that no entry
//! ever leads to a free frame.
//!
//! A frame that somebody else refers to, a foreign mapper or one that was granted it, outlives its domain as a zombie, and
//! with it the domain's reference: it goes with the last reference.

use super::callers;
use super::code::Code;
use super::foreign;
use super::grant;
use super::needs::{Attempt, outermost_code};
use super::nested;
use super::physmap::old::{self, Piece};
use super::pod;
use super::sharing;
use super::table::{NewEntry, before_free, flush_sync, set_entry};
use crate::addr::{DomGfn, Gfn, Mfn, Order};
use crate::entry::P2mType;
use crate::lock::{Hold, Lock, Mode};
use crate::machine::blocks::BlockAct;
use crate::machine::dirty::DirtyAct;
use crate::machine::pause::{PauseAct, Who};
use crate::machine::sweep::{Found, Sweep};
use crate::machine::teardown::{Phase, TeardownAct};
use crate::machine::{DomWord, Kind, ViewKind};
use crate::ops::change_type::LAST;
use crate::step::{Act, Cond, Effect, Step, Stop};
use std::ops::ControlFlow::{Break, Continue};

/// Units of work until a slice ends: entries, frames or pages.
pub const TEARDOWN_UNITS: u64 = 0x200;

/// `teardown d`: takes a domain down. In this order: `EINVAL` for a view, or for a vCPU of the domain itself; `ERESTART`
/// for who holds a range of a table, and nothing has changed; if another one is at it, or when a slice is done and
/// something is left: to be called again. `ok` when nothing is left
/// but frames that others refer to, and then always.
pub fn teardown<S: Step>(s: &mut S, slot: u8) -> Result<Code, Stop> {
    let world = s.world();
    let me = &world.actors[s.me().0 as usize];
    if world.domain(slot).view.is_some() || me.kind == Kind::Vcpu && me.domain == world.domain(slot).id {
        return Ok(Code::Einval);
    }
    s.note("asks itself whether it holds anything that it cannot release");
    if s.act(Act::MayTake(Hold::whole(slot)))? == 0 {
        return Ok(Code::Erestart);
    }
    s.act(Act::Pause(PauseAct::Kill(slot)))?;
    s.note("waits until its vCPUs are outside");
    s.wait(Cond::Outside(Who::Domain(slot)))?;
    if !s.try_lock(Lock::Domctl, Mode::Exclusive)? {
        return Ok(Code::Erestart);
    }
    let code = s.scope(|s| relinquish(s, slot))?;
    s.unlock(Lock::Domctl, Mode::Exclusive)?;
    Ok(code)
}

/// From the phase that the record names to the last, or to the first that is not done yet.
fn relinquish<S: Step>(s: &mut S, slot: u8) -> Result<Code, Stop> {
    let phase = s.dom_word(slot, DomWord::Teardown);
    s.fold(Code::Ok, |s, _| {
        s.note("reads how far the teardown has got");
        let at = s.load(phase)?;
        if at >= Phase::DEAD.0 {
            return Ok(Break(Code::Ok));
        }
        let code = s.scope(|s| match at {
            1 => close(s, slot),
            2 => views(s, slot),
            3 => grant::release_mappings(s, slot),
            4 => sharing::relinquish_shared_pages(s, slot),
            5 => foreign::relinquish_foreign(s, slot),
            6 => dirty(s, slot),
            7 => pod::empty_cache(s, slot),
            8 => mappings(s, slot),
            _ => frames_and_tables(s, slot),
        })?;
        if code != Code::Ok {
            return Ok(Break(code));
        }
        s.note("notes that this part is done");
        s.store(phase, at + 1)?;
        Ok(Continue(Code::Ok))
    })
}

/// The pages that the hypervisor keeps for the domain are given up; then nothing new comes any more. Under the whole
/// table: nobody is half way.
fn close<S: Step>(s: &mut S, slot: u8) -> Result<Code, Stop> {
    callers::kept::give_all_up(s, slot)?;
    outermost_code(s, Hold::whole(slot), |s, _| {
        let phase = s.dom_word(slot, DomWord::Teardown);
        s.note("closes the table");
        s.store(phase, Phase::CLOSED.0)?;
        Attempt::done(Code::Ok)
    })
}

/// The views of the domain: emptied, with their tables and pools.
fn views<S: Step>(s: &mut S, slot: u8) -> Result<Code, Stop> {
    s.note("empties the nested views");
    nested::nested_flush(s, slot)?;
    let alts = |d: &crate::machine::Domain| d.view.is_some_and(|v| v.of == slot);
    let all: Vec<u8> = (0..s.world().domains.len() as u8).filter(|&v| alts(s.world().domain(v))).collect();
    for view in all {
        let nested = s.world().domain(view).view.is_some_and(|v| v.kind == ViewKind::Nested);
        let code = s.scope(|s| tables(s, view, !nested))?;
        if code != Code::Ok {
            return Ok(code);
        }
    }
    Ok(Code::Ok)
}

/// The flag first, then the bitmap, so that nobody makes it anew (S59); and the range that a display tracks.
fn dirty<S: Step>(s: &mut S, slot: u8) -> Result<Code, Stop> {
    let words = [DomWord::VramBegin, DomWord::VramEnd, DomWord::LogDirty].map(|w| s.dom_word(slot, w));
    s.lock(Lock::Paging(slot), Mode::Exclusive)?;
    for word in words {
        s.note("writes are noted no longer");
        s.store(word, 0)?;
    }
    s.act(Act::Dirty(DirtyAct::Free { slot }))?;
    s.unlock(Lock::Paging(slot), Mode::Exclusive)?;
    Ok(Code::Ok)
}

/// Goes through the entries of a domain that is closed, from where the last slice ended: `f` takes one away or leaves it.
/// `ERESTART` at the end of a slice.
pub(super) fn each_entry<S: Step>(
    s: &mut S,
    slot: u8,
    ty: Option<P2mType>,
    f: impl Fn(&mut S, DomGfn, Order) -> Result<Code, Stop>,
) -> Result<Code, Stop> {
    let next = s.dom_word(slot, DomWord::NextTeardown);
    let most = s.world().slice(TEARDOWN_UNITS);
    s.note("reads where the last slice ended");
    let from = s.load(next)?;
    let (at, _, code) = s.fold((from, 0, Code::Ok.word()), |s, (gfn, units, _)| {
        if units == most {
            return Ok(Break((gfn, units, Code::Erestart.word())));
        }
        s.note("looks for the next entry");
        let sweep = Sweep { slot, from: Gfn(gfn), through: LAST, ty };
        let found = Found::from_words(s.effect(Effect::Act(Act::Sweep(sweep)))?);
        let Some(Found { gfn, level, .. }) = found.filter(|f| f.level < 3) else {
            return Ok(Break((0, units, Code::Ok.word())));
        };
        let order = [Order::K4, Order::M2, Order::G1][level as usize];
        let g = DomGfn { dom: s.world().domain(slot).id, gfn: gfn.base(order) };
        match s.scope(|s| f(s, g, order))? {
            Code::Ok => Ok(Continue((g.gfn.0 + order.frames(), units + 1, Code::Ok.word()))),
            code => Ok(Break((gfn.0, units, code.word()))),
        }
    })?;
    s.note("notes where this slice ended");
    s.store(next, at)?;
    Ok(Code::from_word(code).unwrap_or(Code::Einval))
}

/// Every entry that is left goes, with what counts it; then every TLB answers.
fn mappings<S: Step>(s: &mut S, slot: u8) -> Result<Code, Stop> {
    let code = each_entry(s, slot, None, |s, g, order| {
        let first = Hold::entry(s.world(), slot, g.gfn, order);
        outermost_code(s, first, |s, _| {
            let p = old::look(s, g)?;
            let p = Piece { frames: p.leaf.map_or(1, |l| l.order.frames()), ..p };
            Attempt::done(if p.leaf.is_some_and(|l| l.order == order) { clear(s, slot, p, order)? } else { Code::Ok })
        })
    })?;
    if code == Code::Ok {
        flush_sync(s, slot)?;
    }
    Ok(code)
}

fn clear<S: Step>(s: &mut S, slot: u8, p: Piece, order: Order) -> Result<Code, Stop> {
    let promised = p.ty().is_pod();
    if promised {
        s.lock(Lock::Pod(slot), Mode::Exclusive)?;
    }
    let code = set_entry(s, p.g, NewEntry { order, ..NewEntry::new(Mfn::INVALID, P2mType::Invalid) })?;
    if promised {
        old::count_pod(s, slot, if code == Code::Ok { p.frames } else { 0 })?;
        s.unlock(Lock::Pod(slot), Mode::Exclusive)?;
    }
    if code != Code::Ok {
        return Ok(code);
    }
    if p.is_out() {
        old::count_out(s, slot, p.frames)?;
    }
    if let Some(mfn) = p.own() {
        s.act(Act::Block(BlockAct::Name { mfn, order, g: None }))?;
    }
    Ok(code)
}

/// The frames, which nothing maps any more, then the tables, then their pool.
fn frames_and_tables<S: Step>(s: &mut S, slot: u8) -> Result<Code, Stop> {
    before_free(s, slot)?;
    nobody_serves(s, slot)?;
    let most = s.world().slice(TEARDOWN_UNITS);
    let dom = Some(s.world().domain(slot).id);
    let (_, code) = s.fold((0, Code::Ok.word()), |s, (units, _)| {
        if units == most {
            return Ok(Break((units, Code::Erestart.word())));
        }
        s.note("looks for a frame that the domain still has");
        let mfn = Mfn(s.act(Act::Teardown(TeardownAct::Owned(slot)))?);
        if !mfn.is_valid() {
            return Ok(Break((units, Code::Ok.word())));
        }
        if s.act(Act::GetPage { mfn, dom })? != 0 {
            s.act(Act::PutAllocation(mfn))?;
            s.act(Act::PutPage(mfn))?;
        }
        Ok(Continue((units + 1, Code::Ok.word())))
    })?;
    match Code::from_word(code) {
        Some(Code::Ok) => tables(s, slot, true),
        code => Ok(code.unwrap_or(Code::Einval)),
    }
}

/// Whoever listens for the domain's forbidden accesses or takes its writes does so no longer. After its entries, whose
/// rights say that writes are taken.
fn nobody_serves<S: Step>(s: &mut S, slot: u8) -> Result<(), Stop> {
    for word in [DomWord::Listener, DomWord::Ioreq] {
        let word = s.dom_word(slot, word);
        s.note("looks whether somebody serves the domain");
        if s.load(word)? != 0 {
            s.note("nobody does any longer");
            s.store(word, 0)?;
        }
    }
    Ok(())
}

/// Empties a root, and gives back the tables below it after a flush, and then the pool. The root itself goes with the
/// domain (`p2m_final_teardown`): here it stays, empty, since the domain can still be named.
fn tables<S: Step>(s: &mut S, slot: u8, whole: bool) -> Result<Code, Stop> {
    let most = s.world().slice(TEARDOWN_UNITS);
    outermost_code(s, Hold::whole(slot), |s, _| {
        if whole {
            s.note("empties the root");
            s.act(Act::Teardown(TeardownAct::ClearRoot(slot)))?;
            flush_sync(s, slot)?;
        }
        let (_, code) = s.fold((0, Code::Ok.word()), |s, (units, _)| {
            if units == most {
                return Ok(Break((units, Code::Erestart.word())));
            }
            let more = s.act(Act::Teardown(TeardownAct::FreeTable(slot)))? != 0
                || s.act(Act::Teardown(TeardownAct::Drain(slot)))? != 0;
            Ok(if more { Continue((units + 1, Code::Ok.word())) } else { Break((units, Code::Ok.word())) })
        })?;
        Attempt::done(Code::from_word(code).unwrap_or(Code::Einval))
    })
}
