//! The verbs: one table (in `table`), from which parser, checker, messages and documentation are made.
//!
//! A verb acts on shared state. Each row says what it takes, word by word, what it gives, and whether this
//! release offers it. Those that it does not offer are known all the same, so that the message can say so.

mod table;

use super::values::Kind;
pub use super::words::Word;
pub use table::{VERBS, Verb};

/// What an argument is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shape {
    /// Nothing: the word stands alone.
    Flag,
    /// A value of that kind.
    Value(Kind),
    /// A shared word.
    Place,
    /// A value of the kind that the place holds.
    OfPlace,
    /// A lock.
    Lock,
    /// A list.
    List,
    /// A value of the kind that the list's elements have.
    OfList,
    /// A ring.
    Ring,
    /// A value of the kind that the ring carries.
    OfRing,
    /// What `alloc` makes: `frame(d)`, `table(d)`, `object`, `record(F)`.
    Class,
    /// What may fail: `frame`, `table`, `object`, `record`.
    FailClass,
    /// A frame, table, object or record.
    Thing,
    /// A domain, or an actor by its name.
    Target,
    /// An actor by its name.
    Actor,
    /// A grant by its name.
    Grant,
    /// A condition over places and one's own variables.
    Condition,
}

/// What a verb gives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Gives {
    /// Nothing that could be assigned.
    Nothing,
    /// A value of that kind.
    Value(Kind),
    /// What the place holds.
    OfPlace,
    /// What the class makes, or none.
    OfClass,
    /// An element of the list, or none.
    OfList,
    /// What the ring carries.
    OfRing,
}

/// One argument of a verb.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Slot {
    /// The word before it.
    pub word: Word,
    /// What it is.
    pub shape: Shape,
    /// Whether it must be there.
    pub needed: bool,
    /// Whether this release offers it.
    pub offered: bool,
}

/// A row of the table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct VerbInfo {
    /// The verb.
    pub verb: Verb,
    /// As it is written.
    pub name: &'static str,
    /// What it takes.
    pub slots: &'static [Slot],
    /// What it gives.
    pub gives: Gives,
    /// Whether this release offers it.
    pub offered: bool,
    /// One use of it.
    pub example: &'static str,
    /// What it does, in one line.
    pub says: &'static str,
}

impl Verb {
    /// Its row.
    pub fn info(self) -> &'static VerbInfo {
        &VERBS[self as usize]
    }

    /// As it is written.
    pub fn name(self) -> &'static str {
        self.info().name
    }

    /// The verb with that name, offered or not.
    pub fn from_name(name: &str) -> Option<Verb> {
        VERBS.iter().find(|v| v.name == name).map(|v| v.verb)
    }

    /// Whether it may pause a vCPU, end one, or send one back to its guest, so that it must be kept who is where.
    pub const fn may_pause(self) -> bool {
        matches!(
            self,
            Verb::Pause
                | Verb::Unpause
                | Verb::EnterGuest
                | Verb::Crash
                | Verb::Populate
                | Verb::Resume
                | Verb::Read
                | Verb::Write
                | Verb::Fault
                | Verb::AccessListen
                | Verb::Teardown
        )
    }

    /// Whether it gives a promised frame number its frame on its way, and ends the domain where there is no memory, or
    /// where the page is broken.
    pub const fn may_populate(self) -> bool {
        matches!(
            self,
            Verb::GetGfn
                | Verb::GetGfnUnshare
                | Verb::GetTwoGfns
                | Verb::GetPageFromGfn
                | Verb::DemandPopulate
                | Verb::MovePage
                | Verb::ForeignMap
                | Verb::NestedFill
                | Verb::MemEventEnable
        ) || self.may_ask()
    }

    /// Whether it has the pager asked for a page that is out, so that a vCPU is paused or, without a pager, its domain ends.
    pub const fn may_ask(self) -> bool {
        matches!(
            self,
            Verb::GrantMap
                | Verb::GrantCopy
                | Verb::CopyTo
                | Verb::CopyFrom
                | Verb::RepMovs
                | Verb::Emulate
                | Verb::TaskSwitch
                | Verb::GuestWalk
                | Verb::DbgRwMem
                | Verb::ShadowFault
                | Verb::NestedFault
                | Verb::MapVvmcx
                | Verb::MapVcpuInfo
                | Verb::HypercallPage
                | Verb::TmemPut
                | Verb::TmemGet
        )
    }

    /// Whether it ends a domain that has a grant, a foreign frame or a device where it is to map something.
    pub const fn may_meet_special(self) -> bool {
        matches!(
            self,
            Verb::AddPage
                | Verb::Increase
                | Verb::Exchange
                | Verb::GrantTransfer
                | Verb::MovePage
                | Verb::GrantMap
                | Verb::SetMmio
                | Verb::MapMmio
        )
    }

    /// Whether it maps a grant, a foreign frame or a device.
    pub const fn may_make_special(self) -> bool {
        matches!(self, Verb::GrantMap | Verb::ForeignMap | Verb::SetMmio | Verb::MapMmio | Verb::SetIdentity)
    }

    /// Whether it is an operation of the p2m, rather than a primitive of which programs build their own.
    pub fn is_operation(self) -> bool {
        self >= Verb::GetGfn
    }

    /// Whether this release offers it.
    pub fn offered(self) -> bool {
        self.info().offered
    }
}

impl VerbInfo {
    /// The argument behind that word, if the verb has it.
    pub fn slot(&self, word: Word) -> Option<&'static Slot> {
        self.slots.iter().find(|s| s.word == word)
    }
}

/// The names of the verbs that this release offers.
pub fn offered() -> impl Iterator<Item = &'static str> {
    VERBS.iter().filter(|v| v.offered).map(|v| v.name)
}

/// Words that structure a program, and so name nothing else.
pub const KEYWORDS: [&str; 21] = [
    "if", "else", "loop", "repeat", "for", "in", "break", "continue", "return", "assert", "call", "proc", "and", "or",
    "not", "true", "false", "none", "nowait", "shared", "order",
];

/// Whether a variable, procedure or thing of the world may not have this name.
pub fn reserved(name: &str) -> bool {
    KEYWORDS.contains(&name)
        || Verb::from_name(name).is_some()
        || Word::from_name(name).is_some()
        || super::values::constant(name).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_stands_in_the_order_of_the_verbs() {
        for (i, row) in VERBS.iter().enumerate() {
            assert_eq!(row.verb as usize, i);
            assert_eq!(Verb::from_name(row.name), Some(row.verb));
            assert!(row.example.contains(row.name), "{}", row.name);
        }
    }

    #[test]
    fn an_object_comes_first_and_words_come_once() {
        for row in VERBS {
            let words: Vec<_> = row.slots.iter().map(|s| s.word).collect();
            assert!(words.iter().skip(1).all(|w| *w != Word::Object), "{}", row.name);
            assert!((1..words.len()).all(|i| !words[..i].contains(&words[i])), "{}", row.name);
        }
    }

    #[test]
    fn names_are_reserved() {
        for name in ["evict", "share", "with", "ram_rw", "ok", "if", "cow", "none"] {
            assert!(reserved(name), "{name}");
        }
        assert!(!reserved("e") && !reserved("V0"));
    }
}
