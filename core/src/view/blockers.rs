//! Who stands behind whom: the waits as trees whose roots wait for nobody, or are rings.

use super::waits::Waits;
use super::{LockName, WaitEdge};

/// A line of a tree.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Blocker {
    /// Who: one actor, or those of a ring in order.
    pub actors: Vec<u8>,
    /// How many stand before it.
    pub depth: usize,
    /// What it waits for of the one above it; none for a root.
    pub lock: Option<LockName>,
    /// Whether it wants the shared side.
    pub shared: bool,
    /// The position since which it waits.
    pub since: usize,
}

/// The trees, roots in the order of actors, each followed by those behind it. An actor that waits for several stands
/// behind each; nobody is in the graph who neither waits nor is waited for.
pub fn blockers(waits: &Waits) -> Vec<Blocker> {
    let mut all = Vec::new();
    let in_ring = |a: u8| waits.cycles.iter().any(|ring| ring.contains(&a));
    let root = |actors: Vec<u8>| Blocker { actors, depth: 0, lock: None, shared: false, since: 0 };
    for ring in &waits.cycles {
        all.push(root(ring.clone()));
        behind(ring, 1, waits, &mut all);
    }
    for node in waits.nodes.iter().filter(|n| !in_ring(n.actor)) {
        let (waits_itself, waited_for) =
            (waits.edges.iter().any(|e| e.from == node.actor), waits.edges.iter().any(|e| e.to == node.actor));
        if waited_for && !waits_itself {
            all.push(root(vec![node.actor]));
            behind(&[node.actor], 1, waits, &mut all);
        }
    }
    all
}

/// Those who wait for any of these and are in no ring, each with those behind it.
fn behind(of: &[u8], depth: usize, waits: &Waits, all: &mut Vec<Blocker>) {
    let ring = |e: &&WaitEdge| waits.cycles.iter().any(|it| it.contains(&e.from));
    for edge in waits.edges.iter().filter(|e| of.contains(&e.to) && !ring(e) && !of.contains(&e.from)) {
        // No deeper than there are actors: a wait that comes back to itself is a ring, and told as one.
        if depth > waits.nodes.len() {
            return;
        }
        all.push(Blocker {
            actors: vec![edge.from],
            depth,
            lock: Some(edge.lock.clone()),
            shared: edge.shared,
            since: edge.since,
        });
        behind(&[edge.from], depth + 1, waits, all);
    }
}
