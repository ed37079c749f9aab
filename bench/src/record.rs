//! The record of a run: its lines with their samples, and which machine and which source they are of. As JSON it is
//! kept in docs/performance.json, and docs/performance.md is made from it.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde::{Deserialize, Serialize};

use crate::table::{self, HEADS, Line};

/// One run.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Record {
    /// The commit, with a plus behind it if files had been changed since.
    pub commit: String,
    /// The day, in UTC.
    pub date: String,
    /// What it ran on.
    pub machine: Machine,
    /// What was measured.
    pub lines: Vec<Line>,
}

/// What a run ran on.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Machine {
    /// The processor, as it calls itself.
    pub processor: String,
    /// How many of its cores there were.
    pub cores: usize,
    /// The kernel.
    pub system: String,
    /// The compiler.
    pub rustc: String,
    /// The browser; empty if none was needed.
    pub browser: String,
}

/// The first line that a program prints; empty if it does not run.
fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let text = output.map(|o| String::from_utf8_lossy(&o.stdout).into_owned()).unwrap_or_default();
    text.lines().next().unwrap_or_default().trim().to_owned()
}

impl Machine {
    /// This one.
    pub fn this(browser: bool) -> Machine {
        let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = cpus.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
        Machine {
            processor: model.map_or("unknown", |(_, name)| name).to_owned(),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            system: said("uname", &["-sr"]),
            rustc: said("rustc", &["--version"]),
            browser: if browser { said("chromium", &["--version"]) } else { String::new() },
        }
    }
}

/// A value in one line.
fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("strings, numbers and lists of them")
}

impl Record {
    /// Of lines that were measured just now.
    pub fn new(lines: Vec<Line>, browser: bool) -> Record {
        let changed = if said("git", &["status", "--porcelain", "--untracked-files=no"]).is_empty() { "" } else { "+" };
        let commit = said("git", &["rev-parse", "--short=10", "HEAD"]) + changed;
        Record { commit, date: said("date", &["-u", "+%Y-%m-%d"]), machine: Machine::this(browser), lines }
    }

    /// As it is kept: an object a line, so that a change of one number changes one line.
    pub fn to_json(&self) -> String {
        let lines: Vec<String> = self.lines.iter().map(|l| format!("    {}", json(l))).collect();
        format!(
            "{{\n  \"commit\": {},\n  \"date\": {},\n  \"machine\": {},\n  \"lines\": [\n{}\n  ]\n}}\n",
            json(&self.commit),
            json(&self.date),
            json(&self.machine),
            lines.join(",\n")
        )
    }

    /// The inverse of [`Record::to_json`].
    ///
    /// # Errors
    /// Where the text is no record: line, column, and what is wrong there.
    pub fn from_json(text: &str) -> Result<Record, String> {
        serde_json::from_str(text).map_err(|e| e.to_string())
    }

    /// Reads one from a file.
    ///
    /// # Errors
    /// The file's name, and why it cannot be read.
    pub fn read(path: &Path) -> Result<Record, String> {
        let text = fs::read_to_string(path).map_err(|e| format!("cannot read {}: {e}", path.display()))?;
        Record::from_json(&text).map_err(|e| format!("{}: {e}", path.display()))
    }

    /// The document.
    pub fn to_markdown(&self) -> String {
        let Machine { processor, cores, system, rustc, browser } = &self.machine;
        let browser = if browser.is_empty() { String::new() } else { format!(", {browser}") };
        let row = |cells: &[String]| format!("| {} |\n", cells.join(" | ").replace("  ", " "));
        let on = match self.lines.iter().any(|l| l.figure().is_some()) {
            true => format!("Measured on {} at {} on", self.date, self.commit),
            false => "No run has been recorded yet; to be measured on".to_owned(),
        };
        let mut text = format!(
            "{HEAD}\n{on} {processor}, {cores} cores, {system}, {rustc}{browser}: {}.\n\n",
            table::closing(&self.lines)
        );
        text += &row(&HEADS.map(str::to_owned));
        text += &format!("|{}\n", "---|".repeat(HEADS.len()));
        self.lines.iter().for_each(|line| text += &row(&line.cells()));
        let notes: Vec<String> = self
            .lines
            .iter()
            .filter_map(|l| Some(format!("- {}: {}.\n", l.id, l.note.as_ref()?.trim_end_matches('.'))))
            .collect();
        if !notes.is_empty() {
            text += &format!("\nWhat must be known to read it:\n\n{}", notes.concat());
        }
        text
    }
}

const HEAD: &str = "# How fast it is

Made from [performance.json](performance.json) by `cargo xtask bench --record`, which measures everything in one run; that file has
all samples. Figures are medians. What is compared takes turns, and a ratio is the median of the ratios of neighbours, so that a busy
machine disturbs both sides. A target is for the ratio where there is one, else for the value. Peers are at their released versions
(`bench/Cargo.toml`).
";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Target;

    fn record() -> Record {
        let machine = Machine {
            processor: "a processor".into(),
            cores: 2,
            system: "Linux 6".into(),
            rustc: "rustc 1".into(),
            browser: String::new(),
        };
        let lines = vec![
            Line::ratio("1", "lock", "one exchange", "ns", [&[2.5, 2.6], &[2.5, 2.6]], Target::AtMost(1.2)),
            Line::value("14", "lock memory", "bytes", &[4096.0], Target::Exactly(4096.0)).noted("for each GB"),
        ];
        Record { commit: "0123456789".into(), date: "2026-01-31".into(), machine, lines }
    }

    #[test]
    fn a_record_comes_back_from_its_json() {
        let text = record().to_json();
        assert_eq!(Record::from_json(&text), Ok(record()));
        assert_eq!(text.lines().count(), 9, "a line for each object:\n{text}");
        let broken = Record::from_json(&text.replace("\"date\"", "\"day\"")).unwrap_err();
        assert!(broken.contains("missing field `date` at line 9"), "{broken}");
    }

    #[test]
    fn the_document_has_a_row_for_each_line_and_its_notes() {
        let text = record().to_markdown();
        let says = "Measured on 2026-01-31 at 0123456789 on a processor, 2 cores, Linux 6, rustc 1: 2 pass, 0 short.";
        assert!(text.lines().any(|line| line == says), "{text}");
        assert!(text.contains("| 1 | lock | 2.55 ns | one exchange: 2.55 ns | 1 | at most 1.2 | pass |\n"), "{text}");
        assert!(text.ends_with("\n- 14: for each GB.\n"), "{text}");
    }

    /// The document that is kept is the one that the kept record makes, and has a line for every row.
    #[test]
    fn the_kept_document_is_made_from_the_kept_record() {
        let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
        let record = Record::read(&docs.join("performance.json")).unwrap();
        let text = fs::read_to_string(docs.join("performance.md")).unwrap();
        assert!(text == record.to_markdown(), "make it again: cargo xtask bench --render");
        for row in 1..=crate::ROWS {
            assert!(record.lines.iter().any(|l| l.row() == row), "no line of row {row}");
        }
    }
}
