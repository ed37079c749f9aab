//! What an entry can be: a leaf, a link, nothing, or bits that nobody writes; and why bits mean nothing.

use std::fmt;

use super::access::Access;
use super::types::P2mType;
use crate::addr::{Mfn, Order};

/// An entry that maps: frames of one order, with their type.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Leaf {
    /// The type.
    pub ty: P2mType,
    /// The access type. NPT does not store it: what is read back is always `rwx`.
    pub access: Access,
    /// The first frame, or [`Mfn::INVALID`] where the type has none.
    pub mfn: Mfn,
    /// How many frames.
    pub order: Order,
    /// Memory type: 0 UC, 1 WC, 4 WT, 5 WP, 6 WB. Three bits, clipped. NPT does not store it, the type decides.
    pub emt: u8,
    /// Ignore the guest's PAT. NPT does not store it.
    pub ipat: bool,
}

impl Leaf {
    /// Write-back memory that is not refined by the guest's PAT: what most memory is mapped as.
    pub const fn new(ty: P2mType, access: Access, mfn: Mfn, order: Order) -> Leaf {
        Leaf { ty, access, mfn, order, emt: 6, ipat: true }
    }

    /// Whether it names a frame: one of those types that may have none names it or not.
    #[inline]
    pub const fn has_frame(&self) -> bool {
        self.mfn.is_valid() && self.ty.may_have_frame()
    }
}

/// What decides an entry's bits and is not in the entry. A format that knows nothing of one of them ignores it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct LeafCtx {
    /// The frame lies in the MMIO ranges that guests may only read.
    pub mmio_ro: bool,
    /// The processor logs the pages that a guest modifies (PML), so that log-dirty needs no fault at 4 KB. `ept`.
    pub pml: bool,
    /// The processor keeps accessed and dirty bits in these tables. `ept`; NPT always does.
    pub ad: bool,
    /// The domain must have no executable superpages (the mitigation of XSA-304). `ept`.
    pub no_exec_sp: bool,
    /// The ioreq server of the domain takes writes. `ept`, `npt`.
    pub ioreq_writes: bool,
    /// The processor has the paging-write bit, for access `r_pw`. `ept`.
    pub pw: bool,
}

/// An entry as the hypervisor reads it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Decoded {
    /// Nothing is mapped here, which reads as type `invalid`: see [`Format::is_empty`](super::Format::is_empty).
    Empty,
    /// A link to the table one level below.
    Table {
        /// The frame that holds the table.
        mfn: Mfn,
    },
    /// A mapping.
    Leaf(Leaf),
    /// Bits that the hypervisor never leaves behind.
    Misconfigured {
        /// What is wrong with them.
        why: Misconfig,
    },
}

/// Why an entry means nothing, to the hypervisor or to the processor.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Misconfig {
    /// The type's code is none of the format's. Software only.
    UnknownType(u8),
    /// The access type's code is unknown. Software only.
    UnknownAccess(u8),
    /// Above level 0, neither a superpage nor present, yet not empty: a link written in halves. Software only.
    HalfLink,
    /// The superpage bit at the root: no leaf is that large.
    SuperpageAtRoot,
    /// Writable but not readable: `-w-` or `-wx`. EPT hardware only.
    WriteWithoutRead,
    /// `--x` on a processor that cannot. EPT hardware only.
    ExecuteOnly,
    /// Memory type 2, 3 or 7. EPT hardware only.
    MemoryType(u8),
    /// A link with bits 3 to 6 set, which are reserved where no leaf is. EPT hardware only.
    ReservedInLink,
    /// Bit 8 at the root, which must be zero. NPT hardware only.
    GlobalAtRoot,
    /// A superpage's frame is not a multiple of its size. Hardware only.
    UnalignedSuperpage,
}

impl fmt::Display for Misconfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Misconfig::UnknownType(code) => write!(f, "no type has the code {code}"),
            Misconfig::UnknownAccess(code) => write!(f, "no access type has the code {code}"),
            Misconfig::HalfLink => f.write_str("neither present nor a superpage, yet not empty"),
            Misconfig::SuperpageAtRoot => f.write_str("the superpage bit is set at the root"),
            Misconfig::WriteWithoutRead => f.write_str("writes are allowed and reads are not"),
            Misconfig::ExecuteOnly => f.write_str("execution alone is allowed, which this processor cannot do"),
            Misconfig::MemoryType(emt) => write!(f, "memory type {emt} is reserved"),
            Misconfig::ReservedInLink => f.write_str("a link has bits 3 to 6 set, which are reserved"),
            Misconfig::GlobalAtRoot => f.write_str("bit 8 is set at the root, where it is reserved"),
            Misconfig::UnalignedSuperpage => f.write_str("the frame of the superpage is not a multiple of its size"),
        }
    }
}
