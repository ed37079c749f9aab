//! The ioreq server: who owns the type, what its release leaves, and what a device model may change.

use crate::{RAM, breaks, holds};
use p2mscope_core::watch::Rule;

const NOW: &str = "encoding = 'ept'";

#[test]
fn the_type_has_one_owner() {
    holds(
        NOW,
        RAM,
        &["toolstack: r = ioreq_release 1; assert r == EINVAL; r = ioreq_claim 1 for_write; assert r == ok
         r = ioreq_claim 1; assert r == EBUSY; r = ioreq_release 1; assert r == ok; r = ioreq_claim 1; assert r == ok"],
    );
    holds(
        "",
        RAM,
        &["toolstack: r = ioreq_claim 1; assert r == EINVAL; r = set_mem_type 1:0x10 as ram_ro; assert r == ok"],
    );
    let claim = "toolstack: r = ioreq_claim 1; if r == ok { n = add w by 1; assert n == 1 }";
    holds("encoding = 'ept', words = { w = 0 }", RAM, &[claim, claim]);
}

#[test]
fn s60_a_release_leaves_no_entry_behind() {
    holds(
        NOW,
        "tables = 6 | 0x10 = M as ram_rw; 0x11 = ram_rw",
        &["toolstack: r = ioreq_claim 1 for_write; r = set_mem_type 1:0x10 as ioreq_server; assert r == ok
         r = logdirty_enable 1; assert r == EBUSY
         r = ioreq_release 1; assert r == ok and entry(1:0x10).type == ram_rw and entry(1:0x10).mfn == M
         r = logdirty_enable 1; assert r == ok and entry(1:0x10).type == ram_logdirty"],
    );
    // Another may claim it only when nothing is left of the first.
    let first = "toolstack: r = ioreq_claim 1; r = set_mem_type 1:0x10 as ioreq_server; r = ioreq_release 1
                 assert r == ok and entry(1:0x10).type == ram_rw";
    holds(NOW, RAM, &[first]);
    holds(
        NOW,
        RAM,
        &["toolstack: lock gfn(1:0x10); set_entry 1:0x10 = M as ioreq_server; flush 1; unlock gfn(1:0x10)
                       r = ioreq_claim 1; assert r == EBUSY"],
    );
    // With entries left to themselves migration could not tell what they are: it is refused.
    let by_hand = "toolstack: lock gfn(1:0x10); set_entry 1:0x10 = M as ioreq_server; flush 1; unlock gfn(1:0x10)
                   r = logdirty_enable 1; assert r == ok";
    breaks(Rule::Assert, NOW, RAM, &[by_hand]);
}

#[test]
fn what_a_device_model_may_change() {
    let may = |map: &str, to: &str, answer: &str| {
        let program = format!("toolstack: r = set_mem_type 1:0x10 as {to}; assert r == {answer}");
        holds(NOW, map, &[&program]);
    };
    for (map, to, answer) in [
        ("0x10 = ram_rw", "ram_paged", "EINVAL"),
        ("0x10 = ram_rw", "ram_ro", "ok"),
        ("0x10 = ram_ro", "ram_rw", "ok"),
        ("0x10 = ram_rw", "ioreq_server", "ok"),
        ("0x10 = ram_ro", "ioreq_server", "EINVAL"),
        ("0x10 = ram_paging_out", "ram_ro", "EAGAIN"),
        ("0x10 = ram_paged", "ram_rw", "EAGAIN"),
        ("0x10 = mmio_dm", "mmio_dm", "ok"),
        ("0x10 = mmio_dm", "ram_rw", "EINVAL"),
        ("0x20 = ram_rw", "ram_rw", "EINVAL"),
        ("0x20 = ram_rw", "mmio_dm", "ok"),
        ("0x10 = populate_on_demand", "ram_ro", "EINVAL"),
    ] {
        may(map, to, answer);
    }
    holds("", RAM, &["toolstack: r = set_mmio 1:0x20 = F; r = set_mem_type 1:0x20 as ram_rw; assert r == EINVAL"]);
    // While writes are noted, memory is not made writable without a note (S58).
    holds(
        NOW,
        "tables = 3, logdirty = true | 0x10 = ram_ro",
        &["toolstack: r = set_mem_type 1:0x10 as ram_rw; assert r == ok and entry(1:0x10).type == ram_logdirty"],
    );
}

#[test]
fn only_a_server_that_takes_writes_keeps_the_guest_from_writing() {
    for encoding in ["ept", "npt"] {
        for (claim, outcome) in [("ioreq_claim 1", "ok"), ("ioreq_claim 1 for_write", "fault")] {
            holds(
                &format!("encoding = '{encoding}'"),
                RAM,
                &[&format!(
                    "vcpu: r = {claim}; r = set_mem_type 1:0x10 as ioreq_server; assert r == ok; v = hw_read 1:0x10; assert v == 5
                     c = hw_write 1:0x10 = 7; assert c == {outcome}; r = ioreq_release 1; c = hw_write 1:0x10 = 7; assert c == ok"
                )],
            );
        }
    }
}
