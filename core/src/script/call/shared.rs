//! Rings, lists, objects and pauses.

use super::{Call, bad, unknown};
use crate::addr::{ActorId, DomId, Mfn};
use crate::machine::lists::{self, Element, ListAct};
use crate::machine::objects::ObjectAct;
use crate::machine::pause::{PauseAct, Who};
use crate::machine::ring::{RingAct, Ringed};
use crate::machine::sharing::{Kept, SharingAct};
use crate::machine::{Kind as ActorKind, World};
use crate::ops::Code as Answer;
use crate::script::code::{Arg, Expr, List, Ring};
use crate::script::eval::{self, Env, EvalError};
use crate::script::things::ListKind;
use crate::script::values::Kind;
use crate::script::verbs::{Verb, Word};
use crate::step::{Act, Cond, Effect, Step, Stop};

pub(super) fn run<S: Step>(c: &Call<'_>, s: &mut S) -> Result<u64, Stop> {
    match c.call.verb {
        Verb::Post | Verb::Take => c.ring(s),
        Verb::Insert | Verb::Remove | Verb::First | Verb::Next if c.rmap().is_some() => c.tuples(s),
        Verb::Insert => {
            let (list, x) = (c.list(s)?, c.element(s, Word::Object)?);
            s.act(Act::List(ListAct::Insert(list, x)))
        }
        Verb::Remove => {
            let (list, x) = (c.list(s)?, c.element(s, Word::Object)?);
            s.act(Act::List(ListAct::Remove(list, x)))
        }
        Verb::First => {
            let list = c.list(s)?;
            Ok(thing(s.act(Act::List(ListAct::First(list)))?))
        }
        Verb::Next => {
            let (list, x) = (c.list(s)?, c.element(s, Word::After)?);
            Ok(thing(s.act(Act::List(ListAct::Next(list, x)))?))
        }
        Verb::Pause => {
            let who = c.who(s)?;
            s.act(Act::Pause(PauseAct::Pause(who)))?;
            if !c.call.has(Word::Nowait) {
                s.wait(Cond::Outside(who))?;
            }
            Ok(0)
        }
        Verb::Unpause => {
            let who = c.who(s)?;
            s.act(Act::Pause(PauseAct::Unpause(who)))
        }
        Verb::EnterGuest => s.act(Act::Pause(PauseAct::EnterGuest)),
        Verb::Crash => {
            let slot = s.slot(DomId(c.needed(s, Word::Object)? as u16))?;
            s.act(Act::Pause(PauseAct::Crash(slot)))
        }
        _ => unknown(c),
    }
}

/// `alloc record(F)`: the record, or none where there is none left.
pub(super) fn alloc_record<S: Step>(c: &Call<'_>, s: &mut S, of: &Expr) -> Result<u64, Stop> {
    let mfn = Mfn(c.expr(s, of)?);
    s.page_word(mfn, 0)?;
    let kept = Kept::from_word(s.act(Act::Sharing(SharingAct::Alloc(mfn)))?);
    Ok(if kept == Kept::Yes { mfn.0 } else { Kind::Record.none() })
}

/// `free record(F)`: a record is known by its frame.
pub(super) fn free_record<S: Step>(c: &Call<'_>, s: &mut S) -> Result<u64, Stop> {
    let mfn = c.frame(s)?;
    Ok((s.act(Act::Sharing(SharingAct::Free(mfn)))? > 0) as u64)
}

/// `alloc object`.
pub(super) fn alloc_object<S: Step>(s: &mut S) -> Result<u64, Stop> {
    s.act(Act::Object(ObjectAct::Alloc))
}

/// `free x` of an object.
pub(super) fn free_object<S: Step>(c: &Call<'_>, s: &mut S) -> Result<u64, Stop> {
    match c.needed(s, Word::Object)? {
        u64::MAX => Err(bad(EvalError::NoneUsed)),
        i => s.act(Act::Object(ObjectAct::Free(i))),
    }
}

/// An element of a list as a value: the frame or the object, or none.
pub(in crate::script) fn thing(word: u64) -> u64 {
    match Element::from_word(word) {
        Some(Element::Frame(mfn)) => mfn.0,
        Some(Element::Object(i)) => i,
        None => Kind::Frame.none(),
    }
}

/// The list that is meant; none for one whose elements are no frames or objects, or of an unknown domain.
pub(in crate::script) fn list_of<E: Env + ?Sized>(
    world: &World,
    list: &List,
    vars: &[u64],
    env: &E,
) -> Result<lists::List, EvalError> {
    match list {
        List::Own(i, _) => Ok(lists::List::Own(*i as u8)),
        List::Core(kind, e) => {
            let slot = world.slot(DomId(eval::eval(e, vars, env)? as u16)).ok_or(EvalError::Stray)?;
            match kind {
                ListKind::PageList => Ok(lists::List::Pages(slot)),
                ListKind::PodList => Ok(lists::List::Pod(slot)),
                ListKind::Rmap => Err(EvalError::Stray),
            }
        }
    }
}

impl Call<'_> {
    fn ring<S: Step>(&self, s: &mut S) -> Result<u64, Stop> {
        let (ring, kind) = match self.call.ring() {
            Some(Ring::Own(i, kind)) => (Some(*i as u8), *kind),
            Some(Ring::Domain(e)) => {
                let slot = self.domain(s, e)?;
                (s.world().domain(slot).ring, Kind::Gfn)
            }
            None => (None, Kind::Num),
        };
        // A domain that was never given a ring: its word says so, which is the one effect.
        let (ring, wait) = (ring.unwrap_or(u8::MAX), !self.call.has(Word::Nowait));
        let act = match self.call.verb {
            Verb::Post => RingAct::Post { ring, value: self.needed(s, Word::Equals)?, wait },
            _ => RingAct::Take { ring, wait },
        };
        let [value, became] = s.effect(Effect::Act(Act::Ring(act)))?;
        let answer = match Ringed::from_word(became) {
            Ringed::Done => Answer::Ok,
            Ringed::NotNow => Answer::Ebusy,
            Ringed::NoRing => Answer::Enodev,
        };
        Ok(match (act, answer) {
            (RingAct::Post { .. }, code) => code.word(),
            (RingAct::Take { .. }, Answer::Ok) => value,
            (RingAct::Take { .. }, _) => kind.none(),
        })
    }

    /// The frame whose reverse map the verb is about.
    fn rmap(&self) -> Option<&Expr> {
        match self.call.list() {
            Some(List::Core(ListKind::Rmap, of)) => Some(of),
            _ => None,
        }
    }

    /// A verb about `rmap(F)`, whose elements are the tuples of the frame's sharing record.
    fn tuples<S: Step>(&self, s: &mut S) -> Result<u64, Stop> {
        let of = self.rmap().map_or(Ok(u64::MAX), |e| self.expr(s, e))?;
        s.page_word(Mfn(of), 0)?;
        let mfn = Mfn(of);
        let act = match self.call.verb {
            Verb::Insert => SharingAct::Insert { mfn, g: self.gfn(s, Word::Object)? },
            Verb::Remove => SharingAct::Remove { mfn, g: self.gfn(s, Word::Object)? },
            Verb::First => SharingAct::Nth { mfn, i: 0 },
            _ => SharingAct::Next { mfn, after: self.gfn(s, Word::After)? },
        };
        let result = s.act(Act::Sharing(act))?;
        match act {
            SharingAct::Insert { .. } | SharingAct::Remove { .. } => Ok((Kept::from_word(result) == Kept::Yes) as u64),
            _ => Ok(result),
        }
    }

    fn list<S: Step>(&self, s: &S) -> Result<lists::List, Stop> {
        let list = self.call.list().ok_or(Stop::Bad { what: "a list", value: 0 })?;
        list_of(s.world(), list, &self.locals.vars, &self.room(s.world())).map_err(bad)
    }

    fn element<S: Step>(&self, s: &S, word: Word) -> Result<Element, Stop> {
        let kind = if let Some(Arg::Value(_, kind)) = self.call.arg(word) { *kind } else { Kind::Num };
        match (kind, self.needed(s, word)?) {
            (_, u64::MAX) => Err(bad(EvalError::NoneUsed)),
            (Kind::Object, i) if s.world().map.object(i, 0).is_some() => Ok(Element::Object(i)),
            (Kind::Frame, mfn) => s.page_word(Mfn(mfn), 0).map(|_| Element::Frame(Mfn(mfn))),
            (_, value) => Err(Stop::Bad { what: "an element of a list", value }),
        }
    }

    /// A vCPU, or those of a domain.
    fn who<S: Step>(&self, s: &S) -> Result<Who, Stop> {
        match self.call.arg(Word::Object) {
            Some(Arg::Actor(a)) if s.world().actors.get(*a).is_some_and(|a| a.kind == ActorKind::Vcpu) => {
                Ok(Who::Actor(ActorId(*a as u8)))
            }
            Some(Arg::Domain(e)) => Ok(Who::Domain(self.domain(s, e)?)),
            _ => Err(Stop::Bad { what: "a vCPU or a domain", value: 0 }),
        }
    }
}
