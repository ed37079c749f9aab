//! `fuzz` and `soak`, small: nothing is wrong, the same seed gives the same answer, and a breach would end with status 1.

use std::process::{Command, Output};

fn p2mscope(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_p2mscope")).args(args).output().expect("the binary runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The closing line up to the time that it took.
fn counted(args: &[&str]) -> String {
    let out = p2mscope(args);
    let told = text(&out.stdout);
    assert_eq!(out.status.code(), Some(0), "{args:?}: {told}{}", text(&out.stderr));
    assert_eq!(told.lines().count(), 1, "{told}");
    told.rsplit_once("; ").expect("counts, then time").0.to_string()
}

#[test]
fn inputs_of_every_kind_are_answered_the_same_on_any_number_of_threads() {
    let one = counted(&["fuzz", "--inputs", "1125", "--seed", "3", "--threads", "1"]);
    assert!(one.starts_with("fuzz: seed 3, 1125 inputs: lesson 125 ("), "{one}");
    assert!(one.ends_with("nothing is wrong"), "{one}");
    for kind in ["lesson", "program", "schedule", "link", "bits", "leaf", "image", "name", "arguments"] {
        let (_, of) = one.split_once(&format!("{kind} 125 (")).unwrap_or_else(|| panic!("{kind}: {one}"));
        let read: u64 = of.split(' ').next().unwrap().parse().unwrap();
        // Some of each kind are read. Any 64 bits are an entry; of the others some are refused.
        assert!(read > 5 && (read < 125 || kind == "bits"), "{kind}: {one}");
    }
    assert_eq!(counted(&["fuzz", "--inputs", "1125", "--seed", "3", "--threads", "3"]), one);
}

#[test]
fn five_hundred_links_and_lessons_are_each_answered_in_words() {
    for kind in ["link", "lesson"] {
        let told = counted(&["fuzz", "--target", kind, "--inputs", "500", "--seed", "11"]);
        assert!(told.contains(&format!("{kind} 500 (")) && told.ends_with("nothing is wrong"), "{told}");
    }
}

#[test]
fn one_input_can_be_had_again() {
    let show = |from: &str| {
        let out = p2mscope(&["fuzz", "--target", "lesson", "--seed", "3", "--from", from, "--inputs", "1", "--show"]);
        text(&out.stdout).rsplit_once("fuzz: ").expect("a closing line").0.to_string()
    };
    assert!(show("7").starts_with("input 7, lesson:\n"), "{}", show("7"));
    assert_eq!(show("7"), show("7"));
    assert_ne!(show("7"), show("8"));
}

#[test]
fn a_short_soak_finds_nothing_wrong() {
    for policy in ["2m", "rw"] {
        let told = counted(&["soak", "--ops", "2e4", "--policy", policy, "--seconds", "60"]);
        assert!(told.starts_with("soak: seed 1, ") && told.ends_with("nothing is wrong"), "{told}");
        assert!(
            !told.contains(" 0 drained") && !told.contains(" 0 recorded") && !told.contains(" 0 programs"),
            "{told}"
        );
        let ops: u64 = told["soak: seed 1, ".len()..].split(' ').next().unwrap().parse().unwrap();
        assert!(ops >= 20_000, "{told}");
    }
}

#[test]
fn what_makes_no_sense_is_said() {
    let cases = [
        (&["soak", "--policy", "unlocked"][..], "without locks things break as a matter of course: take global"),
        (&["soak", "--ops", "many"], "`many` is no number of things: write 1000, 1_000 or 1e3"),
        (&["fuzz", "--target", "links"], "no inputs of the kind `links`; there are lesson ("),
        (&["fuzz", "--inputs", "1e20"], "`1e20` is more than can be counted: at most 1e19"),
    ];
    for (args, says) in cases {
        let out = p2mscope(args);
        assert_eq!(out.status.code(), Some(2), "{args:?}");
        assert!(text(&out.stderr).contains(says), "{args:?}: {}", text(&out.stderr));
    }
}
