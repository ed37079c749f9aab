//! Access rights over entries: setting, asking, and what becomes of an access that they forbid.

use crate::{RAM, holds};

#[test]
fn a_right_is_set_and_asked_for() {
    holds(
        "",
        RAM,
        &["toolstack: a = get_access 1:0x10; assert a == access_rwx
         r = set_access 1:0x10 = access_r; assert r == ok and entry(1:0x10).type == ram_rw and entry(1:0x10).mfn == M
         a = get_access 1:0x10; b = get_access 1:0x11; assert a == access_r and b == access_rwx
         a = get_access 1:0x99; assert a == none
         r = set_access 1:0x99 = access_r; assert r == ok"],
    );
}

#[test]
fn a_right_that_the_format_cannot_store_is_refused() {
    let paging_write =
        "toolstack: r = set_access 1:0x10 = access_r_pw; d = default_access 1 = access_r_pw; a = get_access 1:0x10";
    holds("", RAM, &[&format!("{paging_write}; assert r == EINVAL and d == EINVAL and a == access_rwx")]);
    holds("encoding = 'ept'", RAM, &[&format!("{paging_write}; assert r == ok and d == ok and a == access_r_pw")]);
    // AMD's entries take it and store nothing.
    holds(
        "encoding = 'npt'",
        RAM,
        &["toolstack: r = set_access 1:0x10 = access_r; a = get_access 1:0x10; assert r == ok and a == access_rwx"],
    );
    for range in ["1:0x11 through 1:0x10", "1:0x10 through 2:0x11"] {
        let program = format!("toolstack: r = set_access {range} = access_r; assert r == EINVAL");
        holds("", RAM, &[&program]);
    }
}

#[test]
fn a_range_is_written_anew_in_4_kb_entries() {
    holds(
        "",
        "0x10 = ram_rw; 0x11 = ram_ro; 0x20 = ram_rw",
        &["toolstack: r = set_access 1:0x10 through 1:0x1f = access_n; assert r == ok
         assert entry(1:0x10).access == access_n and entry(1:0x11).access == access_n and entry(1:0x11).type == ram_ro
         assert entry(1:0x20).access == access_rwx"],
    );
    let map = "0x200 = S as ram_rw order 9";
    holds(
        "",
        map,
        &["toolstack: r = set_access 1:0x200 through 1:0x201 = access_r; assert r == ok and entry(1:0x201).order == 0
         assert entry(1:0x201).access == access_r and entry(1:0x202).access == access_rwx and entry(1:0x202).mfn == S + 2"],
    );
    holds(
        "",
        map,
        &["toolstack: fail table; r = set_access 1:0x205 = access_r; assert r == ENOMEM and entry(1:0x205).order == 9"],
    );
}

#[test]
fn soft_rights_give_way() {
    let at = |right: &str, program: &str| {
        holds("", &format!("0x10 = M as ram_rw with {right} content 5"), &[&format!("vcpu: {program}")]);
    };
    at(
        "access_rx2rw",
        "v = hw_read 1:0x10; assert v == 5; c = hw_write 1:0x10 = 7; assert c == fault
        c = access_check 1:0x10 for_write; assert c == ok and entry(1:0x10).access == access_rw
        c = hw_write 1:0x10 = 7; assert c == ok",
    );
    at(
        "access_n2rwx",
        "v = hw_read 1:0x10; assert v == none; c = access_check 1:0x10
        assert c == ok and entry(1:0x10).access == access_rwx",
    );
    // Nobody listens: the restriction goes.
    at(
        "access_r",
        "c = access_check 1:0x10; assert c == ok and entry(1:0x10).access == access_r
        c = access_check 1:0x10 for_write; assert c == ok and entry(1:0x10).access == access_rwx",
    );
    // The type forbids it, or nothing is there.
    holds(
        "",
        "0x10 = ram_ro",
        &["vcpu: c = access_check 1:0x10 for_write; assert c == fault; c = access_check 1:0x99; assert c == fault"],
    );
}

#[test]
fn a_domain_that_must_have_a_listener_ends_without_one() {
    holds(
        "",
        "access_required = true | 0x10 = ram_rw with access_r",
        &[
            "vcpu: c = access_check 1:0x10 for_write; d = load dying(1); assert c == EPERM and d == 1 and entry(1:0x10).access == access_r",
        ],
    );
}

#[test]
fn two_that_touch_at_once_are_both_let_through() {
    let touch = "vcpu: c = hw_write 1:0x10 = 7; if c == fault { c = access_check 1:0x10 for_write; assert c == ok; c = hw_write 1:0x10 = 7 }
                 assert c == ok";
    holds("", "0x10 = M as ram_rw with access_n2rwx", &[touch, touch]);
}

/// A world with a ring for events.
const MONITOR: &str = "rings = { monitor = 2 }, words = { on = 0 }";
const RESTRICTED: &str = "access_required = true | 0x10 = M as ram_rw with access_r content 5";

#[test]
fn a_listener_answers_and_the_vcpu_tries_again() {
    holds(
        MONITOR,
        RESTRICTED,
        &[
            "debugger: c = access_listen 1; assert c == ok; c = access_listen 1; assert c == EBUSY; store on = 1
             g = take monitor; assert g == 1:0x10; c = set_access g = access_rw; assert c == ok
             n = access_resume g; assert n == 1; n = access_resume g; assert n == 0",
            "vcpu: wait on == 1; c = write 1:0x10 = 7
             assert c == ok and content(M) == 7 and entry(1:0x10).access == access_rw",
        ],
    );
}

#[test]
fn a_vcpu_waits_outside_until_it_is_answered() {
    // It has not written while its event is unanswered, and asks again where the right still forbids it.
    holds(
        MONITOR,
        RESTRICTED,
        &[
            "debugger: c = access_listen 1; store on = 1; g = take monitor; assert content(M) == 5; n = access_resume g
             assert n == 1; g = take monitor; assert content(M) == 5; c = set_access g = access_rw; n = access_resume g",
            "vcpu: wait on == 1; c = write 1:0x10 = 7; assert c == ok",
        ],
    );
}

#[test]
fn a_listener_that_leaves_lets_everybody_go_on() {
    let leaves = "debugger: c = access_unlisten 1; assert c == EINVAL; c = access_listen 1; store on = 1
                  c = access_unlisten 1; assert c == ok";
    // Nobody listens any more: the restriction goes; or the domain, where it must have a listener.
    let map = "0x10 = M as ram_rw with access_r content 5";
    holds(MONITOR, map, &[leaves, "vcpu: wait on == 1; c = write 1:0x10 = 7; assert c == ok"]);
    holds(MONITOR, RESTRICTED, &[leaves, "vcpu: wait on == 1; c = write 1:0x10 = 7; assert c == ok"]);
}

#[test]
fn soft_rights_tell_as_their_names_say() {
    holds(
        MONITOR,
        "0x10 = M as ram_rw with access_n2rwx content 5; 0x11 = ram_rw with access_rx2rw",
        &[
            "vcpu: c = access_listen 1; c = write 1:0x11 = 1; assert c == ok and entry(1:0x11).access == access_rw
             g = take monitor nowait; assert g == none; v = read 1:0x10; assert v == 5 and entry(1:0x10).access == access_rwx
             g = take monitor nowait; assert g == 1:0x10",
        ],
    );
}

#[test]
fn who_is_no_vcpu_of_the_domain_is_not_paused() {
    holds(
        MONITOR,
        RESTRICTED,
        &["toolstack: c = access_listen 1; c = access_check 1:0x10 for_write; assert c == EAGAIN
           g = take monitor; assert g == 1:0x10; n = access_resume g; assert n == 0
           c = access_check 1:0x10; assert c == ok and dying(1) == 0"],
    );
    holds(
        "",
        RESTRICTED,
        &["toolstack: c = access_listen 1; assert c == ENODEV; c = access_unlisten 1; assert c == EINVAL"],
    );
}
