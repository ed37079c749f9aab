//! A schedule as it is played: who is to step next.

use super::event::Event;
use super::name::{Name, Namer};
use super::picker::{Offer, Picker};
use super::schedule::{Item, Schedule, find};
use crate::addr::ActorId;
use crate::machine::World;

/// A schedule's item, its actor found.
#[derive(Clone, Debug)]
enum Step {
    Go { actor: ActorId, to: Name, times: u32, choice: u64 },
    Check(u16),
}

/// Follows a schedule event by event.
#[derive(Clone, Debug)]
pub(super) struct Follow {
    steps: Vec<Step>,
    at: usize,
    met: u32,
    namer: Namer,
}

impl Follow {
    /// From the first state on. The error is the name of an actor that the world does not have.
    pub fn new(schedule: &Schedule, world: &World) -> Result<Follow, String> {
        let step = |item: &Item| match item {
            Item::Rounds { .. } => None,
            Item::Check(hash) => Some(Ok(Step::Check(*hash))),
            Item::Go { actor, to, times, choice } => {
                let go = |actor| Step::Go { actor, to: *to, times: *times, choice: *choice };
                Some(find(world, actor).map(go))
            }
        };
        let steps = schedule.items.iter().filter_map(step).collect::<Result<_, String>>()?;
        Ok(Follow { steps, at: 0, met: 0, namer: Namer::default() })
    }

    /// Which item is being played.
    pub fn item(&self) -> usize {
        self.at
    }

    /// Who steps next, up to which event, and how a choice on the way goes. Check values are passed over.
    pub fn next(&self) -> Option<(ActorId, Name, u64)> {
        self.steps[self.at..].iter().find_map(|s| match *s {
            Step::Go { actor, to, choice, .. } => Some((actor, to, choice)),
            Step::Check(_) => None,
        })
    }

    /// Notes a step that has been taken.
    pub fn met(&mut self, e: &Event) {
        let name = self.namer.name(e);
        while let Some(Step::Check(_)) = self.steps.get(self.at) {
            self.at += 1;
        }
        if let Some(&Step::Go { actor, to, times, .. }) = self.steps.get(self.at)
            && actor == e.actor
            && to == name
        {
            self.met += 1;
            if self.met == times {
                (self.at, self.met) = (self.at + 1, 0);
            }
        }
    }

    /// The check value that stands here, if one does; it is passed over.
    pub fn check(&mut self) -> Option<u16> {
        match self.steps.get(self.at) {
            Some(&Step::Check(hash)) => {
                self.at += 1;
                Some(hash)
            }
            _ => None,
        }
    }
}

/// Picks as a schedule says, and stops where the schedule ends or its actor cannot step. What others step in between
/// does not disturb it.
#[derive(Clone, Debug)]
pub struct Scripted {
    follow: Follow,
    seen: usize,
}

impl Scripted {
    /// A picker for a run of this world, from its first state on. The error is the name of an actor that the world
    /// does not have.
    pub fn new(schedule: &Schedule, world: &World) -> Result<Scripted, String> {
        Ok(Scripted { follow: Follow::new(schedule, world)?, seen: 0 })
    }
}

impl Picker for Scripted {
    fn pick(&mut self, offer: &Offer<'_>) -> Option<(ActorId, u64)> {
        for e in &offer.past[self.seen.min(offer.past.len())..] {
            self.follow.met(e);
        }
        self.seen = offer.past.len();
        let (actor, _, choice) = self.follow.next()?;
        let &(_, ways) = offer.enabled.iter().find(|(a, _)| *a == actor)?;
        Some((actor, if choice < ways { choice } else { 0 }))
    }
}
