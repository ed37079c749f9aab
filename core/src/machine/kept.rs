//! Pages of guests that the hypervisor keeps: registered once, used until they are given up or their domain ends.
//!
//! Each place of the records below holds one frame's number plus one, or 0. A page that is kept has a reference, and a
//! typed one where the hypervisor writes it for the guest to read; they are the actor's who registers, until
//! [`KeptAct::Keep`] hands them to the place, and whose who gives it up, from [`KeptAct::GiveUp`] on. What the page
//! keeps from going is the frame alone: its frame number may map something else by then.
//!
//! Protocol: a place changes by compare-and-exchange from 0, or by an exchange to 0, so that of two who register one
//! comes too late, and of two who give up one finds nothing.

use super::record::{ActorWord, DomWord};
use super::words::Words;
use super::world::World;
use crate::addr::{ActorId, Mfn, Word};

/// A page that is kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Keeper {
    /// The control structure of a vCPU's own guest (`nv_vvmcx`): with a plain reference.
    Vvmcx(ActorId),
    /// What the hypervisor tells a vCPU (`vcpu_info_mfn`).
    VcpuInfo(ActorId),
    /// A domain's ring of requests to its pager, by the domain's slot.
    RingPage(u8),
    /// The page beside that ring, by which the pager and the hypervisor find each other.
    SharedPage(u8),
}

/// What is done to such a place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeptAct {
    /// The actor's references become the place's. Gives 1, or 0 if it has a page already.
    Keep {
        /// Where.
        at: Keeper,
        /// The frame.
        mfn: Mfn,
    },
    /// The place's references become the actor's. Gives the frame plus one, or 0 if there is none.
    GiveUp(Keeper),
}

impl Keeper {
    /// Whether a typed reference is kept too.
    pub const fn typed(self) -> bool {
        !matches!(self, Keeper::Vvmcx(_))
    }

    /// The word of the place.
    pub const fn word(self, world: &World) -> Word {
        match self {
            Keeper::Vvmcx(a) => world.map.actor(a, ActorWord::Vvmcx),
            Keeper::VcpuInfo(a) => world.map.actor(a, ActorWord::VcpuInfo),
            Keeper::RingPage(slot) => world.map.dom(slot, DomWord::RingPage),
            Keeper::SharedPage(slot) => world.map.dom(slot, DomWord::SharedPage),
        }
    }

    /// Every place of a world.
    pub fn all(world: &World) -> impl Iterator<Item = Keeper> + use<'_> {
        let vcpus = world.actor_ids().flat_map(|a| [Keeper::Vvmcx(a), Keeper::VcpuInfo(a)]);
        let domains =
            (0..world.domains.len() as u8).flat_map(|slot| [Keeper::RingPage(slot), Keeper::SharedPage(slot)]);
        vcpus.chain(domains)
    }
}

impl KeptAct {
    /// Where.
    pub const fn at(self) -> Keeper {
        match self {
            KeptAct::Keep { at, .. } | KeptAct::GiveUp(at) => at,
        }
    }
}

/// How many references the places hold on a frame: plain ones, and typed ones.
pub fn pins<W: Words>(m: &mut W, world: &World, mfn: Mfn) -> (u64, u64) {
    Keeper::all(world).fold((0, 0), |(all, typed), at| match m.get(at.word(world)) == mfn.0 + 1 {
        true => (all + 1, typed + at.typed() as u64),
        false => (all, typed),
    })
}

/// Does it.
pub fn act<W: Words>(m: &mut W, world: &World, a: KeptAct) -> u64 {
    let word = a.at().word(world);
    match a {
        KeptAct::Keep { mfn, .. } => (m.cas(word, 0, mfn.0 + 1) == 0) as u64,
        KeptAct::GiveUp(_) => m.swap(word, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::{Actor, Builder, Kind};

    #[test]
    fn a_place_keeps_one_page_and_leaves_no_trace() {
        let actors = vec![Actor { name: "V".into(), kind: Kind::Vcpu, domain: crate::addr::DomId(1) }];
        let domains = vec![crate::machine::NewDomain { id: crate::addr::DomId(1), ..Default::default() }];
        let (world, first) = Builder { actors, domains, ..Builder::default() }.build().unwrap();
        let mut m = first.to_vec();
        for at in Keeper::all(&world) {
            let keep = |mfn| KeptAct::Keep { at, mfn: Mfn(mfn) };
            assert_eq!(act(&mut m, &world, keep(3)), 1);
            assert_eq!(act(&mut m, &world, keep(4)), 0, "it has one");
            assert_eq!(pins(&mut m, &world, Mfn(3)), (1, at.typed() as u64));
            assert_eq!(act(&mut m, &world, KeptAct::GiveUp(at)), 4);
            assert_eq!(act(&mut m, &world, KeptAct::GiveUp(at)), 0);
        }
        assert_eq!(m, first.to_vec());
    }
}
