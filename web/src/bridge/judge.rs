//! A learner's repair, judged case by case as `p2mscope grade` does: in the coordinator, or in slices on this thread.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use gloo::timers::callback::{Interval, Timeout};
use p2mscope_core::explore::{self, Slices};
use p2mscope_core::judge::{Grading, Ruling, grade};
use p2mscope_core::lesson::Lesson;
use yew::Callback;

use super::coordinator::{self, Heard};
use super::explore::{LOOK, SLICE, STEPS, Shared, limits};
use super::now;
use crate::program::Program;
use crate::state::{Answer, Counterexample, Ruled, Saying, Word};

/// A judgement under way; dropping it stops it.
pub struct Judge {
    shared: Arc<Shared>,
    _clock: Option<Interval>,
}

impl Drop for Judge {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
    }
}

impl Judge {
    /// Begins judgement `number`; what comes of it goes to `tell`.
    pub fn begin(number: u32, answer: Answer, tell: Callback<Word>) -> Self {
        let say = move |news| tell.emit(Word { number, news });
        let shared = Arc::new(Shared::default());
        let begun = now();
        let job = {
            let (shared, lesson, text) = (shared.clone(), answer.lesson.to_string(), answer.text.to_string());
            move || {
                let progress = |progress: &explore::Progress| {
                    shared.note(progress);
                    match shared.stop.load(Ordering::Relaxed) {
                        true => ControlFlow::Break(()),
                        false => ControlFlow::Continue(()),
                    }
                };
                let ruled = match Lesson::parse(&lesson) {
                    Ok(lesson) => ruled(&grade(&lesson, &text, limits(), &progress)),
                    Err(errors) => faulty(errors.first().map_or(String::new(), ToString::to_string)),
                };
                serde_json::to_string(&ruled).expect("plain data")
            }
        };
        let hears = {
            let (say, shared, answer) = (say.clone(), shared.clone(), answer.clone());
            move |heard| match heard {
                Heard::Said(json) => say(match serde_json::from_str::<Ruled>(&json) {
                    Ok(ruled) => Saying::Ruled(ruled),
                    Err(error) => Saying::Trouble(format!("The judgement cannot be read: {error}.")),
                }),
                Heard::Failed(reason) => {
                    say(Saying::Trouble(format!("On this thread alone: {reason}.")));
                    alone(&shared, &answer, say.clone());
                }
            }
        };
        match coordinator::run(job, hears) {
            Ok(()) => {
                let watched = shared.clone();
                let look = move || say(Saying::Progress(watched.read(begun)));
                Self { shared, _clock: Some(Interval::new(LOOK, look)) }
            }
            Err(why) => {
                say(Saying::Trouble(format!("On this thread alone: {why}.")));
                alone(&shared, &answer, say);
                Self { shared, _clock: None }
            }
        }
    }
}

/// Judges on this thread, a slice to a turn of the event loop.
fn alone(shared: &Arc<Shared>, answer: &Answer, say: impl Fn(Saying) + 'static) {
    let lesson = match Lesson::parse(&answer.lesson) {
        Ok(lesson) => lesson,
        Err(errors) => return say(Saying::Ruled(faulty(errors.first().map_or(String::new(), ToString::to_string)))),
    };
    match Grading::new(&lesson, &answer.text, limits()) {
        Ok(grading) => turn(grading, None, shared.clone(), Box::new(say)),
        Err(why) => say(Saying::Ruled(ruled(&Ruling::Unjudged(why)))),
    }
}

fn turn(mut grading: Grading, under_way: Option<Slices<Program>>, shared: Arc<Shared>, say: Box<dyn Fn(Saying)>) {
    Timeout::new(0, move || {
        let begun = now();
        let mut slices = match under_way {
            Some(slices) => slices,
            None => match grading.ask() {
                Ok((sim, question)) => Slices::new(&sim, &question),
                Err(ruling) => return say(Saying::Ruled(ruled(&ruling))),
            },
        };
        while !shared.stop.load(Ordering::Relaxed) {
            if let Some(report) = slices.run(STEPS) {
                return match grading.hear(&report) {
                    Some(ruling) => say(Saying::Ruled(ruled(&ruling))),
                    None => turn(grading, None, shared, say),
                };
            }
            if now() - begun > SLICE {
                shared.note(&slices.progress());
                say(Saying::Progress(shared.read(begun)));
                return turn(grading, Some(slices), shared, say);
            }
        }
    })
    .forget();
}

fn ruled(ruling: &Ruling) -> Ruled {
    let counterexample = match ruling {
        Ruling::Breaks { policy, rule, schedule, lines, .. } => Some(Counterexample {
            rule: rule.name().to_owned(),
            policy: policy.name().to_owned(),
            steps: schedule.iter().map(|(actor, choice)| (actor.0, *choice)).collect(),
            lines: lines.clone(),
        }),
        _ => None,
    };
    Ruled {
        verdict: ruling.verdict().to_owned(),
        accepted: matches!(ruling, Ruling::Accepted { .. }),
        why: ruling.sentences(),
        counterexample,
    }
}

/// The lesson itself, as it was opened, is none.
fn faulty(why: String) -> Ruled {
    let why = vec![format!("the lesson as it was opened has faults: {why}")];
    Ruled { verdict: "not judged".to_owned(), accepted: false, why, counterexample: None }
}
