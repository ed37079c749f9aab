//! Learners' answers: right ones, wrong ones, and ones that cheat. What is to be said of each follows from the lesson.

use super::{folder, lesson};
use p2mscope_core::explore::Limits;
use p2mscope_core::judge::{Ruling, grade, judge};
use p2mscope_core::lesson::{Lesson, Unjudged};
use p2mscope_core::watch::Rule;
use std::ops::ControlFlow::Continue;

pub(super) fn ruling(id: &str, answer: &str) -> Ruling {
    grade(&lesson(id), answer, Limits::default(), &|_| Continue(()))
}

fn text(id: &str) -> String {
    std::fs::read_to_string(folder().join(format!("{id}.toml"))).expect("the lesson is there")
}

/// The lesson's file with something in its text replaced.
fn edited(id: &str, changes: &[(&str, &str)]) -> String {
    changes.iter().fold(text(id), |text, (from, to)| {
        assert!(text.contains(from), "{id}: {from}");
        text.replacen(from, to, 1)
    })
}

/// `accepted`, `breaks RULE`, `undone`, `forbidden LINE`, `not allowed WHAT`, `same`, `wrong LINE`.
pub(super) fn said(r: &Ruling) -> String {
    match r {
        Ruling::Accepted { .. } => "accepted".into(),
        Ruling::Breaks { rule, .. } => format!("breaks {}", rule.name()),
        Ruling::Undone { .. } => "undone".into(),
        Ruling::Forbidden { line, .. } => format!("forbidden {line}"),
        Ruling::Unjudged(Unjudged::Forbidden(what)) => format!("not allowed {}", what.join(", ")),
        Ruling::Unjudged(Unjudged::Same) => "same".into(),
        Ruling::Unjudged(Unjudged::NoExercise) => "no exercise".into(),
        Ruling::Unjudged(Unjudged::Wrong(e)) => format!("wrong {}", e[0].line),
        Ruling::Unknown { .. } => "unknown".into(),
    }
}

const HELD: &str = "e = get_gfn 1:0x10\nif e.type == ram_rw { store content(e.mfn) = 7 }\nput_gfn 1:0x10\n";

#[test]
fn answers_are_told_apart() {
    let get_put_first = HELD.replace("if e.type", "put_gfn 1:0x10\nif e.type").trim_end().to_string();
    let early = get_put_first.trim_end_matches("put_gfn 1:0x10").to_string();
    for (id, answer, ruling_is) in [
        // The repair, the put that comes too early, the put that never comes, and what is no work at all.
        ("S03", HELD, "accepted"),
        ("S03", &early, "breaks stray"),
        ("S03", &HELD.replace("put_gfn 1:0x10", ""), "breaks I29"),
        ("S03", "x = 1", "undone"),
        ("S03", "e = get_gfn 1:0x10\nput_gfn 1:0x10", "undone"),
        // Keeps the pager out for good: it may not evict at any time.
        ("S03", "lock p2m(1)\nstore content(M) = 7", "breaks I29"),
        ("S03", "e = get_gfn 1:0x10\nstore content(e.mfm) = 7", "wrong 2"),
        ("S03", "", "undone"),
        // Procedures: an order, any order; no order; the one lock that is not to be taken.
        ("S15", "proc two_gfns(a, b) { get_two_gfns a with b; @second x = load count(M) }", "wrong 1"),
        (
            "S15",
            "proc two_gfns(a, b) { if a < b { p = a; q = b } else { p = b; q = a }\ne = get_gfn p; @second e = get_gfn q }",
            "accepted",
        ),
        ("S15", "proc two_gfns(a, b) { p = b; q = a\ne = get_gfn p; @second e = get_gfn q }", "breaks I27"),
        ("S54", "proc add_to_physmap(g) {\n lock p2m(1)\n unlock p2m(1)\n add mapped by 1\n}", "forbidden 2"),
        ("one-lock", "proc count() { add n by 1 }", "accepted"),
        ("one-lock", "proc count() { store n = 2 }", "undone"),
        ("one-lock", "proc count() { wait n == 0; x = load n; store n = x + 1 }", "forbidden 1"),
        ("three-locks", "lock bc; @second lock ca\nadd meals by 1\nunlock ca; unlock bc", "accepted"),
        ("three-locks", "add meals by 1", "undone"),
        ("three-locks", "lock ca; @second lock bc; add meals by 1; unlock bc; unlock ca", "breaks deadlock"),
    ] {
        let r = ruling(id, answer);
        assert_eq!(said(&r), ruling_is, "{id}: {answer}: {r:?}");
    }
}

#[test]
fn where_several_texts_may_be_edited_an_answer_says_whose_each_is() {
    let b = "lock l; @second lock r; add right by -1; add left by 1; unlock r; unlock l";
    assert_eq!(said(&ruling("two-locks", &format!("B = '{b}'"))), "accepted");
    let a = "lock r; @second lock l; add left by -1; add right by 1; unlock l; unlock r";
    assert_eq!(said(&ruling("two-locks", &format!("A = '{a}'"))), "accepted", "the other order is one, too");
    assert_eq!(said(&ruling("two-locks", &format!("A = '{a}'\nB = '{b}'"))), "breaks deadlock");
    assert_eq!(said(&ruling("two-locks", b)), "wrong 1");
    assert_eq!(said(&ruling("two-locks", &format!("B = '{b}'\nC = 'x = 1'"))), "wrong 2");
    assert_eq!(said(&ruling("two-locks", "B = '''\nlock l\nlokc r\n'''")), "wrong 3", "the answer's own line");
}

#[test]
fn an_edited_lesson_is_an_answer() {
    // What was in the old program, where the learner works.
    let old = "e = lookup 1:0x10                 # asks where the page is";
    let get = (old, "e = get_gfn 1:0x10");
    let put = ("it may be another domain's by now\n}\n", "\n}\nput_gfn 1:0x10\n");
    assert_eq!(said(&ruling("S03", &edited("S03", &[get, put]))), "accepted");
    assert_eq!(said(&ruling("S03", &text("S03"))), "same");
    assert_eq!(said(&ruling("S03", &edited("S03", &[get]))), "breaks I29");
    // The rest of the file is not the learner's. What judges is taken from the teacher's file, whatever the answer says.
    let evict = ("if r == ok { r = evict 1:0x10 }", "r = ok");
    assert_eq!(said(&ruling("S03", &edited("S03", &[get, put, evict]))), "not allowed PG");
    let world = ("domain = [{ id = 1, map", "world = { free_frames = 9 }\ndomain = [{ id = 1, map");
    assert_eq!(said(&ruling("S03", &edited("S03", &[get, put, world]))), "not allowed [world]");
    let lax = ("keep = [\"V0: store content\", \"PG: evict\"]", "keep = []");
    let nothing = edited("S03", &[("    @use store content(e.mfn) = 7 # writes", "    x = 1 #"), lax]);
    assert_eq!(said(&ruling("S03", &nothing)), "undone", "{nothing}");
    // Of two versions the one that was changed.
    let in_repaired = edited("S03", &[("put_gfn 1:0x10                    # from here on it may change", "")]);
    assert_eq!(said(&ruling("S03", &in_repaired)), "breaks I29");
}

#[test]
fn what_breaks_is_told_in_the_learners_own_lines() {
    let answer = "e = get_gfn 1:0x10\nput_gfn 1:0x10\nif e.mfn != none {\n    store content(e.mfn) = 7\n}\n";
    let Ruling::Breaks { rule, lines, schedule, .. } = ruling("S03", answer) else { panic!("it breaks") };
    assert_eq!(rule, Rule::Stray);
    let own: Vec<_> =
        lines.iter().filter_map(|(who, line, text)| Some((who.as_str(), (*line)?, text.as_str()))).collect();
    assert_eq!(own.first(), Some(&("V0", 1, "e = get_gfn 1:0x10")));
    assert_eq!(own.last(), Some(&("V0", 4, "store content(e.mfn) = 7")));
    assert!(lines.iter().any(|(who, line, _)| who == "PG" && line.is_none()) && !schedule.is_empty());
}

/// Every exercise of the house accepts its own repair, and says of the program as it was that nothing was changed.
#[test]
fn every_exercise_takes_its_own_repair() {
    let all = super::all();
    let exercises = all.iter().filter(|l| l.repair.is_some() && !l.says_safe("repaired").is_empty() && l.id != "first");
    let mut seen = 0;
    for l in exercises {
        let parts = l.repair.as_ref().map(|r| (r.actors.clone(), r.procedures)).unwrap();
        let quoted = |name: &str, text: &str| format!("{name} = '''\n{text}'''\n");
        let mut answer = String::new();
        for a in parts.0 {
            answer += &quoted(&l.actors[a].name, l.program_text(a, "repaired").unwrap().as_str());
        }
        if parts.1 {
            answer += &quoted("procedures", l.procedures_text("repaired").unwrap().as_str());
        }
        let said = said(&grade(l, &answer, Limits::default(), &|_| Continue(())));
        assert_eq!(said, "accepted", "{}", l.id);
        assert_eq!(super::grading::said(&ruling(&l.id, &text(&l.id))), "same", "{}", l.id);
        seen += 1;
    }
    assert!(seen >= 20, "{seen}");
}

/// The worked example of docs/lessons.md is proved as it stands, and so are the answers that stand below it.
#[test]
fn the_worked_example_of_the_document_holds() {
    let path = folder().join("../../docs/lessons.md");
    let document = std::fs::read_to_string(path).expect("the document is there");
    let blocks = |fence: &str| -> Vec<String> {
        let begin = format!("```{fence}\n");
        document.split(&begin).skip(1).filter_map(|rest| Some(rest.split_once("```")?.0.to_string())).collect()
    };
    let lessons = blocks("toml");
    let l = Lesson::parse(&lessons[0]).unwrap_or_else(|e| panic!("{e:#?}"));
    for j in judge(&l, Limits::default(), false, &|_| Continue(())).expect("it compiles") {
        assert_eq!(j.wrong, Vec::<String>::new(), "{} {}", j.version, j.policy.name());
    }
    let (right, wrong) = (blocks("answer right"), blocks("answer wrong"));
    assert!(!right.is_empty() && !wrong.is_empty());
    let ruling = |answer: &String| said(&grade(&l, answer, Limits::default(), &|_| Continue(())));
    assert!(right.iter().all(|a| ruling(a) == "accepted"), "{:?}", right.iter().map(ruling).collect::<Vec<_>>());
    let verdicts: Vec<_> = wrong.iter().map(ruling).collect();
    assert_eq!(verdicts, ["breaks ensure", "undone"]);
}

/// To look twice is no lock, a flush comes too early before the entry is gone, and who ends the actor does not do its work.
#[test]
fn answers_about_tables_and_types_are_told_apart() {
    let map = |looks: &str| {
        format!(
            "proc map(g, f) {{ lock gfn(g); e = load pte(g, 2); {looks} if not e.present {{ t = alloc table(1); \
             if t != none {{ store pte(g, 2) = link(t) }} }}; r = set_entry g = f as ram_rw; store m2p(f) = g; unlock gfn(g) }}"
        )
    };
    let replaced = |flushed: &str, freed: &str| {
        format!(
            "lock gfn(1:0x211); e = load pte(1:0x211, 1); {flushed}; store pte(1:0x211, 1) = leaf(D, mmio_direct, 9); {freed}\n\
             unlock gfn(1:0x211); store m2p(K) = none; free K"
        )
    };
    let typed = |then: &str| {
        format!(
            "held = get_type M as pgt_l1\nif held {{ v = load content(M); store checked = v; {then} }} else {{ store table = 3 }}"
        )
    };
    let asks = |then: &str| {
        format!(
            "loop {{ v = hw_read 1:0x10; if v != none {{ break }}; c = post ring(1) = 1:0x10; if c == ENODEV {{ {then} }} }}\n\
             store rest = 1"
        )
    };
    for (id, answer, ruling_is) in [
        ("S62", map("e = load pte(g, 2);"), "breaks leak"),
        (
            "S62",
            "proc map(g, f) { lock gfn(g); r = set_entry g = f as ram_rw; store m2p(f) = g; unlock gfn(g) }".into(),
            "undone",
        ),
        ("S63", replaced("flush 1", "free e.table"), "breaks I7"),
        ("S63", replaced("x = 1", "flush V1; free e.table"), "accepted"),
        ("S63", replaced("x = 1", "flush 1"), "breaks leak"),
        ("S53", typed("flush V1; store table = 1; wait table == 2; put_type M"), "breaks assert"),
        ("S53", typed("put_type M; store table = 3"), "undone"),
        ("S66", "nested_leave V1; r = nested_get V0 = 8; w = hw_read n1:0x80".into(), "undone"),
        ("S71", asks("break"), "accepted"),
        ("S71", asks("crash 1; store rest = 1"), "accepted"),
        ("S71", asks("pause V0 nowait"), "breaks deadlock"),
    ] {
        assert_eq!(said(&ruling(id, &answer)), ruling_is, "{id}: {answer}");
    }
}
