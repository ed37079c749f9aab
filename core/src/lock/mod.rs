//! Locks: which there are, their order, and how each is taken and released over plain words.
//!
//! Protocol. The table of a domain is guarded in two steps: its *global lock*, and *range locks*. Whoever takes a
//! range holds the global lock's shared side first, whoever needs the whole table its exclusive side. All other
//! locks are plain. To an operation taking a lock is one effect; what it does to words stands here once, for the
//! simulated memory and for the live one.
//!
//! Order: by (level, domain, range). A domain under control bias comes 64 higher for levels from 8 up. Level 0 is
//! outside the order.

mod area;
pub mod global;
mod hold;
pub mod owned;
mod page;
pub mod policy;
mod readers;
mod take;

pub use hold::{HOLD_RANGES, Hold, may_take};
pub use take::{Look, Taken, holders, in_the_way, look, release, try_take, word_of};

use crate::addr::{ActorId, DomId, FRAME_WORDS, Mfn};
use crate::machine::{DomWord, Policy, View, ViewKind, Words, World};

/// Whether the actor holds a domain's table: exclusively, or its shared side, without which nobody holds a range.
#[inline(always)]
pub fn holds_table<W: Words>(m: &mut W, world: &World, me: ActorId, slot: u8) -> bool {
    let whole = global::exclusive(m.get(world.map.dom(slot, DomWord::Global)));
    whole.is_some_and(|(owner, _)| owner == me) || m.get(world.map.shared_depth(me, slot)) > 0
}

/// How a lock is held.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Mode {
    /// By one actor alone.
    Exclusive,
    /// By any number: the non-exclusive side of a global lock.
    Shared,
}

/// A lock, by what it guards. Domains are named by their place in the world.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Lock {
    /// The control domain's operations as a whole (outermost).
    Domctl,
    /// A domain's grant table.
    Grant(u8),
    /// A domain's nested tables.
    Nested(u8),
    /// A domain's whole table.
    Global(u8),
    /// One range of a domain's table, by its index: as large as the policy in force says.
    Range(u8, u64),
    /// What a leaf of 2 MB needs where each gfn has a lock: all 512 of them, by the gfn over 512.
    Area(u8, u64),
    /// A frame's sharing data, by its mfn.
    Page(u64),
    /// A domain's alternative tables.
    Altp2m(u8),
    /// A domain's populate-on-demand state.
    Pod(u8),
    /// A domain's page list.
    PageAlloc(u8),
    /// A domain's paging and log-dirty state.
    Paging(u8),
    /// Splitting, installing and freeing a domain's tables.
    Structure(u8),
    /// A lock of the lesson's own.
    Named(u8),
}

/// Where the parts of a lock's word lie: its kind above, then the domain, then the index, which may be a whole gfn.
const TAG_AT: u32 = 56;
const SLOT_AT: u32 = 48;
const INDEX: u64 = (1 << SLOT_AT) - 1;

impl Lock {
    /// As one word below bit 63, from which [`Lock::from_word`] gives it back.
    #[inline(always)]
    pub const fn to_word(self) -> u64 {
        let (tag, slot, index) = match self {
            Lock::Domctl => (0, 0, 0),
            Lock::Grant(d) => (1, d, 0),
            Lock::Nested(d) => (2, d, 0),
            Lock::Global(d) => (3, d, 0),
            Lock::Range(d, i) => (4, d, i),
            Lock::Pod(d) => (5, d, 0),
            Lock::PageAlloc(d) => (6, d, 0),
            Lock::Paging(d) => (7, d, 0),
            Lock::Structure(d) => (8, d, 0),
            Lock::Named(n) => (9, n, 0),
            Lock::Area(d, i) => (10, d, i),
            Lock::Page(mfn) => (11, 0, mfn),
            Lock::Altp2m(d) => (12, d, 0),
        };
        (tag as u64) << TAG_AT | (slot as u64) << SLOT_AT | index & INDEX
    }

    /// The inverse of [`Lock::to_word`]; any other word is the outermost lock.
    pub const fn from_word(w: u64) -> Lock {
        let slot = (w >> SLOT_AT) as u8;
        match (w >> TAG_AT) as u8 {
            1 => Lock::Grant(slot),
            2 => Lock::Nested(slot),
            3 => Lock::Global(slot),
            4 => Lock::Range(slot, w & INDEX),
            5 => Lock::Pod(slot),
            6 => Lock::PageAlloc(slot),
            7 => Lock::Paging(slot),
            8 => Lock::Structure(slot),
            9 => Lock::Named(slot),
            10 => Lock::Area(slot, w & INDEX),
            11 => Lock::Page(w & INDEX),
            12 => Lock::Altp2m(slot),
            _ => Lock::Domctl,
        }
    }

    /// The domain that the lock belongs to, by its slot.
    pub const fn slot(self) -> Option<u8> {
        match self {
            Lock::Domctl | Lock::Named(_) | Lock::Page(_) => None,
            Lock::Grant(d)
            | Lock::Nested(d)
            | Lock::Global(d)
            | Lock::Range(d, _)
            | Lock::Area(d, _)
            | Lock::Altp2m(d)
            | Lock::Pod(d)
            | Lock::PageAlloc(d)
            | Lock::Paging(d)
            | Lock::Structure(d) => Some(d),
        }
    }

    /// Whether whoever holds this lock keeps every holder of the other one out.
    pub const fn covers(self, other: Lock) -> bool {
        matches!((self, other), (Lock::Area(d, all), Lock::Range(e, i)) if d == e && all == i / FRAME_WORDS)
    }

    /// Whether it is a domain's table or a part of one.
    pub const fn of_p2m(self) -> bool {
        matches!(self, Lock::Global(_) | Lock::Range(..) | Lock::Area(..))
    }

    /// As what a hold is released by one who holds the lock as a reader too, or does not: a put does not say how its
    /// get held a range that has readers.
    pub const fn released(self, mode: Mode, reads: bool) -> Mode {
        match self {
            Lock::Range(..) if reads => Mode::Shared,
            Lock::Range(..) => Mode::Exclusive,
            _ => mode,
        }
    }

    /// Whether its holder may take it again.
    #[inline(always)]
    pub const fn recursive(self) -> bool {
        self.of_p2m()
    }

    /// Xen's level, biased for the control domain; 0 is outside the order.
    pub fn level(self, world: &World) -> u8 {
        let base = match self {
            Lock::Domctl => 1,
            Lock::Grant(_) => 4,
            Lock::Nested(_) => 8,
            Lock::Global(d) | Lock::Range(d, _) | Lock::Area(d, _) => match world.domain(d).view {
                Some(View { kind: ViewKind::Alt, .. }) => 40,
                _ => 16,
            },
            Lock::Page(_) => 24,
            Lock::Altp2m(_) => 40,
            Lock::Pod(_) => 48,
            Lock::PageAlloc(_) => 56,
            Lock::Paging(_) => 64,
            Lock::Structure(_) => 68,
            Lock::Named(n) => world.locks.get(n as usize).map_or(0, |l| l.level),
        };
        let control =
            |d: u8| world.domain(d).control || world.domain(d).view.is_some_and(|v| world.domain(v.of).control);
        match self.slot() {
            Some(d) if base >= 8 && control(d) => base + 64,
            _ => base,
        }
    }

    /// Where it stands in the order: (level, domain, range). The whole table comes before its ranges.
    pub fn rank(self, world: &World) -> (u8, DomId, u64) {
        let dom = self.slot().map_or(DomId(0), |d| world.domain(d).id);
        let within = match self {
            // Beside 512 gfns as a whole, each gfn stands behind them.
            Lock::Range(_, i) => 1 + 2 * i + (world.policy == Policy::K4) as u64,
            Lock::Area(_, i) => 1 + 2 * FRAME_WORDS * i,
            Lock::Page(mfn) => mfn,
            Lock::Named(n) => n as u64,
            _ => 0,
        };
        (self.level(world), dom, within)
    }

    /// What it is, for a sentence: `range 2 of domain 1`.
    pub fn describe(self, world: &World) -> String {
        let dom = |d: u8| &world.domain(d).name;
        match self {
            Lock::Domctl => "the domctl lock".into(),
            Lock::Grant(d) => format!("the grant lock of {}", dom(d)),
            Lock::Nested(d) => format!("the nestedp2m lock of {}", dom(d)),
            Lock::Global(d) => format!("the p2m lock of {}", dom(d)),
            Lock::Range(d, i) if world.policy == Policy::K4 => format!("the lock of {i:#x} of {}", dom(d)),
            Lock::Range(d, i) => format!("range {i} of {}", dom(d)),
            Lock::Area(d, i) => format!("the 2 MB at {:#x} of {}", i * FRAME_WORDS, dom(d)),
            Lock::Page(mfn) => format!("the page lock of {}", world.frame_name(Mfn(mfn))),
            Lock::Altp2m(d) => format!("the altp2m lock of {}", dom(d)),
            Lock::Pod(d) => format!("the pod lock of {}", dom(d)),
            Lock::PageAlloc(d) => format!("the page_alloc lock of {}", dom(d)),
            Lock::Paging(d) => format!("the paging lock of {}", dom(d)),
            Lock::Structure(d) => format!("the structure lock of {}", dom(d)),
            Lock::Named(n) => world.locks.get(n as usize).map_or("a lock".into(), |l| format!("lock {}", l.name)),
        }
    }
}
