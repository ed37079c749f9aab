//! Flushes that are put off: whoever frees a frame or takes it into other use sees to it first that no TLB leads to it,
//! whoever has put the flush off. A vCPU reads each page twice, so that it may have it in its TLB at any moment.

use super::{holds, lesson, search};
use p2mscope_core::explore::Verdict;
use p2mscope_core::machine::Policy;

const RAM: &str = "0x10 = M as ram_rw content 5; 0x11 = N as ram_rw content 6";
const READS: &str = "vcpu: v = hw_read 1:0x10; v = hw_read 1:0x10";
const DEFERRED: &str = "flush = 'deferred', free_frames = 1";

/// Under deferred flushes every rule is kept, whenever the vCPU reads.
fn kept(map: &str, program: &str) {
    holds(DEFERRED, map, &[READS, &format!("toolstack: {program}")]);
}

/// The same in the entries of today.
fn kept_now(map: &str, actors: &[&str]) {
    holds(&format!("encoding = 'ept', {DEFERRED}"), map, actors);
}

/// Somebody takes the lowest free frame as soon as there is one.
const REUSE: &str = "f = alloc frame(2); if f != none { free f }";

#[test]
fn what_is_taken_back_is_free_only_when_no_tlb_has_it() {
    for program in ["c = guest_remove 1:0x10", "n = decrease 1:0x10", "c = nominate 1:0x10; c = drop 1:0x10"] {
        kept(RAM, &format!("{program}; {REUSE}"));
    }
    kept(RAM, &format!("c = nominate 1:0x10; c = evict 1:0x10; {REUSE}"));
    kept(RAM, "c = move_page 1:0x11 to 1:0x10; assert c == ok");
}

#[test]
fn what_is_unmapped_and_mapped_elsewhere_is_freed_there_after_the_flush_here() {
    kept(RAM, "c = remove_page 1:0x10 = M; c = add_page 1:0x400 = M; c = guest_remove 1:0x400");
    kept(RAM, "c = add_page 1:0x400 = M; c = guest_remove 1:0x400; assert c == ok and free(M)");
    kept(RAM, "c = add_page 1:0x10 = F; c = add_page 1:0x400 = M; c = guest_remove 1:0x400; assert c == ok");
}

#[test]
fn another_one_frees_what_was_unmapped_with_the_flush_put_off() {
    let frees = "balloon: c = add_page 1:0x400 = M; if c == ok { c = guest_remove 1:0x400 }";
    let map = format!("{RAM}; 0x400 = ram_paged");
    let reads = "vcpu: v = hw_read 1:0x10";
    for unmaps in ["c = remove_page 1:0x10 = M", "c = add_page 1:0x10 = F"] {
        let l = lesson(DEFERRED, &map, &[reads, &format!("toolstack: {unmaps}"), frees]);
        for policy in [Policy::Global, Policy::M2] {
            assert_eq!(search(&l, policy, None).verdict, Verdict::Safe, "{unmaps} {}", policy.name());
        }
    }
}

#[test]
fn a_cache_takes_no_page_that_a_tlb_has() {
    let map = "0x10 = M as ram_rw; 0x11 = populate_on_demand";
    kept(map, "c = zero_check 1:0x10; if c == ok { c = demand_populate 1:0x11 }");
    kept(map, "n = decrease 1:0x10; assert n == 1");
    kept(map, "c = sweep 1; if c == ok { c = demand_populate 1:0x11; assert c == ok }");
}

#[test]
fn a_share_that_is_given_up_leaves_no_tlb_behind() {
    let shared = "0x10 = M as ram_shared; 0x11 = M as ram_shared";
    kept(shared, "c = unshare 1:0x10; assert c == ok");
    kept(shared, "c = unshare 1:0x10 destroy; c = unshare 1:0x11 destroy; assert c == ok and free(M)");
    kept(shared, "c = guest_remove 1:0x10; assert c == ok; c = unshare 1:0x11 destroy; assert c == ok and free(M)");
}

#[test]
fn what_another_domain_lends_is_unmapped_before_its_reference_goes() {
    let reads = "vcpu 2: v = hw_read 2:0x10; v = hw_read 2:0x10";
    let foreign = "grant 2: c = foreign_map 2:0x10 = 1:0x10; c = foreign_unmap 2:0x10; assert c == ok";
    kept_now(RAM, &[reads, foreign]);
    let granted = "grant 2: c = grant_map 2:0x10 = G; c = grant_unmap 2:0x10; assert c == ok";
    kept_now(RAM, &[reads, granted]);
    // Its owner has given the frame back: the mapping's reference is the last.
    let last = "grant 2: c = foreign_map 2:0x10 = 1:0x10; c = guest_remove 1:0x10; c = foreign_unmap 2:0x10
        assert c == ok and free(M)";
    kept_now(RAM, &[reads, last]);
}

#[test]
fn a_foreign_frame_that_a_move_displaces_outlives_its_entry() {
    for flush in ["sync", "deferred"] {
        let world = format!("encoding = 'ept', flush = '{flush}', free_frames = 2");
        let reads = "vcpu 2: v = hw_read 2:0x10";
        let moves = "grant 2: c = increase 2:0x11; c = foreign_map 2:0x10 = 1:0x10; c = guest_remove 1:0x10
            assert c == ok and not free(M); c = move_page 2:0x11 to 2:0x10; assert c == ok and free(M)";
        holds(&world, RAM, &[reads, moves]);
    }
}

#[test]
fn a_harvest_loses_no_write_of_a_tlb() {
    let map = "tables = 4, logdirty = true | 0x10 = M as ram_logdirty content 1";
    let writes = "vcpu: c = hw_write 1:0x10 = 5; if c == fault { c = logdirty_fault 1:0x10; c = hw_write 1:0x10 = 5 }";
    holds("flush = 'deferred'", map, &[writes, "logdirty: n = logdirty_clean 1; n = logdirty_clean 1"]);
    // What it sends after the harvest has every write whose bit it took.
    let sends = "logdirty: n = logdirty_clean 1; v = load content(M); wait done != 0; w = load content(M)
        assert v == w or dirty(1:0x10) == 1 or n == 1";
    let once = format!("{writes}; store done = 1");
    holds("words = { done = 0 }, flush = 'deferred'", map, &[&once, sends]);
}
