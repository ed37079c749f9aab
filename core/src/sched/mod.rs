//! A run that can be stepped, taken back, sought, forked, printed and played again.
//!
//! A [`Run`] holds a [`Sim`](crate::sim::Sim) and the [`Event`]s that led to its state. Position `k` is the state
//! after `k` steps; 0 is the first state. Protocol:
//!
//! - the simulated run always stands at the position; going back undoes steps, going forward takes the noted ones again;
//! - a step that differs from the one noted at that position opens a fork, and the old branch stays;
//! - what only people want to know (who waited since when, which words a step wrote, who gets nowhere) is noted in the
//!   events or read from them, and never hashed.
//!
//! Who goes next is a person's choice, or a [`Picker`]'s. A [`Schedule`] is a run as text. A [`Beside`] is what another
//! policy makes of a run.

mod beside;
mod blocked;
mod clocks;
mod event;
mod follow;
mod forks;
mod go;
mod holds;
mod name;
mod picker;
mod play;
mod progress;
mod run;
mod schedule;
mod session;

pub use beside::{Beside, Parted, Turns};
pub use blocked::{cause, owners, side, waits, why};
pub use clocks::Clocks;
pub use event::{Event, Size, Waiting};
pub use follow::Scripted;
pub use forks::Fork;
pub use go::GoError;
pub use holds::{Hold, holds, note_orders};
pub use name::{Name, Point};
pub use picker::{Offer, Picker, Random, RoundRobin};
pub use play::{CHECK_EVERY, PlayError, Played, write_down};
pub use progress::{Counters, Rounds, Thresholds, Waited, again, counters, livelock};
pub use run::{PATIENCE, Run};
pub use schedule::{Item, Schedule, ScheduleError};
pub use session::{Origin, Session, Sighting};

#[cfg(test)]
pub(crate) mod tests;
