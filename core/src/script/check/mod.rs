//! From trees to code: names, kinds, procedures, and what a reader may rely on.
//!
//! [`compile`] takes all programs of one version of a lesson together, since a shared word's kind may show only
//! in another actor's program. It walks them until all kinds are known, then once more to report and to make
//! code; [`flow`] then asks of the code whether every variable has a value where it is read.

mod args;
mod calls;
mod expr;
mod flow;
mod kinds;
mod stmt;

use super::ast::{self, Block, Proc, StmtKind};
use super::code::{Expr, MAX_EFFECTS, MAX_VARS, Program, VarInfo};
use super::error::{File, Problem};
use super::names::{Init, Names};
use super::values::Kind;
use kinds::{Kinds, Ty};
use std::collections::HashMap;
use stmt::Body;

/// One version of a lesson's programs, as trees. Spans are those of one file.
#[derive(Clone, Copy)]
pub struct Unit<'a> {
    /// The file, for the lines that messages name.
    pub file: &'a File,
    /// The names of the world.
    pub names: &'a Names,
    /// The procedures.
    pub procs: &'a [Proc],
    /// The programs, one for each actor of [`Names::actors`].
    pub programs: &'a [Block],
    /// For each actor the variables and labels that any version has: what this one lacks may still be named.
    pub known: &'a [Known],
    /// Conditions of the lesson.
    pub conditions: &'a [ast::Expr],
    /// Where each program works, if not where it was written; empty: all do.
    pub moved: &'a [Moved],
}

/// Where a copy of a program works: in place of the frame numbers and frames that the program names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Moved {
    /// How much its frame numbers are raised.
    pub by: By,
    /// How far in [`Names::frames`] its frames stand behind those that it names.
    pub frames: usize,
}

/// How much the frame numbers of a program are raised.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum By {
    /// By so many.
    Fixed(u64),
    /// By what stands in the variable [`DRAWN`] when a round of the program begins.
    Drawn,
}

/// The variable that says where a program works whose place is drawn. The last one: what it has of its own comes before.
pub const DRAWN: u8 = MAX_VARS as u8 - 1;

/// Names of an actor that conditions may use.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Known {
    /// Variables outside procedures.
    pub vars: Vec<String>,
    /// Labels, also of procedures.
    pub labels: Vec<String>,
}

/// What became of a [`Unit`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Compiled {
    /// The programs, one for each actor.
    pub programs: Vec<Program>,
    /// The conditions, in the order of [`Unit::conditions`].
    pub conditions: Vec<Expr>,
    /// The words that the lesson's own shared words hold at first, in the order of [`Names::words`].
    pub words: Vec<u64>,
}

/// Where an expression stands, and so what it may read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reads {
    /// Only private variables.
    Own,
    /// Places as well: `wait`.
    Places,
    /// Everything: `assert`, `ensure`, `reach`.
    All,
}

/// Adds the names of a program to what is known of its actor. Labels of procedures are added by calling this
/// with their bodies as well, where only the labels count.
pub fn collect(block: &Block, known: &mut Known, vars: bool) {
    let add = |list: &mut Vec<String>, name: &str| {
        if !list.iter().any(|n| n == name) {
            list.push(name.to_string());
        }
    };
    ast::each(block, &mut |s| match &s.kind {
        StmtKind::Assign(n, _) | StmtKind::Action(Some(n), _) | StmtKind::For(n, ..) if vars => {
            add(&mut known.vars, &n.name)
        }
        StmtKind::Label(n) => add(&mut known.labels, &n.name),
        _ => {}
    });
}

/// Checks and compiles all programs and conditions of one version.
pub fn compile(unit: &Unit<'_>) -> Result<Compiled, Vec<Problem>> {
    let n = unit.names;
    let mut kinds = Kinds {
        vars: vec![Vec::new(); unit.programs.len()],
        words: n.words.iter().map(|(_, i)| if *i == Init::None { Ty::None } else { Ty::Lit }).collect(),
        lists: (0..n.lists.len())
            .map(|i| if n.frame_lists.contains(&i) { Ty::Is(Kind::Frame) } else { Ty::Unknown })
            .collect(),
        rings: vec![Ty::Unknown; n.rings.len()],
        labels: vec![Vec::new(); unit.programs.len()],
    };
    // Every round but the last makes some kind better known, which can happen three times to each.
    loop {
        let before = kinds.clone();
        let mut pass = Pass::new(*unit, kinds);
        pass.run();
        kinds = pass.kinds;
        if kinds == before {
            break;
        }
    }
    let mut pass = Pass::new(*unit, kinds);
    let bodies = pass.run();
    let mut problems = pass.problems;
    let mut programs = Vec::new();
    for (i, (mut program, notes)) in bodies.programs.into_iter().enumerate() {
        program.pinned = pass.pinned.get(i).copied().unwrap_or(0);
        if unit.moved.get(i).is_some_and(|m| m.by == By::Drawn) {
            program.vars.resize(MAX_VARS, VarInfo { name: "<place>".into(), kind: Kind::Num });
        }
        if problems.is_empty() {
            flow::check(&mut program, &notes, unit.file, &mut problems);
        }
        programs.push(program);
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let word = |(i, (_, init)): (usize, &(String, Init))| match init {
        Init::Number(n) => *n as u64,
        Init::None => pass.kinds.words[i].kind().none(),
    };
    let words = n.words.iter().enumerate().map(word).collect();
    Ok(Compiled { programs, conditions: bodies.conditions, words })
}

/// One walk over everything.
pub(super) struct Pass<'a> {
    unit: Unit<'a>,
    procs: HashMap<&'a str, &'a Proc>,
    kinds: Kinds,
    problems: Vec<Problem>,
    /// For each actor the variables that a condition names from outside.
    pinned: Vec<u32>,
    /// For each actor its variables outside procedures, in the order of their numbers.
    tops: Vec<Vec<String>>,
}

/// What a walk makes.
struct Bodies {
    programs: Vec<(Program, flow::Notes)>,
    conditions: Vec<Expr>,
}

impl<'a> Pass<'a> {
    fn new(unit: Unit<'a>, kinds: Kinds) -> Pass<'a> {
        let procs = unit.procs.iter().map(|p| (p.name.name.as_str(), p)).collect();
        let tops = unit.programs.iter().map(|b| {
            let mut known = Known::default();
            collect(b, &mut known, true);
            known.vars
        });
        Pass { unit, procs, kinds, problems: Vec::new(), pinned: vec![0; unit.programs.len()], tops: tops.collect() }
    }

    fn wrong(&mut self, span: super::Span, message: impl Into<String>) {
        self.problems.push(Problem::new(span, message));
    }

    fn run(&mut self) -> Bodies {
        let unit = self.unit;
        self.procedures();
        let mut programs = Vec::new();
        for actor in 0..unit.programs.len() {
            let block = &unit.programs[actor];
            let mut body = Body::new(self, actor);
            body.program(block);
            let (program, notes) = body.finish();
            self.kinds.labels[actor] = program.labels.clone();
            self.sizes(actor, &program);
            programs.push((program, notes));
        }
        let mut conditions = Vec::new();
        for c in unit.conditions {
            let mut body = Body::outside(self);
            conditions.push(body.condition(c, Reads::All));
        }
        Bodies { programs, conditions }
    }

    /// The bounds of a program after its procedures are expanded.
    fn sizes(&mut self, actor: usize, program: &Program) {
        let name = &self.unit.names.actors[actor].0;
        let Some(span) = self.unit.programs[actor].first().map(|s| s.span) else { return };
        let drawn = self.unit.moved.get(actor).is_some_and(|m| m.by == By::Drawn);
        let (effects, vars) = (program.effects(), program.vars.len() + drawn as usize);
        if effects > MAX_EFFECTS {
            self.wrong(
                span,
                format!("`{name}` has {effects} effects with its procedures expanded: at most {MAX_EFFECTS}"),
            );
        }
        if vars > MAX_VARS {
            self.wrong(span, format!("`{name}` has {vars} variables with its procedures': at most {MAX_VARS}"));
        }
    }

    /// Procedures have different names, and those that nobody calls are checked as far as one can.
    fn procedures(&mut self) {
        let unit = self.unit;
        for (i, p) in unit.procs.iter().enumerate() {
            let name = &p.name;
            if let Some(first) = unit.procs[..i].iter().find(|q| q.name.name == name.name) {
                let line = unit.file.line(first.name.span);
                self.wrong(name.span, format!("procedure `{}` is there already, at line {line}", name.name));
            }
            if let Some(what) = unit.names.what(&name.name) {
                self.wrong(name.span, format!("`{}` is {what} and cannot name a procedure", name.name));
            }
            let mut body = Body::outside(self);
            body.uncalled(p);
        }
    }
}
