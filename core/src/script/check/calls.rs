//! Names with parentheses and fields: places, functions, questions, and other actors' variables.

use super::Reads;
use super::expr::a;
use super::kinds::{Ty, Typed};
use super::stmt::Body;
use crate::script::ast::{self, ExprKind, Name};
use crate::script::code::{Expr, Place, Query};
use crate::script::error::{Span, hint, not_offered};
use crate::script::names;
use crate::script::things::{self, Class, Field, ListKind, LockKind, Of, PlaceKind, Pure, QueryKind, Row};
use crate::script::values::Kind;

impl Body<'_, '_> {
    pub(super) fn call(&mut self, e: &ast::Expr, name: &Name, args: &[ast::Expr], reads: Reads) -> Typed {
        let n = name.name.as_str();
        if let Some(pure) = Pure::from_name(n) {
            let row = pure.info();
            let args = match self.offered("the function", row, name.span) {
                true => self.arguments(n, row.args, args, name.span, reads),
                false => Vec::new(),
            };
            let ty = if row.offered { Ty::Is(row.kind.unwrap_or(Kind::Num)) } else { Ty::Unknown };
            return Typed { expr: Expr::Pure(pure, args), ty };
        }
        if let Some(kind) = PlaceKind::from_name(n) {
            return self.place_value(kind, &e.to_string(), args, name.span, reads);
        }
        if let Some(kind) = QueryKind::from_name(n) {
            if kind.info().offered && reads != Reads::All {
                self.wrong(name.span, format!("{n}(..) can be asked only in `assert`, `ensure` and `reach`"));
            }
            return self.query(kind, name, args);
        }
        let unknown = Typed { expr: Expr::Const(0), ty: Ty::Unknown };
        let lock = LockKind::from_name(n).is_none_or(|l| self.offered("the lock", l.info(), name.span));
        let list = ListKind::from_name(n).is_none_or(|l| self.offered("the list", l.info(), name.span));
        if !lock || !list {
            return unknown;
        }
        let message = match () {
            _ if LockKind::from_name(n).is_some() => format!("{n}(..) is a lock, not a value"),
            _ if ListKind::from_name(n).is_some() => format!("{n}(..) is a list, not a value"),
            _ if n == "ring" => "ring(..) is a ring, not a value".to_string(),
            _ if Class::from_name(n).is_some() => format!("{n}(..) is what `alloc` makes, not a value"),
            _ if self.pass.procs.contains_key(n) => {
                format!("a procedure is called by a statement, as in  x = call {e}")
            }
            _ => {
                let places = things::offered(things::PLACES).chain(things::offered(things::QUERIES));
                format!("no place or function named `{n}`{}", hint(n, places.chain(things::offered(things::PURES))))
            }
        };
        self.wrong(name.span, message);
        unknown
    }

    pub(super) fn place_value(
        &mut self,
        kind: PlaceKind,
        text: &str,
        args: &[ast::Expr],
        span: Span,
        reads: Reads,
    ) -> Typed {
        if reads == Reads::Own && kind.info().offered {
            let what =
                if kind.info().args.is_empty() { kind.name().to_string() } else { format!("{}(..)", kind.name()) };
            self.shared(&what, text, span);
        }
        let place = self.core_place(kind, args, span, reads);
        let ty = held(&place);
        Typed { expr: Expr::Place(Box::new(place)), ty }
    }

    /// A place of the core with its arguments.
    pub(super) fn core_place(&mut self, kind: PlaceKind, args: &[ast::Expr], span: Span, reads: Reads) -> Place {
        let row = kind.info();
        let args = match self.offered("the place", row, span) {
            true => self.arguments(row.name, row.args, args, span, reads),
            false => Vec::new(),
        };
        Place::Core(kind, args, None)
    }

    /// Whether something is offered; says so if it is not. The caller then says nothing of its arguments.
    pub(super) fn offered<T>(&mut self, what: &str, row: &Row<T>, span: Span) -> bool {
        if !row.offered {
            self.wrong(span, not_offered(&format!("{what} `{}`", row.name)));
        }
        row.offered
    }

    /// Whether there are as many arguments as there have to be.
    fn arity(&mut self, name: &str, of: &[Of], here: usize, span: Span) -> bool {
        let least = of.iter().filter(|o| **o != Of::Index).count();
        let right = (least..=of.len()).contains(&here);
        if !right {
            let n = if least == of.len() { least.to_string() } else { format!("{least} or {}", of.len()) };
            let s = if of.len() == 1 { "" } else { "s" };
            self.wrong(span, format!("{name}(..) has {n} argument{s}, here are {here}"));
        }
        right
    }

    /// Arguments in parentheses.
    pub(super) fn arguments(
        &mut self,
        name: &str,
        of: &[Of],
        args: &[ast::Expr],
        span: Span,
        reads: Reads,
    ) -> Vec<Expr> {
        if !self.arity(name, of, args.len(), span) {
            return Vec::new();
        }
        let role = format!("{name}(..)");
        let mut out = Vec::new();
        for (of, e) in of.iter().zip(args) {
            let t = self.expr(e, reads);
            let (kind, bound) = match of {
                Of::Value(kind) => (*kind, None),
                Of::Space => (Kind::Dom, None),
                Of::Level => (Kind::Num, Some(("levels are 0 to 3", 4))),
                _ => (Kind::Num, Some(("a page has the words 0 to 511", 512))),
            };
            let value = self.fits(t, e, kind, &role);
            if let (Some((what, bound)), Expr::Const(n)) = (bound, &value)
                && *n >= bound
            {
                self.wrong(e.span, format!("{what}, not `{e}`"));
            }
            out.push(value);
        }
        out
    }

    fn query(&mut self, kind: QueryKind, name: &Name, args: &[ast::Expr]) -> Typed {
        let row = kind.info();
        let ty = Ty::Is(row.kind.unwrap_or(Kind::Bool));
        if !self.offered("the question", row, name.span) {
            return Typed { expr: Expr::Query(Box::new(Query::Nothing)), ty: Ty::Unknown };
        }
        let query = match (row.args, args) {
            ([Of::Actor], [a]) => {
                self.actor(a).map(|a| if kind == QueryKind::Done { Query::Done(a) } else { Query::Waits(a) })
            }
            ([Of::Actor, Of::Label], [a, l]) => self.actor(a).map(|a| self.label(a, l)),
            ([Of::Actor, Of::Lock], [a, l]) => {
                self.actor(a).and_then(|a| Some(Query::Holds(a, self.lock(l, Reads::All)?)))
            }
            ([Of::List], [l]) => Some(Query::Length(self.list(l, Reads::All))),
            ([Of::Value(_)], _) => {
                let mut args = self.arguments(row.name, row.args, args, name.span, Reads::All);
                args.pop().map(|e| Query::Value(kind, e))
            }
            _ => {
                self.arity(row.name, row.args, args.len(), name.span);
                None
            }
        };
        Typed { expr: Expr::Query(Box::new(query.unwrap_or(Query::Nothing))), ty }
    }

    /// An actor by its name.
    pub(super) fn actor(&mut self, e: &ast::Expr) -> Option<usize> {
        let n = self.pass.unit.names;
        let found = if let ExprKind::Name(name) = &e.kind { n.actor(name) } else { None };
        if found.is_none() {
            self.wrong(e.span, names::unknown("actor", &e.to_string(), n.actors.iter().map(|(a, _)| a.as_str())));
        }
        found
    }

    fn label(&mut self, actor: usize, e: &ast::Expr) -> Query {
        let name = e.to_string();
        if let Some((_, at)) = self.pass.kinds.labels[actor].iter().find(|(l, _)| *l == name) {
            return Query::At(actor, at.clone());
        }
        let known = self.pass.unit.known.get(actor);
        if known.is_none_or(|k| !k.labels.contains(&name)) {
            let of = &self.pass.unit.names.actors[actor].0;
            let labels: Vec<&str> = known.map(|k| k.labels.iter().map(String::as_str).collect()).unwrap_or_default();
            let all = if labels.is_empty() { "it has none".into() } else { format!("it has {}", labels.join(", ")) };
            self.wrong(e.span, format!("`{of}` has no label `{name}`; {all}"));
        }
        Query::Nothing
    }

    pub(super) fn field(&mut self, e: &ast::Expr, base: &ast::Expr, field: &Name, reads: Reads) -> Typed {
        if let ExprKind::Name(n) = &base.kind
            && self.variable(n).is_none()
            && let Some(actor) = self.pass.unit.names.actor(n)
        {
            return self.foreign(e, actor, field, reads);
        }
        // A part of a table word is a place of its own.
        if let ExprKind::Call(name, args) = &base.kind
            && PlaceKind::from_name(&name.name) == Some(PlaceKind::Pte)
        {
            if reads == Reads::Own && PlaceKind::Pte.info().offered {
                self.shared(&format!("pte(..).{}", field.name), &e.to_string(), e.span);
            }
            let place = self.pte_field(args, name.span, field, reads);
            let ty = held(&place);
            return Typed { expr: Expr::Place(Box::new(place)), ty };
        }
        let t = self.expr(base, reads);
        if t.ty.join(Ty::Is(Kind::Entry)).is_none() {
            self.wrong(field.span, format!("only an entry has fields, `{base}` is {}", a(t.ty)));
            return Typed { expr: Expr::Const(0), ty: Ty::Unknown };
        }
        let Some(f) = Field::from_name(&field.name) else {
            let near = hint(&field.name, Field::ALL.iter().map(|f| f.name()));
            self.wrong(
                field.span,
                format!("an entry has no field `{}`{near}: type, mfn, access, order, table, present", field.name),
            );
            return Typed { expr: Expr::Const(0), ty: Ty::Unknown };
        };
        Typed::new(Expr::Field(Box::new(t.into_kind(Kind::Entry)), f), f.kind())
    }

    /// `pte(g, level).field` as a place.
    pub(super) fn pte_field(&mut self, args: &[ast::Expr], span: Span, field: &Name, reads: Reads) -> Place {
        let place = self.core_place(PlaceKind::Pte, args, span, reads);
        let part = Field::from_name(&field.name).filter(|f| !matches!(f, Field::Order | Field::Present));
        if part.is_none() && PlaceKind::Pte.info().offered {
            self.wrong(
                field.span,
                format!("a table word has the parts type, mfn, access, table, not `{}`", field.name),
            );
        }
        match place {
            Place::Core(kind, args, _) => Place::Core(kind, args, part),
            word => word,
        }
    }

    /// `A.x`.
    fn foreign(&mut self, e: &ast::Expr, actor: usize, field: &Name, reads: Reads) -> Typed {
        if reads != Reads::All {
            self.wrong(e.span, format!("`{e}` is an actor's variable: only `assert`, `ensure` and `reach` look at it"));
        }
        if let Some(v) = self.pass.tops[actor].iter().position(|n| *n == field.name) {
            self.pass.pinned[actor] |= 1u32.checked_shl(v as u32).unwrap_or(0);
            let ty = self.pass.kinds.vars[actor].get(v).copied().unwrap_or_default();
            return Typed { expr: Expr::Query(Box::new(Query::Var(actor, v as u8))), ty };
        }
        let known = self.pass.unit.known.get(actor);
        if known.is_none_or(|k| !k.vars.contains(&field.name)) {
            let of = &self.pass.unit.names.actors[actor].0;
            let vars: Vec<&str> = known.map(|k| k.vars.iter().map(String::as_str).collect()).unwrap_or_default();
            let all = if vars.is_empty() { "it has none".into() } else { format!("it has {}", vars.join(", ")) };
            self.wrong(field.span, format!("`{of}` has no variable `{}`; {all}", field.name));
        }
        Typed { expr: Expr::Query(Box::new(Query::Nothing)), ty: Ty::Unknown }
    }
}

/// What a place holds. Of one that is not offered nothing is said, so that nothing follows from it.
pub(super) fn held(place: &Place) -> Ty {
    match place {
        Place::Core(kind, ..) if !kind.info().offered => Ty::Unknown,
        place => Ty::Is(place.kind()),
    }
}
