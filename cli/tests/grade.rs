//! `grade` and `check` of folders, as a teacher calls them.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn lesson(id: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../static/lessons/{id}.toml"))
}

fn p2mscope(args: &[&Path]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_p2mscope")).args(args).output().expect("the binary runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn rows(out: &Output) -> Vec<Value> {
    text(&out.stdout).lines().map(|l| serde_json::from_str(l).expect("a line is an object")).collect()
}

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).expect("the file is written");
    }
    folder
}

const RIGHT: &str = "e = get_gfn 1:0x10\nif e.type == ram_rw { store content(e.mfn) = 7 }\nput_gfn 1:0x10\n";

#[test]
fn a_folder_of_answers_is_judged_one_by_one() {
    let early = "e = get_gfn 1:0x10\nput_gfn 1:0x10\nif e.type == ram_rw { store content(e.mfn) = 7 }\n";
    let answers =
        folder(&[("anna.txt", RIGHT), ("ben.txt", early), ("cleo.txt", "x = 1\n"), ("dan.txt", "e = get 1:0x10\n")]);
    let out = p2mscope(&["grade".as_ref(), &lesson("S03"), answers.path()]);
    assert_eq!(out.status.code(), Some(1), "{}", text(&out.stderr));
    let said = text(&out.stdout);
    let begins = |l: &str| said.lines().any(|line| line.starts_with(l));
    assert!(begins("anna.txt  accepted") && begins("ben.txt   breaks       stray under"), "{said}");
    assert!(begins("cleo.txt  undone") && begins("dan.txt   not read     line 1:5"), "{said}");
    // The counterexample is told in the learner's own lines.
    assert!(said.contains("V0     line 3       store content(e.mfn) = 7"), "{said}");
    let out = p2mscope(&["grade".as_ref(), "--json".as_ref(), &lesson("S03"), answers.path()]);
    let rows = rows(&out);
    let verdicts: Vec<_> = rows.iter().map(|r| r["verdict"].as_str().unwrap()).collect();
    assert_eq!(verdicts, ["accepted", "breaks", "undone", "not read"]);
    assert_eq!((&rows[1]["breach"]["rule"], &rows[0]["accepted"]), (&Value::from("stray"), &Value::from(true)));
}

#[test]
fn the_status_says_whether_all_are_accepted() {
    let answers = folder(&[("anna.txt", RIGHT)]);
    let anna = answers.path().join("anna.txt");
    let status = |args: &[&Path]| p2mscope(args).status.code();
    let grade: &Path = "grade".as_ref();
    assert_eq!(status(&[grade, &lesson("S03"), &anna]), Some(0));
    assert_eq!(status(&[grade, &lesson("S03"), &answers.path().join("nobody.txt")]), Some(2));
    assert_eq!(status(&[grade, &answers.path().join("none.toml"), &anna]), Some(2));
    let no_exercise = std::fs::read_to_string(lesson("S15")).unwrap();
    let at = (no_exercise.find("[repair]").unwrap(), no_exercise.find("[procedures]").unwrap());
    let files = folder(&[("T.toml", &(no_exercise[..at.0].to_string() + &no_exercise[at.1..])), ("bytes", "")]);
    std::fs::write(files.path().join("bytes"), [0xff, 0xfe]).unwrap();
    let out = p2mscope(&[grade, &files.path().join("T.toml"), &anna]);
    assert_eq!(out.status.code(), Some(2));
    assert!(text(&out.stderr).contains("is no exercise"), "{}", text(&out.stderr));
    let out = p2mscope(&[grade, &lesson("S03"), &files.path().join("bytes")]);
    assert_eq!(out.status.code(), Some(2));
    assert!(text(&out.stderr).contains("UTF-8"), "{}", text(&out.stderr));
}

#[test]
fn a_folder_is_checked_in_its_order_and_each_lesson_tells_its_time() {
    let read = |id: &str| std::fs::read_to_string(lesson(id)).unwrap();
    let (s15, s14, bad) = (read("S15"), read("S14"), "id = 1");
    let files = folder(&[("S14.toml", &s14), ("S15.toml", &s15), ("order.txt", "All\n  S15\n  S14\n")]);
    let out = p2mscope(&["check".as_ref(), files.path()]);
    assert_eq!(out.status.code(), Some(0), "{}", text(&out.stderr));
    let said = text(&out.stdout);
    let (first, second) = (said.find("S15 took ").expect("its time"), said.find("S14 took ").expect("its time"));
    assert!(first < second && said.contains("2 lessons in "), "{said}");
    let out = p2mscope(&["check".as_ref(), "--json".as_ref(), files.path()]);
    let rows = rows(&out);
    assert_eq!((rows.len(), &rows[0]["lesson"], &rows[0]["holds"]), (2, &"S15".into(), &true.into()));
    assert!(rows[0]["expects"].as_array().is_some_and(|all| all.len() >= 6 && all[0]["states"].is_u64()), "{rows:?}");
    // One that cannot be read does not keep the others from being told.
    std::fs::write(files.path().join("bad.toml"), bad).unwrap();
    let out = p2mscope(&["check".as_ref(), files.path()]);
    assert_eq!(out.status.code(), Some(2));
    assert!(
        text(&out.stdout).contains("S14 took ") && text(&out.stderr).contains("bad.toml:1:6"),
        "{}",
        text(&out.stderr)
    );
    let none = tempfile::tempdir().unwrap();
    assert_eq!(p2mscope(&["check".as_ref(), none.path()]).status.code(), Some(2));
}
