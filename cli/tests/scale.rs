//! `scale` on a lesson of the house: figures in text and JSON, and what cannot be computed.

use std::path::Path;
use std::process::{Command, Output};

fn scale(more: &[&str]) -> Output {
    let lesson = Path::new(env!("CARGO_MANIFEST_DIR")).join("../static/lessons/first.toml");
    let lesson = lesson.to_string_lossy();
    let all = [&["scale", &lesson], more].concat();
    Command::new(env!("CARGO_BIN_EXE_p2mscope")).args(all).output().expect("the binary runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn one_lock_does_not_scale_and_ranges_with_counts_of_their_own_do() {
    let out = scale(&["--policy", "global,2m", "--form", "percpu", "--vcpus", "1,8", "--json"]);
    assert_eq!(out.status.code(), Some(0), "{}", text(&out.stderr));
    let answer: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    let speedup = |i: usize| answer["points"][i]["speedup"].as_f64().unwrap();
    assert_eq!((answer["actors"].as_str(), answer["points"].as_array().map(Vec::len)), (Some("V0"), Some(4)));
    // Eight in ranges of their own, no two locks on one line; under one lock at most one works at a time.
    assert!(speedup(1) <= 1.0 && (7.9..8.1).contains(&speedup(3)), "{answer}");
}

#[test]
fn the_table_says_what_time_is_lost_at() {
    let out = scale(&["--policy", "global", "--vcpus", "4"]);
    let said = text(&out.stdout);
    assert!(said.contains("copies of V0, spread over ranges") && said.contains("the p2m lock of domain 1 ("), "{said}");
}

#[test]
fn what_cannot_be_computed_says_what_would_be_right() {
    for (args, why) in [
        (&["--actor", "V9"][..], "no actor `V9`; there are V0, V1, P0, SH"),
        (&["--vcpus", "300"], "a number from 1 to 256"),
        (&["--spread", "near"], "there are page, range, ranges, gigabytes, random"),
        (&["--transfer", "nan"], "transfer takes NaN ns"),
        (&["--version", "fixed"], "no version `fixed`"),
    ] {
        let out = scale(args);
        assert_eq!(out.status.code(), Some(2), "{args:?}");
        assert!(text(&out.stderr).contains(why), "{args:?}: {}", text(&out.stderr));
    }
}
