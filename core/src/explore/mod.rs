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
//! A question that is asked [`Question::reduced`] is answered by fewer states. An actor whose next step nobody else can
//! touch goes alone (`guide` says when that is known, and why it is sound), and of actors that nothing tells apart the
//! first begins (`twins`). Verdicts are the same, counts are not: the states that are met stand for all.
//!
//! Memory is bounded. Where the fingerprints of all states do not fit, three bits of each are kept (`bits`), and a search
//! that finds nothing is [`Verdict::Likely`], with the number of states that it probably missed. Searches that need the
//! states themselves, or which state is whose successor, end at the bound instead.
//!
//! The first finding ends the search. Then a second one goes breadth first, in the order of actors and no deeper
//! than the finding, and gives the shortest schedule, the first of several. It is never reduced. Where it reaches a bound
//! the known schedule is made as small as can be (`shorten`), and the report says that it need not be the shortest. A
//! `hang` is no state's own fault: it is found in a search that also tells which states belong together in a circle,
//! without storing one edge.

mod bits;
mod breadth;
mod circles;
mod guide;
mod lore;
mod orders;
mod packed;
mod pool;
mod question;
mod seen;
mod shorten;
mod slices;
mod table;
mod twins;
mod walk;

pub use orders::Book;
pub use pool::{explore, with_threads};
pub use question::{Limits, Mark, Probe, Progress, Question, Report, Schedule, Table, Verdict};
pub use slices::Slices;
