//! Tables: entries of every order, splits, what a superpage replaces, and flushes.

use super::calls::{Call, found, world};
use super::holds;
use p2mscope_core::addr::{ActorId, DomGfn, Gfn, Mfn, Order};
use p2mscope_core::entry::{Decoded, P2mType};
use p2mscope_core::machine::table::{TableAct, act};
use p2mscope_core::machine::{Deferral, DomWord, Policy, Words};
use p2mscope_core::ops::table::{NewEntry, piece};
use p2mscope_core::watch::Rule;

const RAM: &str = "0x10 = M as ram_rw content 5; 0x11 = N as ram_rw content 6";
const POD: &str = "0x40000 = populate_on_demand order 18";
const DEFERRED: &str = "flush = 'deferred'";

#[test]
fn a_request_is_cut_into_the_largest_aligned_pieces() {
    let (m2, g1) = (512, 512 * 512);
    for (gfn, mfn, remaining, order) in [
        (0, 0, g1, Order::G1),
        (g1, 3 * g1, 2 * g1, Order::G1),
        (0, m2, g1, Order::M2),
        (m2, 0, g1, Order::M2),
        (0, 0, g1 + m2, Order::M2),
        (0, 0, m2, Order::M2),
        (0, 0, m2 + 1, Order::K4),
        (1, 0, m2, Order::K4),
        (0, 1, m2, Order::K4),
        (0, 0, 1, Order::K4),
    ] {
        assert_eq!(piece(Gfn(gfn), Mfn(mfn), remaining), order, "{gfn:#x} {mfn:#x} {remaining:#x}");
    }
    // No frame is aligned to everything.
    assert_eq!(piece(Gfn(g1), Mfn::INVALID, g1), Order::G1);
}

#[test]
fn a_part_of_1_gb_costs_two_tables_and_leaves_the_rest_as_it_was() {
    let part =
        "lock gfn(1:0x40205); r = set_entry 1:0x40205 = none as invalid; assert r == ok; add entry_count(1) by -1
        e = lookup 1:0x40205; f = lookup 1:0x40206; h = lookup 1:0x40400
        assert e.type == mmio_dm and f.type == populate_on_demand and f.order == 0 and f.mfn == none
        assert h.type == populate_on_demand and h.order == 9; unlock gfn(1:0x40205)
        a = alloc table(1); b = alloc table(1); assert a != none and b == none; free a";
    holds("", POD, &[&format!("toolstack: {part}")]);
}

#[test]
fn without_both_pages_1_gb_stays_whole() {
    let none = "lock gfn(1:0x40205); r = set_entry 1:0x40205 = none as invalid; assert r == ENOMEM
        e = lookup 1:0x40205; assert e.order != 0 and e.type == populate_on_demand; unlock gfn(1:0x40205)";
    holds(
        "",
        POD,
        &[&format!(
            "toolstack: x = alloc table(1); y = alloc table(1); {none}; z = alloc table(1); assert z != none; free x; free y; free z"
        )],
    );
    // A hole wants three tables below an empty root entry, and there are two.
    let hole = "lock gfn(1:0x8000000); r = set_entry 1:0x8000000 = none as ram_paged; assert r == ENOMEM
        unlock gfn(1:0x8000000)";
    holds(
        "",
        "",
        &[&format!(
            "toolstack: x = alloc table(1); {hole}; y = alloc table(1); z = alloc table(1); assert z != none; free x; free y; free z"
        )],
    );
}

#[test]
fn holders_of_two_ranges_split_one_leaf_and_lose_nothing() {
    // S62 (a), as the core does it.
    let part = |mine: &str, other: &str, say: &str, hear: &str| {
        format!(
            "toolstack: lock gfn({mine}); r = set_entry {mine} = none as invalid; assert r == ok
             add entry_count(1) by -1; unlock gfn({mine}); store {say} = 1; wait {hear} == 1
             e = lookup {mine}; f = lookup {other}; assert e.type == mmio_dm and f.type == mmio_dm"
        )
    };
    let (a, b) = (part("1:0x40005", "1:0x40205", "x", "y"), part("1:0x40205", "1:0x40005", "y", "x"));
    holds("words = { x = 0, y = 0 }", POD, &[&a, &b]);
}

#[test]
fn who_splits_without_looking_again_loses_a_table() {
    let map = [(0x40000, Order::G1, P2mType::PopulateOnDemand)];
    let calls: [&[Call]; 2] = [&[Call::SplitCarelessly(0x40000)], &[Call::SplitCarelessly(0x40200)]];
    assert!(found(Rule::Leak, Policy::M2, Deferral::Sync, &map, &calls));
}

#[test]
fn holders_of_two_ranges_make_one_missing_table() {
    // S62 (b): both find 1 GB without a table.
    let adds = |g: &str| {
        format!("toolstack: c = increase {g}; assert c == ok; e = lookup {g}; assert e.type == ram_rw and e.order == 0")
    };
    holds("free_frames = 2", "0x10 = ram_rw", &[&adds("1:0x40000"), &adds("1:0x40200")]);
}

#[test]
fn a_table_is_freed_after_the_flush_and_never_before() {
    // S63: the first read caches the link, the table goes, the next walks on in it.
    let map = [(0x200, Order::M2, P2mType::RamRw)];
    let (w, first) = world(Policy::M2, Deferral::Sync, &map, 1);
    let (mut m, mut at) = (first.to_vec(), w.domain(0).root);
    let superpage = loop {
        let level = if at == w.domain(0).root { 3 } else { 2 };
        let entry = m.get(w.map.page(at, Gfn(0x200).index(level)).unwrap());
        let Decoded::Table { mfn } = w.format.decode(level, entry) else { panic!("a table") };
        at = mfn;
        if level == 2 {
            break w.format.mfn(m.get(w.map.page(at, 1).unwrap()));
        }
    };
    let split = Call::Set(0x200, 1, NewEntry::new(superpage, P2mType::RamRo));
    let replaces = [split, Call::ReplaceCarelessly(0x200, superpage)];
    let reads = [Call::Read(0x200), Call::Read(0x201), Call::Read(0x202)];
    for rule in [Rule::I7, Rule::Stray] {
        assert!(found(rule, Policy::M2, Deferral::Sync, &map, &[&reads, &replaces]), "{rule}");
    }
    let reads = "vcpu: v = hw_read 1:0x200; v = hw_read 1:0x201; assert v == 3";
    for world in ["", DEFERRED] {
        holds(
            world,
            "0x200 = S as ram_rw order 9 content 3",
            &[
                reads,
                "toolstack: lock gfn(1:0x200); r = set_entry 1:0x200 = S as ram_rw; assert r == ok; flush 1
                 r = set_entry 1:0x200 = S as ram_rw order 9; assert r == ok; unlock gfn(1:0x200)",
            ],
        );
    }
}

#[test]
fn a_leaf_of_1_gb_takes_the_place_of_a_whole_subtree() {
    let pod = NewEntry::new(Mfn::INVALID, P2mType::PopulateOnDemand);
    let map = [
        (0x40000, Order::K4, P2mType::MmioDm),
        (0x40200, Order::K4, P2mType::RamPaged),
        (0x40400, Order::M2, P2mType::PopulateOnDemand),
    ];
    for rule in [Rule::I7, Rule::Leak, Rule::I8] {
        assert!(!found(rule, Policy::Global, Deferral::Sync, &map, &[&[Call::Set(0x40000, 1 << 18, pod)]]), "{rule}");
    }
}

#[test]
fn a_look_up_above_the_highest_gfn_answers_at_once() {
    let (w, first) = world(Policy::M2, Deferral::Sync, &[(0x10, Order::K4, P2mType::RamRw)], 1);
    let top = |m: &mut Vec<u64>, gfn| act(m, &w, ActorId(0), TableAct::Top { slot: 0, g: DomGfn::new(1, gfn) }, false);
    let mut m = first.to_vec();
    assert_ne!(top(&mut m, 0x10), 0);
    assert_eq!(top(&mut m, 0x11), 0);
    m.set(w.dom_word(0, DomWord::MaxMapped), 0x12);
    assert_ne!(top(&mut m, 0x11), 0);
    assert_eq!(top(&mut m, 0x12), 0);
}

#[test]
fn a_flush_that_is_put_off_comes_before_any_frame_is_free() {
    // Between the release of the one who nominates and its flush, the other finds the page nominated and evicts it.
    let (nominates, evicts) = ("pager: r = nominate 1:0x10", "pager: r = evict 1:0x10");
    holds(DEFERRED, RAM, &["vcpu: c = hw_write 1:0x10 = 7", nominates, evicts]);
    // All in one section of the actor's own.
    let section = "pager: lock gfn(1:0x10); r = nominate 1:0x10; if r == ok { r = evict 1:0x10 }; unlock gfn(1:0x10)";
    holds(DEFERRED, RAM, &["vcpu: c = hw_write 1:0x10 = 7; v = hw_read 1:0x11", section]);
    let whole = "pager: lock p2m(1); r = nominate 1:0x10; if r == ok { r = evict 1:0x10 }; unlock p2m(1)";
    holds(DEFERRED, RAM, &["vcpu: c = hw_write 1:0x10 = 7", whole]);
}

#[test]
fn the_last_unlock_makes_the_flush() {
    let own = "vcpu: v = hw_read 1:0x10; assert v == 5; lock gfn(1:0x10); lock gfn(1:0x11); r = nominate 1:0x10
        unlock gfn(1:0x11); unlock gfn(1:0x10); v = hw_read 1:0x10; assert r == ok and v == none";
    holds(DEFERRED, RAM, &[own]);
    holds("", RAM, &[own]);
}

#[test]
fn a_frame_that_is_freed_before_the_flush_is_still_mapped_by_a_tlb() {
    let map = [(0x10, Order::K4, P2mType::RamRw)];
    let reads = [Call::Read(0x10)];
    for (flush, right, safe) in
        [(Deferral::Deferred, true, true), (Deferral::Deferred, false, false), (Deferral::Sync, false, true)]
    {
        let calls: [&[Call]; 2] = [&reads, &[Call::Remove(0x10, right)]];
        assert_eq!(found(Rule::I4, Policy::M2, flush, &map, &calls), !safe, "{flush:?} {right}");
    }
}

#[test]
fn an_entry_says_how_large_it_is() {
    let map = "tables = 6 | 0x10 = M as ram_rw; 0x200 = S as ram_rw order 9; 0x40000 = populate_on_demand order 18";
    for encoding in ["ept-2011", "ept", "npt-2011", "npt-2012", "npt"] {
        holds(
            &format!("encoding = '{encoding}'"),
            map,
            &["toolstack: a = lookup 1:0x10; b = lookup 1:0x207; c = lookup 1:0x40207; d = load pte(1:0x40000, 2)
               assert a.order == 0 and b.order == 9 and c.order == 18 and d.order == 18
               assert c.type == populate_on_demand and d.type == populate_on_demand
               store pte(1:0x40000, 2) = d; e = load pte(1:0x40000, 2); assert e == d"],
        );
    }
}
