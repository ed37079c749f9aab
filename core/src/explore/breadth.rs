//! The shortest way to a finding: breadth first, in the order of actors, no deeper than it is known to lie.
//!
//! States of one level are met in the order of the first of their shortest schedules, so the first finding is the one
//! that is wanted. Two levels are kept as packed states; of all others only which state each came from.

use super::circles::Circles;
use super::packed::{Packed, Packer, unpack};
use super::question::{self, Question, Schedule, Tally};
use super::seen::SLICE;
use super::table::Table;
use crate::addr::ActorId;
use crate::sim::{Code, Sim, Stepped};
use crate::step::Effect;
use crate::watch::{Broken, Rule, Rules};

/// How a state was first met.
#[derive(Clone, Copy)]
struct Node {
    from: u32,
    actor: ActorId,
    way: u64,
}

/// A search for the shortest schedule under way.
pub(super) struct Breadth<C> {
    sim: Sim<C>,
    packer: Packer,
    seen: Table,
    /// Nodes of all states, in the order in which they were met; the first one came from nowhere.
    nodes: Vec<Node>,
    /// The states of the level that is being expanded, and where their nodes begin. One that is not to be expanded
    /// keeps its place, so that the place tells the node.
    level: Vec<Option<Packed>>,
    level_at: u32,
    at: usize,
    /// The states of the next level.
    next: Vec<Option<Packed>>,
    depth: u32,
    /// The level of the finding that is known already.
    deepest: u32,
    found: Option<(u32, Broken)>,
    circles: Option<Circles>,
    /// Bytes of the packed states.
    packed: u64,
    target: Rules,
    stop: Rules,
    /// What was counted so far.
    pub tally: Tally,
}

impl<C: Code> Breadth<C> {
    /// A search from the state of `sim` for a breach that is known to lie no deeper than `deepest`. With `circles` it
    /// is a state that hangs, else a state that breaks what `q` asks for.
    pub fn new(sim: Sim<C>, q: &Question<C>, deepest: u32, circles: Option<Circles>) -> Breadth<C> {
        let mut packer = Packer::new(&sim);
        let first: Packed = packer.pack(&sim).into();
        let packed = first.len() as u64;
        let level = vec![Some(first)];
        let mut breadth = Breadth {
            packer,
            seen: Table::with_room(0),
            nodes: vec![Node { from: 0, actor: ActorId(0), way: 0 }],
            level,
            level_at: 0,
            at: 0,
            next: Vec::new(),
            depth: 0,
            deepest,
            found: None,
            circles,
            packed,
            target: q.target(),
            stop: Rules(q.stop.0 | q.target().0),
            tally: Tally::default(),
            sim,
        };
        breadth.seen.insert(breadth.sim.hash());
        let mut start = breadth.sim.start_broken().to_vec();
        let before = breadth.sim.broken_rules();
        start.extend(before.iter().map(|rule| Broken { rule, actor: None, why: "before the search began".into() }));
        if !breadth.meet(q, 0, 0, &start) || breadth.found.is_some() {
            breadth.level.clear();
        }
        breadth
    }

    /// Goes on for about that many steps; true when it has ended.
    pub fn run(&mut self, q: &Question<C>, steps: u64) -> bool {
        let last = self.tally.steps + steps;
        let places =
            self.nodes.capacity() as u64 * size_of::<Node>() as u64 + 32 * (self.level.len() + self.next.len()) as u64;
        let circles = self.circles.as_ref().map_or(0, Circles::bytes);
        self.tally.table = question::Table {
            bytes: self.seen.bytes() + places + self.packed + circles,
            load: (8000 * self.nodes.len() as u64 / self.seen.bytes()) as u32,
            bits: false,
        };
        while self.tally.steps < last {
            if self.at == self.level.len() {
                // The level of the finding is met to its end, so that the count does not hang on where in it it lies.
                if self.found.is_some() || self.next.is_empty() || self.depth == self.deepest {
                    return true;
                }
                self.level_at += self.level.len() as u32;
                self.level = std::mem::take(&mut self.next);
                self.at = 0;
                self.depth += 1;
                continue;
            }
            self.expand(q);
        }
        false
    }

    /// Whether it may not go on, since it takes more than it may.
    pub fn full(&self, q: &Question<C>) -> bool {
        // A table that grows stands beside the larger one for a while; so do the nodes.
        let grows = self.nodes.len() as u64 + SLICE * self.sim.world().map.actors() as u64 >= self.seen.room();
        let more = if grows { 2 * self.seen.bytes() } else { 0 };
        self.tally.states > q.limits.states || self.tally.table.bytes + more > q.limits.memory
    }

    /// What was found: the schedule, and what its last step broke.
    pub fn finding(&self) -> Option<(Schedule, Broken)> {
        let (mut at, broken) = self.found.clone()?;
        let mut schedule = Vec::new();
        while at != 0 {
            let node = self.nodes[at as usize];
            schedule.push((node.actor, node.way));
            at = node.from;
        }
        schedule.reverse();
        Some((schedule, broken))
    }

    /// Takes all steps of the next state of the level.
    fn expand(&mut self, q: &Question<C>) {
        let state = self.level[self.at].take();
        let from = self.level_at + self.at as u32;
        self.at += 1;
        let Some(state) = state else { return };
        self.packed -= state.len() as u64;
        self.sim.restore(&unpack(&state));
        self.packer.touch(&self.sim, 0);
        for actor in self.sim.world().actor_ids() {
            let mut way = 0;
            loop {
                let mark = self.sim.memory().mark();
                let Ok(did) = self.sim.step(actor, way) else { break };
                self.tally.steps += 1;
                self.packer.touch(&self.sim, mark);
                self.reach(q, Node { from, actor, way }, mark, &did);
                self.sim.undo();
                way += 1;
                if !matches!(did.did.effect, Effect::Choose(n) if way < n) {
                    break;
                }
            }
        }
    }

    /// In a state one level below the one that is expanded.
    fn reach(&mut self, q: &Question<C>, node: Node, mark: usize, did: &Stepped) {
        if let Some(look) = &q.mark {
            self.tally.marked |= look(did);
        }
        if self.nodes.len() as u64 >= self.seen.room() {
            self.seen = self.seen.grown(2 * self.seen.room());
        }
        if !self.seen.insert(self.sim.hash()) {
            return;
        }
        self.nodes.push(node);
        self.tally.depth = self.depth + 1;
        let expandable = self.meet(q, self.nodes.len() as u32 - 1, mark, &did.broken);
        let state: Option<Packed> = expandable.then(|| self.packer.pack(&self.sim).into());
        self.packed += state.as_ref().map_or(0, |s| s.len() as u64);
        self.next.push(state);
    }

    /// Counts a new state; whether it is to be expanded.
    fn meet(&mut self, q: &Question<C>, node: u32, mark: usize, broken: &[Broken]) -> bool {
        self.tally.states += 1;
        if let Some(look) = &q.probe {
            self.tally.reached |= look(&mut self.sim);
        }
        let ended = self.sim.all_ended();
        let dead = !ended && !self.sim.world().actor_ids().any(|a| self.sim.enabled(a));
        self.tally.ends += ended as u64;
        self.tally.deadlocked += dead as u64;
        if self.found.is_none() {
            let breach = match &mut self.circles {
                Some(circles) => circles.hangs(&self.sim, mark).then(hang),
                None => broken.iter().find(|b| self.target.has(b.rule)).cloned(),
            };
            let stands = dead && self.circles.is_none() && self.target.has(Rule::Deadlock);
            self.found = breach.or_else(|| stands.then(deadlock)).map(|broken| (node, broken));
        }
        !ended && !dead && !broken.iter().any(|b| self.stop.has(b.rule))
    }
}

pub(super) fn hang() -> Broken {
    Broken { rule: Rule::Hang, actor: None, why: "from here no end can be reached, whoever runs".into() }
}

pub(super) fn deadlock() -> Broken {
    Broken { rule: Rule::Deadlock, actor: None, why: "nobody can move, and not all have ended".into() }
}
