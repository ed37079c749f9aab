//! The same work on more and more processors, under one policy after the other.

use super::clock::{Clocked, Outcome, Setup};
use crate::lesson::{Copies, Lesson, Spread};
use crate::machine::{Form, Policy};
use std::collections::HashMap;

/// How many processors are usually tried.
pub const COUNTS: [usize; 9] = [1, 2, 4, 8, 16, 32, 64, 128, 256];

/// What is compared: a policy, with a form of the shared side.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Line {
    /// The lock policy.
    pub policy: Policy,
    /// The form of the shared side of the global lock.
    pub form: Form,
}

impl Line {
    /// Its name: the policy's, and the form's where the policy has a shared side.
    pub fn name(self) -> String {
        match self.policy.range_bits() {
            None => self.policy.name().to_string(),
            Some(_) => format!("{} {}", self.policy.name(), self.form.name()),
        }
    }

    /// Each policy with each form; one that has no shared side once.
    pub fn all(policies: &[Policy], forms: &[Form]) -> Vec<Line> {
        let mut all: Vec<Line> = Vec::new();
        for &policy in policies {
            let shares = policy.range_bits().is_some();
            let forms = if shares { forms } else { forms.get(..1).unwrap_or_default() };
            all.extend(forms.iter().map(|&form| Line { policy, form }));
        }
        all
    }
}

/// What is asked.
#[derive(Clone, PartialEq, Debug)]
pub struct Ask {
    /// The version of the programs.
    pub version: String,
    /// Whose programs are run, in turn, by their places in the lesson.
    pub actors: Vec<usize>,
    /// Where they work.
    pub spread: Spread,
    /// What is compared.
    pub lines: Vec<Line>,
    /// On how many processors.
    pub counts: Vec<usize>,
    /// What things take.
    pub setup: Setup,
}

/// One point of one line.
#[derive(Clone, PartialEq, Debug)]
pub struct Point {
    /// Which line, by its place in [`Ask::lines`].
    pub line: usize,
    /// How many processors.
    pub vcpus: usize,
    /// What the run has shown.
    pub outcome: Outcome,
    /// How many times the throughput of one processor of the same line, if that was asked for.
    pub speedup: Option<f64>,
    /// The lock at which most time was lost, with its share of all time.
    pub contended: Option<(String, f64)>,
}

/// How far a sweep has come.
#[derive(Clone, PartialEq, Debug)]
pub enum Advance {
    /// There is more to do.
    Going,
    /// A point is done.
    Point(Point),
    /// All are done.
    Ended,
}

/// All points, one after the other.
pub struct Sweep {
    lesson: Lesson,
    ask: Ask,
    at: usize,
    run: Option<Clocked<Copies>>,
    alone: HashMap<usize, f64>,
}

impl Sweep {
    /// The points that are asked for: line by line, each from its first count to its last.
    ///
    /// # Errors
    /// Why there are no such points.
    pub fn new(lesson: Lesson, ask: Ask) -> Result<Sweep, String> {
        let most = ask.counts.iter().copied().max().ok_or("no number of processors is asked for")?;
        let least = ask.counts.iter().copied().min().unwrap_or(most);
        let costs = ask.setup.costs;
        for (name, ns) in [
            ("hit", costs.hit),
            ("atomic", costs.atomic),
            ("transfer", costs.transfer),
            ("effect", costs.effect),
            ("pause", ask.setup.pause),
        ] {
            if !(0.0..=1e6).contains(&ns) {
                return Err(format!("{name} takes {ns} ns: 0 to 1,000,000 can be computed"));
            }
        }
        if ask.lines.is_empty() {
            return Err("no policy is asked for".into());
        }
        lesson.crowd(&ask.actors, least, ask.spread, Form::default())?;
        lesson.crowd(&ask.actors, most, ask.spread, Form::default())?;
        Ok(Sweep { lesson, ask, at: 0, run: None, alone: HashMap::new() })
    }

    /// How many points there are, and how many are done.
    pub fn points(&self) -> (usize, usize) {
        (self.ask.lines.len() * self.ask.counts.len(), self.at)
    }

    /// Goes on for about so many effects.
    ///
    /// # Errors
    /// Why a world of that many actors cannot be built.
    pub fn advance(&mut self, effects: u64) -> Result<Advance, String> {
        let (n, counts) = (self.ask.lines.len(), self.ask.counts.len());
        let (line, count) = (self.at / counts, self.at % counts);
        if line == n {
            return Ok(Advance::Ended);
        }
        let vcpus = self.ask.counts[count];
        let Some(run) = &mut self.run else {
            self.run = Some(self.begin(self.ask.lines[line], vcpus)?);
            return Ok(Advance::Going);
        };
        let Some(outcome) = run.advance(effects) else { return Ok(Advance::Going) };
        let world = run.sim().world();
        let contended = outcome.contended.map(|(lock, share)| (lock.describe(world), share));
        if vcpus == 1 {
            self.alone.insert(line, outcome.per_second);
        }
        let alone = self.alone.get(&line).filter(|&&alone| alone > 0.0);
        let speedup = alone.map(|alone| outcome.per_second / alone);
        self.run = None;
        self.at += 1;
        Ok(Advance::Point(Point { line, vcpus, outcome, speedup, contended }))
    }

    fn begin(&self, line: Line, vcpus: usize) -> Result<Clocked<Copies>, String> {
        let crowd = self.lesson.crowd(&self.ask.actors, vcpus, self.ask.spread, line.form)?;
        let staged = crowd.stage(&self.ask.version, line.policy).map_err(|errors| {
            let why = errors.first().map(ToString::to_string).unwrap_or_default();
            format!("{vcpus} copies cannot be made: {why}")
        })?;
        Ok(Clocked::new(staged.world, staged.script, staged.first, self.ask.setup))
    }
}
