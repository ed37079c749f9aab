//! Virtual time, with costs that can be added up by hand.

use p2mscope_core::addr::{ActorId, DomId};
use p2mscope_core::lesson::{Lesson, Spread};
use p2mscope_core::lock::{Lock, Mode};
use p2mscope_core::machine::{Actor, Builder, Form, Kind, MAX_ACTORS, NamedLock, NewDomain, Policy, Words, World};
use p2mscope_core::scale::{Advance, Ask, Clocked, Costs, Line, Outcome, Point, Setup, Stood, Sweep, Waiters, run};
use p2mscope_core::sim::{Code, Locals, Sim};
use p2mscope_core::step::{Step, Stop};
use p2mscope_core::watch::{Broken, Rules};
use std::sync::Arc;

const COSTS: Costs = Costs { hit: 1.0, atomic: 10.0, transfer: 100.0, effect: 0.0 };

/// A program of one statement, the same for every actor.
#[derive(Clone, Copy)]
enum Work {
    /// Loads, stores and adds to one word.
    Touch,
    /// Adds to one word under one lock.
    Locked,
}

impl Code for Work {
    fn start<W: Words>(&self, _: &World, _: &mut W, _: ActorId, _: &mut Locals, _: &mut Vec<Broken>) -> Option<u64> {
        Some(0)
    }

    fn run<S: Step>(&self, _: ActorId, _: u64, _: &Locals, s: &mut S) -> Result<u64, Stop> {
        let word = s.world().map.word(0);
        match self {
            Work::Touch => {
                let seen = s.load(word)?;
                s.store(word, seen + 1)?;
                s.add(word, 1)?;
            }
            Work::Locked => {
                s.lock(Lock::Named(0), Mode::Exclusive)?;
                s.add(word, 1)?;
                s.unlock(Lock::Named(0), Mode::Exclusive)?;
            }
        }
        Ok(0)
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

fn world(actors: usize) -> (Arc<World>, Arc<[u64]>) {
    let builder = Builder {
        domains: vec![NewDomain { id: DomId(1), name: "guest".into(), ..NewDomain::default() }],
        actors: (0..actors).map(|a| Actor { name: format!("A{a}"), kind: Kind::Toolstack, domain: DomId(1) }).collect(),
        words: vec![("w".into(), 0)],
        locks: vec![NamedLock { name: "l".into(), level: 0 }],
        ..Builder::default()
    };
    builder.build().unwrap()
}

fn setup(costs: Costs, rounds: (u64, u64)) -> Setup {
    Setup { costs, rounds: Some(rounds), ..Setup::default() }
}

fn outcome(work: Work, actors: usize, setup: Setup) -> Outcome {
    let (world, first) = world(actors);
    run(world, Arc::new(work), first, setup)
}

/// Whether two rates are the same to a hundredth.
#[track_caller]
fn near(found: f64, wanted: f64) {
    assert!((found / wanted - 1.0).abs() < 0.01, "{found} is not {wanted}");
}

fn run_three(run: &mut Clocked<Work>) {
    (0..3).for_each(|_| assert!(run.go().is_some()));
}

#[test]
fn the_time_of_one_actor_is_the_sum_of_what_it_does() {
    let (world, first) = world(1);
    let costs = Costs { effect: 2.0, ..COSTS };
    let mut run = Clocked::new(world, Arc::new(Work::Touch), first, setup(costs, (0, 10)));
    // The load fetches the line, 100 + 1; the store is a hit, 1; the addition an atomic operation, 10; three effects, 6.
    run_three(&mut run);
    assert_eq!(run.clocks(), [118_000]);
    // Now the line is there: 1 + 1 + 10 + 6.
    run_three(&mut run);
    assert_eq!((run.clocks(), run.rounds()), (vec![136_000], &[2_u64][..]));
}

#[test]
fn one_lock_lets_through_one_critical_section_after_the_other() {
    // Taking: a load and an exchange, 1 + 10; inside: 10; releasing: a load and a store, 1 + 1. No line costs anything.
    let free = Costs { transfer: 0.0, ..COSTS };
    for actors in [1, 2, 16, MAX_ACTORS] {
        let n = actors as u64;
        near(outcome(Work::Locked, actors, setup(free, (2 * n, 8 * n))).per_second, 1e9 / 23.0);
    }
    // With lines: the load fetches the lock's from the one before, 100 + 1; the exchange takes it away from it, 100 + 10;
    // the word comes as well, 100 + 10; the release finds its line at home, 1 + 1.
    for actors in [2, 16, MAX_ACTORS] {
        let n = actors as u64;
        let out = outcome(Work::Locked, actors, setup(COSTS, (2 * n, 8 * n)));
        near(out.per_second, 1e9 / 323.0);
        // All but the one inside wait.
        assert!((out.waiting - (n - 1) as f64 / n as f64).abs() < 0.15, "{actors}: {}", out.waiting);
        assert_eq!(out.contended.map(|c| c.0), Some(Lock::Named(0)));
    }
}

#[test]
fn time_elsewhere_makes_room_under_one_lock() {
    // 23 inside and 77 elsewhere: two have room beside each other, and eight fill the lock.
    let free = Costs { transfer: 0.0, ..COSTS };
    let with = |actors, rounds| outcome(Work::Locked, actors, Setup { pause: 77.0, ..setup(free, rounds) }).per_second;
    near(with(1, (10, 400)), 1e9 / 100.0);
    near(with(2, (10, 400)), 2e9 / 100.0);
    near(with(8, (40, 800)), 1e9 / 23.0);
}

#[test]
fn who_spins_takes_the_line_from_the_one_who_releases() {
    let with = |waiters| outcome(Work::Locked, 32, Setup { waiters, ..setup(COSTS, (64, 256)) });
    let [queue, spin, backoff] = Waiters::ALL.map(|w| with(w.1));
    // 31 look at the line after each of the two writes of a round: at least 31 transfers for one round.
    assert!(spin.per_second < 1e9 / 3100.0 && spin.per_second < queue.per_second / 5.0, "{spin:?}");
    // Sleepers leave the lock alone for long: who has just released it may well have it again.
    assert!(backoff.stood.is_none() && backoff.per_second > 0.0, "{backoff:?}");
}

#[test]
fn the_clock_leaves_no_trace_in_words_and_hash() {
    let (world, first) = world(3);
    let code = Arc::new(Work::Locked);
    let mut clocked = Clocked::new(world.clone(), code.clone(), first.clone(), setup(COSTS, (0, 1000)));
    let mut plain = Sim::with_rounds(world, code, first, Rules::NONE, vec![u32::MAX; 3].into());
    let mut steps = 0;
    for _ in 0..400 {
        if let Some((a, _)) = clocked.go() {
            plain.step(a, 0).unwrap();
            steps += 1;
        }
        assert_eq!(clocked.sim().hash(), plain.hash());
    }
    assert!(steps > 200 && clocked.sim().memory().changes() == plain.memory().changes());
}

const GET_PUT: &str = r#"
id = "get-put"
title = "A look-up"
source = "none"
goal = "Look one page up."
story = "Looks one page up and lets it go."
domain = [{ id = 1, map = "0x10 = ram_rw" }, { id = 2, map = "0x20 = ram_rw" }]
[[actor]]
name = "V"
kind = "vcpu"
domain = 1
program = "e = get_gfn 1:0x10; put_gfn 1:0x10"
[[actor]]
name = "W"
kind = "toolstack"
program = "e = get_gfn 1:0x10; f = get_gfn 2:0x20; put_gfn 2:0x20; put_gfn 1:0x10"
[[actor]]
name = "X"
kind = "toolstack"
program = "f = get_gfn 2:0x20; e = get_gfn 1:0x10; put_gfn 1:0x10; put_gfn 2:0x20"
"#;

fn lesson(text: &str) -> Lesson {
    Lesson::parse(text).unwrap_or_else(|e| panic!("{e:?}"))
}

fn ask(policy: Policy, form: Form, spread: Spread, counts: &[usize]) -> Ask {
    Ask {
        version: "before".into(),
        actors: vec![0],
        spread,
        lines: vec![Line { policy, form }],
        counts: counts.to_vec(),
        setup: Setup { costs: COSTS, ..Setup::default() },
    }
}

fn points(lesson: &Lesson, ask: Ask) -> Vec<Point> {
    let mut sweep = Sweep::new(lesson.clone(), ask).unwrap();
    let mut points = Vec::new();
    loop {
        match sweep.advance(10_000).unwrap() {
            Advance::Going => {}
            Advance::Point(point) => points.push(point),
            Advance::Ended => return points,
        }
    }
}

fn rate(policy: Policy, form: Form, spread: Spread, n: usize) -> f64 {
    points(&lesson(GET_PUT), ask(policy, form, spread, &[n]))[0].outcome.per_second
}

#[test]
fn ranges_of_their_own_and_counts_of_their_own_scale_with_the_processors() {
    let points = |policy, counts: &[usize]| points(&lesson(GET_PUT), ask(policy, Form::Percpu, Spread::Ranges, counts));
    for p in [points(Policy::M2, &[1, 16, 64]), points(Policy::K4, &[1, 64, MAX_ACTORS])].concat() {
        near(p.speedup.unwrap(), p.vcpus as f64);
        assert_eq!((p.outcome.failures, p.outcome.stood), (0, None));
    }
    // A page of locks has 64 lines. Of 256 neighbouring ranges four share each, and take it from each other.
    let crowded = points(Policy::M2, &[1, MAX_ACTORS]).remove(1);
    assert!(crowded.speedup.unwrap() < 64.0 && crowded.outcome.waiting == 0.0, "{crowded:?}");
}

#[test]
fn one_count_for_all_flattens_at_its_line() {
    // Taking the shared side loads the word, a transfer and a hit, and exchanges it, a transfer and an atomic operation;
    // releasing it adds, a transfer and an atomic operation: 101 + 110 + 110.
    for n in [64, MAX_ACTORS] {
        near(rate(Policy::M2, Form::Atomic, Spread::Ranges, n), 1e9 / 321.0);
    }
}

#[test]
fn the_smaller_lock_wins_where_all_work_in_one_range_and_only_there() {
    let rate = |policy, spread| rate(policy, Form::Percpu, spread, 64);
    let [m2, k4] = [Policy::M2, Policy::K4].map(|p| rate(p, Spread::Range));
    // The word that counts the locks held in 2 MB is one for all, and costs every round its transfers.
    assert!(k4 > 1.2 * m2, "{k4} {m2}");
    let [m2, k4] = [Policy::M2, Policy::K4].map(|p| rate(p, Spread::Ranges));
    assert!(m2 > k4, "{k4} {m2}");
    // 64 ranges of 2 MB, 192 of them in a GB: ranges of 1 GB are no better than one lock, but in gigabytes apart.
    let [global, g1] = [Policy::Global, Policy::G1].map(|p| rate(p, Spread::Ranges));
    assert!(g1 < 2.0 * global && rate(Policy::G1, Spread::Gigabytes) > 20.0 * global, "{global} {g1}");
}

#[test]
fn as_many_as_there_can_be_run_under_every_policy_wherever_they_work() {
    for (name, spread) in Spread::ALL {
        for policy in Policy::ALL {
            let mut ask = ask(policy, Form::Percpu, spread, &[MAX_ACTORS]);
            ask.setup.rounds = Some((256, 512));
            let p = points(&lesson(GET_PUT), ask).remove(0);
            let all = (p.outcome.failures, p.outcome.stood.clone(), p.outcome.rounds >= 512);
            assert_eq!(all, (0, None, true), "{name} {}", policy.name());
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_figures() {
    let ask = |seed| {
        let mut ask = ask(Policy::M2, Form::Atomic, Spread::Random, &[8]);
        ask.setup.seed = seed;
        ask
    };
    let lesson = lesson(GET_PUT);
    assert_eq!(points(&lesson, ask(7)), points(&lesson, ask(7)));
}

#[test]
fn a_crowd_that_locks_in_opposite_orders_stands_still() {
    let mut ask = ask(Policy::M2, Form::Percpu, Spread::Page, &[2]);
    ask.actors = vec![1, 2];
    for waiters in Waiters::ALL.map(|w| w.1) {
        ask.setup.waiters = waiters;
        assert_eq!(points(&lesson(GET_PUT), ask.clone())[0].outcome.stood, Some(Stood::Deadlock), "{waiters:?}");
    }
}

#[test]
fn what_cannot_be_a_crowd_says_why() {
    let plain = lesson(GET_PUT);
    let why = |lesson: &Lesson, n, spread| {
        let crowd = lesson.crowd(&[0], n, spread, Form::Atomic);
        match crowd.map(|c| c.stage("before", Policy::M2)) {
            Err(why) => why,
            Ok(staged) => staged.map(|_| String::new()).unwrap_or_else(|e| e[0].message.clone()),
        }
    };
    assert_eq!(why(&plain, 0, Spread::Page), "0 actors: there can be 1 to 256");
    assert_eq!(why(&plain, 257, Spread::Page), "257 actors: there can be 1 to 256");
    let large = lesson(&GET_PUT.replace("0x10 = ram_rw", "0 = ram_rw order 9"));
    assert!(why(&large, 2, Spread::Range).contains("by one entry"));
    assert_eq!(why(&large, 2, Spread::Ranges), "");
    let named =
        GET_PUT.replace("0x10 = ram_rw", "0x10 = M as ram_rw").replace("put_gfn 1:0x10\"", "c = load count(M)\"");
    assert_eq!(why(&lesson(&named), 2, Spread::Ranges), "");
    assert!(why(&lesson(&named), 2, Spread::Random).contains("`M` is one frame"));
    let ring = lesson(&GET_PUT.replace("id = 1, map", "id = 1, ring = 2, map"));
    assert_eq!(why(&ring, 16, Spread::Ranges), "");
    assert!(why(&ring, 17, Spread::Ranges).contains("the world has 17 actors beside a paging ring; there can be 16"));
    let actor = lesson(&GET_PUT.replace("e = get_gfn 1:0x10; put_gfn 1:0x10", "flush V"));
    assert!(why(&actor, 2, Spread::Ranges).contains("`V`"));
    let costs = Costs { transfer: f64::NAN, ..COSTS };
    let mut wrong = ask(Policy::M2, Form::Atomic, Spread::Page, &[1]);
    wrong.setup.costs = costs;
    assert!(Sweep::new(plain, wrong).err().is_some_and(|why| why.contains("transfer")));
}

#[test]
fn copies_have_frames_of_their_own() {
    let text = GET_PUT.replace("0x10 = ram_rw", "0x10 = M as ram_rw content 5");
    let text =
        text.replace("e = get_gfn 1:0x10; put_gfn 1:0x10", "e = get_gfn 1:0x10; store content(M) = 7; put_gfn 1:0x10");
    let crowd = lesson(&text).crowd(&[0], 3, Spread::Ranges, Form::Percpu).unwrap();
    let staged = crowd.stage("before", Policy::M2).unwrap();
    let names: Vec<_> = staged.world.actors.iter().map(|a| a.name.as_str()).collect();
    assert_eq!(names, ["V.0", "V.1", "V.2"]);
    let frames: Vec<_> = staged.world.frames.iter().map(|f| f.0.as_str()).collect();
    assert_eq!(frames, ["M", "M.1", "M.2"]);
    let rounds = Setup { rounds: Some((0, 3)), ..Setup::default() };
    let mut run = Clocked::new(staged.world.clone(), staged.script, staged.first, rounds);
    while run.advance(1).is_none() {}
    for (name, mfn) in &staged.world.frames {
        let content = run.sim().memory().peek(staged.world.map.page(*mfn, 0).unwrap());
        assert_eq!(content, 7, "{name}");
    }
}
