//! The cache: frames in and out, its size, its end (`p2m_pod_cache_add`, `p2m_pod_cache_get`,
//! `p2m_pod_set_cache_target`, `p2m_pod_set_mem_target`, `p2m_pod_empty_cache`, `p2m_pod_offline_or_broken_hit`).
//!
//! Protocol: all under the pod lock, list moves under the page_alloc lock besides. What goes in is zero and mapped by
//! nobody; what comes out is the domain's as any other frame.

use super::{counter, dying, lock, unlock};
use crate::addr::{Mfn, Order};
use crate::lock::{Lock, Mode};
use crate::machine::blocks::BlockAct;
use crate::machine::pod::PodAct;
use crate::machine::{DomWord, Kind};
use crate::ops::code::Code;
use crate::step::{Act, Step, Stop};
use std::ops::ControlFlow::{Break, Continue};

/// Blocks that one call moves before it lets others run: then it answers `ERESTART` and is called again.
const PREEMPT: u64 = 256;

/// Scrubs frames that nothing maps and puts them into the cache.
pub(super) fn cache_add<S: Step>(s: &mut S, slot: u8, mfn: Mfn, order: Order) -> Result<(), Stop> {
    s.act(Act::Block(BlockAct::Scrub { mfn, order }))?;
    s.lock(Lock::PageAlloc(slot), Mode::Exclusive)?;
    s.act(Act::Pod(PodAct::Add { slot, mfn, order }))?;
    s.unlock(Lock::PageAlloc(slot), Mode::Exclusive)
}

/// Takes frames out of the cache; none of 2 MB if there is no superpage, none of 4 KB if it is empty.
pub(super) fn cache_get<S: Step>(s: &mut S, slot: u8, order: Order) -> Result<Mfn, Stop> {
    s.lock(Lock::PageAlloc(slot), Mode::Exclusive)?;
    let mfn = Mfn(s.act(Act::Pod(PodAct::Get { slot, order }))?);
    s.unlock(Lock::PageAlloc(slot), Mode::Exclusive)?;
    Ok(mfn)
}

/// Grows the cache by free frames, or frees some, 2 MB at a time as long as that fits, until it has `target` of them.
/// `ENOMEM` if there are no more free frames; what came stays. `ERESTART` after so many blocks, if that is wanted.
pub(super) fn set_cache_target<S: Step>(s: &mut S, slot: u8, target: u64, preempt: bool) -> Result<Code, Stop> {
    let (_, code) = s.fold((0, Code::Ok.word()), |s, (n, code)| {
        s.note("compares the cache with its target");
        let count = counter(s, slot, DomWord::CacheCount)?;
        if count == target {
            return Ok(Break((n, code)));
        }
        if preempt && n >= s.world().slice(PREEMPT) {
            return Ok(Break((n, Code::Erestart.word())));
        }
        let more = if count < target { grow(s, slot, target - count)? } else { shrink(s, slot, count - target)? };
        Ok(if more { Continue((n + 1, code)) } else { Break((n, Code::Enomem.word())) })
    })?;
    Ok(Code::from_word(code).unwrap_or(Code::Einval))
}

fn grow<S: Step>(s: &mut S, slot: u8, by: u64) -> Result<bool, Stop> {
    let mut order = if by >= Order::M2.frames() { Order::M2 } else { Order::K4 };
    let mut mfn = Mfn(s.act(Act::Block(BlockAct::Alloc { slot, order }))?);
    if !mfn.is_valid() && order == Order::M2 {
        order = Order::K4;
        mfn = Mfn(s.act(Act::Block(BlockAct::Alloc { slot, order }))?);
    }
    if mfn.is_valid() {
        cache_add(s, slot, mfn, order)?;
    }
    Ok(mfn.is_valid())
}

fn shrink<S: Step>(s: &mut S, slot: u8, by: u64) -> Result<bool, Stop> {
    let mut order = if by >= Order::M2.frames() { Order::M2 } else { Order::K4 };
    let mut mfn = cache_get(s, slot, order)?;
    if !mfn.is_valid() && order == Order::M2 {
        order = Order::K4;
        mfn = cache_get(s, slot, order)?;
    }
    if mfn.is_valid() {
        s.act(Act::Block(BlockAct::Release { mfn, order }))?;
    }
    Ok(mfn.is_valid())
}

/// `pod_target d = n`: sets a domain's memory target, T, and with it the size of the cache: what T leaves beyond the
/// memory that is populated, though not more than there are promises. Nothing happens, and the answer is `ok`, if all
/// promises are kept already, if the domain is dying, or if the target is below what it has. Then, in this order:
/// - `ENOTEMPTY`: a device is assigned, which could not wait for a page to be populated;
/// - `ENOMEM`: no more free frames; the cache keeps what it got;
/// - `ERESTART`: so much was done that others must have their turn; to be called again.
pub fn set_target<S: Step>(s: &mut S, slot: u8, target: u64) -> Result<Code, Stop> {
    lock(s, slot)?;
    let code = set_target_locked(s, slot, target)?;
    unlock(s, slot)?;
    Ok(code)
}

fn set_target_locked<S: Step>(s: &mut S, slot: u8, target: u64) -> Result<Code, Stop> {
    s.note("asks how much the domain has");
    let tot = counter(s, slot, DomWord::TotPages)?;
    let populated = tot.saturating_sub(counter(s, slot, DomWord::CacheCount)?);
    s.note("asks how much was promised");
    let promised = counter(s, slot, DomWord::EntryCount)?;
    if populated > 0 && promised == 0 || dying(s, slot)? || target < tot {
        return Ok(Code::Ok);
    }
    let wanted = target - populated;
    let cache = if populated > 0 { wanted.min(promised) } else { wanted };
    let dom = s.world().domain(slot).id;
    if cache > 0 && s.world().actors.iter().any(|a| a.kind == Kind::Hardware && a.domain == dom) {
        return Ok(Code::Enotempty);
    }
    let word = s.dom_word(slot, DomWord::PodTarget);
    s.note("notes the target");
    s.store(word, target)?;
    set_cache_target(s, slot, cache, true)
}

/// `empty_cache d`: frees the cache of a dying domain. `EINVAL` unless it is dying; `ERESTART` after so many blocks. A
/// populate under way has the pod lock: when this gets it, that one is over, and the next one finds the domain dying.
pub fn empty_cache<S: Step>(s: &mut S, slot: u8) -> Result<Code, Stop> {
    lock(s, slot)?;
    let code = if dying(s, slot)? { set_cache_target(s, slot, 0, true)? } else { Code::Einval };
    unlock(s, slot)?;
    Ok(code)
}

/// A frame is to go out of use: takes it out of the cache, the rest of its superpage staying as single pages. False
/// if it is not there.
pub fn offline_or_broken_hit<S: Step>(s: &mut S, slot: u8, mfn: Mfn) -> Result<bool, Stop> {
    lock(s, slot)?;
    s.lock(Lock::PageAlloc(slot), Mode::Exclusive)?;
    let hit = s.act(Act::Pod(PodAct::Take { slot, mfn }))? != 0;
    s.unlock(Lock::PageAlloc(slot), Mode::Exclusive)?;
    unlock(s, slot)?;
    Ok(hit)
}

/// The frame that was hit is given back, and the cache gets another one for it. `ENOMEM` if there is none.
pub fn offline_or_broken_replace<S: Step>(s: &mut S, slot: u8, mfn: Mfn) -> Result<Code, Stop> {
    s.act(Act::PutAllocation(mfn))?;
    lock(s, slot)?;
    let more = if dying(s, slot)? { true } else { grow(s, slot, 1)? };
    unlock(s, slot)?;
    Ok(if more { Code::Ok } else { Code::Enomem })
}
