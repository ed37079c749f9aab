//! Names of events: which statement, and which lock event or effect within it.
//!
//! A name says what an actor has just done and not how many steps that took, so that it keeps its meaning when an
//! operation comes to take a step more or less.
//!
//! | written | the actor has just |
//! |---|---|
//! | `5` | ended the statement at place 5 |
//! | `5.2` | done lock event 2 of that statement |
//! | `5.2q` | queued for lock event 2 |
//! | `5.2+3` | done effect 3 after lock event 2 |
//! | `5+3` | done effect 3 before any lock event |

use super::event::Event;
use crate::addr::ActorId;
use crate::machine::LESSON_ACTORS;

/// What an actor has just done.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Name {
    /// The statement.
    pub place: u64,
    /// How far in it.
    pub point: Point,
}

/// How far in a statement.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Point {
    /// At its end.
    End,
    /// After that many lock events of it, and that many effects after the last of them.
    After {
        /// Lock events.
        locks: u32,
        /// Effects that are none.
        effects: u32,
    },
    /// Queued for that lock event, counted from 1.
    Queued(u32),
}

/// Names events as they come.
#[derive(Clone, Debug, Default)]
pub(super) struct Namer {
    within: [(u32, u32); LESSON_ACTORS],
}

impl Namer {
    /// The name of the next event of its actor.
    pub fn name(&mut self, e: &Event) -> Name {
        let (locks, effects) = self.of(e.actor);
        let point = match e {
            _ if e.finished || e.ended => {
                (*locks, *effects) = (0, 0);
                return Name { place: e.did.place, point: Point::End };
            }
            _ if e.queued => Point::Queued(*locks + 1),
            _ if e.lock_event => {
                (*locks, *effects) = (*locks + 1, 0);
                Point::After { locks: *locks, effects: 0 }
            }
            _ => {
                *effects += 1;
                Point::After { locks: *locks, effects: *effects }
            }
        };
        Name { place: e.did.place, point }
    }

    fn of(&mut self, a: ActorId) -> &mut (u32, u32) {
        &mut self.within[a.0 as usize % LESSON_ACTORS]
    }
}
