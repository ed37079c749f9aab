//! Rings of requests: a domain's paging ring, and the lesson's own.
//!
//! A ring is its length and its slots, the oldest request in the first slot; taking one moves the others up, so that
//! equal contents are equal words. A domain's keeps more beside them ([`paging`]). Whoever finds the ring full or empty waits, unless it said that it does not.
//!
//! Protocol: all words of rings change under the heap's word. Looking whether there is room, and using it, are one
//! effect, so that two who wait for one slot never both get it.

use super::frames::heap;
use super::map::RING_ROOM;
use super::paging;
use super::record::DomWord;
use super::words::Words;
use super::world::World;

/// What is done to a ring, by its place in [`World::rings`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RingAct {
    /// Puts a request behind the others; gives nothing.
    Post {
        /// Which ring.
        ring: u8,
        /// The request.
        value: u64,
        /// Whether to sleep while there is no room.
        wait: bool,
    },
    /// Takes the oldest request, and gives it.
    Take {
        /// Which ring.
        ring: u8,
        /// Whether to sleep while there is none.
        wait: bool,
    },
}

/// What became of it: the second word of the effect's result.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u64)]
pub enum Ringed {
    /// Done.
    Done = 0,
    /// The ring is full, or empty.
    NotNow = 1,
    /// The domain has no ring.
    NoRing = 2,
}

impl Ringed {
    /// From an effect's result.
    pub const fn from_word(w: u64) -> Ringed {
        match w {
            0 => Ringed::Done,
            1 => Ringed::NotNow,
            _ => Ringed::NoRing,
        }
    }
}

/// The first slot's place in a ring's words.
const SLOTS: u64 = 8;
/// Words that a ring takes.
pub const WORDS: u32 = (SLOTS + RING_ROOM) as u32;

impl RingAct {
    /// Which ring.
    pub const fn ring(self) -> u8 {
        match self {
            RingAct::Post { ring, .. } | RingAct::Take { ring, .. } => ring,
        }
    }

    /// Whether it sleeps where it has to.
    pub const fn waits(self) -> bool {
        match self {
            RingAct::Post { wait, .. } | RingAct::Take { wait, .. } => wait,
        }
    }

    /// Whether the ring has room for it, or a request.
    fn fits<W: Words>(self, m: &mut W, world: &World) -> bool {
        let n = len(m, world, self.ring());
        match self {
            RingAct::Post { ring, .. } => n + paging::claimed(m, world, ring) < slots(world, ring),
            RingAct::Take { .. } => n > 0,
        }
    }

    /// Whether it needs no waiting now.
    pub fn ready<W: Words>(self, m: &mut W, world: &World) -> bool {
        !self.waits() || !there(m, world, self.ring()) || self.fits(m, world)
    }

    /// For whom it is about, in a sentence: `room on the ring of domain 1`.
    pub fn wants(self, world: &World) -> String {
        let name = world.rings.get(self.ring() as usize).map_or("a ring", |r| r.name.as_str());
        match self {
            RingAct::Post { .. } => format!("room on {name}"),
            RingAct::Take { .. } => format!("a request on {name}"),
        }
    }
}

/// How many requests the ring holds.
pub fn len<W: Words>(m: &mut W, world: &World, ring: u8) -> u64 {
    m.get(world.map.ring(ring as u32)).min(RING_ROOM)
}

/// How many it can hold.
pub fn slots(world: &World, ring: u8) -> u64 {
    world.rings.get(ring as usize).map_or(0, |r| r.slots)
}

/// The requests, oldest first.
pub fn requests<W: Words>(m: &mut W, world: &World, ring: u8) -> Vec<u64> {
    let at = world.map.ring(ring as u32);
    (0..len(m, world, ring)).map(|i| m.get(at.at(SLOTS + i))).collect()
}

/// Puts a request behind the others, for whom a slot was set aside.
pub(super) fn push<W: Words>(m: &mut W, world: &World, ring: u8, value: u64) {
    let at = world.map.ring(ring as u32);
    let n = m.get(at);
    if n < RING_ROOM {
        m.set(at.at(SLOTS + n), value);
        m.set(at, n + 1);
    }
}

/// Changes requests where they stand.
pub(super) fn change<W: Words>(m: &mut W, world: &World, ring: u8, f: impl Fn(u64) -> u64) {
    let at = world.map.ring(ring as u32);
    for (i, was) in (0..).zip(requests(m, world, ring)) {
        let now = f(was);
        if now != was {
            m.set(at.at(SLOTS + i), now);
        }
    }
}

/// Whether there is such a ring: a domain's may be taken away and given back.
pub fn there<W: Words>(m: &mut W, world: &World, ring: u8) -> bool {
    match world.rings.get(ring as usize) {
        Some(r) => r.of.is_none_or(|slot| m.get(world.map.dom(slot, DomWord::HasRing)) != 0),
        None => false,
    }
}

/// What such an effect does to words; none if it has to wait, and then nothing has changed.
pub fn act<W: Words>(m: &mut W, world: &World, a: RingAct) -> Option<[u64; 2]> {
    heap(m, world, |m| {
        if !there(m, world, a.ring()) {
            return Some([0, Ringed::NoRing as u64]);
        }
        if !a.fits(m, world) {
            return (!a.waits()).then_some([0, Ringed::NotNow as u64]);
        }
        let at = world.map.ring(a.ring() as u32);
        let n = len(m, world, a.ring());
        match a {
            RingAct::Post { ring, value, .. } => {
                push(m, world, ring, value);
                Some([0, Ringed::Done as u64])
            }
            RingAct::Take { .. } => {
                let oldest = m.get(at.at(SLOTS));
                for i in 1..n {
                    let v = m.get(at.at(SLOTS + i));
                    m.set(at.at(SLOTS + i - 1), v);
                }
                m.set(at.at(SLOTS + n - 1), 0);
                m.set(at, n - 1);
                let of_domain = world.rings.get(a.ring() as usize).is_some_and(|r| r.of.is_some());
                let seen = if of_domain { paging::taken(m, world, a.ring(), oldest) } else { oldest };
                Some([seen, Ringed::Done as u64])
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::Builder;

    #[test]
    fn a_ring_gives_back_in_order_and_leaves_no_trace() {
        let (world, first) = Builder { rings: vec![("r".into(), 3)], ..Builder::default() }.build().unwrap();
        let mut m = first.to_vec();
        let post = |value| RingAct::Post { ring: 0, value, wait: true };
        let take = RingAct::Take { ring: 0, wait: true };
        assert!(!take.ready(&mut m, &world));
        assert_eq!(act(&mut m, &world, take), None);
        for v in [7, 8, 9] {
            assert_eq!(act(&mut m, &world, post(v)), Some([0, 0]));
        }
        assert!(!post(1).ready(&mut m, &world));
        assert_eq!(act(&mut m, &world, post(1)), None, "three slots");
        let now = RingAct::Post { ring: 0, value: 1, wait: false };
        assert_eq!(act(&mut m, &world, now), Some([0, Ringed::NotNow as u64]));
        assert_eq!(requests(&mut m, &world, 0), [7, 8, 9]);
        let taken: Vec<u64> = (0..3).map(|_| act(&mut m, &world, take).unwrap()[0]).collect();
        assert_eq!((taken, m.as_slice()), (vec![7, 8, 9], &first[..]));
    }
}
