//! Entries of a p2m: 64 bits to and from a type, an access, a frame. Pure functions without state.
//!
//! - `types`, `groups`, `access`: what is stored, and what it allows;
//! - `field`: named runs of bits; `layout`: what a format is, as data; `ept`, `npt`: what Intel's and AMD's share;
//!   `ept_2011`, `ept_now`, `npt_layouts`: the formats;
//! - `leaf`: what an entry can be; `code`: the encoder and the decoder over any layout; `format`: the same for callers;
//! - `hardware`: a processor's reading of the same bits; `describe`: an entry in words.
//!
//! Nothing here knows where an entry lies, who holds a lock, or what a table is.

mod access;
mod code;
mod describe;
mod ept;
mod ept_2011;
mod ept_now;
mod field;
mod format;
mod groups;
mod hardware;
mod layout;
mod leaf;
mod npt;
mod npt_layouts;
mod types;

#[cfg(test)]
mod tests;

pub use access::{Access, Perms};
pub use describe::{FieldValue, describe, summary};
pub use field::{Field, Kind};
pub use format::{Family, Format};
pub use groups::{Era, Group, TypeSet};
pub use hardware::{Cpu, Hardware};
pub use leaf::{Decoded, Leaf, LeafCtx, Misconfig};
pub use types::P2mType;
