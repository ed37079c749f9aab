//! The tables that can be reached from the domains' roots.

use crate::addr::{FRAME_WORDS, Gfn, Mfn, Word};
use crate::entry::Decoded;
use crate::machine::{Words, World};

/// A table and what it translates.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct TableAt {
    /// Whose, by the domain's place in the world.
    pub slot: u8,
    /// Its frame.
    pub mfn: Mfn,
    /// 3 is the root.
    pub level: u8,
    /// The first gfn that it translates.
    pub first: Gfn,
}

impl TableAt {
    /// The first gfn that entry `i` translates.
    pub fn gfn(&self, i: u64) -> Gfn {
        Gfn(self.first.0 + (i << (9 * self.level as u32)))
    }

    /// The table's entries that are not zero, with their places.
    pub fn entries<W: Words>(&self, m: &mut W, world: &World) -> Vec<(u64, u64)> {
        let read = |i| world.map.page(self.mfn, i).map(|w| (i, m.get(w)));
        (0..FRAME_WORDS).filter_map(read).filter(|e| e.1 != 0).collect()
    }
}

/// All reachable tables, a domain's together, parents before children. A page that hangs in two slots is listed once.
pub(super) fn tables<W: Words>(m: &mut W, world: &World) -> Vec<TableAt> {
    let mut all: Vec<TableAt> = Vec::new();
    for (slot, d) in world.domains.iter().enumerate() {
        let mut at = all.len();
        if world.map.page(d.root, 0).is_some() {
            all.push(TableAt { slot: slot as u8, mfn: d.root, level: 3, first: Gfn(0) });
        }
        while let Some(&table) = all.get(at) {
            at += 1;
            if table.level == 0 {
                continue;
            }
            for (i, entry) in table.entries(m, world) {
                if let Decoded::Table { mfn } = world.format.decode(table.level, entry)
                    && world.map.page(mfn, 0).is_some()
                    && !all.iter().any(|t| t.mfn == mfn)
                {
                    all.push(TableAt { mfn, level: table.level - 1, first: table.gfn(i), ..table });
                }
            }
        }
    }
    all
}

/// The table that a word lies in, and its place there.
pub(super) fn table_of(all: &[TableAt], word: Word) -> Option<(TableAt, u64)> {
    let table = all.iter().find(|t| t.mfn == word.frame())?;
    Some((*table, word.0 as u64 % FRAME_WORDS))
}
