//! Tokens of the language, with their places.
//!
//! The same tokens serve programs, the `map` of a domain, schedules, and the lines of a repair. A character
//! that no token begins with is reported and passed over, so that one of them hides no later error.

use super::error::{Problem, Span, Text};
use winnow::Parser;
use winnow::combinator::{alt, opt, preceded};
use winnow::error::EmptyError;
use winnow::stream::{LocatingSlice, Location};
use winnow::token::{any, literal, one_of, take_till, take_while};

/// What a token is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tok<'a> {
    /// Decimal, or hexadecimal after `0x`; less than 2^63.
    Number(u64),
    /// Letters, digits and `_`, not beginning with a digit.
    Name(&'a str),
    /// Between double quotes, on one line, without escapes.
    Str(&'a str),
    /// An operator or bracket.
    Sym(&'static str),
    /// The end of a line or `;`.
    End,
    /// After the last token.
    Eof,
}

/// A token and where it stands.
#[derive(Clone, Copy, Debug)]
pub struct Token<'a> {
    /// What it is.
    pub tok: Tok<'a>,
    /// Where in the file.
    pub span: Span,
}

/// A comment: what follows `#`, without the blanks around it.
#[derive(Clone, Copy, Debug)]
pub struct Comment<'a> {
    /// What it says.
    pub text: &'a str,
    /// Where its line begins.
    pub line: u32,
    /// Where the `#` stands.
    pub at: u32,
}

/// All tokens of a text, ending in [`Tok::Eof`], its comments, and what was no token.
#[derive(Debug)]
pub struct Tokens<'a> {
    /// The tokens.
    pub tokens: Vec<Token<'a>>,
    /// The comments, in their order.
    pub comments: Vec<Comment<'a>>,
    /// What could not be read.
    pub problems: Vec<Problem>,
}

type Input<'a> = LocatingSlice<&'a str>;

const SYMBOLS: [&str; 23] = [
    "==", "!=", "<=", ">=", "..", "=", "<", ">", "(", ")", "{", "}", ",", ".", "+", "-", "*", "&", ":", "@", "!", "[",
    "]",
];

/// What one reading gives: a token, something that is passed over, or what is wrong. A wrong number still stands
/// where a number should, so that no second error follows from it.
enum Read<'a> {
    Tok(Tok<'a>),
    Comment(&'a str),
    Wrong(String),
    WrongNumber(String),
}

/// Cuts the text into tokens.
pub fn lex(text: &Text) -> Tokens<'_> {
    let mut out = Tokens { tokens: Vec::new(), comments: Vec::new(), problems: Vec::new() };
    let mut input = LocatingSlice::new(text.as_str());
    let mut line = 0;
    loop {
        blanks(&mut input);
        let start = input.current_token_start();
        let Ok(read) = read(&mut input) else { break };
        let end = input.previous_token_end();
        let span = text.span(start..end);
        match read {
            Read::Tok(tok) => {
                out.tokens.push(Token { tok, span });
                if tok == Tok::End && text.as_str()[start..].starts_with('\n') {
                    line = end;
                }
            }
            Read::Comment(c) => {
                let line = text.span(line..line).start;
                out.comments.push(Comment { text: c.trim(), line, at: span.start });
            }
            Read::Wrong(message) => out.problems.push(Problem::new(span, message)),
            Read::WrongNumber(message) => {
                out.problems.push(Problem::new(span, message));
                out.tokens.push(Token { tok: Tok::Number(0), span });
            }
        }
    }
    let end = text.as_str().len();
    out.tokens.push(Token { tok: Tok::Eof, span: text.span(end..end) });
    out
}

fn blanks(input: &mut Input<'_>) {
    let _: Result<&str, EmptyError> = take_while(0.., [' ', '\t', '\r']).parse_next(input);
}

fn read<'a>(input: &mut Input<'a>) -> Result<Read<'a>, EmptyError> {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    alt((
        one_of(['\n', ';']).map(|_| Read::Tok(Tok::End)),
        preceded('#', take_till(0.., '\n')).map(Read::Comment),
        take_while(1.., word).map(number_or_name),
        ('"', take_till(0.., ['"', '\n']), opt('"')).map(|(_, s, close)| match close {
            Some(_) => Read::Tok(Tok::Str(s)),
            None => Read::Wrong("this text has no end: it closes with `\"` on the same line".into()),
        }),
        symbol.map(|s| Read::Tok(Tok::Sym(s))),
        any.map(|c: char| Read::Wrong(format!("`{}` begins nothing here", c.escape_debug()))),
    ))
    .parse_next(input)
}

fn symbol(input: &mut Input<'_>) -> Result<&'static str, EmptyError> {
    let s = SYMBOLS.iter().find(|s| input.starts_with(**s)).ok_or(EmptyError)?;
    literal(*s).parse_next(input).map(|_: &str| *s)
}

fn number_or_name(word: &str) -> Read<'_> {
    if !word.starts_with(|c: char| c.is_ascii_digit()) {
        return Read::Tok(Tok::Name(word));
    }
    let hex = word.strip_prefix("0x");
    let number = match hex {
        Some(digits) => u64::from_str_radix(digits, 16),
        None => word.parse(),
    };
    let digits = hex.unwrap_or(word);
    let all = !digits.is_empty() && digits.chars().all(|c| c.is_digit(if hex.is_some() { 16 } else { 10 }));
    match number {
        Ok(n) if n < 1 << 63 => Read::Tok(Tok::Number(n)),
        _ if all => Read::WrongNumber(format!("`{word}` is too large: a number has at most 63 bits")),
        _ => Read::WrongNumber(format!("`{word}` is no number: decimal, or hexadecimal after 0x")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn toks(text: &str) -> Vec<String> {
        lex(&Text::whole(text)).tokens.iter().map(|t| format!("{:?}", t.tok)).collect()
    }

    #[test]
    fn the_longest_symbol_wins() {
        assert_eq!(toks("a<=1..2"), ["Name(\"a\")", "Sym(\"<=\")", "Number(1)", "Sym(\"..\")", "Number(2)", "Eof"]);
    }

    #[test]
    fn wrong_characters_and_numbers_are_told_and_passed_over() {
        let text = Text::whole("a % 12ab 0x 99999999999999999999 \"open\n§ b");
        let got = lex(&text);
        let told: Vec<_> = got.problems.iter().map(|p| p.message.as_str()).collect();
        assert_eq!(
            told,
            [
                "`%` begins nothing here",
                "`12ab` is no number: decimal, or hexadecimal after 0x",
                "`0x` is no number: decimal, or hexadecimal after 0x",
                "`99999999999999999999` is too large: a number has at most 63 bits",
                "this text has no end: it closes with `\"` on the same line",
                "`§` begins nothing here",
            ]
        );
        assert_eq!(got.tokens.iter().filter(|t| matches!(t.tok, Tok::Name(_))).count(), 2);
    }

    #[test]
    fn comments_know_their_line() {
        let text = Text::whole("a # one\n  b; c # two");
        let got = lex(&text);
        let seen: Vec<_> = got.comments.iter().map(|c| (c.text, c.line, c.at)).collect();
        assert_eq!(seen, [("one", 0, 2), ("two", 8, 15)]);
    }
}
