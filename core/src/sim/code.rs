//! What actors run: programs of statements, each a function over `Step`.

use crate::addr::{ActorId, Mfn};
use crate::machine::{VARS, Words, World};
use crate::step::{Step, Stop};
use crate::watch::Broken;

/// The variables of one actor.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Locals {
    /// Their values; 0 where there is none.
    pub vars: [u64; VARS as usize],
    /// Which have a value, one bit each.
    pub assigned: u32,
    /// Which name something that was freed since it was read.
    pub stale: u32,
}

impl Locals {
    /// No variable has a value.
    pub const NONE: Locals = Locals { vars: [0; VARS as usize], assigned: 0, stale: 0 };

    /// Gives a variable a value, fresh or stale.
    pub fn set(&mut self, var: usize, value: u64, stale: bool) {
        self.vars[var] = value;
        self.assigned |= 1 << var;
        self.stale = self.stale & !(1 << var) | (stale as u32) << var;
    }

    /// Forgets all variables but these.
    pub fn keep(&mut self, live: u32) {
        for (i, v) in self.vars.iter_mut().enumerate() {
            if live >> i & 1 == 0 {
                *v = 0;
            }
        }
        self.assigned &= live;
        self.stale &= live;
    }
}

/// What can be freed while a variable names it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Thing {
    /// A frame or table.
    Frame(Mfn),
    /// A heap object.
    Object(u64),
}

/// The programs of a world's actors. A place is a statement with at least one effect.
pub trait Code: Send + Sync {
    /// The first place of an actor, local statements before it done; none if the program has no effect.
    fn start<W: Words>(
        &self,
        world: &World,
        m: &mut W,
        a: ActorId,
        locals: &mut Locals,
        broken: &mut Vec<Broken>,
    ) -> Option<u64>;

    /// Runs the statement at a place. Its arguments come from `locals`, its result is one word.
    fn run<S: Step>(&self, a: ActorId, place: u64, locals: &Locals, s: &mut S) -> Result<u64, Stop>;

    /// What follows a statement's last effect: its result is assigned, local statements run, variables that are not
    /// read again are forgotten. Gives the next place, or none at the end.
    #[allow(clippy::too_many_arguments)]
    fn finish<W: Words>(
        &self,
        world: &World,
        m: &mut W,
        a: ActorId,
        place: u64,
        result: u64,
        locals: &mut Locals,
        broken: &mut Vec<Broken>,
    ) -> Option<u64>;

    /// Whether the result of the statement at a place says that it did not do what it should.
    fn failed(&self, _a: ActorId, _place: u64, _result: u64) -> bool {
        false
    }

    /// Whether the condition holds that the statement at a place waits for.
    fn stated<W: Words>(&self, _world: &World, _m: &mut W, _a: ActorId, _place: u64, _locals: &Locals) -> bool {
        true
    }

    /// The variables whose frame, table or entry's frame the statement at a place touches, one bit each.
    fn touches(&self, _a: ActorId, _place: u64) -> u32 {
        0
    }

    /// The variables that name this thing, one bit each.
    fn names(&self, _world: &World, _a: ActorId, _locals: &Locals, _thing: Thing) -> u32 {
        0
    }

    /// Whether two actors run the same program, which never comes back to its first place, and no program and no
    /// condition names one of them.
    fn alike(&self, _a: ActorId, _b: ActorId) -> bool {
        false
    }

    /// What the lesson asks for when all programs have ended.
    fn at_end<W: Words>(&self, _world: &World, _m: &mut W, _broken: &mut Vec<Broken>) {}
}
