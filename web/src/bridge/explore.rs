//! A search: in the coordinator with its pool, or in slices on this thread where there are no threads.
//!
//! While the coordinator searches, the page reads how far it has come from words that both share, and stops it by one; what
//! came out is said as JSON.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use gloo::timers::callback::{Interval, Timeout};
use p2mscope_core::explore::{self, Book, Limits, Slices, Verdict};
use p2mscope_core::watch::{Rule, Rules};
use yew::Callback;

use super::{coordinator, now};
use crate::program::{self, Opened, Program};
use crate::state::{Found, Heard, News, Progress, Question, Report};

/// The most states that are searched in the page.
const STATES: u64 = 20_000_000;
/// Bytes for what was seen: a page has a gigabyte for all it does, and a table that grows stands beside the larger one.
const MEMORY: u64 = 640 << 20;
/// What a search of the page may take.
pub(super) fn limits() -> Limits {
    Limits { states: STATES, memory: MEMORY, ..Limits::default() }
}
/// Milliseconds between two looks at how far a search has come.
pub(super) const LOOK: u32 = 100;
/// Milliseconds of a frame that a search on this thread may take.
pub(super) const SLICE: f64 = 10.0;
/// Steps between two looks at the clock.
pub(super) const STEPS: u64 = 2_000;

/// A search under way; dropping it stops it.
pub struct Search {
    shared: Arc<Shared>,
    _clock: Option<Interval>,
}

/// What the two threads share of a search.
#[derive(Default)]
pub(super) struct Shared {
    pub(super) stop: AtomicBool,
    states: AtomicU64,
    steps: AtomicU64,
    depth: AtomicU64,
    pruned: AtomicU64,
    bytes: AtomicU64,
    load: AtomicU32,
}

impl Shared {
    pub(super) fn note(&self, progress: &explore::Progress) {
        self.states.store(progress.states, Ordering::Relaxed);
        self.steps.store(progress.steps, Ordering::Relaxed);
        self.depth.store(u64::from(progress.depth), Ordering::Relaxed);
        self.pruned.store(progress.pruned, Ordering::Relaxed);
        self.bytes.store(progress.table.bytes, Ordering::Relaxed);
        self.load.store(progress.table.load, Ordering::Relaxed);
    }

    pub(super) fn read(&self, begun: f64) -> Progress {
        let (steps, pruned) = (self.steps.load(Ordering::Relaxed), self.pruned.load(Ordering::Relaxed));
        let pruned = explore::Progress { steps, pruned, ..explore::Progress::default() }.pruned_share();
        Progress {
            states: self.states.load(Ordering::Relaxed),
            steps,
            depth: self.depth.load(Ordering::Relaxed),
            millis: now() - begun,
            pruned,
            bytes: self.bytes.load(Ordering::Relaxed),
            load: self.load.load(Ordering::Relaxed),
        }
    }
}

impl Drop for Search {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
    }
}

impl Search {
    /// Begins search `number`; what it says goes to `tell`.
    pub fn begin(number: u32, question: Question, tell: Callback<Heard>) -> Self {
        let say = move |news| tell.emit(Heard { search: number, news });
        let shared = Arc::new(Shared::default());
        let begun = now();
        match coordinator(&shared, &question, &say, begun) {
            Ok(()) => {
                let (shared, watched) = (shared.clone(), shared);
                let look = move || say(News::Progress(watched.read(begun)));
                Self { shared, _clock: Some(Interval::new(LOOK, look)) }
            }
            Err(why) => {
                say(News::Trouble(format!("On this thread alone: {why}.")));
                alone(&shared, &question, say, begun);
                Self { shared, _clock: None }
            }
        }
    }
}

/// Has the coordinator search, unless it cannot be had.
fn coordinator(
    shared: &Arc<Shared>,
    question: &Question,
    say: &(impl Fn(News) + Clone + 'static),
    begun: f64,
) -> Result<(), String> {
    let hears = {
        let (say, shared, question) = (say.clone(), shared.clone(), question.clone());
        move |heard| match heard {
            coordinator::Heard::Said(json) => match serde_json::from_str::<Report>(&json) {
                Ok(report) => {
                    let progress = Progress { millis: now() - begun, ..report.progress };
                    say(News::Report(Report { progress, ..report }));
                }
                Err(error) => say(News::Trouble(format!("The search answered what cannot be read: {error}."))),
            },
            coordinator::Heard::Failed(reason) => {
                say(News::Trouble(format!("On this thread alone: {reason}.")));
                alone(&shared, &question, say.clone(), begun);
            }
        }
    };
    let (shared, text) = (shared.clone(), question.text.to_string());
    let Question { version, policy, find, reduced, .. } = question.clone();
    // Asked here: the coordinator has no window to ask.
    let threads = coordinator::threads();
    let job = move || {
        let question = Question { text: text.into(), version, policy, find, reduced };
        let progress = |progress: &explore::Progress| {
            shared.note(progress);
            if shared.stop.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let report = match prepare(&question) {
            Ok((opened, asked)) => {
                let report = explore::explore(&opened.sim, &asked, progress);
                with_orders(words(&report, find, threads), &opened, &asked)
            }
            Err(why) => no_report(why),
        };
        serde_json::to_string(&report).expect("plain data")
    };
    coordinator::run(job, hears)
}

/// Searches on this thread, a slice to a turn of the event loop.
fn alone(shared: &Arc<Shared>, question: &Question, say: impl Fn(News) + 'static, begun: f64) {
    match prepare(question) {
        Ok((opened, asked)) => {
            let slices = Slices::new(&opened.sim, &asked);
            let say = move |news| match news {
                News::Report(report) => say(News::Report(with_orders(report, &opened, &asked))),
                other => say(other),
            };
            turn(slices, shared.clone(), question.find, Box::new(say), begun);
        }
        Err(why) => say(News::Report(no_report(why))),
    }
}

fn turn(mut slices: Slices<Program>, shared: Arc<Shared>, find: Option<Rule>, say: Box<dyn Fn(News)>, begun: f64) {
    Timeout::new(0, move || {
        let start = now();
        while !shared.stop.load(Ordering::Relaxed) {
            if let Some(report) = slices.run(STEPS) {
                let report = words(&report, find, 1);
                let progress = Progress { millis: now() - begun, ..report.progress };
                return say(News::Report(Report { progress, ..report }));
            }
            if now() - start > SLICE {
                shared.note(&slices.progress());
                say(News::Progress(shared.read(begun)));
                return turn(slices, shared, find, say, begun);
            }
        }
    })
    .forget();
}

/// The world and the question for the explorer.
fn prepare(question: &Question) -> Result<(Opened, explore::Question<Program>), String> {
    let rules = question.find.map(Rules::only);
    let opened = program::open(&question.text, &question.version, Some(question.policy), rules);
    let opened = opened.map_err(|faults| faults.first().map_or(String::new(), ToString::to_string))?;
    let mut asked = match question.find {
        Some(rule) => explore::Question::find(rule),
        None => explore::Question::prove(opened.sim.rules()),
    };
    asked.limits = limits();
    asked.orders = Some(Arc::new(Book::new()));
    Ok((opened, if question.reduced { asked.reduced() } else { asked }))
}

/// The report with the orders of locks that the search has met.
fn with_orders(report: Report, opened: &Opened, asked: &explore::Question<Program>) -> Report {
    let met = asked.orders.as_ref().map_or(Vec::new(), |book| book.sightings(&opened.sim));
    Report { met, ..report }
}

/// A report for a text that cannot be searched.
fn no_report(why: String) -> Report {
    Report {
        verdict: format!("There is nothing to search: {why}."),
        safe: false,
        found: None,
        met: Vec::new(),
        progress: Progress::default(),
        threads: 1,
    }
}

/// The explorer's report as the page says it.
fn words(report: &explore::Report, find: Option<Rule>, threads: usize) -> Report {
    let what = find.map_or("breach of any rule".to_owned(), |rule| format!("{rule}"));
    let (verdict, safe, found) = match &report.verdict {
        Verdict::Safe => {
            let chance = match report.missed_chance {
                0.0 => String::new(),
                chance => format!(" The chance that a state was missed is below {chance:.0e}."),
            };
            let these = match report.pruned {
                0 => format!("all {} states", report.states),
                _ => format!("{} states that stand for all", report.states),
            };
            (format!("Safe: no {what} in {these}, every interleaving.{chance}"), true, None)
        }
        Verdict::Found { broken, schedule } => {
            let steps = schedule.iter().map(|(actor, choice)| (actor.0, *choice)).collect();
            let found = Found { rule: broken.rule.to_string(), why: broken.why.clone(), steps };
            (
                match report.fewest {
                    true => {
                        format!("{}: the shortest way there has {} steps.", capital(broken.rule.name()), schedule.len())
                    }
                    false => format!(
                        "{}: a way there has {} steps; it is not proved to be the shortest.",
                        capital(broken.rule.name()),
                        schedule.len()
                    ),
                },
                false,
                Some(found),
            )
        }
        Verdict::Likely { missed } => {
            let share = 100.0 * report.states as f64 / (report.states as f64 + missed);
            let verdict = format!(
                "Probably safe: no {what} in {} states, but for all of them there is too little memory. About {missed:.0} \
                 were taken for others ({share:.4} % met were entered), and what lies behind these alone was not searched.",
                report.states
            );
            (verdict, false, None)
        }
        Verdict::Bound { why } => (format!("Bound reached, nothing found: {why}."), false, None),
        Verdict::Cancelled => ("Stopped; nothing found so far.".to_owned(), false, None),
        Verdict::Failed { why } => (format!("The search failed: {why}."), false, None),
    };
    let progress = Progress {
        states: report.states,
        steps: report.steps,
        depth: u64::from(report.depth),
        millis: 0.0,
        pruned: report.pruned_share(),
        bytes: report.table.bytes,
        load: report.table.load,
    };
    Report { verdict, safe, found, met: Vec::new(), progress, threads }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}
