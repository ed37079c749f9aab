//! Intel's extended page tables as the tree of August 2026 fills them: accessed and dirty flags (since 2015), types
//! recalculated on demand (2014), suppress #VE (2015), paging-write with the access type one bit further up (2025).

use super::access::{Access, Perms};
use super::ept::{ACCESS, Ept, FIELDS, MFN, SP, TYPE};
use super::groups::{Era, Group, TypeSet};
use super::layout::{Base, Bits, Layout, base_table, code_table};
use super::types::P2mType::{self, *};

/// The types of today, each at the place of its code; NPT has the same.
pub const TYPES: &[P2mType] = &[
    RamRw,
    Invalid,
    RamLogdirty,
    RamRo,
    MmioDm,
    MmioDirect,
    PopulateOnDemand,
    GrantMapRw,
    GrantMapRo,
    RamPagingOut,
    RamPaged,
    RamPagingIn,
    RamShared,
    RamBroken,
    MapForeign,
    IoreqServer,
];

/// The format as data.
pub const LAYOUT: Layout = Layout {
    name: "ept",
    era: Era::Now,
    fields: [FIELDS; 4],
    sp: SP,
    mfn: MFN,
    ty: TYPE,
    types: TYPES,
    codes: code_table(TYPES),
    base: base_table(&[
        (RamRw, Base::Always(Perms::RWX)),
        (RamLogdirty, Base::WriteIfLogged(Perms::RX)),
        (RamRo, Base::Always(Perms::RX)),
        (RamShared, Base::Always(Perms::RX)),
        (MmioDirect, Base::WriteUnlessRo(Perms::RX)),
        (GrantMapRw, Base::Always(Perms::RW)),
        (GrantMapRo, Base::Always(Perms::R)),
        (MapForeign, Base::Always(Perms::RW)),
        (IoreqServer, Base::WriteUnlessTaken(Perms::R)),
    ]),
    frameless: Group::InvalidMfn.types(Era::Now),
    frameless_4k: TypeSet::of(&[]),
    bits: Bits::Ept(Ept { access: ACCESS, accesses: Access::RPw.code() + 1, today: true }),
};
