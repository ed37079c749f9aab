//! From a lesson's text to a world in its first state, and what panels show of the text.

use std::ops::Range;
use std::sync::Arc;

use p2mscope_core::addr::ActorId;
use p2mscope_core::judge;
use p2mscope_core::lesson::{Expect, Form, Lesson as Text, Staged, Teaching};
use p2mscope_core::machine::Policy;
use p2mscope_core::script::{self, Script};
use p2mscope_core::sim::Sim;
use p2mscope_core::watch::{Rule, Rules};

/// What actors run.
pub type Program = Script;

/// Something wrong in a text.
pub type Fault = script::Error;

/// A line of an actor's program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its statement, without margin and comment.
    pub text: String,
    /// The author's remark on it.
    pub comment: String,
    /// How deep it is nested.
    pub indent: u8,
    /// Its line in the file, counted from 1.
    number: u32,
}

/// A breach that a lesson says can be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Goal {
    /// Which.
    pub rule: Rule,
    /// The fewest lock events on the way there, if the lesson says how many.
    pub lock_events: Option<u64>,
    /// The fewest steps, if the lesson says how many.
    pub steps: Option<u64>,
}

impl Goal {
    fn of(expect: &Expect) -> Option<Self> {
        Some(Self { rule: expect.breach?, lock_events: expect.lock_events, steps: expect.steps })
    }

    /// How short the way there is, in words; none where the lesson does not say.
    pub fn shortest(&self) -> Option<String> {
        let of = |n: u64, what: &str| match n {
            0 => format!("no {what}"),
            1 => format!("1 {what}"),
            n => format!("{n} {what}s"),
        };
        match (self.lock_events, self.steps) {
            (Some(0), Some(steps)) => Some(format!("{}, no lock", of(steps, "step"))),
            (Some(locks), _) => Some(of(locks, "lock event")),
            (None, Some(steps)) => Some(of(steps, "step")),
            (None, None) => None,
        }
    }
}

/// What a text says, as far as panels show it.
pub struct Lesson {
    /// What it is called in short, and in links.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// What is to be done, in one sentence.
    pub goal: String,
    /// What happens, and what one might think of it.
    pub story: String,
    /// Where the story comes from.
    pub source: String,
    /// From gentle to plain.
    pub hints: Vec<String>,
    /// For whom it is, and notes for teachers.
    pub teaching: Teaching,
    /// The versions of its programs.
    pub versions: Vec<String>,
    /// The breach that the lesson says is there, in this version and under this policy.
    pub finds: Option<Rule>,
    /// All breaches that it says can be found in this version under this policy, the one that matters last.
    pub goals: Vec<Goal>,
    /// What it says of all versions.
    pub expects: Vec<Expect>,
    /// The policy that it is meant to be opened with.
    pub own_policy: Policy,
    /// What a learner may change to repair it: names of actors, or `procedures`. Empty: it is no exercise.
    pub editable: Vec<String>,
    /// Why it cannot be run live, in this version.
    pub not_live: Option<String>,
    /// The program of each actor, the procedures that it calls below it.
    pub programs: Vec<Vec<Line>>,
    /// What each actor runs live.
    pub loops: Vec<Vec<Line>>,
    script: Arc<Script>,
}

impl Lesson {
    /// The line of an actor's program that a place stands on.
    pub fn line(&self, actor: u8, place: u64) -> Option<usize> {
        let origin = self.script.programs.get(usize::from(actor))?.origins.get(usize::try_from(place).ok()?)?;
        self.programs.get(usize::from(actor))?.iter().position(|line| line.number == origin.line)
    }

    /// Why no repair of it can be judged; none if one can.
    pub fn no_exercise(&self) -> Option<String> {
        self.editable.is_empty().then(|| "This lesson is no exercise: it does not say what may be repaired.".to_owned())
    }

    /// The statements that a label of an actor's program names.
    pub fn places(&self, actor: ActorId, label: &str) -> Vec<u64> {
        let program = self.script.programs.get(usize::from(actor.0));
        program.and_then(|it| it.label(label)).unwrap_or(&[]).iter().map(|&at| at as u64).collect()
    }

    /// That line as reports quote it: `line 21: f = get_gfn 2:0x20`.
    pub fn statement(&self, actor: u8, place: u64) -> Option<String> {
        let line = self.programs.get(usize::from(actor))?.get(self.line(actor, place)?)?;
        Some(format!("line {}: {}", line.number, line.text))
    }
}

/// A lesson that is ready to run.
pub struct Opened {
    /// What panels show.
    pub lesson: Lesson,
    /// The version that was taken.
    pub version: String,
    /// The policy that was taken.
    pub policy: Policy,
    /// The world in its first state.
    pub sim: Sim<Program>,
    /// The same as it was staged, for runs of other kinds.
    pub staged: Staged,
}

/// Reads `text`. Its first version is taken where it has none of that name, its own policy where none is given; of the
/// rules only `rules` are watched, or where there are none all that a step can break.
pub fn open(text: &str, version: &str, policy: Option<Policy>, rules: Option<Rules>) -> Result<Opened, Vec<Fault>> {
    open_as(text, version, Form::Once, policy, rules)
}

/// The same, of the programs or of the loops that are run live.
pub fn open_as(
    text: &str,
    version: &str,
    form: Form,
    policy: Option<Policy>,
    rules: Option<Rules>,
) -> Result<Opened, Vec<Fault>> {
    let lesson = Text::parse(text)?;
    let version = lesson.versions().iter().find(|it| *it == version).or(lesson.versions().first());
    let version = version.cloned().unwrap_or_else(|| "before".to_owned());
    let staged = lesson.stage_as(&version, form, policy, None)?;
    let policy = staged.world.policy;
    let expected = || lesson.expects.iter().filter(|it| it.version == version && it.policies.contains(&policy));
    let watched = rules.unwrap_or_else(judge::watched);
    Ok(Opened {
        lesson: Lesson {
            id: lesson.id.clone(),
            title: lesson.title.clone(),
            goal: lesson.goal.clone(),
            story: lesson.story.clone(),
            source: lesson.source.clone(),
            hints: lesson.hints.clone(),
            teaching: lesson.teaching.clone(),
            versions: lesson.versions().to_vec(),
            finds: expected().find_map(|it| it.breach),
            goals: expected().filter_map(Goal::of).collect(),
            expects: lesson.expects.clone(),
            own_policy: lesson.world.policy,
            editable: editable(&lesson),
            not_live: lesson.why_not_live(&version),
            programs: staged.world.actor_ids().map(|actor| lines(&lesson, &version, form, actor)).collect(),
            loops: staged.world.actor_ids().map(|actor| lines(&lesson, &version, Form::Loop, actor)).collect(),
            script: staged.script.clone(),
        },
        sim: staged.sim(watched),
        staged,
        version,
        policy,
    })
}

/// What may be edited, where the lesson says that it can be repaired.
fn editable(lesson: &Text) -> Vec<String> {
    let Some(repair) = lesson.repair.as_ref().filter(|_| !lesson.says_safe("repaired").is_empty()) else {
        return Vec::new();
    };
    let actors = repair.actors.iter().filter_map(|at| Some(lesson.actors.get(*at)?.name.clone()));
    actors.chain(repair.procedures.then(|| "procedures".to_owned())).collect()
}

/// What a list of lessons says of one.
pub struct Card {
    /// What is to be done, in one sentence.
    pub goal: String,
    /// For whom it is.
    pub teaching: Teaching,
    /// How short the way to its breach is.
    pub shortest: Option<String>,
}

impl Card {
    /// Of a text; none for one with faults.
    pub fn of(text: &str) -> Option<Self> {
        let lesson = Text::parse(text).ok()?;
        let breaks = || lesson.expects.iter().filter(|it| it.breach.is_some());
        let first = lesson.versions().first().cloned().unwrap_or_default();
        let here = breaks().filter(|it| it.version == first && it.policies.contains(&lesson.world.policy));
        // Of several breaches the last is the one that matters; some say no number.
        let shortest = here.rev().chain(breaks()).filter_map(Goal::of).find_map(|goal| goal.shortest());
        Some(Self { shortest, goal: lesson.goal, teaching: lesson.teaching })
    }
}

/// An actor's lines, and those of the procedures if it calls any.
fn lines(lesson: &Text, version: &str, form: Form, actor: ActorId) -> Vec<Line> {
    let own = lesson.text_as(usize::from(actor.0), version, form);
    let calls = own.is_some_and(|text| text.as_str().contains("call "));
    let procedures = lesson.procedures_text(version).filter(|_| calls);
    own.into_iter().chain(procedures).flat_map(|text| lines_of(lesson, text)).collect()
}

fn lines_of(lesson: &Text, text: &script::Text) -> Vec<Line> {
    let mut start = 0;
    let mut lines = Vec::new();
    for line in text.as_str().split('\n') {
        let range: Range<usize> = start..start + line.len();
        start = range.end + 1;
        let (statement, comment) = line.split_once('#').unwrap_or((line, ""));
        let statement = statement.trim_end();
        let bare = statement.trim_start();
        if bare.is_empty() {
            continue;
        }
        let margin = statement.len() - bare.len();
        lines.push(Line {
            text: bare.to_owned(),
            comment: comment.trim().to_owned(),
            indent: u8::try_from(margin / 4).unwrap_or(u8::MAX),
            number: lesson.file().line(text.span(range.start + margin..range.end)),
        });
    }
    lines
}
