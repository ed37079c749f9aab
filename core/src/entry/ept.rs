//! What all formats of Intel's extended page tables share: the bits that the hardware reads, and how type and access
//! become permissions.
//!
//! Hardware bits: Intel SDM volume 3, "EPT paging-structure entries". The hardware ignores bits 8 to 11 (without
//! accessed and dirty flags) and 52 to 63 (save for a few that later processors know); Xen keeps type and access there.
//! What an entry allows is what its type allows and its access leaves (`ept_p2m_type_to_flags`).

use super::access::{Access, Perms};
use super::field::{Field, fields};
use super::hardware::{Cpu, Hardware};
use super::layout::Layout;
use super::leaf::{LeafCtx, Misconfig};
use super::types::P2mType;
use crate::addr::{Mfn, Order};

fields! {
    R "r" 0..=0 Allow "hardware: reads are allowed";
    W "w" 1..=1 Allow "hardware: writes are allowed";
    X "x" 2..=2 Allow "hardware: instruction fetches are allowed";
    EMT "emt" 3..=5 MemoryType "hardware, leaf only: memory type; 7 is illegal on purpose, to be called at the next access";
    IPAT "ipat" 6..=6 Flag "hardware, leaf only: ignore the guest's PAT";
    SP "sp" 7..=7 Flag "hardware: a leaf of 2 MB (level 1) or 1 GB (level 2); always 0 at level 0";
    A "a" 8..=8 Flag "hardware: accessed";
    D "d" 9..=9 Flag "hardware, leaf only: dirty";
    RECALC "recalc" 10..=10 Flag "software: the type of this leaf, or of all below, must be computed again";
    SNP "snp" 11..=11 Flag "IOMMU sharing the table: snoop";
    MFN "mfn" 12..=51 Mfn "hardware: the frame, or the next table; all ones is none";
    TYPE "sa_p2mt" 52..=57 Type "software: p2m type";
    PW "pw" 58..=58 Flag "hardware: its own walks of the guest's page tables may write here";
    ACCESS "access" 59..=62 Access "software: access type";
    SUPPRESS_VE "suppress_ve" 63..=63 Flag "hardware: a violation leaves to the hypervisor and is no #VE in the guest";
}

/// The memory type that no processor knows: stored to be called back.
pub const EMT_CALL_BACK: u64 = 7;

/// What formats of the family differ in.
pub struct Ept {
    /// Where the access type stands.
    pub access: Field,
    /// How many access types there are, counted by code.
    pub accesses: u64,
    /// Whether bits 8 to 10, 58 and 63 are what [`FIELDS`] says: accessed, dirty, recalc, paging-write, suppress #VE.
    pub today: bool,
}

impl Ept {
    /// The bits that an empty entry holds.
    #[inline(always)]
    pub const fn empty(&self) -> u64 {
        if self.today { SUPPRESS_VE.mask() } else { 0 }
    }

    /// Whether nothing is mapped: no bit is set, suppress #VE aside.
    #[inline(always)]
    pub const fn is_empty(&self, entry: u64) -> bool {
        entry & !self.empty() == 0
    }

    /// The access type of that code, if the format has it.
    #[inline(always)]
    pub const fn access_of_code(&self, code: u64) -> Option<Access> {
        if code < self.accesses { Access::from_code(code) } else { None }
    }

    /// What is left of a type's permissions.
    #[inline(always)]
    pub const fn permissions(&self, base: Perms, access: Access, order: Order, ctx: &LeafCtx) -> Perms {
        let left = base.and(access.mask());
        let exec = !(self.today && ctx.no_exec_sp && order.level() > 0);
        Perms { x: left.x && exec, ..left }
    }

    /// The bits that type, access, order and `ctx` decide: permissions, and today accessed, dirty and paging-write.
    ///
    /// Accessed and dirty begin set where the type can be accessed and written, so that the processor need not set them;
    /// log-dirty begins clean, for the first write to be logged. The access type plays no part in them.
    #[inline(always)]
    pub const fn decided(&self, ty: P2mType, base: Perms, access: Access, order: Order, ctx: &LeafCtx) -> u64 {
        let bits = put_perms(self.permissions(base, access, order, ctx));
        if !self.today {
            return bits;
        }
        let dirty = base.w && !matches!(ty, P2mType::RamLogdirty);
        let pw = ctx.pw && matches!(access, Access::RPw);
        bits | A.put((ctx.ad && base.any()) as u64) | D.put((ctx.ad && dirty) as u64) | PW.put(pw as u64)
    }

    /// Which bits [`Ept::decided`] decides.
    #[inline(always)]
    pub const fn decides(&self) -> u64 {
        let perms = R.mask() | W.mask() | X.mask();
        if self.today { perms | A.mask() | D.mask() | PW.mask() } else { perms }
    }

    /// A processor's reading: see [`Format::hardware`](super::Format::hardware).
    #[inline(always)]
    pub const fn hardware(&self, l: &Layout, level: u8, entry: u64, cpu: Cpu) -> Hardware {
        let perms = get_perms(entry);
        if !perms.any() {
            return Hardware::NotPresent;
        }
        // The frame is taken as it stands: to a processor all ones is a frame like any other.
        let mfn = Mfn(l.mfn.get(entry));
        let (link, emt) = (level > 0 && SP.get(entry) == 0, EMT.get(entry) as u8);
        let why = match Order::of_level(level) {
            _ if perms.w && !perms.r => Misconfig::WriteWithoutRead,
            _ if !perms.r && !cpu.execute_only => Misconfig::ExecuteOnly,
            _ if link && entry & (EMT.mask() | IPAT.mask()) != 0 => Misconfig::ReservedInLink,
            _ if link => return Hardware::Table { mfn, perms },
            None => Misconfig::SuperpageAtRoot,
            Some(order) if mfn.0 & (order.frames() - 1) != 0 => Misconfig::UnalignedSuperpage,
            Some(_) if matches!(emt, 2 | 3 | 7) => Misconfig::MemoryType(emt),
            Some(order) => return Hardware::Leaf { mfn, order, perms },
        };
        Hardware::Misconfigured { why }
    }
}

/// The permission bits for `perms`, in place.
#[inline(always)]
pub const fn put_perms(perms: Perms) -> u64 {
    R.put(perms.r as u64) | W.put(perms.w as u64) | X.put(perms.x as u64)
}

/// The permissions that the bits of `entry` give.
#[inline(always)]
pub const fn get_perms(entry: u64) -> Perms {
    Perms::from_bits(entry)
}
