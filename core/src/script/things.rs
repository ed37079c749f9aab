//! What is named with parentheses: places, locks, lists, rings, classes, and what only conditions may ask.
//!
//! As [`super::verbs`], tables for the checker, its messages, and the documentation.

use super::values::Kind;

/// What an argument of a place, lock, list or question is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Of {
    /// A value of that kind.
    Value(Kind),
    /// A number from 0 to 3: a level of the table.
    Level,
    /// A number from 0 to 511, which may be left out: a word of the page.
    Index,
    /// A domain or a view.
    Space,
    /// An actor.
    Actor,
    /// A label of that actor.
    Label,
    /// A lock.
    Lock,
    /// A list.
    List,
}

macro_rules! things {
    ($(#[$doc:meta])* $type:ident, $table:ident { $($variant:ident $name:literal [$($arg:expr),*] $kind:expr, $offered:literal, $says:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[repr(u8)]
        pub enum $type { $(#[doc = $says] $variant,)* }

        #[doc = concat!("All of [`", stringify!($type), "`], in their order.")]
        pub static $table: &[Row<$type>] = &[$(Row {
            thing: $type::$variant, name: $name, args: &[$($arg),*], kind: $kind, offered: $offered, says: $says,
        },)*];

        impl $type {
            /// Its row.
            pub fn info(self) -> &'static Row<$type> {
                &$table[self as usize]
            }

            /// As it is written.
            pub fn name(self) -> &'static str {
                self.info().name
            }

            /// The one with that name, offered or not.
            pub fn from_name(name: &str) -> Option<$type> {
                $table.iter().find(|r| r.name == name).map(|r| r.thing)
            }
        }
    };
}

/// A row of one of the tables.
#[derive(Debug)]
pub struct Row<T: 'static> {
    /// What it is.
    pub thing: T,
    /// As it is written.
    pub name: &'static str,
    /// What stands in its parentheses.
    pub args: &'static [Of],
    /// The kind of its value or of its elements; for a lock nothing.
    pub kind: Option<Kind>,
    /// Whether this release offers it.
    pub offered: bool,
    /// What it is, in a few words.
    pub says: &'static str,
}

/// The names in a table that this release offers.
pub fn offered<'n, T>(table: &'static [Row<T>]) -> impl Iterator<Item = &'n str> {
    table.iter().filter(|r| r.offered).map(|r| r.name)
}

const FRAME: Of = Of::Value(Kind::Frame);
const GFN: Of = Of::Value(Kind::Gfn);
const DOM: Of = Of::Value(Kind::Dom);

things! {
    /// A shared word that the core keeps.
    PlaceKind, PLACES {
        Count "count" [FRAME] Some(Kind::Num), true, "a frame's count of references";
        Allocated "allocated" [FRAME] Some(Kind::Num), true, "1 while a frame is allocated";
        TypeCount "type_count" [FRAME] Some(Kind::Num), true, "a frame's count of typed references";
        FrameType "frame_type" [FRAME] Some(Kind::Pgt), true, "a frame's own type";
        Owner "owner" [FRAME] Some(Kind::Dom), true, "the domain that owns a frame";
        M2p "m2p" [FRAME] Some(Kind::Gfn), true, "the frame number where a frame is mapped";
        Content "content" [FRAME, Of::Index] Some(Kind::Num), true, "the first word of a frame, or another of its 512";
        Special "special" [FRAME] Some(Kind::Num), true, "1 for a page of Xen's own";
        Pte "pte" [GFN, Of::Level] Some(Kind::Entry), true, "the table word at a level of a frame number's path";
        EntryCount "entry_count" [DOM] Some(Kind::Num), true, "populate-on-demand entries of a domain";
        CacheCount "cache_count" [DOM] Some(Kind::Num), true, "frames in a domain's cache";
        PodTarget "pod_target" [DOM] Some(Kind::Num), true, "a domain's memory target";
        TotPages "tot_pages" [DOM] Some(Kind::Num), true, "frames that a domain owns";
        PagedPages "paged_pages" [DOM] Some(Kind::Num), true, "pages of a domain that are paged out";
        MaxMapped "max_mapped" [DOM] Some(Kind::Num), true, "the highest frame number that was ever mapped";
        DomainRef "domain_ref" [DOM] Some(Kind::Num), true, "references to a domain";
        NrShared "nr_shared" [] Some(Kind::Num), true, "shared frames";
        NrSaved "nr_saved" [] Some(Kind::Num), true, "frames saved by sharing";
        Dying "dying" [DOM] Some(Kind::Num), true, "1 once a domain is dying";
        Crashed "crashed" [DOM] Some(Kind::Num), true, "1 once a domain has crashed";
        Logdirty "logdirty" [DOM] Some(Kind::Num), true, "1 while a domain's writes are noted";
        HasRing "has_ring" [DOM] Some(Kind::Num), true, "1 while a domain has a paging ring";
        Dirty "dirty" [GFN] Some(Kind::Num), true, "1 when a write was noted";
        NestedBase "nested_base" [Of::Space] Some(Kind::Num), true, "the root that a nested view shows";
        NestedTimes "nested_times" [Of::Space] Some(Kind::Num), true, "how often a nested view was emptied";
        Cell "cell" [Of::Value(Kind::Object)] Some(Kind::Num), true, "the word of an object";
    }
}

things! {
    /// A lock that the core has. The lesson's own are named by the world.
    LockKind, LOCKS {
        Gfn "gfn" [GFN] None, true, "an entry's lock, of the size that the policy says";
        P2m "p2m" [Of::Space] None, true, "a domain's whole table";
        Domctl "domctl" [] None, true, "serialises the toolstack";
        Grant "grant" [DOM] None, true, "a domain's grant table";
        Nestedp2m "nestedp2m" [DOM] None, true, "a domain's nested tables";
        Page "page" [FRAME] None, true, "one frame's sharing data";
        Altp2m "altp2m" [DOM] None, true, "a domain's alternative tables";
        Pod "pod" [DOM] None, true, "a domain's populate-on-demand counts and cache";
        PageAlloc "page_alloc" [DOM] None, true, "a domain's list of pages";
        Paging "paging" [DOM] None, true, "a domain's log-dirty bits";
        Structure "structure" [DOM] None, true, "splitting and installing a domain's tables";
    }
}

things! {
    /// A list that the core keeps. The lesson's own are named by the world.
    ListKind, LISTS {
        PageList "page_list" [DOM] Some(Kind::Frame), true, "the frames of a domain";
        PodList "pod_list" [DOM] Some(Kind::Frame), true, "the frames of a domain's cache";
        Rmap "rmap" [FRAME] Some(Kind::Gfn), true, "the frame numbers that map a shared frame";
    }
}

things! {
    /// What is allocated.
    Class, CLASSES {
        Frame "frame" [DOM] Some(Kind::Frame), true, "the lowest free frame";
        Table "table" [DOM] Some(Kind::Table), true, "a table page";
        Object "object" [] Some(Kind::Object), true, "a heap object of one word";
        Record "record" [FRAME] Some(Kind::Record), true, "a frame's sharing record";
    }
}

things! {
    /// What only `assert`, `ensure` and `reach` may ask.
    QueryKind, QUERIES {
        Entry "entry" [GFN] Some(Kind::Entry), true, "what a walk would find now";
        Sharers "sharers" [FRAME] Some(Kind::Num), true, "how many frame numbers share a frame";
        Length "length" [Of::List] Some(Kind::Num), true, "elements of a list";
        Space "space" [DOM] Some(Kind::Num), true, "free slots of a domain's ring";
        Free "free" [FRAME] Some(Kind::Bool), true, "whether a frame is free";
        At "at" [Of::Actor, Of::Label] Some(Kind::Bool), true, "whether the label's effect is the actor's next one";
        Done "done" [Of::Actor] Some(Kind::Bool), true, "whether the actor has ended";
        Waits "waits" [Of::Actor] Some(Kind::Bool), true, "whether the actor waits";
        Holds "holds" [Of::Actor, Of::Lock] Some(Kind::Bool), true, "whether the actor holds the lock";
    }
}

things! {
    /// A pure function of values.
    Pure, PURES {
        Dom "dom" [GFN] Some(Kind::Dom), true, "the domain of a frame number";
        Range "range" [GFN] Some(Kind::Num), true, "the index of its range under the policy in force";
        Leaf "leaf" [FRAME, Of::Value(Kind::Type), Of::Value(Kind::Num)] Some(Kind::Entry), true,
            "the table word that maps a frame as a type with an order";
        Link "link" [Of::Value(Kind::Table)] Some(Kind::Entry), true, "the table word that leads to a table";
        Record "record" [FRAME] Some(Kind::Record), true, "a frame's sharing record";
    }
}

super::values::named! {
    /// A part of an entry.
    Field {
        /// Its type.
        Type "type",
        /// The frame that it maps.
        Mfn "mfn",
        /// Its access right.
        Access "access",
        /// Its size as a power of two: 0, 9 or 18.
        Order "order",
        /// The table that it leads to.
        Table "table",
        /// Whether any of read, write, execute is permitted.
        Present "present",
    }
}

impl Field {
    /// The kind of its value.
    pub const fn kind(self) -> Kind {
        match self {
            Field::Type => Kind::Type,
            Field::Mfn => Kind::Frame,
            Field::Access => Kind::Access,
            Field::Order => Kind::Num,
            Field::Table => Kind::Table,
            Field::Present => Kind::Bool,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<T: Copy + PartialEq + std::fmt::Debug>(
        table: &[Row<T>],
        index: fn(T) -> usize,
        named: fn(&str) -> Option<T>,
    ) {
        for (i, row) in table.iter().enumerate() {
            assert_eq!(index(row.thing), i);
            assert_eq!(named(row.name), Some(row.thing));
        }
        assert_eq!(named("nothing"), None);
    }

    #[test]
    fn the_tables_stand_in_order() {
        check(PLACES, |t| t as usize, PlaceKind::from_name);
        check(LOCKS, |t| t as usize, LockKind::from_name);
        check(LISTS, |t| t as usize, ListKind::from_name);
        check(CLASSES, |t| t as usize, Class::from_name);
        check(QUERIES, |t| t as usize, QueryKind::from_name);
        check(PURES, |t| t as usize, Pure::from_name);
    }
}
