//! What is wrong with a run, told below it in both registers, over several runs, and over all interleavings of a search.

use std::path::Path;
use std::process::Command;

/// The answer of a command on a lesson of the house, which ends with that status.
fn said(command: &str, lesson: &str, more: &[&str], status: i32) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../static/lessons").join(lesson);
    let out = Command::new(env!("CARGO_BIN_EXE_p2mscope"))
        .arg(command)
        .arg(path)
        .args(more)
        .output()
        .expect("the binary runs");
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    assert_eq!(out.status.code(), Some(status), "{}{}", text(&out.stdout), text(&out.stderr));
    text(&out.stdout)
}

#[test]
fn a_run_that_ends_in_a_ring_is_told_in_both_registers() {
    let schedule = ["--policy", "2m", "--schedule", "TS1@second TS2! TS1!"];
    let both = said("run", "S14.toml", &schedule, 0);
    for part in [
        "TS1 -> TS2 -> TS1: each waits for what the next one holds, so none of them can ever go on.",
        "If TS1 gave up what it has, all others could go on.",
        "S14 before under 2m, step 16",
        "#0  TS1: range 0 of domain 1 -> range 0 of domain 2",
        ": f = get_gfn 2:0x20",
        "*** DEADLOCK ***",
        "smallest set to abort: TS1",
        "can still move: nobody",
    ] {
        assert!(both.contains(part), "{part}\n{both}");
    }
    let plain = said("run", "S14.toml", &[&schedule[..], &["--report", "plain"]].concat(), 0);
    assert!(plain.contains("each waits for what") && !plain.contains("***"), "{plain}");
    let lockdep = said("run", "S14.toml", &[&schedule[..], &["--report", "lockdep"]].concat(), 0);
    assert!(!lockdep.contains("each waits for what") && lockdep.contains("***"), "{lockdep}");
}

#[test]
fn orders_of_different_runs_are_told_together() {
    // Each alone: nobody ever waits, and no single run has both orders.
    let alone = ["--policy", "2m", "--schedule", "TS1!", "--report", "lockdep"];
    assert!(!said("run", "S14.toml", &alone, 0).contains("***"));
    let two = said("run", "S14.toml", &[&alone[..], &["--schedule", "TS2!"]].concat(), 0);
    assert!(two.contains("first seen: run 1, step ") && two.contains("first seen: run 2, step "), "{two}");
    assert!(two.contains("*** POSSIBLE DEADLOCK ***") && !two.contains("*** DEADLOCK ***"), "{two}");
    let json = said("run", "S14.toml", &[&alone[..], &["--schedule", "TS2!", "--json"]].concat(), 0);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["runs"].as_array().map(Vec::len), Some(2));
    let orders = &json["diagnosis"]["possible"][0]["orders"];
    assert_eq!((&orders[0]["run_name"], &orders[1]["run_name"]), (&"run 1".into(), &"run 2".into()), "{json}");
    assert!(json["report"].as_str().unwrap().contains("POSSIBLE"));
}

#[test]
fn a_search_tells_the_ring_it_found_and_no_order_where_all_keep_one() {
    let found = said("explore", "S14.toml", &["--policy", "2m", "--find", "deadlock"], 1);
    assert!(found.contains("*** DEADLOCK ***") && found.contains("If TS1 gave up what it has"), "{found}");
    let safe = said("explore", "S14.toml", &["--version", "repaired", "--policy", "2m"], 0);
    // The answer and what the search took: no report.
    assert_eq!(
        safe.lines().map(|l| l.split(' ').next()).collect::<Vec<_>>(),
        [Some("S14"), Some("searched:")],
        "{safe}"
    );
    let json = said("explore", "S14.toml", &["--policy", "2m", "--find", "deadlock", "--json"], 1);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (&json["diagnosis"]["abort"], &json["diagnosis"]["forms"][0]["kind"]),
        (&serde_json::json!([0]), &"ring".into())
    );
    assert!(json["ways"].as_array().is_some_and(|ways| !ways.is_empty()), "{json}");
}
