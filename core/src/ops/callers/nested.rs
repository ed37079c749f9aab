//! A fault of a guest's own guest (Xen's `nestedhvm_hap_nested_page_fault`, with its walks of L1's table and of the
//! host's), and the control structure of that guest (`nv_vvmcx`).
//!
//! Protocol of the fault: the guest's table is a page of the guest's memory, read with a reference and closed before
//! the host's entry is got; so nothing of the guest's is held when the view is filled.
//!
//! Protocol of the control structure: it is mapped by one function and unmapped by another, and in between the vCPU
//! may have entered its guest, which nobody may do who holds a frame number (question Q6 of the proposal). So what lives
//! on is a reference on the page; the frame number is put before the first function returns.

use super::page::{close, open};
use crate::addr::{DomGfn, Gfn, Mfn};
use crate::machine::kept::{Keeper, KeptAct};
use crate::machine::paging::is_own;
use crate::machine::{DomWord, ViewKind};
use crate::ops::{Code, nested};
use crate::step::{Act, Step, Stop};

/// Entries of the table that stands for a guest's own: one page.
const ENTRIES: u64 = 512;

/// `nested_fault n:0x80`: fills the entry of a nested view from the guest's table whose root the view shows: a page of the
/// guest, at the frame number that was named when the view was got, whose word of that index has the frame number to
/// show, and 0 for none.
///
/// `EINVAL`: no number of a nested view. `EAGAIN`: the view shows nothing now. `EAGAIN`, `ENODEV`: the guest's table is
/// out; `EFAULT`: there is none. `fault`: it maps nothing there, and its guest gets the fault. Then what
/// [`nested_fill`](nested::nested_fill) answers.
pub fn nested_fault<S: Step>(s: &mut S, n: DomGfn) -> Result<Code, Stop> {
    let view = s.slot(n.dom)?;
    let Some(of) = s.world().domain(view).view.filter(|v| v.kind == ViewKind::Nested) else {
        return Ok(Code::Einval);
    };
    let dom = s.world().domain(of.of).id;
    let shows = s.dom_word(view, DomWord::NestedBase);
    s.note("looks which root the view shows");
    let base = s.load(shows)?;
    if base == 0 {
        return Ok(Code::Eagain);
    }
    let table = match open(s, DomGfn { dom, gfn: Gfn(base - 1) }, false)? {
        Ok(table) => table,
        Err(code @ (Code::Eagain | Code::Enodev)) => return Ok(code),
        Err(_) => return Ok(Code::Efault),
    };
    let names = table.read(s, n.gfn.0 % ENTRIES)?;
    close(s, table)?;
    if names == 0 || !Gfn(names).fits() {
        return Ok(Code::Fault);
    }
    nested::nested_fill(s, n, DomGfn { dom, gfn: Gfn(names) })
}

/// `map_vvmcx g`: the vCPU's control structure for its own guest is the page at `g` from now on. `EINVAL`: this is no
/// vCPU of that domain; `EBUSY`: it has one, which it must unmap first; then what [`open`] answers, to write.
pub fn map_vvmcx<S: Step>(s: &mut S, g: DomGfn) -> Result<Code, Stop> {
    let (me, slot) = (s.me(), s.slot(g.dom)?);
    if !is_own(s.world(), me, slot) {
        return Ok(Code::Einval);
    }
    let word = Keeper::Vvmcx(me).word(s.world());
    s.note("looks whether it has a control structure");
    if s.load(word)? != 0 {
        return Ok(Code::Ebusy);
    }
    let page = match open(s, g, true)? {
        Ok(page) => page,
        Err(code) => return Ok(code),
    };
    s.act(Act::Kept(KeptAct::Keep { at: Keeper::Vvmcx(me), mfn: page.mfn }))?;
    Ok(Code::Ok)
}

/// `unmap_vvmcx`: the vCPU gives its control structure up, which may be the last that keeps the frame. `ENOENT` if it
/// has none.
pub fn unmap_vvmcx<S: Step>(s: &mut S) -> Result<Code, Stop> {
    let at = Keeper::Vvmcx(s.me());
    match s.act(Act::Kept(KeptAct::GiveUp(at)))?.checked_sub(1) {
        Some(mfn) => {
            s.act(Act::PutPage(Mfn(mfn)))?;
            Ok(Code::Ok)
        }
        None => Ok(Code::Enoent),
    }
}
