//! Rules of a domain's record, all of rest but I34: I12, I21, I32, I33, I34, and those of its cache and its lists,
//! gathered. Each reads the counter, and what the index or a list says that it should be.

use super::{Broken, Rule, Rules, index, pod as cache, shared};
use crate::entry::P2mType;
use crate::machine::{DomWord, Words, World, frames, pod};

/// I12: reads paged_pages and how many frame numbers are in the pager's hands without a frame.
pub fn i12<W: Words>(m: &mut W, world: &World, slot: u8) -> Option<Broken> {
    let should = index::paged(m, world, slot);
    let paged = m.get(world.dom_word(slot, DomWord::PagedPages));
    (paged != should).then(|| {
        let d = &world.domain(slot).name;
        Broken::of(Rule::I12, format!("{d} has {should} paged-out pages and counts {paged}"))
    })
}

/// I21: reads entry_count and how many frame numbers have the type.
pub fn i21<W: Words>(m: &mut W, world: &World, slot: u8) -> Option<Broken> {
    let should = index::of_type(m, world, slot, P2mType::PopulateOnDemand);
    let is = m.get(world.dom_word(slot, DomWord::EntryCount));
    (is != should).then(|| {
        let d = &world.domain(slot).name;
        Broken::of(Rule::I21, format!("{d} has {should} populate-on-demand frame numbers and counts {is}"))
    })
}

/// I33: reads nr_foreign and how many frame numbers have the type.
pub fn i33<W: Words>(m: &mut W, world: &World, slot: u8) -> Option<Broken> {
    let should = index::of_type(m, world, slot, P2mType::MapForeign);
    let is = m.get(world.dom_word(slot, DomWord::NrForeign));
    (is != should).then(|| {
        let d = &world.domain(slot).name;
        Broken::of(Rule::I33, format!("{d} has {should} foreign frame numbers and counts {is}"))
    })
}

/// I32: reads tot_pages, and walks the page list and the lists of the populate-on-demand cache, whose frames count.
pub fn i32<W: Words>(m: &mut W, world: &World, slot: u8) -> Option<Broken> {
    let list = (frames::page_list(m, world, slot).len() + pod::cached(m, world, slot).len()) as u64;
    let tot = m.get(world.dom_word(slot, DomWord::TotPages));
    (tot != list).then(|| {
        let d = &world.domain(slot).name;
        Broken::of(Rule::I32, format!("{d} has {list} pages on its lists and counts {tot}"))
    })
}

/// I34: reads the ioreq counter and how many frame numbers have the type. Holds after every step: the effect that writes
/// an entry counts it. Not asked of views, whose entries are not counted.
pub fn i34<W: Words>(m: &mut W, world: &World, slot: u8) -> Option<Broken> {
    if world.domain(slot).view.is_some() {
        return None;
    }
    let should = index::of_type(m, world, slot, P2mType::IoreqServer);
    let is = m.get(world.dom_word(slot, DomWord::IoreqCount));
    (is != should).then(|| {
        let d = &world.domain(slot).name;
        Broken::of(Rule::I34, format!("{d} has {should} frame numbers of type ioreq_server and counts {is}"))
    })
}

/// The rules of counters: cheap, looked at whenever the words are at rest.
pub fn counters<W: Words>(m: &mut W, world: &World, slot: u8, out: &mut Vec<Broken>) {
    out.extend(i12(m, world, slot));
    out.extend(i21(m, world, slot));
    out.extend(i33(m, world, slot));
    out.extend(cache::i23(m, world, slot));
}

/// The rules of lists, which are walked only when a step wrote a link or a length.
pub fn lists<W: Words>(m: &mut W, world: &World, slot: u8, out: &mut Vec<Broken>) {
    out.extend(shared::i19(m, world, slot));
    out.extend(cache::i22_count(m, world, slot));
    out.extend(i32(m, world, slot));
}

/// The rules of lists that a domain breaks.
pub fn rules_of_lists<W: Words>(m: &mut W, world: &World, slot: u8) -> Rules {
    let mut out = Vec::new();
    lists(m, world, slot, &mut out);
    out.iter().fold(Rules::NONE, |set, b| set.with(b.rule))
}
