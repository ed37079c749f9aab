//! `p2mscope live`: a lesson's loops on real threads, under one policy or several, and a recording of a run.

mod drive;
mod tell;

use crate::saved::Saved;
use crate::{Done, lesson, run};
use clap::Args;
use drive::{Ran, Wanted};
use p2mscope_core::lesson::{Form, Lesson};
use p2mscope_core::machine::Policy;
use std::path::PathBuf;
use std::time::Duration;

/// What `live` takes.
#[derive(Args)]
pub struct Command {
    /// The lesson file.
    file: PathBuf,
    /// The version of the programs.
    #[arg(long, default_value = "before")]
    version: String,
    /// The lock policy, or several with commas between them: each runs for that time, one after the other. The lesson's own
    /// if left out.
    #[arg(long, value_parser = run::policy, value_delimiter = ',')]
    policy: Vec<Policy>,
    /// For how long; after that every actor ends its round.
    #[arg(long, value_parser = seconds, default_value = "1")]
    seconds: Duration,
    /// What the world's choices are drawn from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Meter how long locks are held and waited for.
    #[arg(long)]
    times: bool,
    /// In a deadlock abort the fewest actors that let the others go on. Left out: it ends the run.
    #[arg(long)]
    abort: bool,
    /// Record the run, step through it again, and write it to this file for `p2mscope run --schedule @FILE`.
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// About how many effects are recorded; then every actor ends its round.
    #[arg(long, default_value_t = 4_000, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    effects: u64,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
}

/// Reads a time in seconds.
fn seconds(text: &str) -> Result<Duration, String> {
    let number = text.parse::<f64>().ok().filter(|s| (0.0..=86_400.0).contains(s));
    number.map(Duration::from_secs_f64).ok_or_else(|| "a number of seconds, 0 to 86400, such as 2 or 0.5".to_string())
}

/// Runs it. Status 0: it ended by itself, and what it left keeps all rules. 1: a deadlock stood, something broke, or a
/// recording does not lead to the same words. 2: the file cannot be read, or it has no live loop.
pub fn run(command: &Command) -> Done {
    let lesson = match lesson::read(&command.file) {
        Ok(lesson) => lesson,
        Err(e) => return Done::unreadable(e),
    };
    if !lesson.versions().contains(&command.version) {
        let all = lesson.versions().join(", ");
        return Done::unreadable(format!("no version `{}`; there are {all}", command.version));
    }
    if let Some(why) = lesson.why_not_live(&command.version) {
        return Done::unreadable(why);
    }
    let mut policies = command.policy.clone();
    if policies.is_empty() {
        policies.push(lesson.world.policy);
    }
    if command.record.is_some() && policies.len() > 1 {
        return Done::unreadable("one policy at a time can be recorded, since there is one file".into());
    }
    let mut all = Vec::new();
    for policy in policies {
        match drive(command, &lesson, policy) {
            Ok(ran) => all.push(ran),
            Err(why) => return Done::unreadable(why),
        }
    }
    let mut done = Done { status: i32::from(!all.iter().all(Ran::is_well)), ..Done::default() };
    if let (Some(path), Some(again)) = (&command.record, all[0].again.as_ref()) {
        let saved = Saved {
            version: command.version.clone(),
            policy: all[0].policy(),
            form: Form::Loop,
            digest: Some(again.live),
            schedule: again.schedule.clone(),
        };
        if let Err(e) = std::fs::write(path, saved.text(&command.file, again.effects)) {
            return Done::unreadable(format!("{}: {e}", path.display()));
        }
    }
    let told = tell::Told { lesson: &lesson, version: &command.version, file: command.record.as_deref(), all: &all };
    done.out = if command.json { told.json() } else { told.text() };
    done
}

fn drive(command: &Command, lesson: &Lesson, policy: Policy) -> Result<Ran, String> {
    let staged = lesson.stage_as(&command.version, Form::Loop, Some(policy), None);
    let staged = staged.map_err(|errors| lesson::listed(&command.file, &errors))?;
    let record = command.record.as_ref().map(|_| command.effects);
    let wanted =
        Wanted { time: command.seconds, seed: command.seed, times: command.times, abort: command.abort, record };
    drive::drive(staged, &wanted).map_err(|e| format!("no threads: {e}"))
}
