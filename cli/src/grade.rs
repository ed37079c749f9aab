//! `p2mscope grade`: learners' answers to a lesson, judged one by one.

use crate::check::bar;
use crate::{Done, lesson};
use clap::Args;
use p2mscope_core::addr::ActorId;
use p2mscope_core::explore::{Limits, Progress, with_threads};
use p2mscope_core::judge::{Ruling, grade};
use p2mscope_core::lesson::Lesson;
use serde_json::{Value, json};
use std::fmt::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// What `grade` takes.
#[derive(Args)]
pub struct Command {
    /// The lesson's file, as its teacher has it.
    lesson: PathBuf,
    /// Answers: files, or folders of them. An answer is the edited lesson, or the text of the program alone.
    #[arg(required = true)]
    answers: Vec<PathBuf>,
    /// Give up on an answer after about so many states.
    #[arg(long, default_value_t = Limits::default().states)]
    states: u64,
    /// Threads to search with; all cores if left out.
    #[arg(long, default_value_t = 0)]
    threads: usize,
    /// Answer in JSON, one answer a line.
    #[arg(long)]
    json: bool,
}

/// Judges all answers. Status 0: all are accepted. 1: some are not. 2: a file cannot be read, or the lesson is no exercise.
pub fn run(command: &Command) -> Done {
    let mut done = Done::default();
    let lesson = match lesson::read(&command.lesson) {
        Ok(lesson) => lesson,
        Err(e) => return Done::unreadable(e),
    };
    if lesson.repair.is_none() || lesson.says_safe("repaired").is_empty() {
        let why = "is no exercise: there is no [repair], or no [[expect]] says that `repaired` has no breach";
        return Done::unreadable(format!("{}: {why}", command.lesson.display()));
    }
    let mut files = Vec::new();
    for path in &command.answers {
        match answers(path) {
            Ok(all) => files.extend(all),
            Err(e) => done.add(Done::unreadable(e)),
        }
    }
    let wide = files.iter().map(|f| name(f).chars().count()).max().unwrap_or(0);
    let limits = Limits { states: command.states, ..Limits::default() };
    for file in files {
        let bar = bar(&name(&file));
        let progress = |p: &Progress| {
            bar.set_message(format!("{} states, depth {}", p.states, p.depth));
            bar.tick();
            ControlFlow::Continue(())
        };
        let text = match std::fs::read(&file).map_err(|e| e.to_string()).and_then(text) {
            Ok(text) => text,
            Err(e) => {
                done.add(Done::unreadable(format!("{}: {e}", file.display())));
                continue;
            }
        };
        let ruling = with_threads(command.threads, || grade(&lesson, &text, limits, &progress));
        bar.finish_and_clear();
        done.status = done.status.max(!matches!(ruling, Ruling::Accepted { .. }) as i32);
        match command.json {
            true => drop(writeln!(done.out, "{}", in_json(&lesson, &file, &ruling))),
            false => in_words(&mut done.out, &format!("{:wide$}", name(&file)), &ruling),
        }
    }
    done
}

fn text(bytes: Vec<u8>) -> Result<String, String> {
    if bytes.len() > p2mscope_core::script::MAX_BYTES {
        return Err("an answer has at most 64 KB".into());
    }
    String::from_utf8(bytes).map_err(|_| "an answer is a text in UTF-8".into())
}

/// A file itself; of a folder all files but hidden ones, by name.
fn answers(path: &Path) -> Result<Vec<PathBuf>, String> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let all = std::fs::read_dir(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let mut files: Vec<_> =
        all.flatten().map(|f| f.path()).filter(|p| p.is_file() && !name(p).starts_with('.')).collect();
    files.sort();
    if files.is_empty() { Err(format!("{}: there is no file in this folder", path.display())) } else { Ok(files) }
}

fn name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned())
}

fn in_words(out: &mut String, file: &str, ruling: &Ruling) {
    let (verdict, why) = (ruling.verdict(), ruling.sentences());
    let mut why = why.iter();
    let _ = writeln!(out, "{file}  {verdict:11}  {}", why.next().map_or("", String::as_str));
    for w in why {
        let _ = writeln!(out, "      {w}");
    }
    if let Ruling::Breaks { lines, .. } = ruling {
        for (who, line, text) in lines {
            let place = line.map_or_else(|| "the lesson's".to_string(), |l| format!("line {l}"));
            let _ = writeln!(out, "      {who:6} {place:12} {text}");
        }
    }
}

fn in_json(lesson: &Lesson, file: &Path, ruling: &Ruling) -> Value {
    let (verdict, why) = (ruling.verdict(), ruling.sentences());
    let mut answer = json!({
        "lesson": lesson.id,
        "file": file.display().to_string(),
        "accepted": matches!(ruling, Ruling::Accepted { .. }),
        "verdict": verdict,
        "why": why,
    });
    if let Ruling::Breaks { policy, rule, schedule, lock_events, lines, .. } = ruling {
        let who = |a: ActorId| lesson.actors.get(a.0 as usize).map_or("", |a| &a.name);
        answer["breach"] = json!({
            "rule": rule.name(),
            "policy": policy.name(),
            "steps": schedule.len(),
            "lock_events": lock_events,
            "schedule": schedule.iter().map(|(a, _)| who(*a)).collect::<Vec<_>>(),
            "lines": lines.iter().map(|(who, line, text)| json!({ "actor": who, "line": line, "text": text })).collect::<Vec<_>>(),
        });
    }
    answer
}
