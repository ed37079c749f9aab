//! Log-dirty for a whole domain: on, off, and harvests (Xen's `paging_log_dirty_enable`, `_disable` and `_op`).
//!
//! Protocol: all but the peek hold the whole table from the first to the last step. Xen pauses the domain instead, which
//! keeps vCPUs out and neither foreign mappers nor the pager. In particular a harvest takes the bits and protects the
//! entries again in one hold, and a fault marks and makes its entry writable in one hold: neither falls between the
//! steps of the other (S61). Bits are touched under the paging lock, inside.

use super::is_on;
use super::{pml, vram};
use crate::addr::Gfn;
use crate::entry::P2mType::{self, RamLogdirty, RamRw};
use crate::lock::{Hold, Lock, Mode};
use crate::machine::dirty::DirtyAct;
use crate::machine::{DomWord, Kind, World};
use crate::ops::Code;
use crate::ops::change_type::{LAST, rewrite};
use crate::ops::needs::{Attempt, outermost, outermost_code};
use crate::ops::table::recalc::{change_entry_type_global, cut_borders};
use crate::step::{Act, Step, Stop};

/// Whether a device is assigned to the domain: its writes fault on nothing, and nobody would note them.
fn has_device(world: &World, slot: u8) -> bool {
    world.actors.iter().any(|a| a.kind == Kind::Hardware && a.domain == world.domain(slot).id)
}

/// Writes the flag under the paging lock; gives whether it was the other way.
fn set_flag<S: Step>(s: &mut S, slot: u8, on: bool) -> Result<bool, Stop> {
    let flag = s.dom_word(slot, DomWord::LogDirty);
    s.lock(Lock::Paging(slot), Mode::Exclusive)?;
    s.note(if on { "writes are noted from now on" } else { "writes are noted no longer" });
    let changed = s.cas(flag, !on as u64, on as u64)?;
    s.unlock(Lock::Paging(slot), Mode::Exclusive)?;
    Ok(changed)
}

/// Under the paging lock: one effect on the bitmap.
pub(super) fn bitmap<S: Step>(s: &mut S, slot: u8, a: DirtyAct) -> Result<u64, Stop> {
    s.lock(Lock::Paging(slot), Mode::Exclusive)?;
    let result = s.act(Act::Dirty(a))?;
    s.unlock(Lock::Paging(slot), Mode::Exclusive)?;
    Ok(result)
}

/// `logdirty_enable d`: writes are noted from now on: the flag, then every `ram_rw` becomes `ram_logdirty`. Errors in
/// this order: `EINVAL` if a device is assigned; `EINVAL` if writes are noted already; `EBUSY` while `ioreq_server`
/// entries are left (S60); `ERESTART` for who holds a range of the table. Where entries can be marked for it their types
/// follow when they are needed ([`recalc`](crate::ops::table::recalc)); then `ENOMEM` too, and nothing has changed, if the
/// range of a display cuts a superpage and there is no page to split it with; so also for [`disable`] and [`clean`].
pub fn enable<S: Step>(s: &mut S, slot: u8) -> Result<Code, Stop> {
    if has_device(s.world(), slot) {
        return Ok(Code::Einval);
    }
    outermost_code(s, Hold::whole(slot), |s, _| {
        if is_on(s, slot)? {
            return Attempt::done(Code::Einval);
        }
        if s.world().format.type_code(P2mType::IoreqServer).is_some() {
            let left = s.dom_word(slot, DomWord::IoreqCount);
            s.note("counts the entries of an ioreq server");
            if s.load(left)? > 0 {
                return Attempt::done(Code::Ebusy);
            }
        }
        if !cut_borders(s, slot)? {
            return Attempt::done(Code::Enomem);
        }
        if !set_flag(s, slot, true)? {
            return Attempt::done(Code::Einval);
        }
        Attempt::done(change_entry_type_global(s, slot, RamRw, RamLogdirty)?)
    })
}

/// `logdirty_disable d`: writes are noted no longer: the flag, then every `ram_logdirty` becomes `ram_rw` but in the
/// range that a display tracks, then the bitmap is freed. Nothing is done where it was off. `ERESTART` for who holds a
/// range of the table.
pub fn disable<S: Step>(s: &mut S, slot: u8) -> Result<Code, Stop> {
    outermost_code(s, Hold::whole(slot), |s, _| {
        if !cut_borders(s, slot)? {
            return Attempt::done(Code::Enomem);
        }
        if !set_flag(s, slot, false)? {
            return Attempt::done(Code::Ok);
        }
        if s.world().format.recalculates() {
            let code = change_entry_type_global(s, slot, RamLogdirty, RamRw)?;
            pml::flush_all(s, slot)?;
            bitmap(s, slot, DirtyAct::Free { slot })?;
            return Attempt::done(code);
        }
        let (begin, end) = vram::range(s, slot)?;
        let types = (RamLogdirty, RamRw);
        let mut code = Code::Ok;
        if begin > 0 {
            code = rewrite(s, slot, (Gfn(0), Gfn(begin - 1)), types, None)?.0;
        }
        if code == Code::Ok {
            code = rewrite(s, slot, (Gfn(end), LAST), types, None)?.0;
        }
        bitmap(s, slot, DirtyAct::Free { slot })?;
        Attempt::done(code)
    })
}

/// `logdirty_clean d`: how many frame numbers were written since the last harvest; their bits are cleared and their
/// entries protected again. None (`ENOMEM`), and nothing has changed, if a mark was lost; none (`ERESTART`) for who
/// holds a range of the table.
pub fn clean<S: Step>(s: &mut S, slot: u8) -> Result<Option<u64>, Stop> {
    let found = outermost(s, Hold::whole(slot), |s, _| {
        if !cut_borders(s, slot)? {
            return Attempt::done(u64::MAX);
        }
        pml::flush_all(s, slot)?;
        let found = bitmap(s, slot, DirtyAct::Harvest { slot, clear: true })?;
        if found != u64::MAX && is_on(s, slot)? {
            change_entry_type_global(s, slot, RamRw, RamLogdirty)?;
        }
        Attempt::done(found)
    })?;
    Ok(found.filter(|&n| n != u64::MAX))
}

/// `logdirty_peek d`: how many there are, and nothing changes. Holds the paging lock alone. None if a mark was lost.
pub fn peek<S: Step>(s: &mut S, slot: u8) -> Result<Option<u64>, Stop> {
    pml::flush_all(s, slot)?;
    let found = bitmap(s, slot, DirtyAct::Harvest { slot, clear: false })?;
    Ok((found != u64::MAX).then_some(found))
}
