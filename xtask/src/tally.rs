//! Counting tests: the result lines of cargo's and wasm-bindgen's test runners, read as they pass by.

use std::fmt;
use std::ops::AddAssign;

/// How many tests passed and failed.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// Passed.
    pub passed: u64,
    /// Failed; a stage that fails without a failing test (it did not compile) counts as one.
    pub failed: u64,
}

impl Tally {
    /// What `line` adds: the counts of `test result: ok. 3 passed; 0 failed; ...`, nothing for any other line.
    pub fn of(line: &str) -> Self {
        let Some((_, counts)) = line.split_once("test result: ") else { return Self::default() };
        let count = |word: &str| {
            let (before, _) = counts.split_once(word)?;
            before.trim_end().rsplit(' ').next()?.parse().ok()
        };
        Self { passed: count("passed").unwrap_or(0), failed: count("failed;").unwrap_or(0) }
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn result_lines_are_counted_and_others_not() {
        for (line, passed, failed) in [
            ("test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.04s", 12, 0),
            ("test result: FAILED. 3 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out", 3, 2),
            ("    test result: ok. 1 passed; 0 failed; 0 ignored; 0 filtered out; finished in 0.2s", 1, 0),
            ("test a_test_result ... ok", 0, 0),
            ("5 passed, 0 failed", 0, 0),
        ] {
            assert_eq!(Tally::of(line), Tally { passed, failed }, "{line}");
        }
    }

    #[test]
    fn the_closing_line_is_plain() {
        assert_eq!(Tally { passed: 7, failed: 0 }.to_string(), "7 passed, 0 failed");
    }
}
