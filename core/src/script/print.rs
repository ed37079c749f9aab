//! The tree as text again: what is printed parses to the same tree.

use super::ast::{Action, Block, Expr, ExprKind, Proc, Stmt, StmtKind};
use std::fmt::{self, Display, Formatter};

/// The text of a program: a statement a line, four spaces a block.
pub fn program(block: &Block) -> String {
    let mut out = String::new();
    lines(block, 0, &mut out);
    out
}

/// The text of procedures.
pub fn procedures(procs: &[Proc]) -> String {
    let mut out = String::new();
    for p in procs {
        let params: Vec<_> = p.params.iter().map(|n| n.name.as_str()).collect();
        out += &format!("proc {}({}) {{\n", p.name.name, params.join(", "));
        lines(&p.body, 1, &mut out);
        out += "}\n";
    }
    out
}

fn lines(block: &Block, depth: usize, out: &mut String) {
    for s in block {
        statement(s, depth, out);
    }
}

fn statement(s: &Stmt, depth: usize, out: &mut String) {
    let pad = "    ".repeat(depth);
    let comment = s.comment.as_ref().map(|c| format!(" # {c}")).unwrap_or_default();
    let mut body = |head: String, comment: &str, b: &Block| {
        *out += &format!("{head} {{{comment}\n");
        lines(b, depth + 1, out);
        *out += &format!("{pad}}}");
    };
    match &s.kind {
        StmtKind::If(arms, other) => {
            for (i, (c, b)) in arms.iter().enumerate() {
                match i {
                    0 => body(format!("{pad}if {c}"), &comment, b),
                    _ => body(format!(" else if {c}"), "", b),
                }
            }
            if let Some(b) = other {
                body(" else".into(), "", b);
            }
        }
        StmtKind::Loop(b) => body(format!("{pad}loop"), &comment, b),
        StmtKind::Repeat(n, b) => body(format!("{pad}repeat {n}"), &comment, b),
        StmtKind::For(v, from, to, b) => body(format!("{pad}for {} in {from}..{to}", v.name), &comment, b),
        simple => *out += &format!("{pad}{simple}{comment}"),
    }
    out.push('\n');
}

impl Display for StmtKind {
    /// A statement without blocks; of the others only their first word.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            StmtKind::Label(n) => write!(f, "@{}", n.name),
            StmtKind::Assign(n, e) => write!(f, "{} = {e}", n.name),
            StmtKind::Action(Some(n), a) => write!(f, "{} = {a}", n.name),
            StmtKind::Action(None, a) => write!(f, "{a}"),
            StmtKind::Break => f.write_str("break"),
            StmtKind::Continue => f.write_str("continue"),
            StmtKind::Return(None) => f.write_str("return"),
            StmtKind::Return(Some(e)) => write!(f, "return {e}"),
            StmtKind::Assert(e, None) => write!(f, "assert {e}"),
            StmtKind::Assert(e, Some(text)) => write!(f, "assert {e} \"{text}\""),
            StmtKind::If(..) => f.write_str("if"),
            StmtKind::Loop(..) => f.write_str("loop"),
            StmtKind::Repeat(..) => f.write_str("repeat"),
            StmtKind::For(..) => f.write_str("for"),
        }
    }
}

impl Display for Action {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Action::Call(name, args) => write!(f, "call {}({})", name.name, list(args)),
            Action::Verb(v) => {
                f.write_str(&v.verb.name)?;
                if let Some(o) = &v.object {
                    write!(f, " {o}")?;
                }
                for (word, value) in &v.parts {
                    write!(f, " {}", word.name)?;
                    if let Some(e) = value {
                        write!(f, " {e}")?;
                    }
                }
                Ok(())
            }
        }
    }
}

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ExprKind::Number(n) if *n < 10 => write!(f, "{n}"),
            ExprKind::Number(n) => write!(f, "{n:#x}"),
            ExprKind::Bool(b) => write!(f, "{b}"),
            ExprKind::None => f.write_str("none"),
            ExprKind::Name(n) => f.write_str(n),
            ExprKind::Gfn(space, frame) => match &frame.kind {
                ExprKind::Number(_) | ExprKind::Name(_) => write!(f, "{space}:{frame}"),
                _ => write!(f, "{space}:({frame})"),
            },
            ExprKind::Call(n, args) => write!(f, "{}({})", n.name, list(args)),
            ExprKind::Field(base, n) => write!(f, "{}.{}", Inside(base, 7), n.name),
            ExprKind::Neg(e) => write!(f, "-{}", Inside(e, 7)),
            ExprKind::Not(e) => write!(f, "not {}", Inside(e, 4)),
            ExprKind::Binary(op, _, a, b) => {
                let s = op.strength();
                write!(f, "{} {} {}", Inside(a, s), op.sign(), Inside(b, s + 1))
            }
        }
    }
}

/// An expression where only what binds at least so strongly may stand without parentheses.
struct Inside<'a>(&'a Expr, u8);

impl Display for Inside<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let strength = match &self.0.kind {
            ExprKind::Binary(op, ..) => op.strength(),
            ExprKind::Not(_) => 3,
            ExprKind::Neg(_) => 6,
            _ => 8,
        };
        if strength >= self.1 { write!(f, "{}", self.0) } else { write!(f, "({})", self.0) }
    }
}

fn list(args: &[Expr]) -> String {
    args.iter().map(|a| a.to_string()).collect::<Vec<_>>().join(", ")
}
