//! What an author is told: one message with its place in the file.
//!
//! Every part of a lesson keeps [`Span`]s, byte ranges of the *file*, also inside a program that stands in a
//! TOML string: [`Text`] maps the bytes of such a string to those of the file. Lines and columns are counted
//! once, when a [`Problem`] becomes an [`Error`].

use std::fmt;
use std::ops::Range;

/// A range of bytes of the file. Spans are places, not content: all of them compare equal, so that two trees
/// are equal when they say the same.
#[derive(Clone, Copy, Default)]
pub struct Span {
    /// The first byte.
    pub start: u32,
    /// The byte after the last one.
    pub end: u32,
}

impl PartialEq for Span {
    fn eq(&self, _: &Span) -> bool {
        true
    }
}

impl Eq for Span {}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.start, self.end)
    }
}

impl Span {
    /// From the beginning of this one to the end of `other`.
    pub fn to(self, other: Span) -> Span {
        Span { start: self.start, end: other.end }
    }
}

impl From<Range<usize>> for Span {
    fn from(r: Range<usize>) -> Span {
        Span { start: r.start as u32, end: r.end as u32 }
    }
}

/// Something wrong at a place of the file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// Where.
    pub span: Span,
    /// What, and what would be right.
    pub message: String,
}

impl Problem {
    /// A problem with that message at that place.
    pub fn new(span: Span, message: impl Into<String>) -> Problem {
        Problem { span, message: message.into() }
    }
}

/// A message for the author, with its place. Shown as `31:22  message`; whoever knows the file's name puts
/// `S03.toml:` before it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Error {
    /// The line in the file, counted from 1.
    pub line: u32,
    /// The column in characters, counted from 1.
    pub col: u32,
    /// The text at that place, at most its first line and 40 characters.
    pub found: String,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}  {}", self.line, self.col, self.message)
    }
}

impl std::error::Error for Error {}

/// A file's text with the beginnings of its lines.
#[derive(Clone, Debug)]
pub struct File {
    text: String,
    lines: Vec<u32>,
}

impl File {
    /// The file with that text.
    pub fn new(text: impl Into<String>) -> File {
        let text = text.into();
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(i, _)| i as u32 + 1)).collect();
        File { text, lines }
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Line and column of a byte, both counted from 1, the column in characters.
    pub fn place(&self, byte: u32) -> (u32, u32) {
        let byte = self.floor(byte);
        let line = self.lines.partition_point(|&l| l as usize <= byte) - 1;
        let col = self.text[self.lines[line] as usize..byte].chars().count();
        (line as u32 + 1, col as u32 + 1)
    }

    /// The line of a span's beginning, counted from 1.
    pub fn line(&self, span: Span) -> u32 {
        self.place(span.start).0
    }

    /// The text of a span; a span that is not the file's gives as much as there is.
    pub fn slice(&self, span: Span) -> &str {
        let (a, b) = (self.floor(span.start), self.floor(span.end));
        &self.text[a..b.max(a)]
    }

    /// The problem with its line, column and what stands there.
    pub fn error(&self, problem: Problem) -> Error {
        let (line, col) = self.place(problem.span.start);
        let found = self.slice(problem.span).lines().next().unwrap_or("").chars().take(40).collect();
        Error { line, col, found, message: readable(problem.message) }
    }

    /// All of them in the order of their places, each once.
    pub fn errors(&self, problems: Vec<Problem>) -> Vec<Error> {
        let mut all: Vec<Error> = problems.into_iter().map(|p| self.error(p)).collect();
        all.sort();
        all.dedup();
        all
    }

    /// The greatest character boundary that is not above `byte`.
    fn floor(&self, byte: u32) -> usize {
        self.text.floor_char_boundary(byte as usize)
    }
}

/// A program's text and where each of its bytes stands in the file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Text {
    text: String,
    /// The file's byte for each byte of the text and for its end, or nothing if both are the same.
    places: Vec<u32>,
}

impl Text {
    /// A text that is a file of its own.
    pub fn whole(text: impl Into<String>) -> Text {
        Text { text: text.into(), places: Vec::new() }
    }

    /// A text whose byte `i` stands at byte `places[i]` of the file; `places` also has the end's.
    pub fn mapped(text: String, places: Vec<u32>) -> Text {
        debug_assert_eq!(places.len(), text.len() + 1);
        Text { text, places }
    }

    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Where a range of the text stands in the file.
    pub fn span(&self, range: Range<usize>) -> Span {
        if self.places.is_empty() {
            return range.into();
        }
        let at = |i: usize| self.places[i.min(self.places.len() - 1)];
        // The end is found from the last byte, since what lies between two bytes may be long (an escape).
        let end = if range.end > range.start { at(range.end - 1) + 1 } else { at(range.start) };
        Span { start: at(range.start), end }
    }
}

/// Characters of a message, and of what it repeats between backquotes: what somebody reads.
const MESSAGE: usize = 600;
const QUOTED: usize = 60;

/// The text as far as a message repeats it.
pub(crate) fn short(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}..", &text[..end]),
        None => text.into(),
    }
}

/// A message that repeats no more of what the user wrote than one reads.
fn readable(message: String) -> String {
    if message.len() <= MESSAGE {
        return message;
    }
    let quoted = |(i, part): (usize, &str)| if i % 2 == 1 { short(part, QUOTED) } else { part.into() };
    let parts: Vec<String> = message.split('`').enumerate().map(quoted).collect();
    short(&parts.join("`"), MESSAGE)
}

/// The one of `names` that `word` was probably meant to be: at most two letters away, and less than half.
pub fn did_you_mean<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let far = |name: &str| strsim::damerau_levenshtein(word, name);
    let (distance, name) = names.into_iter().map(|n| (far(n), n)).min()?;
    (distance <= 2 && 2 * distance < word.chars().count().max(3)).then_some(name)
}

/// What is said of a thing that the language knows and this release does not run.
pub(crate) fn not_offered(what: &str) -> String {
    format!("{what} is known and not offered by this release; see docs/language.md")
}

/// `; did you mean ..?` where there is something near, else nothing.
pub(crate) fn hint<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    did_you_mean(word, names).map(|n| format!("; did you mean `{n}`?")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_lines_and_characters() {
        let f = File::new("ab\ncäd\n");
        assert_eq!(f.place(0), (1, 1));
        assert_eq!(f.place(3), (2, 1));
        assert_eq!(f.place(6), (2, 3));
        assert_eq!(f.place(5), (2, 2), "inside a character: its beginning");
        assert_eq!(f.place(999), (3, 1));
    }

    #[test]
    fn a_mapped_text_gives_the_files_places() {
        // The file is `"a\nb"`: the decoded newline stands where the backslash does.
        let t = Text::mapped("a\nb".into(), vec![1, 2, 4, 5]);
        assert_eq!(format!("{:?}", t.span(0..1)), "1..2");
        assert_eq!(format!("{:?}", t.span(2..3)), "4..5");
        assert_eq!(format!("{:?}", t.span(3..3)), "5..5");
    }

    #[test]
    fn a_message_repeats_no_more_than_one_reads() {
        let told = |message: &str| File::new("a").error(Problem::new((0..0).into(), message)).message;
        assert_eq!(told("no `é`; there are `a`, `b`"), "no `é`; there are `a`, `b`");
        assert_eq!(
            told(&format!("no `{}`; there is `a`", "é".repeat(9000))),
            format!("no `{}..`; there is `a`", "é".repeat(60))
        );
        assert_eq!(told(&"a`".repeat(9000)).chars().count(), MESSAGE + 2);
    }

    #[test]
    fn near_words_are_proposed_and_far_ones_are_not() {
        assert_eq!(did_you_mean("evcit", ["evict", "lookup"]), Some("evict"));
        assert_eq!(did_you_mean("zebra", ["evict", "lookup"]), None);
        assert_eq!(did_you_mean("lo", ["if"]), None);
    }
}
