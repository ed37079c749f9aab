//! Expressions: what names mean, and of what kind everything is.

use super::kinds::{Ty, Typed};
use super::stmt::Body;
use super::{By, DRAWN, Moved, Reads};
use crate::entry::P2mType;
use crate::script::ast::{self, BinOp, ExprKind};
use crate::script::code::{Expr, Op, Place, Query, Side};
use crate::script::error::{Span, hint};
use crate::script::eval::{self, Env, EvalError};
use crate::script::names;
use crate::script::things::{Field, PlaceKind, Pure, QueryKind};
use crate::script::values::{self, Kind};
use crate::script::verbs::Verb;

impl Body<'_, '_> {
    /// A boolean.
    pub(in crate::script) fn condition(&mut self, e: &ast::Expr, reads: Reads) -> Expr {
        let t = self.expr(e, reads);
        if t.ty.join(Ty::Is(Kind::Bool)).is_none() {
            let how = if t.ty.kind() == Kind::Num { format!(": compare it, as in  {e} == 1") } else { String::new() };
            self.wrong(e.span, format!("a condition is wanted, `{e}` is {}{how}", a(t.ty)));
        }
        t.expr
    }

    /// A value of that kind; `role` begins the message if it is none: "`as` wants a type".
    pub(super) fn value(&mut self, e: &ast::Expr, kind: Kind, role: &str) -> Expr {
        let t = self.expr(e, Reads::Own);
        self.fits(t, e, kind, role)
    }

    pub(super) fn fits(&mut self, t: Typed, e: &ast::Expr, kind: Kind, role: &str) -> Expr {
        if t.ty.join(Ty::Is(kind)).is_none() {
            self.wrong(e.span, format!("{role} wants {}, `{e}` is {}", a(Ty::Is(kind)), a(t.ty)));
        }
        if let (Kind::Dom, Ty::Lit, Expr::Const(n)) = (kind, t.ty, &t.expr) {
            self.declared(*n, e.span);
        }
        let format = self.pass.unit.names.format;
        if let (Kind::Type, Expr::Const(n)) = (kind, &t.expr)
            && let Some(ty) = P2mType::all().get(*n as usize)
            && format.type_code(*ty).is_none()
        {
            self.wrong(e.span, names::no_type(*ty, format));
        }
        t.into_kind(kind)
    }

    fn declared(&mut self, domain: u64, span: Span) {
        let n = self.pass.unit.names;
        if !n.has_space(domain) {
            let all: Vec<_> = n.domains.iter().map(|(d, _)| d.to_string()).collect();
            let all = if all.is_empty() { "none".into() } else { all.join(", ") };
            self.wrong(span, format!("no domain {domain}; the world declares {all}"));
        }
    }

    /// Any expression.
    pub(super) fn expr(&mut self, e: &ast::Expr, reads: Reads) -> Typed {
        let typed = match &e.kind {
            ExprKind::Number(n) => Typed { expr: Expr::Const(*n), ty: Ty::Lit },
            ExprKind::Bool(b) => Typed::new(Expr::Const(*b as u64), Kind::Bool),
            ExprKind::None => Typed { expr: Expr::Const(Kind::Num.none()), ty: Ty::None },
            ExprKind::Name(n) => self.bare(n, e.span, reads),
            ExprKind::Gfn(space, frame) => self.gfn(space, frame, reads),
            ExprKind::Call(name, args) => self.call(e, name, args, reads),
            ExprKind::Field(base, field) => self.field(e, base, field, reads),
            ExprKind::Neg(inner) => {
                let t = self.expr(inner, reads);
                if t.ty.join(Ty::Is(Kind::Num)).is_none() {
                    self.wrong(e.span, format!("`-` wants a num, `{inner}` is {}", a(t.ty)));
                }
                Typed::new(Expr::Neg(Box::new(t.into_kind(Kind::Num))), Kind::Num)
            }
            ExprKind::Not(inner) => {
                let c = self.condition(inner, reads);
                Typed::new(Expr::Not(Box::new(c)), Kind::Bool)
            }
            ExprKind::Binary(op, at, left, right) => self.binary(*op, *at, left, right, reads),
        };
        Typed { expr: self.fold(typed.expr, e.span), ty: typed.ty }
    }

    /// What needs no variable is a constant.
    fn fold(&mut self, e: Expr, span: Span) -> Expr {
        let constant = |e: &Expr| matches!(e, Expr::Const(_));
        let folds = match &e {
            Expr::Gfn(a, b) | Expr::Binary(_, a, b) => constant(a) && constant(b),
            Expr::Neg(a) | Expr::Not(a) => constant(a),
            Expr::Pure(Pure::Dom, args) => args.iter().all(constant),
            _ => false,
        };
        if !folds {
            return e;
        }
        match eval::eval(&e, &[], &Nothing) {
            Ok(word) => Expr::Const(word),
            Err(why) => {
                self.wrong(span, format!("this has no value: {why}"));
                e
            }
        }
    }

    fn bare(&mut self, name: &str, span: Span, reads: Reads) -> Typed {
        if let Some(v) = self.variable(name) {
            self.note_read(v, span);
            return Typed { expr: Expr::Var(v as u8), ty: self.var_ty(v) };
        }
        let n = self.pass.unit.names;
        if let Some(i) = n.frames.iter().position(|f| f == name) {
            return Typed::new(Expr::Frame(self.moved_frame(name, i, span)), Kind::Frame);
        }
        if let Some(d) = n.space(name) {
            return Typed::new(Expr::Const(d as u64), Kind::Dom);
        }
        if let Some((kind, word)) = values::constant(name) {
            return Typed::new(Expr::Const(word), kind);
        }
        if let Some(i) = n.words.iter().position(|(w, _)| w == name) {
            if reads == Reads::Own {
                self.shared(name, name, span);
            }
            let ty = self.pass.kinds.words[i];
            return Typed { expr: Expr::Place(Box::new(Place::Word(i, ty.kind()))), ty };
        }
        if let Some(kind) = PlaceKind::from_name(name) {
            return self.place_value(kind, name, &[], span, reads);
        }
        let message = match () {
            _ if Verb::from_name(name).is_some() => {
                format!("`{name}` is a statement: give its result a name first, as in  r = {name} ..")
            }
            _ if n.actor(name).is_some() => {
                format!("`{name}` is an actor: a condition names its variables, as in  {name}.r")
            }
            _ if n.what(name).is_some() => format!("`{name}` is {}, not a value", n.what(name).unwrap_or_default()),
            _ => {
                let mut all: Vec<&str> = self.variables();
                all.extend(n.frames.iter().map(String::as_str));
                all.extend(n.words.iter().map(|(w, _)| w.as_str()));
                all.extend(n.domains.iter().filter_map(|(_, d)| d.as_deref()));
                values::constants().for_each(|c| all.push(c));
                let near = hint(name, all);
                format!("nothing is named `{name}`{near}")
            }
        };
        self.wrong(span, message);
        Typed { expr: Expr::Const(0), ty: Ty::Unknown }
    }

    pub(super) fn shared(&mut self, what: &str, place: &str, span: Span) {
        let v = what.chars().next().unwrap_or('v');
        self.wrong(span, format!("{what} is shared: load it first, as in  {v} = load {place}"));
    }

    fn gfn(&mut self, space: &ast::Expr, frame: &ast::Expr, reads: Reads) -> Typed {
        let dom = match &space.kind {
            ExprKind::Number(d) => {
                self.declared(*d, space.span);
                Expr::Const(*d)
            }
            ExprKind::Name(name) => match (self.variable(name), self.pass.unit.names.space(name)) {
                (None, Some(d)) => Expr::Const(d as u64),
                (None, None) => {
                    let n = self.pass.unit.names;
                    let all = n.domains.iter().filter_map(|(_, d)| d.as_deref());
                    let all = all.chain(n.views.iter().map(|(_, v)| v.as_str()));
                    self.wrong(space.span, names::unknown("domain or view", name, all));
                    Expr::Const(0)
                }
                (Some(_), _) => self.value(space, Kind::Dom, "a frame number"),
            },
            _ => {
                self.wrong(space.span, "a domain's number or name stands before `:`");
                Expr::Const(0)
            }
        };
        let t = self.expr(frame, reads);
        let number = self.fits(t, frame, Kind::Num, "a frame number");
        if let Expr::Const(n) = number
            && n >= 1 << crate::addr::GFN_BITS
        {
            self.wrong(frame.span, format!("frame number `{frame}` has more than {} bits", crate::addr::GFN_BITS));
            return Typed::new(Expr::Const(0), Kind::Gfn);
        }
        Typed::new(Expr::Gfn(Box::new(dom), Box::new(self.moved_number(number))), Kind::Gfn)
    }

    fn moved(&self) -> Option<Moved> {
        self.pass.unit.moved.get(self.actor?).copied()
    }

    /// A frame number where this copy of the program works.
    fn moved_number(&self, number: Expr) -> Expr {
        let by = match self.moved().map(|m| m.by) {
            None | Some(By::Fixed(0)) => return number,
            Some(By::Fixed(by)) => Expr::Const(by),
            Some(By::Drawn) => Expr::Var(DRAWN),
        };
        match (&number, &by) {
            (Expr::Const(n), Expr::Const(by)) => Expr::Const(n + by),
            _ => Expr::Binary(Op::Add(Side::Num), Box::new(number), Box::new(by)),
        }
    }

    /// The frame that this copy of the program has for a frame that the program names.
    fn moved_frame(&mut self, name: &str, i: usize, span: Span) -> usize {
        let Some(moved) = self.moved() else { return i };
        if moved.by == By::Drawn {
            let why = format!("`{name}` is one frame, and this program works at a place that is drawn anew each round");
            self.wrong(span, why);
        }
        i + moved.frames
    }

    fn binary(&mut self, op: BinOp, at: Span, left: &ast::Expr, right: &ast::Expr, reads: Reads) -> Typed {
        if matches!(op, BinOp::And | BinOp::Or) {
            let (l, r) = (self.condition(left, reads), self.condition(right, reads));
            let op = if op == BinOp::And { Op::And } else { Op::Or };
            return Typed::new(Expr::Binary(op, Box::new(l), Box::new(r)), Kind::Bool);
        }
        let (l, r) = (self.expr(left, reads), self.expr(right, reads));
        if op.strength() == BinOp::Eq.strength() {
            return self.comparison(op, at, (left, l), (right, r));
        }
        let (lt, rt) = (l.ty, r.ty);
        let num = |t: Ty| t.join(Ty::Is(Kind::Num)).is_some();
        let is = |t: Ty, k: Kind| t == Ty::Is(k);
        let side = |k: Kind| if k == Kind::Gfn { Side::Gfn } else { Side::Word };
        let movable = [Kind::Gfn, Kind::Frame].into_iter();
        let moved = movable.clone().find(|k| is(lt, *k) && num(rt));
        let apart = movable.clone().find(|k| is(lt, *k) && is(rt, *k));
        let turned = movable.clone().find(|k| num(lt) && is(rt, *k));
        let make = |op: Op, l: Typed, r: Typed, kind: Kind, lk: Kind, rk: Kind| {
            Typed::new(Expr::Binary(op, Box::new(l.into_kind(lk)), Box::new(r.into_kind(rk))), kind)
        };
        match op {
            BinOp::Add | BinOp::Sub if lt == Ty::Unknown || rt == Ty::Unknown => {
                // It will be known in a later walk, or never is and the value is not there.
                let op = if op == BinOp::Add { Op::Add(Side::Num) } else { Op::Sub(Side::Num) };
                Typed { expr: Expr::Binary(op, Box::new(l.expr), Box::new(r.expr)), ty: Ty::Unknown }
            }
            _ if num(lt) && num(rt) => {
                let op = match op {
                    BinOp::Add => Op::Add(Side::Num),
                    BinOp::Sub => Op::Sub(Side::Num),
                    BinOp::Mul => Op::Mul,
                    _ => Op::BitAnd,
                };
                make(op, l, r, Kind::Num, Kind::Num, Kind::Num)
            }
            BinOp::Add if let Some(k) = moved => make(Op::Add(side(k)), l, r, k, k, Kind::Num),
            BinOp::Sub if let Some(k) = moved => make(Op::Sub(side(k)), l, r, k, k, Kind::Num),
            BinOp::Sub if let Some(k) = apart => make(Op::Diff(side(k)), l, r, Kind::Num, k, k),
            BinOp::Add if let Some(k) = turned => make(Op::Add(side(k)), r, l, k, k, Kind::Num),
            _ => {
                self.wrong(at, format!("`{}`: `{left}` is {}, `{right}` {}", op.sign(), a(lt), a(rt)));
                Typed { expr: Expr::Const(0), ty: Ty::Unknown }
            }
        }
    }

    fn comparison(
        &mut self,
        op: BinOp,
        at: Span,
        (left, l): (&ast::Expr, Typed),
        (right, r): (&ast::Expr, Typed),
    ) -> Typed {
        let joined = l.ty.join(r.ty);
        let Some(ty) = joined else {
            self.wrong(at, format!("comparison: `{left}` is {}, `{right}` {}", a(l.ty), a(r.ty)));
            return Typed::new(Expr::Const(0), Kind::Bool);
        };
        let kind = ty.kind();
        let ordered = matches!(kind, Kind::Num | Kind::Dom | Kind::Gfn | Kind::Frame);
        if !ordered && !matches!(op, BinOp::Eq | BinOp::Ne) {
            self.wrong(at, format!("`{}` orders numbers and frames, `{left}` is {}", op.sign(), a(ty)));
        }
        let side = if matches!(kind, Kind::Num | Kind::Dom) { Side::Num } else { Side::Word };
        let (l, r) = (Box::new(l.into_kind(kind)), Box::new(r.into_kind(kind)));
        let (op, l, r) = match op {
            BinOp::Eq => (Op::Eq, l, r),
            BinOp::Ne => (Op::Ne, l, r),
            BinOp::Lt => (Op::Lt(side), l, r),
            BinOp::Le => (Op::Le(side), l, r),
            BinOp::Gt => (Op::Lt(side), r, l),
            _ => (Op::Le(side), r, l),
        };
        Typed::new(Expr::Binary(op, l, r), Kind::Bool)
    }
}

/// "a num", "an entry", "none".
pub(super) fn a(ty: Ty) -> String {
    let name = ty.name();
    match ty {
        Ty::None => "none".into(),
        _ if name.starts_with(['a', 'e', 'o']) => format!("an {name}"),
        _ => format!("a {name}"),
    }
}

/// No state: for constants.
struct Nothing;

impl Env for Nothing {
    fn frame(&self, _: usize) -> u64 {
        u64::MAX
    }
    fn range(&self, _: crate::addr::DomGfn) -> u64 {
        0
    }
    fn field(&self, _: u64, _: Field) -> Result<u64, EvalError> {
        Err(EvalError::Stray)
    }
    fn leaf(&self, _: u64, _: u64, _: u64) -> Result<u64, EvalError> {
        Err(EvalError::Stray)
    }
    fn link(&self, _: u64) -> Result<u64, EvalError> {
        Err(EvalError::Stray)
    }
    fn record(&self, _: u64) -> Result<u64, EvalError> {
        Err(EvalError::Stray)
    }
    fn place(&self, _: eval::PlaceAt) -> Result<u64, EvalError> {
        Err(EvalError::Stray)
    }
    fn query(&self, _: QueryKind, _: u64) -> Result<u64, EvalError> {
        Err(EvalError::Stray)
    }
    fn ask(&self, _: &Query, _: &[u64]) -> Result<u64, EvalError> {
        Err(EvalError::Stray)
    }
}
