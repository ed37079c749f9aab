//! By chance, but the same for the same seed on every machine.

use super::{Offer, Picker};
use crate::addr::ActorId;
use rand_pcg::Pcg32;
use rand_pcg::rand_core::{RngCore, SeedableRng};

/// Any of the enabled actors, any of its ways, each as likely as another.
#[derive(Clone, Debug)]
pub struct Random(Pcg32);

impl Random {
    /// A picker that begins with this seed.
    pub fn new(seed: u64) -> Random {
        Random(Pcg32::seed_from_u64(seed))
    }

    /// A number below `n`, which is not 0.
    fn below(&mut self, n: u64) -> u64 {
        self.0.next_u64() % n.max(1)
    }
}

impl Picker for Random {
    fn pick(&mut self, offer: &Offer<'_>) -> Option<(ActorId, u64)> {
        let (a, ways) = offer.enabled[self.below(offer.enabled.len() as u64) as usize];
        Some((a, self.below(ways)))
    }
}
