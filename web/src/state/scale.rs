//! Virtual time as the page sees it: what is asked, the points so far.

use std::rc::Rc;

use p2mscope_core::lesson::Spread;
use p2mscope_core::machine::{Form, Policy};
use p2mscope_core::scale::{Costs, Line, Waiters};
use serde::{Deserialize, Serialize};

/// What is compared: ranges of every size, one lock for all, and readers.
const POLICIES: [Policy; 5] = [Policy::Global, Policy::G1, Policy::M2, Policy::K4, Policy::Rw];

/// What can be chosen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Whose program is copied, by its place in the lesson.
    pub actor: usize,
    /// Where the copies work.
    pub spread: Spread,
    /// The form of the shared side; none: the three of them, under ranges of 2 MB.
    pub form: Option<Form>,
    /// How those wait who find a lock taken.
    pub waiters: Waiters,
    /// Nanoseconds of an atomic operation.
    pub atomic: f64,
    /// Nanoseconds in which a line comes from another processor.
    pub transfer: f64,
    /// Nanoseconds elsewhere after each round.
    pub pause: f64,
}

impl Default for Settings {
    fn default() -> Self {
        let Costs { atomic, transfer, .. } = Costs::default();
        Self {
            actor: 0,
            spread: Spread::Ranges,
            form: Some(Form::Percpu),
            waiters: Waiters::default(),
            atomic,
            transfer,
            pause: 0.0,
        }
    }
}

impl Settings {
    /// What is compared.
    pub fn lines(&self) -> Vec<Line> {
        match self.form {
            Some(form) => Line::all(&POLICIES, &[form]),
            None => Line::all(&[Policy::Global, Policy::M2], &Form::ALL.map(|form| form.1)),
        }
    }
}

/// What is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Inquiry {
    /// The lesson's text.
    pub text: Rc<str>,
    /// The version of its programs.
    pub version: String,
    /// What was chosen.
    pub settings: Settings,
}

/// One point of one line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dot {
    /// Which line, by its place in [`Settings::lines`].
    pub line: usize,
    /// How many processors.
    pub vcpus: usize,
    /// Rounds a second.
    pub rate: f64,
    /// How many times the throughput of one processor.
    pub speedup: Option<f64>,
    /// The share of time in which actors wait for locks.
    pub waiting: f64,
    /// The share in which they wait for lines.
    pub moving: f64,
    /// Where most time is lost, in words.
    pub lost: String,
    /// Rounds with an error.
    pub failures: u64,
}

/// What is heard of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Said {
    /// A point is done.
    Dot(Dot),
    /// All are done.
    Ended,
    /// It cannot be computed, for this reason.
    Trouble(String),
}

/// The panel.
#[derive(Clone, Default)]
pub struct Scale {
    /// What is chosen.
    pub settings: Settings,
    /// The number of the last run.
    pub run: u32,
    /// What is computed, while it is.
    pub inquiry: Option<Inquiry>,
    /// What the points that there are answer.
    pub answers: Option<Inquiry>,
    /// The points so far.
    pub dots: Vec<Dot>,
    /// Why there are no more.
    pub trouble: Option<String>,
}

impl Scale {
    /// Begins anew.
    pub fn begin(&mut self, text: Rc<str>, version: String) {
        let inquiry = Inquiry { text, version, settings: self.settings };
        *self = Self {
            settings: self.settings,
            run: self.run + 1,
            inquiry: Some(inquiry.clone()),
            answers: Some(inquiry),
            ..Self::default()
        };
    }

    /// Ends what is computed; the points stay.
    pub fn stop(&mut self) {
        self.inquiry = None;
    }

    /// Takes note of what is heard of run `run`; an earlier one's is passed over.
    pub fn hear(&mut self, run: u32, said: Said) {
        if run != self.run || self.inquiry.is_none() {
            return;
        }
        match said {
            Said::Dot(dot) => self.dots.push(dot),
            Said::Ended => self.stop(),
            Said::Trouble(why) => {
                self.trouble = Some(why);
                self.stop();
            }
        }
    }

    /// The same for another text: the settings stay, but whose program is copied.
    pub fn of_another(&self, actor: usize) -> Self {
        Self { settings: Settings { actor, ..self.settings }, run: self.run, ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dot(vcpus: usize) -> Dot {
        let lost = String::new();
        Dot { line: 0, vcpus, rate: 1.0, speedup: None, waiting: 0.0, moving: 0.0, lost, failures: 0 }
    }

    #[test]
    fn only_the_run_that_is_asked_for_is_heard() {
        let mut scale = Scale::default();
        scale.begin("a".into(), "before".into());
        scale.begin("b".into(), "before".into());
        scale.hear(1, Said::Dot(dot(1)));
        scale.hear(2, Said::Dot(dot(2)));
        assert_eq!(scale.dots, [dot(2)]);
        scale.hear(2, Said::Ended);
        scale.hear(2, Said::Dot(dot(4)));
        assert!(scale.inquiry.is_none() && scale.answers.is_some() && scale.dots.len() == 1);
    }

    #[test]
    fn another_text_keeps_the_settings() {
        let mut scale = Scale { settings: Settings { transfer: 99.0, ..Settings::default() }, ..Scale::default() };
        scale.begin("a".into(), "before".into());
        scale.hear(1, Said::Trouble("no".into()));
        let other = scale.of_another(3);
        assert_eq!((other.settings.transfer, other.settings.actor, other.trouble, other.run), (99.0, 3, None, 1));
    }

    #[test]
    fn what_is_compared_has_a_name_of_its_own() {
        for form in [None, Some(Form::Atomic), Some(Form::Percpu), Some(Form::Spinlock)] {
            let mut names: Vec<_> =
                Settings { form, ..Settings::default() }.lines().into_iter().map(Line::name).collect();
            let all = names.len();
            names.sort();
            names.dedup();
            assert_eq!((names.len(), all >= 4), (all, true));
        }
    }
}
