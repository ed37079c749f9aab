//! `live`, what it records, and one schedule under two policies.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn lesson(id: &str) -> String {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../static/lessons/{id}.toml"));
    path.to_string_lossy().into_owned()
}

fn p2mscope(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_p2mscope")).args(args).output().expect("the binary runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What was answered in JSON.
fn json(out: &Output) -> Value {
    serde_json::from_slice(&out.stdout).unwrap_or_else(|e| panic!("{e}: {}{}", text(&out.stdout), text(&out.stderr)))
}

#[test]
fn loops_run_under_two_policies_with_the_times_of_their_locks() {
    let path = lesson("S14");
    let args = ["live", &path, "--version", "repaired", "--policy", "2m,global", "--seconds", "0.2", "--times"];
    let out = p2mscope(&[&args[..], &["--json"]].concat());
    assert_eq!(out.status.code(), Some(0), "{}", text(&out.stderr));
    let runs = &json(&out)["runs"];
    for (i, (policy, locks)) in [("2m", 4), ("global", 2)].into_iter().enumerate() {
        let run = &runs[i];
        assert_eq!((run["policy"].as_str(), &run["failures"]), (Some(policy), &Value::from(0)));
        // A round takes both pages: under ranges a range and a shared side for each, else the table of each.
        let times = run["times"].as_array().unwrap();
        assert_eq!(times.len(), locks, "{times:?}");
        assert!(times.iter().all(|t| t["held"]["count"] == run["successes"]), "each is held once a round: {run}");
        assert_eq!(run["left"], serde_json::json!([]));
    }
    let said = text(&p2mscope(&args).stdout);
    assert!(said.starts_with("S14 repaired, 2 threads, one policy after the other:"), "{said}");
    for part in
        ["successes a second", "waited for locks, all threads", "99 of 100 below", "All rules hold of what they left."]
    {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[test]
fn a_deadlock_stands_is_told_and_recorded_and_can_be_stepped_through() {
    let (path, folder) = (lesson("S14"), tempfile::tempdir().unwrap());
    let file = folder.path().join("ring.txt").to_string_lossy().into_owned();
    // How soon two threads meet is up to chance: a recording that is full before they do is made again.
    let record = || p2mscope(&["live", &path, "--record", &file, "--effects", "1000", "--json"]);
    let stood = |out: &Output| !json(out)["runs"][0]["stood"].as_array().unwrap().is_empty();
    let out = (0..200).map(|_| record()).find(stood).expect("they meet in one of 200 runs");
    assert_eq!(out.status.code(), Some(1), "a deadlock is nothing to be content with");
    let run = &json(&out)["runs"][0];
    let form = run["stood"][0]["forms"][0].as_str().unwrap();
    assert!(form.starts_with("TS1 -> TS2 -> TS1: each waits for what the next one holds"), "{form}");
    assert_eq!(run["stood"][0]["abort"], serde_json::json!(["TS1"]));
    assert_eq!(run["recorded"]["same"], true, "{run}");
    // The file says what it is a schedule of.
    let at = format!("@{file}");
    let again = p2mscope(&["run", &path, "--schedule", &at]);
    assert_eq!(again.status.code(), Some(0), "{}", text(&again.stderr));
    assert!(text(&again.stdout).contains("breaks deadlock: TS1 -> TS2 -> TS1"));
    let words = run["recorded"]["live"].as_str().unwrap();
    assert_eq!(text(&again.stderr), format!("The words are those that the recorded run left: {words}.\n"));
    // One lock for each table takes no ranges, so there the steps cannot all be taken.
    let other = p2mscope(&["run", &path, "--schedule", &at, "--policy", "global"]);
    assert_eq!(other.status.code(), Some(1), "{}", text(&other.stderr));
}

#[test]
fn an_abort_frees_the_others_and_what_it_leaves_is_told() {
    let out = p2mscope(&["live", &lesson("first"), "--abort", "--seconds", "0.3"]);
    assert_eq!(out.status.code(), Some(1));
    let said = text(&out.stdout);
    assert!(said.contains("Enough to abort: V0."), "{said}");
    assert!(said.contains("Aborted V0, which gave up the shared side of"), "{said}");
    assert!(said.contains("V0 was aborted and keeps its gets' references on the frames of 1:0x10"), "{said}");
    let ended = said.lines().filter(|l| l.ends_with("ended its round")).count();
    assert_eq!(ended, 3, "all others have gone on: {said}");
}

#[test]
fn what_cannot_be_run_live_says_why() {
    let says = |args: &[&str]| {
        let out = p2mscope(args);
        assert_eq!(out.status.code(), Some(2), "{args:?}");
        text(&out.stderr)
    };
    assert!(says(&["live", &lesson("S54")]).starts_with("S54 states no live loop"));
    assert!(says(&["live", &lesson("S03")]).contains("no live loop for its version before, only for repaired"));
    assert!(says(&["live", &lesson("S14"), "--version", "later"]).contains("no version `later`"));
    assert!(says(&["live", &lesson("S14"), "--seconds", "soon"]).contains("seconds"));
    let two = says(&["live", &lesson("S14"), "--policy", "2m,global", "--record", "/nowhere"]);
    assert!(two.contains("one policy at a time"), "{two}");
    let nowhere = says(&["run", &lesson("S14"), "--schedule", "@/nowhere/at/all"]);
    assert!(nowhere.contains("/nowhere/at/all: "), "{nowhere}");
}

#[test]
fn one_schedule_is_told_under_two_policies() {
    let args = ["run", &lesson("S15"), "--policy", "2m", "--and", "global", "--schedule", "TS1@second TS2! TS1!"];
    let out = p2mscope(&args);
    assert_eq!(out.status.code(), Some(0), "{}", text(&out.stderr));
    let said = text(&out.stdout);
    // Two gets of 7 steps, the second of TS2 up to its range, of which it needs the shared side: step 15 ends its turn.
    let parts = "They part at step 15 under 2m, after step 6 under global: TS2 asks for the p2m lock of domain 1, which TS1 \
                 holds since step 1.";
    assert!(said.contains(parts), "{said}");
    assert!(said.contains("step 16 breaks deadlock"), "{said}");
    assert!(said.ends_with("Under global: nothing breaks. All programs have ended.\n"), "{said}");
    let answer = json(&p2mscope(&[&args[..], &["--json"]].concat()));
    assert_eq!((answer["run"]["policy"].as_str(), answer["and"]["policy"].as_str()), (Some("2m"), Some("global")));
    assert_eq!((&answer["parted"]["actor"], &answer["parted"]["step"]), (&"TS2".into(), &15.into()));
    assert_eq!(answer["all_go_on_after"], 7);
}
