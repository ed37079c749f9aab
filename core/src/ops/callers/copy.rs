//! The hypervisor copies to a guest and from it (Xen's `hvm_copy_to_guest_phys`, `hvm_copy_from_guest_phys`; tree of
//! 2012-05, `80ea7af172`).
//!
//! Protocol: page by page, each with a reference for as long as it is copied and no longer. So a copy over several
//! pages may be cut short, and what was copied stays.

use super::page::{close, open};
use crate::addr::{DomGfn, Gfn};
use crate::ops::Code;
use crate::step::{Step, Stop};
use std::ops::ControlFlow::{Break, Continue};

/// Pages in one copy, at the most. Xen's own limit is the buffer of the caller.
pub const MAX_PAGES: u64 = 64;

/// `hvm_copy_to g [through h] = n`: the number is written to each of the pages, first to last, and noted. `EINVAL` no
/// such frame numbers, of two domains, or more than [`MAX_PAGES`]; else what [`open`] answers of the first page that
/// cannot be written: those before it are. A write to `ram_ro` is dropped without a sound.
pub fn copy_to<S: Step>(s: &mut S, g: DomGfn, last: DomGfn, value: u64) -> Result<Code, Stop> {
    let bad = last < g || last.dom != g.dom || !g.gfn.fits() || !last.gfn.fits();
    if bad || last.gfn.0 - g.gfn.0 >= MAX_PAGES {
        return Ok(Code::Einval);
    }
    let (_, code) = s.fold((g.gfn.0, Code::Ok.word()), |s, (at, _)| {
        let code = match open(s, DomGfn { gfn: Gfn(at), ..g }, true)? {
            Ok(page) => {
                page.write(s, 0, value)?;
                close(s, page)?;
                Code::Ok
            }
            Err(code) => code,
        };
        let more = code == Code::Ok && at < last.gfn.0;
        Ok(if more { Continue((at + 1, code.word())) } else { Break((at, code.word())) })
    })?;
    Ok(Code::from_word(code).unwrap_or(Code::Einval))
}

/// `v = hvm_copy_from g`: reads a page; the number is 0 after any error, which are those of [`open`].
pub fn copy_from<S: Step>(s: &mut S, g: DomGfn) -> Result<(Code, u64), Stop> {
    match open(s, g, false)? {
        Ok(page) => {
            let value = page.read(s, 0)?;
            close(s, page)?;
            Ok((Code::Ok, value))
        }
        Err(code) => Ok((code, 0)),
    }
}
