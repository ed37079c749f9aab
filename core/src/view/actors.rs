//! The actors: what each does, holds and waits for.

use super::LockName;
use super::sentence::doing;
use crate::addr::{ActorId, DomGfn, Mfn};
use crate::lock::{Lock, Mode, holders};
use crate::perform::PIN_COUNT;
use crate::sched::{Hold, Run, holds, owners, why};
use crate::sim::Code;
use crate::step::Effect;
use crate::watch::held::held;

/// How an actor stands.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum State {
    /// It can step.
    Runs,
    /// It waits for a lock.
    Waits {
        /// Which.
        lock: LockName,
        /// Whether it wants the shared side.
        shared: bool,
        /// Who must let go before it can go on.
        owners: Vec<u8>,
        /// The position since which it has waited.
        since: usize,
    },
    /// It sleeps until a condition holds.
    Asleep {
        /// The position since which it has slept.
        since: usize,
    },
    /// Its program has ended.
    Ended,
}

/// A lock that an actor holds.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct HeldView {
    /// Which.
    pub lock: LockName,
    /// Whether it is the shared side.
    pub shared: bool,
    /// How often.
    pub depth: u64,
    /// The step that took it; none if it was held before the first step.
    pub since: Option<usize>,
}

/// What an actor is about to do.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct NextView {
    /// In words: `take range 2 of d1`.
    pub text: String,
    /// What it is for; empty where the text says it all.
    pub note: &'static str,
    /// Whether a step of the middle size stops after it.
    pub lock_event: bool,
    /// In how many ways it can go: more than 1 at a choice of the world, 0 while it waits.
    pub ways: u64,
}

/// A frame that an actor's gets have pinned.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct PinView {
    /// The domain's number.
    pub domain: u16,
    /// What was got.
    pub gfn: u64,
    /// The frame.
    pub mfn: u64,
    /// The frame's name, else its number.
    pub frame: String,
    /// How many gets.
    pub count: u64,
}

/// A variable that has a value.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct VarView {
    /// Its number in the program.
    pub index: usize,
    /// Its value as a word.
    pub value: u64,
    /// It names something that was freed since it was read.
    pub stale: bool,
}

/// An actor.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct ActorView {
    /// Its place in the world.
    pub actor: u8,
    /// Its name.
    pub name: String,
    /// What it is, as lessons name it: `vcpu`, `pager`.
    pub kind: &'static str,
    /// The number of the domain that it acts for.
    pub domain: u16,
    /// How it stands.
    pub state: State,
    /// Why it cannot step, in one sentence; none while it can.
    pub why: Option<String>,
    /// The statement that it is at; none once it has ended.
    pub place: Option<u64>,
    /// The statement of its last step; none before that.
    pub done: Option<u64>,
    /// Whether the last step of the run was its own.
    pub just_stepped: bool,
    /// The locks that it holds, outermost first.
    pub held: Vec<HeldView>,
    /// What it is about to do; none once it has ended.
    pub next: Option<NextView>,
    /// The frames that its gets have pinned.
    pub pins: Vec<PinView>,
    /// Its variables.
    pub vars: Vec<VarView>,
}

/// Every actor, in the order of the world.
pub fn actors<C: Code>(run: &mut Run<C>) -> Vec<ActorView> {
    let taken = holds(run.past());
    let all: Vec<ActorId> = run.world().actor_ids().collect();
    all.into_iter().map(|a| actor(run, a, &taken)).collect()
}

fn actor<C: Code>(run: &mut Run<C>, a: ActorId, taken: &[Hold]) -> ActorView {
    let world = run.world().clone();
    let who = &world.actors[a.0 as usize];
    let pending = run.sim().pending(a).copied();
    let next = pending.map(|p| NextView {
        text: doing(run, &p.effect),
        note: p.note,
        lock_event: p.effect.is_lock_event(),
        ways: run.sim_mut().ways(a),
    });
    let locals = run.sim().locals(a);
    let assigned = (0..locals.vars.len()).filter(|i| locals.assigned >> i & 1 == 1);
    ActorView {
        actor: a.0,
        name: who.name.clone(),
        kind: who.kind.name(),
        domain: who.domain.0,
        state: state(run, a),
        why: why(run, a),
        place: pending.map(|p| p.place),
        done: run.past().iter().rev().find(|e| e.actor == a).map(|e| e.did.place),
        just_stepped: run.last_event().is_some_and(|e| e.actor == a),
        held: stack(run, a, taken),
        next,
        pins: pins(run, a),
        vars: assigned
            .map(|index| VarView { index, value: locals.vars[index], stale: locals.stale >> index & 1 == 1 })
            .collect(),
    }
}

/// How an actor stands.
pub(super) fn state<C: Code>(run: &mut Run<C>, a: ActorId) -> State {
    let Some(p) = run.sim().pending(a).copied() else { return State::Ended };
    let Some(since) = run.waits_since(a) else { return State::Runs };
    let world = run.world().clone();
    match p.effect {
        Effect::Lock(lock, mode) => State::Waits {
            lock: LockName::of(lock, &world),
            shared: mode == Mode::Shared,
            owners: owners(run, a).into_iter().map(|o| o.0).collect(),
            since,
        },
        _ => State::Asleep { since },
    }
}

/// The locks that an actor holds, outermost first: as the watchers remember them, else as the events tell.
fn stack<C: Code>(run: &mut Run<C>, a: ActorId, events: &[Hold]) -> Vec<HeldView> {
    let world = run.world().clone();
    let mine = events.iter().filter(|h| h.actor == a && h.depth > 0);
    let mut locks: Vec<(Lock, Mode)> = Vec::new();
    for taken in held(run.words(), &world, a) {
        if !locks.contains(&taken) {
            locks.push(taken);
        }
    }
    if locks.is_empty() {
        locks = mine.clone().map(|h| (h.lock, h.mode)).collect();
    }
    let view = |(lock, mode): (Lock, Mode)| {
        let noted = mine.clone().find(|h| h.lock == lock && h.mode == mode);
        let now = holders(run.words(), &world, lock);
        let depth = now.iter().find(|h| h.0 == a && h.1 == mode).map_or(0, |h| h.2);
        HeldView {
            lock: LockName::of(lock, &world),
            shared: mode == Mode::Shared,
            depth: depth.max(noted.map_or(0, |h| h.depth)),
            since: noted.map(|h| h.since),
        }
    };
    locks.into_iter().map(view).collect()
}

fn pins<C: Code>(run: &mut Run<C>, a: ActorId) -> Vec<PinView> {
    let world = run.world().clone();
    let pairs = world.map.pins(a).pairs(run.words());
    let pin = |(key, held): (u64, u64)| {
        let (g, mfn) = (DomGfn::from_word(key), Mfn(held & (PIN_COUNT - 1)));
        PinView { domain: g.dom.0, gfn: g.gfn.0, mfn: mfn.0, frame: world.frame_name(mfn), count: held / PIN_COUNT }
    };
    pairs.into_iter().map(pin).collect()
}
