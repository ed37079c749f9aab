//! Heap objects: a word each, and links for one list.
//!
//! Protocol: objects are taken and given back under the heap's word, the lowest first; a free one holds zeroes. One
//! that is given back while it is on a list is taken off it.

use super::frames::{Class, heap, must_fail};
use super::lists::{self, Element};
use super::words::Words;
use super::world::World;
use crate::addr::ActorId;

/// What is done to heap objects as a whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ObjectAct {
    /// Takes the lowest free object; gives its number, or all ones.
    Alloc,
    /// Gives one back; gives 1, or 0 if it was free already.
    Free(u64),
}

/// What such an effect does to words.
pub fn act<W: Words>(m: &mut W, world: &World, me: ActorId, a: ObjectAct) -> u64 {
    match a {
        ObjectAct::Alloc if must_fail(m, world, me, Class::Object) => u64::MAX,
        ObjectAct::Alloc => heap(m, world, |m| {
            let free = |m: &mut W, i: &u64| !in_use(m, world, *i);
            let Some(i) = (0..world.map.objects() as u64).find(|i| free(m, i)) else { return u64::MAX };
            set_use(m, world, i, true);
            i
        }),
        ObjectAct::Free(i) => heap(m, world, |m| {
            if !in_use(m, world, i) {
                return 0;
            }
            if let Some(list) = lists::on(m, world, Element::Object(i)) {
                lists::take(m, world, list, Element::Object(i));
            }
            if let Some(cell) = world.map.object(i, 0) {
                m.set(cell, 0);
            }
            set_use(m, world, i, false);
            1
        }),
    }
}

/// Whether the object is in use; one that does not exist is not.
pub fn in_use<W: Words>(m: &mut W, world: &World, i: u64) -> bool {
    i < world.map.objects() as u64 && m.get(world.map.object_map((i / 64) as u32)) >> (i % 64) & 1 == 1
}

fn set_use<W: Words>(m: &mut W, world: &World, i: u64, used: bool) {
    let word = world.map.object_map((i / 64) as u32);
    let bits = m.get(word);
    m.set(word, bits & !(1 << (i % 64)) | (used as u64) << (i % 64));
}
