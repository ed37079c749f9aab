//! Typed references, ownership, and machine-to-physical entries.
//!
//! type_info holds a frame's own type beside a count of the references that rely on it. Its bits are those of the tree
//! that the entries are laid out as ([`TypeBits`]): in 2011 shared is 8 in bits 63:60 and the lock bit is 55, today
//! shared is 6 in bits 63:61 and the lock bit is 60. count_info keeps the bits of 2011 throughout.
//!
//! Protocol. type_info changes by compare-and-exchange alone. A type changes only while nobody counts on it; its value
//! stays when the count goes back to 0, so that whoever asks whether a frame is used as something tests the count
//! (`6623226237`). The lock bit is one of those references while it is set. An owner changes under the page_alloc lock
//! of the domain that has or gets the frame, and together with the domain's list and `tot_pages`, under the heap's
//! word. A domain is referenced by its pages, once for all of them: the first brings the reference, the last takes it
//! away (`1f348a695f`).

use super::frames::{self, M2P_INVALID, M2P_SHARED, PGC_ALLOCATED, PGT_COUNT, heap, owner_word, rec};
use super::record::FrameWord;
use super::teardown::{self, Phase};
use super::words::Words;
use super::world::World;
use crate::addr::{DomId, Mfn};
use crate::entry::{Era, Format};

/// A frame's own type, as far as anybody here uses one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum PageType {
    /// None.
    None,
    /// Writable memory.
    Writable,
    /// Shared copy-on-write; the owner is dom_cow.
    Shared,
    /// A guest's page table of the lowest level.
    L1,
    /// A page of segment descriptors.
    Seg,
}

impl PageType {
    /// All of them, in the order of their discriminants.
    pub const ALL: [PageType; 5] = [PageType::None, PageType::Writable, PageType::Shared, PageType::L1, PageType::Seg];
}

/// Where the parts of a type_info stand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TypeBits {
    /// The type.
    pub ty: u64,
    /// The lowest bit of the type.
    pub at: u32,
    /// The codes of [`PageType::ALL`].
    codes: [u64; 5],
    /// The page's lock.
    pub locked: u64,
    /// The type has been checked, which takes no work but for page tables and segments.
    pub validated: u64,
}

/// October 2011.
const BITS_2011: TypeBits =
    TypeBits { ty: 0xf << 60, at: 60, codes: [0, 7, 8, 1, 5], locked: 1 << 55, validated: 1 << 58 };

/// Today.
const BITS_NOW: TypeBits =
    TypeBits { ty: 7 << 61, at: 61, codes: [0, 7, 6, 1, 5], locked: 1 << 60, validated: 1 << 58 };

impl TypeBits {
    /// Those of the tree that the entries belong to.
    pub fn of(format: Format) -> &'static TypeBits {
        match format.era() {
            Era::Now => &BITS_NOW,
            _ => &BITS_2011,
        }
    }

    /// A type, in place.
    pub const fn put(&self, ty: PageType) -> u64 {
        self.codes[ty as usize] << self.at
    }

    /// The type in a type_info; a code that nobody here uses reads as none.
    pub fn get(&self, type_info: u64) -> PageType {
        let code = (type_info & self.ty) >> self.at;
        PageType::ALL.into_iter().find(|&t| self.codes[t as usize] == code).unwrap_or(PageType::None)
    }

    /// The type_info of a checked type with `n` references.
    pub const fn counted(&self, ty: PageType, n: u64) -> u64 {
        self.put(ty) | self.validated | n
    }
}

/// What changes a typed reference, an owner or an m2p entry as a whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RefsAct {
    /// Takes a typed reference; gives whether it could. Xen's `get_page_type`.
    GetType {
        /// The frame.
        mfn: Mfn,
        /// As what.
        ty: PageType,
    },
    /// Drops a typed reference: a [`Dropped`]. Xen's `put_page_type`.
    PutType(Mfn),
    /// Gives a frame to an owner, out of one domain's list and into another's; gives whether there is such a frame.
    SetOwner {
        /// The frame.
        mfn: Mfn,
        /// Its owner from now on.
        to: DomId,
    },
    /// Writes the frame's m2p entry: Xen's `set_gpfn_from_mfn`, see [`set_gpfn`].
    SetGpfn {
        /// The frame.
        mfn: Mfn,
        /// The frame number with its domain, or [`M2P_INVALID`].
        gpfn: u64,
    },
    /// Takes a frame from its domain if nobody else refers to it: it has no references, no owner and no gfn then, and is
    /// not free either. Gives whether it could. Xen's `steal_page`.
    Steal {
        /// The frame.
        mfn: Mfn,
        /// Whose it must be.
        from: DomId,
    },
    /// Gives a stolen frame to a domain; gives whether that takes frames. Xen's `assign_pages`.
    Assign {
        /// The frame.
        mfn: Mfn,
        /// Whose it is from now on.
        to: DomId,
    },
    /// Frees a stolen frame.
    Discard(Mfn),
    /// Marks a frame broken, so that it is never given out again: an [`Offlined`]. Xen's `mark_page_offline`.
    Offline(Mfn),
}

/// How a frame was used that is to go out of use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u64)]
pub enum Offlined {
    /// Not at all: it is out of use.
    Free,
    /// Somebody has it: it goes out of use when the last reference goes.
    InUse,
    /// It was marked before.
    Before,
}

impl Offlined {
    /// From an effect's result.
    pub const fn from_word(w: u64) -> Offlined {
        match w {
            0 => Offlined::Free,
            1 => Offlined::InUse,
            _ => Offlined::Before,
        }
    }
}

/// What became of a typed reference that was to be dropped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u64)]
pub enum Dropped {
    /// Nobody counted on a type.
    None = 0,
    /// It is dropped.
    Yes = 1,
    /// Nothing has changed: it is the last one but the page lock's own, and waits until the page is unlocked (S20).
    Locked = 2,
}

impl Dropped {
    /// From an effect's result.
    pub const fn from_word(w: u64) -> Dropped {
        match w {
            1 => Dropped::Yes,
            2 => Dropped::Locked,
            _ => Dropped::None,
        }
    }
}

/// What such an effect does to words.
pub fn act<W: Words>(m: &mut W, world: &World, a: RefsAct) -> u64 {
    match a {
        RefsAct::GetType { mfn, ty } => get_type(m, world, mfn, ty) as u64,
        RefsAct::PutType(mfn) => put_type(m, world, mfn) as u64,
        RefsAct::SetOwner { mfn, to } => set_owner(m, world, mfn, to) as u64,
        RefsAct::SetGpfn { mfn, gpfn } => {
            set_gpfn(m, world, mfn, gpfn);
            0
        }
        RefsAct::Steal { mfn, from } => steal(m, world, mfn, from) as u64,
        RefsAct::Assign { mfn, to } => assign(m, world, mfn, to) as u64,
        RefsAct::Discard(mfn) => {
            heap(m, world, |m| frames::discard(m, world, mfn));
            0
        }
        RefsAct::Offline(mfn) => heap(m, world, |m| frames::offline(m, world, mfn)) as u64,
    }
}

/// The reference of the allocation goes by compare-and-exchange, and with it the last: nobody takes one in between.
fn steal<W: Words>(m: &mut W, world: &World, mfn: Mfn, from: DomId) -> bool {
    let (count, ty) = (rec(world, mfn, FrameWord::Count), rec(world, mfn, FrameWord::Type));
    let alone = frames::owner(m, world, mfn) == from && m.get(ty) & PGT_COUNT == 0;
    if !alone || m.cas(count, PGC_ALLOCATED | 1, 0) != PGC_ALLOCATED | 1 {
        return false;
    }
    heap(m, world, |m| {
        frames::unlink(m, world, mfn);
        for (w, v) in [(FrameWord::Owner, 0), (FrameWord::M2p, M2P_INVALID), (FrameWord::Type, 0)] {
            m.set(rec(world, mfn, w), v);
        }
    });
    true
}

fn assign<W: Words>(m: &mut W, world: &World, mfn: Mfn, to: DomId) -> bool {
    let Some(slot) = world.slot(to).filter(|&s| teardown::phase(m, world, s) < Phase::CLOSED) else { return false };
    heap(m, world, |m| frames::give(m, world, slot, mfn));
    true
}

/// Takes a typed reference: false if others count on another type, or no reference is left to give. A type that
/// nobody counts on gives way, and needs no checking for what is no page table.
pub fn get_type<W: Words>(m: &mut W, world: &World, mfn: Mfn, ty: PageType) -> bool {
    let Some(word) = world.map.frame(mfn, FrameWord::Type) else { return false };
    let bits = TypeBits::of(world.format);
    let mut seen = m.get(word);
    loop {
        let n = seen & PGT_COUNT;
        let new = match n {
            PGT_COUNT => return false,
            0 => bits.counted(ty, 1),
            _ if seen & bits.ty == bits.put(ty) => seen + 1,
            _ => return false,
        };
        let now = m.cas(word, seen, new);
        if now == seen {
            return true;
        }
        seen = now;
    }
}

/// Drops a typed reference; the type's value stays. A count of zero stays zero.
pub fn put_type<W: Words>(m: &mut W, world: &World, mfn: Mfn) -> Dropped {
    let Some(word) = world.map.frame(mfn, FrameWord::Type) else { return Dropped::None };
    let locked = TypeBits::of(world.format).locked;
    let mut seen = m.get(word);
    loop {
        match seen & (PGT_COUNT | locked) {
            n if n & PGT_COUNT == 0 => return Dropped::None,
            n if n == locked | 2 => return Dropped::Locked,
            _ => {}
        }
        let now = m.cas(word, seen, seen - 1);
        if now == seen {
            return Dropped::Yes;
        }
        seen = now;
    }
}

/// Gives a frame to an owner: off the list of the domain that had it, onto the end of that of the domain that gets it,
/// each with its `tot_pages`. Owners that are no domain of the world (dom_cow, dom_io, dom_xen) keep no list.
pub fn set_owner<W: Words>(m: &mut W, world: &World, mfn: Mfn, to: DomId) -> bool {
    let Some(word) = world.map.frame(mfn, FrameWord::Owner) else { return false };
    heap(m, world, |m| {
        frames::unlink(m, world, mfn);
        m.set(word, owner_word(to));
        if let Some(slot) = world.slot(to) {
            frames::append(m, world, slot, mfn);
        }
    });
    true
}

/// Writes a frame's m2p entry. For a frame of dom_cow it becomes [`M2P_SHARED`] whatever is written: in 2011 also where
/// that was "no frame number", so that the mistake of S47 was masked; today not.
pub fn set_gpfn<W: Words>(m: &mut W, world: &World, mfn: Mfn, gpfn: u64) {
    let masked = frames::owner(m, world, mfn) == DomId::COW && !(gpfn == M2P_INVALID && world.format.era() == Era::Now);
    m.set(rec(world, mfn, FrameWord::M2p), if masked { M2P_SHARED } else { gpfn });
}

#[cfg(test)]
#[path = "refs_tests.rs"]
mod tests;
