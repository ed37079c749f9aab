//! Simulated actors: one effect at a time, each of them undoable.
//!
//! An actor's place, variables and log are ghost words of the memory, so that undo, hash and snapshot hold for them
//! as for everything else. What is kept beside the memory is derived from it: the pending effect of each actor, found
//! by running its statement on its log.
//!
//! A step of an actor performs its pending effect, appends the result to the log, and runs the statement again up to
//! the next effect. When the statement ends, the log is emptied and local statements run until the next one.

mod actor;
mod code;
mod gate;
mod memory;
mod replay;
mod twin;

pub use code::{Code, Locals, Thing};
pub use memory::Memory;
pub(crate) use memory::share;
pub use replay::{Log, Replay};
pub use twin::Twin;

use crate::addr::ActorId;
use crate::machine::{GhostWord, VARS, Words, World, frames};
use crate::perform::{Performed, perform, ready};
use crate::step::{Cond, Effect, Stop};
use crate::watch::{Broken, Rule, Rules, Watch};
use std::sync::Arc;

/// How many statements without an effect may follow each other: beyond that they are a loop that never ends.
const MAX_IDLE: u32 = 10_000;

/// The next effect of an actor.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pending {
    /// The statement it belongs to.
    pub place: u64,
    /// The effect.
    pub effect: Effect,
    /// What it is for; empty where the effect says it all.
    pub note: &'static str,
    /// Empty words that stand before its result in the log and are not written yet, since nothing else is: scopes and
    /// loops that begin with the statement, one in the other.
    pub lead: u8,
}

/// What a step did.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stepped {
    /// Who stepped.
    pub actor: ActorId,
    /// The effect, as it was pending.
    pub did: Pending,
    /// What it gave.
    pub result: [u64; 2],
    /// The actor has only queued for the lock; the effect is still to come.
    pub queued: bool,
    /// The statement has ended with this step.
    pub finished: bool,
    /// The program has ended with this step.
    pub ended: bool,
    /// The statement that has ended did not do what it should.
    pub failed: bool,
    /// The rules that the step broke.
    pub broken: Vec<Broken>,
}

/// Why an actor cannot step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refused {
    /// Its program has ended, or there is no such actor.
    Ended,
    /// It waits.
    Waits,
}

/// One taken step, as far as undo needs it.
#[derive(Clone, Copy)]
struct Taken {
    actor: ActorId,
    mark: usize,
    hash: u64,
    before: Option<Pending>,
}

/// A state that can be gone back to or handed to another thread: what differs from the first one.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Snapshot(Vec<(u32, u64)>);

impl Snapshot {
    /// The state in which these words, by place, differ from the world's first ones. Only what came from a snapshot
    /// of the same world makes a state.
    pub fn of(changes: Vec<(u32, u64)>) -> Snapshot {
        Snapshot(changes)
    }
}

/// A world with its actors, in some state.
pub struct Sim<C> {
    world: Arc<World>,
    code: Arc<C>,
    mem: Memory,
    pending: Vec<Option<Pending>>,
    steps: Vec<Taken>,
    watch: Watch,
    start_broken: Vec<Broken>,
    /// How many rounds of its program each actor runs; one where it says nothing.
    rounds: Arc<[u32]>,
}

impl<C> Clone for Sim<C> {
    fn clone(&self) -> Self {
        Sim {
            world: self.world.clone(),
            code: self.code.clone(),
            mem: self.mem.clone(),
            pending: self.pending.clone(),
            steps: self.steps.clone(),
            watch: self.watch.clone(),
            start_broken: self.start_broken.clone(),
            rounds: self.rounds.clone(),
        }
    }
}

impl<C: Code> Sim<C> {
    /// A world in its first state. `first` are all its words; `rules` those that the watchers look at.
    pub fn new(world: Arc<World>, code: Arc<C>, first: Arc<[u64]>, rules: Rules) -> Sim<C> {
        Sim::with_rounds(world, code, first, rules, Arc::new([]))
    }

    /// The same, each actor running its program as often as `rounds` says, as a live one does. An actor of which it
    /// says nothing runs it once, one with no round never.
    pub fn with_rounds(world: Arc<World>, code: Arc<C>, first: Arc<[u64]>, rules: Rules, rounds: Arc<[u32]>) -> Sim<C> {
        let actors = world.actors.len();
        let watch = Watch::new(rules);
        let (first, mut broken) = watch.first(&world, first);
        let mut sim = Sim {
            world,
            code,
            mem: Memory::new(first),
            pending: vec![None; actors],
            steps: Vec::new(),
            watch,
            start_broken: Vec::new(),
            rounds,
        };
        for a in sim.world.actor_ids() {
            let place = if sim.rounds_of(a) == 0 { None } else { sim.begin(a, &mut broken) };
            sim.arrive(a, place, &mut broken);
        }
        sim.start_broken = broken;
        sim
    }

    /// What is fixed.
    pub fn world(&self) -> &Arc<World> {
        &self.world
    }

    /// The programs.
    pub fn code(&self) -> &Arc<C> {
        &self.code
    }

    /// The memory, to be read.
    pub fn memory(&self) -> &Memory {
        &self.mem
    }

    /// The memory, for functions that read through [`Words`]. Writes would not be undone in step with the actors.
    pub fn words(&mut self) -> &mut Memory {
        &mut self.mem
    }

    /// How many rounds of its program each actor runs; one where it says nothing.
    pub fn rounds(&self) -> &[u32] {
        &self.rounds
    }

    /// The hash of the state: memory, places, variables, logs.
    pub fn hash(&self) -> u64 {
        self.mem.hash()
    }

    /// Steps taken so far, since the first state or the restored one.
    pub fn depth(&self) -> usize {
        self.steps.len()
    }

    /// What local statements broke before the first step.
    pub fn start_broken(&self) -> &[Broken] {
        &self.start_broken
    }

    /// The next effect of an actor; none once it has ended.
    pub fn pending(&self, a: ActorId) -> Option<&Pending> {
        self.pending.get(a.0 as usize)?.as_ref()
    }

    /// The next effects of all actors.
    pub fn all_pending(&self) -> &[Option<Pending>] {
        &self.pending
    }

    /// Whether the actor's program has ended.
    pub fn ended(&self, a: ActorId) -> bool {
        self.pending(a).is_none()
    }

    /// Whether all programs have ended.
    pub fn all_ended(&self) -> bool {
        self.pending.iter().all(Option::is_none)
    }

    /// In how many ways the actor can step now: 0 if it waits or has ended, more than 1 at a choice.
    #[inline]
    pub fn ways(&mut self, a: ActorId) -> u64 {
        let Some(p) = self.pending.get(a.0 as usize).copied().flatten() else { return 0 };
        ways(&self.world, &mut self.mem, self.code.as_ref(), &p, a)
    }

    /// Whether the actor can step now.
    pub fn enabled(&mut self, a: ActorId) -> bool {
        self.ways(a) > 0
    }

    /// Lets an actor perform its pending effect. `choice` decides a [`Effect::Choose`] and is 0 otherwise.
    pub fn step(&mut self, a: ActorId, choice: u64) -> Result<Stepped, Refused> {
        self.step_by(a, choice, |m, world, effect| perform(m, world, a, effect))
    }

    /// The same, for whoever wants to see which words the effect touches: `perform` performs it.
    pub fn step_by(
        &mut self,
        a: ActorId,
        choice: u64,
        perform: impl FnOnce(&mut Memory, &World, &Effect) -> Performed,
    ) -> Result<Stepped, Refused> {
        let Some(did) = self.pending.get(a.0 as usize).copied().flatten() else { return Err(Refused::Ended) };
        if self.ways(a) <= choice {
            return Err(Refused::Waits);
        }
        let round = self.round(a);
        let taken = Taken { actor: a, mark: self.mem.mark(), hash: self.mem.hash(), before: Some(did) };
        let mut out = Stepped {
            actor: a,
            did,
            result: [0; 2],
            queued: false,
            finished: false,
            ended: false,
            failed: false,
            broken: Vec::new(),
        };
        if !self.watch.is_idle() {
            let locals = self.locals(a);
            self.watch.before(&self.world, &mut self.mem, self.code.as_ref(), &did, &locals, &mut out);
        }
        match perform(&mut self.mem, &self.world, &did.effect) {
            Performed::Blocked => {
                out.queued = true;
                // Who stands in a queue is inside: its place there is not given up when its domain ends.
                if self.world.pausable {
                    self.pass_the_gate(a, &did.effect, false);
                }
            }
            Performed::Done(result) => {
                out.result = if let Effect::Choose(_) = did.effect { [choice, 0] } else { result };
                self.go_on(a, &did, &mut out);
                if self.world.pausable {
                    self.pass_the_gate(a, &did.effect, self.round(a) != round);
                    out.ended = self.ended(a);
                }
            }
        }
        self.steps.push(taken);
        if !self.watch.is_idle() {
            self.after(taken.mark, &mut out);
        }
        Ok(out)
    }

    /// Takes the last step back; false at the first state.
    pub fn undo(&mut self) -> bool {
        let Some(t) = self.steps.pop() else { return false };
        self.mem.undo_to(t.mark, t.hash);
        self.pending[t.actor.0 as usize] = t.before;
        if matches!(t.before, Some(p) if gate::crashes(&p.effect)) {
            self.world.clone().actor_ids().for_each(|a| self.refresh(a));
        }
        true
    }

    /// The state as it is.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot(self.mem.changes())
    }

    /// Brings back a state of the same world. Steps cannot be undone past it.
    pub fn restore(&mut self, s: &Snapshot) {
        self.mem.undo(0);
        self.mem.apply(&s.0);
        self.steps.clear();
        for a in self.world.clone().actor_ids() {
            self.refresh(a);
        }
    }

    /// The rules that the watchers look at.
    pub fn rules(&self) -> Rules {
        self.watch.rules()
    }

    /// The rules that this state has broken on its way, of those that are watched.
    pub fn broken_rules(&mut self) -> Rules {
        Watch::broken(&mut self.mem, &self.world)
    }

    /// The actor's place: the statement it is at.
    pub fn place(&self, a: ActorId) -> u64 {
        self.mem.peek(self.world.map.ghost(a, GhostWord::Place))
    }

    /// The actor's variables.
    #[inline]
    pub fn locals(&self, a: ActorId) -> Locals {
        locals(&self.world, &self.mem, a)
    }

    /// After the pending effect has given its result.
    fn go_on(&mut self, a: ActorId, did: &Pending, out: &mut Stepped) {
        let mut log = self.log(a);
        let locals = self.locals(a);
        let fits = (0..did.lead).all(|_| log.push(&[0])) && log.push(&out.result[..did.effect.width()]);
        let mut run = Replay::new(&self.world, a, &mut log);
        let ended = match fits {
            true => self.code.run(a, did.place, &locals, &mut run),
            false => Err(Stop::Bad { what: "room in the log", value: crate::machine::LOG_ROOM }),
        };
        let (pending, note) = (run.pending, run.note);
        match ended {
            Err(Stop::Pending | Stop::Halt) => {
                self.write_log(a, &log);
                self.pending[a.0 as usize] = pending.map(|effect| Pending { place: did.place, effect, note, lead: 0 });
            }
            Ok(result) => {
                out.finished = true;
                out.failed = self.code.failed(a, did.place, result);
                let mut locals = locals;
                self.clear_log(a);
                let next =
                    self.code.finish(&self.world, &mut self.mem, a, did.place, result, &mut locals, &mut out.broken);
                self.write_locals(a, &locals);
                let next = next.or_else(|| self.next_round(a, &mut out.broken));
                self.arrive(a, next, &mut out.broken);
                out.ended = self.ended(a);
            }
            Err(Stop::Bad { what, value }) => {
                out.broken.push(astray(a, what, value));
                self.clear_log(a);
                self.write_locals(a, &Locals::NONE);
                self.end(a);
                out.ended = true;
            }
        }
    }

    /// What watchers do after a step: marks on variables whose frame was freed, ghost words, rules.
    fn after(&mut self, mark: usize, out: &mut Stepped) {
        for thing in self.freed_since(mark) {
            for a in self.world.clone().actor_ids() {
                let locals = self.locals(a);
                self.mem.note(self.world.map.ghost(a, GhostWord::Assigned).0);
                for i in (0..VARS).filter(|i| locals.assigned >> i & 1 == 1) {
                    self.mem.note(self.world.map.var(a, i).0);
                }
                let stale = locals.stale | self.code.names(&self.world, a, &locals, thing);
                self.mem.set(self.world.map.ghost(a, GhostWord::Stale), stale as u64);
            }
        }
        self.watch.after(&self.world, &mut self.mem, mark, self.code.as_ref(), &self.pending, out);
    }

    /// The frames whose last reference, and the tables and objects whose use, ended since the mark.
    fn freed_since(&self, mark: usize) -> Vec<Thing> {
        let map = &self.world.map;
        let mut freed = Vec::new();
        for &(at, old) in self.mem.since(mark) {
            let now = self.mem.peek(crate::addr::Word(at));
            if let Some((mfn, w)) = map.frame_record(crate::addr::Word(at)) {
                if frames::was_freed(w, old, now) && !freed.contains(&Thing::Frame(mfn)) {
                    freed.push(Thing::Frame(mfn));
                }
            } else if let Some(first) = map.object_map_at(crate::addr::Word(at)) {
                let gone = |i: &u64| (old & !now) >> i & 1 == 1;
                freed.extend((0..64).filter(gone).map(|i| Thing::Object(first + i)));
            }
        }
        freed
    }
}

/// The actor's variables, read from its ghost words.
#[inline]
pub fn locals(world: &World, m: &Memory, a: ActorId) -> Locals {
    let ghost = |w| m.peek(world.map.ghost(a, w));
    let mut locals = Locals { assigned: ghost(GhostWord::Assigned) as u32, ..Locals::NONE };
    if locals.assigned != 0 {
        locals.stale = ghost(GhostWord::Stale) as u32;
        for i in (0..VARS).filter(|i| locals.assigned >> i & 1 == 1) {
            locals.vars[i as usize] = m.peek(world.map.var(a, i));
        }
    }
    locals
}

/// In how many ways an actor with this next effect can step now: 0 if it waits, more than 1 at a choice.
#[inline]
pub fn ways<C: Code>(world: &World, m: &mut Memory, code: &C, p: &Pending, a: ActorId) -> u64 {
    if !ready(m, world, a, &p.effect) {
        return 0;
    }
    match p.effect {
        Effect::Wait(Cond::Stated) => {
            let locals = locals(world, m, a);
            code.stated(world, m, a, p.place, &locals) as u64
        }
        Effect::Choose(n) => n.max(1),
        _ => 1,
    }
}

fn astray(a: ActorId, what: &str, value: u64) -> Broken {
    Broken::by(a, Rule::Stray, format!("looked for {what} and found {value:#x}; the program ends here"))
}
