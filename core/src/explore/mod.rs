//! The explorer: all reachable states, on all cores, and the shortest way to a finding.
//!
//! Protocol. A search goes depth first over one simulated world, with an explicit stack, one step forward or back at a
//! time. A state that was seen before is not entered again. Every distinct reachable state is counted, also one that
//! broke a rule or in which nobody can move; only such a state is not expanded. So the count of a complete search
//! depends neither on the order nor on the number of threads.
//!
//! States are told apart by their 64-bit fingerprints; the report says how likely it is that one was missed. With
//! [`Question::exact`] whole states are kept and compared.
//!
//! The first finding ends the search. Then a second one goes breadth first, in the order of actors and no deeper
//! than the finding, and gives the shortest schedule, the first of several. A `hang` is no state's own fault: it is
//! found in a search that also tells which states belong together in a circle, without storing one edge.

mod breadth;
mod circles;
mod orders;
mod packed;
mod pool;
mod question;
mod seen;
mod slices;
mod table;
mod walk;

pub use orders::Book;
pub use pool::{explore, with_threads};
pub use question::{Limits, Mark, Probe, Progress, Question, Report, Schedule, Verdict};
pub use slices::Slices;
