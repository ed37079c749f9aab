//! Live runs on real threads: nothing is lost, a deadlock is found while it stands, and every way to stop stops.

mod beside;
mod eight;
mod loops;
mod notes;
mod pages;
mod record;

use p2mscope_core::addr::{ActorId, Mfn};
use p2mscope_core::lesson::{Lesson, Staged};
use p2mscope_core::live::{Detector, Live, Plan, State, Threads};
use p2mscope_core::lock::{self, Lock, Mode};
use p2mscope_core::machine::{ActorWord, DomWord, Policy, Words, World};
use p2mscope_core::script::Script;
use p2mscope_core::sim::{Sim, Twin};
use p2mscope_core::step::{Cond, Effect, Step, Stop};
use p2mscope_core::watch::waits::{self, On, Wait};
use p2mscope_core::watch::{Rules, invariants};
use pages::{Abba, GetPut, LOCKS, Program, RANGES, Statement, assert_all_free, live, peek};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Longer than any of these runs takes on a loaded machine: only against hanging.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits for something that other threads bring about.
#[track_caller]
fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < PATIENCE, "waited in vain until {what}");
        std::thread::yield_now();
    }
}

#[test]
fn nothing_is_lost_under_overlapping_ranges() {
    const ROUNDS: u64 = 100_000;
    let live = live(2, Some(ROUNDS), GetPut);
    let threads = Threads::start(&live).unwrap();
    let mut detector = Detector::new();
    until("both have ended", || {
        assert_eq!(detector.poll(&live), [], "nobody is stuck");
        live.all_stopped()
    });
    threads.join();
    let counts = live.counts();
    assert!(counts.iter().all(|c| (c.operations, c.failures) == (ROUNDS, 0)), "{counts:?}");
    let sum: u64 = (0..2 * RANGES).map(|i| peek(&live, |map| map.word(i as u32))).sum();
    assert_eq!(sum, 2 * ROUNDS * 2 * 2, "two actors, two ranges, two words");
    assert_all_free(&live);
}

#[test]
fn a_whole_table_waits_for_its_ranges_and_keeps_others_out() {
    struct Both;
    impl Statement for Both {
        fn run<S: Step>(&self, s: &mut S) -> Result<u64, Stop> {
            let whole = s.choose(4)? == 0;
            let (mode, range) = (if whole { Mode::Exclusive } else { Mode::Shared }, s.choose(RANGES)?);
            s.lock(Lock::Global(0), mode)?;
            s.lock(Lock::Range(0, range), Mode::Exclusive)?;
            for i in if whole { 0..RANGES } else { range..range + 1 } {
                let w = s.world().map.word(i as u32);
                let seen = s.load(w)?;
                s.store(w, seen + 1)?;
            }
            s.unlock(Lock::Range(0, range), Mode::Exclusive)?;
            s.unlock(Lock::Global(0), mode)?;
            let done = s.world().map.word(if whole { 8 } else { 9 });
            s.add(done, 1)?;
            Ok(0)
        }
    }
    let live = live(3, Some(20_000), Both);
    Threads::start(&live).unwrap().join();
    let sum: u64 = (0..RANGES).map(|i| peek(&live, |map| map.word(i as u32))).sum();
    let (whole, single) = (peek(&live, |map| map.word(8)), peek(&live, |map| map.word(9)));
    assert_eq!((sum, whole + single), (RANGES * whole + single, 60_000));
    assert!(whole > 0 && whole < 60_000);
    assert_all_free(&live);
}

#[test]
fn the_twin_adds_up_on_real_threads() {
    for actors in 2..=4 {
        let (world, first) = Twin::world(actors);
        let (rounds, repeats) = (3, 5_000);
        let code = Arc::new(Twin { rounds, inverted: false });
        let live = Live::new(world.clone(), code.clone(), &first, Plan { seed: 0, rounds: Some(repeats) });
        Threads::start(&live).unwrap().join();
        let word = |i| live.words().get(world.map.word(i));
        let total = actors as u64 * rounds * repeats;
        assert_eq!((word(0), word(1), word(2)), (0, total, total), "{actors} actors");
        assert!(live.counts().iter().all(|c| c.operations == repeats));
        // Drained words are a first state to step from.
        let mut sim = Sim::new(world, code, live.words().copy().into(), Rules::NONE);
        while let Some(a) = (0..actors as u8).map(ActorId).find(|&a| sim.enabled(a)) {
            sim.step(a, 0).unwrap();
        }
        assert!(sim.all_ended());
        assert_eq!(sim.memory().peek(sim.world().map.word(1)), total + actors as u64 * rounds);
    }
}

/// A version of the first lesson, live.
fn first_lesson(version: &str) -> (Staged, Live<Script>) {
    let lesson = Lesson::parse(include_str!("../../../static/lessons/first.toml")).unwrap();
    let staged = lesson.stage(version, Some(Policy::M2), None).unwrap();
    let live = Live::new(staged.world.clone(), staged.script.clone(), &staged.first, Plan::default());
    (staged, live)
}

#[test]
fn the_first_lesson_closes_its_ring_on_real_threads() {
    let (_, live) = first_lesson("before");
    let threads = Threads::start(&live).unwrap();
    let mut detector = Detector::new();
    until("V0 and V1 close a ring", || !detector.poll(&live).is_empty());
    assert_eq!(waits::rings(detector.poll(&live)), [[ActorId(0), ActorId(1)]]);
    live.freeze();
    threads.join();
    let range = |i| Lock::Range(0, i);
    assert!(live.held(ActorId(0)).contains(&(range(0), Mode::Exclusive)));
    assert!(live.held(ActorId(1)).contains(&(range(1), Mode::Exclusive)));
    assert_eq!(live.waiting(ActorId(0)), Some((range(1), Mode::Exclusive)));
}

#[test]
fn the_first_lesson_repaired_runs_until_it_is_drained() {
    let (staged, live) = first_lesson("repaired");
    let threads = Threads::start(&live).unwrap();
    let mut detector = Detector::new();
    until("V0 and V1 have copied often, and P0 and SH have tried again", || {
        assert_eq!(detector.poll(&live), [], "nobody is stuck");
        let counts = live.counts();
        counts[..2].iter().all(|c| c.operations > 1_000) && counts[2].failures > 0 && counts[3].operations > 1
    });
    live.drain();
    threads.join();
    let counts = live.counts();
    // A page can be paged out once only; two that are one frame already are shared as often as one likes.
    assert_eq!(counts[2].operations, 1, "{counts:?}");
    assert!([0, 1, 3].iter().all(|&a| counts[a].failures == 0), "{counts:?}");
    // What the threads left behind breaks no rule, at once or on the way to the end.
    let staged = Staged { first: live.words().copy().into(), ..staged };
    let mut sim = staged.sim(Rules::ALL);
    assert_eq!(sim.start_broken(), []);
    while let Some(a) = staged.world.actor_ids().find(|&a| sim.enabled(a)) {
        assert_eq!(sim.step(a, 0).unwrap().broken, []);
    }
    assert!(sim.all_ended());
}

/// Two actors in a deadlock, as the detector reports it.
fn deadlocked() -> (Live<Program<Abba>>, Threads<Program<Abba>>, Detector) {
    let live = live(2, Some(1), Abba);
    let threads = Threads::start(&live).unwrap();
    let mut detector = Detector::new();
    until("the deadlock is found", || !detector.poll(&live).is_empty());
    let stuck = |actor: u8, wants: usize, owner: u8| Wait {
        actor: ActorId(actor),
        on: On::Lock(LOCKS[wants], Mode::Exclusive),
        needs: vec![ActorId(owner)],
    };
    let found = detector.poll(&live).to_vec();
    assert_eq!(found, [stuck(0, 1, 1), stuck(1, 0, 0)]);
    let [ring] = &waits::rings(&found)[..] else { panic!("one ring: {found:?}") };
    let says = "A0 -> A1 -> A0: A0 waits for lock l1, which A1 holds; A1 waits for lock l0, which A0 holds";
    assert_eq!(waits::describe(live.world(), &found, ring), says);
    (live, threads, detector)
}

#[test]
fn a_frozen_deadlock_can_be_read_from_the_words() {
    let (live, threads, mut detector) = deadlocked();
    live.freeze();
    threads.join();
    let world = live.world().clone();
    for a in world.actor_ids() {
        let (mine, other) = (LOCKS[a.0 as usize], LOCKS[1 - a.0 as usize]);
        assert_eq!(live.state(a), Some(State::Frozen));
        assert_eq!(live.held(a), [(mine, Mode::Exclusive)]);
        assert_eq!(peek(&live, |map| map.actor(a, ActorWord::WaitsFor)), other.to_word() + 1);
        assert_eq!(lock::holders(&mut live.words(), &world, mine), [(a, Mode::Exclusive, 1)]);
    }
    assert_eq!(detector.poll(&live).len(), 2, "it still stands");
    // What a frozen actor holds can be released afterwards.
    for a in world.actor_ids() {
        live.abort(a);
        assert_eq!(live.state(a), Some(State::Aborted));
    }
    assert_all_free(&live);
}

#[test]
fn aborting_one_lets_the_other_go_on() {
    let (live, threads, mut detector) = deadlocked();
    live.abort(ActorId(0));
    threads.join();
    assert_eq!([0, 1].map(|a| live.state(ActorId(a)).unwrap()), [State::Aborted, State::Drained]);
    assert_eq!([0, 1].map(|a| live.counts()[a].operations), [0, 1]);
    assert_all_free(&live);
    assert_eq!(detector.poll(&live), []);
}

#[test]
fn an_aborted_waiter_leaves_the_queue() {
    /// Actor 0 holds a range until a word is set; actor 1 wants the whole table; actor 2 comes behind it.
    struct Queue;
    impl Statement for Queue {
        fn run<S: Step>(&self, s: &mut S) -> Result<u64, Stop> {
            let me = s.me().0;
            let [go, came] = [0, 1].map(|i| s.world().map.word(i));
            if me == 2 {
                s.wait(Cond::Is(came, 1))?;
            }
            let mode = if me == 1 { Mode::Exclusive } else { Mode::Shared };
            if me == 1 {
                // Only behind actor 0, so that there is something to queue for.
                s.wait(Cond::Is(s.world().map.word(2), 1))?;
            }
            s.lock(Lock::Global(0), mode)?;
            if me == 0 {
                let has = s.world().map.word(2);
                s.store(has, 1)?;
                s.wait(Cond::Is(go, 1))?;
            }
            s.unlock(Lock::Global(0), mode)?;
            Ok(0)
        }
    }
    let live = live(3, Some(1), Queue);
    let threads = Threads::start(&live).unwrap();
    let global = |live: &Live<_>| peek(live, |map| map.dom(0, DomWord::Global));
    until("the second has queued", || lock::global::queued(global(&live)));
    live.words().set(live.world().map.word(1), 1);
    let mut detector = Detector::new();
    until("all wait", || detector.poll(&live).len() == 3);
    let needs: Vec<_> = detector.poll(&live)[1..].iter().map(|w| w.needs.clone()).collect();
    assert_eq!(needs, [[ActorId(0)], [ActorId(1)]], "the third waits for who has queued");
    live.abort(ActorId(1));
    until("the third has passed", || live.state(ActorId(2)) == Some(State::Drained));
    live.words().set(live.world().map.word(0), 1);
    threads.join();
    assert_all_free(&live);
}

#[test]
fn a_drained_run_has_no_lock_held_and_the_counts_of_its_words() {
    let live = live(3, None, GetPut);
    let threads = Threads::start(&live).unwrap();
    until("everyone has done something", || live.counts().iter().all(|c| c.operations > 100));
    live.drain();
    threads.join();
    assert!(live.world().actor_ids().all(|a| live.state(a) == Some(State::Drained)));
    assert_eq!(invariants::drained(&mut live.words().copy(), live.world()), []);
    let done: u64 = live.counts().iter().map(|c| c.operations).sum();
    let sum: u64 = (0..2 * RANGES).map(|i| peek(&live, |map| map.word(i as u32))).sum();
    assert_eq!(sum, done * 4);
    assert_all_free(&live);
}

#[test]
fn freezing_stops_whoever_runs_waits_or_has_not_begun() {
    struct Endless;
    impl Statement for Endless {
        fn run<S: Step>(&self, s: &mut S) -> Result<u64, Stop> {
            let w = s.world().map.word(0);
            match s.me().0 {
                0 => s.retry(|s| Ok((s.load(w)? == 1).then_some(0))),
                1 => s.fold(0, |s, _| Ok(std::ops::ControlFlow::Continue(s.load(w)?))),
                _ => s.wait(Cond::Stated).map(|()| 0),
            }
        }

        fn holds<W: Words>(&self, world: &World, m: &mut W) -> bool {
            m.get(world.map.word(1)) == 1
        }
    }
    let live = live(3, None, Endless);
    let threads = Threads::start(&live).unwrap();
    until("all are under way", || live.world().actor_ids().all(|a| live.state(a) == Some(State::Running)));
    until("the last one waits", || live.counts()[2].waits == 1);
    live.words().set(live.world().map.word(1), 1);
    until("its condition has come true", || live.counts()[2].operations > 0);
    live.freeze();
    threads.join();
    assert!(live.all_stopped());
    assert_eq!([0, 1].map(|a| live.state(ActorId(a)).unwrap()), [State::Frozen; 2]);

    let unborn = pages::live(1, None, Endless);
    unborn.drain();
    assert_eq!(unborn.run_actor(ActorId(0)), Some(State::Drained));
    assert_eq!(unborn.run_actor(ActorId(0)), None, "an actor runs once");
    assert_eq!(unborn.run_actor(ActorId(1)), None, "there is no such actor");
}

#[test]
fn errors_are_counted_beside_successes_and_a_lost_program_ends() {
    struct Mixed;
    impl Statement for Mixed {
        fn run<S: Step>(&self, s: &mut S) -> Result<u64, Stop> {
            let w = s.world().map.word(s.me().0 as u32);
            let n = s.add(w, 1)?;
            match (s.me().0, n) {
                (1, 3) => {
                    s.lock(LOCKS[0], Mode::Exclusive)?;
                    s.page_word(Mfn(1 << 20), 0).map(|w| w.0 as u64)
                }
                _ => Ok(n % 2),
            }
        }
    }
    let live = live(2, Some(10), Mixed);
    Threads::start(&live).unwrap().join();
    let counts = live.counts().into_iter().map(|c| (c.operations, c.failures)).collect::<Vec<_>>();
    assert_eq!(counts, [(5, 5), (1, 2)]);
    assert_eq!(live.state(ActorId(1)), Some(State::Strayed));
    assert_eq!(live.held(ActorId(1)), [(LOCKS[0], Mode::Exclusive)], "what it held it still holds");
    live.abort(ActorId(1));
    assert_all_free(&live);
}

#[test]
fn a_step_on_its_own_stops_before_the_next_effect() {
    let live = live(1, None, GetPut);
    let mut s = live.step(ActorId(0)).unwrap();
    let w = s.world().map.word(0);
    assert_eq!(s.effect(Effect::Add(w, 5)), Ok([5, 0]));
    assert!(s.try_lock(LOCKS[0], Mode::Exclusive).unwrap());
    assert!(!s.try_lock(LOCKS[0], Mode::Exclusive).unwrap(), "a plain lock is not recursive");
    live.freeze();
    assert_eq!(s.effect(Effect::Add(w, 5)), Err(Stop::Halt));
    assert_eq!((peek(&live, |map| map.word(0)), live.held(ActorId(0)).len()), (5, 1));
}
