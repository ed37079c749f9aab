//! A schedule in a file: what it is a schedule of stands at its head, in lines that begin with `# `.
//!
//! ```text
//! # Recorded by p2mscope live: 1204 effects of S14.toml.
//! # version: repaired
//! # policy: 2m
//! # form: loop
//! # words: 0x1a2b3c4d5e6f7788
//! TS1 @9 TS2 @8 TS1 0.1 ..
//! ```
//!
//! `form: loop` means the loops that are run live, `words` is the hash of all words at the end. A file without a head is a
//! schedule and nothing else.

use p2mscope_core::lesson::Form;
use p2mscope_core::machine::Policy;
use std::path::Path;

/// A schedule with what it is a schedule of.
pub struct Saved {
    pub version: String,
    pub policy: Policy,
    pub form: Form,
    pub digest: Option<u64>,
    pub schedule: String,
}

/// What a file says: as [`Saved`], where it says it.
#[derive(Default)]
pub struct Opened {
    pub version: Option<String>,
    pub policy: Option<Policy>,
    pub form: Form,
    pub digest: Option<u64>,
    pub schedule: String,
}

impl Saved {
    /// The file's text.
    pub fn text(&self, lesson: &Path, effects: usize) -> String {
        let lesson = lesson.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
        let mut out = format!("# Recorded by p2mscope live: {effects} effects of {lesson}.\n");
        out += &format!("# version: {}\n# policy: {}\n", self.version, self.policy.name());
        if self.form == Form::Loop {
            out += "# form: loop\n";
        }
        if let Some(digest) = self.digest {
            out += &format!("# words: {digest:#018x}\n");
        }
        out + &self.schedule + "\n"
    }
}

/// Reads `--schedule`: a schedule, or `@` and the file that has one.
pub fn open(given: &str) -> Result<Opened, String> {
    let Some(path) = given.strip_prefix('@') else {
        return Ok(Opened { schedule: given.to_string(), ..Opened::default() });
    };
    let text = std::fs::read_to_string(path).map_err(|e| format!("{path}: {e}"))?;
    parse(&text).map_err(|why| format!("{path}: {why}"))
}

fn parse(text: &str) -> Result<Opened, String> {
    let mut opened = Opened::default();
    for (line, n) in text.lines().zip(1..) {
        let Some(head) = line.strip_prefix("# ") else {
            opened.schedule += line;
            opened.schedule.push('\n');
            continue;
        };
        let wrong = |what: &str, value: &str| format!("line {n}: `{value}` is no {what}");
        match head.split_once(": ") {
            Some(("version", v)) => opened.version = Some(v.trim().to_string()),
            Some(("policy", v)) => {
                opened.policy = Some(Policy::from_name(v.trim()).ok_or_else(|| wrong("policy", v))?);
            }
            Some(("form", "loop")) => opened.form = Form::Loop,
            Some(("form", "once")) => opened.form = Form::Once,
            Some(("form", v)) => return Err(wrong("form; there are once, loop", v)),
            Some(("words", v)) => {
                let hash = v.trim().strip_prefix("0x").and_then(|h| u64::from_str_radix(h, 16).ok());
                opened.digest = Some(hash.ok_or_else(|| wrong("hash, such as 0x1a2b", v))?);
            }
            _ => {}
        }
    }
    Ok(opened)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let schedule = "TS1 @2 #3 @1 TS1 0.1 ~8a1f".to_string();
        let saved = Saved {
            version: "repaired".into(),
            policy: Policy::M2,
            form: Form::Loop,
            digest: Some(0xab),
            schedule: schedule.clone(),
        };
        let opened = parse(&saved.text(Path::new("/x/S14.toml"), 3)).unwrap();
        assert_eq!((opened.version.as_deref(), opened.policy), (Some("repaired"), Some(Policy::M2)));
        assert_eq!((opened.form, opened.digest, opened.schedule.trim()), (Form::Loop, Some(0xab), &schedule[..]));
    }

    #[test]
    fn a_file_without_a_head_is_a_schedule() {
        let opened = parse("V0 1.2\nPG 1\n").unwrap();
        assert_eq!((opened.schedule.as_str(), opened.version, opened.form), ("V0 1.2\nPG 1\n", None, Form::Once));
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_line() {
        let error = |text| parse(text).err().unwrap_or_default();
        assert_eq!(error("# policy: 3m\n"), "line 1: `3m` is no policy");
        assert_eq!(error("# version: x\n# words: 17\n"), "line 2: `17` is no hash, such as 0x1a2b");
        assert_eq!(error("# form: twice\n"), "line 1: `twice` is no form; there are once, loop");
    }
}
