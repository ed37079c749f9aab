//! From a lesson's text to a world in its first state, and what panels show of the text.

use std::ops::Range;
use std::sync::Arc;

use p2mscope_core::addr::ActorId;
use p2mscope_core::judge;
use p2mscope_core::lesson::{Form, Lesson as Text, Staged, Teaching};
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

/// What a text says, as far as panels show it.
pub struct Lesson {
    /// What it is called in short, and in links.
    pub id: String,
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
    pub expects: Option<Rule>,
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
    let expected = lesson.expects.iter().filter(|it| it.version == version && it.policies.contains(&policy));
    let watched = rules.unwrap_or_else(judge::watched);
    Ok(Opened {
        lesson: Lesson {
            id: lesson.id.clone(),
            goal: lesson.goal.clone(),
            story: lesson.story.clone(),
            source: lesson.source.clone(),
            hints: lesson.hints.clone(),
            teaching: lesson.teaching.clone(),
            versions: lesson.versions().to_vec(),
            expects: expected.filter_map(|it| it.breach).next(),
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
