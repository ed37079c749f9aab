//! Encoding and decoding: a leaf or a link to and from the 64 bits of an entry.
//!
//! Three rules hold in every function.
//! - A leaf is known by its level and its superpage bit, never by its permissions: a superpage whose access
//!   masks everything away has none, and a walk that took it for a hole would lose 512 mappings.
//! - What is empty each format says itself ([`Format::is_empty`]); a type of code 0 (`ram_rw`) with other bits set
//!   is not.
//! - [`Format::decode`] is how the hypervisor reads an entry. What a processor makes of the same bits is
//!   [`Format::hardware`]: it refuses some entries that the hypervisor stores and reads without harm.

use super::access::{Access, Perms};
use super::field::Field;
use super::groups::{Era, Group};
use super::hardware::{Cpu, Hardware};
use super::layout::{Bits, Layout};
use super::leaf::{Decoded, Leaf, LeafCtx};
use super::types::P2mType;
use super::{ept_2011, ept_now, npt_layouts};
use crate::addr::{Mfn, Order};

/// How an entry is laid out in its 64 bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Format {
    /// Intel's extended page tables, as filled in October 2011.
    #[default]
    Ept2011,
    /// Intel's extended page tables, as filled today.
    Ept,
    /// AMD's nested page tables, as filled in October 2011.
    Npt2011,
    /// AMD's nested page tables, as filled in December 2012.
    Npt2012,
    /// AMD's nested page tables, as filled today.
    Npt,
}

/// Whose hardware walks the table.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Family {
    /// Intel's: entries hold an access type and a memory type.
    Ept,
    /// AMD's: entries hold neither.
    Npt,
}

/// Hands a method to the layout. Each arm names a constant, which the compiler folds away; the formats but the usual
/// one share a copy of the code beside the caller's path.
macro_rules! by_layout {
    ($self:ident, |$l:ident| $body:expr, $ret:ty, ($($arg:ident: $ty:ty),*)) => {{
        #[inline(never)]
        const fn others(format: Format, $($arg: $ty),*) -> $ret {
            match format {
                Format::Ept2011 => { let $l = &ept_2011::LAYOUT; $body }
                Format::Ept => { let $l = &ept_now::LAYOUT; $body }
                Format::Npt2011 => { let $l = &npt_layouts::NPT_2011; $body }
                Format::Npt2012 => { let $l = &npt_layouts::NPT_2012; $body }
                Format::Npt => { let $l = &npt_layouts::NPT; $body }
            }
        }
        match $self {
            Format::Ept2011 => { let $l = &ept_2011::LAYOUT; $body }
            other => others(other, $($arg),*),
        }
    }};
}

impl Format {
    const ALL: [Format; 5] = [Format::Ept2011, Format::Ept, Format::Npt2011, Format::Npt2012, Format::Npt];

    /// Every format, Intel's first and of each family the oldest first.
    pub const fn all() -> &'static [Format] {
        &Format::ALL
    }

    /// The format as data.
    #[inline]
    pub(super) const fn layout(self) -> &'static Layout {
        match self {
            Format::Ept2011 => &ept_2011::LAYOUT,
            Format::Ept => &ept_now::LAYOUT,
            Format::Npt2011 => &npt_layouts::NPT_2011,
            Format::Npt2012 => &npt_layouts::NPT_2012,
            Format::Npt => &npt_layouts::NPT,
        }
    }

    /// The name in a lesson's `encoding`: `ept-2011`.
    pub const fn name(self) -> &'static str {
        self.layout().name
    }

    /// The format of that name.
    pub fn from_name(name: &str) -> Option<Format> {
        Format::ALL.into_iter().find(|f| f.name() == name)
    }

    /// The tree that fills entries so: it also says what the groups of types are.
    #[inline]
    pub const fn era(self) -> Era {
        self.layout().era
    }

    /// Whose hardware reads it.
    #[inline]
    pub const fn family(self) -> Family {
        match self.layout().bits {
            Bits::Ept(_) => Family::Ept,
            Bits::Npt(_) => Family::Npt,
        }
    }

    /// Whether `ty` is in `group` in the tree of this format.
    #[inline]
    pub const fn is(self, ty: P2mType, group: Group) -> bool {
        ty.is(group, self.era())
    }

    /// Whether an entry of this type names a frame in the tree of this format: [`P2mType::has_frame_in`].
    #[inline]
    pub const fn has_frame(self, ty: P2mType) -> bool {
        ty.has_frame_in(self.era())
    }

    /// The named bits of an entry at `level`, lowest first. They cover all 64 bits, each once.
    pub const fn fields(self, level: u8) -> &'static [Field] {
        self.layout().fields[if level < 3 { level as usize } else { 3 }]
    }

    /// The number that stands for `ty` in an entry, or `None` if the format has no such type.
    #[inline]
    pub const fn type_code(self, ty: P2mType) -> Option<u64> {
        by_layout!(self, |l| l.type_code(ty), Option<u64>, (ty: P2mType))
    }

    /// The type that `code` stands for.
    #[inline]
    pub const fn type_of_code(self, code: u64) -> Option<P2mType> {
        self.layout().type_of_code(code)
    }

    /// Whether the format has this access type: `r_pw` is of today. NPT takes it and stores nothing, see
    /// [`Family::Npt`].
    #[inline]
    pub const fn has_access(self, access: Access) -> bool {
        self.layout().has_access(access)
    }

    /// The word of an entry where nothing is mapped, with which a new table is filled: 0, today in EPT with suppress
    /// #VE set.
    #[inline]
    pub const fn empty(self) -> u64 {
        by_layout!(self, |l| l.empty(), u64, ())
    }

    /// Whether nothing is mapped: no bit is set; today's EPT does not count suppress #VE, NPT does not count the frame.
    #[inline]
    pub const fn is_empty(self, entry: u64) -> bool {
        by_layout!(self, |l| l.is_empty(entry), bool, (entry: u64))
    }

    /// What an entry lets through: the type's permissions under the access's mask (NPT: the type's alone).
    ///
    /// Today the size of the leaf counts: a log-dirty leaf is writable only at 4 KB under PML, and a domain may be
    /// forbidden executable superpages.
    #[inline]
    pub const fn permissions(self, ty: P2mType, access: Access, order: Order, ctx: &LeafCtx) -> Perms {
        by_layout!(self, |l| l.permissions(ty, access, order, ctx), Perms,
            (ty: P2mType, access: Access, order: Order, ctx: &LeafCtx))
    }

    /// The entry that setting `leaf` writes.
    ///
    /// Where the leaf has no frame the entry stays empty, save for the types that are stored without one:
    /// those keep the invalid frame, clipped to the field, so that it reaches neither type nor NX. Populate on demand
    /// stores frame 0. A type or access type that the format lacks also gives an empty entry: ask
    /// [`Format::type_code`] and [`Format::has_access`] first. One leaf of 2011 cannot be told from an empty entry
    /// because all its bits are zero: `ram_rw` at frame 0 with access `n`, memory type 0 and no `ipat`.
    #[inline]
    pub const fn leaf(self, leaf: &Leaf, ctx: &LeafCtx) -> u64 {
        by_layout!(self, |l| l.leaf(leaf, ctx), u64, (leaf: &Leaf, ctx: &LeafCtx))
    }

    /// A link to the table in `mfn`, in a p2m whose default access is `rwx`. See [`Format::link_as`].
    #[inline]
    pub const fn link(self, mfn: Mfn) -> u64 {
        self.link_as(mfn, Access::Rwx)
    }

    /// A link to the table in `mfn`: everything is allowed, the leaf below decides; the access field of EPT holds the
    /// p2m's default access, which is not a mask here.
    #[inline]
    pub const fn link_as(self, mfn: Mfn, default_access: Access) -> u64 {
        by_layout!(self, |l| l.link_as(mfn, default_access), u64, (mfn: Mfn, default_access: Access))
    }

    /// What a look-up answers where nothing is mapped: type `mmio_dm`, no frame, no permission; access `n`, from NPT
    /// `rwx`. Never stored.
    #[inline]
    pub const fn miss(self) -> u64 {
        by_layout!(self, |l| l.miss(), u64, ())
    }

    /// An entry that was found at `level`, as a value away from its table: of a superpage of 1 GB a bit that is zero in
    /// tables says so, since nothing else tells it from one of 2 MB.
    #[inline]
    pub const fn taken(self, entry: u64, level: u8) -> u64 {
        if level == 2 && self.superpage(entry) { entry | self.layout().spare.mask() } else { entry }
    }

    /// The level at which a value of [`Format::taken`] would be a leaf.
    #[inline]
    pub const fn taken_at(self, value: u64) -> u8 {
        match self.superpage(value) {
            false => 0,
            true if value & self.layout().spare.mask() == 0 => 1,
            true => 2,
        }
    }

    /// The entry as tables hold it: the inverse of [`Format::taken`].
    #[inline]
    pub const fn stored(self, value: u64) -> u64 {
        if self.taken_at(value) == 2 { value & !self.layout().spare.mask() } else { value }
    }

    /// The same entry for another frame.
    #[inline]
    pub const fn with_mfn(self, entry: u64, mfn: Mfn) -> u64 {
        by_layout!(self, |l| l.mfn.set(entry, mfn.0), u64, (entry: u64, mfn: Mfn))
    }

    /// Reads an entry of a table at `level` (0 holds 4 KB leaves, 3 is the root) as the hypervisor does. An entry that
    /// was made illegal to be called back ([`Format::mark_recalc`]) is still the leaf or the link that it was.
    #[inline]
    pub const fn decode(self, level: u8, entry: u64) -> Decoded {
        by_layout!(self, |l| l.decode(level, entry), Decoded, (level: u8, entry: u64))
    }

    /// The table that an entry of a table at `level` leads to: where [`Format::decode`] gives a [`Decoded::Table`].
    #[inline]
    pub const fn leads_to(self, level: u8, entry: u64) -> Option<Mfn> {
        by_layout!(self, |l| l.leads_to(level, entry), Option<Mfn>, (level: u8, entry: u64))
    }

    /// The permissions that the entry was written with, whatever else it is. A mark for recalculation does not
    /// change them; what a processor lets through in the end, [`Format::hardware`] says.
    #[inline]
    pub const fn perms(self, entry: u64) -> Perms {
        by_layout!(self, |l| l.perms(entry), Perms, (entry: u64))
    }

    /// Whether anything is allowed: the processor stops at an entry that is not present. A leaf may be none the less.
    #[inline]
    pub const fn present(self, entry: u64) -> bool {
        self.perms(entry).any()
    }

    /// The superpage bit. Means nothing at level 0.
    #[inline]
    pub const fn superpage(self, entry: u64) -> bool {
        by_layout!(self, |l| l.superpage(entry), bool, (entry: u64))
    }

    /// Not empty and not of type `invalid` (the tree of January 2012 gave this test its name). Not the same as present: paged-out and
    /// populate-on-demand entries are valid and not present.
    #[inline]
    pub const fn valid(self, entry: u64) -> bool {
        by_layout!(self, |l| l.valid(entry), bool, (entry: u64))
    }

    /// The frame that the entry names, [`Mfn::INVALID`] if the field is all ones.
    #[inline]
    pub const fn mfn(self, entry: u64) -> Mfn {
        by_layout!(self, |l| l.frame(entry), Mfn, (entry: u64))
    }

    /// Child `i` (0 to 511) of the superpage `entry` at `level` (2 or 1), when it is split.
    ///
    /// A child inherits everything but its frame, which is `i` sizes further on (populate on demand has none; in EPT it
    /// stores `i`), and the superpage bit, which a 4 KB leaf does not have. In EPT its permissions are computed again for
    /// that frame and size (`ept_split_super_page`); in NPT all flags stay, and a PAT bit moves from bit 12 to bit 7
    /// (`p2m_next_level`). At any other level there is nothing to split and the entry comes back as it is.
    #[inline]
    pub const fn split_child(self, entry: u64, level: u8, i: u64, ctx: &LeafCtx) -> u64 {
        by_layout!(self, |l| l.split_child(entry, level, i, ctx), u64, (entry: u64, level: u8, i: u64, ctx: &LeafCtx))
    }

    /// Reads an entry of a table at `level` (0 holds 4 KB leaves, 3 is the root) as a processor does.
    #[inline]
    pub const fn hardware(self, level: u8, entry: u64, cpu: Cpu) -> Hardware {
        by_layout!(self, |l| l.hardware(level, entry, cpu), Hardware, (level: u8, entry: u64, cpu: Cpu))
    }

    /// Whether the entry's dirty flag is clear, which a processor that logs writes would set: in today's EPT.
    #[inline]
    pub const fn is_clean(self, entry: u64) -> bool {
        matches!(self, Format::Ept) && super::ept::D.get(entry) == 0
    }

    /// The entry after a write: accessed and dirty, where it has these flags.
    #[inline]
    pub const fn with_dirty(self, entry: u64) -> u64 {
        if matches!(self, Format::Ept) { entry | super::ept::A.mask() | super::ept::D.mask() } else { entry }
    }

    /// Whether entries can be marked for their type to be computed again: the formats of today.
    #[inline]
    pub const fn recalculates(self) -> bool {
        self.layout().recalculates()
    }

    /// The entry, leaf or link, marked so that the next guest access through it leaves to the hypervisor, which computes
    /// the type again: EPT gets an illegal memory type and the recalc bit, NPT loses US (and A). What is not
    /// present stays as it is: every access leaves there anyway. None if the format has no such mark.
    #[inline]
    pub const fn mark_recalc(self, entry: u64) -> Option<u64> {
        self.layout().mark_recalc(entry)
    }

    /// Whether the entry is so marked.
    #[inline]
    pub const fn needs_recalc(self, entry: u64) -> bool {
        by_layout!(self, |l| l.needs_recalc(entry), bool, (entry: u64))
    }

    /// An entry of a table at `level` without the mark. `emt` is the memory type of a leaf in EPT, where the mark
    /// took its place; a link has none. An entry without the mark comes back as it is.
    #[inline]
    pub const fn clear_recalc(self, level: u8, entry: u64, emt: u8) -> u64 {
        self.layout().clear_recalc(level, entry, emt)
    }

    /// The entry with suppress #VE set or cleared. None (Xen's EOPNOTSUPP) if the format has no such bit.
    #[inline]
    pub const fn with_suppress_ve(self, entry: u64, on: bool) -> Option<u64> {
        self.layout().with_suppress_ve(entry, on)
    }
}
