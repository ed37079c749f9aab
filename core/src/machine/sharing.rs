//! Sharing records: which frame numbers share a frame, and the handle it is known by.
//!
//! A shareable frame belongs to dom_cow, is on no list, and has a record of four words: its handle, the first and the
//! last tuple of its reverse map, how many there are. A tuple is a record too: the frame number with its domain, the
//! next one, the one before, the frame. They stand in the order in which they were added; Xen's hash form for long
//! reverse maps is not modelled. Each tuple holds one plain and one typed reference.
//!
//! | record | word 0 | 1 | 2 | 3 |
//! |---|---|---|---|---|
//! | of a frame | handle | first tuple, plus one | last tuple, plus one | tuples |
//! | tuple | domain and gfn | next, plus one | before, plus one | frame, plus one |
//!
//! A handle is the frame's number with its generation above bit 40, which grows each time that the frame becomes
//! shareable and stays behind in [`FrameWord::Sharing`] when it is no longer: no handle comes twice.
//!
//! Protocol: a frame's records change under the frame's page lock. Records are taken lowest first, under the heap's
//! word, and an emptied one holds zeroes.

use super::frames::{Class, M2P_SHARED, PGC_ALLOCATED, heap, must_fail};
use super::record::{DomWord, FrameWord, XenWord};
use super::refs::{self, PageType, TypeBits};
use super::words::Words;
use super::world::World;
use crate::addr::{ActorId, DomGfn, DomId, Mfn, Word};

/// Records of a world that says nothing else.
pub const RECORDS: usize = 64;

/// What is done to sharing records as a whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SharingAct {
    /// Gives a frame a record with a new handle; a [`Kept`].
    Alloc(Mfn),
    /// Takes the frame's record away with the tuples that are left; gives their number plus one, or 0 if it had none.
    Free(Mfn),
    /// Adds a tuple at the end; a [`Kept`].
    Insert {
        /// The frame.
        mfn: Mfn,
        /// Who shares it.
        g: DomGfn,
    },
    /// Takes a tuple out; a [`Kept`].
    Remove {
        /// The frame.
        mfn: Mfn,
        /// Who shares it.
        g: DomGfn,
    },
    /// Moves a tuple to the end of another frame's; a [`Kept`].
    Move {
        /// From here.
        from: Mfn,
        /// To there.
        to: Mfn,
        /// Who shares it.
        g: DomGfn,
    },
    /// A tuple as [`DomGfn::to_word`], or all ones.
    Nth {
        /// The frame.
        mfn: Mfn,
        /// Its place, from 0.
        i: u64,
    },
    /// The tuple behind one that is there, or all ones.
    Next {
        /// The frame.
        mfn: Mfn,
        /// The tuple before.
        after: DomGfn,
    },
    /// How many tuples there are, and whether this is one of them: twice the number, plus one if it is.
    Count {
        /// The frame.
        mfn: Mfn,
        /// Who may share it.
        g: DomGfn,
    },
    /// The frame's handle, or 0 if it has no record.
    Handle(Mfn),
    /// The first frame from this one on that has a record, or all ones.
    From(Mfn),
    /// How many frames below this one have its handle.
    Twins(Mfn),
}

/// What became of a change to sharing records.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u64)]
pub enum Kept {
    /// No record is left, or the tuple is not there: nothing has changed.
    No = 0,
    /// Done.
    Yes = 1,
    /// The frame has no record (or, for [`SharingAct::Alloc`], has one already): nothing has changed.
    Stray = 2,
}

impl Kept {
    /// From an effect's result.
    pub const fn from_word(w: u64) -> Kept {
        match w {
            1 => Kept::Yes,
            2 => Kept::Stray,
            _ => Kept::No,
        }
    }
}

/// No tuple.
const NONE: u64 = u64::MAX;
/// Generations stand above this bit of [`FrameWord::Sharing`].
const GENERATION: u32 = 32;
/// And above this one of a handle.
const HANDLE_GENERATION: u32 = 40;

// The words of a frame's record.
const HANDLE: u32 = 0;
const FIRST: u32 = 1;
const LAST: u32 = 2;
const LEN: u32 = 3;
// Those of a tuple.
const GFN: u32 = 0;
const NEXT: u32 = 1;
const BEFORE: u32 = 2;
const OF: u32 = 3;

/// What such an effect does to words.
pub fn act<W: Words>(m: &mut W, world: &World, me: ActorId, a: SharingAct) -> u64 {
    let fails = matches!(a, SharingAct::Alloc(_) | SharingAct::Insert { .. }) && must_fail(m, world, me, Class::Record);
    heap(m, world, |m| match a {
        SharingAct::Alloc(_) | SharingAct::Insert { .. } if fails => Kept::No as u64,
        SharingAct::Alloc(mfn) => alloc(m, world, mfn) as u64,
        SharingAct::Free(mfn) => free(m, world, mfn).map_or(0, |tuples| tuples + 1),
        SharingAct::Insert { mfn, g } => insert(m, world, mfn, g) as u64,
        SharingAct::Remove { mfn, g } => remove(m, world, mfn, g) as u64,
        SharingAct::Move { from, to, g } => relink(m, world, from, to, g) as u64,
        SharingAct::Nth { mfn, i } => rmap(m, world, mfn).get(i as usize).map_or(NONE, |g| g.to_word()),
        SharingAct::Next { mfn, after } => find(m, world, mfn, after).map_or(NONE, |t| {
            let next = field(m, world, t, NEXT);
            tuple_at(m, world, next)
        }),
        SharingAct::Count { mfn, g } => 2 * len(m, world, mfn) + find(m, world, mfn, g).is_some() as u64,
        SharingAct::Handle(mfn) => handle(m, world, mfn),
        SharingAct::From(mfn) => {
            let mut all = (mfn.0..world.map.frames() as u64).map(Mfn);
            all.find(|&f| info(m, world, f).is_some()).map_or(NONE, |f| f.0)
        }
        SharingAct::Twins(mfn) => {
            let is = handle(m, world, mfn);
            let below = (0..mfn.0.min(world.map.frames() as u64)).map(Mfn);
            below.filter(|&f| info(m, world, f).is_some() && handle(m, world, f) == is).count() as u64
        }
    })
}

/// The place of the frame's sharing record.
pub fn info<W: Words>(m: &mut W, world: &World, mfn: Mfn) -> Option<u64> {
    let word = m.get(world.map.frame(mfn, FrameWord::Sharing)?);
    (word & ((1 << GENERATION) - 1)).checked_sub(1)
}

/// The frame's handle; 0 if it is not shareable.
pub fn handle<W: Words>(m: &mut W, world: &World, mfn: Mfn) -> u64 {
    info(m, world, mfn).map_or(0, |i| field(m, world, i, HANDLE))
}

/// How many frame numbers share the frame.
pub fn len<W: Words>(m: &mut W, world: &World, mfn: Mfn) -> u64 {
    info(m, world, mfn).map_or(0, |i| field(m, world, i, LEN))
}

/// The frame numbers that share a frame, in the order of the list. Stops after as many as there are records, should
/// the links run in a ring.
pub fn rmap<W: Words>(m: &mut W, world: &World, mfn: Mfn) -> Vec<DomGfn> {
    let mut all = Vec::new();
    let Some(i) = info(m, world, mfn) else { return all };
    let mut at = field(m, world, i, FIRST);
    while at != 0 && all.len() < world.map.records() as usize {
        all.push(DomGfn::from_word(field(m, world, at - 1, GFN)));
        at = field(m, world, at - 1, NEXT);
    }
    all
}

/// One more frame number shares the frame, before the run begins: the first one makes it shareable (owner dom_cow, off
/// its domain's list, m2p). Counts, type, counters and records stand as operations leave them; the entry itself is the
/// caller's. False, and nothing is as it should be, if the world has too few records
/// ([`Sizes::records`](super::Sizes): one for each frame, one for each tuple).
pub fn build<W: Words>(m: &mut W, world: &World, mfn: Mfn, g: DomGfn) -> bool {
    let at = |w| world.map.frame(mfn, w);
    let (Some(count), Some(ty), Some(m2p)) = (at(FrameWord::Count), at(FrameWord::Type), at(FrameWord::M2p)) else {
        return false;
    };
    let counter = match info(m, world, mfn) {
        Some(_) => XenWord::NrSaved,
        None => {
            refs::set_owner(m, world, mfn, DomId::COW);
            m.set(count, PGC_ALLOCATED | 1);
            m.set(ty, TypeBits::of(world.format).counted(PageType::Shared, 0));
            m.set(m2p, M2P_SHARED);
            if alloc(m, world, mfn) != Kept::Yes {
                return false;
            }
            XenWord::NrShared
        }
    };
    m.add(count, 1);
    m.add(ty, 1);
    m.add(world.map.xen(counter), 1);
    insert(m, world, mfn, g) == Kept::Yes
}

fn word(world: &World, record: u64, w: u32) -> Option<Word> {
    world.map.record(record, w)
}

fn field<W: Words>(m: &mut W, world: &World, record: u64, w: u32) -> u64 {
    word(world, record, w).map_or(0, |word| m.get(word))
}

fn put<W: Words>(m: &mut W, world: &World, record: u64, w: u32, v: u64) {
    if let Some(word) = word(world, record, w) {
        m.set(word, v);
    }
}

/// The tuple that a link leads to.
fn tuple_at<W: Words>(m: &mut W, world: &World, link: u64) -> u64 {
    if link == 0 { NONE } else { field(m, world, link - 1, GFN) }
}

/// The tuple of that frame number on the frame's list.
fn find<W: Words>(m: &mut W, world: &World, mfn: Mfn, g: DomGfn) -> Option<u64> {
    let i = info(m, world, mfn)?;
    let mut at = field(m, world, i, FIRST);
    for _ in 0..world.map.records() {
        let t = at.checked_sub(1)?;
        if field(m, world, t, GFN) == g.to_word() {
            return Some(t);
        }
        at = field(m, world, t, NEXT);
    }
    None
}

fn take_record<W: Words>(m: &mut W, world: &World) -> Option<u64> {
    let records = world.map.records();
    (0..records.div_ceil(64)).find_map(|i| {
        let word = world.map.record_map(i);
        let used = m.get(word);
        let n = 64 * i + used.trailing_ones();
        (used != u64::MAX && n < records).then(|| {
            m.set(word, used | 1 << (n % 64));
            n as u64
        })
    })
}

fn give_record<W: Words>(m: &mut W, world: &World, record: u64) {
    for w in 0..4 {
        put(m, world, record, w, 0);
    }
    if record < world.map.records() as u64 {
        let word = world.map.record_map((record / 64) as u32);
        let used = m.get(word);
        m.set(word, used & !(1 << (record % 64)));
    }
}

fn alloc<W: Words>(m: &mut W, world: &World, mfn: Mfn) -> Kept {
    let Some(at) = world.map.frame(mfn, FrameWord::Sharing) else { return Kept::Stray };
    if info(m, world, mfn).is_some() {
        return Kept::Stray;
    }
    let Some(record) = take_record(m, world) else { return Kept::No };
    let generation = (m.get(at) >> GENERATION) + 1;
    m.set(at, generation << GENERATION | (record + 1));
    put(m, world, record, HANDLE, generation << HANDLE_GENERATION | mfn.0);
    Kept::Yes
}

fn free<W: Words>(m: &mut W, world: &World, mfn: Mfn) -> Option<u64> {
    let (i, at) = (info(m, world, mfn)?, world.map.frame(mfn, FrameWord::Sharing)?);
    let tuples = rmap(m, world, mfn);
    for &g in &tuples {
        remove(m, world, mfn, g);
    }
    give_record(m, world, i);
    let now = m.get(at);
    m.set(at, now >> GENERATION << GENERATION);
    Some(tuples.len() as u64)
}

/// Hangs a tuple's record in at the end of a frame's list.
fn link<W: Words>(m: &mut W, world: &World, mfn: Mfn, i: u64, t: u64) {
    let last = field(m, world, i, LAST);
    match last {
        0 => put(m, world, i, FIRST, t + 1),
        _ => put(m, world, last - 1, NEXT, t + 1),
    }
    put(m, world, i, LAST, t + 1);
    put(m, world, t, BEFORE, last);
    put(m, world, t, NEXT, 0);
    put(m, world, t, OF, mfn.0 + 1);
    let n = field(m, world, i, LEN);
    put(m, world, i, LEN, n + 1);
}

/// Counts what a domain shares.
fn tally<W: Words>(m: &mut W, world: &World, g: DomGfn, n: u64) {
    if let Some(slot) = world.slot(g.dom) {
        m.add(world.dom_word(slot, DomWord::ShrPages), n);
    }
}

/// Takes it off the list.
fn unlink<W: Words>(m: &mut W, world: &World, i: u64, t: u64) {
    let (next, before) = (field(m, world, t, NEXT), field(m, world, t, BEFORE));
    match before {
        0 => put(m, world, i, FIRST, next),
        _ => put(m, world, before - 1, NEXT, next),
    }
    match next {
        0 => put(m, world, i, LAST, before),
        _ => put(m, world, next - 1, BEFORE, before),
    }
    let n = field(m, world, i, LEN);
    put(m, world, i, LEN, n.saturating_sub(1));
}

fn insert<W: Words>(m: &mut W, world: &World, mfn: Mfn, g: DomGfn) -> Kept {
    let Some(i) = info(m, world, mfn) else { return Kept::Stray };
    let Some(t) = take_record(m, world) else { return Kept::No };
    put(m, world, t, GFN, g.to_word());
    link(m, world, mfn, i, t);
    tally(m, world, g, 1);
    Kept::Yes
}

fn remove<W: Words>(m: &mut W, world: &World, mfn: Mfn, g: DomGfn) -> Kept {
    let Some(i) = info(m, world, mfn) else { return Kept::Stray };
    let Some(t) = find(m, world, mfn, g) else { return Kept::No };
    unlink(m, world, i, t);
    give_record(m, world, t);
    tally(m, world, g, u64::MAX);
    Kept::Yes
}

fn relink<W: Words>(m: &mut W, world: &World, from: Mfn, to: Mfn, g: DomGfn) -> Kept {
    let (Some(i), Some(j)) = (info(m, world, from), info(m, world, to)) else { return Kept::Stray };
    let Some(t) = find(m, world, from, g) else { return Kept::No };
    unlink(m, world, i, t);
    link(m, world, to, j, t);
    Kept::Yes
}

#[cfg(test)]
#[path = "sharing_tests.rs"]
mod tests;
