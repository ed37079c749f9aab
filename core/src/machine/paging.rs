//! Requests to the pager, and the vCPUs that are paused until it has answered.
//!
//! Beside its slots a domain's ring keeps who has claimed a slot that it has not used yet, and whose request the pager
//! has taken and not answered, one bit an actor. A request is the frame number's word; above it stand the flags, and
//! which vCPU it will let go on. Lessons see the frame number alone.
//!
//! Protocol: who wants to ask claims a slot first, while it holds no lock; then it either puts its request, or gives the
//! slot back. A vCPU of the domain is paused for its request in one effect, before the request is put. So from that
//! effect on until it is let go it has exactly one of: a claimed slot, a request on the ring, a request taken and not
//! answered (I14). All these words change under the heap's word.
//!
//! From 2012 on everybody but the domain's own vCPUs claims only what is left when each of these has placed one request
//! more (Xen 3643a96119), so that a vCPU that is asked for cannot be kept from asking by others.

use super::frames::heap;
use super::record::{ActorWord, DomWord};
use super::ring::{self, Ringed};
use super::words::Words;
use super::world::{Kind, World};
use crate::addr::{ActorId, DomGfn};
use crate::entry::Era;

/// What is done to the ring of a domain and to those who wait for the pager.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PagingAct {
    /// Sets a slot of the ring aside for the actor. A [`Ringed`].
    Claim {
        /// The domain.
        slot: u8,
        /// Whether to sleep while there is none to be had.
        wait: bool,
    },
    /// Gives the claimed slot back.
    Cancel {
        /// The domain.
        slot: u8,
    },
    /// Uses the claimed slot: a [`Ringed`]. A vCPU that awaits the frame number is named in the request.
    Put {
        /// The domain.
        slot: u8,
        /// What is asked for.
        g: DomGfn,
        /// Flags of [`flag`].
        flags: u64,
    },
    /// Pauses the vCPU itself until somebody lets it go on for this frame number. One that is paused for another already
    /// stays so.
    Await(DomGfn),
    /// Lets every vCPU go on that awaits this frame number.
    LetGo(DomGfn),
}

/// Bits of a request above the frame number's word: Xen's `MEM_EVENT_FLAG_*` of 2012, whose values these are.
pub mod flag {
    /// The first of them stands here.
    pub const AT: u32 = 56;
    /// A vCPU is paused until the request is answered.
    pub const VCPU_PAUSED: u64 = 1 << AT;
    /// The page is gone: forget it.
    pub const DROP_PAGE: u64 = 2 << AT;
    /// The page is still there: an eviction will fail.
    pub const EVICT_FAIL: u64 = 4 << AT;
    /// Somebody else than the domain asks.
    pub const FOREIGN: u64 = 8 << AT;
}

/// The vCPU that a request names, above the flags.
const WHO: u32 = 60;
/// The words of a ring that are used here: who has claimed a slot, and whose request is taken and not answered.
const CLAIMED: u32 = 1;
const TAKEN: u32 = 2;

const fn bit(a: ActorId) -> u64 {
    1 << a.0
}

/// The frame number of a request.
pub const fn asked_for(request: u64) -> DomGfn {
    DomGfn::from_word(request & ((1 << flag::AT) - 1))
}

/// The vCPU that a request will let go on.
pub const fn names(request: u64) -> Option<ActorId> {
    if request & flag::VCPU_PAUSED == 0 { None } else { Some(ActorId((request >> WHO) as u8)) }
}

/// Whether the actor is a vCPU of the domain in that slot.
pub fn is_own(world: &World, a: ActorId, slot: u8) -> bool {
    let actor = &world.actors[a.0 as usize];
    actor.kind == Kind::Vcpu && world.slot(actor.domain) == Some(slot)
}

/// How many slots of a ring are set aside.
pub fn claimed<W: Words>(m: &mut W, world: &World, ring: u8) -> u64 {
    m.get(world.map.ring(ring as u32).at(CLAIMED as u64)).count_ones() as u64
}

/// The vCPUs whose requests have been taken from the ring and not been answered.
pub fn unanswered<W: Words>(m: &mut W, world: &World, ring: u8) -> Vec<ActorId> {
    let taken = m.get(world.map.ring(ring as u32).at(TAKEN as u64));
    world.actor_ids().filter(|&a| taken & bit(a) != 0).collect()
}

/// What the vCPU waits for the pager to bring.
pub fn awaits<W: Words>(m: &mut W, world: &World, a: ActorId) -> Option<DomGfn> {
    match m.get(world.map.actor(a, ActorWord::Awaits)) {
        0 => None,
        w => Some(DomGfn::from_word(w - 1)),
    }
}

/// Requests that will let the vCPU go on: those on its domain's ring that name it, and one that the pager has taken.
pub fn named<W: Words>(m: &mut W, world: &World, a: ActorId) -> u64 {
    let Some(ring) = ring_of(world, a) else { return 0 };
    let taken = m.get(world.map.ring(ring as u32).at(TAKEN as u64)) & bit(a) != 0;
    let placed = ring::requests(m, world, ring).into_iter().filter(|&r| names(r) == Some(a)).count() as u64;
    placed + taken as u64
}

/// How many answers the vCPU has to expect: the requests that name it, or, if none does yet, the one for which it has
/// claimed a slot. (It may claim one more while it waits: that request will name nobody.) I14 wants exactly one while
/// it awaits a page.
pub fn outstanding<W: Words>(m: &mut W, world: &World, a: ActorId) -> u64 {
    match (named(m, world, a), ring_of(world, a)) {
        (0, Some(ring)) => (m.get(world.map.ring(ring as u32).at(CLAIMED as u64)) & bit(a) != 0) as u64,
        (n, _) => n,
    }
}

/// The ring of the actor's domain.
fn ring_of(world: &World, a: ActorId) -> Option<u8> {
    let slot = world.slot(world.actors[a.0 as usize].domain)?;
    world.domain(slot).ring
}

/// Whether the actor would get a slot: see the head. A ring that has none left, of a domain that is dying, is no ring
/// any more: who sleeps for one leaves (c1e3e15c58, 2012-03-15).
fn room<W: Words>(m: &mut W, world: &World, me: ActorId, slot: u8) -> Ringed {
    let Some(ring) = world.domain(slot).ring.filter(|&r| ring::there(m, world, r)) else { return Ringed::NoRing };
    let claims = m.get(world.map.ring(ring as u32).at(CLAIMED as u64));
    let left = ring::slots(world, ring).saturating_sub(ring::len(m, world, ring) + claims.count_ones() as u64);
    let kept = if is_own(world, me, slot) || world.format.era() == Era::Oct2011 {
        0
    } else {
        let may_ask = |m: &mut W, a| claims & bit(a) == 0 && awaits(m, world, a).is_none();
        world.actor_ids().filter(|&a| is_own(world, a, slot) && may_ask(m, a)).count() as u64
    };
    match left > kept {
        true => Ringed::Done,
        false if m.get(world.dom_word(slot, DomWord::Dying)) != 0 => Ringed::NoRing,
        false => Ringed::NotNow,
    }
}

impl PagingAct {
    /// Whether it may sleep.
    pub const fn waits(self) -> bool {
        matches!(self, PagingAct::Claim { wait: true, .. })
    }

    /// Whether it needs no waiting now.
    pub fn ready<W: Words>(self, m: &mut W, world: &World, me: ActorId) -> bool {
        match self {
            PagingAct::Claim { slot, wait: true } => room(m, world, me, slot) != Ringed::NotNow,
            _ => true,
        }
    }
}

/// What such an effect does to words; none if it has to wait, and then nothing has changed.
pub fn act<W: Words>(m: &mut W, world: &World, me: ActorId, a: PagingAct) -> Option<u64> {
    heap(m, world, |m| match a {
        PagingAct::Claim { slot, wait } => match room(m, world, me, slot) {
            Ringed::NotNow if wait => None,
            Ringed::Done => {
                claim(m, world, me, slot, true);
                Some(Ringed::Done as u64)
            }
            refused => Some(refused as u64),
        },
        PagingAct::Cancel { slot } => {
            claim(m, world, me, slot, false);
            Some(0)
        }
        PagingAct::Put { slot, g, flags } => Some(put(m, world, me, slot, g, flags) as u64),
        PagingAct::Await(g) => {
            if awaits(m, world, me).is_none() {
                m.add(world.map.actor(me, ActorWord::Paused), 1);
                m.set(world.map.actor(me, ActorWord::Awaits), g.to_word() + 1);
            }
            Some(0)
        }
        PagingAct::LetGo(g) => {
            let_go(m, world, g);
            Some(0)
        }
    })
}

fn claim<W: Words>(m: &mut W, world: &World, me: ActorId, slot: u8, on: bool) {
    let Some(ring) = world.domain(slot).ring else { return };
    let word = world.map.ring(ring as u32).at(CLAIMED as u64);
    let was = m.get(word);
    m.set(word, if on { was | bit(me) } else { was & !bit(me) });
}

fn put<W: Words>(m: &mut W, world: &World, me: ActorId, slot: u8, g: DomGfn, flags: u64) -> Ringed {
    claim(m, world, me, slot, false);
    let Some(ring) = world.domain(slot).ring.filter(|&r| ring::there(m, world, r)) else { return Ringed::NoRing };
    // Somebody may have let the vCPU go on meanwhile, or it is paused for a request of before: then this one names nobody.
    let paused = is_own(world, me, slot) && awaits(m, world, me) == Some(g) && outstanding(m, world, me) == 0;
    let who = if paused { flag::VCPU_PAUSED | (me.0 as u64) << WHO } else { 0 };
    ring::push(m, world, ring, g.to_word() | flags | who);
    Ringed::Done
}

fn let_go<W: Words>(m: &mut W, world: &World, g: DomGfn) {
    let Some(slot) = world.slot(g.dom) else { return };
    for a in world.actor_ids().filter(|&a| is_own(world, a, slot)) {
        if awaits(m, world, a) != Some(g) {
            continue;
        }
        m.set(world.map.actor(a, ActorWord::Awaits), 0);
        if let Some(ring) = world.domain(slot).ring {
            let taken = world.map.ring(ring as u32).at(TAKEN as u64);
            let was = m.get(taken);
            m.set(taken, was & !bit(a));
            // A request that is still on the ring lets nobody go on any more.
            ring::change(m, world, ring, |r| match names(r) == Some(a) {
                true => r & !flag::VCPU_PAUSED & ((1 << WHO) - 1),
                false => r,
            });
        }
        super::pause::unpause(m, world, a);
    }
}

/// The pager has taken a request of a domain's ring: notes whose it is, and gives what lessons see of it.
pub(super) fn taken<W: Words>(m: &mut W, world: &World, ring: u8, request: u64) -> u64 {
    if let Some(a) = names(request) {
        let word = world.map.ring(ring as u32).at(TAKEN as u64);
        let was = m.get(word);
        m.set(word, was | bit(a));
    }
    asked_for(request).to_word()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::addr::DomId;
    use crate::entry::Format;
    use crate::machine::ring::RingAct;
    use crate::machine::{Actor, Builder, NewDomain};

    /// A domain with a ring, two vCPUs of it and somebody else.
    fn world(slots: u64, format: Format) -> (std::sync::Arc<World>, Vec<u64>) {
        let actor = |kind| Actor { name: format!("{kind:?}"), kind, domain: DomId(1) };
        let (world, first) = Builder {
            format,
            domains: vec![NewDomain { id: DomId(1), ring: Some(slots), ..NewDomain::default() }],
            actors: vec![actor(Kind::Vcpu), actor(Kind::Vcpu), actor(Kind::Toolstack)],
            pausable: true,
            ..Builder::default()
        }
        .build()
        .unwrap();
        (world, first.to_vec())
    }

    const CLAIM: PagingAct = PagingAct::Claim { slot: 0, wait: false };
    const G: DomGfn = DomGfn::new(1, 0x10);
    const V0: ActorId = ActorId(0);
    const V1: ActorId = ActorId(1);
    const TS: ActorId = ActorId(2);
    const DONE: Option<u64> = Some(Ringed::Done as u64);
    const FULL: Option<u64> = Some(Ringed::NotNow as u64);

    #[test]
    fn sixty_four_requests_fit_and_a_claimed_slot_is_taken() {
        let (world, mut m) = world(64, Format::Ept2011);
        for i in 0..63 {
            let g = DomGfn::new(1, i);
            assert_eq!(act(&mut m, &world, TS, CLAIM), DONE);
            assert_eq!(act(&mut m, &world, TS, PagingAct::Put { slot: 0, g, flags: flag::FOREIGN }), DONE);
        }
        assert_eq!(act(&mut m, &world, V0, CLAIM), DONE);
        assert_eq!(act(&mut m, &world, V1, CLAIM), FULL);
        let sleeps = PagingAct::Claim { slot: 0, wait: true };
        assert!(!sleeps.ready(&mut m, &world, V1));
        assert_eq!(act(&mut m, &world, V1, sleeps), None);
        let posts = RingAct::Post { ring: 0, value: 1, wait: false };
        assert_eq!(ring::act(&mut m, &world, posts), Some([0, Ringed::NotNow as u64]), "the slot is set aside");
        act(&mut m, &world, V0, PagingAct::Cancel { slot: 0 });
        assert!(sleeps.ready(&mut m, &world, V1));
        assert_eq!(ring::len(&mut m, &world, 0), 63);
    }

    #[test]
    fn others_leave_a_slot_for_each_vcpu_that_has_asked_for_nothing() {
        for (format, most) in [(Format::Ept2011, 4), (Format::Npt2012, 2), (Format::Ept, 2)] {
            let (world, mut m) = world(4, format);
            let put = PagingAct::Put { slot: 0, g: G, flags: 0 };
            let n = (0..5)
                .take_while(|_| act(&mut m, &world, TS, CLAIM) == DONE && act(&mut m, &world, TS, put) == DONE)
                .count();
            assert_eq!(n, most, "{format:?}");
        }
    }

    #[test]
    fn a_paused_vcpu_has_one_answer_to_expect_wherever_it_is_and_none_when_it_goes_on() {
        let (world, first) = world(4, Format::Ept);
        let mut m = first.clone();
        let put = PagingAct::Put { slot: 0, g: G, flags: 0 };
        act(&mut m, &world, V0, CLAIM);
        act(&mut m, &world, V0, PagingAct::Await(G));
        assert_eq!((awaits(&mut m, &world, V0), outstanding(&mut m, &world, V0)), (Some(G), 1));
        assert!(super::super::pause::stays(&mut m, &world, V0));
        act(&mut m, &world, V0, put);
        assert_eq!(outstanding(&mut m, &world, V0), 1);
        let take = RingAct::Take { ring: 0, wait: false };
        assert_eq!(ring::act(&mut m, &world, take), Some([G.to_word(), Ringed::Done as u64]), "flags do not show");
        assert_eq!(outstanding(&mut m, &world, V0), 1);
        act(&mut m, &world, TS, PagingAct::LetGo(G));
        act(&mut m, &world, TS, PagingAct::LetGo(G));
        assert_eq!(m, first, "nothing is left of it");
    }

    #[test]
    fn a_vcpu_that_was_let_go_on_is_named_by_no_request() {
        let (world, mut m) = world(4, Format::Ept);
        let put = PagingAct::Put { slot: 0, g: G, flags: flag::EVICT_FAIL };
        for v in [V0, V1] {
            act(&mut m, &world, v, CLAIM);
            act(&mut m, &world, v, PagingAct::Await(G));
        }
        act(&mut m, &world, V0, put);
        // The page comes back between the pause of V1 and its request.
        act(&mut m, &world, TS, PagingAct::LetGo(G));
        act(&mut m, &world, V1, put);
        let requests = ring::requests(&mut m, &world, 0);
        assert_eq!(requests, [G.to_word() | flag::EVICT_FAIL; 2]);
        assert_eq!([V0, V1].map(|v| outstanding(&mut m, &world, v)), [0, 0]);
    }
}
