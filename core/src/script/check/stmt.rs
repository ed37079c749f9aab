//! Statements to instructions; procedures are expanded where they are called.

use super::expr::a;
use super::flow::{Construct, Notes};
use super::kinds::{Ty, Typed};
use super::{Known, Pass, Reads, collect};
use crate::script::ast::{self, Action, Block, Name, Proc, Stmt, StmtKind};
use crate::script::code::{Expr, Instr, Op, Origin, Program, Side, VarInfo};
use crate::script::error::{Span, hint};
use crate::script::values::Kind;
use std::collections::HashMap;

/// Instructions, and calls, after which a program is expanded no further.
pub const MAX_INSTRS: usize = 4096;
/// Calls inside calls.
pub const MAX_CALLS: usize = 16;

/// The body of a program or of a condition while it becomes code.
pub struct Body<'p, 'a> {
    pub(super) pass: &'p mut Pass<'a>,
    /// Whose program; nobody's for conditions, and for procedures on their own.
    pub(super) actor: Option<usize>,
    code: Program,
    notes: Notes,
    /// The variables that can be named here, by number.
    scope: HashMap<String, usize>,
    /// The line where each variable got its first value.
    firsts: HashMap<usize, u32>,
    loops: Vec<Loop>,
    /// Where `return` goes: the variable for its value and the jumps to the end of the call.
    returns: Returns,
    /// The procedures around this statement, with the lines of their calls.
    calls: Vec<(String, u32)>,
    /// How many calls were expanded, and whether that was too many.
    expanded: usize,
    stopped: bool,
    /// Labels with the line and byte where they stand and the instruction behind them.
    labels: Vec<(Name, usize)>,
    span: Span,
    comment: Option<String>,
}

#[derive(Default)]
struct Loop {
    breaks: Vec<usize>,
    continues: Vec<usize>,
}

#[derive(Default)]
struct Returns {
    inside: bool,
    value: Option<usize>,
    jumps: Vec<usize>,
}

impl<'p, 'a> Body<'p, 'a> {
    /// The body of an actor's program.
    pub(super) fn new(pass: &'p mut Pass<'a>, actor: usize) -> Body<'p, 'a> {
        Body { actor: Some(actor), ..Body::outside(pass) }
    }

    /// The body of something that is no actor's.
    pub(super) fn outside(pass: &'p mut Pass<'a>) -> Body<'p, 'a> {
        Body {
            pass,
            actor: None,
            code: Program::default(),
            notes: Notes::default(),
            scope: HashMap::new(),
            firsts: HashMap::new(),
            loops: Vec::new(),
            returns: Returns::default(),
            calls: Vec::new(),
            expanded: 0,
            stopped: false,
            labels: Vec::new(),
            span: Span::default(),
            comment: None,
        }
    }

    /// A whole program.
    pub(super) fn program(&mut self, block: &Block) {
        self.declare(block, &[], "");
        self.block(block);
    }

    /// A procedure that is checked without a call: of its variables' kinds nothing is known.
    pub(super) fn uncalled(&mut self, p: &Proc) {
        self.declare(&p.body, &p.params, "");
        self.calls.push((p.name.name.clone(), 0));
        self.returns.inside = true;
        self.block(&p.body);
    }

    /// The code and what [`super::flow`] needs beside it.
    pub(super) fn finish(mut self) -> (Program, Notes) {
        let end = self.emit(Instr::End);
        for j in std::mem::take(&mut self.returns.jumps) {
            self.patch(j, end);
        }
        self.resolve_labels();
        for v in 0..self.code.vars.len() {
            self.code.vars[v].kind = self.var_ty(v).kind();
        }
        (self.code, self.notes)
    }

    pub(super) fn wrong(&mut self, span: Span, message: impl Into<String>) {
        self.pass.wrong(span, message);
    }

    fn line(&self, span: Span) -> u32 {
        self.pass.unit.file.line(span)
    }

    pub(super) fn variable(&self, name: &str) -> Option<usize> {
        self.scope.get(name).copied()
    }

    pub(super) fn variables(&self) -> Vec<&str> {
        self.scope.keys().map(String::as_str).collect()
    }

    pub(super) fn var_ty(&self, v: usize) -> Ty {
        self.actor.and_then(|a| self.pass.kinds.vars[a].get(v)).copied().unwrap_or_default()
    }

    /// Notes that the next instruction reads the variable.
    pub(super) fn note_read(&mut self, v: usize, span: Span) {
        self.notes.reads.push((self.code.instrs.len(), v, span));
    }

    /// Makes numbers for all variables of a block.
    fn declare(&mut self, block: &Block, params: &[Name], prefix: &str) {
        let mut known = Known { vars: params.iter().map(|p| p.name.clone()).collect(), labels: Vec::new() };
        collect(block, &mut known, true);
        self.scope.clear();
        for name in known.vars {
            let v = self.new_var(format!("{prefix}{name}"));
            self.scope.insert(name, v);
        }
    }

    fn new_var(&mut self, name: String) -> usize {
        let v = self.code.vars.len();
        self.code.vars.push(VarInfo { name, kind: Kind::Num });
        if let Some(a) = self.actor {
            let kinds = &mut self.pass.kinds.vars[a];
            if kinds.len() <= v {
                kinds.push(Ty::Unknown);
            }
        }
        v
    }

    pub(super) fn emit(&mut self, instr: Instr) -> usize {
        self.code.instrs.push(instr);
        let line = self.line(self.span);
        let calls = self.calls.iter().map(|(_, l)| *l).collect();
        self.code.origins.push(Origin { span: self.span, line, comment: self.comment.clone(), calls });
        self.code.instrs.len() - 1
    }

    fn patch(&mut self, at: usize, target: usize) {
        match &mut self.code.instrs[at] {
            Instr::Jump(t) | Instr::JumpUnless(_, t) => *t = target,
            _ => {}
        }
    }

    fn here(&self) -> usize {
        self.code.instrs.len()
    }

    fn block(&mut self, block: &[Stmt]) {
        for s in block {
            if self.code.instrs.len() + self.expanded >= MAX_INSTRS {
                if !self.stopped {
                    self.wrong(
                        s.span,
                        format!("more than {MAX_INSTRS} instructions and calls with procedures expanded"),
                    );
                }
                self.stopped = true;
                return;
            }
            self.at(s);
            self.statement(s);
        }
    }

    /// Makes `s` the origin of what is emitted.
    fn at(&mut self, s: &Stmt) {
        self.span = s.span;
        self.comment = s.comment.clone();
    }

    /// A block inside a construct.
    fn inside(&mut self, what: &'static str, s: &Stmt, block: &[Stmt]) {
        let (from, line) = (self.here(), self.line(s.span));
        self.block(block);
        self.at(s);
        self.notes.constructs.push(Construct { what, line, from, to: self.here() });
    }

    fn statement(&mut self, s: &Stmt) {
        match &s.kind {
            StmtKind::Label(name) => self.labels.push((name.clone(), self.here())),
            StmtKind::Assign(name, e) => {
                let t = self.expr(e, Reads::Own);
                self.assign(name, t, e);
            }
            StmtKind::Action(into, Action::Verb(v)) => self.verb(into.as_ref(), v),
            StmtKind::Action(into, Action::Call(name, args)) => self.call_procedure(into.as_ref(), name, args, s),
            StmtKind::If(arms, other) => {
                let mut ends = Vec::new();
                for (i, (c, b)) in arms.iter().enumerate() {
                    let c = self.condition(c, Reads::Own);
                    let skip = self.emit(Instr::JumpUnless(c, 0));
                    self.inside("if", s, b);
                    if i + 1 < arms.len() || other.is_some() {
                        ends.push(self.emit(Instr::Jump(0)));
                    }
                    self.patch(skip, self.here());
                }
                if let Some(b) = other {
                    self.inside("if", s, b);
                }
                for j in ends {
                    self.patch(j, self.here());
                }
            }
            StmtKind::Loop(b) => {
                let top = self.here();
                self.loops.push(Loop::default());
                self.inside("loop", s, b);
                self.end_loop(top, top);
            }
            StmtKind::Repeat(n, b) => {
                let count = self.new_var(format!("<repeat {}>", self.code.vars.len()));
                let n = self.value(n, Kind::Num, "`repeat`");
                self.set(count, Ty::Is(Kind::Num), n);
                let top = self.here();
                self.note_read(count, s.span);
                let more = Expr::Binary(Op::Lt(Side::Num), Box::new(Expr::Const(0)), Box::new(Expr::Var(count as u8)));
                let leave = self.emit(Instr::JumpUnless(more, 0));
                let one = Expr::Binary(Op::Sub(Side::Num), Box::new(Expr::Var(count as u8)), Box::new(Expr::Const(1)));
                self.note_read(count, s.span);
                self.set(count, Ty::Is(Kind::Num), one);
                self.loops.push(Loop::default());
                self.inside("repeat", s, b);
                self.end_loop(top, top);
                self.patch(leave, self.here());
            }
            StmtKind::For(name, from, to, b) => self.range(s, name, (from, to), b),
            StmtKind::Break | StmtKind::Continue => {
                if self.loops.is_empty() {
                    self.wrong(s.span, format!("`{}` stands in no loop", s.kind));
                    return;
                }
                let j = self.emit(Instr::Jump(0));
                if let Some(l) = self.loops.last_mut() {
                    if s.kind == StmtKind::Break { l.breaks.push(j) } else { l.continues.push(j) }
                }
            }
            StmtKind::Return(value) => self.give_back(value.as_ref()),
            StmtKind::Assert(c, text) => {
                let c = self.condition(c, Reads::All);
                self.emit(Instr::Assert(c, text.clone()));
            }
        }
    }

    /// Closes a loop: back to `top`, where `continue` goes to `next`.
    fn end_loop(&mut self, top: usize, next: usize) {
        self.emit(Instr::Jump(top));
        let end = self.here();
        let l = self.loops.pop().unwrap_or_default();
        l.breaks.into_iter().for_each(|j| self.patch(j, end));
        l.continues.into_iter().for_each(|j| self.patch(j, next));
    }

    /// `for`: both ends belong to it, and the step that would pass the last one is not made.
    fn range(&mut self, s: &Stmt, name: &Name, (from, to): (&ast::Expr, &ast::Expr), b: &Block) {
        let last = self.new_var(format!("<for {}>", self.code.vars.len()));
        let t = self.expr(to, Reads::Own);
        let side = if t.ty == Ty::Is(Kind::Gfn) { Side::Gfn } else { Side::Num };
        if side == Side::Num && t.ty.join(Ty::Is(Kind::Num)).is_none() {
            self.wrong(to.span, format!("`for` runs over numbers or frame numbers, `{to}` is {}", a(t.ty)));
            return;
        }
        let (ty, kind) = (t.ty, if side == Side::Gfn { Kind::Gfn } else { Kind::Num });
        let end = t.into_kind(kind);
        self.set(last, ty, end);
        let t = self.expr(from, Reads::Own);
        if t.ty.join(ty).is_none() {
            self.wrong(from.span, format!("`for`: `{from}` is {}, `{to}` {}", a(t.ty), a(ty)));
            return;
        }
        self.assign(name, t, from);
        let Some(v) = self.variable(&name.name) else { return };
        let var = |v: usize| Box::new(Expr::Var(v as u8));
        let top = self.here();
        self.note_read(v, s.span);
        self.note_read(last, s.span);
        let compare = if side == Side::Gfn { Side::Word } else { Side::Num };
        let leave = self.emit(Instr::JumpUnless(Expr::Binary(Op::Le(compare), var(v), var(last)), 0));
        self.loops.push(Loop::default());
        self.inside("for", s, b);
        let next = self.here();
        self.note_read(v, s.span);
        self.note_read(last, s.span);
        let stop = self.emit(Instr::JumpUnless(Expr::Binary(Op::Lt(compare), var(v), var(last)), 0));
        let step = Expr::Binary(Op::Add(side), var(v), Box::new(Expr::Const(1)));
        self.note_read(v, s.span);
        self.set(v, ty, step);
        self.end_loop(top, next);
        self.patch(leave, self.here());
        self.patch(stop, self.here());
    }

    fn give_back(&mut self, value: Option<&ast::Expr>) {
        match (value, self.returns.inside, self.returns.value) {
            (Some(e), false, _) => self.wrong(e.span, "a program returns no value"),
            (Some(e), true, Some(v)) => {
                let t = self.expr(e, Reads::Own);
                self.join(v, t.ty, e.span, &e.to_string());
                let kind = self.var_ty(v).kind();
                self.emit(Instr::Set(v as u8, t.into_kind(kind)));
            }
            // Nobody wants the value; it is checked all the same.
            (Some(e), true, None) => {
                self.expr(e, Reads::Own);
            }
            (None, ..) => {}
        }
        let j = self.emit(Instr::Jump(0));
        self.returns.jumps.push(j);
    }

    /// Gives a variable a value.
    fn assign(&mut self, name: &Name, t: Typed, e: &ast::Expr) {
        let Some(v) = self.target(name) else { return };
        self.join(v, t.ty, name.span, &e.to_string());
        let kind = self.var_ty(v).kind();
        self.emit(Instr::Set(v as u8, t.into_kind(kind)));
    }

    fn set(&mut self, v: usize, ty: Ty, e: Expr) {
        self.join(v, ty, self.span, "");
        self.emit(Instr::Set(v as u8, e));
    }

    /// The variable that is assigned to, if the name may be one.
    pub(super) fn target(&mut self, name: &Name) -> Option<usize> {
        if let Some(what) = self.pass.unit.names.what(&name.name) {
            self.wrong(name.span, format!("`{}` is {what} and cannot be assigned", name.name));
        }
        self.variable(&name.name)
    }

    /// Joins what a variable is given to what it is.
    pub(super) fn join(&mut self, v: usize, ty: Ty, span: Span, what: &str) {
        let Some(a_) = self.actor else { return };
        let line = self.line(span);
        let first = *self.firsts.entry(v).or_insert(line);
        let old = self.var_ty(v);
        match old.join(ty) {
            Some(joined) => self.pass.kinds.vars[a_][v] = joined,
            None => {
                let name = self.code.vars[v].name.clone();
                let name = name.rsplit('.').next().unwrap_or(&name).to_string();
                let what = if what.is_empty() { String::new() } else { format!("`{what}`, ") };
                let at = if first == line { String::new() } else { format!(" (line {first})") };
                self.wrong(span, format!("`{name}` is {}{at} and is given {what}{}", a(old), a(ty)));
            }
        }
    }

    fn call_procedure(&mut self, into: Option<&Name>, name: &Name, args: &[ast::Expr], s: &Stmt) {
        let Some(p) = self.pass.procs.get(name.name.as_str()).copied() else {
            let near = hint(&name.name, self.pass.procs.keys().copied());
            self.wrong(name.span, format!("no procedure named `{}`{near}", name.name));
            return;
        };
        if args.len() != p.params.len() {
            let n = p.params.len();
            let s = if n == 1 { "" } else { "s" };
            self.wrong(name.span, format!("`{}` has {n} parameter{s}, here are {}", name.name, args.len()));
            return;
        }
        if self.calls.iter().any(|(n, _)| *n == name.name) {
            self.wrong(name.span, format!("`{}` calls itself: procedures are expanded, so that cannot be", name.name));
            return;
        }
        if self.actor.is_none() {
            args.iter().for_each(|e| {
                self.expr(e, Reads::Own);
            });
            into.map(|n| self.target(n));
            return;
        }
        if self.calls.len() >= MAX_CALLS {
            self.wrong(name.span, format!("calls are nested more than {MAX_CALLS} deep"));
            return;
        }
        self.expanded += 1;
        let caller = std::mem::take(&mut self.scope);
        self.declare(&p.body, &p.params, &format!("{}.", name.name));
        let callee = std::mem::replace(&mut self.scope, caller);
        for (param, e) in p.params.iter().zip(args) {
            if let Some(what) = self.pass.unit.names.what(&param.name) {
                self.wrong(param.span, format!("`{}` is {what} and cannot name a parameter", param.name));
            }
            let t = self.expr(e, Reads::Own);
            let v = callee[&param.name];
            self.join(v, t.ty, e.span, &e.to_string());
            let kind = self.var_ty(v).kind();
            self.emit(Instr::Set(v as u8, t.into_kind(kind)));
        }
        let value = into.map(|_| self.new_var(format!("<{}>", name.name)));
        let line = self.line(s.span);
        let scope = std::mem::replace(&mut self.scope, callee);
        let loops = std::mem::take(&mut self.loops);
        let returns = std::mem::replace(&mut self.returns, Returns { inside: true, value, jumps: Vec::new() });
        self.calls.push((name.name.clone(), line));
        self.block(&p.body);
        self.calls.pop();
        let returns = std::mem::replace(&mut self.returns, returns);
        self.loops = loops;
        self.scope = scope;
        self.at(s);
        let end = self.here();
        returns.jumps.into_iter().for_each(|j| self.patch(j, end));
        if let (Some(into), Some(v)) = (into, value) {
            self.note_read(v, name.span);
            let t = Typed { expr: Expr::Var(v as u8), ty: self.var_ty(v) };
            let Some(target) = self.target(into) else { return };
            self.join(target, t.ty, into.span, &format!("call {}(..)", name.name));
            let kind = self.var_ty(target).kind();
            self.emit(Instr::Set(target as u8, t.into_kind(kind)));
        }
    }

    /// A label names the effect that comes next if no test on the way fails.
    fn resolve_labels(&mut self) {
        let labels = std::mem::take(&mut self.labels);
        for (i, (name, at)) in labels.iter().enumerate() {
            let other = labels[..i].iter().find(|(n, _)| n.name == name.name && n.span.start != name.span.start);
            if let Some((other, _)) = other {
                let line = self.line(other.span);
                self.wrong(name.span, format!("label `{}` is there already, at line {line}", name.name));
            }
            let Some(effect) = self.effect_from(*at) else {
                // An effect that is wrong may be the one that should have followed.
                if self.pass.problems.is_empty() {
                    self.wrong(name.span, format!("label `{}` names no step: no effect follows", name.name));
                }
                continue;
            };
            match self.code.labels.iter_mut().find(|(n, _)| *n == name.name) {
                Some((_, list)) if list.contains(&effect) => {}
                Some((_, list)) => list.push(effect),
                None => self.code.labels.push((name.name.clone(), vec![effect])),
            }
        }
    }

    fn effect_from(&self, at: usize) -> Option<usize> {
        let mut i = at;
        for _ in 0..=self.code.instrs.len() {
            i = match self.code.instrs.get(i)? {
                Instr::Do(..) => return Some(i),
                Instr::Jump(t) => *t,
                Instr::End => return None,
                _ => i + 1,
            };
        }
        None
    }
}
