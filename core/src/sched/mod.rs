//! A run that can be stepped, taken back, sought, forked, printed and played again.
//!
//! A [`Run`] holds a [`Sim`](crate::sim::Sim) and the [`Event`]s that led to its state. Position `k` is the state
//! after `k` steps; 0 is the first state. Protocol:
//!
//! - the simulated run always stands at the position; going back undoes steps, going forward takes the noted ones again;
//! - a step that differs from the one noted at that position opens a fork, and the old branch stays;
//! - what only people want to know (who waited since when, which words a step wrote) is noted in the events and never
//!   hashed.
//!
//! Who goes next is a person's choice, or a [`Picker`]'s.

mod blocked;
mod event;
mod forks;
mod holds;
mod picker;
mod run;

pub use blocked::{cause, owners, side, waits, why};
pub use event::{Event, Size, Waiting};
pub use forks::Fork;
pub use holds::{Hold, holds};
pub use picker::{Offer, Picker, Random, RoundRobin};
pub use run::{PATIENCE, Run};
