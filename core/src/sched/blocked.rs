//! Why an actor cannot step: the lock, and who would have to let go of it.

use super::event::Waiting;
use super::holds::holds;
use super::run::Run;
use crate::addr::ActorId;
use crate::lock::{self, Lock, Mode};
use crate::machine::World;
use crate::sim::Code;
use crate::step::Effect;
use crate::watch::waits::{self, On, Wait};

/// Who waits now, each with those whom it needs.
pub fn waits<C: Code>(run: &mut Run<C>) -> Vec<Wait> {
    let world = run.world().clone();
    let pending = run.sim.all_pending().to_vec();
    let waiting: Vec<ActorId> = run.waiting(run.at()).iter().map(|w| w.actor).collect();
    waits::waits(run.words(), &world, &pending, &|_, a| !waiting.contains(&a))
}

/// Who would have to let go before an actor gets a lock; nobody for an actor that does not wait for one.
pub fn owners<C: Code>(run: &mut Run<C>, a: ActorId) -> Vec<ActorId> {
    let mine = waits(run).into_iter().find(|w| w.actor == a && matches!(w.on, On::Lock(..)));
    mine.map_or(Vec::new(), |w| w.needs)
}

/// Why an actor cannot step, in one sentence; none if it can.
pub fn why<C: Code>(run: &mut Run<C>, a: ActorId) -> Option<String> {
    let world = run.world().clone();
    if a.0 as usize >= world.actors.len() {
        return Some("There is no such actor.".into());
    }
    let name = world.actor_name(a);
    if run.sim().ended(a) {
        return Some(format!("{name} has ended."));
    }
    let since = run.waits_since(a)?;
    let Waiting { on, .. } = *run.waiting(run.at()).iter().find(|w| w.actor == a)?;
    let Effect::Lock(lock, mode) = on else {
        let wait = waits(run).into_iter().find(|w| w.actor == a);
        let what = wait.map_or(format!("{name} sleeps"), |w| waits::describe_one(&world, &w));
        return Some(format!("{what}, since step {since}."));
    };
    Some(format!("{name} asks for {}, {}.", side(lock, mode, &world), cause(run, a, lock)))
}

/// A lock with its side where it has two.
pub fn side(lock: Lock, mode: Mode, world: &World) -> String {
    match (lock, mode) {
        (Lock::Global(_), Mode::Shared) => format!("the shared side of {}", lock.describe(world)),
        _ => lock.describe(world),
    }
}

/// Who keeps an actor from a lock: `which PG holds since step 9`.
pub fn cause<C: Code>(run: &mut Run<C>, a: ActorId, lock: Lock) -> String {
    let world = run.world().clone();
    let all = owners(run, a);
    let held = holds(run.past());
    let since = |o: ActorId| held.iter().find(|h| h.depth > 0 && h.actor == o && h.lock == lock).map(|h| h.since);
    if all.is_empty() {
        return match lock {
            Lock::Range(..) | Lock::Area(..) => "for which there is no lock page".into(),
            _ => "which nobody holds".into(),
        };
    }
    let holding = lock::holders(run.sim.words(), &world, lock);
    let each = |&o: &ActorId| {
        let who = if o == a { "it" } else { world.actor_name(o) };
        let holds = holding.iter().any(|h| h.0 == o);
        match (holds, since(o)) {
            (false, _) => format!("for which {who} has queued"),
            (true, Some(step)) => format!("which {who} holds since step {step}"),
            (true, None) => format!("which {who} holds"),
        }
    };
    all.iter().map(each).collect::<Vec<_>>().join(" and ")
}
