//! The explorer counts the twin's states as SPIN does, finds the shortest ways to its deadlocks, and keeps its limits.

use p2mscope_core::addr::ActorId;
use p2mscope_core::explore::{Limits, Question, Report, Slices, Verdict, explore, with_threads};
use p2mscope_core::machine::{Words, World};
use p2mscope_core::sim::{Code, Locals, Sim, Twin};
use p2mscope_core::step::{Step, Stop};
use p2mscope_core::watch::{Broken, Rule, Rules};
use std::ops::ControlFlow;
use std::sync::Arc;

fn twin(actors: usize, rounds: u64, inverted: bool) -> Sim<Twin> {
    let (world, first) = Twin::world(actors);
    Sim::new(world, Arc::new(Twin { rounds, inverted }), first, Rules::NONE)
}

fn search(sim: &Sim<Twin>, q: &Question<Twin>, threads: usize) -> Report {
    with_threads(threads, || explore(sim, q, |_| ControlFlow::Continue(())))
}

fn counts(r: &Report) -> (u64, u64, u64, u64) {
    (r.states, r.steps, r.deadlocked, r.ends)
}

#[test]
fn the_twin_has_the_counts_that_spin_reports() {
    // The small one in each way; the large ones, which tell more of chance and of memory, in one way each.
    let ways = [(1, false), (2, false), (2, true)];
    for (rounds, inverted, states, dead, ways) in
        [(2, true, 216_057, 144, &ways[..]), (3, false, 853_405, 0, &ways[1..2]), (3, true, 1_092_625, 576, &ways[2..])]
    {
        let sim = twin(4, rounds, inverted);
        for &(threads, exact) in ways {
            let q = Question { exact, ..Question::prove(Rules::NONE) };
            let r = search(&sim, &q, threads);
            assert_eq!((r.states, r.deadlocked), (states, dead), "{rounds} rounds, {threads} threads");
            assert_eq!(r.verdict, Verdict::Safe);
            assert_eq!(r.ends, 1, "all ends are one state: the count is back at zero, each map was added to");
            assert!(r.missed_chance < 1e-7 && (r.missed_chance == 0.0) == exact);
            if rounds == 2 {
                assert_eq!(r.steps, 730_768);
            }
        }
    }
}

#[test]
fn slices_of_any_size_give_the_same_report() {
    let sim = twin(3, 1, true);
    let q = Question::prove(Rules::NONE);
    let whole = search(&sim, &q, 1);
    for size in [1, 7, 4096, 1 << 20] {
        let mut slices = Slices::new(&sim, &q);
        let mut calls = 0;
        let report = loop {
            calls += 1;
            if let Some(report) = slices.run(size) {
                break report;
            }
        };
        assert_eq!(report, whole);
        assert!(calls >= whole.steps / size);
    }
}

#[test]
fn the_shortest_schedule_is_the_first_of_the_shortest() {
    // Both load and exchange before either takes its first lock: actor 0 takes lock a and adds to its map, actor 1
    // takes lock b and adds to its map. Load, exchange, lock, load, store: five steps each, the first actor's first.
    let sim = twin(2, 1, true);
    for threads in [1, 2] {
        let r = search(&sim, &Question::find(Rule::Deadlock), threads);
        let Verdict::Found { broken, schedule } = &r.verdict else { panic!("{:?}", r.verdict) };
        assert_eq!(broken.rule, Rule::Deadlock);
        let expected: Vec<_> = [0, 0, 0, 0, 0, 1, 1, 1, 1, 1].map(|a| (ActorId(a), 0)).into();
        assert_eq!(*schedule, expected);
        assert_eq!(r.depth, 10);
        let mut replay = sim.clone();
        for &(a, way) in schedule {
            replay.step(a, way).unwrap();
        }
        assert!([0, 1].iter().all(|&a| !replay.enabled(ActorId(a)) && !replay.ended(ActorId(a))));
    }
}

#[test]
fn what_does_not_occur_is_proved_not_to() {
    let r = search(&twin(3, 1, false), &Question::find(Rule::Deadlock), 2);
    assert_eq!(r.verdict, Verdict::Safe);
    let all = search(&twin(3, 1, false), &Question::prove(Rules::NONE), 1);
    assert_eq!(counts(&r), counts(&all));
}

#[test]
fn a_limit_is_named() {
    let sim = twin(4, 2, false);
    let limits = Limits { states: 1000, ..Limits::default() };
    let r = search(&sim, &Question { limits, ..Question::prove(Rules::NONE) }, 1);
    assert!(matches!(&r.verdict, Verdict::Bound { why } if why.contains("1000 states")), "{:?}", r.verdict);
    let limits = Limits { depth: 9, ..Limits::default() };
    let r = search(&sim, &Question { limits, ..Question::prove(Rules::NONE) }, 2);
    assert!(matches!(&r.verdict, Verdict::Bound { why } if why.contains("9 steps")), "{:?}", r.verdict);
    assert_eq!(r.depth, 9);
}

#[test]
fn a_search_can_be_cancelled() {
    let sim = twin(4, 3, true);
    for threads in [1, 2] {
        let r = with_threads(threads, || explore(&sim, &Question::prove(Rules::NONE), |_| ControlFlow::Break(())));
        assert_eq!(r.verdict, Verdict::Cancelled);
        assert!(r.states < 1_092_625);
    }
}

#[test]
fn probes_see_every_state_and_marks_every_step() {
    let sim = twin(2, 1, true);
    let count = sim.world().map.word(0);
    let q = Question {
        // The reference count is never above the number of actors.
        probe: Some(Arc::new(move |s: &mut Sim<Twin>| 1 << s.memory().peek(count))),
        mark: Some(Arc::new(|did| (did.ended as u64) << did.actor.0)),
        ..Question::prove(Rules::NONE)
    };
    let r = search(&sim, &q, 2);
    assert_eq!((r.reached, r.marked), (0b111, 0b11));
}

/// Actor 0 looks at a word until it is 1. Actor 1 makes it 1, or, where the world has two ways, perhaps does not.
struct Courier {
    ways: u64,
}

impl Code for Courier {
    fn start<W: Words>(&self, _: &World, _: &mut W, _: ActorId, _: &mut Locals, _: &mut Vec<Broken>) -> Option<u64> {
        Some(0)
    }

    fn run<S: Step>(&self, a: ActorId, place: u64, _: &Locals, s: &mut S) -> Result<u64, Stop> {
        let word = s.world().map.word(0);
        match (a.0, place) {
            (0, _) => s.load(word),
            (_, 0) => s.choose(self.ways),
            _ => s.store(word, 1).map(|()| 0),
        }
    }

    fn finish<W: Words>(
        &self,
        _: &World,
        _: &mut W,
        a: ActorId,
        place: u64,
        result: u64,
        _: &mut Locals,
        _: &mut Vec<Broken>,
    ) -> Option<u64> {
        match (a.0, place, result) {
            (0, _, 0) => Some(0),
            (1, 0, 0) => Some(1),
            _ => None,
        }
    }
}

#[test]
fn a_state_from_which_no_end_can_be_reached_hangs() {
    for (threads, exact) in [(1, false), (2, false), (1, true), (2, true)] {
        let hangs = |ways| {
            let (world, first) = Twin::world(2);
            let sim = Sim::new(world, Arc::new(Courier { ways }), first, Rules::NONE);
            let q = Question { exact, ..Question::prove(Rules::only(Rule::Hang)) };
            with_threads(threads, || explore(&sim, &q, |_| ControlFlow::Continue(())))
        };
        // Looking again and again is no hang while the word may still come: start, chosen, told, both ended.
        let r = hangs(1);
        assert_eq!((&r.verdict, r.states, r.ends, r.deadlocked), (&Verdict::Safe, 4, 1, 0));
        // In one step: start, chosen to tell, chosen not to.
        let r = hangs(2);
        let Verdict::Found { broken, schedule } = &r.verdict else { panic!("{:?}", r.verdict) };
        assert_eq!((broken.rule, schedule.as_slice()), (Rule::Hang, &[(ActorId(1), 1)][..]));
        assert_eq!((r.states, r.depth), (3, 1));
    }
}

#[test]
fn a_deadlock_is_no_hang() {
    let r = with_threads(1, || {
        explore(&twin(2, 1, true), &Question::prove(Rules::only(Rule::Hang)), |_| ControlFlow::Continue(()))
    });
    assert!(r.verdict == Verdict::Safe && r.deadlocked > 0, "{r:?}");
}

/// The twin, but whoever is at its second round panics.
struct Breaks(Twin);

impl Code for Breaks {
    fn start<W: Words>(&self, w: &World, m: &mut W, a: ActorId, l: &mut Locals, out: &mut Vec<Broken>) -> Option<u64> {
        self.0.start(w, m, a, l, out)
    }

    fn run<S: Step>(&self, a: ActorId, place: u64, l: &Locals, s: &mut S) -> Result<u64, Stop> {
        assert!(place == 0, "a fault of the operation");
        self.0.run(a, place, l, s)
    }

    fn finish<W: Words>(
        &self,
        w: &World,
        m: &mut W,
        a: ActorId,
        place: u64,
        result: u64,
        l: &mut Locals,
        out: &mut Vec<Broken>,
    ) -> Option<u64> {
        self.0.finish(w, m, a, place, result, l, out)
    }
}

#[test]
fn a_panic_on_one_thread_ends_the_search_and_is_told() {
    let (world, first) = Twin::world(3);
    let sim = Sim::new(world, Arc::new(Breaks(Twin { rounds: 2, inverted: false })), first, Rules::NONE);
    for threads in [2, 4] {
        let q = Question::prove(Rules::NONE);
        let report = with_threads(threads, || explore(&sim, &q, |_| ControlFlow::Continue(())));
        assert_eq!(report.verdict, Verdict::Failed { why: "a fault of the operation".into() });
    }
}
