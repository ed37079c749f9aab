//! Every operation that may find that it needs more than its first locks, driven to that point: alone it takes what it
//! needs and answers; inside a lock that its actor holds from outside it answers `ERESTART`, and every word is as it was.
//! What looks a page up on its way finds none then, and answers so; what gives a number gives none. A table over the
//! registry of verbs: of each operation that is not in it a list says why it never needs more.

use crate::alike::{Left, rows};
use p2mscope_core::machine::Policy;
use p2mscope_core::script::verbs::VERBS;

/// `verb | policy | map | before | held from outside | the operation | alone it answers | inside the lock`.
const NEEDS: &str = "
share | 2m | 0x10 = A as ram_shared; 0x200 = B as ram_shared; 0x400 = B as ram_shared | | gfn(1:0x10) | r = share 1:0x10 with 1:0x200 | r == ok | r == ERESTART
share_audit | 2m | RAM | | gfn(1:0x10) | n = share_audit | n == 0 | n == none
audit | 2m | RAM | | gfn(1:0x10) | n = audit 1 | n == 0 | n == none
demand_populate | 4k | POD | BLOCK | gfn(1:0x207) | r = demand_populate 1:0x207 | r == ok | r == ERESTART
zero_check | 4k | SUPER | | gfn(1:0x207) | r = zero_check 1:0x207 | r == ok | r == ERESTART
get_gfn | 4k | POD | BLOCK | gfn(1:0x207) | e = get_gfn 1:0x207; put_gfn 1:0x207 | e.type == ram_rw | e.type == populate_on_demand
get_gfn_unshare | 4k | POD | BLOCK | gfn(1:0x207) | e = get_gfn_unshare 1:0x207; put_gfn 1:0x207 | e.type == ram_rw | e.type == populate_on_demand
get_page_from_gfn | 4k | POD | BLOCK | gfn(1:0x207) | f = get_page_from_gfn 1:0x207; if f != none { put_page f } | f != none | f == none
get_two_gfns | 4k | POD | BLOCK | gfn(1:0x207) | get_two_gfns 1:0x207 with 1:0x208; put_two_gfns 1:0x207 with 1:0x208; e = lookup 1:0x207 | e.type == ram_rw | e.type == populate_on_demand
add_page | 2m | 0x400 = M as ram_rw | | gfn(1:0x10) | r = add_page 1:0x10 = M | r == ok | r == ERESTART
change_type_range | 2m | RAM | | gfn(1:0x10) | r = change_type_range 1:0x10 through 1:0x11 from ram_rw to ram_ro | r == ok | r == ERESTART
change_type_global | 2m | RAM | | gfn(1:0x10) | r = change_type_global 1 from ram_rw to ram_logdirty | r == ok | r == ERESTART
finish_type_change | 2m | RAM | r = change_type_global 1 from ram_rw to ram_logdirty | gfn(1:0x10) | r = finish_type_change 1:0x10 through 1:0x400 | r == ok | r == ERESTART
logdirty_enable | 2m | RAM | | gfn(1:0x10) | r = logdirty_enable 1 | r == ok | r == ERESTART
logdirty_disable | 2m | logdirty = true / 0x10 = ram_logdirty | | gfn(1:0x10) | r = logdirty_disable 1 | r == ok | r == ERESTART
logdirty_clean | 2m | logdirty = true / 0x10 = ram_logdirty | | gfn(1:0x10) | n = logdirty_clean 1 | n == 0 | n == none
track_vram | 2m | RAM | | gfn(1:0x10) | n = track_vram 1:0x10 through 1:0x11 | n != none | n == none
untrack_vram | 2m | RAM | n = track_vram 1:0x10 through 1:0x11 | gfn(1:0x10) | r = untrack_vram 1 | r == ok | r == ERESTART
set_access | 2m | RAM | | gfn(1:0x10) | r = set_access 1:0x10 through 1:0x11 = access_r | r == ok | r == ERESTART
move_page | 4k | POD | BLOCK | gfn(1:0x207) | r = move_page 1:0x207 to 1:0x10 | r == ok | r == ERESTART
foreign_map | 4k | POD | BLOCK | gfn(1:0x207) | r = foreign_map 2:0x10 = 1:0x207 | r == ok | r == EINVAL
grant_map | 4k | 0x0 = populate_on_demand order 9 | BLOCK | gfn(1:0x10) | r = grant_map 1:0x400 = O | r == ok | r == EINVAL
teardown | 2m | RAM | | gfn(1:0x10) | r = teardown 1 | r == ok | r == ERESTART
map_special | 2m | 0x400 = X as ram_rw special | | gfn(1:0x10) | r = map_special 1:0x10 = X | r == ok | r == ERESTART
ioreq_release | 2m | RAM | r = ioreq_claim 1 for_write | gfn(1:0x10) | r = ioreq_release 1 | r == ok | r == ERESTART
";

/// Why the others never do.
const ENOUGH: [(&str, &str); 4] = [
    (
        "locks its entries, of which it knows at first, and splits what is larger",
        "get_gfn_query put_gfn put_two_gfns nominate evict populate prep resume drop share_nominate share_add unshare \
         remove_page guest_remove change_type logdirty_fault grant_unmap foreign_unmap clear_mmio set_identity \
         clear_identity get_access access_check set_mem_type nested_fill nominate_gref machine_check grant_transfer",
    ),
    ("locks at first all that its order names", "mark_pod decrease increase set_mmio map_mmio unmap_mmio exchange"),
    (
        "locks no entry, or passes over what somebody holds",
        "mark_dirty logdirty_peek pod_target empty_cache sweep default_access ioreq_claim nested_get nested_flush \
         unmap_vvmcx unmap_vcpu_info mem_event_disable access_listen access_unlisten access_resume",
    ),
    (
        "looks pages up one after the other, as `get_gfn` and `get_page_from_gfn` do",
        "read write fault grant_copy hvm_copy_to hvm_copy_from rep_movs emulate task_switch guest_walk dbg_rw_mem \
         shadow_fault nested_fault map_vvmcx map_vcpu_info mem_event_enable hypercall_page tmem_put tmem_get",
    ),
];

const WORLD: &str = "encoding = 'ept', free_frames = 1100";

fn left(policy: &str, map: &str, program: &str) -> Left {
    let policy = Policy::ALL.into_iter().find(|p| p.name() == policy).expect("a policy");
    let map = if map.contains('|') { format!("tables = 5, {map}") } else { format!("tables = 5 | {map}") };
    Left::by(WORLD, policy, &map, &format!("toolstack: {program}"))
}

#[test]
fn who_holds_a_lock_from_outside_is_told_to_restart_and_nothing_has_changed() {
    let mut wrong = Vec::new();
    for [verb, policy, map, before, lock, op, alone, inside] in rows(NEEDS) {
        let mut says = |what: &str, left: &Left| {
            if !left.broken.is_empty() || !left.ended {
                wrong.push(format!("{verb} {what}: {op}: {:?}, ended {}", left.broken, left.ended));
            }
        };
        says("alone", &left(&policy, &map, &format!("{before}; {op}; assert {alone}")));
        let held = left(&policy, &map, &format!("{before}; lock {lock}; {op}; assert {inside}; unlock {lock}"));
        says("inside a lock", &held);
        let not = left(&policy, &map, &format!("{before}; lock {lock}; unlock {lock} # {op}"));
        if let Some(where_) = held.differs(&not) {
            wrong.push(format!("{verb} inside a lock, {op}: {where_}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_operation_is_driven_into_its_needs_or_says_why_it_has_none() {
    let driven: Vec<String> = rows::<8>(NEEDS).into_iter().map(|[verb, ..]| verb).collect();
    let enough: Vec<&str> = ENOUGH.iter().flat_map(|(_, verbs)| verbs.split_whitespace()).collect();
    let is = |v: &str| driven.iter().any(|d| d == v) as u32 + enough.iter().filter(|e| **e == v).count() as u32;
    let all: Vec<&str> = VERBS.iter().filter(|v| v.verb.is_operation() && v.offered).map(|v| v.name).collect();
    for v in &all {
        assert_eq!(is(v), 1, "`{v}` stands in the table, or in one of the lists with a reason");
    }
    assert!(enough.iter().all(|v| all.contains(v)), "every verb of the lists is one");
}

#[test]
fn an_operation_that_needs_no_more_is_done_inside_a_lock() {
    for [verb, map, before, op] in rows(crate::errors::NEVER) {
        if ENOUGH.iter().any(|(_, verbs)| verbs.split_whitespace().any(|v| v == verb)) {
            let left =
                crate::errors::left(&verb, &map, &format!("{before}; lock gfn(1:0x10); {op}; unlock gfn(1:0x10)"));
            assert!(left.ended, "{verb}: {op}");
        }
    }
}
