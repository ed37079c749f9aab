//! Places: which word, which part of it, and how its bits are a value.

use super::eval::PlaceAt;
use super::things::PlaceKind;
use super::values::Kind;
use crate::addr::{DomId, Mfn, Word};
use crate::machine::frames::{PGC_ALLOCATED, PGC_COUNT, PGC_XEN_HEAP, PGT_COUNT, owner_of_word, owner_word};
use crate::machine::refs::{PageType, TypeBits};
use crate::machine::{DomWord, FrameWord, World, XenWord};

/// How the bits of a part are a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Coding {
    /// As they are.
    Plain,
    /// One bit.
    Flag(u32),
    /// An owner's number plus one.
    Owner,
    /// A number plus one; 0 for none.
    Next,
    /// type_info's type.
    Pgt(&'static TypeBits),
}

/// A part of a word.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Part {
    /// The word.
    pub word: Word,
    /// Its bits; all of them where the place is the whole word.
    pub mask: u64,
    coding: Coding,
}

impl Part {
    /// The value that a word holds there.
    pub fn value(&self, word: u64) -> u64 {
        let bits = word & self.mask;
        match self.coding {
            Coding::Plain => bits,
            Coding::Flag(at) => bits >> at,
            Coding::Owner => owner_of_word(bits).0 as u64,
            Coding::Next => bits.checked_sub(1).unwrap_or(Kind::Num.none()),
            Coding::Pgt(of) => of.get(bits) as u64,
        }
    }

    /// The bits that stand for a value, in place.
    pub fn bits(&self, value: u64) -> u64 {
        let bits = match self.coding {
            Coding::Plain => value,
            Coding::Flag(at) => (value & 1) << at,
            Coding::Owner => owner_word(DomId(value as u16)),
            Coding::Next if value == Kind::Num.none() => 0,
            Coding::Next => value.wrapping_add(1),
            Coding::Pgt(of) => of.put(page_type(value)),
        };
        bits & self.mask
    }

    /// Whether the place is the whole word.
    pub const fn whole(&self) -> bool {
        self.mask == u64::MAX
    }
}

/// The frame's own type that a value of kind [`Kind::Pgt`] names: [`Pgt`](super::values::Pgt) lists them in the same order.
pub fn page_type(value: u64) -> PageType {
    PageType::ALL.get(value as usize).copied().unwrap_or(PageType::None)
}

/// Where a place is; none if there is no such frame or domain, or this release keeps no such word.
pub fn part(world: &World, at: PlaceAt) -> Option<Part> {
    let (kind, of, index) = match at {
        PlaceAt::Word(i, _) => return Some(whole(world.map.word(i as u32))),
        PlaceAt::Core(kind, of, index, _) => (kind, of, index),
    };
    let frame = |w, mask, coding| Some(Part { word: world.map.frame(Mfn(of), w)?, mask, coding });
    let dom = |w| Some(whole(world.map.dom(world.slot(DomId(of as u16))?, w)));
    let types = TypeBits::of(world.format);
    match kind {
        PlaceKind::Count => frame(FrameWord::Count, PGC_COUNT, Coding::Plain),
        PlaceKind::Allocated => frame(FrameWord::Count, PGC_ALLOCATED, Coding::Flag(63)),
        PlaceKind::TypeCount => frame(FrameWord::Type, PGT_COUNT, Coding::Plain),
        PlaceKind::FrameType => frame(FrameWord::Type, types.ty, Coding::Pgt(types)),
        PlaceKind::Owner => frame(FrameWord::Owner, u64::MAX, Coding::Owner),
        PlaceKind::M2p => frame(FrameWord::M2p, u64::MAX, Coding::Plain),
        PlaceKind::Content => Some(whole(world.map.page(Mfn(of), index)?)),
        PlaceKind::EntryCount => dom(DomWord::EntryCount),
        PlaceKind::CacheCount => dom(DomWord::CacheCount),
        PlaceKind::PodTarget => dom(DomWord::PodTarget),
        PlaceKind::MaxMapped => dom(DomWord::MaxMapped),
        PlaceKind::Crashed => dom(DomWord::Crashed),
        PlaceKind::TotPages => dom(DomWord::TotPages),
        PlaceKind::PagedPages => dom(DomWord::PagedPages),
        PlaceKind::Dying => dom(DomWord::Dying),
        PlaceKind::Logdirty => dom(DomWord::LogDirty),
        PlaceKind::DomainRef => dom(DomWord::DomainRef),
        PlaceKind::NestedBase => Some(Part { coding: Coding::Next, ..dom(DomWord::NestedBase)? }),
        PlaceKind::NestedTimes => dom(DomWord::NestedGeneration),
        PlaceKind::Special => frame(FrameWord::Count, PGC_XEN_HEAP, Coding::Flag(62)),
        PlaceKind::HasRing => dom(DomWord::HasRing),
        PlaceKind::NrShared => Some(whole(world.map.xen(XenWord::NrShared))),
        PlaceKind::NrSaved => Some(whole(world.map.xen(XenWord::NrSaved))),
        PlaceKind::Cell => Some(whole(world.map.object(of, 0)?)),
        _ => None,
    }
}

const fn whole(word: Word) -> Part {
    Part { word, mask: u64::MAX, coding: Coding::Plain }
}

/// Whether the place holds what can be freed while a value still names it: a page's content, an object's cell.
pub const fn is_content(kind: PlaceKind) -> bool {
    matches!(kind, PlaceKind::Content | PlaceKind::Cell)
}

const _: () = assert!(Kind::Gfn.none() == u64::MAX, "no frame number is INVALID_M2P");
