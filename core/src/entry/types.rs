//! The p2m types: what a guest frame is.
//!
//! One enumeration holds the types of every snapshot of the tree (2011 to today). The number that an entry
//! stores is not the discriminant: it depends on the format, see [`Format::type_code`](super::Format::type_code).

/// What a guest frame is. Names and meanings are Xen's.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum P2mType {
    /// Ordinary memory.
    RamRw,
    /// Nothing is mapped.
    Invalid,
    /// Memory, read-only until its first write, which is what migration waits for.
    RamLogdirty,
    /// Read-only memory; writes are dropped by emulation.
    RamRo,
    /// Emulated by the device model. Also what a lookup answers that finds nothing.
    MmioDm,
    /// Registers of a real device, passed through.
    MmioDirect,
    /// Memory promised to the guest; a frame is found for it on the first touch.
    PopulateOnDemand,
    /// Another domain's frame, mapped through a writable grant.
    GrantMapRw,
    /// Another domain's frame, mapped through a read-only grant.
    GrantMapRo,
    /// Nominated for eviction; the frame is still there, the guest can no longer reach it.
    RamPagingOut,
    /// Evicted: the pager has the content, there is no frame.
    RamPaged,
    /// On the way back. In 2011: the frame is prepared; from February 2012: a guest has asked for it.
    RamPagingIn,
    /// A guest has asked for the page, no frame yet. 2011 only; February 2012 gave its meaning to `ram_paging_in`.
    RamPagingInStart,
    /// Shared between domains, copied on write.
    RamShared,
    /// The frame's memory is broken.
    RamBroken,
    /// Another domain's frame, mapped by a privileged domain (since 2014).
    MapForeign,
    /// Memory whose writes an ioreq server may intercept (since 2016).
    IoreqServer,
}

use P2mType::*;

impl P2mType {
    /// How many types there are over all snapshots.
    pub const COUNT: usize = 17;

    const ALL: [P2mType; P2mType::COUNT] = [
        RamRw,
        Invalid,
        RamLogdirty,
        RamRo,
        MmioDm,
        MmioDirect,
        PopulateOnDemand,
        GrantMapRw,
        GrantMapRo,
        RamPagingOut,
        RamPaged,
        RamPagingIn,
        RamPagingInStart,
        RamShared,
        RamBroken,
        MapForeign,
        IoreqServer,
    ];

    /// Every type, in the order of the 2011 codes; those that came later stand last.
    pub const fn all() -> &'static [P2mType] {
        &P2mType::ALL
    }

    /// The name that lessons and the command line use: Xen's without its `p2m_`.
    pub const fn name(self) -> &'static str {
        match self {
            RamRw => "ram_rw",
            Invalid => "invalid",
            RamLogdirty => "ram_logdirty",
            RamRo => "ram_ro",
            MmioDm => "mmio_dm",
            MmioDirect => "mmio_direct",
            PopulateOnDemand => "populate_on_demand",
            GrantMapRw => "grant_map_rw",
            GrantMapRo => "grant_map_ro",
            RamPagingOut => "ram_paging_out",
            RamPaged => "ram_paged",
            RamPagingIn => "ram_paging_in",
            RamPagingInStart => "ram_paging_in_start",
            RamShared => "ram_shared",
            RamBroken => "ram_broken",
            MapForeign => "map_foreign",
            IoreqServer => "ioreq_server",
        }
    }

    /// The type of that name.
    pub fn from_name(name: &str) -> Option<P2mType> {
        P2mType::ALL.into_iter().find(|t| t.name() == name)
    }

    /// What a frame of this type is, as the end of a sentence that begins with "this frame is".
    pub const fn meaning(self) -> &'static str {
        match self {
            RamRw => "ordinary memory",
            Invalid => "not mapped",
            RamLogdirty => "memory whose first write is recorded",
            RamRo => "read-only memory, writes are dropped",
            MmioDm => "emulated by the device model",
            MmioDirect => "a real device's registers",
            PopulateOnDemand => "promised memory, filled at the first touch",
            GrantMapRw => "another domain's frame, granted for writing",
            GrantMapRo => "another domain's frame, granted for reading",
            RamPagingOut => "memory nominated for eviction",
            RamPaged => "memory that is paged out",
            RamPagingIn => "memory being paged in",
            RamPagingInStart => "memory whose page-in has been asked for",
            RamShared => "memory shared copy-on-write",
            RamBroken => "memory that is broken",
            MapForeign => "another domain's frame, mapped by a privileged domain",
            IoreqServer => "memory whose writes an ioreq server may intercept",
        }
    }
}

impl std::fmt::Display for P2mType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
