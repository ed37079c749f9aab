//! What is wrong with a run, as one value, from which both reports are made: sentences for the class
//! ([`Diagnosis::plain`]), and a text of the kind that kernel engineers read ([`Diagnosis::engineer`]).
//!
//! It says who is stuck and in which form, whom to abort, who waits or goes round for long and from when on that has a
//! name, which rules are broken, and which deadlocks could be: rings of orders seen in any run of the session.

mod engineer;
mod plain;

pub use engineer::Context;

use super::report::{Breach, report};
use super::waits::{FormView, waits};
use super::{HeldView, LockName, actors};
use crate::addr::ActorId;
use crate::lock::{Lock, Mode};
use crate::machine::World;
use crate::sched::{self, Counters, Origin, Run, Session, Thresholds};
use crate::sim::Code;
use crate::watch::potential::{Held, Order};

/// A lock that an actor holds.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct HeldLock {
    /// Which.
    pub lock: LockName,
    /// Its level; 0 is outside the order.
    pub level: u8,
    /// Whether it is the shared side.
    pub shared: bool,
    /// How often it is held.
    pub depth: u64,
    /// The step that took it; none if it was held before the first.
    pub since: Option<usize>,
    /// The statement that took it.
    pub place: Option<u64>,
}

/// A lock that an actor waits for.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Wanted {
    /// Which.
    pub lock: LockName,
    /// Its level; 0 is outside the order.
    pub level: u8,
    /// Whether it is the shared side.
    pub shared: bool,
    /// The position since which it waits.
    pub since: usize,
    /// Who would have to let go.
    pub needs: Vec<u8>,
}

/// What is counted of an actor.
#[derive(Clone, PartialEq, Eq, Debug, Default, serde::Serialize)]
pub struct Counted {
    /// The lock that it waits for, or could have now after waiting.
    pub lock: Option<LockName>,
    /// Steps of others while it had to wait for that lock.
    pub waited: u64,
    /// How often others got that lock meanwhile.
    pub overtaken: u64,
    /// Rounds in a row in which it got nowhere.
    pub rounds: u64,
    /// The step after which these began.
    pub rounds_since: usize,
    /// Because of whom.
    pub because: Vec<u8>,
    /// Its wait is longer than the threshold.
    pub starves: bool,
    /// Its rounds are as many as the threshold, and because of others that go round.
    pub livelock: bool,
    /// Its rounds are as many as the threshold, and because of nobody who goes round.
    pub spins: bool,
}

/// An actor, as far as locks go.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Party {
    /// Its place in the world.
    pub actor: u8,
    /// Its name.
    pub name: String,
    /// What it is: `toolstack of domain 1`.
    pub what: String,
    /// The statement that it is at.
    pub place: Option<u64>,
    /// What it holds, outermost first.
    pub held: Vec<HeldLock>,
    /// What it waits for.
    pub wants: Option<Wanted>,
    /// What it sleeps for, in a sentence without its full stop, and since which position.
    pub sleeps: Option<(String, usize)>,
    /// What is counted of it.
    pub counted: Counted,
}

/// An order in which an actor asked for locks.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct OrderView {
    /// Who.
    pub actor: u8,
    /// What it held of those that matter here: what keeps the one before it in the ring from going on.
    pub held: LockName,
    /// All that it held, outermost first.
    pub stack: Vec<LockName>,
    /// What it asked for.
    pub wants: LockName,
    /// Whether that was the shared side.
    pub shared: bool,
    /// The number of the run in which that was seen first, as the session has it.
    pub run: usize,
    /// What that run is called.
    pub run_name: String,
    /// The step of it.
    pub step: usize,
}

/// A deadlock that could be: a ring of orders.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Possible {
    /// Each asks for what the next one held.
    pub orders: Vec<OrderView>,
    /// Whether just these stand in a ring now.
    pub stands: bool,
}

/// What is wrong with a run.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Diagnosis {
    /// The position.
    pub at: usize,
    /// All actors, in their order.
    pub parties: Vec<Party>,
    /// How the stuck are stuck.
    pub forms: Vec<FormView>,
    /// The smallest set of actors whose abort lets all others go on.
    pub abort: Vec<u8>,
    /// Who can move now.
    pub moving: Vec<u8>,
    /// All rules broken so far, each once, with the first step that broke it.
    pub broken: Vec<Breach>,
    /// From when on waits and rounds have a name.
    pub thresholds: Thresholds,
    /// The earliest position with the very state of now, while actors go round.
    pub again: Option<usize>,
    /// The deadlocks that could be, of all runs of the session.
    pub possible: Vec<Possible>,
}

/// What is wrong with the run at the position, and with all runs of the session.
pub fn diagnosis<C: Code>(run: &mut Run<C>, session: &Session) -> Diagnosis {
    let world = run.world().clone();
    let graph = waits(run);
    let counters = sched::counters(run);
    let thresholds = Thresholds::of(&world);
    let (livelock, spins) = sched::livelock(&counters, thresholds);
    let views = actors(run);
    let party = |view: super::ActorView| {
        let a = ActorId(view.actor);
        let edges = || graph.edges.iter().filter(|e| e.from == a.0);
        let level = |lock: &LockName| lock.lock().level(&world);
        let asleep = graph.sleeps.iter().find(|s| s.actor == a.0);
        let wants = match &view.state {
            super::State::Waits { lock, shared, since, .. } => Some(Wanted {
                lock: lock.clone(),
                level: level(lock),
                shared: *shared,
                since: *since,
                needs: edges().map(|e| e.to).collect(),
            }),
            _ => None,
        };
        let counter = counters.iter().find(|c| c.actor == a);
        Party {
            actor: a.0,
            what: domain(&world, a).map_or_else(|| view.kind.into(), |domain| format!("{} of {domain}", view.kind)),
            place: view.place,
            held: view.held.iter().map(|h| held(run, &world, h)).collect(),
            wants,
            sleeps: asleep.map(|s| (s.sentence.clone(), s.since)),
            counted: counted(&world, counter, thresholds, livelock.contains(&a), spins.contains(&a)),
            name: view.name,
        }
    };
    let parties: Vec<Party> = views.into_iter().map(party).collect();
    Diagnosis {
        at: run.at(),
        parties,
        forms: graph.forms,
        abort: graph.abort,
        moving: graph.nodes.iter().filter(|n| n.state == "runs").map(|n| n.actor).collect(),
        broken: report(run).broken,
        thresholds,
        again: (!livelock.is_empty() || !spins.is_empty()).then(|| sched::again(run)).flatten(),
        possible: possible(run, &world, session, &graph.cycles),
    }
}

/// The domain that an actor acts for, by name; none where the world does not have it, as a toolstack's own.
fn domain(world: &World, a: ActorId) -> Option<String> {
    let slot = world.slot(world.actors[usize::from(a.0)].domain)?;
    Some(world.domain(slot).name.clone())
}

fn held<C: Code>(run: &Run<C>, world: &World, h: &HeldView) -> HeldLock {
    HeldLock {
        lock: h.lock.clone(),
        level: h.lock.lock().level(world),
        shared: h.shared,
        depth: h.depth,
        since: h.since,
        place: h.since.and_then(|step| run.events().get(step.checked_sub(1)?)).map(|e| e.did.place),
    }
}

fn counted(world: &World, c: Option<&Counters>, thresholds: Thresholds, livelock: bool, spins: bool) -> Counted {
    let waited = c.and_then(|c| c.waited.as_ref());
    let rounds = c.and_then(|c| c.rounds.as_ref());
    Counted {
        lock: waited.map(|w| LockName::of(w.lock, world)),
        waited: waited.map_or(0, |w| w.steps),
        overtaken: waited.map_or(0, |w| w.overtaken),
        rounds: rounds.map_or(0, |r| r.count),
        rounds_since: rounds.map_or(0, |r| r.since),
        because: rounds.map_or(Vec::new(), |r| r.because.iter().map(|a| a.0).collect()),
        starves: waited.is_some_and(|w| w.steps > thresholds.waited),
        livelock,
        spins,
    }
}

fn possible<C: Code>(run: &Run<C>, world: &World, session: &Session, cycles: &[Vec<u8>]) -> Vec<Possible> {
    let name = |run_number: usize| match session.origin(run_number) {
        Some(Origin::Branch(f)) => run.forks().get(*f).map_or("a fork".into(), |fork| fork.name.clone()),
        _ => "search".into(),
    };
    let of = |lock: Lock| LockName::of(lock, world);
    let view = |(order, before): (&Order, &Order)| {
        let (lock, mode) = before.wants;
        let clash = |h: &&Held| {
            let same = h.0 == lock || h.0.covers(lock) || lock.covers(h.0);
            same && !(h.1 == Mode::Shared && mode == Mode::Shared)
        };
        OrderView {
            actor: order.actor.0,
            held: of(order.held.iter().find(clash).map_or(lock, |h| h.0)),
            stack: order.held.iter().map(|h| of(h.0)).collect(),
            wants: of(order.wants.0),
            shared: matches!(order.wants, (Lock::Global(_), Mode::Shared)),
            run: order.first.run,
            run_name: name(order.first.run),
            step: order.first.step,
        }
    };
    let ring = |ring: &Vec<Order>| {
        let before = |i: usize| &ring[(i + ring.len() - 1) % ring.len()];
        let orders: Vec<OrderView> = ring.iter().enumerate().map(|(i, o)| view((o, before(i)))).collect();
        let who: Vec<u8> = orders.iter().map(|o| o.actor).collect();
        Possible { orders, stands: cycles.contains(&who) }
    };
    session.rings().iter().map(ring).collect()
}

impl Diagnosis {
    /// Whether nothing is wrong: nobody stuck, nothing broken, nobody over a threshold, and no deadlock to be feared.
    pub fn is_quiet(&self) -> bool {
        let hot = |p: &Party| p.counted.starves || p.counted.livelock || p.counted.spins;
        self.forms.is_empty() && self.broken.is_empty() && self.possible.is_empty() && !self.parties.iter().any(hot)
    }

    /// The breaches that no form of being stuck tells already.
    fn breaches(&self) -> impl Iterator<Item = &Breach> {
        self.broken.iter().filter(|b| b.rule != "deadlock" || self.forms.is_empty())
    }

    fn party(&self, actor: u8) -> &Party {
        // Actors go by their place in the world, and here all of them are.
        &self.parties[usize::from(actor)]
    }

    fn name(&self, actor: u8) -> &str {
        &self.party(actor).name
    }

    /// These actors: `V0, V1 and PG`.
    fn names(&self, actors: &[u8]) -> String {
        let names: Vec<&str> = actors.iter().map(|&a| self.name(a)).collect();
        match names.split_last() {
            Some((last, before)) if !before.is_empty() => format!("{} and {last}", before.join(", ")),
            _ => names.concat(),
        }
    }

    /// Those of whom this is so.
    fn who(&self, so: impl Fn(&Counted) -> bool) -> Vec<u8> {
        self.parties.iter().filter(|p| so(&p.counted)).map(|p| p.actor).collect()
    }
}
