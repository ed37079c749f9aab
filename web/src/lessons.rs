//! The lessons that come with the page, in the order in which they are offered: those of `static/lessons`.

use std::sync::LazyLock;

use p2mscope_core::lesson::course;

include!(concat!(env!("OUT_DIR"), "/lessons.rs"));

/// A lesson by its text.
pub struct BuiltIn {
    /// Its name in the list.
    pub name: String,
    /// The text: what a user would write.
    pub text: &'static str,
}

/// Lessons of one kind.
pub struct Group {
    /// What they have in common.
    pub title: String,
    /// Where they stand in [`ALL`].
    pub lessons: std::ops::Range<usize>,
}

/// All of them; the first is what the page opens with.
pub static ALL: LazyLock<Vec<BuiltIn>> = LazyLock::new(|| {
    let names = course(ORDER).unwrap_or_default().into_iter().flat_map(|group| group.lessons);
    names.filter_map(|name| text_of(&name).map(|text| BuiltIn { name: named(&name, text), text })).collect()
});

/// Their groups, in the same order.
pub static GROUPS: LazyLock<Vec<Group>> = LazyLock::new(|| {
    let mut at = 0;
    let group = |group: p2mscope_core::lesson::Group| {
        let first = at;
        at += group.lessons.iter().filter(|name| text_of(name).is_some()).count();
        Group { title: group.title, lessons: first..at }
    };
    course(ORDER).unwrap_or_default().into_iter().map(group).collect()
});

fn text_of(name: &str) -> Option<&'static str> {
    FILES.iter().find(|(file, _)| *file == name).map(|(_, text)| *text)
}

/// The title as the text has it; before it the number of those that have one, as in `S03`.
fn named(name: &str, text: &str) -> String {
    let line = text.lines().find_map(|line| line.strip_prefix("title = \"")?.strip_suffix('"'));
    let title = line.unwrap_or(name);
    let number = name.get(1..).is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|c| c.is_ascii_digit()));
    if number { format!("{name}  {title}") } else { title.to_owned() }
}

/// The lesson whose file has that name, which is its id.
pub fn by_id(id: &str) -> Option<&'static BuiltIn> {
    let text = text_of(id)?;
    ALL.iter().find(|lesson| lesson.text == text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use p2mscope_core::lesson::Lesson;

    #[test]
    fn every_file_is_offered_in_its_group_by_its_title() {
        assert_eq!((ALL.len(), ALL[0].name.as_str()), (FILES.len(), "First minute"));
        assert_eq!(GROUPS.last().map(|group| group.lessons.end), Some(ALL.len()));
        for lesson in ALL.iter() {
            let read = Lesson::parse(lesson.text).unwrap();
            assert!(lesson.name.ends_with(&read.title), "{} {}", lesson.name, read.title);
        }
    }
}
