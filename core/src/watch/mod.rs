//! Watchers: what is checked from outside, never inside an operation.
//!
//! A watcher looks at effects and words; what it must remember stands in ghost words, which the same step writes. A
//! breach is a value, [`Broken`], and the run goes on.

pub mod abort;
mod broken;
pub mod dirty;
pub mod domains;
pub mod entries;
pub mod forms;
pub mod frames;
pub mod held;
pub mod index;
pub mod invariants;
pub mod memory;
mod misuse;
pub mod pod;
pub mod potential;
pub mod recheck;
pub mod requests;
mod rule;
pub mod shared;
pub mod survey;
pub mod waits;
mod watcher;

pub use broken::Broken;
pub use rule::{Rule, Rules, When};
pub use watcher::Watch;

use crate::addr::Mfn;
use crate::machine::{FrameWord, Words, World};

/// A word of a frame's record; 0 for a frame that the machine does not have.
fn record<W: Words>(m: &mut W, world: &World, mfn: Mfn, w: FrameWord) -> u64 {
    world.map.frame(mfn, w).map_or(0, |word| m.get(word))
}
