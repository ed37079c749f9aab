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

/// A domain whose memory is as yet written without a note.
const OFF: &str =
    "tables = 6 | 0x10 = M as ram_rw content 1; 0x11 = N as ram_rw with access_n content 2; 0x12 = ram_ro";

#[test]
fn enabling_protects_all_writable_memory_and_disabling_lets_it_go() {
    holds(
        "",
        OFF,
        &["logdirty: r = logdirty_enable 1; assert r == ok and logdirty(1) == 1
         assert entry(1:0x10).type == ram_logdirty and entry(1:0x10).mfn == M and entry(1:0x12).type == ram_ro
         assert entry(1:0x11).type == ram_logdirty and entry(1:0x11).access == access_n
         r = mark_dirty 1:0x10; n = logdirty_peek 1; assert n == 1
         r = logdirty_disable 1; assert r == ok and logdirty(1) == 0
         assert entry(1:0x10).type == ram_rw and entry(1:0x11).type == ram_rw and entry(1:0x12).type == ram_ro
         n = logdirty_peek 1; assert n == 0 and dirty(1:0x10) == 0
         r = logdirty_disable 1; assert r == ok
         a = alloc table(1); b = alloc table(1); c = alloc table(1); d = alloc table(1); assert d != none
         free a; free b; free c; free d"],
    );
}

#[test]
fn the_errors_of_enabling_come_in_their_order() {
    let device = "hardware: v = hw_read 1:0x99";
    holds("", OFF, &["logdirty: r = logdirty_enable 1; assert r == EINVAL and logdirty(1) == 0", device]);
    holds(
        "",
        OFF,
        &["logdirty: r = logdirty_enable 1; r = logdirty_enable 1; assert r == EINVAL and logdirty(1) == 1"],
    );
    // Entries of an ioreq server: only where it is off. Both off and on are asked before.
    let claim = "r = ioreq_claim 1; assert r == ok; r = set_mem_type 1:0x10 as ioreq_server; assert r == ok";
    holds(
        "encoding = 'ept'",
        OFF,
        &[&format!("toolstack: {claim}; r = logdirty_enable 1; assert r == EBUSY and logdirty(1) == 0")],
    );
    holds(
        "encoding = 'ept'",
        OFF,
        &[
            "toolstack: r = logdirty_enable 1; r = ioreq_claim 1; r = set_mem_type 1:0x10 as ioreq_server; assert r == EINVAL",
        ],
    );
    // Two at once: one of them is told that it is on.
    let enable =
        "logdirty: r = logdirty_enable 1; assert r == ok or r == EINVAL; if r == ok { n = add w by 1; assert n == 1 }";
    holds("words = { w = 0 }", OFF, &[enable, enable]);
}

#[test]
fn a_harvest_gives_what_was_written_and_protects_it_again() {
    holds(
        "",
        ON,
        &["vcpu: c = hw_write 1:0x10 = 5; assert c == fault; c = logdirty_fault 1:0x10; assert c == ok
         assert entry(1:0x10).type == ram_rw and dirty(1:0x10) == 1
         c = logdirty_fault 1:0x10; assert c == ok; c = hw_write 1:0x10 = 5; assert c == ok
         n = logdirty_peek 1; assert n == 1; n = logdirty_clean 1
         assert n == 1 and dirty(1:0x10) == 0 and entry(1:0x10).type == ram_logdirty
         c = hw_write 1:0x10 = 6; assert c == fault; n = logdirty_clean 1; assert n == 0
         c = logdirty_fault 1:0x99; assert c == fault"],
    );
}

#[test]
fn a_fault_splits_a_superpage_and_says_when_it_cannot() {
    let map = "tables = 1, logdirty = true | 0x200 = S as ram_logdirty order 9";
    holds(
        "",
        map,
        &["vcpu: c = logdirty_fault 1:0x205; assert c == ok and entry(1:0x205).type == ram_rw and dirty(1:0x205) == 1
         assert entry(1:0x206).type == ram_logdirty and entry(1:0x206).order == 0 and dirty(1:0x206) == 0"],
    );
    holds(
        "",
        map,
        &["vcpu: fail table; c = logdirty_fault 1:0x205; assert c == ENOMEM and entry(1:0x205).type == ram_logdirty
         assert entry(1:0x205).order == 9 and dirty(1:0x205) == 1"],
    );
}

#[test]
fn a_lost_mark_is_told_at_every_harvest_until_it_is_turned_off() {
    holds(
        "",
        "tables = 3 | 0x10 = M as ram_rw",
        &["logdirty: r = logdirty_enable 1; r = mark_dirty 1:0x10; assert r == ok and dirty(1:0x10) == 0
         n = logdirty_peek 1; assert n == none; n = logdirty_clean 1; assert n == none
         r = logdirty_disable 1; r = logdirty_enable 1; n = logdirty_clean 1; assert n == 0"],
    );
    let fails =
        "logdirty: r = logdirty_enable 1; fail table; r = mark_dirty 1:0x10; n = logdirty_clean 1; assert n == none";
    holds("", OFF, &[fails]);
}

#[test]
fn whoever_holds_a_range_is_sent_away_and_nothing_has_changed() {
    for verb in ["enable", "disable"] {
        let program = format!(
            "logdirty: lock gfn(1:0x10); r = logdirty_{verb} 1; assert r == ERESTART and logdirty(1) == 1; unlock gfn(1:0x10)"
        );
        breaks(Rule::I27, "", ON, &[&program]);
    }
}

#[test]
fn s61_a_fault_and_a_clean_never_lose_a_write_between_them() {
    let writes = "vcpu: c = hw_write 1:0x10 = 5; if c == fault { c = logdirty_fault 1:0x10; c = hw_write 1:0x10 = 5 }
                  wait done == 1; n = load content(M); s = load sent; assert s == n or dirty(1:0x10) == 1 or c == fault";
    let sends = "logdirty: n = logdirty_clean 1; v = load content(M); store sent = v; store done = 1";
    holds("words = { sent = 0, done = 0 }", ON, &[writes, sends]);
}

#[test]
fn s58_memory_made_while_writes_are_noted_is_marked_or_protected() {
    // Made with the type of before: the harvest knows nothing of the write.
    let world = "words = { on = 0, n = 9 }";
    let make = |ty: &str, mark: &str| {
        format!(
            "vcpu: lock gfn(1:0x20); set_entry 1:0x20 = F as {ty}; store m2p(F) = 1:0x20; {mark}; flush 1; unlock gfn(1:0x20)
             c = hw_write 1:0x20 = 7; store on = 1; wait on == 2; k = load n; assert c == fault or k > 0"
        )
    };
    let harvest = "logdirty: wait on == 1; m = logdirty_peek 1; store n = m; store on = 2";
    let none = "k = load on";
    breaks(Rule::Assert, world, ON, &[&make("ram_rw", none), harvest]);
    holds(world, ON, &[&make("ram_rw", "r = mark_dirty 1:0x20"), harvest]);
    holds(world, ON, &[&make("ram_logdirty", none), harvest]);
}

#[test]
fn s59_a_mark_after_it_was_turned_off_takes_no_page() {
    // Whatever comes first: the six pages of the pool are all there again.
    let all = "a = alloc table(1); b = alloc table(1); c = alloc table(1); d = alloc table(1); e = alloc table(1)
               assert e != none; free a; free b; free c; free d; free e";
    holds(
        "words = { w = 0 }",
        "tables = 5 | 0x10 = M as ram_rw",
        &[
            &format!("logdirty: r = logdirty_enable 1; r = logdirty_disable 1; wait w == 1; {all}"),
            "grant: r = mark_dirty 1:0x10; store w = 1",
        ],
    );
}

#[test]
fn a_display_is_told_what_was_drawn_since_it_last_asked() {
    holds(
        "",
        OFF,
        &["vcpu: n = track_vram 1:0x10 through 1:0x12; assert n == 3 and entry(1:0x10).type == ram_logdirty
         n = track_vram 1:0x10 through 1:0x12; assert n == 0
         c = logdirty_fault 1:0x10; assert c == ok and dirty(1:0x10) == 0 and entry(1:0x10).type == ram_rw
         n = track_vram 1:0x10 through 1:0x12; assert n == 1 and entry(1:0x10).type == ram_logdirty
         n = track_vram 1:0x11 through 1:0x11; assert n == 1 and entry(1:0x10).type == ram_rw and entry(1:0x11).type == ram_logdirty
         r = untrack_vram 1; assert r == ok and entry(1:0x11).type == ram_rw
         r = untrack_vram 1; assert r == ok
         n = track_vram 1:0x12 through 1:0x11; assert n == none; n = track_vram 1:0x12 through 2:0x13; assert n == none"],
    );
    let map = "tables = 1 | 0x200 = ram_rw order 9";
    holds("", map, &["toolstack: fail table; n = track_vram 1:0x210 through 1:0x20000; assert n == none and entry(1:0x210).type == ram_rw
                      n = track_vram 1:0x210 through 1:0x211; assert n == 2 and entry(1:0x212).type == ram_rw"]);
}

#[test]
fn s56_a_display_and_a_migration_do_not_end_each_other() {
    // The one that ends first leaves the other's entries protected.
    holds(
        "",
        OFF,
        &["logdirty: n = track_vram 1:0x10 through 1:0x10; r = logdirty_enable 1; r = untrack_vram 1
         assert logdirty(1) == 1 and entry(1:0x10).type == ram_logdirty and entry(1:0x11).type == ram_logdirty
         n = track_vram 1:0x10 through 1:0x10; r = logdirty_disable 1
         assert entry(1:0x10).type == ram_logdirty and entry(1:0x11).type == ram_rw; r = untrack_vram 1
         assert entry(1:0x10).type == ram_rw"],
    );
    // Whatever the order of steps, a write while migration notes them is marked.
    let writes = "vcpu: wait w >= 1; c = hw_write 1:0x10 = 5; wait w == 2; assert c == fault or dirty(1:0x10) == 1";
    let migrates = "logdirty: r = logdirty_enable 1; store w = 1";
    let draws = "toolstack: n = track_vram 1:0x10 through 1:0x10; r = untrack_vram 1; wait w == 1; store w = 2";
    holds("words = { w = 0 }", OFF, &[writes, migrates, draws]);
    // A display that turns the types back by hand takes them from the migration.
    let by_hand = "toolstack: n = track_vram 1:0x10 through 1:0x10; r = change_type_range 1:0x10 through 1:0x10 from ram_logdirty to ram_rw
                   wait w == 1; store w = 2";
    breaks(Rule::Assert, "words = { w = 0 }", OFF, &[writes, migrates, by_hand]);
}
