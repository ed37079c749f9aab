//! Words decoded for whoever shows them: the page and the command line.
//!
//! Each view is plain data made anew from the words and the events of a [`Run`](crate::sched::Run) by one function
//! of its name. A view keeps no copy of the truth and decides nothing. Actors go by their place in the world
//! (`actor`, 0 and up), locks by a number from which [`Lock::from_word`](crate::lock::Lock::from_word) gives them
//! back, frames by mfn, and words by their place in memory, so that what is picked in one view can be found in
//! another. Steps are positions: step 1 leads from position 0 to position 1.

mod actors;
mod bits;
mod blockers;
mod blocks;
mod compare;
mod deeds;
mod devices;
mod diagnosis;
mod dirty;
mod entry;
mod frames;
mod live;
mod lock_name;
mod lock_orders;
mod monitor;
mod naming;
mod nested;
mod predict;
mod recalc;
mod records;
mod report;
mod rules;
mod scene;
mod sentence;
mod shape;
mod tables;
mod timeline;
mod trace;
mod waits;
mod walk;
mod zoom;

pub use actors::{ActorView, HeldView, NextView, PinView, State, VarView, actors};
pub use bits::{BitsView, FieldView, bits, translated};
pub use blockers::{Blocker, blockers};
pub use compare::{Compared, Difference, Side, StepLine, compare};
pub use devices::{Kept, Request, RingView, TlbView, rings, tlbs};
pub use diagnosis::{Context, Counted, Diagnosis, HeldLock, OrderView, Party, Possible, Wanted, diagnosis};
pub use entry::{EntryView, entry};
pub use frames::{FrameView, Frames, FreedView, HolderView, PodView, TableView, frames};
pub use live::{LiveTimeline, Spread, StuckView, TimesView, left, live_timeline, nanos, stuck, times};
pub use lock_name::LockName;
pub use lock_orders::{LockOrders, OrderEdge, lock_orders};
pub use predict::{Prediction, prediction};
pub use report::{Breach, Report, report};
pub use rules::{RuleView, rules};
pub use scene::{Cell, DomainScene, GlobalBox, Holder, LockBox, Scene, scene};
pub use sentence::{doing, sentence};
pub use timeline::{Bar, BarState, Branch, DULL, Dull, HoldBar, Lane, Mark, Tick, Timeline, timeline};
pub use trace::trace;
pub use waits::{FormView, Sleep, WaitEdge, WaitNode, Waits, stuck_forms, waits};
pub use walk::{Level, Remade, Row, Walk, walk};
pub use zoom::{Spot, Stretch, Zoom, zoom};

#[cfg(test)]
mod panel_tests;
#[cfg(test)]
mod tests;
