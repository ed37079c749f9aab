//! `p2mscope check`: every expectation of lessons, proved or refuted.
//!
//! Several lessons are judged side by side, each by one thread; one alone by all threads. What is counted does not
//! depend on that.

use crate::record::Record;
use crate::{Done, lesson};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use p2mscope_core::explore::{Limits, Progress, Verdict, with_threads};
use p2mscope_core::judge::{Judged, judge, returns};
use p2mscope_core::lesson::Lesson;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What `check` takes.
#[derive(Args)]
pub struct Command {
    /// Lesson files, or folders of them.
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
    /// Answer in JSON, one lesson a line.
    #[arg(long)]
    json: bool,
}

/// A lesson's file, and what came out.
struct Checked {
    path: PathBuf,
    id: String,
    judged: Vec<Judged>,
    /// Live loops that do not return the world to where it began: the version, and how that was found.
    astray: Vec<(String, String)>,
    took: Duration,
}

/// Judges all files. Status 0: every expectation holds. 1: some do not. 2: a file cannot be read.
pub fn run(command: &Command) -> Done {
    let mut done = Done::default();
    let mut records: BTreeMap<PathBuf, Record> = BTreeMap::new();
    let mut lessons = Vec::new();
    for given in &command.files {
        match lesson::files(given) {
            Ok(files) => lessons.extend(files),
            Err(e) => done.add(Done::unreadable(e)),
        }
    }
    let read = |path: PathBuf| match lesson::read(&path) {
        Ok(lesson) => Ok((path, lesson)),
        Err(e) => Err(e),
    };
    let (lessons, wrong): (Vec<_>, Vec<_>) = lessons.into_iter().map(read).partition(Result::is_ok);
    wrong.into_iter().filter_map(Result::err).for_each(|e| done.add(Done::unreadable(e)));
    let lessons: Vec<(PathBuf, Lesson)> = lessons.into_iter().flatten().collect();
    let begun = Instant::now();
    for checked in all(command, &lessons) {
        let checked = match checked {
            Ok(checked) => checked,
            Err(e) => {
                done.add(Done::unreadable(e));
                continue;
            }
        };
        let at = Record::path(&checked.path);
        if !records.contains_key(&at) {
            match Record::read(&at) {
                Ok(record) => drop(records.insert(at.clone(), record)),
                Err(e) => {
                    done.add(Done::unreadable(e));
                    continue;
                }
            }
        }
        let Some(record) = records.get_mut(&at) else { continue };
        if command.record {
            record.forget(&checked.id);
        }
        tell(&mut done, command, record, &checked);
    }
    if command.record {
        for (at, record) in &records {
            if let Err(e) = record.write(at) {
                done.add(Done::unreadable(e));
            }
        }
    }
    if !command.json && lessons.len() > 1 {
        let _ = writeln!(done.out, "{} lessons in {:.1} s", lessons.len(), begun.elapsed().as_secs_f64());
    }
    done
}

/// What is said of one lesson.
fn tell(done: &mut Done, command: &Command, record: &mut Record, checked: &Checked) {
    let (mut text, mut answers, mut holds) = (String::new(), Vec::new(), true);
    for j in &checked.judged {
        let mut wrong = j.wrong.clone();
        match command.record {
            true => record.set(&checked.id, j),
            false => wrong.extend(record.differs(&checked.id, j)),
        }
        holds &= wrong.is_empty();
        line(&mut text, &checked.id, j, &wrong);
        answers.push(answer(j, &wrong));
    }
    for (version, why) in &checked.astray {
        holds = false;
        let _ = writeln!(text, "WRONG {} {version} live: {why}", checked.id);
        answers.push(json!({ "version": version, "live": why }));
    }
    done.status = done.status.max(!holds as i32);
    let seconds = checked.took.as_secs_f64();
    let _ = match command.json {
        true => {
            let path = checked.path.display().to_string();
            let all =
                json!({ "lesson": checked.id, "file": path, "holds": holds, "seconds": seconds, "expects": answers });
            writeln!(done.out, "{all}")
        }
        false => writeln!(done.out, "{text}{} took {seconds:.2} s", checked.id),
    };
}

/// All lessons, in their order.
fn all(command: &Command, lessons: &[(PathBuf, Lesson)]) -> Vec<Result<Checked, String>> {
    let threads = match command.threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        n => n,
    };
    let (workers, each) = match lessons.len() {
        0 | 1 => (1, threads),
        n => (threads.min(n), 1),
    };
    let bar = bar("");
    let (next, out) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
    let work = || {
        with_threads(each, || {
            while let Some((n, (path, lesson))) =
                Some(next.fetch_add(1, Relaxed)).and_then(|n| Some((n, lessons.get(n)?)))
            {
                let one = one(command, path, lesson, &bar);
                out.lock().unwrap_or_else(PoisonError::into_inner).insert(n, one);
            }
        });
    };
    std::thread::scope(|scope| {
        for _ in 1..workers {
            scope.spawn(work);
        }
        work();
    });
    bar.finish_and_clear();
    out.into_inner().unwrap_or_else(PoisonError::into_inner).into_values().collect()
}

fn one(command: &Command, path: &Path, lesson: &Lesson, bar: &ProgressBar) -> Result<Checked, String> {
    let begun = Instant::now();
    let progress = |p: &Progress| {
        bar.set_message(format!("{}: {} states, depth {}", lesson.id, p.states, p.depth));
        bar.tick();
        ControlFlow::Continue(())
    };
    let judged = judge(lesson, Limits::default(), command.exact, &progress);
    let judged = judged.map_err(|errors| lesson::listed(path, &errors))?;
    let returned = |version: &String| Some((version.clone(), returns(lesson, version, lesson.world.policy).err()?));
    let astray = lesson.live.iter().filter_map(returned).collect();
    Ok(Checked { path: path.to_owned(), id: lesson.id.clone(), judged, astray, took: begun.elapsed() })
}

/// What a search answered, in words.
fn in_words(j: &Judged) -> String {
    match &j.report.verdict {
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
    }
}

/// One line: what was expected, what is, and below it what is wrong.
fn line(out: &mut String, id: &str, j: &Judged, wrong: &[String]) {
    let mark = if wrong.is_empty() { "ok   " } else { "WRONG" };
    let _ = writeln!(out, "{mark} {id} {} under {}: {}", j.version, j.policy.name(), in_words(j));
    for w in wrong {
        let _ = writeln!(out, "      {w}");
    }
}

/// The same for programs.
fn answer(j: &Judged, wrong: &[String]) -> Value {
    let (found, steps) = match &j.report.verdict {
        Verdict::Found { broken, schedule } => (Some(broken.rule.name()), Some(schedule.len())),
        _ => (None, None),
    };
    json!({
        "version": j.version,
        "policy": j.policy.name(),
        "pin": j.pin,
        "expected": j.expected.map_or("none", |rule| rule.name()),
        "among": j.among.map(|rules| rules.iter().map(|rule| rule.name()).collect::<Vec<_>>()),
        "found": found,
        "steps": steps,
        "lock_events": j.lock_events,
        "states": j.report.states,
        "transitions": j.report.steps,
        "holds": wrong.is_empty(),
        "wrong": wrong,
        "says": in_words(j),
    })
}

/// Progress on standard error where that is a terminal.
pub fn bar(what: &str) -> ProgressBar {
    let bar = ProgressBar::new_spinner().with_prefix(what.to_string());
    let form = if what.is_empty() { "{spinner} {msg}" } else { "{spinner} {prefix}: {msg}" };
    if let Ok(style) = ProgressStyle::with_template(form) {
        bar.set_style(style);
    }
    bar
}
