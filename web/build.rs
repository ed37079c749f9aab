//! Puts the lessons of `static/lessons` into the page: their texts, and the order in which they are offered.

use std::fmt::Write;
use std::path::Path;
use std::{env, fs};

fn main() {
    let at = |key| env::var(key).expect("cargo says so");
    let folder = Path::new(&at("CARGO_MANIFEST_DIR")).join("../static/lessons");
    println!("cargo:rerun-if-changed={}", folder.display());
    let files = fs::read_dir(&folder).expect("there are lessons").flatten().map(|file| file.path());
    let mut lessons: Vec<_> = files.filter(|path| path.extension().is_some_and(|end| end == "toml")).collect();
    lessons.sort();
    let mut out = format!("const ORDER: &str = include_str!({:?});\n", folder.join("order.txt"));
    out += "/// Names of files and their texts.\nconst FILES: &[(&str, &str)] = &[\n";
    for path in lessons {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        writeln!(out, "    ({name:?}, include_str!({path:?})),").expect("a text grows");
    }
    fs::write(Path::new(&at("OUT_DIR")).join("lessons.rs"), out + "];\n").expect("the list is written");
}
