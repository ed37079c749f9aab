//! Giving a domain memory and taking it back (Xen's `populate_physmap` and `decrease_reservation`,
//! as of 2026-08).

use super::add::{above, p2m_add_page};
use super::old;
use super::remove::{give_block_back, guest_remove_page};
use crate::addr::{DomGfn, Mfn, Order};
use crate::entry::P2mType;
use crate::lock::Hold;
use crate::machine::DomWord;
use crate::machine::blocks::BlockAct;
use crate::ops::code::Code;
use crate::ops::needs::{Attempt, outermost, outermost_code};
use crate::ops::pod;
use crate::ops::table::NewEntry;
use crate::step::{Act, Step, Stop};
use std::ops::ControlFlow::{Break, Continue};

/// `increase g [order n]`: the domain gets the lowest free frames, mapped at `g` as `ram_rw`, their content as it was
/// left. `ENOMEM` if there are none, if the domain is dying, or if there is no page for a table; otherwise as
/// [`add_page`](super::add_page). After an error the frames are free again.
pub fn increase<S: Step>(s: &mut S, g: DomGfn, order: Order) -> Result<Code, Stop> {
    let slot = s.slot(g.dom)?;
    let dying = s.dom_word(slot, DomWord::Dying);
    s.note("looks whether the domain is dying");
    if s.load(dying)? != 0 {
        return Ok(Code::Enomem);
    }
    let mfn = Mfn(s.act(match order {
        Order::K4 => Act::AllocFrame(slot),
        _ => Act::Block(BlockAct::Alloc { slot, order }),
    })?);
    if !mfn.is_valid() {
        return Ok(Code::Enomem);
    }
    let first = Hold::entry(s.world(), slot, g.gfn, order);
    let new = NewEntry { order, ..NewEntry::fresh(mfn, P2mType::RamRw) };
    let code = outermost_code(s, first, |s, hold| p2m_add_page(s, hold, g, new))?;
    if code != Code::Ok {
        give_block_back(s, mfn, order)?;
    }
    Ok(code)
}

/// `decrease g [order n]`: takes frame numbers back and gives how many were: what is populated on demand first, and
/// memory that its cache wants (`p2m_pod_decrease_reservation`), then one page after the other as `guest_remove`
/// does, up to the first that it cannot. The run need not be aligned: all that it touches is held (S45).
pub fn decrease<S: Step>(s: &mut S, g: DomGfn, order: Order) -> Result<u64, Stop> {
    let slot = s.slot(g.dom)?;
    let frames = order.frames();
    if !above(g, frames - 1).gfn.fits() {
        return Ok(0);
    }
    let world = s.world();
    let first =
        Hold::entry(world, slot, g.gfn, order).and(world, Hold::entry(world, slot, above(g, frames - 1).gfn, order));
    let done = outermost(s, first, |s, hold| {
        let pod = s.scope(|s| pod::decrease_reservation(s, hold, g, frames))?;
        let rest = old::scan(s, g, frames, 0, |s, p, n: u64| {
            if p.is_hole() {
                return Ok(Continue(n));
            }
            let all = s.fold((0, 0), |s, (i, removed): (u64, u64)| {
                if i == p.frames {
                    return Ok(Break((i, removed)));
                }
                Ok(match s.scope(|s| guest_remove_page(s, hold, above(p.g, i)))? {
                    Attempt::Done(Code::Ok) => Continue((i + 1, removed + 1)),
                    _ => Break((i, removed)),
                })
            })?;
            Ok(if all.1 == p.frames { Continue(n + all.1) } else { Break(n + all.1) })
        })?;
        Attempt::done(pod + rest)
    })?;
    Ok(done.unwrap_or(0))
}
