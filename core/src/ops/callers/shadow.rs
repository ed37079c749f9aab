//! A fault under shadow paging (Xen's `sh_page_fault`; tree of 2013-02, `a15d87475e`).
//!
//! Shadow tables themselves are not modelled: what is here is how their fault handler looks things up.
//!
//! Protocol: the frame number is got *before* the paging lock is taken, since an update of the table takes the two in
//! that order (S21, `4b9686b36f` of 2012-02-02). Under the paging lock only the look-up without a lock is allowed, and
//! what it finds is true, because the frame number is held. A write is noted right there.

use super::page::ask;
use crate::addr::DomGfn;
use crate::entry::{Group, P2mType};
use crate::lock::{Lock, Mode};
use crate::machine::dirty::DirtyAct;
use crate::ops::Code;
use crate::ops::log_dirty::is_on;
use crate::ops::query::{Query, answered, get_gfn_type, lookup, put_gfn};
use crate::step::{Act, Step, Stop};

/// `shadow_fault g [for_write]`: what a fault finds, and has noted. `ok`: the shadow may have it. Else, in this order:
/// `EAGAIN`, `ENODEV` the page is out; `ENOMEM` it is shared, to be written, and there is no memory for a copy; `fault`
/// it is no memory, or `ram_ro` and to be written: the emulator's business.
pub fn shadow_fault<S: Step>(s: &mut S, g: DomGfn, write: bool) -> Result<Code, Stop> {
    let slot = s.slot(g.dom)?;
    get_gfn_type(s, g, if write { Query::UNSHARE } else { Query::ALLOC })?;
    let noted = is_on(s, slot)? && write;
    s.lock(Lock::Paging(slot), Mode::Exclusive)?;
    let entry = lookup(s, g)?;
    let leaf = answered(s.world(), entry);
    let out = leaf.is_some_and(|l| l.ty.is_paging());
    let code = match leaf.map(|l| l.ty) {
        Some(ty) if ty.is_shared() && write => Code::Enomem,
        Some(P2mType::RamRo) if write => Code::Fault,
        Some(ty) if s.world().format.is(ty, Group::Ram) && !out => Code::Ok,
        _ => Code::Fault,
    };
    if code == Code::Ok && noted {
        s.act(Act::Dirty(DirtyAct::Mark { slot, gfn: g.gfn }))?;
    }
    s.unlock(Lock::Paging(slot), Mode::Exclusive)?;
    put_gfn(s, g)?;
    if out { ask(s, g) } else { Ok(code) }
}
