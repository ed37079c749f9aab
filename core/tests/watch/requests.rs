//! I14, broken on words: answers to vCPUs that wait for a page, and the slots of a ring.

use crate::Still;
use p2mscope_core::addr::{ActorId, DomGfn};
use p2mscope_core::machine::paging::{self, PagingAct};
use p2mscope_core::machine::ring::{self, RingAct};
use p2mscope_core::machine::{ActorWord, DomWord, Words};
use p2mscope_core::watch::Rule;

const V0: ActorId = ActorId(0);
const PG: ActorId = ActorId(1);
const G: DomGfn = DomGfn::new(1, 0x12);

fn act(s: &mut Still, a: ActorId, what: PagingAct) {
    paging::act(&mut s.m, &s.world, a, what).expect("nobody has to wait");
}

/// V0 waits for 1:0x12, and its request is on the ring of two slots.
fn asked() -> Still {
    let mut s = Still::with("tables = 1, ring = 2", "0x10 = M as ram_rw; 0x12 = ram_paged");
    act(&mut s, V0, PagingAct::Claim { slot: 0, wait: false });
    act(&mut s, V0, PagingAct::Await(G));
    s.breaks(&[]);
    act(&mut s, V0, PagingAct::Put { slot: 0, g: G, flags: 0 });
    s.breaks(&[]);
    s
}

#[test]
pub fn i14_is_a_wait_without_a_request_or_with_two() {
    let mut s = asked();
    s.m.set(s.world.map.ring(0), 0);
    s.breaks(&[(Rule::I14, "V0 waits for 1:0x12, and 0 answers will let it go on")]);
    // Where the ring has gone nobody answers, and a crashed domain's vCPUs end.
    for w in [DomWord::HasRing, DomWord::Crashed] {
        let (at, was) = (s.world.dom_word(0, w), s.m.clone());
        s.m.set(at, 1 - was[at.0 as usize]);
        s.breaks(&[]);
        s.m = was;
    }

    let mut s = asked();
    let first = s.world.map.ring(0).at(8);
    let request = s.m.get(first);
    s.m.set(s.world.map.ring(0), 2);
    s.m.set(first.at(1), request);
    s.breaks(&[(Rule::I14, "V0 waits for 1:0x12, and 2 answers will let it go on")]);
}

#[test]
fn i14_is_a_request_that_names_a_vcpu_which_waits_for_nothing() {
    let mut s = asked();
    let awaits = s.world.map.actor(V0, ActorWord::Awaits);
    s.m.set(awaits, 0);
    s.breaks(&[(Rule::I14, "V0 waits for nothing, and 1 requests name it")]);
    // The same when the pager has taken it.
    let take = RingAct::Take { ring: 0, wait: false };
    ring::act(&mut s.m, &s.world, take).expect("there is a request");
    s.breaks(&[(Rule::I14, "V0 waits for nothing, and 1 requests name it")]);
}

#[test]
fn i14_is_a_ring_in_which_more_stands_or_is_set_aside_than_it_has_slots() {
    let mut s = asked();
    act(&mut s, PG, PagingAct::Claim { slot: 0, wait: false });
    s.breaks(&[]);
    let at = s.world.map.ring(0);
    let words = s.m.clone();
    s.m.set(at, 3);
    s.breaks(&[(Rule::I14, "has 2 slots, 3 requests, and 1 more are set aside")]);
    s.m = words;
    act(&mut s, PG, PagingAct::Put { slot: 0, g: G, flags: 0 });
    s.breaks(&[]);
}
