//! Lists whose links stand in their elements: domains' frames, their populate-on-demand caches, the lesson's own.
//!
//! An element is a frame or a heap object, and is on one list at the most: it has one pair of links, and beside them
//! which list it is on. Whoever puts it on a second one, takes it off one where it is not, or follows the link of one
//! that is on none, is told so; what that would do to a list in C, where nothing is noted, is a breach and not
//! simulated.
//!
//! Protocol: links and heads change under the heap's word, or before the run begins.

use super::frames::heap;
use super::map::Map;
use super::record::{DomWord, FrameWord};
use super::words::Words;
use super::world::World;
use crate::addr::{Mfn, Word};

/// A list.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum List {
    /// The frames of the domain in that slot.
    Pages(u8),
    /// Those of its populate-on-demand cache, one by one.
    Pod(u8),
    /// That cache's blocks of 2 MB, by their first frames.
    Supers(u8),
    /// One of the lesson's own.
    Own(u8),
}

/// What can be on a list.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Element {
    /// A frame.
    Frame(Mfn),
    /// A heap object, by its number.
    Object(u64),
}

/// What is done to a list as a whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ListAct {
    /// Puts an element at the end; gives 1, or 0 and nothing has changed if it is on a list already.
    Insert(List, Element),
    /// Takes an element out; gives 1, or 0 and nothing has changed if it is not on this list.
    Remove(List, Element),
    /// The first element as [`Element::to_word`], or 0.
    First(List),
    /// The element behind one that should be on the list, by that one's own link, or 0.
    Next(List, Element),
}

/// Bit of an element's word that says that it is an object.
const OBJECT: u64 = 1 << 41;
/// Where a frame's use says which list the frame is on.
const LIST_AT: u32 = 16;

impl Element {
    /// As links hold it: never 0.
    pub const fn to_word(self) -> u64 {
        match self {
            Element::Frame(mfn) => mfn.0 + 1,
            Element::Object(i) => OBJECT | (i + 1),
        }
    }

    /// The inverse of [`Element::to_word`]; none for 0.
    pub const fn from_word(w: u64) -> Option<Element> {
        match (w & OBJECT, w & !OBJECT) {
            (_, 0) => None,
            (0, n) => Some(Element::Frame(Mfn(n - 1))),
            (_, n) => Some(Element::Object(n - 1)),
        }
    }

    /// The links to the next element and the one before, then the word that says which list it is on, from which bit.
    fn words(self, map: &Map) -> Option<([Word; 3], u32)> {
        Some(match self {
            Element::Frame(mfn) => {
                let word = |w| map.frame(mfn, w);
                ([word(FrameWord::Next)?, word(FrameWord::Prev)?, word(FrameWord::Use)?], LIST_AT)
            }
            Element::Object(i) => ([map.object(i, 1)?, map.object(i, 2)?, map.object(i, 3)?], 0),
        })
    }
}

impl List {
    /// Never 0; 16 bits.
    const fn id(self) -> u64 {
        1 + match self {
            List::Pages(slot) => slot as u64,
            List::Pod(slot) => 1 << 8 | slot as u64,
            List::Own(i) => 2 << 8 | i as u64,
            List::Supers(slot) => 3 << 8 | slot as u64,
        }
    }

    const fn of_id(id: u64) -> Option<List> {
        let Some(n) = id.checked_sub(1) else { return None };
        Some(match n >> 8 {
            0 => List::Pages(n as u8),
            1 => List::Pod(n as u8),
            2 => List::Own(n as u8),
            _ => List::Supers(n as u8),
        })
    }

    /// Whether the world has that list: its number may come out of memory.
    fn is_there(self, world: &World) -> bool {
        match self {
            List::Pages(slot) | List::Pod(slot) | List::Supers(slot) => (slot as usize) < world.domains.len(),
            List::Own(i) => (i as usize) < world.lists.len(),
        }
    }

    /// The words of its first and its last element.
    fn ends(self, world: &World) -> [Word; 2] {
        match self {
            List::Pages(slot) => [DomWord::ListHead, DomWord::ListTail].map(|w| world.map.dom(slot, w)),
            List::Pod(slot) => [DomWord::PodSingleHead, DomWord::PodSingleTail].map(|w| world.map.dom(slot, w)),
            List::Supers(slot) => [DomWord::PodSuperHead, DomWord::PodSuperTail].map(|w| world.map.dom(slot, w)),
            List::Own(i) => [world.map.list(i as u32), world.map.list(i as u32).at(1)],
        }
    }

    /// As sentences call it.
    pub fn describe(self, world: &World) -> String {
        match self {
            List::Pages(slot) => format!("the page list of {}", world.domain(slot).name),
            List::Pod(slot) | List::Supers(slot) => format!("the cache of {}", world.domain(slot).name),
            List::Own(i) => format!("list {}", world.lists.get(i as usize).map_or("", String::as_str)),
        }
    }
}

/// What such an effect does to words.
pub fn act<W: Words>(m: &mut W, world: &World, a: ListAct) -> u64 {
    heap(m, world, |m| match a {
        ListAct::Insert(list, x) => {
            let fresh = on(m, world, x).is_none();
            if fresh {
                put(m, world, list, x);
            }
            fresh as u64
        }
        ListAct::Remove(list, x) => {
            let there = on(m, world, x) == Some(list);
            if there {
                take(m, world, list, x);
            }
            there as u64
        }
        ListAct::First(list) => m.get(list.ends(world)[0]),
        ListAct::Next(_, x) => x.words(&world.map).map_or(0, |(w, _)| m.get(w[0])),
    })
}

/// The list that an element is on.
pub fn on<W: Words>(m: &mut W, world: &World, x: Element) -> Option<List> {
    let ([_, _, word], at) = x.words(&world.map)?;
    List::of_id(m.get(word) >> at).filter(|l| l.is_there(world))
}

/// The elements of a list, first to last. Stops after as many as there can be, should the links run in a ring.
pub fn all<W: Words>(m: &mut W, world: &World, list: List) -> Vec<Element> {
    let most = world.map.frames() as usize + world.map.objects() as usize;
    let mut all = Vec::new();
    let mut at = m.get(list.ends(world)[0]);
    while let Some(x) = Element::from_word(at).filter(|_| all.len() < most) {
        all.push(x);
        at = x.words(&world.map).map_or(0, |(w, _)| m.get(w[0]));
    }
    all
}

/// Hangs an element in at the end; it must be on no list.
pub(super) fn put<W: Words>(m: &mut W, world: &World, list: List, x: Element) {
    let (Some(([next, before, word], at)), [head, tail]) = (x.words(&world.map), list.ends(world)) else { return };
    let last = m.get(tail);
    match Element::from_word(last).and_then(|l| l.words(&world.map)) {
        Some(([link, ..], _)) => m.set(link, x.to_word()),
        None => m.set(head, x.to_word()),
    }
    m.set(next, 0);
    m.set(before, last);
    m.set(tail, x.to_word());
    let rest = m.get(word) & ((1 << at) - 1);
    m.set(word, rest | list.id() << at);
}

/// Takes an element off the list that it is on.
pub(super) fn take<W: Words>(m: &mut W, world: &World, list: List, x: Element) {
    let (Some(([next, before, word], at)), [head, tail]) = (x.words(&world.map), list.ends(world)) else { return };
    let (n, b) = (m.get(next), m.get(before));
    match Element::from_word(b).and_then(|e| e.words(&world.map)) {
        Some(([link, ..], _)) => m.set(link, n),
        None => m.set(head, n),
    }
    match Element::from_word(n).and_then(|e| e.words(&world.map)) {
        Some(([_, link, _], _)) => m.set(link, b),
        None => m.set(tail, b),
    }
    m.set(next, 0);
    m.set(before, 0);
    let rest = m.get(word) & ((1 << at) - 1);
    m.set(word, rest);
}

/// A list of a domain's frames, whichever domain: where it begins and ends.
#[derive(Clone, Copy, Debug)]
pub struct FrameList {
    /// The word of the first element.
    pub head: DomWord,
    /// The word of the last one.
    pub tail: DomWord,
    of: fn(u8) -> List,
}

impl FrameList {
    /// The frames that a domain has (`page_list`), but for those in its populate-on-demand cache.
    pub const PAGES: FrameList = FrameList { head: DomWord::ListHead, tail: DomWord::ListTail, of: List::Pages };
    /// The cache's frames of 4 KB.
    pub const POD_SINGLE: FrameList =
        FrameList { head: DomWord::PodSingleHead, tail: DomWord::PodSingleTail, of: List::Pod };
    /// The cache's blocks of 2 MB, by their first frames.
    pub const POD_SUPER: FrameList =
        FrameList { head: DomWord::PodSuperHead, tail: DomWord::PodSuperTail, of: List::Supers };

    /// Its frames, first to last.
    pub fn frames<W: Words>(self, m: &mut W, world: &World, slot: u8) -> Vec<Mfn> {
        let frame = |x| if let Element::Frame(mfn) = x { Some(mfn) } else { None };
        all(m, world, (self.of)(slot)).into_iter().filter_map(frame).collect()
    }

    /// Puts a frame that is on no list at its end.
    pub(super) fn push<W: Words>(self, m: &mut W, world: &World, slot: u8, mfn: Mfn) {
        put(m, world, (self.of)(slot), Element::Frame(mfn));
    }

    /// Takes a frame off whichever list it is on.
    pub(super) fn pull<W: Words>(m: &mut W, world: &World, mfn: Mfn) {
        if let Some(list) = on(m, world, Element::Frame(mfn)) {
            take(m, world, list, Element::Frame(mfn));
        }
    }
}
