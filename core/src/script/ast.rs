//! The tree of a program as it was written.
//!
//! Parsing decides nothing about names: whether `count(M)` is a place and `M` a frame is settled when the tree
//! is checked. Depth is bounded by the parser ([`super::MAX_BLOCKS`], [`super::MAX_OPERATORS`]), so whoever walks a tree
//! may recurse.

use super::error::Span;

/// A name and where it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Name {
    /// The name.
    pub name: String,
    /// Where.
    pub span: Span,
}

/// Statements in their order.
pub type Block = Vec<Stmt>;

/// A statement.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stmt {
    /// What it says.
    pub kind: StmtKind,
    /// Where, from its first token to its last.
    pub span: Span,
    /// The comment behind it on its line: the author's sentence for the step.
    pub comment: Option<String>,
}

/// The kinds of statements.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StmtKind {
    /// `@name`: names the next effect.
    Label(Name),
    /// `name = expr`.
    Assign(Name, Expr),
    /// `[name =] action`.
    Action(Option<Name>, Action),
    /// `if .. { } else if .. { } else { }`: conditions with their blocks, and what else.
    If(Vec<(Expr, Block)>, Option<Block>),
    /// `loop { }`.
    Loop(Block),
    /// `repeat n { }`.
    Repeat(Expr, Block),
    /// `for name in a..b { }`.
    For(Name, Expr, Expr, Block),
    /// `break`.
    Break,
    /// `continue`.
    Continue,
    /// `return [expr]`.
    Return(Option<Expr>),
    /// `assert expr ["text"]`.
    Assert(Expr, Option<String>),
}

/// What acts: a call of a procedure, or a verb.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Action {
    /// `call name(args)`.
    Call(Name, Vec<Expr>),
    /// A verb with its object and its words.
    Verb(VerbStmt),
}

/// `VERB [object] { WORD [object] | "=" object }`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VerbStmt {
    /// The verb.
    pub verb: Name,
    /// What stands behind it.
    pub object: Option<Expr>,
    /// The words, where `=` is one as well, each with its own object.
    pub parts: Vec<(Name, Option<Expr>)>,
}

/// An expression, or what stands in its place: a place, a lock, a list, a class.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Expr {
    /// What it says.
    pub kind: ExprKind,
    /// Where, without the parentheses around it.
    pub span: Span,
}

/// The kinds of expressions.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ExprKind {
    /// A number.
    Number(u64),
    /// `true`, `false`.
    Bool(bool),
    /// `none`.
    None,
    /// A bare name.
    Name(String),
    /// `space:frame`; the space is a number or a name.
    Gfn(Box<Expr>, Box<Expr>),
    /// `name(args)`.
    Call(Name, Vec<Expr>),
    /// `base.name`.
    Field(Box<Expr>, Name),
    /// `-e`.
    Neg(Box<Expr>),
    /// `not e`.
    Not(Box<Expr>),
    /// `a op b`; the span is the operator's.
    Binary(BinOp, Span, Box<Expr>, Box<Expr>),
}

/// Operators with two sides, weakest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum BinOp {
    /// `or`
    Or,
    /// `and`
    And,
    /// `==`
    Eq,
    /// `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `&`, of the bits.
    BitAnd,
}

impl BinOp {
    /// As it is written.
    pub const fn sign(self) -> &'static str {
        match self {
            BinOp::Or => "or",
            BinOp::And => "and",
            BinOp::Eq => "==",
            BinOp::Ne => "!=",
            BinOp::Lt => "<",
            BinOp::Le => "<=",
            BinOp::Gt => ">",
            BinOp::Ge => ">=",
            BinOp::Add => "+",
            BinOp::Sub => "-",
            BinOp::Mul => "*",
            BinOp::BitAnd => "&",
        }
    }

    /// How strongly it binds: `or` 1, `and` 2, (`not` 3,) comparisons 4, sums 5, terms 6.
    pub const fn strength(self) -> u8 {
        match self {
            BinOp::Or => 1,
            BinOp::And => 2,
            BinOp::Eq | BinOp::Ne | BinOp::Lt | BinOp::Le | BinOp::Gt | BinOp::Ge => 4,
            BinOp::Add | BinOp::Sub => 5,
            BinOp::Mul | BinOp::BitAnd => 6,
        }
    }
}

/// `proc name(params) { body }`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Proc {
    /// Its name.
    pub name: Name,
    /// The parameters, given by value.
    pub params: Vec<Name>,
    /// What it does.
    pub body: Block,
}

/// Every statement of a block in the order of the text, outer ones before those inside them.
pub fn each<'a>(block: &'a [Stmt], f: &mut dyn FnMut(&'a Stmt)) {
    for s in block {
        f(s);
        for b in s.kind.blocks() {
            each(b, f);
        }
    }
}

impl StmtKind {
    /// The blocks inside, in their order.
    pub fn blocks(&self) -> Vec<&Block> {
        match self {
            StmtKind::If(arms, other) => arms.iter().map(|(_, b)| b).chain(other).collect(),
            StmtKind::Loop(b) | StmtKind::Repeat(_, b) | StmtKind::For(_, _, _, b) => vec![b],
            _ => Vec::new(),
        }
    }
}
