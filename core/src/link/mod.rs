//! A run as a link: what stands behind `#` in the page's address, and back.
//!
//! Protocol. A link holds the lesson (a built-in one by its id, any other as its whole text), version, policy, every
//! branch of the run as a [`Schedule`](crate::sched::Schedule) (events by name, with check values), where the run stands, and what the page
//! showed beside it. All of that is one JSON value, packed (deflate) and written in the letters that an address may
//! hold (`base64url`), with `1.` before it, the number of this form. Names of JSON's members are short and are
//! never used again for something else; a reader passes over those that it does not know. So a link of an older
//! release opens: at the same statements, or as far as its steps can still be taken, and what has changed is said.
//!
//! Whatever is read may have been changed on its way: it is refused with a reason, or read, and never trusted with
//! more than [`MAX_TEXT`] bytes.

mod replay;
#[cfg(test)]
mod tests;

pub use replay::Replayed;

use crate::sched::Run;
use crate::sim::Code;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as LETTERS;
use miniz_oxide::deflate::compress_to_vec_zlib;
use miniz_oxide::inflate::{TINFLStatus, decompress_to_vec_zlib_with_limit};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fmt;

/// The number of the form that is written.
const FORM: u32 = 1;
/// The best that deflate does.
const LEVEL: u8 = 10;
/// Bytes of a link once it is unpacked: what a lesson may have, and as much again for runs.
pub const MAX_TEXT: usize = 256 << 10;
/// The most letters of a link to a built-in lesson that is copied as a link.
pub const MAX_BUILT_IN: usize = 2_000;
/// The same for a lesson's own text.
pub const MAX_OWN: usize = 8_000;

/// Which lesson.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Source {
    /// A built-in one, by its id.
    #[serde(rename = "i")]
    BuiltIn(String),
    /// Its whole text.
    #[serde(rename = "t")]
    Text(String),
}

/// A branch of the run.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Branch {
    /// Its name, as in [`Fork::name`](crate::sched::Fork::name).
    #[serde(rename = "n")]
    pub name: String,
    /// Its steps from the first state on, a schedule's text.
    #[serde(rename = "s", default, skip_serializing_if = "String::is_empty")]
    pub schedule: String,
}

/// All that a link says.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Link {
    /// Which lesson.
    #[serde(rename = "l")]
    pub source: Source,
    /// The version of its programs; empty: its first.
    #[serde(rename = "v", default, skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// The policy's name; empty: the lesson's own.
    #[serde(rename = "p", default, skip_serializing_if = "String::is_empty")]
    pub policy: String,
    /// The branches, each after the one that it leaves.
    #[serde(rename = "b", default, skip_serializing_if = "Vec::is_empty")]
    pub branches: Vec<Branch>,
    /// Which branch the run stands on.
    #[serde(rename = "c", default, skip_serializing_if = "is_zero")]
    pub branch: usize,
    /// The position on it.
    #[serde(rename = "k", default, skip_serializing_if = "is_zero")]
    pub at: usize,
    /// What the page shows beside the run; only the page knows what it means.
    #[serde(rename = "u", default, skip_serializing_if = "Map::is_empty")]
    pub page: Map<String, Value>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "what serde asks for")]
fn is_zero(n: &usize) -> bool {
    *n == 0
}

/// Why a text is no link.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LinkError {
    /// It does not begin as a link does.
    NoLink,
    /// It has a form that this release does not know.
    Newer(u32),
    /// A letter that no link has, at this place, counted from 1.
    Letter(char, usize),
    /// Something is missing or was changed on the way.
    Damaged,
    /// It unpacks to more than [`MAX_TEXT`] bytes.
    TooLong,
    /// It was unpacked, and does not say what a link says.
    Unreadable(String),
}

impl fmt::Display for LinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LinkError::NoLink => f.write_str(
                "This is no link of p2mscope: behind `#` there would be a number, a full stop and letters, as in `#1.eJy..`.",
            ),
            LinkError::Newer(form) => write!(
                f,
                "The link has form {form}, and this page knows form {FORM} only: open it with the release that made it, or a \
                 newer one."
            ),
            LinkError::Letter(c, at) => write!(
                f,
                "The link has {c:?} as its character {at}, where only letters, digits, `-` and `_` can stand: copy it again, \
                 as a whole."
            ),
            LinkError::Damaged => {
                f.write_str("The link is damaged, most likely cut off: copy it again, as a whole, to its last character.")
            }
            LinkError::TooLong => write!(f, "The link unpacks to more than {MAX_TEXT} bytes, which no lesson has."),
            LinkError::Unreadable(why) => write!(f, "The link does not say what a link says: {why}."),
        }
    }
}

impl std::error::Error for LinkError {}

impl Link {
    /// What leads back to where this run stands, with all its branches. The page's part is left empty.
    pub fn of<C: Code>(run: &Run<C>, source: Source, version: &str, policy: &str) -> Link {
        let branches = (0..run.forks().len())
            .map(|i| Branch { name: run.forks()[i].name.clone(), schedule: run.schedule_of(i) })
            .collect();
        Link {
            source,
            version: version.into(),
            policy: policy.into(),
            branches,
            branch: run.fork(),
            at: run.at(),
            page: Map::new(),
        }
    }

    /// The link's letters, without `#`.
    pub fn write(&self) -> String {
        // Texts, numbers and maps with texts as keys can always be written as JSON.
        let json = serde_json::to_vec(self).unwrap_or_default();
        format!("{FORM}.{}", LETTERS.encode(compress_to_vec_zlib(&json, LEVEL)))
    }

    /// Reads a link; a `#` before it, and blanks around it, are passed over.
    pub fn read(text: &str) -> Result<Link, LinkError> {
        let trimmed = text.trim();
        let link = trimmed.strip_prefix('#').unwrap_or(trimmed);
        let (form, letters) = link.split_once('.').ok_or(LinkError::NoLink)?;
        match form.parse::<u32>() {
            Ok(FORM) => {}
            Ok(form) if form > FORM => return Err(LinkError::Newer(form)),
            _ => return Err(LinkError::NoLink),
        }
        let before = form.len() + 1;
        let stray = letters.chars().position(|c| !c.is_ascii_alphanumeric() && c != '-' && c != '_');
        if let Some((at, c)) = stray.and_then(|at| Some((at, letters.chars().nth(at)?))) {
            return Err(LinkError::Letter(c, before + at + 1));
        }
        let packed = LETTERS.decode(letters).map_err(|_| LinkError::Damaged)?;
        let json = decompress_to_vec_zlib_with_limit(&packed, MAX_TEXT).map_err(|e| match e.status {
            TINFLStatus::HasMoreOutput => LinkError::TooLong,
            _ => LinkError::Damaged,
        })?;
        serde_json::from_slice(&json).map_err(|e| LinkError::Unreadable(e.to_string()))
    }

    /// How many letters a link of this kind may have to be handed out as one; a longer one is better a file.
    pub const fn most(&self) -> usize {
        match self.source {
            Source::BuiltIn(_) => MAX_BUILT_IN,
            Source::Text(_) => MAX_OWN,
        }
    }
}
