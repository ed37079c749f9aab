//! The hardware's side of a guest access: a TLB for each vCPU or device, filled by a walk, emptied by a flush.
//!
//! Protocol: a walk sets its actor's walking word with its first read. A flush of that TLB clears it. At the end of
//! the walk one step looks at the word, fills the TLB and touches the frame; if the word was cleared nothing is
//! filled and the walk begins again. So a flush that has returned leaves no entry behind that it should have taken.
//! An entry stays until a flush: the worst case. A full TLB is not filled further, as if the new entry were the next
//! to be replaced. An access that an entry forbids takes that entry out, as processors do, and faults.

use super::record::ActorWord;
use super::words::Words;
use super::world::World;
use crate::addr::{ActorId, DomGfn, Mfn};
use crate::entry::Decoded;

/// What the guest does with the first word of the page.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Access {
    /// Reads it.
    Read,
    /// Writes that value.
    Write(u64),
}

/// What became of a guest access.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// Done; the value read or written.
    Done(u64),
    /// The translation forbids it, or there is none.
    Fault,
    /// The TLB has no entry: the walk has begun and read this entry of the root.
    Miss(u64),
    /// A flush overtook the walk.
    Again,
}

impl Outcome {
    /// As the two words of an effect's result.
    pub const fn to_words(self) -> [u64; 2] {
        match self {
            Outcome::Done(v) => [v, 0],
            Outcome::Fault => [0, 1],
            Outcome::Miss(e) => [e, 2],
            Outcome::Again => [0, 3],
        }
    }

    /// The inverse of [`Outcome::to_words`].
    pub const fn from_words(w: [u64; 2]) -> Outcome {
        match w[1] {
            0 => Outcome::Done(w[0]),
            1 => Outcome::Fault,
            2 => Outcome::Miss(w[0]),
            _ => Outcome::Again,
        }
    }
}

/// The frame that an entry of the TLB, or the leaf a walk ended at, gives for `gfn`: the entry's own frame plus the
/// gfn's offset in a leaf of that level. None if the bits are no leaf.
pub fn frame_of(world: &World, g: DomGfn, entry: u64, level: u8) -> Option<Mfn> {
    match world.format.decode(level, entry) {
        Decoded::Leaf(leaf) => Some(leaf.mfn.plus(g.gfn.offset(leaf.order))),
        _ => None,
    }
}

/// A guest access through the TLB, or the first read of a walk.
pub fn access<W: Words>(m: &mut W, world: &World, me: ActorId, root: Mfn, g: DomGfn, a: Access) -> Outcome {
    match world.map.tlb(me).get(m, g.to_word()) {
        Some(packed) => through(m, world, me, g, packed, a),
        None => {
            m.set(world.map.actor(me, ActorWord::Walking), 1);
            Outcome::Miss(world.map.page(root, g.gfn.index(3)).map_or(0, |w| m.get(w)))
        }
    }
}

/// The end of a walk: fills the TLB with the entry found at `level` and touches the frame.
pub fn finish<W: Words>(m: &mut W, world: &World, me: ActorId, g: DomGfn, entry: u64, level: u8, a: Access) -> Outcome {
    let walking = world.map.actor(me, ActorWord::Walking);
    if m.swap(walking, 0) == 0 {
        return Outcome::Again;
    }
    if !world.format.present(entry) || frame_of(world, g, entry, level).is_none() {
        return Outcome::Fault;
    }
    let packed = pack(entry, level);
    world.map.tlb(me).put(m, g.to_word(), packed);
    through(m, world, me, g, packed, a)
}

/// Empties the TLB of an actor and overtakes its walk.
pub fn flush<W: Words>(m: &mut W, world: &World, of: ActorId) {
    let walking = world.map.actor(of, ActorWord::Walking);
    if m.get(walking) != 0 {
        m.set(walking, 0);
    }
    let tlb = world.map.tlb(of);
    if !tlb.is_empty(m) {
        tlb.clear(m);
    }
}

/// The entry and its level that a TLB holds for a frame.
pub const fn unpack(packed: u64) -> (u64, u8) {
    (packed & !LEVEL, (packed >> 62 & 3) as u8)
}

/// The level stands in bits 63:62, which the format of 2011 leaves to software.
const LEVEL: u64 = 3 << 62;

const fn pack(entry: u64, level: u8) -> u64 {
    entry & !LEVEL | (level as u64) << 62
}

fn through<W: Words>(m: &mut W, world: &World, me: ActorId, g: DomGfn, packed: u64, a: Access) -> Outcome {
    let (entry, level) = unpack(packed);
    let perms = world.format.perms(entry);
    let allowed = match a {
        Access::Read => perms.r,
        Access::Write(_) => perms.w,
    };
    let word = frame_of(world, g, entry, level).and_then(|mfn| world.map.page(mfn, 0));
    match (allowed, word, a) {
        (true, Some(word), Access::Read) => Outcome::Done(m.get(word)),
        (true, Some(word), Access::Write(v)) => {
            m.set(word, v);
            Outcome::Done(v)
        }
        _ => {
            world.map.tlb(me).take(m, g.to_word());
            Outcome::Fault
        }
    }
}
