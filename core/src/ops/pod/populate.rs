//! Keeping a promise (`p2m_pod_demand_populate`).

use super::cache::{cache_add, cache_get};
use super::mark::promise;
use super::reclaim::{Found, reclaim};
use super::{add, counter, dying, lock, unlock};
use crate::addr::{DomGfn, Order};
use crate::entry::P2mType;
use crate::lock::Hold;
use crate::machine::DomWord;
use crate::machine::blocks::BlockAct;
use crate::machine::pod::PodAct;
use crate::ops::code::Code;
use crate::ops::crash::crash;
use crate::ops::needs::{Attempt, outermost_code};
use crate::ops::physmap::old::{look, mark_dirty};
use crate::ops::table::{NewEntry, set_entry};
use crate::step::{Act, Step, Stop};

/// `demand_populate g`: gives a promised number its frame, with all that lies in between. `ok` if it has one already;
/// `EINVAL` if nothing was promised, or the domain is dying; `ENOMEM` if there is no memory at all, and then the
/// domain is crashed, or no page for a table, and then nothing has changed; `ERESTART` if that could not be found out
/// under the locks that the actor holds from outside.
pub fn demand_populate_one<S: Step>(s: &mut S, g: DomGfn) -> Result<Code, Stop> {
    let slot = s.slot(g.dom)?;
    let first = Hold::entry(s.world(), slot, g.gfn, Order::K4);
    outermost_code(s, first, |s, hold| match populate(s, hold, g)? {
        Attempt::Done(Code::Ok) if look(s, g)?.mfn().is_none() => Attempt::done(Code::Einval),
        other => Ok(other),
    })
}

/// Populates `g` if it is promised, and again after each split, until it is not: for every look-up that populates.
/// `hold` is what the operation holds, the entry's own lock in it. `ok`: it is not promised any more, or never was.
pub fn populate<S: Step>(s: &mut S, hold: Hold, g: DomGfn) -> Result<Attempt<Code>, Stop> {
    s.retry(|s| {
        let there = look(s, g)?;
        let Some(leaf) = there.leaf.filter(|l| l.ty.is_pod()) else { return Ok(Some(Attempt::Done(Code::Ok))) };
        Ok(match demand_populate(s, hold, g, leaf.order)? {
            Attempt::Done(Code::Eagain) => None,
            other => Some(other),
        })
    })
}

/// Populates the promised leaf of that order in which `g` lies; the caller has found it under `hold`. `EAGAIN`: it was
/// split, look again. `EINVAL`: the domain is dying. `ENOMEM`: as [`demand_populate_one`]; never to be tried again
/// (S40: a split that fails is a failure). Needs the whole table if nothing could be taken back and some of it was
/// held by others.
pub fn demand_populate<S: Step>(s: &mut S, hold: Hold, g: DomGfn, order: Order) -> Result<Attempt<Code>, Stop> {
    let slot = s.slot(g.dom)?;
    let at = DomGfn { gfn: g.gfn.base(order), ..g };
    if order <= Order::M2 && !hold.covers(s.world(), slot, at.gfn, order) {
        return Attempt::needs(Hold::entry(s.world(), slot, at.gfn, order));
    }
    lock(s, slot)?;
    if dying(s, slot)? {
        unlock(s, slot)?;
        return Attempt::done(Code::Einval);
    }
    if order > Order::M2 {
        unlock(s, slot)?;
        return split(s, g, Order::M2);
    }
    match reclaim(s, hold, slot)? {
        Found::Something => {}
        Found::Busy if !hold.has_whole(slot) => {
            unlock(s, slot)?;
            return Attempt::needs(Hold::whole(slot));
        }
        Found::Nothing | Found::Busy => {
            unlock(s, slot)?;
            crash(s, slot)?;
            return Attempt::done(Code::Enomem);
        }
    }
    let max = s.dom_word(slot, DomWord::PodMaxGuest);
    s.note("asks for the highest number populated");
    let last = at.gfn.0 + order.frames() - 1;
    if s.load(max)? < last {
        s.store(max, last)?;
    }
    let mfn = cache_get(s, slot, order)?;
    if !mfn.is_valid() {
        unlock(s, slot)?;
        return split(s, g, Order::K4);
    }
    let code = set_entry(s, at, NewEntry { order, ..NewEntry::fresh(mfn, P2mType::RamRw) })?;
    if code == Code::Ok {
        s.act(Act::Block(BlockAct::Name { mfn, order, g: Some(at) }))?;
        mark_dirty(s, slot, at, order.frames())?;
        s.note("counts the promise kept");
        add(s, slot, DomWord::EntryCount, order.frames().wrapping_neg())?;
        s.act(Act::Pod(PodAct::Record { slot, gfn: at.gfn, order }))?;
    } else {
        cache_add(s, slot, mfn, order)?;
    }
    unlock(s, slot)?;
    Attempt::done(code)
}

/// Writes the promise anew for a smaller block around `g`, which splits the larger one.
fn split<S: Step>(s: &mut S, g: DomGfn, order: Order) -> Result<Attempt<Code>, Stop> {
    let code = set_entry(s, DomGfn { gfn: g.gfn.base(order), ..g }, promise(order))?;
    Attempt::done(if code == Code::Ok { Code::Eagain } else { code })
}

/// Frames that the cache could give.
pub(super) fn cached<S: Step>(s: &mut S, slot: u8) -> Result<u64, Stop> {
    s.note("counts what the cache has");
    counter(s, slot, DomWord::CacheCount)
}
