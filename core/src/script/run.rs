//! Running compiled programs: each statement is a function over `Step` that calls a primitive or an operation.
//!
//! A place is the index of a [`Instr::Do`]. Arguments are evaluated from private variables when the statement begins,
//! and again, with the same values, each time it is replayed.

use super::code::{Arg, Expr, Instr, Place, Program, VerbCall};
use super::eval::{self, EvalError, LockAt, PlaceAt};
use super::local::Cursor;
use super::place::{self, Part};
use super::room::{MODE, Room, lock_of};
use super::things::{Class, LockKind};
use super::values::Kind;
use super::verbs::{Gives, Verb, Word};
use crate::addr::{ActorId, DomGfn, DomId, Mfn, Order};
use crate::entry::{Access, P2mType};
use crate::lock::policy;
use crate::machine::{VARS, Words, World, tlb};
use crate::ops::table::{NewEntry, flush, set_entry};
use crate::ops::{Code as Answer, guest, paging, physmap, query};
use crate::sim::{Code, Locals};
use crate::step::{Act, Cond, Effect, Page, Step, Stop};
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

    fn touches(&self, a: ActorId, place: u64) -> u32 {
        match self.call(a, place).and_then(VerbCall::place) {
            Some(p @ Place::Core(kind, ..)) if place::is_content(*kind) => p.reads(),
            _ => 0,
        }
    }

    fn names(&self, world: &World, a: ActorId, locals: &Locals, mfn: Mfn) -> u32 {
        let Some(program) = self.program(a) else { return 0 };
        let names = |i: usize, kind: Kind| match kind {
            Kind::Frame | Kind::Table => locals.vars[i] == mfn.0,
            Kind::Entry => locals.vars[i] != u64::MAX && world.format.mfn(locals.vars[i]) == mfn,
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

/// One statement with the variables that it reads.
struct Call<'a> {
    script: &'a Script,
    call: &'a VerbCall,
    locals: &'a Locals,
    me: ActorId,
}

/// An argument that has no value stops the program.
fn bad(e: EvalError) -> Stop {
    let what = match e {
        EvalError::NoneUsed => "a thing, not `none`",
        EvalError::Overflow => "a number in range",
        EvalError::TwoDomains => "frame numbers of one domain",
        EvalError::Index => "a level or index that exists",
        EvalError::Unassigned => "a variable with a value",
        EvalError::Stray | EvalError::LongLoop => "something that is there",
    };
    Stop::Bad { what, value: 0 }
}

impl Call<'_> {
    fn room<'w>(&'w self, world: &'w World) -> Room<'w, Vec<u64>> {
        Room { world, script: self.script, words: None, me: self.me, stale: 0, broken: Vec::new() }
    }

    fn expr<S: Step>(&self, s: &S, e: &Expr) -> Result<u64, Stop> {
        eval::eval(e, &self.locals.vars, &self.room(s.world())).map_err(bad)
    }

    fn value<S: Step>(&self, s: &S, word: Word) -> Result<Option<u64>, Stop> {
        self.call.value(word).map(|e| self.expr(s, e)).transpose()
    }

    /// An argument that the verb's row says is there.
    fn needed<S: Step>(&self, s: &S, word: Word) -> Result<u64, Stop> {
        self.value(s, word)?.ok_or(Stop::Bad { what: "an argument", value: 0 })
    }

    fn gfn<S: Step>(&self, s: &S, word: Word) -> Result<DomGfn, Stop> {
        match self.needed(s, word)? {
            u64::MAX => Err(bad(EvalError::NoneUsed)),
            g => Ok(DomGfn::from_word(g)),
        }
    }

    fn frame<S: Step>(&self, s: &S) -> Result<Mfn, Stop> {
        match self.needed(s, Word::Object)? {
            u64::MAX => Err(bad(EvalError::NoneUsed)),
            mfn => s.page_word(Mfn(mfn), 0).map(|_| Mfn(mfn)),
        }
    }

    fn part<S: Step>(&self, s: &S) -> Result<Part, Stop> {
        let at = self.call.place().ok_or(Stop::Bad { what: "a place", value: 0 })?;
        let at = eval::place(at, &self.locals.vars, &self.room(s.world())).map_err(bad)?;
        let of = if let PlaceAt::Core(_, of, ..) = at { of } else { 0 };
        place::part(s.world(), at).ok_or(Stop::Bad { what: "a place of the machine", value: of })
    }

    fn run<S: Step>(&self, s: &mut S) -> Result<u64, Stop> {
        let code = |c: Answer| Ok(c.word());
        match self.call.verb {
            Verb::Load => {
                let part = self.part(s)?;
                Ok(part.value(s.load(part.word)?))
            }
            Verb::Store => self.store(s),
            Verb::Add => self.add(s),
            Verb::Swap => self.swap(s),
            Verb::Cas => self.cas(s),
            Verb::Lookup => query::lookup(s, self.gfn(s, Word::Object)?),
            Verb::SetEntry => self.set_entry(s),
            Verb::HwRead => {
                let g = self.gfn(s, Word::Object)?;
                Ok(guest::access(s, g, tlb::Access::Read)?.unwrap_or(Kind::Num.none()))
            }
            Verb::HwWrite => {
                let (g, v) = (self.gfn(s, Word::Object)?, self.needed(s, Word::Equals)?);
                code(guest::access(s, g, tlb::Access::Write(v))?.map_or(Answer::Fault, |_| Answer::Ok))
            }
            Verb::Flush => self.flush(s),
            Verb::Lock => self.lock(s),
            Verb::Unlock => self.unlock(s),
            Verb::GetPage => {
                let mfn = self.frame(s)?;
                let dom = self.value(s, Word::For)?.map(|d| DomId(d as u16));
                s.act(Act::GetPage { mfn, dom })
            }
            Verb::PutPage => {
                let mfn = self.frame(s)?;
                s.act(Act::PutPage(mfn))
            }
            Verb::Alloc => self.alloc(s),
            Verb::Free => self.free(s),
            Verb::Fill => {
                let (table, entry) = (self.frame(s)?, self.needed(s, Word::From)?);
                s.page(Page::Fill { table, entry, level: 1 })
            }
            Verb::Wait => s.wait(Cond::Stated).map(|()| 0),
            Verb::GetGfn | Verb::GetGfnQuery => query::get_gfn(s, self.gfn(s, Word::Object)?),
            Verb::PutGfn => query::put_gfn(s, self.gfn(s, Word::Object)?).map(|()| 0),
            Verb::GetTwoGfns | Verb::PutTwoGfns => {
                let (g, h) = (self.gfn(s, Word::Object)?, self.gfn(s, Word::With)?);
                match self.call.verb {
                    Verb::GetTwoGfns => query::get_two_gfns(s, g, h)?,
                    _ => query::put_two_gfns(s, g, h)?,
                }
                Ok(0)
            }
            Verb::GetPageFromGfn => Ok(query::get_page_from_gfn(s, self.gfn(s, Word::Object)?)?.0),
            Verb::Nominate => code(paging::nominate(s, self.gfn(s, Word::Object)?)?),
            Verb::Evict => code(paging::evict(s, self.gfn(s, Word::Object)?)?),
            Verb::Increase => code(physmap::increase(s, self.gfn(s, Word::Object)?)?),
            _ => Err(Stop::Bad { what: "a verb that is offered", value: self.call.verb as u64 }),
        }
    }

    fn store<S: Step>(&self, s: &mut S) -> Result<u64, Stop> {
        let (part, v) = (self.part(s)?, self.needed(s, Word::Equals)?);
        let bits = part.bits(v);
        s.effect(match part.whole() {
            true => Effect::Store(part.word, bits),
            false => Effect::StoreBits { word: part.word, mask: part.mask, bits },
        })?;
        Ok(0)
    }

    fn add<S: Step>(&self, s: &mut S) -> Result<u64, Stop> {
        let (part, n) = (self.part(s)?, self.needed(s, Word::By)?);
        if part.whole() {
            return s.add(part.word, n);
        }
        self.exchange(s, part, |old| Some(old.wrapping_add(n))).map(|old| part.value(part.bits(old.wrapping_add(n))))
    }

    fn swap<S: Step>(&self, s: &mut S) -> Result<u64, Stop> {
        let (part, v) = (self.part(s)?, self.needed(s, Word::Equals)?);
        if part.whole() {
            return Ok(part.value(s.effect(Effect::Swap(part.word, part.bits(v)))?[0]));
        }
        self.exchange(s, part, |_| Some(v))
    }

    fn cas<S: Step>(&self, s: &mut S) -> Result<u64, Stop> {
        let part = self.part(s)?;
        let (from, to) = (self.needed(s, Word::From)?, self.needed(s, Word::To)?);
        if part.whole() {
            return Ok(s.cas(part.word, part.bits(from), part.bits(to))? as u64);
        }
        Ok((self.exchange(s, part, |old| (old == from).then_some(to))? == from) as u64)
    }

    /// Changes a part of a word: reads it, and compares and exchanges the whole. Gives the part's old value.
    fn exchange<S: Step>(&self, s: &mut S, part: Part, new: impl Fn(u64) -> Option<u64>) -> Result<u64, Stop> {
        s.retry(|s| {
            let word = s.load(part.word)?;
            let old = part.value(word);
            let Some(new) = new(old) else { return Ok(Some(old)) };
            let next = word & !part.mask | part.bits(new);
            Ok(s.cas(part.word, word, next)?.then_some(old))
        })
    }

    fn set_entry<S: Step>(&self, s: &mut S) -> Result<u64, Stop> {
        let g = self.gfn(s, Word::Object)?;
        let mfn = Mfn(self.needed(s, Word::Equals)?);
        let ty = P2mType::all().get(self.needed(s, Word::As)? as usize).copied().unwrap_or(P2mType::Invalid);
        let access = self.value(s, Word::With)?.and_then(Access::from_code).unwrap_or(Access::Rwx);
        let Some(order) = Order::new(self.value(s, Word::Order)?.unwrap_or(0)) else {
            return Ok(Answer::Einval.word());
        };
        Ok(set_entry(s, g, NewEntry { mfn, ty, access, order })?.word())
    }

    fn flush<S: Step>(&self, s: &mut S) -> Result<u64, Stop> {
        match self.call.arg(Word::Object) {
            Some(Arg::Actor(a)) => s.act(Act::Flush(ActorId(*a as u8))),
            Some(Arg::Domain(e)) => {
                let slot = s.slot(DomId(self.expr(s, e)? as u16))?;
                flush(s, slot).map(|()| 0)
            }
            _ => Err(Stop::Bad { what: "a domain or an actor", value: 0 }),
        }
    }

    fn lock_at<S: Step>(&self, s: &S) -> Result<LockAt, Stop> {
        let lock = self.call.lock().ok_or(Stop::Bad { what: "a lock", value: 0 })?;
        eval::lock(lock, &self.locals.vars, &self.room(s.world())).map_err(bad)
    }

    fn lock<S: Step>(&self, s: &mut S) -> Result<u64, Stop> {
        let at = self.lock_at(s)?;
        let nowait = self.call.has(Word::Nowait);
        let got = match at {
            LockAt::Core(LockKind::Gfn, g) if !nowait => query::lock_entry(s, DomGfn::from_word(g)).map(|()| true)?,
            LockAt::Core(LockKind::Gfn, g) => try_entry(s, DomGfn::from_word(g))?,
            _ => {
                let lock = lock_of(s.world(), at).map_err(bad)?;
                if nowait { s.try_lock(lock, MODE)? } else { s.lock(lock, MODE)? }
            }
        };
        Ok(if got { Answer::Ok } else { Answer::Ebusy }.word())
    }

    fn unlock<S: Step>(&self, s: &mut S) -> Result<u64, Stop> {
        match self.lock_at(s)? {
            LockAt::Core(LockKind::Gfn, g) => query::unlock_entry(s, DomGfn::from_word(g))?,
            at => {
                let lock = lock_of(s.world(), at).map_err(bad)?;
                s.unlock(lock, MODE)?;
            }
        }
        Ok(0)
    }

    fn alloc<S: Step>(&self, s: &mut S) -> Result<u64, Stop> {
        let Some(Arg::Class(class, Some(of))) = self.call.arg(Word::Object) else {
            return Err(Stop::Bad { what: "a class", value: 0 });
        };
        let slot = s.slot(DomId(self.expr(s, of)? as u16))?;
        match class {
            Class::Frame => s.act(Act::AllocFrame(slot)),
            _ => s.act(Act::AllocTable(slot)),
        }
    }

    fn free<S: Step>(&self, s: &mut S) -> Result<u64, Stop> {
        let mfn = self.frame(s)?;
        match self.call.arg(Word::Object) {
            Some(Arg::Value(_, Kind::Table)) => s.act(Act::FreeTable(mfn)),
            _ => Ok(physmap::give_back(s, mfn)? as u64),
        }
    }
}

/// `lock gfn(g) nowait`: all that an update takes, or nothing.
fn try_entry<S: Step>(s: &mut S, g: DomGfn) -> Result<bool, Stop> {
    let slot = s.slot(g.dom)?;
    let plan = policy::for_update(s.world(), slot, g.gfn);
    let global = crate::lock::Lock::Global(slot);
    if let Some(mode) = plan.global
        && !s.try_lock(global, mode)?
    {
        return Ok(false);
    }
    if let Some(range) = plan.range
        && !s.try_lock(range, MODE)?
    {
        if let Some(mode) = plan.global {
            s.unlock(global, mode)?;
        }
        return Ok(false);
    }
    Ok(true)
}
