//! A script that counts the operations that its actors do.

use p2mscope_core::addr::ActorId;
use p2mscope_core::machine::{Words, World};
use p2mscope_core::script::Script;
use p2mscope_core::sim::{Code, Locals, Thing};
use p2mscope_core::step::{Step, Stop};
use p2mscope_core::watch::Broken;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A count on cache lines of its own, so that threads do not wait for each other's.
#[derive(Default)]
#[repr(align(128))]
struct Count(AtomicU64);

/// A script, and for each actor how many operations of the p2m it has done. Plain steps on memory are not counted.
pub struct Counting {
    script: Arc<Script>,
    counts: Box<[Count]>,
}

impl Counting {
    /// None is counted yet.
    pub fn new(script: &Arc<Script>) -> Arc<Counting> {
        let counts = script.programs.iter().map(|_| Count::default()).collect();
        Arc::new(Counting { script: script.clone(), counts })
    }

    /// The operations of all actors.
    pub fn total(&self) -> u64 {
        self.counts.iter().map(|c| c.0.load(Ordering::Relaxed)).sum()
    }
}

impl Code for Counting {
    fn start<W: Words>(&self, w: &World, m: &mut W, a: ActorId, l: &mut Locals, b: &mut Vec<Broken>) -> Option<u64> {
        self.script.start(w, m, a, l, b)
    }

    fn run<S: Step>(&self, a: ActorId, place: u64, locals: &Locals, s: &mut S) -> Result<u64, Stop> {
        self.script.run(a, place, locals, s)
    }

    fn finish<W: Words>(
        &self,
        world: &World,
        m: &mut W,
        a: ActorId,
        place: u64,
        result: u64,
        locals: &mut Locals,
        broken: &mut Vec<Broken>,
    ) -> Option<u64> {
        if self.script.call(a, place).is_some_and(|call| call.verb.is_operation())
            && let Some(Count(count)) = self.counts.get(a.0 as usize)
        {
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.script.finish(world, m, a, place, result, locals, broken)
    }

    fn failed(&self, a: ActorId, place: u64, result: u64) -> bool {
        self.script.failed(a, place, result)
    }

    fn stated<W: Words>(&self, world: &World, m: &mut W, a: ActorId, place: u64, locals: &Locals) -> bool {
        self.script.stated(world, m, a, place, locals)
    }

    fn touches(&self, a: ActorId, place: u64) -> u32 {
        self.script.touches(a, place)
    }

    fn names(&self, world: &World, a: ActorId, locals: &Locals, thing: Thing) -> u32 {
        self.script.names(world, a, locals, thing)
    }
}
