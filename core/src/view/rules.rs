//! The rules that are watched: which hold, and which step broke the others.

use super::report::report;
use crate::sched::Run;
use crate::sim::Code;
use crate::watch::{Rule, When};

/// A rule and how it stands.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct RuleView {
    /// Its name: `I9`, `deadlock`.
    pub rule: &'static str,
    /// What it says.
    pub sentence: &'static str,
    /// Whether it is looked at only while nobody holds a lock or is inside a statement.
    pub at_rest: bool,
    /// Whether it can be told from one run: `hang` cannot, only a search finds it.
    pub told: bool,
    /// The step that broke it first, 0 for what was broken before the first; none while it holds.
    pub step: Option<usize>,
    /// What was found then.
    pub why: Option<String>,
}

/// Every rule that is watched, in the order of their list, up to the position.
pub fn rules<C: Code>(run: &mut Run<C>) -> Vec<RuleView> {
    let watched = run.sim().rules();
    let patient = run.world().patience.is_none();
    let broken = report(run).broken;
    let view = |rule: Rule| {
        let breach = broken.iter().find(|b| b.rule == rule.name());
        RuleView {
            rule: rule.name(),
            sentence: rule.sentence(),
            at_rest: rule.when() == When::Quiescent,
            told: rule != Rule::Hang && !(rule == Rule::Starvation && patient),
            step: breach.map(|b| b.step),
            why: breach.map(|b| b.why.clone()),
        }
    };
    watched.iter().map(view).collect()
}
