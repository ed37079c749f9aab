//! How a processor reads an entry, which is not how the hypervisor does.
//!
//! A processor looks at bits 0 to 51 alone. It calls an entry without permissions *not present*, whatever else it
//! holds, and leaves with an EPT violation. Some permissions and some reserved bits make it leave with an EPT
//! misconfiguration (Intel SDM volume 3, "EPT misconfigurations"); the hypervisor stores such entries for access
//! `w` and `wx` all the same. Physical addresses are taken to be 52 bits wide, so no bit of a frame is reserved.

use std::fmt;

use super::access::Perms;
use super::format::{Format, Misconfig};
use crate::addr::{Mfn, Order};

/// What a processor can do that its entries depend on.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Cpu {
    /// Entries that allow execution alone (bit 0 of the EPT capabilities). Xen does not require it.
    pub execute_only: bool,
}

impl Default for Cpu {
    fn default() -> Cpu {
        Cpu { execute_only: true }
    }
}

/// An entry as a processor reads it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Hardware {
    /// No permission bit is set: an EPT violation.
    NotPresent,
    /// A link. A translation is allowed what every entry on its path allows.
    Table {
        /// The frame that holds the table.
        mfn: Mfn,
        /// What the link allows.
        perms: Perms,
    },
    /// The end of the walk.
    Leaf {
        /// The first frame.
        mfn: Mfn,
        /// How many frames.
        order: Order,
        /// What the leaf allows.
        perms: Perms,
    },
    /// An EPT misconfiguration.
    Misconfigured {
        /// Which rule is broken.
        why: Misconfig,
    },
}

impl Format {
    /// Reads an entry of a table at `level` (0 holds 4 KB leaves, 3 is the root) as a processor does.
    #[inline]
    pub const fn hardware(self, level: u8, entry: u64, cpu: Cpu) -> Hardware {
        let l = self.layout();
        let perms = self.perms(entry);
        if !perms.any() {
            return Hardware::NotPresent;
        }
        // The frame is taken as it stands: to a processor all ones is a frame like any other.
        let mfn = Mfn(l.mfn.get(entry));
        let (link, emt) = (level > 0 && !self.superpage(entry), l.emt.get(entry) as u8);
        let why = match Order::of_level(level) {
            _ if perms.w && !perms.r => Misconfig::WriteWithoutRead,
            _ if !perms.r && !cpu.execute_only => Misconfig::ExecuteOnly,
            _ if link && entry & (l.emt.mask() | l.ipat.mask()) != 0 => Misconfig::ReservedInLink,
            _ if link => return Hardware::Table { mfn, perms },
            None => Misconfig::SuperpageAtRoot,
            Some(order) if mfn.0 & (order.frames() - 1) != 0 => Misconfig::UnalignedSuperpage,
            Some(_) if matches!(emt, 2 | 3 | 7) => Misconfig::MemoryType(emt),
            Some(order) => return Hardware::Leaf { mfn, order, perms },
        };
        Hardware::Misconfigured { why }
    }
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
            Misconfig::UnalignedSuperpage => f.write_str("the frame of the superpage is not a multiple of its size"),
        }
    }
}
