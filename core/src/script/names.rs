//! The names of a lesson's world, against which its programs are checked.

use super::error::hint;
use crate::entry::{Format, P2mType};
use crate::machine;

/// What a shared word of the lesson's own holds at first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Init {
    /// A number, or a domain's.
    Number(i64),
    /// "Not there"; its word depends on the kind that is inferred.
    None,
}

/// All names that a world declares, each list in the file's order: code refers to them by their index.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Names {
    /// How entries are laid out, and so which types they have.
    pub format: Format,
    /// Frames of machine memory.
    pub frames: Vec<String>,
    /// Domains by number, some with a name.
    pub domains: Vec<(u16, Option<String>)>,
    /// Views, with the number by which frame numbers of them are told from those of domains.
    pub views: Vec<(u16, String)>,
    /// Shared words.
    pub words: Vec<(String, Init)>,
    /// Locks with their levels.
    pub locks: Vec<(String, u8)>,
    /// Lists.
    pub lists: Vec<String>,
    /// Those of them that hold frames from the beginning.
    pub frame_lists: Vec<usize>,
    /// Rings.
    pub rings: Vec<String>,
    /// Grants.
    pub grants: Vec<String>,
    /// Actors with their kinds.
    pub actors: Vec<(String, machine::Kind)>,
}

impl Names {
    /// The number of the domain or view of that name.
    pub fn space(&self, name: &str) -> Option<u16> {
        let domain = self.domains.iter().find(|(_, n)| n.as_deref() == Some(name)).map(|(d, _)| *d);
        domain.or_else(|| self.views.iter().find(|(_, n)| n == name).map(|(v, _)| *v))
    }

    /// Whether there is a domain of that number.
    pub fn has_domain(&self, number: u64) -> bool {
        self.domains.iter().any(|(d, _)| *d as u64 == number)
    }

    /// Whether there is a domain or view of that number.
    pub fn has_space(&self, number: u64) -> bool {
        let mut all = self.domains.iter().map(|(d, _)| *d).chain(self.views.iter().map(|(v, _)| *v));
        all.any(|n| n as u64 == number)
    }

    /// The place of an actor in the file.
    pub fn actor(&self, name: &str) -> Option<usize> {
        self.actors.iter().position(|(n, _)| n == name)
    }

    /// What of the world has that name, as messages call it.
    pub fn what(&self, name: &str) -> Option<&'static str> {
        let is = |list: &[String]| list.iter().any(|n| n == name);
        Some(match () {
            _ if is(&self.frames) => "a frame of the world",
            _ if self.domains.iter().any(|(_, n)| n.as_deref() == Some(name)) => "a domain",
            _ if self.views.iter().any(|(_, n)| n == name) => "a view",
            _ if self.words.iter().any(|(n, _)| n == name) => "a shared word of the world",
            _ if self.locks.iter().any(|(n, _)| n == name) => "a lock of the world",
            _ if is(&self.lists) => "a list of the world",
            _ if is(&self.rings) => "a ring of the world",
            _ if is(&self.grants) => "a grant",
            _ if self.actor(name).is_some() => "an actor",
            _ => return None,
        })
    }
}

/// What is said of a type for which the layout has no code.
pub(crate) fn no_type(ty: P2mType, format: Format) -> String {
    format!("entries of {} have no type `{ty}`", format.name())
}

/// `no lock named ..; the world declares a, b`, or what was probably meant.
pub(crate) fn unknown<'a>(what: &str, name: &str, declared: impl Iterator<Item = &'a str> + Clone) -> String {
    let near = hint(name, declared.clone());
    let all: Vec<_> = declared.collect();
    match (near.is_empty(), all.is_empty()) {
        (false, _) => format!("no {what} named `{name}`{near}"),
        (_, true) => format!("no {what} named `{name}`; the world declares none"),
        _ => format!("no {what} named `{name}`; the world declares {}", all.join(", ")),
    }
}
