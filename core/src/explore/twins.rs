//! Actors that nothing tells apart: of those that have not begun only the first one does.
//!
//! Two actors are twins if they have kind, domain, rounds and program in common, if nobody names one of them, and if the
//! world has nothing that goes by the order of actors: rings, pauses, logs of processors, views, patience. In a state in
//! which neither has begun and all that is theirs alone is equal (their records, their variables) no shared word can
//! name one of them either: they have done nothing yet. Exchanging the two then gives the same state. So to each run that
//! the second one begins belongs one that the first begins, in which the same rules break; only that is searched.
//! Programs that come back to their first place are no twins, since one that stands there could have begun.
//!
//! Once both have begun they go on as different actors. With n twins, of the n! orders in which they can begin one is left.

use crate::addr::{ActorId, Word};
use crate::machine::{ActorWord, GhostWord};
use crate::sim::{Code, Sim};

/// A twin, and the next one.
#[derive(Clone, Copy)]
struct Pair {
    first: ActorId,
    second: ActorId,
    /// Where both begin.
    place: u64,
}

/// The twins of a world.
#[derive(Clone, Default)]
pub(super) struct Twins(Vec<Pair>);

impl Twins {
    /// Those of the world of `sim`, if that is in its first state.
    pub fn of<C: Code>(sim: &Sim<C>) -> Twins {
        let w = sim.world();
        let views = w.domains.iter().any(|d| d.view.is_some());
        if w.pausable || !w.rings.is_empty() || w.pml.is_some() || w.patience.is_some() || views || sim.hash() != 0 {
            return Twins::default();
        }
        let kin = |a: ActorId| (w.actors[a.0 as usize].kind, w.actors[a.0 as usize].domain, sim.rounds_of(a));
        let mut pairs = Vec::new();
        for first in w.actor_ids() {
            let place = sim.place(first);
            let twin = |&second: &ActorId| {
                let pair = Pair { first, second, place };
                kin(first) == kin(second) && sim.code().alike(first, second) && pair.stands(sim)
            };
            let next = w.actor_ids().skip(first.0 as usize + 1).find(twin);
            pairs.extend(next.filter(|_| sim.rounds_of(first) == 1).map(|second| Pair { first, second, place }));
        }
        Twins(pairs)
    }

    /// The twins, by two.
    pub fn pairs(&self) -> Vec<(ActorId, ActorId)> {
        self.0.iter().map(|p| (p.first, p.second)).collect()
    }

    /// Whether there are none.
    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Who need not be tried in this state, a bit for each.
    pub fn skip<C: Code>(&self, sim: &Sim<C>) -> u16 {
        self.0.iter().filter(|p| p.stands(sim)).fold(0, |set, p| set | 1 << p.second.0)
    }
}

impl Pair {
    /// Whether neither has begun and nothing tells them apart.
    fn stands<C: Code>(&self, sim: &Sim<C>) -> bool {
        let (m, map) = (sim.memory(), sim.world().map);
        let fresh = |a| {
            let ghost = |w| m.peek(map.ghost(a, w));
            ghost(GhostWord::Place) == self.place && ghost(GhostWord::LogLen) == 0 && !sim.ended(a)
        };
        let same = |first: Word, second: Word| {
            let size = second.0.abs_diff(first.0) / (self.second.0 - self.first.0) as u32;
            (0..size).all(|i| {
                let at = first.0 + i;
                // What actor 0's record says of the whole world is of no actor.
                at == map.ghost(ActorId(0), GhostWord::Broken).0 || m.peek(Word(at)) == m.peek(Word(second.0 + i))
            })
        };
        fresh(self.first)
            && fresh(self.second)
            && same(map.ghost(self.first, GhostWord::Place), map.ghost(self.second, GhostWord::Place))
            && same(map.actor(self.first, ActorWord::WaitsFor), map.actor(self.second, ActorWord::WaitsFor))
    }
}
