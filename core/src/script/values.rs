//! Kinds of values and the constants of the language.
//!
//! A value is one 64-bit word with a kind that is known when the text is checked. A `num` is signed (two's
//! complement), a `gfn` is [`DomGfn::to_word`](crate::addr::DomGfn::to_word), a `frame` its mfn, an `entry`
//! the table word, a `bool` 0 or 1, a `dom` its number, a `code` or `pgt` the index of its name in the tables
//! here, a `type` that of [`P2mType::all`], an `access` its
//! [`Access::code`](crate::entry::Access::code). "Not there" is [`Kind::none`].

use crate::addr::DomId;
use crate::entry::P2mType;
pub use crate::ops::Code;

/// The kind of a value.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Kind {
    /// A signed number.
    Num,
    /// True or false.
    Bool,
    /// A frame number of a domain or view.
    Gfn,
    /// A domain, or an owner that is none.
    Dom,
    /// A frame of machine memory.
    Frame,
    /// A table word.
    Entry,
    /// A type of an entry.
    Type,
    /// An access right of an entry.
    Access,
    /// A frame's own type.
    Pgt,
    /// What an operation answers.
    Code,
    /// A table page.
    Table,
    /// A heap object.
    Object,
    /// A frame's sharing record.
    Record,
}

impl Kind {
    /// As messages call it.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Num => "num",
            Kind::Bool => "bool",
            Kind::Gfn => "gfn",
            Kind::Dom => "dom",
            Kind::Frame => "frame",
            Kind::Entry => "entry",
            Kind::Type => "type",
            Kind::Access => "access",
            Kind::Pgt => "pgt",
            Kind::Code => "code",
            Kind::Table => "table",
            Kind::Object => "object",
            Kind::Record => "record",
        }
    }

    /// Whether `none` is one of its values.
    pub const fn nullable(self) -> bool {
        matches!(
            self,
            Kind::Num
                | Kind::Access
                | Kind::Gfn
                | Kind::Frame
                | Kind::Entry
                | Kind::Table
                | Kind::Object
                | Kind::Record
        )
    }

    /// The word for "not there": all ones, but for numbers the least one, which arithmetic never gives.
    pub const fn none(self) -> u64 {
        match self {
            Kind::Num => 1 << 63,
            _ => u64::MAX,
        }
    }

    /// Whether its values are things that can be freed, so that a value remembers whether that happened.
    pub const fn is_thing(self) -> bool {
        matches!(self, Kind::Frame | Kind::Entry | Kind::Table | Kind::Object | Kind::Record)
    }
}

/// The word that m2p holds for a shared frame: all ones less one.
pub const SHARED_M2P: u64 = crate::machine::frames::M2P_SHARED;

macro_rules! named {
    ($(#[$doc:meta])* $type:ident { $($(#[$vdoc:meta])* $variant:ident $name:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[repr(u8)]
        pub enum $type { $($(#[$vdoc])* $variant,)* }

        impl $type {
            /// All of them; the index is the word of the value.
            pub const ALL: &[$type] = &[$($type::$variant,)*];

            /// As programs write it.
            pub const fn name(self) -> &'static str {
                match self { $($type::$variant => $name,)* }
            }

            /// The one with that name.
            pub fn from_name(name: &str) -> Option<$type> {
                Self::ALL.iter().copied().find(|v| v.name() == name)
            }

            /// The word of the value.
            pub const fn word(self) -> u64 {
                self as u64
            }

            /// The inverse of `word`.
            pub fn from_word(word: u64) -> Option<$type> {
                Self::ALL.get(usize::try_from(word).ok()?).copied()
            }
        }
    };
}
pub(crate) use named;

named! {
    /// A frame's own type, as its type count counts it.
    Pgt {
        /// None.
        None "pgt_none",
        /// Writable.
        Writable "pgt_writable",
        /// Shared between domains.
        Shared "pgt_shared",
        /// A guest's page table.
        L1 "pgt_l1",
        /// A descriptor table.
        Seg "pgt_seg",
    }
}

/// The owners that are no guest, as programs write them.
pub const OWNERS: [(&str, DomId); 4] =
    [("cow", DomId::COW), ("xen", DomId::XEN), ("io", DomId::IO), ("nobody", DomId::NOBODY)];

/// The access rights as programs write them, in the order of their codes.
const ACCESS: [&str; 11] = [
    "access_n",
    "access_r",
    "access_w",
    "access_rw",
    "access_x",
    "access_rx",
    "access_wx",
    "access_rwx",
    "access_rx2rw",
    "access_n2rwx",
    "access_r_pw",
];

/// The constant of that name: its kind and word.
pub fn constant(name: &str) -> Option<(Kind, u64)> {
    let owner = || OWNERS.iter().find(|(n, _)| *n == name).map(|(_, d)| (Kind::Dom, d.0 as u64));
    let shared = || (name == "shared_m2p").then_some((Kind::Gfn, SHARED_M2P));
    let access = || ACCESS.iter().position(|a| *a == name).map(|code| (Kind::Access, code as u64));
    P2mType::from_name(name)
        .map(|t| (Kind::Type, t as u64))
        .or_else(access)
        .or_else(|| Pgt::from_name(name).map(|p| (Kind::Pgt, p.word())))
        .or_else(|| Code::from_name(name).map(|c| (Kind::Code, c.word())))
        .or_else(owner)
        .or_else(shared)
}

/// The names of all constants.
pub fn constants() -> impl Iterator<Item = &'static str> {
    let types = P2mType::all().iter().map(|t| t.name());
    let pgt = Pgt::ALL.iter().map(|p| p.name());
    let codes = Code::ALL.iter().map(|c| c.name());
    let owners = OWNERS.iter().map(|(n, _)| *n);
    types.chain(ACCESS).chain(pgt).chain(codes).chain(owners).chain(["shared_m2p"])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::Access;

    #[test]
    fn every_constant_is_found_once() {
        let all: Vec<_> = constants().collect();
        let mut once = all.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), all.len());
        assert!(all.iter().all(|n| constant(n).is_some()));
        assert_eq!(constant("ram_rw"), Some((Kind::Type, 0)), "p2m_ram_rw must be 0");
        assert_eq!(constant("access_n2rwx"), Some((Kind::Access, 9)));
        assert_eq!(constant("evict"), None);
    }

    #[test]
    fn access_constants_are_those_of_the_entries() {
        for (code, name) in ACCESS.iter().enumerate() {
            assert_eq!(Access::from_name(name).map(Access::code), Some(code as u64));
        }
    }

    #[test]
    fn words_name_their_values_and_no_others() {
        assert!(Code::ALL.iter().all(|c| Code::from_word(c.word()) == Some(*c)));
        assert_eq!(Code::from_word(Code::ALL.len() as u64), None);
        assert_eq!(Code::from_word(u64::MAX), None);
    }
}
