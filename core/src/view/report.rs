//! What just happened.

use super::sentence::sentence;
use crate::sched::{Run, why};
use crate::sim::Code;
use crate::watch::Broken;

/// A rule that is broken.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Breach {
    /// The rule's name: `I9`, `deadlock`.
    pub rule: &'static str,
    /// What the rule says.
    pub sentence: &'static str,
    /// What was found.
    pub why: String,
    /// Whose step.
    pub actor: Option<u8>,
    /// The step that broke it; 0 for what was broken before the first.
    pub step: usize,
}

/// What just happened, in words.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Report {
    /// The position.
    pub at: usize,
    /// The last position of the current branch.
    pub len: usize,
    /// One sentence on the last step.
    pub sentence: String,
    /// Whose step it was; none at the first state.
    pub actor: Option<u8>,
    /// What that step broke.
    pub breaches: Vec<Breach>,
    /// All rules broken so far, each once, with the first step that broke it.
    pub broken: Vec<Breach>,
    /// Why each actor that cannot step cannot, a sentence each.
    pub blocked: Vec<String>,
    /// All programs have ended.
    pub ended: bool,
}

/// What the step that led to the position did and broke, and what is broken by now.
pub fn report<C: Code>(run: &mut Run<C>) -> Report {
    let world = run.world().clone();
    let step_broke = run.last_event().map_or(run.sim().start_broken(), |e| &e.broken);
    let breaches = step_broke.iter().map(|b| breach(b, run.at())).collect();
    let mut broken: Vec<Breach> = Vec::new();
    let before = run.sim().start_broken().iter().map(|b| (0, b));
    for (step, b) in before.chain(run.past().iter().flat_map(|e| e.broken.iter().map(|b| (e.step, b)))) {
        if !broken.iter().any(|known| known.rule == b.rule.name()) {
            broken.push(breach(b, step));
        }
    }
    let waiting: Vec<_> = run.waiting(run.at()).iter().map(|w| w.actor).collect();
    Report {
        at: run.at(),
        len: run.len(),
        sentence: sentence(run),
        actor: run.last_event().map(|e| e.actor.0),
        breaches,
        broken,
        blocked: waiting.into_iter().filter_map(|a| why(run, a)).collect(),
        ended: world.actor_ids().all(|a| run.sim().ended(a)),
    }
}

fn breach(b: &Broken, step: usize) -> Breach {
    Breach { rule: b.rule.name(), sentence: b.rule.sentence(), why: b.why.clone(), actor: b.actor.map(|a| a.0), step }
}
