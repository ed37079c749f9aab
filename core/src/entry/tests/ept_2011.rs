//! The format of October 2011, bit by bit, and what of it a processor refuses.

use super::*;

const F: Format = Format::Ept2011;

/// The field positions of the headers of October 2011, written out.
#[test]
fn an_entry_is_bit_exact() {
    let leaf = |ty, access, mfn, order| Leaf::new(ty, access, mfn, order);
    let cases = [
        // rwx 7, emt 6 << 3 = 0x30, ipat 0x40; frame 0x1234 << 12; access 7 << 58.
        (leaf(RamRw, Access::Rwx, Mfn(0x1234), Order::K4), 0x1c00_0000_0123_4077),
        // r-x 5; type 3 << 52; access 5 << 58.
        (leaf(RamRo, Access::Rx, Mfn(0x1234), Order::K4), 0x1430_0000_0123_4075),
        // Superpage 0x80.
        (leaf(RamRw, Access::Rwx, Mfn(0x200), Order::M2), 0x1c00_0000_0020_00f7),
        // No permissions, still a superpage: access 0.
        (leaf(RamRw, Access::N, Mfn(0x200), Order::M2), 0x0000_0000_0020_00f0),
        // Type 10 << 52 and a frame field of all ones.
        (leaf(RamPaged, Access::Rwx, Mfn::INVALID, Order::K4), 0x1caf_ffff_ffff_f070),
        // Frame 0, type 6 << 52.
        (leaf(PopulateOnDemand, Access::Rwx, Mfn::INVALID, Order::M2), 0x1c60_0000_0000_00f0),
        // No frame, and a type that is not stored without.
        (leaf(RamRw, Access::Rwx, Mfn::INVALID, Order::K4), 0),
        (leaf(Invalid, Access::Rwx, Mfn::INVALID, Order::K4), 0),
        (leaf(MmioDm, Access::Rwx, Mfn::INVALID, Order::K4), 0),
        // A type of a later tree.
        (leaf(MapForeign, Access::Rwx, Mfn(5), Order::K4), 0),
    ];
    for (leaf, want) in cases {
        let got = F.leaf(&leaf, &OUT);
        assert_eq!(got, want, "{leaf:?}: {got:#018x}, want {want:#018x}");
    }
    assert_eq!(F.link(Mfn(0x55)), 0x1c00_0000_0005_5007);
    assert_eq!(F.link_as(Mfn(0x55), Access::N), 0x5_5007);
}

#[test]
fn an_entry_is_recognised_without_its_permissions() {
    let masked = F.leaf(&Leaf::new(RamRw, Access::N, Mfn(0x200), Order::M2), &OUT);
    assert!(!F.present(masked) && F.valid(masked));
    assert!(matches!(F.decode(1, masked), Decoded::Leaf(Leaf { order: Order::M2, mfn: Mfn(0x200), .. })));
    assert_eq!(F.decode(0, 0), Decoded::Empty);
    assert!(!F.valid(0) && !F.valid(1 << 52) && F.valid(10 << 52));
    for level in 1..4 {
        assert_eq!(F.decode(level, F.link(Mfn(9))), Decoded::Table { mfn: Mfn(9) });
    }
}

#[test]
fn a_split_keeps_the_mapping() {
    let big = Leaf::new(RamRo, Access::Rx, Mfn(0x4_0000), Order::G1);
    let entry = F.leaf(&big, &OUT);
    let middle = F.split_child(entry, 2, 3, &OUT);
    let want = Leaf { mfn: Mfn(0x4_0000 + 3 * 512), order: Order::M2, ..big };
    assert_eq!(middle, F.leaf(&want, &OUT));
    let low = F.split_child(middle, 1, 511, &OUT);
    assert_eq!(low, F.leaf(&Leaf { mfn: Mfn(want.mfn.0 + 511), order: Order::K4, ..want }, &OUT));
    assert_eq!(F.split_child(low, 0, 1, &OUT), low);

    let pod = F.leaf(&Leaf::new(PopulateOnDemand, Access::Rwx, Mfn(0), Order::M2), &OUT);
    assert_eq!(
        F.decode(0, F.split_child(pod, 1, 7, &OUT)),
        Decoded::Leaf(Leaf::new(PopulateOnDemand, Access::Rwx, Mfn(7), Order::K4))
    );

    // Only the child that reaches into the read-only ranges loses its write bit.
    let device = F.leaf(&Leaf::new(MmioDirect, Access::Rwx, Mfn(0x200), Order::M2), &OUT);
    assert_eq!(F.perms(F.split_child(device, 1, 0, &OUT)), Perms::RWX);
    assert_eq!(F.perms(F.split_child(device, 1, 1, &IN)), Perms::RX);

    // A superpage without permissions has children without permissions, and they still name their frames.
    let masked = F.leaf(&Leaf::new(RamRw, Access::N, Mfn(0x200), Order::M2), &OUT);
    let child = F.split_child(masked, 1, 5, &OUT);
    assert_eq!((F.perms(child), F.mfn(child)), (Perms::NONE, Mfn(0x205)));
}

#[test]
fn bad_bits_have_a_name() {
    let cases = [
        (0, 15 << 52, Misconfig::UnknownType(15)),
        (0, 63 << 52 | 7, Misconfig::UnknownType(63)),
        (0, 10 << 58, Misconfig::UnknownAccess(10)),
        (1, 15 << 52 | 0x80, Misconfig::UnknownType(15)),
        (1, 0x55000, Misconfig::HalfLink),
        (3, 0x87, Misconfig::SuperpageAtRoot),
    ];
    for (level, entry, why) in cases {
        assert_eq!(F.decode(level, entry), Decoded::Misconfigured { why }, "{entry:#x} at level {level}");
    }
}

#[test]
fn a_processor_refuses_what_the_manual_says() {
    use Misconfig::*;
    let refused = [
        (0, 0x1032, WriteWithoutRead),
        (0, 0x1036, WriteWithoutRead),
        (3, 0x1002, WriteWithoutRead),
        (0, 0x1017, MemoryType(2)),
        (0, 0x101f, MemoryType(3)),
        (0, 0x103f, MemoryType(7)),
        (1, 0x0020_109f, UnalignedSuperpage),
        (1, 0x1000_10b7, UnalignedSuperpage),
        (2, 0x0020_00b7, UnalignedSuperpage),
        (1, 0x100f, ReservedInLink),
        (2, 0x1047, ReservedInLink),
        (3, 0x1021, ReservedInLink),
        (3, 0x1087, SuperpageAtRoot),
    ];
    for (level, entry, why) in refused {
        let got = F.hardware(level, entry, Cpu::default());
        assert_eq!(got, Hardware::Misconfigured { why }, "{entry:#x} at level {level}");
    }
    let rwx = Perms::RWX;
    let taken = [
        (0, 0, Hardware::NotPresent),
        // Not present comes before any rule: reserved memory type, unaligned superpage.
        (1, 0x10b8, Hardware::NotPresent),
        (0, 0x1037, Hardware::Leaf { mfn: Mfn(1), order: Order::K4, perms: rwx }),
        // Bit 7 is ignored at level 0.
        (0, 0x10b7, Hardware::Leaf { mfn: Mfn(1), order: Order::K4, perms: rwx }),
        (1, 0x20_00b7, Hardware::Leaf { mfn: Mfn(0x200), order: Order::M2, perms: rwx }),
        (2, 0x4000_00b7, Hardware::Leaf { mfn: Mfn(0x4_0000), order: Order::G1, perms: rwx }),
        (3, 0x1007, Hardware::Table { mfn: Mfn(1), perms: rwx }),
    ];
    for (level, entry, want) in taken {
        assert_eq!(F.hardware(level, entry, Cpu::default()), want, "{entry:#x} at level {level}");
    }
    let old = Cpu { execute_only: false };
    assert_eq!(F.hardware(0, 0x1034, old), Hardware::Misconfigured { why: ExecuteOnly });
    assert!(matches!(F.hardware(0, 0x1034, Cpu::default()), Hardware::Leaf { .. }));
}

#[test]
fn an_entry_says_what_it_is() {
    let cases: &[(u8, u64, &str)] = &[
        (0, 0, "Empty: nothing is mapped here."),
        (2, F.link(Mfn(0x55)), "A link to the table of level 1 in frame 0x55."),
        (
            0,
            F.leaf(&Leaf::new(RamRo, Access::Rx, Mfn(0x1234), Order::K4), &OUT),
            "A 4 KB leaf of type ram_ro (read-only memory, writes are dropped) at frame 0x1234; under access rx \
                 a guest may read and execute.",
        ),
        (
            1,
            F.leaf(&Leaf::new(RamRw, Access::N, Mfn(0x200), Order::M2), &OUT),
            "A 2 MB leaf of type ram_rw (ordinary memory) at frame 0x200; under access n a guest may do nothing.",
        ),
        (
            0,
            F.leaf(&Leaf::new(RamPaged, Access::Rwx, Mfn::INVALID, Order::K4), &OUT),
            "A 4 KB leaf of type ram_paged (memory that is paged out) without a frame; under access rwx a guest may do nothing.",
        ),
        (
            0,
            F.leaf(&Leaf::new(RamRw, Access::W, Mfn(1), Order::K4), &OUT),
            "A 4 KB leaf of type ram_rw (ordinary memory) at frame 0x1; under access w a guest may only write. A \
             processor leaves here with an EPT misconfiguration: writes are allowed and reads are not.",
        ),
        (
            3,
            0x87,
            "Not an entry that the hypervisor writes: the superpage bit is set at the root. A processor leaves here with \
             an EPT misconfiguration.",
        ),
    ];
    for (level, entry, want) in cases {
        assert_eq!(summary(F, *level, *entry), *want);
    }
    let entry = F.leaf(&Leaf::new(RamRo, Access::Rx, Mfn(0x200), Order::M2), &OUT);
    let by_name = |name| describe(F, 1, entry).into_iter().find(|v| v.field.name == name).map(|v| (v.value, v.meaning));
    assert_eq!(by_name("emt"), Some((6, "WB, write-back".into())));
    assert_eq!(by_name("mfn"), Some((0x200, "512 frames from machine address 0x200000".into())));
    assert_eq!(by_name("sa_p2mt"), Some((3, "ram_ro: read-only memory, writes are dropped".into())));
    assert_eq!(by_name("access"), Some((5, "rx: read and execute".into())));
}
