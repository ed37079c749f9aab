//! A small world on real words, and programs that would lose something if its locks did not hold.
//!
//! Shared by the native tests and those in a browser.

use p2mscope_core::addr::{ActorId, DomGfn, DomId, Order, Word};
use p2mscope_core::entry::{Access, P2mType};
use p2mscope_core::live::{Live, Notes, Plan};
use p2mscope_core::lock::{self, Lock, Mode};
use p2mscope_core::machine::{Actor, Builder, FrameWord, Kind, Map, NamedLock, NewDomain, NewMapping};
use p2mscope_core::machine::{Words, World, frames};
use p2mscope_core::ops::query;
use p2mscope_core::sim::{Code, Locals};
use p2mscope_core::step::{Cond, Step, Stop};
use p2mscope_core::watch::Broken;
use std::sync::Arc;

pub const LOCKS: [Lock; 2] = [Lock::Named(0), Lock::Named(1)];
/// Ranges of 2 MB with one page mapped in each, and words beside them.
pub const RANGES: u64 = 4;
const WORDS: u64 = 4 * RANGES;

/// The page that is mapped in a range.
fn page(range: u64) -> DomGfn {
    DomGfn::new(1, range << 9 | 7)
}

/// A guest with a few pages, some words and two locks, under the policy of 2 MB.
fn world(actors: usize) -> (Arc<World>, Arc<[u64]>) {
    let builder = Builder {
        pin: true,
        domains: vec![NewDomain { id: DomId(1), name: "guest".into(), ..NewDomain::default() }],
        actors: (0..actors).map(|a| Actor { name: format!("A{a}"), kind: Kind::Toolstack, domain: DomId(1) }).collect(),
        mappings: (0..RANGES)
            .map(|range| NewMapping {
                slot: 0,
                gfn: page(range).gfn,
                order: Order::K4,
                ty: P2mType::RamRw,
                access: Access::Rwx,
                name: None,
                content: 0,
                special: false,
            })
            .collect(),
        words: (0..WORDS).map(|i| (format!("w{i}"), 0)).collect(),
        locks: (0..LOCKS.len()).map(|i| NamedLock { name: format!("l{i}"), level: 0 }).collect(),
        ..Builder::default()
    };
    builder.build().unwrap()
}

/// A program of one statement, the same function for every actor.
pub struct Program<F>(F);

pub trait Statement: Send + Sync + 'static {
    fn run<S: Step>(&self, s: &mut S) -> Result<u64, Stop>;
    fn holds<W: Words>(&self, _: &World, _: &mut W) -> bool {
        true
    }
}

impl<F: Statement> Code for Program<F> {
    fn start<W: Words>(&self, _: &World, _: &mut W, _: ActorId, _: &mut Locals, _: &mut Vec<Broken>) -> Option<u64> {
        Some(0)
    }

    fn run<S: Step>(&self, _: ActorId, _: u64, _: &Locals, s: &mut S) -> Result<u64, Stop> {
        self.0.run(s)
    }

    fn finish<W: Words>(
        &self,
        _: &World,
        _: &mut W,
        _: ActorId,
        _: u64,
        _: u64,
        _: &mut Locals,
        _: &mut Vec<Broken>,
    ) -> Option<u64> {
        None
    }

    fn failed(&self, _: ActorId, _: u64, result: u64) -> bool {
        result != 0
    }

    fn stated<W: Words>(&self, world: &World, m: &mut W, _: ActorId, _: u64, _: &Locals) -> bool {
        self.0.holds(world, m)
    }
}

pub fn live<F: Statement>(actors: usize, rounds: Option<u64>, f: F) -> Live<Program<F>> {
    noted(actors, rounds, f, Notes::default())
}

pub fn noted<F: Statement>(actors: usize, rounds: Option<u64>, f: F, notes: Notes) -> Live<Program<F>> {
    let (world, first) = world(actors);
    Live::noted(world, Arc::new(Program(f)), &first, Plan { seed: 7, rounds }, notes)
}

pub fn peek<F: Statement>(live: &Live<Program<F>>, w: impl Fn(&Map) -> Word) -> u64 {
    live.words().get(w(&live.world().map))
}

/// Whether nothing is held: no lock, no place in a queue, no pin, and of each page only its domain's own reference.
#[track_caller]
pub fn assert_all_free<F: Statement>(live: &Live<Program<F>>) {
    let world = live.world();
    let mut m = live.words();
    for l in (0..RANGES).map(|i| Lock::Range(0, i)).chain(LOCKS).chain([Lock::Global(0)]) {
        // A range that nobody has ever taken may have no word.
        let word = lock::word_of(&mut m, world, l).map_or(0, |w| m.get(w));
        assert_eq!(word, 0, "{}", l.describe(world));
    }
    for a in world.actor_ids() {
        assert_eq!((live.held(a), live.waiting(a)), (vec![], None));
        assert_eq!(m.get(world.map.shared_depth(a, 0)), 0);
        assert!(world.map.pins(a).is_empty(&mut m));
    }
    let list = frames::page_list(&mut m, world, 0);
    assert_eq!(list.len() as u64, RANGES);
    for mfn in list {
        let count = world.map.frame(mfn, FrameWord::Count).unwrap();
        assert_eq!(m.get(count), frames::PGC_ALLOCATED | 1);
    }
}

/// Gets two pages in neighbouring ranges, counts in each range without any atomic addition, and puts them.
pub struct GetPut;

impl Statement for GetPut {
    fn run<S: Step>(&self, s: &mut S) -> Result<u64, Stop> {
        let first = s.choose(RANGES - 1)?;
        for range in [first, first + 1] {
            let entry = query::get_gfn(s, page(range))?;
            if !s.world().format.present(entry) {
                return Err(Stop::Bad { what: "a page that is there", value: range });
            }
            for half in 0..2 {
                let w = s.world().map.word((2 * range + half) as u32);
                let seen = s.load(w)?;
                s.store(w, seen + 1)?;
            }
        }
        for range in [first + 1, first] {
            let [one, two] = [0, 1].map(|half| s.world().map.word((2 * range + half) as u32));
            if s.load(one)? != s.load(two)? {
                return Err(Stop::Bad { what: "an equal pair", value: range });
            }
            query::put_gfn(s, page(range))?;
        }
        Ok(0)
    }
}

/// Each actor takes one of two locks, waits until the other has the other one, and asks for that one too.
pub struct Abba;

impl Statement for Abba {
    fn run<S: Step>(&self, s: &mut S) -> Result<u64, Stop> {
        let me = s.me().0 as usize;
        let [mine, others] = [me, 1 - me].map(|i| s.world().map.word(i as u32));
        s.lock(LOCKS[me], Mode::Exclusive)?;
        s.store(mine, 1)?;
        s.wait(Cond::Is(others, 1))?;
        s.lock(LOCKS[1 - me], Mode::Exclusive)?;
        s.unlock(LOCKS[1 - me], Mode::Exclusive)?;
        s.unlock(LOCKS[me], Mode::Exclusive)?;
        Ok(0)
    }
}
