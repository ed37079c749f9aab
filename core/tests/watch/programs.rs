//! Rules that a step breaks and not a state: I13, I24, I26 to I29, I31. Each is broken by a program, on every schedule or on
//! some, and a program that is like it but right breaks nothing.

use p2mscope_core::explore::{Question, Verdict, explore};
use p2mscope_core::lesson::Lesson;
use p2mscope_core::machine::Policy;
use p2mscope_core::watch::Rule;
use std::ops::ControlFlow::Continue;

/// What a search for that rule says of programs, each with its actor's kind; none if it is kept.
fn says(rule: Rule, actors: &[&str]) -> Option<String> {
    let mut text = "id = 'T'\ntitle = 'T'\nsource = 'T'\ngoal = 'T'\nstory = 'T'\nhints = ['a', 'b']\n\
                    world = { free_frames = 1 }\n\
                    domain = [{ id = 1, tables = 2, map = '0x10 = M as ram_rw; 0x11 = N as ram_rw' }, { id = 2 }]\n\
                    expect = [{ version = 'before', policy = '2m', breach = 'none' }]\n"
        .to_string();
    for (i, a) in actors.iter().enumerate() {
        let (kind, program) = a.split_once(':').expect("kind: program");
        text +=
            &format!("[[actor]]\nname = 'A{i}'\nkind = '{kind}'\ndomain = 1\nprogram = '''\n{}\n'''\n", program.trim());
    }
    let l = Lesson::parse(&text).unwrap_or_else(|e| panic!("{e:#?}\n{text}"));
    let q = Question::find(rule);
    let sim = l.stage("before", Some(Policy::M2), None).expect("it can be built").sim(q.stop);
    match explore(&sim, &q, |_| Continue(())).verdict {
        Verdict::Found { broken, .. } => {
            assert_eq!(broken.rule, rule);
            Some(broken.why)
        }
        Verdict::Safe => None,
        other => panic!("{actors:?}: {other:?}"),
    }
}

fn breaks(rule: Rule, actors: &[&str], what: &str) {
    let why = says(rule, actors).unwrap_or_else(|| panic!("{rule} is kept by {actors:?}"));
    crate::each::seen(rule);
    assert!(why.contains(what), "{what:?} is not said: {why}");
}

fn keeps(rule: Rule, actors: &[&str]) {
    assert_eq!(says(rule, actors), None, "{rule} {actors:?}");
}

#[test]
pub fn i13_is_a_page_nominated_while_it_is_in_use() {
    let set = "k = set_entry 1:0x10 = M as ram_paging_out";
    breaks(
        Rule::I13,
        &[&format!("pager: {set}"), "toolstack: f = get_page_from_gfn 1:0x10; if f != none { put_page f }"],
        "1:0x10 is nominated while frame M has other users",
    );
    keeps(Rule::I13, &[&format!("pager: {set}")]);
    let taken = "toolstack: f = get_page_from_gfn 1:0x10; if f != none { put_page f }";
    keeps(Rule::I13, &["pager: k = nominate 1:0x10", taken]);
}

#[test]
pub fn i24_is_a_cache_that_grows_while_its_domain_dies() {
    // S38: who looks without the lock puts a page into a cache that has been emptied for good.
    let dies = "toolstack: store dying(1) = 1";
    let grows = "n = add cache_count(1) by 1";
    breaks(
        Rule::I24,
        &[&format!("toolstack: d = load dying(1); if d == 0 {{ lock pod(1); {grows}; unlock pod(1) }}"), dies],
        "domain 1 is dying, and its cache grew from 0 to 1",
    );
    // Who had looked with the lock may go on: the emptier waits for it. But not once it was released.
    let looks = format!("toolstack: lock pod(1); d = load dying(1); if d == 0 {{ {grows} }}; unlock pod(1)");
    keeps(Rule::I24, &[&looks, dies]);
    breaks(
        Rule::I24,
        &[&format!("{looks}; lock pod(1); {grows}; unlock pod(1)"), dies],
        "domain 1 is dying, and its cache grew from",
    );
    keeps(Rule::I24, &[&format!("{dies}; {}", "store cache_count(1) = 0")]);
}

#[test]
pub fn i26_is_an_entry_that_becomes_logdirty_outside_the_range_that_is_tracked() {
    let makes = "k = set_entry 1:0x10 = M as ram_logdirty";
    breaks(
        Rule::I26,
        &[&format!("toolstack: n = track_vram 1:0x11 through 1:0x11; {makes}")],
        "1:0x10 becomes ram_logdirty outside the range of domain 1 that a display tracks",
    );
    keeps(Rule::I26, &[&format!("toolstack: n = track_vram 1:0x10 through 1:0x11; {makes}")]);
    keeps(Rule::I26, &[&format!("toolstack: n = track_vram 1:0x11 through 1:0x11; store logdirty(1) = 1; {makes}")]);
    keeps(Rule::I26, &[&format!("toolstack: {makes}")]);
}

#[test]
pub fn i27_is_a_lock_asked_for_out_of_order() {
    let [one, other] = ["lock gfn(1:0x10); lock gfn(1:0x400)", "lock gfn(1:0x400); lock gfn(1:0x10)"];
    let ends = "unlock gfn(1:0x10); unlock gfn(1:0x400)";
    keeps(Rule::I27, &[&format!("toolstack: {one}; {ends}")]);
    breaks(
        Rule::I27,
        &[&format!("toolstack: {other}; {ends}")],
        "A0 asks for range 0 of domain 1 while it holds range 2 of domain 1",
    );
    breaks(Rule::I27, &["toolstack: lock paging(1); lock pod(1); unlock pod(1); unlock paging(1)"], "A0 asks for");
    // Whole while one holds a range: it would wait for itself.
    breaks(Rule::I27, &["toolstack: lock gfn(1:0x10); lock p2m(1); unlock p2m(1); unlock gfn(1:0x10)"], "A0 asks for");
}

#[test]
pub fn i28_is_sleeping_or_entering_the_guest_with_a_lock() {
    let sleeps = "wait content(M) == 0";
    keeps(Rule::I28, &[&format!("toolstack: lock gfn(1:0x10); unlock gfn(1:0x10); {sleeps}")]);
    breaks(
        Rule::I28,
        &[&format!("toolstack: lock gfn(1:0x10); {sleeps}; unlock gfn(1:0x10)")],
        "A0 sleeps while it holds",
    );
    breaks(Rule::I28, &["vcpu: e = get_gfn 1:0x10; v = hw_read 1:0x11; put_gfn 1:0x10"], "A0 enters the guest while");
}

#[test]
pub fn i29_is_a_release_too_many_a_lock_kept_to_the_end_and_one_held_too_deep() {
    breaks(Rule::I29, &["toolstack: unlock p2m(1)"], "A0 releases the p2m lock of domain 1, which it does not hold");
    breaks(Rule::I29, &["toolstack: e = get_gfn 1:0x10"], "A0 ends while it holds");
    let deep = |n| {
        let some = "lock p2m(1); ".repeat(n);
        format!("toolstack: {some}{}", "unlock p2m(1); ".repeat(n))
    };
    keeps(Rule::I29, &[&deep(15)]);
    breaks(Rule::I29, &[&deep(16)], "16 deep");
}

#[test]
pub fn i31_is_a_frame_taken_again_before_every_tlb_has_forgotten_it() {
    let free = |flush| format!("toolstack: k = set_entry 1:0x10 = none as invalid; {flush}free M; f = alloc frame(2)");
    let reads = "vcpu: v = hw_read 1:0x10";
    breaks(
        Rule::I31,
        &[&free(""), reads],
        "frame M is taken into use while the TLB of A1 still leads to it for 1:0x10",
    );
    keeps(Rule::I31, &[&free("flush 1; "), reads]);
}

/// A write to a page that others share: through an entry that lets it pass, through what a TLB has kept of one, or by who
/// did not break the sharing. That a page becomes shareable while it is written harms nobody.
#[test]
pub fn stray_is_a_write_to_a_page_that_others_share() {
    let shares = "sharer: k = share_nominate 1:0x10; k = share_nominate 1:0x11; k = share 1:0x11 with 1:0x10";
    let guest = "vcpu: c = hw_write 1:0x10 = 5; c = hw_write 1:0x10 = 6";
    keeps(Rule::Stray, &[shares, guest]);
    keeps(Rule::Stray, &[shares, "vcpu: write 1:0x10 = 5; write 1:0x11 = 6"]);
    let e = "; e = load pte(1:0x10, 0); f = e.mfn";
    let opens = format!("{shares}{e}; store pte(1:0x10, 0) = leaf(f, ram_rw, 0)");
    breaks(Rule::Stray, &[&opens, guest], "which 1:0x11 shares");
    // Nothing lets a write pass any more when it comes, but the TLB. A word of the other domain says that it is time.
    let late = "vcpu: v = hw_read 1:0x10; wait dying(2) == 1; c = hw_write 1:0x10 = 6";
    let shut = |flush| format!("{opens}; store pte(1:0x10, 0) = e; {flush} store dying(2) = 1");
    breaks(Rule::Stray, &[&shut(""), late], "A1 writes to frame");
    keeps(Rule::Stray, &[&shut("flush 1;"), late]);
    breaks(Rule::Stray, &[&format!("{shares}{e}; store content(f) = 7")], "which 1:0x1");
}
