//! The words of a lesson's schedule: how far an actor goes.

use super::blocked::why;
use super::run::{PATIENCE, Run};
use crate::addr::ActorId;
use crate::sim::Code;

/// How far an actor goes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Until {
    /// That many steps: `A`, `A*3`.
    Steps(u32),
    /// Until its next effect is the first of a statement at one of these places: `A@label`. No step if it is there.
    Places(Vec<u64>),
    /// Until it waits or ends, at least one step: `A!`.
    Blocked,
}

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
    /// Plays a lesson's schedule from the position on; gives how many steps that took.
    pub fn go(&mut self, words: &[(ActorId, Until)]) -> Result<usize, GoError> {
        let from = self.at();
        for (word, (a, until)) in words.iter().enumerate() {
            self.go_one(*a, until).map_err(|why| GoError { word, step: self.at() + 1, why })?;
        }
        Ok(self.at() - from)
    }

    fn go_one(&mut self, a: ActorId, until: &Until) -> Result<(), String> {
        match until {
            Until::Steps(n) => (0..*n).try_for_each(|_| self.go_step(a)),
            Until::Blocked => {
                self.go_step(a)?;
                for _ in 0..PATIENCE {
                    if self.sim.ways(a) == 0 {
                        return Ok(());
                    }
                    self.go_step(a)?;
                }
                Err(self.endless(a))
            }
            Until::Places(places) => {
                let mut arrived = self.past().iter().rev().find(|e| e.actor == a).is_none_or(|e| e.finished);
                for _ in 0..PATIENCE {
                    let there = |p: &crate::sim::Pending| arrived && places.contains(&p.place);
                    if self.sim.pending(a).is_some_and(there) {
                        return Ok(());
                    }
                    self.go_step(a)?;
                    arrived = self.last_event().is_some_and(|e| e.finished);
                }
                Err(self.endless(a))
            }
        }
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
