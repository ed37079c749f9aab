//! `p2mscope run`: plays a schedule, one sentence a step, under one policy or beside another.

mod compare;

use crate::diagnose::{Register, Told};
use crate::number::short;
use crate::saved::{self, Opened};
use crate::{Done, lesson};
use clap::Args;
use p2mscope_core::addr::Word;
use p2mscope_core::judge::watched;
use p2mscope_core::lesson::{Lesson, Staged};
use p2mscope_core::live;
use p2mscope_core::machine::Policy;
use p2mscope_core::sched::{Beside, Run, Schedule, Session};
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
    /// The schedule: words such as `V0@use PG! B! V0`, what the page and `explore` print, or `@` and a file that `live` has
    /// written. Given again: a further run from the first state.
    #[arg(long, required = true)]
    schedule: Vec<String>,
    /// The version of the programs. What the first schedule's file says if left out, else `before`.
    #[arg(long)]
    version: Option<String>,
    /// The lock policy: unlocked, global, 1g, 2m, 4k or rw. What the first schedule's file says if left out, else the
    /// lesson's own.
    #[arg(long, value_parser = policy)]
    policy: Option<Policy>,
    /// A second policy, under which the same schedule is followed as far as it goes; both are told beside each other.
    #[arg(long, value_name = "POLICY", value_parser = policy)]
    and: Option<Policy>,
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
    Policy::from_name(name).ok_or_else(|| format!("no policy `{}`; there are {all}", short(name)))
}

/// Plays it. Status 0: to its end. 1: a step could not be taken. 2: the file or the schedule cannot be read.
pub fn run(command: &Command) -> Done {
    let path = &command.file;
    let lesson = match lesson::read(path) {
        Ok(lesson) => lesson,
        Err(e) => return Done::unreadable(e),
    };
    let opened = match command.schedule.iter().map(|given| saved::open(given)).collect::<Result<Vec<Opened>, _>>() {
        Ok(opened) => opened,
        Err(e) => return Done::unreadable(e),
    };
    // Clap asks for one schedule at least.
    let Some(head) = opened.first() else { return Done::unreadable("there is no schedule".into()) };
    let version = command.version.clone().or(head.version.clone()).unwrap_or_else(|| "before".into());
    let stage = |policy| {
        let staged = lesson.stage_as(&version, head.form, policy, None);
        staged.map_err(|errors| Done::unreadable(lesson::listed(path, &errors)))
    };
    let staged = match stage(command.policy.or(head.policy)) {
        Ok(staged) => staged,
        Err(done) => return done,
    };
    // How often actors run their programs stands in the schedule. Words say nothing of that.
    let rounds = Schedule::parse(&head.schedule).map_or(Vec::new(), |s| s.rounds(&staged.world).unwrap_or_default());
    let mut run = Run::new(staged.sim_with(rounds.clone(), watched()));
    if let Some(policy) = command.and {
        if opened.len() > 1 {
            return Done::unreadable("one schedule at a time can be followed under two policies".into());
        }
        let other = match stage(Some(policy)) {
            Ok(other) => Run::new(other.sim_with(rounds, watched())),
            Err(done) => return done,
        };
        return beside(command, &lesson, &staged, &version, (&mut run, other), &head.schedule);
    }
    let told = Told { lesson: &lesson, staged: &staged, version: &version };
    let (mut done, mut session, mut runs) = (Done::default(), Session::default(), Vec::new());
    for (n, given) in opened.iter().enumerate() {
        run.seek(0);
        let played = match play(&mut run, &lesson, &staged, &given.schedule) {
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
        } else if let Some(recorded) = given.digest {
            compare_words(&mut done, &run, recorded);
        }
    }
    if command.json {
        let found = diagnosis(&mut run, &session);
        let answer = json!({
            "lesson": lesson.id, "version": version, "policy": staged.world.policy.name(), "runs": runs,
            "diagnosis": found, "plain": found.plain(), "report": told.engineer(&found),
        });
        done.out = format!("{answer}\n");
    } else {
        done.out += &told.text(command.report, &mut run, &session);
    }
    done
}

/// Plays a schedule and follows it in another run.
fn beside(
    command: &Command,
    lesson: &Lesson,
    staged: &Staged,
    version: &str,
    (run, other): (&mut Run<Script>, Run<Script>),
    schedule: &str,
) -> Done {
    let played = match play(run, lesson, staged, schedule) {
        Ok(played) => played,
        Err(e) => return Done::unreadable(e),
    };
    let mut beside = Beside::new(run, other);
    let lesson = compare::Named { id: &lesson.id, version };
    let out = match command.json {
        false => compare::text(&lesson, run, &mut beside),
        true => compare::json(&lesson, run, &mut beside),
    };
    match played {
        Ok(()) => Done { out, ..Done::default() },
        Err(why) => Done { out, err: why + "\n", status: 1 },
    }
}

/// Says whether a run leads to the words that a recorded one left.
fn compare_words(done: &mut Done, run: &Run<Script>, recorded: u64) {
    let world = run.world();
    let words: Vec<u64> = (0..world.map.len()).map(|i| run.sim().memory().peek(Word(i))).collect();
    let is = live::digest(&world.map, world.actors.len(), &words);
    let _ = match is == recorded {
        true => writeln!(done.err, "The words are those that the recorded run left: {is:#018x}."),
        false => writeln!(done.err, "The recorded run left other words: {recorded:#018x}, and this one {is:#018x}."),
    };
    done.status |= i32::from(is != recorded);
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
