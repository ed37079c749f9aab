//! Primitives: shared words, locks, references, allocation.

use super::{Call, bad, log_dirty, pte, shared, unknown};
use crate::addr::{ActorId, DomGfn, DomId};
use crate::lock::Lock;
use crate::ops::Code as Answer;
use crate::ops::table::flush;
use crate::ops::{physmap, query, refs};
use crate::script::code::Arg;
use crate::script::eval::{self, LockAt};
use crate::script::place::{Part, page_type};
use crate::script::room::{MODE, lock_of};
use crate::script::things::{Class, LockKind};
use crate::script::values::Kind;
use crate::script::verbs::{Verb, Word};
use crate::step::{Act, Cond, Effect, Page, Step, Stop};

pub(super) fn run<S: Step>(c: &Call<'_>, s: &mut S) -> Result<u64, Stop> {
    if let Some(result) = pte::word(c, s)? {
        return Ok(result);
    }
    if let Some(result) = log_dirty::bit(c, s)? {
        return Ok(result);
    }
    match c.call.verb {
        Verb::Load => {
            let part = c.part(s)?;
            Ok(part.value(s.load(part.word)?))
        }
        Verb::Store => c.store(s),
        Verb::Add => c.add(s),
        Verb::Swap => c.swap(s),
        Verb::Cas => c.cas(s),
        Verb::Flush => c.flush(s),
        Verb::Lock => c.lock(s),
        Verb::Unlock => c.unlock(s),
        Verb::GetPage => {
            let mfn = c.frame(s)?;
            let dom = c.value(s, Word::For)?.map(|d| DomId(d as u16));
            s.act(Act::GetPage { mfn, dom })
        }
        Verb::PutPage => {
            let mfn = c.frame(s)?;
            s.act(Act::PutPage(mfn))
        }
        Verb::GetType => {
            let (mfn, ty) = (c.frame(s)?, page_type(c.needed(s, Word::As)?));
            Ok(refs::get_page_type(s, mfn, ty)? as u64)
        }
        Verb::PutType => {
            let mfn = c.frame(s)?;
            refs::put_page_type(s, mfn).map(|()| 0)
        }
        Verb::Alloc => c.alloc(s),
        Verb::Free => c.free(s),
        Verb::Fill => {
            let (table, entry) = (c.frame(s)?, c.needed(s, Word::From)?);
            let format = s.world().format;
            s.page(Page::Fill { table, entry: format.stored(entry), level: format.taken_at(entry).max(1) })
        }
        Verb::Wait => s.wait(Cond::Stated).map(|()| 0),
        _ => unknown(c),
    }
}

impl Call<'_> {
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

    fn flush<S: Step>(&self, s: &mut S) -> Result<u64, Stop> {
        match self.call.arg(Word::Object) {
            Some(Arg::Actor(a)) => s.act(Act::Flush(ActorId(*a as u8))),
            Some(Arg::Domain(e)) => {
                let slot = self.domain(s, e)?;
                flush::flush_now(s, slot).map(|()| 0)
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
        let shared = self.call.has(Word::Shared);
        let got = match at {
            LockAt::Core(LockKind::Gfn, g) => {
                let g = DomGfn::from_word(g);
                match nowait {
                    true => query::try_lock_entry(s, g, shared)?,
                    false if shared => query::lock_entry_shared(s, g).map(|()| true)?,
                    false => query::lock_entry(s, g).map(|()| true)?,
                }
            }
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
                if let Lock::Global(slot) = lock {
                    flush::released(s, slot)?;
                }
            }
        }
        Ok(0)
    }

    fn alloc<S: Step>(&self, s: &mut S) -> Result<u64, Stop> {
        let (class, of) = match self.call.arg(Word::Object) {
            Some(Arg::Class(Class::Object, _)) => return shared::alloc_object(s),
            Some(Arg::Class(Class::Record, Some(of))) => return shared::alloc_record(self, s, of),
            Some(Arg::Class(class, Some(of))) => (class, of),
            _ => return Err(Stop::Bad { what: "a class", value: 0 }),
        };
        let slot = self.domain(s, of)?;
        match class {
            Class::Frame => s.act(Act::AllocFrame(slot)),
            _ => s.act(Act::AllocTable(slot)),
        }
    }

    fn free<S: Step>(&self, s: &mut S) -> Result<u64, Stop> {
        if let Some(Arg::Value(_, Kind::Object)) = self.call.arg(Word::Object) {
            return shared::free_object(self, s);
        }
        if let Some(Arg::Value(_, Kind::Record)) = self.call.arg(Word::Object) {
            return shared::free_record(self, s);
        }
        let mfn = self.frame(s)?;
        match self.call.arg(Word::Object) {
            Some(Arg::Value(_, Kind::Table)) => s.act(Act::FreeTable(mfn)),
            _ => Ok(physmap::give_back(s, mfn)? as u64),
        }
    }
}
