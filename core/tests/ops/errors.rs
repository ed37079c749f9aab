//! What each operation does when something runs out: pages for tables, frames, slots of a ring, or the domain itself, which
//! is dying. A table over the registry of verbs: an operation without a row for each of the four fails here, so that a new
//! one must say what it does. With its error an operation leaves every word as it was, or its row undoes by hand what its
//! contract says that it leaves.

use crate::alike::{Left, rows};
use p2mscope_core::machine::{Class, Policy};
use p2mscope_core::script::verbs::VERBS;
use std::collections::BTreeMap;

/// What can run out.
const ALL: [&str; 4] = ["table", "frame", "ring", "dying"];

/// `verb | what has run out | map | before | the operation, and what must be undone by hand | what it answers`. Keys of the
/// domain stand before a `/` in the map. Each is run twice, with `before` alone the second time: every word is the same.
const ANSWERS: &str = "
get_gfn | table | cache = 1 / 0x200 = populate_on_demand order 9 | | e = get_gfn 1:0x207; put_gfn 1:0x207 | e.type == populate_on_demand
get_gfn_unshare | table | cache = 1 / 0x200 = populate_on_demand order 9 | | e = get_gfn_unshare 1:0x207; put_gfn 1:0x207 | e.type == populate_on_demand
get_two_gfns | table | cache = 1 / 0x200 = populate_on_demand order 9 | | get_two_gfns 1:0x10 with 1:0x207; put_two_gfns 1:0x10 with 1:0x207; e = lookup 1:0x207 | e.type == populate_on_demand
get_two_gfns | frame | 0x13 = populate_on_demand | | get_two_gfns 1:0x10 with 1:0x13; put_two_gfns 1:0x10 with 1:0x13; CRASHED | true
get_two_gfns | dying | cache = 1 / 0x13 = populate_on_demand | | get_two_gfns 1:0x10 with 1:0x13; put_two_gfns 1:0x10 with 1:0x13; e = lookup 1:0x13 | e.type == populate_on_demand
get_page_from_gfn | table | cache = 1 / 0x200 = populate_on_demand order 9 | | f = get_page_from_gfn 1:0x207 | f == none
get_gfn | frame | 0x13 = populate_on_demand | | e = get_gfn 1:0x13; put_gfn 1:0x13; CRASHED | e.type == populate_on_demand
get_gfn | dying | cache = 1 / 0x13 = populate_on_demand | | e = get_gfn 1:0x13; put_gfn 1:0x13 | e.type == populate_on_demand
get_gfn_unshare | frame | SHARED | | e = get_gfn_unshare 1:0x11; put_gfn 1:0x11 | e.type == ram_shared
get_gfn_unshare | dying | SHARED | | e = get_gfn_unshare 1:0x11; put_gfn 1:0x11 | e.type == ram_shared
get_page_from_gfn | frame | SHARED | | f = get_page_from_gfn 1:0x11 unshare | f == none
get_page_from_gfn | dying | cache = 1 / 0x13 = populate_on_demand | | f = get_page_from_gfn 1:0x13 | f == none
nominate | table | SUPER | | r = nominate 1:0x207 | r == ENOMEM
evict | table | 0x200 = S as ram_paging_out order 9 | | r = evict 1:0x207 | r == ENOMEM
populate | table | ring = 2 / 0x200 = S as ram_paging_out order 9 | | r = populate 1:0x207 | r == ENOMEM
populate | ring | ring = 1 / 0x10 = ram_paged | | r = populate 1:0x10 | r == EBUSY
populate | dying | ring = 1 / 0x10 = ram_paged | post ring(1) = 1:0x7 | r = populate 1:0x10 | r == ENODEV
prep | table | 0x200 = S as ram_paging_in order 9 | | r = prep 1:0x207 = 5 | r == ENOMEM
prep | frame | 0x10 = ram_paged | | r = prep 1:0x10 = 5 | r == ENOMEM
prep | dying | 0x10 = ram_paged | | r = prep 1:0x10 = 5 | r == ENOMEM
resume | table | 0x200 = S as ram_paging_in order 9 | | r = resume 1:0x207 | r == ENOMEM
drop | table | ring = 2 / 0x200 = S as ram_paging_out order 9 | | r = drop 1:0x207 | r == ENOMEM
share_nominate | table | SUPER | | r = share_nominate 1:0x207 | r == ENOMEM
share_nominate | dying | 0x10 = M as ram_rw | | r = share_nominate 1:0x10 | r == EBUSY
share_add | table | 0x10 = M as ram_shared | | r = share_add 1:0x10 with 1:0x40000 | r == ENOMEM
unshare | frame | SHARED | | r = unshare 1:0x11 | r == ENOMEM
unshare | dying | SHARED | | r = unshare 1:0x11 | r == ENOMEM
unshare | dying | 0x10 = M as ram_shared | | r = unshare 1:0x10 | r == EBUSY
mark_pod | table | 0x10 = M as ram_rw | | r = mark_pod 1:0x40000 | r == ENOMEM
decrease | table | SUPER | | r = decrease 1:0x207 | r == 0
demand_populate | frame | 0x13 = populate_on_demand | | r = demand_populate 1:0x13; CRASHED | r == ENOMEM
demand_populate | table | cache = 1 / 0x200 = populate_on_demand order 9 | | r = demand_populate 1:0x207 | r == ENOMEM
demand_populate | dying | cache = 1 / 0x13 = populate_on_demand | | r = demand_populate 1:0x13 | r == EINVAL
zero_check | table | SUPER content 5 | | r = zero_check 1:0x207 | r != ok
zero_check | dying | 0x10 = M as ram_rw | | r = zero_check 1:0x10 | r == EINVAL
sweep | dying | 0x10 = M as ram_rw; 0x13 = populate_on_demand | | r = sweep 1 | r == EINVAL
pod_target | frame | 0x10 = M as ram_rw; 0x13 = populate_on_demand | | r = pod_target 1 = 3; store pod_target(1) = 0 | r == ENOMEM
pod_target | dying | 0x10 = M as ram_rw; 0x13 = populate_on_demand | | r = pod_target 1 = 3; store pod_target(1) = 0 | r == ok
add_page | table | 0x10 = M as ram_rw | | r = add_page 1:0x40000 = F | r == ENOMEM
add_page | table | SUPER | | r = add_page 1:0x207 = F | r == ENOMEM
add_page | table | SUPER; 0x10 = M as ram_rw | | r = add_page 1:0x10 = S + 7 | r == ENOMEM
add_page | frame | SHARED | | r = add_page 1:0x11 = F | r == ENOMEM
add_page | dying | SHARED | | r = add_page 1:0x11 = F | r == ENOMEM
remove_page | table | SUPER | | r = remove_page 1:0x207 = S + 7 | r == ENOMEM
guest_remove | table | SUPER | | r = guest_remove 1:0x207 | r == ENOMEM
guest_remove | frame | SHARED | | r = guest_remove 1:0x11 | r == ENOMEM
guest_remove | dying | SHARED | | r = guest_remove 1:0x11 | r == ENOMEM
map_special | table | 0x10 = X as ram_rw special | | r = map_special 1:0x40000 = X | r == ENOMEM
increase | table | 0x10 = M as ram_rw | | r = increase 1:0x40000 | r == ENOMEM
increase | frame | 0x10 = M as ram_rw | | r = increase 1:0x40 | r == ENOMEM
increase | frame | SHARED | | r = increase 1:0x40 order 9 | r == ENOMEM
increase | dying | 0x10 = M as ram_rw | | r = increase 1:0x40 | r == ENOMEM
move_page | table | 0x10 = M as ram_rw | | r = move_page 1:0x10 to 1:0x40000 | r == ENOMEM
move_page | table | SUPER; 0x10 = M as ram_rw | | r = move_page 1:0x207 to 1:0x10 | r == ENOMEM
move_page | table | SUPER; 0x10 = M as ram_rw | | r = move_page 1:0x10 to 1:0x207 | r == ENOMEM
move_page | frame | SHARED | | r = move_page 1:0x11 to 1:0x30 | r == ENOMEM
move_page | dying | SHARED | | r = move_page 1:0x11 to 1:0x30 | r == ENOMEM
change_type | table | SUPER | | r = change_type 1:0x207 from ram_rw to ram_ro | r == ENOMEM
change_type_range | table | SUPER | | r = change_type_range 1:0x207 through 1:0x208 from ram_rw to ram_ro | r == ENOMEM
logdirty_fault | table | logdirty = true / 0x200 = S as ram_logdirty order 9 | store dirty(1:0x207) = 1 | r = logdirty_fault 1:0x207 | r == ENOMEM
grant_map | table | RAM | | r = grant_map 2:0x40000 = G | r == ENOMEM
grant_map | ring | ring = 1 / 0x10 = ram_paged | | r = grant_map 2:0x10 = G | r == EAGAIN
grant_copy | ring | ring = 1 / 0x10 = ram_paged | | r = grant_copy 2:0x10 = G | r == EAGAIN
grant_map | frame | 0x10 = M as ram_shared; 0x12 = M as ram_shared | | r = grant_map 2:0x10 = G | r == EAGAIN
grant_map | dying | 0x10 = M as ram_shared; 0x12 = M as ram_shared | | r = grant_map 2:0x10 = G | r == EAGAIN
grant_copy | frame | 0x10 = M as ram_shared; 0x11 = M as ram_shared | | r = grant_copy 1:0x10 = S | r == EAGAIN
grant_copy | dying | 0x10 = M as ram_shared; 0x11 = M as ram_shared | | r = grant_copy 1:0x10 = S | r == EAGAIN
foreign_map | table | RAM | | r = foreign_map 2:0x40000 = 1:0x10 | r == ENOMEM
foreign_map | dying | RAM | | r = foreign_map 1:0x30 = 2:0x10 | r == EPERM
set_mmio | table | 0x10 = M as ram_rw | | r = set_mmio 1:0x40000 = F | r == ENOMEM
set_mmio | table | SUPER | | r = set_mmio 1:0x207 = F | r == ENOMEM
clear_mmio | table | 0x200 = S as mmio_direct order 9 | | r = clear_mmio 1:0x207 = S + 7 | r == ENOMEM
map_mmio | table | 0x10 = M as ram_rw | | n = map_mmio 1:0x40000 = F by 1 | n == none
change_type_global | table | logdirty = true / 0x200 = S as ram_logdirty order 9 | n = track_vram 1:0x210 through 1:0x211 | r = change_type_global 1 from ram_logdirty to ram_rw | r == ENOMEM
logdirty_disable | table | logdirty = true / 0x200 = S as ram_logdirty order 9 | n = track_vram 1:0x210 through 1:0x211 | r = logdirty_disable 1 | r == ENOMEM
logdirty_clean | table | logdirty = true / 0x200 = S as ram_logdirty order 9 | n = track_vram 1:0x210 through 1:0x211 | n = logdirty_clean 1 | n == none
unmap_mmio | table | 0x200 = S as mmio_direct order 9 | | n = unmap_mmio 1:0x207 = S + 7 by 1 | n == none
set_access | table | SUPER | | r = set_access 1:0x207 = access_r | r == ENOMEM
set_mem_type | table | SUPER | | r = set_mem_type 1:0x207 as ram_ro | r == ENOMEM
track_vram | table | SUPER | | n = track_vram 1:0x207 through 1:0x208 | n == none
nested_fill | table | RAM | r = nested_get A0 = 7 | r = nested_fill n1:0x80 to 1:0x10 | r == ENOMEM
nested_fault | table | RAM | store content(M, 0x80) = 0x11; r = nested_get A0 = 0x10 | r = nested_fault n1:0x80 | r == ENOMEM
hvm_copy_to | frame | SHARED; 0x12 = N as ram_rw | | r = hvm_copy_to 1:0x11 = 5 | r != ok
hvm_copy_to | dying | SHARED; 0x12 = N as ram_rw | | r = hvm_copy_to 1:0x11 = 5 | r != ok
hvm_copy_to | ring | ring = 1 / 0x10 = ram_paged; 0x12 = N as ram_rw | | r = hvm_copy_to 1:0x10 = 5 | r != ok
hvm_copy_from | ring | ring = 1 / 0x10 = ram_paged | | v = hvm_copy_from 1:0x10 | v == none
rep_movs | frame | SHARED; 0x12 = N as ram_rw | | r = rep_movs 1:0x12 to 1:0x11 | r != ok
rep_movs | dying | SHARED; 0x12 = N as ram_rw | | r = rep_movs 1:0x12 to 1:0x11 | r != ok
rep_movs | ring | ring = 1 / 0x10 = ram_paged; 0x12 = N as ram_rw | | r = rep_movs 1:0x12 to 1:0x10 | r != ok
emulate | frame | SHARED; 0x12 = N as ram_rw | | r = emulate 1:0x11 = 5 | r != ok
emulate | dying | SHARED; 0x12 = N as ram_rw | | r = emulate 1:0x11 = 5 | r != ok
emulate | ring | ring = 1 / 0x10 = ram_paged; 0x12 = N as ram_rw | | r = emulate 1:0x10 = 5 | r != ok
task_switch | frame | SHARED; 0x12 = N as ram_rw | | r = task_switch 1:0x11 to 1:0x12 = 5 | r != ok
task_switch | dying | SHARED; 0x12 = N as ram_rw | | r = task_switch 1:0x11 to 1:0x12 = 5 | r != ok
task_switch | ring | ring = 1 / 0x10 = ram_paged; 0x12 = N as ram_rw | | r = task_switch 1:0x10 to 1:0x12 = 5 | r != ok
guest_walk | ring | ring = 1 / 0x10 = ram_paged | | h = guest_walk 1:0x10 by 1 | h == none
dbg_rw_mem | ring | ring = 1 / 0x10 = ram_paged | | r = dbg_rw_mem 1:0x10 = 5 | r != ok
shadow_fault | frame | SHARED; 0x12 = N as ram_rw | | r = shadow_fault 1:0x11 for_write | r != ok
shadow_fault | dying | SHARED; 0x12 = N as ram_rw | | r = shadow_fault 1:0x11 for_write | r != ok
shadow_fault | ring | ring = 1 / 0x10 = ram_paged; 0x12 = N as ram_rw | | r = shadow_fault 1:0x10 for_write | r != ok
map_vvmcx | frame | SHARED; 0x12 = N as ram_rw | | r = map_vvmcx 1:0x11 | r != ok
map_vvmcx | dying | SHARED; 0x12 = N as ram_rw | | r = map_vvmcx 1:0x11 | r != ok
map_vvmcx | ring | ring = 1 / 0x10 = ram_paged; 0x12 = N as ram_rw | | r = map_vvmcx 1:0x10 | r != ok
map_vcpu_info | frame | SHARED; 0x12 = N as ram_rw | | r = map_vcpu_info 1:0x11 | r != ok
map_vcpu_info | dying | SHARED; 0x12 = N as ram_rw | | r = map_vcpu_info 1:0x11 | r != ok
map_vcpu_info | ring | ring = 1 / 0x10 = ram_paged; 0x12 = N as ram_rw | | r = map_vcpu_info 1:0x10 | r != ok
mem_event_enable | frame | ring = 2 / SHARED; 0x12 = N as ram_rw | store has_ring(1) = 0 | r = mem_event_enable 1:0x11 with 1:0x12 | r == EAGAIN
mem_event_enable | dying | ring = 2 / SHARED; 0x12 = N as ram_rw | store has_ring(1) = 0 | r = mem_event_enable 1:0x11 with 1:0x12 | r == EAGAIN
nominate_gref | table | 0x0 = T as ram_rw order 9 | repeat 3 { h = get_page T + 16 } | r = nominate_gref G | r == ENOMEM
nominate_gref | dying | RAM | | r = nominate_gref G | r == EBUSY
hypercall_page | frame | SHARED; 0x12 = N as ram_rw | | r = hypercall_page 1:0x11 = 5 | r != ok
hypercall_page | dying | SHARED; 0x12 = N as ram_rw | | r = hypercall_page 1:0x11 = 5 | r != ok
hypercall_page | ring | ring = 1 / 0x10 = ram_paged; 0x12 = N as ram_rw | | r = hypercall_page 1:0x10 = 5 | r != ok
tmem_get | frame | SHARED; 0x12 = N as ram_rw | | r = tmem_get 1:0x11 from F | r != ok
tmem_get | dying | SHARED; 0x12 = N as ram_rw | | r = tmem_get 1:0x11 from F | r != ok
tmem_get | ring | ring = 1 / 0x10 = ram_paged; 0x12 = N as ram_rw | | r = tmem_get 1:0x10 from F | r != ok
tmem_put | ring | ring = 1 / 0x10 = ram_paged | | r = tmem_put 1:0x10 into F | r != ok
";

/// `verb | what has run out | map | before | the operation`: it sleeps, with nothing held, until there is some again.
const WAITS: &str = "
read | ring | ring = 1 / 0x10 = ram_paged | post ring(1) = 1:0x7 | v = read 1:0x10
write | ring | ring = 1 / 0x10 = ram_paged | post ring(1) = 1:0x7 | c = write 1:0x10 = 5
fault | ring | ring = 1 / 0x10 = ram_paged | post ring(1) = 1:0x7 | c = fault 1:0x10
";

/// `verb | map | before | the operation`: of the four, what stands in no row above this asks for none of, and does not
/// look at. The frame and table that are made to fail are not asked for, and a dying domain makes no difference.
pub const NEVER: &str = "
get_gfn | RAM | | e = get_gfn 1:0x10; put_gfn 1:0x10
get_gfn_query | cache = 1 / 0x200 = populate_on_demand order 9 | | e = get_gfn_query 1:0x207; put_gfn 1:0x207
get_gfn_unshare | RAM | | e = get_gfn_unshare 1:0x10; put_gfn 1:0x10
put_gfn | RAM | e = get_gfn 1:0x10 | put_gfn 1:0x10
get_two_gfns | RAM | | get_two_gfns 1:0x10 with 1:0x11; put_two_gfns 1:0x10 with 1:0x11
put_two_gfns | RAM | get_two_gfns 1:0x10 with 1:0x11 | put_two_gfns 1:0x10 with 1:0x11
get_page_from_gfn | RAM | | f = get_page_from_gfn 1:0x10; put_page f
read | RAM | | v = read 1:0x10
write | RAM | | c = write 1:0x10 = 7
fault | RAM | | c = fault 1:0x10
nominate | RAM | | r = nominate 1:0x10; assert r == ok
evict | RAM | r = nominate 1:0x10 | r = evict 1:0x10; assert r == ok
populate | ring = 2 / 0x10 = ram_paged | | r = populate 1:0x10; assert r == ok
resume | 0x10 = M as ram_paging_in | | r = resume 1:0x10; assert r == ok
prep | 0x10 = M as ram_paging_in | | r = prep 1:0x10; assert r == ok
drop | ring = 1 / 0x10 = ram_paged | post ring(1) = 1:0x7 | r = drop 1:0x10; assert r == ok
share_nominate | RAM | | r = share_nominate 1:0x10; assert r == ok
share | 0x10 = A as ram_shared; 0x11 = B as ram_shared | | r = share 1:0x10 with 1:0x11; assert r == ok
share_add | SHARED | | r = share_add 1:0x10 with 1:0x30; assert r == ok
unshare | 0x10 = M as ram_rw | | r = unshare 1:0x10; assert r == ok
share_audit | SHARED | | n = share_audit; assert n == 0
mark_pod | RAM | | r = mark_pod 1:0x30; assert r == ok
decrease | RAM | | n = decrease 1:0x10; assert n == 1
demand_populate | RAM | | r = demand_populate 1:0x10; assert r == ok
zero_check | 0x10 = M as ram_ro content 5 | | r = zero_check 1:0x10; assert r != ok
sweep | 0x10 = M as ram_rw content 5 | | r = sweep 1
pod_target | 0x10 = M as ram_rw | | r = pod_target 1 = 1; store pod_target(1) = 0
empty_cache | cache = 2 / 0x13 = populate_on_demand | store dying(1) = 1 | r = empty_cache 1; assert r == ok
add_page | RAM | | r = add_page 1:0x30 = F; assert r == ok
remove_page | RAM | | r = remove_page 1:0x10 = M; assert r == ok
guest_remove | RAM | | r = guest_remove 1:0x10; assert r == ok
guest_remove | ring = 1 / 0x10 = ram_paged | post ring(1) = 1:0x7 | r = guest_remove 1:0x10; assert r == ok
increase | RAM | | r = increase 1:0x30
move_page | RAM | | r = move_page 1:0x10 to 1:0x30; assert r == ok
teardown | RAM | | r = teardown 1; assert r == ok
machine_check | RAM | | r = machine_check M; assert r == ok
exchange | RAM | | r = exchange 1:0x10; assert r == EINVAL
grant_transfer | RAM | | r = grant_transfer 2:0x10 = G; assert r == EINVAL
map_special | 0x10 = X as ram_rw special | | r = map_special 1:0x30 = X; assert r == ok
change_type | RAM | | r = change_type 1:0x10 from ram_rw to ram_ro; assert r == ok
change_type_range | RAM | | r = change_type_range 1:0x10 through 1:0x11 from ram_rw to ram_ro; assert r == ok
change_type_global | RAM | | r = change_type_global 1 from ram_rw to ram_logdirty; assert r == ok
finish_type_change | RAM | r = change_type_global 1 from ram_rw to ram_logdirty | r = finish_type_change 1:0x10 through 1:0x11; assert r == ok
mark_dirty | RAM | | r = mark_dirty 1:0x10
logdirty_enable | RAM | | r = logdirty_enable 1; assert r == ok
logdirty_disable | logdirty = true / 0x10 = ram_logdirty | | r = logdirty_disable 1; assert r == ok
logdirty_clean | logdirty = true / 0x10 = ram_logdirty | | n = logdirty_clean 1; assert n == 0
logdirty_peek | logdirty = true / 0x10 = ram_logdirty | | n = logdirty_peek 1; assert n == 0
logdirty_fault | logdirty = true / 0x10 = ram_logdirty | store dirty(1:0x10) = 1 | r = logdirty_fault 1:0x10; assert r == ok
track_vram | RAM | | n = track_vram 1:0x10 through 1:0x11; assert n != none
untrack_vram | RAM | n = track_vram 1:0x10 through 1:0x11 | r = untrack_vram 1; assert r == ok
grant_map | RAM | | r = grant_map 2:0x10 = G readonly; assert r == ok
grant_unmap | RAM | r = grant_map 2:0x10 = G | r = grant_unmap 2:0x10; assert r == ok
grant_copy | RAM | | r = grant_copy 1:0x10 = S; assert r == ok
foreign_map | RAM | | r = foreign_map 2:0x10 = 1:0x10; assert r == ok
foreign_unmap | RAM | r = foreign_map 2:0x10 = 1:0x10 | r = foreign_unmap 2:0x10; assert r == ok
set_mmio | RAM | | r = set_mmio 1:0x10 = F; assert r == ok
clear_mmio | RAM | r = set_mmio 1:0x10 = F | r = clear_mmio 1:0x10 = F; assert r == ok
map_mmio | RAM | | n = map_mmio 1:0x10 = F by 1; assert n == 1
unmap_mmio | RAM | n = map_mmio 1:0x10 = F by 1 | n = unmap_mmio 1:0x10 = F by 1; assert n == 1
access_listen | RAM | | r = access_listen 1; assert r == ENODEV
access_unlisten | RAM | | r = access_unlisten 1; assert r == EINVAL
access_resume | RAM | | n = access_resume 1:0x10; assert n == 0
set_identity | RAM | | r = set_identity 1:0x1; assert r == ok
clear_identity | RAM | r = set_identity 1:0x1 | r = clear_identity 1:0x1; assert r == ok
set_access | RAM | | r = set_access 1:0x10 = access_r; assert r == ok
get_access | RAM | | a = get_access 1:0x10; assert a == access_rwx
default_access | RAM | | r = default_access 1 = access_rx; assert r == ok
access_check | 0x10 = M as ram_rw with access_r | | r = access_check 1:0x10 for_write; assert r == ok
ioreq_claim | RAM | | r = ioreq_claim 1 for_write; assert r == ok
ioreq_release | RAM | r = ioreq_claim 1 for_write | r = ioreq_release 1; assert r == ok
set_mem_type | RAM | | r = set_mem_type 1:0x10 as ram_ro; assert r == ok
nested_get | RAM | | r = nested_get A0 = 7; assert r == ok
nested_fill | RAM | r = nested_get A0 = 7; r = nested_fill n1:0x80 to 1:0x10 | r = nested_fill n1:0x81 to 1:0x10; assert r == ok
nested_flush | RAM | | r = nested_flush 1; assert r == ok
hvm_copy_to | RAM | | r = hvm_copy_to 1:0x10 = 5; assert r == ok
hvm_copy_from | RAM | | v = hvm_copy_from 1:0x10; assert v == 5
rep_movs | RAM | | r = rep_movs 1:0x10 to 1:0x11
emulate | RAM | | r = emulate 1:0x10 = 5
task_switch | RAM | | r = task_switch 1:0x10 to 1:0x11 = 5; assert r == ok
guest_walk | RAM | | h = guest_walk 1:0x10 by 1
dbg_rw_mem | RAM | | r = dbg_rw_mem 1:0x10 = 5; assert r == ok
shadow_fault | RAM | | r = shadow_fault 1:0x10 for_write; assert r == ok
nested_fault | RAM | | r = nested_fault n1:0x80; assert r == EAGAIN
map_vvmcx | RAM | | r = map_vvmcx 1:0x10; assert r == ok
unmap_vvmcx | RAM | r = map_vvmcx 1:0x10 | r = unmap_vvmcx; assert r == ok
map_vcpu_info | RAM | | r = map_vcpu_info 1:0x10; assert r == ok
unmap_vcpu_info | RAM | r = map_vcpu_info 1:0x10 | r = unmap_vcpu_info A0; assert r == ok
mem_event_enable | ring = 2 / RAM | store has_ring(1) = 0 | r = mem_event_enable 1:0x10 with 1:0x11; assert r == ok
mem_event_disable | ring = 2 / RAM | store has_ring(1) = 0; r = mem_event_enable 1:0x10 with 1:0x11 | r = mem_event_disable 1; assert r == ok
nominate_gref | RAM | repeat 3 { h = get_page M } | r = nominate_gref G; assert r == ok
hypercall_page | RAM | | r = hypercall_page 1:0x10 = 5; assert r == ok
tmem_put | RAM | | r = tmem_put 1:0x10 into F; assert r == ok
tmem_get | RAM | | r = tmem_get 1:0x10 from F; assert r == ok
audit | RAM | | n = audit 1; assert n == 0
";

const WORLD: &str = "encoding = 'ept', free_frames = 2";

/// What makes it run out, and what ends that.
fn trigger(what: &str) -> (&'static str, &'static str) {
    match what {
        "table" => ("fail table", ""),
        "frame" => ("fail frame", ""),
        "ring" => ("c = post ring(1) = 1:0x7 nowait", "x = take ring(1)"),
        _ => ("store dying(1) = 1", "store dying(1) = 0"),
    }
}

/// The actor alone, of the kind that the verb needs; its assertions hold.
pub fn left(verb: &str, map: &str, program: &str) -> Left {
    let own = ["map_vvmcx", "unmap_vvmcx", "map_vcpu_info", "unmap_vcpu_info"];
    let vcpu =
        own.contains(&verb) || ["read", "write", "fault", "nested_get", "nested_fill", "nested_fault"].contains(&verb);
    let map = if map.contains('|') { format!("tables = 3, {map}") } else { format!("tables = 3 | {map}") };
    let kind = if vcpu { "vcpu" } else { "toolstack" };
    let left = Left::by(WORLD, Policy::M2, &map, &format!("{kind}: {program}"));
    assert!(left.broken.is_empty(), "{map}: {program}: {:?}", left.broken);
    left
}

#[test]
fn an_operation_that_answers_an_error_has_changed_nothing() {
    let mut wrong = Vec::new();
    for [verb, what, map, before, op, says] in rows(ANSWERS) {
        let (begins, ends) = trigger(&what);
        let now = left(&verb, &map, &format!("{before}; {begins}; {op}; assert {says}; {ends}"));
        // A comment names the operation, so that the world has what its kind of operations needs.
        let was = left(&verb, &map, &format!("n0 = load content(F); {before} # {op}"));
        assert!(now.ended && was.ended, "{verb} {what}: {op}");
        if let Some(where_) = now.differs(&was) {
            wrong.push(format!("{verb} without {what}, {map}, {op}: {where_}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn whoever_waits_has_nothing_else_to_do() {
    for [verb, what, map, before, op] in rows(WAITS) {
        assert!(!left(&verb, &map, &format!("{before}; {op}")).ended, "{verb} {what}");
    }
}

#[test]
fn what_an_operation_does_not_ask_for_may_have_run_out() {
    let said: Vec<[String; 6]> = rows(ANSWERS);
    let mut wrong = Vec::new();
    for [verb, map, before, op] in rows(NEVER) {
        let answers = |what: &str| said.iter().any(|r| r[0] == verb && r[1] == what);
        let classes = [("table", Class::Table), ("frame", Class::Frame)];
        for (what, class) in classes.into_iter().filter(|(what, _)| !answers(what)) {
            if !left(&verb, &map, &format!("{before}; fail {what}; {op}")).unasked(class) {
                wrong.push(format!("{verb} asks for a {what}: {op}"));
            }
        }
        if !answers("dying") {
            let alive = left(&verb, &map, &format!("{before}; {op}; store dying(1) = 0"));
            let dies = left(&verb, &map, &format!("{before}; store dying(1) = 1; {op}; store dying(1) = 0"));
            if let Some(where_) = dies.differs(&alive) {
                wrong.push(format!("{verb} sees that the domain is dying: {where_}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_operation_says_what_it_does_when_something_runs_out() {
    let mut says: BTreeMap<String, Vec<String>> = BTreeMap::new();
    rows::<6>(ANSWERS).into_iter().for_each(|[verb, what, ..]| says.entry(verb).or_default().push(what));
    rows::<5>(WAITS).into_iter().for_each(|[verb, what, ..]| says.entry(verb).or_default().push(what));
    let never: Vec<String> = rows::<4>(NEVER).into_iter().map(|[verb, ..]| verb).collect();
    for v in VERBS.iter().filter(|v| v.verb.is_operation() && v.offered) {
        let said = says.remove(v.name).unwrap_or_default();
        let all = ALL.iter().all(|what| said.iter().any(|s| s == what));
        assert!(all || never.iter().any(|n| n == v.name), "`{}` has no row for each of {ALL:?}", v.name);
        assert!(said.iter().all(|s| ALL.contains(&s.as_str())), "{}: {said:?}", v.name);
    }
    assert!(says.is_empty(), "no such operations: {says:?}");
}
