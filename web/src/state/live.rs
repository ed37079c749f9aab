//! Threads as the page sees them: what is wanted of them, and what they were last seen to do.

use std::rc::Rc;

use super::explore::Question;
use crate::sight::Sight;

/// What is wanted of the threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Wish {
    /// Nothing: there are none.
    #[default]
    Nothing,
    /// Run until told otherwise.
    Run,
    /// Stop each at its next effect, or in its wait.
    Freeze,
    /// Stop each at the end of its round.
    Drain,
}

/// What the page hears of the threads of a run; the number is the one that the run was begun with.
#[derive(Clone)]
pub struct Seen {
    /// Of which run.
    pub run: u32,
    /// What they were seen to do, or why there are none.
    pub sight: Result<Rc<Sight>, String>,
}

/// The threads.
#[derive(Clone, Default)]
pub struct Live {
    /// The number of the last run.
    pub run: u32,
    /// What they run, while there are any.
    pub question: Option<Question>,
    /// What is wanted of them.
    pub wish: Wish,
    /// What they were last seen to do.
    pub sight: Option<Rc<Sight>>,
    /// Why there are none.
    pub trouble: Option<String>,
}

impl Live {
    /// Takes a wish. Running begins anew; the others go to the threads that there are.
    pub fn wish(&mut self, wish: Wish, question: Question) {
        match wish {
            Wish::Run => *self = Self { run: self.run + 1, question: Some(question), wish, ..Self::default() },
            Wish::Nothing => *self = self.without_threads(),
            Wish::Freeze | Wish::Drain if self.question.is_some() => self.wish = wish,
            Wish::Freeze | Wish::Drain => {}
        }
    }

    /// Takes note of what the threads were seen to do; an earlier run's are passed over.
    pub fn see(&mut self, seen: Seen) {
        if seen.run != self.run || self.question.is_none() {
            return;
        }
        match seen.sight {
            Ok(sight) => self.sight = Some(sight),
            Err(why) => *self = Self { trouble: Some(why), ..self.without_threads() },
        }
    }

    /// The same with the threads ended.
    pub fn without_threads(&self) -> Self {
        Self { run: self.run, trouble: self.trouble.clone(), ..Self::default() }
    }

    /// Whether threads are running, as far as was seen.
    pub fn is_running(&self) -> bool {
        self.question.is_some() && !self.sight.as_ref().is_some_and(|sight| sight.stopped())
    }
}
