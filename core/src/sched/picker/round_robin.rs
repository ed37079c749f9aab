//! Each in turn.

use super::{Offer, Picker};
use crate::addr::ActorId;

/// The actor after the one that stepped last, or the next that can. Choices are 0.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RoundRobin;

impl Picker for RoundRobin {
    fn pick(&mut self, offer: &Offer<'_>) -> Option<(ActorId, u64)> {
        let last = offer.past.last().map(|e| e.actor);
        let next = offer.enabled.iter().find(|(a, _)| last.is_some_and(|last| *a > last));
        next.or(offer.enabled.first()).map(|&(a, _)| (a, 0))
    }
}
