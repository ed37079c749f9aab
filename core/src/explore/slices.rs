//! A search cut into slices, for one thread that must not block.

use super::breadth::{self, Breadth};
use super::circles::Circles;
use super::guide::{Guide, whole};
use super::lore::Lore;
use super::packed::Packer;
use super::question::{Progress, Question, Report, Schedule, Tally, Verdict};
use super::seen::{Own, SLICE, Seen};
use super::shorten::shorten;
use super::twins::Twins;
use super::walk::{Halt, Walk};
use crate::sim::{Code, Sim};
use crate::watch::{Broken, Rule};
use std::sync::Arc;

/// A pass that has to be done again ends at once if it has taken no more steps than that.
pub(super) const YOUNG: u64 = 32 * SLICE;

/// How a search is reduced.
#[derive(Clone)]
pub(super) struct Reduction {
    pub twins: Twins,
    /// What the passes have learnt so far, if actors go alone.
    pub lore: Option<Arc<Lore>>,
    /// Why they do not though that was asked for.
    pub whole: Option<&'static str>,
    /// Which pass it is, from 1.
    pub pass: u32,
}

impl Reduction {
    /// As the question wants it.
    pub fn new<C: Code>(sim: &Sim<C>, q: &Question<C>) -> Reduction {
        let why = whole(sim.world(), q);
        // Of twins not all orders are met, only such as one of them asks in.
        let twins = q.twins && why.is_none() && q.orders.is_none();
        let twins = if twins { Twins::of(sim) } else { Twins::default() };
        let lore = (q.reduce && why.is_none()).then(|| Arc::new(Lore::new(sim.world().map, &twins.pairs())));
        Reduction { twins, lore, whole: why.filter(|_| q.reduce || q.twins), pass: 1 }
    }

    /// Not at all.
    fn none() -> Reduction {
        Reduction { twins: Twins::default(), lore: None, whole: None, pass: 1 }
    }

    /// Whether anything is left out.
    fn any(&self) -> bool {
        self.lore.is_some() || !self.twins.is_empty()
    }

    /// A walk of this pass.
    pub fn walk<C: Code>(&self, sim: &Sim<C>, q: &Question<C>) -> Walk<C> {
        Walk::reduced(sim.clone(), q, self.twins.clone(), self.lore.clone().map(Guide::new))
    }
}

/// A search under way.
pub struct Slices<C> {
    q: Question<C>,
    start: Sim<C>,
    phase: Phase<C>,
    reduction: Reduction,
}

enum Phase<C> {
    /// Depth first, and nothing found yet.
    Walk { walk: Walk<C>, seen: Seen, own: Own, begun: bool },
    /// The same, and it is told which states can still reach an end. If a reduced search has found one that cannot, the
    /// way there.
    Circles { walk: Walk<C>, circles: Circles, begun: bool, known: Option<Schedule> },
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
    /// More memory was wanted than there may be, for this.
    Full(&'static str),
    /// Something was learnt that this pass did not know: it has to be done again.
    Again,
    /// It was cancelled.
    Cancelled,
    /// A thread panicked, and said this.
    Failed(String),
}

/// What needs memory and cannot be content with less.
pub(super) const EXACT: &str = "keeping whole states";
const CIRCLES: &str = "telling which states can still reach an end";

impl<C: Code> Slices<C> {
    /// A search from the state in which `sim` is.
    pub fn new(sim: &Sim<C>, q: &Question<C>) -> Slices<C> {
        Slices::with(sim, q, Reduction::new(sim, q))
    }

    fn with(sim: &Sim<C>, q: &Question<C>, reduction: Reduction) -> Slices<C> {
        let phase = begin(sim, q, &reduction, None);
        Slices { q: q.clone(), start: sim.clone(), phase, reduction }
    }

    /// What is left to do after a depth-first search that several threads have shared.
    pub(super) fn after(
        sim: &Sim<C>,
        q: &Question<C>,
        ending: Ending,
        tally: Tally,
        reduction: Reduction,
    ) -> Slices<C> {
        match ending {
            Ending::Complete if q.wants_hang() => Slices::with(sim, q, reduction),
            Ending::Again => Slices::with(sim, q, Reduction { pass: reduction.pass + 1, ..reduction }),
            _ => {
                let phase = end(sim, q, &reduction, ending, tally, None);
                Slices { q: q.clone(), start: sim.clone(), phase, reduction }
            }
        }
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
        let report = match &self.phase {
            Phase::Done(report) => return report.clone(),
            Phase::Breadth { known, breadth } => give_up(&self.start, &self.q, known, breadth.tally),
            Phase::Circles { known: Some(known), walk, .. } => give_up(&self.start, &self.q, known, walk.tally),
            _ => Report { whole: self.reduction.whole, ..self.tally().report(Verdict::Cancelled, self.q.exact) },
        };
        let report = Report { passes: self.reduction.pass, ..report };
        self.phase = Phase::Done(report.clone());
        report
    }

    /// How far it has come.
    pub fn progress(&self) -> Progress {
        let shortening = match &self.phase {
            Phase::Circles { known, .. } => known.is_some(),
            Phase::Breadth { .. } => true,
            _ => false,
        };
        self.tally().progress(self.reduction.pass, shortening)
    }

    fn tally(&self) -> Tally {
        match &self.phase {
            Phase::Walk { walk, seen, .. } => Tally { table: seen.table(), ..walk.tally },
            Phase::Circles { walk, circles, .. } => Tally { table: circles.table(), ..walk.tally },
            Phase::Breadth { breadth, .. } => breadth.tally,
            Phase::Done(r) => Tally {
                states: r.states,
                steps: r.steps,
                depth: r.depth,
                pruned: r.pruned,
                table: r.table,
                ..Tally::default()
            },
        }
    }

    fn slice(&mut self, steps: u64) {
        let (q, reduction) = (&self.q, &self.reduction);
        let next = match &mut self.phase {
            Phase::Walk { walk, seen, own, begun } => {
                let before = walk.tally.states;
                let mut slice = seen.slice(own);
                let halt = go(walk, q, &mut slice, begun, steps);
                drop(slice);
                seen.add(walk.tally.states - before, own, &mut walk.tally);
                let full = seen.full().then_some(EXACT);
                ending(walk, q, halt, full).map(|ending| {
                    let tally = Tally { table: seen.table(), ..walk.tally };
                    end(&self.start, q, reduction, ending, tally, None)
                })
            }
            Phase::Circles { walk, circles, begun, known } => {
                let halt = go(walk, q, circles, begun, steps);
                let full = (circles.bytes_after(SLICE) > q.limits.memory).then_some(CIRCLES);
                let tally = Tally { table: circles.table(), ..walk.tally };
                match (ending(walk, q, halt, full), walk.hang.take(), known.take()) {
                    // The states that a reduced search left out have no numbers, so the whole one is asked for the
                    // shortest way.
                    (Some(Ending::Complete), Some(hang), _) if reduction.any() => {
                        self.reduction = Reduction { pass: self.reduction.pass, ..Reduction::none() };
                        Some(begin(&self.start, q, &self.reduction, Some(hang)))
                    }
                    (Some(Ending::Complete), Some(hang), _) => {
                        let circles = std::mem::replace(circles, Circles::new(None));
                        Some(end(&self.start, q, reduction, Ending::Found(hang), tally, Some(circles)))
                    }
                    (Some(_), _, Some(hang)) => Some(Phase::Done(give_up(&self.start, q, &hang, tally))),
                    (Some(ending), ..) => Some(end(&self.start, q, reduction, ending, tally, None)),
                    (None, hang, before) => {
                        (walk.hang, *known) = (hang, before);
                        None
                    }
                }
            }
            Phase::Breadth { breadth, known } => match breadth.run(q, steps) {
                true => {
                    let found = breadth.finding();
                    let fewest = found.is_some();
                    let (schedule, broken) = found.unwrap_or_else(|| (known.clone(), lost(q)));
                    let tally = Tally { depth: schedule.len() as u32, ..breadth.tally };
                    let report = tally.report(Verdict::Found { broken, schedule }, q.exact);
                    Some(Phase::Done(Report { fewest, passes: reduction.pass, ..report }))
                }
                false if breadth.full(q) => Some(Phase::Done(give_up(&self.start, q, known, breadth.tally))),
                false => None,
            },
            Phase::Done(_) => None,
        };
        match next {
            Some(Phase::Done(report)) => {
                let (passes, whole) = (self.reduction.pass, self.reduction.whole);
                self.phase = Phase::Done(Report { passes, whole, ..report });
            }
            Some(Phase::Walk { .. } | Phase::Circles { known: None, .. }) => {
                self.reduction.pass += 1;
                self.phase = begin(&self.start, &self.q, &self.reduction, None);
            }
            Some(next) => self.phase = next,
            None => {}
        }
    }
}

/// The first phase of a search or of one more pass of it; with the way to a state that hangs the search for the shortest.
fn begin<C: Code>(sim: &Sim<C>, q: &Question<C>, reduction: &Reduction, known: Option<Schedule>) -> Phase<C> {
    let walk = reduction.walk(sim, q);
    match q.wants_hang() {
        true => {
            let circles = Circles::new(q.exact.then(|| Packer::new(sim)));
            Phase::Circles { walk, circles, begun: false, known }
        }
        false => Phase::Walk { walk, seen: Seen::new(q.exact, 1, q.limits.memory), own: Own::default(), begun: false },
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
fn ending<C: Code>(walk: &Walk<C>, q: &Question<C>, halt: Halt, full: Option<&'static str>) -> Option<Ending> {
    match halt {
        Halt::Found => Some(Ending::Found(walk.schedule())),
        _ if walk.stale() && (halt == Halt::Done || walk.tally.steps < YOUNG) => Some(Ending::Again),
        _ if walk.tally.states > q.limits.states => Some(Ending::Bound),
        _ if full.is_some() => full.map(Ending::Full),
        Halt::Done => Some(Ending::Complete),
        Halt::Slice => None,
    }
}

/// What follows the end of a depth-first search.
fn end<C: Code>(
    sim: &Sim<C>,
    q: &Question<C>,
    reduction: &Reduction,
    how: Ending,
    tally: Tally,
    circles: Option<Circles>,
) -> Phase<C> {
    let verdict = match how {
        Ending::Found(known) => {
            let circles = circles.filter(Circles::any);
            let breadth = Box::new(Breadth::new(sim.clone(), q, known.len() as u32, circles));
            return Phase::Breadth { breadth, known };
        }
        Ending::Again => return begin(sim, q, reduction, None),
        Ending::Complete if tally.too_deep => q.limits.out_of_depth(),
        Ending::Complete if tally.table.bits => Verdict::Likely { missed: tally.missed },
        Ending::Complete => Verdict::Safe,
        Ending::Bound => q.limits.out_of_states(),
        Ending::Full(needs) => q.limits.out_of_memory(tally.states, needs),
        Ending::Cancelled => Verdict::Cancelled,
        Ending::Failed(why) => Verdict::Failed { why },
    };
    Phase::Done(tally.report(verdict, q.exact))
}

/// The report of a finding of which the shortest schedule cannot be found: the known one, made small.
fn give_up<C: Code>(sim: &Sim<C>, q: &Question<C>, known: &Schedule, tally: Tally) -> Report {
    let hangs = || (known.clone(), breadth::hang());
    let (schedule, broken) = shorten(sim, q.target(), known).unwrap_or_else(hangs);
    let tally = Tally { depth: schedule.len() as u32, ..tally };
    Report { fewest: false, ..tally.report(Verdict::Found { broken, schedule }, q.exact) }
}

/// What a finding says that the second search did not meet again, since a fingerprint hid it.
fn lost<C>(q: &Question<C>) -> Broken {
    let rule = q.find.or_else(|| q.stop.iter().next()).unwrap_or(Rule::Hang);
    Broken { rule, actor: None, why: "found, but not by the shortest way: two states share a fingerprint".into() }
}
