//! TLBs by themselves: what walks leave in them, what a step reads, and what a flush or a violation takes out.

use super::{breaks, holds};
use p2mscope_core::addr::{ActorId, DomGfn, DomId, Gfn, Mfn, Order};
use p2mscope_core::entry::{Access as Rights, Decoded, P2mType};
use p2mscope_core::machine::tlb::{self, Access, Outcome};
use p2mscope_core::machine::{Actor, Builder, Kind, NewDomain, NewMapping, Words, World};
use p2mscope_core::watch::Rule;
use std::sync::Arc;

const V0: ActorId = ActorId(0);

/// One domain with one vCPU and these mappings.
fn world(map: &[(u64, Order, P2mType)]) -> (Arc<World>, Vec<u64>) {
    let mapping = |&(gfn, order, ty)| NewMapping {
        slot: 0,
        gfn: Gfn(gfn),
        order,
        ty,
        access: Rights::Rwx,
        name: None,
        content: 0x100 + gfn,
        special: false,
    };
    let builder = Builder {
        domains: vec![NewDomain { id: DomId(1), name: "d".into(), tables: 4, ..NewDomain::default() }],
        actors: vec![Actor { name: "V0".into(), kind: Kind::Vcpu, domain: DomId(1) }],
        mappings: map.iter().map(mapping).collect(),
        ..Builder::default()
    };
    let (world, words) = builder.build().expect("it can be built");
    (world, words.to_vec())
}

/// The steps of one access to the end, and how it ends.
fn touch(m: &mut Vec<u64>, world: &World, g: DomGfn, a: Access) -> (usize, Outcome) {
    let mut out = tlb::access(m, world, V0, world.domain(0).root, g, a);
    let mut steps = 1;
    while let Outcome::Walk { entry, level } = out {
        out = tlb::walk(m, world, V0, g, entry, level, a);
        steps += 1;
    }
    (steps, out)
}

/// The link to the table that is walked for `g` below a level.
fn table_below(m: &mut Vec<u64>, world: &World, g: DomGfn, level: u8) -> Mfn {
    let mut table = world.domain(0).root;
    for l in (level..4).rev() {
        let entry = m.get(world.map.page(table, g.gfn.index(l)).unwrap());
        let Decoded::Table { mfn } = world.format.decode(l, entry) else { panic!("a table at level {l}") };
        table = mfn;
    }
    table
}

#[test]
fn a_walk_begins_below_the_deepest_link_that_is_kept() {
    let (w, mut m) = world(&[
        (0x10, Order::K4, P2mType::RamRw),
        (0x11, Order::K4, P2mType::RamRw),
        (0x200, Order::M2, P2mType::RamRw),
        (0x40000, Order::K4, P2mType::RamRw),
    ]);
    let mut steps = |gfn| touch(&mut m, &w, DomGfn::new(1, gfn), Access::Read);
    // Four levels and the touch; a hit; one level and the touch.
    assert_eq!(steps(0x10), (5, Outcome::Done(0x110)));
    assert_eq!(steps(0x10), (1, Outcome::Done(0x110)));
    assert_eq!(steps(0x11), (2, Outcome::Done(0x111)));
    // The leaf of 2 MB stands one level higher, and serves all its gfns.
    assert_eq!(steps(0x207), (2, Outcome::Done(0x300)));
    assert_eq!(steps(0x3ff), (1, Outcome::Done(0x300)));
    // Another GB has the root's link in common.
    assert_eq!(steps(0x40000), (4, Outcome::Done(0x40100)));
    let kept: Vec<_> = tlb::cached(&mut m, &w, V0).iter().map(|c| (c.level, c.g.gfn.0)).collect();
    let expected = [(0, 0x10), (0, 0x11), (0, 0x40000), (1, 0), (1, 0x200), (1, 0x40000), (2, 0), (2, 0x40000), (3, 0)];
    assert_eq!(kept, expected);
    tlb::flush(&mut m, &w, V0);
    assert_eq!(tlb::cached(&mut m, &w, V0), []);
    assert_eq!(touch(&mut m, &w, DomGfn::new(1, 0x11), Access::Read), (5, Outcome::Done(0x111)));
}

#[test]
fn a_link_that_is_kept_is_followed_though_the_table_has_changed() {
    let (w, mut m) = world(&[(0x10, Order::K4, P2mType::RamRw), (0x11, Order::K4, P2mType::RamRw)]);
    let (g, h) = (DomGfn::new(1, 0x10), DomGfn::new(1, 0x11));
    touch(&mut m, &w, g, Access::Read);
    let table = table_below(&mut m, &w, g, 2);
    let word = w.map.page(table, 0).unwrap();
    m.set(word, 0);
    assert_eq!(touch(&mut m, &w, h, Access::Write(9)), (2, Outcome::Done(9)));
    tlb::flush(&mut m, &w, V0);
    assert_eq!(touch(&mut m, &w, h, Access::Read).1, Outcome::Fault);
}

#[test]
fn a_walk_that_a_flush_overtakes_reads_nothing_more() {
    let (w, mut m) = world(&[(0x10, Order::K4, P2mType::RamRw)]);
    let g = DomGfn::new(1, 0x10);
    let first = tlb::access(&mut m, &w, V0, w.domain(0).root, g, Access::Read);
    let Outcome::Walk { entry, level: 3 } = first else { panic!("{first:?}") };
    assert_eq!(tlb::goes_on_at(&mut m, &w, V0, entry, 3), Some(table_below(&mut m, &w, g, 3)));
    tlb::flush(&mut m, &w, V0);
    assert_eq!(tlb::goes_on_at(&mut m, &w, V0, entry, 3), None);
    assert_eq!(tlb::walk(&mut m, &w, V0, g, entry, 3, Access::Read), Outcome::Again);
    assert_eq!(tlb::cached(&mut m, &w, V0), []);
}

#[test]
fn a_violation_takes_out_all_that_translates_its_gfn() {
    let (w, mut m) = world(&[(0x10, Order::K4, P2mType::RamRo), (0x40000, Order::K4, P2mType::RamRw)]);
    let untouched = m.clone();
    let (g, h) = (DomGfn::new(1, 0x10), DomGfn::new(1, 0x40000));
    touch(&mut m, &w, h, Access::Read);
    assert_eq!(touch(&mut m, &w, g, Access::Read).1, Outcome::Done(0x110));
    assert_eq!(touch(&mut m, &w, g, Access::Write(1)), (1, Outcome::Fault));
    let kept: Vec<_> = tlb::cached(&mut m, &w, V0).iter().map(|c| (c.level, c.g.gfn.0)).collect();
    assert_eq!(kept, [(0, 0x40000), (1, 0x40000), (2, 0x40000)]);
    tlb::flush(&mut m, &w, V0);
    assert_eq!(m, untouched, "equal contents are equal words");
}

#[test]
fn a_full_tlb_is_not_filled_further_and_serves_all_the_same() {
    let all: Vec<_> = (0..60).map(|gfn| (gfn, Order::K4, P2mType::RamRw)).collect();
    let (w, mut m) = world(&all);
    for gfn in 0..60 {
        assert_eq!(touch(&mut m, &w, DomGfn::new(1, gfn), Access::Read).1, Outcome::Done(0x100 + gfn));
    }
    let kept = tlb::cached(&mut m, &w, V0).len() as u64;
    assert_eq!(kept, w.map.tlb(V0).room);
    assert_eq!(touch(&mut m, &w, DomGfn::new(1, 59), Access::Read), (2, Outcome::Done(0x13b)));
}

#[test]
fn bits_that_a_processor_refuses_are_a_misconfiguration() {
    let (w, mut m) = world(&[(0x10, Order::K4, P2mType::RamRw)]);
    let g = DomGfn::new(1, 0x10);
    let word = w.map.page(table_below(&mut m, &w, g, 1), 0x10).unwrap();
    let (good, emt) = (m.get(word), 7 << 3);
    m.set(word, good | emt);
    assert_eq!(touch(&mut m, &w, g, Access::Read).1, Outcome::Misconfigured);
    m.set(word, good);
    assert_eq!(touch(&mut m, &w, g, Access::Read).1, Outcome::Done(0x110));
}

#[test]
fn an_outcome_goes_through_words() {
    let all = [
        Outcome::Done(7),
        Outcome::Fault,
        Outcome::Walk { entry: u64::MAX, level: 3 },
        Outcome::Walk { entry: 0, level: 0 },
        Outcome::Again,
        Outcome::Misconfigured,
    ];
    for out in all {
        assert_eq!(Outcome::from_words(out.to_words()), out);
    }
}

#[test]
fn a_device_keeps_what_the_vcpus_no_longer_have() {
    // S64: the flush goes to the vCPU alone and the frame is freed; the device's TLB still has it.
    let ram = "0x10 = M as ram_rw content 5";
    let unmap = "lock gfn(1:0x10); set_entry 1:0x10 = none as invalid; store m2p(M) = none";
    let program = |flush: &str| format!("toolstack: {unmap}; {flush}; free M; unlock gfn(1:0x10)");
    let device = "hardware: c = hw_write 1:0x10 = 7";
    breaks(Rule::I4, "", ram, &["vcpu: v = hw_read 1:0x10", device, &program("flush A0")]);
    holds("", ram, &["vcpu: v = hw_read 1:0x10", device, &program("flush 1")]);
}
