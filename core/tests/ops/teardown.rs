//! Taking a domain down: that nothing of it is left whatever it had, that slices lose and redo nothing, and that whoever
//! works on it or with it meanwhile leaves nothing behind and is left nothing that is not there.

use super::search;
use p2mscope_core::explore::Verdict;
use p2mscope_core::lesson::Lesson;
use p2mscope_core::machine::Policy;
use p2mscope_core::watch::Rule;

/// Domain 1, which ends, with these keys and this map, and domain 2, which has page B and is granted M as G.
fn lesson(world: &str, domain: &str, views: &str, actors: &[&str]) -> Lesson {
    let (keys, map) = domain.split_once('|').unwrap_or(("tables = 2", domain));
    let mut text = format!(
        "id = 'T'\ntitle = 'T'\nsource = 'T'\ngoal = 'T'\nstory = 'T'\nhints = ['a', 'b']\nworld = {{ {world} }}\n\
         domain = [{{ id = 1, {keys}, map = '{map}' }}, {{ id = 2, tables = 3, map = '0x10 = B as ram_rw content 5' }}]\n\
         view = [{views}]\nexpect = [{{ version = 'before', policy = 'global', breach = 'none' }}]\n"
    );
    let granted = |what: &str| actors.iter().any(|a| a.contains(what));
    if granted(" = G") {
        text += "grant = [{ name = 'G', from = '1:0x10', to = 2 }]\n";
    }
    if granted(" = H") {
        text += "grant = [{ name = 'H', from = '2:0x10', to = 1 }]\n";
    }
    for (i, a) in actors.iter().enumerate() {
        let (kind, program) = a.split_once(':').expect("kind: program");
        let (kind, dom) = kind.split_once(' ').unwrap_or((kind, "1"));
        text += &format!("[[actor]]\nname = 'A{i}'\nkind = '{kind}'\ndomain = {dom}\nprogram = '''\n{program}\n'''\n");
    }
    Lesson::parse(&text).unwrap_or_else(|e| panic!("{e:#?}\n{text}"))
}

fn holds_in(world: &str, domain: &str, views: &str, actors: &[&str]) {
    let l = lesson(world, domain, views, actors);
    for policy in [Policy::Global, Policy::M2] {
        let report = search(&l, policy, None);
        assert_eq!(report.verdict, Verdict::Safe, "{} {actors:?}", policy.name());
        assert!(report.ends > 0, "{actors:?}");
    }
}

/// Every interleaving keeps every rule, with flushes at once and put off.
fn holds(domain: &str, actors: &[&str]) {
    for flush in ["sync", "deferred"] {
        holds_in(&format!("encoding = 'ept', free_frames = 2, flush = '{flush}'"), domain, "", actors);
    }
}

const END: &str = "loop { r = teardown 1; if r != ERESTART { break } }; assert r == ok";
/// Nothing is left of domain 1.
const GONE: &str = "n = load tot_pages(1); assert n == 0; n = load domain_ref(1); assert n == 0
    n = load paged_pages(1); assert n == 0; n = load entry_count(1); assert n == 0; n = load cache_count(1); assert n == 0
    n = load logdirty(1); assert n == 0; f = first page_list(1); assert f == none; t = alloc table(1); assert t == none";

fn alone(domain: &str, more: &str) {
    holds(domain, &[&format!("toolstack 2: {END}; {GONE}; {more}; r = teardown 1; assert r == ok")]);
}

#[test]
fn a_domain_with_one_of_everything_leaves_nothing() {
    alone("0x10 = M as ram_rw", "assert free(M); e = lookup 1:0x10; assert e.mfn == none");
    alone("0x10 = ram_paged; 0x11 = ram_paging_in; 0x12 = O as ram_paging_out; 0x13 = ram_broken", "assert free(O)");
    alone(
        "tables = 2, cache = 2, pod_target = 4 | 0x10 = M as ram_rw; 0x11 = populate_on_demand; 0x400 = populate_on_demand order 9",
        "assert free(M)",
    );
    alone(
        "tables = 4, logdirty = true | 0x10 = M as ram_logdirty; 0x11 = N as ram_ro; 0x20 = mmio_direct",
        "assert free(N)",
    );
    alone(
        "0x10 = M as ram_shared; 0x11 = M as ram_shared; 0x20 = C as ram_shared",
        "assert free(M) and free(C); n = load nr_shared; assert n == 0",
    );
    alone("0x10 = M as ram_rw special; 0x20 = I as ioreq_server", "assert free(M) and free(I)");
    alone("0x200 = S as ram_rw order 9; 0x800 = ram_rw", "assert free(S) and free(S + 511)");
}

#[test]
fn nobody_serves_it_afterwards() {
    let claims = "c = ioreq_claim 1 for_write; assert c == ok";
    // Who claims it again finds neither an owner nor entries of the last one.
    holds(
        "0x10 = I as ram_rw",
        &[&format!(
            "toolstack 2: {claims}; c = set_mem_type 1:0x10 as ioreq_server; assert c == ok; {END}; {GONE}; assert free(I); {claims}"
        )],
    );
    let listens = "c = access_listen 1; assert c == ok";
    let world = "encoding = 'ept', rings = { monitor = 1 }";
    holds_in(world, "0x10 = M as ram_rw", "", &[&format!("toolstack 2: {listens}; {END}; {GONE}; {listens}")]);
}

#[test]
fn what_it_was_lent_goes_back() {
    let foreign = "c = foreign_map 1:0x20 = 2:0x10; assert c == ok";
    let granted = "c = grant_map 1:0x21 = H; assert c == ok; c = grant_map 1:0x22 = H readonly; assert c == ok";
    let back = "n = load count(B); k = load type_count(B); assert n == 1 and k == 0";
    for lent in [foreign, granted] {
        holds("0x10 = M as ram_rw", &[&format!("toolstack 2: {lent}; {END}; {GONE}; {back}; assert free(M)")]);
    }
    let shared = "share_nominate 1:0x10; share_nominate 2:0x10; c = share 2:0x10 with 1:0x10; assert c == ok";
    holds(
        "0x10 = M as ram_rw content 5",
        &[&format!(
            "toolstack 2: {shared}; {END}; {GONE}; n = load nr_saved; k = load nr_shared
        assert n == 0 and k == 1; e = lookup 2:0x10; assert e.mfn == B; c = unshare 2:0x10; assert c == ok"
        )],
    );
    // A pin whose entry somebody has overwritten goes too.
    let lost =
        "c = grant_map 1:0x21 = H; c = move_page 1:0x10 to 1:0x21; assert c == ok; n = load count(B); assert n == 2";
    holds("0x10 = M as ram_rw", &[&format!("toolstack 2: {lost}; {END}; {GONE}; {back}")]);
}

#[test]
fn who_may_not_take_a_domain_down() {
    holds("0x10 = ram_rw", &["vcpu: r = teardown 1; assert r == EINVAL; n = load dying(1); assert n == 0"]);
    let view = "{ name = 'n1', domain = 1, kind = 'nested' }";
    holds_in(
        "",
        "0x10 = ram_rw",
        view,
        &["toolstack 2: r = teardown n1; assert r == EINVAL; n = load dying(1); assert n == 0"],
    );
}

#[test]
fn slices_lose_nothing_and_do_nothing_twice() {
    let map = "tables = 3, cache = 2 | 0x10 = M as ram_rw; 0x11 = populate_on_demand; 0x12 = ram_paged; 0x13 = S as ram_shared; \
        0x14 = S as ram_shared; 0x600 = ram_rw";
    let counts = format!(
        "n = 0; loop {{ r = teardown 1; if r != ERESTART {{ break }}; n = n + 1 }}; assert r == ok; {GONE}; assert free(M)"
    );
    for (preempt, least) in [(1, 12), (2, 5)] {
        let program = format!(
            "toolstack 2: {}; assert m >= {least}",
            counts.replace("assert r == ok;", "assert r == ok; m = n;")
        );
        let world = format!("encoding = 'ept', preempt = {preempt}");
        holds_in(&world, map, "", &[&program]);
    }
    // Two that are at it: one does each slice.
    holds_in(
        "encoding = 'ept', preempt = 3",
        "0x10 = M as ram_rw; 0x11 = ram_paged",
        "",
        &[&format!("toolstack 2: {END}"), &format!("toolstack 2: {END}")],
    );
}

#[test]
fn views_go_before_what_they_show() {
    let views = "{ name = 'n1', domain = 1, kind = 'nested' }, { name = 'a1', domain = 1, kind = 'alt', map = '0x10 = M as ram_rw' }";
    let program = format!("toolstack 2: {END}; {GONE}; e = lookup a1:0x10; assert e.mfn == none and free(M)");
    let fills = "vcpu: c = nested_get A1 = 7; if c == ok { c = nested_fill n1:0x80 to 1:0x10 }";
    for flush in ["sync", "deferred"] {
        let world = format!("flush = '{flush}'");
        holds_in(&world, "0x10 = M as ram_rw", views, &[&program, fills]);
        holds_in(&world, "0x10 = M as ram_rw", views, &[&program, "vcpu: v = hw_read a1:0x10"]);
    }
}

#[test]
fn its_vcpus_end_wherever_they_are() {
    // One runs for ever, one sleeps for a slot of the ring, one waits for its page.
    holds("0x10 = M as ram_rw", &[&format!("toolstack 2: {END}; {GONE}"), "vcpu: loop { v = hw_read 1:0x10 }"]);
    let ring = "tables = 2, ring = 1 | 0x10 = ram_paged; 0x11 = ram_paged";
    let asks = |g: &str| format!("vcpu: c = populate {g}; v = hw_read {g}");
    holds(ring, &[&format!("toolstack 2: {END}; {GONE}"), &asks("1:0x10"), &asks("1:0x11")]);
}

#[test]
fn what_is_kept_of_it_is_given_up() {
    let keeps = "vcpu: c = map_vcpu_info 1:0x10; c = map_vvmcx 1:0x11";
    holds(
        "0x10 = M as ram_rw; 0x11 = N as ram_rw",
        &[&format!("toolstack 2: {END}; {GONE}; assert free(M) and free(N)"), keeps],
    );
    let ring = "c = mem_event_disable 1; c = mem_event_enable 1:0x10 with 1:0x11; assert c == ok";
    holds(
        "tables = 3, ring = 2 | 0x10 = M as ram_rw; 0x11 = N as ram_rw",
        &[&format!("toolstack 2: {ring}; {END}; {GONE}; assert free(M) and free(N)")],
    );
}

#[test]
fn who_maps_its_frame_keeps_a_zombie() {
    let maps = "grant 2: c = foreign_map 2:0x20 = 1:0x10; store mapped = 1; wait over != 0
        if c == ok { n = load count(M); assert n == 1; n = load domain_ref(1); assert n == 1
        r = foreign_unmap 2:0x20; assert r == ok }; assert free(M); n = load domain_ref(1); assert n == 0";
    let ends = format!("toolstack 2: {END}; store over = 1; wait mapped != 0");
    let world = "encoding = 'ept', words = { over = 0, mapped = 0 }";
    holds_in(world, "0x10 = M as ram_rw", "", &[&ends, maps]);
    let grants =
        maps.replace("foreign_map 2:0x20 = 1:0x10", "grant_map 2:0x20 = G").replace("foreign_unmap", "grant_unmap");
    holds_in(world, "0x10 = M as ram_rw", "", &[&ends, &grants]);
    // A reference of nobody's mapping keeps it too.
    let holds_it = "sharer 2: h = get_page M for 1; wait over != 0; if h { put_page M }; assert free(M)";
    holds_in(world, "0x10 = M as ram_rw", "", &[&ends.replace("; wait mapped != 0", ""), holds_it]);
}

#[test]
fn others_work_on_it_meanwhile_and_leave_nothing() {
    let ends = format!("toolstack 2: {END}");
    for (domain, other) in [
        ("0x10 = M as ram_rw", "pager: c = nominate 1:0x10; c = evict 1:0x10; c = prep 1:0x10 = 5"),
        ("0x10 = ram_paged", "pager: c = prep 1:0x10 = 5; c = drop 1:0x10"),
        (
            "0x10 = M as ram_rw content 5",
            "sharer 2: c = share_nominate 1:0x10; c = share_add 1:0x10 with 2:0x20; c = unshare 2:0x20",
        ),
        ("0x10 = M as ram_shared; 0x11 = M as ram_shared", "sharer: c = unshare 1:0x10"),
        ("0x10 = M as ram_rw", "toolstack 2: c = increase 1:0x11"),
        ("0x10 = M as ram_rw", "balloon: c = guest_remove 1:0x10; c = add_page 1:0x12 = M"),
        ("0x10 = M as ram_rw", "toolstack 2: c = move_page 1:0x10 to 1:0x11"),
        ("0x10 = M as ram_rw", "grant 2: c = foreign_map 1:0x10 = 2:0x10"),
        ("0x10 = M as ram_rw", "grant 2: c = grant_map 1:0x10 = H"),
        ("tables = 3, cache = 1 | 0x10 = populate_on_demand", "toolstack 2: c = demand_populate 1:0x10"),
        ("tables = 3, cache = 1 | 0x10 = M as ram_rw", "toolstack 2: c = zero_check 1:0x10; c = mark_pod 1:0x11"),
        ("tables = 5 | 0x10 = M as ram_rw", "logdirty: c = logdirty_enable 1; n = logdirty_clean 1"),
    ] {
        holds(domain, &[&ends, other]);
    }
}

#[test]
fn a_domain_that_ends_gets_no_tables_and_nothing_new() {
    let refused = "c = increase 1:0x20; assert c == ENOMEM; c = mark_pod 1:0x20; assert c == ENOMEM
        c = foreign_map 1:0x20 = 2:0x10; assert c == EPERM; c = grant_map 1:0x20 = H; assert c == ENOMEM
        f = alloc frame(1); assert f == none; n = load count(B); assert n == 1";
    holds("0x10 = M as ram_rw", &[&format!("toolstack 2: {END}; {refused}")]);
    // Dying is enough for tables: S69.
    holds(
        "0x10 = M as ram_rw",
        &[
            "toolstack 2: store dying(1) = 1; c = mark_pod 1:0x40000; assert c == ENOMEM; t = alloc table(1); assert t == none",
        ],
    );
}

#[test]
fn freeing_before_the_entry_is_gone_is_the_mistake() {
    // The order of the phases is there for this: an entry that maps what has been freed.
    let wrong = "toolstack 2: store dying(1) = 1; f = first page_list(1); x = free f";
    let l = lesson("", "0x10 = M as ram_rw", "", &[wrong]);
    let report = search(&l, Policy::M2, Some(Rule::I4));
    assert!(matches!(report.verdict, Verdict::Found { .. }), "{:?}", report.verdict);
}
