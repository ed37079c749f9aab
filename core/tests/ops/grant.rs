//! Grants: mapping, unmapping and copying what another domain lets one have, what each holds, and what it must not race with.

use crate::{RAM, breaks, holds};
use p2mscope_core::watch::Rule;

/// G lets domain 2 write M, W lets it write N and R read it, H is of nothing, O for another domain.
pub const GRANTED: &str = "grant = [{ name = 'G', from = '1:0x10', to = 2 }, { name = 'W', from = '1:0x11', to = 2 },\n\
     { name = 'R', from = '1:0x11', to = 2, readonly = true }, { name = 'H', from = '1:0x99', to = 2 },\n\
     { name = 'O', from = '1:0x10', to = 1 }, { name = 'S', from = '1:0x11', to = 1, readonly = true }]\n";

const GRANTS: &str = "encoding = 'ept', free_frames = 2";

fn one(program: &str) {
    holds(GRANTS, RAM, &[&format!("toolstack: {program}")]);
}

#[test]
fn a_grant_map_pins_the_frame_and_leaves_its_m2p_alone() {
    one("r = grant_map 2:0x10 = G; e = lookup 2:0x10; m = load m2p(M)
         assert r == ok and e.mfn == M and e.type == grant_map_rw and m == 1:0x10
         n = load count(M); t = load type_count(M); assert n == 2 and t == 1
         r = grant_map 2:0x11 = G readonly; e = lookup 2:0x11; n = load count(M); t = load type_count(M)
         assert r == ok and e.type == grant_map_ro and n == 3 and t == 1
         r = nominate 1:0x10; assert r == EBUSY
         r = grant_unmap 2:0x10; assert r == ok; r = grant_unmap 2:0x10; assert r == EINVAL
         r = grant_unmap 2:0x11; n = load count(M); t = load type_count(M); assert r == ok and n == 1 and t == 0");
}

#[test]
fn errors_of_a_grant_map_come_in_their_order() {
    one("r = grant_map 1:0x20 = G; assert r == EPERM; r = grant_map 2:0x10 = R; assert r == EPERM
         r = grant_map 2:0x10 = O readonly; assert r == EPERM
         r = grant_map 2:0x10 = H; assert r == EINVAL
         r = grant_map 2:0x10 = R readonly; assert r == ok; r = grant_unmap 2:0x10; assert r == ok
         c = nominate 1:0x10; c = evict 1:0x10; assert c == ok; r = grant_map 2:0x10 = G; assert r == EAGAIN
         a = get_type N as pgt_l1; n = load count(N); r = grant_map 2:0x10 = W; k = load count(N)
         assert r == EINVAL and n == k; put_type N
         r = grant_unmap 1:0x11; assert r == EINVAL");
}

#[test]
fn without_a_page_for_a_table_nothing_is_pinned() {
    one("fail table; r = grant_map 2:0x10 = G; n = load count(M); t = load type_count(M); e = lookup 2:0x10
         assert r == ENOMEM and n == 1 and t == 0 and e.mfn == none");
}

#[test]
fn memory_under_a_grant_map_stays_its_domains_and_loses_its_address() {
    one("c = increase 2:0x10; e = lookup 2:0x10; r = grant_map 2:0x10 = G; m = load m2p(e.mfn)
         assert r == ok and not free(e.mfn) and m == none; r = grant_unmap 2:0x10; assert r == ok; free e.mfn");
}

/// S35: the second map of what is pinned looks nothing up, and puts nothing that it has not got.
#[test]
fn s35_a_second_map_of_a_pinned_grant_maps_the_same_frame() {
    one("r = grant_map 2:0x10 = G; c = guest_remove 1:0x10; assert c == ok
         r = grant_map 2:0x11 = G; e = lookup 2:0x11; assert r == ok and e.mfn == M
         r = grant_unmap 2:0x10; assert not free(M); r = grant_unmap 2:0x11; assert free(M)");
}

const MAPS: &str = "grant 2: r = grant_map 2:0x10 = G
    if r == ok { e = lookup 2:0x10; store content(e.mfn) = 7; r = grant_unmap 2:0x10; assert r == ok }";
const EVICTS: &str = "pager: r = nominate 1:0x10; if r == ok { r = evict 1:0x10 }";
const GIVES: &str = "balloon: r = guest_remove 1:0x10; assert r == ok";

#[test]
fn a_grant_map_races_with_nobody_who_takes_the_page_away() {
    holds(GRANTS, RAM, &[MAPS, EVICTS]);
    holds(GRANTS, RAM, &[MAPS, GIVES]);
    let guest = "vcpu 2: r = grant_map 2:0x10 = G
        if r == ok { c = hw_write 2:0x10 = 9; assert c == ok; r = grant_unmap 2:0x10; assert r == ok }";
    holds(GRANTS, RAM, &[guest, GIVES]);
}

/// S04: a copy from a translation that was put already.
#[test]
fn s04_a_grant_copy_holds_what_it_reads() {
    let copy = "grant 2: c = increase 2:0x20; r = grant_copy 2:0x20 = R
        if r == ok { e = lookup 2:0x20; v = load content(e.mfn); assert v == 6 }";
    let evicts = "pager: r = nominate 1:0x11; if r == ok { r = evict 1:0x11 }";
    holds(GRANTS, RAM, &[copy, evicts]);
    let put_first = "grant 2: c = increase 2:0x20; t = lookup 2:0x20; e = get_gfn 1:0x11; put_gfn 1:0x11
        if e.mfn != none { v = load content(e.mfn); store content(t.mfn) = v }";
    breaks(Rule::Stray, GRANTS, RAM, &[put_first, evicts]);
    one("r = grant_copy 1:0x10 = R; assert r == EPERM; r = grant_copy 2:0x20 = R; n = load count(N)
         assert r == EINVAL and n == 1");
}

#[test]
fn a_page_that_is_out_is_asked_for_by_who_maps_or_copies_it() {
    let map = "tables = 3, ring = 4 | 0x10 = ram_paged; 0x11 = N as ram_rw";
    let asked = "g = take ring(1); assert g == 1:0x10; e = lookup 1:0x10; assert e.type == ram_paging_in";
    holds(GRANTS, map, &[&format!("toolstack: r = grant_map 2:0x10 = G; assert r == EAGAIN; {asked}")]);
    holds(GRANTS, map, &[&format!("toolstack: r = grant_copy 2:0x10 = G; assert r == EAGAIN; {asked}")]);
    // Twice: the second finds that it was asked for, and a full ring is no reason to wait with the grant lock held.
    holds(
        GRANTS,
        &map.replace("ring = 4", "ring = 1"),
        &["toolstack: r = grant_map 2:0x10 = G; r = grant_map 2:0x10 = G; assert r == EAGAIN and space(1) == 0"],
    );
    // Brought back, it is mapped.
    let maps =
        "grant 2: r = grant_map 2:0x10 = G; if r == EAGAIN { wait w == 1; r = grant_map 2:0x10 = G }; assert r == ok
        r = grant_unmap 2:0x10";
    let pager = "pager: g = take ring(1); r = prep g = 5; r = resume g; store w = 1";
    holds(&format!("{GRANTS}, words = {{ w = 0 }}"), map, &[maps, pager]);
    // The destination of a copy is the domain's own: its vCPU is paused until the page is there, and copies then.
    let copies =
        "vcpu 1: r = grant_copy 1:0x12 = S; assert r == EAGAIN; enter_guest; r = grant_copy 1:0x12 = S; assert r == ok";
    let pager = "pager: g = take ring(1); assert g == 1:0x12; r = prep g = 5; r = resume g";
    holds(GRANTS, "tables = 3, ring = 2 | 0x11 = N as ram_rw content 6; 0x12 = ram_paged", &[copies, pager]);
}
