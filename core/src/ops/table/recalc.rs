//! A change of every entry's type that reaches each entry when it is needed (Xen since
//! `90ac32559b` of 2014-05-02; `p2m_change_entry_type_global`, `resolve_misconfig` and `ept_handle_misconfig`,
//! `do_recalc` of NPT, `p2m_finish_type_change`).
//!
//! Protocol. The whole table is held while the root is marked, and one flush makes every processor see it: from then on
//! its accesses leave to the hypervisor, where EPT has a misconfiguration and NPT a fault. Look-ups see the type that an
//! entry has by now ([`query::walk`](crate::ops::query::walk)). Who changes an entry moves the marks on its path down
//! first, under the entry's lock, and for each move under the structure lock; and so does the handler of the exit, after
//! which the guest tries again. A guest that comes when another has done it already finds nothing and tries again
//! (Xen's `ept_spurious_misconfig`). Formats of 2011 and 2012 have no mark: there every entry is written at once.

use super::split;
use crate::addr::{DomGfn, Gfn, Order};
use crate::entry::{Decoded, Group, P2mType};
use crate::lock::{Hold, Lock, Mode};
use crate::machine::DomWord;
use crate::machine::recalc::RecalcAct;
use crate::ops::Code;
use crate::ops::change_type::{LAST, is_special, rewrite};
use crate::ops::needs::{Attempt, outermost, outermost_code};
use crate::step::{Act, Step, Stop};
use std::ops::ControlFlow::{Break, Continue};

/// `change_type_global d from T to U` (`p2m_change_entry_type_global`). Errors in this order: `EINVAL` if the types are
/// one, or either is special, or, where entries can be marked, not one of those that turn into each other; `ERESTART`
/// for who holds a range of the table; `ENOMEM`, and nothing has changed, as for [`cut_borders`].
pub fn change_type_global<S: Step>(s: &mut S, slot: u8, from: P2mType, to: P2mType) -> Result<Code, Stop> {
    let format = s.world().format;
    let changeable = |ty| format.is(ty, Group::Changeable) || !format.recalculates();
    if from == to || is_special(from) || is_special(to) || !changeable(from) || !changeable(to) {
        return Ok(Code::Einval);
    }
    outermost_code(s, Hold::whole(slot), |s, _| match cut_borders(s, slot)? {
        true => Attempt::done(change_entry_type_global(s, slot, from, to)?),
        false => Attempt::done(Code::Enomem),
    })
}

/// The same under the whole table, after [`cut_borders`]. Where entries can be marked all memory will be `ram_logdirty` if
/// `to` is, else `ram_rw` but for the range that a display tracks, whatever it is now.
pub fn change_entry_type_global<S: Step>(s: &mut S, slot: u8, from: P2mType, to: P2mType) -> Result<Code, Stop> {
    if !s.world().format.recalculates() {
        return Ok(rewrite(s, slot, (Gfn(0), LAST), (from, to), None)?.0);
    }
    let global = s.dom_word(slot, DomWord::GlobalLogdirty);
    s.note("notes what all memory is from now on");
    s.store(global, (to == P2mType::RamLogdirty) as u64)?;
    s.note("marks the root's entries");
    if s.act(Act::Recalc(RecalcAct::MarkRoot(slot)))? != 0 {
        super::flush(s, slot)?;
    }
    Ok(Code::Ok)
}

/// Before a change of all types, under the whole table: a superpage that the range of a display cuts is split, since its
/// parts may have different types from then on. False, and no type has changed, if there is no page to split with. No
/// effect where entries cannot be marked.
pub fn cut_borders<S: Step>(s: &mut S, slot: u8) -> Result<bool, Stop> {
    if !s.world().format.recalculates() {
        return Ok(true);
    }
    let (begin, end) = (s.dom_word(slot, DomWord::VramBegin), s.dom_word(slot, DomWord::VramEnd));
    s.note("looks whether a display tracks a range");
    let end = s.load(end)?;
    if end != 0 {
        let begin = s.load(begin)?;
        for border in [begin, end] {
            if !s.scope(|s| cut(s, slot, Gfn(border)))? {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// Splits a superpage that does not begin at `gfn` but holds it, so that the types on both sides can differ. False
/// without a page to split with.
fn cut<S: Step>(s: &mut S, slot: u8, gfn: Gfn) -> Result<bool, Stop> {
    let g = DomGfn { dom: s.world().domain(slot).id, gfn };
    resolve(s, slot, gfn)?;
    let (mut table, mut level) = (s.world().domain(slot).root, 3);
    loop {
        let word = s.page_word(table, gfn.index(level))?;
        s.note("walks the table to the border of the display's range");
        let seen = s.load(word)?;
        match s.world().format.decode(level, seen) {
            Decoded::Table { mfn } if level > 0 => (table, level) = (mfn, level - 1),
            Decoded::Leaf(leaf) if level > 0 && gfn.offset(leaf.order) != 0 => {
                let target = if gfn.offset(Order::M2) == 0 { 1 } else { 0 };
                return split::grow(s, slot, g, split::Gap { table, level, seen, target });
            }
            _ => return Ok(true),
        }
    }
}

/// Moves the marks on the path of `gfn` down until its entry has its type, under the entry's lock; whether there was any.
pub fn resolve<S: Step>(s: &mut S, slot: u8, gfn: Gfn) -> Result<bool, Stop> {
    let moved = s.scope(|s| {
        s.lock(Lock::Structure(slot), Mode::Exclusive)?;
        let moved = s.fold(0, |s, moved: u64| {
            s.note("moves a mark one level down");
            Ok(match s.act(Act::Recalc(RecalcAct::Settle { slot, gfn }))? {
                0 => Break(moved),
                _ => Continue(1),
            })
        })?;
        s.unlock(Lock::Structure(slot), Mode::Exclusive)?;
        Ok(moved)
    })?;
    Ok(moved != 0)
}

/// What a processor's misconfiguration exit is handled by (`ept_handle_misconfig`): `ok`, and the guest tries again, if
/// there was a mark or there is none any more; `fault` if an entry is refused for another reason.
pub fn handle_misconfig<S: Step>(s: &mut S, g: DomGfn) -> Result<Code, Stop> {
    let slot = s.slot(g.dom)?;
    let hold = Hold::entry(s.world(), slot, g.gfn, Order::K4);
    outermost_code(s, hold, |s, _| {
        if resolve(s, slot, g.gfn)? {
            return Attempt::done(Code::Ok);
        }
        s.note("looks whether the entry is still refused");
        let refused = s.act(Act::Recalc(RecalcAct::Refused { slot, gfn: g.gfn }))? != 0;
        Attempt::done(if refused { Code::Fault } else { Code::Ok })
    })
}

/// `finish_type_change g through h` (`p2m_finish_type_change`): every entry of the range gets its type now. `EINVAL` if the
/// range ends before it begins or in another domain; `ERESTART` for who holds a range of the table.
pub fn finish_type_change<S: Step>(s: &mut S, g: DomGfn, through: DomGfn) -> Result<Code, Stop> {
    let slot = s.slot(g.dom)?;
    if through < g || through.dom != g.dom {
        return Ok(Code::Einval);
    }
    let done = outermost(s, Hold::whole(slot), |s, _| {
        finish(s, slot, (g.gfn, through.gfn))?;
        Attempt::done(())
    })?;
    Ok(done.map_or(Code::Erestart, |()| Code::Ok))
}

/// The same under the whole table. No effect where entries cannot be marked.
pub fn finish<S: Step>(s: &mut S, slot: u8, (from, through): (Gfn, Gfn)) -> Result<(), Stop> {
    if !s.world().format.recalculates() {
        return Ok(());
    }
    s.fold(from.0, |s, at| {
        s.note("looks for the next mark");
        let next = s.act(Act::Recalc(RecalcAct::Next { slot, from: Gfn(at), through }))?;
        if next == u64::MAX {
            return Ok(Break(at));
        }
        resolve(s, slot, Gfn(next))?;
        Ok(Continue(next))
    })?;
    Ok(())
}
