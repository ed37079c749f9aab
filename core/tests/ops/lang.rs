//! The primitives of the language that are about rings, lists, objects and pauses, and the worlds they need: each in a
//! small world whose every interleaving is searched.

use crate::search;
use p2mscope_core::explore::Verdict;
use p2mscope_core::lesson::Lesson;
use p2mscope_core::machine::Policy;
use p2mscope_core::watch::Rule;

/// A lesson of these tables and programs, each with its actor's kind before it.
fn of(tables: &str, actors: &[&str]) -> Lesson {
    let mut text = format!("id = 'T'\ntitle = 'T'\ngoal = 'T'\n{tables}\n");
    for (i, a) in actors.iter().enumerate() {
        let (kind, program) = a.split_once(':').expect("kind: program");
        text += &format!("[[actor]]\nname = 'A{i}'\nkind = '{kind}'\ndomain = 1\nprogram = '''\n{program}\n'''\n");
    }
    Lesson::parse(&text).unwrap_or_else(|e| panic!("{e:#?}\n{text}"))
}

fn is_safe(tables: &str, actors: &[&str]) {
    let report = search(&of(tables, actors), Policy::M2, None);
    assert_eq!(report.verdict, Verdict::Safe, "{actors:?}");
    assert!(report.ends > 0, "{actors:?}");
}

fn finds(rule: Rule, tables: &str, actors: &[&str]) {
    match search(&of(tables, actors), Policy::M2, Some(rule)).verdict {
        Verdict::Found { broken, .. } => assert_eq!(broken.rule, rule),
        other => panic!("{rule} was expected of {actors:?}: {other:?}"),
    }
}

const RING: &str = "domain = [{ id = 1, ring = 2 }, { id = 2 }]";

#[test]
fn a_ring_gives_back_in_order_and_both_sides_sleep() {
    let vcpu = "vcpu: post ring(1) = 1:1; post ring(1) = 1:2; post ring(1) = 1:3; assert space(1) < 2 or done(A1)";
    let pager = "pager: a = take ring(1); b = take ring(1); c = take ring(1); assert a == 1:1 and b == 1:2 and c == 1:3\n\
                 assert space(1) == 2";
    is_safe(RING, &[vcpu, pager]);
}

#[test]
fn a_full_and_an_empty_ring_answer_at_once_with_nowait() {
    is_safe(
        RING,
        &["pager: g = take ring(1) nowait; assert g == none\nc = post ring(1) = 1:1 nowait; assert c == ok\n\
           c = post ring(1) = 1:2 nowait; c = post ring(1) = 1:3 nowait; assert c == EBUSY and space(1) == 0"],
    );
}

#[test]
fn a_domain_without_a_ring_says_so() {
    is_safe(RING, &["pager: c = post ring(2) = 1:1; g = take ring(2); assert c == ENODEV and g == none"]);
    is_safe(RING, &["pager: store has_ring(1) = 0; c = post ring(1) = 1:1; assert c == ENODEV and space(1) == 2"]);
}

#[test]
fn rings_of_the_lesson_carry_what_is_put_into_them() {
    let world = "world = { rings = { r = 1 } }\ndomain = [{ id = 1, map = '0x10 = M as ram_rw' }]";
    is_safe(world, &["pager: post r = M", "pager: f = take r; assert f == M"]);
}

#[test]
fn whoever_waits_for_a_ring_that_nobody_serves_is_stuck() {
    finds(Rule::Deadlock, RING, &["pager: g = take ring(1)"]);
    finds(Rule::Deadlock, RING, &["vcpu: post ring(1) = 1:1; post ring(1) = 1:2; post ring(1) = 1:3"]);
    // The taker needs the lock that the poster sleeps with.
    let poster = "vcpu: lock gfn(1:1); post ring(1) = 1:1; post ring(1) = 1:2; post ring(1) = 1:3; unlock gfn(1:1)";
    finds(Rule::Deadlock, RING, &[poster, "pager: lock gfn(1:2); g = take ring(1); unlock gfn(1:2)"]);
}

#[test]
fn nobody_may_post_or_take_with_a_lock_held_unless_it_does_not_wait() {
    let held = |s: &str| format!("pager: lock pod(1); {s}; unlock pod(1)");
    finds(Rule::I28, RING, &[&held("post ring(1) = 1:1")]);
    finds(Rule::I28, RING, &[&held("g = take ring(1)")]);
    is_safe(RING, &[&held("post ring(1) = 1:1 nowait; g = take ring(1) nowait")]);
    finds(Rule::I28, RING, &["vcpu: lock pod(1); enter_guest; unlock pod(1)"]);
}

const LISTS: &str = "world = { lists = ['q'], words = { w = 0 } }\n\
    domain = [{ id = 1, cache = 2, map = '0x10 = M as ram_rw' }]\n\
    frame = [{ name = 'F', owner = 1, list = 'q' }, { name = 'G', owner = 1 }]";

#[test]
fn lists_keep_the_order_in_which_things_came() {
    is_safe(
        LISTS,
        &["pager: f = first q; assert f == F and length(q) == 1; n = next q after f\n\
           assert n == none and length(page_list(1)) == 2 and length(pod_list(1)) == 2"],
    );
    is_safe(
        LISTS,
        &[
            "pager: lock page_alloc(1); remove G from page_list(1); insert G into q; f = first q; n = next q after f; assert n == G\n\
           c = remove F from q; assert c; f = first q; assert f == G and length(q) == 1\n\
           c = remove G from q; insert G into page_list(1); insert F into q; unlock page_alloc(1); f = first q; assert f == F",
        ],
    );
}

#[test]
fn a_list_used_wrongly_is_stray() {
    finds(Rule::Stray, LISTS, &["pager: remove M from q"]);
    finds(Rule::Stray, LISTS, &["pager: insert M into q"]);
    finds(Rule::Stray, LISTS, &["pager: n = next page_list(1) after F"]);
    // The second looks at the link of what the first takes out.
    let (walks, takes) = ("pager: f = first q; if f != none { n = next q after f }", "pager: remove F from q");
    finds(Rule::Stray, LISTS, &[walks, takes]);
    let locked =
        |p: &str| format!("pager: lock page_alloc(1); {}; unlock page_alloc(1)", p.trim_start_matches("pager: "));
    is_safe(LISTS, &[&locked(walks), &locked(takes)]);
}

#[test]
fn objects_come_lowest_first_and_are_used_while_they_are_there() {
    is_safe(
        LISTS,
        &["pager: p = alloc object; store cell(p) = 7; q2 = alloc object; v = load cell(q2); assert v == 0\n\
           c = free p; p = alloc object; v = load cell(p); assert v == 0; free p; free q2"],
    );
    finds(Rule::Stray, LISTS, &["pager: p = alloc object; free p; v = load cell(p)"]);
    finds(Rule::Stray, LISTS, &["pager: p = alloc object; free p; free p"]);
    is_safe(LISTS, &["pager: fail object; p = alloc object; assert p == none; p = alloc object; free p"]);
}

#[test]
fn places_of_domains_and_frames_say_what_the_world_said() {
    is_safe(
        "domain = [{ id = 1, cache = 2, pod_target = 3,
           map = '0x10 = M as ram_rw special; 0x20 = ram_rw; 0x30..0x31 = populate_on_demand' }]",
        &["pager: s = load special(M); c = load cache_count(1); t = load pod_target(1); m = load max_mapped(1)\n\
           assert s == 1 and c == 2 and t == 3 and m == 0x32"],
    );
}

const TWO: &str = "world = { words = { w = 0 } }\ndomain = [{ id = 1, map = '0x10 = M as ram_rw' }]";

#[test]
fn a_pause_waits_until_the_vcpu_is_outside_and_it_stays_there() {
    // Between pause and unpause the vCPU never is in the middle of its hypercall.
    let vcpu = "vcpu: store w = 1; store w = 0; enter_guest; store w = 1; store w = 0";
    is_safe(TWO, &[vcpu, "toolstack: pause A0; v = load w; assert v == 0; v = load w; assert v == 0; unpause A0"]);
    is_safe(TWO, &[vcpu, "toolstack: pause 1; v = load w; assert v == 0; unpause 1"]);
    // With nowait it may be.
    finds(Rule::Assert, TWO, &[vcpu, "toolstack: pause A0 nowait; v = load w; assert v == 0; unpause A0"]);
}

#[test]
fn a_paused_vcpu_that_nobody_lets_run_is_stuck() {
    finds(Rule::Deadlock, TWO, &["vcpu: store w = 1", "toolstack: pause A0"]);
    // The one who pauses holds what the vCPU needs to get outside.
    let waits = [
        "vcpu: store w = 1; lock pod(1); unlock pod(1)",
        "toolstack: lock pod(1); pause A0; unpause A0; unlock pod(1)",
    ];
    finds(Rule::Deadlock, TWO, &waits);
    finds(Rule::I28, TWO, &waits);
}

#[test]
fn vcpus_of_a_crashed_domain_end_when_they_are_outside() {
    let vcpu = "vcpu: store w = 1; store w = 0; v = hw_read 1:0x10; store w = 7";
    // It stops before the guest access, never in the middle of the hypercall.
    is_safe(
        TWO,
        &[
            vcpu,
            "toolstack: crash 1; c = load crashed(1); d = load dying(1); assert c == 1 and d == 1\n\
                          wait w != 1; assert done(A0) or w == 0 or w == 7",
        ],
    );
    let own = of(
        &format!("{TWO}\nrepair = {{ edit = ['A0'], ensure = ['w == 1'] }}"),
        &["vcpu: crash 1; store w = 1; enter_guest; store w = 2"],
    );
    assert_eq!(search(&own, Policy::M2, None).verdict, Verdict::Safe, "its own hypercall ends first");
}

#[test]
fn whoever_waits_for_a_lock_too_long_starves() {
    let busy = "toolstack: lock pod(1); store w = 1; store w = 2; store w = 3; unlock pod(1)";
    let waits = "vcpu: lock pod(1); unlock pod(1)";
    let world = |n: u64| format!("world = {{ patience = {n}, words = {{ w = 0 }} }}\ndomain = [{{ id = 1 }}]");
    // The lock, three stores: after these four steps it still waits; the fifth step releases it.
    finds(Rule::Starvation, &world(3), &[busy, waits]);
    is_safe(&world(4), &[busy, waits]);
}

#[test]
fn frames_of_others_are_shown_where_the_world_says_so() {
    let shared = "domain = [{ id = 1, map = '0x10 = M as ram_shared content 5; 0x11 = M as ram_shared' },\n\
                  { id = 2, map = '0x20 = M as ram_shared' }]";
    is_safe(
        shared,
        &["sharer: n = load count(M); o = load owner(M); s = load nr_shared; v = load nr_saved; e = lookup 2:0x20\n\
           assert n == 4 and o == cow and s == 1 and v == 2 and e.mfn == M"],
    );
    let today = "world = { encoding = 'ept' }\n\
                 domain = [{ id = 1, map = '0x10 = M as map_foreign; 0x11 = ioreq_server; 0x12 = D as mmio_direct' },\n\
                 { id = 2, map = '0x20 = M as ram_rw; 0x21 = ram_paging_in' }]";
    is_safe(
        today,
        &["grant: n = load count(M); o = load owner(D); p = load paged_pages(2)\n\
           assert n == 2 and o == io and p == 1"],
    );
}

#[test]
fn a_table_word_is_read_and_written_where_the_path_reaches_it() {
    is_safe(
        TWO,
        &["pager: e = load pte(1:0x10, 0); t = load pte(1:0x10, 0).type; f = load pte(1:0x10, 0).mfn\n\
           assert e.mfn == M and t == ram_rw and f == M and pte(1:0x10, 0).access == access_rwx\n\
           l = load pte(1:0x10, 1); k = load pte(1:0x10, 1).table; assert l == link(k)\n\
           e = load pte(1:0x11, 0); assert e.type == invalid\n\
           old = swap pte(1:0x10, 0) = leaf(M, ram_ro, 0); e = load pte(1:0x10, 0)\n\
           assert old.type == ram_rw and e.type == ram_ro\n\
           c = cas pte(1:0x10, 0) from leaf(M, ram_rw, 0) to none; assert not c\n\
           c = cas pte(1:0x10, 0) from leaf(M, ram_ro, 0) to leaf(M, ram_rw, 0); assert c and entry(1:0x10).mfn == M\n\
           c = cas pte(1:0x10, 0).type from ram_ro to ram_rw; assert not c"],
    );
    // The type alone, and the permissions as they were.
    finds(Rule::I5, TWO, &["pager: old = swap pte(1:0x10, 0).type = ram_ro; assert old == ram_rw"]);
    finds(Rule::Stray, TWO, &["pager: e = load pte(1:0x40000000, 0)"]);
    // Emptied by hand: the frame is still the domain's, and nothing leads to it.
    finds(Rule::Leak, TWO, &["pager: store pte(1:0x10, 0) = none; assert entry(1:0x10).mfn == none"]);
}

#[test]
fn the_reverse_map_of_a_shared_frame_is_a_list() {
    let shared = "domain = [{ id = 1, map = '0x10 = M as ram_shared; 0x11 = M as ram_shared; 0x12 = N as ram_rw' }]";
    is_safe(
        shared,
        &["sharer: g = first rmap(M); h = next rmap(M) after g; n = next rmap(M) after h\n\
           assert g == 1:0x10 and h == 1:0x11 and n == none and sharers(M) == 2 and length(rmap(M)) == 2"],
    );
    finds(Rule::Stray, shared, &["sharer: remove 1:0x20 from rmap(M)"]);
    finds(Rule::Stray, shared, &["sharer: insert 1:0x20 into rmap(N)"]);
    finds(Rule::Stray, shared, &["sharer: g = first rmap(M); remove g from rmap(M); h = next rmap(M) after g"]);
    finds(Rule::Stray, shared, &["sharer: free record(N)"]);
    is_safe(shared, &["sharer: fail record; r = alloc record(N); assert r == none"]);
}

#[test]
fn a_view_has_a_table_of_its_own() {
    let tables = "domain = [{ id = 1, map = '0x10 = M as ram_rw content 5' }]\n\
                  view = [{ name = 'n1', domain = 1, kind = 'nested', map = '0x80 = M as ram_rw' }]";
    is_safe(
        tables,
        &["vcpu: e = lookup n1:0x80; assert e.mfn == M; lock p2m(n1); unlock p2m(n1)\n\
                       c = set_entry n1:0x81 = M as ram_ro; e = lookup n1:0x81; assert c == ok and e.mfn == M"],
    );
}

/// It would leave a place in the queue that nobody takes, and keep all others out.
#[test]
fn who_stands_in_a_queue_does_not_end_with_its_domain() {
    is_safe(
        "domain = [{ id = 1, map = '0x10 = ram_rw' }]",
        &[
            "vcpu: lock p2m(1); unlock p2m(1)",
            "toolstack: lock gfn(1:0x10); unlock gfn(1:0x10)",
            "toolstack: crash 1; lock gfn(1:0x10); unlock gfn(1:0x10)",
        ],
    );
}
