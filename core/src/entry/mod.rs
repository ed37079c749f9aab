//! Entries of a p2m: 64 bits to and from a type, an access, a frame. Pure functions without state.
//!
//! - `types`, `groups`, `access`: what is stored, and what it allows;
//! - `field`: named runs of bits; `layout`: what a format is, as data; `ept_2011`: a format;
//! - `format`: the encoder and the decoder over any of them; `hardware`: a processor's reading of the same bits;
//! - `describe`: an entry in words.
//!
//! Nothing here knows where an entry lies, who holds a lock, or what a table is.

mod access;
mod describe;
mod ept_2011;
mod field;
mod format;
mod groups;
mod hardware;
mod layout;
mod types;

#[cfg(test)]
mod tests;

pub use access::{Access, Perms};
pub use describe::{FieldValue, describe, summary};
pub use field::{Field, Kind};
pub use format::{Decoded, Format, Leaf, LeafCtx, Misconfig};
pub use groups::{Era, Group, TypeSet};
pub use hardware::{Cpu, Hardware};
pub use types::P2mType;
