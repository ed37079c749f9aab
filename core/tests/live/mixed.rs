//! Eight actors of mixed kinds for a given time: the lesson `mixed.toml`, how it is run and stopped, and what must be
//! true of what it leaves behind.
//!
//! Shared by the native tests and those in a browser. vCPUs are drained first: they may be waiting for others, who then
//! go on for as long as it takes.

use p2mscope_core::addr::ActorId;
use p2mscope_core::lesson::{Lesson, Staged};
use p2mscope_core::live::{Counts, Detector, Live, Plan, State};
use p2mscope_core::machine::{Kind, Words};
use p2mscope_core::script::Script;
use p2mscope_core::watch::waits::{self, Wait};
use p2mscope_core::watch::{Rule, Rules, invariants};
use std::time::Duration;

/// How often the controller looks after the run.
const LOOK: Duration = Duration::from_millis(5);
/// Looks after which an actor that has ended no round counts as stuck: ten seconds at least, also on a loaded machine.
const PATIENCE: u32 = 2_000;

/// The lesson's text with further keys of its world: `policy = 'rw', captive = true`. A key that is there already is
/// replaced.
fn text(keys: &str) -> String {
    let text = include_str!("mixed.toml");
    let (head, tail) = text.split_once("[world]\n").expect("the lesson has a world");
    let replaced = |line: &&str| !keys.split(", ").any(|k| line.split(" = ").next() == k.split(" = ").next());
    let (world, rest) = tail.split_once("\n\n").expect("and something behind it");
    let world: Vec<&str> = world.lines().filter(replaced).chain(keys.split(", ")).collect();
    format!("{head}[world]\n{}\n\n{rest}", world.join("\n"))
}

/// The lesson in a world with these keys.
pub fn stage(keys: &str) -> Staged {
    let lesson = Lesson::parse(&text(keys)).unwrap_or_else(|e| panic!("{keys}: {e:#?}"));
    lesson.stage("before", None, None).unwrap_or_else(|e| panic!("{keys}: {e:#?}"))
}

/// A run of it that begins where it was staged.
pub fn live(staged: &Staged) -> Live<Script> {
    Live::new(staged.world.clone(), staged.script.clone(), &staged.first, Plan { seed: 11, rounds: None })
}

/// Controls a run whose threads have been started: for about that long, then until all have drained. Panics with what
/// everybody waits for if somebody is stuck, or ends no round for too long.
pub fn control(live: &Live<Script>, time: Duration) {
    let mut watch = Watch { live, detector: Detector::new(), rounds: vec![(0, 0); live.world().actors.len()] };
    for _ in 0..time.as_millis() / LOOK.as_millis() {
        watch.look();
    }
    let (vcpus, others): (Vec<ActorId>, Vec<ActorId>) =
        live.world().actor_ids().partition(|&a| live.world().actors[a.0 as usize].kind == Kind::Vcpu);
    for all in [vcpus, others] {
        all.iter().for_each(|&a| live.drain_one(a));
        while !all.iter().all(|&a| live.state(a).is_some_and(State::stopped)) {
            watch.look();
        }
    }
}

struct Watch<'a> {
    live: &'a Live<Script>,
    detector: Detector,
    /// Rounds that each actor has ended, and looks since the last of them.
    rounds: Vec<(u64, u32)>,
}

impl Watch<'_> {
    fn look(&mut self) {
        std::thread::sleep(LOOK);
        let stuck = self.detector.poll(self.live).to_vec();
        let mut late = Vec::new();
        for (a, count) in self.live.world().actor_ids().zip(self.live.counts()) {
            let (rounds, looks) = &mut self.rounds[a.0 as usize];
            let now = count.operations + count.failures;
            let moves = now != *rounds || self.live.state(a).is_some_and(State::stopped);
            *looks = if moves { 0 } else { *looks + 1 };
            *rounds = now;
            if *looks > PATIENCE {
                late.push(a);
            }
        }
        if !stuck.is_empty() || !late.is_empty() {
            let says = report(self.live, &stuck, &late);
            self.live.freeze();
            panic!("{says}");
        }
    }
}

/// Who is stuck and who ends no round, and what each actor holds and waits for.
fn report(live: &Live<Script>, stuck: &[Wait], late: &[ActorId]) -> String {
    let world = live.world();
    let mut says = format!("stuck: {stuck:?}; without a round for too long: {late:?}\n");
    for ring in waits::rings(stuck) {
        says += &format!("{}\n", waits::describe(world, stuck, &ring));
    }
    for a in world.actor_ids() {
        let held: Vec<String> =
            live.held(a).iter().map(|(l, mode)| format!("{} {mode:?}", l.describe(world))).collect();
        let waits = live.waiting(a).map(|(l, mode)| format!("{} {mode:?}", l.describe(world)));
        says += &format!("{}: {:?}, holds {held:?}, waits for {waits:?}\n", world.actor_name(a), live.state(a));
    }
    says
}

/// What a drained run leaves behind: nothing lost, nothing held, every count as it should be, every rule of words at
/// rest kept, and words that can be stepped on from.
pub fn judge(staged: &Staged, live: &Live<Script>) {
    let world = live.world();
    let counts = live.counts();
    for a in world.actor_ids() {
        let name = world.actor_name(a);
        assert_eq!(live.state(a), Some(State::Drained), "{name}: {counts:?}");
        let Counts { operations, failures, .. } = counts[a.0 as usize];
        assert!(operations + failures > 0, "{name} has done nothing: {counts:?}");
        assert_eq!((live.held(a), live.waiting(a)), (vec![], None), "{name}");
        assert!(world.map.pins(a).is_empty(&mut live.words()), "{name} has put what it got");
    }
    let mut words = live.words().copy();
    for (i, what) in [(0, "reads of what was not written"), (1, "pages that were no memory")] {
        assert_eq!(words.get(world.map.word(i)), 0, "{what}");
    }
    assert_eq!(invariants::drained(&mut words, world), []);
    let staged = Staged { first: words.into(), ..staged.clone() };
    // One round each: the pager's may be over when somebody asks for a page.
    let mut beside = Rules::only(Rule::Deadlock);
    if world.captive {
        // Who holds an entry captive asks for the grant lock with that entry held: what speaks against captive entries.
        beside = beside.with(Rule::I27);
    }
    let mut sim = staged.sim(Rules::ALL.without(beside));
    assert_eq!(sim.start_broken(), []);
    while let Some(a) = world.actor_ids().find(|&a| sim.enabled(a)) {
        assert_eq!(sim.step(a, 0).expect("it is enabled").broken, [], "{}", world.actor_name(a));
    }
}

/// Rounds of all actors: those that went well, and those in which something was refused.
pub fn rounds(live: &Live<Script>) -> (u64, u64) {
    live.counts().iter().fold((0, 0), |(ok, bad), c| (ok + c.operations, bad + c.failures))
}
