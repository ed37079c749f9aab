//! Promising memory (`guest_physmap_mark_populate_on_demand`, as of cc950c49ae of 2024-03-21).

use super::{add, lock, unlock};
use crate::addr::{DomGfn, Mfn, Order};
use crate::entry::P2mType;
use crate::lock::Hold;
use crate::machine::DomWord;
use crate::ops::code::Code;
use crate::ops::crash::crash;
use crate::ops::needs::{Attempt, outermost_code};
use crate::ops::physmap::old::census;
use crate::ops::table::{NewEntry, set_entry};
use crate::step::{Step, Stop};

/// `mark_pod g [order n]`: the frame numbers are populated when they are touched first. Errors in their order:
/// `EINVAL`: not aligned to the order, or no such number; `EBUSY`: something stands there that is neither a hole nor
/// promised already; `ENOMEM`: no page for a table, and if it was to be more than one number the domain is crashed.
///
/// The pod lock is held from before the entry is written until it is counted (S39).
pub fn mark<S: Step>(s: &mut S, g: DomGfn, order: Order) -> Result<Code, Stop> {
    if g.gfn.offset(order) != 0 || !g.gfn.fits() {
        return Ok(Code::Einval);
    }
    let slot = s.slot(g.dom)?;
    let first = Hold::entry(s.world(), slot, g.gfn, order);
    outermost_code(s, first, |s, _| {
        let there = census(s, g, order.frames())?;
        if there.busy {
            return Attempt::done(Code::Ebusy);
        }
        lock(s, slot)?;
        let code = set_entry(s, g, promise(order))?;
        if code == Code::Ok {
            s.note("counts what is promised");
            add(s, slot, DomWord::EntryCount, order.frames().wrapping_sub(there.pod))?;
        } else if order > Order::K4 {
            crash(s, slot)?;
        }
        unlock(s, slot)?;
        Attempt::done(code)
    })
}

/// An entry that promises memory.
pub(super) const fn promise(order: Order) -> NewEntry {
    NewEntry { order, ..NewEntry::fresh(Mfn::INVALID, P2mType::PopulateOnDemand) }
}
