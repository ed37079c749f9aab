//! Bringing a run back from its link.

use super::Link;
use crate::sched::{PlayError, Played, Run, Schedule};
use crate::sim::Code;

/// What came of bringing a run back.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Replayed {
    /// What is not as the link says, a sentence each: steps that cannot be taken any more, states that differ.
    pub notes: Vec<String>,
}

impl Link {
    /// Plays all branches on a run that has none yet, and leaves it where the link says. What cannot be played is
    /// played as far as it goes.
    pub fn replay<C: Code>(&self, run: &mut Run<C>) -> Replayed {
        let mut notes = Vec::new();
        // The branch that each of the link's became: one that lost its last steps may be part of another.
        let mut became = Vec::new();
        for branch in &self.branches {
            let name = &branch.name;
            match Schedule::parse(&branch.schedule) {
                Err(e) => notes.push(format!("{name}: its steps cannot be read, {e}.")),
                Ok(schedule) => match run.play(&schedule) {
                    Ok(Played { changed: None, .. }) => {}
                    Ok(Played { changed: Some(between), .. }) => notes.push(differs(name, between)),
                    Err(PlayError { step, why, changed }) => {
                        notes.extend(changed.map(|between| differs(name, between)));
                        notes.push(format!("{name}: step {step} cannot be taken any more. {why}"));
                    }
                },
            }
            let fork = run.fork();
            if !became.contains(&fork) {
                run.rename_fork(fork, name.clone());
            }
            became.push(fork);
        }
        match became.get(self.branch) {
            Some(&fork) => run.select_fork(fork),
            None if self.branch > 0 => notes.push(format!("There is no branch {} in the link.", self.branch + 1)),
            None => {}
        }
        run.seek(self.at);
        if run.at() < self.at && notes.is_empty() {
            notes.push(format!("The link says step {}, and there are {}.", self.at, run.len()));
        }
        Replayed { notes }
    }
}

fn differs(name: &str, (same, other): (usize, usize)) -> String {
    format!("{name}: the core has changed since; its states differ between steps {same} and {other}.")
}
