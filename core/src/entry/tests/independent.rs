//! Entries against decoders that other people wrote from the same manuals.
//!
//! NPT against the crate `x86_64`: P, RW, US, PWT, PCD, A, D, PSE, G, NX and the address. The type's bits are software's in
//! both: 58:52 are the crate's BIT_52 to BIT_58.
//! EPT against the crate `ax-cpu`: read, write, execute, memory type and which are reserved, ignore PAT, superpage,
//! accessed, dirty, the address, and what is present. The crate knows nothing of Xen's own bits, 10 and 52 to 63.

use super::*;
use ax_cpu::PhysAddr as Address;
use ax_cpu::paging::{EptEntry, EptFlags as E, PageTableEntry as _};
use proptest::prelude::*;
use x86_64::PhysAddr;
use x86_64::structures::paging::page_table::{PageTableEntry, PageTableFlags as X};

/// The names of our fields beside the crate's flags.
const NPT: [(&str, X); 10] = [
    ("p", X::PRESENT),
    ("rw", X::WRITABLE),
    ("us", X::USER_ACCESSIBLE),
    ("pwt", X::WRITE_THROUGH),
    ("pcd", X::NO_CACHE),
    ("a", X::ACCESSED),
    ("d", X::DIRTY),
    ("pse", X::HUGE_PAGE),
    ("g", X::GLOBAL),
    ("nx", X::NO_EXECUTE),
];

fn field(format: Format, name: &str) -> &'static Field {
    format.fields(1).iter().find(|f| f.name == name).unwrap_or_else(|| panic!("{name}"))
}

/// The names of today's fields beside the crate's flags.
const EPT: [(&str, E); 8] = [
    ("r", E::READ),
    ("w", E::WRITE),
    ("x", E::EXECUTE),
    ("emt", E::MEM_TYPE_MASK),
    ("ipat", E::IGNORE_PAT),
    ("sp", E::HUGE_PAGE),
    ("a", E::ACCESSED),
    ("d", E::DIRTY),
];

/// Bits 51:12.
const ADDRESS: u64 = 0x000f_ffff_ffff_f000;

proptest! {
    #[test]
    fn npt_is_read_as_the_crate_x86_64_reads_it(format in prop::sample::select(&[Format::Npt2011, Format::Npt2012, Format::Npt][..]), entry: u64) {
        let flags = X::from_bits_retain(entry & !ADDRESS);
        for (name, flag) in NPT {
            prop_assert_eq!(field(format, name).get(entry) == 1, flags.contains(flag), "{}", name);
        }
        let software: u64 = [X::BIT_52, X::BIT_53, X::BIT_54, X::BIT_55, X::BIT_56, X::BIT_57, X::BIT_58].iter().map(|b| b.bits()).sum();
        prop_assert_eq!(field(format, "type").mask(), software);
        let mut theirs = PageTableEntry::new();
        theirs.set_addr(PhysAddr::new(entry & ADDRESS), flags);
        prop_assert_eq!(theirs.addr().as_u64(), field(format, "mfn").get(entry) << 12);
        let ours = Perms {
            r: flags.contains(X::PRESENT),
            w: flags.contains(X::PRESENT | X::WRITABLE),
            x: flags.contains(X::PRESENT) && !flags.contains(X::NO_EXECUTE),
        };
        prop_assert_eq!(format.perms(entry), ours);
    }

    #[test]
    fn what_npt_stores_the_crate_x86_64_builds(ty in prop::sample::select(&[RamRw, RamRo, GrantMapRw, GrantMapRo][..]), mfn in 1..1u64 << 39, big: bool) {
        let order = if big { Order::M2 } else { Order::K4 };
        let mfn = Mfn(mfn & !(order.frames() - 1));
        let mut want = X::PRESENT | X::USER_ACCESSIBLE | X::ACCESSED | X::DIRTY;
        want.set(X::WRITABLE, matches!(ty, RamRw | GrantMapRw));
        want.set(X::NO_EXECUTE, matches!(ty, GrantMapRw | GrantMapRo));
        want.set(X::HUGE_PAGE, big);
        let entry = Format::Npt.leaf(&Leaf::new(ty, Access::Rwx, mfn, order), &OUT);
        let software = field(Format::Npt, "type").mask();
        prop_assert_eq!(entry & !software, want.bits() | PhysAddr::new(mfn.0 << 12).as_u64());
    }

    #[test]
    fn ept_is_read_as_the_crate_ax_cpu_reads_it(today: bool, entry: u64, level in 0..3u8) {
        let format = if today { Format::Ept } else { Format::Ept2011 };
        let theirs = EptEntry::from_parts(Address::from((entry & ADDRESS) as usize), E::from_bits_retain(entry & !ADDRESS));
        for (name, flag) in EPT {
            let ours = field(Format::Ept, name);
            prop_assert_eq!(ours.mask(), flag.bits(), "{}", name);
            prop_assert_eq!(ours.get(entry) << ours.low, (theirs.flags() & flag).bits(), "{}", name);
        }
        prop_assert_eq!(format.mfn(entry).0.min(ADDRESS >> 12) << 12, theirs.paddr(false).as_usize() as u64);
        prop_assert_eq!(format.present(entry), theirs.present());
        prop_assert_eq!(level > 0 && format.superpage(entry), theirs.huge(level > 0));
        // Where a processor finds a leaf, its memory type is one that the crate knows; where it refuses one, it is not.
        match format.hardware(level, entry, Cpu::default()) {
            Hardware::Leaf { .. } => prop_assert!(theirs.flags().memory_type().is_some()),
            Hardware::Misconfigured { why: Misconfig::MemoryType(_) } => prop_assert!(theirs.flags().memory_type().is_none()),
            _ => {}
        }
    }
}
