//! Who can never go on, found while the others run.
//!
//! Protocol. Nothing is stopped for it: whoever asks reads the actors' wait records and the lock words, now and then.
//! One such reading is no moment of the run. An actor counts as waiting only if two readings find it in the same wait
//! and it has looked in vain twice in between, so that one whole look lay between them. Such an actor has changed
//! nothing from the first reading to the second, and what it held it still holds.
//!
//! Who is stuck is found by reduction: whoever is not waiting can move; a waiter for a lock can be freed if all who
//! hold it off can move; a waiter for a condition if anybody at all can. Take all these away, again and again; the
//! rest is stuck. To report too little is possible until the next reading, to report too much is not.

use super::control::{State, waiting};
use super::{Inner, Live};
use crate::addr::ActorId;
use crate::lock::{self, Lock, Mode, global};
use crate::machine::{Words, World};
use crate::sim::Code;

/// An actor that can never go on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stuck {
    /// Who.
    pub actor: ActorId,
    /// The lock it waits for; none: it waits for a condition.
    pub lock: Option<(Lock, Mode)>,
    /// Who holds the lock off: its holders, or whoever has queued first. The actor itself where it holds the lock
    /// already, or no lock page is left for the range.
    pub owners: Vec<ActorId>,
}

/// What an actor was seen to wait for.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Seen {
    /// It does not wait.
    Moves,
    /// It has ended and frees nobody.
    Gone,
    /// For a lock that these hold off.
    Lock(Lock, Mode, Vec<ActorId>),
    /// For a condition.
    Condition,
}

/// One reading of an actor.
#[derive(Clone, Debug)]
struct Sight {
    seen: Seen,
    /// Which of its waits it is in.
    waits: u64,
    /// Looks in vain before the first word of the reading was read, and after the last.
    looks: (u64, u64),
    frozen: bool,
}

/// Watches a live run for actors that can never go on. Never blocks, so the page's main thread may ask.
#[derive(Clone, Debug, Default)]
pub struct Detector {
    base: Vec<Sight>,
    found: Vec<Stuck>,
}

impl Detector {
    /// A detector that has seen nothing.
    pub fn new() -> Detector {
        Detector::default()
    }

    /// Reads once more and gives those who are known to be stuck, in the order of actors. It takes at least two
    /// readings, and those who wait must have had the time to look again (1 ms at most).
    pub fn poll<C: Code>(&mut self, live: &Live<C>) -> &[Stuck] {
        let now = read(&live.0);
        let steady: Vec<Seen> = self.base.iter().zip(&now).map(|(was, is)| was.steady(is)).collect();
        let stuck = reduce(&steady);
        let sure = |a: &ActorId| {
            let (was, is) = (&self.base[a.0 as usize], &now[a.0 as usize]);
            is.frozen || is.looks.0 >= was.looks.1 + 2
        };
        if stuck.iter().all(sure) {
            self.found = stuck.into_iter().filter_map(|a| report(a, &steady)).collect();
            self.base = now;
        } else {
            self.found.retain(|f| stuck.contains(&f.actor));
        }
        &self.found
    }
}

impl Sight {
    /// What it was seen to wait for, if it is in the same wait now.
    fn steady(&self, now: &Sight) -> Seen {
        let same = match (&self.seen, &now.seen) {
            (Seen::Lock(a, m, _), Seen::Lock(b, n, _)) => a == b && m == n && self.waits == now.waits,
            (Seen::Condition, Seen::Condition) => self.waits == now.waits,
            (Seen::Gone, Seen::Gone) => true,
            _ => false,
        };
        if same { self.seen.clone() } else { Seen::Moves }
    }
}

fn report(a: ActorId, seen: &[Seen]) -> Option<Stuck> {
    match &seen[a.0 as usize] {
        Seen::Lock(lock, mode, owners) => Some(Stuck { actor: a, lock: Some((*lock, *mode)), owners: owners.clone() }),
        Seen::Condition => Some(Stuck { actor: a, lock: None, owners: Vec::new() }),
        Seen::Moves | Seen::Gone => None,
    }
}

/// Those who wait and whom nobody can free.
fn reduce(seen: &[Seen]) -> Vec<ActorId> {
    let mut moves: Vec<bool> = seen.iter().map(|s| *s == Seen::Moves).collect();
    loop {
        let freed = seen.iter().enumerate().position(|(a, s)| {
            !moves[a]
                && match s {
                    Seen::Moves => true,
                    Seen::Gone => false,
                    Seen::Lock(_, _, owners) => owners.iter().all(|o| moves[o.0 as usize]),
                    Seen::Condition => moves.contains(&true),
                }
        });
        match freed {
            Some(a) => moves[a] = true,
            None => break,
        }
    }
    let waits = |a: &usize| !moves[*a] && seen[*a] != Seen::Gone;
    (0..seen.len()).filter(waits).map(|a| ActorId(a as u8)).collect()
}

/// One reading of all actors. The order matters: looks, records, numbers of the waits, owners, looks.
fn read<C: Code>(live: &Inner<C>) -> Vec<Sight> {
    let (world, mut m) = (&live.world, live.store.words());
    let before: Vec<u64> = live.owns.iter().map(|own| own.looks()).collect();
    let mut sights: Vec<Sight> = Vec::with_capacity(before.len());
    for (a, own) in world.actor_ids().zip(&live.owns) {
        let state = own.state();
        let seen = match (state, waiting(&mut m, world, a)) {
            (State::Drained | State::Strayed | State::Aborted, _) => Seen::Gone,
            (_, Some((lock, mode))) => Seen::Lock(lock, mode, Vec::new()),
            (_, None) if own.waits_for_condition() => Seen::Condition,
            (_, None) => Seen::Moves,
        };
        let looks = (before[a.0 as usize], 0);
        sights.push(Sight { seen, waits: own.waits(), looks, frozen: state == State::Frozen });
    }
    let wants: Vec<Option<(Lock, Mode)>> = sights
        .iter()
        .map(|s| match s.seen {
            Seen::Lock(lock, mode, _) => Some((lock, mode)),
            _ => None,
        })
        .collect();
    for (a, sight) in world.actor_ids().zip(&mut sights) {
        if let Seen::Lock(lock, mode, owners) = &mut sight.seen {
            *owners = held_off_by(live, world, a, *lock, *mode, &wants);
        }
    }
    for (own, sight) in live.owns.iter().zip(&mut sights) {
        sight.looks.1 = own.looks();
    }
    sights
}

/// Who holds a lock off from the actor that waits for it.
fn held_off_by<C: Code>(
    live: &Inner<C>,
    world: &World,
    a: ActorId,
    lock: Lock,
    mode: Mode,
    wants: &[Option<(Lock, Mode)>],
) -> Vec<ActorId> {
    let mut m = live.store.words();
    let Some(word) = lock::word_of(&mut m, world, lock) else { return vec![a] };
    let holders = lock::holders(&mut m, world, lock);
    let shared = mode == Mode::Shared;
    let mut owners: Vec<ActorId> =
        holders.into_iter().filter(|h| !shared || h.1 == Mode::Exclusive).map(|h| h.0).collect();
    owners.dedup();
    if shared && owners.is_empty() && global::queued(m.get(word)) {
        let queued = |w: &Option<(Lock, Mode)>| *w == Some((lock, Mode::Exclusive));
        owners = world.actor_ids().zip(wants).filter(|(_, w)| queued(w)).map(|(a, _)| a).collect();
    }
    owners
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock(owners: &[u8]) -> Seen {
        Seen::Lock(Lock::Named(0), Mode::Exclusive, owners.iter().map(|&a| ActorId(a)).collect())
    }

    #[track_caller]
    fn check(seen: &[Seen], stuck: &[u8]) {
        let got: Vec<u8> = reduce(seen).into_iter().map(|a| a.0).collect();
        assert_eq!(got, stuck, "{seen:?}");
    }

    #[test]
    fn whoever_nobody_can_free_is_stuck() {
        use Seen::{Condition, Gone, Moves};
        check(&[], &[]);
        check(&[Moves, lock(&[0])], &[]);
        // A ring, with one behind it and one beside it.
        check(&[lock(&[1]), lock(&[0]), lock(&[1]), Moves], &[0, 1, 2]);
        // All holders of a shared side must go.
        check(&[lock(&[1, 2]), Moves, lock(&[0])], &[0, 2]);
        check(&[lock(&[1, 2]), Moves, Moves], &[]);
        // A chain that ends with somebody who can move.
        check(&[lock(&[1]), lock(&[2]), lock(&[3]), Moves], &[]);
        // A lock that leaked, and a lock taken twice.
        check(&[Gone, lock(&[0])], &[1]);
        check(&[lock(&[0]), Moves], &[0]);
        // The lock has become free, its waiter has not looked yet.
        check(&[lock(&[]), lock(&[0])], &[]);
        // A condition can come true as long as anybody moves.
        check(&[Condition, Moves], &[]);
        check(&[Condition, Gone], &[0]);
        check(&[Condition, lock(&[0])], &[0, 1]);
        check(&[Condition, lock(&[2]), Moves], &[]);
    }

    #[test]
    fn only_the_same_wait_is_steady() {
        let sight = |seen, waits| Sight { seen, waits, looks: (0, 0), frozen: false };
        let was = sight(lock(&[1]), 4);
        assert_eq!(was.steady(&sight(lock(&[]), 4)), lock(&[1]), "owners are those of the first reading");
        assert_eq!(was.steady(&sight(lock(&[1]), 5)), Seen::Moves);
        assert_eq!(was.steady(&sight(Seen::Condition, 4)), Seen::Moves);
        assert_eq!(sight(Seen::Gone, 1).steady(&sight(Seen::Gone, 1)), Seen::Gone);
    }
}
