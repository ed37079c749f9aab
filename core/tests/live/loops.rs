//! What lessons say of their live loops.

use p2mscope_core::judge;
use p2mscope_core::lesson::{Form, Lesson};
use p2mscope_core::machine::Policy;
use std::path::Path;

fn lesson(text: &str) -> Lesson {
    Lesson::parse(text).unwrap_or_else(|e| panic!("{e:#?}"))
}

const TWO: &str = r#"
id = "two"
title = "two"
goal = "two"
LIVE
domain = [{ id = 1, map = "0x10 = ram_rw" }]
[[actor]]
name = "A"
kind = "pager"
program.before = "r = nominate 1:0x10"
program.after = "e = get_gfn 1:0x10; put_gfn 1:0x10"
LOOP
"#;

fn two(live: &str, own: &str) -> String {
    TWO.replace("LIVE", live).replace("LOOP", own)
}

#[test]
fn every_lesson_of_the_house_returns_where_it_says_so() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../static/lessons");
    let mut loops = 0;
    for file in folder.read_dir().unwrap().map(|f| f.unwrap().path()) {
        if file.extension().is_none_or(|e| e != "toml") {
            continue;
        }
        let lesson = lesson(&std::fs::read_to_string(&file).unwrap());
        for version in &lesson.live {
            for policy in [Policy::Global, Policy::G1, Policy::M2, Policy::K4, Policy::Rw] {
                let returns = judge::returns(&lesson, version, policy);
                assert_eq!(returns, Ok(()), "{} {version} under {}", lesson.id, policy.name());
            }
            loops += 1;
        }
    }
    assert!(loops >= 7, "first, S14 and S15 in both versions, S03 repaired; there are {loops}");
}

#[test]
fn a_loop_is_the_program_unless_the_actor_has_another_one() {
    let of = |l: &Lesson, version: &str, form| l.text_as(0, version, form).unwrap().as_str().to_string();
    let get = "e = get_gfn 1:0x10; put_gfn 1:0x10";
    let plain = lesson(&two("live = 'after'", ""));
    assert_eq!(of(&plain, "after", Form::Loop), get);
    let all = lesson(&two("live = ['before', 'after']", "live = 'flush 1'"));
    assert_eq!(["before", "after"].map(|v| of(&all, v, Form::Loop)), ["flush 1"; 2]);
    assert_eq!(of(&all, "after", Form::Once), get, "the program stays as it is");
    let one = lesson(&two("live = ['before', 'after']", "live.before = 'flush 1'"));
    assert_eq!(["before", "after"].map(|v| of(&one, v, Form::Loop)), ["flush 1", get]);
}

#[test]
fn a_loop_that_does_not_return_is_found_out() {
    let l = lesson(&two("live = ['before', 'after']", ""));
    let refused = "after 1 rounds 1:0x10 is ram_paging_out with rwx, which it was not at first";
    assert_eq!(judge::returns(&l, "before", Policy::M2), Err(refused.into()));
    assert_eq!(judge::returns(&l, "after", Policy::M2), Ok(()));
}

#[test]
fn why_a_version_cannot_be_run_live_is_said() {
    let says = |live: &str, version: &str| lesson(&two(live, "")).why_not_live(version);
    assert_eq!(says("live = 'after'", "after"), None);
    assert_eq!(
        says("live = 'after'", "before").as_deref(),
        Some("two states no live loop for its version before, only for after.")
    );
    let none = says("", "before").unwrap();
    assert!(none.starts_with("two states no live loop: its programs are meant to run once"), "{none}");
    assert!(none.contains("`live = [\"before\"]`"), "{none}");
}

#[test]
fn what_is_wrong_about_loops_is_told_at_its_place() {
    let errors = |live: &str, own: &str| -> Vec<String> {
        Lesson::parse(&two(live, own)).unwrap_err().iter().map(ToString::to_string).collect()
    };
    let unknown = errors("live = 'later'", "");
    assert_eq!(unknown, ["5:8  `live`: no version `later`; there are before, after"]);
    let [unsaid] = &errors("", "live = 'flush 1'")[..] else { panic!("one error") };
    assert!(unsaid.ends_with("A has a loop, and the lesson's `live` names no version"), "{unsaid}");
    let [other] = &errors("live = 'after'", "live.before = 'flush 1'")[..] else { panic!("one error") };
    assert!(
        other.ends_with("A has a loop for `live.before`, and the lesson's `live` does not name `before`"),
        "{other}"
    );
    let [bad] = &errors("live = 'after'", "live = 'flush 1 2'")[..] else { panic!("one error") };
    assert!(bad.starts_with("12:"), "{bad}");
}
