//! Which locks guard an entry under the policy in force.
//!
//! | policy | a look-up takes | an update takes |
//! |---|---|---|
//! | `unlocked` | nothing | the whole table |
//! | `global` | the whole table | the same |
//! | `1g`, `2m`, `4k` | the whole table's shared side, then the range | the same |
//! | `rw` | the same; a query the range as a reader | the same; as a writer |
//!
//! What guards a leaf as a whole, by its order:
//!
//! | policy | 4 KB | 2 MB | 1 GB |
//! |---|---|---|---|
//! | `unlocked`, `global` | the whole table | the whole table | the whole table |
//! | `1g` | its range | its range | its range |
//! | `2m`, `rw` | its range | its range | the whole table |
//! | `4k` | its own lock | the 512 of them as one ([`Lock::Area`]) | the whole table |

use super::{Lock, Mode};
use crate::addr::{Gfn, Order};
use crate::machine::{Policy, World};

/// What to take for an entry, in this order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Plan {
    /// How the table's global lock is held.
    pub global: Option<Mode>,
    /// The range beneath it.
    pub range: Option<Lock>,
    /// How the range is held.
    pub mode: Mode,
}

impl Plan {
    /// Nothing at all.
    pub const NOTHING: Plan = Plan { global: None, range: None, mode: Mode::Exclusive };

    /// The same, but the range with others who only look, where the policy has readers.
    pub fn shared(self, world: &World) -> Plan {
        let mode = if world.policy == Policy::Rw { Mode::Shared } else { self.mode };
        Plan { mode, ..self }
    }
}

/// What an update of `gfn` takes: `lock gfn(g)`.
#[inline(always)]
pub fn for_update(world: &World, slot: u8, gfn: Gfn) -> Plan {
    match world.policy.range_bits() {
        None => Plan { global: Some(Mode::Exclusive), ..Plan::NOTHING },
        Some(bits) => {
            let range = Some(Lock::Range(slot, gfn.0 >> bits));
            Plan { global: Some(Mode::Shared), range, mode: Mode::Exclusive }
        }
    }
}

/// Which range guards an entry of that order; none: the whole table does.
///
/// A range guards the translation of its own frame numbers, whatever leaf maps them: who splits a larger leaf changes
/// no translation but of what it holds, and two who split one leaf exclude each other by the structure lock. So a
/// look-up is safe under its own range also below a larger leaf. The larger leaf *as a whole* is guarded by the lock
/// that this function names for its order. That lock excludes every holder of a range inside the leaf, and is
/// excluded by each: whoever holds it finds nobody who relies on a part, and whoever holds a part, before or after a
/// split, finds nobody who changes the whole. An operation that finds a leaf larger than what it holds, and must
/// change it as a whole, answers what it needs (`ops::needs`): its range is released, the lock of the leaf's base at
/// the leaf's order is taken, and it walks again and compares.
#[inline(always)]
pub fn guard(world: &World, slot: u8, gfn: Gfn, order: Order) -> Option<Lock> {
    match world.policy.range_bits() {
        Some(bits) if order.bits() <= bits => Some(Lock::Range(slot, gfn.0 >> bits)),
        Some(0) if order == Order::M2 => Some(Lock::Area(slot, gfn.0 >> Order::M2.bits())),
        _ => None,
    }
}

/// What a look-up takes: `get_gfn g`.
#[inline(always)]
pub fn for_lookup(world: &World, slot: u8, gfn: Gfn) -> Plan {
    match world.policy {
        Policy::Unlocked => Plan::NOTHING,
        _ => for_update(world, slot, gfn),
    }
}

/// Whether a get pins the frame: everywhere but in 2011, unless the world says otherwise.
#[inline(always)]
pub fn pins(world: &World) -> bool {
    world.pin && world.policy != Policy::Unlocked
}

/// Bytes of lock memory that a guest needs for `gb` GB of address space, all of it used: eight for each lock, in pages
/// of 512, and for each page of `4k` eight more for its area.
pub const fn lock_bytes(policy: Policy, gb: u64) -> u64 {
    match policy {
        Policy::Unlocked | Policy::Global => 8,
        Policy::G1 => 4096 * gb.div_ceil(512),
        Policy::M2 | Policy::Rw => 4096 * gb,
        Policy::K4 => (4096 + 8) * 512 * gb,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lock_memory_is_eight_bytes_a_lock_in_whole_pages() {
        let (kb, mb) = (1024, 1024 * 1024);
        // Ranges of 1 GB share a page up to 512 GB. Those of 2 MB fill one for each GB. Locks of 4 KB are an eighth of a
        // page for each page of memory, and an area word for each 2 MB besides.
        for (policy, one, many) in [
            (Policy::Unlocked, 8, 8),
            (Policy::Global, 8, 8),
            (Policy::G1, 4 * kb, 8 * kb),
            (Policy::M2, 4 * kb, 600 * 4 * kb),
            (Policy::Rw, 4 * kb, 600 * 4 * kb),
            (Policy::K4, 2 * mb + 4 * kb, 600 * (2 * mb + 4 * kb)),
        ] {
            assert_eq!((lock_bytes(policy, 1), lock_bytes(policy, 600)), (one, many), "{}", policy.name());
            if let Some(bits) = policy.range_bits() {
                let locks = 600u64 << (18 - bits);
                assert!(lock_bytes(policy, 600) >= 8 * locks && lock_bytes(policy, 600) < 8 * locks + 1024 * 4 * kb);
            }
        }
    }
}
