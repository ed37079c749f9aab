//! Compiled programs: flat code that a runner steps through.
//!
//! A program is a list of [`Instr`]. Only [`Instr::Do`] acts on shared state; all the others are local and run
//! together with the effect they follow ([`super::local`]). Everything is resolved: variables are numbers,
//! names of the world are indices into [`super::Names`], kinds are known. What an argument *is* can be read
//! here without evaluating it, so that a page can show it and a pattern can match it.

use super::error::Span;
use super::things::{Class, Field, ListKind, LockKind, PlaceKind, Pure, QueryKind};
use super::values::Kind;
use super::verbs::{Verb, Word};

/// Variables that a program may have, its procedures' among them.
pub const MAX_VARS: usize = 32;
/// Effect statements that a program may have after its procedures are expanded.
pub const MAX_EFFECTS: usize = 400;

/// A variable by its place in [`Program::vars`].
pub type Var = u8;

/// A set of variables: bit `v` for variable `v`.
pub type VarSet = u32;

/// One actor's compiled program.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Program {
    /// The code. It ends in [`Instr::End`], and every jump stays inside.
    pub instrs: Vec<Instr>,
    /// For each instruction: where it comes from and what its comment says.
    pub origins: Vec<Origin>,
    /// For each instruction: the variables that may be read after it. All others are to be cleared.
    pub live: Vec<VarSet>,
    /// The variables. Those of procedures have the procedure's name before a dot.
    pub vars: Vec<VarInfo>,
    /// Each label with the `Do` instructions that it names (several if it stands in a procedure).
    pub labels: Vec<(String, Vec<usize>)>,
    /// Variables that a condition names from outside: always live, and known to be unassigned until they are.
    pub pinned: VarSet,
}

/// A variable.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VarInfo {
    /// As the program calls it; one that the compiler made has a name in angle brackets.
    pub name: String,
    /// The kind of its values.
    pub kind: Kind,
}

/// Where an instruction comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Origin {
    /// The statement in the file.
    pub span: Span,
    /// Its line in the file, counted from 1.
    pub line: u32,
    /// The author's sentence for it.
    pub comment: Option<String>,
    /// The calls around it: for each the line of the `call`, outermost first.
    pub calls: Vec<u32>,
}

/// One instruction.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Instr {
    /// Acts. The result goes to the variable, if there is one.
    Do(VerbCall, Option<Var>),
    /// `fail C`: this actor's next allocation of that class fails. Local.
    Fail(Class),
    /// Assigns. Local.
    Set(Var, Expr),
    /// Looks at everything; the text is the author's. Local.
    Assert(Expr, Option<String>),
    /// Goes on elsewhere. Local.
    Jump(usize),
    /// Goes on elsewhere if the condition is false. Local.
    JumpUnless(Expr, usize),
    /// The program has ended.
    End,
}

/// A verb with its arguments.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VerbCall {
    /// The verb.
    pub verb: Verb,
    /// Its arguments by their words, in the order of the verb's row; what was left out is not here.
    pub args: Vec<(Word, Arg)>,
}

/// An argument of a verb, as the verb's row says ([`super::verbs::Shape`]).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Arg {
    /// The word stands alone.
    Flag,
    /// A value; its kind is the second.
    Value(Expr, Kind),
    /// A shared word.
    Place(Place),
    /// A lock.
    Lock(Lock),
    /// A list.
    List(List),
    /// A ring.
    Ring(Ring),
    /// What is allocated, with its argument.
    Class(Class, Option<Expr>),
    /// All TLBs of a domain.
    Domain(Expr),
    /// An actor by its place in the lesson.
    Actor(usize),
    /// A grant by its place in the lesson.
    Grant(usize),
    /// A condition.
    Condition(Expr),
}

/// A shared word: one of the core's, or one of the lesson's own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Place {
    /// One of the core's: which, of what (at most two arguments), and which part of an entry.
    Core(PlaceKind, Vec<Expr>, Option<Field>),
    /// A name of `[world] words` by its place in [`super::Names::words`], and the kind of its value.
    Word(usize, Kind),
}

/// A lock: one of the core's, or one of the lesson's own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Lock {
    /// One of the core's, and of what.
    Core(LockKind, Option<Expr>),
    /// A name of `[world] locks` by its place in [`super::Names::locks`].
    Own(usize),
}

/// A list: one of the core's, or one of the lesson's own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum List {
    /// One of the core's, and of what.
    Core(ListKind, Expr),
    /// A name of `[world] lists` by its place in [`super::Names::lists`], and the kind of its elements.
    Own(usize, Kind),
}

/// A ring: a domain's paging ring, or one of the lesson's own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Ring {
    /// The paging ring of a domain; it carries frame numbers.
    Domain(Expr),
    /// A name of `[world] rings` by its place in [`super::Names::rings`], and the kind of what it carries.
    Own(usize, Kind),
}

/// What the two sides of an operator are, where that matters for the result.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    /// Signed numbers.
    Num,
    /// Frame numbers: their domain never changes.
    Gfn,
    /// Machine frames and all that are compared as plain words.
    Word,
}

/// An operator with two sides.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Op {
    /// Both; the right side is not evaluated if the left is false.
    And,
    /// Either; the right side is not evaluated if the left is true.
    Or,
    /// The same word.
    Eq,
    /// Another word.
    Ne,
    /// Less.
    Lt(Side),
    /// Less or equal.
    Le(Side),
    /// The sum; the left side says of what, the right one is a number.
    Add(Side),
    /// The difference to a number.
    Sub(Side),
    /// The number between two of that side.
    Diff(Side),
    /// The product of numbers.
    Mul,
    /// The common bits of numbers.
    BitAnd,
}

/// An expression.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Expr {
    /// A word.
    Const(u64),
    /// A variable.
    Var(Var),
    /// A frame of the world by its place in [`super::Names::frames`].
    Frame(usize),
    /// A frame number of the domain that the first gives, the second says which.
    Gfn(Box<Expr>, Box<Expr>),
    /// A negative number.
    Neg(Box<Expr>),
    /// The opposite.
    Not(Box<Expr>),
    /// Two sides.
    Binary(Op, Box<Expr>, Box<Expr>),
    /// A part of an entry.
    Field(Box<Expr>, Field),
    /// A pure function.
    Pure(Pure, Vec<Expr>),
    /// A shared word. Only in conditions.
    Place(Box<Place>),
    /// What only `assert`, `ensure` and `reach` ask.
    Query(Box<Query>),
}

/// A question about the state.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Query {
    /// About one value: `entry`, `sharers`, `space`, `free`.
    Value(QueryKind, Expr),
    /// `length(L)`.
    Length(List),
    /// `at(A, label)`: the actor's next effect is the first one of one of these instructions.
    At(usize, Vec<usize>),
    /// `done(A)`.
    Done(usize),
    /// `waits(A)`.
    Waits(usize),
    /// `holds(A, lock)`.
    Holds(usize, Lock),
    /// `A.x`: a variable of an actor.
    Var(usize, Var),
    /// A variable or label of an actor that this version does not have: unassigned, so the condition is false.
    Nothing,
}

impl Program {
    /// The variable of that name.
    pub fn var(&self, name: &str) -> Option<Var> {
        self.vars.iter().position(|v| v.name == name).map(|i| i as Var)
    }

    /// The instructions that a label names.
    pub fn label(&self, name: &str) -> Option<&[usize]> {
        self.labels.iter().find(|(n, _)| n == name).map(|(_, at)| at.as_slice())
    }

    /// How many effect statements there are.
    pub fn effects(&self) -> usize {
        self.instrs.iter().filter(|i| matches!(i, Instr::Do(..))).count()
    }
}

impl VerbCall {
    /// The argument behind that word.
    pub fn arg(&self, word: Word) -> Option<&Arg> {
        self.args.iter().find(|(w, _)| *w == word).map(|(_, a)| a)
    }

    /// Whether that word stands there.
    pub fn has(&self, word: Word) -> bool {
        self.arg(word).is_some()
    }

    /// The shared word that the verb is about.
    pub fn place(&self) -> Option<&Place> {
        self.args.iter().find_map(|(_, a)| if let Arg::Place(p) = a { Some(p) } else { None })
    }

    /// The lock that the verb is about.
    pub fn lock(&self) -> Option<&Lock> {
        self.args.iter().find_map(|(_, a)| if let Arg::Lock(l) = a { Some(l) } else { None })
    }

    /// The list that the verb is about.
    pub fn list(&self) -> Option<&List> {
        self.args.iter().find_map(|(_, a)| if let Arg::List(l) = a { Some(l) } else { None })
    }

    /// The ring that the verb is about.
    pub fn ring(&self) -> Option<&Ring> {
        self.args.iter().find_map(|(_, a)| if let Arg::Ring(r) = a { Some(r) } else { None })
    }

    /// The value behind that word, not yet evaluated.
    pub fn value(&self, word: Word) -> Option<&Expr> {
        match self.arg(word)? {
            Arg::Value(e, _) | Arg::Condition(e) | Arg::Domain(e) => Some(e),
            _ => None,
        }
    }

    /// The variables that its arguments read.
    pub fn reads(&self) -> VarSet {
        self.args.iter().fold(0, |set, (_, a)| set | a.reads())
    }
}

impl Arg {
    /// The variables that it reads.
    pub fn reads(&self) -> VarSet {
        match self {
            Arg::Value(e, _) | Arg::Condition(e) | Arg::Domain(e) => e.reads(),
            Arg::Place(p) => p.reads(),
            Arg::Lock(l) => l.reads(),
            Arg::List(List::Core(_, e)) | Arg::Ring(Ring::Domain(e)) => e.reads(),
            Arg::Class(_, e) => e.as_ref().map_or(0, Expr::reads),
            Arg::Flag | Arg::List(_) | Arg::Ring(_) | Arg::Actor(_) | Arg::Grant(_) => 0,
        }
    }
}

impl Place {
    /// The variables that it reads.
    pub fn reads(&self) -> VarSet {
        match self {
            Place::Core(_, args, _) => args.iter().fold(0, |s, e| s | e.reads()),
            Place::Word(..) => 0,
        }
    }

    /// The kind of its value.
    pub fn kind(&self) -> Kind {
        match self {
            Place::Core(_, _, Some(field)) => field.kind(),
            Place::Core(kind, _, None) => kind.info().kind.unwrap_or(Kind::Num),
            Place::Word(_, kind) => *kind,
        }
    }
}

impl Lock {
    /// The variables that it reads.
    pub fn reads(&self) -> VarSet {
        match self {
            Lock::Core(_, e) => e.as_ref().map_or(0, Expr::reads),
            Lock::Own(_) => 0,
        }
    }
}

impl Expr {
    /// The variables that it reads; those of other actors are not among them.
    pub fn reads(&self) -> VarSet {
        let mut set = 0;
        self.each(&mut |e| {
            if let Expr::Var(v) = e {
                set |= 1 << v;
            }
        });
        set
    }

    /// Calls `f` for this expression and all inside it, also inside places and questions.
    pub fn each<'a>(&'a self, f: &mut dyn FnMut(&'a Expr)) {
        f(self);
        match self {
            Expr::Const(_) | Expr::Var(_) | Expr::Frame(_) => {}
            Expr::Gfn(a, b) | Expr::Binary(_, a, b) => {
                a.each(f);
                b.each(f);
            }
            Expr::Neg(e) | Expr::Not(e) | Expr::Field(e, _) => e.each(f),
            Expr::Pure(_, args) => args.iter().for_each(|e| e.each(f)),
            Expr::Place(p) => {
                if let Place::Core(_, args, _) = &**p {
                    args.iter().for_each(|e| e.each(f));
                }
            }
            Expr::Query(q) => match &**q {
                Query::Value(_, e) | Query::Length(List::Core(_, e)) | Query::Holds(_, Lock::Core(_, Some(e))) => {
                    e.each(f)
                }
                _ => {}
            },
        }
    }
}
