//! The schedule so far under another policy: how that stands, where it parts and why.

use std::rc::Rc;

use p2mscope_core::machine::Policy;
use p2mscope_core::sched::Session;

use super::pick::Picked;
use super::stage::Stage;
use crate::moment::Moment;

/// What another policy makes of the steps that were taken.
pub struct Other {
    /// Under which policy.
    pub policy: Policy,
    /// How it stands there.
    pub moment: Rc<Moment>,
    /// Where they part first and why, in a sentence.
    pub parted: Option<String>,
    /// How it ends, where on the left nobody can go on, in a sentence.
    pub ends: Option<String>,
    /// The rules that break there, each with the step, once.
    pub breaks: Vec<String>,
}

impl Other {
    /// Follows the stage's run under another policy; none where there is no run.
    pub fn of(stage: &Stage, policy: Policy, picked: &Picked) -> Option<Self> {
        let mut beside = stage.beside(policy)?;
        let parted = beside
            .parted
            .as_ref()
            .map(|it| format!("They part at step {}, after step {} here: {}", it.left, it.right, it.why));
        let mut breaks: Vec<String> = Vec::new();
        let mut seen = Vec::new();
        for event in beside.run.past() {
            for broken in event.broken.iter().filter(|it| !seen.contains(&it.rule)).collect::<Vec<_>>() {
                seen.push(broken.rule);
                breaks.push(format!("Step {} breaks {}: {}.", event.step, broken.rule, broken.why));
            }
        }
        let ends = beside
            .after
            .is_some()
            .then(|| format!("There nobody can go on; here all go on in turn. {}", beside.stands()));
        let moment = Rc::new(Moment::of(&mut beside.run, picked, &Session::default()));
        Some(Self { policy, moment, parted, ends, breaks })
    }
}
