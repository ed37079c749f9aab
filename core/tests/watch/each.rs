//! Every rule from I1 to I34 has a test that breaks it, and sees it named.

use crate::{pod, programs, requests, sharing};
use p2mscope_core::watch::{Rule, Rules};
use std::cell::Cell;

thread_local! {
    /// The rules that the tests of this thread have seen broken.
    static SEEN: Cell<Rules> = const { Cell::new(Rules::NONE) };
}

/// A test has broken the rule, and was told so.
pub fn seen(rule: Rule) {
    SEEN.set(SEEN.get().with(rule));
}

/// Which test breaks which rule.
const BROKEN_BY: [(Rule, fn()); 34] = [
    (Rule::I1, crate::i1_is_a_frame_of_somebody_else_or_not_allocated),
    (Rule::I2, crate::i2_is_an_m2p_that_names_another_gfn),
    (Rule::I3, crate::i3_is_one_frame_at_two_gfns_which_m2p_cannot_both_name),
    (Rule::I4, crate::i4_is_a_leaf_or_a_tlb_that_maps_a_free_frame),
    (Rule::I5, crate::i5_is_a_bit_too_many_or_too_few),
    (Rule::I6, crate::i6_is_a_superpage_that_is_not_aligned),
    (Rule::I7, crate::i7_is_a_freed_table_and_one_that_hangs_twice),
    (Rule::I8, crate::i8_is_a_mapping_above_the_highest),
    (Rule::I9, crate::i9_is_a_count_that_nobody_holds),
    (Rule::I10, sharing::i10_is_a_type_count_that_nobody_holds_and_a_shared_type_that_cow_does_not_own),
    (Rule::I11, crate::i11_is_a_counted_frame_of_nobody_and_an_allocated_one_without_a_count),
    (Rule::I12, crate::i12_and_i32_are_counters_that_count_wrong),
    (Rule::I13, programs::i13_is_a_page_nominated_while_it_is_in_use),
    (Rule::I14, requests::i14_is_a_wait_without_a_request_or_with_two),
    (Rule::I15, sharing::i15_is_a_tuple_that_does_not_share_and_a_sharer_without_a_tuple),
    (Rule::I16, sharing::i16_is_a_shared_frame_whose_m2p_says_otherwise),
    (Rule::I17, sharing::i17_and_i18_are_counters_of_sharing_that_count_wrong),
    (Rule::I18, sharing::i17_and_i18_are_counters_of_sharing_that_count_wrong),
    (Rule::I19, sharing::i19_is_a_shared_frame_on_a_list),
    (Rule::I20, sharing::i20_is_a_handle_that_two_frames_have),
    (Rule::I21, crate::i21_counts_a_superpage_as_512),
    (Rule::I22, pod::i22_is_a_cache_that_counts_wrong),
    (Rule::I23, pod::i23_is_more_than_the_target_or_a_cache_beyond_what_is_promised),
    (Rule::I24, programs::i24_is_a_cache_that_grows_while_its_domain_dies),
    (Rule::I25, pod::i25_is_an_entry_that_can_be_written_and_has_no_bit),
    (Rule::I26, programs::i26_is_an_entry_that_becomes_logdirty_outside_the_range_that_is_tracked),
    (Rule::I27, programs::i27_is_a_lock_asked_for_out_of_order),
    (Rule::I28, programs::i28_is_sleeping_or_entering_the_guest_with_a_lock),
    (Rule::I29, programs::i29_is_a_release_too_many_a_lock_kept_to_the_end_and_one_held_too_deep),
    (Rule::I30, crate::i30_is_a_range_held_beside_the_whole_table),
    (Rule::I31, programs::i31_is_a_frame_taken_again_before_every_tlb_has_forgotten_it),
    (Rule::I32, crate::i12_and_i32_are_counters_that_count_wrong),
    (Rule::I33, pod::i33_is_a_count_of_foreign_entries_that_is_wrong),
    (Rule::I34, pod::i34_is_a_count_of_ioreq_server_entries_that_is_wrong),
];

#[test]
fn every_invariant_is_broken_by_a_test() {
    let all: Vec<Rule> = Rule::all().filter(|r| r.is_invariant()).collect();
    assert_eq!(BROKEN_BY.map(|(rule, _)| rule).to_vec(), all);
    for (rule, test) in BROKEN_BY {
        SEEN.set(Rules::NONE);
        test();
        assert!(SEEN.get().has(rule), "{rule}");
    }
}
