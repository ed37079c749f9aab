//! SPIN and the explorer count the same: states, steps and deadlocked states of the same models, each written twice.
//!
//! A twin is a model in SPIN's language in `tests/spin/`, which says how steps map, and either a lesson beside it or a
//! program over effects here or in core: what is explored is the real simulated machine with its locks, rings, pauses and
//! waits. What differs between the two would be a mistake in one of them. SPIN searches without its reductions.

use p2mscope_core::addr::ActorId;
use p2mscope_core::explore::{Question, explore, with_threads};
use p2mscope_core::lesson::Lesson;
use p2mscope_core::lock::{Lock, Mode};
use p2mscope_core::machine::{Actor, Builder, Kind, NewDomain, Policy, Words, World};
use p2mscope_core::sim::{Code, Locals, Sim, Twin};
use p2mscope_core::step::{Step, Stop};
use p2mscope_core::watch::{Broken, Rules};
use std::fs;
use std::io::ErrorKind;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

/// States, steps and deadlocked states.
type Counts = (u64, u64, u64);

/// What a program prints. `package` is what to install where there is no such program.
fn run(program: impl AsRef<Path>, arguments: &[&str], folder: &Path, package: &str) -> String {
    let program = program.as_ref();
    let output = match Command::new(program).args(arguments).current_dir(folder).output() {
        Err(e) if e.kind() == ErrorKind::NotFound => {
            panic!("{} is not installed: apt-get install {package}", program.display())
        }
        output => output.unwrap(),
    };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{}: {text}{}", program.display(), String::from_utf8_lossy(&output.stderr));
    text
}

/// The number before a word of pan's report.
fn number(report: &str, word: &str) -> u64 {
    let before = report.split(word).next().filter(|b| b.len() < report.len());
    let number = before.and_then(|b| b.split_whitespace().last()).and_then(|n| n.parse().ok());
    number.unwrap_or_else(|| panic!("no number before {word:?} in\n{report}"))
}

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/spin").join(name).canonicalize().unwrap()
}

/// What SPIN counts in a model with these definitions.
fn spin(model: &str, defines: &[(&str, u64)]) -> Counts {
    let source = file(&format!("{model}.pml"));
    let defines: Vec<String> = defines.iter().map(|(name, value)| format!("-D{name}={value}")).collect();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("spin-{model}{}", defines.concat()));
    fs::create_dir_all(&folder).unwrap();
    let mut arguments = vec!["-a"];
    arguments.extend(defines.iter().map(String::as_str));
    arguments.push(source.to_str().unwrap());
    run("spin", &arguments, &folder, "spin");
    run("cc", &["-O1", "-DSAFETY", "-DNOREDUCE", "-o", "pan", "pan.c"], &folder, "gcc");
    // -c0: no error ends the search, so that all are counted; the only errors are invalid end states.
    let report = run(folder.join("pan"), &["-m1000000", "-c0"], &folder, "spin");
    assert!(!report.contains("max search depth too small"), "{report}");
    let errors = report.split("errors: ").nth(1).and_then(|e| e.split_whitespace().next()).unwrap().parse().unwrap();
    // SPIN counts the step into the first state, too.
    (number(&report, " states, stored"), number(&report, " transitions") - 1, errors)
}

/// What the explorer counts, on one thread and on two.
fn ours<C: Code + 'static>(sim: &Sim<C>) -> Counts {
    let count = |threads| {
        let q = Question::prove(Rules::NONE);
        let report = with_threads(threads, || explore(sim, &q, |_| ControlFlow::Continue(())));
        (report.states, report.steps, report.deadlocked)
    };
    let one = count(1);
    assert_eq!(count(2), one, "on one thread and on two");
    one
}

/// What the explorer counts in the lesson of that name, where words stand for what a case is about.
fn lesson(name: &str, means: &[(&str, &str)]) -> Counts {
    let text = fs::read_to_string(file(&format!("{name}.toml"))).unwrap();
    let (head, body) = text.split_once('\n').unwrap();
    assert!(head.starts_with('#'), "the first line says what the words stand for");
    let text = means.iter().fold(body.to_string(), |text, (word, meaning)| text.replace(word, meaning));
    let lesson = Lesson::parse(&text).unwrap_or_else(|e| panic!("{name}: {e:#?}"));
    ours(&lesson.stage("before", None, None).unwrap().sim(Rules::NONE))
}

/// Whether the two agree on a case, and whether it has deadlocks, which each case is chosen for.
#[track_caller]
fn same(what: &str, ours: Counts, spin: Counts, deadlocks: bool) {
    assert_eq!(ours, spin, "{what}: ours and SPIN's states, steps and deadlocked states");
    assert_eq!(ours.2 > 0, deadlocks, "{what}: {ours:?}");
    assert!(ours.0 > 100, "{what}: a model worth counting, {ours:?}");
}

#[test]
fn twin() {
    for (rounds, inverted) in [(2, true), (3, false), (3, true)] {
        let (world, first) = Twin::world(4);
        let sim = Sim::new(world, Arc::new(Twin { rounds, inverted }), first, Rules::NONE);
        let spin = spin("twin", &[("ROUNDS", rounds), ("INVERTED", inverted as u64)]);
        same(&format!("{rounds} rounds, inverted: {inverted}"), ours(&sim), spin, inverted);
    }
}

#[test]
fn a_bounded_ring() {
    // All are taken; or two of them stay on the ring; or one poster, at least, sleeps for ever.
    for (posts, takes, deadlocks) in [(3, 6, false), (3, 4, false), (4, 4, true)] {
        let ours = lesson("ring", &[("POSTS", &posts.to_string()), ("TAKES", &takes.to_string())]);
        let spin = spin("ring", &[("POSTS", posts), ("TAKES", takes)]);
        same(&format!("{posts} posts, {takes} takes"), ours, spin, deadlocks);
    }
}

#[test]
fn readers_who_come_to_write() {
    let unlock = "unlock gfn(1:0x10)";
    for (rounds, promotes) in [(2, true), (2, false)] {
        let (before, after) = if promotes { ("", unlock) } else { (unlock, "") };
        let ours = lesson("readers", &[("ROUNDS", &rounds.to_string()), ("BEFORE", before), ("AFTER", after)]);
        let spin = spin("readers", &[("ROUNDS", rounds), ("PROMOTES", promotes as u64)]);
        same(&format!("promotes: {promotes}"), ours, spin, promotes);
    }
}

#[test]
fn a_vcpu_that_is_paused() {
    for (rounds, forgets) in [(3, false), (2, true)] {
        let first = if forgets { "x = add seen by 0" } else { "unpause V" };
        let ours = lesson("pause", &[("ROUNDS", &rounds.to_string()), ("FIRST", first)]);
        let spin = spin("pause", &[("ROUNDS", rounds), ("FORGETS", forgets as u64)]);
        same(&format!("forgets: {forgets}"), ours, spin, forgets);
    }
}

#[test]
fn the_life_of_a_page() {
    // Once nobody asks any more the pager sleeps for ever; and who asks when the pager has ended does.
    for (rounds, times, looks) in [(2, 2, true), (3, 2, false)] {
        let look = if looks { "s = load state; if s == 0" } else { "if true" };
        let ours = lesson("paging", &[("ROUNDS", &rounds.to_string()), ("TIMES", &times.to_string()), ("LOOK", look)]);
        let spin = spin("paging", &[("ROUNDS", rounds), ("TIMES", times), ("LOOKS", looks as u64)]);
        same(&format!("looks again: {looks}"), ours, spin, true);
    }
}

/// Two that take two ranges each beneath the shared side of the table's lock, and two that take the whole.
struct Handshake {
    rounds: u64,
    inverted: bool,
}

fn add_one<S: Step>(s: &mut S, word: u32) -> Result<(), Stop> {
    s.scope(|s| {
        let at = s.world().map.word(word);
        let v = s.load(at)?;
        s.store(at, v + 1)
    })
}

impl Code for Handshake {
    fn start<W: Words>(&self, _: &World, _: &mut W, _: ActorId, _: &mut Locals, _: &mut Vec<Broken>) -> Option<u64> {
        Some(0)
    }

    fn run<S: Step>(&self, a: ActorId, _: u64, _: &Locals, s: &mut S) -> Result<u64, Stop> {
        let table = Lock::Global(0);
        if a.0 >= 2 {
            s.lock(table, Mode::Exclusive)?;
            add_one(s, 0)?;
            add_one(s, 1)?;
            s.unlock(table, Mode::Exclusive)?;
            return Ok(0);
        }
        let (first, second) = if self.inverted && a.0 == 1 { (1, 0) } else { (0, 1) };
        s.lock(table, Mode::Shared)?;
        for range in [first, second] {
            s.lock(Lock::Range(0, range as u64), Mode::Exclusive)?;
            add_one(s, range)?;
        }
        for range in [second, first] {
            s.unlock(Lock::Range(0, range as u64), Mode::Exclusive)?;
        }
        s.unlock(table, Mode::Shared)?;
        Ok(0)
    }

    fn finish<W: Words>(
        &self,
        _: &World,
        _: &mut W,
        _: ActorId,
        place: u64,
        _: u64,
        _: &mut Locals,
        _: &mut Vec<Broken>,
    ) -> Option<u64> {
        Some(place + 1).filter(|&next| next < self.rounds)
    }
}

#[test]
fn the_whole_table_and_its_ranges() {
    for (rounds, inverted) in [(2, false), (2, true)] {
        let actor = |i: usize| Actor { name: format!("A{i}"), kind: Kind::Toolstack, domain: Default::default() };
        let builder = Builder {
            policy: Policy::M2,
            domains: vec![NewDomain { name: "d".into(), ..NewDomain::default() }],
            actors: (0..4).map(actor).collect(),
            words: vec![("a".into(), 0), ("b".into(), 0)],
            ..Builder::default()
        };
        let (world, first) = builder.build().unwrap();
        let sim = Sim::new(world, Arc::new(Handshake { rounds, inverted }), first, Rules::NONE);
        let spin = spin("handshake", &[("ROUNDS", rounds), ("INVERTED", inverted as u64)]);
        same(&format!("inverted: {inverted}"), ours(&sim), spin, inverted);
    }
}
