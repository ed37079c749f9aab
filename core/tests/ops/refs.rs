//! References, typed ones and owners, as programs see them.

use super::{RAM, breaks, holds};
use p2mscope_core::watch::Rule;

fn one(program: &str) {
    holds("free_frames = 1", RAM, &[&format!("toolstack: {program}")]);
}

#[test]
fn a_typed_reference_is_refused_while_others_count_on_another_type() {
    one("a = get_type M as pgt_writable; b = get_type M as pgt_writable; c = get_type M as pgt_shared
         assert a and b and not c
         n = load type_count(M); t = load frame_type(M); assert n == 2 and t == pgt_writable
         put_type M; c = get_type M as pgt_l1; assert not c; put_type M");
}

#[test]
fn a_type_outlives_its_count_and_then_gives_way() {
    one("a = get_type M as pgt_writable; put_type M
         n = load type_count(M); t = load frame_type(M); assert n == 0 and t == pgt_writable
         a = get_type M as pgt_seg; t = load frame_type(M); assert a and t == pgt_seg; put_type M");
}

#[test]
fn a_page_whose_type_is_counted_is_neither_nominated_nor_evicted() {
    // 6623226237: the count is what tells, not the type's value, which stays.
    one("a = get_type M as pgt_writable; r = nominate 1:0x10; assert r == EAGAIN
         put_type M; r = nominate 1:0x10; assert r == ok
         a = get_type M as pgt_writable; r = evict 1:0x10; assert r == EBUSY
         put_type M; r = evict 1:0x10; assert r == ok");
}

#[test]
fn a_frame_given_anew_has_no_type_left() {
    one("f = alloc frame(1); a = get_type f as pgt_writable; put_type f; free f
         f = alloc frame(1); t = load frame_type(f); assert t == pgt_none; free f");
}

#[test]
fn two_who_want_different_types_never_both_have_one() {
    let wants = |ty: &str| {
        format!("toolstack: a = get_type M as {ty}; if a {{ t = load frame_type(M); assert t == {ty}; put_type M }}")
    };
    holds("", RAM, &[&wants("pgt_writable"), &wants("pgt_l1"), &wants("pgt_writable")]);
}

#[test]
fn a_domain_is_referenced_by_its_pages_once() {
    // Domain 2 has none at first. S49: the first page brings the reference, the last takes it away.
    one("n = load domain_ref(1); assert n == 1; n = load domain_ref(2); assert n == 0
         f = alloc frame(2); n = load domain_ref(2); t = load tot_pages(2); assert n == 1 and t == 1
         free f; n = load domain_ref(2); t = load tot_pages(2); assert n == 0 and t == 0");
}

#[test]
fn a_program_that_drops_what_it_does_not_hold_is_told() {
    // The last reference frees: nobody may drop another's.
    breaks(Rule::I4, "", RAM, &["toolstack: put_page M"]);
    breaks(Rule::Leak, "", RAM, &["toolstack: a = get_page M; b = get_type M as pgt_writable; put_type M"]);
    breaks(Rule::Leak, "", RAM, &["toolstack: a = get_page M; b = get_type M as pgt_writable; put_page M"]);
}
