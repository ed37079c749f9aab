//! Who goes next, when nobody chooses by hand. One small trait; each way of picking is a file.

mod random;
mod round_robin;

pub use random::Random;
pub use round_robin::RoundRobin;

use super::event::Event;
use crate::addr::ActorId;

/// What a picker may look at.
#[derive(Clone, Copy, Debug)]
pub struct Offer<'a> {
    /// Who can step and in how many ways, in the order of actors; never empty.
    pub enabled: &'a [(ActorId, u64)],
    /// The steps so far.
    pub past: &'a [Event],
}

/// A way of picking who goes next.
pub trait Picker {
    /// One of the actors on offer and, below its number of ways, the choice; none to stop.
    fn pick(&mut self, offer: &Offer<'_>) -> Option<(ActorId, u64)>;
}
