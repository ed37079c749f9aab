//! What a format is: its fields, the codes of its types, and what each type allows, all as data.
//!
//! The encoder and the decoder in `code.rs` are written over a [`Layout`]; a new format is a new constant. What the two
//! families of hardware do not share stands in `ept.rs` and `npt.rs`, behind [`Bits`].

use super::access::Perms;
use super::ept::Ept;
use super::field::Field;
use super::groups::{Era, TypeSet};
use super::leaf::LeafCtx;
use super::npt::Npt;
use super::types::P2mType;
use crate::addr::Order;

/// What a type allows before its access is looked at.
#[derive(Clone, Copy)]
pub enum Base {
    /// The same for every frame.
    Always(Perms),
    /// And writes besides, unless the frame lies in the read-only MMIO ranges.
    WriteUnlessRo(Perms),
    /// And writes besides, unless an ioreq server takes them.
    WriteUnlessTaken(Perms),
    /// And writes besides, where the processor logs them itself: leaves of 4 KB under page-modification logging.
    WriteIfLogged(Perms),
}

/// A format as data.
pub struct Layout {
    /// The name in a lesson's `encoding` and on the command line.
    pub name: &'static str,
    /// The tree that fills entries so.
    pub era: Era,
    /// Every field, lowest first, per level: a bit can mean different things in a root and in a leaf.
    pub fields: [&'static [Field]; 4],
    /// Superpage.
    pub sp: Field,
    /// Machine frame.
    pub mfn: Field,
    /// Zero in every entry that is written; what [`Format::taken`](super::Format::taken) says with it is never stored.
    pub spare: Field,
    /// Type.
    pub ty: Field,
    /// The types that exist in this format, each at the place of its code.
    pub types: &'static [P2mType],
    /// The code of each type, by the type's discriminant; [`NO_CODE`] for those that the format lacks.
    pub codes: [u8; P2mType::COUNT],
    /// What each type allows, by the type's discriminant.
    pub base: [Base; P2mType::COUNT],
    /// Types for which an entry is written even where no frame is given. For the others it stays empty.
    pub frameless: TypeSet,
    /// The same, for leaves of 4 KB alone.
    pub frameless_4k: TypeSet,
    /// Whose hardware reads it, and where the rest stands.
    pub bits: Bits,
}

/// What the two families do not share.
pub enum Bits {
    /// Intel's extended page tables.
    Ept(Ept),
    /// AMD's nested page tables.
    Npt(Npt),
}

/// Stands in [`Layout::codes`] for a type that the format lacks.
pub const NO_CODE: u8 = u8::MAX;

/// The table of [`Layout::codes`] for types that stand each at its code.
pub const fn code_table(types: &[P2mType]) -> [u8; P2mType::COUNT] {
    let (mut table, mut code) = ([NO_CODE; P2mType::COUNT], 0);
    while code < types.len() {
        table[types[code] as usize] = code as u8;
        code += 1;
    }
    table
}

/// What types allow in every format, unless it says otherwise.
pub const COMMON: Rows = &[
    (P2mType::RamRw, Base::Always(Perms::RWX)),
    (P2mType::RamLogdirty, Base::Always(Perms::RX)),
    (P2mType::RamRo, Base::Always(Perms::RX)),
    (P2mType::RamShared, Base::Always(Perms::RX)),
    (P2mType::MmioDirect, Base::WriteUnlessRo(Perms::RX)),
    (P2mType::GrantMapRw, Base::Always(Perms::RW)),
    (P2mType::GrantMapRo, Base::Always(Perms::R)),
];

/// What the types that only today's tree has allow.
pub const TODAY: Rows =
    &[(P2mType::MapForeign, Base::Always(Perms::RW)), (P2mType::IoreqServer, Base::WriteUnlessTaken(Perms::R))];

/// Rows of [`Layout::base`].
pub type Rows = &'static [(P2mType, Base)];

/// The table of [`Layout::base`]: types that are in none of the lists allow nothing; of two rows of one type the later
/// one counts.
pub const fn base_table(lists: &[Rows]) -> [Base; P2mType::COUNT] {
    let (mut table, mut list) = ([Base::Always(Perms::NONE); P2mType::COUNT], 0);
    while list < lists.len() {
        let (rows, mut i) = (lists[list], 0);
        while i < rows.len() {
            table[rows[i].0 as usize] = rows[i].1;
            i += 1;
        }
        list += 1;
    }
    table
}

impl Base {
    /// What is allowed for a leaf of that order.
    #[inline(always)]
    pub const fn perms(self, order: Order, ctx: &LeafCtx) -> Perms {
        match self {
            Base::Always(perms) => perms,
            Base::WriteUnlessRo(perms) => Perms { w: !ctx.mmio_ro, ..perms },
            Base::WriteUnlessTaken(perms) => Perms { w: !ctx.ioreq_writes, ..perms },
            Base::WriteIfLogged(perms) => Perms { w: ctx.pml && order.level() == 0, ..perms },
        }
    }
}
