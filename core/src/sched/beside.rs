//! The same schedule under another policy, as far as it goes.
//!
//! Under another policy an operation takes other locks, and so other steps. So a run is followed not step by step but turn
//! by turn: a turn is what one actor does before another steps. Protocol, for each turn of the run on the left:
//!
//! - the actor goes on, on the right, until it has ended as many statements, and, where the turn ended inside of one, until
//!   it has done as many lock events of that and as many effects behind them. A lock event that the other policy does not
//!   have is left out: there the statement may end first.
//! - what the world decided is decided alike.
//! - an actor that has to wait on the right is *late*: where that happens first the runs part. The others take their turns
//!   all the same, and whoever is late catches up as soon as it can.
//!
//! If on the left nobody can go on at the end, all go on in turn on the right: so a deadlock that the other policy does
//! not have is seen to end well.

use super::blocked::why;
use super::event::Event;
use super::name::{Namer, Point};
use super::picker::{Offer, Picker, RoundRobin};
use super::run::{PATIENCE, Run};
use crate::addr::ActorId;
use crate::sim::Code;
use std::collections::VecDeque;
use std::ops::Range;

/// One turn on the left and the steps on the right that belong to it. Steps count from 1.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Turns {
    /// Steps on the left, all of one actor; empty where somebody catches up, or all go on after the end.
    pub left: Range<usize>,
    /// Steps on the right.
    pub right: Range<usize>,
}

/// Where two runs part.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Parted {
    /// The step on the left that ends the turn.
    pub left: usize,
    /// The position on the right, from which its actor cannot take that turn to its end.
    pub right: usize,
    /// Whose turn.
    pub actor: ActorId,
    /// Why it cannot, in one sentence.
    pub why: String,
}

/// A run under another policy beside one that it follows.
pub struct Beside<C> {
    /// The run on the right, at its end.
    pub run: Run<C>,
    /// The turns, in order.
    pub turns: Vec<Turns>,
    /// Where they part first, if they do.
    pub parted: Option<Parted>,
    /// Who has not come as far on the right as on the left.
    pub late: Vec<ActorId>,
    /// From which position on the right all go on after the end of the left, if they do.
    pub after: Option<usize>,
}

/// How far an actor has come: statements ended, and lock events and effects within the next.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Come {
    statements: u32,
    locks: u32,
    effects: u32,
}

/// How far each actor has come, from the events.
struct Progress {
    namer: Namer,
    come: Vec<Come>,
}

impl Progress {
    fn new(actors: usize) -> Progress {
        Progress { namer: Namer::default(), come: vec![Come::default(); actors] }
    }

    fn note(&mut self, e: &Event) {
        let come = &mut self.come[e.actor.0 as usize];
        match self.namer.name(e).point {
            Point::End => *come = Come { statements: come.statements + 1, ..Come::default() },
            Point::After { locks, effects } => (come.locks, come.effects) = (locks, effects),
            Point::Queued(_) => {}
        }
    }
}

impl Come {
    /// Whether one who has come so far is as far as `goal`.
    fn reaches(&self, goal: &Come) -> bool {
        (self.statements, self.locks, self.effects) >= (goal.statements, goal.locks, goal.effects)
    }
}

/// The right-hand run while it is made.
struct Follower<C> {
    run: Run<C>,
    progress: Progress,
    goals: Vec<Come>,
    choices: Vec<VecDeque<u64>>,
}

impl<C: Code> Follower<C> {
    /// Takes a step of an actor; false if it cannot.
    fn step(&mut self, a: ActorId) -> bool {
        let ways = self.run.sim.ways(a);
        if ways == 0 {
            return false;
        }
        let choice =
            if ways > 1 { self.choices[a.0 as usize].pop_front().filter(|&c| c < ways).unwrap_or(0) } else { 0 };
        let taken = self.run.take(a, choice).is_ok();
        if let (true, Some(e)) = (taken, self.run.last_event()) {
            self.progress.note(e);
        }
        taken
    }

    fn is_late(&self, a: ActorId) -> bool {
        let at = a.0 as usize;
        !self.progress.come[at].reaches(&self.goals[at])
    }

    /// Lets an actor go on to where it should be, as far as it can.
    fn follow(&mut self, a: ActorId) {
        for _ in 0..PATIENCE {
            if !self.is_late(a) || !self.step(a) {
                return;
            }
        }
    }

    /// Lets all who are late catch up.
    fn catch_up(&mut self) {
        loop {
            let from = self.run.at();
            for a in self.run.world().clone().actor_ids() {
                self.follow(a);
            }
            if self.run.at() == from {
                return;
            }
        }
    }

    /// Lets all go on in turn.
    fn go_on(&mut self) {
        for _ in 0..PATIENCE {
            let enabled = self.run.enabled();
            let picked = RoundRobin.pick(&Offer { enabled: &enabled, past: self.run.past() });
            if !picked.is_some_and(|(a, _)| self.step(a)) {
                return;
            }
        }
    }
}

impl<C: Code> Beside<C> {
    /// Follows a run, up to its position, in another one from its first state on. Both have the same actors.
    pub fn new(left: &mut Run<C>, mut right: Run<C>) -> Beside<C> {
        right.first();
        let actors = right.world().actors.len();
        let mut choices = vec![VecDeque::new(); actors];
        for e in left.past().iter().filter(|e| matches!(e.did.effect, crate::step::Effect::Choose(_))) {
            choices[e.actor.0 as usize].push_back(e.choice);
        }
        let goals = vec![Come::default(); actors];
        let mut right = Follower { run: right, progress: Progress::new(actors), goals, choices };
        let (mut turns, mut parted) = (Vec::new(), None);
        let (mut came, mut from) = (Progress::new(actors), 1);
        for (i, e) in left.past().iter().enumerate() {
            came.note(e);
            if left.past().get(i + 1).is_some_and(|next| next.actor == e.actor) {
                continue;
            }
            let (a, begins) = (e.actor, right.run.at() + 1);
            right.goals[a.0 as usize] = came.come[a.0 as usize];
            right.follow(a);
            turns.push(Turns { left: from..e.step + 1, right: begins..right.run.at() + 1 });
            from = e.step + 1;
            if parted.is_none() && right.is_late(a) {
                let why = why(&mut right.run, a).unwrap_or_else(|| {
                    format!("{} takes {PATIENCE} steps without getting there.", right.run.world().actor_name(a))
                });
                parted = Some(Parted { left: e.step, right: right.run.at(), actor: a, why });
            }
            let begins = right.run.at() + 1;
            right.catch_up();
            if right.run.at() >= begins {
                turns.push(Turns { left: from..from, right: begins..right.run.at() + 1 });
            }
        }
        let late = right.run.world().actor_ids().filter(|&a| right.is_late(a)).collect();
        let mut after = None;
        if left.enabled().is_empty() && !right.run.enabled().is_empty() {
            let begins = right.run.at();
            right.go_on();
            after = Some(begins);
            turns.push(Turns { left: from..from, right: begins + 1..right.run.at() + 1 });
        }
        Beside { run: right.run, turns, parted, late, after }
    }

    /// How the run on the right stands at its end, in one sentence.
    pub fn stands(&mut self) -> String {
        let world = self.run.world().clone();
        let names = |all: &[ActorId]| all.iter().map(|&a| world.actor_name(a)).collect::<Vec<_>>().join(" and ");
        let open: Vec<ActorId> = world.actor_ids().filter(|&a| !self.run.sim().ended(a)).collect();
        match (&open[..], self.run.enabled().is_empty()) {
            ([], _) => "All programs have ended.".to_string(),
            ([one], true) => format!("{} has not ended and cannot go on.", world.actor_name(*one)),
            (all, true) => format!("{} have not ended, and none of them can go on.", names(all)),
            (_, false) => "It can go on.".to_string(),
        }
    }
}
