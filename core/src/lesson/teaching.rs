//! What a lesson says to learners and teachers beside its story: none of it changes what is run or proved.

use super::reader::{Reader, Table};

/// For whom a lesson is and what is to be learnt. A pasted lesson may leave all of it out.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Teaching {
    /// The wrong idea that the lesson is meant to meet.
    pub misconception: String,
    /// How hard it is.
    pub difficulty: Option<Difficulty>,
    /// What a lock for each 2 MB, as it was proposed, changes here.
    pub ranges: String,
    /// How long it takes in a class.
    pub minutes: Option<u64>,
    /// For whoever teaches it.
    pub notes: Notes,
}

/// How hard a lesson is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Difficulty {
    /// 1: one idea, few steps.
    Easy,
    /// 2: two ideas that meet.
    Middle,
    /// 3: one has to know the machine.
    Hard,
}

impl Difficulty {
    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Difficulty::Easy => "easy",
            Difficulty::Middle => "middle",
            Difficulty::Hard => "hard",
        }
    }
}

/// `[notes]`: for whoever teaches the lesson.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Notes {
    /// The question to put to the class before anybody steps.
    pub ask: String,
    /// The usual wrong answers, each with the reason why it is wrong.
    pub wrong: Vec<String>,
    /// What to show, in that order.
    pub show: Vec<String>,
}

/// The keys of the lesson that are read here.
pub const KEYS: [&str; 5] = ["misconception", "difficulty", "ranges", "minutes", "notes"];

/// Reads them.
pub fn teaching(r: &mut Reader<'_>, top: Table<'_>) -> Teaching {
    let text = |r: &mut Reader<'_>, t, key| r.text(t, key).map(|(t, _)| t.as_str().to_string()).unwrap_or_default();
    let texts = |r: &mut Reader<'_>, t, key| r.texts(t, key).into_iter().map(|(t, _)| t.as_str().to_string()).collect();
    let difficulty = r.number(top, "difficulty", 1..4).map(|(n, _)| match n {
        1 => Difficulty::Easy,
        2 => Difficulty::Middle,
        _ => Difficulty::Hard,
    });
    let notes = r.inner(top, "notes", "[notes]", &["ask", "wrong", "show"]);
    Teaching {
        misconception: text(r, top, "misconception"),
        difficulty,
        ranges: text(r, top, "ranges"),
        minutes: r.number(top, "minutes", 1..241).map(|(n, _)| n),
        notes: notes
            .map(|t| Notes { ask: text(r, t, "ask"), wrong: texts(r, t, "wrong"), show: texts(r, t, "show") })
            .unwrap_or_default(),
    }
}
