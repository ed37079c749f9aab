//! What a reduced search has learnt of the programs: which words are touched where, and what follows what.
//!
//! Protocol: all threads of a search share one [`Lore`]. It only grows, and each growth makes its version another one.
//! An answer holds if it was given by a pass during which the lore did not grow; the argument stands in [`super::guide`].

use crate::addr::ActorId;
use crate::lock::Lock;
use crate::machine::{ActorWord, GhostWord, MAX_ACTORS, Map};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Where an actor stands: its statement, and the shape of that statement's log.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Spot {
    pub actor: u8,
    pub place: u64,
    pub len: u64,
    pub scopes: u64,
}

impl Spot {
    /// Whether a step from here to there can belong to no circle of steps that all go further. The shape of a log goes
    /// further when at the first place where it differs a word stands where none was, or the word of a finished scope
    /// where another was. A failed attempt and a further round of a loop go back.
    pub fn goes_on_at(&self, next: &Spot) -> bool {
        if self.place != next.place {
            return next.place > self.place;
        }
        let words = |s: &Spot| if s.len == 0 { 0 } else { u64::MAX >> (64 - s.len.min(64)) };
        let differs = (words(self) ^ words(next)) | (self.scopes ^ next.scopes);
        let first = differs & differs.wrapping_neg();
        let rank = |s: &Spot| ((s.scopes & first != 0) as u8) << 1 | (words(s) & first != 0) as u8;
        rank(next) > rank(self)
    }
}

/// A spot by its number.
pub(super) type Node = u32;

/// Under which locks, all held exclusively, a word is touched: a bit for each lock; all bits: it never is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Touch {
    /// Whenever it is looked at.
    pub look: u64,
    /// Whenever it is written.
    pub write: u64,
    /// Whenever it is counted up or down without being looked at: two who only do that do not meet.
    pub count: u64,
}

impl Touch {
    const NEVER: Touch = Touch { look: u64::MAX, write: u64::MAX, count: u64::MAX };

    fn and(&mut self, other: Touch) -> bool {
        let before = *self;
        self.look &= other.look;
        self.write &= other.write;
        self.count &= other.count;
        *self != before
    }

    /// One of which locks must be held by whoever touches it so, and wants not to meet one who touches it as `other`
    /// says; all bits: they do not meet.
    pub fn meets(&self, other: &Touch) -> u64 {
        let never = u64::MAX;
        match self {
            Touch { write, .. } if *write != never => other.look & other.write & other.count,
            Touch { look, count, .. } if *look != never && *count != never => other.look & other.write & other.count,
            Touch { count, .. } if *count != never => other.look & other.write,
            _ => other.write & other.count,
        }
    }
}

/// Which words are touched, and how.
pub(super) type Touched = HashMap<u32, Touch>;

/// What one step was seen to do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Met {
    pub spot: Spot,
    /// Where the actor stands afterwards, if it has not ended.
    pub next: Option<Spot>,
    pub looked: Vec<u32>,
    pub wrote: Vec<u32>,
    pub counted: Option<u32>,
    /// The locks that the actor held exclusively before.
    pub held: u64,
    /// The step must not be taken alone, whatever it touches.
    pub never: bool,
}

/// What is known of a spot.
#[derive(Default)]
struct Learnt {
    touched: Touched,
    next: Vec<Node>,
    never: bool,
}

/// All that is known.
#[derive(Default)]
pub(super) struct Known {
    spots: HashMap<Spot, Node>,
    nodes: Vec<Learnt>,
    locks: Vec<u64>,
    /// Locks that two have held at once: holding one says nothing.
    leaky: u64,
}

/// What the threads of a search have learnt.
pub(super) struct Lore {
    known: RwLock<Known>,
    version: AtomicU64,
    map: Map,
    /// Actors that nothing tells apart, by two: what is seen of one is known of the other.
    twins: Vec<(ActorId, ActorId)>,
}

impl Lore {
    /// Nothing known yet.
    pub fn new(map: Map, twins: &[(ActorId, ActorId)]) -> Lore {
        Lore { known: RwLock::default(), version: AtomicU64::new(0), map, twins: twins.to_vec() }
    }

    /// How often it has grown.
    pub fn version(&self) -> u64 {
        self.version.load(Relaxed)
    }

    /// All that is known, to be read.
    pub fn known(&self) -> RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Known> {
        self.known.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of a spot.
    pub fn node(&self, spot: Spot) -> Node {
        let known = self.known().spots.get(&spot).copied();
        known.unwrap_or_else(|| self.write().node(spot))
    }

    /// The bit of a lock; none when there are too many.
    pub fn lock(&self, lock: Lock) -> u64 {
        let word = lock.to_word();
        let at = self.known().locks.iter().position(|&l| l == word);
        let at = at.unwrap_or_else(|| {
            let mut known = self.write();
            known.locks.iter().position(|&l| l == word).unwrap_or_else(|| {
                known.locks.push(word);
                known.locks.len() - 1
            })
        });
        if at < 63 { 1 << at } else { 0 }
    }

    /// Two have held that lock at once.
    pub fn leaks(&self, lock: u64) {
        let mut known = self.write();
        if known.leaky & lock != lock {
            known.leaky |= lock;
            self.version.fetch_add(1, Relaxed);
        }
    }

    /// Takes note of a step, and of those that it stands for where actors cannot be told apart.
    pub fn learn(&self, met: Met) {
        let mut known = self.write();
        let mut todo = vec![met];
        while let Some(met) = todo.pop() {
            if known.learn(&met) {
                self.version.fetch_add(1, Relaxed);
                todo.extend(self.twins.iter().map(|&pair| self.exchanged(&met, pair)).filter(|image| *image != met));
            }
        }
    }

    /// The same step of a world in which the two have changed places.
    fn exchanged(&self, met: &Met, (a, b): (ActorId, ActorId)) -> Met {
        let spot = |s: Spot| Spot { actor: other(s.actor, a.0, b.0), ..s };
        let word = |&w: &u32| {
            for first in [|m: &Map, a| m.actor(a, ActorWord::WaitsFor).0, |m: &Map, a| m.ghost(a, GhostWord::Place).0] {
                let (zero, size) = (first(&self.map, ActorId(0)), first(&self.map, ActorId(1)));
                let (size, end) = (size - zero, zero + (size - zero) * self.map.actors() as u32);
                if (zero..end).contains(&w) {
                    let whose = ((w - zero) / size) as u8;
                    return w - size * whose as u32 + size * other(whose, a.0, b.0) as u32;
                }
            }
            match w.checked_sub(self.map.len()) {
                Some(whose) if whose < MAX_ACTORS as u32 => self.map.len() + other(whose as u8, a.0, b.0) as u32,
                _ => w,
            }
        };
        Met {
            spot: spot(met.spot),
            next: met.next.map(spot),
            looked: met.looked.iter().map(word).collect(),
            wrote: met.wrote.iter().map(word).collect(),
            ..*met
        }
    }
}

fn other(x: u8, a: u8, b: u8) -> u8 {
    match x {
        _ if x == a => b,
        _ if x == b => a,
        _ => x,
    }
}

impl Known {
    fn node(&mut self, spot: Spot) -> Node {
        if let Some(&node) = self.spots.get(&spot) {
            return node;
        }
        let node = self.nodes.len() as Node;
        self.nodes.push(Learnt::default());
        self.spots.insert(spot, node);
        node
    }

    /// Whether that says anything new.
    fn learn(&mut self, met: &Met) -> bool {
        let node = self.node(met.spot);
        let next = met.next.map(|spot| self.node(spot));
        let at = &mut self.nodes[node as usize];
        let mut new = met.never && !at.never;
        at.never |= met.never;
        if let Some(next) = next.filter(|next| !at.next.contains(next)) {
            at.next.push(next);
            new = true;
        }
        let looks = met.looked.iter().map(|&w| (w, Touch { look: met.held, ..Touch::NEVER }));
        let writes = met.wrote.iter().map(|&w| (w, Touch { write: met.held, ..Touch::NEVER }));
        let counts = met.counted.iter().map(|&w| (w, Touch { count: met.held, ..Touch::NEVER }));
        for (word, touch) in looks.chain(writes).chain(counts) {
            new |= at.touched.entry(word).or_insert(Touch::NEVER).and(touch);
        }
        new
    }

    /// Locks of which holding one says nothing.
    pub fn leaky(&self) -> u64 {
        self.leaky
    }

    /// Whether the step at a spot must not be taken alone.
    pub fn never(&self, node: Node) -> bool {
        self.nodes[node as usize].never
    }

    /// What the step at a spot touches.
    pub fn touched(&self, node: Node) -> &Touched {
        &self.nodes[node as usize].touched
    }

    /// What an actor that stands there may touch from then on.
    pub fn future(&self, node: Node) -> Touched {
        let mut all = Touched::new();
        let mut todo = vec![node];
        let mut seen = vec![false; self.nodes.len()];
        seen[node as usize] = true;
        while let Some(at) = todo.pop() {
            for (&word, &touch) in &self.nodes[at as usize].touched {
                all.entry(word).or_insert(Touch::NEVER).and(touch);
            }
            for &next in &self.nodes[at as usize].next {
                if !std::mem::replace(&mut seen[next as usize], true) {
                    todo.push(next);
                }
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spot(place: u64, len: u64, scopes: u64) -> Spot {
        Spot { actor: 0, place, len, scopes }
    }

    #[test]
    fn only_failed_attempts_and_further_rounds_go_back() {
        let goes_on = |a: Spot, b: Spot| a.goes_on_at(&b);
        assert!(goes_on(spot(3, 9, 0), spot(4, 0, 0)) && !goes_on(spot(4, 0, 0), spot(3, 9, 0)));
        assert!(goes_on(spot(3, 1, 0), spot(3, 2, 0)), "a result more");
        assert!(goes_on(spot(3, 4, 0), spot(3, 2, 0b10)), "a scope of three effects becomes one word");
        assert!(!goes_on(spot(3, 3, 0), spot(3, 1, 0)), "an attempt is forgotten");
        assert!(!goes_on(spot(3, 4, 0b11), spot(3, 2, 0b11)), "a further round leaves flag and sum");
        assert!(!goes_on(spot(3, 2, 0b11), spot(3, 2, 0b11)), "nothing");
        assert!(goes_on(spot(3, 62, 0), spot(3, 63, 0)));
    }

    #[test]
    fn who_only_counts_meets_whoever_does_anything_else() {
        let never = Touch::NEVER;
        let (look, write, count) =
            (Touch { look: 1, ..never }, Touch { write: 2, ..never }, Touch { count: 4, ..never });
        let free = u64::MAX;
        assert_eq!([look, write, count].map(|other| look.meets(&other)), [free, 2, 4]);
        assert_eq!([look, write, count].map(|other| write.meets(&other)), [1, 2, 4]);
        assert_eq!([look, write, count].map(|other| count.meets(&other)), [1, 2, free]);
        // Who looks as well meets whoever writes, and who counts as well meets whoever looks.
        let both = Touch { look: 8, count: 16, ..never };
        assert_eq!([look, write, count].map(|other| both.meets(&other)), [1, 2, 4]);
        assert_eq!([look, write, count].map(|mine| mine.meets(&both)), [16, 8 & 16, 8]);
    }

    #[test]
    fn what_twins_do_is_known_of_each() {
        let map = Map::new(crate::machine::Sizes { frames: 1, actors: 3, ..Default::default() });
        let (a, c) = (ActorId(0), ActorId(2));
        let lore = Lore::new(map, &[(a, c)]);
        let var = |a| map.var(a, 3).0;
        let next = Some(spot(2, 0, 0));
        lore.learn(Met {
            spot: spot(1, 0, 0),
            next,
            looked: vec![7],
            wrote: vec![var(a)],
            counted: None,
            held: 1,
            never: false,
        });
        let image = lore.node(Spot { actor: 2, ..spot(1, 0, 0) });
        let future = lore.known().future(image);
        assert_eq!(future.get(&7), Some(&Touch { look: 1, ..Touch::NEVER }));
        assert_eq!((future.get(&var(c)), future.get(&var(a))), (Some(&Touch { write: 1, ..Touch::NEVER }), None));
        assert_eq!(lore.version(), 2);
    }
}
