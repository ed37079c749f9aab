//! Sentences for rings, lists, objects and pauses: what was done, and what is about to be.

use super::naming::{Names, number};
use crate::addr::Mfn;
use crate::machine::World;
use crate::machine::lists::{Element, ListAct};
use crate::machine::objects::ObjectAct;
use crate::machine::paging::{PagingAct, asked_for, flag};
use crate::machine::pause::{PauseAct, Who};
use crate::machine::pte::{PteAct, PteOp};
use crate::machine::ring::{RingAct, Ringed};
use crate::machine::teardown::TeardownAct;
use crate::step::Act;

/// What such an act did, as it follows the actor's name; none for any other.
pub(super) fn did(names: &Names<'_>, a: Act, result: u64, second: u64) -> Option<String> {
    let world = names.world;
    Some(match a {
        Act::Ring(ring) => {
            let name = ring_name(world, ring.ring());
            match (ring, Ringed::from_word(second)) {
                (RingAct::Post { value, .. }, Ringed::Done) => {
                    format!("posts {} on {name}", request(world, ring.ring(), value))
                }
                (RingAct::Take { .. }, Ringed::Done) => {
                    format!("takes {} from {name}", request(world, ring.ring(), result))
                }
                (RingAct::Post { .. }, Ringed::NotNow) => format!("finds {name} full"),
                (RingAct::Take { .. }, Ringed::NotNow) => format!("finds {name} empty"),
                (_, Ringed::NoRing) => format!("finds no ring where {name} should be"),
            }
        }
        Act::Pte(p) if second == 0 => format!("finds no table of level {} on the way to {}", p.level, p.g),
        Act::Pte(PteAct { g, level, op: PteOp::Load, .. }) => {
            format!("reads the table word of {g} at level {level}: {}", names.entry(level, result))
        }
        Act::Pte(PteAct { g, level, mask, op: PteOp::Store(bits) }) => {
            let (old, new) = (names.entry(level, result), names.entry(level, result & !mask | bits & mask));
            format!("writes the table word of {g} at level {level}: {old} becomes {new}")
        }
        Act::Pte(PteAct { g, level, mask, op: PteOp::Cas(from, to) }) => match result & mask == from {
            true => {
                let new = names.entry(level, result & !mask | to & mask);
                format!("exchanges the table word of {g} at level {level}: it becomes {new}")
            }
            false => format!("finds another table word of {g} at level {level} and changes nothing"),
        },
        Act::List(list) => match list {
            ListAct::Insert(l, x) if result != 0 => {
                format!("puts {} at the end of {}", element(names, x), l.describe(world))
            }
            ListAct::Insert(_, x) => format!("cannot put {} on a list: it is on one", element(names, x)),
            ListAct::Remove(l, x) if result != 0 => format!("takes {} off {}", element(names, x), l.describe(world)),
            ListAct::Remove(l, x) => format!("finds {} not on {}", element(names, x), l.describe(world)),
            ListAct::First(l) => match Element::from_word(result) {
                Some(x) => format!("looks at the first of {}: {}", l.describe(world), element(names, x)),
                None => format!("finds {} empty", l.describe(world)),
            },
            ListAct::Next(_, x) => match Element::from_word(result) {
                Some(y) => format!("follows the link of {} to {}", element(names, x), element(names, y)),
                None => format!("finds nothing behind {}", element(names, x)),
            },
        },
        Act::Object(ObjectAct::Alloc) if result == u64::MAX => "gets no object".into(),
        Act::Object(ObjectAct::Alloc) => format!("allocates object {result}"),
        Act::Object(ObjectAct::Free(i)) if result != 0 => format!("frees object {i}"),
        Act::Object(ObjectAct::Free(i)) => format!("frees object {i}, which is free already"),
        Act::Pause(p) => match p {
            PauseAct::Pause(who) => format!("pauses {}", whom(world, who)),
            PauseAct::Unpause(who) => format!("lets {} run again", whom(world, who)),
            PauseAct::EnterGuest => "enters its guest".into(),
            PauseAct::Crash(slot) => format!("crashes {}", world.domain(slot).name),
            PauseAct::Kill(slot) => format!("marks {} dying", world.domain(slot).name),
        },
        Act::Teardown(t) => match t {
            TeardownAct::Owned(slot) if result == u64::MAX => {
                format!("finds no more frames of {}", world.domain(slot).name)
            }
            TeardownAct::Owned(_) => format!("finds frame {}", names.frame(Mfn(result))),
            TeardownAct::ClearRoot(slot) => format!("empties the root of {}", world.domain(slot).name),
            TeardownAct::FreeTable(_) if result != 0 => "gives a table page back to the pool".into(),
            TeardownAct::FreeTable(slot) => format!("finds no more tables of {}", world.domain(slot).name),
            TeardownAct::Drain(_) if result != 0 => "gives a page of the pool to the heap".into(),
            TeardownAct::Drain(slot) => format!("finds the pool of {} empty", world.domain(slot).name),
        },
        Act::Paging(p) => paging_did(world, p, result),
        _ => return None,
    })
}

/// What such an act would do, as it follows `is about to`; none for any other.
pub(super) fn doing(names: &Names<'_>, a: Act) -> Option<String> {
    let world = names.world;
    Some(match a {
        Act::Pte(PteAct { g, level, op, .. }) => {
            let does = if op == PteOp::Load { "read" } else { "change" };
            format!("{does} the table word of {g} at level {level}")
        }
        Act::Ring(RingAct::Post { ring, value, .. }) => {
            format!("post {} on {}", request(world, ring, value), ring_name(world, ring))
        }
        Act::Ring(RingAct::Take { ring, .. }) => format!("take a request from {}", ring_name(world, ring)),
        Act::List(ListAct::Insert(l, x)) => format!("put {} at the end of {}", element(names, x), l.describe(world)),
        Act::List(ListAct::Remove(l, x)) => format!("take {} off {}", element(names, x), l.describe(world)),
        Act::List(ListAct::First(l)) => format!("look at the first of {}", l.describe(world)),
        Act::List(ListAct::Next(_, x)) => format!("follow the link of {}", element(names, x)),
        Act::Object(ObjectAct::Alloc) => "allocate an object".into(),
        Act::Object(ObjectAct::Free(i)) => format!("free object {i}"),
        Act::Pause(PauseAct::Pause(who)) => format!("pause {}", whom(world, who)),
        Act::Pause(PauseAct::Unpause(who)) => format!("let {} run again", whom(world, who)),
        Act::Pause(PauseAct::EnterGuest) => "enter its guest".into(),
        Act::Pause(PauseAct::Crash(slot)) => format!("crash {}", world.domain(slot).name),
        Act::Pause(PauseAct::Kill(slot)) => format!("mark {} dying", world.domain(slot).name),
        Act::Teardown(t) => match t {
            TeardownAct::Owned(slot) => format!("look for a frame of {}", world.domain(slot).name),
            TeardownAct::ClearRoot(slot) => format!("empty the root of {}", world.domain(slot).name),
            TeardownAct::FreeTable(slot) => format!("give a table of {} back", world.domain(slot).name),
            TeardownAct::Drain(slot) => format!("take a page from the pool of {}", world.domain(slot).name),
        },
        Act::Paging(p) => paging_doing(world, p),
        _ => return None,
    })
}

fn paging_did(world: &World, a: PagingAct, result: u64) -> String {
    match (a, Ringed::from_word(result)) {
        (PagingAct::Claim { slot, .. }, Ringed::Done) => format!("claims a slot of {}", paging_ring(world, slot)),
        (PagingAct::Claim { slot, .. }, Ringed::NotNow) => format!("finds no slot on {}", paging_ring(world, slot)),
        (PagingAct::Cancel { slot }, _) => format!("gives its slot of {} back", paging_ring(world, slot)),
        (PagingAct::Put { slot, g, flags }, Ringed::Done) => {
            format!("asks for {g} on {}{}", paging_ring(world, slot), flagged(flags))
        }
        (PagingAct::Claim { slot, .. } | PagingAct::Put { slot, .. }, _) => {
            format!("finds that {} has no ring", world.domain(slot).name)
        }
        (PagingAct::Await(g), _) => format!("is paused until {g} is there"),
        (PagingAct::LetGo(g), _) => format!("lets those go on who wait for {g}"),
    }
}

fn paging_doing(world: &World, a: PagingAct) -> String {
    match a {
        PagingAct::Claim { slot, .. } => format!("claim a slot of {}", paging_ring(world, slot)),
        PagingAct::Cancel { slot } => format!("give its slot of {} back", paging_ring(world, slot)),
        PagingAct::Put { slot, g, .. } => format!("ask for {g} on {}", paging_ring(world, slot)),
        PagingAct::Await(g) => format!("pause itself until {g} is there"),
        PagingAct::LetGo(g) => format!("let those go on who wait for {g}"),
    }
}

/// What a request says beside the frame number.
fn flagged(flags: u64) -> &'static str {
    match flags {
        f if f & flag::DROP_PAGE != 0 => ", which is gone",
        f if f & flag::EVICT_FAIL != 0 => ", which is still there",
        _ => "",
    }
}

fn paging_ring(world: &World, slot: u8) -> &str {
    world.domain(slot).ring.map_or("a ring", |r| ring_name(world, r))
}

/// Whom a pause is about.
pub(super) fn whom(world: &World, who: Who) -> String {
    match who {
        Who::Actor(a) => world.actor_name(a).into(),
        Who::Domain(slot) => format!("the vCPUs of {}", world.domain(slot).name),
    }
}

fn ring_name(world: &World, ring: u8) -> &str {
    world.rings.get(ring as usize).map_or("a ring", |r| r.name.as_str())
}

/// A domain's ring carries frame numbers; what others carry is a word.
fn request(world: &World, ring: u8, value: u64) -> String {
    match world.rings.get(ring as usize).and_then(|r| r.of) {
        Some(_) => asked_for(value).to_string(),
        None => number(value),
    }
}

fn element(names: &Names<'_>, x: Element) -> String {
    match x {
        Element::Frame(mfn) => names.frame(mfn),
        Element::Object(i) => format!("object {i}"),
    }
}
