//! A guest's first write to a frame whose writes are noted.

use super::mark_dirty;
use crate::addr::{DomGfn, Order};
use crate::entry::P2mType;
use crate::lock::Hold;
use crate::ops::Code;
use crate::ops::change_type::default_access;
use crate::ops::needs::{Attempt, outermost_code};
use crate::ops::query::walk;
use crate::ops::table::{NewEntry, flush, set_entry};
use crate::step::{Step, Stop};

/// `logdirty_fault g`: marks `g` dirty and makes its entry `ram_rw`, in one hold of the entry's lock (S61); a superpage
/// is split. `ok` too where the entry is `ram_rw`: another vCPU was faster, and the write is to be tried again. `fault`
/// where it is anything else, which is not this handler's; `ENOMEM` if there is no page to split with: then the mark
/// stands and the entry is as it was.
pub fn write_fault<S: Step>(s: &mut S, g: DomGfn) -> Result<Code, Stop> {
    let slot = s.slot(g.dom)?;
    let hold = Hold::entry(s.world(), slot, g.gfn, Order::K4);
    outermost_code(s, hold, |s, _| {
        let (entry, level) = walk(s, g)?;
        let leaf = match s.world().leaf_of(g, entry, level) {
            Some(leaf) if leaf.ty == P2mType::RamLogdirty => leaf,
            Some(leaf) if leaf.ty == P2mType::RamRw => return Attempt::done(Code::Ok),
            _ => return Attempt::done(Code::Fault),
        };
        mark_dirty(s, slot, g.gfn)?;
        let access = default_access(s, slot)?;
        let code = set_entry(s, g, NewEntry { access, ..NewEntry::new(leaf.mfn, P2mType::RamRw) })?;
        if code == Code::Ok && s.world().format.present(entry) {
            flush(s, slot)?;
        }
        Attempt::done(code)
    })
}
