//! Which words are where.
//!
//! | region | words |
//! |---|---|
//! | frames | 512 each, frame 0 first: tables, lock pages, guest memory |
//! | frame table | 8 for each frame: [`FrameWord`] |
//! | free maps | 64 for the heap, then 64 for each domain's table pool: one bit a frame, set while it is free |
//! | heap | 8: the word that guards the free maps and page lists in live mode, alone on its line |
//! | xen | 64 for the machine as a whole: [`XenWord`] |
//! | domains | 256 for each domain and view: [`DomWord`] |
//! | actors | 256 for each: [`ActorWord`], pins, TLB |
//! | records | 4 for each sharing record, after their map of which are in use |
//! | objects | 4 for each heap object, after their map of which are in use |
//! | grants | 8 for each grant |
//! | lesson | its words, lists, rings and locks, each alone on a line, then the domctl lock |
//! | directories | of lock pages, for each domain, where it has more than its record has room for |
//! | ghost | 208 for each actor ([`GhostWord`], log, variables, held locks, references), then guest memory |
//! | index | what watchers keep to find things by: 64, 32 for each domain, 8 for each frame |
//!
//! Records that different actors write lie on different lines of 64 bytes.

use super::record::{ActorWord, DomWord, FrameWord, GhostWord, XenWord};
use super::sorted::Sorted;
use crate::addr::{ActorId, FRAME_WORDS, Mfn, Word};

/// Words of the log of a running statement.
pub const LOG_ROOM: u64 = 63;
/// Variables of a program.
pub const VARS: u64 = 32;
/// Locks that an actor can hold at once, as the watchers remember them.
pub const HELD_ROOM: u64 = 24;
/// Pins of one actor: fifteen nested gets of two frames, at the most.
pub const PIN_ROOM: u64 = 15;
/// Entries of a TLB, links among them: nine gfns that have nothing but the root in common, and some.
pub const TLB_ROOM: u64 = 40;
/// Distinct frames that one actor can hold references on.
pub const REF_ROOM: u64 = 23;
/// Guest frames whose last written value is remembered.
pub const GUEST_ROOM: u64 = 64;
/// Ranges that one actor can read at once: as deep as a lock of 2011 recurses.
pub const READ_ROOM: u64 = 15;
/// Frames whose sharing data one actor can lock at once. Sharing needs two.
pub const PAGE_LOCK_ROOM: u64 = 7;
/// Lock pages that a domain's record has room for: a lock page covers 512 locks.
pub const LOCK_PAGES: u64 = 8;
/// Most frames of a world: 64 MB.
pub const MAX_FRAMES: u32 = 16384;
/// Most domains of a world, views of them counted.
pub const MAX_DOMAINS: usize = 24;
/// Most actors of a lesson.
pub const LESSON_ACTORS: usize = 16;
/// Most actors of a world that is made of copies of a lesson's actors.
pub const MAX_ACTORS: usize = 256;
/// Nested views of a domain at the most.
pub const MAX_NESTED: u64 = 10;
/// Slots of a ring at the most: what a page holds of the requests of 2011.
pub const RING_ROOM: u64 = 64;

pub(super) const FRAME_RECORD: u32 = 8;
const INDEX_HEAD: u32 = 64;
const INDEX_DOM: u32 = 32;
const INDEX_FRAME: u32 = 8;
pub(super) const DOM_RECORD: u32 = 256;
const DIRECTORY: u32 = 32;
const ACTOR_RECORD: u32 = 256;
const PINS: u32 = 32;
const TLB: u32 = 64;
const XEN: u32 = 64;
const RECORD: u32 = 4;
const OBJECT: u32 = 4;
const GRANT: u32 = 8;
const RING: u32 = 8 + RING_ROOM as u32;
const GHOST_RECORD: u32 = 208;
const GHOST_LOG: u32 = 8;
const GHOST_VARS: u32 = GHOST_LOG + LOG_ROOM as u32;
const GHOST_HELD: u32 = GHOST_VARS + VARS as u32;
const GHOST_REFS: u32 = GHOST_HELD + 2 * HELD_ROOM as u32;

const _: () = assert!(PINS as u64 + Sorted::size(PIN_ROOM) <= TLB as u64);
const _: () = assert!(TLB as u64 + Sorted::size(TLB_ROOM) <= ActorWord::Vvmcx as u64);
const _: () = assert!((ActorWord::VcpuInfo as u64) < ActorWord::PmlCount as u64);
const _: () = assert!(ActorWord::Reads as u64 + Sorted::size(READ_ROOM) <= ActorWord::PageLocks as u64);
const _: () = assert!(ActorWord::PageLocks as u64 + Sorted::size(PAGE_LOCK_ROOM) <= ACTOR_RECORD as u64);
const _: () = assert!(DomWord::Areas as u64 + LOCK_PAGES <= DOM_RECORD as u64);
const _: () = assert!(GHOST_REFS as u64 + Sorted::size(REF_ROOM) <= GhostWord::Round as u64);
const _: () = assert!((GhostWord::Waited as u32) < GHOST_RECORD);
const _: () = assert!(ActorWord::SharedDepth as usize + MAX_DOMAINS <= PINS as usize);
const _: () = assert!(DomWord::Global as u32 == 0 && DOM_RECORD.is_multiple_of(8));

/// How many of each there are in a world.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Sizes {
    /// Frames of the machine.
    pub frames: u32,
    /// Domains and views.
    pub domains: usize,
    /// Actors.
    pub actors: usize,
    /// Sharing records.
    pub records: usize,
    /// Heap objects.
    pub objects: usize,
    /// Grants.
    pub grants: usize,
    /// The lesson's own words.
    pub words: usize,
    /// The lesson's own lists.
    pub lists: usize,
    /// The lesson's own rings.
    pub rings: usize,
    /// The lesson's own locks.
    pub locks: usize,
    /// Lock pages of each domain, where they have a directory apart from its record; 0: [`LOCK_PAGES`], without.
    pub lock_pages: u32,
}

/// Where everything lies, which follows from how many of each there are.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Map {
    frames: u32,
    domains: u32,
    actors: u32,
    records: u32,
    pub(super) objects: u32,
    grants: u32,
    // Where each region begins, kept so that finding a word is one addition.
    pub(super) frames_at: u32,
    pub(super) free_at: u32,
    pub(super) heap_at: u32,
    pub(super) xen_at: u32,
    pub(super) doms_at: u32,
    pub(super) actors_at: u32,
    pub(super) records_at: u32,
    pub(super) objects_at: u32,
    pub(super) grants_at: u32,
    pub(super) lesson_at: u32,
    pub(super) lists_at: u32,
    pub(super) rings_at: u32,
    pub(super) locks_at: u32,
    domctl: u32,
    pub(super) ghost_at: u32,
    pub(super) guest_at: u32,
    /// Directories of lock pages: how many pages each has, where the first begins, how far they are apart.
    lock_pages: u32,
    directory_at: u32,
    directories_apart: u32,
    /// The same of the words that guard the gfns of a lock page as a whole, and how far those are apart.
    areas_at: u32,
    area_size: u32,
}

/// Words that a free map takes: a bit for each frame, in whole lines.
const fn free_map_room(frames: u32) -> u32 {
    frames.div_ceil(64).next_multiple_of(8)
}

impl Map {
    /// A map for that many of each. Beyond the limits ([`MAX_FRAMES`] ..) it is cut to them.
    pub fn new(of: Sizes) -> Map {
        let frames = of.frames.min(MAX_FRAMES);
        let domains = of.domains.min(MAX_DOMAINS) as u32;
        let actors = of.actors.min(MAX_ACTORS) as u32;
        let (records, objects, grants) = (of.records as u32, of.objects as u32, of.grants as u32);
        let frames_at = frames * FRAME_WORDS as u32;
        let free_at = frames_at + FRAME_RECORD * frames;
        let heap_at = free_at + free_map_room(frames) * (1 + domains);
        let xen_at = heap_at + 8;
        let doms_at = xen_at + XEN;
        let actors_at = doms_at + DOM_RECORD * domains;
        let records_at = actors_at + ACTOR_RECORD * actors;
        let objects_at = records_at + records.div_ceil(64) + RECORD * records;
        let grants_at = objects_at + objects.div_ceil(64) + OBJECT * objects;
        let lesson_at = (grants_at + GRANT * grants).next_multiple_of(8);
        let lists_at = lesson_at + 8 * of.words as u32;
        let rings_at = lists_at + 8 * of.lists as u32;
        let locks_at = rings_at + RING * of.rings as u32;
        let domctl = locks_at + 8 * of.locks as u32;
        // A directory apart has each area's word on a line of its own.
        let apart = of.lock_pages > 0;
        let lock_pages = if apart { of.lock_pages } else { LOCK_PAGES as u32 };
        let directory = (2 * lock_pages).next_multiple_of(8);
        let directories_apart = if apart { directory + 8 * lock_pages } else { DOM_RECORD };
        let directory_at = if apart { domctl + 8 } else { doms_at + DIRECTORY };
        let areas_at = if apart { directory_at + directory } else { doms_at + DomWord::Areas as u32 };
        let area_size = if apart { 8 } else { 1 };
        let ghost_at = domctl + 8 + if apart { directories_apart * domains } else { 0 };
        let guest_at = ghost_at + GHOST_RECORD * actors;
        Map {
            frames,
            domains,
            actors,
            records,
            objects,
            grants,
            frames_at,
            free_at,
            heap_at,
            xen_at,
            doms_at,
            actors_at,
            records_at,
            objects_at,
            grants_at,
            lesson_at,
            lists_at,
            rings_at,
            locks_at,
            domctl,
            ghost_at,
            guest_at,
            lock_pages,
            directory_at,
            directories_apart,
            areas_at,
            area_size,
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
        self.index_at() + INDEX_HEAD + INDEX_DOM * self.domains + INDEX_FRAME * self.frames
    }

    const fn index_at(&self) -> u32 {
        self.guest_at + Sorted::size(GUEST_ROOM) as u32
    }

    /// Word `i` of 64 of what the watchers' index says of the whole world.
    pub const fn index(&self, i: u32) -> Word {
        Word(self.index_at() + i)
    }

    /// Word `i` of 32 of what the watchers' index says of a domain.
    pub const fn index_of_domain(&self, slot: u8, i: u32) -> Word {
        Word(self.index_at() + INDEX_HEAD + INDEX_DOM * slot as u32 + i)
    }

    /// Word `i` of 8 of what the watchers' index says of a frame, if there is such a frame.
    #[inline(always)]
    pub const fn index_of_frame(&self, mfn: Mfn, i: u32) -> Option<Word> {
        if mfn.0 < self.frames as u64 {
            let first = self.index_at() + INDEX_HEAD + INDEX_DOM * self.domains;
            Some(Word(first + INDEX_FRAME * mfn.0 as u32 + i))
        } else {
            None
        }
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
    #[inline]
    pub const fn free_map(&self, pool: Option<u8>, i: u32) -> Word {
        let map = match pool {
            None => 0,
            Some(d) => 1 + d as u32,
        };
        Word(self.free_at + free_map_room(self.frames) * map + i)
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

    /// The word `i` places behind a word of a domain's record, where that is the first of several.
    pub const fn dom_nth(&self, slot: u8, first: DomWord, i: u64) -> Word {
        Word(self.dom(slot, first).0 + i as u32)
    }

    /// Lock pages of each domain.
    pub const fn lock_pages(&self) -> u64 {
        self.lock_pages as u64
    }

    /// The entry of a directory at which the search for a key begins: the first one, or in a large directory one that
    /// follows from the key.
    #[inline(always)]
    pub const fn first_lock_page(&self, key: u64) -> u64 {
        if self.area_size == 1 { 0 } else { (key - 1) % self.lock_pages as u64 }
    }

    /// Entry `i` of a domain's directory of lock pages: the page's key plus one, then its mfn.
    #[inline(always)]
    pub const fn lock_page(&self, slot: u8, i: u64) -> (Word, Word) {
        let at = self.directory_at + self.directories_apart * slot as u32 + 2 * i as u32;
        (Word(at), Word(at + 1))
    }

    /// What guards the gfns of lock page `i` as a whole, where each gfn has a lock.
    pub const fn area(&self, slot: u8, i: u64) -> Word {
        Word(self.areas_at + self.directories_apart * slot as u32 + self.area_size * i as u32)
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
    #[inline]
    pub const fn pins(&self, a: ActorId) -> Sorted {
        Sorted { at: Word(self.actors_at + ACTOR_RECORD * a.0 as u32 + PINS), room: PIN_ROOM }
    }

    /// The ranges that the actor reads: by the lock's own word, how deep.
    pub const fn reads(&self, a: ActorId) -> Sorted {
        Sorted { at: self.actor(a, ActorWord::Reads), room: READ_ROOM }
    }

    /// The frames whose sharing data the actor has locked, by mfn.
    pub const fn page_locks(&self, a: ActorId) -> Sorted {
        Sorted { at: self.actor(a, ActorWord::PageLocks), room: PAGE_LOCK_ROOM }
    }

    /// The actor's TLB: entries that walks have read, by level, domain and gfn.
    pub const fn tlb(&self, a: ActorId) -> Sorted {
        Sorted { at: Word(self.actors_at + ACTOR_RECORD * a.0 as u32 + TLB), room: TLB_ROOM }
    }

    /// A word of the machine as a whole.
    #[inline(always)]
    pub const fn xen(&self, w: XenWord) -> Word {
        Word(self.xen_at + w as u32)
    }

    /// Sharing records of the world.
    pub const fn records(&self) -> u32 {
        self.records
    }

    /// Word `i` of the map of sharing records: bit `n` is set while record `64 * i + n` is in use.
    pub const fn record_map(&self, i: u32) -> Word {
        Word(self.records_at + i)
    }

    /// Word `w` (0 to 3) of a sharing record, if there is such a record.
    pub const fn record(&self, i: u64, w: u32) -> Option<Word> {
        if i < self.records as u64 && w < RECORD {
            Some(Word(self.records_at + self.records.div_ceil(64) + RECORD * i as u32 + w))
        } else {
            None
        }
    }

    /// Heap objects of the world.
    pub const fn objects(&self) -> u32 {
        self.objects
    }

    /// Word `i` of the map of heap objects: bit `n` is set while object `64 * i + n` is in use.
    pub const fn object_map(&self, i: u32) -> Word {
        Word(self.objects_at + i)
    }

    /// Word `w` of a heap object, if there is such an object: its cell, the links to the next element of its list and
    /// to the one before, which list that is.
    pub const fn object(&self, i: u64, w: u32) -> Option<Word> {
        if i < self.objects as u64 && w < OBJECT {
            Some(Word(self.objects_at + self.objects.div_ceil(64) + OBJECT * i as u32 + w))
        } else {
            None
        }
    }

    /// Grants of the world.
    pub const fn grants(&self) -> u32 {
        self.grants
    }

    /// Word `w` (0 to 7) of a grant, if there is such a grant.
    pub const fn grant(&self, i: u64, w: u32) -> Option<Word> {
        if i < self.grants as u64 && w < GRANT { Some(Word(self.grants_at + GRANT * i as u32 + w)) } else { None }
    }

    /// A word of the lesson's own, alone on its line.
    #[inline]
    pub const fn word(&self, i: u32) -> Word {
        Word(self.lesson_at + 8 * i)
    }

    /// The head of a list of the lesson's own; its tail is the word behind.
    pub const fn list(&self, i: u32) -> Word {
        Word(self.lists_at + 8 * i)
    }

    /// The first word of a ring of the lesson's own: eight of its state, then [`RING_ROOM`] slots.
    pub const fn ring(&self, i: u32) -> Word {
        Word(self.rings_at + RING * i)
    }

    /// A lock of the lesson's own.
    #[inline]
    pub const fn named_lock(&self, i: u32) -> Word {
        Word(self.locks_at + 8 * i)
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
}
