//! Cache lines: who has which, and what it takes to touch one.
//!
//! | a line is | in the cache of | reading costs its reader | writing costs its writer |
//! |---|---|---|---|
//! | owned | one processor | the owner a hit | the owner a hit |
//! | shared | several, all alike | them a hit | a transfer |
//! | nowhere | none | a transfer | a transfer |
//!
//! Whoever else touches a line waits for a transfer of it. An owned line is transferred to one after the other, in the
//! order in which they ask; a shared one goes to any number of readers at once. A plain store goes on at once and has its line later (the store buffer); whatever exchanges, and a
//! store that is sequentially consistent, waits for the actor's own stores before it and costs an atomic operation.

use crate::addr::{ActorId, Word};
use crate::machine::Words;
use std::sync::atomic::Ordering;

/// Virtual time, in picoseconds.
pub type Time = u64;

/// Words of a line.
const LINE: u32 = 8;
/// Nobody owns the line.
const NOBODY: u16 = u16::MAX;

/// What things take, in nanoseconds.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Costs {
    /// A load or store of a line that the processor has.
    pub hit: f64,
    /// An atomic read-modify-write of a line that the processor owns.
    pub atomic: f64,
    /// Getting a line from another processor, or from memory.
    pub transfer: f64,
    /// What an effect takes beside the words that it touches.
    pub effect: f64,
}

impl Default for Costs {
    /// As measured on a server of 2023 (4th generation Xeon) between two processors of one socket.
    fn default() -> Costs {
        Costs { hit: 1.0, atomic: 4.5, transfer: 30.0, effect: 1.0 }
    }
}

/// Nanoseconds as virtual time. Not a number, and what is below zero, is none.
pub fn nanoseconds(ns: f64) -> Time {
    (ns * 1000.0).round() as Time
}

/// The same in whole picoseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ticks {
    hit: Time,
    atomic: Time,
    transfer: Time,
    pub(super) effect: Time,
}

impl Ticks {
    pub(super) fn of(costs: &Costs) -> Ticks {
        let ticks = nanoseconds;
        Ticks {
            hit: ticks(costs.hit),
            atomic: ticks(costs.atomic),
            transfer: ticks(costs.transfer),
            effect: ticks(costs.effect),
        }
    }
}

/// A processor: its clock, and how much of it went where.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Cpu {
    /// Its clock.
    pub(super) now: Time,
    /// When the last of its stores will have its line.
    stores: Time,
    /// How long it has waited for lines.
    pub(super) moving: Time,
}

/// Who has a line, and when whoever asks next has its turn.
#[derive(Clone, Copy)]
struct Line {
    owner: u16,
    sharers: [u64; 4],
    free: Time,
}

impl Line {
    const NOWHERE: Line = Line { owner: NOBODY, sharers: [0; 4], free: 0 };

    const fn has(&self, a: ActorId) -> bool {
        self.owner == a.0 as u16 || self.sharers[(a.0 >> 6) as usize] >> (a.0 & 63) & 1 == 1
    }

    fn own(&mut self, a: ActorId) {
        (self.owner, self.sharers) = (a.0 as u16, [0; 4]);
    }

    fn share(&mut self, a: ActorId) {
        if self.owner != NOBODY {
            let was = self.owner;
            self.sharers[(was >> 6) as usize] |= 1 << (was & 63);
            self.owner = NOBODY;
        }
        self.sharers[(a.0 >> 6) as usize] |= 1 << (a.0 & 63);
    }
}

/// All lines of a memory.
pub(super) struct Lines {
    all: Vec<Line>,
    pub(super) ticks: Ticks,
}

impl Lines {
    /// Lines of that many words, in nobody's cache.
    pub(super) fn new(words: u32, costs: &Costs) -> Lines {
        Lines { all: vec![Line::NOWHERE; words.div_ceil(LINE) as usize], ticks: Ticks::of(costs) }
    }

    /// When the line is where it was last sent.
    pub(super) fn there(&self, line: u32) -> Time {
        self.all[line as usize].free
    }

    /// One more processor that looks at the line whenever it is written: the next one has its turn a transfer later.
    pub(super) fn crowd(&mut self, line: u32) {
        self.all[line as usize].free += self.ticks.transfer;
    }

    fn read(&mut self, a: ActorId, cpu: &mut Cpu, at: Word) {
        let Ticks { hit, transfer, .. } = self.ticks;
        let line = &mut self.all[(at.0 / LINE) as usize];
        if !line.has(a) {
            let ends = cpu.now.max(line.free) + transfer;
            match (line.owner, line.sharers) {
                (NOBODY, [0, 0, 0, 0]) => line.own(a),
                (NOBODY, _) => line.share(a),
                _ => {
                    line.free = ends;
                    line.share(a);
                }
            }
            cpu.moving += ends - cpu.now;
            cpu.now = ends;
        }
        cpu.now += hit;
    }

    fn write(&mut self, a: ActorId, cpu: &mut Cpu, at: Word) {
        let Ticks { hit, transfer, .. } = self.ticks;
        let line = &mut self.all[(at.0 / LINE) as usize];
        if line.owner == a.0 as u16 {
            line.free = line.free.max(cpu.now + hit);
        } else {
            // Stores leave the processor one after the other.
            cpu.stores = cpu.now.max(cpu.stores).max(line.free) + transfer;
            line.free = cpu.stores;
            line.own(a);
        }
        cpu.now += hit;
    }

    fn exchange(&mut self, a: ActorId, cpu: &mut Cpu, at: Word) {
        let Ticks { atomic, transfer, .. } = self.ticks;
        let line = &mut self.all[(at.0 / LINE) as usize];
        let asks = cpu.now.max(cpu.stores);
        let begins = match line.owner == a.0 as u16 {
            true => asks,
            false => asks.max(line.free) + transfer,
        };
        line.free = begins + atomic;
        line.own(a);
        cpu.moving += begins - cpu.now;
        cpu.now = begins + atomic;
    }
}

/// The words as one processor sees them: each access moves its clock.
pub(super) struct Timed<'a, W> {
    pub(super) words: &'a mut W,
    pub(super) lines: &'a mut Lines,
    pub(super) cpu: &'a mut Cpu,
    pub(super) me: ActorId,
    /// The lines that were written.
    pub(super) written: &'a mut Vec<u32>,
}

impl<W> Timed<'_, W> {
    fn note(&mut self, w: Word) {
        let line = w.0 / LINE;
        if !self.written.contains(&line) {
            self.written.push(line);
        }
    }

    fn exchange(&mut self, w: Word) {
        self.lines.exchange(self.me, self.cpu, w);
        self.note(w);
    }
}

impl<W: Words> Words for Timed<'_, W> {
    fn load(&mut self, w: Word, order: Ordering) -> u64 {
        self.lines.read(self.me, self.cpu, w);
        self.words.load(w, order)
    }

    fn store(&mut self, w: Word, v: u64, order: Ordering) {
        match order {
            Ordering::SeqCst => self.lines.exchange(self.me, self.cpu, w),
            _ => self.lines.write(self.me, self.cpu, w),
        }
        self.note(w);
        self.words.store(w, v, order);
    }

    fn cas(&mut self, w: Word, old: u64, new: u64) -> u64 {
        self.exchange(w);
        self.words.cas(w, old, new)
    }

    fn add(&mut self, w: Word, n: u64) -> u64 {
        self.exchange(w);
        self.words.add(w, n)
    }

    fn swap(&mut self, w: Word, v: u64) -> u64 {
        self.exchange(w);
        self.words.swap(w, v)
    }
}

/// Words of which it is noted which lines were read. Takes no time.
pub(super) struct Noted<'a, W> {
    pub(super) words: &'a mut W,
    pub(super) read: &'a mut Vec<u32>,
}

impl<W: Words> Words for Noted<'_, W> {
    fn load(&mut self, w: Word, order: Ordering) -> u64 {
        let line = w.0 / LINE;
        if self.read.last() != Some(&line) {
            self.read.push(line);
        }
        self.words.load(w, order)
    }

    fn store(&mut self, w: Word, v: u64, order: Ordering) {
        self.words.store(w, v, order);
    }

    fn cas(&mut self, w: Word, old: u64, new: u64) -> u64 {
        self.words.cas(w, old, new)
    }

    fn add(&mut self, w: Word, n: u64) -> u64 {
        self.words.add(w, n)
    }

    fn swap(&mut self, w: Word, v: u64) -> u64 {
        self.words.swap(w, v)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COSTS: Costs = Costs { hit: 1.0, atomic: 10.0, transfer: 100.0, effect: 0.0 };

    /// Lets actors touch words, each access as (who, when it asks at the earliest, what, which word); gives each clock
    /// after it.
    fn clocks(accesses: &[(u8, u64, char, u32)]) -> Vec<u64> {
        let mut lines = Lines::new(64, &COSTS);
        let mut cpus = [Cpu::default(); 4];
        let touch = |&(a, at, how, word): &(u8, u64, char, u32)| {
            let cpu = &mut cpus[a as usize];
            cpu.now = cpu.now.max(at * 1000);
            match how {
                'r' => lines.read(ActorId(a), cpu, Word(word)),
                'w' => lines.write(ActorId(a), cpu, Word(word)),
                _ => lines.exchange(ActorId(a), cpu, Word(word)),
            }
            cpu.now / 1000
        };
        accesses.iter().map(touch).collect()
    }

    #[test]
    fn what_one_has_is_a_hit_and_what_it_has_not_a_transfer() {
        // From memory 100 + 1; then the line is its own: 1, 1, 10. Another line is another transfer.
        assert_eq!(
            clocks(&[(0, 0, 'r', 0), (0, 0, 'r', 7), (0, 0, 'w', 1), (0, 0, 'x', 0), (0, 0, 'r', 8)]),
            [101, 102, 103, 113, 214]
        );
    }

    #[test]
    fn readers_share_a_line_and_a_writer_takes_it_from_them() {
        let all = clocks(&[(0, 0, 'r', 0), (1, 200, 'r', 0), (0, 400, 'r', 0), (1, 500, 'x', 0), (0, 700, 'r', 0)]);
        // 1 reads what 0 has: 200 + 100 + 1. Then both have it: 401. The exchange: 500 + 100 + 10. 0 has lost it.
        assert_eq!(all, [101, 301, 401, 610, 801]);
    }

    #[test]
    fn a_line_goes_to_one_after_the_other() {
        // All three ask at 0. Each has it for 110: at 110, 220, 330.
        assert_eq!(clocks(&[(0, 0, 'x', 0), (1, 0, 'x', 0), (2, 0, 'x', 0)]), [110, 220, 330]);
        // A reader that comes meanwhile waits too: behind the three, then a transfer and a hit.
        assert_eq!(clocks(&[(0, 0, 'x', 0), (1, 0, 'x', 0), (2, 0, 'x', 0), (3, 50, 'r', 0)]), [110, 220, 330, 431]);
    }

    #[test]
    fn a_store_goes_on_at_once_and_an_exchange_waits_for_it() {
        // The store has its line at 100 and takes 1; the exchange begins at 100 and gets its own line: 210.
        assert_eq!(clocks(&[(0, 0, 'w', 0), (0, 0, 'x', 8)]), [1, 210]);
        // Whoever reads it meanwhile waits for it first: 100, then a transfer.
        assert_eq!(clocks(&[(0, 0, 'w', 0), (1, 0, 'r', 0)]), [1, 201]);
    }
}
