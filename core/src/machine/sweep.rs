//! Going through a table in the order of frame numbers.
//!
//! Protocol: one effect finds the next leaf, however many words it reads on the way. So it is only for who holds the
//! whole table, where no other holder changes a word that it reads; hardware's accessed and dirty bits do not matter.
//! Types are those that a look-up gives.

use super::recalc;
use super::words::Words;
use super::world::World;
use crate::addr::{DomGfn, GFN_BITS, Gfn};
use crate::entry::{Decoded, P2mType};

/// What is looked for in the table of the domain in that slot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sweep {
    /// The domain.
    pub slot: u8,
    /// The first gfn that counts.
    pub from: Gfn,
    /// The last one.
    pub through: Gfn,
    /// The type; none: any leaf.
    pub ty: Option<P2mType>,
}

/// A leaf that was found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Found {
    /// Its first gfn that counts.
    pub gfn: Gfn,
    /// The entry.
    pub entry: u64,
    /// The level that it stands at.
    pub level: u8,
}

impl Found {
    /// As the two words of an effect's result; all ones for none.
    pub fn to_words(found: Option<Found>) -> [u64; 2] {
        found.map_or([u64::MAX, 0], |f| [f.gfn.0 | (f.level as u64) << GFN_BITS, f.entry])
    }

    /// The inverse of [`Found::to_words`].
    pub fn from_words(w: [u64; 2]) -> Option<Found> {
        let gfn = Gfn(w[0] & ((1 << GFN_BITS) - 1));
        (w[0] != u64::MAX).then_some(Found { gfn, entry: w[1], level: (w[0] >> GFN_BITS) as u8 })
    }
}

/// The first leaf of the type at or behind `from`.
pub fn next<W: Words>(m: &mut W, world: &World, s: Sweep) -> Option<Found> {
    let (mut gfn, last) = (s.from, s.through.0.min((1 << GFN_BITS) - 1));
    while gfn.0 <= last {
        let g = DomGfn { dom: world.domain(s.slot).id, gfn };
        let (entry, level) = recalc::looked_up(m, world, g)?;
        if let Decoded::Leaf(leaf) = world.format.decode(level, entry)
            && s.ty.is_none_or(|ty| ty == leaf.ty)
        {
            return Some(Found { gfn, entry, level });
        }
        gfn = Gfn(((gfn.0 >> (9 * level as u32)) + 1) << (9 * level as u32));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::addr::{DomId, Order};
    use crate::entry::Access;
    use crate::machine::{Builder, NewDomain, NewMapping};

    #[test]
    fn leaves_are_found_in_order_and_a_superpage_where_it_is_entered() {
        let map = |gfn, ty, order| NewMapping {
            slot: 0,
            gfn: Gfn(gfn),
            order,
            ty,
            access: Access::N,
            name: None,
            content: 0,
            special: false,
        };
        let builder = Builder {
            domains: vec![NewDomain { id: DomId(1), ..NewDomain::default() }],
            mappings: vec![
                map(0x10, P2mType::RamRw, Order::K4),
                map(0x11, P2mType::RamRo, Order::K4),
                map(0x200, P2mType::RamRw, Order::M2),
                map(0x8_0000, P2mType::RamRw, Order::K4),
            ],
            ..Builder::default()
        };
        let (world, first) = builder.build().unwrap();
        let mut m = first.to_vec();
        let mut at = |from, through, ty| {
            let s = Sweep { slot: 0, from: Gfn(from), through: Gfn(through), ty };
            let found = next(&mut m, &world, s);
            assert_eq!(Found::from_words(Found::to_words(found)), found);
            found.map(|f| (f.gfn.0, f.level))
        };
        let rw = Some(P2mType::RamRw);
        assert_eq!(at(0, u64::MAX, rw), Some((0x10, 0)), "a leaf with access n is a leaf (S58)");
        assert_eq!(at(0x11, u64::MAX, rw), Some((0x200, 1)));
        assert_eq!(at(0x11, u64::MAX, None), Some((0x11, 0)));
        assert_eq!(at(0x205, 0x206, rw), Some((0x205, 1)));
        assert_eq!(at(0x400, u64::MAX, rw), Some((0x8_0000, 0)));
        assert_eq!(at(0x400, 0x7_ffff, rw), None);
        assert_eq!(at(0x8_0001, u64::MAX, rw), None);
    }
}
