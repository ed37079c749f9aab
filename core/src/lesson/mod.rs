//! Lesson files: one TOML text with a world, actors and their programs, what to expect, and how a repair is judged.
//!
//! [`Lesson::parse`] reads and checks everything: keys, names, numbers, all versions of all programs, conditions
//! and schedules. It gives a lesson that can be built and run, or every error with its line and column in the
//! file, also for errors inside a program's text. A learner's edit is an edit of this file.

mod answer;
mod copies;
mod course;
mod expect;
mod map;
mod read;
mod reader;
mod results;
mod stage;
mod teaching;
#[cfg(test)]
mod tests;
mod text;
mod world;

pub use answer::{ANSWER, Unjudged};
pub use copies::{Copies, Crowd, Spread};
pub use course::{Group, ORDER, course};
pub use expect::{Expect, Pattern, Repair, ScheduleWord, Until};
pub use map::MapItem;
pub use results::{NAME, Results, ResultsError};
pub use stage::Staged;
pub use teaching::{Difficulty, Notes, Teaching};
pub use world::{DomainSpec, FrameSpec, GrantSpec, ViewSpec, WorldSpec};

use crate::addr::DomId;
use crate::machine::Kind;
use crate::script::ast::{Block, Proc};
use crate::script::code::{Expr, Program};
use crate::script::{self, Error, File, Known, MAX_BYTES, Moved, Names, Problem, Text, Unit};

/// A lesson, checked.
#[derive(Clone, Debug)]
pub struct Lesson {
    /// Its short name, as in a link: `S03`.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Where the story comes from.
    pub source: String,
    /// What to reach, in one sentence.
    pub goal: String,
    /// What happens, and what one might think of it.
    pub story: String,
    /// From gentle to plain.
    pub hints: Vec<String>,
    /// For whom it is, and notes for teachers.
    pub teaching: Teaching,
    /// What holds for all.
    pub world: WorldSpec,
    /// The domains.
    pub domains: Vec<DomainSpec>,
    /// Further tables of domains.
    pub views: Vec<ViewSpec>,
    /// Frames that nothing maps.
    pub frames: Vec<FrameSpec>,
    /// The grants.
    pub grants: Vec<GrantSpec>,
    /// The actors.
    pub actors: Vec<ActorSpec>,
    /// What is expected of each version.
    pub expects: Vec<Expect>,
    /// How a repair is judged, if the lesson is an exercise.
    pub repair: Option<Repair>,
    /// The versions that can be run live: their loops return the world to where it began.
    pub live: Vec<String>,
    /// The names of the world: what indices in compiled code mean.
    pub names: Names,
    procedures: Vec<Version<Vec<Proc>>>,
    versions: Vec<String>,
    file: File,
    /// Where each actor's program works, if this is a crowd of copies.
    moved: Vec<Moved>,
}

/// `[[actor]]`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ActorSpec {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// The domain that it acts for.
    pub domain: DomId,
    programs: Vec<Version<Block>>,
    /// What it runs live instead, where that is not its program; without a name for all versions.
    loops: Vec<Version<Block>>,
}

/// Which form of a version's programs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Form {
    /// The programs, which are stepped and explored.
    #[default]
    Once,
    /// The loops that are run live, round after round.
    Loop,
}

impl ActorSpec {
    /// What it runs in a form of a version.
    fn program(&self, version: &str, form: Form) -> Option<&Version<Block>> {
        let own = |name: &str| self.loops.iter().find(|v| v.name == name).filter(|_| form == Form::Loop);
        own(version).or_else(|| own("")).or_else(|| of_version(&self.programs, version))
    }
}

/// One version of a text.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Version<T> {
    name: String,
    text: Text,
    tree: T,
}

/// One version of a lesson, ready to run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Compiled {
    /// The programs, one for each actor.
    pub programs: Vec<Program>,
    /// True whenever all have ended: [`Repair::ensure`].
    pub ensure: Vec<Expr>,
    /// True in some state of some run: [`Repair::reach`].
    pub reach: Vec<Expr>,
    /// What the lesson's own words hold at first, in the order of [`Names::words`].
    pub words: Vec<u64>,
}

/// The text of that version; one that has none uses `before`, and a text without versions is all of them.
fn of_version<'v, T>(all: &'v [Version<T>], name: &str) -> Option<&'v Version<T>> {
    let find = |n: &str| all.iter().find(|v| v.name == n);
    find(name).or_else(|| find("before"))
}

impl Lesson {
    /// Reads a file as bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Lesson, Vec<Error>> {
        if bytes.len() > MAX_BYTES {
            return Err(vec![too_large(bytes.len())]);
        }
        match std::str::from_utf8(bytes) {
            Ok(text) => Lesson::parse(text),
            Err(e) => {
                let at = e.valid_up_to();
                let file = File::new(String::from_utf8_lossy(&bytes[..at]));
                let message = format!("a lesson is a text in UTF-8: byte {:#04x} is none", bytes[at]);
                Err(vec![file.error(Problem::new((at..at).into(), message))])
            }
        }
    }

    /// Reads and checks a file.
    pub fn parse(text: &str) -> Result<Lesson, Vec<Error>> {
        if text.len() > MAX_BYTES {
            return Err(vec![too_large(text.len())]);
        }
        read::lesson(text)
    }

    /// The versions that any actor or the procedures have, `before` first.
    pub fn versions(&self) -> &[String] {
        &self.versions
    }

    /// The whole file.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// The text of an actor's program in a version.
    pub fn program_text(&self, actor: usize, version: &str) -> Option<&Text> {
        self.text_as(actor, version, Form::Once)
    }

    /// The text of what an actor runs in a form of a version.
    pub fn text_as(&self, actor: usize, version: &str, form: Form) -> Option<&Text> {
        self.actors.get(actor)?.program(version, form).map(|v| &v.text)
    }

    /// Why a version cannot be run live, in a sentence or two; none if it can.
    pub fn why_not_live(&self, version: &str) -> Option<String> {
        if self.live.iter().any(|v| v == version) {
            return None;
        }
        let (id, all) = (&self.id, self.live.join(", "));
        Some(match self.live.is_empty() {
            true => format!(
                "{id} states no live loop: its programs are meant to run once, and a second round would not find the world as \
                 the first one did. `live = [\"{version}\"]` in the lesson says that its loops return the world to where it \
                 began."
            ),
            false => format!("{id} states no live loop for its version {version}, only for {all}."),
        })
    }

    /// The text of the procedures in a version, if there are any.
    pub fn procedures_text(&self, version: &str) -> Option<&Text> {
        of_version(&self.procedures, version).map(|v| &v.text)
    }

    /// A schedule in words, as an expectation has one: `V0@use PG! B*3 V0`. Errors have their place in that text.
    pub fn schedule(&self, words: &str) -> Result<Vec<ScheduleWord>, Vec<Error>> {
        let file = File::new(words);
        let mut r = reader::Reader { file: &file, problems: Vec::new() };
        let labels = |actor: usize, label: &str| self.known(actor).labels.iter().any(|l| l == label);
        let schedule = expect::schedule(&mut r, &Text::whole(words), &self.names, &labels);
        let problems = r.problems;
        if problems.is_empty() { Ok(schedule) } else { Err(file.errors(problems)) }
    }

    /// The programs and conditions of a version. A lesson that was parsed compiles in each of its versions.
    pub fn compile(&self, version: &str) -> Result<Compiled, Vec<Error>> {
        self.compile_as(version, Form::Once)
    }

    /// The same, of a form of a version.
    pub fn compile_as(&self, version: &str, form: Form) -> Result<Compiled, Vec<Error>> {
        self.compiled(version, form).map_err(|problems| self.file.errors(problems))
    }

    fn compiled(&self, version: &str, form: Form) -> Result<Compiled, Vec<Problem>> {
        if !self.versions.iter().any(|v| v == version) {
            let message = format!("no version `{version}`; there are {}", self.versions.join(", "));
            return Err(vec![Problem::new((0..0).into(), message)]);
        }
        let none = Vec::new();
        let procs = of_version(&self.procedures, version).map_or(&none, |v| &v.tree);
        let tree = |a: &ActorSpec| a.program(version, form).map(|v| v.tree.clone()).unwrap_or_default();
        let programs: Vec<Block> = self.actors.iter().map(tree).collect();
        let known: Vec<Known> = (0..self.actors.len()).map(|a| self.known(a)).collect();
        let repair = self.repair.clone().unwrap_or_default();
        let ensures = repair.ensure.len();
        let conditions: Vec<_> = repair.ensure.into_iter().chain(repair.reach).collect();
        let unit = Unit {
            file: &self.file,
            names: &self.names,
            procs,
            programs: &programs,
            known: &known,
            conditions: &conditions,
            moved: &self.moved,
        };
        let made = script::compile(&unit)?;
        let mut ensure = made.conditions;
        let reach = ensure.split_off(ensures);
        Ok(Compiled { programs: made.programs, ensure, reach, words: made.words })
    }

    /// The names of an actor that conditions may use, over all versions.
    fn known(&self, actor: usize) -> Known {
        let mut known = Known::default();
        for v in &self.actors[actor].programs {
            script::collect(&v.tree, &mut known, true);
        }
        for p in self.procedures.iter().flat_map(|v| &v.tree) {
            script::collect(&p.body, &mut known, false);
        }
        known
    }
}

fn too_large(bytes: usize) -> Error {
    let message = format!("this file has {bytes} bytes: at most {MAX_BYTES} (64 KB) are read");
    Error { line: 1, col: 1, found: String::new(), message }
}
