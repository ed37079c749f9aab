//! Named bit fields of a 64-bit entry.
//!
//! A format names each of its bits once, with [`fields!`]. The macro makes the constants that the encoder and
//! the decoder shift with, and the table that the command line and the page's bit strip print: they cannot
//! drift apart.

/// What the bits of a field stand for: tells a reader of the table how to put a value into words.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Kind {
    /// One permission bit, set when it is allowed.
    Allow,
    /// One permission bit, set when it is forbidden.
    Deny,
    /// The memory type of a leaf (Intel's numbers).
    MemoryType,
    /// A flag that the hardware reads.
    Flag,
    /// A machine frame number.
    Mfn,
    /// The code of a p2m type; the hardware ignores it.
    Type,
    /// The code of an access type; the hardware ignores it.
    Access,
    /// Not used.
    Unused,
}

/// A run of bits with a name.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Field {
    /// The name, as the headers write it.
    pub name: &'static str,
    /// The lowest bit.
    pub low: u8,
    /// The highest bit, included.
    pub high: u8,
    /// What the bits stand for.
    pub kind: Kind,
    /// One sentence without a full stop: who reads the field, and for what.
    pub what: &'static str,
}

impl Field {
    /// All bits of the field, moved down to bit 0: also its greatest value.
    #[inline]
    pub const fn max(&self) -> u64 {
        u64::MAX >> (63 - (self.high - self.low))
    }

    /// All bits of the field in place.
    #[inline]
    pub const fn mask(&self) -> u64 {
        self.max() << self.low
    }

    /// The field's value in `entry`.
    #[inline]
    pub const fn get(&self, entry: u64) -> u64 {
        entry >> self.low & self.max()
    }

    /// The field alone, holding `value` clipped to its width; all other bits zero.
    #[inline]
    pub const fn put(&self, value: u64) -> u64 {
        (value & self.max()) << self.low
    }

    /// `entry` with the field replaced by `value`, clipped to its width.
    #[inline]
    pub const fn set(&self, entry: u64, value: u64) -> u64 {
        entry & !self.mask() | self.put(value)
    }
}

/// `of` with one field in the place of the one that begins at the same bit.
pub const fn replaced<const N: usize>(of: &[Field; N], by: Field) -> [Field; N] {
    let (mut all, mut i) = (*of, 0);
    while i < N {
        if all[i].low == by.low {
            all[i] = by;
        }
        i += 1;
    }
    all
}

/// Declares the fields of a format, lowest first: one constant each, and `FIELDS` with all of them. A row of a name alone
/// is a field that another format declares, and that is the same here.
macro_rules! fields {
    ($($konst:ident $($name:literal $low:literal ..= $high:literal $kind:ident $what:literal)?;)+) => {
        $($(
            #[doc = $what]
            pub const $konst: $crate::entry::Field = $crate::entry::Field {
                name: $name,
                low: $low,
                high: $high,
                kind: $crate::entry::Kind::$kind,
                what: $what,
            };
        )?)+
        /// Every field, lowest first. Together they cover all 64 bits.
        pub const FIELDS: &[$crate::entry::Field; [$(stringify!($konst)),+].len()] = &[$($konst),+];
    };
}
pub(crate) use fields;
