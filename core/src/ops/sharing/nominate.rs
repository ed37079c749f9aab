//! Making a frame shareable, and private again (`mem_sharing_nominate_page`, `page_make_sharable`,
//! `page_make_private`).

use super::{Code, LESS, handle_of, leaf_at, lock_page, record, shared, tally, unlock_page};
use crate::addr::{DomGfn, DomId, Mfn};
use crate::entry::{Era, Group, Leaf, P2mType};
use crate::lock::{Lock, Mode, policy};
use crate::machine::frames::{PGC_ALLOCATED, PGC_XEN_HEAP, PGT_COUNT};
use crate::machine::refs::{PageType, RefsAct, TypeBits};
use crate::machine::sharing::{Kept, SharingAct};
use crate::machine::{DomWord, FrameWord, View, ViewKind, XenWord};
use crate::ops::nested;
use crate::ops::query::{release, take};
use crate::ops::refs::{get_page_and_type, put_page_and_type, put_page_type, set_gpfn};
use crate::ops::table::{NewEntry, flush_now, set_entry};
use crate::step::{Act, Step, Stop};

fn today<S: Step>(s: &S) -> bool {
    s.world().format.era() == Era::Now
}

/// `share_nominate g`: the frame becomes shareable; gives its handle too. A frame that is shareable already only gives
/// its handle. `expected` is how many references beyond its owner's and this one are in order: none for a gfn, three
/// for a grant.
///
/// Errors in this order: `EINVAL` no frame, a type that cannot be shared, (today) a page of Xen's own, (today) an
/// alternative view that maps something else or otherwise; `EBUSY` (today) the domain is dying; `EINVAL` the frame is
/// another's, or others count on another type; `EEXIST` others count on it as shared; `E2BIG` it is in use; `ENOMEM` no
/// record, or no table to split a superpage with: then the frame is private again.
pub fn nominate<S: Step>(s: &mut S, g: DomGfn, expected: u64) -> Result<(Code, u64), Stop> {
    let slot = s.slot(g.dom)?;
    let plan = policy::for_update(s.world(), slot, g.gfn);
    take(s, slot, plan)?;
    let (code, handle) = s.scope(|s| locked(s, g, slot, expected).map(|(c, h)| (c.word(), h)))?;
    release(s, slot, plan)?;
    Ok((Code::from_word(code).unwrap_or(Code::Einval), handle))
}

fn locked<S: Step>(s: &mut S, g: DomGfn, slot: u8, expected: u64) -> Result<(Code, u64), Stop> {
    let found = leaf_at(s, g)?;
    if let Some(mfn) = shared(found) {
        return Ok((Code::Ok, handle_of(s, mfn)?));
    }
    let format = s.world().format;
    let sharable = |l: &Leaf| l.mfn.is_valid() && format.is(l.ty, Group::Sharable);
    let Some(leaf) = found.filter(sharable) else { return Ok((Code::Einval, 0)) };
    let mfn = leaf.mfn;
    if today(s) && (special(s, mfn)? || !views_agree(s, slot, g, leaf)?) {
        return Ok((Code::Einval, 0));
    }
    nested::host_changed(s, slot)?;
    let code = s.scope(|s| make_sharable(s, slot, mfn, expected))?;
    if code != Code::Ok {
        return Ok((code, 0));
    }
    lock_page(s, mfn)?;
    let code = s.scope(|s| {
        if record(s, SharingAct::Alloc(mfn))? != Kept::Yes || record(s, SharingAct::Insert { mfn, g })? != Kept::Yes {
            return Ok(Code::Enomem);
        }
        set_entry(s, g, NewEntry::fresh(mfn, P2mType::RamShared))
    })?;
    if code != Code::Ok {
        make_private(s, slot, mfn, g, false)?;
        return Ok((code, 0));
    }
    flush_now(s, slot)?;
    tally(s, XenWord::NrShared, 1)?;
    set_gpfn(s, mfn, g.to_word())?;
    let handle = handle_of(s, mfn)?;
    unlock_page(s, mfn)?;
    Ok((Code::Ok, handle))
}

fn special<S: Step>(s: &mut S, mfn: Mfn) -> Result<bool, Stop> {
    let count = s.frame_word(mfn, FrameWord::Count)?;
    s.note("looks whether the page is Xen's own");
    Ok(s.load(count)? & PGC_XEN_HEAP != 0)
}

/// Whether each alternative view that maps the frame number maps the same frame with the same access.
fn views_agree<S: Step>(s: &mut S, of: u8, g: DomGfn, host: Leaf) -> Result<bool, Stop> {
    for slot in 0..s.world().domains.len() as u8 {
        let domain = s.world().domain(slot);
        if domain.view != Some(View { of, kind: ViewKind::Alt }) {
            continue;
        }
        let there = DomGfn { dom: domain.id, ..g };
        let plan = policy::for_update(s.world(), slot, g.gfn);
        take(s, slot, plan)?;
        let leaf = leaf_at(s, there)?.filter(|l| l.mfn.is_valid());
        release(s, slot, plan)?;
        if leaf.is_some_and(|l| l.mfn != host.mfn || l.access != host.access) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The frame goes from its domain to dom_cow with one reference of each kind, which are to be the first tuple's.
fn make_sharable<S: Step>(s: &mut S, slot: u8, mfn: Mfn, expected: u64) -> Result<Code, Stop> {
    let dom = s.world().domain(slot).id;
    let page_alloc = Lock::PageAlloc(slot);
    s.lock(page_alloc, Mode::Exclusive)?;
    if today(s) {
        let dying = s.dom_word(slot, DomWord::Dying);
        s.note("looks whether the domain is dying");
        if s.load(dying)? != 0 {
            s.unlock(page_alloc, Mode::Exclusive)?;
            return Ok(Code::Ebusy);
        }
    }
    if !get_page_and_type(s, mfn, dom, PageType::Shared)? {
        s.unlock(page_alloc, Mode::Exclusive)?;
        return Ok(Code::Einval);
    }
    let (types, count) = (s.frame_word(mfn, FrameWord::Type)?, s.frame_word(mfn, FrameWord::Count)?);
    s.note("counts who relies on the type");
    let code = if s.load(types)? & PGT_COUNT != 1 {
        Code::Eexist
    } else {
        s.note("counts the frame's users");
        if s.load(count)? == PGC_ALLOCATED | (2 + expected) { Code::Ok } else { Code::E2big }
    };
    if code == Code::Ok {
        s.act(Act::Refs(RefsAct::SetOwner { mfn, to: DomId::COW }))?;
    }
    s.unlock(page_alloc, Mode::Exclusive)?;
    if code != Code::Ok {
        put_page_and_type(s, mfn)?;
    }
    Ok(code)
}

/// The frame goes back from dom_cow to the domain, with the tuple of `g` and the record: the caller holds its page
/// lock, and `g` is all that shares it. Unlocked when it is done; if it is refused nothing has changed and it is still
/// locked.
///
/// `EINVAL` it is not dom_cow's; `EBUSY` the domain is dying; `EEXIST` somebody else counts on the type. Where the
/// frame was never `counted` as shared this only takes a nomination back, which is not refused for a dying domain.
///
/// Xen takes the record away before it asks all that; here it still stands where the answer is no.
pub(super) fn make_private<S: Step>(s: &mut S, slot: u8, mfn: Mfn, g: DomGfn, counted: bool) -> Result<Code, Stop> {
    if s.act(Act::GetPage { mfn, dom: Some(DomId::COW) })? == 0 {
        return Ok(Code::Einval);
    }
    let page_alloc = Lock::PageAlloc(slot);
    s.lock(page_alloc, Mode::Exclusive)?;
    let code = s.scope(|s| {
        let dying = s.dom_word(slot, DomWord::Dying);
        s.note("looks whether the domain is dying");
        if counted && s.load(dying)? != 0 {
            return Ok(Code::Ebusy);
        }
        let bits = TypeBits::of(s.world().format);
        let types = s.frame_word(mfn, FrameWord::Type)?;
        s.note("counts who relies on the type");
        let alone = s.load(types)? == bits.counted(PageType::Shared, 2) | bits.locked;
        Ok(if alone { Code::Ok } else { Code::Eexist })
    })?;
    if code != Code::Ok {
        s.unlock(page_alloc, Mode::Exclusive)?;
        s.act(Act::PutPage(mfn))?;
        return Ok(code);
    }
    record(s, SharingAct::Remove { mfn, g })?;
    record(s, SharingAct::Free(mfn))?;
    if counted {
        tally(s, XenWord::NrShared, LESS)?;
    }
    unlock_page(s, mfn)?;
    put_page_type(s, mfn)?;
    s.act(Act::PutPage(mfn))?;
    let to = s.world().domain(slot).id;
    s.act(Act::Refs(RefsAct::SetOwner { mfn, to }))?;
    s.unlock(page_alloc, Mode::Exclusive)?;
    s.act(Act::PutPage(mfn))?;
    Ok(Code::Ok)
}
