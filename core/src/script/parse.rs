//! From tokens to the tree: statements and procedures.
//!
//! One token decides at every place. A statement that is wrong is reported and passed over up to the end of its
//! line or block, so that all errors of a text are found. Depth is bounded here for whoever walks the tree.

use super::ast::{Action, Block, Expr, Name, Proc, Stmt, StmtKind, VerbStmt};
use super::error::{Problem, Span, Text, hint};
use super::lex::{Comment, Tok, Token, lex};
use super::verbs::{self, KEYWORDS, Verb, Word};

/// Blocks inside blocks.
pub const MAX_BLOCKS: usize = 8;
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
pub(super) type Parse<T> = Result<T, ()>;

/// A place in a list of tokens.
pub(crate) struct Parser<'a> {
    tokens: &'a [Token<'a>],
    at: usize,
    problems: Vec<Problem>,
    /// Parentheses and calls around the expression that is read.
    pub(super) nesting: usize,
    /// Operators read in the present statement's expression.
    pub(super) operators: usize,
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

    fn procedure(&mut self) -> Parse<Proc> {
        if !self.eat_name("proc") {
            let found = self.found();
            return self.wrong(self.span(), format!("a procedure begins with `proc name(..) {{`: found {found}"));
        }
        let name = self.name("the procedure's name")?;
        self.free_name(&name, "a procedure")?;
        self.expect("(", "after the procedure's name")?;
        let mut params = Vec::new();
        while self.peek() != Tok::Sym(")") {
            let p = self.name("a parameter's name")?;
            self.free_name(&p, "a parameter")?;
            if params.iter().any(|q: &Name| q.name == p.name) {
                return self.wrong(p.span, format!("`{}` is a parameter already", p.name));
            }
            params.push(p);
            if !self.eat(",") {
                break;
            }
        }
        self.expect(")", "after the parameters")?;
        let body = self.block(0)?;
        Ok(Proc { name, params, body })
    }

    /// Statements up to the end of the text, or to the `}` of a block at depth `depth` > 0.
    fn statements(&mut self, depth: usize) -> Block {
        let mut block = Vec::new();
        loop {
            self.newlines();
            match self.peek() {
                Tok::Eof => return block,
                _ if self.full() => return block,
                Tok::Sym("}") if depth > 0 => return block,
                _ => {}
            }
            let ended = self.statement(depth, &mut block);
            if ended.is_ok() {
                match self.peek() {
                    Tok::End | Tok::Eof => continue,
                    Tok::Sym("}") if depth > 0 => return block,
                    _ => {
                        let found = self.found();
                        let _: Parse<()> = self.wrong(
                            self.span(),
                            format!("the statement ends before {found}: the next one needs a line of its own, or `;`"),
                        );
                    }
                }
            }
            self.recover(depth == 0);
        }
    }

    /// `{ statements }` in a block at depth `depth`.
    fn block(&mut self, depth: usize) -> Parse<Block> {
        let open = self.span();
        self.expect("{", "before the block")?;
        if depth >= MAX_BLOCKS {
            self.at -= 1;
            return self.wrong(open, format!("blocks are nested more than {MAX_BLOCKS} deep"));
        }
        let block = self.statements(depth + 1);
        if self.eat("}") {
            return Ok(block);
        }
        self.wrong(open, "this block has no end: `}` is missing")
    }

    /// One statement; a label and what follows it are two.
    fn statement(&mut self, depth: usize, out: &mut Block) -> Parse<()> {
        self.operators = 0;
        let start = self.span();
        if self.eat("@") {
            let name = self.name("the label's name")?;
            let span = start.to(self.last());
            out.push(Stmt { kind: StmtKind::Label(name), span, comment: None });
            return match self.peek() {
                Tok::End | Tok::Eof | Tok::Sym("}") => Ok(()),
                _ => self.statement_proper(depth, out),
            };
        }
        self.statement_proper(depth, out)
    }

    fn statement_proper(&mut self, depth: usize, out: &mut Block) -> Parse<()> {
        let start = self.span();
        if self.peek() == Tok::Sym("@") {
            return self.wrong(start, "one label names a step; a second one stands on a line of its own");
        }
        let kind = self.kind(depth)?;
        out.push(Stmt { kind, span: start.to(self.last()), comment: None });
        Ok(())
    }

    fn kind(&mut self, depth: usize) -> Parse<StmtKind> {
        let Tok::Name(word) = self.peek() else {
            let found = self.found();
            return self.wrong(self.span(), format!("a statement begins with a name: found {found}"));
        };
        match word {
            "if" => {
                self.next();
                return self.branches(depth);
            }
            "loop" => {
                self.next();
                return self.block(depth).map(StmtKind::Loop);
            }
            "repeat" => {
                self.next();
                let n = self.expr()?;
                return Ok(StmtKind::Repeat(n, self.block(depth)?));
            }
            "for" => {
                self.next();
                let name = self.name("the name that runs")?;
                self.free_name(&name, "a variable")?;
                if !self.eat_name("in") {
                    let found = self.found();
                    return self.wrong(
                        self.span(),
                        format!("`for` needs `in`: for g in 1:0x10..1:0x1f {{ .. }}; found {found}"),
                    );
                }
                let from = self.expr()?;
                self.expect("..", "between the first and the last")?;
                let to = self.expr()?;
                return Ok(StmtKind::For(name, from, to, self.block(depth)?));
            }
            "break" | "continue" => {
                self.next();
                return Ok(if word == "break" { StmtKind::Break } else { StmtKind::Continue });
            }
            "return" => {
                self.next();
                let value = if self.ends() { None } else { Some(self.expr()?) };
                return Ok(StmtKind::Return(value));
            }
            "assert" => {
                self.next();
                let condition = self.expr()?;
                let Tok::Str(text) = self.peek() else { return Ok(StmtKind::Assert(condition, None)) };
                self.next();
                return Ok(StmtKind::Assert(condition, Some(text.to_string())));
            }
            _ => {}
        }
        if word == "call" || Verb::from_name(word).is_some() {
            return Ok(StmtKind::Action(None, self.action()?));
        }
        let name = self.name("a name")?;
        if self.eat("=") {
            self.free_name(&name, "a variable")?;
            return match self.peek() {
                Tok::Name(n) if n == "call" || Verb::from_name(n).is_some() => {
                    Ok(StmtKind::Action(Some(name), self.action()?))
                }
                _ => Ok(StmtKind::Assign(name, self.expr()?)),
            };
        }
        self.unknown(name)
    }

    /// A statement that begins with a name which is no verb.
    fn unknown(&mut self, name: Name) -> Parse<StmtKind> {
        let Name { name, span } = name;
        let message = match name.as_str() {
            "else" => "`else` follows the `}` of an `if`".to_string(),
            "proc" => "procedures stand in the lesson's `procedures`, not in a program".to_string(),
            n if KEYWORDS.contains(&n) || Word::from_name(n).is_some() => format!("no statement begins with `{n}`"),
            n => {
                let known = verbs::VERBS.iter().filter(|v| v.offered).map(|v| v.name);
                let near = hint(n, known.chain(KEYWORDS));
                match (near.is_empty(), self.peek()) {
                    (true, Tok::Sym("(")) => {
                        format!("a statement begins with a verb or `name =`: call {n}(..) calls a procedure")
                    }
                    _ => format!("unknown statement `{n}`{near}"),
                }
            }
        };
        self.wrong(span, message)
    }

    /// Whether nothing more of the statement follows.
    fn ends(&self) -> bool {
        matches!(self.peek(), Tok::End | Tok::Eof | Tok::Sym("}"))
    }

    /// Refuses names that mean something.
    fn free_name(&mut self, name: &Name, what: &str) -> Parse<()> {
        let n = &name.name;
        if !verbs::reserved(n) {
            return Ok(());
        }
        let why = match () {
            _ if Verb::from_name(n).is_some() => "is a verb",
            _ if super::values::constant(n).is_some() => "is a constant",
            _ => "is a word of the language",
        };
        self.wrong(name.span, format!("`{n}` {why} and cannot name {what}"))
    }

    fn branches(&mut self, depth: usize) -> Parse<StmtKind> {
        let mut arms = Vec::new();
        loop {
            let condition = self.expr()?;
            arms.push((condition, self.block(depth)?));
            let before = self.at;
            self.newlines();
            if !self.eat_name("else") {
                self.at = before;
                return Ok(StmtKind::If(arms, None));
            }
            if !self.eat_name("if") {
                return Ok(StmtKind::If(arms, Some(self.block(depth)?)));
            }
        }
    }

    fn action(&mut self) -> Parse<Action> {
        if self.eat_name("call") {
            let name = self.name("the procedure's name")?;
            self.expect("(", "after the procedure's name")?;
            return Ok(Action::Call(name, self.arguments()?));
        }
        let verb = self.name("a verb")?;
        let mut parts = Vec::new();
        let object = self.object()?;
        loop {
            let span = self.span();
            let name = match self.peek() {
                Tok::Sym("=") => "=",
                Tok::Name(w) if self.is_word(w, &verb.name) => w,
                _ => break,
            };
            self.next();
            let word = Name { name: name.to_string(), span };
            parts.push((word, self.part_object(name)?));
        }
        Ok(Action::Verb(VerbStmt { verb, object, parts }))
    }

    /// Whether a name introduces an argument here: any word does, and one that is a verb too where this verb has it.
    fn is_word(&self, name: &str, verb: &str) -> bool {
        let own = Verb::from_name(verb).and_then(|v| v.info().slot(Word::from_name(name)?)).is_some();
        Word::from_name(name).is_some() && (own || Verb::from_name(name).is_none())
    }

    fn object(&mut self) -> Parse<Option<Expr>> {
        match self.peek() {
            Tok::Sym("=") => Ok(None),
            Tok::Name(w) if Word::from_name(w).is_some() => Ok(None),
            _ if self.ends() => Ok(None),
            _ => self.expr().map(Some),
        }
    }

    fn part_object(&mut self, word: &str) -> Parse<Option<Expr>> {
        let alone = matches!(
            Word::from_name(word),
            Some(Word::Shared | Word::Nowait | Word::Destroy | Word::ForWrite | Word::Readonly | Word::Unshare)
        );
        if alone { Ok(None) } else { self.object() }
    }
}
