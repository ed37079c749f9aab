//! How a processor reads an entry, which is not how the hypervisor does.
//!
//! Intel's looks at bits 0 to 51 alone (and 58 and 63, of late). It calls an entry without permissions *not present*,
//! whatever else it holds, and leaves with an EPT violation. Some permissions and some reserved bits make it leave with an
//! EPT misconfiguration (Intel SDM volume 3, "EPT misconfigurations"); the hypervisor stores such entries for access `w`
//! and `wx` all the same, and today an illegal memory type on purpose.
//! AMD's calls an entry without P not present; reserved bits give a nested page fault that says so. It reads a nested
//! table as a user, so an entry without US is present and lets nothing through.
//! Physical addresses are taken to be 52 bits wide, so no bit of a frame is reserved, and NX to be switched on.

use super::access::Perms;
use super::leaf::Misconfig;
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
    /// Nothing is there: an EPT violation, a nested page fault without P.
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
    /// An EPT misconfiguration, a nested page fault for reserved bits.
    Misconfigured {
        /// Which rule is broken.
        why: Misconfig,
    },
}
