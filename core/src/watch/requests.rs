//! Requests to the pager: I14, which holds of every state.
//!
//! While a domain has a ring and has not crashed, each of its vCPUs that waits for a page has exactly one answer to
//! expect, and none names a vCPU that waits for nothing; and no ring holds more than its slots, those that are set aside
//! among them. Where the ring is gone nobody answers: whoever waits is ended with the domain.

use super::{Broken, Rule};
use crate::addr::ActorId;
use crate::machine::{DomWord, Words, World, paging, ring};

/// I14 for one actor. Reads what it waits for, its domain's ring, and whether that is there.
pub fn i14<W: Words>(m: &mut W, world: &World, a: ActorId) -> Option<Broken> {
    let slot = world.slot(world.actors[a.0 as usize].domain)?;
    let mut of = |w| m.get(world.dom_word(slot, w));
    let lives = of(DomWord::HasRing) != 0 && of(DomWord::Crashed) == 0;
    if !lives || world.domain(slot).ring.is_none() || !paging::is_own(world, a, slot) {
        return None;
    }
    let name = world.actor_name(a);
    let why = match (paging::awaits(m, world, a), paging::outstanding(m, world, a)) {
        (Some(_), 1) => return None,
        (Some(g), n) => format!("{name} waits for {g}, and {n} answers will let it go on"),
        (None, _) if paging::named(m, world, a) == 0 => return None,
        (None, _) => format!("{name} waits for nothing, and {} requests name it", paging::named(m, world, a)),
    };
    Some(Broken::of(Rule::I14, why))
}

/// I14 for one ring, by its place. Reads its words.
pub fn i14_ring<W: Words>(m: &mut W, world: &World, i: u8) -> Option<Broken> {
    let (slots, len, claimed) = (ring::slots(world, i), ring::len(m, world, i), paging::claimed(m, world, i));
    (len + claimed > slots).then(|| {
        let name = &world.rings[i as usize].name;
        let why = format!("{name} has {slots} slots, {len} requests, and {claimed} more are set aside");
        Broken::of(Rule::I14, why)
    })
}

/// I14 of all actors and rings.
pub fn all<W: Words>(m: &mut W, world: &World, out: &mut Vec<Broken>) {
    out.extend((0..world.rings.len() as u8).filter_map(|i| i14_ring(m, world, i)));
    if world.domains.iter().any(|d| d.ring.is_some()) {
        out.extend(world.actor_ids().filter_map(|a| i14(m, world, a)));
    }
}
