//! Pages of a guest that the hypervisor fills as a whole: the hypercall page that a guest asks for by a write to an MSR
//! (Xen's `wrmsr_hypervisor_regs`, `enable_hypercall_page` of viridian), and what transcendent memory puts away and
//! brings back (`tmem_copy_from_client`, `tmem_copy_to_client`, whose frames are Xen's own).
//!
//! Protocol: the guest's page is there by a reference while it is read, and by a typed one too while it is written, so
//! that it becomes no page table and no shared page under the hypervisor's hand.

use super::emulate::whole;
use super::page::{Page, close, close_typed, open, open_typed};
use crate::addr::{DomGfn, Mfn};
use crate::entry::P2mType;
use crate::ops::Code;
use crate::step::{self, Step, Stop};

/// `hypercall_page g = n`: the page is emptied, and begins with `n`. What [`open_typed`] answers; a guest that names a bad
/// page gets a fault of its own for it, which is the same here.
pub fn hypercall_page<S: Step>(s: &mut S, g: DomGfn, value: u64) -> Result<Code, Stop> {
    let page = match open_typed(s, g)? {
        Ok(page) => page,
        Err(code) => return Ok(code),
    };
    if !page.discards() {
        s.note("empties the page");
        s.page(step::Page::Zero(page.mfn))?;
        page.write(s, 0, value)?;
    }
    close_typed(s, page)?;
    Ok(Code::Ok)
}

/// A frame of Xen's own, as [`whole`] takes it.
const fn own(g: DomGfn, mfn: Mfn) -> Page {
    Page { g, mfn, ty: P2mType::RamRo }
}

/// `tmem_put g into F`: copies a guest's page to a frame of transcendent memory. What [`open`] answers, to read.
pub fn tmem_put<S: Step>(s: &mut S, g: DomGfn, to: Mfn) -> Result<Code, Stop> {
    let page = match open(s, g, false)? {
        Ok(page) => page,
        Err(code) => return Ok(code),
    };
    s.note("puts the page away");
    s.page(step::Page::Copy { from: page.mfn, to })?;
    close(s, page)?;
    Ok(Code::Ok)
}

/// `tmem_get g from F`: copies it back to a guest's page, and notes the write. What [`open_typed`] answers.
pub fn tmem_get<S: Step>(s: &mut S, g: DomGfn, from: Mfn) -> Result<Code, Stop> {
    let page = match open_typed(s, g)? {
        Ok(page) => page,
        Err(code) => return Ok(code),
    };
    if !page.discards() {
        whole(s, own(g, from), page)?;
    }
    close_typed(s, page)?;
    Ok(Code::Ok)
}
