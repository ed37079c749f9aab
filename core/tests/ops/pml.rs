//! Processors that log by themselves what a guest writes: nothing faults, and no write is lost between page and bitmap.

use crate::{breaks, holds};
use p2mscope_core::watch::Rule;

const PML: &str = "encoding = 'ept', pml = true";
const ON: &str = "tables = 6, logdirty = true | 0x10 = M as ram_logdirty content 1; 0x11 = N as ram_logdirty";

fn one(map: &str, program: &str) {
    holds(PML, map, &[&format!("vcpu: {program}")]);
}

#[test]
fn a_write_faults_on_nothing_and_is_found_by_the_harvest() {
    one(
        ON,
        "v = hw_read 1:0x10; assert v == 1; n = logdirty_peek 1; assert n == 0
         c = hw_write 1:0x10 = 5; assert c == ok and dirty(1:0x10) == 0 and entry(1:0x10).type == ram_logdirty
         c = hw_write 1:0x10 = 6; assert c == ok; n = logdirty_peek 1; assert n == 1 and dirty(1:0x10) == 1
         n = logdirty_clean 1; assert n == 1 and dirty(1:0x10) == 0
         c = write 1:0x11 = 7; assert c == ok; n = logdirty_clean 1; assert n == 1; n = logdirty_clean 1; assert n == 0",
    );
}

#[test]
fn a_harvest_makes_entries_clean_again() {
    one(
        ON,
        "c = hw_write 1:0x10 = 5; n = logdirty_clean 1; assert n == 1; c = hw_write 1:0x10 = 6; assert c == fault
         c = write 1:0x10 = 6; assert c == ok and entry(1:0x10).type == ram_logdirty; c = hw_write 1:0x10 = 7; assert c == ok
         n = logdirty_clean 1; assert n == 1",
    );
}

#[test]
fn a_superpage_is_split_at_the_first_write_and_its_parts_log() {
    one(
        "tables = 2, logdirty = true | 0x200 = S as ram_logdirty order 9",
        "c = hw_write 1:0x205 = 1; assert c == fault; c = write 1:0x205 = 1; assert c == ok and dirty(1:0x205) == 1
         c = hw_write 1:0x206 = 1; assert c == ok and entry(1:0x206).type == ram_logdirty and dirty(1:0x206) == 0
         n = logdirty_clean 1; assert n == 2",
    );
}

#[test]
fn what_was_logged_is_forgotten_when_writes_are_noted_no_longer() {
    one(
        ON,
        "c = hw_write 1:0x10 = 5; c = logdirty_disable 1; assert c == ok; c = write 1:0x10 = 6; assert c == ok
         c = logdirty_enable 1; assert c == ok; n = logdirty_peek 1; assert n == 0",
    );
}

#[test]
fn memory_that_is_not_logged_must_be_marked() {
    breaks(
        Rule::I25,
        PML,
        ON,
        &["vcpu: lock gfn(1:0x10); set_entry 1:0x10 = M as ram_rw; flush 1; unlock gfn(1:0x10); v = read 1:0x11"],
    );
}

#[test]
fn two_vcpus_that_write_one_page_log_it_once_or_twice_and_lose_nothing() {
    let writes = "vcpu: c = hw_write 1:0x10 = 5; assert c == ok; n = logdirty_peek 1; assert n == 1";
    holds(PML, ON, &[writes, writes]);
}

#[test]
fn s61_a_write_is_in_the_page_or_in_the_bitmap_when_a_harvest_looks() {
    let writes = "vcpu: c = write 1:0x10 = 5; wait done == 1; n = load content(M); s = load sent
                  k = logdirty_peek 1; assert s == n or k == 1";
    let sends = "logdirty: n = logdirty_clean 1; v = load content(M); store sent = v; store done = 1";
    for flush in ["sync", "deferred"] {
        holds(&format!("{PML}, flush = '{flush}', words = {{ sent = 0, done = 0 }}"), ON, &[writes, sends]);
    }
}

#[test]
fn turning_it_on_while_a_guest_writes_loses_nothing() {
    let writes =
        "vcpu: c = hw_write 1:0x10 = 4; c = write 1:0x10 = 5; wait done == 1; n = load content(M); s = load sent
                  k = logdirty_peek 1; assert s == n or k == 1";
    let sends = "logdirty: c = logdirty_enable 1; v = load content(M); store sent = v; store done = 1";
    let world = format!("{PML}, words = {{ sent = 0, done = 0 }}");
    holds(&world, "tables = 8 | 0x10 = M as ram_rw content 1", &[writes, sends]);
}
