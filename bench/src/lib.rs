//! How fast it is: every row of the table in docs/performance.md, each beside what it is compared with, in one run.
//!
//! - `work` is what is measured, natively and in a browser alike; `hand` is one operation written by hand.
//! - `rows` has a file for each kind of row, `measure` takes samples in turn, `table` says which targets are met.
//! - `record` is what is kept of a run, and the document made from it.
//!
//! `cargo xtask bench` builds what it needs and runs `main`. Peers are compiled with the feature `peers` only.

pub mod hand;
pub mod measure;
pub mod record;
#[cfg(all(feature = "peers", not(target_arch = "wasm32")))]
pub mod rows;
pub mod table;
#[cfg(target_arch = "wasm32")]
pub mod wasm;
pub mod work;

/// Rows 1 to this are in the table.
pub const ROWS: u32 = 19;
