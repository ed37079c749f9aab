//! What holds on every path: a variable has a value where it is read, and is forgotten after its last use.
//!
//! Both are found by going over the code until nothing changes: assigned variables forwards (on all paths), live
//! ones backwards (on any path).

use crate::script::code::{Instr, Program, VarSet};
use crate::script::error::{File, Problem, Span};

/// What messages need to know beside the code.
#[derive(Default)]
pub struct Notes {
    /// Which instruction reads which variable, and where that is written.
    pub reads: Vec<(usize, usize, Span)>,
    /// The blocks of the program as ranges of instructions, inner ones first.
    pub constructs: Vec<Construct>,
}

/// A block inside `if`, `loop`, `repeat` or `for`.
pub struct Construct {
    /// Its word.
    pub what: &'static str,
    /// Its line in the file.
    pub line: u32,
    /// Its first instruction.
    pub from: usize,
    /// The instruction after its last.
    pub to: usize,
}

/// Reports what may be read without a value, and fills in [`Program::live`].
pub fn check(program: &mut Program, notes: &Notes, file: &File, problems: &mut Vec<Problem>) {
    let assigned = assigned(program);
    for (at, v, span) in &notes.reads {
        if assigned[*at] & (1 << v) == 0 {
            problems.push(Problem::new(*span, unassigned(program, notes, *at, *v, file)));
        }
    }
    program.live = live(program);
}

fn successors(instrs: &[Instr], i: usize) -> impl Iterator<Item = usize> {
    let (next, jump) = match &instrs[i] {
        Instr::End => (None, None),
        Instr::Jump(t) => (None, Some(*t)),
        Instr::JumpUnless(_, t) => (Some(i + 1), Some(*t)),
        _ => (Some(i + 1), None),
    };
    next.into_iter().chain(jump)
}

fn writes(instr: &Instr) -> VarSet {
    match instr {
        Instr::Do(_, Some(v)) | Instr::Set(v, _) => 1 << v,
        _ => 0,
    }
}

fn reads(instr: &Instr) -> VarSet {
    match instr {
        Instr::Do(call, _) => call.reads(),
        Instr::Set(_, e) | Instr::Assert(e, _) | Instr::JumpUnless(e, _) => e.reads(),
        Instr::Fail(_) | Instr::Jump(_) | Instr::End => 0,
    }
}

/// For each instruction the variables that have a value before it on every path. Where no path leads, all do.
fn assigned(program: &Program) -> Vec<VarSet> {
    let code = &program.instrs;
    let mut before = vec![VarSet::MAX; code.len()];
    before[0] = 0;
    let mut work = vec![0];
    let mut seen = vec![false; code.len()];
    while let Some(i) = work.pop() {
        seen[i] = true;
        let after = before[i] | writes(&code[i]);
        for s in successors(code, i) {
            let meet = before[s] & after;
            if meet != before[s] || !seen[s] {
                before[s] = meet;
                work.push(s);
            }
        }
    }
    before
}

/// For each instruction the variables that are read after it on some path.
fn live(program: &Program) -> Vec<VarSet> {
    let code = &program.instrs;
    let mut after = vec![program.pinned; code.len()];
    loop {
        let mut changed = false;
        for i in (0..code.len()).rev() {
            let set = successors(code, i)
                .map(|s| reads(&code[s]) | after[s] & !writes(&code[s]))
                .fold(program.pinned, |a, b| a | b);
            changed |= set != after[i];
            after[i] = set;
        }
        if !changed {
            return after;
        }
    }
}

/// Why a variable may have no value.
fn unassigned(program: &Program, notes: &Notes, at: usize, v: usize, file: &File) -> String {
    let name = &program.vars[v].name;
    if let Some(procedure) = name.strip_prefix('<') {
        return format!("`{}` may end without `return` and a value", procedure.trim_end_matches('>'));
    }
    let name = name.rsplit('.').next().unwrap_or(name);
    let holds = |c: &Construct, i: usize| c.from <= i && i < c.to;
    let all = || (0..program.instrs.len()).filter(|i| writes(&program.instrs[*i]) & (1 << v) != 0);
    // The outermost block that holds an assignment and not the reading.
    for i in all().filter(|i| *i < at) {
        if let Some(c) = notes.constructs.iter().rev().find(|c| holds(c, i) && !holds(c, at)) {
            return format!(
                "`{name}` may have no value here: it is assigned only inside the `{}` at line {}",
                c.what, c.line
            );
        }
    }
    match all().find(|i| *i >= at) {
        Some(i) => {
            let line = file.line(program.origins[i].span);
            format!("`{name}` has no value here: it is first assigned at line {line}")
        }
        None => format!("`{name}` may have no value here"),
    }
}
