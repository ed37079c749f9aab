//! Who waits for whom, in which form each of the stuck is stuck, and whom to abort.

use super::LockName;
use crate::addr::ActorId;
use crate::lock::Mode;
use crate::machine::World;
use crate::sched::{self, Run};
use crate::sim::Code;
use crate::watch::abort::to_abort;
use crate::watch::forms::{self, Form};
use crate::watch::waits::{On, Wait, describe_one, rings, stuck};

/// An actor in the graph.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct WaitNode {
    /// Who.
    pub actor: u8,
    /// Its name.
    pub name: String,
    /// `runs`, `waits`, `asleep`, `ended`.
    pub state: &'static str,
    /// It can never go on.
    pub stuck: bool,
}

/// One actor waits for another.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct WaitEdge {
    /// Who waits.
    pub from: u8,
    /// Who would have to let go.
    pub to: u8,
    /// The lock.
    pub lock: LockName,
    /// Whether the shared side is wanted.
    pub shared: bool,
    /// The position since which it waits.
    pub since: usize,
}

/// One actor sleeps, or waits until others are outside.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Sleep {
    /// Who.
    pub actor: u8,
    /// Whom it needs.
    pub needs: Vec<u8>,
    /// Whether it needs all of them; else any one could end its sleep.
    pub all: bool,
    /// What it waits for, in a sentence without its full stop.
    pub sentence: String,
    /// The position since which it sleeps.
    pub since: usize,
}

/// How an actor, or a ring of them, is stuck.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct FormView {
    /// `ring`, `leaked`, `forsaken` or `behind`.
    pub kind: &'static str,
    /// Those of the ring in order, or the one actor.
    pub actors: Vec<u8>,
    /// Who left the lock, or behind whom it waits.
    pub on: Vec<u8>,
    /// The lock that was left.
    pub lock: Option<LockName>,
    /// All of it in a sentence.
    pub sentence: String,
}

/// The forms of all who are stuck, and the smallest set of actors whose abort lets all others go on. `moving` are those
/// that can move, `ended` those that have ended.
pub fn stuck_forms(world: &World, all: &[Wait], moving: &[ActorId], ended: &[ActorId]) -> (Vec<FormView>, Vec<u8>) {
    let view = |form: &Form| {
        let (kind, actors, on, lock) = match form {
            Form::Ring(ring) => ("ring", bytes(ring), Vec::new(), None),
            Form::Leaked { actor, lock, by } => ("leaked", vec![actor.0], bytes(by.as_slice()), Some(*lock)),
            Form::Forsaken(actor) => ("forsaken", vec![actor.0], Vec::new(), None),
            Form::Behind(actor, on) => ("behind", vec![actor.0], bytes(on), None),
        };
        let lock = lock.map(|lock| LockName::of(lock, world));
        FormView { kind, actors, on, lock, sentence: forms::describe(world, form) }
    };
    let forms = forms::forms(all, moving, ended).iter().map(view).collect();
    (forms, bytes(&to_abort(all, moving)))
}

fn bytes(actors: &[ActorId]) -> Vec<u8> {
    actors.iter().map(|a| a.0).collect()
}

/// The graph.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Waits {
    /// All actors, in their order.
    pub nodes: Vec<WaitNode>,
    /// Who waits for whom.
    pub edges: Vec<WaitEdge>,
    /// Each ring of actors that wait for one another, its smallest first.
    pub cycles: Vec<Vec<u8>>,
    /// Who can never go on.
    pub stuck: Vec<u8>,
    /// Who waits for something that is no lock.
    pub sleeps: Vec<Sleep>,
    /// How the stuck are stuck: rings first.
    pub forms: Vec<FormView>,
    /// The smallest set of actors whose abort lets all others go on; empty while nobody is stuck.
    pub abort: Vec<u8>,
}

/// Who waits for whom now.
pub fn waits<C: Code>(run: &mut Run<C>) -> Waits {
    let world = run.world().clone();
    let all = sched::waits(run);
    let waiting: Vec<ActorId> = all.iter().map(|w| w.actor).collect();
    let moving: Vec<ActorId> = world.actor_ids().filter(|a| !waiting.contains(a) && !run.sim().ended(*a)).collect();
    let ended: Vec<ActorId> = world.actor_ids().filter(|a| run.sim().ended(*a)).collect();
    let stuck = stuck(&all, &moving);
    let (forms, abort) = stuck_forms(&world, &all, &moving, &ended);
    let sleep = |w: &Wait| Sleep {
        actor: w.actor.0,
        needs: bytes(&w.needs),
        all: w.on.needs_all(),
        sentence: describe_one(&world, w),
        since: run.waits_since(w.actor).unwrap_or(run.at()),
    };
    let node = |a: ActorId| WaitNode {
        actor: a.0,
        name: world.actor_name(a).into(),
        state: match all.iter().find(|w| w.actor == a) {
            Some(w) if matches!(w.on, On::Lock(..)) => "waits",
            Some(_) => "asleep",
            None if run.sim().ended(a) => "ended",
            None => "runs",
        },
        stuck: stuck.contains(&a),
    };
    let edges = |w: &Wait| {
        let On::Lock(lock, mode) = w.on else { return Vec::new() };
        let since = run.waits_since(w.actor).unwrap_or(run.at());
        let edge = |to: &ActorId| WaitEdge {
            from: w.actor.0,
            to: to.0,
            lock: LockName::of(lock, &world),
            shared: mode == Mode::Shared,
            since,
        };
        w.needs.iter().map(edge).collect()
    };
    Waits {
        nodes: world.actor_ids().map(node).collect(),
        edges: all.iter().flat_map(edges).collect(),
        cycles: rings(&all).iter().map(|ring| bytes(ring)).collect(),
        stuck: bytes(&stuck),
        sleeps: all.iter().filter(|w| !matches!(w.on, On::Lock(..))).map(sleep).collect(),
        forms,
        abort,
    }
}
