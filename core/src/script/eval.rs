//! Values of expressions: total, without side effects.
//!
//! An expression reads the actor's variables and, in conditions, the state through [`Env`]. Numbers are signed
//! 64-bit; what does not fit is an error, never a wrap. `none` may be compared for equality; any other use of
//! it is an error, which a runner reports as `stray`.

use super::code::{Expr, Lock, Op, Place, Query, Side};
use super::things::{Field, LockKind, PlaceKind, Pure, QueryKind};
use super::values::Kind;
use crate::addr::{DomGfn, GFN_BITS, Gfn, MFN_BITS};
use std::fmt;

/// Why an expression has no value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EvalError {
    /// `none` where a thing is needed: a stray use.
    NoneUsed,
    /// A number, frame number or frame beyond what there is.
    Overflow,
    /// The difference of frame numbers of two domains.
    TwoDomains,
    /// A level or index beyond the table or page.
    Index,
    /// Not assigned: the condition that reads it is false.
    Unassigned,
    /// A path that does not reach the level, or anything else that is not there: a stray use.
    Stray,
    /// A loop of [`super::local::MAX_ROUNDS`] rounds without an effect.
    LongLoop,
}

impl fmt::Display for EvalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            EvalError::NoneUsed => "`none` is used where a thing is needed",
            EvalError::Overflow => "the result does not fit",
            EvalError::TwoDomains => "the frame numbers are of two domains",
            EvalError::Index => "a table has levels 0 to 3, a page words 0 to 511",
            EvalError::Unassigned => "the variable has no value yet",
            EvalError::Stray => "there is nothing at that place",
            EvalError::LongLoop => "a loop ran 10,000 rounds without an effect",
        })
    }
}

impl std::error::Error for EvalError {}

/// A place with its arguments evaluated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PlaceAt {
    /// One of the core's: of what (a frame, frame number, domain or object), the index or level (0 where there is
    /// none), and the part of an entry.
    Core(PlaceKind, u64, u64, Option<Field>),
    /// One of the lesson's own words, and its kind.
    Word(usize, Kind),
}

/// A lock with its argument evaluated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LockAt {
    /// One of the core's, of what (0 where there is nothing).
    Core(LockKind, u64),
    /// One of the lesson's own.
    Own(usize),
}

/// What expressions need to know beside the variables. The last three are only asked by conditions.
pub trait Env {
    /// The mfn of a frame of the world.
    fn frame(&self, index: usize) -> u64;
    /// The index of the range of a frame number under the policy in force.
    fn range(&self, gfn: DomGfn) -> u64;
    /// A part of an entry. Words as [`Kind`] says: a frame that is not there is [`Kind::none`].
    fn field(&self, entry: u64, field: Field) -> Result<u64, EvalError>;
    /// The table word that maps the frame as that type ([`crate::entry::P2mType::all`]) with that order.
    fn leaf(&self, frame: u64, ty: u64, order: u64) -> Result<u64, EvalError>;
    /// The table word that leads to the table.
    fn link(&self, table: u64) -> Result<u64, EvalError>;
    /// The sharing record of a frame, or none.
    fn record(&self, frame: u64) -> Result<u64, EvalError>;
    /// What a shared word holds.
    fn place(&self, place: PlaceAt) -> Result<u64, EvalError>;
    /// The answer to a question about one value.
    fn query(&self, query: QueryKind, of: u64) -> Result<u64, EvalError>;
    /// The answer to any other question; `vars` are the asking actor's, for arguments.
    fn ask(&self, query: &Query, vars: &[u64]) -> Result<u64, EvalError>;
}

/// The value of an expression. `vars` has at least as many words as the program has variables.
pub fn eval<E: Env + ?Sized>(expr: &Expr, vars: &[u64], env: &E) -> Result<u64, EvalError> {
    let value = |e: &Expr| eval(e, vars, env);
    Ok(match expr {
        Expr::Const(c) => *c,
        Expr::Var(v) => vars.get(*v as usize).copied().ok_or(EvalError::Unassigned)?,
        Expr::Frame(i) => env.frame(*i),
        Expr::Gfn(space, frame) => gfn(value(space)?, num(value(frame)?)?)?,
        Expr::Neg(e) => fits(num(value(e)?)?.checked_neg())?,
        Expr::Not(e) => (value(e)? == 0) as u64,
        Expr::Binary(Op::And, a, b) => (value(a)? != 0 && value(b)? != 0) as u64,
        Expr::Binary(Op::Or, a, b) => (value(a)? != 0 || value(b)? != 0) as u64,
        Expr::Binary(op, a, b) => binary(*op, value(a)?, value(b)?)?,
        Expr::Field(e, field) => env.field(thing(value(e)?)?, *field)?,
        Expr::Pure(p, args) => {
            let arg = |i: usize| args.get(i).map_or(Err(EvalError::Stray), &value);
            match p {
                Pure::Dom => DomGfn::from_word(thing(arg(0)?)?).dom.0 as u64,
                Pure::Range => env.range(DomGfn::from_word(thing(arg(0)?)?)),
                Pure::Leaf => env.leaf(arg(0)?, arg(1)?, arg(2)?)?,
                Pure::Link => env.link(thing(arg(0)?)?)?,
                Pure::Record => env.record(thing(arg(0)?)?)?,
            }
        }
        Expr::Place(p) => env.place(place(p, vars, env)?)?,
        Expr::Query(q) => match &**q {
            Query::Value(kind, e) => env.query(*kind, thing(value(e)?)?)?,
            Query::Nothing => return Err(EvalError::Unassigned),
            other => env.ask(other, vars)?,
        },
    })
}

/// Whether a condition holds. One that reads an unassigned variable is false.
pub fn holds<E: Env + ?Sized>(condition: &Expr, vars: &[u64], env: &E) -> Result<bool, EvalError> {
    match eval(condition, vars, env) {
        Ok(v) => Ok(v != 0),
        Err(EvalError::Unassigned) => Ok(false),
        Err(e) => Err(e),
    }
}

/// A place with its arguments evaluated.
pub fn place<E: Env + ?Sized>(place: &Place, vars: &[u64], env: &E) -> Result<PlaceAt, EvalError> {
    let (kind, args, field) = match place {
        Place::Word(i, kind) => return Ok(PlaceAt::Word(*i, *kind)),
        Place::Core(kind, args, field) => (*kind, args, *field),
    };
    let first = args.first().map_or(Ok(0), |e| thing(eval(e, vars, env)?))?;
    let second = args.get(1).map_or(Ok(0), |e| eval(e, vars, env))?;
    let most = if kind == PlaceKind::Pte { 4 } else { 512 };
    if second >= most {
        return Err(EvalError::Index);
    }
    Ok(PlaceAt::Core(kind, first, second, field))
}

/// A lock with its argument evaluated.
pub fn lock<E: Env + ?Sized>(lock: &Lock, vars: &[u64], env: &E) -> Result<LockAt, EvalError> {
    Ok(match lock {
        Lock::Own(i) => LockAt::Own(*i),
        Lock::Core(kind, None) => LockAt::Core(*kind, 0),
        Lock::Core(kind, Some(e)) => LockAt::Core(*kind, thing(eval(e, vars, env)?)?),
    })
}

fn binary(op: Op, a: u64, b: u64) -> Result<u64, EvalError> {
    Ok(match op {
        Op::Eq => (a == b) as u64,
        Op::Ne => (a != b) as u64,
        Op::Lt(Side::Num) => (num(a)? < num(b)?) as u64,
        Op::Le(Side::Num) => (num(a)? <= num(b)?) as u64,
        Op::Lt(_) => (thing(a)? < thing(b)?) as u64,
        Op::Le(_) => (thing(a)? <= thing(b)?) as u64,
        Op::Add(Side::Num) => fits(num(a)?.checked_add(num(b)?))?,
        Op::Sub(Side::Num) => fits(num(a)?.checked_sub(num(b)?))?,
        Op::Add(side) => moved(side, a, num(b)?)?,
        Op::Sub(side) => moved(side, a, num(b)?.checked_neg().ok_or(EvalError::Overflow)?)?,
        Op::Diff(side) => {
            let (x, y) = (thing(a)?, thing(b)?);
            if side == Side::Gfn && DomGfn::from_word(x).dom != DomGfn::from_word(y).dom {
                return Err(EvalError::TwoDomains);
            }
            fits((x as i64).checked_sub(y as i64))?
        }
        Op::Mul => fits(num(a)?.checked_mul(num(b)?))?,
        Op::BitAnd => (num(a)? & num(b)?) as u64,
        Op::And => (a != 0 && b != 0) as u64,
        Op::Or => (a != 0 || b != 0) as u64,
    })
}

/// A frame number or frame moved by `by`.
fn moved(side: Side, from: u64, by: i64) -> Result<u64, EvalError> {
    let from = thing(from)?;
    if side == Side::Gfn {
        let g = DomGfn::from_word(from);
        let to = (g.gfn.0 as i64).checked_add(by).ok_or(EvalError::Overflow)?;
        return gfn(g.dom.0 as u64, to);
    }
    let to = (from as i64).checked_add(by).filter(|to| (0..(1 << MFN_BITS) - 1).contains(to));
    to.map(|to| to as u64).ok_or(EvalError::Overflow)
}

/// The word of a frame number.
fn gfn(dom: u64, frame: i64) -> Result<u64, EvalError> {
    let fits = (0..1 << GFN_BITS).contains(&frame) && dom <= u16::MAX as u64;
    if !fits {
        return Err(EvalError::Overflow);
    }
    Ok(DomGfn { dom: crate::addr::DomId(dom as u16), gfn: Gfn(frame as u64) }.to_word())
}

fn num(word: u64) -> Result<i64, EvalError> {
    if word == Kind::Num.none() { Err(EvalError::NoneUsed) } else { Ok(word as i64) }
}

fn thing(word: u64) -> Result<u64, EvalError> {
    if word == u64::MAX { Err(EvalError::NoneUsed) } else { Ok(word) }
}

fn fits(result: Option<i64>) -> Result<u64, EvalError> {
    result.map(|r| r as u64).filter(|r| *r != Kind::Num.none()).ok_or(EvalError::Overflow)
}
