//! Who waits for whom.

use super::LockName;
use crate::addr::ActorId;
use crate::lock::Mode;
use crate::sched::{self, Run};
use crate::sim::Code;
use crate::watch::waits::{On, Wait, rings, stuck};

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
}

/// Who waits for whom now.
pub fn waits<C: Code>(run: &mut Run<C>) -> Waits {
    let world = run.world().clone();
    let all = sched::waits(run);
    let waiting: Vec<ActorId> = all.iter().map(|w| w.actor).collect();
    let moving: Vec<ActorId> = world.actor_ids().filter(|a| !waiting.contains(a) && !run.sim().ended(*a)).collect();
    let stuck = stuck(&all, &moving);
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
    let bytes = |actors: &[ActorId]| actors.iter().map(|a| a.0).collect::<Vec<u8>>();
    Waits {
        nodes: world.actor_ids().map(node).collect(),
        edges: all.iter().flat_map(edges).collect(),
        cycles: rings(&all).iter().map(|ring| bytes(ring)).collect(),
        stuck: bytes(&stuck),
    }
}
