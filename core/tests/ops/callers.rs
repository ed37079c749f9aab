//! Who uses the p2m from outside it: what each family answers and leaves behind, and that it uses the right frame
//! while the pager, the sharer or the balloon takes it away.

use crate::{RAM, breaks, holds, lesson, search};
use p2mscope_core::explore::Verdict;
use p2mscope_core::machine::Policy;
use p2mscope_core::watch::Rule;

const FRAMES: &str = "free_frames = 2";
const PAGER: &str =
    "tables = 3, ring = 2 | 0x10 = M as ram_rw content 5; 0x11 = N as ram_rw content 6; 0x12 = ram_paged";

fn one(program: &str) {
    holds(FRAMES, RAM, &[&format!("toolstack: {program}")]);
}

/// The program alone, beside a domain whose page 0x12 is out and has a pager's ring.
fn paged(program: &str) {
    holds(FRAMES, PAGER, &[&format!("toolstack: {program}")]);
}

/// Against each of those who may take a page away at any time: no order of steps breaks anything.
fn against_all(program: &str) {
    let evicts = "pager: r = nominate 1:0x10; if r == ok { r = evict 1:0x10 }";
    let gives = "balloon: r = guest_remove 1:0x10";
    let shares = "sharer: r = share_nominate 1:0x10";
    for other in [evicts, gives, shares] {
        let l = lesson(FRAMES, PAGER, &[program, other]);
        for policy in [Policy::Global, Policy::M2, Policy::Rw] {
            let report = search(&l, policy, None);
            assert_eq!(report.verdict, Verdict::Safe, "{} {program} {other}", policy.name());
            assert!(report.ends > 0);
        }
    }
}

#[test]
fn a_copy_reaches_the_page_and_is_noted() {
    one(
        "r = hvm_copy_to 1:0x10 = 7; v = hvm_copy_from 1:0x10; n = load count(M); assert r == ok and v == 7 and n == 1",
    );
    let noted = "toolstack: r = hvm_copy_to 1:0x10 = 7; b = load dirty(1:0x10); e = lookup 1:0x10; v = load content(M)
        assert r == ok and b == 1 and v == 7 and e.type == ram_logdirty
        v = hvm_copy_from 1:0x11; b = load dirty(1:0x11); assert v == 0 and b == 0";
    holds("", "tables = 6, logdirty = true | 0x10 = M as ram_logdirty; 0x11 = ram_logdirty", &[noted]);
}

#[test]
fn a_copy_that_is_cut_short_has_asked_for_the_page_and_stays() {
    paged(
        "r = hvm_copy_to 1:0x10 through 1:0x13 = 7; m = load content(M); n = load content(N); g = take ring(1)
         assert r == EAGAIN and m == 7 and n == 7 and g == 1:0x12
         r = prep 1:0x12 = 3; r = resume 1:0x12; v = hvm_copy_from 1:0x12; assert v == 3
         r = hvm_copy_to 1:0x12 through 1:0x13 = 7; v = hvm_copy_from 1:0x12; assert r == EINVAL and v == 7",
    );
}

#[test]
fn errors_of_a_copy_come_in_their_order() {
    one("r = hvm_copy_to 1:0x11 through 1:0x10 = 7; assert r == EINVAL
         r = hvm_copy_to 1:0x10 through 1:0x50 = 7; n = load content(M); assert r == EINVAL and n == 5
         r = hvm_copy_to 1:0x99 = 7; v = hvm_copy_from 1:0x99; assert r == EINVAL and v == none
         c = set_mmio 1:0x30 = F; assert c == ok; r = hvm_copy_to 1:0x30 = 7; assert r == EPERM
         r = hvm_copy_to 2:0x10 = 7; assert r == EINVAL");
    // Nobody could bring it.
    holds("", "0x10 = ram_paged", &["toolstack: r = hvm_copy_to 1:0x10 = 7; assert r == ENODEV and crashed(1) == 0"]);
    holds(
        "",
        "0x10 = M as ram_ro content 5",
        &["toolstack: r = hvm_copy_to 1:0x10 = 7; v = hvm_copy_from 1:0x10; assert r == ok and v == 5"],
    );
}

const SHARED: &str = "0x10 = S as ram_shared content 5; 0x11 = S as ram_shared";

#[test]
fn a_copy_to_a_shared_page_breaks_the_sharing_and_one_from_it_does_not() {
    let copies = "toolstack: v = hvm_copy_from 1:0x10; e = lookup 1:0x10; assert v == 5 and e.type == ram_shared
        r = hvm_copy_to 1:0x10 = 7; v = hvm_copy_from 1:0x11; w = hvm_copy_from 1:0x10
        assert r == ok and v == 5 and w == 7";
    holds("free_frames = 1", SHARED, &[copies]);
    holds(
        "",
        SHARED,
        &["toolstack: r = hvm_copy_to 1:0x10 = 7; v = hvm_copy_from 1:0x10; assert r == EAGAIN and v == 5"],
    );
}

/// S03: what is looked up is used with a reference.
#[test]
fn s03_a_copy_is_of_the_right_frame_whoever_takes_the_page_away() {
    against_all("toolstack: r = hvm_copy_to 1:0x10 = 7; v = hvm_copy_from 1:0x10");
    let writes = "toolstack: r = hvm_copy_to 1:0x10 = 7; v = hvm_copy_from 1:0x11; assert r == ok and v == 5";
    let other = "vcpu: c = write 1:0x11 = 9; assert c == ok";
    let l = lesson("free_frames = 2", SHARED, &[writes.trim_end_matches(" and v == 5"), other]);
    assert_eq!(search(&l, Policy::M2, None).verdict, Verdict::Safe);
    let bare = "toolstack: e = lookup 1:0x10; if e.mfn != none { store content(e.mfn) = 7 }";
    breaks(Rule::Stray, FRAMES, RAM, &[bare, "balloon: r = guest_remove 1:0x10"]);
}

/// A vCPU's own hypercall is retried: it is paused until the pager has brought the page.
#[test]
fn a_guests_copy_is_tried_again_until_the_page_is_there() {
    let copies = "vcpu: loop { r = hvm_copy_to 1:0x12 = 7; if r != EAGAIN { break }; enter_guest }
        v = hvm_copy_from 1:0x12; assert r == ok and v == 7";
    let pager = "pager: g = take ring(1); r = prep g = 3; assert g == 1:0x12 and r == ok; r = resume g";
    let l = lesson("free_frames = 1", "tables = 3, ring = 2 | 0x12 = ram_paged", &[copies, pager]);
    for policy in [Policy::Global, Policy::M2] {
        assert_eq!(search(&l, policy, None).verdict, Verdict::Safe);
    }
}

#[test]
fn a_guest_that_has_nobody_to_ask_ends() {
    let copies = "vcpu: loop { r = hvm_copy_to 1:0x10 = 7; if r != EAGAIN { break } }; assert r == ENODEV; v = hw_read 1:0x10; assert false";
    holds("", "0x10 = ram_paged", &[copies, "toolstack: wait crashed(1) == 1"]);
}

const THREE: &str = "0x10 = M as ram_rw content 5; 0x11 = N as ram_rw content 6; 0x12 = O as ram_rw content 7";

#[test]
fn an_instruction_moves_pages_in_its_direction() {
    let runs = |program: &str| holds("", THREE, &[&format!("toolstack: {program}")]);
    runs("r = rep_movs 1:0x10 to 1:0x12; v = load content(O); assert r == ok and v == 5");
    runs(
        "r = rep_movs 1:0x10 to 1:0x11 by 2; v = load content(N); w = load content(O); assert r == ok and v == 5 and w == 5",
    );
    runs(
        "r = rep_movs 1:0x11 to 1:0x12 by -2; v = load content(N); w = load content(O); assert r == ok and v == 5 and w == 6",
    );
    runs("r = rep_movs 1:0x10 to 1:0x11 by 0; assert r == EINVAL; r = rep_movs 1:0x10 to 1:0x11 by 65; assert r == EINVAL
          r = rep_movs 1:0x10 to 1:0x2 by -4; v = load content(M); assert r == EINVAL and v == 5");
}

#[test]
fn an_instruction_with_a_device_on_either_side_asks_the_device_model() {
    let world = "rings = { ioreq = 1 }";
    let runs = |program: &str| holds(world, RAM, &[&format!("toolstack: {program}")]);
    runs("r = rep_movs 1:0x10 to 1:0x99; g = take ioreq; assert r == ok and g == 1:0x99
          r = rep_movs 1:0x98 to 1:0x10; g = take ioreq; v = load content(M); assert r == ok and g == 1:0x98 and v == 5");
    runs("r = rep_movs 1:0x98 to 1:0x99; g = take ioreq; assert r == EAGAIN and g == 1:0x98
          r = emulate 1:0x98; assert r == ok; r = rep_movs 1:0x10 to 1:0x99; g = take ioreq; assert r == EAGAIN and g == 1:0x98");
    // A real device is no emulator's.
    holds(
        "",
        "0x10 = M as ram_rw",
        &["toolstack: c = set_mmio 1:0x30 = F; r = rep_movs 1:0x10 to 1:0x30; assert r == EPERM
        r = rep_movs 1:0x30 to 1:0x10; assert r == EPERM; r = emulate 1:0x30; assert r == EPERM"],
    );
}

#[test]
fn an_instruction_has_what_is_out_brought_with_nothing_held() {
    paged(
        "r = rep_movs 1:0x10 to 1:0x12; g = take ring(1); assert r == EAGAIN and g == 1:0x12
           r = rep_movs 1:0x12 to 1:0x10; v = load content(M); assert r == EAGAIN and v == 5",
    );
    paged("r = emulate 1:0x12 = 7; g = take ring(1); assert r == EAGAIN and g == 1:0x12");
    let moves = "toolstack: r = rep_movs 1:0x12 to 1:0x10; v = load content(S); w = load content(T)
        assert r == ok and v == 5 and w == 0";
    let map = "0x10 = S as ram_shared content 5; 0x11 = S as ram_shared; 0x12 = T as ram_rw";
    holds("free_frames = 1", map, &[moves]);
    holds("", map, &["toolstack: r = rep_movs 1:0x12 to 1:0x10; v = load content(S); assert r == EAGAIN and v == 5"]);
    let promised = "toolstack: r = emulate 1:0x10 = 7; v = hvm_copy_from 1:0x10; assert r == ok and v == 7
        r = rep_movs 1:0x10 to 1:0x20; v = hvm_copy_from 1:0x20; assert r == ok and v == 7";
    holds("", "tables = 3, cache = 2 | 0x10 = populate_on_demand; 0x20 = populate_on_demand", &[promised]);
}

const APART: &str = "0x10 = M as ram_rw content 5; 0x210 = N as ram_rw content 6";

/// S14: two who move between two ranges in opposite directions.
#[test]
fn s14_two_moves_in_opposite_directions_do_not_wait_for_each_other() {
    holds(
        "",
        APART,
        &[
            "toolstack: r = rep_movs 1:0x10 to 1:0x210; assert r == ok",
            "toolstack: r = rep_movs 1:0x210 to 1:0x10; assert r == ok",
        ],
    );
    let one_by_one =
        |g: &str, h: &str| format!("toolstack: e = get_gfn {g}; f = get_gfn {h}; put_gfn {h}; put_gfn {g}");
    let pair = [one_by_one("1:0x10", "1:0x210"), one_by_one("1:0x210", "1:0x10")];
    breaks(Rule::Deadlock, "", APART, &[&pair[0], &pair[1]]);
    against_all("toolstack: r = rep_movs 1:0x10 to 1:0x11");
}

#[test]
fn an_instruction_writes_memory_or_asks_and_never_both() {
    let world = "encoding = 'ept', rings = { ioreq = 2 }";
    let runs = |map: &str, program: &str| holds(world, map, &[&format!("toolstack: {program}")]);
    runs(
        RAM,
        "r = emulate 1:0x10 = 7; v = load content(M); assert r == ok and v == 7; r = emulate 1:0x10; assert r == ok
          r = emulate 1:0x99 = 7; g = take ioreq; assert r == ok and g == 1:0x99",
    );
    runs("0x10 = M as ram_ro content 5", "r = emulate 1:0x10 = 7; v = load content(M); assert r == ok and v == 5");
    runs(
        "0x10 = M as ioreq_server content 5",
        "r = emulate 1:0x10 = 7; v = load content(M); g = take ioreq
          assert r == ok and v == 5 and g == 1:0x10; r = emulate 1:0x10; assert r == ok",
    );
    // S16's sequel: the type is not changed between the look and the deed.
    let emulates = "toolstack: r = emulate 1:0x10 = 7";
    let releases = "toolstack: r = set_mem_type 1:0x10 as ram_rw; g = take ioreq nowait; v = load content(M)";
    holds(world, "0x10 = M as ioreq_server content 5", &[emulates, releases]);
}

#[test]
fn a_task_switch_maps_both_states_before_it_writes() {
    one("r = task_switch 1:0x10 to 1:0x11 = 9; v = load content(M); w = load content(N); b = load content(N, 1)
         n = load count(M); assert r == ok and v == 9 and w == 6 and b == 0x10 and n == 1
         r = task_switch 1:0x10 to 1:0x10 = 9; assert r == EINVAL; r = task_switch 1:0x10 to 2:0x11 = 9; assert r == EINVAL
         r = task_switch 1:0x11 to 1:0x99 = 8; w = load content(N); n = load count(N); assert r == EINVAL and w == 6 and n == 1
         r = task_switch 1:0x99 to 1:0x11 = 8; assert r == EINVAL");
    paged(
        "r = task_switch 1:0x10 to 1:0x12 = 9; v = load content(M); g = take ring(1)
           assert r == EAGAIN and v == 5 and g == 1:0x12",
    );
    against_all("toolstack: r = task_switch 1:0x10 to 1:0x11 = 9");
}

const TABLES: &str = "0x10 = A as ram_rw content 529; 0x211 = B as ram_rw content 18; 0x12 = C as ram_rw content 5";

#[test]
fn a_walk_follows_what_the_guest_wrote_there() {
    holds(FRAMES, TABLES, &["toolstack: h = guest_walk 1:0x10 by 1; assert h == 1:0x211
        h = guest_walk 1:0x10 by 2; n = load count(A); assert h == 1:0x12 and n == 1
        h = guest_walk 1:0x10 by 4; assert h == none; h = guest_walk 1:0x10 by 0; assert h == none
        h = guest_walk 1:0x10 by 5; assert h == none
        store content(C) = 0; h = guest_walk 1:0x12 by 1; assert h == none; h = guest_walk 1:0x99 by 1; assert h == none"]);
    paged("store content(M) = 0x12; h = guest_walk 1:0x10 by 2; g = take ring(1); assert h == none and g == 1:0x12");
    let shared = "toolstack: h = guest_walk 1:0x10 by 1; e = lookup 1:0x10; assert h == none and e.type == ram_shared";
    holds("", SHARED, &[shared]);
}

/// S05: a table is held while it is read. Whoever holds all tables that he has walked deadlocks with one who walks the
/// other way.
#[test]
fn s05_a_walk_pins_each_table_and_holds_none() {
    against_all("toolstack: h = guest_walk 1:0x10 by 1");
    let round = "0x10 = A as ram_rw content 528; 0x210 = B as ram_rw content 16";
    let walks = |g: &str| format!("toolstack: h = guest_walk {g} by 2; assert h == {g}");
    holds("", round, &[&walks("1:0x10"), &walks("1:0x210")]);
    let unpinned = "toolstack: e = get_gfn 1:0x10; put_gfn 1:0x10; if e.mfn != none { n = load content(e.mfn) }";
    breaks(Rule::Stray, FRAMES, RAM, &[unpinned, "pager: r = nominate 1:0x10; r = evict 1:0x10"]);
}

#[test]
fn a_debugger_reads_and_writes_behind_a_walk() {
    holds(
        FRAMES,
        TABLES,
        &["toolstack: r = dbg_rw_mem 1:0x10 by 2 = 7; v = load content(C); assert r == ok and v == 7
        r = dbg_rw_mem 1:0x10 by 2; assert r == ok; r = dbg_rw_mem 1:0x12; n = load count(C); assert r == ok and n == 1
        r = dbg_rw_mem 1:0x12 by 1; assert r == EFAULT; r = dbg_rw_mem 1:0x99 = 7; assert r == EFAULT
        r = dbg_rw_mem 1:0x10 by 9 = 7; assert r == EINVAL"],
    );
    for ty in ["ram_ro", "ram_logdirty"] {
        let map = format!("0x10 = M as {ty} content 5");
        holds(
            "",
            &map,
            &["toolstack: r = dbg_rw_mem 1:0x10 = 7; v = load content(M); assert r == EACCES and v == 5
            r = dbg_rw_mem 1:0x10; assert r == ok"],
        );
    }
    paged(
        "r = dbg_rw_mem 1:0x12 = 7; g = take ring(1); assert r == EAGAIN and g == 1:0x12
           store content(M) = 0x12; r = dbg_rw_mem 1:0x10 by 2; assert r == EAGAIN",
    );
    against_all("toolstack: r = dbg_rw_mem 1:0x10 = 7");
}

#[test]
fn a_shadow_fault_looks_up_under_the_paging_lock_what_it_holds() {
    one("r = shadow_fault 1:0x10 for_write; n = load count(M); assert r == ok and n == 1
         r = shadow_fault 1:0x99; assert r == fault");
    let noted = "toolstack: r = shadow_fault 1:0x10; b = load dirty(1:0x10); assert r == ok and b == 0
        r = shadow_fault 1:0x10 for_write; b = load dirty(1:0x10); assert r == ok and b == 1";
    holds("", "tables = 6, logdirty = true | 0x10 = M as ram_logdirty", &[noted]);
    holds(
        "",
        "0x10 = ram_ro",
        &["toolstack: r = shadow_fault 1:0x10; assert r == ok; r = shadow_fault 1:0x10 for_write; assert r == fault"],
    );
    holds(
        "",
        SHARED,
        &["toolstack: r = shadow_fault 1:0x10; assert r == ok; r = shadow_fault 1:0x10 for_write; assert r == ENOMEM"],
    );
    paged("r = shadow_fault 1:0x12; g = take ring(1); assert r == EAGAIN and g == 1:0x12");
}

/// S21: the frame number first, then the paging lock, as an update does.
#[test]
fn s21_a_shadow_fault_and_log_dirty_do_not_wait_for_each_other() {
    let faults = "toolstack: r = shadow_fault 1:0x10 for_write; assert r == ok";
    let notes = "logdirty: r = logdirty_enable 1; n = logdirty_clean 1";
    holds("", "tables = 8 | 0x10 = M as ram_rw", &[faults, notes]);
    against_all("toolstack: r = shadow_fault 1:0x10 for_write");
    let reversed = "toolstack: lock paging(1); e = get_gfn 1:0x10; put_gfn 1:0x10; unlock paging(1)";
    breaks(Rule::I27, "", RAM, &[reversed]);
}

/// What a page needs on its way may be much: a promise of 2 MB is split, given its frame, and looked up again.
#[test]
fn a_page_that_is_promised_in_a_larger_entry_is_used_like_any_other() {
    let map =
        "tables = 6, cache = 2, ring = 1 | 0x200 = populate_on_demand order 9; 0x400 = populate_on_demand order 9";
    for program in [
        "r = rep_movs 1:0x205 to 1:0x405; loop { if r != EAGAIN { break }; r = rep_movs 1:0x205 to 1:0x405 }",
        "r = hvm_copy_to 1:0x205 = 7; v = hvm_copy_from 1:0x205; assert v == 7; r = hvm_copy_to 1:0x405 = 7",
        "r = task_switch 1:0x205 to 1:0x405 = 9",
        "r = emulate 1:0x205 = 7; c = shadow_fault 1:0x405 for_write; assert c == ok",
        "store has_ring(1) = 0; r = mem_event_enable 1:0x205 with 1:0x405; c = mem_event_disable 1",
        "store has_ring(1) = 0; r = hypercall_page 1:0x205 = 7; c = tmem_get 1:0x405 from F; assert c == ok",
        "store has_ring(1) = 0; r = dbg_rw_mem 1:0x205 = 7; h = guest_walk 1:0x405 by 1; assert h == none",
    ] {
        for flush in ["sync", "deferred"] {
            let world = format!("flush = '{flush}'");
            holds(&world, map, &[&format!("toolstack: {program}\nassert r == ok")]);
        }
    }
}
