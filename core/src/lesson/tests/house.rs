//! The lessons that the page offers, and the examples of the language's document.

use super::errors;
use crate::lesson::Lesson;

use crate::script::verbs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

#[test]
fn every_lesson_of_the_house_is_right() {
    let mut seen = 0;
    for entry in std::fs::read_dir(root().join("static/lessons")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "toml") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let lesson = Lesson::parse(&text).unwrap_or_else(|e| panic!("{}: {e:#?}", path.display()));
        assert_eq!(Some(lesson.id.as_str()), path.file_stem().and_then(|s| s.to_str()));
        assert!(lesson.actors.len() >= 2 && lesson.hints.len() >= 2 && !lesson.expects.is_empty());
        seen += 1;
    }
    assert!(seen >= 4);
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
