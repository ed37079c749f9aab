//! What is measured: a guest with pages in ranges of their own, and programs that lock or get them again and again.
//!
//! A program runs as a live actor does, round by round, with the halt word, the held locks and the wait records that
//! belong to it. A round repeats the operation often enough that what a round costs by itself does not show.

use p2mscope_core::addr::{ActorId, DomGfn, DomId, Gfn, Order};
use p2mscope_core::entry::{Access, P2mType};
use p2mscope_core::explore::{Question, Slices};
use p2mscope_core::live::{Live, Plan};
use p2mscope_core::lock::{Lock, Mode};
use p2mscope_core::machine::{Actor, Builder, Form, Kind, NewDomain, NewMapping, Policy, Words, World};
use p2mscope_core::ops::query;
use p2mscope_core::scale::{self, Costs, Setup, Waiters};
use p2mscope_core::sim::{Code, Locals, Sim, Twin};
use p2mscope_core::step::{Step, Stop};
use p2mscope_core::watch::{Broken, Rules};
use std::sync::Arc;

/// Repetitions in one round of a live program.
pub const PER_ROUND: u64 = 1_000;

/// The page that is mapped in a range of 2 MB.
pub fn page(range: u64) -> DomGfn {
    DomGfn::new(1, range << 9 | 7)
}

/// A guest with one page mapped in each of these ranges of 2 MB, and so many actors.
pub fn builder(policy: Policy, form: Form, actors: usize, ranges: &[u64]) -> Builder {
    let mapping = |&range: &u64| NewMapping {
        slot: 0,
        gfn: Gfn(page(range).gfn.0),
        order: Order::K4,
        ty: P2mType::RamRw,
        access: Access::Rwx,
        name: None,
        content: 0,
        special: false,
    };
    Builder {
        policy,
        form,
        pin: true,
        domains: vec![NewDomain { id: DomId(1), name: "guest".into(), ..NewDomain::default() }],
        actors: (0..actors).map(|a| Actor { name: format!("A{a}"), kind: Kind::Toolstack, domain: DomId(1) }).collect(),
        mappings: ranges.iter().map(mapping).collect(),
        ..Builder::default()
    }
}

/// The same, built.
pub fn world(policy: Policy, form: Form, actors: usize, ranges: &[u64]) -> (Arc<World>, Arc<[u64]>) {
    builder(policy, form, actors, ranges).build().expect("a small world can be built")
}

/// What an actor does again and again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Task {
    /// Locks a range alone, and releases it.
    Range(u64),
    /// Gets the page of a range, and puts it.
    GetPut(u64),
    /// Takes the whole table, and releases it.
    Whole,
}

impl Task {
    #[inline(always)]
    fn once<S: Step>(self, s: &mut S) -> Result<(), Stop> {
        match self {
            Task::Range(i) => {
                s.lock(Lock::Range(0, i), Mode::Exclusive)?;
                s.unlock(Lock::Range(0, i), Mode::Exclusive)
            }
            Task::GetPut(i) => {
                std::hint::black_box(query::get_gfn(s, page(i))?);
                query::put_gfn(s, page(i))
            }
            Task::Whole => {
                s.lock(Lock::Global(0), Mode::Exclusive)?;
                s.unlock(Lock::Global(0), Mode::Exclusive)
            }
        }
    }
}

/// A task for each actor, and how often a round of it repeats that.
pub struct Program {
    /// By actor.
    pub tasks: Vec<Task>,
    /// Repetitions in a round.
    pub times: u64,
}

impl Program {
    /// With rounds long enough that what a round costs by itself does not show.
    pub fn of(tasks: &[Task]) -> Program {
        Program { tasks: tasks.to_vec(), times: PER_ROUND }
    }
}

impl Code for Program {
    fn start<W: Words>(&self, _: &World, _: &mut W, _: ActorId, _: &mut Locals, _: &mut Vec<Broken>) -> Option<u64> {
        Some(0)
    }

    fn run<S: Step>(&self, a: ActorId, _: u64, _: &Locals, s: &mut S) -> Result<u64, Stop> {
        // Each kind in a loop of its own, so that none pays for the others being there.
        match self.tasks[a.0 as usize] {
            Task::Range(i) => many(s, Task::Range(i), self.times),
            Task::GetPut(i) => many(s, Task::GetPut(i), self.times),
            Task::Whole => many(s, Task::Whole, self.times),
        }
    }

    fn finish<W: Words>(
        &self,
        _: &World,
        _: &mut W,
        _: ActorId,
        _: u64,
        _: u64,
        _: &mut Locals,
        _: &mut Vec<Broken>,
    ) -> Option<u64> {
        None
    }
}

#[inline(always)]
fn many<S: Step>(s: &mut S, task: Task, times: u64) -> Result<u64, Stop> {
    for _ in 0..times {
        task.once(s)?;
    }
    Ok(0)
}

/// A world for one task for each actor: its pages are those of the ranges that the tasks name.
fn world_for(policy: Policy, form: Form, tasks: &[Task]) -> (Arc<World>, Arc<[u64]>) {
    let mut ranges: Vec<u64> = tasks.iter().map(|t| if let Task::GetPut(i) = t { *i } else { 0 }).collect();
    ranges.sort_unstable();
    ranges.dedup();
    world(policy, form, tasks.len(), &ranges)
}

/// A live run of one task for each actor, so many rounds each.
pub fn live(policy: Policy, form: Form, tasks: &[Task], rounds: u64) -> Live<Program> {
    let (world, first) = world_for(policy, form, tasks);
    Live::new(world, Arc::new(Program::of(tasks)), &first, Plan { seed: 7, rounds: Some(rounds) })
}

/// The same in virtual time, a processor to each: M operations a second of all together.
pub fn virtually(policy: Policy, form: Form, tasks: &[Task], costs: Costs) -> f64 {
    let (world, first) = world_for(policy, form, tasks);
    let code = Arc::new(Program { tasks: tasks.to_vec(), times: 1 });
    let setup = Setup { costs, waiters: Waiters::Backoff, ..Setup::default() };
    scale::run(world, code, first, setup).per_second / 1e6
}

/// One actor on the thread that calls: gets a page and puts it, so many rounds of [`PER_ROUND`].
pub fn get_put_alone(rounds: u64) {
    let live = live(Policy::M2, Form::Atomic, &[Task::GetPut(0)], rounds);
    live.start();
    live.run_actor(ActorId(0));
}

/// The search of the twin of four actors that SPIN counts, too: three rounds, inverted. Watched for everything.
pub fn twin() -> (Sim<Twin>, Question<Twin>) {
    let (world, first) = Twin::world(4);
    let sim = Sim::new(world, Arc::new(Twin { rounds: 3, inverted: true }), first, Rules::ALL);
    (sim, Question::prove(Rules::NONE))
}

/// The same search from beginning to end on this thread; the number of states.
pub fn explore_twin() -> u64 {
    let (sim, question) = twin();
    let mut slices = Slices::new(&sim, &question);
    loop {
        if let Some(report) = slices.run(1 << 16) {
            return report.states;
        }
    }
}
