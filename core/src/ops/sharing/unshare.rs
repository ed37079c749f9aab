//! Giving a frame number a frame of its own again (`mem_sharing_unshare_page`).

use super::nominate::make_private;
use super::{Code, LESS, leaf_at, lock_page, record, rewrite, shared, tally, unlock_page};
use crate::addr::{DomGfn, Mfn};
use crate::entry::P2mType;
use crate::lock::{Lock, Mode, policy};
use crate::machine::sharing::SharingAct;
use crate::machine::{DomWord, XenWord};
use crate::ops::log_dirty;
use crate::ops::nested;
use crate::ops::query::{release, take};
use crate::ops::refs::{put_page_alloc_ref, put_page_and_type, set_gpfn};
use crate::step::{Act, Page, Step, Stop};

/// `unshare g [destroy]`: the frame number gets a frame of its own as `ram_rw`, by a copy, or the shared one itself if
/// nobody else shares it. Done, too, if the entry does not share.
///
/// `ENOMEM` no frame for the copy (nor for a dying domain); `EBUSY` the last one that shares is a dying domain's;
/// `EEXIST` it is the last one and somebody else counts on the type. In each case nothing has changed.
///
/// With `destroy` it gets none: its entry is cleared and its share given up, which frees the frame with the last one.
/// Xen leaves the entry to the caller, who clears it afterwards; here it is cleared first, so that no entry ever maps
/// a free frame.
pub fn unshare<S: Step>(s: &mut S, g: DomGfn, destroy: bool) -> Result<Code, Stop> {
    let slot = s.slot(g.dom)?;
    let plan = policy::for_update(s.world(), slot, g.gfn);
    take(s, slot, plan)?;
    let code = locked(s, g, slot, destroy)?;
    release(s, slot, plan)?;
    Ok(code)
}

/// The same for a look-up, which does not sleep where there is no memory: it leaves an event (no-sleep) for whoever
/// may find some, and finds the entry still shared. An event that nobody has taken stands in the way of a further one.
pub fn unshare_or_tell<S: Step>(s: &mut S, g: DomGfn) -> Result<Code, Stop> {
    let code = unshare(s, g, false)?;
    tell(s, g, code)?;
    Ok(code)
}

/// The same for an operation that holds the entry and is about to replace it or take it away.
pub fn unshare_held<S: Step>(s: &mut S, g: DomGfn) -> Result<Code, Stop> {
    s.scope(|s| {
        let slot = s.slot(g.dom)?;
        let code = locked(s, g, slot, false)?;
        tell(s, g, code)?;
        Ok(code)
    })
}

/// Leaves the event, if there was no memory.
fn tell<S: Step>(s: &mut S, g: DomGfn, code: Code) -> Result<(), Stop> {
    if code == Code::Enomem {
        let slot = s.slot(g.dom)?;
        let event = s.dom_word(slot, DomWord::ShareEnomem);
        s.note("tells that there was no memory to unshare with");
        s.cas(event, 0, g.gfn.0 + 1)?;
    }
    Ok(())
}

/// The same under the entry's lock.
pub(super) fn locked<S: Step>(s: &mut S, g: DomGfn, slot: u8, destroy: bool) -> Result<Code, Stop> {
    let Some(mfn) = shared(leaf_at(s, g)?) else { return Ok(Code::Ok) };
    nested::host_changed(s, slot)?;
    lock_page(s, mfn)?;
    let seen = s.act(Act::Sharing(SharingAct::Count { mfn, g }))?;
    if seen % 2 == 0 {
        return Err(Stop::Bad { what: "a note that this frame number shares the frame", value: mfn.0 });
    }
    let last = seen / 2 == 1;
    s.scope(|s| match (destroy, last) {
        (true, _) => give_up(s, g, mfn, last),
        (false, true) => keep(s, g, slot, mfn),
        (false, false) => copy(s, g, slot, mfn),
    })
}

/// The entry goes, then the tuple, then, with the last one, the frame.
fn give_up<S: Step>(s: &mut S, g: DomGfn, mfn: Mfn, last: bool) -> Result<Code, Stop> {
    rewrite(s, g, Mfn::INVALID, P2mType::Invalid)?;
    if !last {
        tally(s, XenWord::NrSaved, LESS)?;
        leave(s, g, mfn)?;
        return Ok(Code::Ok);
    }
    record(s, SharingAct::Remove { mfn, g })?;
    record(s, SharingAct::Free(mfn))?;
    tally(s, XenWord::NrShared, LESS)?;
    unlock_page(s, mfn)?;
    put_page_alloc_ref(s, mfn)?;
    put_page_and_type(s, mfn)?;
    Ok(Code::Ok)
}

/// The last one that shares keeps the frame.
fn keep<S: Step>(s: &mut S, g: DomGfn, slot: u8, mfn: Mfn) -> Result<Code, Stop> {
    let code = make_private(s, slot, mfn, g, true)?;
    match code {
        Code::Ok => private(s, g, mfn)?,
        _ => unlock_page(s, mfn)?,
    }
    Ok(code)
}

/// The others keep the frame; this one gets a copy.
fn copy<S: Step>(s: &mut S, g: DomGfn, slot: u8, mfn: Mfn) -> Result<Code, Stop> {
    tally(s, XenWord::NrSaved, LESS)?;
    let new = s.scope(|s| frame_for(s, slot))?;
    if !new.is_valid() {
        tally(s, XenWord::NrSaved, 1)?;
        unlock_page(s, mfn)?;
        return Ok(Code::Enomem);
    }
    s.note("copies the page");
    s.page(Page::Copy { from: mfn, to: new })?;
    rewrite(s, g, new, P2mType::RamShared)?;
    leave(s, g, mfn)?;
    private(s, g, new)?;
    Ok(Code::Ok)
}

/// One of several that share takes its tuple out and drops what the tuple held. Xen drops it after it has unlocked the
/// page; then the next one, if it is the last, may count a typed reference too many and be refused. Others hold theirs,
/// so this is not the one that S20 speaks of.
fn leave<S: Step>(s: &mut S, g: DomGfn, mfn: Mfn) -> Result<(), Stop> {
    record(s, SharingAct::Remove { mfn, g })?;
    put_page_and_type(s, mfn)?;
    unlock_page(s, mfn)
}

/// A frame for the domain; none for one that is dying, which nobody would take it back from.
fn frame_for<S: Step>(s: &mut S, slot: u8) -> Result<Mfn, Stop> {
    let (page_alloc, dying) = (Lock::PageAlloc(slot), s.dom_word(slot, DomWord::Dying));
    s.lock(page_alloc, Mode::Exclusive)?;
    s.note("looks whether the domain is dying");
    let mfn = match s.load(dying)? {
        0 => Mfn(s.act(Act::AllocFrame(slot))?),
        _ => Mfn::INVALID,
    };
    s.unlock(page_alloc, Mode::Exclusive)?;
    Ok(mfn)
}

/// The entry is ordinary memory again: `ram_rw` and not `ram_logdirty`, and so noted as written.
fn private<S: Step>(s: &mut S, g: DomGfn, mfn: Mfn) -> Result<(), Stop> {
    let slot = s.slot(g.dom)?;
    rewrite(s, g, mfn, P2mType::RamRw)?;
    set_gpfn(s, mfn, g.to_word())?;
    log_dirty::mark_dirty(s, slot, g.gfn)
}
