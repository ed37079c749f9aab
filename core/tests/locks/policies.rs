//! Policies of one lock for each gfn and of ranges with readers, page locks, and the three forms of the shared side.

use p2mscope_core::explore::{Question, Report, Verdict, explore};
use p2mscope_core::judge::watched;
use p2mscope_core::lesson::Lesson;
use p2mscope_core::machine::Policy;
use p2mscope_core::watch::Rule;
use std::ops::ControlFlow::Continue;

const MAP: &str = "0x10 = M as ram_rw content 5; 0x11 = N as ram_rw content 6; 0x200 = S as ram_rw order 9 content 3";

fn lesson(world: &str, actors: &[&str]) -> Lesson {
    let mut text = format!(
        "id = 'T'\ntitle = 'T'\nsource = 'T'\ngoal = 'T'\nstory = 'T'\nhints = ['a', 'b']\n\
         world = {{ {world} }}\ndomain = [{{ id = 1, tables = 3, map = '{MAP}' }}]\n\
         expect = [{{ version = 'before', policy = 'global', breach = 'none' }}]\n"
    );
    for (i, program) in actors.iter().enumerate() {
        text += &format!("[[actor]]\nname = 'A{i}'\nkind = 'toolstack'\ndomain = 1\nprogram = '''\n{program}\n'''\n");
    }
    Lesson::parse(&text).unwrap_or_else(|e| panic!("{e:#?}\n{text}"))
}

fn search(world: &str, policy: Policy, find: Option<Rule>, actors: &[&str]) -> Report {
    let q = find.map_or_else(|| Question::prove(watched()), Question::find);
    let sim = lesson(world, actors).stage("before", Some(policy), None).expect("it can be built").sim(q.stop);
    explore(&sim, &q, |_| Continue(()))
}

#[track_caller]
fn holds(policy: Policy, world: &str, actors: &[&str]) -> Report {
    let report = search(world, policy, None, actors);
    assert_eq!(report.verdict, Verdict::Safe, "{} {actors:?}", policy.name());
    assert!(report.ends > 0);
    report
}

#[track_caller]
fn breaks(policy: Policy, rule: Rule, actors: &[&str]) {
    match search("words = { w = 0 }", policy, Some(rule), actors).verdict {
        Verdict::Found { broken, .. } => assert_eq!(broken.rule, rule),
        other => panic!("{rule} was expected of {actors:?} under {}: {other:?}", policy.name()),
    }
}

/// Reads, and writes one more, which two at once would lose.
fn count(g: &str) -> String {
    format!("lock gfn({g}); x = load w; store w = x + 1; unlock gfn({g})")
}

#[test]
fn each_gfn_has_a_lock_under_4k() {
    // Neighbours exclude each other in a range, and not with a lock of their own.
    let (a, b, same) = (count("1:0x10"), count("1:0x11"), count("1:0x10"));
    breaks(Policy::K4, Rule::Deadlock, &[&a, &b, "wait w == 2"]);
    holds(Policy::K4, "words = { w = 0 }", &[&a, &same, "wait w == 2"]);
    holds(Policy::M2, "words = { w = 0 }", &[&a, &b, "wait w == 2"]);
    let crossed = |g: &str, h: &str| format!("lock gfn({g}); lock gfn({h}); unlock gfn({h}); unlock gfn({g})");
    let (ab, ba) = (crossed("1:0x10", "1:0x11"), crossed("1:0x11", "1:0x10"));
    breaks(Policy::K4, Rule::Deadlock, &[&ab, &ba]);
    breaks(Policy::K4, Rule::I27, &[&ab, &ba]);
    for policy in [Policy::M2, Policy::Rw, Policy::G1] {
        holds(policy, "", &[&ab, &ba]);
    }
    // The helper that sorts is right under every policy.
    let two = |g: &str, h: &str| format!("get_two_gfns {g} with {h}; put_two_gfns {g} with {h}");
    holds(Policy::K4, "", &[&two("1:0x10", "1:0x11"), &two("1:0x11", "1:0x10")]);
}

#[test]
fn parts_of_a_superpage_are_split_by_two_at_once_and_neither_is_lost() {
    let part = |g: &str, ty: &str| {
        format!(
            "lock gfn({g}); e = lookup {g}; r = set_entry {g} = e.mfn as {ty}; assert r == ok; f = lookup {g}
             assert f.type == {ty} and f.mfn == e.mfn and f.order == 0; unlock gfn({g})"
        )
    };
    let look = "e = get_gfn 1:0x207; assert e.mfn == S + 7 and e.type == ram_rw; put_gfn 1:0x207";
    let (a, b) = (part("1:0x205", "ram_ro"), part("1:0x206", "ram_logdirty"));
    for policy in [Policy::K4, Policy::M2, Policy::Rw] {
        holds(policy, "", &[&a, &b]);
        holds(policy, "", &[&a, look]);
    }
}

#[test]
fn readers_look_together_and_writers_are_alone() {
    // Both look at once: each waits, while it looks, for the other to look.
    let look = |mine: u8, theirs: u8| {
        format!("e = get_gfn_query 1:0x10; store w{mine} = 1; wait w{theirs} == 1; assert e.mfn == M; put_gfn 1:0x10")
    };
    let words = "words = { w0 = 0, w1 = 0 }";
    let together = |policy| search(words, policy, Some(Rule::Deadlock), &[&look(0, 1), &look(1, 0)]).verdict;
    assert!(matches!(together(Policy::Rw), Verdict::Safe));
    assert!(matches!(together(Policy::M2), Verdict::Found { .. }));
    let w = "words = { w = 0 }";
    let reader = "lock gfn(1:0x10) shared; x = load w; y = load w; assert x == y; unlock gfn(1:0x10)";
    holds(Policy::Rw, w, &[&count("1:0x11"), reader, reader]);
    holds(Policy::Rw, w, &[&count("1:0x10"), &count("1:0x11"), "wait w == 2"]);
    // Elsewhere `shared` is a lock like any other.
    for policy in [Policy::Global, Policy::M2, Policy::K4] {
        holds(policy, w, &[&count("1:0x10"), reader]);
    }
    let tries =
        "c = lock gfn(1:0x10) shared nowait; if c == ok { x = load w; y = load w; assert x == y; unlock gfn(1:0x10) }";
    holds(Policy::Rw, w, &[&count("1:0x10"), tries]);
}

#[test]
fn a_reader_is_promoted_when_the_others_have_gone_and_two_wait_for_ever() {
    let promoted = "e = get_gfn_query 1:0x10; f = get_gfn 1:0x10; put_gfn 1:0x10; put_gfn 1:0x10";
    let reader = "e = get_gfn_query 1:0x10; put_gfn 1:0x10";
    holds(Policy::Rw, "", &[promoted, reader, reader]);
    breaks(Policy::Rw, Rule::Deadlock, &[promoted, promoted]);
    for policy in [Policy::Global, Policy::G1, Policy::M2, Policy::K4] {
        holds(policy, "", &[promoted, promoted]);
    }
    // A query inside a get is the get's own, whichever is put first.
    holds(Policy::Rw, "", &["e = get_gfn 1:0x10; f = get_gfn_query 1:0x11; put_gfn 1:0x10; put_gfn 1:0x11", reader]);
    holds(Policy::Rw, "", &["e = get_gfn_query 1:0x10; f = get_gfn 1:0x11; put_gfn 1:0x10; put_gfn 1:0x11", reader]);
}

#[test]
fn a_page_lock_counts_as_a_typed_reference_while_it_is_held() {
    let add = "lock page(M); x = load w; store w = x + 1; n = load type_count(M); assert n == 1; unlock page(M)";
    holds(
        Policy::M2,
        "words = { w = 0 }",
        &[
            add,
            add,
            "wait w == 2; lock page(M); n = load type_count(M); assert n == 1
         c = lock page(M) nowait; assert c == EBUSY; unlock page(M); n = load type_count(M); assert n == 0",
        ],
    );
    // Two pages in both orders (S19), and a p2m lock after a page lock.
    let both = |a: &str, b: &str| format!("lock page({a}); lock page({b}); unlock page({b}); unlock page({a})");
    breaks(Policy::M2, Rule::Deadlock, &[&both("M", "N"), &both("N", "M")]);
    breaks(Policy::M2, Rule::I27, &[&both("N", "M")]);
    breaks(Policy::M2, Rule::I27, &["lock page(M); lock gfn(1:0x10); unlock gfn(1:0x10); unlock page(M)"]);
    holds(
        Policy::M2,
        "",
        &[
            &both("M", "N"),
            "lock gfn(1:0x10); lock page(M); lock altp2m(1); unlock altp2m(1); unlock page(M); unlock gfn(1:0x10)",
        ],
    );
}

#[test]
fn the_forms_of_the_shared_side_mean_the_same() {
    let whole = "lock p2m(1); x = load w; store w = x + 1; unlock p2m(1)";
    let range = "e = get_gfn 1:0x10; f = get_gfn 1:0x200; x = load w; y = load w; assert x == y; put_gfn 1:0x200; put_gfn 1:0x10";
    let counts = ["spinlock", "atomic", "percpu"].map(|form| {
        let world = format!("nonexclusive = '{form}', words = {{ w = 0 }}");
        let one = holds(Policy::M2, &world, &[whole, whole, range]);
        let found = search(&world, Policy::M2, Some(Rule::I27), &["e = get_gfn 1:0x10; lock p2m(1)"]);
        assert!(matches!(found.verdict, Verdict::Found { .. }), "{form}: a promotion");
        (one.states, one.ends)
    });
    assert!(counts.iter().all(|c| *c == counts[0]), "{counts:?}");
}
