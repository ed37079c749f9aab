//! Watchers: what is checked from outside, never inside an operation.

mod broken;
mod rule;
mod watcher;

pub use broken::Broken;
pub use rule::{Rule, Rules, When};
pub use watcher::Watch;
