//! A guest's fault: each branch, what it answers and leaves, and accesses that go on until they are done.

use super::{holds, lesson, search};
use p2mscope_core::explore::Verdict;
use p2mscope_core::machine::Policy;
use p2mscope_core::watch::Rule;

const ENCODINGS: [&str; 3] = ["encoding = 'ept-2011'", "encoding = 'ept'", "encoding = 'npt'"];

#[test]
fn what_is_not_mapped_goes_to_the_device_model() {
    for e in ENCODINGS {
        holds(
            e,
            "0x10 = ram_rw",
            &["vcpu: v = read 1:0x99; c = write 1:0x99 = 7; r = fault 1:0x99\nassert v == 0 and c == ok and r == ok"],
        );
        holds(e, "0x10 = mmio_dm", &["vcpu: v = read 1:0x10; c = write 1:0x10 = 7; assert v == 0 and c == ok"]);
    }
    // Which is asked, if the lesson has one.
    let asked = "toolstack: g = take ioreq; assert g == 1:0x99";
    holds("rings = { ioreq = 1 }", "0x10 = ram_rw", &["vcpu: v = read 1:0x99; assert v == 0", asked]);
}

#[test]
fn a_write_to_read_only_memory_is_dropped_and_a_read_is_done() {
    for e in ENCODINGS {
        let program =
            "vcpu: c = write 1:0x10 = 7; v = read 1:0x10; w = load content(M); assert c == ok and v == 5 and w == 5";
        holds(e, "0x10 = M as ram_ro content 5", &[program]);
        holds(e, "0x10 = M as ram_ro content 5", &["vcpu: r = fault 1:0x10; assert r == ok"]);
    }
}

#[test]
fn a_write_that_is_noted_makes_the_page_writable() {
    for e in ENCODINGS {
        let program = "vcpu: c = write 1:0x10 = 7; b = load dirty(1:0x10); e = lookup 1:0x10; v = read 1:0x10\n\
                       assert c == ok \"it is done\"\nassert b == 1 \"it is noted\"\n\
                       assert e.type == ram_rw \"it is writable\"\nassert v == 7 \"it is there\"";
        holds(e, "tables = 3, logdirty = true | 0x10 = M as ram_logdirty", &[program]);
        // A read is not noted.
        let reads = "vcpu: v = read 1:0x10; b = load dirty(1:0x10); e = lookup 1:0x10\n\
                     assert v == 5 and b == 0 and e.type == ram_logdirty";
        holds(e, "tables = 3, logdirty = true | 0x10 = M as ram_logdirty content 5", &[reads]);
    }
}

#[test]
fn two_vcpus_may_fault_on_one_page() {
    let writes = |n: u64| format!("vcpu: c = write 1:0x10 = {n}; assert c == ok");
    holds("encoding = 'ept'", "tables = 3, logdirty = true | 0x10 = M as ram_logdirty", &[&writes(7), &writes(8)]);
}

#[test]
fn without_a_table_for_a_split_the_write_fails_and_nothing_has_changed() {
    let program = "vcpu: c = write 1:0x201 = 7; e = lookup 1:0x201; assert c == ENOMEM and e.order == 9 and e.type == ram_logdirty";
    holds("encoding = 'ept'", "tables = 0 | 0x200 = S as ram_logdirty order 9", &[program]);
}

#[test]
fn what_the_guest_may_not_do_is_its_own_fault() {
    // A write through a read-only grant.
    let granted = "vcpu: lock gfn(1:0x20); set_entry 1:0x20 = N as grant_map_ro; unlock gfn(1:0x20)\n\
                   c = write 1:0x20 = 7; v = read 1:0x20; assert c == fault and v == 5\n\
                   lock gfn(1:0x20); set_entry 1:0x20 = none as invalid; flush 1; unlock gfn(1:0x20)";
    let l = lesson("", "0x11 = N as ram_rw content 5", &[granted]);
    assert!(!matches!(search(&l, Policy::M2, Some(Rule::Assert)).verdict, Verdict::Found { .. }));
}

#[test]
fn a_fault_that_another_has_mended_is_none() {
    holds(
        "",
        "0x10 = M as ram_rw content 5",
        &["vcpu: r = fault 1:0x10; x = fault 1:0x10 for_write; assert r == ok and x == ok"],
    );
}

#[test]
fn what_nobody_can_mend_ends_the_domain() {
    holds(
        "",
        "0x10 = M as ram_broken",
        &["vcpu: v = read 1:0x10; assert v == 1", "toolstack: wait crashed(1) == 1; assert dying(1) == 1"],
    );
    holds("", "0x10 = M as ram_broken", &["vcpu: r = fault 1:0x10; assert r == fault and crashed(1) == 1"]);
}

#[test]
fn a_page_that_is_out_is_asked_for_and_the_vcpu_waits_outside() {
    for e in ENCODINGS {
        let keys = format!("{e}, free_frames = 1");
        holds(
            &keys,
            "tables = 3, ring = 1 | 0x10 = ram_paged",
            &[
                "vcpu: v = read 1:0x10; assert v == 5",
                "pager: g = take ring(1); assert g == 1:0x10; r = prep g = 5; assert r == ok; r = resume g",
            ],
        );
        // Nominated only: it comes back as it was.
        holds(
            e,
            "tables = 3, ring = 1 | 0x10 = M as ram_paging_out content 7",
            &[
                "vcpu: c = write 1:0x10 = 8; assert c == ok; v = read 1:0x10; assert v == 8",
                "pager: g = take ring(1); r = resume g",
            ],
        );
    }
}

#[test]
fn a_right_that_nobody_listens_for_goes_at_the_first_access() {
    let program = "vcpu: c = write 1:0x10 = 7; e = lookup 1:0x10; v = read 1:0x10\n\
                   assert c == ok and v == 7 and e.access == access_rwx and crashed(1) == 0";
    holds("", "0x10 = M as ram_rw with access_r content 5", &[program]);
    let program = "vcpu: c = write 1:0x10 = 7; e = lookup 1:0x10; assert c == ok and e.access == access_rw";
    holds("", "0x10 = M as ram_rw with access_rx2rw content 5", &[program]);
}

#[test]
fn what_was_promised_is_given() {
    for e in ENCODINGS {
        let keys = format!("{e}, free_frames = 1");
        let program =
            "vcpu: v = read 1:0x10; c = write 1:0x10 = 7; w = read 1:0x10; assert v == 0 and c == ok and w == 7";
        holds(&keys, "tables = 3, cache = 1 | 0x10 = populate_on_demand", &[program]);
    }
}

#[test]
fn a_write_to_a_shared_page_gets_a_page_of_its_own() {
    let map = "0x10 = S as ram_shared content 5; 0x11 = S as ram_shared";
    let writes = "vcpu: v = read 1:0x10; c = write 1:0x10 = 7; v = read 1:0x10; w = read 1:0x11\n\
                  assert c == ok and v == 7 and w == 5";
    holds("free_frames = 1", map, &[writes]);
    // Without memory the write fails, and the page is shared as before.
    holds(
        "",
        map,
        &["vcpu: c = write 1:0x10 = 7; e = lookup 1:0x10; v = read 1:0x10\n\
                      assert c == ENOMEM and e.type == ram_shared and v == 5"],
    );
}
