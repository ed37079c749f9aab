//! Foreign frames: the reference that each entry holds, mapping and unmapping, what the source must be, and captivity.

use crate::{RAM, breaks, holds};
use p2mscope_core::watch::Rule;

/// Entries of today, which know foreign frames.
const NOW: &str = "encoding = 'ept', free_frames = 1";

fn one(program: &str) {
    holds(NOW, RAM, &[&format!("toolstack: {program}")]);
}

#[test]
fn a_foreign_entry_holds_a_reference_of_its_own() {
    one("r = set_entry 2:0x10 = M as map_foreign; n = load count(M); assert r == ok and n == 2
         r = set_entry 2:0x11 = M as map_foreign; n = load count(M); assert r == ok and n == 3
         r = set_entry 2:0x11 = N as map_foreign; n = load count(M); k = load count(N); assert n == 2 and k == 2
         r = set_entry 2:0x10 = M as map_foreign with access_r; n = load count(M); assert r == ok and n == 2
         r = set_entry 2:0x10 = none as invalid; r = set_entry 2:0x11 = none as invalid
         n = load count(M); k = load count(N); assert n == 1 and k == 1");
}

#[test]
fn a_frame_that_is_free_cannot_be_mapped_as_foreign() {
    one("f = alloc frame(1); free f; r = set_entry 2:0x10 = f as map_foreign; assert r == EBUSY
         e = lookup 2:0x10; assert e.mfn == none");
}

#[test]
fn the_last_reference_is_not_dropped_with_the_entry() {
    // Its owner has given it back: the entry's is all that keeps it, and TLBs may know the entry.
    one("f = alloc frame(1); r = set_entry 2:0x10 = f as map_foreign; free f
         r = set_entry 2:0x10 = none as invalid; assert r == EILSEQ and not free(f)
         e = lookup 2:0x10; assert e.mfn == f and e.type == map_foreign
         r = set_entry 2:0x10 = M as map_foreign; assert r == EILSEQ; n = load count(M); assert n == 1
         a = get_page f; r = set_entry 2:0x10 = none as invalid; assert r == ok; flush 2; put_page f; assert free(f)");
}

#[test]
fn a_foreign_frame_is_mapped_alone() {
    holds(
        NOW,
        "0x200 = S as ram_rw order 9",
        &["toolstack: r = set_entry 2:0x200 = S as map_foreign order 9; assert r == EINVAL
           r = set_entry 2:0x200 = none as map_foreign; assert r == EINVAL"],
    );
}

#[test]
fn a_superpage_that_replaces_foreign_entries_drops_their_references() {
    one("lock p2m(2); r = set_entry 2:0x200 = M as map_foreign; r = set_entry 2:0x3ff = M as map_foreign
         n = load count(M); assert n == 3
         r = set_entry 2:0x200 = none as invalid order 9; n = load count(M); assert r == ok and n == 1
         unlock p2m(2)");
}

#[test]
fn a_foreign_map_holds_the_frame_and_leaves_its_owner_alone() {
    one("r = foreign_map 2:0x10 = 1:0x10; e = lookup 2:0x10; n = load count(M); m = load m2p(M)
         assert r == ok and e.mfn == M and e.type == map_foreign and n == 2 and m == 1:0x10
         r = foreign_map 2:0x11 = 1:0x10; n = load count(M); assert r == ok and n == 3
         r = nominate 1:0x10; assert r == EBUSY
         r = foreign_unmap 2:0x10; assert r == ok; r = foreign_unmap 2:0x11; assert r == ok
         e = lookup 2:0x10; n = load count(M); assert e.mfn == none and n == 1
         r = foreign_unmap 2:0x10; assert r == EINVAL; r = foreign_unmap 1:0x10; assert r == EINVAL");
}

#[test]
fn errors_of_a_foreign_map_come_in_their_order() {
    // Of one domain; then a mapper that is dying; then a source that is not there.
    one("store dying(2) = 1; r = foreign_map 2:0x10 = 2:0x11; assert r == EINVAL
         r = foreign_map 2:0x10 = 1:0x99; assert r == EPERM; store dying(2) = 0
         r = foreign_map 2:0x10 = 1:0x99; assert r == EINVAL; r = foreign_map 1:0x10 = 1:0x11; assert r == EINVAL");
    let old = "toolstack: store dying(2) = 1; r = foreign_map 2:0x10 = 1:0x10; assert r == EINVAL; store dying(2) = 0";
    holds("", RAM, &[old]);
}

#[test]
fn only_memory_that_is_there_can_be_mapped() {
    let map =
        "0x10 = ram_rw; 0x11 = ram_ro; 0x12 = ram_paging_out; 0x13 = ram_paged; 0x14 = mmio_dm; 0x15 = ram_broken";
    holds(
        NOW,
        map,
        &["toolstack: for g in 1:0x10..1:0x12 { r = foreign_map 2:0x20 = g; assert r == ok; r = foreign_unmap 2:0x20 }
           for g in 1:0x13..1:0x16 { r = foreign_map 2:0x20 = g; assert r == EINVAL }"],
    );
    holds(
        NOW,
        "0x200 = S as ram_rw order 9",
        &["toolstack: r = foreign_map 2:0x20 = 1:0x207; e = lookup 2:0x20; assert r == ok and e.mfn == S + 7
           r = foreign_unmap 2:0x20; assert r == ok"],
    );
}

#[test]
fn what_stood_there_is_given_back_first() {
    one("c = increase 2:0x10; e = lookup 2:0x10; r = foreign_map 2:0x10 = 1:0x10; assert r == ok and free(e.mfn)
         r = foreign_map 2:0x10 = 1:0x11; n = load count(N); assert r == ENXIO and n == 1
         r = foreign_unmap 2:0x10; n = load tot_pages(2); assert n == 0");
    one("c = increase 2:0x10; c = nominate 2:0x10; c = evict 2:0x10; assert c == ok
         r = foreign_map 2:0x10 = 1:0x10; n = load paged_pages(2); assert r == ok and n == 0
         r = foreign_unmap 2:0x10");
    one("c = set_mmio 2:0x10 = F; r = foreign_map 2:0x10 = 1:0x10; n = load count(M); assert r == EPERM and n == 1");
}

#[test]
fn without_a_page_for_a_table_no_foreign_frame_is_mapped() {
    one("fail table; r = foreign_map 2:0x10 = 1:0x10; assert r == ENOMEM
         n = load count(M); e = lookup 2:0x10; assert n == 1 and e.mfn == none");
}

/// Maps, writes, unmaps, while another takes the page away: the mapping keeps the frame.
const USES: &str = "grant 2: r = foreign_map 2:0x10 = 1:0x10
    if r == ok { e = lookup 2:0x10; store content(e.mfn) = 7; r = foreign_unmap 2:0x10; assert r == ok }";

#[test]
fn a_foreign_map_and_an_eviction_exclude_each_other() {
    holds(NOW, RAM, &[USES, "pager: r = nominate 1:0x10; if r == ok { r = evict 1:0x10 }"]);
}

#[test]
fn a_page_that_is_given_back_lives_until_its_last_mapping_has_gone() {
    holds(NOW, RAM, &[USES, "balloon: r = guest_remove 1:0x10; assert r == ok"]);
    // The mapper's TLB is emptied before the reference goes, which may be the last.
    let guest = "vcpu 2: r = foreign_map 2:0x10 = 1:0x10
        if r == ok { c = hw_write 2:0x10 = 9; assert c == ok; r = foreign_unmap 2:0x10; assert r == ok }";
    holds(NOW, RAM, &[guest, "balloon: r = guest_remove 1:0x10; assert r == ok"]);
}

#[test]
fn a_write_through_a_foreign_mapping_is_a_write_to_the_owners_memory() {
    let mapper = "vcpu 2: r = foreign_map 2:0x10 = 1:0x10; c = hw_write 2:0x10 = 9; store w = 1
        wait w == 2; v = hw_read 2:0x10; assert v == 8; r = foreign_unmap 2:0x10";
    let owner = "vcpu: wait w == 1; v = hw_read 1:0x10; assert v == 9; c = hw_write 1:0x10 = 8; store w = 2";
    holds(&format!("{NOW}, words = {{ w = 0 }}"), RAM, &[mapper, owner]);
}

/// Question Q3: an entry that stays held for as long as it is mapped stands in the way of whoever needs the whole table.
#[test]
fn q3_a_captive_entry_collides_with_log_dirty() {
    let map = "tables = 8 | 0x10 = M as ram_rw";
    let mapper = "grant 2: r = foreign_map 2:0x10 = 1:0x10; wait w == 1; r = foreign_unmap 2:0x10; assert r == ok";
    let migrates = "logdirty: r = logdirty_enable 1; store w = 1";
    let world = format!("{NOW}, words = {{ w = 0 }}");
    holds(&world, map, &[mapper, migrates]);
    breaks(Rule::Deadlock, &format!("{world}, captive = true"), map, &[mapper, migrates]);
    let alone = "grant 2: r = foreign_map 2:0x10 = 1:0x10; assert r == ok; r = foreign_unmap 2:0x10; assert r == ok
        r = foreign_map 2:0x10 = 1:0x99; assert r == EINVAL";
    holds(&format!("{NOW}, captive = true"), map, &[alone]);
}
