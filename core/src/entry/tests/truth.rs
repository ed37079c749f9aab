//! The complete truth tables: every type under every access, size and circumstance, in every format.

use super::*;

/// One row: types, when it applies, and what is left under n r w rw x rx wx rwx rx2rw n2rwx r_pw.
type Row = (&'static [P2mType], fn(&LeafCtx, Order) -> bool, [&'static str; 11]);

const ALL: [&str; 11] = ["---", "r--", "-w-", "rw-", "--x", "r-x", "-wx", "rwx", "r-x", "---", "r--"];
const READ_EXEC: [&str; 11] = ["---", "r--", "---", "r--", "--x", "r-x", "--x", "r-x", "r-x", "---", "r--"];
const READ_WRITE: [&str; 11] = ["---", "r--", "-w-", "rw-", "---", "r--", "-w-", "rw-", "r--", "---", "r--"];
const READ: [&str; 11] = ["---", "r--", "---", "r--", "---", "r--", "---", "r--", "r--", "---", "r--"];
const NOTHING: [&str; 11] = ["---"; 11];

const NO_ACCESS: &[P2mType] =
    &[Invalid, MmioDm, PopulateOnDemand, RamPagingOut, RamPaged, RamPagingIn, RamPagingInStart, RamBroken];

const EPT_2011: &[Row] = &[
    (&[RamRw], |_, _| true, ALL),
    (&[MmioDirect], |c, _| !c.mmio_ro, ALL),
    (&[MmioDirect], |c, _| c.mmio_ro, READ_EXEC),
    (&[RamLogdirty, RamRo, RamShared], |_, _| true, READ_EXEC),
    (&[GrantMapRw], |_, _| true, READ_WRITE),
    (&[GrantMapRo], |_, _| true, READ),
    (NO_ACCESS, |_, _| true, NOTHING),
];

const BIG: fn(&LeafCtx, Order) -> bool = |c, o| c.no_exec_sp && o != Order::K4;

const LOGGED: fn(&LeafCtx, Order) -> bool = |c, o| c.pml && o == Order::K4;

const EPT: &[Row] = &[
    (&[RamRw], |c, o| !BIG(c, o), ALL),
    (&[RamRw], BIG, READ_WRITE),
    (&[RamLogdirty], LOGGED, ALL),
    (&[RamLogdirty], |c, o| !LOGGED(c, o) && !BIG(c, o), READ_EXEC),
    (&[RamLogdirty], BIG, READ),
    (&[MmioDirect], |c, o| !c.mmio_ro && !BIG(c, o), ALL),
    (&[MmioDirect], |c, o| !c.mmio_ro && BIG(c, o), READ_WRITE),
    (&[MmioDirect], |c, o| c.mmio_ro && !BIG(c, o), READ_EXEC),
    (&[MmioDirect], |c, o| c.mmio_ro && BIG(c, o), READ),
    (&[RamRo, RamShared], |c, o| !BIG(c, o), READ_EXEC),
    (&[RamRo, RamShared], BIG, READ),
    (&[GrantMapRw, MapForeign], |_, _| true, READ_WRITE),
    (&[IoreqServer], |c, _| !c.ioreq_writes, READ_WRITE),
    (&[IoreqServer], |c, _| c.ioreq_writes, READ),
    (&[GrantMapRo], |_, _| true, READ),
    (NO_ACCESS, |_, _| true, NOTHING),
];

#[test]
fn ept_permissions_are_those_of_the_truth_tables() {
    for (format, table, of_types, of_accesses) in [(Format::Ept2011, EPT_2011, 15, 10), (Format::Ept, EPT, 16, 11)] {
        let mut seen = 0;
        for (types, when, row) in table {
            let types = types.iter().filter(|&&t| format.type_code(t).is_some());
            let places = types.flat_map(|&t| ORDERS.map(|o| (t, o))).flat_map(|at| contexts().map(move |c| (at, c)));
            for ((ty, order), ctx) in places.filter(|((_, o), c)| when(c, *o)) {
                for (access, want) in accesses(format).zip(row) {
                    let what = || format!("{} {ty} {access} {order:?} {ctx:?}", format.name());
                    let got = format.permissions(ty, access, order, &ctx);
                    assert_eq!(got.to_string(), *want, "{}", what());
                    let entry = format.leaf(&Leaf::new(ty, access, Mfn(0x4_0000), order), &ctx);
                    assert_eq!(format.perms(entry), got, "{} as stored", what());
                    assert_eq!(format.present(entry), *want != "---", "{}", what());
                    seen += 1;
                }
            }
        }
        assert_eq!((types(format).count(), accesses(format).count()), (of_types, of_accesses));
        assert_eq!(seen, of_types * of_accesses * 3 * 64, "the table of {} names every cell once", format.name());
    }
}

const A: u64 = 1 << 8;
const D: u64 = 1 << 9;

/// Types, when, and which bits.
type BitsRow = (&'static [P2mType], fn(&LeafCtx) -> bool, u64);

/// Accessed and dirty of today's EPT, on a processor that has them. The access type plays no part.
const ACCESSED_DIRTY: &[BitsRow] = &[
    (&[RamRw, GrantMapRw, MapForeign], |_| true, A | D),
    (&[RamLogdirty, RamRo, RamShared, GrantMapRo], |_| true, A),
    (&[MmioDirect], |c| !c.mmio_ro, A | D),
    (&[MmioDirect], |c| c.mmio_ro, A),
    (&[IoreqServer], |c| !c.ioreq_writes, A | D),
    (&[IoreqServer], |c| c.ioreq_writes, A),
    (NO_ACCESS, |_| true, 0),
];

#[test]
fn accessed_dirty_and_paging_write_are_those_of_today() {
    let mut seen = 0;
    for (types, when, want) in ACCESSED_DIRTY {
        for &ty in types.iter().filter(|&&t| Format::Ept.type_code(t).is_some()) {
            for ctx in contexts().filter(when) {
                for &access in Access::all() {
                    for order in ORDERS {
                        let entry = Format::Ept.leaf(&Leaf::new(ty, access, Mfn(0x4_0000), order), &ctx);
                        let what = format!("{ty} {access} {order:?} {ctx:?}: {entry:#018x}");
                        assert_eq!(entry & (A | D), if ctx.ad { *want } else { 0 }, "{what}");
                        assert_eq!(entry >> 58 & 1 == 1, ctx.pw && access == Access::RPw, "{what}");
                        assert_eq!(entry >> 63, 1, "every fresh entry suppresses #VE: {what}");
                        assert_eq!(entry >> 10 & 3, 0, "neither recalc nor snoop: {what}");
                        seen += 1;
                    }
                }
            }
        }
    }
    assert_eq!(seen, 16 * 64 * 11 * 3);
}

/// P, US, A and D.
const BF: u64 = 0x65;
const RW: u64 = 0x02;
const PWT: u64 = 0x08;
const PCD: u64 = 0x10;
const NX: u64 = 1 << 63;

/// Types, when, and the flags of 2011, of December 2012 and of today.
type NptRow = (&'static [P2mType], fn(&LeafCtx) -> bool, [u64; 3]);

const NPT: &[NptRow] = &[
    (&[RamRw], |_| true, [BF | RW; 3]),
    (&[RamRo, RamLogdirty, RamShared], |_| true, [BF; 3]),
    (&[GrantMapRo], |_| true, [BF, BF | NX, BF | NX]),
    (&[GrantMapRw], |_| true, [BF | RW, BF | RW | NX, BF | RW | NX]),
    (&[MapForeign], |_| true, [0, 0, BF | RW | NX]),
    (&[MmioDirect], |c| !c.mmio_ro, [BF | RW | PCD; 3]),
    (&[MmioDirect], |c| c.mmio_ro, [BF | PCD, BF | PCD, BF | PCD | PWT]),
    (&[IoreqServer], |c| !c.ioreq_writes, [0, 0, BF | RW | NX]),
    (&[IoreqServer], |c| c.ioreq_writes, [0, 0, BF | NX]),
    (NO_ACCESS, |_| true, [0, NX, NX]),
];

/// The codes of the types, which are the same as in EPT.
fn code(ty: P2mType, format: Format) -> u64 {
    let now = match ty {
        RamShared => 12,
        RamBroken => 13,
        MapForeign => 14,
        IoreqServer => 15,
        RamPagingInStart => 12,
        other => other as u64,
    };
    if format == Format::Npt2011 && matches!(ty, RamShared | RamBroken) { now + 1 } else { now }
}

#[test]
fn npt_flags_are_those_of_the_truth_table() {
    for (at, format, of_types) in [(0, Format::Npt2011, 15), (1, Format::Npt2012, 14), (2, Format::Npt, 16)] {
        let mut seen = 0;
        for (types, when, flags) in NPT {
            for &ty in types.iter().filter(|&&t| format.type_code(t).is_some()) {
                for ctx in contexts().filter(when) {
                    for order in ORDERS {
                        let pse = if order == Order::K4 { 0 } else { 0x80 };
                        let want = flags[at] | pse | 0x4_0000 << 12 | code(ty, format) << 52;
                        for access in accesses(format) {
                            let got = format.leaf(&Leaf::new(ty, access, Mfn(0x4_0000), order), &ctx);
                            assert_eq!(got, want, "{} {ty} {order:?} {ctx:?}: {got:#018x}", format.name());
                        }
                        let allows = format.permissions(ty, Access::N, order, &ctx);
                        assert_eq!(format.perms(want), allows, "what is said is what is stored: {ty}");
                        seen += 1;
                    }
                }
            }
        }
        assert_eq!(seen, of_types * 64 * 3, "the table of {} names every cell once", format.name());
    }
}

#[test]
fn npt_permissions_are_the_types_alone() {
    let of = |format: Format, ty| format.permissions(ty, Access::N, Order::K4, &OUT).to_string();
    for (ty, oct2011, later) in [
        (RamRw, "rwx", "rwx"),
        (RamRo, "r-x", "r-x"),
        (GrantMapRw, "rwx", "rw-"),
        (GrantMapRo, "r-x", "r--"),
        (MmioDirect, "rwx", "rwx"),
        (RamPaged, "---", "---"),
    ] {
        assert_eq!((of(Format::Npt2011, ty), of(Format::Npt2012, ty)), (oct2011.into(), later.into()), "{ty}");
        assert_eq!(of(Format::Npt, ty), later, "{ty}");
    }
}
