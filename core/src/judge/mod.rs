//! Whether a lesson is what it says: each of its expectations, proved or refuted by the explorer.

mod ends;
mod grade;
mod keep;
mod live;

pub use ends::outcome;
pub use grade::{Grading, Ruling, grade};
pub use keep::Completed;
pub use live::returns;

use crate::addr::ActorId;
use crate::explore::{Limits, Progress, Question, Report, Verdict, explore};
use crate::lesson::{Expect, Lesson, Staged};
use crate::machine::Policy;
use crate::sched::Run;
use crate::script::{Error, Script};
use crate::watch::{Rule, Rules};
use std::ops::ControlFlow;
use std::sync::Arc;

/// One expectation under one policy, and what came out.
#[derive(Clone, PartialEq, Debug)]
pub struct Judged {
    /// Of which version.
    pub version: String,
    /// Under which policy.
    pub policy: Policy,
    /// Whether gets pin.
    pub pin: bool,
    /// What the lesson says: the breach, or none.
    pub expected: Option<Rule>,
    /// Which breaches were looked for where none was expected, if not all.
    pub among: Option<Rules>,
    /// What the search answered.
    pub report: Report,
    /// Lock events of the shortest schedule; none where nothing was found.
    pub lock_events: Option<u64>,
    /// What does not hold, each in a sentence. Empty: the expectation holds.
    pub wrong: Vec<String>,
}

/// The rules that a lesson is searched for where no single one is asked about: all of them.
pub const fn watched() -> Rules {
    Rules::ALL
}

/// The question that an expectation asks. Searches for one breach watch that rule alone.
pub fn question(breach: Option<Rule>, limits: Limits, exact: bool) -> Question<Script> {
    let mut q = match breach {
        Some(rule) => Question::find(rule),
        None => Question::prove(watched()),
    };
    q.limits = limits;
    q.exact = exact;
    q
}

/// Judges every expectation under each of its policies, in the file's order. `progress` may end it.
pub fn judge(
    lesson: &Lesson,
    limits: Limits,
    exact: bool,
    progress: &(dyn Fn(&Progress) -> ControlFlow<()> + Sync),
) -> Result<Vec<Judged>, Vec<Error>> {
    let mut all = Vec::new();
    for e in &lesson.expects {
        for &policy in &e.policies {
            all.push(expectation(lesson, e, policy, limits, exact, progress)?);
        }
    }
    Ok(all)
}

/// One expectation under one policy.
pub fn expectation(
    lesson: &Lesson,
    e: &Expect,
    policy: Policy,
    limits: Limits,
    exact: bool,
    progress: &(dyn Fn(&Progress) -> ControlFlow<()> + Sync),
) -> Result<Judged, Vec<Error>> {
    let staged = lesson.stage(&e.version, Some(policy), e.pin)?;
    let mut q = question(e.breach, limits, exact);
    q.stop = e.among.unwrap_or(q.stop);
    let keeps = Completed::new(lesson, &staged);
    // Where only some breaches are meant, others may cut the work short: then it need not be done.
    let works = e.breach.is_none() && e.among.is_none();
    if works {
        let (script, world) = (staged.script.clone(), staged.world.clone());
        q.probe = Some(Arc::new(move |sim| script.reached(&world, sim.words())));
        q.mark = Some(keeps.mark());
    }
    let sim = staged.sim(q.stop);
    let report = explore(&sim, &q, progress);
    let mut wrong = Vec::new();
    let mut lock_events = None;
    match (&report.verdict, e.breach) {
        (Verdict::Safe, None) if !works => {}
        (Verdict::Safe, None) => {
            let missed = staged.script.reach.iter().enumerate().filter(|(i, _)| report.reached >> i & 1 == 0);
            wrong.extend(missed.map(|(_, (_, text))| format!("in no state of any run `{text}` holds")));
            wrong.extend(keeps.missing(report.marked));
        }
        (Verdict::Safe, Some(rule)) => wrong.push(format!("`{rule}` was expected, and no interleaving breaks it")),
        (Verdict::Found { broken, schedule }, expected) => {
            lock_events = Some(count_lock_events(&staged, schedule));
            match expected {
                None => wrong.push(format!("no breach was expected; `{}`: {}", broken.rule, broken.why)),
                Some(_) => {
                    check_number(&mut wrong, "steps", e.steps, schedule.len() as u64);
                    check_number(&mut wrong, "lock_events", e.lock_events, lock_events.unwrap_or(0));
                }
            }
        }
        (Verdict::Bound { why }, _) => wrong.push(format!("the search is not complete: {why}")),
        (Verdict::Likely { missed }, _) => wrong.push(format!(
            "the search is not complete: memory was too small, and about {missed:.0} states were taken for others"
        )),
        (Verdict::Failed { why }, _) => wrong.push(format!("the search failed: {why}")),
        (Verdict::Cancelled, _) => wrong.push("the search was ended before it was complete".into()),
    }
    check_number(&mut wrong, "states", e.states, report.states);
    if let (Some(rule), false) = (e.breach, e.schedule.is_empty())
        && let Err(why) = leads_to(&staged, e, rule)
    {
        wrong.push(why);
    }
    if let (Some(other), Verdict::Safe) = (&e.alike, &report.verdict) {
        let model = lesson.stage(other, Some(policy), e.pin)?;
        wrong.extend(ends::alike((&e.version, &staged), (other, &model), limits, progress).err());
    }
    let version = e.version.clone();
    let pin = staged.world.pin;
    Ok(Judged { version, policy, pin, expected: e.breach, among: e.among, report, lock_events, wrong })
}

fn check_number(wrong: &mut Vec<String>, what: &str, said: Option<u64>, is: u64) {
    if let Some(said) = said.filter(|&s| s != is) {
        wrong.push(format!("`{what} = {said}` was expected, there are {is}"));
    }
}

/// Lock events among the steps of a schedule.
pub fn count_lock_events(staged: &Staged, schedule: &[(ActorId, u64)]) -> u64 {
    let mut sim = staged.sim(Rules::NONE);
    let mut n = 0;
    for &(a, choice) in schedule {
        n += sim.step(a, choice).is_ok_and(|s| s.did.effect.is_lock_event()) as u64;
    }
    n
}

/// Whether the lesson's own schedule leads to the breach.
fn leads_to(staged: &Staged, e: &Expect, rule: Rule) -> Result<(), String> {
    let mut run = Run::new(staged.sim(Rules::only(rule)));
    run.go(&e.schedule, &|a, label| staged.places(a, label))
        .map_err(|e| format!("the schedule cannot be played: {e}"))?;
    match run.sim_mut().broken_rules().has(rule) {
        true => Ok(()),
        false => Err(format!("the schedule does not lead to `{rule}`")),
    }
}
