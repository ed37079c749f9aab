//! Records, tuples and handles.

use super::*;
use crate::machine::frames::fail_next;
use crate::machine::{Actor, Builder, Kind, NewDomain, NewFrame};
use std::sync::Arc;

const ME: ActorId = ActorId(0);

fn world() -> (Arc<World>, Vec<u64>, [Mfn; 2]) {
    let frame = |name: &str| NewFrame { name: name.into(), owner: Some(DomId(1)), ..NewFrame::default() };
    let builder = Builder {
        domains: vec![NewDomain { id: DomId(1), ..NewDomain::default() }],
        actors: vec![Actor { name: "A".into(), kind: Kind::Sharer, domain: DomId(1) }],
        frames: vec![frame("A"), frame("B")],
        ..Builder::default()
    };
    let (w, m) = builder.build().unwrap();
    let at = ["A", "B"].map(|n| w.frames.iter().find(|f| f.0 == n).unwrap().1);
    (w, m.to_vec(), at)
}

fn g(n: u64) -> DomGfn {
    DomGfn::new(1, n)
}

/// The words of all records and their map.
fn records(w: &World, m: &[u64]) -> Vec<u64> {
    let (from, to) = (w.map.record_map(0).0, w.map.record(w.map.records() as u64 - 1, 3).unwrap().0);
    m[from as usize..=to as usize].to_vec()
}

#[test]
fn tuples_stand_in_the_order_in_which_they_were_added() {
    let (w, mut m, [a, b]) = world();
    let empty = records(&w, &m);
    let act = |m: &mut Vec<u64>, x| act(m, &w, ME, x);
    let yes = Kept::Yes as u64;
    assert_eq!(act(&mut m, SharingAct::Insert { mfn: a, g: g(1) }), Kept::Stray as u64, "there is no record yet");
    assert_eq!(act(&mut m, SharingAct::Nth { mfn: a, i: 0 }), u64::MAX);
    for x in [
        SharingAct::Alloc(a),
        SharingAct::Alloc(b),
        SharingAct::Insert { mfn: a, g: g(3) },
        SharingAct::Insert { mfn: a, g: g(1) },
        SharingAct::Insert { mfn: b, g: g(9) },
        SharingAct::Insert { mfn: a, g: g(2) },
    ] {
        assert_eq!(act(&mut m, x), yes, "{x:?}");
    }
    assert_eq!(act(&mut m, SharingAct::Alloc(a)), Kept::Stray as u64, "it has one already");
    assert_eq!(rmap(&mut m, &w, a), [g(3), g(1), g(2)]);
    assert_eq!(act(&mut m, SharingAct::Nth { mfn: a, i: 0 }), g(3).to_word());
    assert_eq!(act(&mut m, SharingAct::Next { mfn: a, after: g(1) }), g(2).to_word());
    assert_eq!(act(&mut m, SharingAct::Next { mfn: a, after: g(2) }), u64::MAX);
    assert_eq!(act(&mut m, SharingAct::Count { mfn: a, g: g(1) }), 2 * 3 + 1);
    assert_eq!(act(&mut m, SharingAct::Count { mfn: a, g: g(9) }), 2 * 3);
    assert_eq!(act(&mut m, SharingAct::Nth { mfn: a, i: 2 }), g(2).to_word());
    assert_eq!(act(&mut m, SharingAct::Nth { mfn: a, i: 3 }), u64::MAX);
    assert_eq!(m.get(w.dom_word(0, DomWord::ShrPages)), 4);
    assert_eq!(act(&mut m, SharingAct::Remove { mfn: a, g: g(1) }), yes);
    assert_eq!(act(&mut m, SharingAct::Remove { mfn: a, g: g(1) }), Kept::No as u64);
    assert_eq!(act(&mut m, SharingAct::Move { from: a, to: b, g: g(3) }), yes);
    assert_eq!(act(&mut m, SharingAct::Move { from: a, to: b, g: g(3) }), Kept::No as u64);
    assert_eq!((rmap(&mut m, &w, a), rmap(&mut m, &w, b)), (vec![g(2)], vec![g(9), g(3)]));
    assert_eq!((len(&mut m, &w, a), len(&mut m, &w, b)), (1, 2));
    assert_eq!(act(&mut m, SharingAct::Remove { mfn: b, g: g(9) }), yes, "the first one");
    assert_eq!(act(&mut m, SharingAct::Remove { mfn: b, g: g(3) }), yes, "and the last");
    assert_eq!(act(&mut m, SharingAct::Free(b)), 1, "no tuple is left");
    assert_eq!(act(&mut m, SharingAct::Free(a)), 2, "one tuple goes with it");
    assert_eq!(act(&mut m, SharingAct::Free(a)), 0);
    assert_eq!(records(&w, &m), empty, "what is given back is zeroes");
    assert_eq!(m.get(w.dom_word(0, DomWord::ShrPages)), 0);
}

#[test]
fn no_handle_comes_twice() {
    let (w, mut m, [a, b]) = world();
    let mut seen = Vec::new();
    for _ in 0..3 {
        for mfn in [a, b] {
            assert_eq!(handle(&mut m, &w, mfn), 0);
            act(&mut m, &w, ME, SharingAct::Alloc(mfn));
            let h = handle(&mut m, &w, mfn);
            assert!(h != 0 && !seen.contains(&h));
            seen.push(h);
        }
        for mfn in [a, b] {
            act(&mut m, &w, ME, SharingAct::Free(mfn));
        }
    }
}

#[test]
fn without_memory_nothing_has_changed() {
    let (w, mut m, [a, _]) = world();
    let before = m.clone();
    fail_next(&mut m, &w, ME, Class::Record);
    assert_eq!(act(&mut m, &w, ME, SharingAct::Alloc(a)), Kept::No as u64);
    assert_eq!(m, before, "the next one is asked only once");
    assert_eq!(act(&mut m, &w, ME, SharingAct::Alloc(a)), Kept::Yes as u64);
    for n in 1..RECORDS as u64 {
        assert_eq!(act(&mut m, &w, ME, SharingAct::Insert { mfn: a, g: g(n) }), Kept::Yes as u64);
    }
    let full = m.clone();
    assert_eq!(act(&mut m, &w, ME, SharingAct::Insert { mfn: a, g: g(999) }), Kept::No as u64);
    assert_eq!(m, full);
    assert_eq!(act(&mut m, &w, ME, SharingAct::Remove { mfn: a, g: g(7) }), Kept::Yes as u64);
    assert_eq!(act(&mut m, &w, ME, SharingAct::Insert { mfn: a, g: g(7) }), Kept::Yes as u64, "the lowest one again");
}

#[test]
fn a_shared_frame_of_the_first_state_is_as_operations_leave_it() {
    let (w, mut m, [a, _]) = world();
    let (word, slot) = (|f| w.map.frame(a, f).unwrap(), 0);
    assert!([1, 2, 3].into_iter().all(|n| build(&mut m, &w, a, g(n))));
    assert_eq!(m.get(word(FrameWord::Count)), PGC_ALLOCATED | 4);
    assert_eq!(m.get(word(FrameWord::Type)), TypeBits::of(w.format).counted(PageType::Shared, 3));
    assert_eq!(m.get(word(FrameWord::M2p)), M2P_SHARED);
    assert_eq!((m.get(w.map.xen(XenWord::NrShared)), m.get(w.map.xen(XenWord::NrSaved))), (1, 2));
    assert_eq!(rmap(&mut m, &w, a), [g(1), g(2), g(3)]);
    assert_eq!(crate::machine::frames::page_list(&mut m, &w, slot).len(), 1, "it is on its domain's list no longer");
}
