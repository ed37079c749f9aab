//! One actor alone on plain words: an operation called as a function, for what no program can say.

use p2mscope_core::addr::{ActorId, DomGfn, DomId, Gfn, Mfn, Order};
use p2mscope_core::entry::{Access, Format, P2mType};
use p2mscope_core::machine::frames::fail_next;
use p2mscope_core::machine::{
    Actor, Builder, Class, DomWord, FrameWord, Kind, NewDomain, NewMapping, Policy, Words, World, XenWord,
};
use p2mscope_core::perform::{Performed, perform};
use p2mscope_core::step::{Effect, Plain, Step, Stop, Turn};
use p2mscope_core::watch::invariants;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Performs each effect at once.
pub struct Direct {
    pub world: Arc<World>,
    pub words: Vec<u64>,
}

pub const ME: ActorId = ActorId(0);

/// A domain's gfn that is memory at first.
pub fn ram(slot: u8, gfn: u64, name: &str) -> NewMapping {
    NewMapping {
        slot,
        gfn: Gfn(gfn),
        order: Order::K4,
        ty: P2mType::RamRw,
        access: Access::Rwx,
        name: Some(name.into()),
        content: 5,
        special: false,
    }
}

impl Direct {
    /// Domains 1 and 2 with these mappings, in that tree.
    pub fn new(format: Format, mappings: Vec<NewMapping>) -> Direct {
        let domain = |id| NewDomain { id: DomId(id), name: format!("domain {id}"), tables: 2, ..NewDomain::default() };
        let builder = Builder {
            policy: Policy::M2,
            pin: true,
            format,
            domains: vec![domain(1), domain(2)],
            actors: vec![Actor { name: "A".into(), kind: Kind::Sharer, domain: DomId(1) }],
            mappings,
            free_frames: 1,
            ..Builder::default()
        };
        let (world, words) = builder.build().unwrap();
        Direct { world, words: words.to_vec() }
    }

    pub fn frame(&self, name: &str) -> Mfn {
        self.world.frames.iter().find(|f| f.0 == name).unwrap().1
    }

    pub fn of(&mut self, mfn: Mfn, w: FrameWord) -> u64 {
        self.words.get(self.world.map.frame(mfn, w).unwrap())
    }

    pub fn dom(&mut self, slot: u8, w: DomWord) -> u64 {
        self.words.get(self.world.dom_word(slot, w))
    }

    pub fn xen(&mut self, w: XenWord) -> u64 {
        self.words.get(self.world.map.xen(w))
    }

    /// The next allocation of that class fails.
    pub fn fail(&mut self, class: Class) {
        fail_next(&mut self.words, &self.world, ME, class);
    }

    /// What the entry of a gfn is.
    pub fn entry(&mut self, g: DomGfn) -> Option<(P2mType, Mfn)> {
        p2mscope_core::watch::memory::translate(&mut self.words, &self.world, g).map(|l| (l.ty, l.mfn))
    }

    /// Every rule of words at rest holds.
    pub fn is_sound(&mut self) {
        let broken = invariants::drained(&mut self.words, &self.world);
        assert!(broken.is_empty(), "{broken:#?}");
    }
}

impl Step for Direct {
    fn world(&self) -> &World {
        &self.world
    }

    fn me(&self) -> ActorId {
        ME
    }

    fn effect(&mut self, e: Effect) -> Result<[u64; 2], Stop> {
        match perform(&mut self.words, &self.world.clone(), ME, &e) {
            Performed::Done(out) => Ok(out),
            Performed::Blocked => panic!("alone, and waits: {e:?}"),
        }
    }

    fn note(&mut self, _: &'static str) {}

    fn scope<R: Plain>(&mut self, f: impl Fn(&mut Self) -> Result<R, Stop>) -> Result<R, Stop> {
        f(self)
    }

    fn retry<R: Plain>(&mut self, f: impl Fn(&mut Self) -> Result<Option<R>, Stop>) -> Result<R, Stop> {
        loop {
            if let Some(r) = f(self)? {
                return Ok(r);
            }
        }
    }

    fn turns<A: Plain>(&mut self, init: A, turn: &impl Turn<Self, A>) -> Result<A, Stop> {
        let mut acc = init;
        loop {
            match turn.turn(self, acc)? {
                ControlFlow::Continue(a) => acc = a,
                ControlFlow::Break(a) => return Ok(a),
            }
        }
    }
}
