//! The order in which a folder's lessons are offered: its `order.txt`.
//!
//! A line is the title of a group; indented lines below it are names of lesson files, without `.toml`. What stands
//! behind `#` is a comment. A group without lessons is not offered.

use crate::script::{Error, File, Problem};

/// The name of the file.
pub const ORDER: &str = "order.txt";

/// Lessons of one kind.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Group {
    /// What they have in common.
    pub title: String,
    /// The names of their files, without `.toml`.
    pub lessons: Vec<String>,
}

/// The groups, or what is wrong with the text: a lesson that stands outside of a group, or twice.
pub fn course(text: &str) -> Result<Vec<Group>, Vec<Error>> {
    let file = File::new(text);
    let mut groups: Vec<Group> = Vec::new();
    let mut problems = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let begins = at;
        at += line.len();
        let said = line.split('#').next().unwrap_or_default();
        let name = said.trim();
        let from = begins + said.len() - said.trim_start().len();
        let mut wrong = |message: String| problems.push(Problem::new((from..from + name.len()).into(), message));
        if name.is_empty() {
            continue;
        }
        if !said.starts_with([' ', '\t']) {
            groups.push(Group { title: name.to_string(), lessons: Vec::new() });
        } else if groups.iter().any(|g| g.lessons.iter().any(|l| l == name)) {
            wrong(format!("the lesson `{name}` stands here already, further up"));
        } else if let Some(group) = groups.last_mut() {
            group.lessons.push(name.to_string());
        } else {
            wrong(format!("the lesson `{name}` stands in no group: the title of one is a line that is not indented"));
        }
    }
    groups.retain(|g| !g.lessons.is_empty());
    if problems.is_empty() { Ok(groups) } else { Err(file.errors(problems)) }
}
