//! Reading lesson files for commands, with every error at its place.

use p2mscope_core::lesson::Lesson;
use p2mscope_core::script::Error;
use std::path::Path;

/// The lesson in a file, or every reason why there is none, each beginning with the file's name.
pub fn read(path: &Path) -> Result<Lesson, String> {
    let bytes = std::fs::read(path).map_err(|e| format!("{}: {e}", path.display()))?;
    Lesson::from_bytes(&bytes).map_err(|errors| listed(path, &errors))
}

/// Errors as lines `FILE:LINE:COL  message`.
pub fn listed(path: &Path, errors: &[Error]) -> String {
    let name = path.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned());
    errors.iter().map(|e| format!("{name}:{e}")).collect::<Vec<_>>().join("\n")
}
