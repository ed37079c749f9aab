//! Lessons of locks that are forgotten, promises and shares: how far their breaches lie, reasoned by hand, and what is to
//! be said of answers to them. How effects are counted stands at the head of `lengths.rs`.

use super::grading::{ruling, said};
use super::lengths::Row;
use super::lesson;
use p2mscope_core::machine::Policy;
use p2mscope_core::watch::Rule;

/// S33: TS's first call locks and looks (5), and returns. Its second one locks, looks, and makes its promise (13): the pod
/// lock, the entry, the count, two unlocks. Under one lock V1 stands at its first step already; with ranges it takes the
/// shared side before. Where look-ups take no lock it walks (4), and is told that its domain lives and gets a frame before
/// it wants the lock to map it with.
///
/// S34: TS locks, looks, asks for the default access, writes and unlocks (11). BL's first get is 6; its second call is a
/// get, a reference, the entry, one flush, m2p, a put and two references (17). `half`: an unlock more for BL; a leak is seen
/// when all have ended, and V1's get is shortest where it comes first and finds nothing to pin (5), with its put (2).
///
/// S38: PR asks (1), locks twice, walks, reads two, writes the entry (4), m2p, takes the frame off a list and puts it on the
/// other, and counts it (1 + 16); TS has said that the domain is dying before. No vCPU, and so no flush. `tested`: PR asks
/// inside (1), counts the promise and unlocks (3); TS looks (2).
///
/// S41: TS locks, walks to level 1 (3), asks for the default access, walks again (3), splits (the structure lock, another
/// look, a page, its entries, the link, the unlock), looks, stores, flushes and unlocks: 18. PR has two locks, a walk of 3, two
/// loads, 3 loads of the walk to what it would write, the structure lock, a look, no page, the unlock, a flush, a load, five
/// stores, two unlocks: 23. A table's link is no entry.
///
/// S43: PR has two locks, a walk, two loads (8); V0 reads with a walk (5) and writes through its TLB (1); PR writes the entry
/// (4), flushes, which is noted where flushes are put off (2), m2p, out of the list, zeroes, into the cache, two counts (6),
/// unlocks two and has no flush to make (3). `late`: one look more.
///
/// S45: one more than V1's patience: it waits from PR's first step on. `each`: a number takes a lock, 4 loads, a load and an
/// unlock, and V1's wait does not count while nobody holds the lock: 6 of 7. So 170 numbers (1,020), and 5 of the next; before
/// them the pod lock. With ranges two effects more for each number, in which V1 could go on; V1 has taken the shared side.
///
/// S47: V0 locks, looks, locks the page, asks twice who shares, counts, gets a frame (3), copies in two, writes the entry, a
/// flush, m2p, the note, two references, unlocks the page, writes the entry, a flush, m2p, unlocks (31). `late`: V0 stores once
/// more; V1 is the last (28): lock, a look, the page, who shares, a reference, page_alloc, dying, the type, the note, the
/// record, nr_shared, the page's unlock, two references, the owner, page_alloc, a reference, the entry, a flush, m2p, log-dirty,
/// unlock.
///
/// S48: V1 copies as in S20, up to the unlock of the page (22). V0 locks, looks, locks the page, asks twice, takes a reference,
/// page_alloc, frees the record, counts, and takes its note out (13).
///
/// S50: V0 has its entry and the page, takes its note out, counts, drops two references, asks for a frame (3), unlocks two:
/// 11, and the note again in its next round (3). `late`: 7 without the note, the post; HP takes, frees and lets V0 go on (3); V0
/// is paused and enters its guest. `spin`: no end can be reached from the beginning.
pub const LENGTHS: [Row; 33] = [
    ("S33", "before", Policy::Global, Rule::I29, 5 + 13, 6),
    ("S33", "before", Policy::Unlocked, Rule::Deadlock, 5 + 13 + 4 + 2, 6),
    ("S33", "before", Policy::Global, Rule::Deadlock, 5 + 13, 6),
    ("S33", "before", Policy::M2, Rule::Deadlock, 6 + 15 + 1, 10),
    ("S33", "elsewhere", Policy::G1, Rule::Deadlock, 6 + 15 + 1, 10),
    ("S33", "whole", Policy::K4, Rule::Deadlock, 6 + 15 + 1, 10),
    ("S34", "before", Policy::Global, Rule::Deadlock, 11 + 6 + 17, 7),
    ("S34", "before", Policy::M2, Rule::Deadlock, 13 + 7 + 19 + 1, 13),
    ("S34", "half", Policy::Global, Rule::Leak, 11 + 6 + 1 + 17 + 7, 10),
    ("S34", "half", Policy::M2, Rule::Leak, 13 + 7 + 2 + 19 + 9, 18),
    ("S38", "before", Policy::Global, Rule::I24, 1 + 16 + 1, 3),
    ("S38", "before", Policy::M2, Rule::I24, 1 + 17 + 1, 4),
    ("S38", "tested", Policy::Global, Rule::Ensure, 1 + 16 + 3 + 2, 5),
    ("S38", "tested", Policy::M2, Rule::Ensure, 1 + 17 + 4 + 2, 7),
    ("S41", "before", Policy::Global, Rule::I22, 18 + 23, 11),
    ("S41", "before", Policy::M2, Rule::I22, 20 + 25, 15),
    ("S43", "before", Policy::Global, Rule::Ensure, 8 + 6 + 15, 5),
    ("S43", "before", Policy::M2, Rule::Ensure, 9 + 6 + 16, 7),
    ("S43", "late", Policy::Global, Rule::Ensure, 8 + 6 + 15 + 1, 5),
    ("S45", "before", Policy::Global, Rule::Starvation, 1024 + 1, 2),
    ("S45", "before", Policy::K4, Rule::Starvation, 1024 + 1, 2),
    ("S45", "each", Policy::Global, Rule::Starvation, 1 + 170 * 7 + 5, 1 + 170 * 2 + 1),
    ("S45", "near", Policy::M2, Rule::Starvation, 1 + 170 * 9 + 6 + 1, 1 + 170 * 4 + 2 + 1),
    ("S47", "before", Policy::Global, Rule::I16, 31, 8),
    ("S47", "before", Policy::M2, Rule::I16, 33, 10),
    ("S47", "late", Policy::Global, Rule::I2, 31 + 1 + 28, 15),
    ("S48", "before", Policy::Global, Rule::Stray, 22 + 13, 9),
    ("S48", "before", Policy::M2, Rule::Stray, 23 + 14, 11),
    ("S50", "before", Policy::Global, Rule::I15, 11, 6),
    ("S50", "before", Policy::Global, Rule::Stray, 11 + 3, 8),
    ("S50", "before", Policy::M2, Rule::Stray, 13 + 4, 11),
    ("S50", "spin", Policy::Global, Rule::Hang, 0, 0),
    ("S50", "late", Policy::Global, Rule::Deadlock, 7 + 1 + 3 + 2, 11),
];

/// The lesson's own repair, with something in it replaced.
fn but(id: &str, who: &str, changes: &[(&str, &str)]) -> String {
    let l = lesson(id);
    let text = match l.actors.iter().position(|a| a.name == who) {
        Some(a) => l.program_text(a, "repaired").expect("it has a text"),
        None => l.procedures_text("repaired").expect("it has procedures"),
    };
    changes.iter().fold(text.as_str().to_string(), |text, (from, to)| {
        assert!(text.contains(from), "{id}: {from}");
        text.replacen(from, to, 1)
    })
}

#[test]
fn answers_that_leave_something_out_are_told_apart() {
    for (id, who, changes, ruling_is) in [
        // One way out for both; a look before the lock, which says nothing later.
        (
            "S33",
            "procedures",
            vec![(
                "        unlock gfn(g)\n        return EBUSY",
                "        r = EBUSY\n        unlock gfn(g)\n        return r",
            )],
            "accepted",
        ),
        (
            "S33",
            "procedures",
            vec![
                ("lock gfn(g)\n    e = lookup g", "e = lookup g"),
                ("        unlock gfn(g)\n", ""),
                ("lock pod(1)", "lock gfn(g); lock pod(1)"),
            ],
            "breaks leak",
        ),
        ("S33", "procedures", vec![("add entry_count(1) by 1", "")], "breaks I21"),
        // The device is seen before the get; or the allocation's reference stays.
        (
            "S34",
            "procedures",
            vec![
                (
                    "e = get_gfn_query g",
                    "e = lookup g; if e.type == mmio_direct { return EPERM }\n e = get_gfn_query g",
                ),
                ("    if e.type == mmio_direct {\n        put_gfn g\n        return EPERM\n    }\n", ""),
            ],
            "breaks ensure",
        ),
        ("S34", "procedures", vec![("given = free e.mfn", "given = true")], "breaks leak"),
        // A page that never goes into the cache; one that is put there without a flush, or without a last look.
        ("S43", "PR", vec![("if w == 0 {\n            store", "if w == 9 {\n            store")], "undone"),
        ("S43", "PR", vec![("@flush flush 1", "n = load count(M)")], "breaks I22"),
        ("S43", "PR", vec![("r = set_entry 1:0x10 = M as ram_rw", "r = ok")], "breaks I21"),
        ("S41", "PR", vec![("if r == ok {", "if true {")], "breaks I2"),
        ("S41", "PR", vec![("if r == ok {", "if r == EBUSY {")], "breaks I21"),
        // Lets go after every 16 numbers, and takes the table again before V1 can.
        (
            "S45",
            "PR",
            vec![(
                "n = load recent",
                "repeat 200 { lock p2m(1); e = lookup 1:0x400; e = lookup 1:0x401; unlock p2m(1) }\nn = load recent",
            )],
            "breaks starvation",
        ),
        ("S45", "PR", vec![("if e.type == ram_rw and w == 0 {", "if e.type == ram_rw and w == 9 {")], "breaks ensure"),
        // Copies where it is the last; drops one reference too few; leaves m2p alone but for the page lock's time.
        ("S47", "V0", vec![("if t != none {", "if true {")], "breaks stray"),
        (
            "S47",
            "V0",
            vec![(
                "        remove 1:0x10",
                "        store m2p(S) = none; store m2p(S) = shared_m2p\n        remove 1:0x10",
            )],
            "accepted",
        ),
        ("S48", "V0", vec![("unlock page_alloc(1)\n        put_page e.mfn", "unlock page_alloc(1)")], "breaks leak"),
        (
            "S48",
            "V0",
            vec![(
                "free record(e.mfn)\n        add nr_shared by -1",
                "add nr_shared by -1\n        free record(e.mfn)",
            )],
            "accepted",
        ),
    ] {
        let answer = but(id, who, &changes);
        let r = ruling(id, &answer);
        assert_eq!(said(&r), ruling_is, "{id}: {answer}: {r:?}");
    }
}

/// Where two texts may be edited, what is right in one of them does not do.
#[test]
fn both_halves_of_a_repair_are_needed() {
    let text = |who: &str, text: &str| format!("{who} = '''\n{text}'''\n");
    let lone = |id: &str, who: &str| said(&ruling(id, &text(who, &but(id, who, &[]))));
    assert_eq!(lone("S38", "PR"), "breaks ensure", "TS looks at the cache just before PR puts its page there");
    assert_eq!(lone("S38", "TS"), "breaks I24", "PR has asked before");
    assert_eq!(lone("S50", "V0"), "breaks I15", "the note is gone");
    assert_eq!(lone("S50", "procedures"), "breaks hang", "nobody is told");
    let v0 = |changes: &[(&str, &str)]| {
        said(&ruling(
            "S50",
            &(text("procedures", &but("S50", "procedures", &[])) + &text("V0", &but("S50", "V0", changes))),
        ))
    };
    assert_eq!(v0(&[("    pause V0 nowait", "    x = 1")]), "undone", "it tells, and tries again and again meanwhile");
    assert_eq!(v0(&[("nowait            #", "#")]), "accepted", "there is room on the ring, and nothing is held");
}
