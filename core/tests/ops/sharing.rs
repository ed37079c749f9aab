//! Sharing: what each operation checks in which order, what it leaves behind, and that its orders of locks hold.

use super::direct::{Direct, ram};
use super::search;
use p2mscope_core::addr::DomGfn;
use p2mscope_core::entry::Format;
use p2mscope_core::explore::Verdict;
use p2mscope_core::lesson::Lesson;
use p2mscope_core::machine::{Policy, Words, sharing as records};
use p2mscope_core::ops::{Code, sharing};
use p2mscope_core::watch::Rule;

/// Three domains with a page each of the same content, which lie in three ranges of 2 MB, and a few more.
fn lesson(world: &str, actors: &[&str]) -> Lesson {
    let mut text = format!(
        "id = 'T'\ntitle = 'T'\nsource = 'T'\ngoal = 'T'\nstory = 'T'\nhints = ['a', 'b']\n\
         world = {{ {world} }}\n\
         domain = [\n\
         {{ id = 1, map = '0x10 = A as ram_rw content 5; 0x400 = D as ram_rw content 5; 0x12 = ram_ro; \
            0x13 = ram_paged; 0x600 = S as ram_rw order 9', tables = 2 }},\n\
         {{ id = 2, map = '0x10 = B as ram_rw content 5; 0x11 = ram_paged' }},\n\
         {{ id = 3, map = '0x10 = C as ram_rw content 5' }}]\n\
         expect = [{{ version = 'before', policy = 'global', breach = 'none' }}]\n"
    );
    for (i, a) in actors.iter().enumerate() {
        let (kind, program) = a.split_once(':').expect("kind: program");
        let program = program.trim();
        text += &format!("[[actor]]\nname = 'A{i}'\nkind = '{kind}'\ndomain = 1\nprogram = '''\n{program}\n'''\n");
    }
    Lesson::parse(&text).unwrap_or_else(|e| panic!("{e:#?}\n{text}"))
}

/// Every interleaving under every policy that locks keeps every rule, assertions among them.
fn holds(world: &str, actors: &[&str]) {
    let l = lesson(world, actors);
    for policy in [Policy::Global, Policy::G1, Policy::M2] {
        let report = search(&l, policy, None);
        assert_eq!(report.verdict, Verdict::Safe, "{} {actors:?}", policy.name());
        assert!(report.ends > 0, "{actors:?}");
    }
}

fn one(program: &str) {
    holds("free_frames = 2", &[&format!("sharer: {program}")]);
}

/// The pages of domains 1 and 2 become one frame, that of domain 1.
const PAIR: &str = "share_nominate 1:0x10; share_nominate 2:0x10; r = share 1:0x10 with 2:0x10; assert r == ok";
/// What the first state says of frame A.
const PRIVATE: &str = "e = lookup 1:0x10; o = load owner(A); c = load count(A); t = load type_count(A)
    m = load m2p(A); n = load nr_shared; v = load nr_saved; p = load tot_pages(1)
    assert e.type == ram_rw and e.mfn == A and o == 1 and c == 1 and t == 0 and m == 1:0x10 and n == 0 and v == 0
    assert p == 515";

#[test]
fn a_nominated_frame_is_dom_cows_and_shared_by_one() {
    one("r = share_nominate 1:0x10; assert r == ok
         e = lookup 1:0x10; assert e.type == ram_shared and e.mfn == A and e.access == access_rwx
         o = load owner(A); c = load count(A); t = load type_count(A); f = load frame_type(A); m = load m2p(A)
         assert o == cow and c == 2 and t == 1 and f == pgt_shared and m == shared_m2p
         n = load nr_shared; v = load nr_saved; p = load tot_pages(1); assert n == 1 and v == 0 and p == 514
         r = share_nominate 1:0x10; n = load nr_shared; assert r == ok and n == 1");
}

#[test]
fn a_domain_without_pages_of_its_own_is_not_referenced() {
    one("share_nominate 3:0x10; n = load domain_ref(3); assert n == 0; r = unshare 3:0x10; n = load domain_ref(3)
         assert r == ok and n == 1");
}

#[test]
fn what_cannot_be_shared_is_refused_by_nominate() {
    one("r = share_nominate 1:0x99; assert r == EINVAL; r = share_nominate 1:0x12; assert r == EINVAL
         r = share_nominate 1:0x13; assert r == EINVAL");
    one(&format!(
        "a = get_type A as pgt_writable; r = share_nominate 1:0x10; assert r == EINVAL; put_type A; {PRIVATE}"
    ));
    one(&format!("a = get_page A; r = share_nominate 1:0x10; assert r == E2BIG; put_page A; {PRIVATE}"));
    one(&format!("e = get_gfn 1:0x10; r = share_nominate 1:0x10; assert r == E2BIG; put_gfn 1:0x10; {PRIVATE}"));
}

#[test]
fn a_nomination_without_memory_is_taken_back() {
    // The records are there, a table to split the superpage with is not.
    one("fail table; r = share_nominate 1:0x605; assert r == ENOMEM
         e = lookup 1:0x605; assert e.type == ram_rw and e.order == 9
         o = load owner(S + 5); c = load count(S + 5); n = load nr_shared; assert o == 1 and c == 1 and n == 0
         r = share_nominate 1:0x605; e = lookup 1:0x606; assert r == ok and e.type == ram_rw and e.order == 0");
}

#[test]
fn a_dying_domain_is_refused_today_and_was_not_in_2011() {
    let program = "sharer: store dying(1) = 1; r = share_nominate 1:0x10";
    holds("encoding = 'ept'", &[&format!("{program}; assert r == EBUSY")]);
    holds("", &[&format!("{program}; assert r == ok; store dying(1) = 0; r = unshare 1:0x10; assert r == ok")]);
}

#[test]
fn two_shareable_frames_become_one() {
    one(&format!(
        "{PAIR}; e = lookup 1:0x10; f = lookup 2:0x10
         assert e.mfn == A and f.mfn == A and f.type == ram_shared and free(B)
         c = load count(A); t = load type_count(A); n = load nr_shared; v = load nr_saved
         assert c == 3 and t == 2 and n == 1 and v == 1
         r = share 1:0x10 with 2:0x10; v = load nr_saved; assert r == ok and v == 1"
    ));
}

#[test]
fn of_two_wrong_handles_that_of_the_lower_frame_is_told() {
    // A lies below B. Neither is shareable; then one of them is.
    one("r = share 1:0x10 with 2:0x10; assert r == S_HANDLE_INVALID
         r = share 2:0x10 with 1:0x10; assert r == C_HANDLE_INVALID
         r = share 1:0x99 with 2:0x99; assert r == S_HANDLE_INVALID
         share_nominate 1:0x10; r = share 1:0x10 with 2:0x10; assert r == C_HANDLE_INVALID
         r = share 2:0x10 with 1:0x10; assert r == S_HANDLE_INVALID
         r = share 1:0x10 with 2:0x99; assert r == C_HANDLE_INVALID
         n = load nr_shared; assert n == 1");
}

#[test]
fn a_share_takes_all_that_shared_the_client_along() {
    one("share_nominate 1:0x10; share_nominate 2:0x10; share_nominate 3:0x10
         r = share 2:0x10 with 3:0x10; assert r == ok; r = share 1:0x10 with 2:0x10; assert r == ok
         e = lookup 3:0x10; f = lookup 2:0x10; assert e.mfn == A and f.mfn == A and free(B) and free(C)
         c = load count(A); n = load nr_shared; v = load nr_saved; assert c == 4 and n == 1 and v == 2");
}

#[test]
fn a_share_that_needs_a_third_entry_is_refused_to_one_who_holds_a_lock() {
    // Under one lock for a table that is a third domain's; the lesson's own lock cannot be released for it.
    one("share_nominate 1:0x10; share_nominate 2:0x10; share_nominate 3:0x10
         r = share 2:0x10 with 3:0x10
         lock gfn(1:0x10); lock gfn(2:0x10); r = share 1:0x10 with 2:0x10; unlock gfn(2:0x10); unlock gfn(1:0x10)
         e = lookup 2:0x10; assert r == ERESTART and e.mfn == B");
}

#[test]
fn all_but_the_last_get_a_copy_and_the_last_keeps_the_frame() {
    one(&format!(
        "{PAIR}; r = unshare 2:0x10; assert r == ok
         e = lookup 2:0x10; x = load content(e.mfn); m = load m2p(e.mfn); o = load owner(e.mfn)
         assert e.type == ram_rw and e.mfn != A and x == 5 and m == 2:0x10 and o == 2
         c = load count(A); t = load type_count(A); s = load m2p(A); n = load nr_shared; v = load nr_saved
         assert c == 2 and t == 1 and s == shared_m2p and n == 1 and v == 0
         r = unshare 1:0x10; assert r == ok; {PRIVATE}
         r = unshare 1:0x10; assert r == ok; {PRIVATE}"
    ));
}

#[test]
fn without_a_frame_nothing_is_unshared_and_a_look_up_finds_it_still_shared() {
    let still = "e = lookup 2:0x10; c = load count(A); t = load type_count(A); v = load nr_saved
        assert e.type == ram_shared and e.mfn == A and c == 3 and t == 2 and v == 1";
    one(&format!("{PAIR}; fail frame; r = unshare 2:0x10; assert r == ENOMEM; {still}"));
    one(&format!(
        "{PAIR}; fail frame; e = get_gfn_unshare 2:0x10; assert e.type == ram_shared; put_gfn 2:0x10; {still}
         fail frame; f = get_page_from_gfn 2:0x10 unshare; assert f == none; {still}"
    ));
}

#[test]
fn a_dying_domain_gets_no_copy_and_does_not_keep_the_frame() {
    one(&format!("{PAIR}; store dying(2) = 1; r = unshare 2:0x10; v = load nr_saved; assert r == ENOMEM and v == 1"));
    one("share_nominate 1:0x10; store dying(1) = 1; r = unshare 1:0x10; assert r == EBUSY
         e = lookup 1:0x10; c = load count(A); t = load type_count(A); n = load nr_shared
         assert e.type == ram_shared and c == 2 and t == 1 and n == 1
         store dying(1) = 0; r = unshare 1:0x10; assert r == ok");
}

#[test]
fn the_last_one_waits_until_nobody_else_counts_on_the_type() {
    one(&format!(
        "share_nominate 1:0x10; b = get_page A for cow; a = get_type A as pgt_shared; r = unshare 1:0x10
         c = load count(A); n = load nr_shared; assert r == EEXIST and c == 3 and n == 1
         put_type A; put_page A; r = unshare 1:0x10; assert r == ok; {PRIVATE}"
    ));
}

#[test]
fn whoever_gives_its_share_up_frees_the_frame_as_the_last() {
    one(&format!(
        "{PAIR}; r = unshare 2:0x10 destroy; assert r == ok
         e = lookup 2:0x10; c = load count(A); n = load nr_shared; v = load nr_saved
         assert e.mfn == none and c == 2 and n == 1 and v == 0
         r = unshare 1:0x10 destroy; n = load nr_shared; assert r == ok and free(A) and n == 0"
    ));
}

#[test]
fn a_hole_can_share_and_nothing_else() {
    one("r = share_add 1:0x10 with 2:0x50; assert r == S_HANDLE_INVALID
         share_nominate 1:0x10; r = share_add 1:0x10 with 2:0x10; assert r == C_HANDLE_INVALID
         r = share_add 1:0x10 with 2:0x50; assert r == ok
         e = lookup 2:0x50; c = load count(A); v = load nr_saved
         assert e.type == ram_shared and e.mfn == A and c == 3 and v == 1
         r = share_add 1:0x10 with 2:0x11; n = load paged_pages(2); v = load nr_saved
         assert r == ok and n == 0 and v == 2");
}

#[test]
fn an_addition_without_memory_leaves_no_trace() {
    let none = "c = load count(A); t = load type_count(A); v = load nr_saved; e = lookup 2:0x40000
        assert r == ENOMEM and c == 2 and t == 1 and v == 0 and e.mfn == none";
    one(&format!("share_nominate 1:0x10; fail table; r = share_add 1:0x10 with 2:0x40000; {none}"));
}

#[test]
fn a_range_is_shared_but_what_cannot_be() {
    // 0x11 is a hole in domain 1 and paged out in domain 2.
    one("r = share 1:0x10 with 2:0x10 through 1:0x11; assert r == ok
         e = lookup 2:0x10; f = lookup 2:0x11; n = load nr_saved; assert e.mfn == A and f.type == ram_paged and n == 1
         r = share 1:0x10 with 2:0x10 through 1:0xf; assert r == EINVAL");
}

#[test]
fn a_shared_page_is_referenced_from_dom_cow_or_copied_for_a_writer() {
    one(&format!(
        "{PAIR}; f = get_page_from_gfn 2:0x10; c = load count(A); assert f == A and c == 4; put_page f
         f = get_page_from_gfn 2:0x10 unshare; e = lookup 2:0x10; assert f == e.mfn and f != A and e.type == ram_rw
         c = load count(f); assert c == 2; put_page f"
    ));
}

#[test]
fn a_get_that_unshares_holds_the_new_frame() {
    one(&format!(
        "{PAIR}; e = get_gfn_unshare 2:0x10; c = load count(e.mfn); d = load count(A)
         assert e.type == ram_rw and e.mfn != A and c == 2 and d == 2; put_gfn 2:0x10
         e = get_gfn 1:0x10; r = unshare 1:0x10; c = load count(A); assert r == ok and c == 2; put_gfn 1:0x10"
    ));
    // The pin of an outer get moves along (R4).
    one(&format!(
        "{PAIR}; e = get_gfn 2:0x10; r = unshare 2:0x10; f = lookup 2:0x10; c = load count(f.mfn); d = load count(A)
         assert r == ok and f.mfn != A and c == 2 and d == 2; put_gfn 2:0x10"
    ));
}

/// The program's assertions hold; what else it breaks is its purpose.
fn audits(program: &str) {
    let l = lesson("free_frames = 2", &[&format!("debugger: {PAIR}; {program}")]);
    let report = search(&l, Policy::M2, Some(Rule::Assert));
    assert_eq!(report.verdict, Verdict::Safe, "{program}");
    assert!(report.ends > 0, "{program}");
}

#[test]
fn the_audit_finds_nothing_where_all_is_as_it_should_be() {
    one("n = share_audit; assert n == 0; share_nominate 1:0x10; n = share_audit; assert n == 0");
    one(&format!(
        "{PAIR}; n = share_audit; assert n == 0; share_add 1:0x10 with 2:0x50; n = share_audit; assert n == 0"
    ));
    one(&format!(
        "{PAIR}; unshare 2:0x10; n = share_audit; assert n == 0; unshare 1:0x10; n = share_audit; assert n == 0"
    ));
}

#[test]
fn the_audit_counts_each_rule_that_is_broken_and_leaves_no_page_locked() {
    let free = "c = lock page(A) nowait; assert c == ok; unlock page(A)";
    audits(&format!("store owner(A) = 1; n = share_audit; assert n == 1; {free}"));
    audits(&format!("store m2p(A) = 1:0x10; n = share_audit; assert n == 1; {free}"));
    audits(&format!("held = get_type A as pgt_shared; n = share_audit; assert held and n == 1; {free}"));
    // Both entries lead elsewhere, then one.
    audits(&format!(
        "set_entry 1:0x10 = A as ram_ro; set_entry 2:0x10 = D as ram_shared; n = share_audit; assert n == 2; {free}"
    ));
    audits(&format!("set_entry 2:0x10 = none as invalid; n = share_audit; assert n == 1; {free}"));
    // A tuple too many: nobody maps it so, no typed reference stands for it, and nr_saved does not count it.
    audits(&format!("insert 3:0x10 into rmap(A); n = share_audit; assert n == 3; {free}"));
    // None at all: the type count is two too large, nr_saved one.
    audits(&format!("remove 1:0x10 from rmap(A); remove 2:0x10 from rmap(A); n = share_audit; assert n == 3; {free}"));
    audits("c = add nr_shared by 1; n = share_audit; assert n == 1");
    audits("c = add nr_saved by 1; n = share_audit; assert n == 1");
    // A record that nobody counts, of a frame that is nobody's to share: its type, owner and m2p, no tuple, the counter;
    // and a page lock alone is what its type count should be.
    audits("x = alloc record(D); assert x != none; n = share_audit; assert n == 5");
}

#[test]
fn who_holds_a_range_cannot_audit_since_all_tables_are_held_for_it() {
    audits("lock gfn(1:0x10); n = share_audit; assert n == none; unlock gfn(1:0x10)");
}

#[test]
fn the_audit_finds_two_frames_with_one_handle() {
    let mut d = Direct::new(Format::Ept2011, vec![ram(0, 0x10, "A"), ram(1, 0x10, "B")]);
    for g in [DomGfn::new(1, 0x10), DomGfn::new(2, 0x10)] {
        assert_eq!(sharing::nominate(&mut d, g, 0).unwrap().0, Code::Ok);
    }
    assert_eq!(sharing::audit(&mut d), Ok(Some(0)));
    let [a, b] = ["A", "B"].map(|f| d.frame(f));
    let handle = records::handle(&mut d.words, &d.world, a);
    let record = records::info(&mut d.words, &d.world, b).expect("it is shareable");
    let word = d.world.map.record(record, 0).expect("the record is there");
    d.words.set(word, handle);
    assert_eq!(sharing::audit(&mut d), Ok(Some(1)));
}

#[test]
fn the_audit_reports_nothing_of_what_is_under_way() {
    // Under one lock for a table, and with ranges: page locks alone would not keep the counters still.
    let audit = "n = share_audit; assert n == 0";
    for other in ["r = unshare 2:0x10", "r = unshare 2:0x10 destroy", "r = share_add 1:0x10 with 2:0x50"] {
        together(PAIR, &[audit, other]);
    }
    let nominated = "share_nominate 1:0x10; share_nominate 2:0x10";
    together(nominated, &[audit, "r = share 1:0x10 with 2:0x10; assert r == ok"]);
    together("", &[audit, "r = share_nominate 1:0x10; assert r == ok"]);
}

/// What sets the scene goes first; the others wait for it.
fn together(setup: &str, others: &[&str]) {
    let first = format!("sharer: {setup}; store w = 1; {}", others[0]);
    let rest: Vec<String> = others[1..].iter().map(|o| format!("sharer: wait w == 1; {o}")).collect();
    let mut all = vec![first.as_str()];
    all.extend(rest.iter().map(String::as_str));
    holds("free_frames = 2, words = { w = 0 }", &all);
}

#[test]
fn two_who_unshare_one_frame_each_have_their_own_in_the_end() {
    let unshares = |g: &str| format!("r = unshare {g}; e = lookup {g}; assert r == ok and e.type == ram_rw");
    together(PAIR, &[&unshares("1:0x10"), &unshares("2:0x10")]);
}

#[test]
fn two_who_share_crosswise_meet_no_deadlock() {
    // S19: page locks lower frame first; the gfns in the order of domains, whoever is the source.
    let setup = "share_nominate 1:0x10; share_nominate 2:0x10";
    together(setup, &["r = share 1:0x10 with 2:0x10; assert r == ok", "r = share 2:0x10 with 1:0x10; assert r == ok"]);
    // S28: two ranges of one domain, in both orders.
    let setup = "share_nominate 1:0x10; share_nominate 1:0x400";
    together(setup, &["r = share_add 1:0x10 with 1:0x401", "r = share_add 1:0x400 with 1:0x11"]);
}

#[test]
fn a_third_domain_may_unshare_while_its_frame_is_given_up() {
    // S29: the client's frame is shared by domain 3 too, whose entry the share rewrites under its lock.
    let setup = "share_nominate 1:0x10; share_nominate 2:0x10; share_nominate 3:0x10; share 2:0x10 with 3:0x10";
    together(
        setup,
        &[
            "r = share 1:0x10 with 2:0x10; e = lookup 2:0x10; assert r == ok and e.mfn == A",
            "r = unshare 3:0x10; e = lookup 3:0x10; assert r == ok and e.type == ram_rw",
        ],
    );
}

#[test]
fn a_page_is_shared_or_referenced_by_its_owner_never_both() {
    let maps = "grant: f = get_page_from_gfn 1:0x10; if f != none { o = load owner(f); put_page f }";
    holds("", &["sharer: r = share_nominate 1:0x10; assert r == ok or r == E2BIG", maps]);
    let pages = "pager: r = nominate 1:0x10; if r == ok { r = evict 1:0x10; assert r == ok }";
    holds("", &["sharer: r = share_nominate 1:0x10; assert r == ok or r == EINVAL", pages]);
}

#[test]
fn a_guest_that_writes_after_its_page_was_unshared_changes_no_other() {
    let writes = "vcpu: wait w == 1; c = hw_write 1:0x10 = 9; if c == ok { x = hw_read 1:0x10; assert x == 9 }";
    let l = lesson(
        "free_frames = 2, words = { w = 0 }",
        &[
            &format!(
                "sharer: {PAIR}; store w = 1; r = unshare 1:0x10; e = lookup 2:0x10; x = load content(e.mfn); assert x == 5"
            ),
            writes,
        ],
    );
    assert_eq!(search(&l, Policy::M2, None).verdict, Verdict::Safe);
}

#[test]
fn a_typed_reference_dropped_under_the_page_lock_waits_for_itself() {
    // S20: the page lock is itself one of the references.
    let l = lesson("", &["sharer: share_nominate 1:0x10; lock page(A); put_type A; unlock page(A)"]);
    match search(&l, Policy::M2, Some(Rule::Deadlock)).verdict {
        Verdict::Found { broken, .. } => assert_eq!(broken.rule, Rule::Deadlock),
        other => panic!("a deadlock was expected: {other:?}"),
    }
}
