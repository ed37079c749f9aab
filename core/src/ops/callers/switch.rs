//! A hardware task switch (Xen's `hvm_task_switch`; its `hvm_map_entry` and `hvm_unmap_entry`).
//!
//! Protocol: both task states are mapped, with a reference each, before anything is written, so that a page which is
//! out stops the switch where it can be tried again. Neither frame number is held: the two have no order, and none is
//! needed.

use super::page::{close, open};
use crate::addr::DomGfn;
use crate::ops::Code;
use crate::step::{Step, Stop};

/// `task_switch g to h = n`: leaves the task whose state is at `g`, which is `n` by now, for the one at `h`, whose link
/// back becomes `g`. `EINVAL`: one page for both, or of two domains. Then what [`open`] answers of `g`, and of `h`; after
/// an error nothing was written.
pub fn task_switch<S: Step>(s: &mut S, g: DomGfn, h: DomGfn, state: u64) -> Result<Code, Stop> {
    if g == h || g.dom != h.dom {
        return Ok(Code::Einval);
    }
    let old = match open(s, g, true)? {
        Ok(page) => page,
        Err(code) => return Ok(code),
    };
    let new = match open(s, h, true)? {
        Ok(page) => page,
        Err(code) => {
            close(s, old)?;
            return Ok(code);
        }
    };
    old.write(s, 0, state)?;
    new.read(s, 0)?;
    new.write(s, 1, g.gfn.0)?;
    close(s, new)?;
    close(s, old)?;
    Ok(Code::Ok)
}
