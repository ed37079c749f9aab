//! Frames that break: out of use if they are free or in a cache, unmapped as broken if somebody has them, and never given
//! out again.

use super::{holds, lesson, search};
use p2mscope_core::explore::Verdict;
use p2mscope_core::machine::Policy;

const RAM: &str = "0x10 = M as ram_rw content 5; 0x11 = N as ram_rw content 6";

fn one(world: &str, map: &str, program: &str) {
    holds(world, map, &[&format!("toolstack: {program}")]);
}

#[test]
fn a_mapped_frame_becomes_a_broken_entry_that_gives_no_frame() {
    one(
        "",
        RAM,
        "c = machine_check M; assert c == ok; e = lookup 1:0x10; assert e.type == ram_broken and e.mfn == none
        e = get_gfn_query 1:0x10; assert e.mfn == none; put_gfn 1:0x10; f = get_page_from_gfn 1:0x10; assert f == none
        n = load count(M); assert n == 1; e = lookup 1:0x11; assert e.type == ram_rw
        c = machine_check M; assert c == ok; r = nominate 1:0x10; assert r != ok; r = guest_remove 1:0x10; assert r == EINVAL",
    );
    // The rest of a superpage stays; without a table nothing happens but the mark.
    let large = "0x200 = S as ram_rw order 9";
    one(
        "",
        large,
        "c = machine_check S + 5; assert c == ok; e = lookup 1:0x206; assert e.mfn == S + 6 and e.type == ram_rw",
    );
    one(
        "",
        large,
        "fail table; c = machine_check S + 5; assert c == ENOMEM; e = lookup 1:0x205; assert e.order == 9 and e.mfn == S + 5",
    );
}

#[test]
fn from_2012_on_who_would_populate_a_broken_page_ends_its_domain() {
    let gets = "c = machine_check M; e = get_gfn 1:0x10; put_gfn 1:0x10; n = load crashed(1); assert e.mfn == none";
    one("encoding = 'ept'", RAM, &format!("{gets}; assert n == 1"));
    one("encoding = 'ept-2011'", RAM, &format!("{gets}; assert n == 0"));
    let runs = "vcpu: loop { v = hw_read 1:0x11 }";
    holds("encoding = 'ept'", RAM, &[runs, &format!("toolstack: {gets}")]);
}

#[test]
fn a_broken_frame_is_never_given_out_again() {
    one(
        "free_frames = 1",
        RAM,
        "f = alloc frame(1); assert f != none; x = free f; c = machine_check f; assert c == ok
        f = alloc frame(1); assert f == none",
    );
    // In use: it goes out of use with its last reference.
    one(
        "free_frames = 1",
        RAM,
        "f = alloc frame(1); h = get_page f; c = machine_check f; assert c == ok; x = free f; put_page f; assert free(f)
        k = alloc frame(1); assert k == none",
    );
    // Paging out does not give it to anybody either.
    one(
        "encoding = 'ept'",
        "0x10 = M as ram_paging_out",
        "c = machine_check M; assert c == EINVAL; r = evict 1:0x10; assert r == EBUSY",
    );
}

#[test]
fn a_cached_frame_is_replaced_and_the_cache_keeps_its_number() {
    let map = "cache = 1 | 0x10 = populate_on_demand";
    let cached = "f = first pod_list(1); c = machine_check f";
    one(
        "free_frames = 1",
        map,
        &format!(
            "{cached}; assert c == ok; n = load cache_count(1); assert n == 1
        c = demand_populate 1:0x10; assert c == ok; e = lookup 1:0x10; assert e.type == ram_rw and e.mfn != f"
        ),
    );
    one("", map, &format!("{cached}; assert c == ENOMEM; n = load cache_count(1); assert n == 0"));
}

#[test]
fn what_is_xens_own_or_shared_stays_in_use() {
    one(
        "free_frames = 1",
        "0x10 = M as ram_shared; 0x11 = M as ram_shared",
        "c = machine_check M; assert c == EBUSY
        e = lookup 1:0x10; assert e.mfn == M and e.type == ram_shared; c = unshare 1:0x10; assert c == ok
        c = unshare 1:0x11; assert c == ok",
    );
    one(
        "",
        "0x10 = D as mmio_direct",
        "c = machine_check D; assert c == EBUSY; e = lookup 1:0x10; assert e.type == mmio_direct",
    );
}

#[test]
fn nobody_reads_a_broken_page_who_begins_afterwards() {
    for flush in ["sync", "deferred"] {
        let world = format!("flush = '{flush}'");
        let check = "debugger: c = machine_check M; assert c == ok or c == EINVAL";
        holds(&world, RAM, &["vcpu: v = hw_read 1:0x10; v = hw_read 1:0x10", check]);
        holds(
            &world,
            RAM,
            &["balloon: c = guest_remove 1:0x10; f = alloc frame(2); if f != none { x = free f }", check],
        );
        holds(&world, RAM, &["pager: c = nominate 1:0x10; c = evict 1:0x10", check]);
        let l = lesson(&world, RAM, &["sharer: c = move_page 1:0x10 to 1:0x400", check]);
        for policy in [Policy::Global, Policy::M2] {
            assert_eq!(search(&l, policy, None).verdict, Verdict::Safe, "{}", policy.name());
        }
    }
}
