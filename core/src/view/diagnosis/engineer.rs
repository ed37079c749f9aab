//! What is wrong, for those who read kernel logs: a headed block to each thing, with the locks held and their levels,
//! the chain of orders, and a scenario in columns, time going down.

use super::{Diagnosis, FormView, HeldLock, Party, Possible};
use std::fmt::Write;

const WIDTH: usize = 78;
/// Wider than this a scenario is a list instead of columns.
const WIDEST: usize = 110;

/// What the text needs beside the value: what is run, and how the statement at a place of an actor reads.
pub struct Context<'a> {
    /// `S14 before under 2m`.
    pub what: &'a str,
    /// `line 21: f = get_gfn 2:0x20`; none where that is not known.
    pub statement: &'a dyn Fn(u8, u64) -> Option<String>,
}

/// A row of a scenario: the step, the column, what happens.
type Row = (Option<usize>, usize, String);

impl Diagnosis {
    /// What is wrong as one text; empty if nothing is.
    pub fn engineer(&self, context: &Context<'_>) -> String {
        let mut blocks: Vec<String> = self.forms.iter().map(|f| self.form(f, context)).collect();
        let livelock = self.who(|c| c.livelock);
        if !livelock.is_empty() {
            blocks.push(self.round(&livelock, "LIVELOCK", "actors undo what they do, again and again", context));
        }
        for a in self.who(|c| c.spins) {
            blocks.push(self.round(&[a], "SPINNING", "an actor goes round and gets nowhere", context));
        }
        for a in self.who(|c| c.starves) {
            blocks.push(self.starving(a, context));
        }
        for b in self.breaches() {
            let mut out = self.head(&format!("{} is broken", b.rule), context);
            let _ = writeln!(out, "{}.", b.sentence);
            let step = if b.step == 0 { "before the first step".into() } else { format!("step {}", b.step) };
            let _ = writeln!(out, "{step}: {}", b.why);
            blocks.push(out);
        }
        if !blocks.is_empty() {
            blocks.push(self.state(context));
        }
        blocks.extend(self.possible.iter().filter(|p| !p.stands).map(|p| self.meeting(p, context)));
        blocks.join("\n")
    }

    fn head(&self, title: &str, context: &Context<'_>) -> String {
        let (double, single) = ("=".repeat(WIDTH), "-".repeat(WIDTH));
        format!("{double}\np2mscope: {title}\n{}, step {}\n{single}\n", context.what, self.at)
    }

    /// A form of being stuck.
    fn form(&self, f: &FormView, context: &Context<'_>) -> String {
        let (title, mark) = match f.kind {
            "ring" => ("a ring of waits has closed", "DEADLOCK"),
            "leaked" => ("a lock was left by one who has ended", "LEFT LOCKED"),
            "forsaken" => ("a sleeper whom nobody is left to wake", "NEVER WOKEN"),
            _ => ("one waits behind the stuck", "STUCK BEHIND"),
        };
        let mut out = self.head(title, context);
        for &a in &f.actors {
            self.asks(&mut out, a, context);
        }
        if f.kind == "ring" {
            let _ = writeln!(out, "\nthe chain, each link an order of locks:");
            for (i, &a) in f.actors.iter().enumerate() {
                let before = f.actors[(i + f.actors.len() - 1) % f.actors.len()];
                let _ = writeln!(out, "  #{i}  {}", self.link(self.party(a), self.party(before)));
            }
            let _ = writeln!(out, "\nhow it came about:\n");
            self.scenario(&mut out, &f.actors, self.history(&f.actors));
        } else {
            let _ = writeln!(out, "\n{}", f.sentence);
        }
        let _ = writeln!(out, "\n  *** {mark} ***");
        out
    }

    /// `V0: range 0 -> range 1`: of what an actor holds what the one before it waits for, and what it waits for itself.
    fn link(&self, p: &Party, before: &Party) -> String {
        let wanted = before.wants.as_ref().map(|w| w.lock.lock());
        let clash = |h: &&HeldLock| {
            wanted.is_some_and(|w| h.lock.lock() == w || h.lock.lock().covers(w) || w.covers(h.lock.lock()))
        };
        let held = p.held.iter().find(clash).map_or("(being inside)", |h| &h.lock.text);
        let wants = p.wants.as_ref().map_or_else(
            || p.sleeps.as_ref().map_or(String::new(), |s| format!("({})", s.0)),
            |w| side(&w.lock.text, w.shared),
        );
        format!("{}: {held} -> {wants}", p.name)
    }

    /// What an actor asks for, and who has it.
    fn asks(&self, out: &mut String, a: u8, context: &Context<'_>) {
        let p = self.party(a);
        let at = p.place.and_then(|place| (context.statement)(a, place));
        let at = at.map_or(String::new(), |at| format!("    at {at}\n"));
        match (&p.wants, &p.sleeps) {
            (Some(w), _) => {
                let since = format!("since step {}", w.since);
                let (what, level) = (side(&w.lock.text, w.shared), level(w.level));
                let _ = writeln!(out, "{} ({}) asks for\n    {what}  [{level}]  {since}", p.name, p.what);
                out.push_str(&at);
                for &o in &w.needs {
                    let owner = self.party(o);
                    let has = owner.held.iter().find(|h| h.lock.lock() == w.lock.lock());
                    let since = has.and_then(|h| h.since).map_or(String::new(), |s| format!(" since step {s}"));
                    let who = if o == a { "it itself" } else { &owner.name };
                    let _ = writeln!(out, "which {who} holds{since}.");
                }
            }
            (None, Some((sentence, since))) => {
                let _ = writeln!(out, "{sentence}; since step {since}.\n    ({})", p.what);
                out.push_str(&at);
            }
            _ => {
                let _ = writeln!(out, "{} ({})", p.name, p.what);
            }
        }
    }

    /// What these actors took, hold and wait for, in the order of steps.
    fn history(&self, actors: &[u8]) -> Vec<Row> {
        let mut rows = Vec::new();
        for (column, &a) in actors.iter().enumerate() {
            let p = self.party(a);
            for h in &p.held {
                rows.push((h.since, column, format!("takes {}", side(&h.lock.text, h.shared))));
            }
            if let Some(w) = &p.wants {
                rows.push((Some(w.since), column, format!("asks for {}", side(&w.lock.text, w.shared))));
            } else if let Some((_, since)) = &p.sleeps {
                rows.push((Some(*since), column, "sleeps".into()));
            }
        }
        // In the step after which it waits an actor took nothing; another did.
        rows.sort_by_key(|r| (r.0, !r.2.starts_with("takes")));
        rows
    }

    /// Rows in columns, an actor to each; as a list where that is too wide.
    fn scenario(&self, out: &mut String, actors: &[u8], rows: Vec<Row>) {
        let cells = |column: usize| rows.iter().filter(move |r| r.1 == column).map(|r| r.2.len());
        let widths: Vec<usize> = (0..actors.len()).map(|c| cells(c).max().unwrap_or(0).max(10) + 2).collect();
        let step = |row: &Row| row.0.map_or("     ".into(), |s| format!("{s:5}"));
        if widths.iter().sum::<usize>() > WIDEST {
            for row in &rows {
                let _ = writeln!(out, "{}  {:<8} {}", step(row), self.name(actors[row.1]), row.2);
            }
            return;
        }
        let line = |cells: &dyn Fn(usize) -> String| {
            let all: String = widths.iter().enumerate().map(|(c, w)| format!("{:<w$}", cells(c))).collect();
            all.trim_end().to_owned()
        };
        let _ = writeln!(out, " step  {}", line(&|c| self.name(actors[c]).to_owned()));
        let _ = writeln!(out, " ----  {}", line(&|c| "-".repeat(self.name(actors[c]).chars().count().max(4))));
        for row in &rows {
            let _ =
                writeln!(out, "{}  {}", step(row), line(&|c| if c == row.1 { row.2.clone() } else { String::new() }));
        }
    }

    /// Actors that go round.
    fn round(&self, actors: &[u8], mark: &str, title: &str, context: &Context<'_>) -> String {
        let mut out = self.head(title, context);
        for &a in actors {
            let p = self.party(a);
            let because = match &p.counted.because[..] {
                [] => String::new(),
                others => format!(", because of {}", self.names(others)),
            };
            let (count, since) = (self.count(a), self.since(a));
            let _ = writeln!(out, "{} ({}): {count} rounds since step {since}{because}", p.name, p.what);
            if let Some(at) = p.place.and_then(|place| (context.statement)(a, place)) {
                let _ = writeln!(out, "    at {at}");
            }
        }
        let _ = writeln!(out, "threshold: {} rounds", self.thresholds.rounds);
        if let Some(then) = self.again {
            let _ = writeln!(out, "the state is that after step {then}: steps {} to {} repeat", then + 1, self.at);
        }
        let _ = writeln!(out, "\n  *** {mark} ***");
        out
    }

    fn starving(&self, a: u8, context: &Context<'_>) -> String {
        let mut out = self.head("an actor waits for longer than its patience", context);
        let c = &self.party(a).counted;
        self.asks(&mut out, a, context);
        let _ = writeln!(out, "waited: {} steps of others, overtaken {} times", c.waited, c.overtaken);
        let _ = writeln!(out, "threshold: {} steps\n\n  *** STARVATION ***", self.thresholds.waited);
        out
    }

    /// The locks held by all, and the way out: once, below all blocks.
    fn state(&self, context: &Context<'_>) -> String {
        let mut out = String::new();
        for p in self.parties.iter().filter(|p| !p.held.is_empty()) {
            let n = p.held.len();
            let locks = if n == 1 { "1 lock".into() } else { format!("{n} locks") };
            let _ = writeln!(out, "{locks} held by {} ({}), outermost first:", p.name, p.what);
            let width = p.held.iter().map(|h| side(&h.lock.text, h.shared).len()).max().unwrap_or(0);
            for (i, h) in p.held.iter().enumerate() {
                let since = h.since.map_or(String::new(), |s| format!("  since step {s}"));
                let deep = if h.depth > 1 { format!("  {} deep", h.depth) } else { String::new() };
                let what = side(&h.lock.text, h.shared);
                let _ = writeln!(out, " #{i}: {what:<width$}  [{}]{since}{deep}", level(h.level));
                if let Some(at) = h.place.and_then(|place| (context.statement)(p.actor, place)) {
                    let _ = writeln!(out, "     at {at}");
                }
            }
        }
        if out.is_empty() {
            out.push_str("no locks are held.\n");
        }
        if !self.abort.is_empty() {
            let _ = writeln!(out, "smallest set to abort: {}", self.names(&self.abort));
        }
        let moving = if self.moving.is_empty() { "nobody".into() } else { self.names(&self.moving) };
        let _ = writeln!(out, "can still move: {moving}");
        out
    }

    /// A deadlock that could be: where each order was seen first, and what happens if they meet.
    fn meeting(&self, p: &Possible, context: &Context<'_>) -> String {
        let mut out = self.head("locks are asked for in orders that can close a ring", context);
        for (i, o) in p.orders.iter().enumerate() {
            let stack: Vec<&str> = o.stack.iter().map(|l| l.text.as_str()).collect();
            let (who, wants) = (self.name(o.actor), side(&o.wants.text, o.shared));
            let _ = writeln!(out, "#{i}  {who}: {} -> {wants}", o.held.text);
            let _ = writeln!(out, "      first seen: {}, step {}; it held {}", o.run_name, o.step, stack.join(", "));
        }
        let _ = writeln!(out, "\nif they meet:\n");
        let held = p.orders.iter().enumerate().map(|(c, o)| (None, c, format!("takes {}", o.held.text)));
        let wants = p.orders.iter().enumerate();
        let wants = wants.map(|(c, o)| (None, c, format!("asks for {}", side(&o.wants.text, o.shared))));
        let actors: Vec<u8> = p.orders.iter().map(|o| o.actor).collect();
        self.scenario(&mut out, &actors, held.chain(wants).collect());
        let _ = writeln!(out, "\n  *** POSSIBLE DEADLOCK ***");
        out
    }
}

/// A lock with its side.
fn side(text: &str, shared: bool) -> String {
    if shared { format!("{text}, shared") } else { text.to_owned() }
}

fn level(level: u8) -> String {
    if level == 0 { "no level".into() } else { format!("level {level}") }
}
