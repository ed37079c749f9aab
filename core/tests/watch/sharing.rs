//! The rules of typed references and of sharing records, broken on words.

use crate::{RAM, Still};
use p2mscope_core::addr::{ActorId, DomGfn, DomId, Gfn, Mfn};
use p2mscope_core::entry::P2mType;
use p2mscope_core::machine::frames::{M2P_INVALID, owner_word};
use p2mscope_core::machine::sharing::{self, SharingAct};
use p2mscope_core::machine::{DomWord, FrameWord, Words, XenWord, frames};
use p2mscope_core::watch::Rule;

const HERE: (u16, u64) = (1, 0x10);
const THERE: (u16, u64) = (2, 0x20);

fn g((dom, gfn): (u16, u64)) -> DomGfn {
    DomGfn { dom: DomId(dom), gfn: Gfn(gfn) }
}

impl Still {
    /// The frame number maps the frame as shared, and is one of its tuples.
    fn share(&mut self, mfn: Mfn, at: (u16, u64)) {
        assert!(sharing::build(&mut self.m, &self.world, mfn, g(at)));
        let (entry, leaf) = (self.entry_of(at.0 as u8 - 1, at.1, 0), self.leaf(P2mType::RamShared, mfn, 0));
        self.m.set(entry, leaf);
        let max = self.world.dom_word(at.0 as u8 - 1, DomWord::MaxMapped);
        self.m.set(max, self.m[max.0 as usize].max(at.1 + 1));
    }

    fn set(&mut self, mfn: Mfn, w: FrameWord, v: u64) {
        let at = self.record(mfn, w);
        self.m.set(at, v);
    }
}

/// Frame M is shared by 1:0x10 and 2:0x20.
fn shared() -> (Still, Mfn) {
    let mut s = Still::new(RAM);
    let mfn = s.frame("M");
    s.share(mfn, HERE);
    s.share(mfn, THERE);
    (s, mfn)
}

#[test]
fn a_frame_that_two_share_breaks_nothing() {
    shared().0.breaks(&[]);
}

#[test]
pub fn i10_is_a_type_count_that_nobody_holds_and_a_shared_type_that_cow_does_not_own() {
    let mut s = Still::new(RAM);
    let mfn = s.frame("M");
    s.set(mfn, FrameWord::Type, 7 << 60 | 1);
    s.breaks(&[(Rule::I10, "frame M has type count 1, and 0 count on its type")]);
    // A typed reference that an actor is known to hold makes it right, and so does the page's lock.
    let refs = s.world.map.refs(ActorId(1));
    refs.put(&mut s.m, mfn.0 | 1 << 40, 1);
    s.breaks(&[]);
    refs.take(&mut s.m, mfn.0 | 1 << 40);
    s.set(mfn, FrameWord::Type, 7 << 60 | 1 << 55 | 1);
    s.breaks(&[]);

    let (mut s, mfn) = shared();
    s.set(mfn, FrameWord::Owner, owner_word(DomId::IO));
    s.breaks(&[(Rule::I10, "frame M is of the shared type and owned by io")]);
}

#[test]
pub fn i15_is_a_tuple_that_does_not_share_and_a_sharer_without_a_tuple() {
    let (mut s, mfn) = shared();
    let (there, hole) = (s.entry_of(1, 0x20, 0), s.world.format.empty());
    s.m.set(there, hole);
    s.breaks(&[(Rule::I15, "frame M has a tuple of 2:0x20, which does not share it")]);

    let (mut s, _) = shared();
    let (third, leaf) = (s.entry(0x12, 0), s.leaf(P2mType::RamShared, mfn, 0));
    s.m.set(third, leaf);
    let max = s.world.dom_word(0, DomWord::MaxMapped);
    s.m.set(max, 0x13);
    s.breaks(&[(Rule::I15, "frame M has 2 tuples, and 3 frame numbers share it")]);

    // No record at all.
    let mut s = Still::new(RAM);
    let (here, leaf) = (s.entry(0x10, 0), s.leaf(P2mType::RamShared, s.frame("M"), 0));
    s.m.set(here, leaf);
    s.breaks(&[(Rule::I15, "frame M has 0 tuples, and 1 frame numbers share it")]);
}

#[test]
pub fn i16_is_a_shared_frame_whose_m2p_says_otherwise() {
    let (mut s, mfn) = shared();
    s.set(mfn, FrameWord::M2p, M2P_INVALID);
    s.breaks(&[(Rule::I16, "frame M is shared, and its m2p is none")]);
    s.set(mfn, FrameWord::M2p, g(HERE).to_word());
    s.breaks(&[(Rule::I16, "frame M is shared, and its m2p is 1:0x10")]);
}

#[test]
pub fn i17_and_i18_are_counters_of_sharing_that_count_wrong() {
    let (mut s, _) = shared();
    let (shared, saved) = (s.world.map.xen(XenWord::NrShared), s.world.map.xen(XenWord::NrSaved));
    s.m.set(shared, 2);
    s.m.set(saved, 0);
    s.breaks(&[
        (Rule::I17, "1 frames have sharing records, and nr_shared is 2"),
        (Rule::I18, "sharing saves 1 frames, and nr_saved is 0"),
    ]);
}

#[test]
pub fn i19_is_a_shared_frame_on_a_list() {
    // M stands alone on the list of domain 2, whose own frame is taken off it: so the length is right.
    let (mut s, mfn) = shared();
    let other = frames::page_list(&mut s.m, &s.world, 1)[0];
    for w in [DomWord::ListHead, DomWord::ListTail] {
        let at = s.world.dom_word(1, w);
        assert_eq!(s.m.get(at), other.0 + 1);
        s.m.set(at, mfn.0 + 1);
    }
    s.breaks(&[(Rule::I19, "frame M is shared and on a list of domain 2")]);
}

#[test]
pub fn i20_is_a_handle_that_two_frames_have() {
    let (mut s, m) = shared();
    let n = frames::page_list(&mut s.m, &s.world, 1)[0];
    s.share(n, (2, 0x10));
    s.breaks(&[]);
    let handle = sharing::handle(&mut s.m, &s.world, m);
    let record = sharing::info(&mut s.m, &s.world, n).expect("it is shared");
    let at = s.world.map.record(record, 0).expect("the record is there");
    s.m.set(at, handle);
    s.breaks(&[(Rule::I20, "frames M and N have the same handle")]);
}

#[test]
fn i9_is_a_shared_frame_with_fewer_references_than_tuples() {
    let (mut s, mfn) = shared();
    let count = s.record(mfn, FrameWord::Count);
    s.m.add(count, u64::MAX);
    s.breaks(&[(Rule::I9, "frame M has count 2, and 3 hold it")]);
}

#[test]
fn a_tuple_taken_out_by_an_effect_leaves_what_it_held_to_be_told() {
    let (mut s, mfn) = shared();
    sharing::act(&mut s.m, &s.world, ActorId(0), SharingAct::Remove { mfn, g: g(THERE) });
    s.breaks(&[
        (Rule::I9, "frame M has count 3, and 2 hold it"),
        (Rule::I10, "frame M has type count 2, and 1 count on its type"),
        (Rule::I15, "frame M has 1 tuples, and 2 frame numbers share it"),
        (Rule::I18, "sharing saves 0 frames, and nr_saved is 1"),
    ]);
}
