//! Memory whose writes an ioreq server may take, and what a device model may make of a guest's memory
//! (Xen's `p2m_set_ioreq_server` and `HVMOP_set_mem_type`).
//!
//! Protocol: one word says who claimed the type; it changes by compare-and-exchange alone. How many entries have it is
//! counted by the effect that writes them. A release leaves none behind: they become `ram_rw` under the whole table
//! before it returns (S60); until they have, nobody claims the type and log-dirty is refused.

use super::change_type::{LAST, default_access, rewrite};
use super::code::Code;
use super::log_dirty::ram_type;
use super::needs::{Attempt, outermost_code};
use super::query::walk;
use super::table::{NewEntry, flush, set_entry};
use crate::addr::{DomGfn, Gfn, Order};
use crate::entry::P2mType::{self, IoreqServer, MmioDm, RamRo, RamRw};
use crate::lock::Hold;
use crate::machine::DomWord;
use crate::machine::ioreq::WRITES;
use crate::step::{Step, Stop};

/// `ioreq_claim d [for_write]`: the actor is the server of the domain's `ioreq_server` memory from now on, and takes
/// writes to it or not. `EINVAL` if entries of this format have no such type; `EBUSY` if there is a server, or entries
/// are left of the last one.
pub fn claim<S: Step>(s: &mut S, slot: u8, writes: bool) -> Result<Code, Stop> {
    if s.world().format.type_code(IoreqServer).is_none() {
        return Ok(Code::Einval);
    }
    let (server, left) = (s.dom_word(slot, DomWord::Ioreq), s.dom_word(slot, DomWord::IoreqCount));
    let mine = (s.me().0 as u64 + 1) | if writes { WRITES } else { 0 };
    s.note("counts the entries that are left");
    if s.load(left)? > 0 {
        return Ok(Code::Ebusy);
    }
    s.note("claims the type");
    Ok(if s.cas(server, 0, mine)? { Code::Ok } else { Code::Ebusy })
}

/// `ioreq_release d`: the actor is the server no longer, and its entries are memory again: `ram_logdirty` where writes
/// are noted, else `ram_rw`. `EINVAL` if it was not; `ERESTART`, and nothing has changed, for who holds a range of the
/// table.
pub fn release<S: Step>(s: &mut S, slot: u8) -> Result<Code, Stop> {
    let server = s.dom_word(slot, DomWord::Ioreq);
    outermost_code(s, Hold::whole(slot), |s, _| {
        s.note("looks who the server is");
        let now = s.load(server)?;
        if now & (WRITES - 1) != s.me().0 as u64 + 1 {
            return Attempt::done(Code::Einval);
        }
        // While there is a server the type is what it says it is, even where it is yet to be computed.
        let to = ram_type(s, slot)?;
        let (code, _) = rewrite(s, slot, (Gfn(0), LAST), (IoreqServer, to), None)?;
        s.note("gives the type up");
        s.cas(server, now, 0)?;
        Attempt::done(code)
    })
}

/// Whether a device model may make the one of the other (`allow_p2m_type_change`).
const fn allowed(from: P2mType, to: P2mType) -> bool {
    match (from, to) {
        (IoreqServer, to) => matches!(to, RamRw),
        (from, IoreqServer) => matches!(from, RamRw),
        (from, MmioDm) => from.is_ram() || matches!(from, P2mType::Invalid | MmioDm),
        (from, _) => from.is_ram(),
    }
}

/// `set_mem_type g as T` (`HVMOP_set_mem_type`). Errors in this order: `EINVAL` if the type is none of `ram_rw`, `ram_ro`,
/// `mmio_dm`, `ioreq_server`, or not of this format; `EAGAIN` for a page that is on its way out or in, or shared;
/// `EINVAL` for any other change but memory to `ram_rw`, `ram_ro` and `mmio_dm`, a hole to `mmio_dm`, and `ram_rw` to
/// `ioreq_server` and back; `ENOMEM` if there is no page to split with. Memory becomes `ram_logdirty` instead of `ram_rw`
/// while writes are noted.
pub fn set_mem_type<S: Step>(s: &mut S, g: DomGfn, to: P2mType) -> Result<Code, Stop> {
    let slot = s.slot(g.dom)?;
    if !matches!(to, RamRw | RamRo | MmioDm | IoreqServer) || s.world().format.type_code(to).is_none() {
        return Ok(Code::Einval);
    }
    let hold = Hold::entry(s.world(), slot, g.gfn, Order::K4);
    outermost_code(s, hold, |s, _| {
        let (entry, level) = walk(s, g)?;
        let old = s.world().leaf_of(g, entry, level);
        let from = old.map_or(MmioDm, |l| l.ty);
        let paging = [P2mType::RamPagingOut, P2mType::RamPaged, P2mType::RamPagingIn, P2mType::RamPagingInStart];
        if paging.contains(&from) || from.is_shared() {
            return Attempt::done(Code::Eagain);
        }
        if !allowed(from, to) {
            return Attempt::done(Code::Einval);
        }
        let Some(old) = old else { return Attempt::done(Code::Ok) };
        let ty = if to == RamRw { ram_type(s, slot)? } else { to };
        let access = default_access(s, slot)?;
        let code = set_entry(s, g, NewEntry { access, ..NewEntry::new(old.mfn, ty) })?;
        if code == Code::Ok && s.world().format.present(entry) {
            flush(s, slot)?;
        }
        Attempt::done(code)
    })
}
