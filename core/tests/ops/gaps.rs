//! Answers that stand at the edges of other tests' worlds.

use crate::nested::{ONE, of_memory};
use crate::search;
use p2mscope_core::explore::Verdict;
use p2mscope_core::machine::Policy;

#[test]
fn a_view_is_no_domain_to_map_from_or_to() {
    let program = "toolstack: r = foreign_map 2:0x20 = n1:0x10\nassert r == ESRCH\nr = foreign_map n1:0x20 = 2:0x10\n\
                   assert r == ESRCH\nr = foreign_map 2:0x20 = 1:0x10\nassert r == ok\nr = foreign_unmap 2:0x20";
    let l = of_memory("encoding = 'ept'", "id = 1, map = '0x10 = M as ram_rw content 5'", ONE, &[program]);
    assert_eq!(search(&l, Policy::M2, None).verdict, Verdict::Safe);
}
