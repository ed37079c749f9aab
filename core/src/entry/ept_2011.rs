//! Intel's extended page tables as the tree of October 2011 filled them: the type in bits 57:52, the access type in 61:58,
//! and no accessed, dirty or recalc bits.

use super::access::{Access, Perms};
use super::ept::{EMT, Ept, IPAT, MFN, R, SP, TYPE, W, X};
use super::field::{Field, Kind};
use super::groups::{Era, TypeSet};
use super::layout::{Base, Bits, Layout, base_table, code_table};
use super::types::P2mType::{self, *};

const fn field(name: &'static str, low: u8, high: u8, kind: Kind, what: &'static str) -> Field {
    Field { name, low, high, kind, what }
}

const EMT_2011: Field = Field { what: "hardware, leaf only: memory type", ..EMT };
const RSVD1: Field = field("rsvd1", 8, 9, Kind::Unused, "kept zero; accessed and dirty on later processors");
const AVAIL1: Field = field("avail1", 10, 10, Kind::Unused, "free for software, kept zero");
const SNP: Field = field("rsvd2_snp", 11, 11, Kind::Flag, "IOMMU sharing the table: snoop");
const ACCESS: Field = field("access", 58, 61, Kind::Access, "software: access type");
const TM: Field = field("rsvd3_tm", 62, 62, Kind::Flag, "IOMMU sharing the table: transient mapping");
const AVAIL3: Field = field("avail3", 63, 63, Kind::Unused, "free for software, kept zero");

const FIELDS: &[Field] = &[R, W, X, EMT_2011, IPAT, SP, RSVD1, AVAIL1, SNP, MFN, TYPE, ACCESS, TM, AVAIL3];

/// The types of October 2011, each at the place of its code; NPT has the same.
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
    RamPagingInStart,
    RamShared,
    RamBroken,
];

/// The format as data.
pub const LAYOUT: Layout = Layout {
    name: "ept-2011",
    era: Era::Oct2011,
    fields: [FIELDS; 4],
    sp: SP,
    mfn: MFN,
    ty: TYPE,
    types: TYPES,
    codes: code_table(TYPES),
    base: base_table(&[
        (RamRw, Base::Always(Perms::RWX)),
        (RamLogdirty, Base::Always(Perms::RX)),
        (RamRo, Base::Always(Perms::RX)),
        (RamShared, Base::Always(Perms::RX)),
        (MmioDirect, Base::WriteUnlessRo(Perms::RX)),
        (GrantMapRw, Base::Always(Perms::RW)),
        (GrantMapRo, Base::Always(Perms::R)),
    ]),
    frameless: TypeSet::of(&[MmioDirect, RamPaged, RamPagingInStart]),
    frameless_4k: TypeSet::of(&[]),
    bits: Bits::Ept(Ept { access: ACCESS, accesses: Access::N2rwx.code() + 1, today: false }),
};
