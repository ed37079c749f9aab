//! Strings of a TOML file with the places of their characters.
//!
//! A program stands inside a string of the file, and its errors are told with the file's lines. So the literal is
//! read once more beside what the TOML reader made of it, and each byte gets its place.

use crate::script::Text;
use std::iter::Peekable;
use std::str::CharIndices;

/// The text of a string literal that stands at byte `start` of the file and means `decoded`. If the two do not
/// go together, every byte stands where the literal begins.
pub fn text(literal: &str, start: usize, decoded: &str) -> Text {
    let places = places(literal, start, decoded);
    Text::mapped(decoded.to_string(), places.unwrap_or_else(|| vec![start as u32; decoded.len() + 1]))
}

fn places(literal: &str, start: usize, decoded: &str) -> Option<Vec<u32>> {
    let (quotes, escapes) = ["\"\"\"", "'''", "\"", "'"]
        .iter()
        .find_map(|q| Some((q, literal.strip_prefix(q)?)))
        .map(|(q, _)| (q.len(), q.starts_with('"')))?;
    let inner = literal.get(quotes..literal.len().checked_sub(quotes)?)?;
    // A line's end right behind three quotes does not belong to the string.
    let skipped =
        if quotes == 3 { ["\r\n", "\n"].iter().find(|e| inner.starts_with(**e)).map_or(0, |e| e.len()) } else { 0 };
    let base = start + quotes;
    let mut chars = inner.char_indices().peekable();
    while chars.peek().is_some_and(|(i, _)| *i < skipped) {
        chars.next();
    }
    let mut places = Vec::with_capacity(decoded.len() + 1);
    let mut decoded = decoded.chars().peekable();
    while let Some((i, c)) = chars.next() {
        let mut put = |d: Option<char>| d.map(|d| places.extend(std::iter::repeat_n((base + i) as u32, d.len_utf8())));
        if c == '\\' && escapes {
            if chars.peek().is_some_and(|(_, c)| c.is_whitespace()) {
                while chars.next_if(|(_, c)| c.is_whitespace()).is_some() {}
                continue;
            }
            let digits = match chars.next()?.1 {
                'x' => 2,
                'u' => 4,
                'U' => 8,
                _ => 0,
            };
            skip(&mut chars, digits);
            put(decoded.next())?;
        } else if decoded.peek() == Some(&c) {
            put(decoded.next())?;
        } else if c != '\r' {
            return None;
        }
    }
    places.push((base + inner.len()) as u32);
    decoded.peek().is_none().then_some(places)
}

fn skip(chars: &mut Peekable<CharIndices<'_>>, n: usize) {
    for _ in 0..n {
        chars.next();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a literal behind `k = ` and gives the place of each byte in the file.
    fn check(literal: &str, decoded: &str, expected: &[u32]) {
        let t = text(literal, 4, decoded);
        assert_eq!(t.as_str(), decoded);
        let got: Vec<u32> = (0..=decoded.len()).map(|i| t.span(i..i).start).collect();
        assert_eq!(got, expected, "{literal}");
    }

    #[test]
    fn each_byte_has_its_place() {
        check("'ab'", "ab", &[5, 6, 7]);
        check("\"a\\nb\"", "a\nb", &[5, 6, 8, 9]);
        check("\"\\u00e4b\"", "äb", &[5, 5, 11, 12]);
        check("\"\"\"\na\nb\"\"\"", "a\nb", &[8, 9, 10, 11]);
        check("\"\"\"\r\na\r\nb\"\"\"", "a\r\nb", &[9, 10, 11, 12, 13]);
        check("\"\"\"\r\na\r\nb\"\"\"", "a\nb", &[9, 11, 12, 13]);
        check("\"\"\"a \\\n   b\"\"\"", "a b", &[7, 8, 14, 15]);
        check("'''\n\\n'''", "\\n", &[8, 9, 10]);
    }

    #[test]
    fn what_does_not_go_together_stands_at_the_beginning() {
        check("\"ab\"", "xy", &[4, 4, 4]);
        check("\"", "", &[4]);
    }
}
