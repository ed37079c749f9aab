//! What is remembered over all runs of a session: in which orders locks were asked for, and where that was seen first.
//!
//! Runs are the branches of a [`Run`], and those that a search has met. Each has a number here, and an [`Origin`] that
//! leads back to it.

use super::holds::note_orders;
use super::run::Run;
use crate::addr::ActorId;
use crate::lock::{Lock, Mode};
use crate::sim::Code;
use crate::watch::potential::{Held, Order, Orders, Seen};

/// Where a run is to be found again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Origin {
    /// A branch of the run.
    Branch(usize),
    /// These steps from the first state on: who, and which way at a choice.
    Steps(Vec<(ActorId, u64)>),
}

/// An order that a search has met, and steps that show it. Plain numbers, since it crosses threads as text.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct Sighting {
    /// Who.
    pub actor: u8,
    /// What it held, outermost first: the lock as a word, and whether it is the shared side.
    pub held: Vec<(u64, bool)>,
    /// What it asked for.
    pub wants: (u64, bool),
    /// Steps that lead there, the last of them the one that takes the lock, if it can be taken there.
    pub steps: Vec<(u8, u64)>,
}

impl Sighting {
    /// The order with these steps.
    pub fn new(order: &Order, steps: &[(ActorId, u64)]) -> Sighting {
        let plain = |&(lock, mode): &Held| (lock.to_word(), mode == Mode::Shared);
        Sighting {
            actor: order.actor.0,
            held: order.held.iter().map(plain).collect(),
            wants: plain(&order.wants),
            steps: steps.iter().map(|&(a, way)| (a.0, way)).collect(),
        }
    }
}

/// The orders of all runs of a session.
#[derive(Clone, Debug, Default)]
pub struct Session {
    orders: Orders,
    runs: Vec<Origin>,
    /// How many steps of each branch were looked at.
    upto: Vec<usize>,
    /// The rings that the orders could close.
    rings: Vec<Vec<Order>>,
}

impl Session {
    /// Looks at the steps that are new on the current branch. To be called after whatever has stepped it.
    pub fn note<C: Code>(&mut self, run: &Run<C>) {
        let branch = run.fork();
        if self.upto.len() <= branch {
            self.upto.resize(branch + 1, 0);
        }
        if run.len() > self.upto[branch] {
            self.upto[branch] = run.len();
            let number = self.number(Origin::Branch(branch));
            let known = self.orders.all().len();
            note_orders(run.events(), number, &mut self.orders);
            self.close(known);
        }
    }

    /// Looks for rings again if there are more orders than were known.
    fn close(&mut self, known: usize) {
        if self.orders.all().len() > known {
            self.rings = self.orders.rings().into_iter().map(|ring| ring.into_iter().cloned().collect()).collect();
        }
    }

    /// Takes over what a search has met.
    pub fn learn(&mut self, met: &[Sighting]) {
        let known = self.orders.all().len();
        for s in met {
            let held = |&(lock, shared): &(u64, bool)| {
                (Lock::from_word(lock), if shared { Mode::Shared } else { Mode::Exclusive })
            };
            let stack: Vec<Held> = s.held.iter().map(held).collect();
            let steps: Vec<(ActorId, u64)> = s.steps.iter().map(|&(a, way)| (ActorId(a), way)).collect();
            let step = steps.len();
            let run = self.number(Origin::Steps(steps));
            self.orders.note(ActorId(s.actor), &stack, held(&s.wants), Seen { run, step });
        }
        self.close(known);
    }

    fn number(&mut self, origin: Origin) -> usize {
        self.runs.iter().position(|known| *known == origin).unwrap_or_else(|| {
            self.runs.push(origin);
            self.runs.len() - 1
        })
    }

    /// All orders.
    pub fn orders(&self) -> &Orders {
        &self.orders
    }

    /// The rings that they could close, as [`Orders::rings`] has them.
    pub fn rings(&self) -> &[Vec<Order>] {
        &self.rings
    }

    /// Where the run of that number is.
    pub fn origin(&self, run: usize) -> Option<&Origin> {
        self.runs.get(run)
    }
}
