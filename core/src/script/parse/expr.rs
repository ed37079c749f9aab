//! Expressions, by the strength of their operators.

use super::{Parse, Parser};
use crate::script::ast::{BinOp, Expr, ExprKind, Name};
use crate::script::error::Span;
use crate::script::lex::Tok;
use crate::script::verbs::{KEYWORDS, Word};

/// Operators, calls and parentheses in one statement's expressions.
pub const MAX_OPERATORS: usize = 64;
/// Parentheses inside parentheses.
pub const MAX_NESTING: usize = 16;

impl Parser<'_> {
    /// A whole expression.
    pub(crate) fn expr(&mut self) -> Parse<Expr> {
        self.binary(1)
    }

    /// What binds at least as strongly as `least`.
    fn binary(&mut self, least: u8) -> Parse<Expr> {
        let mut left = if least <= 3 && self.peek() == Tok::Name("not") {
            let start = self.next().span;
            self.count(start)?;
            let e = self.binary(4)?;
            let span = start.to(e.span);
            Expr { kind: ExprKind::Not(Box::new(e)), span }
        } else {
            self.unary()?
        };
        while let Some(op) = self.operator().filter(|op| op.strength() >= least) {
            let at = self.next().span;
            self.count(at)?;
            let right = self.binary(op.strength() + 1)?;
            let span = left.span.to(right.span);
            left = Expr { kind: ExprKind::Binary(op, at, Box::new(left), Box::new(right)), span };
        }
        Ok(left)
    }

    fn operator(&self) -> Option<BinOp> {
        Some(match self.peek() {
            Tok::Name("or") => BinOp::Or,
            Tok::Name("and") => BinOp::And,
            Tok::Sym("==") => BinOp::Eq,
            Tok::Sym("!=") => BinOp::Ne,
            Tok::Sym("<") => BinOp::Lt,
            Tok::Sym("<=") => BinOp::Le,
            Tok::Sym(">") => BinOp::Gt,
            Tok::Sym(">=") => BinOp::Ge,
            Tok::Sym("+") => BinOp::Add,
            Tok::Sym("-") => BinOp::Sub,
            Tok::Sym("*") => BinOp::Mul,
            Tok::Sym("&") => BinOp::BitAnd,
            _ => return None,
        })
    }

    /// Counts what makes the tree grow, so that it stays shallow.
    fn count(&mut self, span: Span) -> Parse<()> {
        self.operators += 1;
        if self.operators <= MAX_OPERATORS {
            return Ok(());
        }
        self.wrong(span, format!("a statement may have {MAX_OPERATORS} operators: use variables for parts of it"))
    }

    fn unary(&mut self) -> Parse<Expr> {
        if self.peek() == Tok::Sym("-") {
            let start = self.next().span;
            self.count(start)?;
            let e = self.postfix()?;
            let span = start.to(e.span);
            return Ok(Expr { kind: ExprKind::Neg(Box::new(e)), span });
        }
        self.postfix()
    }

    /// A primary with its fields.
    fn postfix(&mut self) -> Parse<Expr> {
        let mut e = self.primary()?;
        while self.eat(".") {
            self.count(self.last())?;
            let field = self.name("the field's name")?;
            let span = e.span.to(field.span);
            e = Expr { kind: ExprKind::Field(Box::new(e), field), span };
        }
        Ok(e)
    }

    fn primary(&mut self) -> Parse<Expr> {
        let start = self.span();
        let kind = match self.peek() {
            Tok::Number(n) => {
                self.next();
                ExprKind::Number(n)
            }
            Tok::Sym("(") => {
                self.next();
                return self.nested(start, |p| {
                    let e = p.expr()?;
                    p.expect(")", "after the expression")?;
                    Ok(e)
                });
            }
            Tok::Name("true") => {
                self.next();
                return Ok(Expr { kind: ExprKind::Bool(true), span: start });
            }
            Tok::Name("false") => {
                self.next();
                return Ok(Expr { kind: ExprKind::Bool(false), span: start });
            }
            Tok::Name("none") => {
                self.next();
                return Ok(Expr { kind: ExprKind::None, span: start });
            }
            // `order` and `shared` are words, but also a field's and a world's; here a value is wanted.
            Tok::Name(n) if KEYWORDS.contains(&n) || Word::from_name(n).is_some_and(|w| w.name() != "unshare") => {
                return self.wrong(start, format!("a value is missing: `{n}` is a word of the language"));
            }
            Tok::Name(n) => {
                self.next();
                let name = Name { name: n.to_string(), span: start };
                if self.eat("(") {
                    self.count(start)?;
                    let args = self.nested(start, Self::arguments)?;
                    let span = start.to(self.last());
                    return Ok(Expr { kind: ExprKind::Call(name, args), span });
                }
                ExprKind::Name(name.name)
            }
            _ => {
                let found = self.found();
                return self.wrong(start, format!("a value is missing: found {found}"));
            }
        };
        let base = Expr { kind, span: start };
        if !self.eat(":") {
            return Ok(base);
        }
        self.count(start)?;
        let frame = self.frame()?;
        let span = start.to(self.last());
        Ok(Expr { kind: ExprKind::Gfn(Box::new(base), Box::new(frame)), span })
    }

    /// What stands behind the colon of a frame number.
    fn frame(&mut self) -> Parse<Expr> {
        let start = self.span();
        match self.peek() {
            Tok::Number(n) => {
                self.next();
                Ok(Expr { kind: ExprKind::Number(n), span: start })
            }
            Tok::Name(n) => {
                self.next();
                Ok(Expr { kind: ExprKind::Name(n.to_string()), span: start })
            }
            Tok::Sym("(") => {
                self.next();
                self.nested(start, |p| {
                    let e = p.expr()?;
                    p.expect(")", "after the frame number")?;
                    Ok(e)
                })
            }
            _ => {
                let found = self.found();
                self.wrong(
                    start,
                    format!("a frame number is missing after `:`, as in 1:0x10 or 1:(base + i): found {found}"),
                )
            }
        }
    }

    /// Arguments up to and with the `)`.
    pub(super) fn arguments(&mut self) -> Parse<Vec<Expr>> {
        let mut args = Vec::new();
        if self.eat(")") {
            return Ok(args);
        }
        loop {
            args.push(self.expr()?);
            if !self.eat(",") {
                break;
            }
        }
        self.expect(")", "after the arguments")?;
        Ok(args)
    }

    fn nested<T>(&mut self, span: Span, inner: impl FnOnce(&mut Self) -> Parse<T>) -> Parse<T> {
        if self.nesting >= MAX_NESTING {
            return self.wrong(span, format!("parentheses are nested more than {MAX_NESTING} deep"));
        }
        self.nesting += 1;
        let result = inner(self);
        self.nesting -= 1;
        result
    }
}
