//! The states that were seen: one set for all threads of a search.
//!
//! Protocol: a thread works in slices. Before each it asks for a [`Slice`] of at most so many steps, which sees to it
//! that the table has room for what all threads may insert meanwhile; the table grows while no slice is out. Where it
//! would grow beyond the memory that it may take, an array of bits takes its place. Exact states lie in sets behind
//! locks of their own, told apart by a few bits of the fingerprint; they cannot become less, and are [`Seen::full`].

use super::bits::Bits;
use super::packed::{Packed, Packer};
use super::question::{self, Tally};
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
    /// The most bytes that it may take.
    memory: u64,
    /// Bytes of whole states.
    whole: AtomicU64,
}

enum Store {
    Prints(RwLock<Prints>),
    Exact(Box<[Mutex<HashSet<Packed>>]>),
}

enum Prints {
    All(Table),
    Bits(Bits),
}

/// Bytes that a whole state takes in its set beside its own.
const BESIDE: u64 = 40;

/// What a thread has of its own beside the set.
#[derive(Default)]
pub(super) struct Own {
    /// Made when the first whole state is met.
    packer: Option<Packer>,
    /// How many new states were probably taken for others.
    missed: f64,
    /// Bytes of the whole states that it put in and did not report yet.
    whole: u64,
}

impl Own {
    /// Takes note that `sim` is in a state that was not stepped into.
    pub fn jumped<C: Code>(&mut self, sim: &Sim<C>) {
        if let Some(packer) = &mut self.packer {
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
    Prints(RwLockReadGuard<'a, Prints>),
    Exact(&'a [Mutex<HashSet<Packed>>]),
}

impl Seen {
    /// Nothing seen yet, by that many threads, in that many bytes, or a megabyte if that is less.
    pub fn new(exact: bool, threads: usize, memory: u64) -> Seen {
        let threads = threads.max(1) as u64;
        let store = match exact {
            true => Store::Exact((0..SHARDS).map(|_| Mutex::default()).collect()),
            false => Store::Prints(RwLock::new(Prints::All(Table::with_room(2 * threads * SLICE)))),
        };
        Seen { store, threads, len: AtomicU64::new(0), memory: memory.max(1 << 20), whole: AtomicU64::new(0) }
    }

    /// How many, up to what running slices have not reported yet.
    pub fn len(&self) -> u64 {
        self.len.load(Relaxed)
    }

    /// Reports what a slice has inserted, and takes the thread's other numbers into its tally.
    pub fn add(&self, new: u64, own: &mut Own, tally: &mut Tally) {
        self.len.fetch_add(new, Relaxed);
        self.whole.fetch_add(std::mem::take(&mut own.whole), Relaxed);
        tally.missed = own.missed;
    }

    /// Whether it takes more than it may, and cannot take less.
    pub fn full(&self) -> bool {
        self.whole.load(Relaxed) > self.memory
    }

    /// What it takes, and how full it is.
    pub fn table(&self) -> question::Table {
        let len = self.len();
        match &self.store {
            Store::Exact(_) => question::Table { bytes: self.whole.load(Relaxed), load: 1000, bits: false },
            Store::Prints(held) => match &*held.read().unwrap_or_else(PoisonError::into_inner) {
                Prints::All(t) => {
                    question::Table { bytes: t.bytes(), load: (len * 8000 / t.bytes()) as u32, bits: false }
                }
                Prints::Bits(b) => question::Table { bytes: b.bytes(), load: b.load(len), bits: true },
            },
        }
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
    fn with_room<'a>(&self, table: &'a RwLock<Prints>) -> RwLockReadGuard<'a, Prints> {
        loop {
            let held = table.read().unwrap_or_else(PoisonError::into_inner);
            let Prints::All(all) = &*held else { return held };
            let wanted = self.len() + (self.threads + 1) * SLICE;
            if wanted <= all.room() {
                return held;
            }
            drop(held);
            let mut held = table.write().unwrap_or_else(PoisonError::into_inner);
            // Another thread may have done it meanwhile.
            if let Prints::All(all) = &*held
                && wanted > all.room()
            {
                *held = self.larger(all, wanted.max(2 * all.room()));
            }
        }
    }

    /// The same states in a table with more room; or, where both tables together would take too much, their bits.
    fn larger(&self, all: &Table, room: u64) -> Prints {
        if all.bytes() + Table::bytes_for(room) <= self.memory {
            return Prints::All(all.grown(room));
        }
        let bits = Bits::within(self.memory.saturating_sub(all.bytes()));
        for print in all.prints() {
            let _ = bits.insert(print);
        }
        Prints::Bits(bits)
    }
}

impl<C: Code> Visit<C> for Slice<'_> {
    #[inline(always)]
    fn enter(&mut self, sim: &Sim<C>, mark: usize) -> bool {
        let print = sim.hash();
        match &self.held {
            Held::Prints(held) => match &**held {
                Prints::All(table) => table.insert(print),
                Prints::Bits(bits) => match bits.insert(print) {
                    Some(missed) => {
                        self.own.missed += missed;
                        true
                    }
                    None => false,
                },
            },
            Held::Exact(shards) => {
                let packer = self.own.packer.get_or_insert_with(|| Packer::new(sim));
                packer.touch(sim, mark);
                let bytes = packer.pack(sim);
                let mut set = shards[print as usize % SHARDS].lock().unwrap_or_else(PoisonError::into_inner);
                if set.contains(bytes) {
                    return false;
                }
                self.own.whole += bytes.len() as u64 + BESIDE;
                set.insert(bytes.into())
            }
        }
    }
}
