//! Whole states in few bytes.
//!
//! A state is the words that differ from the world's first ones: for each its distance from the one before and its
//! value, both as variable-length numbers, seven bits to a byte. Equal states are equal bytes.

use crate::addr::Word;
use crate::sim::{Code, Sim, Snapshot};
use std::sync::Arc;

/// A state.
pub(super) type Packed = Box<[u8]>;

/// Packs the states of one world. Remembers which words have ever been written, so that it need not look at all.
#[derive(Clone)]
pub(super) struct Packer {
    first: Arc<[u64]>,
    touched: Vec<u32>,
    is_touched: Vec<bool>,
    bytes: Vec<u8>,
}

impl Packer {
    /// A packer of the states of the world of `sim`, whatever state that is in.
    pub fn new<C: Code>(sim: &Sim<C>) -> Packer {
        let mut first = sim.clone();
        first.restore(&Snapshot::default());
        let len = sim.world().map.len();
        let mut packer = Packer {
            first: (0..len).map(|at| first.memory().peek(Word(at))).collect(),
            touched: Vec::new(),
            is_touched: vec![false; len as usize],
            bytes: Vec::new(),
        };
        packer.touch(sim, 0);
        packer
    }

    /// Takes note of the words that were written since a mark of the journal. To be called after every step, with the
    /// mark before it, and after every restore, with mark 0.
    pub fn touch<C: Code>(&mut self, sim: &Sim<C>, mark: usize) {
        for &(at, _) in sim.memory().since(mark) {
            if !self.is_touched[at as usize] {
                self.is_touched[at as usize] = true;
                let place = self.touched.partition_point(|&t| t < at);
                self.touched.insert(place, at);
            }
        }
    }

    /// The state as it is.
    pub fn pack<C: Code>(&mut self, sim: &Sim<C>) -> &[u8] {
        self.bytes.clear();
        let mut last = 0;
        for &at in &self.touched {
            let value = sim.memory().peek(Word(at));
            if value != self.first[at as usize] {
                number(&mut self.bytes, (at - last) as u64);
                number(&mut self.bytes, value);
                last = at;
            }
        }
        &self.bytes
    }
}

/// The snapshot that a packed state stands for.
pub(super) fn unpack(mut bytes: &[u8]) -> Snapshot {
    let mut changes = Vec::new();
    let mut at = 0;
    while !bytes.is_empty() {
        at += take_number(&mut bytes) as u32;
        changes.push((at, take_number(&mut bytes)));
    }
    Snapshot::of(changes)
}

fn number(bytes: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        bytes.push(n as u8 | 0x80);
        n >>= 7;
    }
    bytes.push(n as u8);
}

fn take_number(bytes: &mut &[u8]) -> u64 {
    let mut n = 0;
    for shift in (0..64).step_by(7) {
        let Some((&byte, rest)) = bytes.split_first() else { break };
        *bytes = rest;
        n |= ((byte & 0x7f) as u64) << shift;
        if byte < 0x80 {
            break;
        }
    }
    n
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::addr::ActorId;
    use crate::sim::Twin;
    use crate::watch::Rules;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_come_back(n: u64) {
            let mut bytes = Vec::new();
            number(&mut bytes, n);
            prop_assert_eq!(take_number(&mut &bytes[..]), n);
        }

        #[test]
        fn states_come_back(actors in prop::collection::vec(0..4u8, 0..60)) {
            let (world, first) = Twin::world(4);
            let mut sim = Sim::new(world, Arc::new(Twin { rounds: 2, inverted: true }), first, Rules::NONE);
            let mut packer = Packer::new(&sim);
            for a in actors {
                let mark = sim.memory().mark();
                let _ = sim.step(ActorId(a), 0);
                packer.touch(&sim, mark);
            }
            let bytes: Packed = packer.pack(&sim).into();
            let mut other = sim.clone();
            other.restore(&unpack(&bytes));
            prop_assert_eq!(other.hash(), sim.hash());
            prop_assert_eq!(other.all_pending(), sim.all_pending());
            // Another packer that met other words gives the same bytes.
            let mut another = Packer::new(&other);
            prop_assert_eq!(another.pack(&other), &bytes[..]);
        }
    }
}
