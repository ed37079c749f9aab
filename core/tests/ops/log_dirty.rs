//! Log-dirty: the bitmap, turning it on and off, harvests, faults, and the ways in which a write can be lost.

use crate::{RAM, breaks, holds};
use p2mscope_core::watch::Rule;

/// A domain whose writes are noted, with one page.
const ON: &str = "tables = 3, logdirty = true | 0x10 = M as ram_logdirty content 1";

#[test]
fn a_mark_is_a_bit_that_stays() {
    holds(
        "",
        ON,
        &["toolstack: r = mark_dirty 1:0x10; assert r == ok and dirty(1:0x10) == 1 and dirty(1:0x11) == 0
         r = mark_dirty 1:0x10; assert r == ok and dirty(1:0x10) == 1
         n = load logdirty(1); assert n == 1"],
    );
    // Two marks at once: neither loses the other's bit, though both lie in one word.
    holds(
        "",
        ON,
        &["vcpu: r = mark_dirty 1:0x10", "vcpu: r = mark_dirty 1:0x11; wait dirty(1:0x10) == 1 and dirty(1:0x11) == 1"],
    );
}

#[test]
fn nothing_is_marked_while_log_dirty_is_off() {
    holds(
        "",
        RAM,
        &["toolstack: r = mark_dirty 1:0x10; n = load logdirty(1); assert r == ok and n == 0 and dirty(1:0x10) == 0
         a = alloc table(1); b = alloc table(1); c = alloc table(1); assert c != none; free a; free b; free c"],
    );
}

#[test]
fn the_bit_is_a_shared_word_like_any_other() {
    holds(
        "",
        ON,
        &["toolstack: b = load dirty(1:0x10); assert b == 0
         store dirty(1:0x10) = 1; b = load dirty(1:0x10); assert b == 1
         b = swap dirty(1:0x10) = 0; assert b == 1
         c = cas dirty(1:0x10) from 1 to 0; assert c == false and dirty(1:0x10) == 0
         c = cas dirty(1:0x10) from 0 to 1; assert c == true and dirty(1:0x10) == 1
         b = add dirty(1:0x10) by 1; assert b == 0"],
    );
}

#[test]
fn a_store_to_a_bit_whose_page_is_missing_makes_its_pages() {
    let four = "tables = 4 | 0x10 = M as ram_rw";
    holds(
        "",
        four,
        &["toolstack: store dirty(1:0x10) = 1; t = alloc table(1); assert dirty(1:0x10) == 1 and t == none"],
    );
    let zero = "toolstack: store dirty(1:0x10) = 0; b = swap dirty(1:0x11) = 0; assert b == 0; t = alloc table(1)
                assert t != none; free t";
    holds("", "tables = 1 | 0x10 = M as ram_rw", &[zero]);
}

/// The lesson S61: a fault marks and then changes, and a harvest comes between.
#[test]
fn s61_what_is_marked_and_changed_in_two_holds_is_lost_between_them() {
    let fault =
        |body: &str| format!("vcpu: c = hw_write 1:0x10 = 5; if c == fault {{ {body}; c = hw_write 1:0x10 = 5 }}");
    let mark = "lock paging(1); store dirty(1:0x10) = 1; unlock paging(1)";
    let look = "lock gfn(1:0x10); e = lookup 1:0x10";
    let change = "if e.type == ram_logdirty { set_entry 1:0x10 = e.mfn as ram_rw }; unlock gfn(1:0x10)";
    let harvest = "lock paging(1); b = swap dirty(1:0x10) = 0; unlock paging(1)";
    let protect = "e = lookup 1:0x10; if e.type == ram_rw { set_entry 1:0x10 = e.mfn as ram_logdirty }; flush 1";
    let sent = "n = load content(M); store sent = n; store done = 1";
    let world = "words = { sent = 0, done = 0 }";
    let check = "wait done == 1; n = load content(M); s = load sent; assert s == n or dirty(1:0x10) == 1";
    breaks(
        Rule::Assert,
        world,
        ON,
        &[
            &format!("{}; {check}", fault(&format!("{mark}; {look}; {change}"))),
            &format!("logdirty: {harvest}; lock gfn(1:0x10); {protect}; unlock gfn(1:0x10); {sent}"),
        ],
    );
    holds(
        world,
        ON,
        &[
            &format!("{}; {check}", fault(&format!("{look}; {mark}; {change}"))),
            &format!("logdirty: lock p2m(1); {harvest}; {protect}; unlock p2m(1); {sent}"),
        ],
    );
}
