//! Stepping: what a step forward and a step back cost does not depend on how many there were, nor on how large the
//! machine is; nor does what the state's hash costs.

use p2mscope_core::addr::{ActorId, Word};
use p2mscope_core::machine::{Builder, Form, Policy, Words, World};
use p2mscope_core::sim::{Code, Locals, Memory, Sim};
use p2mscope_core::step::{Step, Stop};
use p2mscope_core::watch::{Broken, Rules};
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use super::{Effort, pair};
use crate::table::{Line, Target};
use crate::work;

/// Each of 16 actors gets a page and puts it, for ever.
struct Endless;

impl Code for Endless {
    fn start<W: Words>(&self, _: &World, _: &mut W, _: ActorId, _: &mut Locals, _: &mut Vec<Broken>) -> Option<u64> {
        Some(0)
    }

    fn run<S: Step>(&self, a: ActorId, place: u64, _: &Locals, s: &mut S) -> Result<u64, Stop> {
        let g = work::page(a.0 as u64);
        match place {
            0 => p2mscope_core::ops::query::get_gfn(s, g),
            _ => p2mscope_core::ops::query::put_gfn(s, g).map(|()| 0),
        }
    }

    fn finish<W: Words>(
        &self,
        _: &World,
        _: &mut W,
        _: ActorId,
        place: u64,
        _: u64,
        _: &mut Locals,
        _: &mut Vec<Broken>,
    ) -> Option<u64> {
        Some(1 - place)
    }
}

const ACTORS: usize = 16;
/// Steps in which each actor gets and puts its page once: ten effects each. A batch is whole rounds, so that batches
/// are alike wherever they begin.
const BATCH: usize = 10 * ACTORS;

/// A machine of so many MB with a guest that has a page in each of 16 ranges.
fn sized(megabytes: u32) -> (Arc<World>, Arc<[u64]>) {
    let ranges: Vec<u64> = (0..ACTORS as u64).collect();
    let builder = |free_frames| Builder { free_frames, ..work::builder(Policy::M2, Form::Atomic, ACTORS, &ranges) };
    let least = builder(0).build().expect("a small world can be built").0.map.frames();
    builder(256 * megabytes - least).build().unwrap_or_else(|e| panic!("a machine of {megabytes} MB: {e}"))
}

/// A run of 16 actors over such a machine, after so many steps in turn, every rule watched.
fn run(megabytes: u32, steps: usize) -> Sim<Endless> {
    let (world, first) = sized(megabytes);
    let mut sim = Sim::new(world, Arc::new(Endless), first, Rules::ALL);
    (0..steps).for_each(|i| forth(&mut sim, i));
    sim
}

/// The `i`th step: the actors take turns.
fn forth(sim: &mut Sim<Endless>, i: usize) {
    let did = sim.step(ActorId((i % ACTORS) as u8), 0).expect("nobody is in anybody's way");
    assert!(did.broken.is_empty(), "{:?}", did.broken);
}

/// µs for a step forward and for one back, in a batch of each.
fn batch(sim: &mut Sim<Endless>) -> [f64; 2] {
    let (first, start) = (sim.depth(), Instant::now());
    (first..first + BATCH).for_each(|i| forth(sim, i));
    let (forward, start) = (start.elapsed(), Instant::now());
    for _ in 0..BATCH {
        black_box(sim.undo());
    }
    [forward, start.elapsed()].map(|t| t.as_nanos() as f64 / 1e3 / BATCH as f64)
}

/// Rows 11 and 12.
pub fn steps(e: &Effort) -> Vec<Line> {
    let (mut far, mut near) = (run(64, 10_000), run(1, 10));
    let mut back = [Vec::new(), Vec::new()];
    let forward = {
        let [far_back, near_back] = &mut back;
        let mut timed = |sim: &mut Sim<Endless>, back: &mut Vec<f64>| {
            let [forward, backward] = batch(sim);
            back.push(backward);
            forward
        };
        // Both use it in turn, never at once.
        let timed = std::cell::RefCell::new(&mut timed);
        pair(4 * e.samples, || (timed.borrow_mut())(&mut far, far_back), || (timed.borrow_mut())(&mut near, near_back))
    };
    let what = ["one step", "one step back"];
    let after = "after 10,000 steps, 16 actors, 64 MB, every rule watched";
    let mut lines = Vec::new();
    for (i, sides) in [forward, back].into_iter().enumerate() {
        let work = format!("{} {after}", what[i]);
        let [far, near] = [&sides[0][..], &sides[1][..]];
        let ids = [["11a", "11b"], ["11c", "11d"]][i];
        lines.push(Line::ratio(ids[0], &work, "after 10 steps, 1 MB", "us", [far, near], Target::AtMost(1.2)));
        lines.push(Line::value(ids[1], &work, "us", far, Target::AtMost(50.0)));
    }
    lines.extend(hash(e, &far));
    lines
}

/// Row 12.
fn hash(e: &Effort, far: &Sim<Endless>) -> Vec<Line> {
    let mut sim = run(1, 0);
    let mut wrong = 0;
    for i in 0..if e.quick { 100 } else { 2_000 } {
        forth(&mut sim, i);
        wrong += (sim.memory().hash() != sim.memory().hash_from_scratch()) as u32;
    }
    wrong += (far.memory().hash() != far.memory().hash_from_scratch()) as u32;
    let [mut large, mut small] = [64, 1].map(|mb| Memory::new(sized(mb).1));
    let sides = pair(4 * e.samples, || writes(&mut large), || writes(&mut small));
    let mut scratch = Vec::new();
    for _ in 0..e.few() {
        let start = Instant::now();
        black_box(far.memory().hash_from_scratch());
        scratch.push(start.elapsed().as_nanos() as f64);
    }
    let what = "the state's hash, kept up to date by a write and its undo, 64 MB";
    vec![
        Line::value(
            "12a",
            "states whose hash differs from the one from scratch",
            "states",
            &[wrong as f64],
            Target::Exactly(0.0),
        ),
        Line::ratio("12b", what, "1 MB", "ns", [&sides[0], &sides[1]], Target::AtMost(1.2)),
        Line::ratio("12c", what, "from scratch", "ns", [&sides[0], &scratch], Target::Reported),
    ]
}

/// ns for a write to one of a few words, its part of undoing them all, and the hash.
fn writes(m: &mut Memory) -> f64 {
    const WORDS: u64 = 64;
    const TIMES: u64 = 200;
    super::ns(WORDS * TIMES, || {
        for round in 0..TIMES {
            let mark = m.mark();
            for i in 0..WORDS {
                m.set(Word(64 * i as u32), round << 32 | i);
                black_box(m.hash());
            }
            m.undo(mark);
        }
    })
}
