//! The depth-first search itself: one simulated world, one explicit stack.

use super::guide::Guide;
use super::question::{Question, Schedule, Tally};
use super::twins::Twins;
use crate::addr::ActorId;
use crate::sim::{Code, Sim, Snapshot};
use crate::step::Effect;
use crate::watch::{Rule, Rules};

/// Who is told of the states that a walk meets, and says which are new.
pub(super) trait Visit<C: Code> {
    /// The walk has stepped into a state; the step's writes begin at that mark of the journal. True if it is new; then
    /// a [`Visit::leave`] follows once all that is beyond it has been seen.
    fn enter(&mut self, sim: &Sim<C>, mark: usize) -> bool;

    /// Nothing is to come after the state that was entered last and not left: an end, a breach, a deadlock, a limit.
    fn settle(&mut self) {}

    /// The state that was entered last and not left is done. True if it belongs to a circle that nothing leaves.
    fn leave(&mut self) -> bool {
        false
    }
}

/// Why a walk has stopped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Halt {
    /// The slice is over.
    Slice,
    /// All that can be reached from its beginning has been seen.
    Done,
    /// It stands in a state with the breach that is looked for.
    Found,
}

/// A state on the path, and what of it has been tried.
#[derive(Clone, Copy)]
struct Frame {
    /// The next actor to try.
    actor: u8,
    /// Somebody could move.
    moved: bool,
    /// The step that was taken last.
    took: (ActorId, u64),
    /// The next way of that actor to try.
    way: u64,
    /// Who is not tried, since others stand for them; a bit for each.
    skip: u16,
}

impl Frame {
    const NEW: Frame = Frame { actor: 0, moved: false, took: (ActorId(0), 0), way: 0, skip: 0 };
}

/// A branch that was not tried yet, for another thread.
pub(super) struct Branch {
    /// The state that it leaves.
    state: Snapshot,
    /// How to get there.
    path: Schedule,
    /// What is still to be tried there.
    frame: Frame,
}

/// A search under way.
pub(super) struct Walk<C> {
    sim: Sim<C>,
    actors: u8,
    /// The steps to the state where this walk began.
    prefix: Schedule,
    path: Vec<Frame>,
    target: Rules,
    stop: Rules,
    twins: Twins,
    /// Who says who may go alone, in a reduced search.
    guide: Option<Box<Guide>>,
    /// What was counted so far.
    pub tally: Tally,
    /// The steps to a state from which no end can be reached, if one was met.
    pub hang: Option<Schedule>,
}

impl<C: Code> Walk<C> {
    /// A walk with nothing to do.
    pub fn idle(sim: Sim<C>, q: &Question<C>) -> Walk<C> {
        Walk {
            actors: sim.world().map.actors() as u8,
            sim,
            prefix: Vec::new(),
            path: Vec::new(),
            target: q.target(),
            stop: Rules(q.stop.0 | q.target().0),
            twins: Twins::default(),
            guide: None,
            tally: Tally::default(),
            hang: None,
        }
    }

    /// The same, in which of these twins only the first begin, and a guide says who may go alone.
    pub fn reduced(sim: Sim<C>, q: &Question<C>, twins: Twins, guide: Option<Guide>) -> Walk<C> {
        let mut walk = Walk { twins, guide: guide.map(Box::new), ..Walk::idle(sim, q) };
        if walk.guide.is_some() {
            walk.sim.words().watch_looks();
        }
        walk
    }

    /// Whether something was learnt since the pass began, so that it does not count.
    pub fn stale(&self) -> bool {
        self.guide.as_ref().is_some_and(|g| g.stale())
    }

    /// Begins in the state in which the world is.
    pub fn begin(&mut self, q: &Question<C>, visit: &mut impl Visit<C>) -> Halt {
        let before = self.sim.broken_rules();
        let broken = self.sim.start_broken().iter().fold(before, |set, b| set.with(b.rule));
        let mark = self.sim.memory().mark();
        if visit.enter(&self.sim, mark) { self.arrive(q, visit, broken).unwrap_or(Halt::Slice) } else { Halt::Done }
    }

    /// Goes on from a branch that another walk has given away.
    pub fn take(&mut self, branch: Branch) {
        self.sim.restore(&branch.state);
        self.prefix = branch.path;
        self.path.clear();
        self.path.push(branch.frame);
    }

    /// The world, in the state in which the walk is.
    pub fn sim(&self) -> &Sim<C> {
        &self.sim
    }

    /// Steps from the beginning of the search to where the walk is.
    fn depth(&self) -> u32 {
        (self.prefix.len() + self.path.len()).saturating_sub(1) as u32
    }

    /// The steps to the state in which the walk is.
    pub fn schedule(&self) -> Schedule {
        let here = self.path.split_last().map_or(&[][..], |(_, before)| before);
        self.prefix.iter().copied().chain(here.iter().map(|f| f.took)).collect()
    }

    /// Goes on for at most that many steps, which must be all that `visit` was made for.
    pub fn run(&mut self, q: &Question<C>, visit: &mut impl Visit<C>, steps: u64) -> Halt {
        if self.stale()
            && let Some(guide) = &mut self.guide
        {
            guide.refresh();
        }
        let last = self.tally.steps + steps;
        while self.tally.steps < last {
            let Some(top) = self.path.last_mut() else { return Halt::Done };
            if top.actor == self.actors {
                if let Some(halt) = self.back(visit) {
                    return halt;
                }
                continue;
            }
            let step @ (actor, way) = (ActorId(top.actor), top.way);
            if top.skip >> actor.0 & 1 == 1 {
                top.actor += 1;
                continue;
            }
            if let Some(guide) = &mut self.guide {
                guide.before(&mut self.sim, actor);
            }
            let mark = self.sim.memory().mark();
            let Ok(did) = self.sim.step(actor, way) else {
                (top.actor, top.way) = (actor.0 + 1, 0);
                continue;
            };
            (top.moved, top.took) = (true, step);
            (top.actor, top.way) = match did.did.effect {
                Effect::Choose(n) if way + 1 < n => (actor.0, way + 1),
                _ => (actor.0 + 1, 0),
            };
            self.tally.steps += 1;
            if let Some(guide) = &mut self.guide {
                guide.after(&self.sim, mark, &did);
            }
            if let Some(look) = &q.mark {
                self.tally.marked |= look(&did);
            }
            if !visit.enter(&self.sim, mark) {
                self.sim.undo();
                continue;
            }
            if let Some(book) = &q.orders {
                let steps = || self.prefix.iter().copied().chain(self.path.iter().map(|f| f.took)).collect();
                book.look(&mut self.sim, actor, steps);
            }
            let broken = did.broken.iter().fold(Rules::NONE, |set, b| set.with(b.rule));
            if let Some(halt) = self.arrive(q, visit, broken) {
                return halt;
            }
        }
        Halt::Slice
    }

    /// In a new state.
    #[inline]
    fn arrive(&mut self, q: &Question<C>, visit: &mut impl Visit<C>, broken: Rules) -> Option<Halt> {
        self.path.push(Frame::NEW);
        let depth = self.depth();
        self.tally.states += 1;
        self.tally.depth = self.tally.depth.max(depth);
        if let Some(look) = &q.probe {
            self.tally.reached |= look(&mut self.sim);
        }
        if !broken.and(self.target).is_empty() {
            return Some(Halt::Found);
        }
        let stopped = !broken.and(self.stop).is_empty();
        if stopped || depth >= q.limits.depth {
            self.tally.too_deep |= !stopped;
            visit.settle();
            if let Some(top) = self.path.last_mut() {
                (top.actor, top.moved) = (self.actors, true);
            }
        } else if self.guide.is_some() || !self.twins.is_empty() {
            self.thin();
        }
        None
    }

    /// In a new state: who need not be tried.
    fn thin(&mut self) {
        let twins = self.twins.skip(&self.sim);
        let alone = self.guide.as_mut().and_then(|guide| guide.alone(&mut self.sim, twins));
        let skip = alone.map_or(twins, |a| !(1 << a.0));
        if let Some(top) = self.path.last_mut() {
            top.skip = skip;
        }
        for a in self.sim.world().actor_ids().filter(|a| skip >> a.0 & 1 == 1) {
            self.tally.pruned += self.sim.ways(a);
        }
    }

    /// All of the last state has been tried: back to the one before.
    fn back(&mut self, visit: &mut impl Visit<C>) -> Option<Halt> {
        let moved = self.path.last().is_some_and(|top| top.moved);
        if !moved {
            visit.settle();
            if self.sim.all_ended() {
                self.tally.ends += 1;
            } else {
                self.tally.deadlocked += 1;
                if self.target.has(Rule::Deadlock) {
                    return Some(Halt::Found);
                }
            }
        }
        if visit.leave() && self.hang.is_none() {
            self.hang = Some(self.schedule());
        }
        self.path.pop();
        if !self.path.is_empty() {
            self.sim.undo();
        }
        None
    }

    /// Gives away untried branches of the path, every second one and at most so many, the longest first. The walk is
    /// left where it is.
    pub fn give(&mut self, most: usize) -> Vec<Branch> {
        let below = self.path.len().saturating_sub(1);
        let open: Vec<usize> = (0..below).filter(|&i| self.path[i].actor < self.actors).step_by(2).take(most).collect();
        let Some(&lowest) = open.first() else { return Vec::new() };
        let mut branches = Vec::with_capacity(open.len());
        for _ in lowest..below {
            self.sim.undo();
        }
        let mut path: Schedule =
            self.prefix.iter().copied().chain(self.path[..lowest].iter().map(|f| f.took)).collect();
        for i in lowest..below {
            let frame = &mut self.path[i];
            if open.contains(&i) {
                branches.push(Branch { state: self.sim.snapshot(), path: path.clone(), frame: *frame });
                frame.actor = self.actors;
            }
            let (actor, way) = frame.took;
            path.push(frame.took);
            // It was taken before, in the same state.
            let _ = self.sim.step(actor, way);
        }
        branches
    }
}
