//! Runs: undo, seek and fork; schedules written down and played; pickers; words of a lesson.

mod clocks;
mod history;
mod pickers;
pub(crate) mod programs;
mod schedules;
mod waiting;
mod words;

use super::*;
use crate::addr::ActorId;

const V0: ActorId = ActorId(0);
const PG: ActorId = ActorId(1);
const SH: ActorId = ActorId(2);
