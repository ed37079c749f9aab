//! `explore` on a lesson of the house: proofs, findings that can be played again, and what cannot be read.

use std::path::Path;
use std::process::{Command, Output};

fn p2mscope(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_p2mscope")).args(args).output().expect("the binary runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn lesson() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../static/lessons/S15.toml").to_string_lossy().into_owned()
}

fn explore(more: &[&str]) -> Output {
    p2mscope(&[&["explore", &lesson()], more].concat())
}

#[test]
fn what_is_safe_is_proved_with_the_same_count_by_any_number_of_threads() {
    let proved = |more: &[&str]| {
        let out = explore(&[&["--version", "repaired", "--policy", "2m", "--json"], more].concat());
        assert_eq!(out.status.code(), Some(0), "{}{}", text(&out.stdout), text(&out.stderr));
        let mut answer: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
        assert_eq!(answer["verdict"], "safe");
        assert_eq!(answer["missed_chance"] == 0.0, more.contains(&"--exact"));
        for varies in ["seconds", "depth", "missed_chance", "steps_per_second", "table"] {
            answer[varies].take();
        }
        answer
    };
    let one = proved(&["--threads", "1"]);
    assert!(one["states"].as_u64() > Some(100) && one["deadlocked"] == 0, "{one}");
    assert_eq!(proved(&["--threads", "2"]), one);
    assert_eq!(proved(&["--threads", "2", "--exact"]), one);
}

#[test]
fn a_finding_can_be_played_again() {
    let out = explore(&["--policy", "2m", "--find", "deadlock", "--report", "none"]);
    assert_eq!(out.status.code(), Some(1), "{}", text(&out.stderr));
    let said = text(&out.stdout);
    // Each has got one frame, in 7 steps, and taken the shared side for the second, whose range the other holds.
    assert!(said.starts_with("S15 before under 2m: deadlock after 16 steps, the fewest there are: TS1 -> TS2 -> TS1"));
    let schedule = said.lines().find_map(|l| l.strip_prefix("schedule: ")).expect(&said);
    let played = p2mscope(&["run", &lesson(), "--policy", "2m", "--report", "none", "--schedule", schedule]);
    assert_eq!(played.status.code(), Some(0), "{}", text(&played.stderr));
    assert!(text(&played.stdout).contains("breaks deadlock: "), "{}", text(&played.stdout));
    let of_the_run = |l: &&str| !l.starts_with("searched: ");
    let sentences = said.lines().skip(2).filter(of_the_run).collect::<Vec<_>>().join("\n");
    assert_eq!(text(&played.stdout).trim_end(), sentences);
}

#[test]
fn a_bound_is_no_proof() {
    let out = explore(&["--version", "repaired", "--states", "10"]);
    assert_eq!(out.status.code(), Some(3), "{}", text(&out.stderr));
    assert!(text(&out.stdout).contains("more than 10 states"), "{}", text(&out.stdout));
}

#[test]
fn what_cannot_be_read_is_told() {
    for (arguments, says) in [
        (&["--find", "livelock"][..], "no breach `livelock`; there are I1 to I34, deadlock, hang"),
        (&["--find", "starvation"], "in a world without `patience`"),
        (&["--policy", "4m"], "no policy `4m`"),
        (&["--version", "mended"], "mended"),
    ] {
        let out = explore(arguments);
        assert_eq!((out.status.code(), text(&out.stdout)), (Some(2), String::new()), "{arguments:?}");
        assert!(text(&out.stderr).contains(says), "{}", text(&out.stderr));
    }
    let out = p2mscope(&["explore", "no such file"]);
    assert_eq!(out.status.code(), Some(2));
    assert!(text(&out.stderr).contains("no such file"));
}
