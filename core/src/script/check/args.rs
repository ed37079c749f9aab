//! Verbs with their arguments, by the rows of the table.

use super::Reads;
use super::calls;
use super::expr::a;
use super::kinds::{Kinds, Ty};
use super::stmt::Body;
use crate::machine;
use crate::script::ast::{self, ExprKind, Name, VerbStmt};
use crate::script::code::{Arg, Expr, Instr, List, Lock, Place, Ring, VerbCall};
use crate::script::error::{Span, hint, not_offered};
use crate::script::names;
use crate::script::things::{self, Class, ListKind, LockKind, Of, PlaceKind};
use crate::script::values::Kind;
use crate::script::verbs::{Gives, Shape, Slot, Verb, VerbInfo, Word};

/// Orders that this release offers.
const ORDERS: [u64; 3] = [0, 9, 18];

/// An argument that is there: its slot, what stands in it, and where its word stands.
type Given<'e> = (&'static Slot, Option<&'e ast::Expr>, Span);

/// What a verb is about, where that decides the kind of its values.
#[derive(Clone, Copy)]
struct About {
    ty: Ty,
    /// Where that kind is kept if it is one of the lesson's own.
    own: Option<(Table, usize)>,
}

#[derive(Clone, Copy)]
enum Table {
    Words,
    Lists,
    Rings,
}

impl Table {
    fn of(self, kinds: &mut Kinds) -> &mut Vec<Ty> {
        match self {
            Table::Words => &mut kinds.words,
            Table::Lists => &mut kinds.lists,
            Table::Rings => &mut kinds.rings,
        }
    }
}

impl Body<'_, '_> {
    /// `[into =] verb ..`.
    pub(super) fn verb(&mut self, into: Option<&Name>, v: &VerbStmt) {
        let Some(verb) = Verb::from_name(&v.verb.name) else { return };
        let info = verb.info();
        if !info.offered {
            self.wrong(v.verb.span, not_offered(&format!("`{}`", info.name)));
            return;
        }
        self.actor_may(info, v.verb.span);
        let Some(given) = self.given(info, v) else { return };
        let mut about = About { ty: Ty::Unknown, own: None };
        let mut args: Vec<(Word, Arg)> = Vec::new();
        // What the verb is about comes first, whatever the order of the words.
        for (slot, e, _) in &given {
            let arg = match (slot.shape, e) {
                (Shape::Place, Some(e)) => self.place(e, info).map(|(p, t)| {
                    about = t;
                    Arg::Place(p)
                }),
                (Shape::List, Some(e)) => {
                    let list = self.list(e, Reads::Own);
                    about = self.about_list(&list);
                    Some(Arg::List(list))
                }
                (Shape::Ring, Some(e)) => self.ring(e).map(|r| {
                    about = self.about_ring(&r);
                    Arg::Ring(r)
                }),
                _ => continue,
            };
            let Some(arg) = arg else { return };
            args.push((slot.word, arg));
        }
        let mut class = None;
        for (slot, e, span) in &given {
            if matches!(slot.shape, Shape::Place | Shape::List | Shape::Ring) {
                continue;
            }
            let Some(arg) = self.argument(info, slot, *e, *span, &mut about) else { return };
            if let Arg::Class(c, _) = &arg {
                class = Some(*c);
            }
            args.push((slot.word, arg));
        }
        if verb == Verb::Add && about.ty.join(Ty::Is(Kind::Num)).is_none() {
            self.wrong(v.verb.span, format!("`add` wants a place that holds a num, this one holds {}", a(about.ty)));
        }
        let readers = |a: &Arg| matches!(a, Arg::Lock(Lock::Core(LockKind::Gfn, _)));
        if args.iter().any(|(w, _)| *w == Word::Shared) && !args.iter().any(|(_, a)| readers(a)) {
            self.wrong(v.verb.span, "only `gfn(..)` can be held `shared`, by those who just look");
        }
        args.sort_by_key(|(w, _)| info.slots.iter().position(|s| s.word == *w));
        let gives = match info.gives {
            Gives::Nothing => None,
            Gives::Value(kind) => Some(Ty::Is(kind)),
            Gives::OfPlace | Gives::OfList | Gives::OfRing => Some(about.ty),
            Gives::OfClass => class.and_then(|c| c.info().kind).map(Ty::Is),
        };
        let mut result = None;
        if let Some(name) = into {
            let Some(target) = self.target(name) else { return };
            match gives {
                Some(ty) => self.join(target, ty, name.span, info.name),
                None => self.wrong(v.verb.span, format!("`{}` gives no value", info.name)),
            }
            result = Some(target as u8);
        }
        match (verb, class) {
            (Verb::Fail, Some(class)) => self.emit(Instr::Fail(class)),
            _ => self.emit(Instr::Do(VerbCall { verb, args }, result)),
        };
    }

    /// Some actors may do only some things.
    fn actor_may(&mut self, info: &VerbInfo, span: Span) {
        let Some((name, kind)) = self.actor.map(|a| self.pass.unit.names.actors[a].clone()) else { return };
        let access = [Verb::HwRead, Verb::HwWrite];
        let others = [Verb::Load, Verb::Store, Verb::Wait];
        let guest = [Verb::Read, Verb::Write, Verb::Fault, Verb::EnterGuest];
        let n = info.name;
        let message = match kind {
            machine::Kind::Hardware if !access.contains(&info.verb) && !others.contains(&info.verb) => {
                format!("`{name}` is hardware, which knows only hw_read, hw_write, load, store, wait: not `{n}`")
            }
            k if access.contains(&info.verb) && !k.has_tlb() => {
                format!("`{n}` is for actors with a TLB, vcpu and hardware: `{name}` is a {}", k.name())
            }
            k if guest.contains(&info.verb) && k != machine::Kind::Vcpu => {
                format!("`{n}` is for a vcpu: `{name}` is a {}", k.name())
            }
            _ => return,
        };
        self.wrong(span, message);
    }

    /// The arguments that are there, each with its slot; nothing if that cannot be told.
    fn given<'e>(&mut self, info: &'static VerbInfo, v: &'e VerbStmt) -> Option<Vec<Given<'e>>> {
        let mut given: Vec<Given<'_>> = Vec::new();
        let n = info.name;
        let object = v.object.as_ref().map(|e| (Word::Object, Some(e), e.span));
        let parts = v.parts.iter().filter_map(|(w, e)| Some((Word::from_name(&w.name)?, e.as_ref(), w.span)));
        let mut right = true;
        for (word, e, span) in object.into_iter().chain(parts) {
            let Some(slot) = info.slot(word) else {
                let what = if word == Word::Object { "no object".into() } else { format!("no `{}`", word.name()) };
                self.wrong(span, format!("`{n}` takes {what}, as in  {}", info.example));
                right = false;
                continue;
            };
            if !slot.offered {
                self.wrong(span, not_offered(&format!("`{n} .. {}`", word.name())));
                right = false;
                continue;
            }
            if given.iter().any(|(s, _, _)| s.word == word) {
                self.wrong(span, format!("`{}` stands here twice", word.name()));
                right = false;
            }
            if e.is_none() && slot.shape != Shape::Flag {
                self.wrong(span, format!("`{}` needs {}: {}", word.name(), what(slot.shape), info.example));
                right = false;
            }
            given.push((slot, e, span));
        }
        for slot in info.slots.iter().filter(|s| s.needed) {
            if !given.iter().any(|(s, _, _)| s.word == slot.word) {
                let needs = if slot.word == Word::Object {
                    what(slot.shape).to_string()
                } else {
                    format!("`{}`", slot.word.name())
                };
                self.wrong(v.verb.span, format!("`{n}` needs {needs}: {}", info.example));
                right = false;
            }
        }
        right.then_some(given)
    }

    fn argument(
        &mut self,
        info: &VerbInfo,
        slot: &Slot,
        e: Option<&ast::Expr>,
        span: Span,
        about: &mut About,
    ) -> Option<Arg> {
        let Some(e) = e else { return Some(Arg::Flag) };
        let role =
            if slot.word == Word::Object { format!("`{}`", info.name) } else { format!("`{}`", slot.word.name()) };
        Some(match slot.shape {
            Shape::Value(kind) => {
                let value = self.value(e, kind, &role);
                if slot.word == Word::Order {
                    self.order(e, &value);
                }
                Arg::Value(value, kind)
            }
            Shape::OfPlace | Shape::OfList | Shape::OfRing => {
                let t = self.expr(e, Reads::Own);
                match about.ty.join(t.ty) {
                    Some(ty) => {
                        about.ty = ty;
                        if let Some((table, i)) = about.own {
                            table.of(&mut self.pass.kinds)[i] = ty;
                        }
                    }
                    None => self.wrong(e.span, format!("{role} wants {}, `{e}` is {}", a(about.ty), a(t.ty))),
                }
                let kind = about.ty.kind();
                let linked = matches!(about.ty, Ty::Unknown | Ty::None | Ty::Is(Kind::Frame | Kind::Object));
                if slot.shape == Shape::OfList && about.own.is_some() && !linked {
                    self.wrong(e.span, format!("a list links frames or objects, `{e}` is {}", a(about.ty)));
                }
                Arg::Value(t.into_kind(kind), kind)
            }
            Shape::Lock => Arg::Lock(self.lock(e, Reads::Own)?),
            Shape::Class => self.class(e, true)?,
            Shape::FailClass => self.class(e, false)?,
            Shape::Thing => {
                let t = self.expr(e, Reads::Own);
                let thing = |k: Kind| matches!(k, Kind::Frame | Kind::Table | Kind::Object | Kind::Record);
                if !matches!(t.ty, Ty::Unknown) && !matches!(t.ty, Ty::Is(k) if thing(k)) {
                    self.wrong(e.span, format!("{role} wants a frame, table or object, `{e}` is {}", a(t.ty)));
                }
                let kind = t.ty.kind();
                Arg::Value(t.into_kind(kind), kind)
            }
            Shape::Target => match &e.kind {
                ExprKind::Name(n) if self.variable(n).is_none() && self.pass.unit.names.actor(n).is_some() => {
                    let actor = self.actor(e)?;
                    let kind = self.pass.unit.names.actors[actor].1;
                    let pauses = matches!(info.verb, Verb::Pause | Verb::Unpause);
                    if pauses && kind != machine::Kind::Vcpu {
                        self.wrong(e.span, format!("`{n}` is a {}: only a vcpu can be paused", kind.name()));
                    } else if !kind.has_tlb() {
                        self.wrong(
                            e.span,
                            format!("`{n}` is a {} and has no TLB: vcpu and hardware have one", kind.name()),
                        );
                    }
                    Arg::Actor(actor)
                }
                _ => Arg::Domain(self.value(e, Kind::Dom, &role)),
            },
            Shape::Actor => Arg::Actor(self.actor(e)?),
            Shape::Grant => {
                let n = self.pass.unit.names;
                let name = e.to_string();
                let Some(i) = n.grants.iter().position(|g| *g == name) else {
                    self.wrong(e.span, names::unknown("grant", &name, n.grants.iter().map(String::as_str)));
                    return None;
                };
                Arg::Grant(i)
            }
            Shape::Condition => Arg::Condition(self.condition(e, Reads::Places)),
            Shape::Flag => {
                self.wrong(span, format!("{role} stands alone"));
                return None;
            }
            Shape::Place | Shape::List | Shape::Ring => return None,
        })
    }

    /// Orders are written out, so that one can see at once what a statement covers.
    fn order(&mut self, e: &ast::Expr, value: &Expr) {
        match value {
            Expr::Const(n) if ORDERS.contains(n) => {}
            _ => self.wrong(e.span, format!("an order is 0 (4 KB), 9 (2 MB) or 18 (1 GB), not `{e}`")),
        }
    }

    /// A shared word, and of what kind it is.
    fn place(&mut self, e: &ast::Expr, info: &VerbInfo) -> Option<(Place, About)> {
        let n = self.pass.unit.names;
        let core = |p: Place| {
            let ty = calls::held(&p);
            (p, About { ty, own: None })
        };
        match &e.kind {
            ExprKind::Call(name, args) => {
                if let Some(kind) = PlaceKind::from_name(&name.name) {
                    return Some(core(self.core_place(kind, args, name.span, Reads::Own)));
                }
                let near = hint(&name.name, things::offered(things::PLACES));
                self.wrong(name.span, format!("no place named `{}`{near}", name.name));
            }
            ExprKind::Field(base, field) => {
                if let ExprKind::Call(name, args) = &base.kind
                    && PlaceKind::from_name(&name.name) == Some(PlaceKind::Pte)
                {
                    return Some(core(self.pte_field(args, name.span, field, Reads::Own)));
                }
                self.wrong(
                    e.span,
                    format!("`{e}` is no place: a part is read from an entry, as in  e = lookup 1:0x10; t = e.type"),
                );
            }
            ExprKind::Name(name) => {
                if let Some(i) = n.words.iter().position(|(w, _)| w == name) {
                    let ty = self.pass.kinds.words[i];
                    return Some((Place::Word(i, ty.kind()), About { ty, own: Some((Table::Words, i)) }));
                }
                if let Some(kind) = PlaceKind::from_name(name) {
                    return Some(core(self.core_place(kind, &[], e.span, Reads::Own)));
                }
                let what = match self.variable(name) {
                    Some(_) => format!("`{name}` is a private variable: `{}` is for shared words", info.name),
                    None => names::unknown("shared word", name, n.words.iter().map(|(w, _)| w.as_str())),
                };
                self.wrong(e.span, what);
            }
            _ => self.wrong(e.span, format!("`{}` wants a place, as in  {}", info.name, info.example)),
        }
        None
    }

    /// A lock.
    pub(super) fn lock(&mut self, e: &ast::Expr, reads: Reads) -> Option<Lock> {
        let n = self.pass.unit.names;
        let (name, args) = called(e);
        if args.is_empty()
            && let Some(i) = n.locks.iter().position(|(l, _)| *l == name)
        {
            return Some(Lock::Own(i));
        }
        let Some(kind) = LockKind::from_name(&name) else {
            let near = hint(&name, n.locks.iter().map(|(l, _)| l.as_str()).chain(things::offered(things::LOCKS)));
            let message = match near.is_empty() {
                true => names::unknown("lock", &name, n.locks.iter().map(|(l, _)| l.as_str())),
                false => format!("no lock named `{name}`{near}"),
            };
            self.wrong(e.span, message);
            return None;
        };
        let row = kind.info();
        if !self.offered("the lock", row, e.span) {
            return None;
        }
        let mut args = self.arguments(row.name, row.args, args, e.span, reads);
        Some(Lock::Core(kind, args.pop()))
    }

    /// A list; one that is not there is reported and stands for the first of the lesson's own.
    pub(super) fn list(&mut self, e: &ast::Expr, reads: Reads) -> List {
        let n = self.pass.unit.names;
        let (name, args) = called(e);
        if args.is_empty()
            && let Some(i) = n.lists.iter().position(|l| *l == name)
        {
            return List::Own(i, self.pass.kinds.lists[i].kind());
        }
        let Some(kind) = ListKind::from_name(&name) else {
            let near = hint(&name, things::offered(things::LISTS));
            let message = match near.is_empty() {
                true => names::unknown("list", &name, n.lists.iter().map(String::as_str)),
                false => format!("no list named `{name}`{near}"),
            };
            self.wrong(e.span, message);
            return List::Own(usize::MAX, Kind::Num);
        };
        let row = kind.info();
        if !self.offered("the list", row, e.span) {
            return List::Own(usize::MAX, Kind::Num);
        }
        match self.arguments(row.name, row.args, args, e.span, reads).pop() {
            Some(of) => List::Core(kind, of),
            None => List::Own(usize::MAX, Kind::Num),
        }
    }

    fn about_list(&self, list: &List) -> About {
        match list {
            List::Core(kind, _) => About { ty: kind.info().kind.map_or(Ty::Unknown, Ty::Is), own: None },
            List::Own(i, _) => match self.pass.kinds.lists.get(*i) {
                Some(ty) => About { ty: *ty, own: Some((Table::Lists, *i)) },
                None => About { ty: Ty::Unknown, own: None },
            },
        }
    }

    /// A ring.
    fn ring(&mut self, e: &ast::Expr) -> Option<Ring> {
        let n = self.pass.unit.names;
        let (name, args) = called(e);
        if args.is_empty()
            && let Some(i) = n.rings.iter().position(|r| *r == name)
        {
            return Some(Ring::Own(i, self.pass.kinds.rings[i].kind()));
        }
        if name == "ring" {
            let of = self.arguments("ring", &[Of::Value(Kind::Dom)], args, e.span, Reads::Own).pop();
            return of.map(Ring::Domain);
        }
        self.wrong(e.span, names::unknown("ring", &name, n.rings.iter().map(String::as_str)));
        None
    }

    fn about_ring(&self, ring: &Ring) -> About {
        match ring {
            Ring::Domain(_) => About { ty: Ty::Is(Kind::Gfn), own: None },
            Ring::Own(i, _) => About { ty: self.pass.kinds.rings[*i], own: Some((Table::Rings, *i)) },
        }
    }

    /// What is allocated; for `fail` without an argument.
    fn class(&mut self, e: &ast::Expr, with: bool) -> Option<Arg> {
        let (name, args) = called(e);
        let all = things::offered(things::CLASSES);
        let Some(class) = Class::from_name(&name) else {
            let near = hint(&name, all);
            self.wrong(e.span, format!("frame(d), table(d), object and record(F) can be allocated, not `{e}`{near}"));
            return None;
        };
        let row = class.info();
        if !self.offered("the class", row, e.span) {
            return None;
        }
        if !with {
            if !args.is_empty() {
                self.wrong(e.span, format!("`fail` wants a class alone, as in  fail {name}"));
            }
            return Some(Arg::Class(class, None));
        }
        let mut args = self.arguments(row.name, row.args, args, e.span, Reads::Own);
        Some(Arg::Class(class, args.pop()))
    }
}

/// A name with its arguments; anything else is taken as it is written.
fn called(e: &ast::Expr) -> (String, &[ast::Expr]) {
    match &e.kind {
        ExprKind::Call(name, args) => (name.name.clone(), args),
        _ => (e.to_string(), &[]),
    }
}

/// What an argument is, as messages call it.
fn what(shape: Shape) -> &'static str {
    match shape {
        Shape::Flag => "nothing",
        Shape::Value(Kind::Gfn) => "a frame number",
        Shape::Value(Kind::Dom) => "a domain",
        Shape::Value(Kind::Frame) => "a frame",
        Shape::Value(Kind::Num) => "a number",
        Shape::Value(Kind::Type) => "a type",
        Shape::Value(Kind::Access) => "an access right",
        Shape::Value(Kind::Table) => "a table",
        Shape::Value(Kind::Entry) => "an entry",
        Shape::Value(_) | Shape::OfPlace | Shape::OfList | Shape::OfRing => "a value",
        Shape::Place => "a place",
        Shape::Lock => "a lock",
        Shape::List => "a list",
        Shape::Ring => "a ring",
        Shape::Class | Shape::FailClass => "what to allocate",
        Shape::Thing => "a frame, table or object",
        Shape::Target => "a domain or an actor",
        Shape::Actor => "an actor",
        Shape::Grant => "a grant",
        Shape::Condition => "a condition",
    }
}
