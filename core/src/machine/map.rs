//! Which words are where.
//!
//! | region | words |
//! |---|---|
//! | frames | 512 each, frame 0 first: tables, lock pages, guest memory |
//! | frame table | 8 for each frame: [`FrameWord`] |
//! | free maps | 64 for the heap, then 64 for each domain's table pool: one bit a frame, set while it is free |
//! | heap | 8: the word that guards the free maps and page lists in live mode, alone on its line |
//! | domains | 64 for each: [`DomWord`] |
//! | actors | 128 for each: [`ActorWord`], pins, TLB |
//! | lesson | its words and locks, each alone on a line, then the domctl lock |
//! | ghost | 128 for each actor ([`GhostWord`], log, variables, held locks, references), then guest memory |
//!
//! Records that different actors write lie on different lines of 64 bytes.

use super::sorted::Sorted;
use crate::addr::{ActorId, FRAME_WORDS, Mfn, Word};

/// A word of a frame's record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum FrameWord {
    /// count_info: allocated in bit 63, state in 56:55, references in 54:0.
    Count,
    /// type_info: type in 63:60, locked in 55, validated in 58, typed references in 54:0.
    Type,
    /// The owner's number plus one; 0: nobody.
    Owner,
    /// The machine-to-physical entry: domain and gfn as [`DomGfn::to_word`](crate::addr::DomGfn::to_word) (Xen keeps
    /// the gfn alone, the domain being the owner), or all ones for none.
    M2p,
    /// The next frame on the list, plus one; 0: none.
    Next,
    /// The previous frame on the list, plus one; 0: none.
    Prev,
    /// What the frame is used as: a [`FrameUse`](super::FrameUse).
    Use,
}

/// A word of a domain's record. The first line is the global lock's alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum DomWord {
    /// The global lock: exclusive owner and depth above, count of shared holders below.
    Global = 0,
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
    /// First frame of the page list, plus one.
    ListHead = 24,
    /// Last frame of the page list, plus one.
    ListTail = 25,
    /// Frames in the PoD cache.
    CacheCount = 26,
    /// The PoD target.
    PodTarget = 27,
}

/// A word of an actor's record. Only the actor writes it, but for the walking and pause words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum ActorWord {
    /// The lock that the actor waits for, packed, plus one; 0: none.
    WaitsFor = 0,
    /// How that lock is wanted: 0 exclusive, 1 shared.
    WaitMode = 1,
    /// 1 while a hardware walk is under way that no flush has overtaken.
    Walking = 2,
    /// Bits of the allocation classes whose next allocation fails.
    Fails = 3,
    /// How often this actor is paused.
    Paused = 4,
    /// 1 while a vCPU is inside the hypervisor.
    Inside = 5,
    /// Depth of the shared side of the global lock, one word a domain.
    SharedDepth = 8,
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
}

/// Words of the log of a running statement.
pub const LOG_ROOM: u64 = 56;
/// Variables of a program.
pub const VARS: u64 = 32;
/// Locks that an actor can hold at once, as the watchers remember them.
pub const HELD_ROOM: u64 = 24;
/// Pins of one actor: fifteen nested gets of two frames, at the most.
pub const PIN_ROOM: u64 = 15;
/// Entries of a TLB.
pub const TLB_ROOM: u64 = 16;
/// Distinct frames that one actor can hold references on.
pub const REF_ROOM: u64 = 23;
/// Guest frames whose last written value is remembered.
pub const GUEST_ROOM: u64 = 64;
/// Lock pages of a domain: a lock page covers 512 locks.
pub const LOCK_PAGES: u64 = 8;
/// Most frames of a world.
pub const MAX_FRAMES: u32 = 4096;
/// Most domains of a world.
pub const MAX_DOMAINS: usize = 8;
/// Most actors of a world.
pub const MAX_ACTORS: usize = 16;

const FRAME_RECORD: u32 = 8;
const FREE_MAP: u32 = MAX_FRAMES / 64;
const DOM_RECORD: u32 = 64;
const DIRECTORY: u32 = 32;
const ACTOR_RECORD: u32 = 128;
const PINS: u32 = 16;
const TLB: u32 = 56;
const GHOST_RECORD: u32 = 192;
const GHOST_LOG: u32 = 8;
const GHOST_VARS: u32 = GHOST_LOG + LOG_ROOM as u32;
const GHOST_HELD: u32 = GHOST_VARS + VARS as u32;
const GHOST_REFS: u32 = GHOST_HELD + 2 * HELD_ROOM as u32;

const _: () = assert!(PINS as u64 + Sorted::size(PIN_ROOM) <= TLB as u64);
const _: () = assert!(TLB as u64 + Sorted::size(TLB_ROOM) <= ACTOR_RECORD as u64);
const _: () = assert!(GHOST_REFS as u64 + Sorted::size(REF_ROOM) <= GHOST_RECORD as u64);
const _: () = assert!(ActorWord::SharedDepth as usize + MAX_DOMAINS <= PINS as usize);

/// What kind of word it is: what a step has touched, and so which rules to look at again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Region {
    /// A word of a frame's page.
    Page,
    /// A word of the frame table.
    Frames,
    /// A free map or the heap's own word.
    Heap,
    /// A domain's record.
    Domains,
    /// An actor's record: locks it waits for, pins, TLB.
    Actors,
    /// A lesson's own words and locks.
    Lesson,
    /// What only watchers and the runner know.
    Ghost,
}

/// How many of each there are in a world, from which follows where everything lies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Map {
    frames: u32,
    domains: u32,
    actors: u32,
    words: u32,
    // Where each region begins, kept so that finding a word is one addition.
    frames_at: u32,
    free_at: u32,
    heap_at: u32,
    doms_at: u32,
    actors_at: u32,
    lesson_at: u32,
    ghost_at: u32,
    guest_at: u32,
    domctl: u32,
}

impl Map {
    /// A map for that many of each. Beyond the limits ([`MAX_FRAMES`] ..) it is cut to them.
    pub fn new(frames: u32, domains: usize, actors: usize, words: usize, locks: usize) -> Map {
        let frames = frames.min(MAX_FRAMES);
        let domains = domains.min(MAX_DOMAINS) as u32;
        let actors = actors.min(MAX_ACTORS) as u32;
        let words = words as u32;
        let frames_at = frames * FRAME_WORDS as u32;
        let free_at = frames_at + FRAME_RECORD * frames;
        let heap_at = free_at + FREE_MAP * (1 + domains);
        let doms_at = heap_at + 8;
        let actors_at = doms_at + DOM_RECORD * domains;
        let lesson_at = actors_at + ACTOR_RECORD * actors;
        let domctl = lesson_at + 8 * (words + locks as u32);
        let ghost_at = domctl + 8;
        let guest_at = ghost_at + GHOST_RECORD * actors;
        Map {
            frames,
            domains,
            actors,
            words,
            frames_at,
            free_at,
            heap_at,
            doms_at,
            actors_at,
            lesson_at,
            ghost_at,
            guest_at,
            domctl,
        }
    }

    /// Frames of the machine.
    pub const fn frames(&self) -> u32 {
        self.frames
    }

    /// Actors of the world.
    pub const fn actors(&self) -> usize {
        self.actors as usize
    }

    /// Domains of the world.
    pub const fn domains(&self) -> usize {
        self.domains as usize
    }

    /// All words, ghost words too.
    pub const fn len(&self) -> u32 {
        self.guest_at + Sorted::size(GUEST_ROOM) as u32
    }

    /// Never: a world has frames.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Word `i` of a frame's page, if there is such a frame.
    #[inline(always)]
    pub const fn page(&self, mfn: Mfn, i: u64) -> Option<Word> {
        if mfn.0 < self.frames as u64 && i < FRAME_WORDS { Some(Word((mfn.0 * FRAME_WORDS + i) as u32)) } else { None }
    }

    /// A word of a frame's record, if there is such a frame.
    #[inline(always)]
    pub const fn frame(&self, mfn: Mfn, w: FrameWord) -> Option<Word> {
        if mfn.0 < self.frames as u64 {
            Some(Word(self.frames_at + FRAME_RECORD * mfn.0 as u32 + w as u32))
        } else {
            None
        }
    }

    /// A word of the free map: of the heap, or of a domain's table pool.
    pub const fn free_map(&self, pool: Option<u8>, i: u32) -> Word {
        let map = match pool {
            None => 0,
            Some(d) => 1 + d as u32,
        };
        Word(self.free_at + FREE_MAP * map + i)
    }

    /// Words of a free map that this world uses.
    pub const fn free_map_len(&self) -> u32 {
        self.frames.div_ceil(64)
    }

    /// The word that guards free maps and lists in live mode.
    pub const fn heap(&self) -> Word {
        Word(self.heap_at)
    }

    /// A word of a domain's record, by the domain's place in the world.
    #[inline(always)]
    pub const fn dom(&self, slot: u8, w: DomWord) -> Word {
        Word(self.doms_at + DOM_RECORD * slot as u32 + w as u32)
    }

    /// Entry `i` of a domain's directory of lock pages: the page's key plus one, then its mfn.
    #[inline(always)]
    pub const fn lock_page(&self, slot: u8, i: u64) -> (Word, Word) {
        let at = self.doms_at + DOM_RECORD * slot as u32 + DIRECTORY + 2 * i as u32;
        (Word(at), Word(at + 1))
    }

    /// A word of an actor's record.
    #[inline(always)]
    pub const fn actor(&self, a: ActorId, w: ActorWord) -> Word {
        Word(self.actors_at + ACTOR_RECORD * a.0 as u32 + w as u32)
    }

    /// How deep the actor holds the shared side of that domain's global lock.
    #[inline(always)]
    pub const fn shared_depth(&self, a: ActorId, slot: u8) -> Word {
        Word(self.actor(a, ActorWord::SharedDepth).0 + slot as u32)
    }

    /// The frames that the actor's gets have pinned: by domain and gfn, the mfn with the number of pins above bit 40.
    pub const fn pins(&self, a: ActorId) -> Sorted {
        Sorted { at: Word(self.actors_at + ACTOR_RECORD * a.0 as u32 + PINS), room: PIN_ROOM }
    }

    /// The actor's TLB: by domain and gfn, the leaf's entry with its level in bits 63:62.
    pub const fn tlb(&self, a: ActorId) -> Sorted {
        Sorted { at: Word(self.actors_at + ACTOR_RECORD * a.0 as u32 + TLB), room: TLB_ROOM }
    }

    /// A word of the lesson's own, alone on its line.
    pub const fn word(&self, i: u32) -> Word {
        Word(self.lesson_at + 8 * i)
    }

    /// A lock of the lesson's own.
    pub const fn named_lock(&self, i: u32) -> Word {
        Word(self.lesson_at + 8 * (self.words + i))
    }

    /// The lock that is outermost of all and belongs to no domain.
    pub const fn domctl(&self) -> Word {
        Word(self.domctl)
    }

    /// A ghost word of an actor.
    #[inline(always)]
    pub const fn ghost(&self, a: ActorId, w: GhostWord) -> Word {
        Word(self.ghost_at + GHOST_RECORD * a.0 as u32 + w as u32)
    }

    /// Word `i` of the actor's log.
    #[inline(always)]
    pub const fn log(&self, a: ActorId, i: u64) -> Word {
        Word(self.ghost_at + GHOST_RECORD * a.0 as u32 + GHOST_LOG + i as u32)
    }

    /// Variable `i` of the actor's program.
    #[inline(always)]
    pub const fn var(&self, a: ActorId, i: u64) -> Word {
        Word(self.ghost_at + GHOST_RECORD * a.0 as u32 + GHOST_VARS + i as u32)
    }

    /// Held lock `i` of the actor, outermost first: the lock packed, then its mode.
    pub const fn held(&self, a: ActorId, i: u64) -> (Word, Word) {
        let at = self.ghost_at + GHOST_RECORD * a.0 as u32 + GHOST_HELD + 2 * i as u32;
        (Word(at), Word(at + 1))
    }

    /// The references that the actor holds beyond its pins: by mfn, how many.
    pub const fn refs(&self, a: ActorId) -> Sorted {
        Sorted { at: Word(self.ghost_at + GHOST_RECORD * a.0 as u32 + GHOST_REFS), room: REF_ROOM }
    }

    /// What the guests wrote last: by domain and gfn, the value.
    pub const fn guest_memory(&self) -> Sorted {
        Sorted { at: Word(self.guest_at), room: GUEST_ROOM }
    }

    /// What kind of word it is.
    pub const fn region(&self, w: Word) -> Region {
        let w = w.0;
        if w < self.frames_at {
            Region::Page
        } else if w < self.free_at {
            Region::Frames
        } else if w < self.doms_at {
            Region::Heap
        } else if w < self.actors_at {
            Region::Domains
        } else if w < self.lesson_at {
            Region::Actors
        } else if w < self.ghost_at {
            Region::Lesson
        } else {
            Region::Ghost
        }
    }

    /// Whether the word is a domain's global lock.
    pub const fn is_global_lock(&self, w: Word) -> bool {
        matches!(self.region(w), Region::Domains) && (w.0 - self.dom(0, DomWord::Global).0).is_multiple_of(DOM_RECORD)
    }

    /// The frame whose record holds this word, and which word of the record it is.
    pub const fn frame_record(&self, w: Word) -> Option<(Mfn, u8)> {
        match self.region(w) {
            Region::Frames => {
                let at = w.0 - self.frames_at;
                Some((Mfn((at / FRAME_RECORD) as u64), (at % FRAME_RECORD) as u8))
            }
            _ => None,
        }
    }
}
