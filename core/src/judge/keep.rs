//! What a run must still do: the verbs that a lesson's `keep` names.

use crate::explore::Mark;
use crate::lesson::{Lesson, Pattern, Staged};
use std::sync::Arc;

/// The statements that fulfil each pattern.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Completed {
    /// For each pattern its words, and the actor and places that fulfil it.
    patterns: Vec<(String, usize, Vec<u64>)>,
}

impl Completed {
    /// The patterns of the lesson's repair, in this version.
    pub fn new(lesson: &Lesson, staged: &Staged) -> Completed {
        let keep = lesson.repair.as_ref().map_or(&[][..], |r| &r.keep);
        let places = |p: &Pattern| {
            let n = staged.script.programs.get(p.actor).map_or(0, |p| p.instrs.len()) as u64;
            let a = crate::addr::ActorId(p.actor as u8);
            (0..n).filter(|&at| staged.script.call(a, at).is_some_and(|c| p.matches(c, &lesson.names))).collect()
        };
        let word = |p: &Pattern| {
            let actor = lesson.actors.get(p.actor).map_or("", |a| &a.name);
            format!("{actor}: {p}")
        };
        Completed { patterns: keep.iter().map(|p| (word(p), p.actor, places(p))).collect() }
    }

    /// What a search asks of each step: which patterns it completes, one bit each.
    pub fn mark(&self) -> Mark {
        let patterns = self.patterns.clone();
        Arc::new(move |s| {
            let completes =
                |p: &(String, usize, Vec<u64>)| s.finished && p.1 == s.actor.0 as usize && p.2.contains(&s.did.place);
            patterns.iter().enumerate().filter(|(_, p)| completes(p)).fold(0, |set, (i, _)| set | 1 << (i & 63))
        })
    }

    /// The patterns that no step completed, each in a sentence.
    pub fn missing(&self, marked: u64) -> impl Iterator<Item = String> {
        let missed = self.patterns.iter().enumerate().filter(move |(i, _)| marked >> (i & 63) & 1 == 0);
        missed.map(|(_, (text, ..))| format!("no run completes `{text}`"))
    }
}
