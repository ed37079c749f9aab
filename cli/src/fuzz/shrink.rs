//! Making an input smaller for as long as it shows the same fault, and showing it.

use std::fmt::Write;
use std::time::{Duration, Instant};

/// How long it may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// Bytes of an input that are shown, and lines of it.
const SHOWN: usize = 3_000;
const LINES: usize = 80;

/// The smallest input that was found: pieces go, large ones first, lines before bytes.
pub fn smaller(input: Vec<u8>, same: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    let begun = Instant::now();
    let lines: Vec<Vec<u8>> = input.split_inclusive(|&b| b == b'\n').map(<[u8]>::to_vec).collect();
    let lines = without(lines, |some| same(&some.concat()), begun);
    without(lines.concat(), same, begun)
}

/// What is left of these pieces when no single one of them can go any more, or the time is over.
fn without<T: Clone>(mut all: Vec<T>, same: impl Fn(&[T]) -> bool, begun: Instant) -> Vec<T> {
    let mut size = all.len().div_ceil(2);
    while size > 0 {
        let (mut at, mut went) = (0, false);
        while at < all.len() {
            if begun.elapsed() > PATIENCE {
                return all;
            }
            let end = (at + size).min(all.len());
            let less: Vec<T> = all[..at].iter().chain(&all[end..]).cloned().collect();
            if same(&less) {
                (all, went) = (less, true);
            } else {
                at = end;
            }
        }
        if size > 1 || !went {
            size /= 2;
        }
    }
    all
}

/// The input as indented lines; what is no text is escaped.
pub fn shown(input: &[u8]) -> String {
    let mut out = String::new();
    for chunk in input[..input.len().min(SHOWN)].utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\n' => out.push('\n'),
                c if c.is_control() => out.extend(c.escape_default()),
                c => out.push(c),
            }
        }
        for b in chunk.invalid() {
            let _ = write!(out, "\\x{b:02x}");
        }
    }
    if input.len() > SHOWN {
        let _ = write!(out, "\n.. and {} bytes more", input.len() - SHOWN);
    }
    let mut lines: Vec<String> = out.lines().map(|l| format!("    {l}\n")).collect();
    if lines.len() > LINES {
        let more = lines.len() - LINES;
        lines.truncate(LINES);
        lines.push(format!("    .. and {more} lines more\n"));
    }
    lines.concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_needed_goes() {
        let input = b"first line\nsecond with a needle in it\nthird\n".repeat(20);
        let small = smaller(input, |i| i.windows(6).any(|w| w == b"needle"));
        assert_eq!(small, b"needle");
        assert_eq!(smaller(b"abc".to_vec(), |_| true), b"");
        assert_eq!(smaller(b"abc".to_vec(), |i| i == b"abc"), b"abc");
    }

    #[test]
    fn what_is_no_text_is_escaped() {
        assert_eq!(shown(b"a\tb\n\xffc"), "    a\\tb\n    \\xffc\n");
    }
}
