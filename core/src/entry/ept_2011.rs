//! Intel's extended page tables as the tree of October 2011 filled them: the type in bits 57:52, the access type in 61:58,
//! and no accessed, dirty or recalc bits.

use super::access::Access;
use super::ept::{Ept, IPAT, MFN, R, SP, TYPE, W, X};
use super::field::fields;
use super::groups::{Era, TypeSet};
use super::layout::{Bits, COMMON, Layout, base_table, code_table};
use super::types::P2mType::{self, *};

fields! {
    R; W; X;
    EMT "emt" 3..=5 MemoryType "hardware, leaf only: memory type";
    IPAT; SP;
    RSVD1 "rsvd1" 8..=9 Unused "kept zero; accessed and dirty on later processors";
    AVAIL1 "avail1" 10..=10 Unused "free for software, kept zero";
    SNP "rsvd2_snp" 11..=11 Flag "IOMMU sharing the table: snoop";
    MFN; TYPE;
    ACCESS "access" 58..=61 Access "software: access type";
    TM "rsvd3_tm" 62..=62 Flag "IOMMU sharing the table: transient mapping";
    AVAIL3 "avail3" 63..=63 Unused "free for software, kept zero";
}

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
    spare: AVAIL1,
    ty: TYPE,
    types: TYPES,
    codes: code_table(TYPES),
    base: base_table(&[COMMON]),
    frameless: TypeSet::of(&[MmioDirect, RamPaged, RamPagingInStart]),
    frameless_4k: TypeSet::of(&[]),
    bits: Bits::Ept(Ept { access: ACCESS, accesses: Access::N2rwx.code() + 1, today: false }),
};
