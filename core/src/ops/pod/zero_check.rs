//! Pages that hold only zeroes go back to the cache (`p2m_pod_zero_check_superpage`, `p2m_pod_zero_check`).
//!
//! Protocol: whoever calls has the pod lock. The entry goes first, then every TLB answers at once and not later (S43),
//! and only then is the page read in full: what a vCPU wrote through a TLB until then is seen, and the entry comes
//! back. Nested views are emptied before the entry goes, if nobody holds them just now (S22). A page that anybody else refers to is left alone, before and after (S13); an entry that cannot be taken away
//! stays, and its page too (S41). The promise is counted under the same hold of the pod lock (S39).

use super::cache::cache_add;
use super::mark::promise;
use super::{add, dying, lock, unlock};
use crate::addr::{DomGfn, Gfn, Mfn, Order};
use crate::entry::{Access, P2mType};
use crate::lock::Hold;
use crate::machine::DomWord;
use crate::machine::blocks::BlockAct;
use crate::machine::pod::reclaimable;
use crate::ops::code::Code;
use crate::ops::needs::{self, Attempt, outermost_code};
use crate::ops::nested;
use crate::ops::physmap::old::{Piece, any, look, scan};
use crate::ops::table::{NewEntry, flush_now, set_entry};
use crate::step::{Act, Plain, Step, Stop};
use std::ops::ControlFlow::{Break, Continue};

/// What has become of pages that were looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Check {
    /// At least one is in the cache.
    Reclaimed,
    /// None.
    Kept,
    /// Nobody could look: they are held.
    Busy,
}

impl Plain for Check {
    const WORDS: usize = 1;

    fn to_words(self) -> [u64; 4] {
        [self as u64, 0, 0, 0]
    }

    fn from_words(w: [u64; 4]) -> Check {
        match w[0] {
            0 => Check::Reclaimed,
            1 => Check::Kept,
            _ => Check::Busy,
        }
    }
}

/// `zero_check g`: the page, or the superpage, goes back to the cache if it holds only zeroes and nobody else refers to
/// it, and is promised again. `EINVAL` if the domain is dying, `EBUSY` if it stays.
pub fn zero_check<S: Step>(s: &mut S, g: DomGfn) -> Result<Code, Stop> {
    let slot = s.slot(g.dom)?;
    let first = Hold::entry(s.world(), slot, g.gfn, Order::K4);
    outermost_code(s, first, |s, hold| {
        let large = look(s, g)?.leaf.is_some_and(|l| l.order >= Order::M2);
        let order = if large { Order::M2 } else { Order::K4 };
        if !hold.covers(s.world(), slot, g.gfn, order) {
            return Attempt::needs(Hold::entry(s.world(), slot, g.gfn, order));
        }
        lock(s, slot)?;
        let code = if dying(s, slot)? {
            Code::Einval
        } else {
            let checked = match order {
                Order::K4 => {
                    let base = DomGfn { gfn: Gfn(g.gfn.0 & !15), ..g };
                    window(s, slot, base, 1 << (g.gfn.0 & 15))?
                }
                _ => superpage(s, slot, DomGfn { gfn: g.gfn.base(Order::M2), ..g })?,
            };
            if checked == Check::Reclaimed { Code::Ok } else { Code::Ebusy }
        };
        unlock(s, slot)?;
        Attempt::done(code)
    })
}

/// Runs `f` with 2 MB held, tried for unless they are held already.
fn with_range<S: Step>(
    s: &mut S,
    hold: Hold,
    slot: u8,
    gfn: Gfn,
    f: impl Fn(&mut S) -> Result<Check, Stop>,
) -> Result<Check, Stop> {
    if hold.covers(s.world(), slot, gfn, Order::M2) {
        return f(s);
    }
    let range = Hold::entry(s.world(), slot, gfn, Order::M2);
    if !needs::try_take(s, range)? {
        return Ok(Check::Busy);
    }
    let found = s.scope(f)?;
    needs::release(s, range)?;
    Ok(found)
}

/// The 2 MB at `gfn`, as one.
pub(super) fn zero_check_superpage<S: Step>(s: &mut S, hold: Hold, slot: u8, gfn: Gfn) -> Result<Check, Stop> {
    let g = DomGfn { dom: s.world().domain(slot).id, gfn };
    with_range(s, hold, slot, gfn, |s| superpage(s, slot, g))
}

/// Up to sixteen pages from `base` on, which is a multiple of 16: those whose bit is set.
pub(super) fn zero_check_window<S: Step>(
    s: &mut S,
    hold: Hold,
    slot: u8,
    base: DomGfn,
    which: u64,
) -> Result<Check, Stop> {
    with_range(s, hold, slot, base.gfn, |s| window(s, slot, base, which))
}

/// A page's frame, type and access in one word, never 0.
const fn pack(mfn: Mfn, ty: P2mType, access: Access) -> u64 {
    1 << 63 | (access as u64) << 48 | (ty as u64) << 40 | mfn.0
}

fn unpack(word: u64) -> NewEntry {
    let at = |shift: u32| (word >> shift & 0xff) as usize;
    let ty = P2mType::all().get(at(40)).copied().unwrap_or(P2mType::RamRw);
    let access = Access::from_code(word >> 48 & 0x7f).unwrap_or(Access::Rwx);
    NewEntry { access, ..NewEntry::new(Mfn(word & 0xff_ffff_ffff), ty) }
}

/// What of a piece could go back: packed, or 0.
fn page_of(p: &Piece) -> u64 {
    match (p.own(), p.leaf) {
        (Some(mfn), Some(leaf)) if reclaimable(leaf.ty) => pack(mfn, leaf.ty, leaf.access),
        _ => 0,
    }
}

fn superpage<S: Step>(s: &mut S, slot: u8, g: DomGfn) -> Result<Check, Stop> {
    let order = Order::M2;
    if page_of(&look(s, g)?) == 0 {
        return Ok(Check::Kept);
    }
    let whole = scan(s, g, order.frames(), 0, |_, p, first| {
        let this = page_of(&p);
        let n = p.g.gfn.0 - g.gfn.0;
        let follows = if n == 0 { this != 0 } else { this == first + n };
        Ok(match (follows, n) {
            (true, 0) => Continue(this),
            (true, _) => Continue(first),
            (false, _) => Break(0),
        })
    })?;
    let old = NewEntry { order, ..unpack(whole) };
    let mfn = old.mfn;
    if whole == 0 || !mfn.0.is_multiple_of(order.frames()) {
        return Ok(Check::Kept);
    }
    let may = s.act(Act::Block(BlockAct::Unused { mfn, order }))? != 0
        && s.act(Act::Block(BlockAct::LooksZero { mfn, order }))? != 0;
    if !may {
        return Ok(Check::Kept);
    }
    if !nested::try_host_changes(s, slot)? {
        return Ok(Check::Busy);
    }
    if set_entry(s, g, promise(order))? != Code::Ok {
        return Ok(Check::Kept);
    }
    flush_now(s, slot)?;
    keep_or_restore(s, slot, g, old)
}

/// The page is out of the table and of every TLB: into the cache with it, or back to where it was.
fn keep_or_restore<S: Step>(s: &mut S, slot: u8, g: DomGfn, old: NewEntry) -> Result<Check, Stop> {
    let NewEntry { mfn, order, .. } = old;
    let zero = s.act(Act::Block(BlockAct::Unused { mfn, order }))? != 0
        && s.act(Act::Block(BlockAct::IsZero { mfn, order }))? != 0;
    if !zero {
        // The promise stands in a table of the page's own order, so that this needs no page.
        set_entry(s, g, old)?;
        return Ok(Check::Kept);
    }
    cache_add(s, slot, mfn, order)?;
    s.note("counts the promise");
    add(s, slot, DomWord::EntryCount, order.frames())?;
    Ok(Check::Reclaimed)
}

fn window<S: Step>(s: &mut S, slot: u8, base: DomGfn, which: u64) -> Result<Check, Stop> {
    let at = |i: usize| DomGfn { gfn: Gfn(base.gfn.0 + i as u64), ..base };
    if !any(s, base, 16)? {
        return Ok(Check::Kept);
    }
    if !nested::try_host_changes(s, slot)? {
        return Ok(Check::Busy);
    }
    let mut out = [0; 16];
    for (i, old) in out.iter_mut().enumerate().filter(|(i, _)| which >> i & 1 == 1) {
        *old = s.scope(|s| take_out(s, at(i)))?;
    }
    if out == [0; 16] {
        return Ok(Check::Kept);
    }
    flush_all(s, slot)?;
    let mut found = Check::Kept;
    for (i, old) in out.into_iter().enumerate().filter(|(_, old)| *old != 0) {
        if s.scope(|s| keep_or_restore(s, slot, at(i), unpack(old)))? == Check::Reclaimed {
            found = Check::Reclaimed;
        }
    }
    Ok(found)
}

/// A flush of one effect in the log, however many TLBs there are. A scope has an effect, so not where there are none.
fn flush_all<S: Step>(s: &mut S, slot: u8) -> Result<(), Stop> {
    let world = s.world();
    let theirs = world.actors.iter().any(|a| a.domain == world.domain(slot).id && a.kind.has_tlb());
    if theirs { s.scope(|s| flush_now(s, slot)) } else { flush_now(s, slot) }
}

/// Takes one page's entry away if nobody else refers to it and it looks zero; back at once if somebody does by then.
/// Its frame, type and access, packed, or 0.
fn take_out<S: Step>(s: &mut S, g: DomGfn) -> Result<u64, Stop> {
    let page = page_of(&look(s, g)?);
    if page == 0 {
        return Ok(0);
    }
    let (old, order) = (unpack(page), Order::K4);
    let unused = Act::Block(BlockAct::Unused { mfn: old.mfn, order });
    let may = s.act(unused)? != 0 && s.act(Act::Block(BlockAct::LooksZero { mfn: old.mfn, order }))? != 0;
    if !may || set_entry(s, g, promise(order))? != Code::Ok {
        return Ok(0);
    }
    if s.act(unused)? == 0 {
        set_entry(s, g, old)?;
        return Ok(0);
    }
    Ok(page)
}
