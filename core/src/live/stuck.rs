//! Who can never go on, found while the others run.
//!
//! Protocol. Nothing is stopped for it: whoever asks reads the actors' wait records and the lock words, now and then.
//! One such reading is no moment of the run. An actor counts as waiting only if two readings find it in the same wait
//! and it has looked in vain twice in between, so that one whole look lay between them. Such an actor has changed
//! nothing from the first reading to the second, and what it held it still holds. From such waits the stuck are found
//! by the reduction of [`waits`]. To report too little is possible until the next reading, to report too much is not.

use super::control::{State, waiting};
use super::{Inner, Live};
use crate::addr::ActorId;
use crate::lock;
use crate::sim::Code;
use crate::watch::waits::{self, On, Wait};

/// What an actor was seen to do.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Seen {
    /// It does not wait, or what it waits for has come.
    Moves,
    /// It has ended and frees nobody.
    Gone,
    /// It waits.
    Waits(Wait),
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
    found: Vec<Wait>,
}

impl Detector {
    /// A detector that has seen nothing.
    pub fn new() -> Detector {
        Detector::default()
    }

    /// Reads once more and gives those who are known to be stuck, in the order of actors; their rings are
    /// [`waits::rings`]. It takes at least two readings, and those who wait must have had the time to look again
    /// (2 ms at most).
    pub fn poll<C: Code>(&mut self, live: &Live<C>) -> &[Wait] {
        let now = read(&live.0);
        let stuck = reduce(self.base.iter().zip(&now).map(|(was, is)| was.steady(is)));
        let sure = |w: &Wait| {
            let (was, is) = (&self.base[w.actor.0 as usize], &now[w.actor.0 as usize]);
            is.frozen || is.looks.0 >= was.looks.1 + 2
        };
        if stuck.iter().all(sure) {
            self.found = stuck;
            self.base = now;
        } else {
            self.found.retain(|f| stuck.contains(f));
        }
        &self.found
    }
}

impl Sight {
    /// What it was seen to do, if it is in the same wait now. What it needs is what the first reading says.
    fn steady(&self, now: &Sight) -> Seen {
        let same = match (&self.seen, &now.seen) {
            (Seen::Waits(a), Seen::Waits(b)) => a.on == b.on && self.waits == now.waits,
            (Seen::Gone, Seen::Gone) => true,
            _ => false,
        };
        if same { self.seen.clone() } else { Seen::Moves }
    }
}

/// Those who wait and whom nobody can free.
fn reduce(seen: impl Iterator<Item = Seen>) -> Vec<Wait> {
    let (mut all, mut moving) = (Vec::new(), Vec::new());
    for (a, seen) in (0..).map(ActorId).zip(seen) {
        match seen {
            Seen::Moves => moving.push(a),
            Seen::Gone => {}
            Seen::Waits(w) => all.push(w),
        }
    }
    let stuck = waits::stuck(&all, &moving);
    all.retain(|w| stuck.contains(&w.actor));
    all
}

/// One reading of all actors. The order matters: looks, records, numbers of the waits, owners, looks.
fn read<C: Code>(live: &Inner<C>) -> Vec<Sight> {
    let (world, mut m) = (&live.world, live.store.words());
    let before: Vec<u64> = live.owns.iter().map(|own| own.looks()).collect();
    let mut sights: Vec<Sight> = Vec::with_capacity(before.len());
    for (a, own) in world.actor_ids().zip(&live.owns) {
        let state = own.state();
        let waits = |on| Seen::Waits(Wait { actor: a, on, needs: Vec::new() });
        let seen = match (state, waiting(&mut m, world, a)) {
            (State::Drained | State::Strayed | State::Aborted, _) => Seen::Gone,
            (_, Some((lock, mode))) => waits(On::Lock(lock, mode)),
            (_, None) if own.waits_for_condition() => waits(On::Condition),
            (_, None) => Seen::Moves,
        };
        let looks = (before[a.0 as usize], 0);
        sights.push(Sight { seen, waits: own.waits(), looks, frozen: state == State::Frozen });
    }
    let wants: Vec<Option<On>> = sights.iter().map(|s| s.seen.on()).collect();
    let gone: Vec<bool> = sights.iter().map(|s| s.seen == Seen::Gone).collect();
    for sight in &mut sights {
        let Seen::Waits(wait) = &mut sight.seen else { continue };
        let a = wait.actor;
        match wait.on {
            On::Lock(lock, mode) => {
                let wants = |b: ActorId| match wants[b.0 as usize] {
                    Some(On::Lock(lock, mode)) => Some((lock, mode)),
                    _ => None,
                };
                wait.needs = waits::owners(&mut m, world, a, (lock, mode), wants);
                // Free by now, unless there is no such lock.
                if wait.needs.is_empty() && lock::word_of(&mut m, world, lock).is_some() {
                    sight.seen = Seen::Moves;
                }
            }
            _ => {
                wait.needs = world.actor_ids().filter(|&b| b != a && !gone[b.0 as usize]).collect();
            }
        }
    }
    for (own, sight) in live.owns.iter().zip(&mut sights) {
        sight.looks.1 = own.looks();
    }
    sights
}

impl Seen {
    fn on(&self) -> Option<On> {
        match self {
            Seen::Waits(w) => Some(w.on.clone()),
            Seen::Moves | Seen::Gone => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lock::{Lock, Mode};

    fn wait(actor: u8, lock: bool, needs: &[u8]) -> Seen {
        let on = if lock { On::Lock(Lock::Named(0), Mode::Exclusive) } else { On::Condition };
        Seen::Waits(Wait { actor: ActorId(actor), on, needs: needs.iter().map(|&a| ActorId(a)).collect() })
    }

    #[track_caller]
    fn check(seen: &[Seen], stuck: &[u8]) {
        let got: Vec<u8> = reduce(seen.iter().cloned()).into_iter().map(|w| w.actor.0).collect();
        assert_eq!(got, stuck, "{seen:?}");
    }

    #[test]
    fn whoever_nobody_can_free_is_stuck() {
        use Seen::{Gone, Moves};
        check(&[], &[]);
        check(&[Moves, wait(1, true, &[0])], &[]);
        // A ring, with one behind it and one beside it.
        check(&[wait(0, true, &[1]), wait(1, true, &[0]), wait(2, true, &[1]), Moves], &[0, 1, 2]);
        // A lock that has leaked, and a lock taken twice.
        check(&[Gone, wait(1, true, &[0])], &[1]);
        check(&[wait(0, true, &[0]), Moves], &[0]);
        // A condition can come true as long as anybody moves.
        check(&[wait(0, false, &[1]), Moves], &[]);
        check(&[wait(0, false, &[]), Gone], &[0]);
        check(&[wait(0, false, &[1]), wait(1, true, &[0])], &[0, 1]);
    }

    #[test]
    fn only_the_same_wait_is_steady() {
        let sight = |seen, waits| Sight { seen, waits, looks: (0, 0), frozen: false };
        let was = sight(wait(0, true, &[1]), 4);
        assert_eq!(was.steady(&sight(wait(0, true, &[2]), 4)), was.seen, "owners are those of the first reading");
        assert_eq!(was.steady(&sight(wait(0, true, &[1]), 5)), Seen::Moves);
        assert_eq!(was.steady(&sight(wait(0, false, &[1]), 4)), Seen::Moves);
        assert_eq!(was.steady(&sight(Seen::Moves, 4)), Seen::Moves);
        assert_eq!(sight(Seen::Gone, 1).steady(&sight(Seen::Gone, 1)), Seen::Gone);
    }
}
