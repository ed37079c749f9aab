//! The record of state counts: one text file beside the lessons, a line for each expectation under each policy.
//!
//! Counts are not reasoned by hand. They are written down once, looked at as a diff, and compared ever after: a change
//! of the core that changes them shows up.

use p2mscope_core::explore::Verdict;
use p2mscope_core::judge::Judged;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The recorded lines: lesson, version, policy and pinning, then what was counted.
#[derive(Default)]
pub struct Record(BTreeMap<String, String>);

const HEAD: &str = "# What `p2mscope check --record` counted. Reviewed as a diff.\n";

impl Record {
    /// Where the record of a lesson file stands.
    pub fn path(lesson: &Path) -> PathBuf {
        lesson.with_file_name("counts.txt")
    }

    /// The record in a file; none is an empty one.
    pub fn read(path: &Path) -> Result<Record, String> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Record::default()),
            Err(e) => return Err(format!("{}: {e}", path.display())),
        };
        let lines = text.lines().filter(|l| !l.starts_with('#') && !l.trim().is_empty());
        let pair = |l: &str| l.split_once(": ").map(|(k, v)| (k.to_string(), v.to_string()));
        Ok(Record(lines.filter_map(pair).collect()))
    }

    /// Writes the record, sorted.
    pub fn write(&self, path: &Path) -> Result<(), String> {
        let lines = self.0.iter().map(|(k, v)| format!("{k}: {v}\n"));
        let text = HEAD.to_string() + &lines.collect::<String>();
        std::fs::write(path, text).map_err(|e| format!("{}: {e}", path.display()))
    }

    /// Forgets what was counted for a lesson.
    pub fn forget(&mut self, lesson: &str) {
        self.0.retain(|key, _| key.split(' ').next() != Some(lesson));
    }

    /// Sets what was counted.
    pub fn set(&mut self, lesson: &str, j: &Judged) {
        self.0.insert(key(lesson, j), value(j));
    }

    /// What differs from the record, in a sentence; nothing if it agrees or there is no record of it.
    pub fn differs(&self, lesson: &str, j: &Judged) -> Option<String> {
        let (said, is) = (self.0.get(&key(lesson, j))?, value(j));
        (*said != is).then(|| format!("recorded is `{said}`, counted is `{is}`; if that is right, `--record` it"))
    }
}

fn key(lesson: &str, j: &Judged) -> String {
    let expected = j.expected.map_or("none", |r| r.name());
    let pin = if j.pin { "" } else { " unpinned" };
    let among = j.among.into_iter().flat_map(|rules| rules.iter()).map(|r| format!(" {}", r.name()));
    let of = among.collect::<String>();
    format!("{lesson} {} {}{pin} {expected}{of}", j.version, j.policy.name())
}

fn value(j: &Judged) -> String {
    let found = match &j.report.verdict {
        Verdict::Found { schedule, .. } => {
            format!(", {} steps, {} lock events", schedule.len(), j.lock_events.unwrap_or(0))
        }
        _ => String::new(),
    };
    format!("{} states, {} transitions{found}", j.report.states, j.report.steps)
}
