//! The tables that a guest's own guests run on: which of them are in use, for what, and which was used longest ago.
//!
//! A domain's nested views are named by their slots. A view's record says which root of the guest it shows and how
//! often it was emptied; the domain's record holds the order of use; a vCPU's record the view that it runs on, without
//! which its accesses to the view fault. All of these change under the domain's nestedp2m lock or, as a view is
//! emptied, under the view's own p2m lock.

use super::map::MAX_NESTED;
use super::record::{ActorWord, DomWord};
use super::words::Words;
use super::world::{Kind, ViewKind, World};
use super::{frames, tlb};
use crate::addr::{ActorId, DomId};

/// What one effect does to these records.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NestedAct {
    /// The slot of the view that shows a root of the guest, or all ones.
    Find {
        /// The domain, by its slot.
        of: u8,
        /// The root.
        base: u64,
    },
    /// The slot of the view that was used longest ago, or all ones if the domain has none.
    Oldest(u8),
    /// Notes that a view is used now.
    Touch(u8),
    /// Stops a vCPU that runs on the view, as an interrupt does: it leaves the view and its TLB is emptied. Gives
    /// whether it ran there.
    Stop {
        /// Who.
        actor: ActorId,
        /// On what.
        view: u8,
    },
    /// Frees the lowest table page of a view that is not its root; gives whether there was one.
    FreeTable(u8),
}

/// The nested views of a domain, by their slots.
pub fn views(world: &World, of: u8) -> impl Iterator<Item = u8> + use<'_> {
    let nested = move |d: &super::Domain| d.view.is_some_and(|v| v.of == of && v.kind == ViewKind::Nested);
    world.domains.iter().enumerate().filter(move |(_, d)| nested(d)).map(|(i, _)| i as u8)
}

/// Whether an actor's accesses reach that table: a vCPU must run on a nested view, all else is always there.
pub fn reaches<W: Words>(m: &mut W, world: &World, me: ActorId, dom: DomId) -> bool {
    let Some(slot) = world.slot(dom) else { return true };
    let nested = world.domain(slot).view.is_some_and(|v| v.kind == ViewKind::Nested);
    let vcpu = world.actors[me.0 as usize].kind == Kind::Vcpu;
    !nested || !vcpu || m.get(world.map.actor(me, ActorWord::Nested)) == slot as u64 + 1
}

/// Does one of them; its result.
pub fn perform<W: Words>(m: &mut W, world: &World, act: NestedAct) -> u64 {
    match act {
        NestedAct::Find { of, base } => {
            let shows = |v: &u8| m.get(world.map.dom(*v, DomWord::NestedBase)) == base + 1;
            views(world, of).find(shows).map_or(u64::MAX, u64::from)
        }
        NestedAct::Oldest(of) => oldest(m, world, of).map_or(u64::MAX, u64::from),
        NestedAct::Touch(view) => {
            touch(m, world, view);
            0
        }
        NestedAct::Stop { actor, view } => {
            let on = world.map.actor(actor, ActorWord::Nested);
            let ran = m.cas(on, view as u64 + 1, 0) == view as u64 + 1;
            if ran {
                tlb::flush(m, world, actor);
            }
            ran as u64
        }
        NestedAct::FreeTable(view) => frames::free_lowest_table(m, world, view) as u64,
    }
}

/// Most recently used first; a view that was never used is not in it.
fn order<W: Words>(m: &mut W, world: &World, of: u8) -> Vec<u8> {
    let at = |i| world.map.dom_nth(of, DomWord::NestedOrder, i);
    (0..MAX_NESTED)
        .map(|i| m.get(at(i)))
        .take_while(|&w| w != 0)
        .filter_map(|w| views(world, of).find(|v| *v as u64 + 1 == w))
        .collect()
}

fn oldest<W: Words>(m: &mut W, world: &World, of: u8) -> Option<u8> {
    let used = order(m, world, of);
    views(world, of).find(|v| !used.contains(v)).or_else(|| used.last().copied())
}

fn touch<W: Words>(m: &mut W, world: &World, view: u8) {
    let Some(of) = world.domain(view).view.map(|v| v.of) else { return };
    let mut used = order(m, world, of);
    used.retain(|v| *v != view);
    used.insert(0, view);
    for (i, v) in used.iter().take(MAX_NESTED as usize).enumerate() {
        m.set(world.map.dom_nth(of, DomWord::NestedOrder, i as u64), *v as u64 + 1);
    }
}
