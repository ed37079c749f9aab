//! Watchers: what is checked from outside, never inside an operation.

mod rule;

pub use rule::{Rule, Rules, When};
