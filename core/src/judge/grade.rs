//! A learner's answer to a lesson, judged: does the work still get done, by allowed means, and can nothing break?
//!
//! An answer is accepted when it is safe over every interleaving under every policy under which the lesson says that
//! `repaired` is, with all that `[repair]` asks for: `ensure`, `reach`, `keep`, and nothing that `forbid` rules out.

use super::{Completed, count_lock_events, watched};
use crate::explore::{Limits, Progress, Question, Report, Schedule, Verdict, explore};
use crate::lesson::{ANSWER, Lesson, Staged, Unjudged};
use crate::machine::Policy;
use crate::script::Script;
use crate::sim::Sim;
use crate::watch::Rule;
use std::ops::ControlFlow;
use std::sync::Arc;

/// What is said of an answer.
#[derive(Clone, PartialEq, Debug)]
pub enum Ruling {
    /// It is right.
    Accepted {
        /// Different states, over all policies together.
        states: u64,
    },
    /// It cannot be judged: nothing, or too much, was changed, or it is not of the language.
    Unjudged(Unjudged),
    /// A statement that may not stand there, as `[repair]` writes it, and the answer's line.
    Forbidden {
        /// What is forbidden.
        what: String,
        /// Where it stands in the answer.
        line: u32,
    },
    /// Something breaks.
    Breaks {
        /// Under this policy.
        policy: Policy,
        /// What.
        rule: Rule,
        /// Why, in a sentence.
        why: String,
        /// The shortest way there.
        schedule: Schedule,
        /// Lock events among its steps.
        lock_events: u64,
        /// Who steps along it, and on which line: the answer's own, or none where it is the lesson's.
        lines: Vec<(String, Option<u32>, String)>,
    },
    /// Nothing breaks, and the work is not done.
    Undone {
        /// Under this policy.
        policy: Policy,
        /// What does not hold, each in a sentence.
        missing: Vec<String>,
    },
    /// The search came to no end.
    Unknown {
        /// Why.
        why: String,
    },
}

/// Judges an answer's text.
pub fn grade(
    lesson: &Lesson,
    answer: &str,
    limits: Limits,
    progress: &(dyn Fn(&Progress) -> ControlFlow<()> + Sync),
) -> Ruling {
    let mut grading = match Grading::new(lesson, answer, limits) {
        Ok(grading) => grading,
        Err(why) => return Ruling::Unjudged(why),
    };
    loop {
        let ruled = match grading.ask() {
            Ok((sim, question)) => grading.hear(&explore(&sim, &question, progress)),
            Err(ruling) => Some(ruling),
        };
        if let Some(ruling) = ruled {
            return ruling;
        }
    }
}

/// An answer under judgement, a search to each case: for whoever cannot wait for searches, and has them done elsewhere.
pub struct Grading {
    answered: Lesson,
    /// Lines before the answer's own.
    above: u32,
    cases: std::vec::IntoIter<(Policy, Option<bool>)>,
    limits: Limits,
    states: u64,
    asked: Option<(Policy, Staged, Completed)>,
}

impl Grading {
    /// An answer of which there is something to be searched.
    pub fn new(lesson: &Lesson, answer: &str, limits: Limits) -> Result<Grading, Unjudged> {
        let cases = lesson.says_safe("repaired");
        if cases.is_empty() {
            return Err(Unjudged::NoExercise);
        }
        let (answered, above) = lesson.answered(answer)?;
        Ok(Grading { answered, above, cases: cases.into_iter(), limits, states: 0, asked: None })
    }

    /// What is to be searched next, or how it has ended.
    pub fn ask(&mut self) -> Result<(Sim<Script>, Question<Script>), Ruling> {
        let Some((policy, pin)) = self.cases.next() else { return Err(Ruling::Accepted { states: self.states }) };
        let staged = self.answered.stage(ANSWER, Some(policy), pin);
        let staged = staged.map_err(|errors| Ruling::Unjudged(Unjudged::Wrong(errors)))?;
        if let Some((what, line)) = forbidden(&self.answered, &staged) {
            return Err(Ruling::Forbidden { what, line: line.saturating_sub(self.above) });
        }
        let mut q = Question::prove(watched());
        q.limits = self.limits;
        let keeps = Completed::new(&self.answered, &staged);
        let (script, world) = (staged.script.clone(), staged.world.clone());
        q.probe = Some(Arc::new(move |sim| script.reached(&world, sim.words())));
        q.mark = Some(keeps.mark());
        let sim = staged.sim(q.stop);
        self.asked = Some((policy, staged, keeps));
        Ok((sim, q))
    }

    /// What the search has found. None: there may be more to ask.
    pub fn hear(&mut self, report: &Report) -> Option<Ruling> {
        let (policy, staged, keeps) = self.asked.take()?;
        self.states += report.states;
        Some(match &report.verdict {
            Verdict::Safe => {
                let missed = staged.script.reach.iter().enumerate().filter(|(i, _)| report.reached >> i & 1 == 0);
                let mut missing: Vec<String> =
                    missed.map(|(_, (_, text))| format!("in no state of any run `{text}` holds")).collect();
                missing.extend(keeps.missing(report.marked));
                if missing.is_empty() {
                    return None;
                }
                Ruling::Undone { policy, missing }
            }
            Verdict::Found { broken, schedule } => {
                let (rule, why, schedule) = (broken.rule, broken.why.clone(), schedule.clone());
                let lock_events = count_lock_events(&staged, &schedule);
                let lines = told(&self.answered, &staged, &schedule, self.above);
                Ruling::Breaks { policy, rule, why, schedule, lock_events, lines }
            }
            Verdict::Bound { why } | Verdict::Failed { why } => Ruling::Unknown { why: why.clone() },
            Verdict::Likely { .. } => {
                Ruling::Unknown { why: "its states need more memory than there is, and not all were seen".into() }
            }
            Verdict::Cancelled => Ruling::Unknown { why: "it was ended before it was complete".into() },
        })
    }
}

impl Ruling {
    /// One word for programs.
    pub const fn verdict(&self) -> &'static str {
        match self {
            Ruling::Accepted { .. } => "accepted",
            Ruling::Unjudged(Unjudged::NoExercise) => "not judged",
            Ruling::Unjudged(Unjudged::Same) => "unchanged",
            Ruling::Unjudged(Unjudged::Forbidden(_)) | Ruling::Forbidden { .. } => "not allowed",
            Ruling::Unjudged(Unjudged::Wrong(_)) => "not read",
            Ruling::Breaks { .. } => "breaks",
            Ruling::Undone { .. } => "undone",
            Ruling::Unknown { .. } => "unknown",
        }
    }

    /// What is behind it, each a sentence without its full stop.
    pub fn sentences(&self) -> Vec<String> {
        match self {
            Ruling::Accepted { states } => vec![format!("safe over every interleaving, {states} states")],
            Ruling::Unjudged(Unjudged::NoExercise) => vec!["the lesson is no exercise".into()],
            Ruling::Unjudged(Unjudged::Same) => vec!["nothing was changed".into()],
            Ruling::Unjudged(Unjudged::Forbidden(what)) => {
                vec![format!("this may not be changed: {}", what.join(", "))]
            }
            Ruling::Unjudged(Unjudged::Wrong(errors)) => errors.iter().map(|e| format!("line {e}")).collect(),
            Ruling::Forbidden { what, line } => vec![format!("line {line}: `{what}` may not stand there")],
            Ruling::Breaks { policy, rule, why, schedule, lock_events, .. } => vec![format!(
                "{rule} under {} in {} steps, {lock_events} lock events: {why}",
                policy.name(),
                schedule.len()
            )],
            Ruling::Undone { policy, missing } => {
                missing.iter().map(|m| format!("under {}: {m}", policy.name())).collect()
            }
            Ruling::Unknown { why } => vec![why.clone()],
        }
    }
}

/// The first statement that `forbid` rules out, and its line.
fn forbidden(lesson: &Lesson, staged: &Staged) -> Option<(String, u32)> {
    let forbid = lesson.repair.as_ref().map_or(&[][..], |r| &r.forbid);
    forbid.iter().find_map(|p| {
        let program = staged.script.programs.get(p.actor)?;
        let a = crate::addr::ActorId(p.actor as u8);
        let at = (0..program.instrs.len() as u64)
            .find(|&at| staged.script.call(a, at).is_some_and(|c| p.matches(c, &lesson.names)))?;
        let object = p.object.as_ref().map_or(String::new(), |o| format!(" {o}"));
        let actor = lesson.actors.get(p.actor).map_or("", |a| &a.name);
        Some((format!("{actor}: {}{object}", p.verb.name()), program.origins.get(at as usize).map_or(0, |o| o.line)))
    })
}

/// A schedule statement by statement: who, on which line, and what stands there.
fn told(lesson: &Lesson, staged: &Staged, schedule: &Schedule, above: u32) -> Vec<(String, Option<u32>, String)> {
    let mut sim = staged.sim(crate::watch::Rules::NONE);
    let mut out: Vec<(String, Option<u32>, String)> = Vec::new();
    for &(a, choice) in schedule {
        let Ok(stepped) = sim.step(a, choice) else { break };
        let program = staged.script.programs.get(a.0 as usize);
        let Some(origin) = program.and_then(|p| p.origins.get(stepped.did.place as usize)) else { continue };
        let who = lesson.actors.get(a.0 as usize).map_or(String::new(), |a| a.name.clone());
        let line = origin.line.checked_sub(above).filter(|l| *l > 0);
        let text = lesson.file().slice(origin.span).lines().next().unwrap_or("").trim().to_string();
        let said = (who, line, text);
        if out.last() != Some(&said) {
            out.push(said);
        }
    }
    out
}
