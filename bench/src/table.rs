//! The table: a line for each comparison, with its samples, its target, and whether that was met.
//!
//! A line of row 6 that is the second of several is called `6b`. Its ratio is the median of the ratios of samples that
//! were taken one after the other; where the two sides have not as many samples, that of the medians. Without samples
//! to compare with, the target is one for the value itself.

use serde::{Deserialize, Serialize};

use crate::measure::median;

/// What a line should come to.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// Not more than this.
    AtMost(f64),
    /// Not less.
    AtLeast(f64),
    /// Exactly this.
    Exactly(f64),
    /// Within this factor of one, either way.
    Within(f64),
    /// It is only told.
    Reported,
}

/// One comparison.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Line {
    /// Which: the row's number, then a letter where it has several lines.
    pub id: String,
    /// What was measured.
    pub work: String,
    /// What it is compared with; nothing: the target is for the value.
    pub against: Option<String>,
    /// The unit of all samples.
    pub unit: String,
    /// What came out.
    pub measured: Vec<f64>,
    /// The same of what it is compared with.
    pub peer: Vec<f64>,
    /// What the ratio, or the value, should be.
    pub target: Target,
    /// Why it was not measured, or what must be known to read it.
    pub note: Option<String>,
}

/// How a line came out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The target is met.
    Pass,
    /// It is not.
    Short,
    /// There is no target.
    Reported,
    /// It was not measured; a note says why.
    Missing,
}

impl Verdict {
    /// As the table says it.
    pub const fn word(self) -> &'static str {
        match self {
            Verdict::Pass => "pass",
            Verdict::Short => "short",
            Verdict::Reported => "reported",
            Verdict::Missing => "not measured",
        }
    }
}

impl Line {
    /// A comparison: samples in that unit of something and of what it is compared with.
    pub fn ratio(
        id: &str,
        work: &str,
        against: &str,
        unit: &str,
        [measured, peer]: [&[f64]; 2],
        target: Target,
    ) -> Line {
        Line { against: Some(against.into()), peer: peer.to_vec(), ..Line::value(id, work, unit, measured, target) }
    }

    /// A value with a target of its own.
    pub fn value(id: &str, work: &str, unit: &str, measured: &[f64], target: Target) -> Line {
        Line {
            id: id.into(),
            work: work.into(),
            against: None,
            unit: unit.into(),
            measured: measured.to_vec(),
            peer: Vec::new(),
            target,
            note: None,
        }
    }

    /// The same, with something to know about it.
    pub fn noted(self, note: impl Into<String>) -> Line {
        Line { note: Some(note.into()), ..self }
    }

    /// The number of the row that it belongs to.
    pub fn row(&self) -> u32 {
        self.id.trim_end_matches(|c: char| !c.is_ascii_digit()).parse().unwrap_or(0)
    }

    /// What the target is for: the ratio if it compares, else the value. None if nothing was measured.
    pub fn figure(&self) -> Option<f64> {
        match (&self.against, self.measured.len(), self.peer.len()) {
            (_, 0, _) | (Some(_), _, 0) => None,
            (None, ..) => Some(median(&self.measured)),
            (Some(_), n, m) if n == m => {
                let ratios: Vec<f64> = self.measured.iter().zip(&self.peer).map(|(a, b)| a / b).collect();
                Some(median(&ratios))
            }
            (Some(_), ..) => Some(median(&self.measured) / median(&self.peer)),
        }
    }

    /// How it came out.
    pub fn verdict(&self) -> Verdict {
        let Some(figure) = self.figure() else { return Verdict::Missing };
        let met = match self.target {
            Target::AtMost(most) => figure <= most,
            Target::AtLeast(least) => figure >= least,
            Target::Exactly(value) => figure == value,
            Target::Within(factor) => (1.0 / factor..=factor).contains(&figure),
            Target::Reported => return Verdict::Reported,
        };
        if met { Verdict::Pass } else { Verdict::Short }
    }

    /// Its cells: id, work, measured, peer, ratio, target, verdict.
    pub fn cells(&self) -> [String; 7] {
        let with_unit = |of: &[f64]| match of {
            [] => String::new(),
            _ => format!("{} {}", number(median(of)), self.unit),
        };
        let peer = match &self.against {
            None => String::new(),
            Some(what) if self.peer.is_empty() => what.clone(),
            Some(what) => format!("{what}: {}", with_unit(&self.peer)),
        };
        let ratio = self.against.as_ref().and(self.figure()).map_or(String::new(), number);
        let unit = if self.against.is_some() { String::new() } else { format!(" {}", self.unit) };
        let target = match self.target {
            Target::AtMost(x) => format!("at most {}{unit}", number(x)),
            Target::AtLeast(x) => format!("at least {}{unit}", number(x)),
            Target::Exactly(x) => format!("{}{unit}", number(x)),
            Target::Within(x) => format!("within a factor of {}", number(x)),
            Target::Reported => String::new(),
        };
        let measured = with_unit(&self.measured);
        [self.id.clone(), self.work.clone(), measured, peer, ratio, target, self.verdict().word().into()]
    }
}

/// The heads of [`Line::cells`].
pub const HEADS: [&str; 7] = ["", "work", "measured", "against", "ratio", "target", ""];

/// Three digits that count, and no more of them than that after the point.
pub fn number(x: f64) -> String {
    let digits = match x.abs() {
        a if a >= 100.0 || a == 0.0 => 0,
        a if a >= 10.0 => 1,
        a if a >= 1.0 => 2,
        a if a >= 0.1 => 3,
        _ => 4,
    };
    let text = format!("{x:.digits$}");
    match text.split_once('.') {
        Some(_) => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        None => text,
    }
}

/// The lines as a table for a terminal, notes below it, and how many passed in the last line.
pub fn for_terminal(lines: &[Line]) -> String {
    let rows: Vec<[String; 7]> = lines.iter().map(Line::cells).collect();
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.chain([HEADS[column].len()]).max().unwrap_or(0)
    };
    let widths: [usize; 7] = std::array::from_fn(width);
    let heads = HEADS.map(str::to_owned);
    let mut text = String::new();
    for row in std::iter::once(&heads).chain(&rows) {
        let cells: Vec<String> = row.iter().zip(widths).map(|(cell, w)| format!("{cell:<w$}")).collect();
        text += cells.join("  ").trim_end();
        text.push('\n');
    }
    for line in lines {
        if let Some(note) = &line.note {
            text += &format!("{}: {note}\n", line.id);
        }
    }
    text + &closing(lines) + "\n"
}

/// How many lines passed, fell short and were not measured.
pub fn closing(lines: &[Line]) -> String {
    let count = |verdict| lines.iter().filter(|l| l.verdict() == verdict).count();
    let missing = match count(Verdict::Missing) {
        0 => String::new(),
        n => format!(", {n} not measured"),
    };
    format!("{} pass, {} short{missing}", count(Verdict::Pass), count(Verdict::Short))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(measured: &[f64], peer: &[f64], target: Target) -> Line {
        Line::ratio("6b", "get", "lock", "ns", [measured, peer], target)
    }

    #[test]
    fn the_figure_is_the_median_of_paired_ratios() {
        // Pairs 1/2, 2/2, 9/3: the middle one is 1. By medians it would be 2/2 as well, by means 4/2.33.
        let paired = line(&[1.0, 2.0, 9.0], &[2.0, 2.0, 3.0], Target::AtMost(1.0));
        assert_eq!((paired.figure(), paired.verdict(), paired.row()), (Some(1.0), Verdict::Pass, 6));
        // A second peer's sample apart: medians 2 and 4.
        let apart = line(&[1.0, 2.0, 9.0], &[4.0], Target::AtLeast(0.6));
        assert_eq!((apart.figure(), apart.verdict()), (Some(0.5), Verdict::Short));
        assert_eq!(line(&[1.0], &[], Target::AtMost(9.0)).verdict(), Verdict::Missing);
        assert_eq!(line(&[1.0], &[1.0], Target::Reported).verdict(), Verdict::Reported);
        let near = |a: f64| Line::ratio("18", "a", "b", "times", [&[a], &[2.0]], Target::Within(1.5)).verdict();
        assert_eq!([1.3, 1.4, 2.9, 3.1].map(near), [Verdict::Short, Verdict::Pass, Verdict::Pass, Verdict::Short]);
        let value = Line::value("14", "bytes", "bytes", &[4096.0], Target::Exactly(4096.0));
        assert_eq!((value.row(), value.verdict()), (14, Verdict::Pass));
    }

    #[test]
    fn the_terminal_shows_each_line_and_the_sum() {
        let lines = [
            line(&[1.234], &[1.0], Target::AtMost(1.2)).noted("a note"),
            Line::value("14", "lock memory", "bytes", &[4096.0], Target::Exactly(4096.0)),
        ];
        let text = for_terminal(&lines);
        let rows: Vec<&str> = text.lines().collect();
        assert_eq!(
            rows[1..],
            [
                "6b  get          1.23 ns     lock: 1 ns  1.23   at most 1.2  short",
                "14  lock memory  4096 bytes                     4096 bytes   pass",
                "6b: a note",
                "1 pass, 1 short",
            ]
        );
    }

    #[test]
    fn numbers_have_three_digits() {
        for (x, text) in [(4096.0, "4096"), (123.4, "123"), (12.34, "12.3"), (1.2, "1.2"), (0.05, "0.05"), (0.0, "0")] {
            assert_eq!(number(x), text);
        }
    }
}
