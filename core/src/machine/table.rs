//! Effects on a domain's table that are more than one word: the top of a walk, giving a whole subtree back, and the
//! note that a flush is due.
//!
//! Protocol of the note ([`DomWord::NeedFlush`], one bit for each actor): an actor sets its bit after it has changed
//! an entry, inside the section in which it holds the table's lock, and clears it only when every TLB has answered.
//! So whoever finds, under the lock, that an entry no longer maps a frame, also finds the bit of the one who changed
//! it, unless that flush is done.

use super::frames;
use super::record::DomWord;
use super::words::Words;
use super::world::World;
use crate::addr::{ActorId, DomGfn, FRAME_WORDS, Mfn, Word};
use crate::entry::Decoded;

/// An effect on a domain's table. Domains are named by their place in the world.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TableAct {
    /// The first read of a look-up: the root's entry, or 0 above the highest gfn ever mapped, where no look-up walks.
    Top {
        /// Whose table.
        slot: u8,
        /// What is looked up.
        g: DomGfn,
    },
    /// Gives a table page back with all tables below it; gives whether it was one. It is linked nowhere, and every TLB
    /// that led to it has answered a flush, so nobody sees it happen.
    FreeTree {
        /// The table.
        table: Mfn,
        /// Its level: 0 holds leaves of 4 KB.
        level: u8,
    },
    /// Notes that the actor has changed entries that TLBs may hold; 0, and nothing is noted, if it holds no lock of
    /// that table whose release would flush.
    NeedFlush(u8),
    /// Whether the actor has noted a flush and holds no lock of that table any more.
    FlushDue(u8),
    /// Every TLB has answered: the actor's note is gone.
    Flushed(u8),
}

impl TableAct {
    /// The domain whose locks decide what the effect does.
    #[inline(always)]
    pub const fn section(self) -> Option<u8> {
        match self {
            TableAct::NeedFlush(slot) | TableAct::FlushDue(slot) => Some(slot),
            TableAct::Top { .. } | TableAct::FreeTree { .. } | TableAct::Flushed(_) => None,
        }
    }
}

/// Does it. `inside`: the actor holds a lock of [`TableAct::section`]'s table.
#[inline(always)]
pub fn act<W: Words>(m: &mut W, world: &World, me: ActorId, a: TableAct, inside: bool) -> u64 {
    // Where flushes are put off there are no more actors than bits; elsewhere nobody sets one.
    let bit = 1_u64.checked_shl(me.0 as u32).unwrap_or(0);
    let note = |slot| world.dom_word(slot, DomWord::NeedFlush);
    match a {
        TableAct::Top { slot, g } => {
            if g.gfn.0 >= m.get(world.dom_word(slot, DomWord::MaxMapped)) {
                return 0;
            }
            world.map.page(world.domain(slot).root, g.gfn.index(3)).map_or(0, |w| m.get(w))
        }
        TableAct::FreeTree { table, level } => free_tree(m, world, table, level) as u64,
        TableAct::NeedFlush(slot) => {
            if inside {
                change(m, note(slot), |seen| seen | bit);
            }
            inside as u64
        }
        TableAct::FlushDue(slot) => (!inside && m.get(note(slot)) & bit != 0) as u64,
        TableAct::Flushed(slot) => {
            change(m, note(slot), |seen| seen & !bit);
            0
        }
    }
}

/// Changes a word that others change too; one that stays as it is is not written.
fn change<W: Words>(m: &mut W, word: Word, f: impl Fn(u64) -> u64) {
    let mut seen = m.get(word);
    while f(seen) != seen {
        let now = m.cas(word, seen, f(seen));
        if now == seen {
            return;
        }
        seen = now;
    }
}

fn free_tree<W: Words>(m: &mut W, world: &World, table: Mfn, level: u8) -> bool {
    for i in 0..FRAME_WORDS {
        let entry = world.map.page(table, i).map_or(0, |w| m.get(w));
        if level > 0
            && let Decoded::Table { mfn } = world.format.decode(level, entry)
        {
            free_tree(m, world, mfn, level - 1);
        }
    }
    frames::free_table(m, world, table)
}
