//! A long build, told while it runs: what is built, how far it is, how long it has taken and how long it usually takes.
//!
//! On a terminal the line is written over; elsewhere (a CI log) a new one comes every 20 seconds. What the build itself
//! says is kept back, and shown only when it fails.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, IsTerminal, Write, stderr};
use std::process::{Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// How many of the last lines are kept for the message of a failure.
const KEPT: usize = 30;

/// How a watched build ended.
pub struct Outcome {
    /// It exited with success.
    pub success: bool,
    /// How many crates it had begun to compile.
    pub crates: usize,
    /// Its last lines.
    pub tail: String,
}

/// Runs `command`, a cargo build, and tells on stderr how `what` gets on, which takes about `expected` on two cores.
pub fn watch(what: &str, expected: Duration, command: &mut Command) -> Result<Outcome> {
    let program = command.get_program().to_owned();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {}", program.display()))?;
    let lines = BufReader::new(child.stderr.take().expect("was piped"));
    let (sender, receiver) = channel();
    let reader = std::thread::spawn(move || lines.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));

    let terminal = stderr().is_terminal();
    let (rest, period) = if terminal { ("\r\x1b[K", 1) } else { ("", 20) };
    let period = Duration::from_secs(period);
    let start = Instant::now();
    let mut next = period;
    let mut crates = 0;
    let mut tail = VecDeque::new();
    loop {
        match receiver.recv_timeout(next.saturating_sub(start.elapsed())) {
            Ok(line) => {
                crates += usize::from(line.trim_start().starts_with("Compiling "));
                tail.push_back(line);
                if tail.len() > KEPT {
                    tail.pop_front();
                }
            }
            Err(RecvTimeoutError::Timeout) => {
                let elapsed = spoken(start.elapsed());
                eprint!("{rest}  {what}: {crates} crates, {elapsed} of about {}", spoken(expected));
                if !terminal {
                    eprintln!();
                }
                let _ = stderr().flush();
                next += period;
            }
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    let _ = reader.join();
    let success = child.wait()?.success();
    eprintln!("{rest}  {what}: {} after {}", if success { "ready" } else { "failed" }, spoken(start.elapsed()));
    Ok(Outcome { success, crates, tail: tail.into_iter().collect::<Vec<_>>().join("\n") })
}

/// A time as people say it: `8 s`, `3 min 05 s`.
pub fn spoken(time: Duration) -> String {
    match time.as_secs() {
        seconds @ ..60 => format!("{seconds} s"),
        seconds => format!("{} min {:02} s", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_spoken() {
        for (seconds, text) in [(0, "0 s"), (59, "59 s"), (60, "1 min 00 s"), (605, "10 min 05 s")] {
            assert_eq!(spoken(Duration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn a_build_is_counted_and_its_end_kept() {
        let script = "echo '   Compiling a v1' >&2; echo '   Compiling b v1' >&2; echo 'error: no' >&2; exit 1";
        let outcome = watch("a trial", Duration::from_secs(1), Command::new("sh").args(["-c", script])).unwrap();
        assert!(!outcome.success);
        assert_eq!(outcome.crates, 2);
        assert!(outcome.tail.ends_with("error: no"));
    }
}
