//! `p2mscope explore`: every interleaving of a lesson, or the shortest one that breaks a rule.

use crate::check::bar;
use crate::diagnose::{Register, Told};
use crate::number::short;
use crate::{Done, lesson, run};
use clap::Args;
use p2mscope_core::addr::ActorId;
use p2mscope_core::explore::{Book, Limits, Progress, Report, Table, Verdict, explore, with_threads};
use p2mscope_core::judge::{question, watched};
use p2mscope_core::lesson::Lesson;
use p2mscope_core::machine::Policy;
use p2mscope_core::sched::{Run, Session, Sighting};
use p2mscope_core::script::Script;
use p2mscope_core::view::diagnosis;
use p2mscope_core::watch::Rule;
use serde_json::json;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

/// What `explore` takes.
#[derive(Args)]
pub struct Command {
    /// The lesson file.
    file: PathBuf,
    /// The version of the programs.
    #[arg(long, default_value = "before")]
    version: String,
    /// The lock policy: unlocked, global, 1g or 2m. The lesson's own if left out.
    #[arg(long, value_parser = run::policy)]
    policy: Option<Policy>,
    /// Look for this breach alone (deadlock, stray, I9, ..). Left out: for any, and prove that there is none.
    #[arg(long, value_parser = rule)]
    find: Option<Rule>,
    /// Give up after about so many states.
    #[arg(long, default_value_t = Limits::default().states)]
    states: u64,
    /// Go no deeper than so many steps.
    #[arg(long, default_value_t = Limits::default().depth)]
    depth: u32,
    /// Megabytes for the states that were seen. What does not fit is searched with three bits of each state, and the
    /// answer says how many were probably missed.
    #[arg(long, value_name = "MB", default_value_t = Limits::default().memory >> 20)]
    memory: u64,
    /// Let an actor whose next step nobody else can touch go alone, and of actors that nothing tells apart the first begin:
    /// the same answer from fewer states, found in several passes. Otherwise all reachable states are counted.
    #[arg(long)]
    reduce: bool,
    /// Threads to search with; all cores if left out.
    #[arg(long, default_value_t = 0)]
    threads: usize,
    /// Compare whole states instead of fingerprints.
    #[arg(long)]
    exact: bool,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
    /// How what is wrong is told below the answer: who is stuck and how, whom to abort, which deadlocks could close.
    #[arg(long, value_enum, default_value_t)]
    report: Register,
}

/// Reads a rule's name.
fn rule(name: &str) -> Result<Rule, String> {
    Rule::from_name(name).ok_or_else(|| {
        let named = Rule::all().filter(|r| !r.is_invariant()).map(Rule::name).collect::<Vec<_>>().join(", ");
        format!("no breach `{}`; there are I1 to I34, {named}", short(name))
    })
}

/// Searches. Status 0: safe. 1: a breach. 2: the file cannot be read. 3: a bound was reached, or memory was too small.
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
    let limits = Limits { states: command.states, depth: command.depth, memory: command.memory << 20 };
    let mut q = question(command.find, limits, command.exact);
    let book = Arc::new(Book::new());
    q.orders = Some(book.clone());
    let q = if command.reduce { q.reduced() } else { q };
    if command.find == Some(Rule::Starvation) && staged.world.patience.is_none() {
        return Done::unreadable("nobody starves in a world without `patience`".to_string());
    }
    let sim = staged.sim(q.stop);
    let bar = bar(&lesson.id);
    let begun = Instant::now();
    let progress = |p: &Progress| {
        let seconds = begun.elapsed().as_secs_f64();
        bar.set_message(so_far(p, seconds));
        bar.tick();
        ControlFlow::Continue(())
    };
    let report = with_threads(command.threads, || explore(&sim, &q, progress));
    bar.finish_and_clear();
    let seconds = begun.elapsed().as_secs_f64();
    let mut found = Run::new(staged.sim(watched()));
    let (session, ways) = ways(&mut found, &book.sightings(&sim));
    found.seek(0);
    if let Verdict::Found { schedule, .. } = &report.verdict {
        found.retrace(schedule);
    }
    let told = Told { lesson: &lesson, staged: &staged, version: &command.version };
    let answer = Answer { lesson: &lesson, command, policy: staged.world.policy, report: &report, seconds };
    let out = match command.json {
        true => answer.json(&mut found, &told, &session, &ways) + "\n",
        false => {
            let wrong = told.text(command.report, &mut found, &session);
            let ways = if wrong.is_empty() { String::new() } else { ways.concat() };
            answer.text(&mut found) + &wrong + &ways
        }
    };
    let status = match report.verdict {
        Verdict::Safe => 0,
        Verdict::Found { .. } => 1,
        Verdict::Likely { .. } | Verdict::Bound { .. } | Verdict::Cancelled | Verdict::Failed { .. } => 3,
    };
    Done { out, status, ..Done::default() }
}

/// Takes the steps that show the orders that could close a ring, each as a branch of its own; what the session knows
/// then, and the schedules by the names of their branches, a line each.
fn ways(run: &mut Run<Script>, met: &[Sighting]) -> (Session, Vec<String>) {
    let (mut session, mut ways) = (Session::default(), Vec::new());
    for s in met {
        let steps: Vec<_> = s.steps.iter().map(|&(a, way)| (ActorId(a), way)).collect();
        run.retrace(&steps);
        session.note(run);
        let name = format!("way {}", run.fork() + 1);
        if run.forks()[run.fork()].name != name {
            run.rename_fork(run.fork(), name);
        }
    }
    for fork in 0..run.forks().len().min(met.len()) {
        ways.push(format!("{}: {}\n", run.forks()[fork].name, run.schedule_of(fork)));
    }
    (session, ways)
}

/// How far a search has come, in one line.
fn so_far(p: &Progress, seconds: f64) -> String {
    let mut line = String::new();
    if p.shortening {
        line += "found; looking for the shortest way: ";
    } else if p.pass > 1 {
        line += &format!("pass {}: ", p.pass);
    }
    line += &format!("{} states, depth {}, {}", p.states, p.depth, table(&p.table));
    if !p.shortening && p.pass == 1 && seconds > 0.0 {
        line += &format!(", {:.1} M steps/s", p.steps as f64 / seconds / 1e6);
    }
    if p.pruned > 0 {
        line += &format!(", {:.0} % pruned", 100.0 * p.pruned_share());
    }
    line
}

/// What the states take: `16 MB, 31 % full`.
fn table(t: &Table) -> String {
    let what = if t.bits { "three bits a state, " } else { "" };
    format!("{what}{:.1} MB, {:.0} % full", t.bytes as f64 / (1 << 20) as f64, t.load as f64 / 10.0)
}

/// What is to be told.
struct Answer<'a> {
    lesson: &'a Lesson,
    command: &'a Command,
    policy: Policy,
    report: &'a Report,
    seconds: f64,
}

impl Answer<'_> {
    fn text(&self, found: &mut Run<Script>) -> String {
        let r = self.report;
        let under = format!("{} {} under {}", self.lesson.id, self.command.version, self.policy.name());
        let searched = match self.command.find {
            None => "no breach".to_string(),
            Some(rule) => format!("no {rule}"),
        };
        let told = match &r.verdict {
            Verdict::Safe => format!(
                "{under}: safe. {searched} in {}, every interleaving; chance of a missed state {:.0e}\n",
                self.states(),
                r.missed_chance
            ),
            Verdict::Likely { missed } => format!(
                "{under}: probably safe. {searched} in {}, as far as they could be told apart: for all states there is \
                 too little memory, and about {missed:.0} were taken for others ({:.4} % met were entered). What lies \
                 behind these alone was not searched; --memory gives more\n",
                self.states(),
                coverage(r.states, *missed)
            ),
            Verdict::Found { broken, schedule } => format!(
                "{under}: {} after {} steps, {}: {}\nschedule: {}\n{}",
                broken.rule,
                schedule.len(),
                if r.fewest { "the fewest there are" } else { "not proved to be the fewest" },
                broken.why,
                found.schedule(),
                run::told(found)
            ),
            Verdict::Bound { why } => format!("{under}: bound reached, {searched} found: {why}\n"),
            Verdict::Cancelled => format!("{under}: ended before it was complete\n"),
            Verdict::Failed { why } => format!("{under}: the search failed: {why}\n"),
        };
        told + &self.numbers()
    }

    /// `all 120 states`, or what stands for all.
    fn states(&self) -> String {
        let r = self.report;
        let these = format!("{} states ({} steps, {} ends)", r.states, r.steps, r.ends);
        if r.pruned > 0 { format!("{these} that stand for all") } else { format!("all {these}") }
    }

    /// The last line: the numbers of the search.
    fn numbers(&self) -> String {
        let r = self.report;
        let rate = r.steps as f64 / self.seconds.max(1e-9) / 1e6;
        let mut line =
            format!("searched: {} states, {} steps, depth {}, {}", r.states, r.steps, r.depth, table(&r.table));
        line += &match r.passes {
            1 => format!("; {:.2} s, {rate:.1} M steps/s", self.seconds),
            n => format!("; {:.2} s in {n} passes", self.seconds),
        };
        if r.pruned > 0 {
            line += &format!("; {:.0} % of the steps pruned", 100.0 * r.pruned_share());
        }
        if let Some(why) = r.whole {
            line += &format!("; every actor was tried, since {why}");
        }
        line + "\n"
    }

    fn json(&self, found: &mut Run<Script>, told: &Told<'_>, session: &Session, ways: &[String]) -> String {
        let r = self.report;
        let mut answer = json!({
            "lesson": self.lesson.id,
            "version": self.command.version,
            "policy": self.policy.name(),
            "states": r.states,
            "steps": r.steps,
            "ends": r.ends,
            "deadlocked": r.deadlocked,
            "depth": r.depth,
            "missed_chance": r.missed_chance,
            "seconds": self.seconds,
            "steps_per_second": r.steps as f64 / self.seconds.max(1e-9),
            "passes": r.passes,
            "pruned": r.pruned,
            "pruned_share": r.pruned_share(),
            "whole": r.whole,
            "table": { "bytes": r.table.bytes, "load": r.table.load as f64 / 1000.0, "bits": r.table.bits },
        });
        let verdict = match &r.verdict {
            Verdict::Safe => json!("safe"),
            Verdict::Likely { missed } => {
                json!({ "likely": { "missed": missed, "coverage": coverage(r.states, *missed) / 100.0 } })
            }
            Verdict::Found { broken, schedule } => json!({ "found": {
                "breach": broken.rule.name(),
                "why": broken.why,
                "steps": schedule.len(),
                "fewest": r.fewest,
                "schedule": found.schedule(),
            }}),
            Verdict::Bound { why } => json!({ "bound": why }),
            Verdict::Cancelled => json!("cancelled"),
            Verdict::Failed { why } => json!({ "failed": why }),
        };
        answer["verdict"] = verdict;
        let wrong = diagnosis(found, session);
        answer["plain"] = json!(wrong.plain());
        answer["report"] = json!(told.engineer(&wrong));
        answer["diagnosis"] = json!(wrong);
        answer["ways"] = json!(ways.iter().map(|w| w.trim_end()).collect::<Vec<_>>());
        answer.to_string()
    }
}

/// Which share of the new states that were met was entered, in percent.
fn coverage(entered: u64, missed: f64) -> f64 {
    100.0 * entered as f64 / (entered as f64 + missed)
}
