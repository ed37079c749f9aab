//! Predict before it is shown: while that is on, a step that is worth a question waits for an answer, or to be let pass.
//!
//! The question and its right answer come from the state after the step ([`prediction`]), which is taken on a copy of the run.
//! A question counts once: whoever goes back and meets it again may answer, and scores nothing.

use std::collections::BTreeSet;
use std::rc::Rc;

use p2mscope_core::view::{Prediction, prediction};

use super::{Action, Mode, State};

/// What can happen to predictions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Predicting {
    /// On or off.
    On(bool),
    /// This is my answer.
    Answer(usize),
    /// No answer; the step is taken.
    Skip,
    /// Play on, where a question has stopped it.
    PlayOn,
}

/// A question, and the step that waits for its answer.
#[derive(Clone)]
pub struct Asked {
    /// The question.
    pub prediction: Rc<Prediction>,
    step: Box<Action>,
    playing: bool,
    /// The state that it is asked in.
    hash: u64,
}

/// What came of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The question.
    pub prediction: Rc<Prediction>,
    /// The answer; none if it was let pass.
    pub chosen: Option<usize>,
    /// Whether the question has stopped what was playing.
    pub playing: bool,
}

impl Told {
    /// Whether the answer was right.
    pub fn is_right(&self) -> bool {
        self.chosen == Some(self.prediction.right)
    }

    /// The right answer, and why.
    pub fn sentence(&self) -> String {
        let Prediction { options, right, why, .. } = &*self.prediction;
        let judged = match self.chosen {
            None => "It is this:",
            Some(_) if self.is_right() => "Right.",
            Some(_) => "Not so.",
        };
        format!("{judged} {} {why}", options.get(*right).map_or("", String::as_str))
    }
}

/// The question that waits, and what came of the last one.
#[derive(Clone, Default)]
pub struct Predict {
    /// Waits for an answer.
    pub asked: Option<Asked>,
    /// Was answered last, until the next move.
    pub told: Option<Told>,
    /// The states in which a question has counted.
    counted: BTreeSet<(u64, String)>,
    /// The step is one whose question has been answered.
    passing: bool,
}

impl Predict {
    /// Another run, or another position of it: what was asked is no longer about the next step.
    pub(super) fn forget(&mut self) {
        (self.asked, self.told) = (None, None);
    }
}

impl State {
    /// The action, if nothing has to be asked before it.
    pub(super) fn ask_before(&mut self, action: Action) -> Option<Action> {
        let steps = match action {
            Action::Step | Action::Actor(_) | Action::UntilBlocked(_) => true,
            Action::Tick => self.playing,
            _ => false,
        };
        if !steps || !self.kept.predict || self.predict.passing || self.mode == Mode::Live {
            return Some(action);
        }
        if self.predict.asked.is_some() {
            self.notice = Some("Answer the question first, or skip it.".to_owned());
            return None;
        }
        self.predict.forget();
        let Some((prediction, hash)) = self.foresee(&action) else { return Some(action) };
        let playing = std::mem::take(&mut self.playing);
        // The clock ticks only while it plays; the step is the same.
        let step = Box::new(if matches!(action, Action::Tick) { Action::Step } else { action });
        self.predict.asked = Some(Asked { prediction: Rc::new(prediction), step, playing, hash });
        None
    }

    /// What can be asked about a step, and the state before it.
    fn foresee(&self, action: &Action) -> Option<(Prediction, u64)> {
        let mut there = self.stage.apart();
        let (from, hash) = {
            let run = there.running()?.0.borrow();
            (run.at(), run.hash())
        };
        let stepped = match action {
            Action::Actor(a) => there.step_actor(*a, self.size),
            Action::UntilBlocked(a) => there.until_blocked(*a),
            _ => there.step(self.size, self.turn),
        };
        stepped.ok()?;
        let prediction = prediction(&mut there.running()?.0.borrow_mut(), from)?;
        Some((prediction, hash))
    }

    /// What becomes of a question.
    pub(super) fn predicting(&mut self, what: Predicting) {
        match what {
            Predicting::On(on) => {
                self.kept.predict = on;
                self.predict.forget();
            }
            Predicting::Answer(chosen) => self.answered(Some(chosen)),
            Predicting::Skip => self.answered(None),
            Predicting::PlayOn => {
                self.predict.forget();
                self.playing = true;
            }
        }
    }

    fn answered(&mut self, chosen: Option<usize>) {
        let out_of_range = |asked: &Asked| chosen.is_some_and(|chosen| chosen >= asked.prediction.options.len());
        if self.predict.asked.as_ref().is_none_or(out_of_range) {
            return;
        }
        let Some(asked) = self.predict.asked.take() else { return };
        self.predict.passing = true;
        let until = self.until;
        self.act(*asked.step);
        self.until = until;
        self.predict.passing = false;
        let told = Told { prediction: asked.prediction, chosen, playing: asked.playing };
        let counts = self.predict.counted.insert((asked.hash, told.prediction.question.clone()));
        if chosen.is_some() && counts {
            self.kept.results.asked = self.kept.results.asked.saturating_add(1);
            self.kept.results.right = self.kept.results.right.saturating_add(u32::from(told.is_right()));
        }
        self.predict.told = Some(told);
    }
}
