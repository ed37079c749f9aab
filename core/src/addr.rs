//! Frame numbers, orders, domains, words: newtypes that cannot be mixed up.
//!
//! A *gfn* is a frame number as a guest counts, an *mfn* as the machine counts. Both count frames of 4096
//! bytes; a table indexes 9 bits of a gfn per level, so an order is 0 (4 KB), 9 (2 MB) or 18 (1 GB).

use std::fmt;

/// Words of 8 bytes in a frame of 4096 bytes, which is also the number of entries of a table.
pub const FRAME_WORDS: u64 = 512;

/// Bits of a guest frame number: 48 bits of guest physical address less 12 (four levels of nine).
pub const GFN_BITS: u32 = 36;

/// Bits of the mfn field of an entry: 52 bits of machine physical address less 12.
pub const MFN_BITS: u32 = 40;

/// A guest frame number. At most [`GFN_BITS`] bits where it names a frame.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Gfn(pub u64);

/// A machine frame number, or [`Mfn::INVALID`] where there is no frame.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Mfn(pub u64);

/// The index of a 64-bit word in the flat memory. The word `i` of frame `m` has index `512 * m + i`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Word(pub u32);

/// A domain by the number a lesson gives it, or one of the owners that are no guest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct DomId(pub u16);

/// An actor by its place in the world's list, counted from 0. At most 256.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct ActorId(pub u8);

/// How many frames a leaf covers, as a power of two: 0, 9 or 18.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Order(u8);

/// A domain and a frame number of it: what a lesson writes `1:0x207`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct DomGfn {
    /// Whose frame. Comes first, so that the derived order is Xen's (domain, then frame).
    pub dom: DomId,
    /// The frame number in that domain.
    pub gfn: Gfn,
}

impl Gfn {
    /// The index into the table of `level` (0 is the table of 4 KB leaves, 3 the root).
    #[inline]
    pub const fn index(self, level: u8) -> u64 {
        (self.0 >> (9 * level as u32)) & (FRAME_WORDS - 1)
    }

    /// The first frame of the naturally aligned block of `order` that holds this one.
    #[inline]
    pub const fn base(self, order: Order) -> Gfn {
        Gfn(self.0 & !(order.frames() - 1))
    }

    /// How far this frame lies above the base of its block of `order`.
    #[inline]
    pub const fn offset(self, order: Order) -> u64 {
        self.0 & (order.frames() - 1)
    }

    /// Whether the number fits the [`GFN_BITS`] bits that four levels translate.
    #[inline]
    pub const fn fits(self) -> bool {
        self.0 < 1 << GFN_BITS
    }
}

impl Mfn {
    /// No frame: all ones. In an entry it is clipped to the 40 bits of the field.
    pub const INVALID: Mfn = Mfn(u64::MAX);

    /// Whether this names a frame: neither [`Mfn::INVALID`] nor its 40-bit form in an entry.
    #[inline]
    pub const fn is_valid(self) -> bool {
        self.0 < (1 << MFN_BITS) - 1
    }

    /// The frame `n` above this one; an invalid one stays invalid.
    #[inline]
    pub const fn plus(self, n: u64) -> Mfn {
        if self.is_valid() { Mfn(self.0 + n) } else { self }
    }
}

impl Order {
    /// One frame of 4 KB.
    pub const K4: Order = Order(0);
    /// 512 frames, 2 MB.
    pub const M2: Order = Order(9);
    /// 262144 frames, 1 GB.
    pub const G1: Order = Order(18);

    /// The order of that many bits, if a leaf can have it (0, 9 or 18).
    #[inline]
    pub const fn new(bits: u64) -> Option<Order> {
        match bits {
            0 | 9 | 18 => Some(Order(bits as u8)),
            _ => None,
        }
    }

    /// The order of a leaf at `level`: 0, 1 or 2. Above, there are no leaves.
    #[inline]
    pub const fn of_level(level: u8) -> Option<Order> {
        Order::new(9 * level as u64)
    }

    /// The level of the table that holds leaves of this order.
    #[inline]
    pub const fn level(self) -> u8 {
        self.0 / 9
    }

    /// The number of frames covered.
    #[inline]
    pub const fn frames(self) -> u64 {
        1 << self.0
    }

    /// The power of two: 0, 9 or 18.
    #[inline]
    pub const fn bits(self) -> u8 {
        self.0
    }
}

impl Word {
    /// The frame whose page holds this word, were all words pages. Records beyond the frames have none.
    #[inline]
    pub const fn frame(self) -> Mfn {
        Mfn(self.0 as u64 / FRAME_WORDS)
    }

    /// The word `n` further on.
    #[inline]
    pub const fn at(self, n: u64) -> Word {
        Word(self.0 + n as u32)
    }
}

impl DomId {
    /// Owner of shared (copy-on-write) frames.
    pub const COW: DomId = DomId(0x7ff2);
    /// Owner of MMIO frames that have a frame-table record.
    pub const IO: DomId = DomId(0x7ff1);
    /// Owner of the hypervisor's own frames.
    pub const XEN: DomId = DomId(0x7ff3);
    /// Owner of a free frame.
    pub const NOBODY: DomId = DomId(0x7ff4);
}

impl DomGfn {
    /// The frame `gfn` of domain `dom`.
    #[inline]
    pub const fn new(dom: u16, gfn: u64) -> DomGfn {
        DomGfn { dom: DomId(dom), gfn: Gfn(gfn) }
    }

    /// As one word: the domain above bit 40. Ordered as (domain, gfn).
    #[inline]
    pub const fn to_word(self) -> u64 {
        (self.dom.0 as u64) << 40 | self.gfn.0
    }

    /// The inverse of [`DomGfn::to_word`].
    #[inline]
    pub const fn from_word(w: u64) -> DomGfn {
        DomGfn { dom: DomId((w >> 40) as u16), gfn: Gfn(w & ((1 << 40) - 1)) }
    }
}

impl fmt::Display for Gfn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

impl fmt::Display for Mfn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_valid() { write!(f, "{:#x}", self.0) } else { f.write_str("none") }
    }
}

impl fmt::Display for DomId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            DomId::COW => f.write_str("cow"),
            DomId::IO => f.write_str("io"),
            DomId::XEN => f.write_str("xen"),
            DomId::NOBODY => f.write_str("nobody"),
            DomId(n) => write!(f, "{n}"),
        }
    }
}

impl fmt::Display for DomGfn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.dom, self.gfn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gfn_indexes_nine_bits_a_level() {
        let g = Gfn(0x1_2345_6789 & ((1 << GFN_BITS) - 1));
        let back = (0..4).map(|l| g.index(l) << (9 * l as u32)).sum::<u64>();
        assert_eq!(back, g.0);
        assert_eq!(Gfn(0x207).index(0), 7);
        assert_eq!(Gfn(0x207).index(1), 1);
    }

    #[test]
    fn base_and_offset_split_a_gfn() {
        assert_eq!(Gfn(0x207).base(Order::M2), Gfn(0x200));
        assert_eq!(Gfn(0x207).offset(Order::M2), 7);
        assert_eq!(Gfn(0x207).base(Order::K4), Gfn(0x207));
    }

    #[test]
    fn invalid_frames_stay_invalid() {
        assert!(!Mfn::INVALID.is_valid());
        assert!(!Mfn((1 << MFN_BITS) - 1).is_valid());
        assert_eq!(Mfn::INVALID.plus(3), Mfn::INVALID);
    }

    #[test]
    fn a_word_holds_domain_and_frame_in_order() {
        let (a, b) = (DomGfn::new(1, 0x400), DomGfn::new(2, 0x10));
        assert_eq!(DomGfn::from_word(a.to_word()), a);
        assert!(a < b && a.to_word() < b.to_word());
    }
}
