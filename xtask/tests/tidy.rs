//! The rules of the house that a machine can check. They stand, with their reasons, in ARCHITECTURE.md.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The rooms of core in the order of use: none names one that comes after it.
const ROOMS: [&[&str]; 16] = [
    &["addr"],
    &["entry"],
    &["machine"],
    &["lock"],
    &["step"],
    &["perform"],
    &["ops"],
    &["sim", "live"],
    &["script"],
    &["lesson"],
    &["scale", "sched"],
    &["explore"],
    &["judge"],
    &["view"],
    &["trial"],
    &["link"],
];

/// The rooms that watchers see: the words, the effects, and the run that they stand beside; no operation and no lesson.
const SEEN_BY_WATCH: [&str; 7] = ["addr", "entry", "machine", "lock", "step", "perform", "sim"];

/// The crates that reach the browser, and yew.
const BROWSER: [&str; 5] = ["wasm_bindgen", "wasm_bindgen_rayon", "web_sys", "js_sys", "gloo"];

/// A source file: its path from the root with `/`, its whole text, and its code without comments and tests.
struct Source {
    path: String,
    text: String,
    code: String,
}

impl Source {
    fn new(path: &str, text: &str) -> Self {
        let shown = if is_tests(path) { "" } else { text };
        let code = |line: &str| line.split_once("//").map_or(line, |(code, _)| code).replace("'static", "");
        let code = shown.lines().take_while(|line| line.trim() != "#[cfg(test)]").map(code).collect::<Vec<_>>();
        Self { path: path.to_owned(), text: text.to_owned(), code: code.join("\n") }
    }

    /// Whether it is `place` or lies in it: `core/src/sim` holds `core/src/sim.rs` and `core/src/sim/memory.rs`.
    fn is_in(&self, place: &str) -> bool {
        self.path.strip_prefix(place).is_some_and(|rest| rest.starts_with(['/', '.']))
    }

    /// The words of its code: identifiers and keywords.
    fn words(&self) -> BTreeSet<&str> {
        self.code.split(|c: char| !c.is_alphanumeric() && c != '_').collect()
    }

    /// The room of core that it lies in.
    fn room(&self) -> Option<&str> {
        self.path.strip_prefix("core/src/")?.split(['/', '.']).next().filter(|room| *room != "lib")
    }

    /// The rooms that it names: `crate::room` and the members of `crate::{..}`.
    fn named_rooms(&self) -> BTreeSet<&str> {
        let mut rooms = BTreeSet::new();
        for (at, found) in self.code.match_indices("crate::") {
            let rest = &self.code[at + found.len()..];
            match rest.strip_prefix('{') {
                Some(group) => rooms.extend(members(group).into_iter().filter_map(first_word)),
                None => rooms.extend(first_word(rest)),
            }
        }
        rooms
    }
}

/// Whether all of a file beside the code is tests; such a file may use whatever it tests with.
fn is_tests(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.split_once("/src/").is_some_and(|(_, inside)| inside.contains("tests/"))
}

/// The members of a use group, whose opening brace has been read.
fn members(group: &str) -> Vec<&str> {
    let (mut members, mut depth, mut start) = (Vec::new(), 0, 0);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                members.push(&group[start..at]);
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    members
}

fn first_word(text: &str) -> Option<&str> {
    text.trim_start().split(|c: char| !c.is_alphanumeric() && c != '_').next().filter(|word| !word.is_empty())
}

/// What is wrong with `source`, one line for each fault.
fn faults(source: &Source) -> Vec<String> {
    let mut faults = Vec::new();
    let lines = source.text.lines().count();
    if lines > 500 {
        faults.push(format!("{lines} lines; past 500 a file is split along a seam that a reader would name"));
    }
    if source.path.ends_with(".rs") {
        if !source.text.starts_with("//!") && !is_tests(&source.path) {
            faults.push("does not begin with what it is for (//!)".to_owned());
        }
        let left = ["TODO", "FIXME", "XXX", "HACK", "#[ignore", "todo!(", "unimplemented!(", "dbg!("];
        faults
            .extend(left.iter().filter(|word| source.text.contains(*word)).map(|word| format!("{word} is left in it")));
        faults.extend(banned_words(source));
        faults.extend(forbidden_rooms(source));
    }
    faults.iter().map(|fault| format!("{}: {fault}", source.path)).collect()
}

/// The words of `source` that its place does not allow.
fn banned_words(source: &Source) -> Vec<String> {
    let atomic = |word: &str| word.starts_with("Atomic");
    let state = |word: &str| atomic(word) || ["static", "Cell", "RefCell", "Mutex", "RwLock"].contains(&word);
    let rayon = |word: &str| word == "rayon" || word == "wasm_bindgen_rayon";
    let may_name_rayon = ["core/src/explore", "web/src/worker/coordinator", "tests/tests"];
    let rayon_is_banned = !may_name_rayon.iter().any(|place| source.is_in(place));
    type Banned<'a> = (bool, &'a dyn Fn(&str) -> bool, &'a str);
    let rules: [Banned; 7] = [
        (true, &|word| word == "unsafe", "there is no unsafe code"),
        (rayon_is_banned, &rayon, "only explore and the page's coordinator name rayon"),
        (source.is_in("core"), &|word| BROWSER.contains(&word) || word == "yew", "core knows nothing of browsers"),
        (
            source.is_in("web/src/state"),
            &|word| BROWSER.contains(&word),
            "the page's state knows nothing of the browser",
        ),
        (source.is_in("core/src/sim"), &atomic, "sim has no atomics"),
        (source.is_in("core/src/entry"), &state, "entry has no state"),
        (source.is_in("core/src/live"), &|word| word.to_lowercase().contains("undo"), "live has no undo"),
    ];
    let words = source.words();
    let applying = rules.iter().filter(|(applies, ..)| *applies);
    applying
        .flat_map(|(_, banned, reason)| {
            words.iter().filter(|word| banned(word)).map(move |word| format!("names {word}: {reason}"))
        })
        .collect()
}

/// The rooms that `source` names although they come after its own.
fn forbidden_rooms(source: &Source) -> Vec<String> {
    let rank = |room: &str| ROOMS.iter().position(|rooms| rooms.contains(&room));
    let Some(own) = source.room() else { return Vec::new() };
    let after = |room: &&str| match (own, rank(own)) {
        ("watch", _) => rank(room).is_some() && !SEEN_BY_WATCH.contains(room),
        (_, Some(own)) => rank(room).is_some_and(|rank| rank > own),
        (_, None) => false,
    };
    let named = source.named_rooms();
    let mut faults: Vec<_> = named
        .into_iter()
        .filter(after)
        .map(|room| format!("names the room {room}, which {own} does not see"))
        .collect();
    if own != "watch" && rank(own).is_none() {
        faults.push(format!("the room {own} has no place in the order of use"));
    }
    faults
}

/// The sources of all packages.
fn sources() -> Vec<Source> {
    fn walk(root: &Path, folder: &Path, found: &mut Vec<Source>) {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                // Somebody may have built inside a package.
                if path.file_name().unwrap() != "target" {
                    walk(root, &path, found);
                }
            } else if path.extension().is_some_and(|extension| ["rs", "js", "css"].iter().any(|it| extension == *it)) {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap();
                found.push(Source::new(name, &fs::read_to_string(&path).unwrap()));
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut found = Vec::new();
    for package in ["core", "cli", "web", "xtask", "tests", "bench", "static"] {
        walk(root, &root.join(package), &mut found);
    }
    found
}

#[test]
fn the_house_is_tidy() {
    // This file names all that is banned.
    let sources = sources();
    let faults: Vec<_> = sources.iter().filter(|source| !source.is_in("xtask/tests/tidy")).flat_map(faults).collect();
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn the_map_names_every_room() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let map = fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap();
    let sources = sources();
    let rooms: BTreeSet<_> = sources.iter().filter_map(Source::room).collect();
    assert!(rooms.contains("addr"), "{rooms:?}");
    let missing: Vec<_> = rooms.iter().filter(|room| !map.contains(&format!("`{room}`"))).collect();
    assert!(missing.is_empty(), "ARCHITECTURE.md does not name {missing:?}");
}

#[test]
fn core_and_cli_forbid_unsafe_code() {
    let sources = sources();
    for path in ["core/src/lib.rs", "cli/src/main.rs"] {
        let root = sources.iter().find(|source| source.path == path).unwrap();
        assert!(root.text.contains("#![forbid(unsafe_code)]"), "{path} does not forbid unsafe code");
    }
}

#[track_caller]
fn check(path: &str, text: &str, says: &[&str]) {
    let found = faults(&Source::new(path, &format!("//! A trial.\n{text}")));
    assert_eq!(found.len(), says.len(), "{found:#?}");
    for (fault, part) in found.iter().zip(says) {
        assert!(fault.contains(part), "{fault}: {part}");
    }
}

#[test]
fn each_fault_is_found() {
    check("core/src/ops/walk.rs", "use crate::{addr::{Gfn, Mfn}, step::Step};", &[]);
    check("core/src/ops/walk.rs", "use crate::{\n    addr::Gfn,\n    sim::Memory,\n};", &["the room sim"]);
    check("core/src/ops/walk.rs", "fn f() { crate::live::run() }", &["the room live"]);
    check("core/src/ops/walk.rs", "// crate::live runs it", &[]);
    check("core/src/ops/walk.rs", "#[cfg(test)]\nmod tests { use crate::sim::Memory; }", &[]);
    check("core/src/watch/waits.rs", "use crate::lock::Level;", &[]);
    check("core/src/watch/waits.rs", "use crate::ops::query;", &["the room ops"]);
    check("core/src/entry/tests.rs", "use crate::sim::Memory;", &[]);
    check("core/src/attic.rs", "", &["no place in the order"]);
    check("core/src/sim/memory.rs", "fn f(word: &AtomicU64) {}", &["sim has no atomics"]);
    check("core/src/entry/ept.rs", "static LAST: u64 = 0;", &["entry has no state"]);
    check("core/src/entry/ept.rs", "const NAME: &'static str = \"\";", &[]);
    check("core/src/live/run.rs", "fn undo() {}", &["live has no undo"]);
    check("core/src/addr.rs", "use js_sys::Array;", &["knows nothing of browsers"]);
    check("core/src/sched/run.rs", "use rayon::prelude::*;", &["names rayon"]);
    check("core/src/explore/search.rs", "use rayon::prelude::*;", &[]);
    check("web/src/state.rs", "use web_sys::Window;", &["knows nothing of the browser"]);
    check("cli/src/main.rs", "unsafe { read() }", &["no unsafe code"]);
    check("cli/src/main.rs", "// TODO", &["TODO is left"]);
    check("cli/src/main.rs", &"\n".repeat(500), &["501 lines"]);
    assert_eq!(faults(&Source::new("a.rs", "fn f() {}")), ["a.rs: does not begin with what it is for (//!)"]);
}
