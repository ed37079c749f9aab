//! Running compiled programs: each statement is a function over `Step` that calls a primitive or an operation.
//!
//! A place is the index of a [`Instr::Do`]. Arguments are evaluated from private variables when the statement begins,
//! and again, with the same values, each time it is replayed.

use super::call::Call;
use super::code::{Expr, Instr, Place, Program, VerbCall};
use super::eval::{self, EvalError};
use super::local::Cursor;
use super::place;
use super::room::Room;
use super::values::Kind;
use super::verbs::{Gives, Verb, Word};
use crate::addr::ActorId;
use crate::machine::{VARS, Words, World};
use crate::ops::Code as Answer;
use crate::sim::{Code, Locals, Thing};
use crate::step::{Step, Stop};
use crate::watch::{Broken, Rule};

/// The programs of a lesson's actors in one version.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Script {
    /// One for each actor.
    pub programs: Vec<Program>,
    /// The mfn of each frame that programs name.
    pub frames: Vec<u64>,
    /// What must hold when all have ended, with the words in which it is written.
    pub ensure: Vec<(Expr, String)>,
    /// What must hold in some state of some run.
    pub reach: Vec<(Expr, String)>,
}

impl Script {
    fn program(&self, a: ActorId) -> Option<&Program> {
        self.programs.get(a.0 as usize)
    }

    /// The statement at a place.
    pub fn call(&self, a: ActorId, place: u64) -> Option<&VerbCall> {
        match self.program(a)?.instrs.get(place as usize)? {
            Instr::Do(call, _) => Some(call),
            _ => None,
        }
    }

    /// What an assertion that does not hold says.
    pub(super) fn assertion(&self, a: ActorId, at: usize) -> String {
        let instr = self.program(a).and_then(|p| p.instrs.get(at));
        match instr {
            Some(Instr::Assert(_, Some(text))) => text.clone(),
            _ => {
                let line = self.program(a).and_then(|p| p.origins.get(at)).map_or(0, |o| o.line);
                format!("the assertion at line {line} does not hold")
            }
        }
    }

    /// Which of the `reach` conditions hold now, one bit each.
    pub fn reached<W: Words>(&self, world: &World, m: &mut W) -> u64 {
        let room = Room::whole(world, self, m, ActorId(0));
        let holds = |e: &Expr| eval::holds(e, &[], &room) == Ok(true);
        self.reach.iter().enumerate().map(|(i, (e, _))| (holds(e) as u64) << (i & 63)).fold(0, |set, bit| set | bit)
    }

    /// From an instruction on to the next statement with an effect, local ones done.
    fn go_on<W: Words>(
        &self,
        world: &World,
        m: &mut W,
        a: ActorId,
        from: Option<(u64, u64)>,
        locals: &mut Locals,
        broken: &mut Vec<Broken>,
    ) -> Option<u64> {
        let program = self.program(a)?;
        let mut cursor = Cursor {
            at: from.map_or(0, |f| f.0 as usize),
            vars: locals.vars[..program.vars.len().min(VARS as usize)].to_vec(),
            assigned: locals.assigned,
        };
        let mut room = Room::whole(world, self, m, a);
        room.stale = locals.stale;
        if let Some((at, result)) = from {
            if let Some(Instr::Do(_, Some(into))) = program.instrs.get(at as usize) {
                room.stale &= !(1 << into);
            }
            cursor.done(program, result);
        }
        let ran = cursor.run(program, &mut room);
        let stale = room.stale;
        broken.append(&mut room.broken);
        *locals = Locals { assigned: cursor.assigned, stale: stale & cursor.assigned, ..Locals::NONE };
        locals.vars[..cursor.vars.len()].copy_from_slice(&cursor.vars);
        if let Err(e) = ran {
            let line = program.origins.get(cursor.at).map_or(0, |o| o.line);
            let rule = if e == EvalError::LongLoop { Rule::Hang } else { Rule::Stray };
            broken.push(Broken::by(a, rule, format!("at line {line} {e}; the program ends here")));
            return None;
        }
        if cursor.ended(program) { None } else { Some(cursor.at as u64) }
    }
}

impl Code for Script {
    fn start<W: Words>(
        &self,
        world: &World,
        m: &mut W,
        a: ActorId,
        locals: &mut Locals,
        broken: &mut Vec<Broken>,
    ) -> Option<u64> {
        self.go_on(world, m, a, None, locals, broken)
    }

    fn run<S: Step>(&self, a: ActorId, place: u64, locals: &Locals, s: &mut S) -> Result<u64, Stop> {
        let Some(call) = self.call(a, place) else { return Ok(0) };
        Call { script: self, call, locals, me: a }.run(s)
    }

    fn finish<W: Words>(
        &self,
        world: &World,
        m: &mut W,
        a: ActorId,
        place: u64,
        result: u64,
        locals: &mut Locals,
        broken: &mut Vec<Broken>,
    ) -> Option<u64> {
        self.go_on(world, m, a, Some((place, result)), locals, broken)
    }

    fn failed(&self, a: ActorId, place: u64, result: u64) -> bool {
        let gives = self.call(a, place).map(|call| call.verb.info().gives);
        gives == Some(Gives::Value(Kind::Code)) && result != Answer::Ok.word()
    }

    fn stated<W: Words>(&self, world: &World, m: &mut W, a: ActorId, place: u64, locals: &Locals) -> bool {
        let condition = self.call(a, place).and_then(|c| c.value(Word::Object));
        let room = Room::whole(world, self, m, a);
        condition.is_some_and(|c| eval::holds(c, &locals.vars, &room) == Ok(true))
    }

    fn alike(&self, a: ActorId, b: ActorId) -> bool {
        self.tells_not_apart(a, b)
    }

    fn touches(&self, a: ActorId, place: u64) -> u32 {
        let Some(call) = self.call(a, place) else { return 0 };
        match (call.verb, call.place()) {
            (_, Some(p @ Place::Core(kind, ..))) if place::is_content(*kind) => p.reads(),
            (Verb::Insert | Verb::Remove | Verb::First | Verb::Next, _) => call.reads(),
            _ => 0,
        }
    }

    fn names(&self, world: &World, a: ActorId, locals: &Locals, thing: Thing) -> u32 {
        let Some(program) = self.program(a) else { return 0 };
        let names = |i: usize, kind: Kind| match (kind, thing) {
            (Kind::Frame | Kind::Table, Thing::Frame(mfn)) => locals.vars[i] == mfn.0,
            (Kind::Entry, Thing::Frame(mfn)) => locals.vars[i] != u64::MAX && world.format.mfn(locals.vars[i]) == mfn,
            (Kind::Object, Thing::Object(n)) => locals.vars[i] == n,
            _ => false,
        };
        let vars = program.vars.iter().enumerate().take(VARS as usize);
        vars.filter(|(i, v)| locals.assigned >> i & 1 == 1 && names(*i, v.kind)).fold(0, |set, (i, _)| set | 1 << i)
    }

    fn at_end<W: Words>(&self, world: &World, m: &mut W, broken: &mut Vec<Broken>) {
        let room = Room::whole(world, self, m, ActorId(0));
        for (condition, text) in &self.ensure {
            let why = match eval::holds(condition, &[], &room) {
                Ok(true) => continue,
                Ok(false) => format!("at the end `{text}` does not hold"),
                Err(e) => format!("at the end `{text}` has no value: {e}"),
            };
            broken.push(Broken { rule: Rule::Ensure, actor: None, why });
        }
    }
}
