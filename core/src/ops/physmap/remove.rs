//! Taking mappings away (Xen's `guest_physmap_remove_page`, `p2m_remove_entry` and `guest_remove_page`, as of 2026-08).
//!
//! Protocol: the entry goes, every TLB answers, and only then does the frame's allocation go. m2p forgets a frame last,
//! when its entry is gone, the flush made or noted, and the allocation gone if it is to go: whoever wants to map the
//! frame elsewhere finds this address there until then, and waits for whoever holds it. Xen's m2p forgets first, which
//! one lock for the whole table hides.

use super::add::above;
use super::old::{self, Piece};
use crate::addr::{DomGfn, Mfn, Order};
use crate::entry::P2mType;
use crate::lock::Hold;
use crate::machine::blocks::BlockAct;
use crate::ops::code::Code;
use crate::ops::log_dirty;
use crate::ops::needs::{Attempt, outermost_code};
use crate::ops::paging;
use crate::ops::sharing;
use crate::ops::table::{NewEntry, before_free, flush, set_entry};
use crate::step::{Act, Plain, Step, Stop};
use std::ops::ControlFlow::{Break, Continue};

/// An entry that maps nothing.
const fn hole(order: Order) -> NewEntry {
    NewEntry { order, ..NewEntry::new(Mfn::INVALID, P2mType::Invalid) }
}

/// `remove_page g = F`: unmaps a frame, which stays the domain's. `EILSEQ` if something else stands there, `ENOMEM`
/// if a superpage would have to be split and there is no page for a table; then nothing has changed.
pub fn remove_page<S: Step>(s: &mut S, g: DomGfn, mfn: Mfn) -> Result<Code, Stop> {
    let slot = s.slot(g.dom)?;
    let first = Hold::entry(s.world(), slot, g.gfn, Order::K4);
    outermost_code(s, first, |s, hold| p2m_remove_entry(s, hold, g, mfn, Order::K4))
}

/// `XENMEM_remove_from_physmap`: unmaps whatever memory stands at `g`. `ENOENT` if there is none.
pub fn remove_from_physmap<S: Step>(s: &mut S, g: DomGfn) -> Result<Code, Stop> {
    let slot = s.slot(g.dom)?;
    let first = Hold::entry(s.world(), slot, g.gfn, Order::K4);
    outermost_code(s, first, |s, hold| match old::look(s, g)?.own() {
        Some(mfn) => p2m_remove_entry(s, hold, g, mfn, Order::K4),
        None => Attempt::done(Code::Enoent),
    })
}

/// Unmaps frames under what is held. Memory, grants, foreign and broken frames must map exactly these frames; where
/// none is given nothing may be mapped. `EILSEQ` otherwise.
pub fn p2m_remove_entry<S: Step>(
    s: &mut S,
    hold: Hold,
    g: DomGfn,
    mfn: Mfn,
    order: Order,
) -> Result<Attempt<Code>, Stop> {
    Ok(match unmap(s, hold, g, mfn, order)? {
        Attempt::Done(was) => {
            if was == Unmapped::Own {
                forget(s, mfn, order)?;
            }
            Attempt::Done(was.code())
        }
        Attempt::Needs(more) => Attempt::Needs(more),
        Attempt::Refused => Attempt::Refused,
    })
}

/// The same, and m2p still names what was unmapped.
pub(super) fn unmap<S: Step>(
    s: &mut S,
    hold: Hold,
    g: DomGfn,
    mfn: Mfn,
    order: Order,
) -> Result<Attempt<Unmapped>, Stop> {
    let slot = s.slot(g.dom)?;
    if !hold.covers(s.world(), slot, g.gfn, order) {
        return Attempt::needs(Hold::entry(s.world(), slot, g.gfn, order));
    }
    let frames = order.frames();
    let right = maps(&old::look(s, g)?, mfn);
    let right = right
        && (order == Order::K4
            || old::scan(s, g, frames, true, |_, p, _| {
                let is = maps(&p, mfn.plus(p.g.gfn.0 - g.gfn.0));
                Ok(if is { Continue(true) } else { Break(false) })
            })?);
    if !right {
        return Attempt::done(Unmapped::Not(Code::Eilseq));
    }
    let there = old::census(s, g, frames)?;
    let code = set_entry(s, g, hole(order))?;
    if code == Code::Ok && there.mapped {
        flush(s, slot)?;
    }
    if code == Code::Ok && there.own {
        forget_writes(s, slot, g, frames)?;
    }
    Attempt::done(if code == Code::Ok && there.own { Unmapped::Own } else { Unmapped::of(code) })
}

/// Frames that were unmapped lose their gfns in m2p.
fn forget<S: Step>(s: &mut S, mfn: Mfn, order: Order) -> Result<(), Stop> {
    s.note("takes the frames' gfns out of m2p");
    s.act(Act::Block(BlockAct::Name { mfn, order, g: None })).map(|_| ())
}

/// What has become of an entry that was to go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Unmapped {
    /// It has gone, and mapped memory of the domain's own, which m2p still names.
    Own,
    /// It has gone; m2p has nothing of it.
    Other,
    /// It stands as it was, and why.
    Not(Code),
}

impl Unmapped {
    const fn of(code: Code) -> Unmapped {
        if let Code::Ok = code { Unmapped::Other } else { Unmapped::Not(code) }
    }

    /// What an operation answers.
    pub(super) const fn code(self) -> Code {
        if let Unmapped::Not(code) = self { code } else { Code::Ok }
    }
}

impl Plain for Unmapped {
    const WORDS: usize = 1;

    fn to_words(self) -> [u64; 4] {
        let word = match self {
            Unmapped::Own => 1 << 8,
            Unmapped::Other => Code::Ok.word(),
            Unmapped::Not(code) => code.word(),
        };
        [word, 0, 0, 0]
    }

    fn from_words(w: [u64; 4]) -> Unmapped {
        match Code::from_word(w[0]) {
            None => Unmapped::Own,
            Some(code) => Unmapped::of(code),
        }
    }
}

/// Whether a piece maps that frame: grants and foreign frames count as memory, a device's do not, and what is shared is
/// for [`unshare`](crate::ops::sharing::unshare) to take away.
fn maps(p: &Piece, mfn: Mfn) -> bool {
    let ty = p.ty();
    let like_memory = ty.is_ram() || ty.is_grant() || ty.is_broken() || ty == P2mType::MapForeign;
    match p.mfn() {
        Some(f) => like_memory && !ty.is_shared() && f == mfn,
        None => !mfn.is_valid(),
    }
}

fn forget_writes<S: Step>(s: &mut S, slot: u8, g: DomGfn, frames: u64) -> Result<(), Stop> {
    if log_dirty::is_on(s, slot)? {
        s.fold(0, |s, i: u64| {
            log_dirty::mark_clean(s, slot, above(g, i).gfn)?;
            Ok(if i + 1 < frames { Continue(i + 1) } else { Break(i) })
        })?;
    }
    Ok(())
}

/// `guest_remove g`: a guest gives a page back. Errors in their order: `ENOENT` if nothing is there, `EPERM` for a
/// device, what `unshare` answers (`ENOMEM`, with an event) for a shared page that cannot be unshared, `EINVAL` without a frame (populate on demand, broken),
/// `ENXIO` for a frame that is not the domain's, `ENOMEM` if a superpage would have to be split and there is no page
/// for a table. After an error nothing has changed.
///
/// A nominated page goes as memory does, and so does one whose frame the pager has prepared (Xen counts that one as
/// paged out, which it is not); one that is out is counted no longer. The pager is
/// told to forget it ([`paging::tell_dropped`]).
pub fn guest_remove<S: Step>(s: &mut S, g: DomGfn) -> Result<Code, Stop> {
    let slot = s.slot(g.dom)?;
    let first = Hold::entry(s.world(), slot, g.gfn, Order::K4);
    outermost_code(s, first, |s, hold| guest_remove_page(s, hold, g))
}

/// [`guest_remove`] under what is held.
pub fn guest_remove_page<S: Step>(s: &mut S, hold: Hold, g: DomGfn) -> Result<Attempt<Code>, Stop> {
    let slot = s.slot(g.dom)?;
    if !hold.covers(s.world(), slot, g.gfn, Order::K4) {
        return Attempt::needs(Hold::entry(s.world(), slot, g.gfn, Order::K4));
    }
    let p = old::look(s, g)?;
    if p.is_hole() {
        return Attempt::done(Code::Enoent);
    }
    if p.is_out() {
        let code = set_entry(s, g, hole(Order::K4))?;
        if code == Code::Ok {
            old::count_out(s, slot, 1)?;
            paging::tell_dropped(s, g, p.ty())?;
        }
        return Attempt::done(code);
    }
    if p.ty() == P2mType::MmioDirect {
        return Attempt::done(Code::Eperm);
    }
    let p = match p.ty().is_shared() {
        false => p,
        true => match sharing::unshare_held(s, g)? {
            Code::Ok => old::look(s, g)?,
            code => return Attempt::done(code),
        },
    };
    let Some(mfn) = p.mfn().filter(|_| !p.ty().is_broken()) else { return Attempt::done(Code::Einval) };
    if s.act(Act::GetPage { mfn, dom: Some(g.dom) })? == 0 {
        return Attempt::done(Code::Enxio);
    }
    let was = match unmap(s, hold, g, mfn, Order::K4)? {
        Attempt::Done(was) => was,
        Attempt::Needs(more) => {
            s.act(Act::PutPage(mfn))?;
            return Attempt::needs(more);
        }
        Attempt::Refused => {
            s.act(Act::PutPage(mfn))?;
            return Ok(Attempt::Refused);
        }
    };
    let code = was.code();
    if code == Code::Ok {
        before_free(s, slot)?;
        s.act(Act::PutAllocation(mfn))?;
    }
    if was == Unmapped::Own {
        forget(s, mfn, Order::K4)?;
    }
    s.act(Act::PutPage(mfn))?;
    if code == Code::Ok && p.ty().is_paging() {
        paging::tell_dropped(s, g, p.ty())?;
    }
    Attempt::done(code)
}

/// Gives frames back that were allocated and never mapped.
pub(super) fn give_block_back<S: Step>(s: &mut S, mfn: Mfn, order: Order) -> Result<(), Stop> {
    s.act(Act::Block(BlockAct::Release { mfn, order })).map(|_| ())
}
