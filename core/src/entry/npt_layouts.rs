//! AMD's nested page tables as three trees filled them: October 2011, December 2012, August 2026.
//!
//! In 2011 nothing was marked as not executable, and paged-out types were not stored at all, because the entry of a frame
//! that is not valid stayed empty. 2012 marks (`f114c47cce`, `1ec3b98992`) and stores (`6a5fc81607`) them. Today's tree
//! adds foreign frames and ioreq servers.

use super::access::Perms;
use super::groups::{Era, PAGING_TYPES, TypeSet};
use super::layout::{Base, Bits, COMMON, Layout, TODAY, base_table, code_table};
use super::npt::{AVAIL, FIELDS, FIELDS_4K, MFN, Npt, PSE, TYPE};
use super::types::P2mType::{self, *};
use super::{ept_2011, ept_now};

/// The types of December 2012, each at the place of its code: today's but the last two.
const TYPES_2012: &[P2mType] = ept_now::TYPES.split_at(14).0;

/// October 2011.
pub const NPT_2011: Layout = Layout {
    name: "npt-2011",
    era: Era::Oct2011,
    fields: [FIELDS_4K, FIELDS, FIELDS, FIELDS],
    sp: PSE,
    mfn: MFN,
    spare: AVAIL,
    ty: TYPE,
    types: ept_2011::TYPES,
    codes: code_table(ept_2011::TYPES),
    base: base_table(&[COMMON, &[(GrantMapRw, Base::Always(Perms::RWX)), (GrantMapRo, Base::Always(Perms::RX))]]),
    frameless: TypeSet::of(&[MmioDirect]),
    frameless_4k: TypeSet::of(&[]),
    bits: Bits::Npt(Npt { nx: false, today: false }),
};

/// December 2012.
pub const NPT_2012: Layout = Layout {
    name: "npt-2012",
    era: Era::Dec2012,
    types: TYPES_2012,
    codes: code_table(TYPES_2012),
    base: base_table(&[COMMON]),
    frameless_4k: PAGING_TYPES,
    bits: Bits::Npt(Npt { nx: true, today: false }),
    ..NPT_2011
};

/// Today.
pub const NPT: Layout = Layout {
    name: "npt",
    era: Era::Now,
    types: ept_now::TYPES,
    codes: code_table(ept_now::TYPES),
    base: base_table(&[COMMON, TODAY]),
    bits: Bits::Npt(Npt { nx: true, today: true }),
    ..NPT_2012
};
