//! Tests of lesson files: what is read, what is refused, the lessons of the house and of the document.

mod house;
mod refused;
mod teaching;

use super::*;
use crate::addr::{ActorId, Gfn};
use crate::entry::{Access, P2mType};
use crate::machine::Policy;
use crate::script::Init;
use crate::watch::{Rule, Rules};

/// A lesson with one of everything.
const WHOLE: &str = r#"id = "T1"
title = "A test"
source = "none"
goal = "Pass."
story = """Two lines
of it."""
hints = ["one", "two"]
world = { policy = "1g", pin = false, free_frames = 3, words = { seen = 0, last = "none" }, locks = { event = 20 } }
frame = [{ name = "F", owner = 1, content = 4 }]
expect = [
  { version = "before", policy = ["global", "2m"], breach = "lost-write", schedule = "V0@go TS*3 V0! TS", steps = 12 },
  { version = "after", breach = "none", pin = true, states = 100 },
]
[[domain]]
id = 1
name = "guest"
map = """
0x10 = M as ram_rw content -5; 0x11..0x13 = ram_paged with access_rw   # a comment
0x200 = ram_rw order 9
0x20 = S as ram_ro
"""
[[domain]]
id = 2
control = true
tables = 2
map = "0x20 = T as ram_logdirty"
[repair]
edit = ["V0", "procedures"]
ensure = ["V0.r == ok or V0.r != ok"]
reach = ["done(TS)"]
keep = ["V0: nominate", "TS: store seen"]
forbid = ["V0: lock p2m", "V0: evict 1:0x10"]
[procedures]
before = "proc f() { @go r = nominate 1:0x10 }"
[[actor]]
name = "V0"
kind = "vcpu"
domain = 1
program.before = "call f(); r = ok"
program.after = """
@go r = evict guest:0x10
"""
[[actor]]
name = "TS"
kind = "toolstack"
program = "store seen = 1"
"#;

fn errors(text: &str) -> Vec<String> {
    Lesson::parse(text).err().unwrap_or_default().iter().map(Error::to_string).collect()
}

#[test]
fn a_lesson_is_read_as_it_stands() {
    let l = Lesson::parse(WHOLE).unwrap_or_else(|e| panic!("{e:?}"));
    assert_eq!(
        (l.id.as_str(), l.hints.len(), l.versions()),
        ("T1", 2, ["before".to_string(), "after".into()].as_slice())
    );
    assert_eq!((l.world.policy, l.world.pin, l.world.free_frames), (Policy::G1, false, 3));
    assert_eq!(l.names.words, [("seen".into(), Init::Number(0)), ("last".into(), Init::None)]);
    assert_eq!(l.names.locks, [("event".into(), 20)]);
    assert_eq!(l.names.frames, ["M", "S", "T", "F"]);
    assert_eq!((l.domains[0].tables, l.domains[1].control), (4, true));
    let map = &l.domains[0].map;
    assert_eq!((map[0].first, map[0].content, map[0].frame.as_deref()), (Gfn(0x10), -5, Some("M")));
    assert_eq!((map[1].last, map[1].access, map[1].ty), (Gfn(0x13), Some(Access::Rw), P2mType::RamPaged));
    assert_eq!((map[2].last, map[2].frames()), (Gfn(0x3ff), 512));
    assert_eq!((l.frames[0].owner, l.frames[0].content), (Some(DomId(1)), 4));
    assert_eq!((l.actors[0].kind, l.actors[0].domain, l.actors[1].domain), (Kind::Vcpu, DomId(1), DomId(0)));
    let e = &l.expects;
    assert_eq!(
        (e[0].policies.as_slice(), e[0].breach, e[0].steps),
        ([Policy::Global, Policy::M2].as_slice(), Some(Rule::LostWrite), Some(12))
    );
    let until: Vec<_> = e[0].schedule.iter().map(|w| (w.actor, w.until.clone())).collect();
    assert_eq!(
        until,
        [(0, Until::Label("go".into())), (1, Until::Steps(3)), (0, Until::Blocked), (1, Until::Steps(1))]
    );
    assert_eq!(
        (e[1].policies.as_slice(), e[1].breach, e[1].pin, e[1].states),
        ([Policy::G1].as_slice(), None, Some(true), Some(100))
    );
    assert!(l.repair.as_ref().is_some_and(|r| r.procedures && r.actors == [0]));
    assert_eq!(l.program_text(0, "after").unwrap().as_str(), "@go r = evict guest:0x10\n");
    assert_eq!(l.program_text(1, "after").unwrap().as_str(), "store seen = 1");
}

#[test]
fn every_version_compiles_with_its_own_texts() {
    let l = Lesson::parse(WHOLE).unwrap();
    let (before, after) = (l.compile("before").unwrap(), l.compile("after").unwrap());
    assert_eq!((before.programs.len(), before.ensure.len(), before.reach.len()), (2, 1, 1));
    assert_eq!(before.words, [0, 1 << 63], "what is only ever `none` is a number's");
    assert_ne!(before.programs[0], after.programs[0]);
    assert_eq!(before.programs[1], after.programs[1]);
    // The line is the file's, and the text's own place can be found from it.
    let origin = &after.programs[0].origins[0];
    assert_eq!(origin.line, WHOLE.lines().position(|l| l.starts_with("@go")).unwrap() as u32 + 1);
    assert_eq!(l.file().slice(origin.span), "r = evict guest:0x10");
    assert!(l.compile("other").unwrap_err()[0].message.starts_with("no version `other`; there are before, after"));
}

#[test]
fn patterns_match_statements() {
    let l = Lesson::parse(WHOLE).unwrap();
    let c = l.compile("after").unwrap();
    let r = l.repair.as_ref().unwrap();
    let calls = |actor: usize| {
        c.programs[actor].instrs.iter().filter_map(|i| match i {
            script::code::Instr::Do(call, _) => Some(call),
            _ => None,
        })
    };
    let found = |p: &Pattern| calls(p.actor).any(|call| p.matches(call, &l.names));
    assert_eq!(r.keep.iter().map(found).collect::<Vec<_>>(), [false, true]);
    assert_eq!(r.forbid.iter().map(found).collect::<Vec<_>>(), [false, true], "the frame number is compared");
}

#[test]
fn a_pattern_may_say_of_what_its_thing_is() {
    let forbid = |pattern: &str| {
        let text = format!(
            "id = 'P'\ntitle = 'P'\ngoal = 'P'\n\
             domain = [{{ id = 1, name = 'guest', map = '0x10 = M as ram_rw' }}, {{ id = 2 }}]\n\
             repair = {{ edit = ['A'], forbid = [\"A: {pattern}\"] }}\n\
             actor = [{{ name = 'A', kind = 'toolstack', program = \
             'lock p2m(1); unlock p2m(1); lock gfn(1:0x10); unlock gfn(1:0x10); x = load count(M)' }}]\n"
        );
        let l = Lesson::parse(&text).unwrap_or_else(|e| panic!("{pattern}: {e:?}"));
        let c = l.compile("before").unwrap();
        let p = &l.repair.as_ref().unwrap().forbid[0];
        assert_eq!(p.to_string(), pattern);
        c.programs[0].instrs.iter().any(|i| matches!(i, script::code::Instr::Do(call, _) if p.matches(call, &l.names)))
    };
    for (pattern, stands) in [
        ("lock", true),
        ("lock p2m", true),
        ("lock p2m(1)", true),
        ("lock p2m(guest)", true),
        ("lock p2m(2)", false),
        ("lock gfn(1:0x10)", true),
        ("lock gfn(1:0x11)", false),
        ("lock page", false),
        ("load count(M)", true),
        ("load m2p(M)", false),
    ] {
        assert_eq!(forbid(pattern), stands, "{pattern}");
    }
}

#[test]
fn a_world_begins_with_every_type_that_a_map_may_have() {
    let types = [
        "ram_rw",
        "ram_logdirty",
        "ram_ro",
        "ram_paging_out",
        "ram_paged",
        "ram_broken",
        "populate_on_demand",
        "mmio_dm",
        "invalid",
    ];
    for ty in types {
        // Where nothing is mapped, a walk answers as if a device model were there.
        let found = if ty == "invalid" { "mmio_dm" } else { ty };
        let orders: &[u64] = if ty == "ram_paged" { &[0] } else { &[0, 9] };
        for order in orders {
            let text = format!(
                "id = 'x'\ntitle = 'x'\ngoal = 'x'\n\
                 domain = [{{ id = 1, map = '0x200 = {ty} order {order}; 0x10 = A as ram_rw' }}]\n\
                 [[actor]]\nname = 'T'\nkind = 'toolstack'\n\
                 program = 'store content(A) = 1; assert entry(1:0x200).type == {found}; e = get_gfn 1:0x200; put_gfn 1:0x200'\n"
            );
            let lesson = Lesson::parse(&text).unwrap_or_else(|e| panic!("{ty}: {e:?}"));
            let mut sim = lesson.stage("before", None, None).unwrap().sim(Rules::ALL);
            while !sim.all_ended() {
                let stepped = sim.step(ActorId(0), 0).unwrap();
                assert_eq!(stepped.broken, [], "{ty} order {order}");
            }
        }
    }
}
