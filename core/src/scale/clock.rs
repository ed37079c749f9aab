//! A run in virtual time: who goes next, what it takes, who waits for whom.
//!
//! Protocol. All actors that can go, or believe so, stand in one queue by their clocks; equal clocks go by a rank that
//! is drawn from the seed. The first one performs its effect, and its clock moves by what that touched. Whoever finds
//! its lock taken leaves the queue and is noted at the lines that it looked at. When one of these is written, and its
//! lock is free now, it goes back into the queue, at the time at which the line is there. Of those who want one lock
//! for themselves only the one that has waited longest is told, and the lock is kept for it: nobody comes before it.

use super::lines::{Costs, Cpu, Lines, Noted, Time, Timed, nanoseconds};
use crate::addr::ActorId;
use crate::lock::{Lock, Mode};
use crate::machine::{Policy, World};
use crate::perform::{perform, ready};
use crate::sim::{Code, Sim};
use crate::step::Effect;
use crate::watch::Rules;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};
use std::sync::Arc;

/// How those wait who find a lock taken.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Waiters {
    /// In a queue: each is told by the one before it, and touches nothing until then.
    #[default]
    Queue,
    /// All look at the lock again whenever its line is written.
    Spin,
    /// All look again and again, at growing distances, as live actors do: first a few spins, then slices of sleep.
    Backoff,
}

impl Waiters {
    /// All of them with their names.
    pub const ALL: [(&'static str, Waiters); 3] =
        [("queue", Waiters::Queue), ("spin", Waiters::Spin), ("backoff", Waiters::Backoff)];

    /// The one of that name.
    pub fn from_name(name: &str) -> Option<Waiters> {
        Waiters::ALL.iter().find(|w| w.0 == name).map(|w| w.1)
    }
}

/// What is fixed for a run in virtual time beside world and programs.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Setup {
    /// What things take.
    pub costs: Costs,
    /// What an actor does elsewhere after each round of its program, in nanoseconds.
    pub pause: f64,
    /// How those wait who find a lock taken.
    pub waiters: Waiters,
    /// What choices are drawn from, and who goes first where two come at one time.
    pub seed: u64,
    /// Rounds of all actors together that are passed over, since lines are not where they belong yet; then those that are
    /// counted. None: as many as tell enough for that many actors.
    pub rounds: Option<(u64, u64)>,
}

impl Default for Setup {
    fn default() -> Setup {
        Setup { costs: Costs::default(), pause: 0.0, waiters: Waiters::default(), seed: 1, rounds: None }
    }
}

/// Effects after which a run is ended whatever it has got to, for each round that it should run.
const PATIENCE: u64 = 2_000;
/// The live actors' pauses (`live::step`): rounds of spinning, each twice as long, then sleeps.
const SPINS: u32 = 7;
const SPIN: Time = 40_000;
const FIRST_SLEEP: Time = 20_000_000;
const LONGEST_SLEEP: Time = 1_000_000_000;

/// Why a run came to nothing more.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Stood {
    /// Everybody waits.
    Deadlock,
    /// Programs have ended, or go on and on without ending a round.
    NoRounds,
}

/// What a run in virtual time has shown.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Outcome {
    /// Rounds of all actors a second, of those that were counted.
    pub per_second: f64,
    /// Rounds that were counted, and how long they took together, in nanoseconds.
    pub rounds: u64,
    /// How long they took.
    pub nanoseconds: f64,
    /// Rounds in which a statement gave an error.
    pub failures: u64,
    /// The share of all actors' time in which they waited for locks or conditions.
    pub waiting: f64,
    /// The share in which they waited for lines, each while it did something else than wait for a lock.
    pub moving: f64,
    /// The lock at which most time was lost, by waiting for it and for its lines, with its share of all time.
    pub contended: Option<(Lock, f64)>,
    /// Why it ended before its rounds were run.
    pub stood: Option<Stood>,
}

/// A run in virtual time.
pub struct Clocked<C> {
    sim: Sim<C>,
    setup: Setup,
    lines: Lines,
    cpus: Vec<Cpu>,
    /// Who goes next: clock, rank, who.
    queue: BinaryHeap<Reverse<(Time, u64, u8)>>,
    ranks: Vec<u64>,
    /// Since when each waits, if it does, and how often it has looked.
    waits: Vec<Option<(Time, u32)>>,
    /// Who looks at a line, by how long they wait.
    at_lines: HashMap<u32, BTreeMap<(Time, u64, u8), ()>>,
    /// The lines that each looks at.
    looks_at: Vec<Vec<u32>>,
    /// Who waits for something that is no lock: they look after every effect.
    sleepers: Vec<u8>,
    /// For whom a lock is kept that is free.
    kept: HashMap<u64, u8>,
    written: Vec<u32>,
    rounds: Vec<u64>,
    failed: Vec<bool>,
    warm: u64,
    counted: u64,
    done: u64,
    effects: u64,
    /// When counting began.
    begun: Option<Time>,
    now: Time,
    failures: u64,
    waited: Time,
    lost: HashMap<u64, Time>,
    stood: Option<Stood>,
}

impl<C: Code> Clocked<C> {
    /// A run from the world's first state. Each actor runs its program again and again.
    pub fn new(world: Arc<World>, code: Arc<C>, first: Arc<[u64]>, setup: Setup) -> Clocked<C> {
        let n = world.actors.len();
        let rounds = vec![u32::MAX; n].into();
        let lines = Lines::new(world.map.len(), &setup.costs);
        let sim = Sim::with_rounds(world, code, first, Rules::NONE, rounds);
        // As many of each where all go at one pace: else the end of the count would fall between two of their rounds.
        let enough = (16 * n as u64).max(600).next_multiple_of(n.max(1) as u64);
        let (warm, counted) = setup.rounds.unwrap_or((4 * n as u64, enough));
        let ranks: Vec<u64> = (0..n as u64).map(|a| draw(setup.seed, a)).collect();
        let mut run = Clocked {
            sim,
            setup,
            lines,
            cpus: vec![Cpu::default(); n],
            queue: BinaryHeap::new(),
            ranks,
            waits: vec![None; n],
            at_lines: HashMap::new(),
            looks_at: vec![Vec::new(); n],
            sleepers: Vec::new(),
            kept: HashMap::new(),
            written: Vec::new(),
            rounds: vec![0; n],
            failed: vec![false; n],
            warm,
            counted,
            done: 0,
            effects: 0,
            begun: (warm == 0).then_some(0),
            now: 0,
            failures: 0,
            waited: 0,
            lost: HashMap::new(),
            stood: None,
        };
        (0..n).for_each(|a| run.enqueue(ActorId(a as u8)));
        run
    }

    /// The simulated run, at the moment.
    pub fn sim(&self) -> &Sim<C> {
        &self.sim
    }

    /// The clocks of all actors.
    pub fn clocks(&self) -> Vec<Time> {
        self.cpus.iter().map(|c| c.now).collect()
    }

    /// How many rounds each actor has ended.
    pub fn rounds(&self) -> &[u64] {
        &self.rounds
    }

    /// Effects so far.
    pub fn effects(&self) -> u64 {
        self.effects
    }

    /// Goes on for at most so many effects; what came out once the run has ended.
    pub fn advance(&mut self, effects: u64) -> Option<Outcome> {
        let until = self.effects.saturating_add(effects);
        while self.effects < until {
            if self.done >= self.warm + self.counted || self.stood.is_some() {
                return Some(self.outcome());
            }
            self.go();
        }
        None
    }

    /// Lets the next actor go; who it was and what it did, unless it found that it has to wait, or nobody is left.
    pub fn go(&mut self) -> Option<(ActorId, Effect)> {
        self.effects += 1;
        let enough = self.effects > PATIENCE * (self.warm + self.counted);
        let Some(Reverse((now, _, a))) = self.queue.pop().filter(|_| !enough) else {
            self.stood = Some(match enough || self.waits.iter().all(Option::is_none) {
                true => Stood::NoRounds,
                false => Stood::Deadlock,
            });
            return None;
        };
        self.now = self.now.max(now);
        let a = ActorId(a);
        let wants = match self.sim.pending(a).map(|p| p.effect) {
            Some(Effect::Lock(lock, _)) => Some(lock.to_word()),
            _ => None,
        };
        let kept = wants.and_then(|lock| self.kept.get(&lock).map(|&whose| (lock, whose)));
        let may = match kept {
            Some((lock, whose)) if whose == a.0 => self.kept.remove(&lock).is_some(),
            Some(_) => false,
            None => true,
        };
        let ways = if may { self.sim.ways(a) } else { 0 };
        if ways == 0 {
            self.wait(a);
            return None;
        }
        Some((a, self.step(a, ways)))
    }

    fn enqueue(&mut self, a: ActorId) {
        if !self.sim.ended(a) {
            let i = a.0 as usize;
            self.queue.push(Reverse((self.cpus[i].now, self.ranks[i], a.0)));
        }
    }

    fn step(&mut self, a: ActorId, ways: u64) -> Effect {
        let i = a.0 as usize;
        let effect = self.sim.pending(a).map_or(Effect::Choose(1), |p| p.effect);
        if let Some((since, _)) = self.waits[i].take() {
            let waited = self.cpus[i].now.saturating_sub(since);
            self.waited += waited;
            self.lose(&effect, waited);
        }
        let choice = if ways > 1 { draw(self.setup.seed ^ self.effects, a.0 as u64) % ways } else { 0 };
        let moving = self.cpus[i].moving;
        self.written.clear();
        let (lines, cpu, written) = (&mut self.lines, &mut self.cpus[i], &mut self.written);
        let stepped = self.sim.step_by(a, choice, |words, world, e| {
            perform(&mut Timed { words, lines, cpu, me: a, written }, world, a, e)
        });
        self.cpus[i].now += self.lines.ticks.effect;
        self.lose(&effect, self.cpus[i].moving - moving);
        let Ok(stepped) = stepped else { return effect };
        self.failed[i] |= stepped.failed || !stepped.broken.is_empty();
        let round = self.sim.round(a);
        if round > self.rounds[i] || stepped.ended {
            self.end_round(i, round.max(self.rounds[i] + stepped.ended as u64));
        }
        match stepped.queued {
            true => self.wait(a),
            false => self.enqueue(a),
        }
        self.tell();
        effect
    }

    fn end_round(&mut self, i: usize, rounds: u64) {
        self.done += rounds - self.rounds[i];
        self.rounds[i] = rounds;
        self.failures += std::mem::take(&mut self.failed[i]) as u64;
        self.cpus[i].now += nanoseconds(self.setup.pause);
        if self.done >= self.warm && self.begun.is_none() {
            self.begun = Some(self.now);
        }
    }

    /// Notes time that was lost at a lock.
    fn lose(&mut self, effect: &Effect, time: Time) {
        if let Effect::Lock(lock, _) | Effect::TryLock(lock, _) | Effect::Unlock(lock, _) = effect {
            *self.lost.entry(lock.to_word()).or_default() += time;
        }
    }

    /// The actor cannot go on. It has looked, and looks again when there is a reason to.
    fn wait(&mut self, a: ActorId) {
        let i = a.0 as usize;
        let effect = self.sim.pending(a).map(|p| p.effect);
        let (since, looks) = self.waits[i].unwrap_or((self.cpus[i].now, 0));
        self.waits[i] = Some((since, looks + 1));
        let is_lock = matches!(effect, Some(Effect::Lock(..))) && !self.sim.world().pausable;
        if self.setup.waiters != Waiters::Queue || !is_lock {
            self.look(a, effect);
        }
        if self.setup.waiters == Waiters::Backoff {
            self.cpus[i].now += pause(looks);
            match self.all_wait() {
                true => self.stood = Some(Stood::Deadlock),
                false => self.enqueue(a),
            }
        } else if is_lock {
            self.note_lines(a, effect);
        } else {
            self.sleepers.push(a.0);
        }
    }

    /// Whether everybody who has not ended waits, and in vain.
    fn all_wait(&mut self) -> bool {
        let world = self.sim.world().clone();
        let stands = |a: &ActorId| self.sim.ended(*a) || self.waits[a.0 as usize].is_some();
        world.actor_ids().all(|a| stands(&a)) && world.actor_ids().all(|a| !self.sim.enabled(a))
    }

    /// Looks at what the effect needs, at its price.
    fn look(&mut self, a: ActorId, effect: Option<Effect>) {
        let Some(effect) = effect else { return };
        let world = self.sim.world().clone();
        let (lines, cpu) = (&mut self.lines, &mut self.cpus[a.0 as usize]);
        let moving = cpu.moving;
        let mut looks = Timed { words: self.sim.words(), lines, cpu, me: a, written: &mut Vec::new() };
        ready(&mut looks, &world, a, &effect);
        // It waits anyway.
        self.cpus[a.0 as usize].moving = moving;
    }

    /// Notes the actor at the lines that say whether its lock is free.
    fn note_lines(&mut self, a: ActorId, effect: Option<Effect>) {
        let i = a.0 as usize;
        let (Some(effect), Some((since, _))) = (effect, self.waits[i]) else { return };
        let world = self.sim.world().clone();
        let mut read = std::mem::take(&mut self.looks_at[i]);
        ready(&mut Noted { words: self.sim.words(), read: &mut read }, &world, a, &effect);
        read.sort_unstable();
        read.dedup();
        for &line in &read {
            self.at_lines.entry(line).or_default().insert((since, self.ranks[i], a.0), ());
        }
        self.looks_at[i] = read;
    }

    fn forget_lines(&mut self, a: u8) {
        let i = a as usize;
        let Some((since, _)) = self.waits[i] else { return };
        for line in std::mem::take(&mut self.looks_at[i]) {
            if let Some(all) = self.at_lines.get_mut(&line) {
                all.remove(&(since, self.ranks[i], a));
            }
        }
    }

    /// After an effect: those go on who can now.
    fn tell(&mut self) {
        // Those who want one lock in one mode can all have it or all not, but readers that want to write.
        let alike = self.sim.world().policy != Policy::Rw;
        let mut tried: Vec<(Lock, Mode)> = Vec::new();
        for n in 0..self.written.len() {
            let line = self.written[n];
            let Some(all) = self.at_lines.get(&line).filter(|all| !all.is_empty()) else { continue };
            let all: Vec<u8> = all.keys().map(|k| k.2).collect();
            let there = self.lines.there(line);
            for a in all {
                let Some(Effect::Lock(lock, mode)) = self.sim.pending(ActorId(a)).map(|p| p.effect) else { continue };
                let busy = alike && tried.contains(&(lock, mode));
                if self.kept.contains_key(&lock.to_word()) || busy && self.setup.waiters == Waiters::Queue {
                    continue;
                }
                let i = a as usize;
                if self.setup.waiters == Waiters::Spin {
                    self.cpus[i].now = self.cpus[i].now.max(there);
                    self.look(ActorId(a), Some(Effect::Lock(lock, mode)));
                    self.lines.crowd(line);
                }
                self.forget_lines(a);
                if self.sim.enabled(ActorId(a)) {
                    if mode == Mode::Exclusive {
                        self.kept.insert(lock.to_word(), a);
                    }
                    self.cpus[i].now = self.cpus[i].now.max(there);
                    self.enqueue(ActorId(a));
                } else {
                    tried.push((lock, mode));
                    self.note_lines(ActorId(a), Some(Effect::Lock(lock, mode)));
                }
            }
        }
        if self.setup.waiters != Waiters::Backoff && !self.sleepers.is_empty() {
            let now = self.now;
            for a in std::mem::take(&mut self.sleepers) {
                match self.sim.enabled(ActorId(a)) {
                    true => {
                        self.cpus[a as usize].now = self.cpus[a as usize].now.max(now);
                        self.enqueue(ActorId(a));
                    }
                    false => self.sleepers.push(a),
                }
            }
        }
    }

    fn outcome(&self) -> Outcome {
        let begun = self.begun.unwrap_or(self.now);
        let rounds = self.done.saturating_sub(self.warm);
        let nanoseconds = (self.now - begun) as f64 / 1000.0;
        let clocks = self.cpus.iter().map(|c| c.now.min(self.now)).sum::<Time>();
        // Who still waits has waited until now.
        let waits = self.waits.iter().flatten().map(|w| self.now.saturating_sub(w.0)).sum::<Time>();
        let all = (clocks + waits).max(1) as f64;
        let mut lost: Vec<(u64, Time)> = self.lost.iter().map(|(l, t)| (*l, *t)).filter(|l| l.1 > 0).collect();
        lost.sort_by_key(|l| (Reverse(l.1), l.0));
        Outcome {
            per_second: if nanoseconds > 0.0 { rounds as f64 * 1e9 / nanoseconds } else { 0.0 },
            rounds,
            nanoseconds,
            failures: self.failures,
            waiting: ((self.waited + waits) as f64 / all).min(1.0),
            moving: (self.cpus.iter().map(|c| c.moving).sum::<Time>() as f64 / all).min(1.0),
            contended: lost.first().map(|l| (Lock::from_word(l.0), (l.1 as f64 / all).min(1.0))),
            stood: self.stood.clone(),
        }
    }
}

/// Runs to the end.
pub fn run<C: Code>(world: Arc<World>, code: Arc<C>, first: Arc<[u64]>, setup: Setup) -> Outcome {
    let mut run = Clocked::new(world, code, first, setup);
    loop {
        if let Some(outcome) = run.advance(u64::MAX) {
            return outcome;
        }
    }
}

/// The pause after that many looks in vain.
fn pause(looks: u32) -> Time {
    match looks.checked_sub(SPINS) {
        None => SPIN << looks,
        Some(slept) => (FIRST_SLEEP << slept.min(6)).min(LONGEST_SLEEP),
    }
}

/// A number that follows from two (splitmix64).
fn draw(seed: u64, n: u64) -> u64 {
    let mut z = seed.wrapping_add((n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
