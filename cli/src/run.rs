//! `p2mscope run`: plays a schedule, one sentence a step.

use crate::{Done, lesson};
use clap::Args;
use p2mscope_core::judge::watched;
use p2mscope_core::lesson::{Lesson, Staged};
use p2mscope_core::machine::Policy;
use p2mscope_core::sched::{Run, Schedule};
use p2mscope_core::script::Script;
use p2mscope_core::view::sentence;
use std::fmt::Write;
use std::path::PathBuf;

/// What `run` takes.
#[derive(Args)]
pub struct Command {
    /// The lesson file.
    file: PathBuf,
    /// The schedule: words such as `V0@use PG! B! V0`, or what the page and `explore` print.
    #[arg(long)]
    schedule: String,
    /// The version of the programs.
    #[arg(long, default_value = "before")]
    version: String,
    /// The lock policy: unlocked, global, 1g or 2m. The lesson's own if left out.
    #[arg(long, value_parser = policy)]
    policy: Option<Policy>,
}

/// Reads a policy's name.
pub fn policy(name: &str) -> Result<Policy, String> {
    let all = Policy::ALL.map(Policy::name).join(", ");
    Policy::from_name(name).ok_or_else(|| format!("no policy `{name}`; there are {all}"))
}

/// Plays it. Status 0: to its end. 1: a step could not be taken. 2: the file or the schedule cannot be read.
pub fn run(command: &Command) -> Done {
    let path = &command.file;
    let lesson = match lesson::read(path) {
        Ok(lesson) => lesson,
        Err(e) => return Done::unreadable(e),
    };
    let staged = match lesson.stage(&command.version, command.policy, None) {
        Ok(staged) => staged,
        Err(errors) => return Done::unreadable(lesson::listed(path, &errors)),
    };
    let mut run = Run::new(staged.sim(watched()));
    let played = match play(&mut run, &lesson, &staged, &command.schedule) {
        Ok(played) => played,
        Err(e) => return Done::unreadable(e),
    };
    let mut done = Done { out: told(&mut run), ..Done::default() };
    if let Err(why) = played {
        let _ = writeln!(done.err, "{why}");
        done.status = 1;
    }
    done
}

/// A run up to where it stands, one sentence a step.
pub fn told(run: &mut Run<Script>) -> String {
    let mut out = String::new();
    for k in 1..=run.at() {
        run.seek(k);
        let _ = writeln!(out, "{k:4}  {}", sentence(run));
        for b in run.events()[k - 1].broken.clone() {
            let _ = writeln!(out, "      breaks {}: {}", b.rule, b.why);
        }
    }
    out
}

/// Plays words, or a schedule of events. The outer error: it is neither. The inner one: a step could not be taken.
pub fn play(run: &mut Run<Script>, lesson: &Lesson, staged: &Staged, text: &str) -> Result<Result<(), String>, String> {
    if let Ok(words) = lesson.schedule(text) {
        return Ok(run.go(&words, &|a, label| staged.places(a, label)).map(drop).map_err(|e| e.to_string()));
    }
    match Schedule::parse(text) {
        Ok(schedule) => Ok(run.play(&schedule).map(drop).map_err(|e| e.to_string())),
        Err(e) => {
            let words = lesson.schedule(text).err().unwrap_or_default();
            let words = words.iter().map(|e| format!("  as words, {e}\n")).collect::<String>();
            Err(format!("the schedule cannot be read:\n{words}  as events, {e}"))
        }
    }
}
