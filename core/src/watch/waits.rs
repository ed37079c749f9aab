//! Who waits for whom, and who will wait for ever.
//!
//! A lock wait needs all its owners, and whoever pauses needs all who are still inside; any other sleeper needs any one
//! actor that still moves and could end its sleep.
//!
//! Who is stuck is found by reduction: take away every actor that can move, and all whom those could free; what is
//! left is stuck. A *deadlock* is a ring of lock waits among the stuck, also while others run, or nobody being able to
//! move before all have ended.

use crate::addr::ActorId;
use crate::lock::{Lock, Mode, global, in_the_way, word_of};
use crate::machine::paging::PagingAct;
use crate::machine::pause::{self, Who};
use crate::machine::ring::RingAct;
use crate::machine::{Words, World};
use crate::sim::Pending;
use crate::step::{Act, Cond, Effect};

/// What an actor waits for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum On {
    /// A lock, in a mode.
    Lock(Lock, Mode),
    /// A condition.
    Condition,
    /// Room on a ring, or a request.
    Ring(RingAct),
    /// vCPUs to be outside the hypervisor.
    Outside(Who),
    /// To be paused no longer.
    Unpause,
}

impl On {
    /// Whether all whom it needs must go on, as with a lock; elsewhere any one of them could end the wait.
    pub const fn needs_all(&self) -> bool {
        matches!(self, On::Lock(..) | On::Outside(_))
    }
}

/// One waiting actor.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wait {
    /// Who waits.
    pub actor: ActorId,
    /// For what.
    pub on: On,
    /// Whom it needs: all of them or any one, as [`On::needs_all`] says.
    pub needs: Vec<ActorId>,
}

/// The actors that wait, each with what it needs, from their next effects. `enabled` says who can move.
pub fn waits<W: Words>(
    m: &mut W,
    world: &World,
    pending: &[Option<Pending>],
    enabled: &dyn Fn(&mut W, ActorId) -> bool,
) -> Vec<Wait> {
    let wants = |b: ActorId| match pending[b.0 as usize].as_ref()?.effect {
        Effect::Lock(lock, mode) => Some((lock, mode)),
        _ => None,
    };
    let mut all = Vec::new();
    for a in world.actor_ids() {
        let Some(p) = pending.get(a.0 as usize).and_then(Option::as_ref) else { continue };
        if enabled(m, a) {
            continue;
        }
        let others = || world.actor_ids().filter(|&b| b != a && pending[b.0 as usize].is_some()).collect();
        let (on, needs) = match p.effect {
            _ if pause::stays(m, world, a) => (On::Unpause, others()),
            Effect::Lock(lock, mode) => (On::Lock(lock, mode), owners(m, world, a, (lock, mode), wants)),
            Effect::Wait(Cond::Outside(who)) => (On::Outside(who), pause::inside(m, world, a, who)),
            Effect::Act(Act::Ring(ring)) => (On::Ring(ring), others()),
            Effect::Act(Act::Paging(PagingAct::Claim { slot, wait })) => {
                let ring = world.domain(slot).ring.unwrap_or(u8::MAX);
                (On::Ring(RingAct::Post { ring, value: 0, wait }), others())
            }
            _ => (On::Condition, others()),
        };
        all.push(Wait { actor: a, on, needs });
    }
    all
}

/// Who must go before `a` gets the lock. For the shared side of a global lock also those who have queued for it;
/// `wants` says which lock an actor waits for.
pub fn owners<W: Words>(
    m: &mut W,
    world: &World,
    a: ActorId,
    (lock, mode): (Lock, Mode),
    wants: impl Fn(ActorId) -> Option<(Lock, Mode)>,
) -> Vec<ActorId> {
    let mut needs = in_the_way(m, world, a, lock, mode);
    let queued = word_of(m, world, lock).is_some_and(|w| matches!(lock, Lock::Global(_)) && global::queued(m.get(w)));
    if mode == Mode::Shared && queued {
        needs.extend(world.actor_ids().filter(|&b| b != a && wants(b) == Some((lock, Mode::Exclusive))));
    }
    needs.sort();
    needs.dedup();
    needs
}

/// The actors that can never move again. `moving` are those that can move now.
pub fn stuck(waits: &[Wait], moving: &[ActorId]) -> Vec<ActorId> {
    let mut free: Vec<ActorId> = moving.to_vec();
    loop {
        let before = free.len();
        for w in waits {
            let freed = match w.on.needs_all() {
                true => w.needs.iter().all(|n| free.contains(n)) && !w.needs.is_empty(),
                false => w.needs.iter().any(|n| free.contains(n)),
            };
            if freed && !free.contains(&w.actor) {
                free.push(w.actor);
            }
        }
        if free.len() == before {
            break;
        }
    }
    waits.iter().map(|w| w.actor).filter(|a| !free.contains(a)).collect()
}

/// The rings of waits for locks and for vCPUs to be outside, each from its lowest actor on, each once. Of overlapping rings, one through each actor.
pub fn rings(waits: &[Wait]) -> Vec<Vec<ActorId>> {
    let next = |a: ActorId| waits.iter().find(|w| w.actor == a && w.on.needs_all()).map(|w| &w.needs);
    let mut found: Vec<Vec<ActorId>> = Vec::new();
    for w in waits {
        if found.iter().any(|ring| ring.contains(&w.actor)) {
            continue;
        }
        if let Some(mut ring) = ring_through(w.actor, &next) {
            let low = ring.iter().enumerate().min_by_key(|(_, a)| **a).map_or(0, |(i, _)| i);
            ring.rotate_left(low);
            found.push(ring);
        }
    }
    found
}

/// A shortest ring of waits that begins and ends at `start`, breadth first.
fn ring_through<'a>(start: ActorId, next: &impl Fn(ActorId) -> Option<&'a Vec<ActorId>>) -> Option<Vec<ActorId>> {
    let mut paths = std::collections::VecDeque::from([vec![start]]);
    let mut seen = vec![];
    while let Some(path) = paths.pop_front() {
        let at = *path.last()?;
        for &to in next(at).into_iter().flatten() {
            if to == start {
                return Some(path);
            }
            if !seen.contains(&to) {
                seen.push(to);
                paths.push_back([path.as_slice(), &[to]].concat());
            }
        }
    }
    None
}

/// A deadlock among these waits: the rings, or, where nobody can move and there is none, the stuck.
pub fn deadlock(waits: &[Wait], moving: &[ActorId]) -> Option<Vec<Vec<ActorId>>> {
    let stuck = stuck(waits, moving);
    if stuck.is_empty() {
        return None;
    }
    let among: Vec<Wait> = waits.iter().filter(|w| stuck.contains(&w.actor)).cloned().collect();
    let rings = rings(&among);
    if !rings.is_empty() {
        return Some(rings);
    }
    moving.is_empty().then(|| vec![stuck])
}

/// A ring in words: `V0 -> V1 -> V0: V0 waits for range 2 of domain 1, which V1 holds; ...`.
pub fn describe(world: &World, waits: &[Wait], ring: &[ActorId]) -> String {
    let name = |a: ActorId| world.actor_name(a);
    let closed = ring.iter().chain(ring.first()).map(|&a| name(a)).collect::<Vec<_>>().join(" -> ");
    let each = ring.iter().filter_map(|&a| waits.iter().find(|w| w.actor == a)).map(|w| describe_one(world, w));
    format!("{closed}: {}", each.collect::<Vec<_>>().join("; "))
}

/// One wait in words.
pub fn describe_one(world: &World, w: &Wait) -> String {
    let names: Vec<&str> = w.needs.iter().map(|&n| world.actor_name(n)).collect();
    let (who, holds) = (names.join(" and "), if names.len() == 1 { "holds" } else { "hold" });
    match w.on {
        On::Lock(lock, _) if names.is_empty() => {
            format!("{} waits for {}, which nobody holds", world.actor_name(w.actor), lock.describe(world))
        }
        On::Lock(lock, _) => {
            format!("{} waits for {}, which {who} {holds}", world.actor_name(w.actor), lock.describe(world))
        }
        On::Condition if names.is_empty() => {
            format!("{} sleeps until a condition holds, and nobody is left to make it true", world.actor_name(w.actor))
        }
        On::Condition => format!("{} sleeps until a condition holds", world.actor_name(w.actor)),
        On::Outside(_) => {
            let are = if names.len() == 1 { "is" } else { "are" };
            format!("{} sleeps until {who} {are} outside the hypervisor", world.actor_name(w.actor))
        }
        On::Ring(ring) if names.is_empty() => {
            let name = world.actor_name(w.actor);
            format!("{name} sleeps until there is {}, and nobody is left to bring it", ring.wants(world))
        }
        On::Ring(ring) => {
            let who = names.join(" or ");
            format!(
                "{} sleeps until there is {}, which {who} could bring",
                world.actor_name(w.actor),
                ring.wants(world)
            )
        }
        On::Unpause if names.is_empty() => {
            format!("{} is paused, and nobody is left to let it run", world.actor_name(w.actor))
        }
        On::Unpause => format!("{} is paused until {} lets it run", world.actor_name(w.actor), names.join(" or ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn a(n: u8) -> ActorId {
        ActorId(n)
    }

    fn lock(actor: u8, needs: &[u8]) -> Wait {
        let on = On::Lock(Lock::Named(0), Mode::Exclusive);
        Wait { actor: a(actor), on, needs: needs.iter().map(|&n| a(n)).collect() }
    }

    fn sleep(actor: u8, needs: &[u8]) -> Wait {
        Wait { on: On::Condition, ..lock(actor, needs) }
    }

    #[test]
    fn a_ring_is_found_while_others_run() {
        let waits = [lock(0, &[1]), lock(1, &[0])];
        assert_eq!(deadlock(&waits, &[a(2)]), Some(vec![vec![a(0), a(1)]]));
    }

    #[test]
    fn a_wait_for_one_who_can_move_is_no_deadlock() {
        let waits = [lock(0, &[1]), lock(1, &[2])];
        assert_eq!(stuck(&waits, &[a(2)]), []);
        assert_eq!(deadlock(&waits, &[a(2)]), None);
    }

    #[test]
    fn all_owners_are_needed_but_any_waker_will_do() {
        assert_eq!(stuck(&[lock(0, &[1, 2]), lock(1, &[0])], &[a(2)]), [a(0), a(1)]);
        assert_eq!(stuck(&[sleep(0, &[1, 2]), lock(1, &[0])], &[a(2)]), []);
    }

    #[test]
    fn independent_rings_are_told_apart() {
        let waits = [lock(0, &[1]), lock(1, &[0]), lock(2, &[3]), lock(3, &[2]), lock(4, &[0])];
        assert_eq!(deadlock(&waits, &[]), Some(vec![vec![a(0), a(1)], vec![a(2), a(3)]]));
    }

    #[test]
    fn a_lock_that_an_ended_actor_left_is_a_deadlock_only_when_nobody_moves() {
        let waits = [lock(0, &[1])];
        assert_eq!(deadlock(&waits, &[a(2)]), None);
        assert_eq!(deadlock(&waits, &[]), Some(vec![vec![a(0)]]));
    }

    #[test]
    fn a_lock_taken_twice_is_a_ring_of_one() {
        assert_eq!(deadlock(&[lock(0, &[0])], &[a(1)]), Some(vec![vec![a(0)]]));
    }
}
