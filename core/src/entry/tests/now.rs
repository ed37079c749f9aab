//! Today's EPT, bit by bit; marks for recalculation; splits under circumstances.

use super::*;

const F: Format = Format::Ept;
/// Bit 63 of every fresh entry.
const SVE: u64 = 1 << 63;

#[test]
fn an_entry_of_today_is_bit_exact() {
    let full = LeafCtx { pml: true, ad: true, pw: true, ..OUT };
    let cases = [
        // rwx 7, emt 6 << 3 = 0x30, ipat 0x40; frame 0x1234 << 12; access 7 << 59 = 0x38 << 56.
        (RamRw, Access::Rwx, Mfn(0x1234), Order::K4, OUT, 0xb800_0000_0123_4077),
        // And accessed 0x100, dirty 0x200.
        (RamRw, Access::Rwx, Mfn(0x1234), Order::K4, full, 0xb800_0000_0123_4377),
        // Log-dirty, type 2 << 52: writable under PML and clean.
        (RamLogdirty, Access::Rwx, Mfn(0x1234), Order::K4, full, 0xb820_0000_0123_4177),
        (RamLogdirty, Access::Rwx, Mfn(0x200), Order::M2, full, 0xb820_0000_0020_01f5),
        // Access 10 << 59 = 0x50 << 56, and paging-write, bit 58.
        (RamRw, Access::RPw, Mfn(0x1234), Order::K4, OUT, 0xd000_0000_0123_4071),
        (RamRw, Access::RPw, Mfn(0x1234), Order::K4, full, 0xd400_0000_0123_4371),
        // Access 0: nothing but the frame, its memory type and bit 63.
        (RamRw, Access::N, Mfn(0x200), Order::M2, OUT, 0x8000_0000_0020_00f0),
        // Types 12 to 15 of today, and three that are stored without a frame.
        (RamShared, Access::Rwx, Mfn(1), Order::K4, OUT, 0xb8c0_0000_0000_1075),
        (RamBroken, Access::Rwx, Mfn(1), Order::K4, OUT, 0xb8d0_0000_0000_1070),
        (MapForeign, Access::Rwx, Mfn(1), Order::K4, OUT, 0xb8e0_0000_0000_1073),
        (IoreqServer, Access::Rwx, Mfn(1), Order::K4, OUT, 0xb8f0_0000_0000_1073),
        (RamPagingIn, Access::Rwx, Mfn::INVALID, Order::K4, OUT, 0xb8bf_ffff_ffff_f070),
        (RamPagingOut, Access::Rwx, Mfn::INVALID, Order::K4, OUT, 0xb89f_ffff_ffff_f070),
        (PopulateOnDemand, Access::Rwx, Mfn::INVALID, Order::M2, OUT, 0xb860_0000_0000_00f0),
        // Empty: no frame, or a type of 2011 alone.
        (RamRw, Access::Rwx, Mfn::INVALID, Order::K4, OUT, SVE),
        (RamPagingInStart, Access::Rwx, Mfn(1), Order::K4, OUT, SVE),
    ];
    for (ty, access, mfn, order, ctx, want) in cases {
        let got = F.leaf(&Leaf::new(ty, access, mfn, order), &ctx);
        assert_eq!(got, want, "{ty} {access} {order:?} {ctx:?}: {got:#018x}, want {want:#018x}");
    }
    assert_eq!(F.link(Mfn(0x55)), 0xb800_0000_0005_5007);
    assert_eq!(F.link_as(Mfn(0x55), Access::N), 0x8000_0000_0005_5007);
}

#[test]
fn suppress_ve_does_not_make_an_entry() {
    assert_eq!(F.empty(), SVE);
    for entry in [0, SVE] {
        assert!(!F.present(entry) && !F.valid(entry) && F.is_empty(entry));
        assert_eq!((F.decode(0, entry), F.decode(3, entry)), (Decoded::Empty, Decoded::Empty));
    }
    assert!(!F.valid(SVE | 1 << 52) && F.valid(SVE | 10 << 52) && F.valid(10 << 52));
    assert_eq!(F.with_suppress_ve(SVE | 7, false), Some(7));
    assert_eq!(F.with_suppress_ve(7, true), Some(SVE | 7));
    for old in [Format::Ept2011, Format::Npt2011, Format::Npt2012, Format::Npt] {
        assert_eq!((old.with_suppress_ve(7, true), old.empty()), (None, 0), "{}", old.name());
    }
}

#[test]
fn a_marked_entry_is_still_what_it_was() {
    let leaf = F.leaf(&Leaf::new(RamRw, Access::Rwx, Mfn(0x200), Order::M2), &OUT);
    let marked = F.mark_recalc(leaf).unwrap();
    // emt 7 << 3, recalc 1 << 10.
    assert_eq!(marked, leaf | 0x38 | 1 << 10);
    assert!(F.needs_recalc(marked) && !F.needs_recalc(leaf));
    assert_eq!(
        F.decode(1, marked),
        Decoded::Leaf(Leaf { emt: 7, ..Leaf::new(RamRw, Access::Rwx, Mfn(0x200), Order::M2) })
    );
    assert_eq!(F.hardware(1, marked, Cpu::default()), Hardware::Misconfigured { why: Misconfig::MemoryType(7) });
    assert_eq!(F.clear_recalc(1, marked, 6), leaf);
    assert_eq!(F.mark_recalc(marked), Some(marked));

    let link = F.link(Mfn(0x55));
    let marked = F.mark_recalc(link).unwrap();
    assert_eq!(F.decode(3, marked), Decoded::Table { mfn: Mfn(0x55) });
    assert_eq!(F.hardware(3, marked, Cpu::default()), Hardware::Misconfigured { why: Misconfig::ReservedInLink });
    assert_eq!(F.clear_recalc(3, marked, 6), link);

    // What is not present leaves to the hypervisor anyway.
    let paged = F.leaf(&Leaf::new(RamPaged, Access::Rwx, Mfn::INVALID, Order::K4), &OUT);
    assert_eq!((F.mark_recalc(paged), F.mark_recalc(F.empty())), (Some(paged), Some(F.empty())));
    assert_eq!(F.clear_recalc(0, leaf, 0), leaf, "no mark, no change");
    for old in [Format::Ept2011, Format::Npt2011, Format::Npt2012] {
        assert_eq!(old.mark_recalc(old.link(Mfn(5))), None);
        assert!(!old.needs_recalc(u64::MAX) && !old.needs_recalc(1));
    }
}

#[test]
fn a_split_computes_permissions_for_the_smaller_size() {
    let leaf = |ty, order, ctx: &LeafCtx| F.leaf(&Leaf::new(ty, Access::Rwx, Mfn(0x4_0000), order), ctx);
    // Log-dirty: a page can be logged by the processor, a superpage cannot.
    let ctx = LeafCtx { pml: true, ad: true, ..OUT };
    let big = leaf(RamLogdirty, Order::M2, &ctx);
    let small = F.split_child(big, 1, 0, &ctx);
    assert_eq!((F.perms(big), F.perms(small)), (Perms::RX, Perms::RWX));
    assert_eq!(small, leaf(RamLogdirty, Order::K4, &ctx));
    // Superpages may not be executable: 1 GB to 2 MB stays so, 4 KB is.
    let ctx = LeafCtx { no_exec_sp: true, ..OUT };
    let huge = leaf(RamRw, Order::G1, &ctx);
    let big = F.split_child(huge, 2, 1, &ctx);
    let small = F.split_child(big, 1, 1, &ctx);
    assert_eq!([huge, big, small].map(|e| F.perms(e)), [Perms::RW, Perms::RW, Perms::RWX]);
    assert_eq!(F.mfn(small), Mfn(0x4_0000 + 512 + 1));
    // Marks and suppress #VE are inherited, paging-write is computed.
    let ctx = LeafCtx { pw: true, ..OUT };
    let big = F.leaf(&Leaf::new(RamRw, Access::RPw, Mfn(0x200), Order::M2), &ctx);
    let marked = F.with_suppress_ve(F.mark_recalc(big).unwrap(), false).unwrap();
    let small = F.split_child(marked, 1, 3, &OUT);
    assert!(F.needs_recalc(small) && small >> 63 == 0 && small >> 58 & 1 == 0 && big >> 58 & 1 == 1);
    assert_eq!(F.split_child(big, 1, 3, &ctx) >> 58 & 1, 1);
    // Populate on demand has no frame: children count from 0.
    let pod = F.leaf(&Leaf::new(PopulateOnDemand, Access::Rwx, Mfn(0), Order::M2), &OUT);
    let want = Leaf::new(PopulateOnDemand, Access::Rwx, Mfn(7), Order::K4);
    assert_eq!(F.decode(0, F.split_child(pod, 1, 7, &OUT)), Decoded::Leaf(want));
}

#[test]
fn bad_bits_of_today_have_a_name() {
    assert_eq!(F.decode(0, 16 << 52), Decoded::Misconfigured { why: Misconfig::UnknownType(16) });
    assert_eq!(F.decode(0, 11 << 59), Decoded::Misconfigured { why: Misconfig::UnknownAccess(11) });
    assert_eq!(F.decode(1, SVE | 0x5_5000), Decoded::Misconfigured { why: Misconfig::HalfLink });
    assert_eq!(Format::Ept2011.decode(0, 10 << 58), Decoded::Misconfigured { why: Misconfig::UnknownAccess(10) });
}

#[test]
fn an_entry_of_today_says_what_it_is() {
    let leaf = F.leaf(&Leaf::new(RamRw, Access::RPw, Mfn(0x200), Order::M2), &OUT);
    assert_eq!(
        summary(F, 1, leaf),
        "A 2 MB leaf of type ram_rw (ordinary memory) at frame 0x200; under access r_pw a guest may only read."
    );
    assert_eq!(
        summary(F, 2, F.mark_recalc(F.link(Mfn(0x55))).unwrap()),
        "A link to the table of level 1 in frame 0x55. A processor leaves here with an EPT misconfiguration: a link has \
         bits 3 to 6 set, which are reserved. So it was meant: the next one has the type computed again."
    );
    assert_eq!(summary(F, 0, SVE), "Empty: nothing is mapped here.");
    let names: Vec<_> = describe(F, 0, leaf).iter().map(|v| v.field.name).collect();
    let want = "r w x emt ipat sp a d recalc snp mfn sa_p2mt pw access suppress_ve";
    assert_eq!(names.join(" "), want);
}
