//! Log-dirty: noting which frames a guest writes, for migration and for a display.
//!
//! Protocol. While a domain's writes are noted its memory is `ram_logdirty`, which no guest can write: the first write
//! faults, is marked in the bitmap under the paging lock, and the entry becomes `ram_rw`. Every path that makes memory
//! anew while this is on makes it [`ram_type`], or marks it with [`mark_dirty`]; it asks under the lock of the entry
//! that it writes. Turning it on shows the flag first and then walks the table under the whole table's lock, so that
//! whoever saw the flag off has written its entry before the walk, and whoever writes after the walk saw it on.

mod fault;
mod mode;
mod pml;
mod vram;

pub use fault::write_fault;
pub use mode::{clean, disable, enable, peek};
pub use pml::flush as flush_pml;
pub use vram::{stop as untrack_vram, track as track_vram};

use crate::addr::Gfn;
use crate::entry::P2mType;
use crate::lock::{Lock, Mode};
use crate::machine::DomWord;
use crate::machine::dirty::DirtyAct;
use crate::step::{Act, Step, Stop};

/// Whether the domain's writes are noted (`paging_mode_log_dirty`). One effect. The answer holds for an entry while
/// that entry's lock is held: turning it on or off takes the whole table.
pub fn is_on<S: Step>(s: &mut S, slot: u8) -> Result<bool, Stop> {
    let flag = s.dom_word(slot, DomWord::LogDirty);
    s.note("looks whether writes are noted");
    Ok(s.load(flag)? != 0)
}

/// The type of memory that is made now: `ram_logdirty` while writes are noted, else `ram_rw`. To be asked under the
/// lock of the entry that is written (S58).
pub fn ram_type<S: Step>(s: &mut S, slot: u8) -> Result<P2mType, Stop> {
    Ok(if is_on(s, slot)? { P2mType::RamLogdirty } else { P2mType::RamRw })
}

/// `mark_dirty g`: notes a write to `gfn`, if writes are noted (`paging_mark_pfn_dirty`). A mark for which there is no
/// page is lost, and every harvest answers `ENOMEM` from then on. Takes the paging lock, which its caller may not hold.
pub fn mark_dirty<S: Step>(s: &mut S, slot: u8, gfn: Gfn) -> Result<(), Stop> {
    if !is_on(s, slot)? {
        return Ok(());
    }
    s.lock(Lock::Paging(slot), Mode::Exclusive)?;
    s.act(Act::Dirty(DirtyAct::Mark { slot, gfn }))?;
    s.unlock(Lock::Paging(slot), Mode::Exclusive)
}

/// Forgets that `gfn` was written: what was there is gone (`paging_mark_pfn_clean`). Takes the paging lock, if writes
/// are noted.
pub fn mark_clean<S: Step>(s: &mut S, slot: u8, gfn: Gfn) -> Result<(), Stop> {
    if !is_on(s, slot)? {
        return Ok(());
    }
    s.lock(Lock::Paging(slot), Mode::Exclusive)?;
    s.act(Act::Dirty(DirtyAct::Clean { slot, gfn }))?;
    s.unlock(Lock::Paging(slot), Mode::Exclusive)
}
