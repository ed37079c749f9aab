//! Sharing called as functions: handles that are remembered, memory that gives out at each place, giving up all shares
//! of a domain in slices, and the references behind `get_page_from_gfn`.

use super::direct::{Direct, ram};
use p2mscope_core::addr::{DomGfn, Gfn};
use p2mscope_core::entry::{Format, P2mType};
use p2mscope_core::machine::refs::PageType;
use p2mscope_core::machine::sharing::{self as records, SharingAct};
use p2mscope_core::machine::{Class, DomWord, FrameWord, Words, XenWord};
use p2mscope_core::ops::page::check_get_page_from_gfn;
use p2mscope_core::ops::refs::{get_page_and_type, put_page_and_type};
use p2mscope_core::ops::sharing::{
    RELINQUISH_UNITS, add_to_physmap, nominate, range_share, relinquish_shared_pages, share, unshare,
};
use p2mscope_core::ops::{Code, query};
use p2mscope_core::step::{Act, Step};

const G: DomGfn = DomGfn::new(1, 0x10);
const H: DomGfn = DomGfn::new(2, 0x10);

fn pair() -> Direct {
    Direct::new(Format::Ept2011, vec![ram(0, 0x10, "A"), ram(1, 0x10, "B")])
}

/// Takes the locks of a gfn once, so that they have a page from then on.
fn touch(s: &mut Direct, g: DomGfn) {
    query::get_gfn_query(s, g).unwrap();
    query::put_gfn(s, g).unwrap();
}

/// Two shareable frames with their handles.
fn nominated(s: &mut Direct) -> (u64, u64) {
    let (c, sh) = nominate(s, G, 0).unwrap();
    let (d, ch) = nominate(s, H, 0).unwrap();
    assert_eq!((c, d), (Code::Ok, Code::Ok));
    (sh, ch)
}

#[test]
fn a_handle_that_was_good_once_is_refused_and_the_sources_is_compared_first() {
    let mut s = pair();
    let (sh, ch) = nominated(&mut s);
    for (a, b, code) in
        [(sh + 1, ch + 1, Code::SHandleInvalid), (sh, ch + 1, Code::CHandleInvalid), (ch, sh, Code::SHandleInvalid)]
    {
        let before = s.words.clone();
        assert_eq!(share(&mut s, G, Some(a), H, Some(b)), Ok(code));
        assert_eq!(s.words, before, "nothing has changed");
    }
    // The client is unshared and nominated again: another handle.
    assert_eq!(unshare(&mut s, H, false), Ok(Code::Ok));
    assert_eq!(share(&mut s, G, Some(sh), H, Some(ch)), Ok(Code::CHandleInvalid));
    let (_, again) = nominate(&mut s, H, 0).unwrap();
    assert_ne!(again, ch);
    assert_eq!(share(&mut s, G, Some(sh), H, Some(ch)), Ok(Code::CHandleInvalid));
    assert_eq!(add_to_physmap(&mut s, G, Some(sh + 1), DomGfn::new(2, 0x50)), Ok(Code::SHandleInvalid));
    assert_eq!(share(&mut s, G, Some(sh), H, Some(again)), Ok(Code::Ok));
    s.is_sound();
}

#[test]
fn expected_references_are_those_of_a_grant() {
    let mut s = pair();
    let mfn = s.frame("A");
    for _ in 0..3 {
        s.act(Act::GetPage { mfn, dom: None }).unwrap();
    }
    assert_eq!(nominate(&mut s, G, 0).unwrap().0, Code::E2big);
    assert_eq!(nominate(&mut s, G, 3).unwrap().0, Code::Ok);
}

#[test]
fn a_frame_that_others_count_on_as_shared_exists_already_before_it_is_in_use() {
    let mut s = pair();
    let mfn = s.frame("A");
    assert!(get_page_and_type(&mut s, mfn, G.dom, PageType::Shared).unwrap());
    let before = s.words.clone();
    assert_eq!(nominate(&mut s, G, 0).unwrap().0, Code::Eexist, "and not yet E2BIG");
    assert_eq!(s.of(mfn, FrameWord::Count), before[s.world.map.frame(mfn, FrameWord::Count).unwrap().0 as usize]);
    put_page_and_type(&mut s, mfn).unwrap();
    assert_eq!(nominate(&mut s, G, 0).unwrap().0, Code::Ok);
}

/// Takes all sharing records but so many.
fn leave(s: &mut Direct, n: u32) {
    let word = s.world.map.record_map(0);
    s.words.set(word, u64::MAX << n);
}

#[test]
fn a_nomination_is_taken_back_wherever_memory_gives_out() {
    for left in [0, 1] {
        let mut s = pair();
        leave(&mut s, left);
        touch(&mut s, G);
        let before = s.words.clone();
        assert_eq!(nominate(&mut s, G, 0).unwrap().0, Code::Enomem);
        // What stays is that the frame has been nominated once, so that no handle comes twice, and its idle type.
        let mfn = s.frame("A");
        for w in [FrameWord::Sharing, FrameWord::Type] {
            let at = s.world.map.frame(mfn, w).unwrap();
            s.words[at.0 as usize] = before[at.0 as usize];
        }
        let max = before.iter().zip(&s.words).filter(|(a, b)| a != b).count();
        assert_eq!(max, 0, "{left} records left");
        s.is_sound();
    }
    let mut s = pair();
    s.fail(Class::Record);
    assert_eq!(range_share(&mut s, G, Gfn(0x10), H), Ok(Code::Enomem));
    s.is_sound();
}

#[test]
fn an_addition_is_taken_back_wherever_memory_gives_out() {
    let mut s = pair();
    nominated(&mut s);
    for (class, at) in [(Class::Record, 0x50), (Class::Table, 0x40000)] {
        touch(&mut s, DomGfn::new(2, at));
        let before = s.words.clone();
        s.fail(class);
        assert_eq!(add_to_physmap(&mut s, G, None, DomGfn::new(2, at)), Ok(Code::Enomem));
        assert!(s.words == before, "{class:?}");
    }
}

#[test]
fn a_look_up_that_finds_no_memory_leaves_an_event_and_only_one() {
    let mut s = pair();
    let (sh, ch) = nominated(&mut s);
    share(&mut s, G, Some(sh), H, Some(ch)).unwrap();
    for g in [G, H, G] {
        s.fail(Class::Frame);
        let entry = query::get_gfn_unshare(&mut s, g).unwrap();
        query::put_gfn(&mut s, g).unwrap();
        assert!(s.world.leaf_of(g, entry, 0).unwrap().ty.is_shared());
    }
    assert_eq!((s.dom(0, DomWord::ShareEnomem), s.dom(1, DomWord::ShareEnomem)), (0x11, 0x11));
    // An explicit unshare only answers.
    let mut s = pair();
    nominated(&mut s);
    share(&mut s, G, None, H, None).unwrap();
    s.fail(Class::Frame);
    assert_eq!(unshare(&mut s, H, false), Ok(Code::Enomem));
    assert_eq!(s.dom(1, DomWord::ShareEnomem), 0);
}

#[test]
fn every_share_of_a_domain_is_given_up_in_slices() {
    // Domain 1 shares at 0x10, and again above the numbers that one slice passes.
    let far = RELINQUISH_UNITS + 0x400;
    let mut s = Direct::new(Format::Ept2011, vec![ram(0, 0x10, "A"), ram(1, 0x10, "B"), ram(0, far, "C")]);
    nominated(&mut s);
    share(&mut s, G, None, H, None).unwrap();
    let top = DomGfn::new(1, far);
    assert_eq!(nominate(&mut s, top, 0).unwrap().0, Code::Ok);
    assert_eq!(s.dom(0, DomWord::ShrPages), 2);
    assert_eq!(relinquish_shared_pages(&mut s, 0), Ok(Code::Erestart));
    // 16 numbers and one share, which is worth 16; the rest one each.
    assert_eq!(s.dom(0, DomWord::NextShared), 1 + RELINQUISH_UNITS - 0x10);
    assert_eq!((s.entry(G), s.dom(0, DomWord::ShrPages)), (None, 1));
    assert_eq!(relinquish_shared_pages(&mut s, 0), Ok(Code::Ok));
    assert_eq!((s.dom(0, DomWord::ShrPages), s.dom(0, DomWord::NextShared)), (0, 0));
    let (a, c) = (s.frame("A"), s.frame("C"));
    assert_eq!(s.entry(H), Some((P2mType::RamShared, a)), "the other domain keeps its own");
    assert_eq!(s.of(c, FrameWord::Owner), 0, "nobody else shared this one");
    assert_eq!((s.xen(XenWord::NrShared), s.xen(XenWord::NrSaved)), (1, 0));
    assert_eq!(relinquish_shared_pages(&mut s, 0), Ok(Code::Ok));
    s.is_sound();
}

#[test]
fn pages_are_handed_out_for_reading_or_writing_by_what_the_entry_is() {
    let ty = |gfn, ty| p2mscope_core::machine::NewMapping { ty, name: None, ..ram(0, gfn, "") };
    let mut s = Direct::new(
        Format::Ept2011,
        vec![
            ram(0, 0x10, "A"),
            ram(1, 0x10, "B"),
            ty(0x20, P2mType::RamRo),
            ty(0x21, P2mType::RamPagingOut),
            ty(0x22, P2mType::RamPaged),
        ],
    );
    nominated(&mut s);
    share(&mut s, G, None, H, None).unwrap();
    let a = s.frame("A");
    // (gfn, for reading, whether memory is short, code)
    for (gfn, readonly, short, code) in [
        (0x10, true, false, Code::Ok),
        (0x10, false, true, Code::Eagain),
        (0x20, true, false, Code::Ok),
        (0x20, false, false, Code::Ok),
        (0x21, true, false, Code::Eagain),
        (0x22, true, false, Code::Eagain),
        (0x99, true, false, Code::Einval),
    ] {
        if short {
            s.fail(Class::Frame);
        }
        let before = s.words.clone();
        let (got, _, mfn) = check_get_page_from_gfn(&mut s, DomGfn::new(1, gfn), readonly).unwrap();
        assert_eq!((got, mfn.is_valid()), (code, code == Code::Ok), "{gfn:#x} {readonly}");
        if code == Code::Ok {
            s.act(Act::PutPage(mfn)).unwrap();
        }
        if !short {
            assert_eq!(s.words, before, "no reference is left behind");
        }
    }
    let (code, ty, mfn) = check_get_page_from_gfn(&mut s, G, false).unwrap();
    assert!(code == Code::Ok && ty == P2mType::RamRw && mfn != a, "a writer gets a copy");
    assert_eq!(records::len(&mut s.words, &s.world.clone(), a), 1);
    assert_eq!(s.act(Act::Sharing(SharingAct::Nth { mfn: a, i: 0 })), Ok(H.to_word()));
}
