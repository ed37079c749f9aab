//! Mapping devices: what may be replaced, what it costs, and who may take it away again.

use crate::{RAM, breaks, holds};
use p2mscope_core::watch::Rule;

#[test]
fn a_device_is_mapped_where_nothing_was_and_unmapped() {
    holds(
        "",
        RAM,
        &["toolstack: r = set_mmio 1:0x20 = F; assert r == ok and entry(1:0x20).type == mmio_direct and entry(1:0x20).mfn == F
         r = set_mmio 1:0x20 = F; assert r == ok; r = clear_mmio 1:0x20 = F; assert r == ok and entry(1:0x20).type != mmio_direct
         r = clear_mmio 1:0x20 = F; assert r == EINVAL; r = clear_mmio 1:0x10 = M; assert r == EINVAL and entry(1:0x10).type == ram_rw"],
    );
}

#[test]
fn what_does_not_fit_is_refused_first() {
    for set in ["1:0x201 = F order 9", "1:0x200 = S + 1 order 9", "1:0x200 = none"] {
        let program = format!("toolstack: r = set_mmio {set}; assert r == EINVAL and entry(1:0x200).type == ram_rw");
        holds("", "0x200 = S as ram_rw order 9", &[&program]);
    }
}

#[test]
fn a_larger_order_than_the_table_has_there_is_to_be_tried_smaller() {
    // One entry of the 2 MB is there: Xen answers with the order to try.
    holds(
        "",
        "0x200 = S as ram_rw order 9; 0x410 = ram_rw",
        &["toolstack: r = set_mmio 1:0x400 = S order 9; assert r == ERANGE and entry(1:0x410).type == ram_rw"],
    );
}

#[test]
fn memory_that_a_device_replaces_has_no_gfn_and_is_clean() {
    holds(
        "",
        "tables = 3, logdirty = true | 0x10 = M as ram_logdirty",
        &["toolstack: r = mark_dirty 1:0x10; r = set_mmio 1:0x10 = F; g = load m2p(M)
         assert r == ok and g == none and dirty(1:0x10) == 0 and entry(1:0x10).mfn == F; free M"],
    );
    holds(
        "",
        "0x10 = populate_on_demand; 0x11 = populate_on_demand",
        &["toolstack: r = set_mmio 1:0x10 = F; n = load entry_count(1); assert r == ok and n == 1"],
    );
    holds(
        "",
        "0x10 = M as ram_rw; 0x200 = S as ram_rw order 9",
        &["toolstack: fail table; r = set_mmio 1:0x205 = F; g = load m2p(S + 5)
         assert r == ENOMEM and g == 1:0x205 and entry(1:0x205).order == 9"],
    );
}

#[test]
fn s67_what_is_special_is_not_replaced_and_who_tries_is_ended() {
    holds(
        "",
        RAM,
        &["toolstack: r = set_mmio 1:0x20 = F; r = set_mmio 1:0x20 = M
         d = load dying(1); assert r == EPERM and entry(1:0x20).mfn == F and d == 1"],
    );
    holds(
        "",
        RAM,
        &["toolstack: r = set_identity 1:0x0; assert r == ok; r = set_mmio 1:0x0 = F; assert r == EPERM and entry(1:0x0).type == mmio_direct
         r = change_type 1:0x0 from mmio_direct to ram_rw; assert r == EINVAL"],
    );
}

#[test]
fn an_identity_entry_is_set_where_nothing_was_and_only_its_own_function_clears_it() {
    holds(
        "",
        RAM,
        &["toolstack: r = set_identity 1:0x0; assert r == ok and entry(1:0x0).type == mmio_direct
         r = set_identity 1:0x0; assert r == ok
         r = clear_identity 1:0x0; assert r == ok and entry(1:0x0).type != mmio_direct
         r = clear_identity 1:0x0; assert r == EBUSY
         r = set_identity 1:0x10; assert r == EBUSY and entry(1:0x10).type == ram_rw
         r = clear_identity 1:0x10; assert r == EBUSY and entry(1:0x10).type == ram_rw
         r = set_identity 1:0xfffff; assert r == EINVAL"],
    );
}

#[test]
fn regions_are_mapped_in_calls_of_64_entries() {
    // From the middle of a 2 MB block of frames on: all are 4 KB entries, and the second call does the rest.
    holds(
        "",
        "0x200 = S as ram_rw order 9",
        &["toolstack: n = map_mmio 1:0x400 = S + 1 by 70; assert n == 64
         m = map_mmio 1:0x440 = S + 65 by 6; assert m == 6 and entry(1:0x445).mfn == S + 70
         n = map_mmio 1:0x800 = S by 512; assert n == 512 and entry(1:0x800).order == 9"],
    );
}

#[test]
fn a_device_and_a_write_to_what_it_replaces() {
    let maps = "toolstack: r = set_mmio 1:0x10 = F; assert r == ok; free M";
    holds("", RAM, &[maps, "grant: f = get_page_from_gfn 1:0x10; if f != none { store content(f) = 9; put_page f }"]);
    // Looked up and used without a get: the frame may be gone.
    let stray = "grant: e = lookup 1:0x10; if e.type == ram_rw { store content(e.mfn) = 9 }";
    breaks(Rule::Stray, "", RAM, &[maps, stray]);
}

#[test]
fn regions_are_unmapped_in_calls_of_64_entries() {
    holds(
        "",
        "tables = 4 | 0x200 = S as ram_rw order 9",
        &["toolstack: n = map_mmio 1:0x400 = S + 1 by 66; n = map_mmio 1:0x440 = S + 65 by 2
         n = unmap_mmio 1:0x400 = S + 1 by 66; assert n == 64; n = unmap_mmio 1:0x440 = S + 65 by 4; assert n == 2
         n = unmap_mmio 1:0x440 = S + 65 by 2; assert n == none
         n = map_mmio 1:0x800 = S by 512; n = unmap_mmio 1:0x800 = S by 512; assert n == 512 and entry(1:0x800).mfn == none
         n = map_mmio 1:0x800 = S by 512; n = unmap_mmio 1:0x801 = S + 1 by 2; assert n == 2
         assert entry(1:0x800).mfn == S and entry(1:0x802).mfn == none and entry(1:0x803).mfn == S + 3
         n = map_mmio 1:0xa00 = S by 512; fail table; n = unmap_mmio 1:0xa01 = S + 1 by 2
         assert n == none and entry(1:0xa01).order == 9"],
    );
}

#[test]
fn what_a_guest_may_only_read_is_mapped_so_and_in_4_kb() {
    for encoding in ["ept-2011", "ept", "npt"] {
        holds(
            &format!("encoding = '{encoding}', mmio_ro = ['S']"),
            "tables = 4 | 0x200 = S as ram_rw order 9; 0x10 = M as ram_rw",
            &["vcpu: r = set_mmio 1:0x400 = S order 9; assert r == ERANGE; r = set_mmio 1:0x400 = S; assert r == ok
             c = hw_write 1:0x400 = 1; assert c == fault; r = set_mmio 1:0x401 = S + 1; c = hw_write 1:0x401 = 1; assert c == ok
             n = map_mmio 1:0x600 = S by 512; assert n == 64 and entry(1:0x600).order == 0; c = hw_write 1:0x600 = 1; assert c == fault"],
        );
    }
}

#[test]
fn a_device_over_memory_of_an_ioreq_server_takes_its_number() {
    holds(
        "encoding = 'ept'",
        "0x10 = M as ram_rw; 0x11 = D as mmio_direct",
        &["toolstack: r = set_mem_type 1:0x10 as ioreq_server; assert r == ok; r = set_mmio 1:0x10 = D; g = load m2p(M)
           assert r == ok and g == none; n = audit 1; assert n == 0; free M"],
    );
}

#[test]
fn a_device_over_a_shared_page_has_it_unshared_and_over_one_that_is_out_has_it_counted_no_longer() {
    let map = "0x10 = M as ram_shared; 0x11 = M as ram_shared; 0x12 = ram_paged; 0x13 = D as mmio_direct";
    holds(
        "free_frames = 1",
        map,
        &["toolstack: r = set_mmio 1:0x10 = D; n = load nr_saved; k = load tot_pages(1); assert r == ok and n == 0 and k == 2
           r = set_mmio 1:0x11 = D; n = load nr_shared; k = load tot_pages(1); assert r == ok and n == 0 and k == 3
           n = load paged_pages(1); assert n == 1; r = set_mmio 1:0x12 = D; n = load paged_pages(1); assert r == ok and n == 0
           repeat 3 { f = first page_list(1); free f }"],
    );
    holds(
        "",
        map,
        &["toolstack: r = set_mmio 1:0x10 = D; e = lookup 1:0x10; assert r == ENOMEM and e.mfn == M and e.type == ram_shared
           r = remove_page 1:0x10 = M; assert r == EILSEQ"],
    );
}
