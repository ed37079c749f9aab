//! The rows of the table of verbs, in the order in which the language's document has them; what is added later stands at
//! the end, so that a compiled program's numbers stay.

use super::{Gives, Shape, Slot, VerbInfo, Word};
use crate::script::values::Kind;

const fn need(word: Word, shape: Shape) -> Slot {
    Slot { word, shape, needed: true, offered: true }
}

const fn may(word: Word, shape: Shape) -> Slot {
    Slot { word, shape, needed: false, offered: true }
}

const GFN: Shape = Shape::Value(Kind::Gfn);
const NUM: Shape = Shape::Value(Kind::Num);
const DOM: Shape = Shape::Value(Kind::Dom);
const FRAME: Shape = Shape::Value(Kind::Frame);
const TYPE: Shape = Shape::Value(Kind::Type);
const CODE: Gives = Gives::Value(Kind::Code);
const BOOL: Gives = Gives::Value(Kind::Bool);
const COUNT: Gives = Gives::Value(Kind::Num);

macro_rules! verbs {
    ($($verb:ident $name:literal [$($how:ident $word:ident $shape:expr),*] $gives:expr, $offered:ident,
       $example:literal, $says:literal;)*) => {
        /// A verb of the language.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[repr(u8)]
        pub enum Verb { $(#[doc = $says] $verb,)* }

        /// All verbs, in the order of [`Verb`].
        pub static VERBS: &[VerbInfo] = &[$(VerbInfo {
            verb: Verb::$verb,
            name: $name,
            slots: &[$($how(Word::$word, $shape)),*],
            gives: $gives,
            offered: verbs!(@ $offered),
            example: $example,
            says: $says,
        },)*];
    };
    (@ offered) => { true };
    (@ later) => { false };
}

verbs! {
    Load "load" [need Object Shape::Place] Gives::OfPlace, offered,
        "c = load count(M)", "reads a shared word";
    Store "store" [need Object Shape::Place, need Equals Shape::OfPlace] Gives::Nothing, offered,
        "store content(M) = 7", "writes a shared word";
    Add "add" [need Object Shape::Place, need By NUM] COUNT, offered,
        "n = add entry_count(1) by 1", "adds to a shared word in one step and gives the new value";
    Swap "swap" [need Object Shape::Place, need Equals Shape::OfPlace] Gives::OfPlace, offered,
        "b = swap content(M) = 0", "writes a shared word and gives the old value in one step";
    Cas "cas" [need Object Shape::Place, need From Shape::OfPlace, need To Shape::OfPlace] BOOL, offered,
        "done = cas content(M) from 0 to 1", "writes a shared word only if it holds the first value";
    Lookup "lookup" [need Object GFN] Gives::Value(Kind::Entry), offered,
        "e = lookup 1:0x10", "walks the table without any lock and gives the entry";
    SetEntry "set_entry" [need Object GFN, need Equals FRAME, need As TYPE, may With Shape::Value(Kind::Access), may Order NUM]
        CODE, offered, "set_entry 1:0x10 = M as ram_rw", "writes an entry without taking the entry's lock";
    HwRead "hw_read" [need Object GFN] COUNT, offered,
        "v = hw_read 1:0x10", "reads guest memory as hardware does, through the TLB";
    HwWrite "hw_write" [need Object GFN, need Equals NUM] CODE, offered,
        "c = hw_write 1:0x10 = 5", "writes guest memory as hardware does, through the TLB";
    Flush "flush" [need Object Shape::Target] Gives::Nothing, offered,
        "flush 1", "empties the TLBs of a domain or of an actor, one by one";
    Lock "lock" [need Object Shape::Lock, may Shared Shape::Flag, may Nowait Shape::Flag] CODE, offered,
        "lock gfn(1:0x10)", "takes a lock, waiting while another holds it";
    Unlock "unlock" [need Object Shape::Lock] Gives::Nothing, offered,
        "unlock gfn(1:0x10)", "releases a lock";
    GetPage "get_page" [need Object FRAME, may For DOM] BOOL, offered,
        "held = get_page M for 1", "takes a reference, unless the frame is free or not that domain's";
    PutPage "put_page" [need Object FRAME] Gives::Nothing, offered,
        "put_page M", "drops a reference; the last one frees the frame";
    GetType "get_type" [need Object FRAME, need As Shape::Value(Kind::Pgt)] BOOL, offered,
        "held = get_type M as pgt_writable", "takes a typed reference";
    PutType "put_type" [need Object FRAME] Gives::Nothing, offered,
        "put_type M", "drops a typed reference";
    Alloc "alloc" [need Object Shape::Class] Gives::OfClass, offered,
        "f = alloc frame(1)", "takes a free frame, table page or object, or gives none";
    Free "free" [need Object Shape::Thing] BOOL, offered,
        "free M", "gives a frame, table page or object back";
    Fill "fill" [need Object Shape::Value(Kind::Table), need From Shape::Value(Kind::Entry)] Gives::Nothing, offered,
        "fill t from e", "fills a private table page with the 512 children of a leaf";
    Fail "fail" [need Object Shape::FailClass] Gives::Nothing, offered,
        "fail table", "makes this actor's next allocation of that class fail";
    Insert "insert" [need Object Shape::OfList, need Into Shape::List] Gives::Nothing, offered,
        "insert M into page_list(1)", "puts an element at the end of a list";
    Remove "remove" [need Object Shape::OfList, need From Shape::List] BOOL, offered,
        "remove M from page_list(1)", "takes an element out of a list";
    First "first" [need Object Shape::List] Gives::OfList, offered,
        "f = first page_list(1)", "gives the first element of a list, or none";
    Next "next" [need Object Shape::List, need After Shape::OfList] Gives::OfList, offered,
        "f = next page_list(1) after f", "follows an element's own link, or gives none at the end";
    Wait "wait" [need Object Shape::Condition] Gives::Nothing, offered,
        "wait content(M) == 1", "sleeps until the condition holds";
    Post "post" [need Object Shape::Ring, need Equals Shape::OfRing, may Nowait Shape::Flag] CODE, offered,
        "post ring(1) = 1:0x10", "puts a request on a ring, sleeping while it is full";
    Take "take" [need Object Shape::Ring, may Nowait Shape::Flag] Gives::OfRing, offered,
        "g = take ring(1)", "takes the oldest request off a ring, sleeping while it is empty";
    Pause "pause" [need Object Shape::Target, may Nowait Shape::Flag] Gives::Nothing, offered,
        "pause 1", "stops a vCPU, or all of a domain, and waits until they are outside";
    Unpause "unpause" [need Object Shape::Target] Gives::Nothing, offered,
        "unpause 1", "lets them run again";
    EnterGuest "enter_guest" [] Gives::Nothing, offered,
        "enter_guest", "ends a hypercall: the vCPU is in its guest again";
    Crash "crash" [need Object DOM] Gives::Nothing, offered,
        "crash 1", "ends a domain";
    NestedLeave "nested_leave" [need Object Shape::Actor] CODE, offered,
        "nested_leave V0", "stops a vCPU that runs on a nested table";
    GetGfn "get_gfn" [need Object GFN] Gives::Value(Kind::Entry), offered,
        "e = get_gfn 1:0x10", "locks a frame number, looks it up and pins the frame";
    GetGfnQuery "get_gfn_query" [need Object GFN] Gives::Value(Kind::Entry), offered,
        "e = get_gfn_query 1:0x10", "the same; it never populates on demand";
    GetGfnUnshare "get_gfn_unshare" [need Object GFN] Gives::Value(Kind::Entry), offered,
        "e = get_gfn_unshare 1:0x10", "the same, and breaks sharing";
    PutGfn "put_gfn" [need Object GFN] Gives::Nothing, offered,
        "put_gfn 1:0x10", "unpins the frame and unlocks the frame number";
    GetTwoGfns "get_two_gfns" [need Object GFN, need With GFN] Gives::Nothing, offered,
        "get_two_gfns 1:0x10 with 2:0x20", "gets two frame numbers in the order of domain and range";
    PutTwoGfns "put_two_gfns" [need Object GFN, need With GFN] Gives::Nothing, offered,
        "put_two_gfns 1:0x10 with 2:0x20", "puts both";
    GetPageFromGfn "get_page_from_gfn" [need Object GFN, may Unshare Shape::Flag] Gives::Value(Kind::Frame), offered,
        "f = get_page_from_gfn 1:0x10", "gives the frame with a reference of its own, or none";
    Read "read" [need Object GFN] COUNT, offered,
        "v = read 1:0x10", "a guest's read with all that a fault brings about";
    Write "write" [need Object GFN, need Equals NUM] CODE, offered,
        "write 1:0x10 = 5", "a guest's write with all that a fault brings about";
    Fault "fault" [need Object GFN, may ForWrite Shape::Flag] CODE, offered,
        "fault 1:0x10 for_write", "handles a guest's fault";
    Nominate "nominate" [need Object GFN] CODE, offered,
        "r = nominate 1:0x10", "marks a page for paging out, unless it is in use";
    Evict "evict" [need Object GFN] CODE, offered,
        "r = evict 1:0x10", "pages a nominated page out and frees its frame";
    Populate "populate" [need Object GFN, may Nowait Shape::Flag] CODE, offered,
        "populate 1:0x10", "asks the pager for a page";
    Prep "prep" [need Object GFN, may Equals NUM] CODE, offered,
        "prep 1:0x10 = 5", "gives a paged page a frame again";
    Resume "resume" [need Object GFN] CODE, offered,
        "resume 1:0x10", "lets those go on who wait for a page";
    Drop "drop" [need Object GFN] CODE, offered,
        "drop 1:0x10", "forgets a paged page";
    ShareNominate "share_nominate" [need Object GFN] CODE, offered,
        "share_nominate 1:0x10", "makes a page shareable";
    Share "share" [need Object GFN, need With GFN, may Through GFN] CODE, offered,
        "share 1:0x10 with 2:0x10", "lets two pages be one frame";
    ShareAdd "share_add" [need Object GFN, need With GFN] CODE, offered,
        "share_add 1:0x10 with 2:0x10", "maps a shared frame where there was none";
    Unshare "unshare" [need Object GFN, may Destroy Shape::Flag] CODE, offered,
        "unshare 1:0x10", "gives a page a frame of its own again";
    ShareAudit "share_audit" [] COUNT, offered,
        "n = share_audit", "counts what is wrong with the sharing records";
    MarkPod "mark_pod" [need Object GFN, may Order NUM] CODE, offered,
        "mark_pod 1:0x10", "makes a frame number populate on demand";
    Decrease "decrease" [need Object GFN, may Order NUM] COUNT, offered,
        "n = decrease 1:0x10", "takes frames back from a guest";
    DemandPopulate "demand_populate" [need Object GFN] CODE, offered,
        "demand_populate 1:0x10", "gives a populate-on-demand number its frame";
    ZeroCheck "zero_check" [need Object GFN] CODE, offered,
        "zero_check 1:0x10", "reclaims a page that holds only zeros";
    Sweep "sweep" [need Object DOM] CODE, offered,
        "sweep 1", "looks for pages that hold only zeros";
    PodTarget "pod_target" [need Object DOM, need Equals NUM] CODE, offered,
        "pod_target 1 = 4", "sets a domain's memory target";
    EmptyCache "empty_cache" [need Object DOM] CODE, offered,
        "empty_cache 1", "gives the cache of a dying domain back";
    AddPage "add_page" [need Object GFN, need Equals FRAME, may Order NUM] CODE, offered,
        "add_page 1:0x10 = M", "maps a frame and removes its older address";
    RemovePage "remove_page" [need Object GFN, need Equals FRAME] CODE, offered,
        "remove_page 1:0x10 = M", "unmaps a frame";
    GuestRemove "guest_remove" [need Object GFN] CODE, offered,
        "guest_remove 1:0x10", "a guest gives a page back";
    Increase "increase" [need Object GFN, may Order NUM] CODE, offered,
        "c = increase 2:0x40", "gives a domain the lowest free frame at that number";
    MovePage "move_page" [need Object GFN, need To GFN] CODE, offered,
        "move_page 1:0x10 to 1:0x20", "maps a frame at another number";
    ChangeType "change_type" [need Object GFN, need From TYPE, need To TYPE] CODE, offered,
        "change_type 1:0x10 from ram_rw to ram_ro", "changes an entry's type if it is the first one";
    ChangeTypeRange "change_type_range" [need Object GFN, need Through GFN, need From TYPE, need To TYPE] CODE, offered,
        "change_type_range 1:0x10 through 1:0x1f from ram_rw to ram_ro", "the same for many entries";
    MarkDirty "mark_dirty" [need Object GFN] CODE, offered,
        "mark_dirty 1:0x10", "notes a write";
    LogdirtyEnable "logdirty_enable" [need Object DOM] CODE, offered,
        "logdirty_enable 1", "begins to note writes";
    LogdirtyDisable "logdirty_disable" [need Object DOM] CODE, offered,
        "logdirty_disable 1", "stops noting writes";
    LogdirtyClean "logdirty_clean" [need Object DOM] COUNT, offered,
        "n = logdirty_clean 1", "takes what was noted and begins anew";
    LogdirtyPeek "logdirty_peek" [need Object DOM] COUNT, offered,
        "n = logdirty_peek 1", "counts what was noted";
    GrantMap "grant_map" [need Object GFN, need Equals Shape::Grant, may Readonly Shape::Flag] CODE, offered,
        "grant_map 2:0x10 = G", "maps a granted frame";
    GrantUnmap "grant_unmap" [need Object GFN] CODE, offered,
        "grant_unmap 2:0x10", "unmaps it";
    GrantCopy "grant_copy" [need Object GFN, need Equals Shape::Grant] CODE, offered,
        "grant_copy 2:0x10 = G", "copies a granted frame to a page of one's own";
    ForeignMap "foreign_map" [need Object GFN, need Equals GFN] CODE, offered,
        "foreign_map 1:0x10 = 2:0x20", "maps another domain's frame";
    ForeignUnmap "foreign_unmap" [need Object GFN] CODE, offered,
        "foreign_unmap 1:0x10", "unmaps it";
    SetMmio "set_mmio" [need Object GFN, need Equals FRAME, may Order NUM] CODE, offered,
        "set_mmio 1:0x10 = M", "maps a device's memory";
    ClearMmio "clear_mmio" [need Object GFN, need Equals FRAME] CODE, offered,
        "clear_mmio 1:0x10 = M", "unmaps it";
    SetIdentity "set_identity" [need Object GFN] CODE, offered,
        "set_identity 1:0x10", "maps a frame number to the same machine frame";
    ClearIdentity "clear_identity" [need Object GFN] CODE, offered,
        "clear_identity 1:0x10", "unmaps it";
    SetAccess "set_access" [need Object GFN, may Through GFN, need Equals Shape::Value(Kind::Access)] CODE, offered,
        "set_access 1:0x10 = access_r", "restricts an entry";
    GetAccess "get_access" [need Object GFN] Gives::Value(Kind::Access), offered,
        "a = get_access 1:0x10", "gives an entry's restriction";
    NestedGet "nested_get" [need Object Shape::Actor, may Equals NUM] CODE, offered,
        "nested_get V0 = 7", "gives a vCPU the nested table of a root";
    NestedFill "nested_fill" [need Object GFN, may To GFN] CODE, offered,
        "nested_fill n1:0x80 to 1:0x10", "fills an entry of a nested table with what a frame number maps";
    NestedFlush "nested_flush" [need Object DOM] CODE, offered,
        "nested_flush 1", "empties a domain's nested tables";
    Teardown "teardown" [need Object DOM] CODE, offered,
        "teardown 1", "ends a domain and takes all that it has, slice by slice";
    Audit "audit" [need Object DOM] COUNT, offered,
        "n = audit 1", "counts what is wrong with a domain's tables";
    LogdirtyFault "logdirty_fault" [need Object GFN] CODE, offered,
        "c = logdirty_fault 1:0x10", "marks a first write and lets it through";
    TrackVram "track_vram" [need Object GFN, need Through GFN] COUNT, offered,
        "n = track_vram 1:0x10 through 1:0x1f", "counts what a guest drew since the last time";
    UntrackVram "untrack_vram" [need Object DOM] CODE, offered,
        "untrack_vram 1", "asks no more what a guest draws";
    MapMmio "map_mmio" [need Object GFN, need Equals FRAME, need By NUM] COUNT, offered,
        "n = map_mmio 1:0x10 = M by 4", "maps many frames of a device and gives how many it did";
    DefaultAccess "default_access" [need Object DOM, need Equals Shape::Value(Kind::Access)] CODE, offered,
        "default_access 1 = access_rx", "sets the restriction of new entries";
    AccessCheck "access_check" [need Object GFN, may ForWrite Shape::Flag] CODE, offered,
        "c = access_check 1:0x10 for_write", "handles an access that a restriction forbids";
    IoreqClaim "ioreq_claim" [need Object DOM, may ForWrite Shape::Flag] CODE, offered,
        "ioreq_claim 1 for_write", "makes the actor the server of a domain's ioreq_server memory";
    IoreqRelease "ioreq_release" [need Object DOM] CODE, offered,
        "ioreq_release 1", "gives that up and makes the entries memory again";
    SetMemType "set_mem_type" [need Object GFN, need As TYPE] CODE, offered,
        "set_mem_type 1:0x10 as ram_ro", "changes a type as a device model may";
    ChangeTypeGlobal "change_type_global" [need Object DOM, need From TYPE, need To TYPE] CODE, offered,
        "change_type_global 1 from ram_rw to ram_logdirty", "changes the type of all memory, in today's encodings when it is needed";
    FinishTypeChange "finish_type_change" [need Object GFN, need Through GFN] CODE, offered,
        "finish_type_change 1:0x10 through 1:0x1f", "gives entries the types that they are to have by now";
    CopyTo "hvm_copy_to" [need Object GFN, may Through GFN, need Equals NUM] CODE, offered,
        "hvm_copy_to 1:0x10 = 5", "the hypervisor copies to a guest's page, or several";
    CopyFrom "hvm_copy_from" [need Object GFN] COUNT, offered,
        "v = hvm_copy_from 1:0x10", "the hypervisor copies from a guest's page";
    RepMovs "rep_movs" [need Object GFN, need To GFN, may By NUM] CODE, offered,
        "rep_movs 1:0x10 to 1:0x20", "emulates an instruction that moves pages, downwards with a number below zero";
    Emulate "emulate" [need Object GFN, may Equals NUM] CODE, offered,
        "emulate 1:0x10 = 5", "emulates an instruction on memory or a device";
    TaskSwitch "task_switch" [need Object GFN, need To GFN, need Equals NUM] CODE, offered,
        "task_switch 1:0x10 to 1:0x11 = 5", "leaves one task, whose state is saved, for another";
    GuestWalk "guest_walk" [need Object GFN, need By NUM] Gives::Value(Kind::Gfn), offered,
        "h = guest_walk 1:0x10 by 2", "walks a guest's own page tables, each the first word of its page";
    DbgRwMem "dbg_rw_mem" [need Object GFN, may By NUM, may Equals NUM] CODE, offered,
        "dbg_rw_mem 1:0x10 by 2 = 5", "a debugger reads or writes what such a walk leads to";
    ShadowFault "shadow_fault" [need Object GFN, may ForWrite Shape::Flag] CODE, offered,
        "shadow_fault 1:0x10 for_write", "looks up what a fault under shadow paging needs";
    NestedFault "nested_fault" [need Object GFN] CODE, offered,
        "nested_fault n1:0x80", "fills an entry of a nested table from the guest's own table";
    MapVvmcx "map_vvmcx" [need Object GFN] CODE, offered,
        "map_vvmcx 1:0x10", "maps the control structure of the vCPU's own guest";
    UnmapVvmcx "unmap_vvmcx" [] CODE, offered,
        "unmap_vvmcx", "unmaps it";
    MapVcpuInfo "map_vcpu_info" [need Object GFN] CODE, offered,
        "map_vcpu_info 1:0x10", "gives the hypervisor the page in which it tells the vCPU things";
    UnmapVcpuInfo "unmap_vcpu_info" [need Object Shape::Actor] CODE, offered,
        "unmap_vcpu_info V0", "takes it back";
    MemEventEnable "mem_event_enable" [need Object GFN, need With GFN] CODE, offered,
        "mem_event_enable 1:0x10 with 1:0x11", "makes two pages the ring of a domain's pager";
    MemEventDisable "mem_event_disable" [need Object DOM] CODE, offered,
        "mem_event_disable 1", "takes the ring away";
    NominateGref "nominate_gref" [need Object Shape::Grant] CODE, offered,
        "nominate_gref G", "makes a granted page shareable that three others hold";
    HypercallPage "hypercall_page" [need Object GFN, need Equals NUM] CODE, offered,
        "hypercall_page 1:0x10 = 5", "fills a page that the guest has named for it";
    TmemPut "tmem_put" [need Object GFN, need Into FRAME] CODE, offered,
        "tmem_put 1:0x10 into F", "copies a guest's page to a frame of transcendent memory";
    TmemGet "tmem_get" [need Object GFN, need From FRAME] CODE, offered,
        "tmem_get 1:0x10 from F", "copies it back";
    UnmapMmio "unmap_mmio" [need Object GFN, need Equals FRAME, need By NUM] COUNT, offered,
        "n = unmap_mmio 1:0x10 = M by 4", "unmaps many frames of a device and gives how many it did";
    AccessListen "access_listen" [need Object DOM] CODE, offered,
        "access_listen 1", "gets the accesses that restrictions of a domain forbid, on the ring monitor";
    AccessUnlisten "access_unlisten" [need Object DOM] CODE, offered,
        "access_unlisten 1", "gets them no longer and lets those go on who wait for an answer";
    AccessResume "access_resume" [need Object GFN] COUNT, offered,
        "n = access_resume 1:0x10", "lets those go on who wait for an answer about a frame number";
    MachineCheck "machine_check" [need Object FRAME] CODE, offered,
        "c = machine_check M", "takes a frame out of use that the hardware reports as broken";
    GrantTransfer "grant_transfer" [need Object GFN, need Equals Shape::Grant] CODE, offered,
        "grant_transfer 2:0x10 = G", "gives a page away to who granted a place for it";
    Exchange "exchange" [need Object GFN, may To GFN] CODE, offered,
        "c = exchange 1:0x10", "gives a page up and gets another frame for it";
    MapSpecial "map_special" [need Object GFN, need Equals FRAME] CODE, offered,
        "c = map_special 1:0x20 = M", "maps a page of Xen's own, which has one address";
}
