//! Promises that a guest gives back (`p2m_pod_decrease_reservation`).

use super::cache::{cache_add, set_cache_target};
use super::{add, counter, dying, lock, unlock};
use crate::addr::{DomGfn, Mfn};
use crate::entry::P2mType;
use crate::lock::Hold;
use crate::machine::DomWord;
use crate::machine::blocks::BlockAct;
use crate::machine::pod::reclaimable;
use crate::ops::code::Code;
use crate::ops::nested;
use crate::ops::physmap::old::{Piece, census, scan};
use crate::ops::table::{NewEntry, flush_now, set_entry};
use crate::step::{Act, Step, Stop};
use std::ops::ControlFlow::{Break, Continue};

/// Promises in the run are taken back; and while there are more promises than frames in the cache, memory in the run
/// that nobody else uses goes there (`steal`) and not to the allocator. At the end the cache has no more than there are
/// promises. Gives how many frame numbers were done with; the others are the caller's, one by one. Nothing is done
/// for a dying domain, or where there is neither a promise nor a want. All of the run is held.
///
/// Pages that Xen itself uses or anybody refers to are not stolen (S44: XSA-507, 372497ce42 of 2026-07-14).
pub fn decrease_reservation<S: Step>(s: &mut S, _hold: Hold, g: DomGfn, frames: u64) -> Result<u64, Stop> {
    let slot = s.slot(g.dom)?;
    lock(s, slot)?;
    let mut done = 0;
    let steal = wants(s, slot)?;
    if !dying(s, slot)? && (census(s, g, frames)?.pod > 0 || steal) {
        done = scan(s, g, frames, 0, |s, p, n: u64| {
            Ok(match give_up(s, slot, p)? {
                Some(true) => Continue(n + p.frames),
                Some(false) => Continue(n),
                None => Break(n),
            })
        })?;
        s.note("compares promises and cache");
        let promised = counter(s, slot, DomWord::EntryCount)?;
        if counter(s, slot, DomWord::CacheCount)? > promised {
            set_cache_target(s, slot, promised, false)?;
        }
    }
    unlock(s, slot)?;
    Ok(done)
}

/// Whether there are more promises than frames to keep them with.
fn wants<S: Step>(s: &mut S, slot: u8) -> Result<bool, Stop> {
    s.note("compares promises and cache");
    Ok(counter(s, slot, DomWord::EntryCount)? > counter(s, slot, DomWord::CacheCount)?)
}

/// One piece: true if it is gone, none if there is no page for a table.
fn give_up<S: Step>(s: &mut S, slot: u8, p: Piece) -> Result<Option<bool>, Stop> {
    let order = p.order();
    let hole = NewEntry { order, ..NewEntry::new(Mfn::INVALID, P2mType::Invalid) };
    if p.ty().is_pod() {
        if set_entry(s, p.g, hole)? != Code::Ok {
            return Ok(None);
        }
        s.note("counts the promise no longer");
        add(s, slot, DomWord::EntryCount, p.frames.wrapping_neg())?;
        return Ok(Some(true));
    }
    let Some(mfn) = p.own().filter(|_| reclaimable(p.ty())) else { return Ok(Some(false)) };
    if !wants(s, slot)? || s.act(Act::Block(BlockAct::Unused { mfn, order }))? == 0 {
        return Ok(Some(false));
    }
    if !nested::try_host_changes(s, slot)? {
        return Ok(Some(false));
    }
    if set_entry(s, p.g, hole)? != Code::Ok {
        return Ok(None);
    }
    flush_now(s, slot)?;
    cache_add(s, slot, mfn, order)?;
    Ok(Some(true))
}
