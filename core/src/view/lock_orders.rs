//! The graph of lock orders of a session: which lock was asked for while which was held.

use super::LockName;
use crate::lock::Mode;
use crate::sched::{Origin, Run, Session};
use crate::sim::Code;
use crate::watch::potential::{Held, Order};

/// One lock was asked for while another was held.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct OrderEdge {
    /// The place of the held one in [`LockOrders::locks`].
    pub held: usize,
    /// The place of the one asked for.
    pub wants: usize,
    /// By whom, in the order of their first times.
    pub actors: Vec<u8>,
    /// The number of the run in which it was seen first.
    pub run: usize,
    /// What that run is called.
    pub run_name: String,
    /// The step of it.
    pub step: usize,
    /// Whether it is a part of a ring that could close.
    pub ring: bool,
}

/// Locks and the orders between them.
#[derive(Clone, PartialEq, Eq, Debug, Default, serde::Serialize)]
pub struct LockOrders {
    /// The locks of all orders, in the order in which they were first met.
    pub locks: Vec<LockName>,
    /// The orders, first seen first.
    pub edges: Vec<OrderEdge>,
}

/// The orders of all runs of the session. Shared sides are left out unless they are a part of a ring: they let in
/// whoever asks for the same.
pub fn lock_orders<C: Code>(run: &Run<C>, session: &Session) -> LockOrders {
    let world = run.world();
    let mut out = LockOrders::default();
    let clash = |a: Held, b: Held| {
        let same = a.0 == b.0 || a.0.covers(b.0) || b.0.covers(a.0);
        same && !(a.1 == Mode::Shared && b.1 == Mode::Shared)
    };
    // In a ring each holds what the one before it asks for.
    let in_ring = |order: &Order, held: Held| {
        session.rings().iter().any(|ring| {
            let before = |i: usize| ring[(i + ring.len() - 1) % ring.len()].wants;
            ring.iter().enumerate().any(|(i, o)| o == order && clash(held, before(i)))
        })
    };
    for order in session.orders().all() {
        for &held in &order.held {
            let ring = in_ring(order, held);
            if !ring && (held.1 == Mode::Shared || order.wants.1 == Mode::Shared) {
                continue;
            }
            let mut place = |lock| {
                let name = LockName::of(lock, world);
                out.locks.iter().position(|it| it.id == name.id).unwrap_or_else(|| {
                    out.locks.push(name);
                    out.locks.len() - 1
                })
            };
            let (held, wants) = (place(held.0), place(order.wants.0));
            match out.edges.iter_mut().find(|e| (e.held, e.wants) == (held, wants)) {
                Some(edge) => {
                    edge.ring |= ring;
                    if !edge.actors.contains(&order.actor.0) {
                        edge.actors.push(order.actor.0);
                    }
                }
                None => out.edges.push(OrderEdge {
                    held,
                    wants,
                    actors: vec![order.actor.0],
                    run: order.first.run,
                    run_name: match session.origin(order.first.run) {
                        Some(Origin::Branch(f)) => run.forks().get(*f).map_or("a fork".into(), |it| it.name.clone()),
                        _ => "search".into(),
                    },
                    step: order.first.step,
                    ring,
                }),
            }
        }
    }
    out
}
