//! The lessons that the page offers, and the examples of the language's document.

use super::errors;
use crate::lesson::{Lesson, ORDER, course};
use crate::script::verbs;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

fn house() -> Vec<Lesson> {
    let files = std::fs::read_dir(root().join("static/lessons")).unwrap().map(|e| e.unwrap().path());
    let lesson = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).unwrap();
        let lesson = Lesson::parse(&text).unwrap_or_else(|e| panic!("{}: {e:#?}", path.display()));
        assert_eq!(Some(lesson.id.as_str()), path.file_stem().and_then(|s| s.to_str()));
        lesson
    };
    files.filter(|p| p.extension().is_some_and(|e| e == "toml")).map(lesson).collect()
}

#[test]
fn every_lesson_of_the_house_has_all_that_a_teacher_needs() {
    let lessons = house();
    assert!(lessons.len() >= 8);
    for l in lessons {
        assert!(l.actors.len() >= 2 && l.hints.len() >= 2 && !l.expects.is_empty(), "{}", l.id);
        let t = &l.teaching;
        let texts = [&l.source, &l.story, &t.misconception, &t.ranges, &t.notes.ask];
        assert!(texts.iter().all(|s| !s.trim().is_empty()), "{}: {texts:?}", l.id);
        assert!(t.difficulty.is_some() && t.minutes.is_some(), "{}", l.id);
        assert!(!t.notes.wrong.is_empty() && !t.notes.show.is_empty(), "{}: {:?}", l.id, t.notes);
        // A breach is stated with its length, and one way to it is told.
        let breaches: Vec<_> = l.expects.iter().filter(|e| e.breach.is_some()).collect();
        assert!(breaches.iter().all(|e| e.lock_events.is_some()), "{}: lock_events of every breach", l.id);
        assert!(breaches.is_empty() || breaches.iter().any(|e| !e.schedule.is_empty()), "{}: a schedule", l.id);
    }
}

#[test]
fn every_lesson_of_the_house_stands_in_the_order_once() {
    let text = std::fs::read_to_string(root().join("static/lessons").join(ORDER)).unwrap();
    let groups = course(&text).unwrap_or_else(|e| panic!("{e:#?}"));
    let named: BTreeSet<_> = groups.into_iter().flat_map(|g| g.lessons).collect();
    let there: BTreeSet<_> = house().into_iter().map(|l| l.id).collect();
    assert_eq!(named, there);
}

#[test]
fn the_recorded_counts_are_sorted_and_stand_once() {
    let text = std::fs::read_to_string(root().join("static/lessons/counts.txt")).unwrap();
    let keys: Vec<_> = text.lines().skip(1).map(|l| l.split_once(": ").expect("key: value").0).collect();
    assert!(keys.is_sorted_by(|a, b| a < b), "record them again");
}

/// The fenced blocks of the document, with the word behind the fence.
fn examples(text: &str) -> Vec<(String, String)> {
    let mut out = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(word) = line.strip_prefix("```").filter(|w| !w.is_empty()) {
            let body: Vec<_> = lines.by_ref().take_while(|l| *l != "```").collect();
            out.push((word.to_string(), body.join("\n") + "\n"));
        }
    }
    out
}

/// A world in which the document's programs stand: what its text says beside them.
fn around(program: &str) -> String {
    format!(
        "id = 'D'\ntitle = 'D'\ngoal = 'D'\n\
         world = {{ free_frames = 4, words = {{ mapped = 0, pointer = 'none' }}, locks = {{ event = 0 }}, \
         lists = ['queue'], rings = {{ requests = 4 }} }}\n\
         frame = [{{ name = 'F', owner = 1 }}]\n\
         domain = [{{ id = 1, map = '0x10 = M as ram_rw; 0x20 = ram_rw' }}, {{ id = 2, map = '0x20 = ram_rw' }}]\n\
         procedures = '''\nproc copy(src, dst) {{ }}\nproc first_of(a, b) {{ return a }}\n'''\n\
         [[actor]]\nname = 'V0'\nkind = 'vcpu'\ndomain = 1\nprogram = '''\n{program}'''\n\
         [[actor]]\nname = 'PG'\nkind = 'pager'\nprogram = 'r = nominate 1:0x20'\n"
    )
}

#[test]
fn every_example_of_the_document_is_right() {
    let text = std::fs::read_to_string(root().join("docs/language.md")).unwrap();
    let (mut programs, mut lessons) = (0, 0);
    for (kind, body) in examples(&text) {
        let (errors, count) = match kind.as_str() {
            "program" => (errors(&around(&body)), &mut programs),
            "toml" => (errors(&body), &mut lessons),
            _ => continue,
        };
        *count += 1;
        assert_eq!(errors, [""; 0], "{body}");
    }
    assert!(programs >= 8 && lessons >= 1, "{programs} {lessons}");
}

#[test]
fn the_document_names_every_verb_that_is_offered_and_no_other() {
    let text = std::fs::read_to_string(root().join("docs/language.md")).unwrap();
    let rows: Vec<&str> = text.lines().filter_map(|l| l.strip_prefix("| `")?.split_once('`').map(|(v, _)| v)).collect();
    for v in verbs::VERBS {
        let there = rows.iter().any(|r| {
            r.split_whitespace().next() == Some(v.name) || r.split(" = ").nth(1).is_some_and(|e| e.starts_with(v.name))
        });
        assert_eq!(there, v.offered, "{}", v.name);
        if v.offered {
            assert!(text.contains(&format!("| `{}` | {} |", v.example, v.says)), "the row of {}", v.name);
        }
    }
}
