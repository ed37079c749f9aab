//! The lessons that come with the page, in the order in which they are offered: those of `static/lessons`.

use std::sync::LazyLock;

use p2mscope_core::lesson::course;

use crate::program::Card;

include!(concat!(env!("OUT_DIR"), "/lessons.rs"));

/// A lesson by its text.
pub struct BuiltIn {
    /// The name of its file, which is its id.
    pub id: String,
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
    let lesson = |id: String| text_of(&id).map(|text| BuiltIn { name: named(&id, text), id, text });
    names.filter_map(lesson).collect()
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
    let title = title_in(text).unwrap_or(name);
    let number = name.get(1..).is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|c| c.is_ascii_digit()));
    if number { format!("{name}  {title}") } else { title.to_owned() }
}

/// What the list of lessons says of each, in the same order. Made when it is first asked for.
pub static CARDS: LazyLock<Vec<Option<Card>>> =
    LazyLock::new(|| ALL.iter().map(|lesson| Card::of(lesson.text)).collect());

/// The lesson whose file has that name, which is its id.
pub fn by_id(id: &str) -> Option<&'static BuiltIn> {
    ALL.iter().find(|lesson| lesson.id == id)
}

/// The id that a text gives itself, be it a lesson or a faulty one.
pub fn id_in(text: &str) -> Option<&str> {
    line_of(text, "id")
}

/// The title that it gives itself.
pub fn title_in(text: &str) -> Option<&str> {
    line_of(text, "title")
}

fn line_of<'t>(text: &'t str, key: &str) -> Option<&'t str> {
    let value = |line: &'t str| {
        let value = line.strip_prefix(key)?.trim_start().strip_prefix('=')?.trim_start().strip_prefix('"')?;
        value.split_once('"').map(|(value, _)| value)
    };
    text.lines().find_map(value)
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
            assert_eq!((id_in(lesson.text), &read.id), (Some(&*lesson.id), &lesson.id));
        }
    }
}
