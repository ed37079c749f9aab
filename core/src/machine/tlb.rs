//! The hardware's side of a guest access: a TLB for each vCPU or device, filled by walks, emptied by a flush.
//!
//! A TLB keeps what a walk has read: leaves, and the links on the way to them (the paging-structure caches), each for
//! all gfns that it translates. An access begins at the deepest entry that is there. So a table that was freed while
//! a TLB still leads to it is walked, as hardware would. A device's TLB (the IOMMU's) is of the same make.
//!
//! Protocol: a walk sets its actor's walking bit with its first read; a flush clears it. Each further read of the
//! walk first looks at the bit: a walk that a flush has overtaken reads nothing more and begins again. So a flush
//! that has returned leaves no entry behind that it should have taken, and no walk that goes on in a table it knew.
//! An entry stays until a flush: the worst case. A full TLB is not filled further, as if the new entry were the next
//! to be replaced. An access that is not permitted takes out all that the TLB has for its gfn, as processors do (SDM
//! volume 3, "Invalidating cached translation information": an EPT violation), and faults; a misconfiguration takes
//! nothing out. Beside the walking bit stands one that is set for a few stores while a TLB is read or changed, so that
//! live a flush waits for the access that is under way; in simulated memory it is never seen set.

use super::nested;
use super::pml::{self, Noted};
use super::record::ActorWord;
use super::words::Words;
use super::world::World;
use crate::addr::{ActorId, DomGfn, Gfn, Mfn};
use crate::entry::{Cpu, Decoded, Hardware, Perms};

/// What the guest does with the first word of the page.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Access {
    /// Reads it.
    Read,
    /// Writes that value.
    Write(u64),
}

impl Access {
    /// Whether an entry lets it through.
    const fn allowed(self, perms: Perms) -> bool {
        match self {
            Access::Read => perms.r,
            Access::Write(_) => perms.w,
        }
    }
}

/// What became of a guest access.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// Done; the value read or written.
    Done(u64),
    /// The translation forbids it, or there is none: an EPT violation.
    Fault,
    /// The walk has read this entry, and goes on.
    Walk {
        /// Its bits.
        entry: u64,
        /// The level it stands at.
        level: u8,
    },
    /// A flush overtook the walk.
    Again,
    /// The walk met bits that the processor refuses: an EPT misconfiguration.
    Misconfigured,
    /// The page of logged writes is full: nothing was written.
    LogFull,
}

impl Outcome {
    /// As the two words of an effect's result.
    pub const fn to_words(self) -> [u64; 2] {
        match self {
            Outcome::Done(v) => [v, 0],
            Outcome::Fault => [0, 1],
            Outcome::Walk { entry, level } => [entry, 2 | (level as u64) << 8],
            Outcome::Again => [0, 3],
            Outcome::Misconfigured => [0, 4],
            Outcome::LogFull => [0, 5],
        }
    }

    /// The inverse of [`Outcome::to_words`].
    pub const fn from_words(w: [u64; 2]) -> Outcome {
        match w[1] & 0xff {
            0 => Outcome::Done(w[0]),
            1 => Outcome::Fault,
            2 => Outcome::Walk { entry: w[0], level: (w[1] >> 8 & 3) as u8 },
            3 => Outcome::Again,
            4 => Outcome::Misconfigured,
            _ => Outcome::LogFull,
        }
    }
}

/// An entry that a TLB keeps: a leaf, or a link on the way to one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cached {
    /// The first gfn that it translates.
    pub g: DomGfn,
    /// The level it was read at.
    pub level: u8,
    /// Its bits.
    pub entry: u64,
}

/// All that a TLB keeps, leaves of 4 KB first.
pub fn cached<W: Words>(m: &mut W, world: &World, of: ActorId) -> Vec<Cached> {
    let unpack = |(key, entry): (u64, u64)| {
        let level = (key >> LEVEL & 3) as u8;
        let at = DomGfn::from_word(key);
        Cached { g: DomGfn { gfn: Gfn(at.gfn.0 << (9 * level as u32)), ..at }, level, entry }
    };
    world.map.tlb(of).pairs(m).into_iter().map(unpack).collect()
}

/// The level stands in a key above domain and gfn.
const LEVEL: u32 = 56;

/// The key of the entry that translates `g` at a level: the gfn without the bits that the levels below index.
const fn key(g: DomGfn, level: u8) -> u64 {
    (level as u64) << LEVEL | DomGfn { dom: g.dom, gfn: Gfn(g.gfn.0 >> (9 * level as u32)) }.to_word()
}

/// The frame that the leaf a walk ended at gives for `gfn`: the entry's own frame plus the gfn's offset in a leaf of
/// that level. None if the bits are no leaf.
pub fn frame_of(world: &World, g: DomGfn, entry: u64, level: u8) -> Option<Mfn> {
    match world.format.decode(level, entry) {
        Decoded::Leaf(leaf) => Some(leaf.mfn.plus(g.gfn.offset(leaf.order))),
        _ => None,
    }
}

/// A guest access through the TLB; where that has no leaf, the first read of a walk, at the root or below the deepest
/// link that the TLB has.
pub fn access<W: Words>(m: &mut W, world: &World, me: ActorId, root: Mfn, g: DomGfn, a: Access) -> Outcome {
    held(m, world, me, |m, _| {
        if !nested::reaches(m, world, me, g.dom) {
            return Outcome::Fault;
        }
        let Some((entry, level)) = deepest(m, world, me, g) else { return read(m, world, me, g, (root, 3), a) };
        match world.format.hardware(level, entry, Cpu::default()) {
            Hardware::Table { mfn, .. } => read(m, world, me, g, (mfn, level.saturating_sub(1)), a),
            _ => through(m, world, me, g, entry, level, a),
        }
    })
}

/// A walk goes on from an entry that it has read: reads the next, or, where that is a leaf, fills the TLB and touches
/// the frame.
pub fn walk<W: Words>(m: &mut W, world: &World, me: ActorId, g: DomGfn, entry: u64, level: u8, a: Access) -> Outcome {
    held(m, world, me, |m, walking| match world.format.hardware(level, entry, Cpu::default()) {
        _ if !walking => Outcome::Again,
        Hardware::Table { mfn, .. } if level > 0 => read(m, world, me, g, (mfn, level - 1), a),
        Hardware::Leaf { .. } => {
            world.map.tlb(me).put(m, key(g, level), entry);
            through(m, world, me, g, entry, level, a)
        }
        Hardware::NotPresent => fault(m, world, me, g),
        Hardware::Table { .. } | Hardware::Misconfigured { .. } => Outcome::Misconfigured,
    })
}

/// Empties the TLB of an actor and overtakes its walk.
pub fn flush<W: Words>(m: &mut W, world: &World, of: ActorId) {
    held(m, world, of, |m, _| {
        let tlb = world.map.tlb(of);
        if !tlb.is_empty(m) {
            tlb.clear(m);
        }
        Outcome::Again
    });
}

/// The page in which an access to `g` would begin its walk; where the TLB has a leaf, none.
pub fn begins_at<W: Words>(m: &mut W, world: &World, me: ActorId, root: Mfn, g: DomGfn) -> Option<Mfn> {
    deepest(m, world, me, g).map_or(Some(root), |(entry, level)| table_of(world, entry, level))
}

/// The page in which a walk would read on from an entry; none at its end, or if a flush has overtaken it.
pub fn goes_on_at<W: Words>(m: &mut W, world: &World, me: ActorId, entry: u64, level: u8) -> Option<Mfn> {
    let walking = m.get(world.map.actor(me, ActorWord::Walking)) & WALKING != 0;
    table_of(world, entry, level).filter(|_| walking)
}

fn table_of(world: &World, entry: u64, level: u8) -> Option<Mfn> {
    match world.format.hardware(level, entry, Cpu::default()) {
        Hardware::Table { mfn, .. } => Some(mfn),
        _ => None,
    }
}

const WALKING: u64 = 1;
const BUSY: u64 = 2;

/// Runs a few accesses to an actor's TLB while nobody else makes any; `f` is told whether a walk is under way, and
/// one is afterwards if it says so.
fn held<W: Words>(m: &mut W, world: &World, of: ActorId, f: impl FnOnce(&mut W, bool) -> Outcome) -> Outcome {
    let word = world.map.actor(of, ActorWord::Walking);
    let seen = loop {
        let seen = m.get(word) & WALKING;
        if m.cas(word, seen, seen | BUSY) == seen {
            break seen;
        }
        m.relax();
    };
    let out = f(m, seen == WALKING);
    m.set(word, matches!(out, Outcome::Walk { .. }) as u64);
    out
}

/// The deepest entry for `g`, with its level.
fn deepest<W: Words>(m: &mut W, world: &World, me: ActorId, g: DomGfn) -> Option<(u64, u8)> {
    let tlb = world.map.tlb(me);
    if tlb.is_empty(m) {
        return None;
    }
    (0..4).find_map(|level| tlb.get(m, key(g, level)).map(|entry| (entry, level)))
}

/// Reads the entry for `g` in a table at a level, and keeps it if it is a link.
fn read<W: Words>(m: &mut W, world: &World, me: ActorId, g: DomGfn, at: (Mfn, u8), a: Access) -> Outcome {
    let (table, level) = at;
    let Some(word) = world.map.page(table, g.gfn.index(level)) else { return fault(m, world, me, g) };
    let entry = m.get(word);
    if let Hardware::Table { mfn, perms } = world.format.hardware(level, entry, Cpu::default()) {
        if !a.allowed(perms) {
            return fault(m, world, me, g);
        }
        if world.map.page(mfn, 0).is_some() {
            world.map.tlb(me).put(m, key(g, level), entry);
        }
    }
    Outcome::Walk { entry, level }
}

/// Touches the frame that a leaf gives for `g`.
fn through<W: Words>(m: &mut W, world: &World, me: ActorId, g: DomGfn, entry: u64, level: u8, a: Access) -> Outcome {
    let word = match world.format.hardware(level, entry, Cpu::default()) {
        Hardware::Leaf { mfn, order, perms } if a.allowed(perms) => world.map.page(mfn.plus(g.gfn.offset(order)), 0),
        _ => None,
    };
    match (word, a) {
        (Some(word), Access::Read) => Outcome::Done(m.get(word)),
        (Some(word), Access::Write(v)) => match pml::note(m, world, me, g, entry, level) {
            Noted::Yes(now) => {
                if now != entry {
                    world.map.tlb(me).put(m, key(g, level), now);
                }
                m.set(word, v);
                Outcome::Done(v)
            }
            Noted::Full => Outcome::LogFull,
            Noted::Changed => {
                forget(m, world, me, g);
                Outcome::Again
            }
        },
        (None, _) => fault(m, world, me, g),
    }
}

/// What a violation does to the TLB: nothing that translates `g` stays.
fn fault<W: Words>(m: &mut W, world: &World, me: ActorId, g: DomGfn) -> Outcome {
    forget(m, world, me, g);
    Outcome::Fault
}

/// Takes all that translates `g` out of the TLB.
fn forget<W: Words>(m: &mut W, world: &World, me: ActorId, g: DomGfn) {
    for level in 0..4 {
        world.map.tlb(me).take(m, key(g, level));
    }
}

/// Runs a few accesses while the actor makes none through its TLB; a walk that is under way goes on.
pub(super) fn exclusively<W: Words>(m: &mut W, world: &World, of: ActorId, f: impl FnOnce(&mut W)) {
    held(m, world, of, |m, walking| {
        f(m);
        // What is under way stays under way.
        if walking { Outcome::Walk { entry: 0, level: 0 } } else { Outcome::Again }
    });
}
