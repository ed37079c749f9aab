//! Writing a run down, and playing it again.

use super::blocked::why;
use super::event::Event;
use super::follow::Follow;
use super::name::{Name, Namer, Point};
use super::run::{PATIENCE, Run};
use super::schedule::{Item, Schedule, is_identifier};
use crate::addr::ActorId;
use crate::machine::World;
use crate::sim::Code;
use crate::step::Effect;
use std::fmt;

/// Steps between two check values, at the least.
pub const CHECK_EVERY: usize = 16;

/// A schedule has been played to its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Played {
    /// The position it led to.
    pub steps: usize,
    /// Where the states began to differ from those of the run that was written down: the last position that was
    /// still the same, and the first that was not. None if all check values fit.
    pub changed: Option<(usize, usize)>,
}

/// A schedule cannot be played to its end. The run stands where that was found out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PlayError {
    /// The step that could not be taken.
    pub step: usize,
    /// Why not, in one sentence.
    pub why: String,
    /// As in [`Played::changed`]: where the steps themselves have changed since the schedule was written down.
    pub changed: Option<(usize, usize)>,
}

impl fmt::Display for PlayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "step {}: {}", self.step, self.why)?;
        match self.changed {
            Some((same, other)) => write!(f, " The steps differ from those written down between {same} and {other}."),
            None => Ok(()),
        }
    }
}

impl std::error::Error for PlayError {}

/// The upper 16 bits of a hash.
const fn prefix(hash: u64) -> u16 {
    (hash >> 48) as u16
}

/// These events, which begin at the first state, as a schedule.
pub fn write_down(events: &[Event], world: &World) -> Schedule {
    let mut items = Vec::new();
    let mut namer = Namer::default();
    let (mut since_check, mut names) = (0, Vec::new());
    for (i, e) in events.iter().enumerate() {
        names.push(namer.name(e));
        since_check += 1;
        let turn_ends = events.get(i + 1).is_none_or(|next| next.actor != e.actor);
        let checks = since_check >= CHECK_EVERY && (turn_ends || e.lock_event || e.finished) || i + 1 == events.len();
        if turn_ends || checks || matches!(e.did.effect, Effect::Choose(_)) {
            let to = names[names.len() - 1];
            let times = names.iter().filter(|n| **n == to).count() as u32;
            items.push(Item::Go { actor: spelled(world, e.actor), to, times, choice: e.choice });
            names.clear();
        }
        if checks {
            items.push(Item::Check(prefix(e.hash)));
            since_check = 0;
        }
    }
    Schedule { items }
}

fn spelled(world: &World, a: ActorId) -> String {
    let name = world.actor_name(a);
    let unique = world.actors.iter().filter(|other| other.name == name).count() == 1;
    if unique && is_identifier(name) { name.into() } else { format!("#{}", a.0) }
}

impl<C: Code> Run<C> {
    /// The steps that led to the position, as a schedule's text.
    pub fn schedule(&self) -> String {
        self.written(self.past())
    }

    /// A whole branch, as a schedule's text.
    pub fn schedule_of(&self, fork: usize) -> String {
        self.written(&self.events_of(fork))
    }

    /// These steps as text, behind the rounds that actors run where that is not once.
    fn written(&self, events: &[Event]) -> String {
        let world = self.world();
        let rounds = world.actor_ids().zip(self.sim.rounds()).filter(|&(_, &rounds)| rounds != 1);
        let rounds = rounds.map(|(a, &rounds)| Item::Rounds { actor: spelled(world, a), rounds });
        let items = rounds.chain(write_down(events, world).items).collect();
        Schedule { items }.to_string()
    }

    /// Takes these steps from the first state on, as a search gives them: who, and which way at a choice. Gives how
    /// many could be taken; the run stands behind them.
    pub fn retrace(&mut self, steps: &[(ActorId, u64)]) -> usize {
        self.seek(0);
        steps.iter().take_while(|&&(a, choice)| self.take(a, choice).is_ok()).count()
    }

    /// Plays a schedule from the first state on. Where it leaves the current branch it opens a fork, as stepping does.
    pub fn play(&mut self, schedule: &Schedule) -> Result<Played, PlayError> {
        let world = self.world().clone();
        let mut follow = Follow::new(schedule, &world).map_err(|name| PlayError {
            step: 1,
            why: format!("There is no actor {name} here."),
            changed: None,
        })?;
        let stated = schedule.rounds(&world).unwrap_or_default();
        let rounds = |all: &[u32], a: ActorId| all.get(a.0 as usize).copied().unwrap_or(1);
        if let Some(a) = world.actor_ids().find(|&a| rounds(&stated, a) != rounds(self.sim.rounds(), a)) {
            let (name, n, is) = (world.actor_name(a), rounds(&stated, a), rounds(self.sim.rounds(), a));
            let why = format!("In the schedule {name} runs its program {n} times, and here {is} times.");
            return Err(PlayError { step: 1, why, changed: None });
        }
        self.seek(0);
        let (mut same, mut changed) = (0, None);
        // The item that is being played, where it began, and whether its statement has gone by without it.
        let (mut item, mut began, mut passed) = (0, 0, false);
        while let Some((a, to, choice)) = follow.next() {
            if follow.item() != item {
                (item, began, passed) = (follow.item(), self.at(), false);
            }
            let choice = if self.sim.ways(a) > choice { choice } else { 0 };
            if self.at() - began >= PATIENCE || self.take(a, choice).is_err() {
                let step = if passed { began + 1 } else { self.at() + 1 };
                let why = match passed || self.at() - began >= PATIENCE || self.sim.ended(a) {
                    true => missed(&world, a, &to),
                    false => why(self, a).unwrap_or_else(|| missed(&world, a, &to)),
                };
                self.seek(step - 1);
                return Err(PlayError { step, why, changed });
            }
            if let Some(e) = self.past().last() {
                follow.met(e);
                passed |= follow.item() == item && e.finished && e.did.place == to.place;
            }
            while let Some(hash) = follow.check() {
                match changed {
                    None if hash != prefix(self.hash()) => changed = Some((same, self.at())),
                    None => same = self.at(),
                    Some(_) => {}
                }
            }
        }
        Ok(Played { steps: self.at(), changed })
    }
}

/// An actor has not done what the schedule names.
fn missed(world: &World, a: ActorId, to: &Name) -> String {
    let name = world.actor_name(a);
    let what = match to.point {
        Point::End => "the end".into(),
        Point::Queued(n) => format!("queuing for lock event {n}"),
        Point::After { locks, effects: 0 } => format!("lock event {locks}"),
        Point::After { locks: 0, effects } => format!("effect {effects}"),
        Point::After { locks, effects } => format!("effect {effects} after lock event {locks}"),
    };
    format!("{name} does not come to {what} of its statement {}.", to.place)
}
