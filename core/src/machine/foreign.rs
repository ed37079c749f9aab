//! The references of foreign entries.
//!
//! Protocol: an entry of type `map_foreign` holds a reference on the frame of another domain for as long as it stands.
//! It is taken and dropped in the effect that writes the entry (Xen's `p2m_entry_modify`), whoever writes, and so is the
//! count of such entries: both are true after every step (I9, I33). Nothing is written where the new frame cannot be
//! referenced, or where the reference that goes would be the frame's last: the TLBs that know the entry have not
//! answered yet, and the frame would be freed under them. Who takes a foreign entry away therefore holds a reference of
//! its own until they have.

use super::frames::{self, count, rec};
use super::record::{DomWord, FrameWord};
use super::words::Words;
use super::world::World;
use crate::addr::{DomId, FRAME_WORDS, Mfn, Order, Word};
use crate::entry::{Decoded, P2mType};

/// Why an entry was not written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u64)]
pub enum Refused {
    /// The new frame cannot be referenced.
    Busy = 1,
    /// No further reference protects a frame that the old entry holds.
    Unsafe = 2,
    /// Its domain is being taken down, and nothing is mapped any more where nothing was.
    Closed = 3,
}

impl Refused {
    /// From the second word of an effect's result; none: the entry was written.
    pub const fn from_word(w: u64) -> Option<Refused> {
        match w {
            0 => None,
            1 => Some(Refused::Busy),
            2 => Some(Refused::Unsafe),
            _ => Some(Refused::Closed),
        }
    }
}

/// Whether the world's entries can be foreign at all.
fn none_here(world: &World) -> bool {
    world.format.type_code(P2mType::MapForeign).is_none()
}

/// Runs `f` for each frame that a foreign entry holds, of what stands in a table of that level, tables below it too.
fn each<W: Words>(m: &mut W, world: &World, level: u8, entry: u64, f: &mut impl FnMut(&mut W, Mfn)) {
    match world.format.decode(level, entry) {
        Decoded::Leaf(leaf) if leaf.ty == P2mType::MapForeign && leaf.mfn.0 < world.map.frames() as u64 => {
            f(m, leaf.mfn);
        }
        Decoded::Table { mfn } if level > 0 => {
            for word in (0..FRAME_WORDS).filter_map(|i| world.map.page(mfn, i)) {
                let below = m.get(word);
                if below != 0 {
                    each(m, world, level - 1, below, f);
                }
            }
        }
        _ => {}
    }
}

/// What may hold frames of what stands in `word`: nothing while the domain counts no foreign entry.
fn standing<W: Words>(m: &mut W, world: &World, dom: DomId, entry: u64) -> u64 {
    let counted = world.slot(dom).map_or(0, |slot| m.get(world.dom_word(slot, DomWord::NrForeign)));
    if counted == 0 { world.format.empty() } else { entry }
}

/// Before an entry is written into `word`: takes the new one's reference. If it is refused nothing has changed.
#[inline(always)]
pub fn before<W: Words>(
    m: &mut W,
    world: &World,
    dom: DomId,
    (word, order): (Word, Order),
    new: u64,
) -> Result<(), Refused> {
    if none_here(world) {
        return Ok(());
    }
    let level = order.level();
    let (mut got, mut refused) = (None, None);
    each(m, world, level, new, &mut |m, mfn| match frames::get_page(m, world, mfn, None) {
        true => got = Some(mfn),
        false => refused = Some(Refused::Busy),
    });
    let old = m.get(word);
    let old = standing(m, world, dom, old);
    each(m, world, level, old, &mut |m, mfn| {
        if count(m.get(rec(world, mfn, FrameWord::Count))) == 1 {
            refused = Some(Refused::Unsafe);
        }
    });
    let Some(why) = refused else { return Ok(()) };
    if let Some(mfn) = got {
        frames::put_page(m, world, mfn);
    }
    Err(why)
}

/// After it was written: drops the references of what stood there, and counts.
#[inline(always)]
pub fn after<W: Words>(m: &mut W, world: &World, dom: DomId, order: Order, (old, new): (u64, u64)) {
    let Some(slot) = world.slot(dom).filter(|_| !none_here(world)) else { return };
    let mut more = 0u64;
    let old = standing(m, world, dom, old);
    each(m, world, order.level(), old, &mut |m, mfn| {
        frames::put_page(m, world, mfn);
        more = more.wrapping_sub(1);
    });
    each(m, world, order.level(), new, &mut |_, _| more = more.wrapping_add(1));
    if more != 0 {
        m.add(world.dom_word(slot, DomWord::NrForeign), more);
    }
}
