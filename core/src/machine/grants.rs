//! Grants: what a domain lets another map, and the references that its mappings hold.
//!
//! | word | holds |
//! |---|---|
//! | 0 | the granter's frame number with its domain |
//! | 1 | to whom; bit 16: for reading only |
//! | 2 | the frame, plus one, while something maps it |
//! | 3 | writable mappings |
//! | 4 | read-only mappings |
//!
//! Protocol: words 2 to 4 change in one effect, under the granter's grant lock. Each mapping holds a reference, a
//! writable one a typed reference too; they are the actor's who maps, until [`GrantAct::Pin`] hands them to the
//! grant, and whose who unmaps, from [`GrantAct::Unpin`] on. A table entry of a granted frame holds none of its own.

use super::words::Words;
use super::world::World;
use crate::addr::{DomId, Mfn};

/// A word of a grant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum GrantWord {
    /// The granter's frame number with its domain.
    From,
    /// To whom, and whether for reading only.
    To,
    /// The frame plus one; 0 while nothing maps it.
    Frame,
    /// Writable mappings.
    Writers,
    /// Read-only mappings, copies under way among them.
    Readers,
}

/// What is done to a grant as a whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GrantAct {
    /// One more mapping: the actor's references become the grant's. Gives 1.
    Pin {
        /// The grant.
        grant: u64,
        /// The frame.
        mfn: Mfn,
        /// Whether it is writable.
        write: bool,
    },
    /// One mapping less: its references become the actor's. Gives the frame plus one, or 0 if there is none such.
    Unpin {
        /// The grant.
        grant: u64,
        /// Whether it is writable.
        write: bool,
    },
    /// The first grant to a domain through which that frame is mapped so, plus one; 0: none.
    Find {
        /// To whom.
        to: DomId,
        /// The frame.
        mfn: Mfn,
        /// Whether it is writable.
        write: bool,
    },
}

const fn counter(write: bool) -> GrantWord {
    if write { GrantWord::Writers } else { GrantWord::Readers }
}

/// A word of a grant, 0 if there is no such grant.
pub fn word<W: Words>(m: &mut W, world: &World, grant: u64, w: GrantWord) -> u64 {
    world.map.grant(grant, w as u32).map_or(0, |word| m.get(word))
}

fn put<W: Words>(m: &mut W, world: &World, grant: u64, w: GrantWord, v: u64) {
    if let Some(word) = world.map.grant(grant, w as u32) {
        m.set(word, v);
    }
}

/// How many references a frame's grants hold on it: plain ones, and typed ones.
pub fn pins<W: Words>(m: &mut W, world: &World, mfn: Mfn) -> (u64, u64) {
    (0..world.map.grants() as u64).fold((0, 0), |(all, typed), g| {
        if word(m, world, g, GrantWord::Frame) != mfn.0 + 1 {
            return (all, typed);
        }
        let writers = word(m, world, g, GrantWord::Writers);
        let readers = word(m, world, g, GrantWord::Readers);
        // Lessons cannot write these words, but what stands there may be any number.
        (all.saturating_add(writers).saturating_add(readers), typed.saturating_add(writers))
    })
}

/// Does it.
pub fn act<W: Words>(m: &mut W, world: &World, a: GrantAct) -> u64 {
    match a {
        GrantAct::Pin { grant, mfn, write } => {
            let n = word(m, world, grant, counter(write));
            put(m, world, grant, counter(write), n + 1);
            put(m, world, grant, GrantWord::Frame, mfn.0 + 1);
            1
        }
        GrantAct::Unpin { grant, write } => {
            let n = word(m, world, grant, counter(write));
            if n == 0 {
                return 0;
            }
            put(m, world, grant, counter(write), n - 1);
            let frame = word(m, world, grant, GrantWord::Frame);
            if n == 1 && word(m, world, grant, counter(!write)) == 0 {
                put(m, world, grant, GrantWord::Frame, 0);
            }
            frame
        }
        GrantAct::Find { to, mfn, write } => {
            let is = |m: &mut W, g| {
                word(m, world, g, GrantWord::Frame) == mfn.0 + 1
                    && DomId(word(m, world, g, GrantWord::To) as u16) == to
                    && word(m, world, g, counter(write)) > 0
            };
            (0..world.map.grants() as u64).find(|&g| is(m, g)).map_or(0, |g| g + 1)
        }
    }
}
