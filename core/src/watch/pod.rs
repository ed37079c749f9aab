//! Rules of populate-on-demand caches: I22 and I23, of rest, and I24, which speaks of what a step does.

use super::index::{self, Maps};
use super::{Broken, Rule, record};
use crate::addr::{FRAME_WORDS, Mfn};
use crate::machine::frames::{self, M2P_INVALID};
use crate::machine::{DomWord, FrameWord, Words, World, pod};

/// I22 for one frame: in a cache it is the domain's own, zero, mapped nowhere and named by no frame number. Reads the
/// frame's owner, m2p and page.
pub fn i22_frame<W: Words>(m: &mut W, world: &World, mfn: Mfn, maps: &Maps) -> Option<Broken> {
    let slot = index::cached(m, world, mfn)?;
    let d = world.domain(slot);
    let why = if frames::owner(m, world, mfn) != d.id {
        "is somebody else's"
    } else if maps.any() {
        "is mapped"
    } else if record(m, world, mfn, FrameWord::M2p) != M2P_INVALID {
        "is named by a frame number"
    } else if (0..FRAME_WORDS).filter_map(|i| world.map.page(mfn, i)).any(|w| m.get(w) != 0) {
        "is not zero"
    } else {
        return None;
    };
    let name = world.frame_name(mfn);
    Some(Broken::of(Rule::I22, format!("frame {name} stands in the cache of {} and {why}", d.name)))
}

/// I22 for the counter: reads cache_count, and walks the lists of the cache.
pub fn i22_count<W: Words>(m: &mut W, world: &World, slot: u8) -> Option<Broken> {
    let should = pod::cached(m, world, slot).len() as u64;
    let is = m.get(world.dom_word(slot, DomWord::CacheCount));
    (is != should).then(|| {
        let d = &world.domain(slot).name;
        Broken::of(Rule::I22, format!("the cache of {d} has {should} frames and counts {is}"))
    })
}

/// I23, where a target was set and the domain is alive. What is populated is not more than the target; and, once
/// anything is populated or promised, the cache is not larger than what is promised. (The target itself may be above
/// both: a guest may give back more than it was asked for. The machine knows no maximum.) Reads the domain's counters.
pub fn i23<W: Words>(m: &mut W, world: &World, slot: u8) -> Option<Broken> {
    let mut of = |w| m.get(world.dom_word(slot, w));
    let (target, dying) = (of(DomWord::PodTarget), of(DomWord::Dying));
    if target == 0 || dying != 0 {
        return None;
    }
    let (cache, promised) = (of(DomWord::CacheCount), of(DomWord::EntryCount));
    let populated = of(DomWord::TotPages).saturating_sub(cache);
    let d = &world.domain(slot).name;
    let why = if populated > target {
        format!("{d} has {populated} populated pages, and its target is {target}")
    } else if cache > promised && populated + promised > 0 {
        format!("{d} keeps {cache} frames in its cache, and {promised} are promised")
    } else {
        return None;
    };
    Some(Broken::of(Rule::I23, why))
}

/// I24, at the moment at which a step makes the cache of a domain larger that was dying before: nobody does, but who had
/// the pod lock before, since whoever empties the cache takes that lock (S38). Reads the domain's counter and what the
/// index remembers of the lock.
pub fn i24<W: Words>(m: &mut W, world: &World, slot: u8, was: u64) -> Option<Broken> {
    let is = m.get(world.dom_word(slot, DomWord::CacheCount));
    let dying = m.get(world.dom_word(slot, DomWord::Dying)) != 0;
    (dying && is > was && !index::spared(m, world, slot)).then(|| {
        let d = &world.domain(slot).name;
        Broken::of(Rule::I24, format!("{d} is dying, and its cache grew from {was} to {is}"))
    })
}
