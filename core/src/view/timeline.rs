//! The run over its steps: a lane for each actor.

use super::LockName;
use crate::addr::ActorId;
use crate::lock::Mode;
use crate::sched::{Event, Hold, Run, holds};
use crate::sim::Code;
use crate::step::{Act, Effect};

/// What an actor does over some steps.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum BarState {
    /// It steps.
    Run,
    /// It waits for a lock, or sleeps.
    Wait,
    /// It could step, and others do.
    Idle,
    /// Its program has ended.
    Ended,
}

/// A stretch of a lane, from one position to another.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Bar {
    /// Where it begins.
    pub from: usize,
    /// Where it ends.
    pub to: usize,
    /// What the actor does there.
    pub state: BarState,
}

/// A lock held over some steps.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct HoldBar {
    /// Which.
    pub lock: LockName,
    /// Whether it is the shared side.
    pub shared: bool,
    /// The step that took it.
    pub from: usize,
    /// The step that released it; none if it is held at the end.
    pub to: Option<usize>,
}

/// A step of an actor, to be drawn as a tick on its bar.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Tick {
    /// Which step.
    pub step: usize,
    /// Two letters for what it is: `lk`, `un`, `wa`, `se`; empty for a plain effect.
    pub tag: &'static str,
}

/// The lane of an actor.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Lane {
    /// Who.
    pub actor: u8,
    /// Its name.
    pub name: String,
    /// What it does, from position 0 to the end without a gap.
    pub bars: Vec<Bar>,
    /// What it holds.
    pub holds: Vec<HoldBar>,
    /// Its steps.
    pub ticks: Vec<Tick>,
}

/// A breach, to be marked.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Mark {
    /// The step that broke the rule.
    pub step: usize,
    /// The rule's name.
    pub rule: &'static str,
    /// What was found.
    pub why: String,
    /// Whose step.
    pub actor: Option<u8>,
}

/// Steps in a row in which nothing happened that others could notice.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Dull {
    /// The position before the first of them.
    pub from: usize,
    /// The position after the last.
    pub to: usize,
}

/// How many such steps there must be in a row to be worth folding.
pub const DULL: usize = 8;

/// A branch of the run.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Branch {
    /// Which: for `Run::select_fork`.
    pub index: usize,
    /// Its name.
    pub name: String,
    /// The branch it left, and where.
    pub parent: Option<(usize, usize)>,
    /// Steps from the first state to its end.
    pub len: usize,
    /// Whether it is the one that is shown.
    pub current: bool,
}

/// The run over its steps.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Timeline {
    /// The position.
    pub at: usize,
    /// The last position of the current branch.
    pub len: usize,
    /// A lane for each actor, in their order.
    pub lanes: Vec<Lane>,
    /// The breaches of the current branch.
    pub marks: Vec<Mark>,
    /// Stretches that can be folded, in order.
    pub dull: Vec<Dull>,
    /// All branches.
    pub forks: Vec<Branch>,
}

/// The current branch over all its steps, those beyond the position too.
pub fn timeline<C: Code>(run: &mut Run<C>) -> Timeline {
    let world = run.world().clone();
    let held = holds(run.events());
    let marks = run.events().iter().flat_map(|e| {
        e.broken.iter().map(|b| Mark {
            step: e.step,
            rule: b.rule.name(),
            why: b.why.clone(),
            actor: b.actor.map(|a| a.0),
        })
    });
    let branch = |(index, f): (usize, &crate::sched::Fork)| Branch {
        index,
        name: f.name.clone(),
        parent: f.parent,
        len: f.len,
        current: index == run.fork(),
    };
    Timeline {
        at: run.at(),
        len: run.len(),
        lanes: world.actor_ids().map(|a| lane(run, a, world.actor_name(a), &held)).collect(),
        marks: marks.collect(),
        dull: dull(run.events()),
        forks: run.forks().iter().enumerate().map(branch).collect(),
    }
}

/// Stretches of [`DULL`] steps or more without an event of locks, a wait that begins or ends, a breach, or an end.
fn dull(events: &[Event]) -> Vec<Dull> {
    let mut all: Vec<Dull> = Vec::new();
    let mut waiting = 0;
    for e in events {
        let quiet = !e.lock_event && !e.queued && !e.ended && e.broken.is_empty() && e.waiting.len() == waiting;
        waiting = e.waiting.len();
        match all.last_mut() {
            _ if !quiet => {}
            Some(last) if last.to + 1 == e.step => last.to = e.step,
            _ => all.push(Dull { from: e.step - 1, to: e.step }),
        }
    }
    all.retain(|it| it.to - it.from >= DULL);
    all
}

fn lane<C: Code>(run: &Run<C>, a: ActorId, name: &str, held: &[Hold]) -> Lane {
    let mine = || run.events().iter().filter(|e| e.actor == a);
    let hold = |h: &Hold| HoldBar {
        lock: LockName::of(h.lock, run.world()),
        shared: h.mode == Mode::Shared,
        from: h.since,
        to: h.until,
    };
    Lane {
        actor: a.0,
        name: name.into(),
        bars: bars(run, a),
        holds: held.iter().filter(|h| h.actor == a).map(hold).collect(),
        ticks: mine().map(|e| Tick { step: e.step, tag: tag(e) }).collect(),
    }
}

/// What the actor does in each step, like neighbours joined.
fn bars<C: Code>(run: &Run<C>, a: ActorId) -> Vec<Bar> {
    let mut bars: Vec<Bar> = Vec::new();
    // An actor that never steps and is not pending anything now had ended before the first step.
    let mut ended = run.sim().ended(a) && !run.events().iter().any(|e| e.actor == a);
    for e in run.events() {
        let waits = run.waiting(e.step - 1).iter().any(|w| w.actor == a);
        let state = match (e.actor == a, ended, waits) {
            (true, ..) => BarState::Run,
            (_, true, _) => BarState::Ended,
            (.., true) => BarState::Wait,
            _ => BarState::Idle,
        };
        match bars.last_mut() {
            Some(b) if b.state == state => b.to = e.step,
            _ => bars.push(Bar { from: e.step - 1, to: e.step, state }),
        }
        ended |= e.actor == a && e.ended;
    }
    bars
}

fn tag(e: &Event) -> &'static str {
    match e.did.effect {
        Effect::Lock(..) if e.queued => "qu",
        Effect::Lock(..) | Effect::TryLock(..) => "lk",
        Effect::Unlock(..) => "un",
        Effect::Wait(_) => "wa",
        Effect::Act(Act::SetEntry { .. }) => "se",
        _ => "",
    }
}
