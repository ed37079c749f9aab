//! `cargo xtask test`: sets up, runs the stages one after the other, and ends with one line of totals.
//!
//! Every stage runs, also after one has failed: a log that names all that is wrong saves a round. What the stages say
//! passes through as it comes, and their result lines are added up.

use std::io::{BufRead, BufReader, IsTerminal, Read, Write, stdout};
use std::process::{Command, ExitCode, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::setup::{self, Engines};
use crate::stages::{self, Part, Stage};
use crate::tally::Tally;

/// How many cases a property test tries where it does not say so itself, at scale 1.
const CASES: u64 = 256;

/// The flags of `test`.
pub struct Options {
    /// The part to run; all if none.
    pub only: Option<Part>,
    /// What the case counts of random tests are multiplied by.
    pub scale: u32,
}

/// Runs the stages; fails when any of them did.
pub fn run(options: &Options) -> Result<ExitCode> {
    let start = Instant::now();
    let mut total = Tally::default();
    let mut rows = Vec::new();
    let mut engines = Engines::default();
    for part in Part::ALL.into_iter().filter(|part| options.only.is_none_or(|only| only == *part)) {
        let env = match part {
            Part::Native => setup::native()?,
            Part::Wasm | Part::E2e => setup::browser()?,
        };
        if part == Part::E2e {
            engines = setup::engines()?;
        }
        for mut stage in stages::of(part, &env, &engines) {
            scale(&mut stage.command, options.scale);
            println!("\n=== {} ===", stage.name);
            let (tally, time) = run_stage(&mut stage, &mut stdout())?;
            total += tally;
            rows.push((stage.name, tally, time));
        }
    }
    println!("\n=== times ===");
    for (name, tally, time) in rows {
        let verdict = if tally.failed == 0 { "ok" } else { "FAILED" };
        println!("{name:<22} {:>7.1} s  {verdict:<6}  {tally}", time.as_secs_f32());
    }
    println!("{:<22} {:>7.1} s\n", "all", start.elapsed().as_secs_f32());
    println!("{}", closing(total, &engines));
    Ok(if total.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The last line: the totals, and what could not be tried here.
fn closing(total: Tally, engines: &Engines) -> String {
    let without = engines.without.iter().map(|(engine, why)| format!("; not tried in {engine}: {why}"));
    format!("{total}{}", without.collect::<String>())
}

/// Runs one stage, passes on to `log` what it says, and counts its tests.
fn run_stage(stage: &mut Stage, log: &mut (impl Write + Send)) -> Result<(Tally, Duration)> {
    let start = Instant::now();
    if stdout().is_terminal() {
        stage.command.env("CARGO_TERM_COLOR", "always");
    }
    let mut child = stage
        .command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {}", stage.command.get_program().display()))?;
    let (out, err) = (child.stdout.take().expect("was piped"), child.stderr.take().expect("was piped"));
    let log = Mutex::new(log);
    let mut tally = std::thread::scope(|scope| {
        let err = scope.spawn(|| pass_on(err, &log));
        let mut tally = pass_on(out, &log);
        tally += err.join().expect("passing lines on does not panic");
        tally
    });
    // A stage without failed tests fails too: it did not compile, or is not a test.
    if !child.wait()?.success() && tally.failed == 0 {
        tally.failed = 1;
    }
    Ok((tally, start.elapsed()))
}

/// Passes the lines of `from` on to `log` as they come; returns what they count.
fn pass_on(from: impl Read, log: &Mutex<&mut impl Write>) -> Tally {
    let mut tally = Tally::default();
    for line in BufReader::new(from).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line);
        tally += Tally::of(&line);
        let mut log = log.lock().expect("writing does not panic");
        // A reader that has gone away is no reason to stop testing.
        let _ = writeln!(log, "{line}").and_then(|()| log.flush());
    }
    tally
}

/// Tells the tests how much work to do.
fn scale(command: &mut Command, scale: u32) {
    command.env("P2MSCOPE_SCALE", scale.to_string());
    command.env("PROPTEST_CASES", (CASES * u64::from(scale)).to_string());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(script: &str, passed: u64, failed: u64) {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        let (tally, _) = run_stage(&mut Stage { name: "a trial", command }, &mut Vec::new()).unwrap();
        assert_eq!(tally, Tally { passed, failed }, "{script}");
    }

    #[test]
    fn both_streams_are_counted_and_a_bare_failure_counts_as_one() {
        check("echo 'test result: ok. 2 passed; 0 failed;'; echo 'test result: ok. 3 passed; 0 failed;' >&2", 5, 0);
        check("echo 'test result: FAILED. 2 passed; 1 failed;'; exit 101", 2, 1);
        check("echo 'test result: ok. 2 passed; 0 failed;'; exit 1", 2, 1);
        check("exit 1", 0, 1);
    }

    #[test]
    fn an_engine_that_was_not_tried_is_told_in_the_last_line() {
        let total = Tally { passed: 3, failed: 0 };
        assert_eq!(closing(total, &Engines::default()), "3 passed, 0 failed");
        let without = Engines { bins: Vec::new(), without: vec![("webkit", "missing: Xvfb".to_owned())] };
        assert_eq!(closing(total, &without), "3 passed, 0 failed; not tried in webkit: missing: Xvfb");
    }

    #[test]
    fn the_scale_reaches_the_tests() {
        let mut command = Command::new("sh");
        scale(command.args(["-c", "echo $P2MSCOPE_SCALE $PROPTEST_CASES"]), 3);
        assert_eq!(command.output().unwrap().stdout, b"3 768\n");
    }
}
