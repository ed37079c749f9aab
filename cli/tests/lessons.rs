//! `check` and `run` on the lessons of the house, and on files that are none.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn lessons() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../static/lessons")
}

fn p2mscope(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_p2mscope")).args(args).output().expect("the binary runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A file of that content in a folder of its own, which ends with the test.
fn file(name: &str, content: &[u8]) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(name);
    std::fs::write(&path, content).expect("the file is written");
    let path = path.to_string_lossy().into_owned();
    (folder, path)
}

#[test]
fn the_lessons_of_the_house_hold_and_their_counts_are_the_recorded_ones() {
    let out = p2mscope(&["check", &lessons().to_string_lossy()]);
    assert_eq!(out.status.code(), Some(0), "{}{}", text(&out.stdout), text(&out.stderr));
    let said = text(&out.stdout);
    let proved = said.lines().filter(|l| l.starts_with("ok ")).count();
    let told = |l: &&str| l.contains(" took ") || l.contains(" lessons in ");
    assert_eq!(proved + said.lines().filter(told).count(), said.lines().count(), "{said}");
    let recorded = std::fs::read_to_string(lessons().join("counts.txt")).unwrap();
    assert_eq!(proved, recorded.lines().skip(1).count(), "an answer is not recorded, or a record has no answer");
    assert!(said.contains("S15 before under 2m: deadlock in 16 steps, 6 lock events: TS1 -> TS2 -> TS1"), "{said}");
}

#[test]
fn an_expectation_that_does_not_hold_ends_with_status_1() {
    let right = std::fs::read_to_string(lessons().join("S15.toml")).unwrap();
    let wrong = right.replace(r#"policy = ["global", "1g"], breach = "none""#, r#"policy = "2m", breach = "none""#);
    assert_ne!(right, wrong);
    let (_folder, path) = file("S15.toml", wrong.as_bytes());
    let out = p2mscope(&["check", &path]);
    assert_eq!(out.status.code(), Some(1));
    // The wrong order is told as soon as it is asked for, before anybody hangs: one get of 7 steps and the shared side.
    let said = text(&out.stdout);
    assert!(said.contains("I27 in 8 steps") && said.contains("no breach was expected; `I27`: TS2 asks"), "{said}");
}

#[test]
fn a_count_that_differs_from_the_record_is_said() {
    let lesson = std::fs::read(lessons().join("S15.toml")).unwrap();
    let (folder, path) = file("S15.toml", &lesson);
    assert_eq!(p2mscope(&["check", "--record", &path]).status.code(), Some(0));
    let counts = folder.path().join("counts.txt");
    let recorded = std::fs::read_to_string(&counts).unwrap();
    assert_eq!(p2mscope(&["check", &path]).status.code(), Some(0));
    std::fs::write(&counts, recorded.replacen(" states", "1 states", 1)).unwrap();
    let out = p2mscope(&["check", &path]);
    assert_eq!(out.status.code(), Some(1));
    assert!(text(&out.stdout).contains("recorded is `"), "{}", text(&out.stdout));
}

#[test]
fn a_schedule_is_told_one_sentence_a_step() {
    let path = lessons().join("S14.toml").to_string_lossy().into_owned();
    let out = p2mscope(&["run", &path, "--policy", "2m", "--report", "none", "--schedule", "TS1@second TS2! TS1!"]);
    assert_eq!(out.status.code(), Some(0), "{}", text(&out.stderr));
    let said = text(&out.stdout);
    assert_eq!(said.lines().filter(|l| !l.starts_with("      ")).count(), 16, "{said}");
    assert!(said.contains("TS1 takes range 0 of domain 1."), "{said}");
    assert!(said.contains("breaks deadlock: TS1 -> TS2 -> TS1"), "{said}");
}

#[test]
fn a_schedule_that_cannot_be_played_says_at_which_step() {
    let path = lessons().join("S14.toml").to_string_lossy().into_owned();
    let run = |schedule| p2mscope(&["run", &path, "--policy", "2m", "--schedule", schedule]);
    let out = run("TS1@second TS2! TS1! TS2");
    assert_eq!(out.status.code(), Some(1));
    assert!(text(&out.stderr).starts_with("step 17 "), "{}", text(&out.stderr));
    let out = run("TS9!");
    assert_eq!(out.status.code(), Some(2));
    assert!(text(&out.stderr).contains("no actor named `TS9`"), "{}", text(&out.stderr));
    assert_eq!(p2mscope(&["run", &path, "--policy", "3m", "--schedule", "TS1"]).status.code(), Some(2));
}

/// Each kind of mistake gives a message with its place and status 2.
#[test]
fn bad_files_are_told_where_they_are_bad() {
    let right = std::fs::read_to_string(lessons().join("S03.toml")).unwrap();
    let with = |from: &str, to: &str| {
        let text = right.replacen(from, to, 1);
        assert_ne!(text, right, "{from}");
        text.into_bytes()
    };
    let table: [(&str, Vec<u8>, &str); 6] = [
        (
            "unknown statement",
            with("r = nominate", "r = nominat"),
            "unknown statement `nominat`; did you mean `nominate`?",
        ),
        ("bad number", with("nominate 1:0x10", "nominate 1:0x"), ":"),
        ("gfn outside", with("nominate 1:0x10", "nominate 1:0x1000000000"), ":"),
        ("duplicate actor", with(r#"name = "PG""#, r#"name = "V0""#), "V0"),
        ("10 MB", vec![b'a'; 10 << 20], "1:1  "),
        ("binary", (0..=255).cycle().take(4000).collect(), ":"),
    ];
    for (what, content, part) in table {
        let (_folder, path) = file("S03.toml", &content);
        for args in [vec!["check", &path], vec!["run", &path, "--schedule", "V0"]] {
            let out = p2mscope(&args);
            let said = text(&out.stderr);
            assert_eq!(out.status.code(), Some(2), "{what}: {said}");
            assert!(said.starts_with("S03.toml:") && said.contains(part), "{what}: {said}");
            assert!(!said.contains("panicked") && said.len() < 5000, "{what}: {said}");
        }
    }
    let out = p2mscope(&["check", "/nowhere/S99.toml"]);
    assert_eq!(out.status.code(), Some(2));
    assert!(text(&out.stderr).contains("S99.toml"));
}
