//! Nested page tables: what is empty, what a processor makes of it, splits with the PAT bit, marks.

use super::*;

const ALL: [Format; 3] = [Format::Npt2011, Format::Npt2012, Format::Npt];

#[test]
fn an_entry_is_bit_exact() {
    // P 1, RW 2, US 4, PCD 0x10, A 0x20, D 0x40, PSE 0x80.
    let cases = [
        (Format::Npt2011, RamRw, Mfn(0x1234), Order::K4, 0x0000_0000_0123_4067),
        (Format::Npt2011, RamRw, Mfn(0), Order::K4, 0x67),
        (Format::Npt2011, RamRo, Mfn(0x200), Order::M2, 0x0030_0000_0020_00e5),
        (Format::Npt2011, GrantMapRo, Mfn(1), Order::K4, 0x0080_0000_0000_1065),
        (Format::Npt, GrantMapRo, Mfn(1), Order::K4, 0x8080_0000_0000_1065),
        (Format::Npt, MmioDirect, Mfn(1), Order::K4, 0x0050_0000_0000_1077),
        // The invalid frame is clipped: it reaches neither the type nor NX.
        (Format::Npt2011, MmioDirect, Mfn::INVALID, Order::K4, 0x005f_ffff_ffff_f077),
        (Format::Npt2012, RamPaged, Mfn::INVALID, Order::K4, 0x80af_ffff_ffff_f000),
        (Format::Npt, RamPagingIn, Mfn::INVALID, Order::K4, 0x80bf_ffff_ffff_f000),
        // In 2011 a type without a frame is lost, and later a superpage of it.
        (Format::Npt2011, RamPaged, Mfn::INVALID, Order::K4, 0),
        (Format::Npt, RamPaged, Mfn::INVALID, Order::M2, 0),
        (Format::Npt2011, PopulateOnDemand, Mfn::INVALID, Order::M2, 0x0060_0000_0000_0080),
        (Format::Npt, PopulateOnDemand, Mfn::INVALID, Order::G1, 0x8060_0000_0000_0080),
        (Format::Npt2012, MapForeign, Mfn(5), Order::K4, 0),
    ];
    for (format, ty, mfn, order, want) in cases {
        let got = format.leaf(&Leaf::new(ty, Access::Rwx, mfn, order), &OUT);
        assert_eq!(got, want, "{} {ty} {order:?}: {got:#018x}, want {want:#018x}", format.name());
    }
    for format in ALL {
        assert_eq!(format.link_as(Mfn(0x55), Access::N), 0x5_5067, "a link stores no access");
    }
}

#[test]
fn empty_is_no_flags_whatever_the_frame() {
    for format in ALL {
        for entry in [0, 0x1000, 0x000f_ffff_ffff_f000] {
            assert!(format.is_empty(entry) && !format.valid(entry), "{entry:#x}");
            assert_eq!(format.decode(1, entry), Decoded::Empty);
        }
        // Not present and not empty: populate on demand, at both sizes.
        let pod = |order: Order| format.leaf(&Leaf::new(PopulateOnDemand, Access::Rwx, Mfn(0), order), &OUT);
        for order in ORDERS {
            assert!(!format.present(pod(order)) && format.valid(pod(order)));
            assert!(matches!(format.decode(order.level(), pod(order)), Decoded::Leaf(l) if l.order == order));
        }
        assert_eq!(format.decode(1, 6 << 52), Decoded::Misconfigured { why: Misconfig::HalfLink });
        assert_eq!(format.decode(3, 0xe7), Decoded::Misconfigured { why: Misconfig::SuperpageAtRoot });
        assert_eq!(format.decode(0, 16 << 52), Decoded::Misconfigured { why: Misconfig::UnknownType(16) });
        assert_eq!(format.decode(0, 127 << 52 | 1), Decoded::Misconfigured { why: Misconfig::UnknownType(127) });
    }
    // Seven bits of type: bit 58 is part of it, and 59 is not.
    assert_eq!(Format::Npt.decode(0, 1 << 58), Decoded::Misconfigured { why: Misconfig::UnknownType(64) });
    assert!(matches!(Format::Npt.decode(0, 1 << 59 | 1), Decoded::Leaf(l) if l.ty == RamRw));
}

#[test]
fn a_split_carries_the_pat_bit() {
    for format in ALL {
        let split = |entry, level, i| format.split_child(entry, level, i, &OUT);
        let flags = 0x67;
        // 2 MB: the superpage bit goes.
        assert_eq!(split(0x40_0000 | flags | 0x80, 1, 0), 0x40_0000 | flags);
        assert_eq!(split(0x40_0000 | flags | 0x80, 1, 511), 0x5f_f000 | flags);
        // Bit 12 of the superpage is its PAT bit; bit 7 of the page is.
        assert_eq!(split(0x40_1000 | flags | 0x80, 1, 0), 0x40_0000 | flags | 0x80);
        assert_eq!(split(0x40_1000 | flags | 0x80, 1, 3), 0x40_3000 | flags | 0x80);
        // 1 GB to 2 MB: both stay where they are.
        assert_eq!(split(0x4000_0000 | flags | 0x80, 2, 1), 0x4020_0000 | flags | 0x80);
        assert_eq!(split(0x4000_1000 | flags | 0x80, 2, 1), 0x4020_1000 | flags | 0x80);
        // Promised memory has P = 0 and stays promised: type 6, frames counted on.
        let pod = format.leaf(&Leaf::new(PopulateOnDemand, Access::Rwx, Mfn(0), Order::M2), &OUT);
        for i in [0, 1, 511] {
            let want = Leaf::new(PopulateOnDemand, Access::Rwx, Mfn(i), Order::K4);
            assert_eq!(format.decode(0, split(pod, 1, i)), Decoded::Leaf(want));
        }
        // A device without a frame keeps having none.
        let device = format.leaf(&Leaf::new(MmioDirect, Access::Rwx, Mfn::INVALID, Order::M2), &OUT);
        assert_eq!(format.decode(0, split(device, 1, 9)), format.decode(0, device & !0x80));
        // Flags are inherited, not computed: circumstances of the child play no part.
        let device = format.leaf(&Leaf::new(MmioDirect, Access::Rwx, Mfn(0x200), Order::M2), &OUT);
        assert_eq!(format.perms(format.split_child(device, 1, 1, &IN)), Perms::RWX);
    }
}

#[test]
fn a_processor_walks_as_a_user() {
    for format in ALL {
        let read = |level, entry| format.hardware(level, entry, Cpu::default());
        let leaf = |perms| Hardware::Leaf { mfn: Mfn(1), order: Order::K4, perms };
        let refused = |why| Hardware::Misconfigured { why };
        for (level, entry, want) in [
            (0, 0x1066, Hardware::NotPresent),
            (1, 0x1080, Hardware::NotPresent),
            (0, 0x1067, leaf(Perms::RWX)),
            (0, 0x1065, leaf(Perms::RX)),
            (0, 1 << 63 | 0x1065, leaf(Perms::R)),
            (0, 0x1063, leaf(Perms::NONE)),
            // Bit 7 of a page is the PAT's.
            (0, 0x10e7, leaf(Perms::RWX)),
            (3, 0x1067, Hardware::Table { mfn: Mfn(1), perms: Perms::RWX }),
            (2, 0x1063, Hardware::Table { mfn: Mfn(1), perms: Perms::NONE }),
            (1, 0x20_00e7, Hardware::Leaf { mfn: Mfn(0x200), order: Order::M2, perms: Perms::RWX }),
            // Bit 12 of a superpage is not the frame's.
            (1, 0x20_10e7, Hardware::Leaf { mfn: Mfn(0x200), order: Order::M2, perms: Perms::RWX }),
            (1, 0x20_20e7, refused(Misconfig::UnalignedSuperpage)),
            (2, 0x20_00e7, refused(Misconfig::UnalignedSuperpage)),
            (3, 0x10e7, refused(Misconfig::SuperpageAtRoot)),
            (3, 0x1167, refused(Misconfig::GlobalAtRoot)),
            (2, 0x1167, Hardware::Table { mfn: Mfn(1), perms: Perms::RWX }),
        ] {
            assert_eq!(read(level, entry), want, "{} {entry:#x} at level {level}", format.name());
        }
    }
}

#[test]
fn a_mark_takes_the_user_away() {
    let f = Format::Npt;
    for (level, entry) in [
        (0, f.leaf(&Leaf::new(RamLogdirty, Access::Rwx, Mfn(0x1234), Order::K4), &OUT)),
        (1, f.leaf(&Leaf::new(RamRw, Access::Rwx, Mfn(0x200), Order::M2), &OUT)),
        (3, f.link(Mfn(0x55))),
    ] {
        let marked = f.mark_recalc(entry).unwrap();
        assert_eq!(marked, entry & !0x24, "US and A");
        assert!(f.needs_recalc(marked) && !f.needs_recalc(entry));
        assert_eq!((f.decode(level, marked), f.perms(marked)), (f.decode(level, entry), f.perms(entry)));
        match f.hardware(level, marked, Cpu::default()) {
            Hardware::Leaf { perms, .. } | Hardware::Table { perms, .. } => assert_eq!(perms, Perms::NONE),
            other => panic!("{other:?}"),
        }
        assert_eq!(f.clear_recalc(level, marked, 6), entry);
    }
    let pod = f.leaf(&Leaf::new(PopulateOnDemand, Access::Rwx, Mfn(0), Order::M2), &OUT);
    assert!(!f.needs_recalc(pod) && f.mark_recalc(pod) == Some(pod));
    // A split hands the mark on.
    let marked = f.mark_recalc(f.leaf(&Leaf::new(RamRw, Access::Rwx, Mfn(0x200), Order::M2), &OUT)).unwrap();
    assert!(f.needs_recalc(f.split_child(marked, 1, 4, &OUT)));
}

#[test]
fn a_nested_entry_says_what_it_is() {
    let f = Format::Npt;
    let leaf = f.leaf(&Leaf::new(GrantMapRo, Access::Rwx, Mfn(0x1234), Order::K4), &OUT);
    assert_eq!(
        summary(f, 0, leaf),
        "A 4 KB leaf of type grant_map_ro (another domain's frame, granted for reading) at frame 0x1234; a guest may \
         only read."
    );
    assert_eq!(
        summary(f, 2, f.mark_recalc(f.link(Mfn(0x55))).unwrap()),
        "A link to the table of level 1 in frame 0x55. No guest access passes here: the next one has the type computed \
         again."
    );
    assert_eq!(
        summary(f, 1, 0x20_20e7),
        "A 2 MB leaf of type ram_rw (ordinary memory) at frame 0x202; a guest may read, write and execute. A processor \
         leaves here with a nested page fault for reserved bits: the frame of the superpage is not a multiple of its size."
    );
    let by_name = |level, entry, name: &str| {
        let of = describe(f, level, entry);
        of.into_iter().find(|v| v.field.name == name).map(|v| v.meaning).unwrap_or_else(|| panic!("{name}"))
    };
    assert_eq!(by_name(0, leaf, "nx"), "forbidden");
    assert_eq!(by_name(0, leaf, "rw"), "not allowed");
    assert_eq!(by_name(0, 0x10e7, "pat"), "set");
    assert_eq!(by_name(1, 0x20_00e7, "pse"), "set");
    let odd = "512 frames from machine address 0x200000, and the bit that selects the upper half of the PAT";
    assert_eq!(by_name(1, 0x20_10e7, "mfn"), odd);
}
