//! Watchers: what is checked from outside, never inside an operation.

mod broken;
mod rule;
mod watch;

pub use broken::Broken;
pub use rule::{Rule, Rules, When};
pub use watch::Watch;
