//! Changing the table: set an entry, split a superpage, install and free tables, flush.
//!
//! Protocol. The caller holds the entry's lock where it relies on it; the table's shape has an exclusion of its own
//! (S62): whoever finds a table missing, or a leaf larger than what is to be set, takes the structure lock, looks
//! again, builds the new table completely in a page nobody can reach, and installs it by one store. Two holders of
//! different ranges under one large leaf so never lose each other's change. A table that a superpage replaces is
//! unlinked by the one store of the superpage, and freed only after every TLB that may know it has answered a flush.

use super::code::Code;
use crate::addr::{DomGfn, Mfn, Order};
use crate::entry::{Access, Decoded, Leaf, LeafCtx, P2mType};
use crate::lock::{Lock, Mode};
use crate::machine::Kind;
use crate::step::{Act, Page, Step, Stop};
use std::ops::ControlFlow::{Break, Continue};

/// What is to be mapped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NewEntry {
    /// The first frame, or [`Mfn::INVALID`].
    pub mfn: Mfn,
    /// The type.
    pub ty: P2mType,
    /// The access.
    pub access: Access,
    /// 4 KB or 2 MB.
    pub order: Order,
}

impl NewEntry {
    /// A 4 KB entry with the default access.
    pub const fn new(mfn: Mfn, ty: P2mType) -> NewEntry {
        NewEntry { mfn, ty, access: Access::Rwx, order: Order::K4 }
    }
}

/// Where the walk for a change has got to: 0 goes on, 1 has no memory for a table.
const NO_MEMORY: u64 = 1;

/// `set_entry g = ..`: writes an entry; takes no lock but the structure lock. A larger leaf is split. `EINVAL`
/// unless the order is 4 KB or 2 MB, gfn and mfn are aligned to it, and the format has the type; `ENOMEM` if a table
/// was needed and there was none, and then nothing has changed. m2p, counters and TLBs are the caller's.
pub fn set_entry<S: Step>(s: &mut S, g: DomGfn, new: NewEntry) -> Result<Code, Stop> {
    let slot = s.slot(g.dom)?;
    let format = s.world().format;
    let frames = new.order.frames();
    let unaligned = g.gfn.offset(new.order) != 0 || new.mfn.is_valid() && !new.mfn.0.is_multiple_of(frames);
    if unaligned || !g.gfn.fits() || new.order > Order::M2 || format.type_code(new.ty).is_none() {
        return Ok(Code::Einval);
    }
    if new.mfn.is_valid() && s.world().map.page(new.mfn.plus(frames - 1), 0).is_none() {
        return Ok(Code::Einval);
    }
    let target = new.order.level() as u64;
    let root = s.world().domain(slot).root;
    let (table, _, failed) = s.fold((root.0, 3, 0), |s, (table, level, _)| {
        if level == target {
            return Ok(Break((table, level, 0)));
        }
        let word = s.page_word(Mfn(table), g.gfn.index(level as u8))?;
        s.note("walks the table to the entry that it will write");
        let entry = s.load(word)?;
        match format.decode(level as u8, entry) {
            Decoded::Table { mfn } => Ok(Continue((mfn.0, level - 1, 0))),
            _ => Ok(match install(s, slot, g, Mfn(table), level as u8, entry)? {
                true => Continue((table, level, 0)),
                false => Break((table, level, NO_MEMORY)),
            }),
        }
    })?;
    if failed == NO_MEMORY {
        return Ok(Code::Enomem);
    }
    let leaf = Leaf::new(new.ty, new.access, new.mfn, new.order);
    let word = s.page_word(Mfn(table), g.gfn.index(target as u8))?;
    let entry = format.leaf(&leaf, &LeafCtx::default());
    let old = s.act(Act::SetEntry { word, entry, g, order: new.order })?;
    if let Decoded::Table { mfn } = format.decode(target as u8, old)
        && target > 0
    {
        flush(s, slot)?;
        s.lock(Lock::Structure(slot), Mode::Exclusive)?;
        s.note("gives the replaced table back");
        s.act(Act::FreeTable(mfn))?;
        s.unlock(Lock::Structure(slot), Mode::Exclusive)?;
    }
    Ok(Code::Ok)
}

/// Puts a table where `seen` stood, which was no table: empty below a hole, the children of a leaf below a leaf.
/// False if there is no page for it. Somebody may have been here before; then nothing is done.
fn install<S: Step>(s: &mut S, slot: u8, g: DomGfn, table: Mfn, level: u8, seen: u64) -> Result<bool, Stop> {
    s.scope(|s| {
        let word = s.page_word(table, g.gfn.index(level))?;
        let format = s.world().format;
        s.lock(Lock::Structure(slot), Mode::Exclusive)?;
        s.note("looks again whether a table is still missing");
        let now = s.load(word)?;
        let mut made = true;
        if now == seen {
            s.note("takes a page for a new table");
            let page = Mfn(s.act(Act::AllocTable(slot))?);
            made = page.is_valid();
            if made {
                if matches!(format.decode(level, now), Decoded::Leaf(_)) {
                    s.page(Page::Fill { table: page, entry: now, level })?;
                }
                s.note("links the new table");
                s.store(word, format.link(page))?;
            }
        }
        s.unlock(Lock::Structure(slot), Mode::Exclusive)?;
        Ok(made)
    })
}

/// `flush d`: empties the TLBs of a domain's vCPUs and devices, one by one. Returns when all have answered.
pub fn flush<S: Step>(s: &mut S, slot: u8) -> Result<(), Stop> {
    for a in s.world().actor_ids() {
        let actor = &s.world().actors[a.0 as usize];
        let theirs = actor.domain == s.world().domain(slot).id;
        let has_tlb = matches!(actor.kind, Kind::Vcpu | Kind::Hardware);
        if theirs && has_tlb {
            s.act(Act::Flush(a))?;
        }
    }
    Ok(())
}
