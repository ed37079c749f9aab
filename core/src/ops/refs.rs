//! References on frames, plain and typed, as operations take and drop them.
//!
//! Protocol: a typed reference never stands alone. Whoever takes one holds a plain reference first, and drops the plain
//! one last, so that a frame is never freed while somebody counts on its type.

use crate::addr::{DomId, Mfn};
use crate::lock::{Lock, Mode};
use crate::machine::refs::{Dropped, PageType, RefsAct};
use crate::step::{Act, Step, Stop};

/// `get_type F as T`: Xen's `get_page_type`. False if others count on another type.
pub fn get_page_type<S: Step>(s: &mut S, mfn: Mfn, ty: PageType) -> Result<bool, Stop> {
    Ok(s.act(Act::Refs(RefsAct::GetType { mfn, ty }))? != 0)
}

/// `put_type F`: Xen's `put_page_type`. The last typed reference but the page lock's own waits until the page is not
/// locked any more; so whoever drops it under the lock waits for itself (S20, `c2c6f8b68c` of 2019-07-19).
pub fn put_page_type<S: Step>(s: &mut S, mfn: Mfn) -> Result<(), Stop> {
    s.retry(|s| match Dropped::from_word(s.act(Act::Refs(RefsAct::PutType(mfn)))?) {
        Dropped::Locked => {
            s.note("waits until the page is unlocked");
            s.lock(Lock::Page(mfn.0), Mode::Exclusive)?;
            s.unlock(Lock::Page(mfn.0), Mode::Exclusive)?;
            Ok(None)
        }
        Dropped::Yes | Dropped::None => Ok(Some(())),
    })
}

/// Xen's `get_page_and_type`: a reference from that owner, then a typed one; if that fails the first is dropped again.
pub fn get_page_and_type<S: Step>(s: &mut S, mfn: Mfn, dom: DomId, ty: PageType) -> Result<bool, Stop> {
    if s.act(Act::GetPage { mfn, dom: Some(dom) })? == 0 {
        return Ok(false);
    }
    if get_page_type(s, mfn, ty)? {
        return Ok(true);
    }
    s.note("drops the reference again");
    s.act(Act::PutPage(mfn))?;
    Ok(false)
}

/// Xen's `put_page_and_type`: the typed reference first.
pub fn put_page_and_type<S: Step>(s: &mut S, mfn: Mfn) -> Result<(), Stop> {
    put_page_type(s, mfn)?;
    s.act(Act::PutPage(mfn))?;
    Ok(())
}

/// Xen's `put_page_alloc_ref`: tests and clears PGC_allocated and drops that reference; false if it was clear. The
/// caller must hold another one, which must never be the last (XSA-287).
pub fn put_page_alloc_ref<S: Step>(s: &mut S, mfn: Mfn) -> Result<bool, Stop> {
    Ok(s.act(Act::PutAllocation(mfn))? != 0)
}

/// Xen's `set_gpfn_from_mfn`: see [`crate::machine::refs::set_gpfn`].
pub fn set_gpfn<S: Step>(s: &mut S, mfn: Mfn, gpfn: u64) -> Result<(), Stop> {
    s.act(Act::Refs(RefsAct::SetGpfn { mfn, gpfn })).map(|_| ())
}
