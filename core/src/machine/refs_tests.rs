//! Truth tables of references, owners and m2p entries.

use super::*;
use crate::machine::frames::{PGC_ALLOCATED, PGC_RESERVE, get_page, owner, page_list, put_page};
use crate::machine::{Builder, DomWord, NewDomain, NewFrame};
use PageType::{L1, None as Nothing, Seg, Shared, Writable};
use std::sync::Arc;

/// Two domains; the first owns two frames, one is free. Gives the frames too.
fn world() -> (Arc<World>, Vec<u64>, [Mfn; 3]) {
    let domain = |id| NewDomain { id: DomId(id), ..NewDomain::default() };
    let frame = |name: &str, owner| NewFrame { name: name.into(), owner, ..NewFrame::default() };
    let builder = Builder {
        domains: vec![domain(1), domain(2)],
        frames: vec![frame("A", Some(DomId(1))), frame("B", Some(DomId(1))), frame("C", None)],
        ..Builder::default()
    };
    let (w, m) = builder.build().unwrap();
    let at = ["A", "B", "C"].map(|n| w.frames.iter().find(|f| f.0 == n).unwrap().1);
    (w, m.to_vec(), at)
}

fn set(m: &mut Vec<u64>, w: &World, mfn: Mfn, at: FrameWord, v: u64) {
    m.set(w.map.frame(mfn, at).unwrap(), v);
}

fn get(m: &mut Vec<u64>, w: &World, mfn: Mfn, at: FrameWord) -> u64 {
    m.get(w.map.frame(mfn, at).unwrap())
}

#[test]
fn the_bits_of_both_trees_lie_apart_and_name_each_type_once() {
    for bits in [&BITS_2011, &BITS_NOW] {
        assert_eq!(bits.ty & (bits.locked | bits.validated | PGT_COUNT), 0);
        assert_eq!((bits.locked | bits.validated) & PGT_COUNT, 0);
        for ty in PageType::ALL {
            assert_eq!(bits.get(bits.counted(ty, 3) | bits.locked), ty);
        }
    }
    assert_eq!(BITS_2011.put(Shared), 8 << 60);
    assert_eq!(BITS_NOW.put(Shared), 6 << 61);
    assert_eq!(BITS_NOW.locked, 1 << 60, "inside what was the type's field in 2011");
}

#[test]
fn a_reference_is_given_unless_the_frame_is_free_anothers_or_the_count_would_run_over() {
    let (w, mut m, [a, _, free]) = world();
    let count = |m: &mut Vec<u64>, n| set(m, &w, a, FrameWord::Count, PGC_ALLOCATED | n);
    // (count before, whose it must be, whether it is given)
    let cases = [
        (1, None, true),
        (1, Some(DomId(1)), true),
        (1, Some(DomId(2)), false),
        (1, Some(DomId::COW), false),
        (PGC_RESERVE - 1, None, true),
        (PGC_RESERVE, None, false),
        (PGC_RESERVE + 1, None, false),
        (0, None, false),
    ];
    for (n, dom, given) in cases {
        count(&mut m, n);
        assert_eq!(get_page(&mut m, &w, a, dom), given, "{n} {dom:?}");
        let after = get(&mut m, &w, a, FrameWord::Count);
        assert_eq!(after, PGC_ALLOCATED | (n + given as u64), "a refused one leaves no trace");
    }
    assert!(!get_page(&mut m, &w, free, None));
}

#[test]
fn a_type_gives_way_only_while_nobody_counts_on_it() {
    let (w, mut m, [a, ..]) = world();
    let bits = TypeBits::of(w.format);
    for (held, n, wanted) in [Nothing, Writable, Shared, L1, Seg]
        .into_iter()
        .flat_map(|h| [0, 1, 2].into_iter().flat_map(move |n| PageType::ALL.map(|want| (h, n, want))))
    {
        set(&mut m, &w, a, FrameWord::Type, bits.counted(held, n));
        let given = n == 0 || held == wanted;
        assert_eq!(get_type(&mut m, &w, a, wanted), given, "{held:?} {n} {wanted:?}");
        let (ty, count) = if given { (wanted, n + 1) } else { (held, n) };
        assert_eq!(get(&mut m, &w, a, FrameWord::Type), bits.counted(ty, count));
    }
    set(&mut m, &w, a, FrameWord::Type, bits.counted(Shared, PGT_COUNT));
    assert!(!get_type(&mut m, &w, a, Shared), "the count does not run over");
    assert!(!get_type(&mut m, &w, Mfn(1 << 39), Shared));
}

#[test]
fn a_type_stays_when_its_last_reference_goes() {
    let (w, mut m, [a, ..]) = world();
    let bits = TypeBits::of(w.format);
    assert!(get_type(&mut m, &w, a, Writable));
    assert_eq!(put_type(&mut m, &w, a), Dropped::Yes);
    assert_eq!(get(&mut m, &w, a, FrameWord::Type), bits.counted(Writable, 0));
    assert_eq!(put_type(&mut m, &w, a), Dropped::None, "zero stays zero");
}

#[test]
fn the_last_typed_reference_but_the_locks_waits() {
    let (w, mut m, [a, ..]) = world();
    let bits = TypeBits::of(w.format);
    for (n, locked, what) in [
        (3, true, Dropped::Yes),
        (2, true, Dropped::Locked),
        (1, true, Dropped::Yes),
        (2, false, Dropped::Yes),
        (0, true, Dropped::None),
    ] {
        let before = bits.counted(Shared, n) | if locked { bits.locked } else { 0 };
        set(&mut m, &w, a, FrameWord::Type, before);
        assert_eq!(put_type(&mut m, &w, a), what, "{n} {locked}");
        let gone = (what == Dropped::Yes) as u64;
        assert_eq!(get(&mut m, &w, a, FrameWord::Type), before - gone);
        assert_eq!(Dropped::from_word(what as u64), what);
    }
}

#[test]
fn an_owner_takes_list_count_and_domain_reference_along() {
    let (w, mut m, [a, b, _]) = world();
    let dom = |m: &mut Vec<u64>, slot, word| m.get(w.dom_word(slot, word));
    let books = |m: &mut Vec<u64>, slot| {
        let list = page_list(m, &w, slot).len() as u64;
        assert_eq!(list, dom(m, slot, DomWord::TotPages));
        assert_eq!(dom(m, slot, DomWord::DomainRef), (list > 0) as u64, "one reference for all pages (S49)");
        list
    };
    assert_eq!((books(&mut m, 0), books(&mut m, 1)), (2, 0));
    assert!(set_owner(&mut m, &w, a, DomId::COW));
    assert_eq!((books(&mut m, 0), owner(&mut m, &w, a)), (1, DomId::COW));
    assert!(set_owner(&mut m, &w, b, DomId(2)));
    assert_eq!((books(&mut m, 0), books(&mut m, 1)), (0, 1));
    assert!(set_owner(&mut m, &w, a, DomId(1)));
    assert_eq!((books(&mut m, 0), books(&mut m, 1)), (1, 1));
    assert!(!set_owner(&mut m, &w, Mfn(1 << 39), DomId(1)));
    // The last reference on a frame of dom_cow frees it, and no list misses it.
    assert!(set_owner(&mut m, &w, b, DomId::COW) && put_page(&mut m, &w, b));
    assert_eq!((books(&mut m, 0), books(&mut m, 1)), (1, 0));
    assert_eq!(owner(&mut m, &w, b), DomId::NOBODY);
}

#[test]
fn a_frame_of_dom_cow_reads_shared_whatever_is_written() {
    for (format, none) in [(Format::Ept2011, M2P_SHARED), (Format::Ept, M2P_INVALID)] {
        let (w, mut m, [a, ..]) = world();
        let w = World { format, ..World::clone(&w) };
        let m2p = |m: &mut Vec<u64>| get(m, &w, a, FrameWord::M2p);
        let g = crate::addr::DomGfn::new(1, 0x10).to_word();
        for gpfn in [g, M2P_INVALID] {
            set_gpfn(&mut m, &w, a, gpfn);
            assert_eq!(m2p(&mut m), gpfn);
        }
        set_owner(&mut m, &w, a, DomId::COW);
        for (gpfn, read) in [(g, M2P_SHARED), (M2P_SHARED, M2P_SHARED), (M2P_INVALID, none)] {
            set_gpfn(&mut m, &w, a, gpfn);
            assert_eq!(m2p(&mut m), read, "in 2011 even `none` was masked (S47)");
        }
    }
}
