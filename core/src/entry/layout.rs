//! What a format is: its fields, the codes of its types, and what each type allows, all as data.
//!
//! The encoder and the decoder in `format.rs` are written over a [`Layout`]; a new format is a new constant.

use super::access::Perms;
use super::field::Field;
use super::groups::TypeSet;
use super::types::P2mType;

/// What a type allows before its access is looked at.
#[derive(Clone, Copy)]
pub enum Base {
    /// The same for every frame.
    Always(Perms),
    /// And writes besides, unless the frame lies in the read-only MMIO ranges.
    WriteUnlessRo(Perms),
}

/// A format as data.
pub struct Layout {
    /// The name in a lesson's `encoding` and on the command line.
    pub name: &'static str,
    /// Every field, lowest first, per level: a bit can mean different things in a root and in a leaf.
    pub fields: [&'static [Field]; 4],
    /// The fields for read, write and execute.
    pub allow: [Field; 3],
    /// Memory type.
    pub emt: Field,
    /// Ignore PAT.
    pub ipat: Field,
    /// Superpage.
    pub sp: Field,
    /// Machine frame.
    pub mfn: Field,
    /// Type.
    pub ty: Field,
    /// Access type.
    pub access: Field,
    /// The types that exist in this format, each at the place of its code.
    pub types: &'static [P2mType],
    /// The code of each type, by the type's discriminant; [`NO_CODE`] for those that the format lacks.
    pub codes: [u8; P2mType::COUNT],
    /// What each type allows, by the type's discriminant.
    pub base: [Base; P2mType::COUNT],
    /// Types for which an entry is written even where no frame is given. For the others it stays empty.
    pub frameless: TypeSet,
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

/// The table of [`Layout::base`]: types that are not in `rows` allow nothing.
pub const fn base_table(rows: &[(P2mType, Base)]) -> [Base; P2mType::COUNT] {
    let (mut table, mut i) = ([Base::Always(Perms::NONE); P2mType::COUNT], 0);
    while i < rows.len() {
        table[rows[i].0 as usize] = rows[i].1;
        i += 1;
    }
    table
}

impl Layout {
    /// The permission bits for `perms`, in place.
    #[inline]
    pub const fn put_perms(&self, perms: Perms) -> u64 {
        self.allow[0].put(perms.r as u64) | self.allow[1].put(perms.w as u64) | self.allow[2].put(perms.x as u64)
    }

    /// The permissions that the bits of `entry` give.
    #[inline]
    pub const fn get_perms(&self, entry: u64) -> Perms {
        Perms { r: self.allow[0].get(entry) == 1, w: self.allow[1].get(entry) == 1, x: self.allow[2].get(entry) == 1 }
    }
}
