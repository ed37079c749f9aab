//! What all formats of AMD's nested page tables share. They are ordinary page tables that the processor walks as a
//! user, so an entry without US lets no guest access through.
//!
//! Hardware bits: AMD64 Architecture Programmer's Manual volume 2, "Long-mode page translation" and "Nested paging". Xen
//! keeps the type in bits 58:52. It stores neither access type nor memory type: what a type allows is all that counts, and
//! only `mmio_direct` is not write-back (`p2m_type_to_flags`). On 32-bit builds the type stood in bits 11:9 and only codes
//! 0 to 7 fitted; those builds are not here. `ram_rw` has the code 0 because an AMD IOMMU that shares the table wants
//! bits 52 to 58 to be zero, and its own next level in 11:9 and permissions in 62:61; the table is not shared here.

use super::access::Perms;
use super::field::{Field, Kind, fields, replaced};
use super::hardware::Hardware;
use super::layout::Layout;
use super::leaf::{LeafCtx, Misconfig};
use super::types::P2mType;
use crate::addr::{Mfn, Order};

fields! {
    P "p" 0..=0 Allow "hardware: present; without it all other bits are the software's";
    RW "rw" 1..=1 Allow "hardware: writes are allowed";
    US "us" 2..=2 Allow "hardware: a guest's accesses are allowed; cleared today where the type must be computed again";
    PWT "pwt" 3..=3 Flag "hardware: write-through, with pcd uncached";
    PCD "pcd" 4..=4 Flag "hardware: cache disabled, unless the guest asks for write-combining (UC-)";
    A "a" 5..=5 Flag "hardware: accessed";
    D "d" 6..=6 Flag "hardware, leaf only: dirty";
    PSE "pse" 7..=7 Flag "hardware: a leaf of 2 MB (level 1) or 1 GB (level 2)";
    G "g" 8..=8 Flag "hardware, leaf only: global, no effect on nested tables; must be zero at the root";
    NEXT "next_level" 9..=11 Unused "an AMD IOMMU sharing the table: level of the next table";
    MFN "mfn" 12..=51 Mfn "hardware: the frame, or the next table; all ones is none; bit 12 of a superpage selects the PAT";
    TYPE "type" 52..=58 Type "software: p2m type";
    AVAIL "avail" 59..=60 Unused "free for software, kept zero";
    IR "ir" 61..=61 Flag "an AMD IOMMU sharing the table: reads are allowed";
    IW "iw" 62..=62 Flag "an AMD IOMMU sharing the table: writes are allowed";
    NX "nx" 63..=63 Deny "hardware: instruction fetches are forbidden";
}

/// Bit 7 of a 4 KB leaf.
const PAT: Field = Field {
    name: "pat",
    low: 7,
    high: 7,
    kind: Kind::Flag,
    what: "hardware: selects the upper half of the PAT; left by the split of a superpage that had it in bit 12",
};

/// The fields of level 0: bit 7 is no superpage bit there.
pub const FIELDS_4K: &[Field] = &replaced(FIELDS, PAT);

/// What formats of the family differ in.
pub struct Npt {
    /// Whether what may not be fetched is marked so (since 2012). Before, a grant was executable.
    pub nx: bool,
    /// Whether US is cleared where a type must be computed again, and read-only device ranges are uncached (UC).
    pub today: bool,
}

impl Npt {
    /// Whether nothing is mapped: no flag is set and the type is 0, whatever the frame.
    #[inline(always)]
    pub const fn is_empty(entry: u64) -> bool {
        entry & !MFN.mask() == 0
    }

    /// The flags of a type. Without permissions it is not present and its code is all there is, with NX where that exists.
    #[inline(always)]
    pub const fn flags(&self, ty: P2mType, base: Perms, ctx: &LeafCtx) -> u64 {
        let nx = NX.put((self.nx && !base.x) as u64);
        if !base.any() {
            return nx;
        }
        let device = matches!(ty, P2mType::MmioDirect);
        let uncached = device && self.today && ctx.mmio_ro;
        LINK & !RW.mask() | nx | RW.put(base.w as u64) | PCD.put(device as u64) | PWT.put(uncached as u64)
    }

    /// Memory type and `ipat` as Intel counts them: WB, WT, UC- (which a guest may refine) and UC.
    #[inline(always)]
    pub const fn memory_type(entry: u64) -> (u8, bool) {
        match (PCD.get(entry) == 1, PWT.get(entry) == 1) {
            (false, false) => (6, true),
            (false, true) => (4, true),
            (true, pwt) => (0, pwt),
        }
    }

    /// Child `i` of the superpage `entry` at `level`, 2 or 1. All flags stay.
    ///
    /// In a superpage bit 12 selects the PAT, so its frame number is odd then. A child of 2 MB keeps that; a child of 4 KB
    /// has the bit in place 7, where its superpage bit was.
    #[inline(always)]
    pub const fn split_child(entry: u64, level: u8, i: u64) -> u64 {
        let pfn = MFN.get(entry);
        let (pfn, flags) = match level {
            _ if pfn == MFN.max() => (pfn, entry & if level == 1 { !PSE.mask() } else { u64::MAX }),
            2 => (pfn + (i << 9), entry),
            _ if pfn & 1 == 1 => (pfn - 1 + i, entry),
            _ => (pfn + i, entry & !PSE.mask()),
        };
        MFN.set(flags, pfn)
    }

    /// A processor's reading: see [`Format::hardware`](super::Format::hardware).
    #[inline(always)]
    pub const fn hardware(l: &Layout, level: u8, entry: u64) -> Hardware {
        if P.get(entry) == 0 {
            return Hardware::NotPresent;
        }
        let user = US.get(entry) == 1;
        let Perms { r, w, x } = get_perms(entry);
        let perms = Perms { r: r && user, w: w && user, x: x && user };
        let mfn = Mfn(l.mfn.get(entry));
        let link = level > 0 && PSE.get(entry) == 0;
        let why = match Order::of_level(level) {
            None if G.get(entry) == 1 => Misconfig::GlobalAtRoot,
            _ if link => return Hardware::Table { mfn, perms },
            None => Misconfig::SuperpageAtRoot,
            Some(order) if level == 0 => return Hardware::Leaf { mfn, order, perms },
            // Bit 12 is not the frame's.
            Some(order) if mfn.0 & (order.frames() - 2) != 0 => Misconfig::UnalignedSuperpage,
            Some(order) => return Hardware::Leaf { mfn: Mfn(mfn.0 & !1), order, perms },
        };
        Hardware::Misconfigured { why }
    }
}

/// The flags of a link: present, writable, the guest's, accessed and dirty.
pub const LINK: u64 = P.mask() | RW.mask() | US.mask() | A.mask() | D.mask();

/// What P, RW and NX allow. US is left out: it is a mark, not a type's permission.
#[inline(always)]
pub const fn get_perms(entry: u64) -> Perms {
    let p = P.get(entry) == 1;
    Perms { r: p, w: p && RW.get(entry) == 1, x: p && NX.get(entry) == 0 }
}
