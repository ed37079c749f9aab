//! The log-dirty bitmap: which gfns were written, in a trie of four levels over pages of the domain's table pool.
//!
//! | level | a page holds | indexed by gfn bits |
//! |---|---|---|
//! | leaf | 32768 bits, one for each gfn | 14:0 |
//! | node | 512 links: mfn plus one, 0 for none | 23:15, then 32:24 |
//! | top | the same | 35:33 |
//!
//! Protocol: the bitmap belongs to the paging lock, and each function here is one effect under it. A bit and a link
//! are written by compare-and-exchange all the same, so that a lesson that touches a bit without the lock loses its
//! own write and never another's page. Pages are made on the way to a bit, and given back only by freeing the bitmap. Where
//! there is no page the mark is lost; a word remembers that some was, and every harvest says so until the bitmap is
//! freed. (Xen counts how many were lost. That number grows with every retry, so here it is only noted.)

use super::frames::{self, FrameUse};
use super::pml;
use super::record::DomWord;
use super::words::Words;
use super::world::World;
use crate::addr::{ActorId, FRAME_WORDS, Gfn, Mfn, Word};

/// Bits in a leaf page.
pub const LEAF_BITS: u64 = 64 * FRAME_WORDS;

/// What an effect does to the bitmap of the domain in that slot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DirtyAct {
    /// Notes a write, if writes are noted: a [`Marked`].
    Mark {
        /// The domain.
        slot: u8,
        /// What was written.
        gfn: Gfn,
    },
    /// Forgets that a gfn was written, whose page is gone; gives whether it was noted.
    Clean {
        /// The domain.
        slot: u8,
        /// What is forgotten.
        gfn: Gfn,
    },
    /// A lesson's own access to one bit, whether or not writes are noted; gives what [`BitOp`] says.
    Bit {
        /// The domain.
        slot: u8,
        /// Whose bit.
        gfn: Gfn,
        /// What is done.
        op: BitOp,
    },
    /// Takes what a vCPU's processor has logged and marks it; gives how many entries that were.
    Drain {
        /// The domain.
        slot: u8,
        /// The vCPU.
        of: ActorId,
    },
    /// Counts the bits: their number, or all ones if a mark was lost.
    Harvest {
        /// The domain.
        slot: u8,
        /// Whether they are cleared, too. Where a mark was lost they are not.
        clear: bool,
    },
    /// Gives all pages back and forgets lost marks.
    Free {
        /// The domain.
        slot: u8,
    },
}

/// What is done to one bit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BitOp {
    /// Reads it.
    Load,
    /// Writes it; gives the old value.
    Swap(bool),
    /// Adds, modulo 2; gives the new value.
    Add(bool),
    /// Writes the second if it is the first; gives whether it did.
    Cas(bool, bool),
}

/// What became of a mark, as an effect's result.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Marked {
    /// Nothing is noted: log-dirty is off.
    Off = 0,
    /// Its bit is set now.
    New = 1,
    /// Its bit was set.
    Known = 2,
    /// There was no page for it.
    Lost = 3,
}

/// Does it.
pub fn act<W: Words>(m: &mut W, world: &World, me: ActorId, a: DirtyAct) -> u64 {
    match a {
        DirtyAct::Mark { slot, .. } if m.get(world.dom_word(slot, DomWord::LogDirty)) == 0 => Marked::Off as u64,
        DirtyAct::Mark { slot, gfn } => match change(m, world, me, slot, gfn, |_| true) {
            Some(true) => Marked::Known as u64,
            Some(false) => Marked::New as u64,
            None => Marked::Lost as u64,
        },
        DirtyAct::Clean { slot, gfn } => match bit(m, world, slot, gfn) {
            true => change(m, world, me, slot, gfn, |_| false).unwrap_or(false) as u64,
            false => 0,
        },
        DirtyAct::Bit { slot, gfn, op } => bit_op(m, world, me, slot, gfn, op),
        DirtyAct::Drain { slot, of } => pml::drain(m, world, me, slot, of),
        DirtyAct::Harvest { slot, clear } => harvest(m, world, slot, clear).unwrap_or(u64::MAX),
        DirtyAct::Free { slot } => {
            free(m, world, slot);
            0
        }
    }
}

fn bit_op<W: Words>(m: &mut W, world: &World, me: ActorId, slot: u8, gfn: Gfn, op: BitOp) -> u64 {
    let was = bit(m, world, slot, gfn);
    let new = match op {
        BitOp::Load => return was as u64,
        BitOp::Swap(v) => v,
        BitOp::Add(v) => was ^ v,
        BitOp::Cas(old, _) if old != was => return 0,
        BitOp::Cas(_, new) => new,
    };
    // A bit that is not there is 0 already.
    let old = match was || new {
        true => {
            change(m, world, me, slot, gfn, |now| if let BitOp::Add(v) = op { now ^ v } else { new }).unwrap_or(was)
        }
        false => false,
    };
    match op {
        BitOp::Load | BitOp::Swap(_) => old as u64,
        BitOp::Add(v) => (old ^ v) as u64,
        BitOp::Cas(..) => (old == was) as u64,
    }
}

/// Whether the gfn's bit is set. A page that is not there holds zeroes.
pub fn bit<W: Words>(m: &mut W, world: &World, slot: u8, gfn: Gfn) -> bool {
    let mut link = world.dom_word(slot, DomWord::DirtyTop);
    for level in (0..4).rev() {
        let Some(mfn) = linked(m, link) else { return false };
        let Some(word) = world.map.page(mfn, index(gfn, level)) else { return false };
        link = word;
    }
    m.get(link) >> (gfn.0 % 64) & 1 == 1
}

/// The page that a link leads to.
fn linked<W: Words>(m: &mut W, link: Word) -> Option<Mfn> {
    match m.get(link) {
        0 => None,
        mfn => Some(Mfn(mfn - 1)),
    }
}

/// Which word of its page at a level: a link, or at level 0 the word with the gfn's bit.
const fn index(gfn: Gfn, level: u32) -> u64 {
    match level {
        0 => gfn.0 % LEAF_BITS / 64,
        _ => (gfn.0 >> (15 + 9 * (level - 1))) & (FRAME_WORDS - 1),
    }
}

/// The word that holds the gfn's bit, its pages made on the way; none where there is no page.
fn make<W: Words>(m: &mut W, world: &World, me: Option<ActorId>, slot: u8, gfn: Gfn) -> Option<Word> {
    let mut link = world.dom_word(slot, DomWord::DirtyTop);
    for level in (0..4).rev() {
        let page = match linked(m, link) {
            Some(page) => page,
            None => {
                let new = frames::alloc_pool(m, world, me, slot, FrameUse::Dirty { slot })?;
                match m.cas(link, 0, new.0 + 1) {
                    0 => new,
                    // Somebody without the lock was faster.
                    other => {
                        frames::free_table(m, world, new);
                        Mfn(other - 1)
                    }
                }
            }
        };
        link = world.map.page(page, index(gfn, level))?;
    }
    Some(link)
}

/// Changes a bit and gives its old value; none, and it is noted, if there was no page for it.
fn change<W: Words>(
    m: &mut W,
    world: &World,
    me: ActorId,
    slot: u8,
    gfn: Gfn,
    new: impl Fn(bool) -> bool,
) -> Option<bool> {
    let Some(word) = make(m, world, Some(me), slot, gfn) else {
        m.set(world.dom_word(slot, DomWord::DirtyLost), 1);
        return None;
    };
    let mask = 1 << (gfn.0 % 64);
    let mut seen = m.get(word);
    loop {
        let old = seen & mask != 0;
        let next = seen & !mask | if new(old) { mask } else { 0 };
        if next == seen {
            return Some(old);
        }
        let now = m.cas(word, seen, next);
        if now == seen {
            return Some(old);
        }
        seen = now;
    }
}

/// All pages of the bitmap, the upper ones first, each with its level (0: a leaf). Pages beyond the machine, which no
/// operation links, are left out.
pub fn pages<W: Words>(m: &mut W, world: &World, slot: u8) -> Vec<(Mfn, u32)> {
    let top = linked(m, world.dom_word(slot, DomWord::DirtyTop));
    let mut all: Vec<(Mfn, u32)> = top.map(|mfn| (mfn, 3)).into_iter().collect();
    let mut i = 0;
    while let Some(&(page, level)) = all.get(i) {
        i += 1;
        for word in (0..FRAME_WORDS).filter_map(|w| world.map.page(page, w)).filter(|_| level > 0) {
            let below = linked(m, word).filter(|mfn| mfn.0 < world.map.frames() as u64);
            // Each page has one parent; a lesson that writes links of its own cannot make the walk endless.
            all.extend(below.filter(|mfn| !all.iter().any(|p| p.0 == *mfn)).map(|mfn| (mfn, level - 1)));
        }
    }
    all
}

/// How many bits are set, and clears them where asked to; none, and nothing is cleared, if a mark was lost.
fn harvest<W: Words>(m: &mut W, world: &World, slot: u8, clear: bool) -> Option<u64> {
    if m.get(world.dom_word(slot, DomWord::DirtyLost)) != 0 {
        return None;
    }
    let mut found = 0;
    for (page, _) in pages(m, world, slot).into_iter().filter(|p| p.1 == 0) {
        for word in (0..FRAME_WORDS).filter_map(|w| world.map.page(page, w)) {
            let bits = m.get(word);
            if bits != 0 {
                found += if clear { m.swap(word, 0) } else { bits }.count_ones() as u64;
            }
        }
    }
    Some(found)
}

fn free<W: Words>(m: &mut W, world: &World, slot: u8) {
    for (page, _) in pages(m, world, slot).into_iter().rev() {
        frames::free_table(m, world, page);
    }
    m.set(world.dom_word(slot, DomWord::DirtyTop), 0);
    m.set(world.dom_word(slot, DomWord::DirtyLost), 0);
}

/// Makes the pages for the first [`LEAF_BITS`] gfns, before the run begins.
pub(super) fn prepare<W: Words>(m: &mut W, world: &World, slot: u8) {
    make(m, world, None, slot, Gfn(0));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::{Builder, NewDomain};
    use std::sync::Arc;

    fn world(tables: u32, logdirty: bool) -> (Arc<World>, Vec<u64>) {
        let domains = vec![NewDomain { id: crate::addr::DomId(1), tables, logdirty, ..NewDomain::default() }];
        let (world, first) = Builder { domains, ..Builder::default() }.build().unwrap();
        let mut m = first.to_vec();
        m.set(world.dom_word(0, DomWord::LogDirty), 1);
        (world, m)
    }

    fn mark(m: &mut Vec<u64>, world: &World, gfn: u64) -> u64 {
        act(m, world, ActorId(0), DirtyAct::Mark { slot: 0, gfn: Gfn(gfn) })
    }

    fn harvest_of(m: &mut Vec<u64>, world: &World, clear: bool) -> u64 {
        act(m, world, ActorId(0), DirtyAct::Harvest { slot: 0, clear })
    }

    #[test]
    fn a_leaf_covers_32768_gfns_and_each_page_on_the_way_512_below() {
        // Bits 14:0, 23:15, 32:24, 35:33 of a gfn, each with a value of its own.
        let gfn = Gfn(5 << 33 | 0x101 << 24 | 0x82 << 15 | 0x7f45);
        assert_eq!([3, 2, 1, 0].map(|level| index(gfn, level)), [5, 0x101, 0x82, 0x7f45 / 64]);
    }

    #[test]
    fn marks_are_bits_that_a_harvest_counts_and_clears() {
        let (w, mut m) = world(8, false);
        assert_eq!(mark(&mut m, &w, 0x10), Marked::New as u64);
        assert_eq!(mark(&mut m, &w, 0x10), Marked::Known as u64);
        assert_eq!(mark(&mut m, &w, 0x7fff), Marked::New as u64);
        assert_eq!(pages(&mut m, &w, 0).len(), 4, "one leaf, and a page of each level above");
        assert_eq!(mark(&mut m, &w, 0x8000), Marked::New as u64);
        assert_eq!(pages(&mut m, &w, 0).iter().map(|p| p.1).collect::<Vec<_>>(), [3, 2, 1, 0, 0]);
        assert!(bit(&mut m, &w, 0, Gfn(0x10)) && bit(&mut m, &w, 0, Gfn(0x8000)));
        assert!(!bit(&mut m, &w, 0, Gfn(0x11)) && !bit(&mut m, &w, 0, Gfn(1 << 33)));
        assert_eq!(harvest_of(&mut m, &w, false), 3);
        assert_eq!(harvest_of(&mut m, &w, true), 3);
        assert_eq!(harvest_of(&mut m, &w, true), 0);
        assert_eq!(pages(&mut m, &w, 0).len(), 5, "a harvest keeps the pages");
    }

    #[test]
    fn freeing_gives_every_page_back_and_leaves_the_words_as_they_were() {
        let (w, mut m) = world(4, false);
        let free_map = |m: &mut Vec<u64>| m.get(w.map.free_map(Some(0), 0));
        let before = free_map(&mut m);
        mark(&mut m, &w, 0x10);
        assert_eq!(free_map(&mut m), 0, "four pages were taken");
        act(&mut m, &w, ActorId(0), DirtyAct::Free { slot: 0 });
        assert_eq!(free_map(&mut m), before);
        assert_eq!(m.get(w.dom_word(0, DomWord::DirtyTop)), 0);
        assert!(!bit(&mut m, &w, 0, Gfn(0x10)));
        mark(&mut m, &w, 0x11);
        assert!(!bit(&mut m, &w, 0, Gfn(0x10)) && bit(&mut m, &w, 0, Gfn(0x11)), "a page begins empty");
    }

    #[test]
    fn without_a_page_the_mark_is_lost_and_every_harvest_says_so() {
        let (w, mut m) = world(3, false);
        assert_eq!(mark(&mut m, &w, 0x10), Marked::Lost as u64);
        assert_eq!(harvest_of(&mut m, &w, true), u64::MAX);
        assert_eq!(harvest_of(&mut m, &w, false), u64::MAX);
        act(&mut m, &w, ActorId(0), DirtyAct::Free { slot: 0 });
        assert_eq!(harvest_of(&mut m, &w, true), 0);
    }

    #[test]
    fn nothing_is_marked_while_log_dirty_is_off() {
        let (w, mut m) = world(4, false);
        m.set(w.dom_word(0, DomWord::LogDirty), 0);
        let before = m.clone();
        assert_eq!(mark(&mut m, &w, 0x10), Marked::Off as u64);
        assert_eq!(m, before);
    }

    #[test]
    fn a_lessons_own_access_is_that_of_any_shared_word() {
        let (w, mut m) = world(0, true);
        let mut op = |op| act(&mut m, &w, ActorId(0), DirtyAct::Bit { slot: 0, gfn: Gfn(0x10), op });
        assert_eq!(op(BitOp::Load), 0);
        assert_eq!(op(BitOp::Swap(true)), 0);
        assert_eq!(op(BitOp::Swap(false)), 1);
        assert_eq!(op(BitOp::Cas(true, false)), 0);
        assert_eq!(op(BitOp::Cas(false, true)), 1);
        assert_eq!(op(BitOp::Load), 1);
        assert_eq!(op(BitOp::Add(true)), 0);
        assert_eq!(op(BitOp::Add(true)), 1);
    }
}
