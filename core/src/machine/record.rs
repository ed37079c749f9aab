//! What the records are made of: the words of a frame, a domain, an actor, the machine as a whole.
//!
//! [`Map`](super::Map) says where each record lies; the families of operations say what their words mean.

/// A word of a frame's record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum FrameWord {
    /// count_info: allocated in bit 63, state in 56:55, references in 54:0.
    Count,
    /// type_info: type, lock bit, validated bit, typed references: [`TypeBits`](super::refs::TypeBits).
    Type,
    /// The owner's number plus one; 0: nobody.
    Owner,
    /// The machine-to-physical entry: domain and gfn as [`DomGfn::to_word`](crate::addr::DomGfn::to_word) (Xen keeps
    /// the gfn alone, the domain being the owner), or all ones for none.
    M2p,
    /// The next element of the list that the frame is on ([`lists`](super::lists)); 0: none.
    Next,
    /// The one before; 0: none.
    Prev,
    /// What the frame is used as, a [`FrameUse`](super::FrameUse), and above bit 16 which list it is on.
    Use,
    /// Below bit 32 the frame's sharing record, plus one; 0: it is not shareable. Above, how often it has become so.
    Sharing,
}

/// A word of the machine as a whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum XenWord {
    /// Frames with sharing records (`nr_shared_mfns`).
    NrShared = 0,
    /// Frames saved by sharing (`nr_saved_mfns`): over all shared frames, the tuples less one.
    NrSaved = 1,
}

/// A word of a domain's record. The first line is the global lock's alone; words 32 to 47 are the directory of lock
/// pages ([`Map::lock_page`](super::Map::lock_page)).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum DomWord {
    /// The global lock: exclusive owner and depth above, count of shared holders below.
    Global = 0,
    /// Held while the global lock changes, where it has the form of a spinlock; on the global lock's own line.
    GlobalSpin = 1,
    /// Highest gfn ever mapped, plus one; never lowered.
    MaxMapped = 8,
    /// Frames on the page list.
    TotPages = 9,
    /// gfns that are paged out.
    PagedPages = 10,
    /// Populate-on-demand gfns.
    EntryCount = 11,
    /// The domain is being destroyed.
    Dying = 12,
    /// The domain has crashed.
    Crashed = 13,
    /// A paging ring is there.
    HasRing = 14,
    /// Writes are noted.
    LogDirty = 15,
    /// nestedp2m lock (level 8).
    Nested = 16,
    /// Grant-table lock (level 4).
    Grant = 17,
    /// pod lock (level 48).
    Pod = 18,
    /// page_alloc lock (level 56).
    PageAlloc = 19,
    /// paging lock (level 64).
    Paging = 20,
    /// Structure lock (level 68): splitting, installing and freeing tables.
    Structure = 21,
    /// altp2m lock (level 40).
    Altp2m = 22,
    /// First frame of the page list, plus one.
    ListHead = 24,
    /// Last frame of the page list, plus one.
    ListTail = 25,
    /// Frames in the PoD cache.
    CacheCount = 26,
    /// The PoD target.
    PodTarget = 27,
    /// The top of the log-dirty bitmap: its page's mfn plus one, 0 for none.
    DirtyTop = 144,
    /// 1 once a mark was lost because there was no page for it.
    DirtyLost = 145,
    /// All memory is `ram_logdirty` where its type is computed (Xen's `global_logdirty`).
    GlobalLogdirty = 146,
    /// The first gfn that a display tracks.
    VramBegin = 147,
    /// The gfn behind the last one that a display tracks; 0: none is tracked.
    VramEnd = 148,
    /// Entries of type `ioreq_server`, in gfns.
    IoreqCount = 149,
    /// Who listens for forbidden accesses: the actor's number plus one; 0: nobody.
    Listener = 150,
    /// The code of the access that new and retyped entries get.
    DefaultAccess = 156,
    /// 1 where an access that nobody listens for ends the domain, 0 where the restriction goes.
    AccessRequired = 157,
    /// The ioreq server: the number of the actor that claimed the type plus one, 0 for none; bit 16: it takes writes.
    Ioreq = 158,
    /// Entries that map another domain's frames (`nr_foreign`).
    NrForeign = 160,
    /// Where a slice of giving foreign entries up ended.
    NextForeign = 161,
    /// First block of 2 MB in the PoD cache, plus one.
    PodSuperHead = 80,
    /// Last block of 2 MB in the PoD cache, plus one.
    PodSuperTail = 81,
    /// First frame of 4 KB in the PoD cache, plus one.
    PodSingleHead = 82,
    /// Last frame of 4 KB in the PoD cache, plus one.
    PodSingleTail = 83,
    /// Where the emergency sweep goes on, downwards; 0: from the highest gfn populated.
    PodReclaimSingle = 84,
    /// The highest gfn ever populated on demand.
    PodMaxGuest = 85,
    /// The recently populated gfns, oldest first: 32 words ([`pod`](super::pod)).
    PodMrp = 96,
    /// The page of the paging ring, where one was registered ([`kept`](super::kept)).
    RingPage = 128,
    /// The page beside it.
    SharedPage = 129,
    /// References to the domain: one while it has pages, and those of whoever takes one.
    DomainRef = 64,
    /// What guards 2 MB as a whole where each gfn has a lock, one word for each lock page (`lock::area`).
    Areas = 208,
    /// Who has changed entries that TLBs may still hold: a bit for each actor (Xen's `need_flush`, which is one bit).
    NeedFlush = 224,
    /// gfns that share a frame (`shr_pages`).
    ShrPages = 65,
    /// Where a slice of giving up shares ended (`next_shared_gfn_to_relinquish`).
    NextShared = 66,
    /// The event that there was no memory to unshare with: the gfn plus one, 0 for none.
    ShareEnomem = 67,
    /// How far the domain's teardown has got ([`Phase`](super::teardown::Phase)); 0: it lives.
    Teardown = 68,
    /// Where a slice of taking its entries away ended.
    NextTeardown = 69,
    /// Of a nested view: the root of the guest that it shows, plus one; 0: it is empty (Xen's `P2M_BASE_EADDR`).
    NestedBase = 176,
    /// Of a nested view: how often it was emptied.
    NestedGeneration = 177,
    /// The domain's nested views that are or were in use, most recent first: ten slots plus one; 0: no more.
    NestedOrder = 180,
}

/// A word of an actor's record. Only the actor writes it, but for the walking and pause words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum ActorWord {
    /// The lock that the actor waits for, packed, plus one; 0: none.
    WaitsFor = 0,
    /// How that lock is wanted: 0 exclusive, 1 shared.
    WaitMode = 1,
    /// Bit 0 while a hardware walk is under way that no flush has overtaken, bit 1 while the TLB is in use.
    Walking = 2,
    /// Bits of the allocation classes whose next allocation fails.
    Fails = 3,
    /// How often this actor is paused.
    Paused = 4,
    /// 1 while a vCPU is inside the hypervisor.
    Inside = 5,
    /// The gfn that a paused vCPU waits for the pager to bring, as a word, plus one; 0: none.
    Awaits = 6,
    /// The nested view that the vCPU runs on, by its slot plus one; 0: its domain's own table.
    Nested = 7,
    /// The page that the vCPU keeps for its own guest's control structure ([`kept`](super::kept)).
    Vvmcx = 160,
    /// The page in which the hypervisor tells the vCPU what it has to know.
    VcpuInfo = 161,
    /// Depth of the shared side of the global lock, one word a domain.
    SharedDepth = 8,
    /// The frame number whose access a paused vCPU waits to be answered, as a word, plus one; 0: none.
    Monitored = 201,
    /// How many entries the vCPU's page of logged writes has ([`pml`](super::pml)).
    PmlCount = 200,
    /// The ranges that the actor reads, and how deep.
    Reads = 208,
    /// The frames whose sharing data the actor has locked.
    PageLocks = 240,
}

/// A word that operations never read: what watchers and runner remember.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum GhostWord {
    /// The actor's place in its program.
    Place = 0,
    /// 1 when the program has ended.
    Ended = 1,
    /// How many words the log has.
    LogLen = 2,
    /// Which of them are the results of a finished scope.
    LogScopes = 3,
    /// Variables whose frame was freed since it was read, one bit each.
    Stale = 4,
    /// How many locks are held.
    Held = 5,
    /// Rules broken so far, in the record of actor 0 alone.
    Broken = 6,
    /// Variables that have a value, one bit each.
    Assigned = 7,
    /// How many rounds of its program it has ended, where it runs more than one.
    Round = 206,
    /// Steps of others while it waits for a lock, up to one more than the world's patience.
    Waited = 207,
}
