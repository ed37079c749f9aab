//! Taking a frame away for good: transfers and exchanges, their errors in order, and that nobody keeps a way to the frame.

use super::{breaks, holds};
use p2mscope_core::watch::Rule;

const RAM: &str = "0x10 = M as ram_rw content 5; 0x11 = N as ram_rw content 6";
const FREE: &str = "free_frames = 2";

fn one(world: &str, map: &str, program: &str) {
    holds(world, map, &[&format!("toolstack: {program}")]);
}

#[test]
fn an_exchange_gives_another_frame_and_frees_the_old_one() {
    one(
        FREE,
        RAM,
        "n = load tot_pages(1); c = exchange 1:0x10; assert c == ok and free(M); e = lookup 1:0x10; m = load m2p(e.mfn)
        assert e.mfn != M and e.mfn != none and m == 1:0x10; k = load tot_pages(1); assert k == n",
    );
    one(
        FREE,
        RAM,
        "c = exchange 1:0x10 to 1:0x400; assert c == ok and free(M); e = lookup 1:0x10; assert e.mfn == none
        e = lookup 1:0x400; assert e.type == ram_rw",
    );
    let large = "0x200 = S as ram_rw order 9";
    one(FREE, large, "c = exchange 1:0x205; assert c == ok and free(S + 5); e = lookup 1:0x206; assert e.mfn == S + 6");
}

#[test]
fn an_exchange_names_its_errors_in_their_order() {
    let still = "e = lookup 1:0x10; m = load m2p(M); n = load count(M); assert e.mfn == M and e.type == ram_rw and m == 1:0x10 and n == 1";
    one("encoding = 'ept', free_frames = 2", RAM, &format!("c = exchange 1:0x10; assert c == EINVAL; {still}"));
    one("free_frames = 2", RAM, &format!("c = exchange 1:0x10 to 2:0x10; assert c == EINVAL; {still}"));
    one("", RAM, &format!("c = exchange 1:0x10; assert c == ENOMEM; c = exchange 1:0x99; assert c == ENOMEM; {still}"));
    one(FREE, "0x10 = M as ram_rw; 0x11 = ram_ro; 0x12 = ram_paged", &format!("c = exchange 1:0x11; assert c == EINVAL; c = exchange 1:0x12; assert c == EINVAL
        c = exchange 1:0x99; assert c == EINVAL; f = alloc frame(1); g = alloc frame(1); assert g != none; x = free f; x = free g; {still}"));
    one(FREE, RAM, &format!("h = get_page M; c = exchange 1:0x10; assert c == EINVAL; put_page M; {still}"));
    one(
        FREE,
        RAM,
        &format!(
            "h = get_page M; h = get_type M as pgt_writable; c = exchange 1:0x10; assert c == EINVAL; put_type M; put_page M; {still}"
        ),
    );
    one(
        FREE,
        "0x200 = S as ram_rw order 9",
        "fail table; c = exchange 1:0x205; assert c == ENOMEM; e = lookup 1:0x205; assert e.order == 9 and e.mfn == S + 5",
    );
    // One frame is free: it is what the exchange takes, and none is left to unshare with.
    one(
        "free_frames = 1",
        "0x10 = M as ram_shared; 0x11 = M as ram_shared",
        "c = exchange 1:0x10; assert c == ENOMEM; e = lookup 1:0x10; assert e.mfn == M",
    );
    one(
        FREE,
        "0x10 = M as ram_shared; 0x11 = M as ram_shared",
        "c = exchange 1:0x10; assert c == ok; n = load nr_saved; assert n == 0; e = lookup 1:0x10; assert e.type == ram_rw",
    );
    // A device at the destination: the domain ends, and the page is gone.
    one(
        FREE,
        RAM,
        "lock gfn(1:0x20); set_entry 1:0x20 = F as mmio_direct; unlock gfn(1:0x20); c = exchange 1:0x10 to 1:0x20
        assert c == EPERM and free(M); n = load crashed(1); assert n == 1",
    );
}

#[test]
fn a_transfer_gives_the_page_to_who_granted_a_place() {
    one(FREE, RAM, "c = increase 2:0x20; e = lookup 2:0x20; f = e.mfn; c = grant_transfer 2:0x20 = H; assert c == ok
        o = load owner(f); m = load m2p(f); n = load tot_pages(2); assert o == 1 and m == 1:0x99 and n == 0
        n = load domain_ref(2); assert n == 0; e = lookup 1:0x99; assert e.mfn == f; e = lookup 2:0x20; assert e.mfn == none");
}

#[test]
fn a_transfer_names_its_errors_in_their_order() {
    let give = "c = increase 2:0x20; e = lookup 2:0x20; f = e.mfn";
    let still = "e = lookup 2:0x20; o = load owner(f); assert e.mfn == f and o == 2";
    one(
        "encoding = 'ept', free_frames = 1",
        RAM,
        &format!("{give}; c = grant_transfer 2:0x20 = H; assert c == EINVAL; {still}"),
    );
    one(
        FREE,
        RAM,
        &format!(
            "{give}; c = grant_transfer 2:0x20 = O; assert c == EPERM; c = grant_transfer 2:0x20 = R; assert c == EPERM; {still}"
        ),
    );
    one(
        FREE,
        RAM,
        &format!(
            "{give}; c = grant_transfer 2:0x77 = H; assert c == EINVAL; h = get_page f; c = grant_transfer 2:0x20 = H; assert c == EINVAL; put_page f; {still}"
        ),
    );
    one(
        FREE,
        RAM,
        &format!(
            "{give}; store dying(1) = 1; c = grant_transfer 2:0x20 = H; assert c == EAGAIN and free(f); e = lookup 2:0x20; assert e.mfn == none"
        ),
    );
}

#[test]
fn nobody_keeps_a_way_to_a_frame_that_was_stolen() {
    for flush in ["sync", "deferred"] {
        let world = format!("flush = '{flush}', free_frames = 2");
        let exchange = "toolstack: c = exchange 1:0x10";
        holds(&world, RAM, &["vcpu: v = hw_read 1:0x10; v = hw_read 1:0x10", exchange]);
        holds(
            &world,
            RAM,
            &["grant: e = get_gfn 1:0x10; if e.mfn != none { store content(e.mfn) = 7 }; put_gfn 1:0x10", exchange],
        );
        holds(&world, RAM, &["pager: c = nominate 1:0x10; c = evict 1:0x10; c = prep 1:0x10 = 5", exchange]);
        holds(&world, RAM, &["balloon: c = guest_remove 1:0x10", exchange]);
        holds(&world, RAM, &["toolstack: c = exchange 1:0x400 to 1:0x10", "toolstack: c = exchange 1:0x10 to 1:0x400"]);
    }
    // Given away before the TLBs have answered: what XSA-217 is about.
    let wrong = "toolstack: lock gfn(1:0x10); set_entry 1:0x10 = none as invalid; x = free M; f = alloc frame(2); flush 1; unlock gfn(1:0x10)";
    breaks(Rule::I4, "", RAM, &["vcpu: v = hw_read 1:0x10", wrong]);
}
