//! The states that were seen: one set for all threads of a search.
//!
//! Protocol: a thread works in slices. Before each it asks for a [`Slice`] of at most so many steps, which sees to it
//! that the table has room for what all threads may insert meanwhile; the table grows while no slice is out. Exact
//! states lie in sets behind locks of their own, told apart by a few bits of the fingerprint.

use super::packed::{Packed, Packer};
use super::table::Table;
use super::walk::Visit;
use crate::sim::{Code, Sim};
use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError, RwLock, RwLockReadGuard};

/// The most steps of a slice.
pub(super) const SLICE: u64 = 4096;

const SHARDS: usize = 64;

/// All states seen.
pub(super) struct Seen {
    store: Store,
    threads: u64,
    len: AtomicU64,
}

enum Store {
    Prints(RwLock<Table>),
    Exact(Box<[Mutex<HashSet<Packed>>]>),
}

/// What a thread has of its own beside the set: a packer, made when the first whole state is met.
#[derive(Default)]
pub(super) struct Own(Option<Packer>);

impl Own {
    /// Takes note that `sim` is in a state that was not stepped into.
    pub fn jumped<C: Code>(&mut self, sim: &Sim<C>) {
        if let Some(packer) = &mut self.0 {
            packer.touch(sim, 0);
        }
    }
}

/// The right to insert during one slice.
pub(super) struct Slice<'a> {
    held: Held<'a>,
    own: &'a mut Own,
}

enum Held<'a> {
    Prints(RwLockReadGuard<'a, Table>),
    Exact(&'a [Mutex<HashSet<Packed>>]),
}

impl Seen {
    /// Nothing seen yet, by that many threads.
    pub fn new(exact: bool, threads: usize) -> Seen {
        let threads = threads.max(1) as u64;
        let store = match exact {
            true => Store::Exact((0..SHARDS).map(|_| Mutex::default()).collect()),
            false => Store::Prints(RwLock::new(Table::with_room(2 * threads * SLICE))),
        };
        Seen { store, threads, len: AtomicU64::new(0) }
    }

    /// How many, up to what running slices have not reported yet.
    pub fn len(&self) -> u64 {
        self.len.load(Relaxed)
    }

    /// Reports what a slice has inserted.
    pub fn add(&self, new: u64) {
        self.len.fetch_add(new, Relaxed);
    }

    /// Begins a slice of at most [`SLICE`] steps.
    pub fn slice<'a>(&'a self, own: &'a mut Own) -> Slice<'a> {
        let held = match &self.store {
            Store::Exact(shards) => Held::Exact(shards),
            Store::Prints(table) => Held::Prints(self.with_room(table)),
        };
        Slice { held, own }
    }

    /// The table, when it has room for what all threads may insert in a slice.
    fn with_room<'a>(&self, table: &'a RwLock<Table>) -> RwLockReadGuard<'a, Table> {
        loop {
            let held = table.read().unwrap_or_else(PoisonError::into_inner);
            let wanted = self.len() + (self.threads + 1) * SLICE;
            if wanted <= held.room() {
                return held;
            }
            drop(held);
            let mut held = table.write().unwrap_or_else(PoisonError::into_inner);
            // Another thread may have done it meanwhile.
            if wanted > held.room() {
                *held = held.grown(wanted.max(2 * held.room()));
            }
        }
    }
}

impl<C: Code> Visit<C> for Slice<'_> {
    #[inline(always)]
    fn enter(&mut self, sim: &Sim<C>, mark: usize) -> bool {
        let print = sim.hash();
        match &self.held {
            Held::Prints(table) => table.insert(print),
            Held::Exact(shards) => {
                let packer = self.own.0.get_or_insert_with(|| Packer::new(sim));
                packer.touch(sim, mark);
                let bytes = packer.pack(sim);
                let mut set = shards[print as usize % SHARDS].lock().unwrap_or_else(PoisonError::into_inner);
                !set.contains(bytes) && set.insert(bytes.into())
            }
        }
    }
}
