//! Types that are computed when they are needed: what marks mean to look-ups, changes and processors, and that no write is
//! lost between a mark and the type.

use crate::{breaks, holds};
use p2mscope_core::watch::Rule;

/// Both encodings that mark entries. To a processor of AMD's a mark is a fault like any other.
const TODAY: [&str; 2] = ["ept", "npt"];

fn each(map: &str, actors: &[&str]) {
    for encoding in TODAY {
        holds(&format!("encoding = '{encoding}'"), map, actors);
    }
}

/// One actor, alone, in both.
fn one(map: &str, program: &str) {
    each(map, &[&format!("vcpu: {program}")]);
}

const OFF: &str =
    "tables = 8 | 0x10 = M as ram_rw content 5; 0x11 = N as ram_ro content 6; 0x400 = K as ram_rw content 7";
const RAW: &str = "pte(1:0x10, 0).type == ram_rw";

#[test]
fn a_change_of_all_types_marks_the_root_and_look_ups_see_the_new_type() {
    one(
        OFF,
        &format!(
            "c = change_type_global 1 from ram_rw to ram_logdirty; assert c == ok and {RAW}
             e = lookup 1:0x10; assert e.type == ram_logdirty and e.mfn == M and entry(1:0x10).type == ram_logdirty
             e = get_gfn 1:0x10; assert e.type == ram_logdirty and {RAW}; put_gfn 1:0x10
             e = lookup 1:0x11; assert e.type == ram_ro; e = lookup 1:0x99; assert e.mfn == none
             c = change_type_global 1 from ram_logdirty to ram_rw; e = lookup 1:0x10; assert c == ok and e.type == ram_rw"
        ),
    );
}

#[test]
fn a_processor_does_not_go_through_a_mark() {
    one(
        OFF,
        "v = hw_read 1:0x10; assert v == 5; c = change_type_global 1 from ram_rw to ram_logdirty
         v = hw_read 1:0x10; c = hw_write 1:0x400 = 9; assert v == none and c == fault
         v = read 1:0x10; assert v == 5 and pte(1:0x10, 0).type == ram_logdirty
         v = hw_read 1:0x10; assert v == 5; v = hw_read 1:0x11; assert v == 6; v = hw_read 1:0x400; assert v == none",
    );
}

#[test]
fn the_table_of_an_entry_gets_its_types_at_once_and_others_keep_their_mark() {
    one(
        "tables = 4 | 0x10 = M as ram_rw; 0x12 = ram_rw with access_n; 0x1ff = ram_rw; 0x200 = ram_rw",
        "c = change_type_global 1 from ram_rw to ram_logdirty; v = read 1:0x10
         assert pte(1:0x10, 0).type == ram_logdirty and pte(1:0x1ff, 0).type == ram_logdirty
         assert pte(1:0x12, 0).type == ram_logdirty and pte(1:0x200, 0).type == ram_rw and entry(1:0x200).type == ram_logdirty
         c = finish_type_change 1:0 through 1:0xffff; assert c == ok and pte(1:0x200, 0).type == ram_logdirty
         v = hw_read 1:0x200; assert v == 0",
    );
}

#[test]
fn what_a_change_of_all_types_refuses_has_changed_nothing() {
    one(
        OFF,
        "c = change_type_global 1 from ram_rw to ram_rw; assert c == EINVAL
         c = change_type_global 1 from ram_rw to mmio_direct; assert c == EINVAL
         c = change_type_global 1 from ram_rw to ram_ro; assert c == EINVAL
         c = finish_type_change 1:0x11 through 1:0x10; assert c == EINVAL; c = finish_type_change 1:0x11 through 2:0x12; assert c == EINVAL
         v = hw_read 1:0x10; assert v == 5",
    );
    for program in ["change_type_global 1 from ram_rw to ram_logdirty", "finish_type_change 1:0x10 through 1:0x10"] {
        let program = format!(
            "vcpu: lock gfn(1:0x10); c = {program}; assert c == ERESTART; v = hw_read 1:0x10; assert v == 5; unlock gfn(1:0x10)"
        );
        breaks(Rule::I27, "encoding = 'ept'", OFF, &[&program]);
    }
}

#[test]
fn the_encodings_of_2011_change_every_entry_at_once() {
    for encoding in ["ept-2011", "npt-2011", "npt-2012"] {
        holds(
            &format!("encoding = '{encoding}'"),
            OFF,
            &["vcpu: c = change_type_global 1 from ram_rw to ram_logdirty; assert c == ok and pte(1:0x10, 0).type == ram_logdirty
               c = finish_type_change 1:0 through 1:0xffff; assert c == ok
               v = hw_read 1:0x400; assert v == 7 and pte(1:0x400, 0).type == ram_logdirty"],
        );
    }
}

#[test]
fn log_dirty_marks_and_a_write_is_noted() {
    one(
        OFF,
        &format!(
            "c = logdirty_enable 1; assert c == ok and {RAW}; c = write 1:0x10 = 9; assert c == ok and dirty(1:0x10) == 1
             c = hw_write 1:0x10 = 8; assert c == ok; n = logdirty_clean 1; assert n == 1 and {RAW} and entry(1:0x10).type == ram_logdirty
             c = hw_write 1:0x10 = 7; assert c == fault; c = logdirty_fault 1:0x10; assert c == ok and dirty(1:0x10) == 1
             c = hw_write 1:0x10 = 7; assert c == ok; c = logdirty_disable 1; assert c == ok and entry(1:0x400).type == ram_rw
             c = write 1:0x400 = 1; assert c == ok and dirty(1:0x400) == 0"
        ),
    );
}

#[test]
fn every_change_of_an_entry_takes_the_type_that_it_has_by_now() {
    let on = "c = logdirty_enable 1; assert c == ok";
    for (change, then) in [
        ("c = change_type 1:0x10 from ram_logdirty to ram_ro", "ram_ro"),
        ("c = set_access 1:0x10 = access_rx", "ram_logdirty"),
        ("c = set_access 1:0x10 through 1:0x12 = access_rx", "ram_logdirty"),
        ("c = change_type_range 1:0 through 1:0xff from ram_logdirty to ram_ro", "ram_ro"),
        ("c = share_nominate 1:0x10; c = unshare 1:0x10", "ram_rw"),
    ] {
        one(
            OFF,
            &format!(
                "{on}; {change}; assert c == ok and pte(1:0x10, 0).type == {then}; v = read 1:0x10; assert v == 5"
            ),
        );
    }
    one(OFF, &format!("{on}; c = change_type 1:0x10 from ram_rw to ram_ro; assert c == EBUSY"));
}

#[test]
fn a_marked_superpage_is_split_and_its_parts_have_its_type() {
    let map = "tables = 5 | 0x200 = S as ram_rw order 9";
    one(
        map,
        "c = logdirty_enable 1; assert c == ok and entry(1:0x205).type == ram_logdirty and pte(1:0x205, 1).type == ram_rw
         c = write 1:0x205 = 3; assert c == ok and entry(1:0x205).type == ram_rw and entry(1:0x206).type == ram_logdirty
         assert entry(1:0x206).order == 0 and dirty(1:0x205) == 1",
    );
    one(
        "tables = 1, logdirty = true | 0x200 = S as ram_logdirty order 9",
        "n = logdirty_clean 1; fail table; c = logdirty_fault 1:0x205; assert c == ENOMEM
         assert entry(1:0x205).type == ram_logdirty and entry(1:0x205).order == 9",
    );
}

#[test]
fn the_range_of_a_display_keeps_its_type_when_all_others_change() {
    one(
        OFF,
        "n = track_vram 1:0x10 through 1:0x10; c = logdirty_enable 1; assert entry(1:0x400).type == ram_logdirty
         c = logdirty_disable 1; assert entry(1:0x400).type == ram_rw and entry(1:0x10).type == ram_logdirty
         c = untrack_vram 1; assert c == ok and entry(1:0x10).type == ram_rw; v = read 1:0x10; assert v == 5",
    );
    // A superpage that the range cuts is split before anything is marked, or nothing is.
    let cut = "tables = 6, logdirty = true | 0x200 = S as ram_logdirty order 9";
    one(
        cut,
        "n = track_vram 1:0x210 through 1:0x211; c = logdirty_disable 1; assert c == ok
         assert entry(1:0x20f).type == ram_rw and entry(1:0x210).type == ram_logdirty and entry(1:0x212).type == ram_rw",
    );
    one(
        cut,
        "n = track_vram 1:0x210 through 1:0x211; fail table; c = logdirty_disable 1
         assert c == ENOMEM and logdirty(1) == 1 and entry(1:0x20f).type == ram_logdirty and entry(1:0x20f).order == 9",
    );
}

#[test]
fn what_an_ioreq_server_has_is_its_own_until_it_goes() {
    one(
        OFF,
        "c = ioreq_claim 1; c = set_mem_type 1:0x10 as ioreq_server; assert c == ok
         c = change_type_global 1 from ram_logdirty to ram_rw; assert c == ok and entry(1:0x10).type == ioreq_server
         c = ioreq_release 1; assert c == ok and entry(1:0x10).type == ram_rw; v = read 1:0x10; assert v == 5
         c = ioreq_claim 1; assert c == ok",
    );
}

#[test]
fn an_entry_that_is_refused_for_another_reason_is_the_guests_own_fault() {
    holds(
        "encoding = 'ept'",
        "0x10 = ram_rw with access_w",
        &["vcpu: c = write 1:0x10 = 1; assert c == fault; c = change_type_global 1 from ram_rw to ram_logdirty
           c = write 1:0x400 = 1; assert c == ok"],
    );
}

/// Two vCPUs meet marks in one table at once, in ranges of their own; one of them splits a superpage beside them.
#[test]
fn two_move_marks_down_at_once() {
    let map = "tables = 6 | 0x10 = M as ram_rw content 5; 0x400 = S as ram_rw order 9";
    let marked = "c = change_type_global 1 from ram_rw to ram_logdirty";
    for encoding in TODAY {
        holds(
            &format!("encoding = '{encoding}', words = {{ w = 0 }}"),
            map,
            &[
                &format!("vcpu: {marked}; store w = 1; v = read 1:0x10; assert v == 5"),
                "toolstack: wait w == 1; c = change_type 1:0x405 from ram_logdirty to ram_ro
                 assert c == ok and entry(1:0x405).type == ram_ro and entry(1:0x406).type == ram_logdirty",
            ],
        );
    }
}

#[test]
fn s61_no_write_falls_between_a_mark_and_the_harvest() {
    let on = "tables = 3, logdirty = true | 0x10 = M as ram_logdirty content 1";
    let writes = "vcpu: c = write 1:0x10 = 5; wait done == 1; n = load content(M); s = load sent
                  assert s == n or dirty(1:0x10) == 1";
    let sends = "logdirty: n = logdirty_clean 1; v = load content(M); store sent = v; store done = 1";
    for encoding in TODAY {
        holds(&format!("encoding = '{encoding}', words = {{ sent = 0, done = 0 }}"), on, &[writes, sends]);
    }
}

#[test]
fn turning_it_on_while_a_guest_writes_loses_nothing() {
    let writes =
        "vcpu: c = hw_write 1:0x10 = 4; c = write 1:0x10 = 5; wait done == 1; n = load content(M); s = load sent
                  assert s == n or dirty(1:0x10) == 1";
    let sends = "logdirty: c = logdirty_enable 1; v = load content(M); store sent = v; store done = 1";
    for encoding in TODAY {
        for flush in ["sync", "deferred"] {
            let world = format!("encoding = '{encoding}', flush = '{flush}', words = {{ sent = 0, done = 0 }}");
            holds(&world, "tables = 8 | 0x10 = M as ram_rw content 1", &[writes, sends]);
        }
    }
}
