//! Statements and procedures.

use super::{Parse, Parser};
use crate::script::ast::{Action, Block, Expr, ExprKind, Name, Proc, Stmt, StmtKind, VerbStmt};
use crate::script::error::hint;
use crate::script::lex::Tok;
use crate::script::verbs::{self, KEYWORDS, Verb, Word};

/// Blocks inside blocks.
pub const MAX_BLOCKS: usize = 8;

impl Parser<'_> {
    pub(super) fn procedure(&mut self) -> Parse<Proc> {
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
    pub(super) fn statements(&mut self, depth: usize) -> Block {
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
                Tok::Name(n) => {
                    let word = Name { name: n.to_string(), span: self.span() };
                    let e = self.expr()?;
                    // `r = evcit 1:0x10`: a name with something behind it was meant to be a verb.
                    let bare = matches!(&e.kind, ExprKind::Name(_));
                    match self.peek() {
                        Tok::Number(_) | Tok::Name(_) if bare => self.unknown(word),
                        _ => Ok(StmtKind::Assign(name, e)),
                    }
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
            _ if crate::script::values::constant(n).is_some() => "is a constant",
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
