//! The 4-actor twin: a model small enough to be counted by two tools.
//!
//! One reference count, two locks, two map words. Each actor performs its operation some rounds:
//! it takes a reference (load, compare-and-exchange, again if that fails), takes lock a and adds one to map a, takes
//! lock b and adds one to map b, releases b and a, and drops the reference. In the inverted form actors 1 and 3 use
//! the locks in the other order. SPIN counts the same states on `tests/spin/twin.pml`.

use super::code::{Code, Locals};
use crate::addr::{ActorId, DomId};
use crate::entry::Format;
use crate::lock::{Lock, Mode};
use crate::machine::{Actor, Kind, Map, NamedLock, Policy, Sizes, Words, World};
use crate::step::{Step, Stop};
use crate::watch::Broken;
use std::sync::Arc;

/// The twin's programs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Twin {
    /// How often each actor performs its operation.
    pub rounds: u64,
    /// Whether actors 1 and 3 take the locks in the other order.
    pub inverted: bool,
}

impl Twin {
    /// The world of the twin with its first words.
    pub fn world(actors: usize) -> (Arc<World>, Arc<[u64]>) {
        let map = Map::new(Sizes { frames: 1, actors, words: 3, locks: 2, ..Sizes::default() });
        let names = |prefix: &str, n: usize| (0..n).map(|i| format!("{prefix}{i}")).collect::<Vec<_>>();
        let world = World {
            map,
            policy: Policy::M2,
            pin: true,
            format: Format::Ept2011,
            actors: names("A", actors)
                .into_iter()
                .map(|name| Actor { name, kind: Kind::Toolstack, domain: DomId(0) })
                .collect(),
            words: names("w", 3),
            locks: names("l", 2).into_iter().map(|name| NamedLock { name, level: 0 }).collect(),
            ..World::default()
        };
        (Arc::new(world), vec![0; map.len() as usize].into())
    }

    /// The operation over effects.
    pub fn operation<S: Step>(a: u64, b: u64, s: &mut S) -> Result<(), Stop> {
        let word = |s: &S, i: u64| s.world().map.word(i as u32);
        let count = word(s, 0);
        s.retry(|s| {
            let seen = s.load(count)?;
            Ok(s.cas(count, seen, seen + 1)?.then_some(()))
        })?;
        for l in [a, b] {
            s.lock(Lock::Named(l as u8), Mode::Exclusive)?;
            s.scope(|s| {
                let at = word(s, 1 + l);
                let v = s.load(at)?;
                s.store(at, v + 1)
            })?;
        }
        for l in [b, a] {
            s.unlock(Lock::Named(l as u8), Mode::Exclusive)?;
        }
        s.add(count, u64::MAX)?;
        Ok(())
    }
}

impl Code for Twin {
    fn start<W: Words>(&self, _: &World, _: &mut W, _: ActorId, _: &mut Locals, _: &mut Vec<Broken>) -> Option<u64> {
        (self.rounds > 0).then_some(0)
    }

    fn run<S: Step>(&self, a: ActorId, _place: u64, _: &Locals, s: &mut S) -> Result<u64, Stop> {
        let swap = self.inverted && a.0 % 2 == 1;
        let (first, second) = if swap { (1, 0) } else { (0, 1) };
        Twin::operation(first, second, s).map(|()| 0)
    }

    fn finish<W: Words>(
        &self,
        _: &World,
        _: &mut W,
        _: ActorId,
        place: u64,
        _: u64,
        _: &mut Locals,
        _: &mut Vec<Broken>,
    ) -> Option<u64> {
        (place + 1 < self.rounds).then_some(place + 1)
    }
    fn alike(&self, a: ActorId, b: ActorId) -> bool {
        !self.inverted || a.0 % 2 == b.0 % 2
    }
}
