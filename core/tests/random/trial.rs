//! Trying a plan: schedules by chance, all rules watched, and back to the first state; and making what breaks smaller.

use p2mscope_core::addr::ActorId;
use p2mscope_core::lesson::{Lesson, Staged};
use p2mscope_core::machine::{Policy, Words, World};
use p2mscope_core::sched::Run;
use p2mscope_core::script::Script;
use p2mscope_core::script::verbs::{Gives, Verb};
use p2mscope_core::script::{Code as Answer, Kind};
use p2mscope_core::sim::{Code, Locals, Sim, Thing};
use p2mscope_core::step::{Step, Stop};
use p2mscope_core::trial::{Dice, Plan, operations};
use p2mscope_core::watch::{Broken, Rules};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Steps after which a run is one that never ends.
const PATIENCE: usize = 60_000;

/// How often each verb has done what it should, and how often not.
#[derive(Default)]
pub struct Answers {
    all: Vec<[AtomicU64; 2]>,
}

impl Answers {
    /// None yet.
    pub fn new() -> Answers {
        Answers { all: (0..256).map(|_| Default::default()).collect() }
    }

    fn note(&self, verb: Verb, result: u64) {
        let ok = match verb.info().gives {
            Gives::Value(Kind::Code) => result == Answer::Ok.word(),
            Gives::Value(kind) if kind.nullable() => result != kind.none(),
            _ => true,
        };
        self.all[verb as usize][!ok as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// How often a verb has done what it should, and how often not.
    pub fn of(&self, verb: Verb) -> [u64; 2] {
        [0, 1].map(|i| self.all[verb as usize][i].load(Ordering::Relaxed))
    }

    /// The operations that have never done what they should, and those that always have.
    pub fn missing(&self) -> [Vec<&'static str>; 2] {
        [0, 1].map(|i| operations().filter(|v| self.of(v.verb)[i] == 0).map(|v| v.name).collect())
    }
}

/// A script that notes what its operations answer.
pub struct Noted {
    script: Arc<Script>,
    answers: Arc<Answers>,
}

impl Code for Noted {
    fn start<W: Words>(&self, w: &World, m: &mut W, a: ActorId, l: &mut Locals, b: &mut Vec<Broken>) -> Option<u64> {
        self.script.start(w, m, a, l, b)
    }

    fn run<S: Step>(&self, a: ActorId, place: u64, locals: &Locals, s: &mut S) -> Result<u64, Stop> {
        self.script.run(a, place, locals, s)
    }

    fn finish<W: Words>(
        &self,
        world: &World,
        m: &mut W,
        a: ActorId,
        place: u64,
        result: u64,
        locals: &mut Locals,
        broken: &mut Vec<Broken>,
    ) -> Option<u64> {
        if let Some(call) = self.script.call(a, place) {
            self.answers.note(call.verb, result);
        }
        self.script.finish(world, m, a, place, result, locals, broken)
    }

    fn stated<W: Words>(&self, world: &World, m: &mut W, a: ActorId, place: u64, locals: &Locals) -> bool {
        self.script.stated(world, m, a, place, locals)
    }

    fn touches(&self, a: ActorId, place: u64) -> u32 {
        self.script.touches(a, place)
    }

    fn names(&self, world: &World, a: ActorId, locals: &Locals, thing: Thing) -> u32 {
        self.script.names(world, a, locals, thing)
    }
}

/// What went wrong, with all that is needed to see it again.
#[derive(Debug)]
pub struct Found {
    /// The first rule that was broken, with its reason.
    pub broken: Broken,
    steps: Vec<(ActorId, u64)>,
}

/// A plan under one policy, ready to be run any number of times.
pub struct Trial {
    staged: Staged,
    sim: Sim<Noted>,
    first: u64,
    /// Steps taken so far.
    pub steps: u64,
}

impl Trial {
    /// Reads and builds it. Panics where the text is no lesson: then it is the maker's mistake.
    pub fn new(plan: &Plan, policy: Policy, pin: Option<bool>, answers: &Arc<Answers>) -> Trial {
        let text = plan.text();
        let lesson = Lesson::parse(&text).unwrap_or_else(|e| panic!("{e:#?}\n{text}"));
        let staged = lesson.stage("before", Some(policy), pin).unwrap_or_else(|e| panic!("{e:#?}\n{text}"));
        let code = Noted { script: staged.script.clone(), answers: answers.clone() };
        let sim = Sim::new(staged.world.clone(), Arc::new(code), staged.first.clone(), Rules::ALL);
        assert!(sim.start_broken().is_empty(), "{:?}\n{text}", sim.start_broken());
        let first = sim.hash();
        Trial { staged, sim, first, steps: 0 }
    }

    /// One schedule from the first state to the end, and back. The last actor goes only where no other can.
    pub fn run(&mut self, seed: u64) -> Option<Found> {
        let mut d = Dice::new(seed);
        let stays = [0, 50, 90][d.below(3)];
        let (mut steps, mut found, mut last) = (Vec::new(), None, None);
        let n = self.sim.all_pending().len() as u8;
        while found.is_none() {
            let mut can: Vec<(ActorId, u64)> =
                (0..n - 1).map(ActorId).map(|a| (a, self.sim.ways(a))).filter(|w| w.1 > 0).collect();
            if can.is_empty() {
                let end = ActorId(n - 1);
                can.extend(Some((end, self.sim.ways(end))).filter(|w| w.1 > 0));
            }
            if can.is_empty() {
                break;
            }
            let next = match can.iter().find(|w| Some(w.0) == last) {
                Some(&same) if d.chance(stays) => same,
                _ => can[d.below(can.len())],
            };
            last = Some(next.0);
            let choice = d.below(next.1 as usize) as u64;
            let did = self.sim.step(next.0, choice).expect("it was on offer");
            steps.push((next.0, choice));
            let mut broken = did.broken;
            if steps.len() > PATIENCE {
                broken.push(Broken::of(p2mscope_core::watch::Rule::Hang, "the run does not end".into()));
            }
            found = broken.into_iter().next();
        }
        if found.is_none() && !self.sim.all_ended() {
            let on = self.sim.all_pending().iter().flatten().map(|p| format!("{:?}", p.effect)).collect::<Vec<_>>();
            found = Some(Broken::of(p2mscope_core::watch::Rule::Hang, format!("nobody can go on: {on:?}")));
        }
        self.steps += steps.len() as u64;
        while self.sim.undo() {}
        assert_eq!(self.sim.hash(), self.first, "undo leads elsewhere: {}", self.schedule(&steps));
        found.map(|broken| Found { broken, steps })
    }

    /// Steps as a schedule's text.
    pub fn schedule(&self, steps: &[(ActorId, u64)]) -> String {
        let mut run = Run::new(self.staged.sim(Rules::NONE));
        run.retrace(steps);
        run.schedule()
    }
}

/// Gives what is broken with the verbs that it takes, by which two counterexamples can be told apart, and its text.
///
/// Makes a plan that breaks a rule smaller for as long as some schedule still breaks it, and says all of it. First each
/// actor as a whole goes, then piece after piece; the one that clears up stays as it is.
pub fn report(plan: &Plan, policy: Policy, pin: Option<bool>, found: Found, tries: u64) -> (String, String) {
    let answers = Arc::new(Answers::new());
    let again = |p: &Plan| {
        let mut t = Trial::new(p, policy, pin, &answers);
        (0..tries).filter_map(|seed| t.run(seed)).find(|f| f.broken.rule == found.broken.rule)
    };
    let (mut small, mut best) = (plan.clone(), None);
    for a in (0..plan.actors.len() - 1).rev() {
        let mut less = small.clone();
        less.actors[a].pieces.clear();
        if let Some(f) = again(&less) {
            (small, best) = (less, Some(f));
        }
    }
    for a in (0..plan.actors.len() - 1).rev() {
        for i in (0..small.actors[a].pieces.len()).rev() {
            let mut less = small.clone();
            less.actors[a].pieces.remove(i);
            if let Some(f) = again(&less) {
                (small, best) = (less, Some(f));
            }
        }
    }
    let found = best.unwrap_or(found);
    let schedule = Trial::new(&small, policy, pin, &answers).schedule(&found.steps);
    let mut schedule = schedule;
    schedule.truncate(3000);
    let verbs = operations().map(|v| v.name).filter(|v| {
        let said = |p: &String| p.split(|c: char| !(c.is_alphanumeric() || c == '_')).any(|w| w == *v);
        small.actors[..small.actors.len() - 1].iter().any(|a| a.pieces.iter().any(said))
    });
    let key = format!("{} by {}", found.broken.rule, verbs.collect::<Vec<_>>().join(", "));
    let text = format!(
        "under {} (pin {pin:?}) `{}` is broken: {}\n{}\nschedule, {} steps: {schedule}\n",
        policy.name(),
        found.broken.rule,
        found.broken.why,
        small.text(),
        found.steps.len(),
    );
    (key, text)
}
