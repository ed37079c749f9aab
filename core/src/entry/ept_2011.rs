//! Intel's extended page tables as the tree of October 2011 filled them.
//!
//! Hardware bits: Intel SDM volume 3, "EPT paging-structure entries". The hardware ignores bits 8 to 11 (without
//! accessed and dirty flags) and 52 to 63; Xen keeps type and access there.

use super::access::Perms;
use super::field::fields;
use super::groups::TypeSet;
use super::layout::{Base, Layout, base_table, code_table};
use super::types::P2mType::{self, *};

fields! {
    R "r" 0..=0 Allow "hardware: reads are allowed";
    W "w" 1..=1 Allow "hardware: writes are allowed";
    X "x" 2..=2 Allow "hardware: instruction fetches are allowed";
    EMT "emt" 3..=5 MemoryType "hardware, leaf only: memory type";
    IPAT "ipat" 6..=6 Flag "hardware, leaf only: ignore the guest's PAT";
    SP "sp" 7..=7 Flag "hardware: a leaf of 2 MB (level 1) or 1 GB (level 2); always 0 at level 0";
    RSVD1 "rsvd1" 8..=9 Unused "kept zero; accessed and dirty on later processors";
    AVAIL1 "avail1" 10..=10 Unused "free for software, kept zero";
    SNP "rsvd2_snp" 11..=11 Flag "IOMMU sharing the table: snoop";
    MFN "mfn" 12..=51 Mfn "hardware: the frame, or the next table; all ones is none";
    TYPE "sa_p2mt" 52..=57 Type "software: p2m type";
    ACCESS "access" 58..=61 Access "software: access type";
    TM "rsvd3_tm" 62..=62 Flag "IOMMU sharing the table: transient mapping";
    AVAIL3 "avail3" 63..=63 Unused "free for software, kept zero";
}

/// The types, each at the place of its code.
const TYPES: &[P2mType] = &[
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
    fields: [FIELDS; 4],
    allow: [R, W, X],
    emt: EMT,
    ipat: IPAT,
    sp: SP,
    mfn: MFN,
    ty: TYPE,
    access: ACCESS,
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
};
