//! Populate on demand: what each operation answers, in the order in which it looks, and what it
//! leaves behind; and the historical races of the family, which the core's operations do not have.

use super::{breaks, holds};
use p2mscope_core::watch::Rule;

/// One actor, alone, under every policy.
fn one(world: &str, map: &str, program: &str) {
    holds(world, map, &[&format!("toolstack: {program}")]);
}

const TWO: &str = "0x10 = populate_on_demand; 0x11 = populate_on_demand";
/// Two promises and a page that is not zero, in ranges of their own.
const APART: &str = "0x10 = populate_on_demand; 0x400 = populate_on_demand; 0x800 = Z as ram_rw";

#[test]
fn mark_pod_names_its_errors_in_their_order() {
    one("", "0x10 = M as ram_rw; 0x11 = ram_paged; 0x12 = mmio_dm", "c = mark_pod 1:0x201 order 9; assert c == EINVAL
        c = mark_pod 1:0x10; assert c == EBUSY; c = mark_pod 1:0x11; assert c == EBUSY; c = mark_pod 1:0 order 9; assert c == EBUSY
        c = mark_pod 1:0x12; assert c == ok; n = load entry_count(1); assert n == 1; e = lookup 1:0x12; assert e.type == populate_on_demand");
    one("", "0x10 = ram_rw", "fail table; c = mark_pod 1:0x40000; assert c == ENOMEM; n = load crashed(1); assert n == 0
        fail table; c = mark_pod 1:0x40000 order 9; assert c == ENOMEM; n = load crashed(1); k = load entry_count(1); assert n == 1 and k == 0");
}

#[test]
fn mark_pod_counts_each_number_once() {
    one(
        "",
        "0x10 = ram_rw",
        "c = mark_pod 1:0x200 order 9; n = load entry_count(1); assert c == ok and n == 512
        c = mark_pod 1:0x205; n = load entry_count(1); assert c == ok and n == 512
        c = mark_pod 1:0x200 order 9; n = load entry_count(1); assert c == ok and n == 512
        e = lookup 1:0x205; assert e.order == 9 and e.type == populate_on_demand",
    );
}

#[test]
fn a_target_fills_the_cache_and_takes_back_from_it() {
    one(
        "free_frames = 3",
        TWO,
        "c = pod_target 1 = 3; assert c == ok; n = load cache_count(1); k = load tot_pages(1); t = load pod_target(1); assert n == 2 and k == 3 and t == 3",
    );
    // F is populated memory: of a target of 2 one frame is for the cache. Below what it has nothing happens.
    one(
        "free_frames = 3",
        TWO,
        "c = pod_target 1 = 2; n = load cache_count(1); assert c == ok and n == 1
        c = pod_target 1 = 1; n = load cache_count(1); t = load pod_target(1); assert c == ok and n == 1 and t == 2",
    );
    // No promise is open: nothing happens. Nor for a dying domain.
    one(
        "free_frames = 3",
        "0x10 = ram_rw",
        "c = pod_target 1 = 9; n = load cache_count(1); t = load pod_target(1); assert c == ok and n == 0 and t == 0",
    );
    one(
        "free_frames = 3",
        TWO,
        "store dying(1) = 1; c = pod_target 1 = 3; n = load cache_count(1); assert c == ok and n == 0",
    );
    one("free_frames = 1", TWO, "c = pod_target 1 = 3; n = load cache_count(1); assert c == ENOMEM and n == 1");
}

#[test]
fn a_target_is_refused_where_a_device_cannot_wait() {
    holds(
        "free_frames = 3",
        TWO,
        &[
            "toolstack: c = pod_target 1 = 3; n = load cache_count(1); assert c == ENOTEMPTY and n == 0",
            "hardware: v = hw_read 1:0x10",
        ],
    );
}

#[test]
fn a_large_target_takes_superpages_and_is_preempted() {
    let map = "0x200 = populate_on_demand order 9; 0x400 = populate_on_demand order 9";
    one("free_frames = 1600", map, "c = pod_target 1 = 514; assert c == ok; n = load cache_count(1); assert n == 513
        store dying(1) = 1; c = empty_cache 1; assert c == ok; n = load cache_count(1); k = load tot_pages(1); assert n == 0 and k == 1");
    one("free_frames = 300", map, "c = pod_target 1 = 280; assert c == ERESTART; n = load cache_count(1); assert n == 256
        c = pod_target 1 = 280; assert c == ok; n = load cache_count(1); assert n == 279
        store dying(1) = 1; c = empty_cache 1; assert c == ERESTART; c = empty_cache 1; assert c == ok; n = load cache_count(1); assert n == 0");
}

#[test]
fn demand_populate_keeps_a_promise() {
    one(
        "free_frames = 1",
        TWO,
        "c = pod_target 1 = 2; c = demand_populate 1:0x10; assert c == ok
        e = lookup 1:0x10; g = load m2p(e.mfn); v = load content(e.mfn); k = load count(e.mfn)
        assert e.type == ram_rw and g == 1:0x10 and v == 0 and k == 1
        n = load entry_count(1); m = load cache_count(1); t = load tot_pages(1); assert n == 1 and m == 0 and t == 2
        c = demand_populate 1:0x10; assert c == ok; c = demand_populate 1:0x99; assert c == EINVAL",
    );
}

#[test]
fn demand_populate_names_its_errors() {
    one(
        "free_frames = 1",
        TWO,
        "c = pod_target 1 = 2; store dying(1) = 1; c = demand_populate 1:0x10; assert c == EINVAL; n = load entry_count(1); k = load cache_count(1); assert n == 2 and k == 1",
    );
    one(
        "",
        TWO,
        "c = demand_populate 1:0x10; assert c == ENOMEM; n = load crashed(1); k = load entry_count(1); assert n == 1 and k == 2",
    );
    // A split that finds no table is a failure, and not an endless retry (S40).
    one(
        "free_frames = 1",
        "0x200 = populate_on_demand order 9",
        "c = pod_target 1 = 2; fail table; c = demand_populate 1:0x205; assert c == ENOMEM
        n = load entry_count(1); k = load cache_count(1); x = load crashed(1); assert n == 512 and k == 1 and x == 0",
    );
}

#[test]
fn a_promised_superpage_is_kept_as_one_or_split() {
    one("free_frames = 1100", "0x200 = populate_on_demand order 9", "c = pod_target 1 = 513; c = demand_populate 1:0x205; assert c == ok
        e = lookup 1:0x205; assert e.type == ram_rw and e.order == 9; g = load m2p(e.mfn); n = load entry_count(1); assert g == 1:0x205 and n == 0");
    one(
        "free_frames = 1",
        "0x200 = populate_on_demand order 9",
        "c = pod_target 1 = 2; c = demand_populate 1:0x205; assert c == ok
        e = lookup 1:0x205; f = lookup 1:0x206; n = load entry_count(1)
        assert e.type == ram_rw and e.order == 0 and f.type == populate_on_demand and n == 511",
    );
}

#[test]
fn zero_check_takes_back_what_is_zero_and_nobody_uses() {
    one("", "0x10 = M as ram_rw; 0x11 = N as ram_rw content 3; 0x12 = ram_paged", "
        c = zero_check 1:0x11; assert c == EBUSY; c = zero_check 1:0x12; assert c == EBUSY; c = zero_check 1:0x99; assert c == EBUSY
        h = get_page M; c = zero_check 1:0x10; assert c == EBUSY; put_page M
        c = zero_check 1:0x10; assert c == ok; e = lookup 1:0x10; g = load m2p(M); assert e.type == populate_on_demand and g == none
        n = load entry_count(1); k = load cache_count(1); assert n == 1 and k == 1
        c = demand_populate 1:0x10; e = lookup 1:0x10; assert c == ok and e.mfn == M");
    one("", "0x10 = M as ram_rw", "store dying(1) = 1; c = zero_check 1:0x10; assert c == EINVAL");
    // Not in the first words: the full look finds it, and the page is where it was.
    one(
        "",
        "0x10 = M as ram_ro",
        "store content(M, 99) = 1; c = zero_check 1:0x10; e = lookup 1:0x10; g = load m2p(M); assert c == EBUSY and e.mfn == M and e.type == ram_ro and g == 1:0x10",
    );
}

#[test]
fn zero_check_takes_a_superpage_as_one() {
    one("", "0x200 = S as ram_rw order 9", "store content(S + 7, 400) = 1; c = zero_check 1:0x205; e = lookup 1:0x205; assert c == EBUSY and e.mfn == S + 5 and e.order == 9
        store content(S + 7, 400) = 0; c = zero_check 1:0x205; assert c == ok
        n = load entry_count(1); k = load cache_count(1); e = lookup 1:0x205; assert n == 512 and k == 512 and e.type == populate_on_demand and e.order == 9");
}

#[test]
fn a_page_that_cannot_be_taken_out_does_not_go_to_the_cache() {
    // The split finds no table (S41).
    one(
        "",
        "0x200 = S as ram_rw order 9; 0x400 = populate_on_demand",
        "store content(S, 0) = 1; fail table; c = sweep 1; e = lookup 1:0x205; assert e.type == ram_rw",
    );
}

#[test]
fn a_populate_without_frames_takes_zero_pages_back() {
    let map = "0x10 = populate_on_demand; 0x11 = populate_on_demand; 0x12 = populate_on_demand";
    one("free_frames = 1", map, "c = pod_target 1 = 2; c = demand_populate 1:0x10; assert c == ok
        c = demand_populate 1:0x11; assert c == ok; e = lookup 1:0x10; f = lookup 1:0x11
        assert e.type == populate_on_demand and f.type == ram_rw; n = load entry_count(1); assert n == 2
        store content(f.mfn) = 7; c = demand_populate 1:0x12; assert c == ENOMEM; n = load crashed(1); v = load content(f.mfn); assert n == 1 and v == 7");
}

#[test]
fn the_sweep_finds_what_the_ring_has_forgotten() {
    one("free_frames = 2", "0x10 = populate_on_demand; 0x450 = populate_on_demand; 0x11 = populate_on_demand", "c = pod_target 1 = 3
        c = demand_populate 1:0x450; c = demand_populate 1:0x10; assert c == ok; c = sweep 1; assert c == ok
        n = load cache_count(1); k = load entry_count(1); assert n == 2 and k == 3; store dying(1) = 1; c = sweep 1; assert c == EINVAL");
    one("free_frames = 1", TWO, "c = sweep 1; assert c == ENOMEM");
}

#[test]
fn decrease_takes_promises_and_steals_for_the_cache() {
    one(
        "free_frames = 2",
        TWO,
        "n = decrease 1:0x10; k = load entry_count(1); e = lookup 1:0x10; assert n == 1 and k == 1 and e.type != populate_on_demand",
    );
    // More promises than frames: the page goes to the cache and not to the allocator.
    one(
        "",
        "0x10 = populate_on_demand; 0x11 = M as ram_rw content 5",
        "n = decrease 1:0x11; k = load cache_count(1); v = load content(M); g = load m2p(M)
        assert n == 1 and k == 1 and v == 0 and g == none and not free(M)",
    );
    // In use, it is not stolen (S44), and goes the ordinary way.
    one(
        "",
        "0x10 = populate_on_demand; 0x11 = M as ram_rw",
        "h = get_page M; n = decrease 1:0x11; k = load cache_count(1); assert n == 1 and k == 0; put_page M; assert free(M)",
    );
    // The last promise goes: the cache has nothing left to be for.
    one(
        "free_frames = 1",
        "0x10 = populate_on_demand",
        "c = pod_target 1 = 2; n = decrease 1:0x10; k = load cache_count(1); assert n == 1 and k == 0",
    );
    one(
        "free_frames = 1",
        "0x10 = populate_on_demand",
        "store dying(1) = 1; n = decrease 1:0x10; k = load entry_count(1); assert n == 0 and k == 1",
    );
    one(
        "",
        "0x200 = populate_on_demand order 9",
        "n = decrease 1:0x200 order 9; k = load entry_count(1); assert n == 512 and k == 0",
    );
}

#[test]
fn empty_cache_is_for_the_dying() {
    one("free_frames = 2", TWO, "c = pod_target 1 = 3; c = empty_cache 1; n = load cache_count(1); assert c == EINVAL and n == 2
        store dying(1) = 1; c = empty_cache 1; n = load cache_count(1); k = load tot_pages(1); assert c == ok and n == 0 and k == 1");
}

#[test]
fn two_populate_one_number_once() {
    let p = "vcpu: wait cache_count(1) == 1; store go = 1; c = demand_populate 1:0x10; assert c == ok";
    let q =
        "vcpu: wait go == 1; c = demand_populate 1:0x10; assert c == ok; e = lookup 1:0x10; assert e.type == ram_rw";
    holds(
        "free_frames = 1, words = { go = 0 }",
        "0x10 = populate_on_demand",
        &["toolstack: c = pod_target 1 = 2", p, q],
    );
}

#[test]
fn two_that_populate_and_sweep_do_not_wait_for_each_other() {
    // S27: each holds its range and looks for a zero page in the other's.
    let p = |g: &str| format!("vcpu: c = demand_populate {g}");
    holds("", APART, &[&p("1:0x10"), &p("1:0x400")]);
    // Done by hand, with the range waited for under the pod lock, they do.
    let old = |mine: &str, other: &str| {
        format!(
            "vcpu: lock gfn({mine}); lock pod(1); lock gfn({other}); unlock gfn({other}); unlock pod(1); unlock gfn({mine})"
        )
    };
    breaks(Rule::Deadlock, "", APART, &[&old("1:0x10", "1:0x400"), &old("1:0x400", "1:0x10")]);
}

#[test]
fn a_domain_is_not_crashed_because_a_range_was_held() {
    // The only zero page lies in a range that somebody holds for a while: the populate begins again with the table.
    let map = "0x10 = populate_on_demand; 0x400 = populate_on_demand";
    let populate =
        "c = pod_target 1 = 2; c = demand_populate 1:0x400; store go = 1; c = demand_populate 1:0x10; assert c == ok
        e = lookup 1:0x400; n = load crashed(1); assert n == 0 and e.type == populate_on_demand";
    let world = "free_frames = 1, words = { go = 0 }";
    holds(
        world,
        map,
        &[&format!("vcpu: {populate}"), "toolstack: wait go == 1; lock gfn(1:0x400); unlock gfn(1:0x400)"],
    );
    // Under a lock from outside it cannot release what it holds: it says so, and the domain lives.
    let outside =
        "c = pod_target 1 = 2; c = demand_populate 1:0x400; store go = 1; lock gfn(1:0x10); c = demand_populate 1:0x10
        unlock gfn(1:0x10); assert c == ok or c == ERESTART; n = load crashed(1); assert n == 0";
    holds(
        world,
        map,
        &[&format!("vcpu: {outside}"), "toolstack: wait go == 1; lock gfn(1:0x400); unlock gfn(1:0x400)"],
    );
}

#[test]
fn a_dying_domain_keeps_no_frame_in_its_cache() {
    // S38: whatever comes first, the emptier's last word is an empty cache.
    holds(
        "free_frames = 1",
        "0x10 = populate_on_demand; 0x400 = M as ram_rw",
        &[
            "vcpu: c = zero_check 1:0x400; c = demand_populate 1:0x10",
            "toolstack: store dying(1) = 1; c = empty_cache 1; assert c == ok; n = load cache_count(1); assert n == 0",
        ],
    );
}

#[test]
fn promises_are_counted_with_their_entries() {
    // S39: who has the pod lock finds every promise counted.
    let look = "balloon: lock pod(1); e = lookup 1:0x10; n = load entry_count(1); if e.type == populate_on_demand { assert n == 1 }; unlock pod(1)";
    holds("", "0x400 = ram_rw", &["toolstack: c = mark_pod 1:0x10; assert c == ok", look]);
}

#[test]
fn a_write_that_comes_late_is_not_lost() {
    // S43: the vCPU may have the page in its TLB when the check begins, and somebody may hold a reference.
    let guest = "vcpu: v = hw_read 1:0x10; c = hw_write 1:0x10 = 7; if c == ok { store w = 1 } else { store w = 2 }";
    let mapper = "grant: h = get_page M; if h { store content(M) = 7; store w = 1; put_page M } else { store w = 2 }";
    let check = "toolstack: c = zero_check 1:0x10; wait w != 0; x = load w; v = load content(M); if x == 1 and c == ok { assert false }
        if x == 1 { assert v == 7 }";
    for flush in ["", ", flush = \"deferred\""] {
        let world = format!("words = {{ w = 0 }}{flush}");
        holds(&world, "0x10 = M as ram_rw", &[guest, check]);
    }
    // A reference that is taken on the cached frame later is another matter: that is the cache's own then.
    let early = mapper.replace("grant: h = get_page M", "grant: e = get_gfn_query 1:0x10; h = e.mfn != none");
    let early = early
        .replace("put_page M", "put_gfn 1:0x10")
        .replace("else { store w = 2 }", "else { store w = 2; put_gfn 1:0x10 }");
    holds("words = { w = 0 }", "0x10 = M as ram_rw", &[&early, check]);
}
