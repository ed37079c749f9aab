//! Pages that the hypervisor keeps or fills for a guest, and those of a guest's own guest: what holds the frame while
//! its frame number goes, and in which order two are got.

use crate::nested::{ONE, of_memory};
use crate::{RAM, breaks, holds, lesson, search};
use p2mscope_core::explore::Verdict;
use p2mscope_core::machine::Policy;
use p2mscope_core::watch::Rule;

const FRAMES: &str = "free_frames = 2";

fn vcpu(program: &str) {
    holds(FRAMES, RAM, &[&format!("vcpu: {program}")]);
}

/// Under one lock and under ranges, no order of steps breaks anything.
fn safe(world: &str, map: &str, actors: &[&str]) {
    let l = lesson(world, map, actors);
    for policy in [Policy::Global, Policy::M2, Policy::Rw] {
        let report = search(&l, policy, None);
        assert_eq!(report.verdict, Verdict::Safe, "{} {actors:?}", policy.name());
        assert!(report.ends > 0, "{actors:?}");
    }
}

const EVICTS: &str = "pager: r = nominate 1:0x10; if r == ok { r = evict 1:0x10 }";
const GIVES: &str = "balloon: r = guest_remove 1:0x10; assert r == ok";
const SHARES: &str = "sharer: r = share_nominate 1:0x10; assert r == ok or r == E2BIG or r == EINVAL";

#[test]
fn a_vcpu_info_page_stays_until_it_is_unmapped_whatever_its_number_maps() {
    vcpu(
        "r = map_vcpu_info 1:0x10; n = load count(M); t = load type_count(M); assert r == ok and n == 2 and t == 1
          r = map_vcpu_info 1:0x11; n = load count(N); assert r == EBUSY and n == 1
          r = nominate 1:0x10; assert r == EAGAIN; r = guest_remove 1:0x10; assert r == ok and not free(M)
          r = unmap_vcpu_info A0; assert r == ok and free(M); r = unmap_vcpu_info A0; assert r == ENOENT",
    );
    // Kept to the end of the run it is nobody's leak.
    vcpu("r = map_vcpu_info 1:0x10; assert r == ok");
}

#[test]
fn errors_of_a_vcpu_info_come_in_their_order() {
    holds(FRAMES, RAM, &["toolstack: r = map_vcpu_info 1:0x10; assert r == EINVAL"]);
    vcpu("r = map_vcpu_info 2:0x10; assert r == EINVAL; r = map_vcpu_info 1:0x99; assert r == EINVAL
          a = get_type M as pgt_l1; r = map_vcpu_info 1:0x10; n = load count(M); assert r == EACCES and n == 1; put_type M
          c = set_mmio 1:0x30 = F; r = map_vcpu_info 1:0x30; assert r == EPERM");
    for (frames, answer) in [("free_frames = 1", "ok"), ("", "EAGAIN")] {
        let map = "0x10 = S as ram_shared content 5; 0x11 = S as ram_shared";
        holds(frames, map, &[&format!("vcpu: r = map_vcpu_info 1:0x10; assert r == {answer}")]);
    }
}

#[test]
fn a_vcpu_info_page_is_registered_while_others_take_it_away() {
    let maps = "vcpu: r = map_vcpu_info 1:0x10; c = unmap_vcpu_info A0; assert r != ok or c == ok";
    for other in [EVICTS, GIVES, SHARES] {
        safe(FRAMES, "tables = 3, ring = 2 | 0x10 = M as ram_rw", &[maps, other]);
    }
}

#[test]
fn a_control_structure_outlives_the_call_that_mapped_it() {
    vcpu(
        "r = map_vvmcx 1:0x10; n = load count(M); t = load type_count(M); assert r == ok and n == 2 and t == 0
          enter_guest; v = hw_read 1:0x10; assert v == 5; r = map_vvmcx 1:0x11; assert r == EBUSY
          r = guest_remove 1:0x10; assert r == ok and not free(M)
          r = unmap_vvmcx; assert r == ok and free(M); r = unmap_vvmcx; assert r == ENOENT
          r = map_vvmcx 1:0x99; assert r == EINVAL",
    );
    holds(FRAMES, RAM, &["toolstack: r = map_vvmcx 1:0x10; assert r == EINVAL"]);
}

/// Question Q6: a pointer that lives across functions keeps the page; whoever keeps the entry enters the guest with it.
#[test]
fn q6_a_control_structure_is_kept_by_its_page_and_not_by_its_entry() {
    let uses = "vcpu: r = map_vvmcx 1:0x10; if r == ok { enter_guest; c = unmap_vvmcx; assert c == ok }";
    for other in [EVICTS, GIVES, SHARES] {
        safe(FRAMES, "tables = 3, ring = 2 | 0x10 = M as ram_rw; 0x11 = ram_rw", &[uses, other]);
    }
    breaks(Rule::I28, FRAMES, RAM, &["vcpu: e = get_gfn 1:0x10; enter_guest; v = hw_read 1:0x11; put_gfn 1:0x10"]);
}

const NO_RING: &str = "tables = 3, ring = 2 | 0x10 = M as ram_rw; 0x210 = N as ram_rw; 0x11 = ram_paged";

#[test]
fn a_ring_is_two_pages_of_the_guest() {
    holds(FRAMES, NO_RING, &["toolstack: r = mem_event_enable 1:0x10 with 1:0x210; assert r == EBUSY
        r = mem_event_disable 1; assert r == ok and has_ring(1) == 0; r = mem_event_disable 1; assert r == ENODEV
        r = mem_event_enable 1:0x10 with 1:0x10; assert r == EINVAL; r = mem_event_enable 1:0x10 with 2:0x10; assert r == EINVAL
        r = mem_event_enable 1:0x10 with 1:0x99; n = load count(M); assert r == EINVAL and n == 1
        r = mem_event_enable 1:0x10 with 1:0x11; n = load count(M); t = load type_count(M)
        assert r == EAGAIN and n == 1 and t == 0
        a = get_type N as pgt_l1; r = mem_event_enable 1:0x10 with 1:0x210; assert r == EACCES and has_ring(1) == 0; put_type N
        r = mem_event_enable 1:0x10 with 1:0x210; n = load count(M); k = load count(N)
        assert r == ok and has_ring(1) == 1 and n == 2 and k == 2
        c = populate 1:0x11; g = take ring(1); assert c == ok and g == 1:0x11
        r = guest_remove 1:0x10; assert r == ok and not free(M); r = mem_event_disable 1; assert r == ok and free(M)"]);
    holds(FRAMES, RAM, &["toolstack: r = mem_event_enable 1:0x10 with 1:0x11; assert r == ENODEV"]);
}

/// S28: two who name the two pages the other way round.
#[test]
fn s28_two_who_enable_a_ring_crosswise_do_not_wait_for_each_other() {
    let world = "free_frames = 2, words = { off = 0 }";
    let enables = |g: &str, h: &str| {
        format!("toolstack: wait off == 1; r = mem_event_enable {g} with {h}; assert r == ok or r == EBUSY")
    };
    let [a, b] = [enables("1:0x10", "1:0x210"), enables("1:0x210", "1:0x10")];
    safe(world, NO_RING, &[&a, &b, "toolstack: r = mem_event_disable 1; store off = 1"]);
    let one_by_one =
        |g: &str, h: &str| format!("toolstack: e = get_gfn {g}; f = get_gfn {h}; put_gfn {h}; put_gfn {g}");
    let [a, b] = [one_by_one("1:0x10", "1:0x210"), one_by_one("1:0x210", "1:0x10")];
    breaks(Rule::Deadlock, "", NO_RING, &[&a, &b]);
}

#[test]
fn a_ring_is_made_while_its_page_is_taken_away() {
    let enables = "toolstack: r = mem_event_disable 1; c = mem_event_enable 1:0x10 with 1:0x210; if c == ok { r = mem_event_disable 1; assert r == ok }";
    for other in [GIVES, SHARES] {
        safe(FRAMES, NO_RING, &[enables, other]);
    }
}

/// The grants of the tests are there for whoever names one of their verbs.
#[test]
fn a_page_is_nominated_by_its_grant_when_three_hold_it() {
    let world = "encoding = 'ept', free_frames = 2";
    let nominates = "toolstack: r = nominate_gref G; n = load count(M); assert r == E2BIG and n == 1
        a = get_page M for 1; a = get_page M for 1; r = nominate_gref G; assert r == E2BIG
        a = get_page M for 1; r = share_nominate 1:0x10; assert r == E2BIG
        r = nominate_gref G; e = lookup 1:0x10; assert r == ok and e.type == ram_shared
        put_page M; put_page M; put_page M; r = nominate_gref G; assert r == ok
        r = nominate_gref H; assert r == EINVAL; r = grant_map 2:0x30 = H; assert r == EINVAL";
    holds(world, RAM, &[nominates]);
    let races =
        "sharer: a = get_page M for 1; if a { r = nominate_gref G; put_page M; assert r == E2BIG or r == EINVAL }";
    safe(
        world,
        RAM,
        &[races, "grant 2: r = grant_map 2:0x10 = G; if r == ok { r = grant_unmap 2:0x10; assert r == ok }"],
    );
}

#[test]
fn a_page_is_filled_as_a_whole_and_is_writable_all_the_while() {
    vcpu("store content(M, 9) = 3; r = hypercall_page 1:0x10 = 7; v = load content(M); w = load content(M, 9)
          n = load count(M); t = load type_count(M); assert r == ok and v == 7 and w == 0 and n == 1 and t == 0
          r = hypercall_page 1:0x99 = 7; assert r == EINVAL
          a = get_type M as pgt_l1; r = hypercall_page 1:0x10 = 8; v = load content(M); assert r == EACCES and v == 7; put_type M");
    let noted = "toolstack: r = hypercall_page 1:0x10 = 7; b = load dirty(1:0x10); assert r == ok and b == 1";
    holds("", "tables = 6, logdirty = true | 0x10 = M as ram_logdirty", &[noted]);
    let fills = "toolstack: r = hypercall_page 1:0x10 = 7";
    for other in [EVICTS, GIVES, SHARES] {
        safe(FRAMES, "tables = 3, ring = 2 | 0x10 = M as ram_rw", &[fills, other]);
    }
}

#[test]
fn transcendent_memory_keeps_a_copy_and_gives_it_back() {
    vcpu(
        "store content(M, 9) = 3; r = tmem_put 1:0x10 into F; v = load content(F); w = load content(F, 9)
          assert r == ok and v == 5 and w == 3
          r = tmem_get 1:0x11 from F; v = load content(N); w = load content(N, 9); n = load count(N)
          assert r == ok and v == 5 and w == 3 and n == 1
          r = tmem_put 1:0x99 into F; assert r == EINVAL; r = tmem_get 1:0x99 from F; assert r == EINVAL
          a = get_type N as pgt_l1; r = tmem_get 1:0x11 from F; assert r == EACCES; put_type N",
    );
    let shared = "toolstack: r = tmem_put 1:0x10 into F; e = lookup 1:0x10; assert r == ok and e.type == ram_shared
        store content(F) = 9; r = tmem_get 1:0x10 from F; v = hvm_copy_from 1:0x10; w = hvm_copy_from 1:0x11
        assert r == ok and v == 9 and w == 5";
    holds("free_frames = 1", "0x10 = S as ram_shared content 5; 0x11 = S as ram_shared", &[shared]);
    for program in ["toolstack: r = tmem_put 1:0x10 into F", "toolstack: r = tmem_get 1:0x10 from F"] {
        for other in [EVICTS, GIVES, SHARES] {
            safe(FRAMES, "tables = 3, ring = 2 | 0x10 = M as ram_rw", &[program, other]);
        }
    }
}

/// The guest's own table is its page 0x10: entry 0x80 names 0x11, the others nothing.
const NESTED: &str = "ring = 2, map = '0x10 = T as ram_rw; 0x11 = M as ram_rw content 5; 0x12 = ram_paged'";

fn nested(actors: &[&str]) {
    let l = of_memory("free_frames = 1", &format!("id = 1, {NESTED}"), ONE, actors);
    for policy in [Policy::Global, Policy::M2] {
        assert_eq!(search(&l, policy, None).verdict, Verdict::Safe, "{} {actors:?}", policy.name());
    }
}

#[test]
fn a_nested_fault_follows_the_guests_own_table() {
    nested(&[
        "vcpu: store content(T, 0x80) = 0x11\nc = nested_fault n1:0x80\nassert c == EAGAIN\nc = nested_get A0 = 0x10\n\
        c = nested_fault n1:0x80\ne = lookup n1:0x80\nassert c == ok and e.mfn == M\nn = load count(T)\nassert n == 1\n\
        c = nested_fault n1:0x81\nassert c == fault\nstore content(T, 0x81) = 0x99\nc = nested_fault n1:0x81\nassert c == ENOENT\n\
        c = nested_fault 1:0x80\nassert c == EINVAL\n\
        c = nested_get A0 = 0x99\nc = nested_fault n1:0x80\nassert c == EFAULT",
    ]);
    // The guest's table is out.
    nested(&[
        "vcpu: c = nested_get A0 = 0x12\nc = nested_fault n1:0x80\nassert c == EAGAIN",
        "pager: g = take ring(1)\nassert g == 1:0x12\nr = prep g = 0\nr = resume g",
    ]);
}

#[test]
fn a_nested_fault_and_whoever_takes_the_page_that_it_shows() {
    let shows =
        "vcpu: store content(T, 0x80) = 0x11\nc = nested_get A0 = 0x10\nc = nested_fault n1:0x80\nv = hw_read n1:0x80";
    for other in
        ["balloon: r = guest_remove 1:0x11", "balloon: r = guest_remove 1:0x10", "toolstack: c = nested_flush 1"]
    {
        nested(&[shows, other]);
    }
}
