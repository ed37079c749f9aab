//! Changes of type: compare and set, ranges, superpages at their borders, and two who change at once.

use crate::{RAM, breaks, holds};
use p2mscope_core::watch::Rule;

#[test]
fn one_entry_changes_if_it_is_of_the_first_type() {
    holds(
        "",
        RAM,
        &["toolstack: r = change_type 1:0x10 from ram_ro to ram_rw; assert r == EBUSY and entry(1:0x10).type == ram_rw
         r = change_type 1:0x10 from ram_rw to ram_ro; assert r == ok
         assert entry(1:0x10).type == ram_ro and entry(1:0x10).mfn == M and entry(1:0x11).type == ram_rw
         r = change_type 1:0x99 from ram_rw to ram_ro; assert r == EBUSY"],
    );
}

#[test]
fn special_types_are_refused_first() {
    for (from, to) in
        [("mmio_direct", "ram_rw"), ("ram_rw", "mmio_direct"), ("grant_map_rw", "ram_rw"), ("ram_rw", "grant_map_ro")]
    {
        let one = format!("toolstack: r = change_type 1:0x10 from {from} to {to}; assert r == EINVAL");
        let all =
            format!("toolstack: r = change_type_range 1:0x10 through 1:0x11 from {from} to {to}; assert r == EINVAL");
        holds("", RAM, &[&one]);
        holds("", RAM, &[&all]);
    }
}

#[test]
fn a_retyped_entry_gets_the_default_access() {
    holds(
        "",
        "0x10 = ram_rw with access_r",
        &["toolstack: r = change_type 1:0x10 from ram_rw to ram_ro; assert entry(1:0x10).access == access_rwx
         r = default_access 1 = access_rx; assert r == ok
         r = change_type 1:0x10 from ram_ro to ram_rw; assert entry(1:0x10).access == access_rx
         r = change_type_range 1:0x10 through 1:0x10 from ram_rw to ram_ro; assert entry(1:0x10).access == access_rx"],
    );
}

#[test]
fn one_entry_of_a_superpage_is_split_off() {
    let map = "0x200 = S as ram_rw order 9";
    holds(
        "",
        map,
        &["toolstack: r = change_type 1:0x205 from ram_rw to ram_ro; assert r == ok and entry(1:0x205).mfn == S + 5
         assert entry(1:0x205).type == ram_ro and entry(1:0x206).type == ram_rw and entry(1:0x206).order == 0"],
    );
    holds(
        "",
        map,
        &["toolstack: fail table; r = change_type 1:0x205 from ram_rw to ram_ro
         assert r == ENOMEM and entry(1:0x205).order == 9 and entry(1:0x205).type == ram_rw"],
    );
}

#[test]
fn a_range_changes_what_is_of_the_first_type_and_nothing_else() {
    holds(
        "",
        "0x10 = ram_rw; 0x11 = ram_ro; 0x12 = ram_rw; 0x13 = ram_rw; 0x400 = ram_rw",
        &["toolstack: r = change_type_range 1:0x10 through 1:0x12 from ram_rw to ram_logdirty; assert r == ok
         assert entry(1:0x10).type == ram_logdirty and entry(1:0x11).type == ram_ro
         assert entry(1:0x12).type == ram_logdirty and entry(1:0x13).type == ram_rw
         r = change_type_range 1:0x0 through 1:0xfffff from ram_logdirty to ram_rw; assert r == ok
         assert entry(1:0x10).type == ram_rw and entry(1:0x11).type == ram_ro and entry(1:0x400).type == ram_rw"],
    );
    for range in ["1:0x11 through 1:0x10", "1:0x10 through 2:0x11"] {
        let program = format!("toolstack: r = change_type_range {range} from ram_rw to ram_ro; assert r == EINVAL");
        holds("", RAM, &[&program]);
    }
}

#[test]
fn a_superpage_in_the_range_stays_one_and_one_at_its_border_is_split() {
    let map = "0x200 = ram_rw order 9; 0x400 = ram_rw order 9";
    holds(
        "",
        map,
        &["toolstack: r = change_type_range 1:0x0 through 1:0x401 from ram_rw to ram_ro; assert r == ok
         assert entry(1:0x200).type == ram_ro and entry(1:0x200).order == 9
         assert entry(1:0x400).type == ram_ro and entry(1:0x400).order == 0 and entry(1:0x401).type == ram_ro
         assert entry(1:0x402).type == ram_rw and entry(1:0x402).order == 0"],
    );
    // What comes before the border has changed when the split fails.
    holds(
        "",
        map,
        &["toolstack: fail table; r = change_type_range 1:0x0 through 1:0x401 from ram_rw to ram_ro
         assert r == ENOMEM and entry(1:0x200).type == ram_ro and entry(1:0x400).type == ram_rw"],
    );
}

#[test]
fn who_holds_a_range_cannot_have_the_whole_table() {
    let range = "toolstack: lock gfn(1:0x10); r = change_type_range 1:0x10 through 1:0x11 from ram_rw to ram_ro
                 assert r == ERESTART and entry(1:0x10).type == ram_rw; unlock gfn(1:0x10)";
    breaks(Rule::I27, "", RAM, &[range]);
}

#[test]
fn two_who_make_the_same_conditional_change_do_no_harm() {
    let one = "toolstack: r = change_type 1:0x10 from ram_rw to ram_ro";
    let other = "toolstack: r = change_type 1:0x10 from ram_rw to ram_logdirty";
    holds("", RAM, &[&format!("{one}; assert entry(1:0x10).type == ram_ro"), one]);
    holds("", RAM, &[&format!("{one}; assert entry(1:0x10).type != ram_rw"), other]);
}

#[test]
fn what_is_read_outside_the_lock_is_written_back_stale() {
    let change = "logdirty: r = change_type 1:0x10 from ram_rw to ram_logdirty; assert r == ok; store w = 1";
    let stale = "toolstack: e = lookup 1:0x10; lock gfn(1:0x10); if e.type == ram_rw { set_entry 1:0x10 = e.mfn as ram_rw; flush 1 }
                 unlock gfn(1:0x10); wait w == 1; assert entry(1:0x10).type == ram_logdirty";
    breaks(Rule::Assert, "words = { w = 0 }", RAM, &[stale, change]);
    let held = "toolstack: lock gfn(1:0x10); e = lookup 1:0x10; if e.type == ram_rw { set_entry 1:0x10 = e.mfn as ram_rw; flush 1 }
                unlock gfn(1:0x10); wait w == 1; assert entry(1:0x10).type == ram_logdirty";
    holds("words = { w = 0 }", RAM, &[held, change]);
}
