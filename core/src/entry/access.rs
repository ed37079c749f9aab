//! Access types, and the permissions that hardware reads.
//!
//! An access type is soft state beside the type: a second mask that a listener (an introspection tool) puts over
//! a frame. What the hardware lets through is the type's own permissions *and* the access's mask.

use std::fmt;

/// What a guest may do with a frame besides what its type says. Codes are those of 2011 and of today (between 2014
/// and 2016 they ran the other way). Which of them a format has, [`Format::has_access`](super::Format::has_access) says.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum Access {
    /// Nothing.
    N = 0,
    /// Read.
    R = 1,
    /// Write.
    W = 2,
    /// Read and write.
    Rw = 3,
    /// Execute.
    X = 4,
    /// Read and execute.
    Rx = 5,
    /// Write and execute.
    Wx = 6,
    /// Everything: the usual value.
    Rwx = 7,
    /// Read and execute, and the first write silently makes it `rw`.
    Rx2rw = 8,
    /// Nothing, and the first access makes it `rwx`, with an event that does not pause the vCPU (since December 2011).
    N2rwx = 9,
    /// Read, and the processor may still set accessed and dirty bits there while it walks the guest's own page
    /// tables (since January 2025).
    RPw = 10,
}

use Access::*;

impl Access {
    const ALL: [Access; 11] = [N, R, W, Rw, X, Rx, Wx, Rwx, Rx2rw, N2rwx, RPw];

    /// Every access type of any format, in the order of the codes; those that came later stand last.
    pub const fn all() -> &'static [Access] {
        &Access::ALL
    }

    /// The short name, `rwx`. Lessons write it with a prefix: `access_rwx`.
    pub const fn name(self) -> &'static str {
        match self {
            N => "n",
            R => "r",
            W => "w",
            Rw => "rw",
            X => "x",
            Rx => "rx",
            Wx => "wx",
            Rwx => "rwx",
            Rx2rw => "rx2rw",
            N2rwx => "n2rwx",
            RPw => "r_pw",
        }
    }

    /// The access type of that name, with or without the prefix `access_`.
    pub fn from_name(name: &str) -> Option<Access> {
        let name = name.strip_prefix("access_").unwrap_or(name);
        Access::ALL.into_iter().find(|a| a.name() == name)
    }

    /// The code that an entry with an access field stores.
    pub const fn code(self) -> u64 {
        self as u64
    }

    /// The access type of that code.
    #[inline]
    pub const fn from_code(code: u64) -> Option<Access> {
        if code < Access::ALL.len() as u64 { Some(Access::ALL[code as usize]) } else { None }
    }

    /// What the access type leaves of any permissions.
    #[inline]
    pub const fn mask(self) -> Perms {
        match self {
            N | N2rwx => Perms::from_bits(0),
            Rx2rw => Perms::from_bits(5),
            RPw => Perms::R,
            plain => Perms::from_bits(plain as u64),
        }
    }

    /// What it allows, in words.
    pub const fn meaning(self) -> &'static str {
        match self {
            N => "no access",
            R => "read only",
            W => "write only",
            Rw => "read and write",
            X => "execute only",
            Rx => "read and execute",
            Wx => "write and execute",
            Rwx => "no restriction",
            Rx2rw => "read and execute, becomes rw at the first write",
            N2rwx => "no access, becomes rwx at the first touch",
            RPw => "read only, save for the processor's own marks in page tables",
        }
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What the hardware lets through: read, write, execute. Prints as `r-x`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Perms {
    /// Read.
    pub r: bool,
    /// Write.
    pub w: bool,
    /// Execute.
    pub x: bool,
}

impl Perms {
    /// Nothing is allowed.
    pub const NONE: Perms = Perms::from_bits(0);
    /// Read only.
    pub const R: Perms = Perms::from_bits(1);
    /// Read and write.
    pub const RW: Perms = Perms::from_bits(3);
    /// Read and execute.
    pub const RX: Perms = Perms::from_bits(5);
    /// Everything is allowed.
    pub const RWX: Perms = Perms::from_bits(7);

    /// From bit 0 = read, bit 1 = write, bit 2 = execute; the rest is ignored.
    #[inline]
    pub const fn from_bits(bits: u64) -> Perms {
        Perms { r: bits & 1 != 0, w: bits & 2 != 0, x: bits & 4 != 0 }
    }

    /// Bit 0 = read, bit 1 = write, bit 2 = execute.
    #[inline]
    pub const fn bits(self) -> u64 {
        self.r as u64 | (self.w as u64) << 1 | (self.x as u64) << 2
    }

    /// What both allow.
    #[inline]
    pub const fn and(self, other: Perms) -> Perms {
        Perms::from_bits(self.bits() & other.bits())
    }

    /// Whether anything is allowed, which is what Intel calls *present*.
    #[inline]
    pub const fn any(self) -> bool {
        self.bits() != 0
    }
}

impl fmt::Display for Perms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let c = |on, c| if on { c } else { '-' };
        write!(f, "{}{}{}", c(self.r, 'r'), c(self.w, 'w'), c(self.x, 'x'))
    }
}
