//! Groups of types: which types are RAM, which can be paged, shared, and so on.
//!
//! The groups changed over the years, so [`Group::types`] asks for the snapshot. The predicates on
//! [`P2mType`] (`is_ram` ...) answer for the tree the RFC was written against, October 2011, and each says
//! where a later tree differs. A grant is deliberately not *valid*: it can be unmapped at any time.

use super::types::P2mType::{self, *};

/// A snapshot of the tree, by what its headers say.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Era {
    /// October 2011, the tree the RFC was posted against.
    Oct2011,
    /// December 2012, after the lookups were synchronised and the lock became reader/writer.
    Dec2012,
    /// Today.
    Now,
}

/// A group of types, as Xen's headers name them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Group {
    /// The guest's own memory, wherever its content is.
    Ram,
    /// Where a frame may be added (since 2012; empty in 2011).
    Hole,
    /// Mapped through a grant.
    Grant,
    /// Emulated or real devices.
    Mmio,
    /// Never writable.
    ReadOnly,
    /// Populate on demand.
    Pod,
    /// May be nominated for eviction.
    Pageable,
    /// Somewhere between nomination and page-in.
    Paging,
    /// Content is with the pager.
    Paged,
    /// May be nominated for sharing.
    Sharable,
    /// Shared.
    Shared,
    /// Frames with rules of their own (today only; empty before).
    Special,
    /// Broken memory.
    Broken,
    /// Types that a lookup may hand to a caller as mapped.
    Valid,
    /// Never writable, and a write is dropped without a sound (today only).
    DiscardWrite,
    /// Turn into each other by recalculation: a change of the whole table may reach them late (today only).
    Changeable,
    /// May be stored without a valid frame (today only; before, the code wrote the list out).
    InvalidMfn,
    /// Anybody's memory: RAM, grants, foreign frames (today only).
    AnyRam,
}

/// A set of types.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct TypeSet(u32);

impl TypeSet {
    /// The set of these types.
    pub const fn of(types: &[P2mType]) -> TypeSet {
        let (mut bits, mut i) = (0, 0);
        while i < types.len() {
            bits |= 1 << types[i] as u8;
            i += 1;
        }
        TypeSet(bits)
    }

    /// The types in either.
    pub const fn or(self, other: TypeSet) -> TypeSet {
        TypeSet(self.0 | other.0)
    }

    /// Whether `ty` is one of them.
    #[inline]
    pub const fn has(self, ty: P2mType) -> bool {
        self.0 >> ty as u8 & 1 == 1
    }
}

const EMPTY: TypeSet = TypeSet::of(&[]);
const PAGING: TypeSet = TypeSet::of(&[RamPagingOut, RamPaged, RamPagingIn]);
const PAGING_2011: TypeSet = PAGING.or(TypeSet::of(&[RamPagingInStart]));
const RAM_BASE: TypeSet = TypeSet::of(&[RamRw, RamLogdirty, RamRo, RamShared]);
const RAM_2011: TypeSet = RAM_BASE.or(PAGING_2011);
const RAM_2012: TypeSet = RAM_BASE.or(PAGING);
const RAM_NOW: TypeSet = RAM_2012.or(TypeSet::of(&[IoreqServer]));
const MMIO: TypeSet = TypeSet::of(&[MmioDm, MmioDirect]);
const GRANT: TypeSet = TypeSet::of(&[GrantMapRw, GrantMapRo]);
/// What December 2012 and today store without a frame at the size of a page.
pub(super) const PAGING_TYPES: TypeSet = PAGING;

impl Group {
    /// The members in the tree of that time.
    #[inline]
    pub const fn types(self, era: Era) -> TypeSet {
        match (self, era) {
            (Group::Ram, Era::Oct2011) => RAM_2011,
            (Group::Ram, Era::Dec2012) => RAM_2012,
            (Group::Ram, Era::Now) => RAM_NOW,
            (Group::Hole, Era::Oct2011) => EMPTY,
            (Group::Hole, _) => TypeSet::of(&[MmioDm, Invalid, RamPagingIn, RamPaged]),
            (Group::Grant, _) => GRANT,
            (Group::Mmio, _) => MMIO,
            (Group::ReadOnly, _) => TypeSet::of(&[RamLogdirty, RamRo, GrantMapRo, RamShared]),
            (Group::Pod, _) => TypeSet::of(&[PopulateOnDemand]),
            (Group::Pageable | Group::Sharable, Era::Oct2011) => TypeSet::of(&[RamRw]),
            (Group::Pageable | Group::Sharable, _) => TypeSet::of(&[RamRw, RamLogdirty]),
            (Group::Paging, Era::Oct2011) => PAGING_2011,
            (Group::Paging, _) => PAGING,
            (Group::Paged, _) => TypeSet::of(&[RamPaged]),
            (Group::Shared, _) => TypeSet::of(&[RamShared]),
            (Group::Special, Era::Now) => GRANT.or(TypeSet::of(&[MapForeign, MmioDirect])),
            (Group::Special, _) => EMPTY,
            (Group::Broken, _) => TypeSet::of(&[RamBroken]),
            (Group::Valid, Era::Oct2011) => RAM_2011.or(MMIO),
            (Group::Valid, Era::Dec2012) => RAM_2012.or(MMIO),
            (Group::Valid, Era::Now) => RAM_NOW.or(TypeSet::of(&[MmioDirect])),
            (Group::DiscardWrite, Era::Now) => TypeSet::of(&[RamRo, GrantMapRo]),
            (Group::Changeable, Era::Now) => TypeSet::of(&[RamRw, RamLogdirty, IoreqServer]),
            (Group::InvalidMfn, Era::Now) => PAGING.or(TypeSet::of(&[PopulateOnDemand, MmioDirect])),
            (Group::AnyRam, Era::Now) => RAM_NOW.or(GRANT).or(TypeSet::of(&[MapForeign])),
            (Group::DiscardWrite | Group::Changeable | Group::InvalidMfn | Group::AnyRam, _) => EMPTY,
        }
    }
}

impl P2mType {
    /// Whether the type is in `group` as of `era`.
    #[inline]
    pub const fn is(self, group: Group, era: Era) -> bool {
        group.types(era).has(self)
    }

    /// The guest's own memory, paged out or not: the types of 2011, and `ioreq_server`, which only today's entries have.
    #[inline]
    pub const fn is_ram(self) -> bool {
        self.is(Group::Ram, Era::Oct2011) || self.is(Group::Ram, Era::Now)
    }

    /// Where a frame may be added: `mmio_dm`, `invalid`, `ram_paging_in`, `ram_paged`. The group is of December
    /// 2012; in 2011 callers wrote the list out.
    #[inline]
    pub const fn is_hole(self) -> bool {
        self.is(Group::Hole, Era::Dec2012)
    }

    /// A grant mapping (all snapshots).
    #[inline]
    pub const fn is_grant(self) -> bool {
        self.is(Group::Grant, Era::Oct2011)
    }

    /// A device, real or emulated (all snapshots).
    #[inline]
    pub const fn is_mmio(self) -> bool {
        self.is(Group::Mmio, Era::Oct2011)
    }

    /// Never writable by the guest (all snapshots).
    #[inline]
    pub const fn is_readonly(self) -> bool {
        self.is(Group::ReadOnly, Era::Oct2011)
    }

    /// Populate on demand (all snapshots; called *magic* in 2011).
    #[inline]
    pub const fn is_pod(self) -> bool {
        self.is(Group::Pod, Era::Oct2011)
    }

    /// May be nominated for eviction: `ram_rw` (2011; from 2012 also `ram_logdirty`).
    #[inline]
    pub const fn is_pageable(self) -> bool {
        self.is(Group::Pageable, Era::Oct2011)
    }

    /// Nominated, evicted or on the way back (2011; from 2012 without `ram_paging_in_start`, which is gone).
    #[inline]
    pub const fn is_paging(self) -> bool {
        self.is(Group::Paging, Era::Oct2011)
    }

    /// Evicted (all snapshots).
    #[inline]
    pub const fn is_paged(self) -> bool {
        self.is(Group::Paged, Era::Oct2011)
    }

    /// May be nominated for sharing: `ram_rw` (2011; from 2012 also `ram_logdirty`).
    #[inline]
    pub const fn is_sharable(self) -> bool {
        self.is(Group::Sharable, Era::Oct2011)
    }

    /// Shared copy-on-write (all snapshots).
    #[inline]
    pub const fn is_shared(self) -> bool {
        self.is(Group::Shared, Era::Oct2011)
    }

    /// Grants, foreign frames and real devices: they have rules of their own. The group is of today.
    #[inline]
    pub const fn is_special(self) -> bool {
        self.is(Group::Special, Era::Now)
    }

    /// Broken memory (all snapshots).
    #[inline]
    pub const fn is_broken(self) -> bool {
        self.is(Group::Broken, Era::Oct2011)
    }

    /// RAM or MMIO (2011; today RAM or `mmio_direct`). Grants are not.
    #[inline]
    pub const fn is_valid(self) -> bool {
        self.is(Group::Valid, Era::Oct2011)
    }

    /// Whether an entry of this type names a frame, as of 2011, where `ram_paging_in` means that the frame is
    /// prepared. What has none: `invalid`, `mmio_dm`, `populate_on_demand`, `ram_paged`, `ram_paging_in_start`.
    #[inline]
    pub const fn has_frame(self) -> bool {
        self.has_frame_in(Era::Oct2011)
    }

    /// Whether an entry of this type may name a frame. Of a page on its way back some do and some do not, in every era:
    /// whoever asked before the eviction finds the frame still there.
    #[inline]
    pub const fn may_have_frame(self) -> bool {
        self.has_frame() || matches!(self, RamPagingInStart)
    }

    /// Whether an entry of this type names a frame as of `era`. From 2012 `ram_paging_in` has none: it only says that
    /// somebody asked for the page, what `ram_paging_in_start` said before.
    #[inline]
    pub const fn has_frame_in(self, era: Era) -> bool {
        match self {
            Invalid | MmioDm | PopulateOnDemand | RamPaged | RamPagingInStart => false,
            RamPagingIn => matches!(era, Era::Oct2011),
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A group, and its members in October 2011, December 2012 and today.
    const TABLE: &[(Group, &str, &str, &str)] = &[
        (
            Group::Ram,
            "ram_rw ram_logdirty ram_ro ram_paging_out ram_paged ram_paging_in ram_paging_in_start ram_shared",
            "ram_rw ram_logdirty ram_ro ram_paging_out ram_paged ram_paging_in ram_shared",
            "ram_rw ram_logdirty ram_ro ram_paging_out ram_paged ram_paging_in ram_shared ioreq_server",
        ),
        (Group::Hole, "", "invalid mmio_dm ram_paged ram_paging_in", "invalid mmio_dm ram_paged ram_paging_in"),
        (Group::Grant, "grant_map_rw grant_map_ro", "grant_map_rw grant_map_ro", "grant_map_rw grant_map_ro"),
        (Group::Mmio, "mmio_dm mmio_direct", "mmio_dm mmio_direct", "mmio_dm mmio_direct"),
        (
            Group::ReadOnly,
            "ram_logdirty ram_ro grant_map_ro ram_shared",
            "ram_logdirty ram_ro grant_map_ro ram_shared",
            "ram_logdirty ram_ro grant_map_ro ram_shared",
        ),
        (Group::Pod, "populate_on_demand", "populate_on_demand", "populate_on_demand"),
        (Group::Pageable, "ram_rw", "ram_rw ram_logdirty", "ram_rw ram_logdirty"),
        (
            Group::Paging,
            "ram_paging_out ram_paged ram_paging_in ram_paging_in_start",
            "ram_paging_out ram_paged ram_paging_in",
            "ram_paging_out ram_paged ram_paging_in",
        ),
        (Group::Paged, "ram_paged", "ram_paged", "ram_paged"),
        (Group::Sharable, "ram_rw", "ram_rw ram_logdirty", "ram_rw ram_logdirty"),
        (Group::Shared, "ram_shared", "ram_shared", "ram_shared"),
        (Group::Special, "", "", "mmio_direct grant_map_rw grant_map_ro map_foreign"),
        (Group::Broken, "ram_broken", "ram_broken", "ram_broken"),
        (
            Group::Valid,
            "ram_rw ram_logdirty ram_ro mmio_dm mmio_direct ram_paging_out ram_paged ram_paging_in ram_paging_in_start \
             ram_shared",
            "ram_rw ram_logdirty ram_ro mmio_dm mmio_direct ram_paging_out ram_paged ram_paging_in ram_shared",
            "ram_rw ram_logdirty ram_ro mmio_direct ram_paging_out ram_paged ram_paging_in ram_shared ioreq_server",
        ),
        (Group::DiscardWrite, "", "", "ram_ro grant_map_ro"),
        (Group::Changeable, "", "", "ram_rw ram_logdirty ioreq_server"),
        (Group::InvalidMfn, "", "", "mmio_direct populate_on_demand ram_paging_out ram_paged ram_paging_in"),
        (
            Group::AnyRam,
            "",
            "",
            "ram_rw ram_logdirty ram_ro grant_map_rw grant_map_ro ram_paging_out ram_paged ram_paging_in ram_shared \
             map_foreign ioreq_server",
        ),
    ];

    #[test]
    fn paging_in_has_a_frame_only_in_2011() {
        for (era, want) in [(Era::Oct2011, true), (Era::Dec2012, false), (Era::Now, false)] {
            assert_eq!(RamPagingIn.has_frame_in(era), want, "{era:?}");
            assert!(RamRw.has_frame_in(era) && RamPagingOut.has_frame_in(era) && !RamPaged.has_frame_in(era));
        }
    }

    #[test]
    fn groups_are_those_of_the_headers() {
        for (group, oct2011, dec2012, now) in TABLE {
            for (era, want) in [(Era::Oct2011, oct2011), (Era::Dec2012, dec2012), (Era::Now, now)] {
                let got: Vec<_> = P2mType::all().iter().filter(|t| t.is(*group, era)).map(|t| t.name()).collect();
                assert_eq!(got.join(" "), *want, "{group:?} {era:?}");
            }
        }
    }
}
