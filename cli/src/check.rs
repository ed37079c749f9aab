//! `p2mscope check`: every expectation of lessons, proved or refuted.

use crate::record::Record;
use crate::{Done, lesson};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use p2mscope_core::explore::{Limits, Progress, Verdict, with_threads};
use p2mscope_core::judge::{Judged, judge};
use std::fmt::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// What `check` takes.
#[derive(Args)]
pub struct Command {
    /// Lesson files.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Write the state counts into counts.txt beside each lesson instead of comparing them.
    #[arg(long)]
    record: bool,
    /// Threads to search with; all cores if left out.
    #[arg(long, default_value_t = 0)]
    threads: usize,
    /// Compare whole states instead of fingerprints.
    #[arg(long)]
    exact: bool,
}

/// Judges all files. Status 0: every expectation holds. 1: some do not. 2: a file cannot be read.
pub fn run(command: &Command) -> Done {
    with_threads(command.threads, || {
        let mut done = Done::default();
        for path in &command.files {
            let one = check(command, path);
            done.out.push_str(&one.out);
            done.err.push_str(&one.err);
            done.status = done.status.max(one.status);
        }
        done
    })
}

fn check(command: &Command, path: &Path) -> Done {
    let at = Record::path(path);
    let (lesson, mut record) = match lesson::read(path).and_then(|l| Ok((l, Record::read(&at)?))) {
        Ok(both) => both,
        Err(e) => return Done::unreadable(e),
    };
    let bar = bar(&lesson.id);
    let progress = |p: &Progress| {
        bar.set_message(format!("{} states, depth {}", p.states, p.depth));
        bar.tick();
        ControlFlow::Continue(())
    };
    let judged = judge(&lesson, Limits::default(), command.exact, &progress);
    bar.finish_and_clear();
    let judged = match judged {
        Ok(judged) => judged,
        Err(errors) => return Done::unreadable(lesson::listed(path, &errors)),
    };
    let mut done = Done::default();
    for j in &judged {
        let mut wrong = j.wrong.clone();
        match command.record {
            true => record.set(&lesson.id, j),
            false => wrong.extend(record.differs(&lesson.id, j)),
        }
        line(&mut done.out, &lesson.id, j, &wrong);
        done.status |= !wrong.is_empty() as i32;
    }
    if command.record
        && let Err(e) = record.write(&at)
    {
        return Done::unreadable(e);
    }
    done
}

/// One line: what was expected, what is, and below it what is wrong.
fn line(out: &mut String, id: &str, j: &Judged, wrong: &[String]) {
    let mark = if wrong.is_empty() { "ok   " } else { "WRONG" };
    let what = match &j.report.verdict {
        Verdict::Safe => {
            let of = j.among.map_or(String::new(), |rules| {
                let names: Vec<_> = rules.iter().map(|r| r.name()).collect();
                format!(" of {}", names.join(", "))
            });
            let (states, missed) = (j.report.states, j.report.missed_chance);
            format!("safe{of}: all {states} states, every interleaving (chance of a missed state {missed:.0e})")
        }
        Verdict::Found { broken, schedule } => format!(
            "{} in {} steps, {} lock events: {}",
            broken.rule,
            schedule.len(),
            j.lock_events.unwrap_or(0),
            broken.why
        ),
        Verdict::Likely { missed } => {
            format!("nothing found, but memory was too small, and about {missed:.0} states were missed")
        }
        Verdict::Bound { why } => format!("bound reached, nothing found: {why}"),
        Verdict::Cancelled => "ended before it was complete".into(),
        Verdict::Failed { why } => format!("the search failed: {why}"),
    };
    let _ = writeln!(out, "{mark} {id} {} under {}: {what}", j.version, j.policy.name());
    for w in wrong {
        let _ = writeln!(out, "      {w}");
    }
}

/// Progress on standard error where that is a terminal.
pub fn bar(what: &str) -> ProgressBar {
    let bar = ProgressBar::new_spinner().with_prefix(what.to_string());
    if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix}: {msg}") {
        bar.set_style(style);
    }
    bar
}
