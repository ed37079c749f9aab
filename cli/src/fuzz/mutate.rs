//! Changing a text: its numbers become extreme, its words others, its lines go, come twice or come from elsewhere; and
//! now and then bytes that are no text.

use super::corpus::Corpus;
use p2mscope_core::trial::Dice;

/// Numbers at which something begins or ends.
const NUMBERS: [&str; 44] = [
    "0",
    "1",
    "-1",
    "2",
    "3",
    "7",
    "8",
    "9",
    "10",
    "15",
    "16",
    "17",
    "18",
    "24",
    "31",
    "32",
    "33",
    "63",
    "64",
    "65",
    "255",
    "256",
    "511",
    "512",
    "513",
    "4095",
    "4096",
    "4097",
    "65535",
    "65536",
    "0x7fffffff",
    "0xffffffff",
    "0x100000000",
    "0xfffffffff",
    "0x1000000000",
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "1e9",
    "0x",
    "0.5",
    "1_0",
];
/// What stands between words.
const SIGNS: [&str; 26] = [
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "=",
    "==",
    ";",
    ",",
    ".",
    "..",
    "\"",
    "'''",
    "\"\"\"",
    "\n",
    "#",
    "@",
    ":",
    "+",
    "-",
    "*",
    "&",
    "!",
    "\\",
    "\u{2028}é𝄞",
];
/// No text grows beyond this.
const LARGE: usize = 70_000;

/// Pieces of a text: words and numbers, blanks, and single signs.
fn tokens(text: &str) -> Vec<&str> {
    let kind = |c: char| match c {
        c if c.is_alphanumeric() || c == '_' => 0,
        ' ' => 1,
        _ => 2,
    };
    let mut all = Vec::new();
    let mut begin = 0;
    let mut last = None;
    for (i, c) in text.char_indices() {
        if last.is_some_and(|k| k != kind(c) || k == 2) {
            all.push(&text[begin..i]);
            begin = i;
        }
        last = Some(kind(c));
    }
    all.push(&text[begin..]);
    all
}

/// The words and numbers of a text.
pub fn words(text: &str) -> Vec<String> {
    let is = |t: &&str| t.starts_with(|c: char| c.is_alphanumeric() || c == '_');
    tokens(text).into_iter().filter(is).map(str::to_string).collect()
}

fn is_number(token: &str) -> bool {
    token.starts_with(|c: char| c.is_ascii_digit())
}

/// A number, an extreme one more often.
pub fn number(d: &mut Dice) -> String {
    match d.below(4) {
        0 => d.below(40).to_string(),
        1 => format!("{:#x}", d.any() >> d.below(64)),
        _ => d.one(&NUMBERS).to_string(),
    }
}

/// A word of the language or of a lesson, or something that is none.
pub fn word(d: &mut Dice, corpus: &Corpus) -> String {
    match d.below(12) {
        0 => d.one(&SIGNS).to_string(),
        1 | 2 => number(d),
        3 => "x".repeat(1 + d.below(300)),
        _ => corpus.words[d.below(corpus.words.len())].clone(),
    }
}

/// The text with some changes, as often one as many; now and then none.
pub fn text(d: &mut Dice, corpus: &Corpus, text: String, others: &[String]) -> String {
    let mut text = text;
    let n = [0, 1, 1, 1, 2, 2, 3, 5, 9][d.below(9)];
    for _ in 0..n {
        text = match d.below(10) {
            0..5 => of_tokens(d, corpus, &text),
            5..8 => of_lines(d, corpus, &text, others),
            _ => of_characters(d, &text),
        };
        if text.len() > LARGE {
            text.truncate(text.floor_char_boundary(LARGE));
        }
    }
    text
}

/// The same as bytes, a few of which are none of a text.
pub fn bytes(d: &mut Dice, text: String) -> Vec<u8> {
    let mut bytes = text.into_bytes();
    if d.chance(3) && !bytes.is_empty() {
        for _ in 0..1 + d.below(3) {
            let at = d.below(bytes.len());
            bytes[at] = d.below(256) as u8;
        }
    }
    bytes
}

fn of_tokens(d: &mut Dice, corpus: &Corpus, text: &str) -> String {
    let mut all: Vec<String> = tokens(text).into_iter().map(str::to_string).collect();
    let numbers: Vec<usize> = (0..all.len()).filter(|&i| is_number(&all[i])).collect();
    let named: Vec<usize> = (0..all.len()).filter(|&i| all[i].starts_with(char::is_alphabetic)).collect();
    let at = d.below(all.len());
    match d.below(10) {
        0..4 if !numbers.is_empty() => all[numbers[d.below(numbers.len())]] = number(d),
        4 | 5 if !named.is_empty() => all[named[d.below(named.len())]] = word(d, corpus),
        // Names that are there already fit more often.
        6 if !named.is_empty() => {
            let (a, b) = (named[d.below(named.len())], named[d.below(named.len())]);
            all[a] = all[b].clone();
        }
        7 => drop(all.remove(at)),
        8 => {
            let other = d.below(all.len());
            all.swap(at, other);
        }
        _ => all.insert(at, format!(" {} ", word(d, corpus))),
    }
    all.concat()
}

fn of_lines(d: &mut Dice, corpus: &Corpus, text: &str, others: &[String]) -> String {
    let mut all: Vec<String> = text.lines().map(str::to_string).collect();
    if all.is_empty() {
        return word(d, corpus);
    }
    let at = d.below(all.len());
    match d.below(6) {
        0 => drop(all.remove(at)),
        1 => all.insert(at, all[at].clone()),
        2 => {
            let other = d.below(all.len());
            all.swap(at, other);
        }
        // A whole block comes twice.
        3 => {
            let end = (at + 1 + d.below(12)).min(all.len());
            let block = all[at..end].to_vec();
            let to = d.below(all.len());
            all.splice(to..to, block);
        }
        // Much of the same.
        4 if d.chance(30) => {
            let many = 1 << d.below(12);
            let line = all[at].clone();
            all.splice(at..at, (0..many).map(|_| line.clone()));
        }
        _ => {
            let other = &others[d.below(others.len())];
            let lines: Vec<&str> = other.lines().collect();
            let from = d.below(lines.len());
            let some = lines.iter().skip(from).take(1 + d.below(4)).map(|l| l.to_string());
            all.splice(at..at, some);
        }
    }
    all.join("\n")
}

fn of_characters(d: &mut Dice, text: &str) -> String {
    let (a, b) = (d.below(text.len() + 1), d.below(text.len() + 1));
    let at = text.floor_char_boundary(a);
    match d.below(3) {
        0 => text[..at].to_string(),
        1 => {
            let end = text.floor_char_boundary(at + b.min(20)).max(at);
            format!("{}{}", &text[..at], &text[end..])
        }
        _ => {
            let sign = d.one(&SIGNS);
            let many = if d.chance(10) { 1 << d.below(14) } else { 1 };
            format!("{}{}{}", &text[..at], sign.repeat(many), &text[at..])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_the_whole_text() {
        assert_eq!(tokens("get 1:0x10;\n\n é=3"), ["get", " ", "1", ":", "0x10", ";", "\n", "\n", " ", "é", "=", "3"]);
        assert_eq!(tokens("").concat(), "");
        assert_eq!(words("a = b_1 + 0x2"), ["a", "b_1", "0x2"]);
    }

    #[test]
    fn the_same_dice_give_the_same_text() {
        let corpus = Corpus::new().unwrap();
        let made = |seed| {
            let d = &mut Dice::new(seed);
            let lesson = corpus.lesson(d);
            text(d, &corpus, lesson, &corpus.lessons)
        };
        assert!((0..200).all(|seed| made(seed) == made(seed) && made(seed).len() <= LARGE));
        assert!((0..20).any(|seed| made(seed) != made(seed + 1)));
    }
}
