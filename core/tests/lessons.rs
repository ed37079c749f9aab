//! The lessons of the house: what they expect is proved, with and without merging, on one and two threads.

#[path = "lessons/grading.rs"]
mod grading;
#[path = "lessons/lengths.rs"]
mod lengths;
#[path = "lessons/lengths_later.rs"]
mod lengths_later;
#[path = "lessons/promises.rs"]
mod promises;

use lengths::{LENGTHS, Row};
use lengths_later::LATER;
use p2mscope_core::addr::ActorId;
use p2mscope_core::entry::Format;
use p2mscope_core::explore::{Limits, Question, Verdict, explore, with_threads};
use p2mscope_core::judge::{expectation, judge, watched};
use p2mscope_core::lesson::{Expect, Lesson};
use p2mscope_core::machine::Policy;
use p2mscope_core::sched::{Random, Run};
use p2mscope_core::script::Script;
use p2mscope_core::sim::Sim;
use p2mscope_core::watch::{Rule, Rules};
use std::ops::ControlFlow::Continue;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../static/lessons")
}

fn lesson(id: &str) -> Lesson {
    let text = std::fs::read_to_string(folder().join(format!("{id}.toml"))).expect("the lesson is there");
    Lesson::parse(&text).unwrap_or_else(|e| panic!("{id}: {e:?}"))
}

fn all() -> Vec<Lesson> {
    let files = std::fs::read_dir(folder()).expect("there are lessons").flatten().map(|f| f.path());
    let ids = files.filter(|p| p.extension().is_some_and(|e| e == "toml"));
    ids.filter_map(|p| p.file_stem().map(|s| lesson(&s.to_string_lossy()))).collect()
}

/// All lessons are proved once on one thread by fingerprints, and once on two by whole states: what is counted is the same.
/// The opening lesson is too large for whole states.
#[test]
fn every_expectation_holds_and_counts_depend_neither_on_threads_nor_on_fingerprints() {
    for l in all() {
        let run = |threads, exact| {
            with_threads(threads, || judge(&l, Limits::default(), exact, &|_| Continue(()))).expect("it compiles")
        };
        let (one, two) = (run(1, false), run(2, l.id != "first"));
        assert_eq!(one.len(), two.len());
        for (a, b) in one.iter().zip(&two) {
            let what = format!("{} {} {}", l.id, a.version, a.policy.name());
            assert_eq!(a.wrong, Vec::<String>::new(), "{what}");
            assert_eq!((&b.wrong, &b.report.verdict), (&a.wrong, &a.report.verdict), "{what}");
            assert_eq!((b.report.states, b.report.steps), (a.report.states, a.report.steps), "{what}");
            assert_eq!((b.report.ends, b.lock_events), (a.report.ends, a.lock_events), "{what}");
        }
    }
}

/// The reduced search answers what the whole one does, from no more states, by as many steps; on one thread and on two from
/// as many states. In S03 repaired with ranges of 2 MB more than a quarter of the steps is left out.
#[test]
fn reduced_searches_give_the_same_verdicts() {
    let search = |sim: &Sim<Script>, q: &Question<Script>, n| with_threads(n, || explore(sim, q, |_| Continue(())));
    for l in all() {
        for e in &l.expects {
            for &policy in &e.policies {
                let staged = l.stage(&e.version, Some(policy), e.pin).expect("it is staged");
                let q = p2mscope_core::judge::question(e.breach, Limits::default(), false);
                let sim = staged.sim(q.stop);
                let whole = search(&sim, &q, 1);
                let (one, two) = (search(&sim, &q.clone().reduced(), 1), search(&sim, &q.reduced(), 2));
                let name = format!("{} {} {}", l.id, e.version, policy.name());
                assert_eq!((&one.verdict, &two.verdict), (&whole.verdict, &whole.verdict), "{name}");
                assert_eq!((one.states, one.steps, one.pruned), (two.states, two.steps, two.pruned), "{name}");
                assert!(one.states <= whole.states && one.ends == whole.ends, "{name}");
                if name == "S03 repaired 2m" {
                    assert!(
                        one.pruned_share() > 0.25 && one.states < whole.states,
                        "{} of {}",
                        one.states,
                        whole.states
                    );
                }
            }
        }
    }
}

/// The rule, the fewest steps and their lock events, each reasoned by hand.
///
/// A get is the locks, four loads and the pin: 6 effects under `global`, 7 with a range. The ring of S14 and S15
/// stands when each has one get behind it and asks for the other's lock; with ranges the second get has taken the
/// shared side (again, or of the other domain) by then: (6 + 6) and (7 + 1) twice. Lock events are those takings: one
/// each under `global`, three each with ranges.
///
/// S03: V0 looks up (4 loads). PG nominates: lock, 4 loads, two counts, 3 loads to the entry and its store, one flush,
/// unlock: 13, with ranges 15. It evicts: lock, 4 loads, a reference, two counts, 3 loads, the store, one flush, the
/// allocation, the counter, the scrubbing, the last reference: 17, with ranges 18. Then V0 touches. Lock events are
/// PG's lock, store, unlock, lock, store: 5, with ranges 8.
///
/// S17: V0's get finds no frame to pin: 5, with ranges 6. It posts at once, where there is room.
///
/// S39: TS1 locks and writes: 3 loads, and since the last table is missing its lock, another look, a page, the link, the
/// unlock, and that load again, then the store: 10. TS2 takes its locks and loads the count.
///
/// S54: the first to map finds three tables missing: a load, the lock, another look, three pages, three links, the unlock,
/// 3 loads, the store: 14, with the locks, m2p twice and the count 21 (an unlock is two). The second finds two tables:
/// 10, so 17. TS waits, locks, loads m2p, writes in 4, flushes two TLBs, clears m2p and frees: 11. Lock events are 7 (5,
/// two of them for the structure) for each who maps, and TS's wait, lock and store.
///
/// S61: a guest access that walks is 4 loads and its end: 5, the first a fault. V1 marks under a lock: 3. LD harvests
/// (3), locks, looks (4), flushes, unlocks, sends: 11. V1 locks, looks (4), writes (3 loads, the store), unlocks and
/// accesses again: 15. Every lock and unlock of an entry is one more with ranges.
#[test]
fn shortest_schedules_are_as_long_as_reasoned() {
    let table: [Row; 16] = [
        ("S14", "before", Policy::Global, Rule::Deadlock, 12, 2),
        ("S14", "before", Policy::G1, Rule::Deadlock, 16, 6),
        ("S14", "before", Policy::M2, Rule::Deadlock, 16, 6),
        ("S15", "before", Policy::M2, Rule::Deadlock, 16, 6),
        ("S03", "before", Policy::Unlocked, Rule::Stray, 4 + 13 + 17 + 1, 5),
        ("S03", "before", Policy::Global, Rule::Stray, 4 + 13 + 17 + 1, 5),
        ("S03", "before", Policy::M2, Rule::Stray, 4 + 15 + 18 + 1, 8),
        ("S03", "repaired", Policy::Unlocked, Rule::Stray, 4 + 13 + 17 + 1, 5),
        ("S17", "before", Policy::Global, Rule::I28, 5 + 1, 2),
        ("S17", "before", Policy::M2, Rule::I28, 6 + 1, 3),
        ("S39", "before", Policy::Global, Rule::Assert, 1 + 10 + 2, 5),
        ("S39", "before", Policy::M2, Rule::Assert, 2 + 10 + 2, 6),
        ("S39", "balloon", Policy::M2, Rule::Assert, 2 + 10 + 4, 8),
        ("S54", "before", Policy::M2, Rule::I4, 21 + 17 + 11, 17),
        ("S61", "before", Policy::Global, Rule::Ensure, 5 + 3 + 11 + 15, 9),
        ("S61", "before", Policy::M2, Rule::Ensure, 5 + 3 + 13 + 17, 13),
    ];
    for (id, version, policy, rule, steps, lock_events) in
        table.into_iter().chain(LENGTHS).chain(LATER).chain(promises::LENGTHS)
    {
        let l = lesson(id);
        let says = |e: &&Expect| e.version == version && e.breach == Some(rule) && e.policies.contains(&policy);
        let e = l.expects.iter().find(says).unwrap_or_else(|| panic!("{id} {version} {policy:?} {rule:?} is expected"));
        let j = expectation(&l, e, policy, Limits::default(), false, &|_| Continue(())).expect("it compiles");
        let Verdict::Found { broken, schedule } = &j.report.verdict else { panic!("{id} {version}: nothing found") };
        assert_eq!((broken.rule, schedule.len(), j.lock_events), (rule, steps, Some(lock_events)), "{id} {policy:?}");
    }
}

/// Whether some schedule with at most `left` switches away from an actor that could go on breaks one of the rules.
/// Nothing is merged: every such schedule is run, up to where it comes back to a state on its own way (`path`), as one
/// that tries again for a lock does.
fn breaks(sim: &mut Sim<Script>, last: Option<ActorId>, left: u32, rules: Rules, path: &mut Vec<u64>) -> bool {
    if path.contains(&sim.hash()) {
        return false;
    }
    path.push(sim.hash());
    let broke = breaks_from(sim, last, left, rules, path);
    path.pop();
    broke
}

fn breaks_from(sim: &mut Sim<Script>, last: Option<ActorId>, left: u32, rules: Rules, path: &mut Vec<u64>) -> bool {
    let could = last.is_some_and(|a| sim.enabled(a));
    for a in sim.world().clone().actor_ids() {
        let switch = could && last != Some(a);
        if !sim.enabled(a) || switch && left == 0 {
            continue;
        }
        let stepped = sim.step(a, 0).expect("it is enabled");
        let broke =
            stepped.broken.iter().any(|b| rules.has(b.rule)) || breaks(sim, Some(a), left - switch as u32, rules, path);
        sim.undo();
        if broke {
            return true;
        }
    }
    false
}

#[test]
fn verdicts_are_the_same_without_merging() {
    // All that two actors do, and some with more; but for S45, whose runs are over a thousand steps long.
    let small = |l: &Lesson| {
        l.actors.len() == 2 && l.id != "S45" || ["first", "S03", "S17", "S54", "S61"].contains(&l.id.as_str())
    };
    for l in all().into_iter().filter(small) {
        // The opening lesson has four actors: one switch is as many schedules as two are for the others.
        let switches = if l.actors.len() > 3 { 1 } else { 2 };
        // That no end can be reached is seen by a complete search alone.
        for e in l.expects.iter().filter(|e| e.breach != Some(Rule::Hang)) {
            for &policy in &e.policies {
                let rules = e.watched();
                let mut sim = l.stage(&e.version, Some(policy), e.pin).unwrap().sim(rules);
                let broke = breaks(&mut sim, None, switches, rules, &mut Vec::new());
                assert_eq!(broke, e.breach.is_some(), "{} {} {}", l.id, e.version, policy.name());
                assert_eq!((sim.hash(), sim.depth()), (sim.words().hash_from_scratch(), 0));
            }
        }
    }
}

#[test]
fn undo_to_the_start_gives_the_first_hash() {
    for l in all() {
        for version in l.versions() {
            for (seed, policy) in (1..).zip([Policy::Unlocked, Policy::M2, Policy::Rw]) {
                let mut run = Run::new(l.stage(version, Some(policy), None).unwrap().sim(Rules::ALL));
                let (first, mut random) = (run.hash(), Random::new(seed));
                // Who tries again and again for a lock may do so for ever.
                while run.len() < 400 && run.pick(&mut random) {
                    assert_eq!(run.hash(), run.words().hash_from_scratch(), "{} {version}", l.id);
                }
                assert!(run.len() > 1, "{} {version} {}", l.id, policy.name());
                run.first();
                assert_eq!(run.hash(), first, "{} {version} {}", l.id, policy.name());
            }
        }
    }
}

#[test]
fn a_limit_gives_a_bound_and_no_verdict() {
    let l = lesson("first");
    let sim = l.stage("repaired", Some(Policy::M2), None).unwrap().sim(watched());
    let q =
        Question { limits: Limits { states: 1000, depth: 1 << 20, ..Limits::default() }, ..Question::prove(watched()) };
    assert!(matches!(explore(&sim, &q, |_| Continue(())).verdict, Verdict::Bound { .. }));
}

/// What a lesson teaches about locks does not depend on how entries are laid out: the house's lessons as they stand, in
/// every encoding, by the verdicts they promise.
///
/// But S03 pages a frame out, which nested page tables of 2011 cannot say: there paging is refused, and so the lesson is
/// about nothing.
#[test]
fn verdicts_do_not_depend_on_the_encoding() {
    for id in ["S03", "S14", "S15"] {
        let text = std::fs::read_to_string(folder().join(format!("{id}.toml"))).expect("the lesson is there");
        for format in Format::all().iter().filter(|f| (id, **f) != ("S03", Format::Npt2011)) {
            let at = text.find("domain = [").expect("domains come before the first table");
            let (head, rest) = text.split_at(at);
            let world = format!("world = {{ encoding = \"{}\" }}\n", format.name());
            let l = Lesson::parse(&(head.to_string() + &world + rest)).unwrap_or_else(|e| panic!("{id}: {e:?}"));
            for j in judge(&l, Limits::default(), false, &|_| Continue(())).expect("the lesson compiles") {
                let what = format!("{id} in {}, {} {}", format.name(), j.version, j.policy.name());
                assert_eq!(j.wrong, Vec::<String>::new(), "{what}");
            }
        }
    }
}

/// S22 under one lock for the table reports an order, and cannot hang; with ranges it can.
#[test]
fn a_breach_that_is_not_meant_does_not_count() {
    let text = std::fs::read_to_string(folder().join("S22.toml")).expect("the lesson is there");
    let meant = r#"policy = ["global", "1g"], breach = "none", among = "deadlock""#;
    for (is, wrong) in [
        (meant.to_string(), None),
        (meant.replace("1g", "2m"), Some("no breach was expected; `deadlock`")),
        (meant.replace(r#""deadlock""#, r#"["deadlock", "I27"]"#), Some("no breach was expected; `I27`")),
    ] {
        let l = Lesson::parse(&text.replace(meant, &is)).unwrap_or_else(|e| panic!("{e:?}"));
        let e = l.expects.iter().find(|e| e.among.is_some()).expect("it is there");
        let of = |&p| expectation(&l, e, p, Limits::default(), false, &|_| Continue(())).expect("it compiles").wrong;
        let all: Vec<String> = e.policies.iter().flat_map(of).collect();
        assert_eq!(all.is_empty(), wrong.is_none(), "{all:?}");
        assert!(wrong.is_none_or(|w| all.iter().all(|a| a.starts_with(w))), "{all:?}");
    }
}
