//! What is said of live runs, as text and as JSON.

use super::drive::{Again, Ran};
use p2mscope_core::lesson::Lesson;
use p2mscope_core::live::{Counts, State};
use p2mscope_core::lock::Mode;
use p2mscope_core::machine::World;
use p2mscope_core::sched;
use p2mscope_core::view::{self, Spread, TimesView, nanos};
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::Path;

/// Locks that are told of one run, those waited for most first.
const LOCKS: usize = 12;

/// What is to be told.
pub struct Told<'a> {
    pub lesson: &'a Lesson,
    pub version: &'a str,
    /// Where the recording was written.
    pub file: Option<&'a Path>,
    pub all: &'a [Ran],
}

impl Told<'_> {
    pub fn text(&self) -> String {
        let mut out = String::new();
        if self.all.len() > 1 {
            self.beside(&mut out);
        }
        for ran in self.all {
            self.one(&mut out, ran);
        }
        out
    }

    /// The figures of all policies beside each other.
    fn beside(&self, out: &mut String) {
        let threads = self.all[0].counts.len();
        let _ = writeln!(out, "{} {}, {threads} threads, one policy after the other:", self.lesson.id, self.version);
        let row = |out: &mut String, name: &str, cell: &dyn Fn(&Ran) -> String| {
            let cells: String = self.all.iter().map(|ran| format!("{:>16}", cell(ran))).collect();
            let _ = writeln!(out, "  {name:<28}{cells}");
        };
        row(out, "", &|ran| ran.policy().name().into());
        row(out, "successes a second", &|ran| format!("{:.0}", ran.rate()));
        row(out, "successes", &|ran| ran.sum(|c| c.operations).to_string());
        row(out, "failures", &|ran| ran.sum(|c| c.failures).to_string());
        row(out, "waits", &|ran| ran.sum(|c| c.waits).to_string());
        row(out, "seconds", &|ran| format!("{:.2}", ran.seconds));
        if self.all.iter().any(|ran| !ran.times.0.is_empty()) {
            let waited = |ran: &Ran| ran.times.0.iter().map(|t| t.waited.nanos()).sum::<u64>();
            row(out, "waited for locks, all threads", &|ran| nanos(waited(ran)));
        }
        row(out, "deadlock", &|ran| if ran.stood.is_empty() { "none stood".into() } else { "yes".into() });
        out.push('\n');
    }

    fn one(&self, out: &mut String, ran: &Ran) {
        let world = &ran.staged.world;
        let _ = writeln!(
            out,
            "{} {} under {}: {:.0} successes a second, {} failures, {} waits; {} threads, {:.2} s",
            self.lesson.id,
            self.version,
            ran.policy().name(),
            ran.rate(),
            ran.sum(|c| c.failures),
            ran.sum(|c| c.waits),
            ran.counts.len(),
            ran.seconds
        );
        let _ = writeln!(out, "  {:<12}{:>12}{:>12}{:>12}  at the end", "actor", "successes", "failures", "waits");
        for ((a, c), state) in world.actor_ids().zip(&ran.counts).zip(&ran.states) {
            let Counts { operations, failures, waits } = c;
            let name = world.actor_name(a);
            let _ = writeln!(out, "  {name:<12}{operations:>12}{failures:>12}{waits:>12}  {}", stopped(*state));
        }
        times(out, ran);
        for stood in &ran.stood {
            let _ = writeln!(out, "Stood still after {:.3} s:", stood.after);
            for form in &stood.view.forms {
                let _ = writeln!(out, "  {form}");
            }
            let names: Vec<&str> = stood.view.abort.iter().map(|&a| name(world, a)).collect();
            let _ = writeln!(out, "  Enough to abort: {}.", names.join(" and "));
        }
        for it in &ran.aborted {
            let _ = writeln!(out, "Aborted {}, which {}.", world.actor_name(it.actor), released(world, &it.released));
        }
        match &ran.left {
            None => {
                let _ = writeln!(out, "Frozen where they stood: the rules of words at rest do not apply.");
            }
            Some(left) if left.is_empty() => {
                let _ = writeln!(out, "All rules hold of what they left.");
            }
            Some(left) => {
                let _ = writeln!(out, "What they left:");
                for line in left {
                    let _ = writeln!(out, "  {line}");
                }
            }
        }
        if let Some(again) = &ran.again {
            self.again(out, again);
        }
    }

    fn again(&self, out: &mut String, again: &Again) {
        let Again { effects, taken, live, stepped, differ, .. } = again;
        let _ = match (taken == effects, live == stepped) {
            (true, true) => {
                writeln!(out, "Recorded {effects} effects. Stepped again they lead to the same words: {live:#018x}.")
            }
            (false, _) => {
                writeln!(out, "Recorded {effects} effects, of which step {} cannot be taken again.", taken + 1)
            }
            (true, false) => writeln!(
                out,
                "Recorded {effects} effects. Stepped again they lead to other words: {live:#018x} live, {stepped:#018x} \
                 stepped; {differ} words differ."
            ),
        };
        let _ = match again.rates {
            Some((plain, recorded)) => writeln!(
                out,
                "Recording made it {:.1} times slower: about {recorded:.0} rounds a second instead of {plain:.0}.",
                plain / recorded.max(1e-9)
            ),
            None => writeln!(
                out,
                "How much recording slows cannot be said: without it the run stands still or ends no round."
            ),
        };
        if let Some(file) = self.file {
            let _ =
                writeln!(out, "Written to {}; step through it: p2mscope run LESSON --schedule @{0}", file.display());
        }
    }

    pub fn json(&self) -> String {
        let all: Vec<Value> = self.all.iter().map(|ran| self.value(ran)).collect();
        json!({ "lesson": self.lesson.id, "version": self.version, "runs": all }).to_string() + "\n"
    }

    fn value(&self, ran: &Ran) -> Value {
        let world = &ran.staged.world;
        let actors = world.actor_ids().zip(&ran.counts).zip(&ran.states).map(|((a, c), state)| {
            json!({
                "name": world.actor_name(a),
                "successes": c.operations,
                "failures": c.failures,
                "waits": c.waits,
                "end": stopped(*state),
            })
        });
        let stood = ran.stood.iter().map(|stood| {
            let abort: Vec<&str> = stood.view.abort.iter().map(|&a| name(world, a)).collect();
            json!({ "after": stood.after, "forms": stood.view.forms, "abort": abort })
        });
        let aborted = ran.aborted.iter().map(|it| {
            let released: Vec<String> = it.released.iter().map(|&(l, mode)| sched::side(l, mode, world)).collect();
            json!({ "name": world.actor_name(it.actor), "released": released })
        });
        let again = ran.again.as_ref().map(|again| {
            json!({
                "effects": again.effects,
                "stepped": again.taken,
                "live": format!("{:#018x}", again.live),
                "again": format!("{:#018x}", again.stepped),
                "same": again.live == again.stepped && again.taken == again.effects,
                "rounds_a_second": again.rates.map(|(plain, recorded)| json!({ "plain": plain, "recorded": recorded })),
                "file": self.file.map(|f| f.display().to_string()),
            })
        });
        json!({
            "policy": ran.policy().name(),
            "seconds": ran.seconds,
            "successes": ran.sum(|c| c.operations),
            "successes_a_second": ran.rate(),
            "failures": ran.sum(|c| c.failures),
            "waits": ran.sum(|c| c.waits),
            "actors": actors.collect::<Vec<_>>(),
            "times": view::times(world, &ran.times.0),
            "times_beyond": ran.times.1,
            "stood": stood.collect::<Vec<_>>(),
            "aborted": aborted.collect::<Vec<_>>(),
            "left": ran.left,
            "recorded": again,
        })
    }
}

fn name(world: &World, actor: u8) -> &str {
    world.actor_name(p2mscope_core::addr::ActorId(actor))
}

fn stopped(state: State) -> &'static str {
    match state {
        State::Drained => "ended its round",
        State::Frozen => "stopped in the middle",
        State::Strayed => "went astray: a word led nowhere",
        State::Aborted | State::Releasing => "aborted",
        State::Absent | State::Ready | State::Running => "running",
    }
}

fn released(world: &World, all: &[(p2mscope_core::lock::Lock, Mode)]) -> String {
    match all {
        [] => "held nothing".into(),
        _ => {
            let names: Vec<String> = all.iter().map(|&(lock, mode)| sched::side(lock, mode, world)).collect();
            format!("gave up {}", names.join(", then "))
        }
    }
}

/// The times of the locks that were waited for most.
fn times(out: &mut String, ran: &Ran) {
    let all = view::times(&ran.staged.world, &ran.times.0);
    for TimesView { lock, shared, held, waited } in all.iter().take(LOCKS) {
        let _ = writeln!(out, "  {}{}", lock.text, if *shared { ", shared side" } else { "" });
        for (what, spread) in [("held", held), ("waited for", waited)] {
            let _ = writeln!(out, "    {what:<11}{}{}", spread.in_words(), chart(spread));
        }
    }
    if all.len() > LOCKS {
        let _ = writeln!(out, "  and {} more, which were waited for less", all.len() - LOCKS);
    }
    if ran.times.1 > 0 {
        let _ = writeln!(out, "  {} times are left out: there are more locks than a thread can meter", ran.times.1);
    }
}

fn chart(spread: &Spread) -> String {
    match (spread.bars.first(), spread.bars.last()) {
        (Some(first), Some(last)) if spread.count > 1 => {
            format!("\n               {} |{}| {}", nanos(first.0), spread.blocks(), nanos(last.1))
        }
        _ => String::new(),
    }
}
