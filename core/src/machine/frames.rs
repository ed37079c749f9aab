//! The frame table: references, owners, lists, and the allocators of frames and tables.
//!
//! Protocol: a frame's count changes by compare-and-exchange alone. Whoever brings it from zero to one is the
//! allocator, whoever brings it to zero frees. Free maps, page lists and `tot_pages` change under the heap's word,
//! which is taken for a few stores and never while waiting for anything, so it has no place in the lock order; in
//! simulated memory each function here is one step and the word is never seen taken.
//! A table page belongs to its domain's pool and is counted by nobody.

use super::lists::{self, Element, FrameList, List};
use super::record::{ActorWord, DomWord, FrameWord};
use super::refs::Offlined;
use super::words::Words;
use super::world::World;
use crate::addr::{ActorId, DomId, FRAME_WORDS, Mfn, Word};

/// count_info: the allocation itself holds one of the references.
pub const PGC_ALLOCATED: u64 = 1 << 63;
/// count_info: a page of Xen's own, whoever is shown it.
pub const PGC_XEN_HEAP: u64 = 1 << 62;
/// count_info: the state of a free frame (3 in bits 56:55).
pub const PGC_FREE: u64 = 3 << 55;
/// count_info: a frame that was taken out of use.
pub const PGC_OFFLINED: u64 = 2 << 55;
/// count_info: the hardware has reported the frame, which is never given out again.
pub const PGC_BROKEN: u64 = 1 << 57;
/// count_info: the references.
pub const PGC_COUNT: u64 = (1 << 55) - 1;
/// type_info: the typed references.
pub const PGT_COUNT: u64 = (1 << 55) - 1;
/// count_info: from here on no further reference is given, so that the count never overflows.
pub const PGC_RESERVE: u64 = PGC_COUNT - 1;
/// m2p of a frame that no gfn names.
pub const M2P_INVALID: u64 = u64::MAX;
/// m2p of a frame that several gfns may share.
pub const M2P_SHARED: u64 = u64::MAX - 1;

/// What a frame is used as.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FrameUse {
    /// Memory, or free.
    Memory,
    /// A table of the domain in that slot.
    Table {
        /// Whose.
        slot: u8,
    },
    /// A free page of a domain's table pool.
    Pool {
        /// Whose.
        slot: u8,
    },
    /// A page of range locks.
    Locks {
        /// Whose.
        slot: u8,
    },
    /// A page of the log-dirty bitmap of the domain in that slot.
    Dirty {
        /// Whose.
        slot: u8,
    },
}

impl FrameUse {
    /// As a word; memory is 0.
    pub const fn to_word(self) -> u64 {
        match self {
            FrameUse::Memory => 0,
            FrameUse::Table { slot } => 1 | (slot as u64) << 8,
            FrameUse::Pool { slot } => 2 | (slot as u64) << 8,
            FrameUse::Locks { slot } => 3 | (slot as u64) << 8,
            FrameUse::Dirty { slot } => 4 | (slot as u64) << 8,
        }
    }

    /// The inverse of [`FrameUse::to_word`].
    pub const fn from_word(w: u64) -> FrameUse {
        let slot = (w >> 8) as u8;
        match w & 0xff {
            1 => FrameUse::Table { slot },
            2 => FrameUse::Pool { slot },
            3 => FrameUse::Locks { slot },
            4 => FrameUse::Dirty { slot },
            _ => FrameUse::Memory,
        }
    }
}

/// What an allocation is of; its bit in [`ActorWord::Fails`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
pub enum Class {
    /// A frame of the heap.
    Frame,
    /// A page of a domain's table pool.
    Table,
    /// A sharing record, or a tuple of one.
    Record,
    /// A heap object.
    Object,
}

/// The references in a count_info.
pub const fn count(count_info: u64) -> u64 {
    count_info & PGC_COUNT
}

/// The owner as the frame table stores it.
pub const fn owner_word(owner: DomId) -> u64 {
    if owner.0 == DomId::NOBODY.0 { 0 } else { owner.0 as u64 + 1 }
}

/// The owner that a stored word names.
pub const fn owner_of_word(w: u64) -> DomId {
    if w == 0 { DomId::NOBODY } else { DomId((w - 1) as u16) }
}

/// A word of a frame's record; an mfn beyond the machine reads the record of frame 0, which nobody owns.
#[inline(always)]
pub(super) fn rec(world: &World, mfn: Mfn, w: FrameWord) -> Word {
    match world.map.frame(mfn, w) {
        Some(word) => word,
        None => world.map.frame(Mfn(0), w).unwrap_or(Word(0)),
    }
}

/// Who owns the frame.
pub fn owner<W: Words>(m: &mut W, world: &World, mfn: Mfn) -> DomId {
    owner_of_word(m.get(rec(world, mfn, FrameWord::Owner)))
}

/// Whether nobody counts the frame.
pub fn is_free<W: Words>(m: &mut W, world: &World, mfn: Mfn) -> bool {
    count(m.get(rec(world, mfn, FrameWord::Count))) == 0
}

/// What the frame is used as.
pub fn used_as<W: Words>(m: &mut W, world: &World, mfn: Mfn) -> FrameUse {
    FrameUse::from_word(m.get(rec(world, mfn, FrameWord::Use)))
}

/// Whether a change of word `w` of a frame's record freed the frame or table.
pub const fn was_freed(w: u8, old: u64, now: u64) -> bool {
    const COUNT: u8 = FrameWord::Count as u8;
    const USE: u8 = FrameWord::Use as u8;
    match w {
        COUNT => count(old) > 0 && count(now) == 0,
        USE => matches!(FrameUse::from_word(old), FrameUse::Table { .. }) && now != old,
        _ => false,
    }
}

/// Whether a change of word `w` of a frame's record can break what entries that map the frame rely on: that it is
/// counted, allocated and their domain's own, and no table. Another reference more or less cannot.
pub const fn changes_mapping(w: u8, old: u64, now: u64) -> bool {
    const COUNT: u8 = FrameWord::Count as u8;
    const OWNER: u8 = FrameWord::Owner as u8;
    const USE: u8 = FrameWord::Use as u8;
    match w {
        COUNT => (count(old) == 0) != (count(now) == 0) || (old ^ now) & PGC_ALLOCATED != 0,
        OWNER => true,
        USE => (old ^ now) & 0xffff != 0,
        _ => false,
    }
}

/// Takes a reference: false if the frame is free, or is not `dom`'s where one is named.
#[inline(always)]
pub fn get_page<W: Words>(m: &mut W, world: &World, mfn: Mfn, dom: Option<DomId>) -> bool {
    let word = rec(world, mfn, FrameWord::Count);
    let mut seen = m.get(word);
    loop {
        if count(seen) == 0 || count(seen) >= PGC_RESERVE {
            return false;
        }
        let now = m.cas(word, seen, seen + 1);
        if now == seen {
            break;
        }
        seen = now;
    }
    if let Some(dom) = dom
        && owner(m, world, mfn) != dom
    {
        put_page(m, world, mfn);
        return false;
    }
    true
}

/// Drops a reference; the last one frees the frame. True if it did. A count of zero stays zero.
#[inline(always)]
pub fn put_page<W: Words>(m: &mut W, world: &World, mfn: Mfn) -> bool {
    let word = rec(world, mfn, FrameWord::Count);
    let mut seen = m.get(word);
    loop {
        if count(seen) == 0 {
            return false;
        }
        let now = m.cas(word, seen, seen - 1);
        if now == seen {
            break;
        }
        seen = now;
    }
    if count(seen) == 1 {
        release_frame(m, world, mfn);
        return true;
    }
    false
}

/// Tests and clears the allocated bit and drops its reference; false if it was clear.
pub fn put_allocation<W: Words>(m: &mut W, world: &World, mfn: Mfn) -> bool {
    let word = rec(world, mfn, FrameWord::Count);
    let mut seen = m.get(word);
    loop {
        if seen & PGC_ALLOCATED == 0 {
            return false;
        }
        let now = m.cas(word, seen, seen & !PGC_ALLOCATED);
        if now == seen {
            break;
        }
        seen = now;
    }
    put_page(m, world, mfn);
    true
}

/// Takes the lowest free frame for the domain, or none; none for one that is dying, which nobody would take it back
/// from (Xen's `assign_pages`). Its content is as it was left.
pub fn alloc_frame<W: Words>(m: &mut W, world: &World, me: ActorId, slot: u8) -> Option<Mfn> {
    if must_fail(m, world, me, Class::Frame) {
        return None;
    }
    heap(m, world, |m| {
        if dying(m, world, slot) {
            return None;
        }
        let mfn = take_lowest(m, world, None)?;
        give(m, world, slot, mfn);
        Some(mfn)
    })
}

/// Whether a domain is being destroyed.
pub(super) fn dying<W: Words>(m: &mut W, world: &World, slot: u8) -> bool {
    m.get(world.dom_word(slot, DomWord::Dying)) != 0
}

/// A free frame becomes a domain's. Under the heap's word.
pub(super) fn give<W: Words>(m: &mut W, world: &World, slot: u8, mfn: Mfn) {
    m.set(rec(world, mfn, FrameWord::Owner), owner_word(world.domain(slot).id));
    m.set(rec(world, mfn, FrameWord::Count), PGC_ALLOCATED | 1);
    append(m, world, slot, mfn);
}

/// Takes the lowest free page of the domain's table pool, emptied, or none: also for a domain that is dying (S69).
pub fn alloc_table<W: Words>(m: &mut W, world: &World, me: ActorId, slot: u8) -> Option<Mfn> {
    let host = world.domain(slot).view.map_or(slot, |v| v.of);
    if dying(m, world, host) {
        return None;
    }
    alloc_pool(m, world, Some(me), slot, FrameUse::Table { slot })
}

/// The same for another use than a table; for no actor in particular it fails only where there is no page.
pub(super) fn alloc_pool<W: Words>(
    m: &mut W,
    world: &World,
    me: Option<ActorId>,
    slot: u8,
    used_as: FrameUse,
) -> Option<Mfn> {
    if me.is_some_and(|me| must_fail(m, world, me, Class::Table)) {
        return None;
    }
    take_pool(m, world, slot, used_as)
}

/// The same for no actor in particular: it never fails while there is a page.
pub(super) fn take_table<W: Words>(m: &mut W, world: &World, slot: u8) -> Option<Mfn> {
    take_pool(m, world, slot, FrameUse::Table { slot })
}

fn take_pool<W: Words>(m: &mut W, world: &World, slot: u8, used_as: FrameUse) -> Option<Mfn> {
    let mfn = heap(m, world, |m| take_lowest(m, world, Some(slot)))?;
    // What is no table holds words, not entries: its own empty is 0, whatever an empty entry looks like.
    let empty = if let FrameUse::Table { .. } = used_as { world.format.empty() } else { 0 };
    for i in 0..FRAME_WORDS {
        if let Some(w) = world.map.page(mfn, i)
            && m.get(w) != empty
        {
            m.set(w, empty);
        }
    }
    m.set(rec(world, mfn, FrameWord::Use), used_as.to_word());
    Some(mfn)
}

/// Gives a page of a table or bitmap back to its pool, its content as it is; false if it was neither.
pub fn free_table<W: Words>(m: &mut W, world: &World, mfn: Mfn) -> bool {
    let (FrameUse::Table { slot } | FrameUse::Dirty { slot }) = used_as(m, world, mfn) else { return false };
    if slot as usize >= world.domains.len() {
        return false;
    }
    m.set(rec(world, mfn, FrameWord::Use), FrameUse::Pool { slot }.to_word());
    heap(m, world, |m| put_bit(m, world, Some(slot), mfn));
    true
}

/// Gives the lowest table of a domain or view that is not its root back to its pool; false if there is none.
pub fn free_lowest_table<W: Words>(m: &mut W, world: &World, slot: u8) -> bool {
    let root = world.domain(slot).root;
    let mut all = (0..world.map.frames() as u64).map(Mfn);
    let table = all.find(|&mfn| mfn != root && used_as(m, world, mfn) == FrameUse::Table { slot });
    table.is_some_and(|mfn| free_table(m, world, mfn))
}

/// The frames on a domain's list, first to last: all that it has but those in its populate-on-demand cache.
pub fn page_list<W: Words>(m: &mut W, world: &World, slot: u8) -> Vec<Mfn> {
    FrameList::PAGES.frames(m, world, slot)
}

/// Puts a frame at the end of a domain's list and counts it; the first one brings the reference to the domain. Under the
/// heap's word, or before the run begins.
pub(super) fn append<W: Words>(m: &mut W, world: &World, slot: u8, mfn: Mfn) {
    FrameList::PAGES.push(m, world, slot, mfn);
    if m.add(world.dom_word(slot, DomWord::TotPages), 1) == 0 {
        m.add(world.dom_word(slot, DomWord::DomainRef), 1);
    }
}

/// Marks a frame free in a map. Under the heap's word, or before the run begins.
pub(super) fn put_bit<W: Words>(m: &mut W, world: &World, pool: Option<u8>, mfn: Mfn) {
    let word = world.map.free_map(pool, (mfn.0 / 64) as u32);
    let bits = m.get(word);
    m.set(word, bits | 1 << (mfn.0 % 64));
}

/// Takes a frame off the list that it is on. Where that was a domain's, or its cache's, the domain counts one less, and
/// with the last one goes the reference to the domain. Under the heap's word.
pub(super) fn unlink<W: Words>(m: &mut W, world: &World, mfn: Mfn) {
    let Some(list) = lists::on(m, world, Element::Frame(mfn)) else { return };
    lists::take(m, world, list, Element::Frame(mfn));
    if let List::Pages(slot) | List::Pod(slot) | List::Supers(slot) = list
        && m.add(world.dom_word(slot, DomWord::TotPages), u64::MAX) == 1
    {
        m.add(world.dom_word(slot, DomWord::DomainRef), u64::MAX);
    }
}

fn release_frame<W: Words>(m: &mut W, world: &World, mfn: Mfn) {
    heap(m, world, |m| {
        unlink(m, world, mfn);
        m.set(rec(world, mfn, FrameWord::Owner), 0);
        m.set(rec(world, mfn, FrameWord::M2p), M2P_INVALID);
        m.set(rec(world, mfn, FrameWord::Type), 0);
        discard(m, world, mfn);
    });
}

/// A frame without references, owner and gfn is free; one that is broken goes out of use. Under the heap's word.
pub(super) fn discard<W: Words>(m: &mut W, world: &World, mfn: Mfn) {
    let count = rec(world, mfn, FrameWord::Count);
    if m.get(count) & PGC_BROKEN != 0 {
        m.set(count, PGC_BROKEN | PGC_OFFLINED);
        return;
    }
    m.set(count, PGC_FREE);
    put_bit(m, world, None, mfn);
}

/// Marks a frame broken; one that is free leaves the heap. Under the heap's word, which is what the free map changes
/// under: a frame that is being allocated meanwhile is either one of the free ones still, or has its references.
pub(super) fn offline<W: Words>(m: &mut W, world: &World, mfn: Mfn) -> Offlined {
    let word = rec(world, mfn, FrameWord::Count);
    let mut seen = m.get(word);
    loop {
        if seen & PGC_BROKEN != 0 {
            return Offlined::Before;
        }
        let free = count(seen) == 0 && seen & PGC_FREE == PGC_FREE;
        let now = m.cas(word, seen, if free { PGC_BROKEN | PGC_OFFLINED } else { seen | PGC_BROKEN });
        if now == seen {
            if free {
                let map = world.map.free_map(None, (mfn.0 / 64) as u32);
                let bits = m.get(map);
                m.set(map, bits & !(1 << (mfn.0 % 64)));
            }
            return if free { Offlined::Free } else { Offlined::InUse };
        }
        seen = now;
    }
}

pub(super) fn take_lowest<W: Words>(m: &mut W, world: &World, pool: Option<u8>) -> Option<Mfn> {
    (0..world.map.free_map_len()).find_map(|i| {
        let word = world.map.free_map(pool, i);
        let bits = m.get(word);
        (bits != 0).then(|| {
            m.set(word, bits & (bits - 1));
            Mfn(64 * i as u64 + bits.trailing_zeros() as u64)
        })
    })
}

/// Makes the actor's next allocation of that class fail.
pub fn fail_next<W: Words>(m: &mut W, world: &World, me: ActorId, class: Class) {
    let word = world.map.actor(me, ActorWord::Fails);
    let fails = m.get(word);
    m.set(word, fails | 1 << class as u64);
}

/// Whether the actor's next allocation of that class is to fail; asked once.
pub(super) fn must_fail<W: Words>(m: &mut W, world: &World, me: ActorId, class: Class) -> bool {
    let word = world.map.actor(me, ActorWord::Fails);
    let fails = m.get(word);
    let bit = 1 << class as u64;
    if fails & bit != 0 {
        m.set(word, fails & !bit);
    }
    fails & bit != 0
}

/// Runs a few stores under the heap's word.
pub(super) fn heap<W: Words, T>(m: &mut W, world: &World, f: impl FnOnce(&mut W) -> T) -> T {
    let word = world.map.heap();
    while m.cas(word, 0, 1) != 0 {
        m.relax();
    }
    let out = f(m);
    m.set(word, 0);
    out
}
