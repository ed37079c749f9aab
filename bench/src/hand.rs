//! The same get and put, written by hand: the same words, atomics and bookkeeping, with nothing of the core between
//! them but where each word is and what an entry means. What the world's values decide at run time in the core (policy,
//! form of the shared side, pins, marks in entries, flushes put off) is asked here, too; only the usual answer goes on.

use p2mscope_core::addr::{ActorId, DomGfn, FRAME_WORDS, Mfn, Word};
use p2mscope_core::entry::{Decoded, Leaf};
use p2mscope_core::lock::{Lock, Mode, owned, policy};
use p2mscope_core::machine::{Deferral, DomWord, Form, FrameWord, World};
use p2mscope_core::step::Stop;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};

use crate::work;

/// A guest's words, and what an actor keeps for those who control it.
pub struct Hand {
    world: Arc<World>,
    words: Box<[AtomicU64]>,
    halt: AtomicU64,
    held: [AtomicU64; 64],
}

const PIN: u64 = 1 << 40;

impl Hand {
    /// Over a world of [`work::world`].
    pub fn new((world, first): (Arc<World>, Arc<[u64]>)) -> Hand {
        let words = first.iter().map(|&w| AtomicU64::new(w)).collect();
        Hand { world, words, halt: AtomicU64::new(0), held: std::array::from_fn(|_| AtomicU64::new(0)) }
    }

    #[inline(always)]
    fn at(&self, w: Word) -> &AtomicU64 {
        &self.words[w.0 as usize]
    }

    #[inline(always)]
    fn go_on(&self) -> Result<(), Stop> {
        if self.halt.load(Relaxed) >= 2 { Err(Stop::Halt) } else { Ok(()) }
    }

    #[inline(always)]
    fn note(&self, depth: &mut usize, lock: Lock, mode: Mode) -> Result<(), Stop> {
        let place = self.held.get(*depth).ok_or(Stop::Bad { what: "room", value: 64 })?;
        place.store((lock.to_word() + 1) | ((mode == Mode::Shared) as u64) << 63, Relaxed);
        *depth += 1;
        Ok(())
    }

    #[inline(always)]
    fn forget(&self, depth: &mut usize) {
        if let Some(top) = self.held.get(depth.wrapping_sub(1)) {
            top.store(0, Relaxed);
            *depth -= 1;
        }
    }

    /// Where the range's lock is; its page has been given to it.
    #[inline(always)]
    fn range_lock(&self, range: u64) -> &AtomicU64 {
        let (key, mfn) = self.world.map.lock_page(0, 0);
        assert_eq!(self.at(key).load(Acquire), range / FRAME_WORDS + 1);
        let (page, i) = (Mfn(self.at(mfn).load(Acquire)), range % FRAME_WORDS);
        self.at(self.world.map.page(page, (i & 63) << 3 | i >> 6 & 7).expect("a frame"))
    }

    /// Claims the page of range locks, as whoever comes first does.
    pub fn claim(&self) {
        self.at(self.world.map.lock_page(0, 0).0).store(1, SeqCst);
    }

    /// Gets the page of a range and puts it, [`work::PER_ROUND`] times. Nobody else is there, so nothing is waited for.
    pub fn round(&self, range: u64) -> Result<(), Stop> {
        let mut depth = 0;
        for _ in 0..work::PER_ROUND {
            std::hint::black_box(self.get(range, &mut depth)?);
            self.put(range, &mut depth)?;
        }
        Ok(())
    }

    #[inline(always)]
    fn get(&self, range: u64, depth: &mut usize) -> Result<u64, Stop> {
        let (world, me, g) = (&*self.world, ActorId(0), work::page(range));
        let Some(bits) = world.policy.range_bits() else { return Err(Stop::Pending) };
        let range = g.gfn.0 >> bits;
        // The shared side.
        self.go_on()?;
        let global = self.at(world.map.dom(0, DomWord::Global));
        let shared = self.at(world.map.shared_depth(me, 0));
        let seen = global.load(Acquire);
        if shared.load(Acquire) != 0
            || world.form != Form::Atomic
            || seen >> 32 != 0
            || global.compare_exchange(seen, seen + 1, SeqCst, SeqCst).is_err()
        {
            return Err(Stop::Pending);
        }
        shared.store(1, Release);
        self.note(depth, Lock::Global(0), Mode::Shared)?;
        // The range.
        self.go_on()?;
        let lock = self.range_lock(range);
        if lock.load(Acquire) != 0 || lock.compare_exchange(0, owned::held_by(me), SeqCst, SeqCst).is_err() {
            return Err(Stop::Pending);
        }
        self.note(depth, Lock::Range(0, range), Mode::Exclusive)?;
        self.go_on()?;
        let (entry, level, leaf) = self.walk(g)?;
        // The page's reference, and the record of it.
        if !policy::pins(world) {
            return Err(Stop::Pending);
        }
        self.go_on()?;
        let count = self.at(world.map.frame(leaf.mfn, FrameWord::Count).ok_or(Stop::Pending)?);
        let seen = count.load(Acquire);
        if seen & ((1 << 55) - 1) == 0 || count.compare_exchange(seen, seen + 1, SeqCst, SeqCst).is_err() {
            return Err(Stop::Pending);
        }
        let pins = world.map.pins(me).at;
        let [n, key, value] = [0, 1, 2].map(|i| self.at(pins.at(i)));
        if n.load(Acquire) != 0 {
            return Err(Stop::Pending);
        }
        key.store(g.to_word(), Release);
        value.store(leaf.mfn.0 + PIN, Release);
        n.store(1, Release);
        Ok(world.format.taken(world.format.with_mfn(entry, leaf.mfn), level))
    }

    /// The leaf of a page that is there, with the entry and its level.
    #[inline(always)]
    fn walk(&self, g: DomGfn) -> Result<(u64, u8, Leaf), Stop> {
        let world = &*self.world;
        if g.gfn.0 >= self.at(world.map.dom(0, DomWord::MaxMapped)).load(Acquire) {
            return Err(Stop::Pending);
        }
        let (mut table, mut level) = (world.domain(0).root, 3);
        let (entry, leaf) = loop {
            let word = world.map.page(table, g.gfn.index(level)).ok_or(Stop::Pending)?;
            let entry = self.at(word).load(Acquire);
            if world.format.needs_recalc(entry) {
                return Err(Stop::Pending);
            }
            match world.format.decode(level, entry) {
                Decoded::Table { mfn } if level > 0 => (table, level) = (mfn, level - 1),
                Decoded::Leaf(leaf) => break (entry, leaf),
                _ => return Err(Stop::Pending),
            }
            self.go_on()?;
        };
        let leaf = Leaf { mfn: leaf.mfn.plus(g.gfn.offset(leaf.order)), ..leaf };
        if leaf.ty.is_shared() || leaf.ty.is_pod() || leaf.ty.is_broken() || !leaf.has_frame() {
            return Err(Stop::Pending);
        }
        Ok((entry, level, leaf))
    }

    /// Walks to the page of a range, takes a reference and drops it: what is left of a get and a put where another lock
    /// than ours is held around them.
    pub fn look_up(&self, range: u64) {
        let found = self.walk(work::page(range)).expect("the page is there");
        let count = self.world.map.frame(std::hint::black_box(found).2.mfn, FrameWord::Count).expect("a frame");
        self.at(count).fetch_add(1, SeqCst);
        self.at(count).fetch_sub(1, SeqCst);
    }

    #[inline(always)]
    fn put(&self, range: u64, depth: &mut usize) -> Result<(), Stop> {
        let (world, me, g) = (&*self.world, ActorId(0), work::page(range));
        let Some(bits) = world.policy.range_bits() else { return Err(Stop::Pending) };
        let range = g.gfn.0 >> bits;
        if world.flush == Deferral::Deferred || !policy::pins(world) || world.form != Form::Atomic {
            return Err(Stop::Pending);
        }
        self.go_on()?;
        let pins = world.map.pins(me).at;
        let [n, key, value] = [0, 1, 2].map(|i| self.at(pins.at(i)));
        if n.load(Acquire) != 1 || key.load(Acquire) != g.to_word() {
            return Err(Stop::Pending);
        }
        let mfn = Mfn(value.load(Acquire) & (PIN - 1));
        key.store(0, Release);
        value.store(0, Release);
        n.store(0, Release);
        let count = self.at(world.map.frame(mfn, FrameWord::Count).ok_or(Stop::Pending)?);
        let seen = count.load(Acquire);
        if seen & ((1 << 55) - 1) <= 1 || count.compare_exchange(seen, seen - 1, SeqCst, SeqCst).is_err() {
            return Err(Stop::Pending);
        }
        self.go_on()?;
        self.forget(depth);
        let lock = self.range_lock(range);
        match lock.load(Acquire) >> 16 {
            1 => lock.store(0, Release),
            _ => return Err(Stop::Pending),
        }
        self.go_on()?;
        self.forget(depth);
        let shared = self.at(world.map.shared_depth(me, 0));
        if shared.load(Acquire) != 1 {
            return Err(Stop::Pending);
        }
        shared.store(0, Release);
        self.at(world.map.dom(0, DomWord::Global)).fetch_sub(1, SeqCst);
        Ok(())
    }

    /// The operation's atomic changes alone, one after the other: shared side, range, reference, and back.
    pub fn bare_round(&self, range: u64) {
        let world = &self.world;
        let count = self.at(world.map.frame(Mfn(0), FrameWord::Count).expect("a frame"));
        let (global, lock) = (self.at(world.map.dom(0, DomWord::Global)), self.range_lock(range));
        for _ in 0..work::PER_ROUND {
            let seen = global.load(Relaxed);
            let _ = global.compare_exchange(seen, seen + 1, SeqCst, SeqCst);
            let _ = lock.compare_exchange(0, 1, SeqCst, SeqCst);
            let seen = count.load(Relaxed);
            let _ = count.compare_exchange(seen, seen + 1, SeqCst, SeqCst);
            let seen = count.load(Relaxed);
            let _ = count.compare_exchange(seen, seen - 1, SeqCst, SeqCst);
            lock.store(0, Release);
            global.fetch_sub(1, SeqCst);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use p2mscope_core::live::{Live, Plan};
    use p2mscope_core::machine::{Policy, Words};
    use p2mscope_core::ops::query;

    #[test]
    fn by_hand_the_same_words_change() {
        let (world, first) = work::world(Policy::M2, Form::Atomic, 1, &[0]);
        let hand = Hand::new((world.clone(), first.clone()));
        hand.claim();
        let program = Arc::new(work::Program::of(&[work::Task::GetPut(0)]));
        let live = Live::new(world, program, &first, Plan::default());
        let (mut s, mut depth) = (live.step(ActorId(0)).unwrap(), 0);
        let words = |hand: &Hand| hand.words.iter().map(|w| w.load(Relaxed)).collect::<Vec<_>>();
        assert_eq!(hand.get(0, &mut depth), query::get_gfn(&mut s, work::page(0)));
        assert_eq!(words(&hand), live.words().copy());
        hand.put(0, &mut depth).unwrap();
        query::put_gfn(&mut s, work::page(0)).unwrap();
        assert_eq!(words(&hand), live.words().copy());
        hand.round(0).unwrap();
        assert_eq!(words(&hand), live.words().copy());
        assert_eq!(live.words().get(Word(0)), first[0]);
    }
}
