//! What expressions see: the world, and in conditions the words.

use super::call::shared::list_of;
use super::code::{List, Query, VarSet};
use super::eval::{self, Env, EvalError, LockAt, PlaceAt};
use super::local::Local;
use super::place;
use super::run::Script;
use super::things::{Class, Field, ListKind, LockKind, PlaceKind, QueryKind};
use super::values::Kind;
use crate::addr::{ActorId, DomGfn, DomId, Mfn, Order};
use crate::entry::{Access, Decoded, Leaf, LeafCtx, P2mType};
use crate::lock::{self, Lock, Mode, policy};
use crate::machine::{self, FrameWord, GhostWord, Words, World, dirty, frames, lists, pte, recalc, ring, sharing};
use crate::ops::query::answer;
use crate::perform::ready;
use crate::sim::{Code, Locals, Log, Replay};
use crate::step::{Cond, Effect};
use crate::watch::{Broken, Rule};
use std::cell::RefCell;

/// The world as expressions see it, with its words where they may be read.
pub struct Room<'a, W> {
    /// What is fixed.
    pub world: &'a World,
    /// The programs.
    pub script: &'a Script,
    /// The words; none where only private variables may be read.
    pub words: Option<RefCell<&'a mut W>>,
    /// Who evaluates.
    pub me: ActorId,
    /// Which variables name something freed.
    pub stale: u32,
    /// Assertions that do not hold.
    pub broken: Vec<Broken>,
}

impl<'a, W: Words> Room<'a, W> {
    /// A room in which everything may be read.
    pub fn whole(world: &'a World, script: &'a Script, words: &'a mut W, me: ActorId) -> Room<'a, W> {
        Room { world, script, words: Some(RefCell::new(words)), me, stale: 0, broken: Vec::new() }
    }

    fn read<T>(&self, f: impl FnOnce(&mut W) -> Result<T, EvalError>) -> Result<T, EvalError> {
        let words = self.words.as_ref().ok_or(EvalError::Stray)?;
        let mut m = words.try_borrow_mut().map_err(|_| EvalError::Stray)?;
        f(*m)
    }

    fn at(&self, a: usize, of: &[usize]) -> Result<u64, EvalError> {
        let ghost = |m: &mut W, w| m.get(self.world.map.ghost(ActorId(a as u8), w));
        self.read(|m| {
            let begins = ghost(m, GhostWord::LogLen) == 0 && ghost(m, GhostWord::Ended) == 0;
            Ok((begins && of.contains(&(ghost(m, GhostWord::Place) as usize))) as u64)
        })
    }

    fn done(&self, a: usize) -> Result<bool, EvalError> {
        self.read(|m| Ok(m.get(self.world.map.ghost(ActorId(a as u8), GhostWord::Ended)) == 1))
    }

    /// Whether the actor's next effect must wait.
    fn waits(&self, a: usize) -> Result<bool, EvalError> {
        let a = ActorId(a as u8);
        if self.done(a.0 as usize)? {
            return Ok(false);
        }
        let (place, locals, mut log) = self.read(|m| {
            let map = &self.world.map;
            let len = m.get(map.ghost(a, GhostWord::LogLen));
            let words: Vec<u64> = (0..len).map(|i| m.get(map.log(a, i))).collect();
            let log = Log::new(words.into_iter(), m.get(map.ghost(a, GhostWord::LogScopes)));
            Ok((m.get(map.ghost(a, GhostWord::Place)), locals(self.world, m, a), log))
        })?;
        let mut run = Replay::new(self.world, a, &mut log);
        let _ = self.script.run(a, place, &locals, &mut run);
        match run.pending {
            Some(e) => self.read(|m| {
                let stated = || e == Effect::Wait(Cond::Stated);
                Ok(!ready(m, self.world, a, &e) || stated() && !self.script.stated(self.world, m, a, place, &locals))
            }),
            None => Ok(false),
        }
    }

    fn holds(&self, a: usize, of: LockAt) -> Result<bool, EvalError> {
        let me = ActorId(a as u8);
        let lock = lock_of(self.world, of)?;
        self.read(|m| Ok(lock::holders(m, self.world, lock).iter().any(|h| h.0 == me)))
    }
}

/// An actor's variables, from its ghost words.
fn locals<W: Words>(world: &World, m: &mut W, a: ActorId) -> Locals {
    let mut locals = Locals { assigned: m.get(world.map.ghost(a, GhostWord::Assigned)) as u32, ..Locals::NONE };
    locals.stale = m.get(world.map.ghost(a, GhostWord::Stale)) as u32;
    for i in 0..machine::VARS {
        locals.vars[i as usize] = m.get(world.map.var(a, i));
    }
    locals
}

/// The core's lock that is meant. `gfn(g)` is its range, or the whole table where the policy has no ranges.
pub fn lock_of(world: &World, of: LockAt) -> Result<Lock, EvalError> {
    let slot = |d: u64| world.slot(DomId(d as u16)).ok_or(EvalError::Stray);
    Ok(match of {
        LockAt::Own(i) => Lock::Named(i as u8),
        LockAt::Core(LockKind::Gfn, g) => {
            let g = DomGfn::from_word(g);
            let slot = slot(g.dom.0 as u64)?;
            policy::for_update(world, slot, g.gfn).range.unwrap_or(Lock::Global(slot))
        }
        LockAt::Core(LockKind::P2m, d) => Lock::Global(slot(d)?),
        LockAt::Core(LockKind::Domctl, _) => Lock::Domctl,
        LockAt::Core(LockKind::Grant, d) => Lock::Grant(slot(d)?),
        LockAt::Core(LockKind::Nestedp2m, d) => Lock::Nested(slot(d)?),
        LockAt::Core(LockKind::Pod, d) => Lock::Pod(slot(d)?),
        LockAt::Core(LockKind::PageAlloc, d) => Lock::PageAlloc(slot(d)?),
        LockAt::Core(LockKind::Paging, d) => Lock::Paging(slot(d)?),
        LockAt::Core(LockKind::Structure, d) => Lock::Structure(slot(d)?),
        LockAt::Core(LockKind::Altp2m, d) => Lock::Altp2m(slot(d)?),
        LockAt::Core(LockKind::Page, mfn) if world.map.frame(Mfn(mfn), FrameWord::Type).is_some() => Lock::Page(mfn),
        LockAt::Core(LockKind::Page, _) => return Err(EvalError::Stray),
    })
}

/// How `lock L` and `unlock L` hold it, but for `lock gfn(g) shared`.
pub const MODE: Mode = Mode::Exclusive;

impl<W: Words> Env for Room<'_, W> {
    fn frame(&self, index: usize) -> u64 {
        self.script.frames.as_slice().get(index).copied().unwrap_or(Kind::Frame.none())
    }

    fn range(&self, gfn: DomGfn) -> u64 {
        self.world.range(gfn.gfn)
    }

    fn field(&self, entry: u64, field: Field) -> Result<u64, EvalError> {
        let format = self.world.format;
        let leaf = match format.decode(format.taken_at(entry), format.stored(entry)) {
            Decoded::Leaf(leaf) => leaf,
            _ => Leaf { emt: 0, ipat: false, ..Leaf::new(P2mType::Invalid, Access::N, Mfn::INVALID, Order::K4) },
        };
        Ok(match field {
            Field::Type => leaf.ty as u64,
            Field::Mfn if leaf.has_frame() => leaf.mfn.0,
            Field::Mfn => Kind::Frame.none(),
            Field::Access => leaf.access.code(),
            Field::Order => leaf.order.bits() as u64,
            Field::Table => format.mfn(entry).0,
            Field::Present => format.present(entry) as u64,
        })
    }

    fn leaf(&self, frame: u64, ty: u64, order: u64) -> Result<u64, EvalError> {
        let ty = P2mType::all().get(ty as usize).copied().ok_or(EvalError::Stray)?;
        let order = Order::new(order).ok_or(EvalError::Overflow)?;
        let format = self.world.format;
        let leaf = format.leaf(&Leaf::new(ty, Access::Rwx, Mfn(frame), order), &LeafCtx::default());
        Ok(format.taken(leaf, order.level()))
    }

    fn link(&self, table: u64) -> Result<u64, EvalError> {
        Ok(self.world.format.link(Mfn(table)))
    }

    fn record(&self, frame: u64) -> Result<u64, EvalError> {
        Ok(frame)
    }

    fn place(&self, at: PlaceAt) -> Result<u64, EvalError> {
        if let PlaceAt::Core(PlaceKind::Dirty, g, ..) = at {
            let g = DomGfn::from_word(g);
            let slot = self.world.slot(g.dom).ok_or(EvalError::Stray)?;
            return self.read(|m| Ok(dirty::bit(m, self.world, slot, g.gfn) as u64));
        }
        if let PlaceAt::Core(PlaceKind::Pte, g, level, field) = at {
            let entry = self.read(|m| {
                let word = pte::find(m, self.world, DomGfn::from_word(g), level as u8).ok_or(EvalError::Stray)?;
                Ok(self.world.format.taken(m.get(word), level as u8))
            })?;
            return field.map_or(Ok(entry), |f| self.field(entry, f));
        }
        let part = place::part(self.world, at).ok_or(EvalError::Stray)?;
        self.read(|m| Ok(part.value(m.get(part.word))))
    }

    fn query(&self, query: QueryKind, of: u64) -> Result<u64, EvalError> {
        self.read(|m| {
            Ok(match query {
                QueryKind::Entry => {
                    let g = DomGfn::from_word(of);
                    let (entry, level) = recalc::looked_up(m, self.world, g).ok_or(EvalError::Stray)?;
                    answer(self.world, g, entry, level)
                }
                QueryKind::Free => frames::is_free(m, self.world, Mfn(of)) as u64,
                QueryKind::Sharers => sharing::len(m, self.world, Mfn(of)),
                QueryKind::Space => {
                    let slot = self.world.slot(DomId(of as u16)).ok_or(EvalError::Stray)?;
                    let ring = self.world.domain(slot).ring;
                    ring.map_or(0, |r| ring::slots(self.world, r).saturating_sub(ring::len(m, self.world, r)))
                }
                _ => return Err(EvalError::Stray),
            })
        })
    }

    fn ask(&self, query: &Query, vars: &[u64]) -> Result<u64, EvalError> {
        match query {
            Query::At(a, labels) => self.at(*a, labels),
            Query::Done(a) => Ok(self.done(*a)? as u64),
            Query::Waits(a) => Ok(self.waits(*a)? as u64),
            Query::Holds(a, lock) => Ok(self.holds(*a, eval::lock(lock, vars, self)?)? as u64),
            Query::Var(a, v) => self.read(|m| {
                let a = ActorId(*a as u8);
                let there = m.get(self.world.map.ghost(a, GhostWord::Assigned)) >> v & 1 == 1;
                if there { Ok(m.get(self.world.map.var(a, *v as u64))) } else { Err(EvalError::Unassigned) }
            }),
            Query::Length(List::Core(ListKind::Rmap, of)) => {
                let mfn = eval::eval(of, vars, self)?;
                self.read(|m| Ok(sharing::len(m, self.world, Mfn(mfn))))
            }
            Query::Length(list) => {
                let list = list_of(self.world, list, vars, self)?;
                self.read(|m| Ok(lists::all(m, self.world, list).len() as u64))
            }
            Query::Value(..) | Query::Nothing => Err(EvalError::Stray),
        }
    }
}

impl<W: Words> Local for Room<'_, W> {
    fn assertion(&mut self, at: usize, outcome: Result<bool, EvalError>) {
        if outcome == Ok(true) {
            return;
        }
        let why = match outcome {
            Err(e) => format!("the assertion has no value: {e}"),
            Ok(_) => self.script.assertion(self.me, at),
        };
        self.broken.push(Broken::by(self.me, Rule::Assert, why));
    }

    fn fail(&mut self, class: Class) {
        let class = match class {
            Class::Frame => machine::Class::Frame,
            Class::Table => machine::Class::Table,
            Class::Object => machine::Class::Object,
            Class::Record => machine::Class::Record,
        };
        let (world, me) = (self.world, self.me);
        let _ = self.read(|m| {
            frames::fail_next(m, world, me, class);
            Ok(())
        });
    }

    fn assigned(&mut self, var: u8, from: VarSet) {
        let stale = self.stale & from != 0;
        self.stale = self.stale & !(1 << var) | (stale as u32) << var;
    }
}
