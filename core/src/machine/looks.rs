//! What stands for words, behind them all, where it matters who looked at what ([`Words::note`](super::Words::note)).
//! Whoever looks at many words to learn one thing of them has looked at that thing alone; whoever changes it has written it.

use super::map::{MAX_ACTORS, MAX_DOMAINS, Map};
use crate::addr::{ActorId, Mfn};

impl Map {
    /// That an actor rests: it holds no lock and is inside no statement.
    pub const fn rests(&self, a: ActorId) -> u32 {
        self.len() + a.0 as u32
    }

    /// The upper half of a domain's global lock: who holds it exclusively, and whether anybody queues.
    pub const fn upper_half(&self, slot: u8) -> u32 {
        self.len() + MAX_ACTORS as u32 + slot as u32
    }

    /// Whoever holds references on a frame.
    pub const fn holders(&self, mfn: Mfn) -> u32 {
        self.len() + (MAX_ACTORS + MAX_DOMAINS) as u32 + mfn.0 as u32
    }
}
