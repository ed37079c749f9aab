//! The audit: none of its errors in worlds that are as they should be, and each of them where it is made.

use crate::{RAM, holds, lesson, search};
use p2mscope_core::explore::Verdict;
use p2mscope_core::machine::Policy;
use p2mscope_core::watch::Rule;

/// The program's assertions hold; what else it breaks is its purpose.
fn asserts(map: &str, program: &str) {
    let report = search(&lesson("", map, &[&format!("debugger: {program}")]), Policy::M2, Some(Rule::Assert));
    assert_eq!(report.verdict, Verdict::Safe, "{program}");
    assert!(report.ends > 0, "{program}");
}

#[test]
fn a_domain_that_is_as_it_should_be_has_no_errors() {
    // F is listed and has no frame number: no error.
    holds("", RAM, &["debugger: n = audit 1; assert n == 0; n = audit 2; assert n == 0"]);
    holds("", RAM, &["debugger: n = audit 1; assert n == 0", "pager: r = nominate 1:0x10; r = evict 1:0x10"]);
    asserts(
        "0x10 = ram_rw; 0x12 = ram_paged; 0x13 = populate_on_demand; 0x15 = ram_paging_out; 0x16 = mmio_dm
         0x17 = ram_broken; 0x200 = ram_rw order 9; 0x800 = populate_on_demand order 9"
            .replace('\n', ";")
            .as_str(),
        "n = audit 1; assert n == 0",
    );
}

#[test]
fn a_frame_whose_m2p_names_another_number_is_wrong_twice_and_its_m2p_is_blanked() {
    asserts(
        RAM,
        "store m2p(M) = 1:0x99; n = audit 1; assert n == 2
         g = load m2p(M); assert g == none; n = audit 1; assert n == 1
         store m2p(M) = 1:0x10; n = audit 1; assert n == 0
         store m2p(M) = 2:0x10; n = audit 1; assert n == 2",
    );
}

#[test]
fn each_frame_of_a_superpage_is_looked_at() {
    asserts(
        "0x200 = B as ram_rw order 9",
        "store m2p(B) = none; n = audit 1; assert n == 1; store m2p(B) = 1:0x200; n = audit 1; assert n == 0
         store m2p(B) = 1:0x201; n = audit 1; assert n == 2",
    );
}

#[test]
fn a_count_of_promised_pages_that_is_wrong_is_one_error() {
    let map = "0x13 = populate_on_demand; 0x400 = populate_on_demand order 9";
    asserts(map, "n = add entry_count(1) by 1; assert n == 514; n = audit 1; assert n == 1");
}

#[test]
fn a_listed_frame_of_somebody_else_is_an_error() {
    asserts(RAM, "store owner(F) = 2; n = audit 1; assert n == 1");
}

#[test]
fn a_shared_entry_whose_frame_is_not_cows_is_an_error() {
    asserts(RAM, "r = set_entry 1:0x10 = M as ram_shared; n = audit 1; assert n == 1");
}

#[test]
fn the_m2p_of_grants_and_device_memory_is_left_alone() {
    for ty in ["grant_map_rw", "grant_map_ro", "mmio_direct"] {
        asserts(RAM, &format!("r = set_entry 1:0x12 = M as {ty}; assert r == ok; n = audit 1; assert n == 0"));
    }
}

#[test]
fn who_holds_a_range_cannot_audit() {
    asserts(RAM, "lock gfn(1:0x10); n = audit 1; assert n == none; unlock gfn(1:0x10)");
}

#[test]
fn a_page_that_is_asked_for_while_its_frame_is_still_there_is_no_error() {
    for encoding in ["ept-2011", "ept"] {
        holds(
            &format!("encoding = '{encoding}'"),
            "tables = 1, ring = 2|0x10 = M as ram_paging_out",
            &["toolstack: c = populate 1:0x10; n = audit 1; assert n == 0; c = prep 1:0x10; n = audit 1; assert n == 0
               c = resume 1:0x10; n = audit 1; assert n == 0"],
        );
    }
}
