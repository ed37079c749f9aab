//! A learner's repair under judgement: what is judged, how far that is, what was said of it.

use std::rc::Rc;

use serde::{Deserialize, Serialize};

use super::explore::Progress;

/// What is to be judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The lesson as its author has it.
    pub lesson: Rc<str>,
    /// The learner's text.
    pub text: Rc<str>,
}

/// How a repair fails: the shortest way there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counterexample {
    /// The rule that breaks.
    pub rule: String,
    /// The lock policy under which it does.
    pub policy: String,
    /// The steps, and what the world decides in each.
    pub steps: Vec<(u8, u64)>,
    /// Who steps along it, on which line of the learner's text, and what stands there; no line: the lesson's own.
    pub lines: Vec<(String, Option<u32>, String)>,
}

/// What is said of a repair.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ruled {
    /// In a word, as `p2mscope grade` says it.
    pub verdict: String,
    /// Whether it is right.
    pub accepted: bool,
    /// Why, each a sentence.
    pub why: Vec<String>,
    /// How it fails, if something breaks.
    pub counterexample: Option<Counterexample>,
}

/// What is heard of a judgement; the number is the one it was begun with.
#[derive(Debug, Clone, PartialEq)]
pub struct Word {
    /// Of which judgement.
    pub number: u32,
    /// What.
    pub news: Saying,
}

/// What there is to hear.
#[derive(Debug, Clone, PartialEq)]
pub enum Saying {
    /// It goes on.
    Progress(Progress),
    /// It is done.
    Ruled(Ruled),
    /// It goes on without threads, or has ended, for this reason.
    Trouble(String),
}

/// The judgement.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Judging {
    /// The number of the last one that was begun.
    pub number: u32,
    /// What is judged, while that goes on.
    pub answer: Option<Answer>,
    /// How far it has come.
    pub progress: Progress,
    /// What was said.
    pub ruled: Option<Rc<Ruled>>,
    /// Why it runs on one thread, or not at all.
    pub trouble: Option<String>,
}

impl Judging {
    /// Begins to judge an answer.
    pub fn begin(&mut self, answer: Answer) {
        *self = Self { number: self.number + 1, answer: Some(answer), ..Self::default() };
    }

    /// Ends it, and forgets what was said: the text has changed.
    pub fn forget(&mut self) {
        *self = Self { number: self.number, ..Self::default() };
    }

    /// Takes note of what is said; what is said of an earlier one is passed over. True if the answer is accepted by that.
    pub fn hear(&mut self, word: Word) -> bool {
        if word.number != self.number || self.answer.is_none() {
            return false;
        }
        match word.news {
            Saying::Progress(progress) => self.progress = progress,
            Saying::Trouble(why) => self.trouble = Some(why),
            Saying::Ruled(ruled) => {
                self.answer = None;
                let accepted = ruled.accepted;
                self.ruled = Some(Rc::new(ruled));
                return accepted;
            }
        }
        false
    }
}
