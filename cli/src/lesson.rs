//! Reading lesson files for commands, with every error at its place.

use p2mscope_core::lesson::{Lesson, ORDER, course};
use p2mscope_core::script::Error;
use std::path::{Path, PathBuf};

/// The lesson in a file, or every reason why there is none, each beginning with the file's name.
pub fn read(path: &Path) -> Result<Lesson, String> {
    let bytes = std::fs::read(path).map_err(|e| format!("{}: {e}", path.display()))?;
    Lesson::from_bytes(&bytes).map_err(|errors| listed(path, &errors))
}

/// A file itself; of a folder its lessons: in the order that its `order.txt` gives, those that it does not name behind.
pub fn files(path: &Path) -> Result<Vec<PathBuf>, String> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let all = std::fs::read_dir(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let mut files: Vec<_> =
        all.flatten().map(|f| f.path()).filter(|p| p.extension().is_some_and(|e| e == "toml")).collect();
    if files.is_empty() {
        return Err(format!("{}: there is no lesson in this folder, no file whose name ends in .toml", path.display()));
    }
    let at = path.join(ORDER);
    let order = match std::fs::read_to_string(&at) {
        Ok(text) => course(&text).map_err(|errors| listed(&at, &errors))?,
        Err(_) => Vec::new(),
    };
    let names: Vec<&String> = order.iter().flat_map(|g| &g.lessons).collect();
    let place = |p: &PathBuf| {
        let name = p.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
        (names.iter().position(|n| **n == name).unwrap_or(names.len()), name)
    };
    files.sort_by_cached_key(place);
    Ok(files)
}

/// Errors as lines `FILE:LINE:COL  message`.
pub fn listed(path: &Path, errors: &[Error]) -> String {
    let name = path.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned());
    errors.iter().map(|e| format!("{name}:{e}")).collect::<Vec<_>>().join("\n")
}
