//! The rules of populate-on-demand caches and of log-dirty, broken on words.

use crate::{RAM, Still};
use p2mscope_core::addr::{ActorId, DomGfn, DomId, Gfn, Mfn, Order};
use p2mscope_core::machine::dirty::{self, DirtyAct};
use p2mscope_core::machine::frames::owner_word;
use p2mscope_core::machine::pod::{self, PodAct};
use p2mscope_core::machine::{DomWord, FrameWord, Words};
use p2mscope_core::watch::Rule;

/// Domain 1 with M, a frame that it was promised, and F in its cache.
fn pod() -> (Still, Mfn) {
    let mut s = Still::new("0x10 = M as ram_rw content 5; 0x13 = populate_on_demand");
    let mfn = s.frame("F");
    let add = PodAct::Add { slot: 0, mfn, order: Order::K4 };
    pod::perform(&mut s.m, &s.world, add);
    (s, mfn)
}

impl Still {
    fn dom(&mut self, w: DomWord, v: u64) {
        let at = self.world.dom_word(0, w);
        self.m.set(at, v);
    }
}

#[test]
fn a_cache_that_is_as_it_should_be_breaks_nothing() {
    let (mut s, _) = pod();
    s.breaks(&[]);
    s.dom(DomWord::PodTarget, 2);
    s.breaks(&[]);
}

#[test]
fn i22_is_a_cached_frame_that_somebody_else_has_or_that_is_not_zero_or_not_free_of_names() {
    let (mut s, mfn) = pod();
    let page = s.world.map.page(mfn, 511).expect("a page");
    s.m.set(page, 1);
    s.breaks(&[(Rule::I22, "frame F stands in the cache of domain 1 and is not zero")]);

    let (mut s, mfn) = pod();
    let m2p = s.record(mfn, FrameWord::M2p);
    s.m.set(m2p, DomGfn { dom: DomId(1), gfn: Gfn(0x13) }.to_word());
    s.breaks(&[(Rule::I22, "and is named by a frame number")]);

    let (mut s, mfn) = pod();
    let owner = s.record(mfn, FrameWord::Owner);
    s.m.set(owner, owner_word(DomId(2)));
    s.breaks(&[(Rule::I22, "and is somebody else's")]);

    // M has been in use: zero or not, it is mapped.
    let (mut s, _) = pod();
    let mfn = s.frame("M");
    pod::perform(&mut s.m, &s.world, PodAct::Add { slot: 0, mfn, order: Order::K4 });
    s.breaks(&[(Rule::I2, "whose m2p is none"), (Rule::I22, "frame M stands in the cache of domain 1 and is mapped")]);
}

#[test]
pub fn i22_is_a_cache_that_counts_wrong() {
    let (mut s, _) = pod();
    s.dom(DomWord::CacheCount, 2);
    s.breaks(&[(Rule::I22, "the cache of domain 1 has 1 frames and counts 2")]);
}

#[test]
pub fn i23_is_more_than_the_target_or_a_cache_beyond_what_is_promised() {
    let mut s = Still::new("0x10 .. 0x11 = ram_rw; 0x13 = populate_on_demand");
    s.breaks(&[]);
    // M, N and F: the declared frame counts, though nothing maps it.
    s.dom(DomWord::PodTarget, 2);
    s.breaks(&[(Rule::I23, "domain 1 has 3 populated pages, and its target is 2")]);
    s.dom(DomWord::Dying, 1);
    s.breaks(&[]);

    let mut s = Still::new(RAM);
    let mfn = s.frame("F");
    pod::perform(&mut s.m, &s.world, PodAct::Add { slot: 0, mfn, order: Order::K4 });
    s.breaks(&[]);
    s.dom(DomWord::PodTarget, 3);
    s.breaks(&[(Rule::I23, "domain 1 keeps 1 frames in its cache, and 0 are promised")]);
}

#[test]
pub fn i25_is_an_entry_that_can_be_written_and_has_no_bit() {
    let on = |map: &str| Still::with("tables = 1, logdirty = true", map);
    on("0x10 = M as ram_logdirty; 0x11 = ram_ro; 0x12 = ram_rw with access_r").breaks(&[]);

    let mut s = on("0x10 = M as ram_rw");
    let not = [(Rule::I25, "1:0x10 (ram_rw, frame M) can be written, and no write is noted in the bitmap")];
    s.breaks(&not);
    dirty::act(&mut s.m, &s.world, ActorId(0), DirtyAct::Mark { slot: 0, gfn: Gfn(0x10) });
    s.breaks(&[]);
    dirty::act(&mut s.m, &s.world, ActorId(0), DirtyAct::Harvest { slot: 0, clear: true });
    s.breaks(&not);
    // Once a mark was lost, no harvest claims to know.
    s.dom(DomWord::DirtyLost, 1);
    s.breaks(&[]);
    s.dom(DomWord::DirtyLost, 0);
    s.dom(DomWord::LogDirty, 0);
    s.breaks(&[]);
}

#[test]
pub fn i33_is_a_count_of_foreign_entries_that_is_wrong() {
    let mut s = Still::new(RAM);
    s.dom(DomWord::NrForeign, 2);
    s.breaks(&[(Rule::I33, "domain 1 has 0 foreign frame numbers and counts 2")]);
}

#[test]
pub fn i34_is_a_count_of_ioreq_server_entries_that_is_wrong() {
    let mut s = Still::new(RAM);
    s.dom(DomWord::IoreqCount, 1);
    s.breaks(&[(Rule::I34, "domain 1 has 0 frame numbers of type ioreq_server and counts 1")]);
}
