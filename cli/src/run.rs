//! `p2mscope run`: plays a schedule, one sentence a step.

use crate::diagnose::{Register, Told};
use crate::{Done, lesson};
use clap::Args;
use p2mscope_core::judge::watched;
use p2mscope_core::lesson::{Lesson, Staged};
use p2mscope_core::machine::Policy;
use p2mscope_core::sched::{Run, Schedule, Session};
use p2mscope_core::script::Script;
use p2mscope_core::view::{diagnosis, sentence};
use serde_json::json;
use std::fmt::Write;
use std::path::PathBuf;

/// What `run` takes.
#[derive(Args)]
pub struct Command {
    /// The lesson file.
    file: PathBuf,
    /// The schedule: words such as `V0@use PG! B! V0`, or what the page and `explore` print. Given again: a further run
    /// from the first state.
    #[arg(long, required = true)]
    schedule: Vec<String>,
    /// The version of the programs.
    #[arg(long, default_value = "before")]
    version: String,
    /// The lock policy: unlocked, global, 1g or 2m. The lesson's own if left out.
    #[arg(long, value_parser = policy)]
    policy: Option<Policy>,
    /// How what is wrong is told below the steps: who is stuck and how, whom to abort, who starves or goes round, which
    /// deadlocks could close.
    #[arg(long, value_enum, default_value_t)]
    report: Register,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
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
    let told = Told { lesson: &lesson, staged: &staged, version: &command.version };
    let (mut done, mut session, mut runs) = (Done::default(), Session::default(), Vec::new());
    for (n, text) in command.schedule.iter().enumerate() {
        run.seek(0);
        let played = match play(&mut run, &lesson, &staged, text) {
            Ok(played) => played,
            Err(e) => return Done::unreadable(e),
        };
        session.note(&run);
        if command.schedule.len() > 1 {
            run.rename_fork(run.fork(), format!("run {}", n + 1));
            let _ = writeln!(done.out, "{}run {}", if n == 0 { "" } else { "\n" }, n + 1);
        }
        if command.json {
            runs.push(steps(&mut run));
        } else {
            done.out += &self::told(&mut run);
        }
        if let Err(why) = played {
            let _ = writeln!(done.err, "{why}");
            done.status = 1;
        }
    }
    if command.json {
        let found = diagnosis(&mut run, &session);
        let answer = json!({
            "lesson": lesson.id, "version": command.version, "policy": staged.world.policy.name(), "runs": runs,
            "diagnosis": found, "plain": found.plain(), "report": told.engineer(&found),
        });
        done.out = format!("{answer}\n");
    } else {
        done.out += &told.text(command.report, &mut run, &session);
    }
    done
}

/// A run up to where it stands, for JSON.
fn steps(run: &mut Run<Script>) -> serde_json::Value {
    let end = run.at();
    let all: Vec<_> = (1..=end)
        .map(|k| {
            run.seek(k);
            let broken = &run.events()[k - 1].broken;
            let broken: Vec<_> = broken.iter().map(|b| json!({ "rule": b.rule.name(), "why": b.why })).collect();
            json!({ "step": k, "sentence": sentence(run), "broken": broken })
        })
        .collect();
    json!({ "name": run.forks()[run.fork()].name, "steps": all })
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
