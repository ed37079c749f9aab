//! What is said of a run beside another policy: turn by turn in two columns, then where they part and how both end.

use p2mscope_core::sched::{Beside, Event, Run};
use p2mscope_core::script::Script;
use p2mscope_core::view::sentence;
use serde_json::{Value, json};
use std::fmt::Write;
use std::ops::Range;

/// Characters of a column.
const COLUMN: usize = 58;

/// The lesson that was run.
pub struct Named<'a> {
    pub id: &'a str,
    pub version: &'a str,
}

/// A step of a run as it is told.
struct Told {
    step: usize,
    actor: String,
    sentence: String,
    broken: Vec<(String, String)>,
}

/// All steps of a run up to where it stands.
fn steps(run: &mut Run<Script>) -> Vec<Told> {
    let at = run.at();
    let all = (1..=at).map(|step| {
        run.seek(step);
        let Event { actor, broken, .. } = &run.events()[step - 1];
        let broken = broken.iter().map(|b| (b.rule.to_string(), b.why.clone())).collect();
        let actor = run.world().actor_name(*actor).to_string();
        Told { step, actor, sentence: sentence(run), broken }
    });
    all.collect()
}

/// The rules that a run breaks, each once with the step that breaks it first, in a line.
fn breaches(steps: &[Told]) -> String {
    let mut all: Vec<String> = Vec::new();
    let mut seen: Vec<&str> = Vec::new();
    for told in steps {
        for (rule, why) in &told.broken {
            if !seen.contains(&rule.as_str()) {
                seen.push(rule);
                all.push(format!("step {} breaks {rule}: {why}", told.step));
            }
        }
    }
    if all.is_empty() { "nothing breaks".into() } else { all.join("; ") }
}

/// Both runs in words.
pub fn text(lesson: &Named<'_>, left: &mut Run<Script>, beside: &mut Beside<Script>) -> String {
    let (l, r) = (steps(left), steps(&mut beside.run));
    let names = [left.world().policy.name(), beside.run.world().policy.name()];
    let mut out = format!("{} {}\n", lesson.id, lesson.version);
    row(&mut out, &format!("under {}", names[0]), &format!("under {}", names[1]));
    row(&mut out, &"-".repeat(COLUMN), &"-".repeat(COLUMN));
    let parted = beside.parted.clone();
    for turn in &beside.turns {
        if beside.after.is_some_and(|after| after + 1 == turn.right.start) && turn.left.is_empty() {
            row(&mut out, "", "(here all go on in turn)");
        } else if turn.left.is_empty() {
            row(&mut out, "", "(who was late catches up)");
        }
        let (mut a, mut b) = (lines(&l, &turn.left), lines(&r, &turn.right));
        if let Some(parted) = parted.as_ref().filter(|p| turn.left.contains(&p.left)) {
            b.extend(wrap(&format!("-- {}", parted.why)));
        }
        let rows = a.len().max(b.len());
        a.resize(rows, String::new());
        b.resize(rows, String::new());
        a.iter().zip(&b).for_each(|(a, b)| row(&mut out, a, b));
    }
    out.push('\n');
    match &parted {
        None => out.push_str("They do not part: every turn can be taken under both.\n"),
        Some(p) => {
            let _ = writeln!(
                out,
                "They part at step {} under {}, after step {} under {}: {}",
                p.left, names[0], p.right, names[1], p.why
            );
        }
    }
    let late: Vec<&str> = beside.late.iter().map(|&a| left.world().actor_name(a)).collect();
    if !late.is_empty() {
        let _ = writeln!(
            out,
            "When the schedule ends, not as far under {} as under {}: {}.",
            names[1],
            names[0],
            late.join(", ")
        );
    }
    let _ = writeln!(out, "Under {}: {}.", names[0], breaches(&l));
    let _ = writeln!(out, "Under {}: {}. {}", names[1], breaches(&r), beside.stands());
    out
}

fn row(out: &mut String, left: &str, right: &str) {
    let pad = COLUMN.saturating_sub(left.chars().count());
    let line = format!("{left}{} | {right}", " ".repeat(pad));
    out.push_str(line.trim_end());
    out.push('\n');
}

/// The steps of a range, each on as many lines as it needs.
fn lines(all: &[Told], of: &Range<usize>) -> Vec<String> {
    let told = all.iter().filter(|t| of.contains(&t.step));
    let text = |t: &Told| {
        let broken = t.broken.iter().map(|(rule, _)| format!(" Breaks {rule}."));
        format!("{:3} {}{}", t.step, t.sentence, broken.collect::<String>())
    };
    told.flat_map(|t| wrap(&text(t))).collect()
}

/// A text in lines of a column; further ones are set in.
fn wrap(text: &str) -> Vec<String> {
    let mut all = vec![String::new()];
    for word in text.split_inclusive(' ') {
        let last = all.len() - 1;
        if all[last].chars().count() + word.trim_end().chars().count() > COLUMN && !all[last].trim().is_empty() {
            all.push("    ".to_string());
        }
        let last = all.len() - 1;
        all[last] += word;
    }
    all.iter().map(|l| l.trim_end().to_string()).collect()
}

/// The same in JSON.
pub fn json(lesson: &Named<'_>, left: &mut Run<Script>, beside: &mut Beside<Script>) -> String {
    let value = |run: &mut Run<Script>| {
        let told = steps(run).into_iter().map(|t| {
            let broken: Vec<Value> = t.broken.iter().map(|(rule, why)| json!({ "rule": rule, "why": why })).collect();
            json!({ "step": t.step, "actor": t.actor, "sentence": t.sentence, "breaks": broken })
        });
        json!({ "policy": run.world().policy.name(), "steps": told.collect::<Vec<_>>(), "schedule": run.schedule() })
    };
    let world = left.world().clone();
    let mut out = json!({ "lesson": lesson.id, "version": lesson.version, "run": value(left) });
    let range = |r: &Range<usize>| json!([r.start, r.end]);
    let turns = beside.turns.iter().map(|t| json!({ "left": range(&t.left), "right": range(&t.right) }));
    let turns: Vec<Value> = turns.collect();
    let parted = beside
        .parted
        .as_ref()
        .map(|p| json!({ "step": p.left, "after": p.right, "actor": world.actor_name(p.actor), "why": p.why }));
    let late: Vec<&str> = beside.late.iter().map(|&a| world.actor_name(a)).collect();
    out["and"] = value(&mut beside.run);
    out["turns"] = json!(turns);
    out["parted"] = json!(parted);
    out["late"] = json!(late);
    out["all_go_on_after"] = json!(beside.after);
    out["stands"] = json!(beside.stands());
    out.to_string() + "\n"
}
