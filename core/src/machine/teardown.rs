//! Taking a domain down: what it may not get any more, and what is taken from it piece by piece.
//!
//! One word of the domain's record says how far that has got ([`Phase`]). From the first phase on its vCPUs end when they
//! are outside, and it gets no frames and no table pages, as any that is dying. From [`Phase::CLOSED`] on nothing is mapped
//! where nothing was: so what has been taken away stays away, though others work on its table between two slices. The word
//! passes that point under the whole table's lock, when no operation is half way.
//!
//! Protocol: the word only rises. Pages that leave the pool do so under the heap's word.

use super::frames::{self, FrameUse, M2P_INVALID, PGC_ALLOCATED, PGC_FREE, heap, put_bit, rec};
use super::record::{DomWord, FrameWord};
use super::words::Words;
use super::world::World;
use crate::addr::{DomId, FRAME_WORDS, Mfn, Order, Word};
use crate::entry::{Decoded, Leaf, P2mType};

/// How far a domain's teardown has got: the word of its record.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Phase(pub u64);

impl Phase {
    /// It lives.
    pub const NONE: Phase = Phase(0);
    /// It is dying; its vCPUs end.
    pub const DYING: Phase = Phase(1);
    /// Nothing new comes any more.
    pub const CLOSED: Phase = Phase(2);
    /// All has been taken. Frames that others still refer to are left to those.
    pub const DEAD: Phase = Phase(10);
}

/// What is done to a domain that is taken down, by its slot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TeardownAct {
    /// The domain's lowest frame whose allocation it still has: its mfn, or all ones.
    Owned(u8),
    /// Empties the root of a table in which no leaf is left.
    ClearRoot(u8),
    /// Gives the lowest page of its tables, but the root, back to its pool; whether there was one.
    FreeTable(u8),
    /// Gives the lowest page of its pool to the heap; whether there was one.
    Drain(u8),
}

/// The domain that a table is of, or a view of: its slot.
fn host(world: &World, slot: u8) -> u8 {
    world.domain(slot).view.map_or(slot, |v| v.of)
}

/// How far the teardown of a table's domain has got.
pub fn phase<W: Words>(m: &mut W, world: &World, slot: u8) -> Phase {
    Phase(m.get(world.dom_word(host(world, slot), DomWord::Teardown)))
}

/// Whether an entry may not be written any more: it would map something where nothing was, or map what is another's.
pub fn refuses<W: Words>(m: &mut W, world: &World, dom: DomId, (word, order): (Word, Order), new: u64) -> bool {
    let Some(slot) = world.slot(dom) else { return false };
    if phase(m, world, slot) < Phase::CLOSED {
        return false;
    }
    let old = m.get(word);
    let leaf = |entry| match world.format.decode(order.level(), entry) {
        Decoded::Leaf(leaf) => Some(leaf).filter(|l: &Leaf| !matches!(l.ty, P2mType::Invalid | P2mType::MmioDm)),
        _ => None,
    };
    let Some(new) = leaf(new) else { return false };
    let lent = new.ty.is_grant() || new.ty == P2mType::MapForeign;
    leaf(old).is_none_or(|old| lent || new.ty.is_shared() && !old.ty.is_shared())
}

/// Does it.
pub fn act<W: Words>(m: &mut W, world: &World, a: TeardownAct) -> u64 {
    match a {
        TeardownAct::Owned(slot) => {
            let dom = world.domain(slot).id;
            let mut all = (0..world.map.frames() as u64).map(Mfn);
            let allocated = |m: &mut W, f| m.get(rec(world, f, FrameWord::Count)) & PGC_ALLOCATED != 0;
            all.find(|&f| allocated(m, f) && frames::owner(m, world, f) == dom).unwrap_or(Mfn::INVALID).0
        }
        TeardownAct::ClearRoot(slot) => {
            let (root, empty) = (world.domain(slot).root, world.format.empty());
            for word in (0..FRAME_WORDS).filter_map(|i| world.map.page(root, i)) {
                if m.get(word) != empty {
                    m.set(word, empty);
                }
            }
            0
        }
        TeardownAct::FreeTable(slot) => frames::free_lowest_table(m, world, slot) as u64,
        TeardownAct::Drain(slot) => drain(m, world, slot) as u64,
    }
}

/// A page of the pool becomes a free frame.
fn drain<W: Words>(m: &mut W, world: &World, slot: u8) -> bool {
    heap(m, world, |m| {
        let Some(mfn) = frames::take_lowest(m, world, Some(slot)) else { return false };
        for (w, v) in [
            (FrameWord::Use, FrameUse::Memory.to_word()),
            (FrameWord::Owner, 0),
            (FrameWord::Type, 0),
            (FrameWord::M2p, M2P_INVALID),
            (FrameWord::Count, PGC_FREE),
        ] {
            m.set(rec(world, mfn, w), v);
        }
        put_bit(m, world, None, mfn);
        true
    })
}
