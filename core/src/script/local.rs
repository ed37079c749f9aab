//! What a program does between two effects: assignments, tests, jumps.
//!
//! A runner keeps a [`Cursor`] in the program: it always stands at an instruction that acts, or at the
//! end. After each effect it stores the result and lets [`Cursor::run`] go on to the next one; local statements
//! thus belong to the effect that they follow, those at the top to the first state.

use super::code::{Instr, Program, Var, VarSet};
use super::eval::{Env, EvalError, eval, holds};
use super::things::Class;

/// Rounds of loops without an effect after which a program is stopped.
pub const MAX_ROUNDS: usize = 10_000;

/// Where an actor is in its program. Equal cursors behave equally: dead variables are cleared.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Cursor {
    /// The instruction that is next: one that acts, or the end.
    pub at: usize,
    /// The words of the variables; those that are not live are 0.
    pub vars: Vec<u64>,
    /// Which variables have a value.
    pub assigned: VarSet,
}

/// What the runner must know of local statements.
pub trait Local: Env {
    /// An assertion was met at that instruction: it holds, it does not, or it has no value.
    fn assertion(&mut self, at: usize, outcome: Result<bool, EvalError>);
    /// The actor's next allocation of that class is to fail.
    fn fail(&mut self, class: Class);
    /// A variable got a value from an expression that read these variables, so that what is known of them (freed
    /// since) passes on.
    fn assigned(&mut self, var: Var, from: VarSet);
}

impl Cursor {
    /// At the beginning of the program, before its first local statements.
    pub fn new(program: &Program) -> Cursor {
        Cursor { at: 0, vars: vec![0; program.vars.len()], assigned: 0 }
    }

    /// The effect at [`Cursor::at`] has given `result`: stores it and goes to the instruction behind.
    pub fn done(&mut self, program: &Program, result: u64) {
        if let Some(Instr::Do(_, into)) = program.instrs.get(self.at) {
            if let Some(v) = into {
                self.set(*v, result);
            }
            self.forget(program);
            self.at += 1;
        }
    }

    /// Runs local statements up to the next effect or the end. On an error the cursor stands at the statement
    /// that has no value.
    pub fn run<L: Local + ?Sized>(&mut self, program: &Program, room: &mut L) -> Result<(), EvalError> {
        let mut rounds = 0;
        while let Some(instr) = program.instrs.get(self.at) {
            let mut next = self.at + 1;
            match instr {
                Instr::Do(..) | Instr::End => return Ok(()),
                Instr::Fail(class) => room.fail(*class),
                Instr::Set(v, e) => {
                    let value = eval(e, &self.vars, room)?;
                    self.set(*v, value);
                    room.assigned(*v, e.reads());
                }
                Instr::Assert(c, _) => {
                    let outcome = holds(c, &self.vars, room);
                    room.assertion(self.at, outcome);
                }
                Instr::Jump(to) => next = *to,
                Instr::JumpUnless(c, to) => {
                    if eval(c, &self.vars, room)? == 0 {
                        next = *to;
                    }
                }
            }
            self.forget(program);
            if next <= self.at {
                rounds += 1;
                if rounds > MAX_ROUNDS {
                    return Err(EvalError::LongLoop);
                }
            }
            self.at = next;
        }
        Ok(())
    }

    /// Whether the program has ended.
    pub fn ended(&self, program: &Program) -> bool {
        matches!(program.instrs.get(self.at), None | Some(Instr::End))
    }

    /// The value of a variable, if it has one.
    pub fn var(&self, var: Var) -> Option<u64> {
        let there = self.assigned & (1u32.checked_shl(var as u32)?) != 0;
        self.vars.get(var as usize).copied().filter(|_| there)
    }

    fn set(&mut self, var: Var, value: u64) {
        if let Some(word) = self.vars.get_mut(var as usize) {
            *word = value;
            self.assigned |= 1 << var;
        }
    }

    /// Clears what nobody reads after the present instruction.
    fn forget(&mut self, program: &Program) {
        let live = program.live.get(self.at).copied().unwrap_or(0);
        let mut dead = self.assigned & !live;
        self.assigned &= live;
        while dead != 0 {
            self.vars[dead.trailing_zeros() as usize] = 0;
            dead &= dead - 1;
        }
    }
}
