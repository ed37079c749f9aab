//! The count of `ioreq_server` entries.
//!
//! Protocol: it changes in the effect that writes an entry (Xen counts in `p2m_entry_modify`), so it is true after every
//! step (I34), whoever writes. A view's entries repeat those of its domain and are not counted, as in Xen.

use super::record::DomWord;
use super::words::Words;
use super::world::World;
use crate::addr::{DomId, Order};
use crate::entry::{Decoded, Leaf, LeafCtx, P2mType};

/// In [`DomWord::Ioreq`]: the server takes writes.
pub const WRITES: u64 = 1 << 16;

/// What decides a leaf's bits beside itself: also whether the domain's server takes writes. Reads that word for an entry of
/// its type alone.
#[inline(always)]
pub fn leaf_ctx<W: Words>(m: &mut W, world: &World, slot: u8, leaf: &Leaf) -> LeafCtx {
    let taken = leaf.ty == P2mType::IoreqServer && m.get(world.dom_word(slot, DomWord::Ioreq)) & WRITES != 0;
    LeafCtx { ioreq_writes: taken, ..world.leaf_ctx_of(slot, leaf) }
}

/// Counts what an entry that was written has taken away and brought.
#[inline(always)]
pub fn recount<W: Words>(m: &mut W, world: &World, dom: DomId, order: Order, old: u64, new: u64) {
    if world.format.type_code(P2mType::IoreqServer).is_none() {
        return;
    }
    let of = |entry| match world.format.decode(order.level(), entry) {
        Decoded::Leaf(leaf) if leaf.ty == P2mType::IoreqServer => order.frames(),
        _ => 0,
    };
    let more = of(new).wrapping_sub(of(old));
    if more != 0
        && let Some(slot) = world.slot(dom).filter(|&slot| world.domain(slot).view.is_none())
    {
        m.add(world.dom_word(slot, DomWord::IoreqCount), more);
    }
}
