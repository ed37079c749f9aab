//! Log-dirty: I25, a rule of rest that is asked of each frame, and I26, which is asked of an entry that a step wrote.

use super::index::Maps;
use super::survey::At;
use super::{Broken, Rule, memory};
use crate::addr::{DomGfn, Mfn};
use crate::entry::{Decoded, P2mType};
use crate::machine::{DomWord, Words, World, dirty, pml, recalc};

/// I25 for a frame that one frame number maps as its domain's RAM: while log-dirty is on, an entry that the guest can
/// write has its bit set, since it may have been written. One whose type is yet to be computed lets nobody through. Once a mark was lost every harvest says so, and nothing is
/// asked any more. Reads the entry, the domain's log-dirty words and the bitmap.
pub fn i25<W: Words>(m: &mut W, world: &World, mfn: Mfn, maps: &Maps) -> Option<Broken> {
    let g = DomGfn::from_word(maps.at);
    let slot = world.slot(g.dom).filter(|_| maps.own == 1)?;
    if m.get(world.dom_word(slot, DomWord::LogDirty)) == 0 || m.get(world.dom_word(slot, DomWord::DirtyLost)) != 0 {
        return None;
    }
    let (entry, level) = memory::walked(m, world, g)?;
    let Decoded::Leaf(leaf) = world.format.decode(level, entry) else { return None };
    // Where processors log, an entry that was not written since is clean, and the note of one that was may be on its way.
    let clean = world.logs(slot) && world.format.is_clean(entry);
    let open = leaf.ty.is_ram() && world.format.perms(entry).w && !clean && !recalc::pending(m, world, g);
    let unnoted = open && !dirty::bit(m, world, slot, g.gfn) && !pml::has(m, world, g);
    unnoted.then(|| {
        let (ty, name) = (leaf.ty.name(), world.frame_name(mfn));
        Broken::of(Rule::I25, format!("{g} ({ty}, frame {name}) can be written, and no write is noted in the bitmap"))
    })
}

/// I26, at the moment at which a step makes an entry `ram_logdirty` that was something else. It applies to a domain of
/// which a display tracks a range while no migration notes all writes: outside that range the type is a mistake. Where
/// neither is on, a program that uses the type alone says by itself what it means by it. A view has numbers of its own
/// and repeats the types of what it shows: it is not asked. Reads the domain's log-dirty words.
pub fn i26<W: Words>(m: &mut W, world: &World, at: &At) -> Option<Broken> {
    let slot = Some(at.slot).filter(|&slot| world.domain(slot).view.is_none())?;
    let mut of = |w| m.get(world.dom_word(slot, w));
    let (begin, end) = (of(DomWord::VramBegin), of(DomWord::VramEnd));
    let tracked = begin <= at.g.gfn.0 && at.g.gfn.0 + at.leaf.order.frames() <= end;
    let bad = at.leaf.ty == P2mType::RamLogdirty
        && of(DomWord::LogDirty) == 0
        && of(DomWord::GlobalLogdirty) == 0
        && end != 0
        && !tracked;
    bad.then(|| {
        let d = &world.domain(slot).name;
        Broken::of(Rule::I26, format!("{} becomes ram_logdirty outside the range of {d} that a display tracks", at.g))
    })
}
