//! Encoding and decoding: a leaf or a link to and from the 64 bits of an entry.
//!
//! Three rules hold in every function.
//! - A leaf is known by its level and its superpage bit, never by its permissions: a superpage whose access
//!   masks everything away has none, and a walk that took it for a hole would lose 512 mappings.
//! - An entry of all zeroes is empty. A type of code 0 (`ram_rw`) with other bits set is not.
//! - [`Format::decode`] is how the hypervisor reads an entry. What a processor makes of the same bits is
//!   [`Format::hardware`]: it refuses some entries that the hypervisor stores and reads without harm.

use super::access::{Access, Perms};
use super::ept_2011;
use super::field::Field;
use super::layout::{Base, Layout, NO_CODE};
use super::types::P2mType;
use crate::addr::{Mfn, Order};

/// How an entry is laid out in its 64 bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Format {
    /// Intel's extended page tables, as filled in October 2011.
    #[default]
    Ept2011,
}

/// An entry that maps: frames of one order, with their type.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Leaf {
    /// The type.
    pub ty: P2mType,
    /// The access type.
    pub access: Access,
    /// The first frame, or [`Mfn::INVALID`] where the type has none.
    pub mfn: Mfn,
    /// How many frames.
    pub order: Order,
    /// Memory type: 0 UC, 1 WC, 4 WT, 5 WP, 6 WB. Three bits, clipped.
    pub emt: u8,
    /// Ignore the guest's PAT.
    pub ipat: bool,
}

impl Leaf {
    /// Write-back memory that is not refined by the guest's PAT: what most memory is mapped as.
    pub const fn new(ty: P2mType, access: Access, mfn: Mfn, order: Order) -> Leaf {
        Leaf { ty, access, mfn, order, emt: 6, ipat: true }
    }
}

/// What decides an entry's permissions and is not in the entry.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct LeafCtx {
    /// The frame lies in the MMIO ranges that guests may only read.
    pub mmio_ro: bool,
}

/// An entry as the hypervisor reads it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Decoded {
    /// All zeroes: nothing was ever mapped here, which reads as type `invalid`.
    Empty,
    /// A link to the table one level below.
    Table {
        /// The frame that holds the table.
        mfn: Mfn,
    },
    /// A mapping.
    Leaf(Leaf),
    /// Bits that the hypervisor never leaves behind.
    Misconfigured {
        /// What is wrong with them.
        why: Misconfig,
    },
}

/// Why an entry means nothing, to the hypervisor or to the processor.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Misconfig {
    /// The type's code is none of the format's. Software only.
    UnknownType(u8),
    /// The access type's code is unknown. Software only.
    UnknownAccess(u8),
    /// Above level 0, neither a superpage nor present, yet not empty: a link written in halves. Software only.
    HalfLink,
    /// The superpage bit at the root: no leaf is that large.
    SuperpageAtRoot,
    /// Writable but not readable: `-w-` or `-wx`. Hardware only.
    WriteWithoutRead,
    /// `--x` on a processor that cannot. Hardware only.
    ExecuteOnly,
    /// Memory type 2, 3 or 7. Hardware only.
    MemoryType(u8),
    /// A link with bits 3 to 6 set, which are reserved where no leaf is. Hardware only.
    ReservedInLink,
    /// A superpage's frame is not a multiple of its size. Hardware only.
    UnalignedSuperpage,
}

impl Format {
    const ALL: [Format; 1] = [Format::Ept2011];

    /// Every format.
    pub const fn all() -> &'static [Format] {
        &Format::ALL
    }

    /// The format as data.
    #[inline]
    pub(super) const fn layout(self) -> &'static Layout {
        match self {
            Format::Ept2011 => &ept_2011::LAYOUT,
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

    /// The named bits of an entry at `level`, lowest first. They cover all 64 bits, each once.
    pub const fn fields(self, level: u8) -> &'static [Field] {
        self.layout().fields[if level < 3 { level as usize } else { 3 }]
    }

    /// The number that stands for `ty` in an entry, or `None` if the format has no such type.
    #[inline]
    pub const fn type_code(self, ty: P2mType) -> Option<u64> {
        match self.layout().codes[ty as usize] {
            NO_CODE => None,
            code => Some(code as u64),
        }
    }

    /// The type that `code` stands for.
    #[inline]
    pub const fn type_of_code(self, code: u64) -> Option<P2mType> {
        let types = self.layout().types;
        if code < types.len() as u64 { Some(types[code as usize]) } else { None }
    }

    /// What a type allows by itself.
    #[inline]
    pub const fn base_perms(self, ty: P2mType, ctx: &LeafCtx) -> Perms {
        match self.layout().base[ty as usize] {
            Base::Always(perms) => perms,
            Base::WriteUnlessRo(perms) => Perms { w: !ctx.mmio_ro, ..perms },
        }
    }

    /// What an entry of this type and access lets through: the type's permissions under the access's mask.
    /// In 2011 the size of the leaf plays no part.
    #[inline]
    pub const fn permissions(self, ty: P2mType, access: Access, ctx: &LeafCtx) -> Perms {
        self.base_perms(ty, ctx).and(access.mask())
    }

    /// The entry that setting `leaf` writes.
    ///
    /// Where the leaf has no frame the entry stays empty (0), save for the types that are stored without one:
    /// those keep the invalid frame, clipped to the field. Populate on demand stores frame 0. A type that
    /// the format lacks also gives 0: ask [`Format::type_code`] first. One leaf cannot be told from an empty entry
    /// because all its bits are zero: `ram_rw` at frame 0 with access `n`, memory type 0 and no `ipat`.
    #[inline]
    pub const fn leaf(self, leaf: &Leaf, ctx: &LeafCtx) -> u64 {
        let l = self.layout();
        let Some(code) = self.type_code(leaf.ty) else { return 0 };
        let mfn = match leaf.ty {
            P2mType::PopulateOnDemand if !leaf.mfn.is_valid() => 0,
            _ => leaf.mfn.0,
        };
        if !Mfn(mfn).is_valid() && !l.frameless.has(leaf.ty) {
            return 0;
        }
        l.put_perms(self.permissions(leaf.ty, leaf.access, ctx))
            | l.emt.put(leaf.emt as u64)
            | l.ipat.put(leaf.ipat as u64)
            | l.sp.put((leaf.order.level() > 0) as u64)
            | l.mfn.put(mfn)
            | l.ty.put(code)
            | l.access.put(leaf.access.code())
    }

    /// A link to the table in `mfn`, in a p2m whose default access is `rwx`. See [`Format::link_as`].
    #[inline]
    pub const fn link(self, mfn: Mfn) -> u64 {
        self.link_as(mfn, Access::Rwx)
    }

    /// A link to the table in `mfn`: everything is allowed, the leaf below decides; the access field holds the
    /// p2m's default access, which is not a mask here.
    #[inline]
    pub const fn link_as(self, mfn: Mfn, default_access: Access) -> u64 {
        let l = self.layout();
        l.put_perms(Perms::RWX) | l.mfn.put(mfn.0) | l.access.put(default_access.code())
    }

    /// What a look-up answers where nothing is mapped: type `mmio_dm`, no frame, no permission. Never stored.
    #[inline]
    pub const fn miss(self) -> u64 {
        let l = self.layout();
        let code = match self.type_code(P2mType::MmioDm) {
            Some(code) => code,
            None => 0,
        };
        l.ty.put(code) | l.mfn.put(Mfn::INVALID.0)
    }

    /// The same entry for another frame.
    #[inline]
    pub const fn with_mfn(self, entry: u64, mfn: Mfn) -> u64 {
        self.layout().mfn.set(entry, mfn.0)
    }

    /// Reads an entry of a table at `level` (0 holds 4 KB leaves, 3 is the root) as the hypervisor does.
    #[inline]
    pub const fn decode(self, level: u8, entry: u64) -> Decoded {
        let l = self.layout();
        if entry == 0 {
            return Decoded::Empty;
        }
        if level > 0 && !self.superpage(entry) {
            return if self.present(entry) {
                Decoded::Table { mfn: self.mfn(entry) }
            } else {
                Decoded::Misconfigured { why: Misconfig::HalfLink }
            };
        }
        let Some(order) = Order::of_level(level) else {
            return Decoded::Misconfigured { why: Misconfig::SuperpageAtRoot };
        };
        let (code, access_code) = (l.ty.get(entry), l.access.get(entry));
        let Some(ty) = self.type_of_code(code) else {
            return Decoded::Misconfigured { why: Misconfig::UnknownType(code as u8) };
        };
        let Some(access) = Access::from_code(access_code) else {
            return Decoded::Misconfigured { why: Misconfig::UnknownAccess(access_code as u8) };
        };
        let (emt, ipat) = (l.emt.get(entry) as u8, l.ipat.get(entry) == 1);
        Decoded::Leaf(Leaf { ty, access, mfn: self.mfn(entry), order, emt, ipat })
    }

    /// The permission bits that the entry holds, whatever else it is.
    #[inline]
    pub const fn perms(self, entry: u64) -> Perms {
        self.layout().get_perms(entry)
    }

    /// Whether anything is allowed: the processor stops at an entry that is not present. A leaf may be none the less.
    #[inline]
    pub const fn present(self, entry: u64) -> bool {
        self.perms(entry).any()
    }

    /// The superpage bit. Means nothing at level 0.
    #[inline]
    pub const fn superpage(self, entry: u64) -> bool {
        self.layout().sp.get(entry) == 1
    }

    /// Not empty and not of type `invalid` (the tree of January 2012 gave this test its name). Not the same as present: paged-out and
    /// populate-on-demand entries are valid and not present.
    #[inline]
    pub const fn valid(self, entry: u64) -> bool {
        entry != 0 && !matches!(self.type_of_code(self.layout().ty.get(entry)), Some(P2mType::Invalid))
    }

    /// The frame that the entry names, [`Mfn::INVALID`] if the field is all ones.
    #[inline]
    pub const fn mfn(self, entry: u64) -> Mfn {
        let field = self.layout().mfn;
        let mfn = field.get(entry);
        if mfn == field.max() { Mfn::INVALID } else { Mfn(mfn) }
    }

    /// Child `i` (0 to 511) of the superpage `entry` at `level` (2 or 1), when it is split.
    ///
    /// A child inherits everything but its frame, which is `i` sizes further on (populate on demand has none and
    /// stores `i`), its permissions, which are computed again for that frame, and the superpage bit, which a 4 KB
    /// leaf does not have. At any other level there is nothing to split and the entry comes back as it is.
    #[inline]
    pub const fn split_child(self, entry: u64, level: u8, i: u64, ctx: &LeafCtx) -> u64 {
        let l = self.layout();
        if level == 0 || level > 2 {
            return entry;
        }
        let ty = self.type_of_code(l.ty.get(entry));
        let mfn = match ty {
            Some(P2mType::PopulateOnDemand) => i,
            _ => self.mfn(entry).plus(i << (9 * (level - 1))).0,
        };
        let perms = match (ty, Access::from_code(l.access.get(entry))) {
            (Some(ty), Some(access)) => self.permissions(ty, access, ctx),
            _ => Perms::NONE,
        };
        let inherited = entry & !l.put_perms(Perms::RWX) & !l.sp.mask();
        l.mfn.set(inherited, mfn) | l.put_perms(perms) | l.sp.put((level > 1) as u64)
    }
}
