//! One table word on the path of a frame number, found at the moment it is touched.
//!
//! This is how a lesson writes down what a caller did to a table by hand. Nothing that belongs to an entry is kept: no
//! references, counters or TLBs. Protocol: the walk and the access are one effect; a part of a word changes by
//! compare-and-exchange, so that the other bits are never lost.

use super::words::Words;
use super::world::World;
use crate::addr::{DomGfn, Word};
use crate::entry::Decoded;

/// What is done to a table word, or to the bits of it under a mask.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PteAct {
    /// On whose path.
    pub g: DomGfn,
    /// At which level; 0 holds 4 KB entries.
    pub level: u8,
    /// Which bits.
    pub mask: u64,
    /// What.
    pub op: PteOp,
}

/// What is done to those bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PteOp {
    /// Reads them.
    Load,
    /// Writes them.
    Store(u64),
    /// Writes the second if they are the first.
    Cas(u64, u64),
}

/// The word at a level of the path of `g`, if the path reaches that level.
pub fn find<W: Words>(m: &mut W, world: &World, g: DomGfn, level: u8) -> Option<Word> {
    let mut table = world.domain(world.slot(g.dom)?).root;
    for above in (level + 1..4).rev() {
        let entry = m.get(world.map.page(table, g.gfn.index(above))?);
        let Decoded::Table { mfn } = world.format.decode(above, entry) else { return None };
        table = mfn;
    }
    world.map.page(table, g.gfn.index(level))
}

/// Does it: the whole word as it was, and 1; or twice 0 where the path does not reach the level.
pub fn act<W: Words>(m: &mut W, world: &World, a: PteAct) -> [u64; 2] {
    let Some(word) = find(m, world, a.g, a.level) else { return [0, 0] };
    let mut seen = m.get(word);
    loop {
        let bits = match a.op {
            PteOp::Store(bits) => bits,
            PteOp::Cas(from, to) if seen & a.mask == from => to,
            PteOp::Load | PteOp::Cas(..) => return [seen, 1],
        };
        let now = m.cas(word, seen, seen & !a.mask | bits & a.mask);
        if now == seen {
            return [seen, 1];
        }
        seen = now;
    }
}
