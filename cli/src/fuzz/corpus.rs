//! What inputs are made from: the lessons of the house, the language's own documentation, and programs made up by chance.

use p2mscope_core::entry::{Access, Format, P2mType};
use p2mscope_core::lesson::{Lesson, Staged};
use p2mscope_core::machine::Policy;
use p2mscope_core::script::verbs::VERBS;
use p2mscope_core::trial::{Dice, Setting, mixed, plan};
use p2mscope_core::watch::Rule;
use std::collections::BTreeSet;

const LESSONS: [&str; 8] = [
    include_str!("../../../static/lessons/first.toml"),
    include_str!("../../../static/lessons/S03.toml"),
    include_str!("../../../static/lessons/S14.toml"),
    include_str!("../../../static/lessons/S15.toml"),
    include_str!("../../../static/lessons/S17.toml"),
    include_str!("../../../static/lessons/S39.toml"),
    include_str!("../../../static/lessons/S54.toml"),
    include_str!("../../../static/lessons/S61.toml"),
];
const LANGUAGE: &str = include_str!("../../../docs/language.md");

/// What inputs are made from.
pub struct Corpus {
    /// Texts of lessons that can be read.
    pub lessons: Vec<String>,
    /// Programs, a text each.
    pub programs: Vec<String>,
    /// Words of all these, and of the tables of names: each once.
    pub words: Vec<String>,
    /// Lessons in each of their versions, ready to run.
    pub staged: Vec<Ready>,
}

/// A lesson in one version under one policy.
pub struct Ready {
    /// The lesson.
    pub lesson: Lesson,
    /// Its first state.
    pub staged: Staged,
}

impl Corpus {
    /// All of it. The error is a lesson of the house that cannot be read, which is a fault of the house.
    pub fn new() -> Result<Corpus, String> {
        let mut lessons: Vec<String> = LESSONS.iter().map(|l| l.to_string()).collect();
        let mut programs = blocks(LANGUAGE, "program");
        lessons.extend(blocks(LANGUAGE, "toml"));
        lessons.push(mixed::TEXT.to_string());
        lessons.retain(|text| Lesson::parse(text).is_ok());
        let mut staged = Vec::new();
        for text in &lessons {
            let lesson = Lesson::parse(text).map_err(|e| format!("{e:?}"))?;
            for version in lesson.versions() {
                programs.extend(
                    (0..lesson.actors.len())
                        .filter_map(|a| Some(lesson.program_text(a, version)?.as_str().to_string())),
                );
                for policy in Policy::ALL {
                    let listed = |e: Vec<_>| format!("{}: {e:?}", lesson.id);
                    let first = lesson.stage(version, Some(policy), None).map_err(listed)?;
                    staged.push(Ready { lesson: lesson.clone(), staged: first });
                }
            }
        }
        let mut words: BTreeSet<String> =
            lessons.iter().chain(&programs).flat_map(|t| super::mutate::words(t)).collect();
        words.extend(VERBS.iter().map(|v| v.name.to_string()));
        words.extend(P2mType::all().iter().map(|t| t.name().to_string()));
        words.extend(Access::all().iter().map(|a| a.name().to_string()));
        words.extend(Format::all().iter().map(|f| f.name().to_string()));
        words.extend(Policy::ALL.iter().map(|p| p.name().to_string()));
        words.extend(Rule::all().map(|r| r.name().to_string()));
        Ok(Corpus { lessons, programs, words: words.into_iter().collect(), staged })
    }

    /// A lesson that can be read: one of the house, or one made up.
    pub fn lesson(&self, d: &mut Dice) -> String {
        if d.chance(50) {
            return self.lessons[d.below(self.lessons.len())].clone();
        }
        let format = Format::all()[d.below(Format::all().len())];
        let setting = Setting { large: d.chance(5), captive: d.chance(10), ..Setting::of(format) };
        plan(d, setting, 4).text()
    }
}

/// The code blocks of that kind in a text.
fn blocks(text: &str, kind: &str) -> Vec<String> {
    let begin = format!("```{kind}\n");
    let inner = text.split(&begin).skip(1).filter_map(|rest| rest.split("```").next());
    inner.map(str::to_string).collect()
}
