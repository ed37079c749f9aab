//! What can be fuzzed: a line for each kind of input.
//!
//! To add one, write how such an input is made, what answers it, and give it a line of [`TARGETS`]. Inputs are bytes, so that
//! all of them are made smaller and shown alike; one that is made of several parts has a text form.

use super::corpus::Corpus;
use super::{entries, lessons, links, names, schedules};
use crate::number::short;
use p2mscope_core::trial::Dice;
use std::fmt;

/// A kind of input.
pub struct Target {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is, for `--help` and messages.
    pub about: &'static str,
    /// Makes one.
    pub make: fn(&Corpus, &mut Dice) -> Vec<u8>,
    /// Answers one: whether it was read (else it was refused), or what is wrong with how it was answered. What is before
    /// the first colon tells faults apart.
    pub answer: fn(&Corpus, &[u8]) -> Result<bool, String>,
}

/// All kinds, each as often as it stands here.
pub static TARGETS: [Target; 9] = [
    Target {
        name: "lesson",
        about: "lesson files: read, or refused with places; staged, run, looked at, undone, written down, played again",
        make: lessons::file,
        answer: lessons::answer,
    },
    Target {
        name: "program",
        about: "lessons whose programs alone are changed",
        make: lessons::program,
        answer: lessons::answer,
    },
    Target {
        name: "schedule",
        about: "schedules of events, and of words",
        make: schedules::make,
        answer: schedules::answer,
    },
    Target {
        name: "link",
        about: "links: read, or refused in words; opened, replayed, looked at, written again",
        make: links::make,
        answer: links::answer,
    },
    Target {
        name: "bits",
        about: "64 bits read as an entry of every format and level",
        make: entries::bits,
        answer: entries::read,
    },
    Target {
        name: "leaf",
        about: "mappings written as an entry and read back",
        make: entries::leaf,
        answer: entries::write,
    },
    Target {
        name: "image",
        about: "memory in the middle of a run in which words have become anything",
        make: schedules::image,
        answer: schedules::image_answer,
    },
    Target {
        name: "name",
        about: "names and numbers, wherever one is asked for",
        make: names::make,
        answer: names::answer,
    },
    Target { name: "arguments", about: "command lines", make: names::line, answer: names::line_answer },
];

/// The target of that name.
pub fn named(name: &str) -> Result<&'static Target, String> {
    TARGETS.iter().find(|t| t.name == name).ok_or_else(|| {
        let all: Vec<_> = TARGETS.iter().map(|t| format!("{} ({})", t.name, t.about)).collect();
        format!("no inputs of the kind `{}`; there are {}", short(name), all.join(", "))
    })
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}
