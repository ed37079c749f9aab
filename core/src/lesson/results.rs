//! What a learner has done, as a short code that a teacher can check without a network.
//!
//! Protocol. A code is written in 32 letters and digits (none of I, L, O, U, so that it can be read aloud), five to a
//! group with `-` between; small letters, blanks, and I, L or O for 1, 1 or 0 are understood. Five bits to a letter make
//! bytes: the number of this form, the name behind its length, the predictions that were right and those asked for, then
//! lessons. These stand in families, each a tag, a length, and two rows of so many bytes with a bit to a lesson: what was
//! reached, what was repaired. The tag is the letter of `Q1` as it is, that of `S03` made small, or 0 for [`NAMED`]; a
//! lesson of any other name stands alone behind the tag 1. The last five letters are a check value over all of that.
//!
//! The check value tells a slip of the pen. It is no proof that its bearer did the work: that is for the teacher to ask.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The number of the form that is written.
const FORM: u8 = 1;
/// The most letters of a name.
pub const NAME: usize = 24;
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const GROUP: usize = 5;
/// Lessons without a number, in an order that never changes: new ones come last.
const NAMED: [&str; 9] = [
    "first",
    "one-lookup",
    "one-lock",
    "recursion",
    "two-locks",
    "three-locks",
    "a-reference",
    "copy-on-write",
    "page-out",
];
/// The tag of [`NAMED`].
const OF_NAMED: u8 = 0;
/// The tag of a lesson that is in no family.
const ALONE: u8 = 1;

/// What a learner has done.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Results {
    /// A name or initials, or nothing.
    pub name: String,
    /// Predictions that were right.
    pub right: u32,
    /// Predictions that were made.
    pub asked: u32,
    /// Lessons, by their ids, whose breach was reached step by step.
    pub reached: BTreeSet<String>,
    /// Lessons whose repair was judged right.
    pub repaired: BTreeSet<String>,
}

/// Why a text is no code.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ResultsError {
    /// There is nothing, or too little.
    Short,
    /// A letter that no code has, at this place, counted from 1.
    Letter(char, usize),
    /// The check value does not fit.
    Damaged,
    /// It has a form that this release does not know.
    Newer(u8),
    /// The check value fits, and the rest is not what a code says.
    Unreadable,
}

impl fmt::Display for ResultsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ResultsError::Short => f.write_str("This is too short for a code: there are three groups of five or more."),
            ResultsError::Letter(c, at) => write!(
                f,
                "The code has {c:?} as its character {at}, where only letters and digits can stand, but for U: copy it again."
            ),
            ResultsError::Damaged => f.write_str(
                "The code is damaged: its check value does not fit the rest, so a letter is missing, wrong or in another place.",
            ),
            ResultsError::Newer(form) => write!(
                f,
                "The code has form {form}, and only form {FORM} is known here: check it with the release that made it."
            ),
            ResultsError::Unreadable => f.write_str("The check value fits, but this does not say what a code says."),
        }
    }
}

impl std::error::Error for ResultsError {}

impl Results {
    /// The code.
    pub fn code(&self) -> String {
        let mut bytes = vec![FORM];
        let name = named(&self.name);
        bytes.push(name.len() as u8);
        bytes.extend(name.bytes());
        put(&mut bytes, self.right);
        put(&mut bytes, self.asked);
        let mut families: BTreeMap<u8, [Vec<u8>; 2]> = BTreeMap::new();
        let all: BTreeSet<&String> = self.reached.union(&self.repaired).filter(|id| id.len() < 256).collect();
        for id in all {
            let done = [self.reached.contains(id), self.repaired.contains(id)];
            match place(id) {
                Some((tag, at)) => {
                    let rows = families.entry(tag).or_default();
                    for (row, done) in rows.iter_mut().zip(done) {
                        let long = row.len().max(at / 8 + 1);
                        row.resize(long, 0);
                        row[at / 8] |= u8::from(done) << (at % 8);
                    }
                }
                None => {
                    bytes.extend([ALONE, id.len() as u8, u8::from(done[0]) | u8::from(done[1]) << 1]);
                    bytes.extend(id.bytes());
                }
            }
        }
        for (tag, rows) in families {
            bytes.extend([tag, rows[0].len() as u8]);
            bytes.extend(rows.concat());
        }
        let letters = letters(&bytes);
        let check = check(&letters);
        let all: Vec<u8> = letters.into_iter().chain(check).collect();
        let groups: Vec<String> = all.chunks(GROUP).map(|group| group.iter().map(|&b| b as char).collect()).collect();
        groups.join("-")
    }

    /// Reads a code.
    pub fn read(code: &str) -> Result<Results, ResultsError> {
        let mut letters = Vec::new();
        for (at, c) in code.chars().enumerate().filter(|(_, c)| !c.is_whitespace() && *c != '-') {
            let c = match c.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                c => c,
            };
            let known = u8::try_from(c).ok().filter(|b| LETTERS.contains(b));
            letters.push(known.ok_or(ResultsError::Letter(c, at + 1))?);
        }
        // Form, no name, two numbers: 4 bytes are 7 letters, and the check value.
        if letters.len() < 7 + GROUP {
            return Err(ResultsError::Short);
        }
        let said = letters.split_off(letters.len() - GROUP);
        if check(&letters)[..] != said[..] {
            return Err(ResultsError::Damaged);
        }
        let bytes = bytes(&letters).ok_or(ResultsError::Unreadable)?;
        match bytes.first() {
            Some(&FORM) => Results::of(&bytes[1..]).ok_or(ResultsError::Unreadable),
            Some(&form) if form > FORM => Err(ResultsError::Newer(form)),
            _ => Err(ResultsError::Unreadable),
        }
    }

    fn of(mut rest: &[u8]) -> Option<Results> {
        let rest = &mut rest;
        let long = usize::from(take(rest, 1)?[0]);
        let name = named(std::str::from_utf8(take(rest, long)?).ok()?);
        let (right, asked) = (number(rest)?, number(rest)?);
        let mut results = Results { name, right, asked, ..Results::default() };
        while let Some(tag) = take(rest, 1).map(|b| b[0]) {
            let long = usize::from(take(rest, 1)?[0]);
            if tag == ALONE {
                let done = take(rest, 1)?[0];
                results.add(std::str::from_utf8(take(rest, long)?).ok()?, [done & 1 != 0, done & 2 != 0]);
                continue;
            }
            let (reached, repaired) = (take(rest, long)?, take(rest, long)?);
            for at in 0..8 * long {
                let done = [reached, repaired].map(|row| row[at / 8] >> (at % 8) & 1 != 0);
                if done != [false, false] {
                    results.add(&id(tag, at)?, done);
                }
            }
        }
        Some(results)
    }

    fn add(&mut self, id: &str, [reached, repaired]: [bool; 2]) {
        if reached {
            self.reached.insert(id.into());
        }
        if repaired {
            self.repaired.insert(id.into());
        }
    }

    /// What it says, a sentence to each thing. Lessons stand there by their ids.
    pub fn sentences(&self) -> Vec<String> {
        let lessons = |what: &str, all: &BTreeSet<String>| {
            let ids: Vec<&str> = all.iter().map(String::as_str).collect();
            match ids.len() {
                0 => format!("No lesson {what}."),
                1 => format!("1 lesson {what}: {}.", ids[0]),
                n => format!("{n} lessons {what}: {}.", ids.join(", ")),
            }
        };
        let who = if self.name.is_empty() { "No name.".into() } else { format!("Name: {}", self.name) };
        let predicted = match self.asked {
            0 => "Nothing predicted.".into(),
            asked => format!("Predicted rightly {} of {asked} times.", self.right),
        };
        vec![who, lessons("reached", &self.reached), lessons("repaired", &self.repaired), predicted]
    }
}

/// A name as a code holds it: one line, not too long.
fn named(name: &str) -> String {
    let name: String = name.chars().filter(|c| !c.is_control()).collect();
    name.trim().chars().take(NAME).collect::<String>().trim_end().into()
}

/// The family of a lesson, and its place there.
fn place(id: &str) -> Option<(u8, usize)> {
    if let Some(at) = NAMED.iter().position(|name| *name == id) {
        return Some((OF_NAMED, at));
    }
    match id.as_bytes() {
        [letter @ b'A'..=b'Z', a @ b'0'..=b'9'] => Some((*letter, usize::from(a - b'0'))),
        [letter @ b'A'..=b'Z', a @ b'0'..=b'9', b @ b'0'..=b'9'] => {
            Some((letter.to_ascii_lowercase(), usize::from(a - b'0') * 10 + usize::from(b - b'0')))
        }
        _ => None,
    }
}

/// The lesson at a place of a family.
fn id(tag: u8, at: usize) -> Option<String> {
    match tag {
        OF_NAMED => NAMED.get(at).map(|name| name.to_string()),
        b'A'..=b'Z' if at < 10 => Some(format!("{}{at}", tag as char)),
        b'a'..=b'z' if at < 100 => Some(format!("{}{at:02}", tag.to_ascii_uppercase() as char)),
        _ => None,
    }
}

/// Seven bits to a byte, the lowest first.
fn put(bytes: &mut Vec<u8>, mut n: u32) {
    while n > 127 {
        bytes.push(n as u8 | 128);
        n >>= 7;
    }
    bytes.push(n as u8);
}

fn number(rest: &mut &[u8]) -> Option<u32> {
    let mut n = 0u64;
    for shift in (0..35).step_by(7) {
        let byte = take(rest, 1)?[0];
        n |= u64::from(byte & 127) << shift;
        if byte < 128 {
            return n.try_into().ok();
        }
    }
    None
}

fn take<'b>(rest: &mut &'b [u8], n: usize) -> Option<&'b [u8]> {
    let (taken, after) = rest.split_at_checked(n)?;
    *rest = after;
    Some(taken)
}

/// Bytes as letters, the highest bit first; the last letter is filled up with zeroes.
fn letters(bytes: &[u8]) -> Vec<u8> {
    let bit = |i: usize| bytes.get(i / 8).map_or(0, |byte| byte >> (7 - i % 8) & 1);
    let letter = |i: usize| (0..5).fold(0, |n, k| n << 1 | bit(5 * i + k));
    (0..(8 * bytes.len()).div_ceil(5)).map(|i| LETTERS[usize::from(letter(i))]).collect()
}

/// And back; none if something stands in what only fills up.
fn bytes(letters: &[u8]) -> Option<Vec<u8>> {
    let values: Vec<u8> =
        letters.iter().map(|c| LETTERS.iter().position(|l| l == c).map(|at| at as u8)).collect::<Option<_>>()?;
    let bit = |i: usize| values[i / 5] >> (4 - i % 5) & 1;
    let bits = 5 * letters.len();
    let whole = bits / 8;
    let filled = (8 * whole..bits).all(|i| bit(i) == 0);
    filled.then(|| (0..whole).map(|i| (0..8).fold(0, |n, k| n << 1 | bit(8 * i + k))).collect())
}

/// Twenty-five bits over the letters, as five letters: what is left of the letters as digits of a number, divided by a
/// prime. One wrong letter, or two that have changed places, always leave something else.
fn check(letters: &[u8]) -> [u8; GROUP] {
    /// The greatest prime below 2^25.
    const PRIME: u64 = 33_554_393;
    let digit = |c: &u8| LETTERS.iter().position(|l| l == c).unwrap_or(0) as u64;
    // It begins with 1, so that nothing at the front gets lost.
    let mut n = letters.iter().fold(1u64, |n, c| (n * 32 + digit(c)) % PRIME) * 32 % PRIME;
    let mut out = [0; GROUP];
    for letter in out.iter_mut().rev() {
        *letter = LETTERS[(n % 32) as usize];
        n /= 32;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn results() -> Results {
        let ids = |all: &[&str]| all.iter().map(|id| id.to_string()).collect();
        Results {
            name: "Ana Ü.".into(),
            right: 7,
            asked: 300,
            reached: ids(&["S03", "S61", "Q7", "first", "page-out", "my-own"]),
            repaired: ids(&["S03", "Q1", "S72"]),
        }
    }

    #[test]
    fn a_code_says_what_was_put_in() {
        for results in [Results::default(), results()] {
            let code = results.code();
            assert_eq!(Results::read(&code), Ok(results), "{code}");
        }
    }

    #[test]
    fn a_code_is_short_enough_to_be_shown() {
        let numbers = (1..=72).map(|n| format!("S{n:02}")).chain((1..=7).map(|n| format!("Q{n}")));
        let all: BTreeSet<String> = numbers.chain(NAMED.map(String::from)).collect();
        let few = Results { name: "AB".into(), reached: ["first".into(), "S14".into()].into(), ..Results::default() };
        let most = Results { name: "AB".into(), right: 90, asked: 100, repaired: all.clone(), reached: all };
        // Form, name and numbers have 6 bytes; families have 2, and 20, 2 and 4: 38 bytes are 61 letters, and 5.
        assert_eq!(most.code().replace('-', "").len(), 66);
        // Two families of 4 and 6 bytes: 16 bytes are 26 letters, and 5.
        assert_eq!(few.code().replace('-', "").len(), 31);
    }

    #[test]
    fn it_can_be_read_aloud_and_written_by_hand() {
        let code = results().code();
        let by_hand = code.to_lowercase().replace('-', " ").replace('1', "l").replace('0', "o");
        assert_eq!(Results::read(&by_hand), Ok(results()));
    }

    #[test]
    fn whatever_is_damaged_is_told() {
        let code = results().code();
        let letters: Vec<char> = code.chars().collect();
        let read = |letters: &[char]| Results::read(&letters.iter().collect::<String>());
        for at in (0..letters.len()).filter(|&at| letters[at] != '-') {
            for other in LETTERS.iter().map(|&b| b as char).filter(|c| *c != letters[at]) {
                let mut changed = letters.clone();
                changed[at] = other;
                assert_eq!(read(&changed), Err(ResultsError::Damaged), "{at} {other}");
            }
            let missing: Vec<char> = [&letters[..at], &letters[at + 1..]].concat();
            assert_eq!(read(&missing), Err(ResultsError::Damaged), "without {at}");
        }
        for (a, b) in (0..letters.len()).zip(1..).filter(|&(a, b)| b < letters.len() && letters[a] != letters[b]) {
            let mut swapped = letters.clone();
            swapped.swap(a, b);
            let same = [letters[a], letters[b]].contains(&'-');
            assert_eq!(read(&swapped).is_ok(), same, "{a}");
        }
        assert_eq!(Results::read(""), Err(ResultsError::Short));
        assert_eq!(Results::read("1234-"), Err(ResultsError::Short));
        assert_eq!(Results::read("12345-?7890-11111"), Err(ResultsError::Letter('?', 7)));
        assert_eq!(Results::read("12345-U7890-11111"), Err(ResultsError::Letter('U', 7)));
    }

    #[test]
    fn what_fits_its_check_value_and_says_nothing_is_refused() {
        let of = |bytes: &[u8]| {
            let letters = letters(bytes);
            let check = check(&letters);
            Results::read(&letters.into_iter().chain(check).map(char::from).collect::<String>())
        };
        assert_eq!(of(&[1, 0, 0, 0]), Ok(Results::default()));
        assert_eq!(of(&[2, 0, 0, 0]), Err(ResultsError::Newer(2)));
        for wrong in [
            &[0, 0, 0, 0][..],
            &[1, 200, 65, 0],
            &[1, 0, 255, 255],
            &[1, 0, 0, 0, b's', 20, 1],
            &[1, 0, 0, 0, 9, 1, 1, 1],
        ] {
            assert_eq!(of(wrong), Err(ResultsError::Unreadable), "{wrong:?}");
        }
        // A place of the family of S that no number of two digits has.
        let mut far = vec![1, 0, 0, 0, b's', 13];
        far.extend([0; 12]);
        far.push(128);
        far.extend([0; 13]);
        assert_eq!(of(&far), Err(ResultsError::Unreadable));
    }

    #[test]
    fn it_is_told_in_sentences() {
        assert_eq!(
            results().sentences(),
            [
                "Name: Ana Ü.",
                "6 lessons reached: Q7, S03, S61, first, my-own, page-out.",
                "3 lessons repaired: Q1, S03, S72.",
                "Predicted rightly 7 of 300 times.",
            ]
        );
        let none = Results::default().sentences();
        assert_eq!(none, ["No name.", "No lesson reached.", "No lesson repaired.", "Nothing predicted."]);
    }
}
