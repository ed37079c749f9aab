//! Blocks: naturally aligned runs of frames, one or 512, treated in one effect.
//!
//! A superpage's 512 frames are taken, named, tested, scrubbed and given back together; one by one they would be 512
//! steps that no lesson wants to stop between. Each frame's own words change as they do for a frame alone: counts and
//! m2p by compare-and-exchange, free maps and lists under the heap's word. So a live run loses nothing either.

use super::frames::{self, Class, M2P_INVALID, M2P_SHARED, PGC_ALLOCATED, PGT_COUNT, heap, rec};
use super::record::FrameWord;
use super::words::Words;
use super::world::World;
use crate::addr::{ActorId, DomGfn, DomId, FRAME_WORDS, Gfn, Mfn, Order, Word};

/// Words of a page that the first, quick look for zeroes reads (`zero_check`).
pub const QUICK_WORDS: u64 = 16;

/// What is done to a block. Every answer is one word.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BlockAct {
    /// The lowest free block for a domain: its first mfn, or all ones. Contents are as they were left.
    Alloc {
        /// For whom.
        slot: u8,
        /// How large.
        order: Order,
    },
    /// Clears the allocated bit of each frame and drops its reference; gives how many had it set.
    Release {
        /// The first frame.
        mfn: Mfn,
        /// How many.
        order: Order,
    },
    /// Names the frames' gfns in m2p, from that one upwards, or takes them out of it.
    Name {
        /// The first frame.
        mfn: Mfn,
        /// How many.
        order: Order,
        /// The first one's gfn.
        g: Option<DomGfn>,
    },
    /// The same for frames that no gfn names; gives 0, and leaves all as it was, if one of them has a gfn by now.
    Claim {
        /// The first frame.
        mfn: Mfn,
        /// How many.
        order: Order,
        /// The first one's gfn.
        g: DomGfn,
    },
    /// Gives one frame of a domain's own another gfn in m2p, if that still says what was seen there: a [`Renamed`].
    Rename {
        /// The frame.
        mfn: Mfn,
        /// What m2p said.
        seen: u64,
        /// The gfn, whose domain the frame's must be.
        g: DomGfn,
    },
    /// Takes every frame out of m2p that it has between that gfn and the end of a block, but for the frames of another
    /// block; gives how many there were.
    Forget {
        /// The first gfn.
        g: DomGfn,
        /// How many gfns.
        order: Order,
        /// The first frame of those that keep their gfns.
        but: Mfn,
    },
    /// Whether each frame is there, allocated, and that domain's.
    Owned {
        /// The first frame.
        mfn: Mfn,
        /// How many.
        order: Order,
        /// Whose.
        dom: DomId,
    },
    /// Whether a gfn names any of the frames in m2p.
    Named {
        /// The first frame.
        mfn: Mfn,
        /// How many.
        order: Order,
    },
    /// Whether each frame is allocated and has no reference but that: nobody uses it.
    Unused {
        /// The first frame.
        mfn: Mfn,
        /// How many.
        order: Order,
    },
    /// Whether the first words of each page are zero ([`QUICK_WORDS`]).
    LooksZero {
        /// The first frame.
        mfn: Mfn,
        /// How many.
        order: Order,
    },
    /// Whether every word of each page is zero.
    IsZero {
        /// The first frame.
        mfn: Mfn,
        /// How many.
        order: Order,
    },
    /// How many frames have an m2p entry that does not name their gfn, from that one upwards; or, where there is none,
    /// that does not say that they are shared.
    Misnamed {
        /// The first frame.
        mfn: Mfn,
        /// How many.
        order: Order,
        /// The first one's gfn.
        g: Option<DomGfn>,
    },
    /// Fills each page with zeroes.
    Scrub {
        /// The first frame.
        mfn: Mfn,
        /// How many.
        order: Order,
    },
}

/// What became of a [`BlockAct::Rename`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u64)]
pub enum Renamed {
    /// m2p says something else by now.
    Changed,
    /// The frame has that gfn.
    Yes,
    /// The frame is not the domain's, or no longer allocated; m2p is as it was.
    NotOwned,
}

impl Renamed {
    /// From the effect's result.
    pub const fn from_word(w: u64) -> Renamed {
        match w {
            0 => Renamed::Changed,
            1 => Renamed::Yes,
            _ => Renamed::NotOwned,
        }
    }
}

/// Does it.
pub fn perform<W: Words>(m: &mut W, world: &World, me: ActorId, a: BlockAct) -> u64 {
    match a {
        BlockAct::Alloc { slot, order } => alloc(m, world, me, slot, order).unwrap_or(Mfn::INVALID).0,
        BlockAct::Release { mfn, order } => {
            each(mfn, order).filter(|&f| frames::put_allocation(m, world, f)).count() as u64
        }
        BlockAct::Name { mfn, order, g } => {
            name(m, world, mfn, order, g);
            1
        }
        BlockAct::Claim { mfn, order, g } => claim(m, world, mfn, order, g) as u64,
        BlockAct::Rename { mfn, seen, g } => rename(m, world, mfn, seen, g) as u64,
        BlockAct::Forget { g, order, but } => forget(m, world, g, order, but),
        BlockAct::Owned { mfn, order, dom } => each(mfn, order).all(|f| owned(m, world, f, dom)) as u64,
        BlockAct::Named { mfn, order } => each(mfn, order).any(|f| m2p(m, world, f) >> 63 == 0) as u64,
        BlockAct::Unused { mfn, order } => each(mfn, order).all(|f| unused(m, world, f)) as u64,
        BlockAct::LooksZero { mfn, order } => zero(m, world, mfn, order, QUICK_WORDS) as u64,
        BlockAct::IsZero { mfn, order } => zero(m, world, mfn, order, FRAME_WORDS) as u64,
        BlockAct::Misnamed { mfn, order, g } => misnamed(m, world, mfn, order, g),
        BlockAct::Scrub { mfn, order } => {
            scrub(m, world, mfn, order);
            1
        }
    }
}

/// The frames of a block.
pub(super) fn each(mfn: Mfn, order: Order) -> impl Iterator<Item = Mfn> {
    (0..order.frames()).map(move |i| mfn.plus(i))
}

fn words(world: &World, mfn: Mfn, n: u64) -> impl Iterator<Item = Word> {
    let map = world.map;
    (0..n).filter_map(move |i| map.page(mfn, i))
}

fn alloc<W: Words>(m: &mut W, world: &World, me: ActorId, slot: u8, order: Order) -> Option<Mfn> {
    if order == Order::K4 {
        return frames::alloc_frame(m, world, me, slot);
    }
    if frames::must_fail(m, world, me, Class::Frame) {
        return None;
    }
    heap(m, world, |m| {
        if frames::dying(m, world, slot) {
            return None;
        }
        let words = order.frames() / 64;
        let full = |m: &mut W, i: u64| m.get(world.map.free_map(None, i as u32)) == u64::MAX;
        let whole = world.map.frames() as u64 / order.frames();
        let block = (0..whole).find(|b| (0..words).all(|i| full(m, b * words + i)))?;
        (0..words).for_each(|i| m.set(world.map.free_map(None, (block * words + i) as u32), 0));
        let first = Mfn(block * order.frames());
        each(first, order).for_each(|f| frames::give(m, world, slot, f));
        Some(first)
    })
}

/// Names the frames of a block in m2p: for whoever holds what guards the gfns named before and after.
pub(super) fn name<W: Words>(m: &mut W, world: &World, mfn: Mfn, order: Order, g: Option<DomGfn>) {
    for (i, f) in each(mfn, order).enumerate() {
        let to = g.map_or(M2P_INVALID, |g| above(g, i as u64));
        m.set(rec(world, f, FrameWord::M2p), to);
    }
}

fn above(g: DomGfn, i: u64) -> u64 {
    DomGfn { gfn: Gfn(g.gfn.0 + i), ..g }.to_word()
}

fn claim<W: Words>(m: &mut W, world: &World, mfn: Mfn, order: Order, g: DomGfn) -> bool {
    let word = |i: u64| rec(world, mfn.plus(i), FrameWord::M2p);
    let taken = (0..order.frames()).find(|&i| m.cas(word(i), M2P_INVALID, above(g, i)) != M2P_INVALID);
    if let Some(n) = taken {
        (0..n).for_each(|i| m.set(word(i), M2P_INVALID));
    }
    taken.is_none()
}

fn owned<W: Words>(m: &mut W, world: &World, f: Mfn, dom: DomId) -> bool {
    let allocated = m.get(rec(world, f, FrameWord::Count)) & PGC_ALLOCATED != 0;
    allocated && world.map.page(f, 0).is_some() && frames::owner(m, world, f) == dom
}

/// The gfn first, and then whose the frame is: whoever gives it back drops the allocation before m2p forgets it, so that
/// live one of the two sees the other.
fn rename<W: Words>(m: &mut W, world: &World, mfn: Mfn, seen: u64, g: DomGfn) -> Renamed {
    let word = rec(world, mfn, FrameWord::M2p);
    if m.cas(word, seen, g.to_word()) != seen {
        return Renamed::Changed;
    }
    if owned(m, world, mfn, g.dom) {
        return Renamed::Yes;
    }
    m.cas(word, g.to_word(), seen);
    Renamed::NotOwned
}

fn forget<W: Words>(m: &mut W, world: &World, g: DomGfn, order: Order, but: Mfn) -> u64 {
    let kept = |f: u64| but.is_valid() && (but.0..but.0 + order.frames()).contains(&f);
    let mut n = 0;
    for f in (0..world.map.frames() as u64).filter(|&f| !kept(f)) {
        let word = rec(world, Mfn(f), FrameWord::M2p);
        let seen = m.get(word);
        let there = seen >> 63 == 0 && DomGfn::from_word(seen).dom == g.dom;
        if there && DomGfn::from_word(seen).gfn.base(order) == g.gfn {
            n += (m.cas(word, seen, M2P_INVALID) == seen) as u64;
        }
    }
    n
}

fn m2p<W: Words>(m: &mut W, world: &World, f: Mfn) -> u64 {
    m.get(rec(world, f, FrameWord::M2p))
}

fn unused<W: Words>(m: &mut W, world: &World, f: Mfn) -> bool {
    m.get(rec(world, f, FrameWord::Count)) == PGC_ALLOCATED | 1
        && m.get(rec(world, f, FrameWord::Type)) & PGT_COUNT == 0
}

fn misnamed<W: Words>(m: &mut W, world: &World, mfn: Mfn, order: Order, g: Option<DomGfn>) -> u64 {
    let should = |i| g.map_or(M2P_SHARED, |g| above(g, i));
    (0..order.frames()).filter(|&i| m.get(rec(world, mfn.plus(i), FrameWord::M2p)) != should(i)).count() as u64
}

fn zero<W: Words>(m: &mut W, world: &World, mfn: Mfn, order: Order, n: u64) -> bool {
    each(mfn, order).all(|f| words(world, f, n).all(|w| m.get(w) == 0))
}

fn scrub<W: Words>(m: &mut W, world: &World, mfn: Mfn, order: Order) {
    for w in each(mfn, order).flat_map(|f| words(world, f, FRAME_WORDS)) {
        if m.get(w) != 0 {
            m.set(w, 0);
        }
    }
}
