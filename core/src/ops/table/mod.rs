//! Changing the table: entries of every order, splits, what a superpage replaces, flushes.
//!
//! Protocol. The caller holds what guards the entry: its range, where the range is at least as large as the order;
//! the whole table, where it is smaller ([`Hold::covers`](crate::lock::Hold::covers)). So nobody who holds another range walks the tables that a
//! superpage replaces (S62 d). The shape of the table has an exclusion of its own, the structure lock: two holders of
//! different ranges under one large leaf, or under one missing table, never lose each other's change (`split`).
//! Marks on the way to the entry are moved down before it is written ([`recalc`]).
//! Tables that a superpage replaces are unlinked by the one store of the superpage, and freed, with all that hang
//! below them, only after every TLB that may lead to them has answered a flush (S63: XSA-480, 4bc2e5333a of
//! 2026-02-17); that flush is never put off.

pub mod flush;
pub mod recalc;
mod split;

use super::code::Code;
use crate::addr::{DomGfn, Gfn, Mfn, Order};
use crate::entry::{Access, Decoded, Leaf, P2mType};
use crate::lock::{Lock, Mode};
use crate::machine::DomWord;
use crate::machine::foreign::Refused;
use crate::machine::ioreq::WRITES;
use crate::machine::table::TableAct;
use crate::step::{Act, Effect, Step, Stop};
use std::ops::ControlFlow::{Break, Continue};

pub use flush::{before_free, flush, flush_now, flush_sync};

/// What is to be mapped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NewEntry {
    /// The first frame, or [`Mfn::INVALID`].
    pub mfn: Mfn,
    /// The type.
    pub ty: P2mType,
    /// The access.
    pub access: Access,
    /// 4 KB, 2 MB or 1 GB.
    pub order: Order,
    /// Whether the access is the domain's default one, and the one named here says nothing.
    pub fresh: bool,
}

impl NewEntry {
    /// A 4 KB entry that restricts nothing: the caller names its access, or it has none.
    pub const fn new(mfn: Mfn, ty: P2mType) -> NewEntry {
        NewEntry { mfn, ty, access: Access::Rwx, order: Order::K4, fresh: false }
    }

    /// A 4 KB entry of what was not mapped there before: its access is the one that new entries of the domain have when
    /// it is written (`p2m->default_access`).
    pub const fn fresh(mfn: Mfn, ty: P2mType) -> NewEntry {
        NewEntry { fresh: true, ..NewEntry::new(mfn, ty) }
    }
}

/// Where the walk for a change has got to: 0 goes on, 1 has no memory for a table.
const NO_MEMORY: u64 = 1;

/// `set_entry g = ..`: writes one entry; takes no lock but the structure lock. A larger leaf is split. `EINVAL` unless
/// gfn and mfn are aligned to the order, the machine has the frames, and the format has the type, a foreign frame in
/// 4 KB alone; `ENOMEM` if there were not enough pages for tables, as there are none for a domain that is dying. A foreign entry holds a reference on its frame:
/// `EBUSY` if it cannot be taken, `EILSEQ` if the one of the entry that goes is its frame's last. After an error
/// nothing is mapped otherwise. m2p, counters and the TLBs of who mapped the old entry are the caller's. Xen's
/// `ept_set_entry`, `p2m_pt_set_entry` and `p2m_entry_modify`.
pub fn set_entry<S: Step>(s: &mut S, g: DomGfn, new: NewEntry) -> Result<Code, Stop> {
    let slot = s.slot(g.dom)?;
    let format = s.world().format;
    let frames = new.order.frames();
    let unaligned = g.gfn.offset(new.order) != 0 || new.mfn.is_valid() && !new.mfn.0.is_multiple_of(frames);
    let foreign = new.ty == P2mType::MapForeign && (new.order > Order::K4 || !new.mfn.is_valid());
    if unaligned || foreign || !g.gfn.fits() || format.type_code(new.ty).is_none() {
        return Ok(Code::Einval);
    }
    if new.mfn.is_valid() && s.world().map.page(new.mfn.plus(frames - 1), 0).is_none() {
        return Ok(Code::Einval);
    }
    let target = new.order.level();
    let root = s.world().domain(slot).root;
    let at = |s: &mut S, table: Mfn, level: u8| -> Result<(u64, u64, u64), Stop> {
        let word = s.page_word(table, g.gfn.index(level))?;
        s.note("walks the table to the entry that it will write");
        let seen = s.load(word)?;
        if level > target && s.world().format.needs_recalc(seen) {
            recalc::resolve(s, slot, g.gfn)?;
            return Ok((table.0, level as u64, 0));
        }
        Ok(match s.world().format.decode(level, seen) {
            Decoded::Table { mfn } => (mfn.0, level as u64 - 1, 0),
            _ if split::grow(s, slot, g, split::Gap { table, level, seen, target })? => (table.0, level as u64, 0),
            _ => (table.0, level as u64, NO_MEMORY),
        })
    };
    let top = at(s, root, 3)?;
    let (table, _, failed) = s.fold(top, |s, (table, level, failed)| {
        if level == target as u64 || failed == NO_MEMORY {
            return Ok(Break((table, level, failed)));
        }
        at(s, Mfn(table), level as u8).map(Continue)
    })?;
    if failed == NO_MEMORY {
        return Ok(Code::Enomem);
    }
    let leaf = Leaf::new(new.ty, new.access, new.mfn, new.order);
    let word = s.page_word(Mfn(table), g.gfn.index(target))?;
    let mut ctx = s.world().leaf_ctx_of(slot, &leaf);
    if new.ty == P2mType::IoreqServer {
        let server = s.dom_word(slot, DomWord::Ioreq);
        s.note("looks whether the server takes writes");
        ctx.ioreq_writes = s.load(server)? & WRITES != 0;
    }
    let entry = format.leaf(&leaf, &ctx);
    let [old, refused] = s.effect(Effect::Act(Act::SetEntry { word, entry, g, order: new.order, fresh: new.fresh }))?;
    match Refused::from_word(refused) {
        None => {}
        Some(Refused::Busy) => return Ok(Code::Ebusy),
        Some(Refused::Unsafe) => return Ok(Code::Eilseq),
        Some(Refused::Closed) => return Ok(Code::Enomem),
    }
    if let Decoded::Table { mfn } = format.decode(target, old)
        && target > 0
    {
        flush_now(s, slot)?;
        s.lock(Lock::Structure(slot), Mode::Exclusive)?;
        s.note("gives the replaced tables back");
        s.act(Act::Table(TableAct::FreeTree { table: mfn, level: target - 1 }))?;
        s.unlock(Lock::Structure(slot), Mode::Exclusive)?;
    }
    Ok(Code::Ok)
}

/// The order of the piece with which a request goes on: the largest to which gfn, mfn and what remains are aligned.
pub const fn piece(gfn: Gfn, mfn: Mfn, remaining: u64) -> Order {
    let all = gfn.0 | remaining | if mfn.is_valid() { mfn.0 } else { 0 };
    if all.is_multiple_of(Order::G1.frames()) {
        Order::G1
    } else if all.is_multiple_of(Order::M2.frames()) {
        Order::M2
    } else {
        Order::K4
    }
}

/// Maps `frames` gfns from `g` on: in the largest aligned pieces, first to last. `new.order` says nothing. The first
/// error ends it and is the answer; the pieces before it stay written, and it is the caller who must know that
/// (XSA-389). Xen's `p2m_set_entry`.
pub fn p2m_set_entry<S: Step>(s: &mut S, g: DomGfn, frames: u64, new: NewEntry) -> Result<Code, Stop> {
    let (_, code) = s.fold((0, Code::Ok.word()), |s, (done, code)| {
        if done == frames {
            return Ok(Break((done, code)));
        }
        let at = DomGfn { gfn: Gfn(g.gfn.0 + done), ..g };
        let mfn = new.mfn.plus(done);
        let order = piece(at.gfn, mfn, frames - done);
        let code = set_entry(s, at, NewEntry { mfn, order, ..new })?;
        Ok(match code {
            Code::Ok => Continue((done + order.frames(), code.word())),
            _ => Break((done, code.word())),
        })
    })?;
    Ok(Code::from_word(code).unwrap_or(Code::Einval))
}
