//! Guest access, TLBs, sets and splits, gets and references, paging out, and what misuse of the primitives breaks.

use super::{RAM, breaks, holds, lesson, search};
use p2mscope_core::explore::Verdict;
use p2mscope_core::machine::Policy;
use p2mscope_core::watch::Rule;

#[test]
fn a_guest_writes_and_reads_through_its_tlb() {
    holds("", RAM, &["vcpu: c = hw_write 1:0x10 = 7; v = hw_read 1:0x10; assert v == 7 and c == ok"]);
    holds("", RAM, &["vcpu: v = hw_read 1:0x10; assert v == 5", "vcpu: v = hw_read 1:0x11; assert v == 6"]);
    holds(
        "",
        "0x10 = M as ram_ro content 5",
        &["vcpu: c = hw_write 1:0x10 = 7; v = hw_read 1:0x10; assert c == fault and v == 5"],
    );
    holds("", RAM, &["vcpu: v = hw_read 1:0x999; assert v == none"]);
}

#[test]
fn two_guests_see_each_others_writes() {
    let writes = "vcpu: c = hw_write 1:0x10 = 7; store w = 1";
    holds("words = { w = 0 }", RAM, &[writes, "vcpu: wait w == 1; v = hw_read 1:0x10; assert v == 7"]);
}

#[test]
fn a_stale_tlb_entry_bites_and_a_flush_prevents_it() {
    // The entry goes and the frame is freed: without the flush the TLB of A0 maps a free frame (I4).
    let reads = "vcpu: v = hw_read 1:0x10";
    let unmap = "lock gfn(1:0x10); e = lookup 1:0x10; if e.type == ram_rw { set_entry 1:0x10 = none as invalid";
    let free = "store m2p(e.mfn) = none; free e.mfn }; unlock gfn(1:0x10)";
    breaks(Rule::I4, "", RAM, &[reads, &format!("toolstack: {unmap}; {free}")]);
    holds("", RAM, &[reads, &format!("toolstack: {unmap}; flush 1; {free}")]);
}

#[test]
fn a_walk_that_a_flush_overtakes_fills_nothing_stale() {
    // Were the walk's entry filled after the flush, the guest's write would land in the new frame's predecessor.
    let remap = "toolstack: lock gfn(1:0x10); set_entry 1:0x10 = F as ram_rw; store m2p(F) = 1:0x10; store m2p(M) = none; \
                 flush 1; unlock gfn(1:0x10); store w = 1; free M";
    let access = "vcpu: c = hw_write 1:0x10 = 7; wait w == 1; v = load content(M); c = hw_write 1:0x10 = 8; v = load content(F); assert v == 8";
    let l = lesson("words = { w = 0 }", RAM, &[remap, access]);
    assert!(!matches!(search(&l, Policy::M2, Some(Rule::Assert)).verdict, Verdict::Found { .. }));
    assert!(!matches!(search(&l, Policy::M2, Some(Rule::I4)).verdict, Verdict::Found { .. }));
}

#[test]
fn a_superpage_is_split_when_a_part_of_it_changes() {
    let map = "0x200 = S as ram_rw order 9 content 3";
    holds(
        "",
        map,
        &["toolstack: lock gfn(1:0x205); e = lookup 1:0x205; assert e.order == 9 and e.mfn == S + 5
         r = set_entry 1:0x205 = e.mfn as ram_ro; assert r == ok
         f = lookup 1:0x205; h = lookup 1:0x206
         assert f.type == ram_ro and f.mfn == S + 5 and f.order == 0
         assert h.type == ram_rw and h.mfn == S + 6 and h.order == 0
         flush 1; unlock gfn(1:0x205)"],
    );
    // Holders of two ranges in a GB that has no table yet: both find it missing, and neither loses the other's entry.
    holds(
        "free_frames = 2",
        "0x10 = ram_rw",
        &[
            "toolstack: c = increase 1:0x40000; e = lookup 1:0x40000; assert c == ok and e.type == ram_rw",
            "toolstack: c = increase 1:0x40200; e = lookup 1:0x40200; assert c == ok and e.type == ram_rw",
        ],
    );
}

#[test]
fn a_superpage_replaces_a_table_which_is_freed_after_the_flush() {
    // Three free table pages, one of which the split takes: once it was given back all three can be had again.
    holds(
        "",
        "0x200 = S as ram_rw order 9; 0x10 = ram_rw",
        &["toolstack: lock gfn(1:0x200); r = set_entry 1:0x200 = S as ram_ro; assert r == ok
         r = set_entry 1:0x200 = S as ram_rw order 9; assert r == ok
         e = lookup 1:0x200; assert e.order == 9 and e.mfn == S
         flush 1; unlock gfn(1:0x200)
         a = alloc table(1); b = alloc table(1); c = alloc table(1); d = alloc table(1)
         assert c != none and d == none; free a; free b; free c"],
    );
}

#[test]
fn without_a_page_for_a_table_nothing_has_changed() {
    let map = "0x200 = S as ram_rw order 9";
    holds(
        "",
        map,
        &["toolstack: fail table; lock gfn(1:0x205); r = set_entry 1:0x205 = none as invalid; assert r == ENOMEM
         e = lookup 1:0x205; assert e.order == 9 and e.mfn == S + 5; unlock gfn(1:0x205)"],
    );
    holds(
        "free_frames = 1",
        map,
        &["toolstack: fail table; c = increase 1:0x40000; assert c == ENOMEM and free(F) == false
         f = alloc frame(1); assert f != none; free f"],
    );
    holds("", RAM, &["toolstack: c = increase 1:0x40; assert c == ENOMEM"]);
    holds("free_frames = 1", RAM, &["toolstack: fail frame; c = increase 1:0x40; assert c == ENOMEM"]);
}

#[test]
fn what_is_not_aligned_is_refused() {
    // The gfn, then the frame.
    for set in ["1:0x201 = S as ram_rw order 9", "1:0x200 = S + 1 as ram_rw order 9"] {
        let program =
            format!("toolstack: lock gfn(1:0x200); r = set_entry {set}; assert r == EINVAL; unlock gfn(1:0x200)");
        holds("", "0x200 = S as ram_rw order 9", &[&program]);
    }
}

#[test]
fn a_get_holds_translation_and_frame() {
    let holder = "toolstack: e = get_gfn 1:0x10; c = load count(M); assert c == 2 and e.mfn == M; put_gfn 1:0x10";
    holds("", RAM, &[holder]);
    // Whether PG comes before or after, V0 finds a page that is there, or none.
    let uses = "vcpu: e = get_gfn 1:0x10; if e.type == ram_rw { store content(e.mfn) = 7 }; put_gfn 1:0x10";
    holds("", RAM, &[uses, "pager: r = nominate 1:0x10; if r == ok { r = evict 1:0x10; assert r == ok }"]);
}

#[test]
fn gets_nest_and_a_page_in_use_is_not_nominated() {
    holds(
        "",
        RAM,
        &["toolstack: e = get_gfn 1:0x10; e = get_gfn 1:0x10; e = get_gfn 1:0x11
         c = load count(M); assert c == 3
         r = nominate 1:0x10; assert r == EAGAIN
         put_gfn 1:0x11; put_gfn 1:0x10; put_gfn 1:0x10
         r = nominate 1:0x10; assert r == ok
         r = nominate 1:0x10; assert r == EAGAIN
         r = evict 1:0x11; assert r == EINVAL
         r = evict 1:0x10; assert r == ok
         e = lookup 1:0x10; n = load paged_pages(1); assert e.type == ram_paged and n == 1 and free(M)"],
    );
}

#[test]
fn a_replacement_inside_a_get_moves_the_pin() {
    holds(
        "",
        RAM,
        &["toolstack: e = get_gfn 1:0x10; set_entry 1:0x10 = F as ram_rw; store m2p(F) = 1:0x10; store m2p(M) = none
         a = load count(M); b = load count(F); assert a == 1 and b == 2
         flush 1; put_gfn 1:0x10; b = load count(F); assert b == 1
         free M"],
    );
}

#[test]
fn a_reference_outlives_the_translation() {
    holds(
        "",
        RAM,
        &[
            "grant: f = get_page_from_gfn 1:0x10; if f != none { store content(f) = 9; put_page f }",
            "pager: r = nominate 1:0x10; if r == ok { r = evict 1:0x10 }",
        ],
    );
    holds("", RAM, &["grant: a = get_page M for 2; b = get_page M for 1; assert a == false and b == true; put_page M"]);
    holds("", RAM, &["grant: f = get_page_from_gfn 1:0x99; assert f == none"]);
    // A reference may be handed over: whoever puts it, it is put.
    holds("words = { w = 0 }", RAM, &["grant: a = get_page M; store w = 1", "toolstack: wait w == 1; put_page M"]);
}

#[test]
fn two_gfns_are_got_in_order_whoever_asks() {
    let pair = |a: &str, b: &str| format!("toolstack: get_two_gfns {a} with {b}; put_two_gfns {a} with {b}");
    let (x, y) = (pair("1:0x10", "1:0x400"), pair("1:0x400", "1:0x10"));
    holds("", "0x10 = ram_rw; 0x400 = ram_rw", &[&x, &y]);
    // One range twice is one lock taken twice.
    let (x, y) = (pair("1:0x10", "1:0x11"), pair("1:0x11", "1:0x10"));
    holds("", RAM, &[&x, &y]);
}

#[test]
fn a_page_given_anew_begins_anew() {
    let out = "r = nominate 1:0x10; r = evict 1:0x10; assert r == ok";
    let anew = "c = increase 1:0x10; assert c == ok; n = load paged_pages(1); assert n == 0; v = hw_read 1:0x10";
    holds("", RAM, &[&format!("vcpu: c = hw_write 1:0x10 = 9; {out}; {anew}")]);
}

#[test]
fn misuse_breaks_the_rule_that_speaks_of_it() {
    let one = |rule, program: &str| breaks(rule, "words = { w = 0 }", RAM, &[&format!("vcpu: {program}")]);
    one(Rule::I29, "put_gfn 1:0x10");
    one(Rule::I29, "unlock pod(1)");
    one(Rule::I29, "e = get_gfn 1:0x10");
    one(Rule::Leak, "c = get_page M");
    one(Rule::Leak, "f = alloc table(1)");
    one(Rule::I27, "lock pod(1); lock gfn(1:0x10); unlock gfn(1:0x10); unlock pod(1)");
    one(Rule::I27, "lock gfn(1:0x10); lock p2m(1); unlock p2m(1); unlock gfn(1:0x10)");
    one(Rule::I28, "e = get_gfn 1:0x10; v = hw_read 1:0x11; put_gfn 1:0x10");
    one(Rule::I28, "lock pod(1); wait w == 0; unlock pod(1)");
    one(Rule::Deadlock, "lock pod(1); lock pod(1)");
    one(Rule::Deadlock, "wait w == 1");
    one(Rule::Assert, "v = load content(M); assert v == 6 \"it is 5\"");
    one(Rule::I9, "add count(M) by 1");
    one(Rule::I2, "store m2p(M) = 1:0x77");
    one(Rule::I12, "add paged_pages(1) by 1");
    one(Rule::I32, "add tot_pages(1) by 1");
    one(Rule::I3, "lock gfn(1:0x20); set_entry 1:0x20 = M as ram_rw; unlock gfn(1:0x20)");
    one(Rule::I1, "store owner(M) = 2");
    one(Rule::I11, "store owner(F) = nobody");
    one(Rule::I4, "free M");
    one(
        Rule::I13,
        "c = get_page M; lock gfn(1:0x10); set_entry 1:0x10 = M as ram_paging_out; flush 1; unlock gfn(1:0x10); put_page M",
    );
    one(
        Rule::LostWrite,
        "c = hw_write 1:0x10 = 9; lock gfn(1:0x10); set_entry 1:0x10 = F as ram_rw; flush 1; unlock gfn(1:0x10); v = hw_read 1:0x10",
    );
    one(
        Rule::Stray,
        "e = lookup 1:0x10; lock gfn(1:0x10); set_entry 1:0x10 = none as invalid; flush 1; free e.mfn; unlock gfn(1:0x10); store content(e.mfn) = 1",
    );
}

#[test]
fn the_exclusive_side_shuts_all_ranges_out() {
    // A0 holds the whole table and adds twice without care; A1 and A2 hold ranges and may not come in between.
    let whole = "toolstack: lock p2m(1); a = load w; store w = a + 1; unlock p2m(1)";
    let range = |g: &str| format!("toolstack: lock gfn({g}); a = load w; assert a == 0 or a == 1; unlock gfn({g})");
    holds("words = { w = 0 }", RAM, &[whole, &range("1:0x10"), &range("1:0x400")]);
    let adds = "toolstack: lock p2m(1); a = load w; store w = a + 1; unlock p2m(1); b = load w; assert b >= 1";
    holds("words = { w = 0 }", RAM, &[adds, adds]);
}

#[test]
fn a_lock_that_would_wait_can_be_tried() {
    let tries = "toolstack: r = lock gfn(1:0x10) nowait; if r == ok { unlock gfn(1:0x10) }; r = lock pod(1) nowait; if r == ok { unlock pod(1) }";
    holds("", RAM, &[tries, tries]);
}
