//! One look over all tables: every leaf, every table page and where it hangs.

use crate::addr::{DomGfn, DomId, Gfn, Mfn};
use crate::entry::{Decoded, Leaf};
use crate::machine::{Words, World};

/// A leaf as it stands in a table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct At {
    /// The first frame number that it maps.
    pub g: DomGfn,
    /// The leaf.
    pub leaf: Leaf,
    /// Its bits.
    pub entry: u64,
}

/// All that is mapped.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Survey {
    /// Every leaf that is not empty, by domain and frame number.
    pub leaves: Vec<At>,
    /// Every table page below a root, as often as it is linked: by domain's place.
    pub tables: Vec<(u8, Mfn)>,
}

impl Survey {
    /// Walks the tables of all domains. A table that is reached twice is entered twice but walked once.
    pub fn take<W: Words>(m: &mut W, world: &World) -> Survey {
        let mut survey = Survey::default();
        for (slot, d) in world.domains.iter().enumerate() {
            survey.table(m, world, slot as u8, d.id, d.root, 3, 0);
        }
        survey
    }

    // The depth is that of a table: four levels.
    #[allow(clippy::too_many_arguments)]
    fn table<W: Words>(&mut self, m: &mut W, world: &World, slot: u8, dom: DomId, table: Mfn, level: u8, base: u64) {
        for i in 0..512 {
            let Some(word) = world.map.page(table, i) else { return };
            let entry = m.get(word);
            if entry == 0 {
                continue;
            }
            let gfn = base + (i << (9 * level as u32));
            match world.format.decode(level, entry) {
                Decoded::Table { mfn } => {
                    let known = self.tables.iter().any(|t| t.1 == mfn);
                    self.tables.push((slot, mfn));
                    if !known && level > 0 {
                        self.table(m, world, slot, dom, mfn, level - 1, gfn);
                    }
                }
                Decoded::Leaf(leaf) => self.leaves.push(At { g: DomGfn { dom, gfn: Gfn(gfn) }, leaf, entry }),
                Decoded::Empty | Decoded::Misconfigured { .. } => {}
            }
        }
    }

    /// Each frame that a leaf maps, with the frame number it is mapped at.
    pub fn frames(&self) -> impl Iterator<Item = (DomGfn, Mfn, &Leaf)> {
        self.leaves.iter().filter(|at| at.leaf.ty.has_frame() && at.leaf.mfn.is_valid()).flat_map(|at| {
            let each = |i| (DomGfn { gfn: Gfn(at.g.gfn.0 + i), ..at.g }, at.leaf.mfn.plus(i), &at.leaf);
            (0..at.leaf.order.frames()).map(each)
        })
    }
}
