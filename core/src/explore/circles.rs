//! Which states can still reach an end: a visitor of a depth-first walk that finds the circles of states as it goes.
//!
//! A state hangs if from it neither an end nor a breach nor a deadlock can be reached, assuming that every actor that
//! can run does. Then all that can be reached from it are circles that nothing leaves. Tarjan's algorithm finds the
//! circles (strongly connected components) in one walk: a state's circle is complete when the walk leaves the first
//! of its states, and by then every state beyond it is known to be good or not. So no edge is stored; the cost is a
//! number and a byte for each state.

use super::packed::{Packed, Packer};
use super::question;
use super::walk::Visit;
use crate::sim::{Code, Sim};
use std::collections::HashMap;

/// What is known of a state.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Known {
    /// Its circle is not complete.
    Open,
    /// An end, a breach or a deadlock can be reached.
    Good,
    /// None of these can.
    Hangs,
}

/// A state on the walk's path.
struct Frame {
    number: u32,
    /// The least number of a state on `open` that can be reached from here.
    low: u32,
    good: bool,
}

/// The states by number, in the order in which they were met.
pub(super) struct Circles {
    numbers: Numbers,
    known: Vec<Known>,
    path: Vec<Frame>,
    /// States of circles that are not complete.
    open: Vec<u32>,
    any: bool,
}

impl Circles {
    /// Nothing met yet; with a packer states are told apart as wholes.
    pub fn new(packer: Option<Packer>) -> Circles {
        let numbers = match packer {
            Some(packer) => Numbers::Exact(packer, HashMap::new(), 0),
            None => Numbers::Prints(Prints::new(1 << 12)),
        };
        Circles { numbers, known: Vec::new(), path: Vec::new(), open: Vec::new(), any: false }
    }

    /// What it takes.
    pub fn bytes(&self) -> u64 {
        let numbers = match &self.numbers {
            Numbers::Prints(prints) => 12 * prints.keys.len() as u64,
            Numbers::Exact(_, map, bytes) => *bytes + 24 * map.capacity() as u64,
        };
        numbers + self.known.capacity() as u64 + 4 * self.open.capacity() as u64 + 12 * self.path.capacity() as u64
    }

    /// What it may take within so many states more: a table that grows stands beside the larger one for a while.
    pub fn bytes_after(&self, states: u64) -> u64 {
        let grows = match &self.numbers {
            Numbers::Prints(prints) if prints.grows_at(prints.len + states as usize) => 24 * prints.keys.len() as u64,
            _ => 0,
        };
        self.bytes() + grows
    }

    /// What it takes, and how full the table of numbers is.
    pub fn table(&self) -> question::Table {
        let room = match &self.numbers {
            Numbers::Prints(prints) => prints.keys.len(),
            Numbers::Exact(_, map, _) => map.capacity(),
        };
        let load = self.known.len() * 1000 / room.max(1);
        question::Table { bytes: self.bytes(), load: load as u32, bits: false }
    }

    /// Whether any state hangs.
    pub fn any(&self) -> bool {
        self.any
    }

    /// Whether the state in which `sim` is hangs; `mark` is the journal's before the last step.
    pub fn hangs<C: Code>(&mut self, sim: &Sim<C>, mark: usize) -> bool {
        let next = self.known.len() as u32;
        match self.numbers.get_or_put(sim, mark, None) {
            number if number < next => self.known[number as usize] == Known::Hangs,
            _ => false,
        }
    }
}

impl<C: Code> Visit<C> for Circles {
    fn enter(&mut self, sim: &Sim<C>, mark: usize) -> bool {
        let next = self.known.len() as u32;
        let number = self.numbers.get_or_put(sim, mark, Some(next));
        if number == next {
            self.known.push(Known::Open);
            self.open.push(number);
            self.path.push(Frame { number, low: number, good: false });
            return true;
        }
        if let Some(top) = self.path.last_mut() {
            match self.known[number as usize] {
                Known::Open => top.low = top.low.min(number),
                Known::Good => top.good = true,
                Known::Hangs => {}
            }
        }
        false
    }

    fn settle(&mut self) {
        if let Some(top) = self.path.last_mut() {
            top.good = true;
        }
    }

    fn leave(&mut self) -> bool {
        let Some(done) = self.path.pop() else { return false };
        if let Some(top) = self.path.last_mut() {
            top.low = top.low.min(done.low);
            top.good |= done.good;
        }
        if done.low < done.number {
            return false;
        }
        let known = if done.good { Known::Good } else { Known::Hangs };
        while let Some(number) = self.open.pop() {
            self.known[number as usize] = known;
            if number == done.number {
                break;
            }
        }
        self.any |= !done.good;
        !done.good
    }
}

/// From states to their numbers.
enum Numbers {
    Prints(Prints),
    /// With the bytes of all states in it.
    Exact(Packer, HashMap<Packed, u32>, u64),
}

impl Numbers {
    /// The state's number; if it has none it gets `fresh`, or the answer is `u32::MAX`.
    fn get_or_put<C: Code>(&mut self, sim: &Sim<C>, mark: usize, fresh: Option<u32>) -> u32 {
        match self {
            Numbers::Prints(prints) => prints.get_or_put(sim.hash(), fresh),
            Numbers::Exact(packer, map, all) => {
                packer.touch(sim, mark);
                let bytes = packer.pack(sim);
                match (map.get(bytes), fresh) {
                    (Some(&number), _) => number,
                    (None, Some(fresh)) => {
                        *all += bytes.len() as u64 + 16;
                        map.insert(bytes.into(), fresh);
                        fresh
                    }
                    (None, None) => u32::MAX,
                }
            }
        }
    }
}

/// From fingerprints to numbers: open addressing, as in [`super::table`], for one thread. A number is stored plus one.
struct Prints {
    keys: Vec<u64>,
    numbers: Vec<u32>,
    len: usize,
}

impl Prints {
    fn new(slots: usize) -> Prints {
        Prints { keys: vec![0; slots], numbers: vec![0; slots], len: 0 }
    }

    fn grows_at(&self, len: usize) -> bool {
        len * 10 >= self.keys.len() * 7
    }

    fn get_or_put(&mut self, print: u64, fresh: Option<u32>) -> u32 {
        if self.grows_at(self.len) {
            let mut grown = Prints::new(self.keys.len() * 2);
            for (&key, &number) in self.keys.iter().zip(&self.numbers) {
                if number != 0 {
                    grown.get_or_put(key, Some(number - 1));
                }
            }
            *self = grown;
        }
        let mask = self.keys.len() - 1;
        let mut at = (print >> (64 - self.keys.len().trailing_zeros())) as usize;
        loop {
            match self.numbers[at] {
                0 => break,
                number if self.keys[at] == print => return number - 1,
                _ => at = (at + 1) & mask,
            }
        }
        let Some(fresh) = fresh else { return u32::MAX };
        (self.keys[at], self.numbers[at]) = (print, fresh + 1);
        self.len += 1;
        fresh
    }
}
