//! What a lesson expects, and how a repair is judged.

use super::reader::{Reader, Table};
use super::world::{WorldSpec, policy};
use crate::addr::DomGfn;
use crate::machine::Policy;
use crate::script::ast::{self, ExprKind};
use crate::script::code::{Arg, Expr, List, Lock, Place, Ring, VerbCall};
use crate::script::lex::{Tok, lex};
use crate::script::parse::{self, Parser};
use crate::script::verbs::{self, Verb};
use crate::script::{Kind, Names, Span, Text, did_you_mean, not_offered};
use crate::watch::{Rule, Rules};
use std::fmt;

/// `[[expect]]`: one answer that the lesson gives.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Expect {
    /// Of which version.
    pub version: String,
    /// Under which policies.
    pub policies: Vec<Policy>,
    /// Whether a get pins, if it differs from the world's.
    pub pin: Option<bool>,
    /// The breach that is found, or nothing: then no rule can be broken.
    pub breach: Option<Rule>,
    /// Which breaches are meant where none is expected, if not all: others may be found.
    pub among: Option<Rules>,
    /// A schedule that leads to it.
    pub schedule: Vec<ScheduleWord>,
    /// The fewest steps to the breach.
    pub steps: Option<u64>,
    /// Lock events among them.
    pub lock_events: Option<u64>,
    /// The number of different states.
    pub states: Option<u64>,
    /// The version whose runs can end in the same states and in no other.
    pub alike: Option<String>,
    /// Where it stands.
    pub span: Span,
}

impl Expect {
    /// The rules that a search for this watches.
    pub fn watched(&self) -> Rules {
        self.breach.map_or(self.among.unwrap_or(Rules::ALL), Rules::only)
    }
}

/// A word of a schedule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScheduleWord {
    /// Who runs, by its place in the lesson.
    pub actor: usize,
    /// How far.
    pub until: Until,
    /// Where the word stands.
    pub span: Span,
}

/// How far a word of a schedule lets an actor run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Until {
    /// That many steps: `A`, `A*3`.
    Steps(u32),
    /// Until that label's effect is the next one: `A@label`.
    Label(String),
    /// Until it waits or ends: `A!`.
    Blocked,
}

/// `[repair]`: what a learner may change, and what must hold then.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Repair {
    /// Actors whose programs may be changed, by their place in the lesson.
    pub actors: Vec<usize>,
    /// Whether the procedures may be changed.
    pub procedures: bool,
    /// True whenever all have ended.
    pub ensure: Vec<ast::Expr>,
    /// True in some state of some run.
    pub reach: Vec<ast::Expr>,
    /// What some run completes.
    pub keep: Vec<Pattern>,
    /// What a program may not contain.
    pub forbid: Vec<Pattern>,
}

/// `"PG: evict"`, `"V0: store content"`: an actor's verb, on a thing of that name if one is given.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pattern {
    /// Whose.
    pub actor: usize,
    /// What it does.
    pub verb: Verb,
    /// On what: a place, lock, list, ring or class, or a frame number as it is written.
    pub object: Option<String>,
    /// Of what that is, if only that one is meant: the domain of `lock p2m(1)`.
    pub of: Option<String>,
}

impl Pattern {
    /// Whether a statement of that actor's program is meant.
    pub fn matches(&self, call: &VerbCall, names: &Names) -> bool {
        self.verb == call.verb
            && self.object.as_ref().is_none_or(|o| call.args.iter().any(|(_, a)| self.means(a, o, names)))
    }

    fn means(&self, arg: &Arg, object: &str, names: &Names) -> bool {
        is_named(arg, object, names) && self.of.as_ref().is_none_or(|of| is_of(arg, of, names))
    }
}

impl fmt::Display for Pattern {
    /// As it is written, without the actor.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.verb.name())?;
        match (&self.object, &self.of) {
            (Some(object), Some(of)) => write!(f, " {object}({of})"),
            (Some(object), None) => write!(f, " {object}"),
            (None, _) => Ok(()),
        }
    }
}

/// Whether a lock, place or list is that of a domain, a frame or a frame number, told without running.
fn is_of(arg: &Arg, of: &str, names: &Names) -> bool {
    let e = match arg {
        Arg::Lock(Lock::Core(_, e)) => e.as_ref(),
        Arg::Place(Place::Core(_, all, _)) => all.first(),
        Arg::List(List::Core(_, e)) => Some(e),
        _ => None,
    };
    match e {
        Some(Expr::Frame(i)) => names.frames.get(*i).is_some_and(|n| n == of),
        Some(Expr::Const(word)) if of.contains(':') => DomGfn::from_word(*word).to_string() == of,
        Some(Expr::Const(word)) => names.space(of).map(u64::from).or_else(|| of.parse().ok()) == Some(*word),
        _ => false,
    }
}

fn is_named(arg: &Arg, name: &str, names: &Names) -> bool {
    let is = |n: Option<&String>| n.is_some_and(|n| n == name);
    match arg {
        Arg::Place(Place::Core(kind, ..)) => kind.name() == name,
        Arg::Place(Place::Word(i, _)) => is(names.words.get(*i).map(|(n, _)| n)),
        Arg::Lock(Lock::Core(kind, _)) => kind.name() == name,
        Arg::Lock(Lock::Own(i)) => is(names.locks.get(*i).map(|(n, _)| n)),
        Arg::List(List::Core(kind, _)) => kind.name() == name,
        Arg::List(List::Own(i, _)) => is(names.lists.get(*i)),
        Arg::Ring(Ring::Domain(_)) => name == "ring",
        Arg::Ring(Ring::Own(i, _)) => is(names.rings.get(*i)),
        Arg::Class(class, _) => class.name() == name,
        Arg::Actor(i) => is(names.actors.get(*i).map(|(n, _)| n)),
        Arg::Value(Expr::Const(word), Kind::Gfn) => DomGfn::from_word(*word).to_string() == name,
        Arg::Value(Expr::Frame(i), _) => is(names.frames.get(*i)),
        _ => false,
    }
}

/// All `[[expect]]`. `versions` are those that have a text; `labels` tells whether a version's actor has a label.
pub fn expects(
    r: &mut Reader<'_>,
    top: Table<'_>,
    names: &Names,
    world: &WorldSpec,
    versions: &[String],
    labels: &dyn Fn(usize, &str) -> bool,
) -> Vec<Expect> {
    let keys = ["version", "policy", "pin", "breach", "among", "schedule", "steps", "lock_events", "states", "alike"];
    let mut out = Vec::new();
    for t in r.list(top, "expect", "[[expect]]", &keys) {
        let mut of = |key| {
            let (v, span) = r.text(t, key)?;
            if !versions.iter().any(|n| n == v.as_str()) {
                let all = versions.join(", ");
                r.wrong(span, format!("[[expect]] {key} `{}` has no text; there are {all}", v.as_str()));
            }
            Some((v.as_str().to_string(), span))
        };
        let (version, alike) = (of("version"), of("alike"));
        let mut policies = Vec::new();
        for (name, span) in r.texts(t, "policy") {
            policies.extend(policy(r, name.as_str(), span));
        }
        if !t.has("policy") {
            policies.push(world.policy);
        }
        let breach = r.needed(t, "breach").and_then(|(b, span)| match b.as_str() {
            "none" => Some(None),
            name => rule(r, name, span, world).map(Some),
        });
        let mut among = None;
        for (name, span) in r.texts(t, "among") {
            among = rule(r, name.as_str(), span, world).map(|found| among.unwrap_or(Rules::NONE).with(found)).or(among);
        }
        for (key, wants) in [("steps", true), ("lock_events", true), ("alike", false), ("among", false)] {
            if t.has(key) && breach.is_some_and(|found| found.is_some() != wants) {
                let why = if wants { "with a breach" } else { "where the breach is `none`" };
                r.wrong(t.at(key), format!("[[expect]] `{key}` stands only {why}"));
            }
        }
        let schedule = r.text(t, "schedule").map(|(text, _)| schedule(r, &text, names, labels)).unwrap_or_default();
        out.push(Expect {
            version: version.map_or_else(|| "before".into(), |(v, _)| v),
            policies,
            pin: r.flag(t, "pin"),
            breach: breach.flatten(),
            among,
            schedule,
            steps: r.number(t, "steps", 0..1 << 32).map(|n| n.0),
            lock_events: r.number(t, "lock_events", 0..1 << 32).map(|n| n.0),
            states: r.number(t, "states", 0..1 << 48).map(|n| n.0),
            alike: alike.map(|(v, _)| v),
            span: t.span,
        });
    }
    out
}

/// A breach by its name.
fn rule(r: &mut Reader<'_>, name: &str, span: Span, world: &WorldSpec) -> Option<Rule> {
    let found = Rule::from_name(name);
    if found == Some(Rule::Starvation) && world.patience.is_none() {
        r.wrong(span, "nobody starves in a world without `patience`: say after how many steps of others");
    }
    if found.is_none() {
        let near = did_you_mean(name, Rule::all().map(Rule::name)).map(|n| format!("; did you mean `{n}`?"));
        let all = "; there are I1 to I34, deadlock, hang, starvation, stray, lost-write, leak, assert, ensure, none";
        r.wrong(span, format!("no breach `{name}`{}", near.unwrap_or_else(|| all.into())));
    }
    found
}

/// A schedule: `V0@use PG! B*3 V0`.
pub fn schedule(
    r: &mut Reader<'_>,
    text: &Text,
    names: &Names,
    labels: &dyn Fn(usize, &str) -> bool,
) -> Vec<ScheduleWord> {
    let lexed = lex(text);
    let mut p = Parser::new(&lexed.tokens, lexed.problems);
    let mut out = Vec::new();
    loop {
        p.newlines();
        if p.peek() == Tok::Eof {
            break;
        }
        let Ok(word) = schedule_word(&mut p, names, labels) else { break };
        out.push(word);
    }
    p.finish(&mut r.problems);
    out
}

fn schedule_word(p: &mut Parser<'_>, names: &Names, labels: &dyn Fn(usize, &str) -> bool) -> Result<ScheduleWord, ()> {
    let name = p.name("an actor")?;
    let Some(actor) = names.actor(&name.name) else {
        return p.wrong(name.span, unknown_actor(&name.name, names));
    };
    let until = if p.eat("!") {
        Until::Blocked
    } else if p.eat("@") {
        let label = p.name("a label")?;
        if !labels(actor, &label.name) {
            return p.wrong(label.span, format!("`{}` has no label `{}`", name.name, label.name));
        }
        Until::Label(label.name)
    } else if p.eat("*") {
        match p.peek() {
            Tok::Number(n @ 1..=1_000_000) => {
                p.next();
                Until::Steps(n as u32)
            }
            _ => return p.wrong(p.span(), "a number of steps is missing, as in V0*3"),
        }
    } else {
        Until::Steps(1)
    };
    Ok(ScheduleWord { actor, until, span: name.span.to(p.last()) })
}

fn unknown_actor(name: &str, names: &Names) -> String {
    let all: Vec<_> = names.actors.iter().map(|(n, _)| n.as_str()).collect();
    let near = did_you_mean(name, all.iter().copied()).map(|n| format!("; did you mean `{n}`?"));
    format!("no actor named `{name}`{}", near.unwrap_or_else(|| format!("; there are {}", all.join(", "))))
}

/// `[repair]`.
pub fn repair(r: &mut Reader<'_>, top: Table<'_>, names: &Names) -> Option<Repair> {
    let t = r.inner(top, "repair", "[repair]", &["edit", "ensure", "reach", "keep", "forbid"])?;
    let mut out = Repair::default();
    for (text, span) in r.texts(t, "edit") {
        match (text.as_str(), names.actor(text.as_str())) {
            ("procedures", _) => out.procedures = true,
            (_, Some(actor)) => out.actors.push(actor),
            (other, None) => r.wrong(span, format!("{}, or procedures", unknown_actor(other, names))),
        }
    }
    if out.actors.is_empty() && !out.procedures {
        r.wrong(t.span, "[repair] needs `edit`: what may be changed");
    }
    for (key, list) in [("ensure", &mut out.ensure), ("reach", &mut out.reach)] {
        for (text, _) in r.texts(t, key) {
            list.extend(parse::condition(&text, &mut r.problems));
        }
    }
    for (key, list) in [("keep", &mut out.keep), ("forbid", &mut out.forbid)] {
        for (text, _) in r.texts(t, key) {
            list.extend(pattern(r, &text, names));
        }
    }
    Some(out)
}

/// `actor: verb [object]`.
fn pattern(r: &mut Reader<'_>, text: &Text, names: &Names) -> Option<Pattern> {
    let lexed = lex(text);
    let mut p = Parser::new(&lexed.tokens, lexed.problems);
    let made = pattern_in(&mut p, names);
    p.finish(&mut r.problems);
    made.ok()
}

fn pattern_in(p: &mut Parser<'_>, names: &Names) -> Result<Pattern, ()> {
    let name = p.name("an actor")?;
    let Some(actor) = names.actor(&name.name) else {
        return p.wrong(name.span, unknown_actor(&name.name, names));
    };
    p.expect(":", "between the actor and the verb")?;
    let word = p.name("a verb")?;
    let Some(verb) = Verb::from_name(&word.name) else {
        let near = did_you_mean(&word.name, verbs::offered()).map(|n| format!("; did you mean `{n}`?"));
        return p.wrong(word.span, format!("no verb `{}`{}", word.name, near.unwrap_or_default()));
    };
    if !verb.offered() {
        return p.wrong(word.span, not_offered(&format!("`{}`", word.name)));
    }
    let object = if p.peek() == Tok::Eof { None } else { Some(p.expr()?) };
    if p.peek() != Tok::Eof {
        let found = p.found();
        return p.wrong(p.span(), format!("an actor, a verb and what it acts on, as in  V0: lock p2m; found {found}"));
    }
    // A thing is named alone, or with what it is of; a frame number is compared as the core writes it.
    let (object, of) = match object {
        None => (None, None),
        Some(e) => match &e.kind {
            ExprKind::Call(n, args) => (Some(n.name.clone()), args.first().map(|a| a.to_string())),
            _ => (Some(e.to_string()), None),
        },
    };
    Ok(Pattern { actor, verb, object, of })
}
