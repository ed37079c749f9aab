//! SPIN and the explorer count the same states on the twin: two tools, one model written twice.

use p2mscope_core::explore::{Question, explore};
use p2mscope_core::sim::{Sim, Twin};
use p2mscope_core::watch::Rules;
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

fn spin(rounds: u64, inverted: bool) -> Counts {
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/spin/twin.pml").canonicalize().unwrap();
    let folder: PathBuf = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("spin-{rounds}-{inverted}"));
    fs::create_dir_all(&folder).unwrap();
    let defines = [format!("-DROUNDS={rounds}"), format!("-DINVERTED={}", inverted as u8)];
    run("spin", &["-a", &defines[0], &defines[1], model.to_str().unwrap()], &folder, "spin");
    run("cc", &["-O2", "-DSAFETY", "-DNOREDUCE", "-o", "pan", "pan.c"], &folder, "gcc");
    // -c0: no error ends the search, so that all are counted; the only errors are invalid end states.
    let report = run(folder.join("pan"), &["-m1000000", "-c0"], &folder, "spin");
    assert!(!report.contains("max search depth too small"), "{report}");
    let errors = report.split("errors: ").nth(1).and_then(|e| e.split_whitespace().next()).unwrap().parse().unwrap();
    // SPIN counts the step into the first state, too.
    (number(&report, " states, stored"), number(&report, " transitions") - 1, errors)
}

fn ours(rounds: u64, inverted: bool) -> Counts {
    let (world, first) = Twin::world(4);
    let sim = Sim::new(world, Arc::new(Twin { rounds, inverted }), first, Rules::NONE);
    let report = explore(&sim, &Question::prove(Rules::NONE), |_| ControlFlow::Continue(()));
    (report.states, report.steps, report.deadlocked)
}

#[test]
fn spin_counts_the_same() {
    for (rounds, inverted) in [(2, true), (3, false), (3, true)] {
        assert_eq!(ours(rounds, inverted), spin(rounds, inverted), "{rounds} rounds, inverted: {inverted}");
    }
}
