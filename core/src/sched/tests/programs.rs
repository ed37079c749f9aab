//! Programs of bare effects, and small worlds to run them in.

use crate::addr::{ActorId, DomId, Gfn, Order};
use crate::entry::{Access, P2mType};
use crate::lock::{Lock, Mode};
use crate::machine::{Actor, Builder, Kind, NamedLock, NewDomain, NewMapping, Policy, Words, World};
use crate::sched::Run;
use crate::sim::{Code, Locals, Sim};
use crate::step::{Effect, Step, Stop};
use crate::watch::{Broken, Rules};
use std::sync::Arc;

/// For each actor its statements, for each statement its effects.
#[derive(Clone, Debug)]
pub struct Programs(pub Vec<Vec<Vec<Effect>>>);

impl Code for Programs {
    fn start<W: Words>(&self, _: &World, _: &mut W, a: ActorId, _: &mut Locals, _: &mut Vec<Broken>) -> Option<u64> {
        (!self.0[a.0 as usize].is_empty()).then_some(0)
    }

    fn run<S: Step>(&self, a: ActorId, place: u64, _: &Locals, s: &mut S) -> Result<u64, Stop> {
        for &e in &self.0[a.0 as usize][place as usize] {
            s.effect(e)?;
        }
        Ok(0)
    }

    fn finish<W: Words>(
        &self,
        _: &World,
        _: &mut W,
        a: ActorId,
        place: u64,
        _: u64,
        _: &mut Locals,
        _: &mut Vec<Broken>,
    ) -> Option<u64> {
        (place + 1 < self.0[a.0 as usize].len() as u64).then_some(place + 1)
    }
}

/// A world with one domain, `0x10 = ram_rw` at M, 2 MB at 0x400, the word `n`, the locks `a` and `b`, and a vCPU V0,
/// a pager PG and a sharer SH.
pub fn world(policy: Policy) -> (Arc<World>, Arc<[u64]>) {
    let actor = |name: &str, kind| Actor { name: name.into(), kind, domain: DomId(1) };
    let mapping = |gfn, order, name: Option<&str>| NewMapping {
        slot: 0,
        gfn: Gfn(gfn),
        order,
        ty: P2mType::RamRw,
        access: Access::Rwx,
        name: name.map(Into::into),
        content: 5,
        special: false,
    };
    let builder = Builder {
        policy,
        pin: true,
        domains: vec![NewDomain { id: DomId(1), name: "domain 1".into(), tables: 2, ..NewDomain::default() }],
        actors: vec![actor("V0", Kind::Vcpu), actor("PG", Kind::Pager), actor("SH", Kind::Sharer)],
        mappings: vec![mapping(0x10, Order::K4, Some("M")), mapping(0x400, Order::M2, None)],
        free_frames: 2,
        words: vec![("n".into(), 0)],
        locks: ["a", "b"].map(|name| NamedLock { name: name.into(), level: 0 }).into(),
        ..Builder::default()
    };
    builder.build().unwrap()
}

/// A run of these programs under ranges of 2 MB, watched by nobody.
pub fn run(programs: Vec<Vec<Vec<Effect>>>) -> Run<Programs> {
    run_under(Policy::M2, programs)
}

/// The same under another policy.
pub fn run_under(policy: Policy, mut programs: Vec<Vec<Vec<Effect>>>) -> Run<Programs> {
    let (world, first) = world(policy);
    programs.resize(3, Vec::new());
    Run::new(Sim::new(world, Arc::new(Programs(programs)), first, Rules::NONE))
}

/// Takes a lock exclusively.
pub fn take(lock: Lock) -> Effect {
    Effect::Lock(lock, Mode::Exclusive)
}

/// Releases it.
pub fn release(lock: Lock) -> Effect {
    Effect::Unlock(lock, Mode::Exclusive)
}

/// V0 takes range 0 and then range 2, PG the other way round; each counts n up in between, in a statement of two
/// effects. SH counts three times.
pub fn ab_ba() -> Run<Programs> {
    let (world, _) = world(Policy::M2);
    let n = world.map.word(0);
    let both = |first, second| {
        vec![
            vec![take(Lock::Range(0, first))],
            vec![Effect::Load(n), Effect::Add(n, 1)],
            vec![take(Lock::Range(0, second))],
            vec![release(Lock::Range(0, second)), release(Lock::Range(0, first))],
        ]
    };
    run(vec![both(0, 2), both(2, 0), vec![vec![Effect::Add(n, 1)]; 3]])
}
