//! Types that are computed when they are needed: marks in entries, and what a marked entry means (today's EPT and NPT).
//!
//! A change of every entry's type marks the entries of the root alone. A mark stands for everything below it: whoever
//! looks up takes the type from [`looked_up`], whoever changes an entry, and the processor's exit, first move the marks on
//! its path down, one level to an effect, until the entry itself has its type.
//!
//! Protocol: the root is marked by the holder of the whole table. Marks move down under the structure lock, so that a
//! split never copies a leaf that is being marked; each word changes by compare-and-exchange, since leaves of other
//! ranges stand in the same table and their holders write them meanwhile. The children are marked before the mark above
//! them goes. A leaf that is not present cannot be marked: its type is computed at once. What decides the type changes
//! under the whole table only, and a leaf that is to be computed is of one type throughout: whoever changes what decides
//! it splits those first that would be of two (Xen splits them when they are met).

use super::ioreq;
use super::record::DomWord;
use super::words::Words;
use super::world::World;
use crate::addr::{DomGfn, FRAME_WORDS, GFN_BITS, Gfn, Mfn, Order, Word};
use crate::entry::{Cpu, Decoded, Group, Hardware, Leaf, P2mType};

/// The memory type that a leaf gets back.
const WRITE_BACK: u8 = 6;

/// What an effect does to marks of the table of the domain in that slot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RecalcAct {
    /// Marks every entry of the root that is present; gives how many.
    MarkRoot(u8),
    /// Moves the uppermost mark on the path of a gfn one level down, or computes the types that it stood for; gives
    /// whether there was one.
    Settle {
        /// The domain.
        slot: u8,
        /// Whose path.
        gfn: Gfn,
    },
    /// The entry that a look-up gives for one whose path has marks.
    Type {
        /// The domain.
        slot: u8,
        /// What was looked up.
        gfn: Gfn,
        /// What stands there.
        entry: u64,
        /// At which level.
        level: u8,
    },
    /// The first gfn from one to another whose path has a mark; all ones for none.
    Next {
        /// The domain.
        slot: u8,
        /// The first one.
        from: Gfn,
        /// The last one.
        through: Gfn,
    },
    /// Whether a processor refuses an entry on the path of a gfn.
    Refused {
        /// The domain.
        slot: u8,
        /// Whose path.
        gfn: Gfn,
    },
}

/// Does it.
pub fn act<W: Words>(m: &mut W, world: &World, a: RecalcAct) -> u64 {
    match a {
        RecalcAct::MarkRoot(slot) => {
            let root = world.domain(slot).root;
            (0..FRAME_WORDS).filter(|&i| mark(m, world, slot, (root, 3), i, Gfn(i << 27))).count() as u64
        }
        RecalcAct::Settle { slot, gfn } => settle(m, world, slot, gfn) as u64,
        RecalcAct::Type { slot, gfn, entry, level } => computed(m, world, slot, gfn, entry, level),
        RecalcAct::Next { slot, from, through } => next(m, world, slot, from, through).map_or(u64::MAX, |g| g.0),
        RecalcAct::Refused { slot, gfn } => path(m, world, slot, gfn).any(|at| {
            matches!(world.format.hardware(at.level, at.entry, Cpu::default()), Hardware::Misconfigured { .. })
        }) as u64,
    }
}

/// An entry on a path.
#[derive(Clone, Copy)]
struct At {
    word: Word,
    table: Mfn,
    level: u8,
    entry: u64,
}

/// The entries on the path of a gfn, from the root on.
#[inline(always)]
fn path<W: Words>(m: &mut W, world: &World, slot: u8, gfn: Gfn) -> impl Iterator<Item = At> + use<W> {
    let (mut next, mut all) = (Some(world.domain(slot).root), [None; 4]);
    for (at, level) in all.iter_mut().zip((0..4).rev()) {
        let Some((table, word)) = next.and_then(|t| Some((t, world.map.page(t, gfn.index(level))?))) else { break };
        let entry = m.get(word);
        *at = Some(At { word, table, level, entry });
        next = match world.format.decode(level, entry) {
            Decoded::Table { mfn } => Some(mfn),
            _ => None,
        };
    }
    all.into_iter().flatten()
}

/// The type that such an entry has by now (`p2m_recalc_type`): memory is `ram_logdirty` or `ram_rw` as the domain wants
/// it, and so is what an ioreq server that has gone left behind. Any other type is as it stands.
fn type_now<W: Words>(m: &mut W, world: &World, slot: u8, gfn: Gfn, ty: P2mType) -> P2mType {
    let mut of = |w| m.get(world.dom_word(slot, w));
    if !world.format.is(ty, Group::Changeable) || ty == P2mType::IoreqServer && of(DomWord::Ioreq) != 0 {
        return ty;
    }
    let tracked = of(DomWord::VramBegin) <= gfn.0 && gfn.0 < of(DomWord::VramEnd);
    if tracked || of(DomWord::GlobalLogdirty) != 0 { P2mType::RamLogdirty } else { P2mType::RamRw }
}

/// The entry without its mark, of the type that it has by now.
fn computed<W: Words>(m: &mut W, world: &World, slot: u8, gfn: Gfn, entry: u64, level: u8) -> u64 {
    let clear = world.format.clear_recalc(level, entry, WRITE_BACK);
    let Decoded::Leaf(leaf) = world.format.decode(level, clear) else { return clear };
    let ty = type_now(m, world, slot, gfn, leaf.ty);
    match world.format.is(leaf.ty, Group::Changeable) {
        // Also where the type stays: what was written is to be noted again.
        true => {
            let leaf = Leaf { ty, ..leaf };
            world.format.leaf(&leaf, &ioreq::leaf_ctx(m, world, slot, &leaf))
        }
        false => clear,
    }
}

/// The entry that ends the walk to `g` as a look-up gives it, and its level; none for a domain that is not there.
pub fn looked_up<W: Words>(m: &mut W, world: &World, g: DomGfn) -> Option<(u64, u8)> {
    let slot = world.slot(g.dom)?;
    let (mut pending, mut last) = (false, None);
    for at in path(m, world, slot, g.gfn) {
        pending |= world.format.needs_recalc(at.entry);
        last = Some((at.entry, at.level));
    }
    let (entry, level) = last?;
    Some((if pending { computed(m, world, slot, g.gfn, entry, level) } else { entry }, level))
}

/// Whether there is a mark on the path of `g`: then no processor gets through.
pub fn pending<W: Words>(m: &mut W, world: &World, g: DomGfn) -> bool {
    let format = world.format;
    let Some(slot) = world.slot(g.dom).filter(|_| format.recalculates()) else { return false };
    path(m, world, slot, g.gfn).any(|at| format.needs_recalc(at.entry))
}

fn next<W: Words>(m: &mut W, world: &World, slot: u8, from: Gfn, through: Gfn) -> Option<Gfn> {
    let (mut gfn, last) = (from, through.0.min((1 << GFN_BITS) - 1));
    while gfn.0 <= last {
        let mut level = 0;
        for at in path(m, world, slot, gfn) {
            if world.format.needs_recalc(at.entry) {
                return Some(gfn);
            }
            level = at.level as u32;
        }
        gfn = Gfn(((gfn.0 >> (9 * level)) + 1) << (9 * level));
    }
    None
}

/// Writes what `f` makes of a word; whether that was another value.
fn change<W: Words>(m: &mut W, word: Word, mut f: impl FnMut(&mut W, u64) -> u64) -> Option<(u64, u64)> {
    let mut seen = m.get(word);
    loop {
        let new = f(m, seen);
        if new == seen {
            return None;
        }
        let now = m.cas(word, seen, new);
        if now == seen {
            return Some((seen, new));
        }
        seen = now;
    }
}

/// Marks entry `i` of a table, which maps from `gfn` on; a leaf that is not present gets its type. Whether it changed.
fn mark<W: Words>(m: &mut W, world: &World, slot: u8, (table, level): (Mfn, u8), i: u64, gfn: Gfn) -> bool {
    let Some(word) = world.map.page(table, i) else { return false };
    let done = change(m, word, |m, seen| match world.format.present(seen) {
        true => world.format.mark_recalc(seen).unwrap_or(seen),
        false if world.format.is_empty(seen) => seen,
        false => computed(m, world, slot, gfn, seen, level),
    });
    retyped(m, world, slot, level, done);
    done.is_some()
}

/// Gives entry `i` of a table its type, if it is marked.
fn compute<W: Words>(m: &mut W, world: &World, slot: u8, (table, level): (Mfn, u8), i: u64, gfn: Gfn) {
    let Some(word) = world.map.page(table, i) else { return };
    let done = change(m, word, |m, seen| match world.format.needs_recalc(seen) {
        true => computed(m, world, slot, gfn, seen, level),
        false => seen,
    });
    retyped(m, world, slot, level, done);
}

fn retyped<W: Words>(m: &mut W, world: &World, slot: u8, level: u8, done: Option<(u64, u64)>) {
    if let (Some((old, new)), Some(order)) = (done, Order::of_level(level)) {
        ioreq::recount(m, world, world.domain(slot).id, order, old, new);
    }
}

fn settle<W: Words>(m: &mut W, world: &World, slot: u8, gfn: Gfn) -> bool {
    let format = world.format;
    let Some(at) = path(m, world, slot, gfn).find(|at| format.needs_recalc(at.entry)) else { return false };
    let shift = 9 * at.level as u32;
    match format.decode(at.level, at.entry) {
        Decoded::Table { mfn } if at.level > 0 => {
            let below = at.level - 1;
            let first = gfn.0 >> shift << shift;
            for i in 0..FRAME_WORDS {
                mark(m, world, slot, (mfn, below), i, Gfn(first + (i << (9 * below as u32))));
            }
            change(m, at.word, |_, seen| format.clear_recalc(at.level, seen, 0));
        }
        // A table of 4 KB entries as a whole; a larger leaf alone.
        _ if at.level == 0 => {
            let first = gfn.0 & !(FRAME_WORDS - 1);
            (0..FRAME_WORDS).for_each(|i| compute(m, world, slot, (at.table, 0), i, Gfn(first + i)));
        }
        _ => compute(m, world, slot, (at.table, at.level), gfn.index(at.level), Gfn(gfn.0 >> shift << shift)),
    }
    true
}
