//! One stretch of a soak: live and drained, recorded and stepped again, and programs by chance.

use super::counting::Counting;
use p2mscope_core::addr::{ActorId, Word};
use p2mscope_core::entry::Format;
use p2mscope_core::lesson::{Lesson, Staged};
use p2mscope_core::live::{Detector, Live, Plan, Recording, Threads, differences};
use p2mscope_core::machine::Policy;
use p2mscope_core::sched::Run;
use p2mscope_core::script::{Error, Script};
use p2mscope_core::trial::{Dice, Setting, mixed, plan};
use p2mscope_core::view::sentence;
use p2mscope_core::watch::{Broken, Rule, Rules};
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Effects of a recorded piece, about.
const ROOM: u64 = 10_000;
/// Programs by chance in each stretch.
const PROGRAMS: u64 = 8;
/// Longer than any recorded piece takes on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(120);
/// Steps after which a run that is stepped on is one that never ends.
const ENDLESS: usize = 60_000;
/// Steps that are told of what led to a breach.
const TOLD: usize = 30;

/// Further keys of the mixed world, in turn.
const WORLDS: [&str; 9] = [
    "",
    "nonexclusive = 'spinlock'",
    "encoding = 'ept-2011'",
    "flush = 'deferred'",
    "nonexclusive = 'percpu'",
    "encoding = 'npt'",
    "captive = true",
    "encoding = 'npt-2012'",
    "nonexclusive = 'atomic', flush = 'deferred'",
];

/// Something is wrong.
pub struct Breach {
    /// What.
    pub what: String,
    /// A lesson and a schedule that lead to it every time.
    pub lesson: Option<(String, String)>,
}

impl From<String> for Breach {
    fn from(what: String) -> Breach {
        Breach { what, lesson: None }
    }
}

/// What a soak has done, and the words where each of its worlds stands.
pub struct Soak {
    seed: u64,
    ops: u64,
    drained: u64,
    pieces: u64,
    programs: u64,
    steps: u64,
    stand: HashMap<String, Arc<[u64]>>,
}

impl Soak {
    /// One that has done nothing.
    pub fn new(seed: u64) -> Soak {
        Soak { seed, ops: 0, drained: 0, pieces: 0, programs: 0, steps: 0, stand: HashMap::new() }
    }

    /// Operations so far.
    pub fn ops(&self) -> u64 {
        self.ops
    }

    /// How often it has looked.
    pub fn checks(&self) -> u64 {
        self.drained + self.pieces + self.programs
    }

    /// What was looked at, in words.
    pub fn told(&self) -> String {
        format!(
            "{} drained and checked, {} recorded pieces and {} programs stepped again to the same words in {} steps",
            self.drained, self.pieces, self.programs, self.steps
        )
    }

    /// The `k`th stretch, which is that policy's turn number so and so. `more` is asked, with the operations so far,
    /// whether the live part is to go on.
    pub fn stretch(&mut self, k: u64, turn: u64, policy: Policy, more: &dyn Fn(u64) -> bool) -> Result<(), Breach> {
        let keys = match WORLDS[turn as usize % WORLDS.len()] {
            "" => format!("policy = '{}'", policy.name()),
            more => format!("policy = '{}', {more}", policy.name()),
        };
        let dice = &mut Dice::new(self.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(k));
        let parts = AssertUnwindSafe(|| {
            self.live(dice, &keys, more)?;
            self.piece(dice, &keys)?;
            (0..PROGRAMS).try_for_each(|_| self.program(dice, policy))
        });
        match catch_unwind(parts) {
            Ok(done) => done,
            Err(panic) => {
                let said = panic.downcast_ref::<String>().map(String::as_str);
                let said = said.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it does not say why");
                Err(Breach::from(format!("{keys}: a panic: {said}")))
            }
        }
    }

    /// The mixed world where it stands.
    fn staged(&self, keys: &str) -> Result<Staged, Breach> {
        let staged = mixed::stage(keys).map_err(|e| listed(keys, &e))?;
        Ok(match self.stand.get(keys) {
            Some(words) => Staged { first: words.clone(), ..staged },
            None => staged,
        })
    }

    /// Eight actors on real threads, drained and judged.
    fn live(&mut self, dice: &mut Dice, keys: &str, more: &dyn Fn(u64) -> bool) -> Result<(), Breach> {
        let staged = self.staged(keys)?;
        let code = Counting::new(&staged.script);
        let plan = Plan { seed: dice.any(), rounds: None };
        let live = Live::new(staged.world.clone(), code.clone(), &staged.first, plan);
        let threads = Threads::start(&live).map_err(|e| format!("{keys}: no threads: {e}"))?;
        let before = self.ops;
        mixed::control(&live, || more(before + code.total())).map_err(|stuck| format!("{keys}: {stuck}"))?;
        threads.join();
        self.ops = before + code.total();
        let wrong = mixed::judge(&staged, &live, false);
        if !wrong.is_empty() {
            return Err(format!("{keys}, drained: {}", wrong.join("; ")).into());
        }
        self.drained += 1;
        self.stand.insert(keys.into(), live.words().copy().into());
        Ok(())
    }

    /// A recorded piece of the same, stepped again.
    fn piece(&mut self, dice: &mut Dice, keys: &str) -> Result<(), Breach> {
        let staged = self.staged(keys)?;
        let code = Counting::new(&staged.script);
        let plan = Plan { seed: dice.any(), rounds: None };
        let live = Live::recorded(staged.world.clone(), code.clone(), &staged.first, plan, ROOM);
        let recording = to_the_end(&live)?;
        self.ops += code.total();
        let mut beside = Rules::only(Rule::Deadlock).with(Rule::Hang).with(Rule::Starvation).with(Rule::Leak);
        if staged.world.captive {
            // What speaks against captive entries.
            beside = beside.with(Rule::I27);
        }
        let rules = Rules::ALL.without(beside);
        let mut run = Run::new(staged.sim_of(&recording, rules));
        step_again(&mut run, &live, &recording)
            .map_err(|why| format!("{keys}, recorded: {why}\n{}", last_steps(&mut run)))?;
        self.steps += run.at() as u64;
        self.pieces += 1;
        Ok(())
    }

    /// Programs made up by chance: each actor runs its own once, on real threads; then the same steps under all rules, and on
    /// to the end.
    fn program(&mut self, dice: &mut Dice, policy: Policy) -> Result<(), Breach> {
        let format = Format::all()[dice.below(Format::all().len())];
        let setting = Setting { large: dice.chance(10), ..Setting::of(format) };
        let plan = plan(dice, setting, 7);
        let text = plan.text();
        let lesson = Lesson::parse(&text).map_err(|e| listed(&text, &e))?;
        let staged = lesson.stage("before", Some(policy), None).map_err(|e| listed(&text, &e))?;
        let code = Counting::new(&staged.script);
        let plan = Plan { seed: dice.any(), rounds: Some(1) };
        let live = Live::recorded(staged.world.clone(), code.clone(), &staged.first, plan, ROOM);
        // The one who clears up comes when no other can go on: not here.
        let end = ActorId(staged.world.actors.len() as u8 - 1);
        live.drain_one(end);
        live.run_actor(end);
        let mut recording = to_the_end(&live)?;
        self.ops += code.total();
        recording.rounds[end.0 as usize] = 1;
        let mut run = Run::new(staged.sim_of(&recording, Rules::ALL));
        let stepped = step_again(&mut run, &live, &recording).and_then(|()| to_rest(&mut run, dice, end));
        if let Err(what) = stepped {
            let schedule = run.schedule();
            return Err(Breach { what: format!("a program by chance: {what}"), lesson: Some((text, schedule)) });
        }
        self.steps += run.at() as u64;
        self.programs += 1;
        Ok(())
    }
}

fn listed(what: &str, errors: &[Error]) -> Breach {
    let all: Vec<_> = errors.iter().map(Error::to_string).collect();
    Breach::from(format!("no lesson: {}\n{what}", all.join("; ")))
}

/// Runs to its end, or until nobody can go on.
fn to_the_end(live: &Live<Counting>) -> Result<Recording, String> {
    let threads = Threads::start(live).map_err(|e| format!("no threads: {e}"))?;
    let (mut detector, begun) = (Detector::new(), Instant::now());
    while !live.all_stopped() {
        if !detector.poll(live).is_empty() {
            live.freeze();
        }
        if begun.elapsed() > PATIENCE {
            live.freeze();
            return Err(format!("a recorded piece neither ends nor stands after {} s", PATIENCE.as_secs()));
        }
        std::thread::sleep(Duration::from_micros(200));
    }
    threads.join();
    live.recording().ok_or_else(|| "nothing was recorded".into())
}

/// The first rule that the last step broke.
fn broken(run: &Run<Script>) -> Result<(), String> {
    let told = |b: &Broken| format!("step {}: {} is broken: {}", run.at(), b.rule, b.why);
    match run.last_event().and_then(|e| e.broken.first()) {
        Some(b) => Err(told(b)),
        None => Ok(()),
    }
}

/// Takes the recorded steps: no rule may break, and the words must be those that the threads left.
fn step_again(run: &mut Run<Script>, live: &Live<Counting>, recording: &Recording) -> Result<(), String> {
    for (i, &(a, choice)) in recording.steps.iter().enumerate() {
        if run.take(a, choice).is_err() {
            let name = live.world().actor_name(a).to_string();
            return Err(format!("{name} took step {} of {} live, and cannot now", i + 1, recording.steps.len()));
        }
        broken(run)?;
    }
    let map = &live.world().map;
    let stepped: Vec<u64> = (0..map.len()).map(|w| run.sim().memory().peek(Word(w))).collect();
    let differ = differences(map, live.world().actors.len(), &live.words().copy(), &stepped);
    match differ.first() {
        Some((w, was, is)) => {
            Err(format!("{} words differ; word {} is {was:#x} live and {is:#x} stepped", differ.len(), w.0))
        }
        None => Ok(()),
    }
}

/// Steps on by chance, that actor last, until all have ended.
fn to_rest(run: &mut Run<Script>, dice: &mut Dice, end: ActorId) -> Result<(), String> {
    let from = run.at();
    loop {
        let mut can = run.enabled();
        if can.iter().any(|c| c.0 != end) {
            can.retain(|c| c.0 != end);
        }
        if can.is_empty() {
            break;
        }
        let (a, ways) = can[dice.below(can.len())];
        let _ = run.take(a, dice.below(ways as usize) as u64);
        broken(run)?;
        if run.at() - from > ENDLESS {
            return Err("it does not end".into());
        }
    }
    if run.sim().all_ended() { Ok(()) } else { Err("nobody can go on".into()) }
}

/// The last steps, a sentence each.
fn last_steps(run: &mut Run<Script>) -> String {
    let at = run.at();
    let mut out = String::new();
    for k in at.saturating_sub(TOLD) + 1..=at {
        run.seek(k);
        out += &format!("{k:6}  {}\n", sentence(run));
    }
    out
}
