//! The words of a lesson's schedule, played: how far each actor goes.

use super::blocked::why;
use super::run::{PATIENCE, Run};
use crate::addr::ActorId;
use crate::lesson::{ScheduleWord, Until};
use crate::sim::Code;

/// A word could not be played. The run stands where its actor could not step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GoError {
    /// Which word, counted from 0.
    pub word: usize,
    /// The step that could not be taken.
    pub step: usize,
    /// Why not, in one sentence.
    pub why: String,
}

impl std::fmt::Display for GoError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "step {} (word {} of the schedule): {}", self.step, self.word + 1, self.why)
    }
}

impl std::error::Error for GoError {}

impl<C: Code> Run<C> {
    /// Plays a lesson's schedule from the position on; gives how many steps that took. `label` gives the places that
    /// a label of an actor names.
    pub fn go(&mut self, words: &[ScheduleWord], label: &dyn Fn(ActorId, &str) -> Vec<u64>) -> Result<usize, GoError> {
        let from = self.at();
        for (word, w) in words.iter().enumerate() {
            let a = ActorId(w.actor as u8);
            let gone = match &w.until {
                Until::Steps(n) => (0..*n).try_for_each(|_| self.go_step(a)),
                Until::Label(name) => self.go_to(a, &label(a, name)),
                Until::Blocked => self.go_on(a),
            };
            gone.map_err(|why| GoError { word, step: self.at() + 1, why })?;
        }
        Ok(self.at() - from)
    }

    /// At least one step, until the actor waits or ends.
    fn go_on(&mut self, a: ActorId) -> Result<(), String> {
        for _ in 0..PATIENCE {
            self.go_step(a)?;
            if self.sim.ways(a) == 0 {
                return Ok(());
            }
        }
        Err(self.endless(a))
    }

    /// Until the next effect is the first one at one of these places; no step if it is.
    fn go_to(&mut self, a: ActorId, places: &[u64]) -> Result<(), String> {
        let mut begins = self.past().iter().rev().find(|e| e.actor == a).is_none_or(|e| e.finished);
        for _ in 0..PATIENCE {
            if begins && self.sim.pending(a).is_some_and(|p| places.contains(&p.place)) {
                return Ok(());
            }
            self.go_step(a)?;
            begins = self.last_event().is_some_and(|e| e.finished);
        }
        Err(self.endless(a))
    }

    fn go_step(&mut self, a: ActorId) -> Result<(), String> {
        match self.take(a, 0) {
            Ok(()) => Ok(()),
            Err(_) => Err(why(self, a).unwrap_or_else(|| "It cannot step.".into())),
        }
    }

    fn endless(&self, a: ActorId) -> String {
        format!("{} has taken {PATIENCE} steps without getting there.", self.world().actor_name(a))
    }
}
