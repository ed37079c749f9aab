//! Kinds while they are being found out.
//!
//! A variable, word, list or ring of the lesson's own has one kind, joined from all that is put into it. The
//! whole lesson is walked until nothing changes; only the last walk reports, so that a kind that becomes known
//! late is known everywhere.

use crate::script::code::Expr;
use crate::script::values::Kind;

/// What is known of a kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Ty {
    /// Nothing yet; fits everything.
    #[default]
    Unknown,
    /// Only ever `none`.
    None,
    /// Written as a number: a `num`, or a `dom` where one is wanted.
    Lit,
    /// That kind.
    Is(Kind),
}

impl Ty {
    /// What both can be, if there is such a thing.
    pub fn join(self, other: Ty) -> Option<Ty> {
        Some(match (self, other) {
            (Ty::Unknown, t) | (t, Ty::Unknown) => t,
            (a, b) if a == b => a,
            (Ty::None, Ty::Lit) | (Ty::Lit, Ty::None) => Ty::Is(Kind::Num),
            (Ty::None, Ty::Is(k)) | (Ty::Is(k), Ty::None) if k.nullable() => Ty::Is(k),
            (Ty::Lit, Ty::Is(k)) | (Ty::Is(k), Ty::Lit) if matches!(k, Kind::Num | Kind::Dom) => Ty::Is(k),
            _ => return None,
        })
    }

    /// The kind in the end: what is known too little of is a number.
    pub fn kind(self) -> Kind {
        match self {
            Ty::Is(k) => k,
            _ => Kind::Num,
        }
    }

    /// As messages call it.
    pub fn name(self) -> &'static str {
        match self {
            Ty::None => "none",
            other => other.kind().name(),
        }
    }
}

/// An expression with what is known of its kind.
pub struct Typed {
    /// The expression.
    pub expr: Expr,
    /// Its kind.
    pub ty: Ty,
}

impl Typed {
    /// A value of that kind.
    pub fn new(expr: Expr, kind: Kind) -> Typed {
        Typed { expr, ty: Ty::Is(kind) }
    }

    /// The expression as a value of `kind`: what is only ever `none` becomes that kind's word for it.
    pub fn into_kind(self, kind: Kind) -> Expr {
        if self.ty == Ty::None { Expr::Const(kind.none()) } else { self.expr }
    }
}

/// What is known of the kinds of a whole lesson.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Kinds {
    /// For each actor, of each variable.
    pub vars: Vec<Vec<Ty>>,
    /// Of the lesson's words.
    pub words: Vec<Ty>,
    /// Of the elements of its lists.
    pub lists: Vec<Ty>,
    /// Of what its rings carry.
    pub rings: Vec<Ty>,
    /// For each actor its labels with the effects that they name.
    pub labels: Vec<Vec<(String, Vec<usize>)>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joining_is_symmetric_and_none_fits_what_may_be_missing() {
        let all = [
            Ty::Unknown,
            Ty::None,
            Ty::Lit,
            Ty::Is(Kind::Num),
            Ty::Is(Kind::Dom),
            Ty::Is(Kind::Frame),
            Ty::Is(Kind::Bool),
        ];
        for a in all {
            for b in all {
                assert_eq!(a.join(b), b.join(a), "{a:?} {b:?}");
            }
        }
        assert_eq!(Ty::None.join(Ty::Is(Kind::Frame)), Some(Ty::Is(Kind::Frame)));
        assert_eq!(Ty::None.join(Ty::Is(Kind::Bool)), None);
        assert_eq!(Ty::Lit.join(Ty::Is(Kind::Dom)), Some(Ty::Is(Kind::Dom)));
        assert_eq!(Ty::Lit.join(Ty::Is(Kind::Frame)), None);
    }
}
