//! Long operations in slices: each answers `ERESTART` while something is left, does nothing twice, and loses nothing of what
//! others do between its slices.

use super::holds;

const FIVE: &str = "0x10..0x14 = ram_rw";
const AGAIN: &str = "if r != ERESTART { break }; n = n + 1";

fn sliced(preempt: u64, map: &str, program: &str) {
    holds(&format!("preempt = {preempt}"), map, &[&format!("toolstack: {program}")]);
}

#[test]
fn a_change_of_a_range_changes_each_entry_once() {
    let change = "change_type_range 1:0x10 through 1:0x14 from ram_rw to ram_ro";
    for (preempt, slices) in [(1, 4), (2, 2), (4, 1), (5, 0), (100, 0)] {
        sliced(preempt, FIVE, &format!("n = 0; loop {{ r = {change}; {AGAIN} }}; assert r == ok and n == {slices}
            e = lookup 1:0x10; assert e.type == ram_ro; e = lookup 1:0x14; assert e.type == ram_ro; r = {change}; assert r == ok"));
    }
    // The first slice is what it says, and not more.
    sliced(
        2,
        FIVE,
        &format!(
            "r = {change}; assert r == ERESTART; e = lookup 1:0x11; assert e.type == ram_ro; e = lookup 1:0x12; assert e.type == ram_rw"
        ),
    );
    // An error is no preemption: what was done before it stays, and the next call meets it again.
    sliced(1, "0x1ff = ram_rw; 0x200 = S as ram_rw order 9", "c = change_type_range 1:0x1ff through 1:0x200 from ram_rw to ram_ro
        assert c == ERESTART; fail table; c = change_type_range 1:0x1ff through 1:0x200 from ram_rw to ram_ro; assert c == ENOMEM
        e = lookup 1:0x1ff; assert e.type == ram_ro; c = change_type_range 1:0x1ff through 1:0x200 from ram_rw to ram_ro; assert c == ok
        e = lookup 1:0x200; assert e.type == ram_ro and e.order == 0");
}

#[test]
fn what_others_do_between_slices_is_neither_undone_nor_missed() {
    let change = format!(
        "toolstack: n = 0; loop {{ r = change_type_range 1:0x10 through 1:0x11 from ram_rw to ram_ro; {AGAIN} }}
        assert r == ok; e = lookup 1:0x11; assert e.type != ram_rw"
    );
    let map = "0x10 = M as ram_rw; 0x11 = N as ram_rw";
    for other in [
        "balloon: c = guest_remove 1:0x11",
        "pager: c = nominate 1:0x11; c = evict 1:0x11",
        "toolstack: c = change_type 1:0x11 from ram_rw to ram_logdirty",
        "vcpu: v = hw_read 1:0x10; c = hw_write 1:0x11 = 5",
    ] {
        for flush in ["sync", "deferred"] {
            holds(&format!("preempt = 1, flush = '{flush}'"), map, &[&change, other]);
        }
    }
}

#[test]
fn a_restriction_of_a_range_is_written_once_to_each_entry() {
    let set = "set_access 1:0x10 through 1:0x14 = access_r";
    for (preempt, slices) in [(1, 4), (2, 2), (5, 0)] {
        sliced(
            preempt,
            FIVE,
            &format!(
                "n = 0; loop {{ r = {set}; {AGAIN} }}; assert r == ok and n == {slices}
            e = lookup 1:0x14; assert e.access == access_r; r = {set}; assert r == ok"
            ),
        );
    }
    let large = "0x200 = ram_rw order 9";
    sliced(
        200,
        large,
        &format!(
            "n = 0; loop {{ r = set_access 1:0x200 through 1:0x3ff = access_r; {AGAIN} }}; assert r == ok and n == 2
        e = lookup 1:0x3ff; assert e.access == access_r and e.order == 0"
        ),
    );
}

#[test]
fn a_cache_is_emptied_block_by_block() {
    let map = "dying = true, cache = 3 | 0x10 = populate_on_demand";
    sliced(
        1,
        map,
        &format!(
            "n = 0; loop {{ r = empty_cache 1; {AGAIN} }}; assert r == ok and n == 2; k = load cache_count(1); assert k == 0"
        ),
    );
    sliced(
        1,
        "cache = 1 | 0x10 = populate_on_demand; 0x11 = populate_on_demand; 0x12 = populate_on_demand",
        "c = pod_target 1 = 3; assert c == ERESTART or c == ENOMEM",
    );
}

#[test]
fn a_sweep_goes_on_where_its_last_slice_ended() {
    let sweep = format!(
        "c = demand_populate 1:0x90; e = lookup 1:0x90; store content(e.mfn) = 1; n = 0; loop {{ r = sweep 1; {AGAIN} }}"
    );
    // Three windows of sixteen have pages, from 0x90 down; the third has one of zeroes.
    let map = "cache = 1 | 0x10 = ram_rw content 5; 0x50 = ram_rw; 0x70 = ram_rw content 7; 0x90 = populate_on_demand";
    sliced(
        1,
        map,
        &format!(
            "{sweep}; assert r == ok and n == 2; e = lookup 1:0x50; assert e.type == populate_on_demand
        e = lookup 1:0x70; assert e.type == ram_rw"
        ),
    );
    // None has: two slices look, the third finds the end.
    let none = "cache = 1 | 0x10 = ram_rw content 5; 0x90 = populate_on_demand";
    sliced(1, none, &format!("{sweep}; assert r == ENOMEM and n == 2"));
    sliced(1000, none, &format!("{sweep}; assert r == ENOMEM and n == 0"));
}
