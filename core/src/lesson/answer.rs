//! A learner's answer to a lesson: the texts that `[repair]` lets be edited, put into the lesson as a version of its own.
//!
//! An answer is the edited lesson file, or the program text alone where only one thing may be edited, or a TOML file with
//! one text for each thing that may be: `V1 = """ .. """`. Of an edited lesson only those texts are taken, everything
//! else stays as the lesson has it; what was changed beside them is named. Its text stands behind the lesson's in one
//! file, so that places in it are lines of the answer.

use super::{Form, Lesson, Version, text};
use crate::machine::Policy;
use crate::script::parse;
use crate::script::{Error, File, Problem, Text};
use std::collections::BTreeSet;
use toml::de::{DeTable, DeValue};

/// The version that an answer becomes.
pub const ANSWER: &str = "answer";

/// Why an answer is not judged.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Unjudged {
    /// The lesson has no `[repair]`, or nobody says that its `repaired` version is safe.
    NoExercise,
    /// What was changed and may not be.
    Forbidden(Vec<String>),
    /// Nothing was changed.
    Same,
    /// The text is none of the language; places are the answer's.
    Wrong(Vec<Error>),
}

impl Lesson {
    /// The lesson with an answer as its version [`ANSWER`], and how many lines stand before the answer's own.
    pub fn answered(&self, answer: &str) -> Result<(Lesson, u32), Unjudged> {
        let Some(repair) = &self.repair else { return Err(Unjudged::NoExercise) };
        let file = File::new(format!("{}\n{answer}", self.file.text()));
        let base = self.file.text().len() + 1;
        let above = self.file.text().matches('\n').count() as u32 + 1;
        let mut parts: Vec<String> = repair.actors.iter().map(|a| self.actors[*a].name.clone()).collect();
        parts.extend(repair.procedures.then(|| "procedures".to_string()));
        let texts = self.texts(answer, base, &parts)?;
        let same = |(part, text): &(String, Text)| {
            self.part(part, "before").is_some_and(|old| alike(old.as_str(), text.as_str()))
        };
        if texts.iter().all(same) {
            return Err(Unjudged::Same);
        }
        let mut lesson = Lesson { file, ..self.clone() };
        let mut problems = Vec::new();
        lesson.versions.retain(|v| v != ANSWER);
        lesson.versions.push(ANSWER.into());
        for (part, text) in texts {
            let name = ANSWER.to_string();
            if part == "procedures" {
                let tree = parse::procedures(&text, &mut problems);
                lesson.procedures.retain(|v| v.name != ANSWER);
                lesson.procedures.push(Version { name, text, tree });
            } else if let Some(actor) = lesson.actors.iter_mut().find(|a| a.name == part) {
                let tree = parse::program(&text, &mut problems);
                actor.programs.retain(|v| v.name != ANSWER);
                actor.programs.push(Version { name, text, tree });
            }
        }
        if problems.is_empty() {
            problems = lesson.compiled(ANSWER, Form::Once).err().unwrap_or_default();
        }
        if problems.is_empty() {
            return Ok((lesson, above));
        }
        let own = |e: Error| Error { line: e.line.saturating_sub(above).max(1), ..e };
        Err(Unjudged::Wrong(lesson.file.errors(problems).into_iter().map(own).collect()))
    }

    fn part(&self, part: &str, version: &str) -> Option<&Text> {
        match part {
            "procedures" => self.procedures_text(version),
            _ => self.program_text(self.actors.iter().position(|a| a.name == part)?, version),
        }
    }

    /// The answer's text for each part that it has one for.
    fn texts(&self, answer: &str, base: usize, parts: &[String]) -> Result<Vec<(String, Text)>, Unjudged> {
        let Ok(table) = DeTable::parse(answer) else { return self.alone(answer, base, parts) };
        let table = table.get_ref();
        let keys: Vec<&str> = table.keys().map(|k| k.get_ref().as_ref()).collect();
        if keys.contains(&"actor") || keys.contains(&"id") {
            let other = Lesson::parse(answer).map_err(Unjudged::Wrong)?;
            return self.edited(&other, base, parts);
        }
        // Short programs, such as `x = 1`, are TOML as well.
        if !keys.iter().any(|key| parts.iter().any(|part| part == key)) {
            return self.alone(answer, base, parts);
        }
        let mut texts = Vec::new();
        for (key, value) in table {
            let (key, at): (&str, _) = (key.get_ref().as_ref(), value.span());
            let (true, DeValue::String(decoded)) = (parts.iter().any(|p| p == key), value.get_ref()) else {
                let file = File::new(answer);
                let all = parts.join(", ");
                let what = format!("`{key}` is no text that may be edited; there are {all}, each a text");
                return Err(Unjudged::Wrong(file.errors(vec![Problem::new(at.into(), what)])));
            };
            texts.push((key.to_string(), text::text(&answer[at.clone()], base + at.start, decoded)));
        }
        Ok(texts)
    }

    /// A program text alone.
    fn alone(&self, answer: &str, base: usize, parts: &[String]) -> Result<Vec<(String, Text)>, Unjudged> {
        let [part] = parts else {
            let (one, all) = (parts.first().map_or("", String::as_str), parts.join(", "));
            let message =
                format!("this lesson lets {all} be edited: say which text is whose, as in  {one} = \"\"\" .. \"\"\"");
            return Err(Unjudged::Wrong(vec![Error { line: 1, col: 1, found: String::new(), message }]));
        };
        let places = (base..=base + answer.len()).map(|i| i as u32).collect();
        Ok(vec![(part.clone(), Text::mapped(answer.to_string(), places))])
    }

    /// The texts of an edited lesson: of `before`, or where that was left alone of `repaired`.
    fn edited(&self, other: &Lesson, base: usize, parts: &[String]) -> Result<Vec<(String, Text)>, Unjudged> {
        let mut changed = BTreeSet::new();
        for (what, same) in [
            ("world", self.world == other.world && self.names == other.names),
            ("domain", self.domains == other.domains),
            ("view", self.views == other.views),
            ("frame", self.frames == other.frames),
            ("grant", self.grants == other.grants),
        ] {
            if !same {
                changed.insert(format!("[{what}]"));
            }
        }
        let actors = |l: &Lesson| l.actors.iter().map(|a| (a.name.clone(), a.kind, a.domain)).collect::<Vec<_>>();
        if actors(self) != actors(other) {
            changed.insert("who acts".into());
        }
        let all = self.actors.iter().map(|a| a.name.as_str()).chain(["procedures"]);
        let differs = |part: &str, version: &str| {
            let text = |l: &Lesson| l.part(part, version).map(|t| t.as_str().to_string()).unwrap_or_default();
            !alike(&text(self), &text(other))
        };
        for part in all.filter(|p| !parts.iter().any(|q| q == p)) {
            if differs(part, "before") {
                changed.insert(part.to_string());
            }
        }
        if !changed.is_empty() {
            return Err(Unjudged::Forbidden(changed.into_iter().collect()));
        }
        let has = |l: &Lesson, v: &str| l.versions.iter().any(|n| n == v);
        let edited = |v: &str| has(other, v) && parts.iter().any(|p| differs(p, v));
        let version = match !edited("before") && edited("repaired") && has(self, "repaired") {
            true => "repaired",
            false => "before",
        };
        let moved = |t: &Text| {
            let places = (0..=t.as_str().len()).map(|i| t.span(i..i).start + base as u32).collect();
            Text::mapped(t.as_str().to_string(), places)
        };
        Ok(parts.iter().filter_map(|p| Some((p.clone(), moved(other.part(p, version)?)))).collect())
    }

    /// Under which policies, and with which pinning, the author says that a version is safe.
    pub fn says_safe(&self, version: &str) -> Vec<(Policy, Option<bool>)> {
        let safe = self.expects.iter().filter(|e| e.version == version && e.breach.is_none() && e.among.is_none());
        let mut all = Vec::new();
        for e in safe {
            for case in e.policies.iter().map(|p| (*p, e.pin)) {
                if !all.contains(&case) {
                    all.push(case);
                }
            }
        }
        all
    }
}

/// Whether two texts say the same, but for spaces at the ends of lines and empty lines.
fn alike(a: &str, b: &str) -> bool {
    let lines = |t: &str| t.lines().map(|l| l.trim().to_string()).filter(|l| !l.is_empty()).collect::<Vec<_>>();
    lines(a) == lines(b)
}
