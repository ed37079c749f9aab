//! Virtual time: how the same programs would scale on more processors than there are.
//!
//! Protocol. The programs run as simulated actors run, effect by effect ([`Sim`](crate::sim::Sim)), each on a processor
//! of its own with a clock of its own. Who has the least clock goes next, if it can go. An effect costs what the words
//! cost that it touches, and these are the very words that it touches live: [`lines`](self) keeps for each line of 64
//! bytes who has it, as the caches of a machine with one level of them would. So what a lock costs is not stated
//! anywhere; it follows from the words of its form.
//!
//! Clocks stand beside the run. No word of memory tells the time, so states and their hashes are those of any other run.
//!
//! What is left out: which processors are near each other, how much a bus can carry beyond one line, caches that are too
//! small, and exchanges that fail because another came between, since an effect happens at one moment.

mod clock;
mod lines;
#[cfg(not(target_family = "wasm"))]
pub mod measure;
mod sweep;

pub use clock::{Clocked, Outcome, Setup, Stood, Waiters, run};
pub use lines::{Costs, Time, nanoseconds};
pub use sweep::{Advance, Ask, COUNTS, Line, Point, Sweep};
