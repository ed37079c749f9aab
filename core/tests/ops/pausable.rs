//! A domain that an operation ends stops its vCPUs, in a world where nobody pauses any otherwise.

use super::{Policy, Verdict, lesson, search};
use p2mscope_core::watch::Rule;

/// Runs for as long as its domain does.
const RUNS: &str = "vcpu: loop { v = hw_read 1:0x11 }";

/// The vCPU ends with its domain, whichever step comes first.
fn ends(world: &str, map: &str, program: &str) {
    let l = lesson(world, map, &[RUNS, program]);
    for policy in [Policy::Global, Policy::M2] {
        let report = search(&l, policy, None);
        assert_eq!(report.verdict, Verdict::Safe, "{} {program}", policy.name());
        assert!(report.ends > 0, "{program}");
    }
}

#[test]
fn over_what_is_special() {
    let map = "0x10 = mmio_direct; 0x11 = ram_rw; 0x12 = M as ram_rw";
    ends("", map, "toolstack: c = add_page 1:0x10 = M; assert c == EPERM");
    ends("free_frames = 1", map, "toolstack: c = increase 1:0x10; assert c == EPERM");
    ends("", map, "toolstack: c = set_mmio 1:0x10 = F; assert c == EPERM");
    // The device comes during the run.
    let makes = "lock gfn(1:0x10); set_entry 1:0x10 = F as mmio_direct; unlock gfn(1:0x10)";
    ends("", "0x11 = ram_rw; 0x12 = M as ram_rw", &format!("toolstack: {makes}; c = add_page 1:0x10 = M"));
}

#[test]
fn for_want_of_memory_to_keep_a_promise_with() {
    let map = "0x10 = populate_on_demand; 0x11 = ram_rw content 7";
    for asks in ["demand_populate 1:0x10", "get_gfn 1:0x10; put_gfn 1:0x10", "get_page_from_gfn 1:0x10"] {
        ends("", map, &format!("toolstack: x = {asks}"));
    }
    ends("", "0x11 = ram_rw content 7", "toolstack: c = mark_pod 1:0x10; assert c == ok; c = demand_populate 1:0x10");
    let none = "toolstack: fail table; c = mark_pod 1:0x40000 order 9; assert c == ENOMEM";
    ends("", "0x11 = ram_rw content 7", none);
}

#[test]
fn for_want_of_a_listener() {
    let map = "access_required = true | 0x10 = ram_rw with access_r; 0x11 = ram_rw";
    ends("", map, "toolstack: c = access_check 1:0x10 for_write; assert c == EPERM");
}

#[test]
fn where_nothing_can_end_a_domain_nobody_is_kept_track_of() {
    let l = |map: &str, program: &str| lesson("free_frames = 1", map, &[RUNS, program]).stage("before", None, None);
    let plain = "0x10 = ram_rw; 0x11 = ram_rw";
    for program in ["e = get_gfn 1:0x10; put_gfn 1:0x10", "c = increase 1:0x20", "c = access_check 1:0x10"] {
        assert!(!l(plain, &format!("toolstack: {program}")).unwrap().world.pausable, "{program}");
    }
    let promised = l("0x10 = populate_on_demand; 0x11 = ram_rw", "toolstack: e = get_gfn 1:0x10; put_gfn 1:0x10");
    assert!(promised.unwrap().world.pausable);
    // A vCPU whose domain lives goes on for ever: that is no end, and is said.
    let report = search(&lesson("", plain, &[RUNS, "toolstack: c = nominate 1:0x10"]), Policy::M2, Some(Rule::Hang));
    assert!(matches!(report.verdict, Verdict::Found { .. }), "{:?}", report.verdict);
}
