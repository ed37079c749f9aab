//! From tokens to the tree.
//!
//! One token decides at every place. A statement that is wrong is reported and passed over up to the end of its
//! line or block, so that all errors of a text are found. Depth is bounded here for whoever walks the tree.

mod expr;
mod stmt;

pub use expr::{MAX_NESTING, MAX_OPERATORS};
pub use stmt::MAX_BLOCKS;

use super::ast::{Block, Expr, Name, Proc, StmtKind};
use super::error::{Problem, Span, Text};
use super::lex::{Comment, Tok, Token, lex};

/// Errors after which a text is read no further.
pub const MAX_PROBLEMS: usize = 100;

/// Bytes of a lesson file, and so of any text.
pub const MAX_BYTES: usize = 64 * 1024;

/// What is said of a text that is too large.
pub(crate) fn too_large(bytes: usize) -> Option<String> {
    (bytes > MAX_BYTES).then(|| format!("this text has {bytes} bytes: at most {MAX_BYTES} (64 KB) are read"))
}

/// Parses an actor's program. What is wrong goes to `problems`; the tree then holds what is right.
pub fn program(text: &Text, problems: &mut Vec<Problem>) -> Block {
    if let Some(message) = too_large(text.as_str().len()) {
        problems.push(Problem::new(text.span(0..0), message));
        return Vec::new();
    }
    let lexed = lex(text);
    let mut p = Parser::new(&lexed.tokens, lexed.problems);
    let mut block = p.statements(0);
    p.finish(problems);
    attach(&mut block, &mut { lexed.comments });
    block
}

/// Parses a lesson's procedures.
pub fn procedures(text: &Text, problems: &mut Vec<Problem>) -> Vec<Proc> {
    if let Some(message) = too_large(text.as_str().len()) {
        problems.push(Problem::new(text.span(0..0), message));
        return Vec::new();
    }
    let lexed = lex(text);
    let mut p = Parser::new(&lexed.tokens, lexed.problems);
    let mut procs = Vec::new();
    loop {
        p.newlines();
        if p.peek() == Tok::Eof || p.full() {
            break;
        }
        match p.procedure() {
            Ok(proc) => procs.push(proc),
            Err(()) => p.recover(true),
        }
    }
    p.finish(problems);
    let mut comments = lexed.comments;
    for proc in procs.iter_mut().rev() {
        attach(&mut proc.body, &mut comments);
    }
    procs
}

/// Parses a condition that is a text of its own: an `ensure` or `reach` of a lesson.
pub fn condition(text: &Text, problems: &mut Vec<Problem>) -> Option<Expr> {
    let lexed = lex(text);
    let mut p = Parser::new(&lexed.tokens, lexed.problems);
    p.newlines();
    let expr = p.expr();
    p.newlines();
    if expr.is_ok() && p.peek() != Tok::Eof {
        let found = p.found();
        let _: Parse<()> = p.wrong(p.span(), format!("the condition ends before {found}"));
    }
    p.finish(problems);
    expr.ok()
}

/// Gives each comment to the last statement that begins on its line. Both are in order, so the walk goes
/// backwards through both.
fn attach(block: &mut Block, comments: &mut Vec<Comment<'_>>) {
    for s in block.iter_mut().rev() {
        match &mut s.kind {
            StmtKind::If(arms, other) => {
                if let Some(b) = other {
                    attach(b, comments);
                }
                for (_, b) in arms.iter_mut().rev() {
                    attach(b, comments);
                }
            }
            StmtKind::Loop(b) | StmtKind::Repeat(_, b) | StmtKind::For(_, _, _, b) => attach(b, comments),
            _ => {}
        }
        while comments.last().is_some_and(|c| c.line > s.span.start) {
            comments.pop();
        }
        let own = |c: &Comment<'_>| c.line <= s.span.start && s.span.start < c.at;
        if let Some(i) = comments.iter().rposition(own).filter(|_| s.comment.is_none()) {
            s.comment = Some(comments.remove(i).text.to_string()).filter(|t| !t.is_empty());
        }
    }
}

/// What went wrong is in the parser's list; the caller only has to go on somewhere.
pub(crate) type Parse<T> = Result<T, ()>;

/// A place in a list of tokens.
pub(crate) struct Parser<'a> {
    tokens: &'a [Token<'a>],
    at: usize,
    problems: Vec<Problem>,
    /// Parentheses and calls around the expression that is read.
    nesting: usize,
    /// Operators read in the present statement's expression.
    operators: usize,
}

impl<'a> Parser<'a> {
    /// At the first token. `tokens` ends in [`Tok::Eof`].
    pub(crate) fn new(tokens: &'a [Token<'a>], problems: Vec<Problem>) -> Parser<'a> {
        Parser { tokens, at: 0, problems, nesting: 0, operators: 0 }
    }

    /// Hands over what was wrong.
    pub(crate) fn finish(self, problems: &mut Vec<Problem>) {
        let full = self.full().then(|| self.tokens[self.at].span);
        problems.extend(self.problems.into_iter().take(MAX_PROBLEMS));
        if let Some(span) = full {
            problems.push(Problem::new(
                span,
                format!("more than {MAX_PROBLEMS} errors: the rest of this text is not read"),
            ));
        }
    }

    fn full(&self) -> bool {
        self.problems.len() >= MAX_PROBLEMS
    }

    /// The next token.
    pub(crate) fn peek(&self) -> Tok<'a> {
        self.tokens[self.at].tok
    }

    /// Where the next token stands.
    pub(crate) fn span(&self) -> Span {
        self.tokens[self.at].span
    }

    /// Where the last token stood that was taken.
    pub(crate) fn last(&self) -> Span {
        self.tokens[self.at.saturating_sub(1)].span
    }

    /// Takes the next token; the end stays.
    pub(crate) fn next(&mut self) -> Token<'a> {
        let t = self.tokens[self.at];
        self.at = (self.at + 1).min(self.tokens.len() - 1);
        t
    }

    /// Takes the symbol if it is next.
    pub(crate) fn eat(&mut self, sym: &str) -> bool {
        let there = matches!(self.peek(), Tok::Sym(s) if s == sym);
        if there {
            self.next();
        }
        there
    }

    /// Takes the name if it is next.
    pub(crate) fn eat_name(&mut self, name: &str) -> bool {
        let there = self.peek() == Tok::Name(name);
        if there {
            self.next();
        }
        there
    }

    /// Takes the symbol, or says what should have been there.
    pub(crate) fn expect(&mut self, sym: &str, after: &str) -> Parse<()> {
        if self.eat(sym) {
            return Ok(());
        }
        let found = self.found();
        self.wrong(self.span(), format!("`{sym}` is missing {after}: found {found}"))
    }

    /// Takes any name.
    pub(crate) fn name(&mut self, what: &str) -> Parse<Name> {
        match self.peek() {
            Tok::Name(n) => {
                let span = self.next().span;
                Ok(Name { name: n.to_string(), span })
            }
            _ => {
                let found = self.found();
                self.wrong(self.span(), format!("{what} is missing: found {found}"))
            }
        }
    }

    /// The next token as messages call it.
    pub(crate) fn found(&self) -> String {
        match self.peek() {
            Tok::Number(n) => format!("`{n}`"),
            Tok::Name(n) => format!("`{n}`"),
            Tok::Str(s) => format!("\"{s}\""),
            Tok::Sym(s) => format!("`{s}`"),
            Tok::End => "the end of the statement".into(),
            Tok::Eof => "the end of the text".into(),
        }
    }

    /// Notes a problem.
    pub(crate) fn wrong<T>(&mut self, span: Span, message: impl Into<String>) -> Parse<T> {
        self.problems.push(Problem::new(span, message));
        Err(())
    }

    /// Passes over the ends of lines.
    pub(crate) fn newlines(&mut self) {
        while self.peek() == Tok::End {
            self.next();
        }
    }

    /// Passes over the rest of a wrong statement. Blocks that it opened are passed over with it; if `all`, a `}`
    /// that closes nothing as well.
    fn recover(&mut self, all: bool) {
        let mut open = 0usize;
        loop {
            match self.peek() {
                Tok::Eof => return,
                Tok::End if open == 0 => return,
                Tok::Sym("}") if open == 0 && !all => return,
                Tok::Sym("{") => open += 1,
                Tok::Sym("}") => open = open.saturating_sub(1),
                _ => {}
            }
            self.next();
        }
    }
}
