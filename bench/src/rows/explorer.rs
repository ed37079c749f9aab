//! The explorer: a model that SPIN counts too, a lesson beside another tool's search, one thread and two.

use p2mscope_core::explore::{Limits, Question, Report, explore, with_threads};
use p2mscope_core::lesson::Lesson;
use p2mscope_core::machine::Policy;
use p2mscope_core::sim::{Code, Sim};
use p2mscope_core::watch::Rules;
use shuttle::scheduler::{DfsScheduler, Schedule, Scheduler, Task, TaskId};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;

use super::{Effort, pair};
use crate::measure::in_turn;
use crate::table::{Line, Target};
use crate::work;

/// States that the twin of four actors has, and steps between them: as SPIN counts them, too.
const STATES: u64 = 1_092_625;

/// A whole search on so many threads, and how many µs it took.
fn search<C: Code>(sim: &Sim<C>, q: &Question<C>, threads: usize) -> (Report, f64) {
    with_threads(threads, || {
        let start = Instant::now();
        let report = explore(sim, q, |_| ControlFlow::Continue(()));
        (report, start.elapsed().as_micros() as f64)
    })
}

/// M states/s of the twin on so many threads.
fn twin_rate(threads: usize) -> f64 {
    let (sim, q) = work::twin();
    let (report, us) = search(&sim, &q, threads);
    assert_eq!(report.states, STATES, "every state is counted");
    report.states as f64 / us
}

/// Row 8.
pub fn twin(e: &Effort) -> Vec<Line> {
    let folder = tempfile::tempdir().expect("a folder for SPIN's program");
    let plain = pan(folder.path(), "pan", &[]);
    let hash_compact = pan(folder.path(), "pan-hc4", &["-DHC4"]);
    let mut ours = || twin_rate(1);
    let mut spin = || pan_rate(&plain);
    let mut compact = || pan_rate(&hash_compact);
    let all = in_turn(e.few(), &mut [&mut ours, &mut spin, &mut compact]);
    let what = "twin of 4 actors, 3 rounds, inverted: 1,092,625 states, one thread, every rule watched";
    let flags = "SPIN -O2 -DSAFETY -DNOREDUCE, equal count";
    vec![
        Line::ratio("8a", what, flags, "M states/s", [&all[0], &all[1]], Target::AtLeast(1.5)),
        Line::ratio("8b", what, "the same with -DHC4", "M states/s", [&all[0], &all[2]], Target::Reported),
    ]
}

/// Builds SPIN's verifier of the twin.
fn pan(folder: &Path, name: &str, flags: &[&str]) -> PathBuf {
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/spin/twin.pml");
    let run = |command: &mut Command| {
        let output = command.current_dir(folder).output().unwrap_or_else(|e| panic!("{command:?}: {e}"));
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    };
    run(Command::new("spin").args(["-a", "-DROUNDS=3", "-DINVERTED=1"]).arg(model.canonicalize().expect("the twin")));
    run(Command::new("cc").args(["-O2", "-DSAFETY", "-DNOREDUCE"]).args(flags).args(["-o", name, "pan.c"]));
    folder.join(name)
}

/// M states/s of a run of SPIN's verifier, whose count must be ours.
fn pan_rate(program: &Path) -> f64 {
    let start = Instant::now();
    let output = Command::new(program).args(["-m1000000", "-c0"]).output().expect("it was built");
    let us = start.elapsed().as_micros() as f64;
    let text = String::from_utf8_lossy(&output.stdout);
    let stored = text.split(" states, stored").next().and_then(|before| before.split_whitespace().last());
    let states: u64 = stored.and_then(|n| n.parse().ok()).unwrap_or_else(|| panic!("no count in\n{text}"));
    // Compacted hashes lose some, which is what they are for.
    assert!(states == STATES || program.ends_with("pan-hc4") && states > STATES / 10 * 9, "SPIN counts {states}");
    states as f64 / us
}

/// Row 9: every interleaving of a lesson in which two actors close a ring over two ranges, watched for everything.
pub fn lesson(e: &Effort) -> Vec<Line> {
    let text = include_str!("../../../static/lessons/first.toml");
    let lesson = Lesson::parse(text).expect("a lesson of the house");
    let staged = lesson.stage("before", Some(Policy::M2), None).expect("it has that version");
    let sim = staged.sim(Rules::ALL);
    let limits = Limits { states: if e.quick { 10_000 } else { 300_000 }, ..Limits::default() };
    let question = Question { limits, ..Question::prove(Rules::NONE) };
    let mut ours = || {
        let (report, us) = search(&sim, &question, 1);
        report.steps as f64 / us
    };
    let times = if e.quick { 500 } else { 30_000 };
    let mut peer = || shuttle_rate(times);
    let sides = pair(e.few(), &mut ours, &mut peer);
    let what = "steps of the ring of two ranges on the full p2m, every rule watched";
    let against = "shuttle's DFS on a toy of two locks";
    vec![Line::ratio("9", what, against, "M steps/s", [&sides[0], &sides[1]], Target::AtLeast(1.0))]
}

/// shuttle's own depth-first scheduler, counting what it decides: each decision is a step.
struct Counting {
    inner: DfsScheduler,
    steps: Arc<AtomicU64>,
}

impl Scheduler for Counting {
    fn new_execution(&mut self) -> Option<Schedule> {
        self.inner.new_execution()
    }

    fn next_task(&mut self, runnable: &[&Task], current: Option<TaskId>, yielding: bool) -> Option<TaskId> {
        self.steps.fetch_add(1, Relaxed);
        self.inner.next_task(runnable, current, yielding)
    }

    fn next_u64(&mut self) -> u64 {
        self.inner.next_u64()
    }
}

/// M steps/s of shuttle: two threads, two locks, twice each. The second thread takes them the other way round and only
/// tries the second, since a deadlock would end shuttle's search.
fn shuttle_rate(executions: usize) -> f64 {
    let steps = Arc::new(AtomicU64::new(0));
    let scheduler = Counting { inner: DfsScheduler::new(Some(executions), false), steps: steps.clone() };
    let runner = shuttle::Runner::new(scheduler, shuttle::Config::default());
    let start = Instant::now();
    runner.run(|| {
        let locks = Arc::new([0, 1].map(|_| shuttle::sync::Mutex::new(0u64)));
        let other = locks.clone();
        let thread = shuttle::thread::spawn(move || {
            for _ in 0..2 {
                let mut second = other[1].lock().expect("nobody panics");
                if let Ok(mut first) = other[0].try_lock() {
                    (*first, *second) = (*first + 1, *second + 1);
                }
            }
        });
        for _ in 0..2 {
            let (mut first, mut second) =
                (locks[0].lock().expect("nobody panics"), locks[1].lock().expect("nobody panics"));
            (*first, *second) = (*first + 1, *second + 1);
        }
        thread.join().expect("it does not panic");
    });
    steps.load(Relaxed) as f64 / start.elapsed().as_micros() as f64
}

/// Row 10.
pub fn two_threads(e: &Effort) -> Vec<Line> {
    let sides = pair(e.few(), || twin_rate(2), || twin_rate(1));
    let what = "the twin's search on two threads";
    vec![Line::ratio("10", what, "on one", "M states/s", [&sides[0], &sides[1]], Target::AtLeast(1.6))]
}
