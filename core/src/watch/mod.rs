//! Watchers: what is checked from outside, never inside an operation.
//!
//! A watcher looks at effects and words; what it must remember stands in ghost words, which the same step writes. A
//! breach is a value, [`Broken`], and the run goes on.

mod broken;
pub mod held;
pub mod invariants;
pub mod memory;
mod rule;
pub mod survey;
pub mod waits;
mod watcher;

pub use broken::Broken;
pub use rule::{Rule, Rules, When};
pub use watcher::Watch;
