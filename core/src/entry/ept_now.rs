//! Intel's extended page tables as the tree of August 2026 fills them: accessed and dirty flags (since 2015), types
//! recalculated on demand (2014), suppress #VE (2015), paging-write with the access type one bit further up (2025).

use super::access::{Access, Perms};
use super::ept::{ACCESS, Ept, FIELDS, MFN, SNP, SP, TYPE};
use super::groups::{Era, Group, TypeSet};
use super::layout::{Base, Bits, COMMON, Layout, TODAY, base_table, code_table};
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
    spare: SNP,
    ty: TYPE,
    types: TYPES,
    codes: code_table(TYPES),
    base: base_table(&[COMMON, TODAY, &[(RamLogdirty, Base::WriteIfLogged(Perms::RX))]]),
    frameless: Group::InvalidMfn.types(Era::Now),
    frameless_4k: TypeSet::of(&[]),
    bits: Bits::Ept(Ept { access: ACCESS, accesses: Access::RPw.code() + 1, today: true }),
};
