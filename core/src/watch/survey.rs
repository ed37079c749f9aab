//! One look over all tables: every leaf, every table page and where it hangs.

use crate::addr::{DomGfn, Gfn, Mfn};
use crate::entry::{Decoded, Leaf};
use crate::machine::{Words, World};

/// A leaf as it stands in a table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct At {
    /// The place of its domain in the world.
    pub slot: u8,
    /// The first frame number that it maps.
    pub g: DomGfn,
    /// The leaf.
    pub leaf: Leaf,
    /// Its bits.
    pub entry: u64,
}

impl At {
    /// The leaf that these bits are in a table's place, if they are one.
    pub fn decode(world: &World, hangs: Hangs, i: u64, entry: u64) -> Option<At> {
        let Decoded::Leaf(leaf) = world.format.decode(hangs.level, entry) else { return None };
        let g = DomGfn { dom: world.domain(hangs.slot).id, gfn: Gfn(hangs.base + (i << (9 * hangs.level as u32))) };
        Some(At { slot: hangs.slot, g, leaf, entry })
    }

    /// Each frame of the machine that it maps, with the frame number it is mapped at.
    pub fn frames(&self, world: &World) -> impl Iterator<Item = (DomGfn, Mfn)> + use<> {
        let At { g, leaf, .. } = *self;
        let n = if leaf.has_frame() {
            leaf.order.frames().min((world.map.frames() as u64).saturating_sub(leaf.mfn.0))
        } else {
            0
        };
        (0..n).map(move |i| (DomGfn { gfn: Gfn(g.gfn.0 + i), ..g }, leaf.mfn.plus(i)))
    }

    /// Whether it maps a frame that the machine does not have.
    pub fn is_beyond(&self, world: &World) -> bool {
        let last = self.leaf.mfn.0.saturating_add(self.leaf.order.frames() - 1);
        self.leaf.has_frame() && last >= world.map.frames() as u64
    }
}

/// Where a table page hangs: in whose table, at which level, and the first frame number that it covers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Hangs {
    /// The place of the domain in the world.
    pub slot: u8,
    /// The level of its entries: 3 for a root.
    pub level: u8,
    /// The first frame number.
    pub base: u64,
}

/// All that is mapped.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Survey {
    /// Every leaf that is not empty, by domain and frame number.
    pub leaves: Vec<At>,
    /// Every table page, roots too, as often as it is linked.
    pub tables: Vec<(Mfn, Hangs)>,
}

impl Survey {
    /// Walks the tables of all domains. A table that is reached twice is entered twice but walked once.
    pub fn take<W: Words>(m: &mut W, world: &World) -> Survey {
        let mut survey = Survey::default();
        let roots = world.domains.iter().zip(0..);
        survey.tables.extend(roots.map(|(d, slot)| (d.root, Hangs { slot, level: 3, base: 0 })));
        for i in 0..world.domains.len() {
            let (root, hangs) = survey.tables[i];
            survey.table(m, world, root, hangs);
        }
        survey
    }

    // The depth is that of a table: four levels.
    fn table<W: Words>(&mut self, m: &mut W, world: &World, table: Mfn, hangs: Hangs) {
        for i in 0..512 {
            let Some(word) = world.map.page(table, i) else { return };
            let entry = m.get(word);
            if entry == 0 {
                continue;
            }
            match world.format.decode(hangs.level, entry) {
                Decoded::Table { mfn } if hangs.level > 0 => {
                    let known = self.hangs_among(mfn, self.tables.len());
                    let base = hangs.base + (i << (9 * hangs.level as u32));
                    let below = Hangs { slot: hangs.slot, level: hangs.level - 1, base };
                    self.tables.push((mfn, below));
                    if !known {
                        self.table(m, world, mfn, below);
                    }
                }
                _ => self.leaves.extend(At::decode(world, hangs, i, entry)),
            }
        }
    }

    /// Whether the page hangs somewhere among the first `n` tables.
    pub fn hangs_among(&self, mfn: Mfn, n: usize) -> bool {
        self.tables[..n].iter().any(|t| t.0 == mfn)
    }

    /// Each frame that a leaf maps, with the frame number it is mapped at.
    pub fn frames(&self, world: &World) -> impl Iterator<Item = (DomGfn, Mfn, &Leaf)> {
        self.leaves.iter().flat_map(move |at| at.frames(world).map(move |(g, mfn)| (g, mfn, &at.leaf)))
    }
}
