//! Paging: each transition of each state, in the books of 2011 and of later, with what it leaves behind; errors in
//! their order; the ring; who sleeps and who is let go on.

use super::{breaks, lesson, search};
use p2mscope_core::explore::Verdict;
use p2mscope_core::machine::Policy;
use p2mscope_core::watch::Rule;

/// The books of 2011, those of 2012, and AMD's.
const ERAS: [&str; 3] = ["ept-2011", "ept", "npt-2012"];
const OUT: &str = "r = nominate 1:0x10; assert r == ok";
const PAGED: &str = "r = nominate 1:0x10; r = evict 1:0x10; assert r == ok and free(M)";

fn world(encoding: &str, world: &str) -> String {
    let sep = if world.is_empty() { "" } else { ", " };
    format!("encoding = '{encoding}'{sep}{world}")
}

/// Safe under the policies, whoever comes first.
fn safe(encoding: &str, keys: &str, map: &str, actors: &[&str]) {
    let l = lesson(&world(encoding, keys), map, actors);
    for policy in [Policy::Global, Policy::M2, Policy::K4] {
        let report = search(&l, policy, None);
        assert_eq!(report.verdict, Verdict::Safe, "{encoding} {} {actors:?}", policy.name());
        assert!(report.ends > 0, "{actors:?}");
    }
}

/// The same of one actor, for whom it makes no difference how large the ranges are.
fn alone(encoding: &str, keys: &str, map: &str, actor: &str) {
    let report = search(&lesson(&world(encoding, keys), map, &[actor]), Policy::M2, None);
    assert_eq!(report.verdict, Verdict::Safe, "{encoding}: {actor}");
}

/// From a state, an operation answers, and this is there then: the type, whether it has a frame, and paged_pages.
fn row(encoding: &str, state: &str, op: &str, answer: &str, ty: &str, frame: bool, paged: u64) {
    let has = if frame { "!=" } else { "==" };
    let program = format!(
        "toolstack: {state}\nx = {op}; e = lookup 1:0x10; n = load paged_pages(1)\n\
         assert x == {answer} \"answers {answer}\"\nassert e.type == {ty} \"becomes {ty}\"\n\
         assert e.mfn {has} none \"its frame\"\nassert n == {paged} \"counted as {paged}\""
    );
    alone(encoding, "free_frames = 1", "tables = 3, ring = 8 | 0x10 = M as ram_rw content 7", &program);
}

#[test]
fn each_operation_on_each_state_answers_and_leaves_what_the_table_says() {
    for e in ERAS {
        let old = e == "ept-2011";
        let asked = if old { "ram_paging_in_start" } else { "ram_paging_in" };
        let back = if old { "ram_paging_in" } else { "ram_rw" };
        // What later answers EBUSY: to a page that is not there, and to one that cannot go.
        let [none, cannot] = if old { ["EINVAL", "EAGAIN"] } else { ["EBUSY", "EBUSY"] };
        let (ask_out, ask_paged) = (format!("{OUT}; r = populate 1:0x10"), format!("{PAGED}; r = populate 1:0x10"));

        row(e, "", "nominate 1:0x10", "ok", "ram_paging_out", true, 0);
        row(e, "", "evict 1:0x10", none, "ram_rw", true, 0);
        row(e, "", "populate 1:0x10", "ok", "ram_rw", true, 0);
        row(e, "", "prep 1:0x10 = 5", "ENOENT", "ram_rw", true, 0);
        row(e, "", "prep 1:0x10", "ENOENT", "ram_rw", true, 0);
        row(e, "", "resume 1:0x10", "ok", "ram_rw", true, 0);
        row(e, "", "drop 1:0x10", "ENOENT", "ram_rw", true, 0);

        row(e, OUT, "nominate 1:0x10", cannot, "ram_paging_out", true, 0);
        row(e, OUT, "evict 1:0x10", "ok", "ram_paged", false, 1);
        row(e, OUT, "populate 1:0x10", "ok", asked, true, 0);
        row(e, OUT, "prep 1:0x10 = 5", "ENOENT", "ram_paging_out", true, 0);
        row(e, OUT, "resume 1:0x10", "ok", "ram_paging_out", true, 0);
        row(e, OUT, "drop 1:0x10", "ok", "mmio_dm", false, 0);

        row(e, PAGED, "nominate 1:0x10", none, "ram_paged", false, 1);
        row(e, PAGED, "evict 1:0x10", none, "ram_paged", false, 1);
        row(e, PAGED, "populate 1:0x10", "ok", asked, false, 1);
        row(e, PAGED, "prep 1:0x10 = 5", "ok", back, true, 0);
        row(e, PAGED, "prep 1:0x10", "EINVAL", "ram_paged", false, 1);
        row(e, PAGED, "resume 1:0x10", "ok", "ram_paged", false, 1);
        row(e, PAGED, "drop 1:0x10", "ok", "mmio_dm", false, 0);

        row(e, &ask_paged, "nominate 1:0x10", none, asked, false, 1);
        row(e, &ask_paged, "evict 1:0x10", none, asked, false, 1);
        row(e, &ask_paged, "populate 1:0x10", "EAGAIN", asked, false, 1);
        row(e, &ask_paged, "prep 1:0x10 = 5", "ok", back, true, 0);
        row(e, &ask_paged, "prep 1:0x10", "EINVAL", asked, false, 1);
        row(e, &ask_paged, "resume 1:0x10", "ok", asked, false, 1);
        row(e, &ask_paged, "drop 1:0x10", "ok", "mmio_dm", false, 0);

        row(e, &ask_out, "nominate 1:0x10", cannot, asked, true, 0);
        row(e, &ask_out, "evict 1:0x10", none, asked, true, 0);
        row(e, &ask_out, "populate 1:0x10", "EAGAIN", asked, true, 0);
        row(e, &ask_out, "prep 1:0x10 = 5", "ok", back, true, 0);
        row(e, &ask_out, "prep 1:0x10", "ok", back, true, 0);
        row(e, &ask_out, "resume 1:0x10", "ok", "ram_rw", true, 0);
        row(e, &ask_out, "drop 1:0x10", "ok", "mmio_dm", false, 0);
    }
}

#[test]
fn in_2011_a_prepared_page_is_memory_only_when_it_is_resumed() {
    let prepared = format!("{PAGED}; r = prep 1:0x10 = 5");
    let e = "ept-2011";
    row(e, &prepared, "nominate 1:0x10", "EAGAIN", "ram_paging_in", true, 0);
    row(e, &prepared, "evict 1:0x10", "EINVAL", "ram_paging_in", true, 0);
    row(e, &prepared, "populate 1:0x10", "EAGAIN", "ram_paging_in", true, 0);
    row(e, &prepared, "prep 1:0x10 = 6", "ENOENT", "ram_paging_in", true, 0);
    row(e, &prepared, "resume 1:0x10", "ok", "ram_rw", true, 0);
    row(e, &prepared, "drop 1:0x10", "ok", "mmio_dm", false, 0);
}

#[test]
fn a_page_comes_back_as_the_pager_gives_it_and_one_that_never_left_as_it_was() {
    for e in ERAS {
        let loads = format!(
            "pager: {PAGED}; r = prep 1:0x10 = 5; r = resume 1:0x10; e = lookup 1:0x10\n\
             v = load content(e.mfn); w = load content(e.mfn, 1); g = load m2p(e.mfn)\n\
             assert e.type == ram_rw and v == 5 and w == 0 and g == 1:0x10"
        );
        alone(e, "free_frames = 1", "tables = 3, ring = 4 | 0x10 = M as ram_rw content 7", &loads);
        let keeps = format!(
            "pager: {OUT}; r = populate 1:0x10; r = prep 1:0x10 = 5; r = resume 1:0x10\n\
             e = lookup 1:0x10; v = load content(M); assert e.mfn == M and e.type == ram_rw and v == 7"
        );
        alone(e, "", "tables = 3, ring = 4 | 0x10 = M as ram_rw content 7", &keeps);
    }
}

#[test]
fn where_the_table_cannot_say_that_a_page_is_out_none_goes() {
    let program = "pager: r = nominate 1:0x10; x = evict 1:0x10; e = lookup 1:0x10\n\
                   assert r == ENODEV and x == ENODEV and e.type == ram_rw";
    alone("npt-2011", "", "0x10 = M as ram_rw", program);
}

#[test]
fn without_memory_nothing_has_changed() {
    for e in ERAS {
        // A frame: it is asked for after the buffer was, and not before.
        for fails in ["", "fail frame;"] {
            let free = if fails.is_empty() { "" } else { "free_frames = 1" };
            let program = format!(
                "pager: {fails} r = prep 1:0x10 = 5; e = lookup 1:0x10; n = load paged_pages(1)\n\
                 assert r == ENOMEM and e.type == ram_paged and n == 1"
            );
            alone(e, free, "0x10 = ram_paged", &program);
        }
        alone(e, "", "0x10 = ram_paged", "pager: r = prep 1:0x10; assert r == EINVAL");
        // A table: a large entry must be split first.
        let map = "tables = 0, ring = 4 | 0x200 = S as ram_paging_out order 9";
        let keeps = "e = lookup 1:0x201; assert e.order == 9 and e.type == ram_paging_out and e.mfn == S + 1";
        alone(e, "", map, &format!("pager: r = populate 1:0x201; assert r == ENOMEM and space(1) == 4; {keeps}"));
        alone(e, "", map, &format!("pager: r = evict 1:0x201; assert r == ENOMEM; {keeps}"));
        alone(e, "", map, &format!("pager: r = drop 1:0x201; assert r == ENOMEM and space(1) == 4; {keeps}"));
        let map = "tables = 0, ring = 4 | 0x200 = S as ram_paging_in order 9";
        let keeps = "assert r == ENOMEM; e = lookup 1:0x201; assert e.order == 9 and e.type == ram_paging_in";
        alone(e, "", map, &format!("pager: r = resume 1:0x201; {keeps}"));
        if e != "ept-2011" {
            alone(e, "", map, &format!("pager: r = prep 1:0x201 = 5; {keeps}"));
        }
    }
}

#[test]
fn who_asks_claims_a_slot_first_and_gives_it_back_if_there_is_nothing_to_ask_for() {
    let map = "tables = 3, ring = 1 | 0x10 = ram_paged; 0x11 = ram_paged; 0x12 = N as ram_rw";
    alone(
        "ept",
        "",
        map,
        "toolstack: r = populate 1:0x12; assert r == ok and space(1) == 1
         r = populate 1:0x10; assert r == ok and space(1) == 0
         r = populate 1:0x11; assert r == EBUSY
         r = populate 1:0x12; assert r == EBUSY
         e = lookup 1:0x11; assert e.type == ram_paged
         g = take ring(1); assert g == 1:0x10 and space(1) == 1
         r = populate 1:0x10; assert r == EAGAIN and space(1) == 1",
    );
    alone(
        "ept",
        "",
        "tables = 3 | 0x10 = ram_paged",
        "toolstack: r = populate 1:0x10; e = lookup 1:0x10; assert r == ENODEV and e.type == ram_paged and crashed(1) == 0",
    );
}

#[test]
fn in_use_is_told_apart_from_not_there_in_2011_alone() {
    let map = "0x10 = M as ram_rw; 0x11 = ram_ro; 0x12 = mmio_dm";
    for (e, none, cannot) in
        [("ept-2011", "EINVAL", "EAGAIN"), ("npt-2012", "EBUSY", "EBUSY"), ("ept", "EBUSY", "EBUSY")]
    {
        let program = format!(
            "pager: r = nominate 1:0x12; assert r == {none}; r = nominate 1:0x99; assert r == {none}
             r = nominate 1:0x11; assert r == {cannot}; h = get_page M; r = nominate 1:0x10; assert r == {cannot}
             put_page M; r = nominate 1:0x10; assert r == ok; h = get_page M; r = evict 1:0x10; assert r == EBUSY
             put_page M; r = evict 1:0x11; assert r == {none}"
        );
        alone(e, "", map, &program);
    }
}

#[test]
fn a_dying_domain_gets_no_page_back() {
    for e in ERAS {
        let program = "pager: store dying(1) = 1; r = prep 1:0x10 = 5; e = lookup 1:0x10; n = load paged_pages(1)\n\
                       f = alloc frame(1); assert r == ENOMEM and e.type == ram_paged and n == 1 and f == none\n\
                       store dying(1) = 0; r = prep 1:0x10 = 5; assert r == ok";
        alone(e, "free_frames = 1", "0x10 = ram_paged", program);
    }
}

#[test]
fn an_actor_of_another_domain_does_not_sleep_for_a_slot() {
    // A vCPU of domain 2 finds the ring of domain 1 full: it goes on, and so does whoever is no vCPU.
    let map = "tables = 3, ring = 1 | 0x10 = ram_paged; 0x11 = ram_paged";
    for kind in ["vcpu 2", "pager", "toolstack 2"] {
        let asks = format!(
            "{kind}: post ring(1) = 1:0x11; r = populate 1:0x10; e = lookup 1:0x10\n\
             assert r == EBUSY and e.type == ram_paged and space(1) == 0"
        );
        alone("ept-2011", "", map, &asks);
    }
    // With a slot it has asked, is not paused for it, and is told to come again.
    let asks = "vcpu 2: r = populate 1:0x10; assert r == ok; r = populate 1:0x10; assert r == EAGAIN; enter_guest\n\
                g = take ring(1); assert g == 1:0x10";
    alone("ept-2011", "", "tables = 3, ring = 2 | 0x10 = ram_paged", asks);
}

#[test]
fn a_vcpu_sleeps_for_a_slot_or_says_that_it_does_not() {
    let map = "tables = 3, ring = 1 | 0x10 = ram_paged; 0x11 = ram_paged";
    alone(
        "ept",
        "",
        map,
        "vcpu: post ring(1) = 1:0x11; r = populate 1:0x10 nowait; e = lookup 1:0x10\n\
         assert r == EBUSY and e.type == ram_paged",
    );
    for e in ["ept-2011", "ept"] {
        safe(
            e,
            "free_frames = 1",
            map,
            &[
                "vcpu: post ring(1) = 1:0x11; r = populate 1:0x10; assert r == ok; enter_guest; v = hw_read 1:0x10; assert v == 5",
                "pager: g = take ring(1); assert g == 1:0x11; g = take ring(1); assert g == 1:0x10; r = prep g = 5; r = resume g",
            ],
        );
    }
    // Nobody serves the ring.
    let l = lesson("encoding = 'ept'", map, &["vcpu: post ring(1) = 1:0x11; r = populate 1:0x10"]);
    assert!(matches!(search(&l, Policy::M2, Some(Rule::Deadlock)).verdict, Verdict::Found { .. }));
}

#[test]
fn from_2012_others_use_only_what_the_vcpus_do_not_need() {
    // Two slots, and one vCPU that has not asked for anything: others get one.
    let map = "tables = 3, ring = 2 | 0x10 = ram_paged; 0x11 = ram_paged; 0x12 = ram_paged";
    for (e, second) in [("ept-2011", "ok"), ("npt-2012", "EBUSY"), ("ept", "EBUSY")] {
        let asks = format!(
            "toolstack: r = populate 1:0x10; x = populate 1:0x11; assert r == ok and x == {second}; store w = 1; wait w == 2"
        );
        safe(e, "words = { w = 0 }", map, &[&asks, "vcpu: wait w == 1; store w = 2"]);
    }
    // Once it has asked, it needs no more.
    let asks = "toolstack: wait w == 1; r = populate 1:0x11; assert r == ok; r = resume 1:0x10";
    safe("ept", "words = { w = 0 }", map, &[asks, "vcpu: r = populate 1:0x10; store w = 1"]);
}

/// A pager that serves the ring until it is told to stop, and who tells it when `n` actors are done.
const SERVES: &str = "pager: loop { g = take ring(1); if g == 1:0x99 { break }; r = prep g = 5; r = resume g }";
const STOPS: [&str; 2] =
    ["toolstack: wait n == 1; post ring(1) = 1:0x99", "toolstack: wait n == 2; post ring(1) = 1:0x99"];

#[test]
fn two_vcpus_that_miss_one_page_both_get_it() {
    let reads = "vcpu: v = read 1:0x10; assert v == 5; add n by 1";
    for e in ["ept-2011", "ept"] {
        let keys = "free_frames = 1, words = { n = 0 }";
        safe(e, keys, "tables = 3, ring = 2 | 0x10 = ram_paged", &[reads, reads, SERVES, STOPS[1]]);
    }
}

#[test]
fn the_pager_may_change_its_mind_while_somebody_asks() {
    // Evicted or not, the vCPU writes to its own page, and finds what it wrote.
    let writes = "vcpu: c = write 1:0x10 = 7; assert c == ok; v = read 1:0x10; assert v == 7; add n by 1";
    let pager = format!(
        "pager: r = nominate 1:0x10; if r == ok {{ r = evict 1:0x10 }}\n{}",
        &SERVES["pager:".len()..].replace("= 5", "= 7")
    );
    for e in ["ept-2011", "ept"] {
        let keys = "words = { n = 0 }";
        safe(e, keys, "tables = 3, ring = 1 | 0x10 = M as ram_rw", &[writes, &pager, STOPS[0]]);
    }
}

#[test]
fn whoever_sleeps_on_the_ring_holds_nothing() {
    // S17. Asking with the frame held may sleep with it held; put first, all is well.
    let keys = "encoding = 'ept', free_frames = 2, words = { n = 0 }";
    let map = "tables = 3, ring = 1 | 0x10 = ram_paged; 0x11 = ram_paged";
    let other = "vcpu: v = read 1:0x11; add n by 1";
    let before =
        "vcpu: e = get_gfn_query 1:0x10; if e.type == ram_paged { populate 1:0x10 }; put_gfn 1:0x10; add n by 1";
    let repaired = "vcpu: e = get_gfn_query 1:0x10; paged = e.type == ram_paged; put_gfn 1:0x10\n\
                    if paged { populate 1:0x10 }; add n by 1";
    breaks(Rule::I28, keys, map, &[before, other, SERVES, STOPS[1]]);
    safe("ept", "free_frames = 2, words = { n = 0 }", map, &[repaired, other, SERVES, STOPS[1]]);
}

#[test]
fn a_page_is_not_found_before_it_is_filled() {
    // S08. The frame was another domain's: whoever retries finds the page as the pager filled it, or none.
    let maps = "grant: f = get_page_from_gfn 1:0x10; if f != none { v = load content(f); assert v == 5; put_page f }";
    for e in ERAS {
        let pager = "pager: r = prep 1:0x10 = 5; assert r == ok; r = resume 1:0x10";
        safe(e, "free_frames = 1", "0x10 = ram_paged", &[maps, pager]);
    }
}

#[test]
fn what_was_looked_at_still_holds_when_it_is_changed() {
    // S06. One evicts, one asks, one gives the page up, in any order: the books are right.
    let pager = "pager: r = nominate 1:0x10; if r == ok { r = evict 1:0x10 }";
    let asks = "toolstack: r = populate 1:0x10";
    let drops = "balloon: r = drop 1:0x10";
    for e in ["ept-2011", "ept"] {
        safe(e, "", "tables = 3, ring = 4 | 0x10 = M as ram_rw", &[pager, asks, drops]);
    }
    safe(
        "ept",
        "free_frames = 1",
        "tables = 3, ring = 4 | 0x10 = ram_paged",
        &["pager: r = prep 1:0x10 = 5; r = resume 1:0x10", asks, drops],
    );
}

#[test]
fn a_guest_whose_pager_has_gone_ends() {
    // S71. No ring from the beginning; one that goes while vCPUs sleep for it, or wait for an answer.
    let reads = "vcpu: v = read 1:0x10; assert v == 5";
    safe("ept", "", "tables = 3 | 0x10 = ram_paged", &[reads, "toolstack: wait crashed(1) == 1"]);
    let goes = "toolstack: store has_ring(1) = 0";
    safe(
        "ept",
        "",
        "tables = 3, ring = 1 | 0x10 = ram_paged; 0x11 = ram_paged",
        &[reads, "vcpu: v = read 1:0x11; assert v == 5", goes],
    );
    // A domain that is dying has nobody sleep for its ring any more.
    let dying = "toolstack: post ring(1) = 1:0x11; store dying(1) = 1; wait crashed(1) == 1";
    safe("ept", "", "tables = 3, ring = 1 | 0x10 = ram_paged", &["vcpu: wait dying(1) == 1; v = read 1:0x10", dying]);
}

#[test]
fn a_page_that_is_given_up_frees_its_frame_and_tells_the_pager() {
    for e in ERAS {
        alone(
            e,
            "",
            "tables = 3, ring = 4 | 0x10 = M as ram_rw",
            &format!(
                "balloon: {OUT}; r = drop 1:0x10; assert free(M) and space(1) == 3; g = take ring(1); assert g == 1:0x10"
            ),
        );
        alone(
            e,
            "",
            "tables = 3, ring = 4 | 0x10 = M as ram_rw",
            &format!("balloon: {OUT}; r = populate 1:0x10; r = drop 1:0x10; assert free(M) and space(1) == 2"),
        );
        // Without a ring, and with a full one, it is given up all the same.
        alone(
            e,
            "",
            "0x10 = ram_paged",
            "balloon: r = drop 1:0x10; n = load paged_pages(1); assert r == ok and n == 0",
        );
        alone(
            e,
            "",
            "tables = 3, ring = 1 | 0x10 = ram_paged",
            "balloon: post ring(1) = 1:0x11; r = drop 1:0x10; n = load paged_pages(1); assert r == ok and n == 0",
        );
    }
    // Whoever waits for it is let go on by the pager's answer, and finds nothing there.
    let reads = "vcpu: v = read 1:0x10; assert v == 0; add n by 1";
    let answers = SERVES.replace("r = prep g = 5; ", "");
    let all = [reads, &answers, "balloon: r = drop 1:0x10", STOPS[0]];
    safe("ept", "words = { n = 0 }", "tables = 3, ring = 4 | 0x10 = ram_paged", &all);
}

#[test]
fn memory_that_comes_back_while_writes_are_noted_is_noted() {
    // S58 b.
    for e in ERAS {
        let map = "tables = 3, logdirty = true | 0x10 = ram_paged";
        let back = "pager: r = prep 1:0x10 = 5; r = resume 1:0x10; e = lookup 1:0x10; assert e.type == ram_logdirty";
        alone(e, "free_frames = 1", map, back);
    }
    let stays = format!(
        "pager: {OUT}; r = populate 1:0x10; r = resume 1:0x10; e = lookup 1:0x10; assert e.type == ram_logdirty"
    );
    alone("ept", "", "tables = 3, ring = 1, logdirty = true | 0x10 = M as ram_logdirty", &stays);
}

#[test]
fn a_guest_that_gives_a_page_back_tells_the_pager_too() {
    for e in ERAS {
        let map = "tables = 3, ring = 4 | 0x10 = M as ram_rw";
        let gives = "r = guest_remove 1:0x10; e = lookup 1:0x10; n = load paged_pages(1)";
        let gone = "assert r == ok and e.type == mmio_dm and n == 0 and free(M)";
        alone(e, "", map, &format!("balloon: {OUT}; {gives}; {gone}; assert space(1) == 3"));
        alone(e, "", map, &format!("balloon: {PAGED}; {gives}; {gone}; assert space(1) == 3"));
        alone(e, "", map, &format!("balloon: {OUT}; r = populate 1:0x10; {gives}; {gone}; assert space(1) == 2"));
        alone(e, "", map, &format!("balloon: {PAGED}; r = populate 1:0x10; {gives}; {gone}; assert space(1) == 2"));
    }
}
