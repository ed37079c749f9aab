//! Lessons made up at random, sensible and not: whatever programs do, the machine stays a machine.
//!
//! `P2MSCOPE_SCALE` multiplies how many are tried.

mod poke;

use p2mscope_core::addr::Word;
use p2mscope_core::explore::{Limits, Question, Verdict, explore, with_threads};
use p2mscope_core::judge::watched;
use p2mscope_core::lesson::Lesson;
use p2mscope_core::lock::{Lock, holders};
use p2mscope_core::machine::{DomWord, Policy};
use p2mscope_core::sched::{Random, Run, Schedule};
use p2mscope_core::script::Script;
use p2mscope_core::trial::{Dice, look_at_all};
use p2mscope_core::watch::{Broken, Rule, Rules, invariants, recheck};
use std::ops::ControlFlow::Continue;

const ITEMS: [&str; 10] = [
    "0x11 = ram_rw",
    "0x12 = ram_paged",
    "0x13 = populate_on_demand",
    "0x14 = ram_ro with access_r",
    "0x15 = ram_paging_out",
    "0x16 = mmio_dm",
    "0x17 .. 0x19 = ram_logdirty content 3",
    "0x400 = populate_on_demand order 9",
    "0x40010 = ram_rw",
    "0x800 = invalid",
];

const GFNS: [&str; 14] = [
    "1:0x10",
    "1:0x11",
    "1:0x12",
    "1:0x13",
    "1:0x15",
    "1:0x200",
    "1:0x207",
    "1:0x3ff",
    "1:0x400",
    "1:0x401",
    "1:0x40010",
    "1:0xfffffffff",
    "2:0x10",
    "2:0x20",
];

const TYPES: [&str; 9] = [
    "ram_rw",
    "ram_ro",
    "ram_logdirty",
    "ram_paging_out",
    "ram_paged",
    "ram_shared",
    "populate_on_demand",
    "invalid",
    "mmio_dm",
];

const LOCKS: [&str; 13] = [
    "gfn(1:0x10)",
    "gfn(1:0x207)",
    "gfn(2:0x10)",
    "p2m(1)",
    "p2m(2)",
    "domctl",
    "grant(1)",
    "nestedp2m(2)",
    "pod(1)",
    "page_alloc(1)",
    "paging(2)",
    "structure(1)",
    "own",
];

const PLACES: [&str; 16] = [
    "count(M)",
    "type_count(M)",
    "content(M)",
    "content(M, 511)",
    "content(N)",
    "content(B)",
    "count(N)",
    "count(B)",
    "entry_count(1)",
    "tot_pages(1)",
    "paged_pages(2)",
    "mapped",
    "content(F)",
    "logdirty(1)",
    "dying(1)",
    "cache_count(1)",
];

/// A world of two domains. `B` is a superpage only now and then: it is 512 frames.
fn world(d: &mut Dice) -> String {
    let mut map = vec!["0x10 = M as ram_rw content 5"];
    map.extend(ITEMS.iter().filter(|_| d.chance(40)));
    map.push(if d.chance(20) { "0x200 = B as ram_rw order 9 content 9" } else { "0x207 = B as ram_rw" });
    format!(
        "id = \"chaos\"\ntitle = \"Chaos\"\ngoal = \"None.\"\nhints = [\"One.\", \"Two.\"]\n\
         world = {{ free_frames = {}, pin = {}, words = {{ mapped = 0 }}, locks = {{ own = {} }} }}\n\
         domain = [{{ id = 1, tables = {}, logdirty = {}, ring = 2, map = \"{}\" }}, {{ id = 2, control = {}, map = \"0x10 = N as ram_rw\" }}]\n\
         frame = [{{ name = \"F\", owner = 1, content = 4 }}, {{ name = \"G\" }}]\n\
         expect = [{{ version = \"before\", policy = \"2m\", breach = \"none\" }}]\n",
        d.below(3),
        d.chance(80),
        d.one(&["0", "20", "66"]),
        d.below(4),
        d.chance(30),
        map.join("; "),
        d.chance(30),
    )
}

fn number(d: &mut Dice) -> String {
    d.one(&["0", "1", "2", "7", "0xffffffff", "0x7fffffffffffffff", "-1", "n", "n + 1"]).into()
}

/// One statement. `e`, `f`, `t`, `n` and `k` have values from the beginning.
fn statement(d: &mut Dice) -> String {
    let (g, h) = (d.one(&GFNS), d.one(&GFNS));
    let frame = d.one(&["M", "N", "B", "F", "G", "f", "e.mfn"]);
    let (place, lock, ty) = (d.one(&PLACES), d.one(&LOCKS), d.one(&TYPES));
    let n = number(d);
    match d.below(46) {
        0 => format!("n = load {place}"),
        1 => format!("store {place} = {n}"),
        2 => format!("n = add {place} by {n}"),
        3 => format!("n = swap {place} = {n}"),
        4 => format!("done = cas {place} from {n} to {}", number(d)),
        5 => format!("e = lookup {g}"),
        6 => format!("k = set_entry {g} = {frame} as {ty}"),
        7 => format!("k = set_entry {g} = none as {ty} with {}", d.one(&["access_n", "access_rwx", "access_r"])),
        8 => format!("k = set_entry 1:0x200 = {} as {ty} order 9", d.one(&["none", "B", "M"])),
        9 => format!("flush {}", d.one(&["1", "2"])),
        10 | 11 => format!("lock {lock}"),
        12 => format!("k = lock {lock} nowait"),
        13 | 14 => format!("unlock {lock}"),
        15 => format!("held = get_page {frame} for {}", d.one(&["1", "2", "cow", "nobody"])),
        16 => format!("put_page {frame}"),
        17 => format!("f = alloc frame({})", d.one(&["1", "2"])),
        18 => format!("t = alloc table({})", d.one(&["1", "2"])),
        19 => format!("free {}", d.one(&[frame, "t"])),
        20 => "fill t from e".into(),
        21 => format!("fail {}", d.one(&["table", "frame"])),
        22 => format!("wait {} == {}", d.one(&PLACES), d.one(&["0", "1", "5"])),
        23 => format!("e = get_gfn {g}"),
        24 => format!("e = get_gfn_query {g}"),
        25 => format!("put_gfn {g}"),
        26 => format!("get_two_gfns {g} with {h}"),
        27 => format!("put_two_gfns {g} with {h}"),
        28 => format!("f = get_page_from_gfn {g}"),
        29 => format!("k = nominate {g}"),
        30 => format!("k = evict {g}"),
        31 => format!("k = increase {g}"),
        32 => format!("store owner({frame}) = {}", d.one(&["1", "2", "cow", "nobody", "xen", "io"])),
        33 => format!("store m2p({frame}) = {}", d.one(&[g, "none"])),
        34 => format!("store allocated({frame}) = {}", d.one(&["true", "false"])),
        35 => format!("store content({frame}, {}) = {n}", d.one(&["0", "511", "n"])),
        36 => format!("assert {}", d.one(&["free(M)", "entry(1:0x10).type == ram_rw", "count(M) == 1"])),
        37 => format!("k = mark_dirty {g}"),
        38 => format!("store dirty({g}) = {}", d.below(2)),
        39 => format!("held = get_type {frame} as {}", d.one(&["pgt_writable", "pgt_shared"])),
        40 => format!("put_type {frame}"),
        41 => format!("k = populate {g} nowait"),
        42 => format!("k = resume {g}"),
        43 => d.one(&["h = take ring(1) nowait", "k = post ring(1) = 1:0x12 nowait"]).into(),
        44 => "store dying(1) = 1\nn = add cache_count(1) by 1".into(),
        _ => d.one(&["e = lookup 1:0x200", "store content(e.table, 7) = n", "free e.table", "f = e.mfn"]).into(),
    }
}

fn block(d: &mut Dice, depth: usize) -> String {
    let mut out = String::new();
    for _ in 0..1 + d.below(3) {
        let inner = statement(d);
        match d.below(12) {
            0 if depth > 0 => out += &format!("loop {{\n{}if n == 3 {{ break }}\n}}\n", block(d, depth - 1)),
            1 if depth > 0 => out += &format!("repeat 3 {{\n{}}}\n", block(d, depth - 1)),
            2 if depth > 0 => out += &format!("if n < 2 {{\n{}}}\n", block(d, depth - 1)),
            _ => out += &format!("{inner}\n"),
        }
    }
    out
}

fn hardware(d: &mut Dice) -> String {
    (0..1 + d.below(5))
        .map(|_| {
            let g = d.one(&GFNS);
            match d.below(4) {
                0 => format!("v = hw_read {g}\n"),
                1 | 2 => format!("k = hw_write {g} = {}\n", d.below(9)),
                _ => format!("store mapped = {}\n", d.below(3)),
            }
        })
        .collect()
}

fn actor(name: &str, kind: &str, domain: u64, program: &str) -> String {
    format!("\n[[actor]]\nname = \"{name}\"\nkind = \"{kind}\"\ndomain = {domain}\nprogram = \"\"\"\n{program}\"\"\"\n")
}

const KINDS: [&str; 8] = ["vcpu", "pager", "sharer", "toolstack", "balloon", "logdirty", "grant", "debugger"];

const FIRST: &str = "e = lookup 1:0x10\nf = e.mfn\nt = alloc table(1)\nn = load mapped\nk = ok\n";

/// A program that the checker accepts; pieces that it refuses are left out.
fn accepted(d: &mut Dice, world: &str, kind: &str) -> String {
    if kind == "hardware" {
        return hardware(d);
    }
    let mut program = FIRST.to_string();
    for _ in 0..2 + d.below(8) {
        let more = format!("{program}{}", block(d, 2));
        if Lesson::parse(&format!("{world}{}", actor("A0", kind, 1, &more))).is_ok() {
            program = more;
        }
    }
    program
}

fn lesson(d: &mut Dice) -> (String, Lesson) {
    let mut text = world(d);
    let first = text.clone();
    for i in 0..2 + d.below(2) {
        let kind = if i > 0 && d.chance(25) { "hardware" } else { d.one(&KINDS) };
        let program = accepted(d, &first, kind);
        text += &actor(&format!("A{i}"), kind, 1 + d.below(2) as u64, &program);
    }
    let lesson = Lesson::parse(&text);
    let lesson = lesson.unwrap_or_else(|e| panic!("each program alone was right: {e:?}\n{text}"));
    (text, lesson)
}

fn pendings(run: &Run<Script>) -> Vec<Option<p2mscope_core::sim::Pending>> {
    run.sim().all_pending().to_vec()
}

/// What `P2MSCOPE_SCALE` multiplies the number of cases by.
fn scale() -> u64 {
    std::env::var("P2MSCOPE_SCALE").ok().and_then(|s| s.parse().ok()).unwrap_or(1)
}

#[test]
fn the_machine_bears_everything() {
    for seed in 0..60 * scale() {
        let d = &mut Dice::new(seed);
        let (text, l) = lesson(d);
        for policy in Policy::ALL {
            let staged = l.stage("before", Some(policy), None).unwrap_or_else(|e| panic!("seed {seed}: {e:?}\n{text}"));
            let mut run = Run::new(staged.sim(Rules::ALL));
            let (first, mut random) = (run.hash(), Random::new(seed));
            let mut steps = 0;
            while steps < 80 && run.pick(&mut random) {
                steps += 1;
                if steps % 16 == 0 {
                    let before = run.hash();
                    look_at_all(&mut run);
                    assert_eq!(run.hash(), before, "seed {seed} {policy:?}: looking changes something\n{text}");
                    assert_eq!(before, run.words().hash_from_scratch(), "seed {seed} {policy:?}\n{text}");
                }
            }
            look_at_all(&mut run);
            let (hash, pending) = (run.hash(), pendings(&run));
            assert_eq!(hash, run.words().hash_from_scratch(), "seed {seed} {policy:?}\n{text}");

            let mut other = staged.sim(Rules::ALL);
            other.restore(&run.sim().snapshot());
            assert_eq!((other.hash(), other.all_pending()), (hash, &pending[..]), "seed {seed} {policy:?}\n{text}");

            let written = run.schedule();
            let schedule = Schedule::parse(&written).unwrap_or_else(|e| panic!("seed {seed}: {e:?} in {written}"));
            let mut again = Run::new(staged.sim(Rules::ALL));
            again.play(&schedule).unwrap_or_else(|e| panic!("seed {seed} {policy:?}: {e:?} in {written}\n{text}"));
            assert_eq!(again.hash(), hash, "seed {seed} {policy:?}: {written}\n{text}");

            run.first();
            assert_eq!(run.hash(), first, "seed {seed} {policy:?}\n{text}");
        }
    }
}

#[test]
fn all_ways_to_explore_count_the_same_states() {
    for seed in 1000..1000 + 12 * scale() {
        let (text, l) = lesson(&mut Dice::new(seed));
        let policy = Policy::ALL[seed as usize % Policy::ALL.len()];
        let staged = l.stage("before", Some(policy), None).expect("it can be staged");
        let limits = Limits { states: 20_000, depth: 1000, ..Limits::default() };
        let count = |exact, threads| {
            let q = Question { exact, limits, ..Question::prove(watched()) };
            with_threads(threads, || explore(&staged.sim(watched()), &q, |_| Continue(())))
        };
        let one = count(false, 1);
        for other in [count(true, 1), count(false, 2)] {
            // Where a bound is hit the search may stop at any state: only whole answers are compared.
            if matches!(one.verdict, Verdict::Bound { .. }) {
                continue;
            }
            assert_eq!((one.states, one.steps), (other.states, other.steps), "seed {seed} {policy:?}\n{text}");
            assert_eq!(one.verdict, other.verdict, "seed {seed} {policy:?}\n{text}");
        }
    }
}

fn rules(broken: &[Broken]) -> Rules {
    broken.iter().fold(Rules::NONE, |set, b| set.with(b.rule)).and(Rules::OF_WORDS)
}

/// How large the cache of domain 1 is, whether it is dying, and whether somebody has its pod lock.
fn cache(run: &mut Run<Script>) -> (u64, bool, bool) {
    let world = run.world().clone();
    let held = !holders(run.words(), &world, Lock::Pod(0)).is_empty();
    let of = |w| run.sim().memory().peek(world.dom_word(0, w));
    (of(DomWord::CacheCount), of(DomWord::Dying) != 0, held)
}

/// The watchers look only at what a step wrote. Here everything is looked at after each step: they said the same, and
/// their index is what it would be if it were made anew.
#[test]
fn what_a_step_wrote_is_all_that_must_be_looked_at() {
    let (mut told, mut grown) = (Rules::NONE, 0);
    for seed in 5000..5000 + 20 * scale() {
        let (text, l) = lesson(&mut Dice::new(seed));
        for policy in Policy::ALL {
            let staged = l.stage("before", Some(policy), None).expect("it can be staged");
            let mut run = Run::new(staged.sim(Rules::ALL));
            let world = run.world().clone();
            // A world whose writes are noted from the beginning may map memory that can be written.
            let first = rules(run.sim().start_broken()).without(Rules::only(Rule::I25));
            assert_eq!(first, Rules::NONE, "seed {seed}\n{text}");
            let (mut random, mut spared) = (Random::new(seed), false);
            for step in 0..60 {
                let known = run.sim_mut().broken_rules();
                let was = cache(&mut run);
                if !run.pick(&mut random) {
                    break;
                }
                // I24 speaks of a step: of who still had the pod lock when the domain began to die.
                let is = cache(&mut run);
                let grew = is.0 > was.0 && was.1 && !spared;
                spared = is.2 && (spared || is.1 && !was.1);
                let i24 = run.last_event().expect("a step was taken").broken.iter().any(|b| b.rule == Rule::I24);
                assert_eq!(i24, grew && !known.has(Rule::I24), "seed {seed} {policy:?}: {}\n{text}", run.schedule());
                grown += i24 as u32;
                let said = rules(&run.last_event().expect("a step was taken").broken).without(known);
                let is: Vec<u64> = (0..world.map.len()).map(|i| run.sim().memory().peek(Word(i))).collect();
                let (mut words, mut broken) = (is.clone(), Vec::new());
                recheck::prime(&mut words, &world);
                let at = format!("seed {seed} {policy:?} step {step}: {} {}\n{text}", run.schedule(), said.0);
                assert_eq!(words.iter().zip(&is).position(|(a, b)| a != b), None, "the index, {at}");
                invariants::every_state(&mut words, &world, &mut broken);
                if invariants::quiescent(&mut words, &world) || run.sim().all_ended() {
                    invariants::at_rest(&mut words, &world, &mut broken);
                }
                assert_eq!(said, rules(&broken).without(known), "{broken:?} {at}");
                told = Rules(told.0 | said.0);
            }
        }
    }
    // It is no proof of anything if nothing breaks: most of the rules did.
    assert!(told.iter().count() >= 6 && grown > 0, "{grown} {:?}", told.iter().collect::<Vec<_>>());
}

/// A program that takes and gives back in the right way.
fn legal(d: &mut Dice) -> String {
    let gfns = ["1:0x10", "1:0x11", "1:0x12", "1:0x207", "1:0x30", "2:0x10"];
    (0..1 + d.below(4))
        .map(|_| {
            let (g, h) = (d.one(&gfns), d.one(&gfns));
            match d.below(7) {
                0 => format!("e = get_gfn {g}\nput_gfn {g}\n"),
                1 => format!("e = get_gfn {g}\nif e.mfn != none and e.type == ram_rw {{ v = load content(e.mfn) }}\nput_gfn {g}\n"),
                2 => format!("f = get_page_from_gfn {g}\nif f != none {{ put_page f }}\n"),
                3 => format!("get_two_gfns {g} with {h}\nput_two_gfns {g} with {h}\n"),
                4 => format!("k = nominate {g}\n"),
                5 => format!("k = nominate {g}\nif k == ok {{ k = evict {g} }}\n"),
                _ => format!("k = evict {g}\n"),
            }
        })
        .collect()
}

/// The first breach on some random schedule.
fn first_breach(l: &Lesson, policy: Policy, seed: u64) -> Option<(Rule, String)> {
    let staged = l.stage("before", Some(policy), None).expect("it can be staged");
    let mut run = Run::new(staged.sim(Rules::ALL));
    let mut random = Random::new(seed);
    for _ in 0..1000 {
        if !run.pick(&mut random) {
            break;
        }
        if let Some(b) = run.last_event().and_then(|e| e.broken.first()) {
            return Some((b.rule, format!("{} {}", b.why, run.schedule())));
        }
    }
    None
}

#[test]
fn what_is_paired_and_in_order_breaks_nothing() {
    for seed in 0..60 * scale() {
        let d = &mut Dice::new(seed ^ 0x5eed_0000);
        let mut text = format!(
            "id = \"legal\"\ntitle = \"Legal\"\ngoal = \"None.\"\nhints = [\"One.\", \"Two.\"]\n\
             world = {{ free_frames = {} }}\n\
             domain = [{{ id = 1, tables = 2, map = \"0x10 = M as ram_rw content 5; 0x11 = ram_rw; 0x12 = ram_paged; \
             {}\" }}, {{ id = 2, map = \"0x10 = ram_rw\" }}]\n\
             expect = [{{ version = \"before\", policy = \"2m\", breach = \"none\" }}]\n",
            d.below(3),
            d.one(&["0x207 = ram_rw", "0x200 = ram_rw order 9", "0x207 = ram_paging_out"]),
        );
        for i in 0..2 + d.below(2) {
            text += &actor(&format!("A{i}"), d.one(&KINDS), 1, &legal(d));
        }
        let touch: String = (0..3)
            .map(|_| {
                let g = d.one(&["1:0x10", "1:0x11", "1:0x207", "1:0x12"]);
                if d.chance(50) { format!("v = hw_read {g}\n") } else { format!("k = hw_write {g} = {}\n", d.below(5)) }
            })
            .collect();
        text += &actor("HW", "hardware", 1, &touch);
        text += &actor("BL", "balloon", 1, d.one(&["k = increase 1:0x30\n", "k = increase 2:0x20\n"]));
        let l = Lesson::parse(&text).unwrap_or_else(|e| panic!("{e:?}\n{text}"));
        for policy in [Policy::Global, Policy::G1, Policy::M2] {
            for schedule in 0..4 {
                if let Some(b) = first_breach(&l, policy, 4 * seed + schedule) {
                    panic!("seed {seed} {policy:?}: {b:?}\n{text}");
                }
            }
        }
    }
}

#[test]
fn a_loop_that_does_nothing_ends_the_program_and_says_so() {
    let text = format!(
        "id = \"idle\"\ntitle = \"Idle\"\ngoal = \"None.\"\nhints = [\"One.\", \"Two.\"]\n\
         domain = [{{ id = 1, map = \"0x10 = M as ram_rw\" }}]\n\
         expect = [{{ version = \"before\", policy = \"2m\", breach = \"none\" }}]\n{}{}",
        actor("A0", "pager", 1, "n = load content(M)\nloop {\nflush 1\n}\n"),
        actor("A1", "pager", 1, "store content(M) = 1\n"),
    );
    let l = Lesson::parse(&text).unwrap_or_else(|e| panic!("{e:?}"));
    let mut run = Run::new(l.stage("before", None, None).expect("it can be staged").sim(Rules::ALL));
    assert!(run.pick(&mut p2mscope_core::sched::RoundRobin));
    let broken = &run.last_event().expect("a step was taken").broken;
    assert_eq!(broken.iter().map(|b| b.rule).collect::<Vec<_>>(), [Rule::Hang]);
}
