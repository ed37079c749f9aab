//! The explorer counts the twin's states as SPIN does, finds the shortest ways to its deadlocks, and keeps its limits.

use p2mscope_core::addr::ActorId;
use p2mscope_core::explore::{Limits, Question, Report, Slices, Verdict, explore, with_threads};
use p2mscope_core::lock::{Lock, Mode};
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
fn reduced_the_twin_has_the_same_verdicts_and_ends() {
    for (rounds, inverted) in [(1, false), (1, true), (2, true)] {
        let sim = twin(3, rounds, inverted);
        for q in
            [Question::prove(Rules::NONE), Question::find(Rule::Deadlock), Question::prove(Rules::only(Rule::Hang))]
        {
            let whole = search(&sim, &q, 1);
            let (one, two) = (search(&sim, &q.clone().reduced(), 1), search(&sim, &q.clone().reduced(), 2));
            let exact = search(&sim, &Question { exact: true, ..q.clone() }.reduced(), 1);
            assert_eq!([&one.verdict, &two.verdict, &exact.verdict], [&whole.verdict; 3]);
            if whole.verdict == Verdict::Safe {
                assert_eq!((one.ends, one.deadlocked > 0), (whole.ends, whole.deadlocked > 0));
                assert_eq!((counts(&one), one.pruned), (counts(&two), two.pruned));
                assert_eq!(counts(&one), counts(&exact));
                assert!(one.states < whole.states && one.pruned > 0);
            }
        }
    }
}

/// Of actors alike that have not begun the first begins. Not inverted, the three first steps of three actors are one; so a
/// sixth of the states in which each has taken another number of steps is left, and nothing of the ends.
#[test]
fn of_twins_the_first_begins() {
    let sim = twin(3, 1, false);
    let all = search(&sim, &Question::prove(Rules::NONE), 1);
    let q = Question { twins: true, ..Question::prove(Rules::NONE) };
    let (one, two) = (search(&sim, &q, 1), search(&sim, &q, 2));
    assert_eq!(counts(&one), counts(&two));
    assert_eq!((one.verdict, one.ends), (all.verdict, all.ends));
    assert!(one.states < all.states && one.pruned > 0);
}

/// A word that both actors take a lock for, but for actor 1 where it has found another word set, late and once. What was
/// learnt of the lock by then is wrong: the search must see it and begin again.
struct Careless;

impl Code for Careless {
    fn start<W: Words>(&self, _: &World, _: &mut W, _: ActorId, _: &mut Locals, _: &mut Vec<Broken>) -> Option<u64> {
        Some(0)
    }

    fn run<S: Step>(&self, a: ActorId, place: u64, _: &Locals, s: &mut S) -> Result<u64, Stop> {
        let (shared, flag) = (s.world().map.word(0), s.world().map.word(1));
        if a.0 == 0 {
            // With the lock: reads, and writes what it has read and one more; then says that it is done.
            s.lock(Lock::Named(0), Mode::Exclusive)?;
            let v = s.load(shared)?;
            s.store(shared, v + 1)?;
            s.unlock(Lock::Named(0), Mode::Exclusive)?;
            return Ok(0);
        }
        match place {
            // Whoever sees that the other is between its two takes no lock.
            0 => s.load(flag),
            1 => s.store(shared, 10).map(|()| 0),
            _ => {
                s.lock(Lock::Named(0), Mode::Exclusive)?;
                s.store(shared, 20)?;
                s.unlock(Lock::Named(0), Mode::Exclusive)?;
                Ok(0)
            }
        }
    }

    fn finish<W: Words>(
        &self,
        world: &World,
        m: &mut W,
        a: ActorId,
        place: u64,
        result: u64,
        _: &mut Locals,
        broken: &mut Vec<Broken>,
    ) -> Option<u64> {
        if a.0 == 0 {
            // 0 before and 10 between its load and its store: the 10 is lost, and 1 stands there.
            if m.get(world.map.word(0)) == 1 && m.get(world.map.word(2)) == 1 {
                broken.push(Broken::by(a, Rule::Assert, "what was written is lost"));
            }
            return None;
        }
        match (place, result) {
            (0, 1) => {
                m.set(world.map.word(2), 1);
                Some(1)
            }
            (0, _) => Some(2),
            _ => None,
        }
    }
}

/// Actor 2 sets the flag. Then actor 1 writes without the lock.
struct Late(Careless);

impl Code for Late {
    fn start<W: Words>(&self, w: &World, m: &mut W, a: ActorId, l: &mut Locals, out: &mut Vec<Broken>) -> Option<u64> {
        self.0.start(w, m, a, l, out)
    }

    fn run<S: Step>(&self, a: ActorId, place: u64, l: &Locals, s: &mut S) -> Result<u64, Stop> {
        if a.0 < 2 {
            return self.0.run(a, place, l, s);
        }
        let flag = s.world().map.word(1);
        s.store(flag, 1).map(|()| 0)
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
        if a.0 < 2 { self.0.finish(w, m, a, place, result, l, out) } else { None }
    }
}

#[test]
fn a_discipline_that_breaks_late_is_not_relied_on() {
    let (world, first) = Twin::world(3);
    let sim = Sim::new(world, Arc::new(Late(Careless)), first, Rules::only(Rule::Assert));
    let q = Question::prove(Rules::only(Rule::Assert));
    let run = |q: &Question<Late>, n| with_threads(n, || explore(&sim, q, |_| ControlFlow::Continue(())));
    let (whole, one, two) = (run(&q, 1), run(&q.clone().reduced(), 1), run(&q.reduced(), 2));
    assert!(
        matches!(&whole.verdict, Verdict::Found { broken, .. } if broken.rule == Rule::Assert),
        "{:?}",
        whole.verdict
    );
    assert_eq!([&one.verdict, &two.verdict], [&whole.verdict; 2]);
    // The same without the breach: all is learnt, in more than one pass, and the ends are all there.
    let q = Question::prove(Rules::NONE);
    let (whole, one) = (run(&q, 1), run(&q.clone().reduced(), 1));
    assert_eq!((&one.verdict, one.ends), (&whole.verdict, whole.ends));
    assert!(one.passes > 1);
}

#[test]
fn where_memory_is_small_bits_are_kept_and_the_answer_says_so() {
    // 216,057 states: their fingerprints need 4 MB, and as much as half of that while they grow.
    let sim = twin(4, 2, true);
    let limits = Limits { memory: 2 << 20, ..Limits::default() };
    for threads in [1, 2] {
        let r = search(&sim, &Question { limits, ..Question::prove(Rules::NONE) }, threads);
        let Verdict::Likely { missed } = r.verdict else { panic!("{:?}", r.verdict) };
        assert!(r.table.bits && r.table.bytes <= 2 << 20, "{:?}", r.table);
        // A state that is missed is met again from others, so the loss is small; it is never a gain.
        assert!(
            r.states <= 216_057 && r.states as f64 + 50.0 * (missed + 1.0) >= 216_057.0,
            "{} and {missed}",
            r.states
        );
        assert!(missed < 2000.0, "{missed}");
    }
    // Where states must be kept as they are the search ends at the bound.
    let q = Question { limits, exact: true, ..Question::prove(Rules::NONE) };
    let r = search(&sim, &q, 1);
    assert!(matches!(&r.verdict, Verdict::Bound { why } if why.contains("2 MB")), "{:?}", r.verdict);
}

#[test]
fn where_the_fewest_steps_cannot_be_found_few_are_given_and_it_is_said() {
    // The bound of states ends the search for the shortest way; 10 steps are the fewest (see below) for two actors.
    let sim = twin(4, 3, true);
    let limits = Limits { states: 3000, ..Limits::default() };
    let r = search(&sim, &Question { limits, ..Question::find(Rule::Deadlock) }, 1);
    let Verdict::Found { schedule, .. } = &r.verdict else { panic!("{:?}", r.verdict) };
    assert!(!r.fewest && schedule.len() < 200, "{}", schedule.len());
    let mut replay = sim.clone();
    schedule.iter().for_each(|&(a, way)| drop(replay.step(a, way).unwrap()));
    assert!((0..4).all(|a| !replay.enabled(ActorId(a))) && !replay.all_ended());
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
