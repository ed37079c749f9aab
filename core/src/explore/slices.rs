//! A search cut into slices, for one thread that must not block.

use super::breadth::Breadth;
use super::circles::Circles;
use super::packed::Packer;
use super::question::{Progress, Question, Report, Schedule, Tally, Verdict};
use super::seen::{Own, SLICE, Seen};
use super::walk::{Halt, Walk};
use crate::sim::{Code, Sim};
use crate::watch::{Broken, Rule};

/// A search under way.
pub struct Slices<C> {
    q: Question<C>,
    start: Sim<C>,
    phase: Phase<C>,
}

enum Phase<C> {
    /// Depth first, and nothing found yet.
    Walk { walk: Walk<C>, seen: Seen, own: Own, begun: bool },
    /// The same, and it is told which states can still reach an end.
    Circles { walk: Walk<C>, circles: Circles, begun: bool },
    /// Found; now the shortest way.
    Breadth { breadth: Box<Breadth<C>>, known: Schedule },
    /// Over.
    Done(Report),
}

/// How a depth-first search has ended.
pub(super) enum Ending {
    /// Every reachable state was seen.
    Complete,
    /// These steps lead to a breach.
    Found(Schedule),
    /// The limit of states was passed.
    Bound,
    /// It was cancelled.
    Cancelled,
    /// A thread panicked, and said this.
    Failed(String),
}

impl<C: Code> Slices<C> {
    /// A search from the state in which `sim` is.
    pub fn new(sim: &Sim<C>, q: &Question<C>) -> Slices<C> {
        let walk = Walk::idle(sim.clone(), q);
        let phase = match q.wants_hang() {
            true => {
                let circles = Circles::new(q.exact.then(|| Packer::new(sim)));
                Phase::Circles { walk, circles, begun: false }
            }
            false => Phase::Walk { walk, seen: Seen::new(q.exact, 1), own: Own::default(), begun: false },
        };
        Slices { q: q.clone(), start: sim.clone(), phase }
    }

    /// What is left to do after a depth-first search that several threads have shared.
    pub(super) fn after(sim: &Sim<C>, q: &Question<C>, ending: Ending, tally: Tally) -> Slices<C> {
        let phase = match ending {
            Ending::Complete if q.wants_hang() => return Slices::new(sim, q),
            _ => end(sim, q, ending, tally, None),
        };
        Slices { q: q.clone(), start: sim.clone(), phase }
    }

    /// Goes on for about that many steps. The report when it has ended.
    pub fn run(&mut self, steps: u64) -> Option<Report> {
        let mut left = steps;
        while left > 0 {
            if let Phase::Done(report) = &self.phase {
                return Some(report.clone());
            }
            let slice = left.min(SLICE);
            left -= slice;
            self.slice(slice);
        }
        match &self.phase {
            Phase::Done(report) => Some(report.clone()),
            _ => None,
        }
    }

    /// Ends the search where it is.
    pub fn cancel(&mut self) -> Report {
        if let Phase::Done(report) = &self.phase {
            return report.clone();
        }
        let report = self.tally().report(Verdict::Cancelled, self.q.exact);
        self.phase = Phase::Done(report.clone());
        report
    }

    /// How far it has come.
    pub fn progress(&self) -> Progress {
        match &self.phase {
            Phase::Done(r) => Progress { states: r.states, steps: r.steps, depth: r.depth, shortening: false },
            phase => self.tally().progress(matches!(phase, Phase::Breadth { .. })),
        }
    }

    fn tally(&self) -> Tally {
        match &self.phase {
            Phase::Walk { walk, .. } | Phase::Circles { walk, .. } => walk.tally,
            Phase::Breadth { breadth, .. } => breadth.tally,
            Phase::Done(_) => Tally::default(),
        }
    }

    fn slice(&mut self, steps: u64) {
        let q = &self.q;
        let next = match &mut self.phase {
            Phase::Walk { walk, seen, own, begun } => {
                let before = walk.tally.states;
                let mut slice = seen.slice(own);
                let halt = go(walk, q, &mut slice, begun, steps);
                drop(slice);
                seen.add(walk.tally.states - before);
                ending(walk, q, halt).map(|ending| end(&self.start, q, ending, walk.tally, None))
            }
            Phase::Circles { walk, circles, begun } => {
                let halt = go(walk, q, circles, begun, steps);
                match (ending(walk, q, halt), walk.hang.take()) {
                    (Some(Ending::Complete), Some(known)) => {
                        let circles = std::mem::replace(circles, Circles::new(None));
                        Some(end(&self.start, q, Ending::Found(known), walk.tally, Some(circles)))
                    }
                    (Some(ending), _) => Some(end(&self.start, q, ending, walk.tally, None)),
                    (None, hang) => {
                        walk.hang = hang;
                        None
                    }
                }
            }
            Phase::Breadth { breadth, known } => breadth.run(q, steps).then(|| {
                let (schedule, broken) = breadth.finding().unwrap_or_else(|| (known.clone(), lost(q)));
                let mut tally = breadth.tally;
                tally.depth = schedule.len() as u32;
                Phase::Done(tally.report(Verdict::Found { broken, schedule }, q.exact))
            }),
            Phase::Done(_) => None,
        };
        if let Some(next) = next {
            self.phase = next;
        }
    }
}

/// One slice of a walk.
fn go<C: Code>(
    walk: &mut Walk<C>,
    q: &Question<C>,
    visit: &mut impl super::walk::Visit<C>,
    begun: &mut bool,
    steps: u64,
) -> Halt {
    if !std::mem::replace(begun, true) {
        match walk.begin(q, visit) {
            Halt::Slice => {}
            halt => return halt,
        }
    }
    walk.run(q, visit, steps)
}

/// Whether the search has ended with this slice, and how.
fn ending<C: Code>(walk: &Walk<C>, q: &Question<C>, halt: Halt) -> Option<Ending> {
    match halt {
        Halt::Found => Some(Ending::Found(walk.schedule())),
        _ if walk.tally.states > q.limits.states => Some(Ending::Bound),
        Halt::Done => Some(Ending::Complete),
        Halt::Slice => None,
    }
}

/// What follows the end of a depth-first search.
fn end<C: Code>(sim: &Sim<C>, q: &Question<C>, how: Ending, tally: Tally, circles: Option<Circles>) -> Phase<C> {
    let verdict = match how {
        Ending::Found(known) => {
            let circles = circles.filter(Circles::any);
            let breadth = Box::new(Breadth::new(sim.clone(), q, known.len() as u32, circles));
            return Phase::Breadth { breadth, known };
        }
        Ending::Complete if tally.too_deep => q.limits.out_of_depth(),
        Ending::Complete => Verdict::Safe,
        Ending::Bound => q.limits.out_of_states(),
        Ending::Cancelled => Verdict::Cancelled,
        Ending::Failed(why) => Verdict::Failed { why },
    };
    Phase::Done(tally.report(verdict, q.exact))
}

/// What a finding says that the second search did not meet again, since a fingerprint hid it.
fn lost<C>(q: &Question<C>) -> Broken {
    let rule = q.find.or_else(|| q.stop.iter().next()).unwrap_or(Rule::Hang);
    Broken { rule, actor: None, why: "found, but not by the shortest way: two states share a fingerprint".into() }
}
