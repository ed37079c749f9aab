//! `p2mscope scale`: copies of an actor on more and more virtual processors, in virtual time.

use crate::{Done, lesson, run};
use clap::Args;
use p2mscope_core::lesson::{Lesson, Spread};
use p2mscope_core::machine::{Form, Kind, MAX_ACTORS, Policy};
use p2mscope_core::scale::{Advance, Ask, COUNTS, Costs, Line, Point, Setup, Stood, Sweep, Waiters, measure};
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::PathBuf;

/// What `scale` takes.
#[derive(Args)]
pub struct Command {
    /// The lesson file; may be left out with --measure.
    #[arg(required_unless_present = "measure")]
    file: Option<PathBuf>,
    /// Whose programs are copied, in turn: actors of the lesson. Its first vCPU, else its first actor, if left out.
    #[arg(long, value_delimiter = ',', value_name = "ACTORS")]
    actor: Vec<String>,
    /// The version of the programs.
    #[arg(long, default_value = "before")]
    version: String,
    /// How many processors.
    #[arg(long, value_delimiter = ',', default_values_t = COUNTS, value_parser = vcpus)]
    vcpus: Vec<usize>,
    /// The lock policies to compare.
    #[arg(long, value_delimiter = ',', value_parser = run::policy, default_value = "global,1g,2m,4k,rw")]
    policy: Vec<Policy>,
    /// The forms of the shared side: spinlock, atomic, percpu. The lesson's own if left out.
    #[arg(long, value_delimiter = ',', value_parser = form)]
    form: Vec<Form>,
    /// Where the copies work: all on one page; each on pages of its own in one range; in ranges of its own; in gigabytes
    /// of its own; anywhere, at random.
    #[arg(long, value_parser = spread, default_value = "ranges")]
    spread: Spread,
    /// How those wait who find a lock taken: in a queue; all looking at its line (spin); as live threads do (backoff).
    #[arg(long, value_parser = waiters, default_value = "queue")]
    waiters: Waiters,
    /// Nanoseconds of an atomic operation on a line that the processor has.
    #[arg(long, value_name = "NS")]
    atomic: Option<f64>,
    /// Nanoseconds in which a cache line comes from another processor.
    #[arg(long, value_name = "NS")]
    transfer: Option<f64>,
    /// Nanoseconds that an actor spends elsewhere after each round of its program.
    #[arg(long, value_name = "NS", default_value_t = 0.0)]
    pause: f64,
    /// What choices are drawn from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Measure an atomic operation and a transfer on this machine, and compute with them.
    #[arg(long)]
    measure: bool,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
}

fn vcpus(text: &str) -> Result<usize, String> {
    let n = text.parse().ok().filter(|n| (1..=MAX_ACTORS).contains(n));
    n.ok_or_else(|| format!("a number from 1 to {MAX_ACTORS} is wanted"))
}

fn form(name: &str) -> Result<Form, String> {
    Form::from_name(name).ok_or_else(|| format!("no form `{name}`; there are {}", names(&Form::ALL)))
}

fn spread(name: &str) -> Result<Spread, String> {
    Spread::from_name(name).ok_or_else(|| format!("no spread `{name}`; there are {}", names(&Spread::ALL)))
}

fn waiters(name: &str) -> Result<Waiters, String> {
    Waiters::from_name(name).ok_or_else(|| format!("no waiters `{name}`; there are {}", names(&Waiters::ALL)))
}

fn names<T>(all: &[(&str, T)]) -> String {
    all.iter().map(|a| a.0).collect::<Vec<_>>().join(", ")
}

/// Computes and prints. Status 0: it was computed. 1: a crowd stood still. 2: it cannot be computed.
pub fn run(command: &Command) -> Done {
    let costs = match costs(command) {
        Ok(costs) => costs,
        Err(why) => return Done::unreadable(why),
    };
    let Some(path) = &command.file else { return Done { out: measured(&costs, command.json), ..Done::default() } };
    let lesson = match lesson::read(path) {
        Ok(lesson) => lesson,
        Err(e) => return Done::unreadable(e),
    };
    let actors = match actors(&lesson, &command.actor) {
        Ok(actors) => actors,
        Err(why) => return Done::unreadable(format!("{}: {why}", path.display())),
    };
    let forms = if command.form.is_empty() { vec![lesson.world.form] } else { command.form.clone() };
    let setup = Setup { costs, pause: command.pause, waiters: command.waiters, seed: command.seed, rounds: None };
    let ask = Ask {
        version: command.version.clone(),
        actors: actors.clone(),
        spread: command.spread,
        lines: Line::all(&command.policy, &forms),
        counts: command.vcpus.clone(),
        setup,
    };
    let of = actors.iter().map(|&a| lesson.actors[a].name.clone()).collect::<Vec<_>>().join(", ");
    match points(lesson.clone(), &ask, &lesson.id) {
        Ok(points) => {
            let stood = points.iter().any(|p| p.outcome.stood.is_some());
            let out = match command.json {
                true => as_json(&lesson, &of, &ask, &points).to_string() + "\n",
                false => {
                    (if command.measure { measured(&costs, false) } else { String::new() })
                        + &as_text(&lesson, &of, &ask, &points)
                }
            };
            Done { out, status: stood as i32, ..Done::default() }
        }
        Err(why) => Done::unreadable(format!("{}: {why}", path.display())),
    }
}

fn costs(command: &Command) -> Result<Costs, String> {
    let known = if command.measure { measure::costs()? } else { Costs::default() };
    let (atomic, transfer) = (command.atomic.unwrap_or(known.atomic), command.transfer.unwrap_or(known.transfer));
    Ok(Costs { atomic, transfer, ..known })
}

/// The actors of these names; without any the first vCPU, else the first of all.
fn actors(lesson: &Lesson, names: &[String]) -> Result<Vec<usize>, String> {
    if names.is_empty() {
        let vcpu = lesson.actors.iter().position(|a| a.kind == Kind::Vcpu);
        return Ok(vec![vcpu.unwrap_or(0)]);
    }
    let place = |name: &String| {
        lesson.actors.iter().position(|a| a.name == *name).ok_or_else(|| {
            let all = lesson.actors.iter().map(|a| a.name.as_str()).collect::<Vec<_>>().join(", ");
            format!("no actor `{name}`; there are {all}")
        })
    };
    names.iter().map(place).collect()
}

fn points(lesson: Lesson, ask: &Ask, name: &str) -> Result<Vec<Point>, String> {
    let mut sweep = Sweep::new(lesson, ask.clone())?;
    let bar = crate::check::bar(name);
    let mut points = Vec::new();
    loop {
        match sweep.advance(50_000) {
            Ok(Advance::Going) => bar.tick(),
            Ok(Advance::Point(point)) => {
                points.push(point);
                let (all, done) = sweep.points();
                bar.set_message(format!("{done} of {all} points"));
            }
            Ok(Advance::Ended) => break,
            Err(why) => {
                bar.finish_and_clear();
                return Err(why);
            }
        }
    }
    bar.finish_and_clear();
    Ok(points)
}

fn measured(costs: &Costs, json: bool) -> String {
    match json {
        true => json!({ "atomic_ns": costs.atomic, "transfer_ns": costs.transfer }).to_string() + "\n",
        false => format!(
            "measured: an atomic operation {:.1} ns, a line from one processor to another {:.1} ns\n",
            costs.atomic, costs.transfer
        ),
    }
}

fn as_text(lesson: &Lesson, of: &str, ask: &Ask, points: &[Point]) -> String {
    let costs = ask.setup.costs;
    let mut out = format!(
        "{} {}: copies of {of}, spread over {}; an atomic operation takes {} ns, a transfer {} ns\n",
        lesson.id,
        ask.version,
        ask.spread.name(),
        rounded(costs.atomic),
        rounded(costs.transfer)
    );
    let _ = writeln!(
        out,
        "{:<12} {:>5} {:>12} {:>9} {:>8} {:>8}  most is lost at",
        "policy", "vCPUs", "rounds/s", "speed-up", "waiting", "on lines"
    );
    let mut last = None;
    for p in points {
        if last.replace(p.line).is_some_and(|line| line != p.line) {
            out.push('\n');
        }
        let o = &p.outcome;
        let speedup = p.speedup.map_or("-".to_string(), |s| format!("{s:.2}"));
        let at = match (&o.stood, &p.contended) {
            (Some(Stood::Deadlock), _) => "DEADLOCK: everybody waits".to_string(),
            (Some(Stood::NoRounds), _) => "no round of the program ends".to_string(),
            (None, Some((lock, share))) => format!("{lock} ({:.0} %)", 100.0 * share),
            (None, None) => "-".to_string(),
        };
        let failed = match o.failures {
            0 => String::new(),
            n => format!("; {n} rounds with an error"),
        };
        let _ = writeln!(
            out,
            "{:<12} {:>5} {:>12} {:>9} {:>6.1} % {:>6.1} %  {at}{failed}",
            ask.lines[p.line].name(),
            p.vcpus,
            grouped(o.per_second),
            speedup,
            100.0 * o.waiting,
            100.0 * o.moving,
        );
    }
    out
}

fn rounded(ns: f64) -> f64 {
    (ns * 10.0).round() / 10.0
}

/// A rate with its thousands apart.
fn grouped(rate: f64) -> String {
    let digits = format!("{rate:.0}");
    let head = digits.len() % 3;
    let groups = digits.as_bytes()[head..].chunks(3).map(|c| String::from_utf8_lossy(c).into_owned());
    let head = digits[..head].to_string();
    Some(head).into_iter().filter(|h| !h.is_empty()).chain(groups).collect::<Vec<_>>().join(",")
}

fn as_json(lesson: &Lesson, of: &str, ask: &Ask, points: &[Point]) -> Value {
    let costs = ask.setup.costs;
    let point = |p: &Point| {
        let o = &p.outcome;
        let line = ask.lines[p.line];
        json!({
            "policy": line.policy.name(),
            "form": line.policy.range_bits().map(|_| line.form.name()),
            "vcpus": p.vcpus,
            "per_second": o.per_second,
            "speedup": p.speedup,
            "waiting": o.waiting,
            "moving": o.moving,
            "most_lost_at": p.contended.as_ref().map(|c| &c.0),
            "most_lost": p.contended.as_ref().map(|c| c.1),
            "failures": o.failures,
            "stood": o.stood.as_ref().map(|s| match s {
                Stood::Deadlock => "deadlock",
                Stood::NoRounds => "no rounds",
            }),
        })
    };
    json!({
        "lesson": lesson.id,
        "version": ask.version,
        "actors": of,
        "spread": ask.spread.name(),
        "hit_ns": costs.hit,
        "atomic_ns": costs.atomic,
        "transfer_ns": costs.transfer,
        "effect_ns": costs.effect,
        "pause_ns": ask.setup.pause,
        "seed": ask.setup.seed,
        "points": points.iter().map(point).collect::<Vec<_>>(),
    })
}
