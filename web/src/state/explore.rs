//! The search as the page sees it: what is asked, how far it has come, what it found.

use std::rc::Rc;

use p2mscope_core::machine::Policy;
use p2mscope_core::sched::Sighting;
use p2mscope_core::watch::Rule;
use serde::{Deserialize, Serialize};

/// What a search is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The lesson's text.
    pub text: Rc<str>,
    /// The version of its programs.
    pub version: String,
    /// The lock policy.
    pub policy: Policy,
    /// The breach that is looked for; none: any.
    pub find: Option<Rule>,
    /// Whether steps are left out that others stand for.
    pub reduced: bool,
}

/// How far a search has come.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Progress {
    /// Distinct states so far.
    pub states: u64,
    /// Steps taken so far.
    pub steps: u64,
    /// The greatest depth so far, in steps.
    pub depth: u64,
    /// Milliseconds since it began.
    pub millis: f64,
    /// The share of the steps that were left out, since others stand for them.
    pub pruned: f64,
    /// Bytes of the table of what was seen.
    pub bytes: u64,
    /// How full that is, in thousandths.
    pub load: u32,
}

/// A schedule: who steps, and what the world decides there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// The rule that the last step breaks.
    pub rule: String,
    /// Why, in one sentence.
    pub why: String,
    /// The steps.
    pub steps: Vec<(u8, u64)>,
}

/// How a search ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// In one or two sentences.
    pub verdict: String,
    /// Whether every state was seen and no rule broken.
    pub safe: bool,
    /// The shortest schedule to a breach.
    pub found: Option<Found>,
    /// The orders in which locks were asked for, as far as they could close a ring.
    pub met: Vec<Sighting>,
    /// How far it came.
    pub progress: Progress,
    /// On how many threads.
    pub threads: usize,
}

/// What the page hears of a search; the number is the one it was begun with.
#[derive(Debug, Clone, PartialEq)]
pub struct Heard {
    /// Of which search.
    pub search: u32,
    /// What.
    pub news: News,
}

/// What there is to hear.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    /// It goes on.
    Progress(Progress),
    /// It is done.
    Report(Report),
    /// It goes on without threads, or has ended, for this reason.
    Trouble(String),
}

/// The search.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Explore {
    /// The number of the last search that was begun.
    pub search: u32,
    /// What it is about, while it runs.
    pub question: Option<Question>,
    /// How far it has come.
    pub progress: Progress,
    /// How it ended.
    pub report: Option<Rc<Report>>,
    /// Why it runs on one thread, or not at all.
    pub trouble: Option<String>,
    /// Whether the next search leaves out steps that others stand for.
    pub reduced: bool,
}

impl Explore {
    /// Begins a search.
    pub fn begin(&mut self, question: Question) {
        let reduced = self.reduced;
        let question = Question { reduced, ..question };
        *self = Self { search: self.search + 1, question: Some(question), reduced, ..Self::default() };
    }

    /// Stops it where it is; what it has found so far stays.
    pub fn stop(&mut self) {
        self.question = None;
    }

    /// Takes note of what a search says; what an earlier one still says is passed over. Gives the orders of locks that
    /// it has met, once it is done.
    pub fn hear(&mut self, heard: Heard) -> Option<Vec<Sighting>> {
        if heard.search != self.search || self.question.is_none() {
            return None;
        }
        match heard.news {
            News::Progress(progress) => self.progress = progress,
            News::Report(report) => {
                self.question = None;
                self.progress = report.progress;
                let met = report.met.clone();
                self.report = Some(Rc::new(report));
                return Some(met);
            }
            News::Trouble(why) => self.trouble = Some(why),
        }
        None
    }

    /// The finding, if there is one.
    pub fn finding(&self) -> Option<Found> {
        self.report.as_ref()?.found.clone()
    }
}
