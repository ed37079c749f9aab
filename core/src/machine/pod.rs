//! The populate-on-demand cache: frames that a domain owns and that nothing maps, and what was populated recently.
//!
//! Frames in the cache are counted by the domain's `tot_pages` but stand on two lists of their own instead of its
//! page list: *supers* by their first frame, 512 each, and *singles*. They are zero and no gfn names them. Both lists
//! give their oldest frame first. The ring of recently populated numbers keeps its oldest in the first word, so that
//! equal contents are equal words.
//!
//! Protocol: all of it changes under the domain's pod lock; frames move between lists under the heap's word besides,
//! since a frame's links belong to whichever list it is on.

use super::blocks::{self, each};
use super::frames::heap;
use super::lists::FrameList;
use super::record::DomWord;
use super::words::Words;
use super::world::World;
use crate::addr::{Gfn, Mfn, Order, Word};
use crate::entry::{Decoded, P2mType};

/// Slots of the ring of recently populated numbers.
pub const MRP_ROOM: u64 = 32;

/// What is done to a domain's cache. The actor holds its pod lock. Every answer is one word.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PodAct {
    /// A block of the domain's own that nothing maps leaves the page list for the cache; m2p forgets it.
    Add {
        /// Whose cache.
        slot: u8,
        /// The first frame.
        mfn: Mfn,
        /// 4 KB or 2 MB.
        order: Order,
    },
    /// The oldest block of that order goes back to the page list: its first mfn, or all ones. For 4 KB without a
    /// single, the oldest super becomes 512 singles first.
    Get {
        /// Whose cache.
        slot: u8,
        /// 4 KB or 2 MB.
        order: Order,
    },
    /// One frame goes back to the page list, the rest of its super to the singles; gives whether it was in the cache.
    Take {
        /// Whose cache.
        slot: u8,
        /// The frame.
        mfn: Mfn,
    },
    /// Notes a populated number as the most recent one; the oldest of a full ring is forgotten.
    Record {
        /// Whose ring.
        slot: u8,
        /// The number.
        gfn: Gfn,
        /// 4 KB or 2 MB.
        order: Order,
    },
    /// Looks downwards for memory that a sweep may want: [`candidates`]. Unlocked, and so only a proposal.
    Scan {
        /// Whose table.
        slot: u8,
        /// Only below this number.
        above: Gfn,
    },
    /// Takes the oldest number out of the ring: its word ([`populated`]), or 0.
    Oldest {
        /// Whose ring.
        slot: u8,
    },
}

/// Does it.
pub fn perform<W: Words>(m: &mut W, world: &World, a: PodAct) -> u64 {
    match a {
        PodAct::Add { slot, mfn, order } => {
            heap(m, world, |m| add(m, world, slot, mfn, order));
            1
        }
        PodAct::Get { slot, order } => heap(m, world, |m| get(m, world, slot, order)).unwrap_or(Mfn::INVALID).0,
        PodAct::Take { slot, mfn } => heap(m, world, |m| take(m, world, slot, mfn)) as u64,
        PodAct::Record { slot, gfn, order } => {
            record(m, world, slot, gfn, order);
            1
        }
        PodAct::Scan { slot, above } => scan(m, world, slot, above),
        PodAct::Oldest { slot } => oldest(m, world, slot),
    }
}

/// The number and order that a word of the ring means; none for an empty slot.
pub const fn populated(word: u64) -> Option<(Gfn, Order)> {
    match word {
        0 => None,
        w if (w - 1) & 1 == 1 => Some((Gfn((w - 1) >> 1), Order::M2)),
        w => Some((Gfn((w - 1) >> 1), Order::K4)),
    }
}

/// The frames of a domain's cache, supers by all their frames, oldest first.
pub fn cached<W: Words>(m: &mut W, world: &World, slot: u8) -> Vec<Mfn> {
    let supers = FrameList::POD_SUPER.frames(m, world, slot);
    let singles = FrameList::POD_SINGLE.frames(m, world, slot);
    supers.into_iter().flat_map(|f| each(f, Order::M2)).chain(singles).collect()
}

/// The numbers of a domain that were populated most recently, oldest first.
pub fn recent<W: Words>(m: &mut W, world: &World, slot: u8) -> Vec<(Gfn, Order)> {
    (0..MRP_ROOM).map_while(|i| populated(m.get(ring(world, slot, i)))).collect()
}

/// Puts frames of a domain that nothing maps into its cache before the run begins: aligned runs of 512 of them as
/// supers, the others as singles. Their pages are zero.
pub fn build_cache<W: Words>(m: &mut W, world: &World, slot: u8, all: impl Iterator<Item = Mfn>) {
    let all: Vec<Mfn> = all.collect();
    let mut left = &all[..];
    while let Some(first) = left.first() {
        let n = Order::M2.frames();
        let aligned = first.0.is_multiple_of(n) && left.len() as u64 >= n && left[n as usize - 1].0 == first.0 + n - 1;
        let order = if aligned { Order::M2 } else { Order::K4 };
        add(m, world, slot, *first, order);
        left = &left[order.frames() as usize..];
    }
}

/// What a [`PodAct::Scan`] has found: sixteen numbers that lie side by side, by the first, and one bit for each that maps
/// memory. None: there is none further down.
pub const fn candidates(found: u64) -> Option<(Gfn, u64)> {
    if found == 0 { None } else { Some((Gfn(found & ((1 << WINDOW_AT) - 1)), found >> WINDOW_AT)) }
}

const WINDOW_AT: u32 = 40;

fn scan<W: Words>(m: &mut W, world: &World, slot: u8, above: Gfn) -> u64 {
    let mut at = above.0;
    while at > 0 {
        match below(m, world, slot, at - 1) {
            Ok(bits) => return bits << WINDOW_AT | (at - 1) & !15,
            Err(next) => at = next,
        }
    }
    0
}

/// At this number: the bits of its window, up to the number itself; or where to go on, below.
fn below<W: Words>(m: &mut W, world: &World, slot: u8, at: u64) -> Result<u64, u64> {
    let (mut table, mut level) = (world.domain(slot).root, 3u8);
    let read = |m: &mut W, table, i| world.map.page(table, i).map_or(0, |w| m.get(w));
    loop {
        let i = Gfn(at).index(level);
        match world.format.decode(level, read(m, table, i)) {
            Decoded::Table { mfn } if level > 0 => (table, level) = (mfn, level - 1),
            Decoded::Leaf(leaf) if reclaimable(leaf.ty) && level > 0 => return Ok((2 << (at & 15)) - 1),
            Decoded::Leaf(leaf) if reclaimable(leaf.ty) => {
                let ok = |e| matches!(world.format.decode(0, e), Decoded::Leaf(l) if reclaimable(l.ty));
                return Ok((i & !15..=i).filter(|&j| ok(read(m, table, j))).fold(0, |set, j| set | 1 << (j & 15)));
            }
            _ => return Err(at & !((1u64 << (9 * level as u32)) - 1)),
        }
    }
}

/// Whether memory of this type may go to the cache: what a guest simply has, and nobody is at work on.
pub const fn reclaimable(ty: P2mType) -> bool {
    matches!(ty, P2mType::RamRw | P2mType::RamLogdirty | P2mType::RamRo)
}

fn counter<W: Words>(m: &mut W, world: &World, slot: u8, n: u64) {
    m.add(world.dom_word(slot, DomWord::CacheCount), n);
}

fn list_of(order: Order) -> FrameList {
    if order == Order::M2 { FrameList::POD_SUPER } else { FrameList::POD_SINGLE }
}

fn add<W: Words>(m: &mut W, world: &World, slot: u8, mfn: Mfn, order: Order) {
    each(mfn, order).for_each(|f| FrameList::pull(m, world, f));
    blocks::name(m, world, mfn, order, None);
    list_of(order).push(m, world, slot, mfn);
    counter(m, world, slot, order.frames());
}

fn get<W: Words>(m: &mut W, world: &World, slot: u8, order: Order) -> Option<Mfn> {
    if order == Order::K4 && m.get(world.dom_word(slot, FrameList::POD_SINGLE.head)) == 0 {
        let first = pop(m, world, slot, FrameList::POD_SUPER)?;
        each(first, Order::M2).for_each(|f| FrameList::POD_SINGLE.push(m, world, slot, f));
    }
    let mfn = pop(m, world, slot, list_of(order))?;
    back(m, world, slot, mfn, order);
    Some(mfn)
}

/// A block goes back to the page list.
fn back<W: Words>(m: &mut W, world: &World, slot: u8, mfn: Mfn, order: Order) {
    each(mfn, order).for_each(|f| FrameList::PAGES.push(m, world, slot, f));
    counter(m, world, slot, order.frames().wrapping_neg());
}

fn pop<W: Words>(m: &mut W, world: &World, slot: u8, list: FrameList) -> Option<Mfn> {
    let first = m.get(world.dom_word(slot, list.head)).checked_sub(1).map(Mfn)?;
    FrameList::pull(m, world, first);
    Some(first)
}

fn take<W: Words>(m: &mut W, world: &World, slot: u8, mfn: Mfn) -> bool {
    let base = Mfn(mfn.0 & !(Order::M2.frames() - 1));
    if FrameList::POD_SUPER.frames(m, world, slot).contains(&base) {
        FrameList::pull(m, world, base);
        each(base, Order::M2).for_each(|f| FrameList::POD_SINGLE.push(m, world, slot, f));
    }
    let there = FrameList::POD_SINGLE.frames(m, world, slot).contains(&mfn);
    if there {
        FrameList::pull(m, world, mfn);
        back(m, world, slot, mfn, Order::K4);
    }
    there
}

fn ring(world: &World, slot: u8, i: u64) -> Word {
    world.dom_word(slot, DomWord::PodMrp).at(i)
}

fn record<W: Words>(m: &mut W, world: &World, slot: u8, gfn: Gfn, order: Order) {
    let word = 1 + (gfn.0 << 1 | (order == Order::M2) as u64);
    let free = (0..MRP_ROOM).find(|&i| m.get(ring(world, slot, i)) == 0);
    let at = free.unwrap_or_else(|| {
        oldest(m, world, slot);
        MRP_ROOM - 1
    });
    m.set(ring(world, slot, at), word);
}

fn oldest<W: Words>(m: &mut W, world: &World, slot: u8) -> u64 {
    let first = m.get(ring(world, slot, 0));
    for i in 0..MRP_ROOM {
        let next = if i + 1 < MRP_ROOM { m.get(ring(world, slot, i + 1)) } else { 0 };
        let word = ring(world, slot, i);
        if m.get(word) == next {
            if next == 0 {
                break;
            }
            continue;
        }
        m.set(word, next);
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::addr::{ActorId, DomGfn, DomId};
    use crate::machine::blocks::BlockAct;
    use crate::machine::{Builder, FrameWord, NewDomain, frames};
    use std::sync::Arc;

    fn world(cache: u32, free: u32) -> (Arc<World>, Vec<u64>) {
        let domains = vec![NewDomain { id: DomId(1), cache, pod_target: cache as u64, ..NewDomain::default() }];
        let (world, words) = Builder { domains, free_frames: free, ..Builder::default() }.build().unwrap();
        (world, words.to_vec())
    }

    fn word(m: &mut Vec<u64>, w: &World, of: DomWord) -> u64 {
        m.get(w.dom_word(0, of))
    }

    fn get(m: &mut Vec<u64>, w: &World, order: Order) -> Mfn {
        Mfn(perform(m, w, PodAct::Get { slot: 0, order }))
    }

    #[test]
    fn a_cache_is_built_of_supers_and_singles_and_counted() {
        let (w, mut m) = world(514, 0);
        assert_eq!(word(&mut m, &w, DomWord::CacheCount), 514);
        assert_eq!(word(&mut m, &w, DomWord::TotPages), 514);
        assert_eq!(FrameList::POD_SUPER.frames(&mut m, &w, 0).len(), 1);
        assert_eq!(FrameList::POD_SINGLE.frames(&mut m, &w, 0).len(), 2);
        assert_eq!(frames::page_list(&mut m, &w, 0), []);
        assert_eq!(cached(&mut m, &w, 0).len(), 514);
    }

    #[test]
    fn the_oldest_single_comes_first_and_a_super_is_split_when_there_is_none() {
        let (w, mut m) = world(513, 0);
        let supers = FrameList::POD_SUPER.frames(&mut m, &w, 0);
        let single = FrameList::POD_SINGLE.frames(&mut m, &w, 0)[0];
        assert_eq!(get(&mut m, &w, Order::K4), single);
        assert_eq!(get(&mut m, &w, Order::K4), supers[0], "the first of the super");
        assert_eq!(word(&mut m, &w, DomWord::CacheCount), 511);
        assert_eq!(get(&mut m, &w, Order::M2), Mfn::INVALID);
        assert_eq!(frames::page_list(&mut m, &w, 0), [single, supers[0]]);
        perform(&mut m, &w, PodAct::Add { slot: 0, mfn: single, order: Order::K4 });
        assert_eq!(frames::page_list(&mut m, &w, 0), [supers[0]]);
        assert_eq!(FrameList::POD_SINGLE.frames(&mut m, &w, 0).last(), Some(&single));
        assert_eq!(word(&mut m, &w, DomWord::TotPages), 513, "the cache's frames are counted all along");
    }

    #[test]
    fn what_goes_in_and_out_again_leaves_equal_words() {
        let (w, before) = world(512, 0);
        let mut m = before.clone();
        let first = get(&mut m, &w, Order::M2);
        assert_eq!(frames::page_list(&mut m, &w, 0).len(), 512);
        perform(&mut m, &w, PodAct::Add { slot: 0, mfn: first, order: Order::M2 });
        assert_eq!(m, before);
        perform(&mut m, &w, PodAct::Record { slot: 0, gfn: Gfn(0), order: Order::K4 });
        assert_eq!(populated(perform(&mut m, &w, PodAct::Oldest { slot: 0 })), Some((Gfn(0), Order::K4)));
        assert_eq!(perform(&mut m, &w, PodAct::Oldest { slot: 0 }), 0);
        assert_eq!(m, before);
    }

    #[test]
    fn one_frame_is_taken_out_of_the_middle_of_a_super() {
        let (w, mut m) = world(512, 0);
        let first = FrameList::POD_SUPER.frames(&mut m, &w, 0)[0];
        assert_eq!(perform(&mut m, &w, PodAct::Take { slot: 0, mfn: first.plus(7) }), 1);
        assert_eq!(perform(&mut m, &w, PodAct::Take { slot: 0, mfn: first.plus(7) }), 0);
        let left = cached(&mut m, &w, 0);
        assert!(left.len() == 511 && !left.contains(&first.plus(7)));
        assert_eq!(frames::page_list(&mut m, &w, 0), [first.plus(7)]);
    }

    #[test]
    fn the_ring_keeps_the_last_32() {
        let (w, mut m) = world(0, 0);
        for g in 0..40 {
            perform(&mut m, &w, PodAct::Record { slot: 0, gfn: Gfn(512 * g), order: Order::M2 });
        }
        let all = recent(&mut m, &w, 0);
        assert_eq!(all.len(), 32);
        assert_eq!((all[0], all[31]), ((Gfn(512 * 8), Order::M2), (Gfn(512 * 39), Order::M2)));
        assert_eq!(populated(perform(&mut m, &w, PodAct::Oldest { slot: 0 })), Some(all[0]));
        assert_eq!(recent(&mut m, &w, 0), all[1..]);
    }

    #[test]
    fn a_block_is_taken_named_tested_and_given_back_as_a_whole() {
        let (w, before) = world(0, 1100);
        let mut m = before.clone();
        let act = |m: &mut Vec<u64>, a| blocks::perform(m, &w, ActorId(0), a);
        let order = Order::M2;
        let mfn = Mfn(act(&mut m, BlockAct::Alloc { slot: 0, order }));
        assert!(mfn.0.is_multiple_of(512));
        assert_eq!(word(&mut m, &w, DomWord::TotPages), 512);
        assert_eq!(act(&mut m, BlockAct::Unused { mfn, order }), 1);
        assert_eq!(act(&mut m, BlockAct::Claim { mfn, order, g: DomGfn::new(1, 0x200) }), 1);
        assert_eq!(act(&mut m, BlockAct::Claim { mfn: mfn.plus(511), order: Order::K4, g: DomGfn::new(1, 9) }), 0);
        let m2p = |m: &mut Vec<u64>, i| m.get(w.map.frame(mfn.plus(i), FrameWord::M2p).unwrap());
        assert_eq!(m2p(&mut m, 511), DomGfn::new(1, 0x3ff).to_word());
        let last = w.map.page(mfn.plus(511), 15).unwrap();
        m.set(last, 3);
        assert_eq!(act(&mut m, BlockAct::LooksZero { mfn, order }), 0);
        assert_eq!(act(&mut m, BlockAct::IsZero { mfn, order: Order::K4 }), 1);
        act(&mut m, BlockAct::Scrub { mfn, order });
        assert_eq!(act(&mut m, BlockAct::IsZero { mfn, order }), 1);
        frames::get_page(&mut m, &w, mfn.plus(3), None);
        assert_eq!(act(&mut m, BlockAct::Unused { mfn, order }), 0);
        frames::put_page(&mut m, &w, mfn.plus(3));
        assert_eq!(act(&mut m, BlockAct::Release { mfn, order }), 512);
        assert_eq!(m, before, "no trace is left");
    }

    #[test]
    fn a_claim_of_many_that_comes_too_late_for_one_leaves_all_as_they_were() {
        let (w, mut m) = world(0, 1100);
        let order = Order::M2;
        let mfn = Mfn(blocks::perform(&mut m, &w, ActorId(0), BlockAct::Alloc { slot: 0, order }));
        let (g, theirs) = (DomGfn::new(1, 0x200), DomGfn::new(1, 0x10));
        blocks::perform(&mut m, &w, ActorId(0), BlockAct::Claim { mfn: mfn.plus(5), order: Order::K4, g: theirs });
        let before = m.clone();
        assert_eq!(blocks::perform(&mut m, &w, ActorId(0), BlockAct::Claim { mfn, order, g }), 0);
        assert_eq!(m, before);
    }
}
