//! Taking zero pages back where there are more promises than frames: first what was populated last
//! (`pod_eager_reclaim`, 101ce53266 of 2015-10-29), then everything (the emergency sweep).

use super::counter;
use super::populate::cached;
use super::sweep::emergency_sweep;
use super::zero_check::{Check, zero_check_superpage, zero_check_window};
use crate::addr::{DomGfn, Gfn, Order};
use crate::lock::Hold;
use crate::machine::DomWord;
use crate::machine::pod::{MRP_ROOM, PodAct, populated};
use crate::step::{Act, Plain, Step, Stop};
use std::ops::ControlFlow::{Break, Continue};

/// What a search for zero pages has come to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Found {
    /// There is a frame in the cache.
    Something,
    /// There is none, and everything was looked at.
    Nothing,
    /// There is none, and some of it could not be looked at, since others hold it.
    Busy,
}

impl Plain for Found {
    const WORDS: usize = 1;

    fn to_words(self) -> [u64; 4] {
        [self as u64, 0, 0, 0]
    }

    fn from_words(w: [u64; 4]) -> Found {
        match w[0] {
            0 => Found::Something,
            1 => Found::Nothing,
            _ => Found::Busy,
        }
    }
}

/// Sees to it that the cache has a frame, if that can be done. Under the pod lock.
pub(super) fn reclaim<S: Step>(s: &mut S, hold: Hold, slot: u8) -> Result<Found, Stop> {
    s.scope(|s| {
        s.note("counts what is promised");
        let promised = counter(s, slot, DomWord::EntryCount)?;
        let mut busy = false;
        if promised > cached(s, slot)? {
            busy |= eager_reclaim(s, hold, slot)?;
        }
        if cached(s, slot)? > 0 {
            return Ok(Found::Something);
        }
        busy |= emergency_sweep(s, hold, slot)?;
        Ok(match cached(s, slot)? {
            0 if busy => Found::Busy,
            0 => Found::Nothing,
            _ => Found::Something,
        })
    })
}

/// Looks at what was populated recently, the oldest first: at one at least, and on while the cache is empty. Each is
/// forgotten unless somebody holds it. True if somebody did.
fn eager_reclaim<S: Step>(s: &mut S, hold: Hold, slot: u8) -> Result<bool, Stop> {
    let (_, busy) = s.fold((0, 0), |s, (i, busy): (u64, u64)| {
        let oldest = s.act(Act::Pod(PodAct::Oldest { slot }))?;
        let Some((gfn, order)) = populated(oldest) else { return Ok(Break((i, busy))) };
        let g = DomGfn { dom: s.world().domain(slot).id, gfn };
        let skipped = look_at(s, hold, slot, g, order)?;
        if skipped {
            s.act(Act::Pod(PodAct::Record { slot, gfn, order }))?;
        }
        let at = (i + 1, busy | skipped as u64);
        Ok(if i + 1 < MRP_ROOM && cached(s, slot)? == 0 { Continue(at) } else { Break(at) })
    })?;
    Ok(busy != 0)
}

/// One recent number: a superpage as a whole, and if that is not zero its pages one after the other. True if somebody
/// holds it.
fn look_at<S: Step>(s: &mut S, hold: Hold, slot: u8, g: DomGfn, order: Order) -> Result<bool, Stop> {
    if order == Order::K4 {
        let base = DomGfn { gfn: Gfn(g.gfn.0 & !15), ..g };
        return Ok(zero_check_window(s, hold, slot, base, 1 << (g.gfn.0 & 15))? == Check::Busy);
    }
    match zero_check_superpage(s, hold, slot, g.gfn)? {
        Check::Reclaimed => Ok(false),
        Check::Busy => Ok(true),
        Check::Kept => {
            let (_, busy) = s.fold((0, 0), |s, (i, busy): (u64, u64)| {
                let base = DomGfn { gfn: Gfn(g.gfn.0 + i), ..g };
                let now = zero_check_window(s, hold, slot, base, 0xffff)? == Check::Busy;
                let at = (i + 16, busy | now as u64);
                Ok(if i + 16 < Order::M2.frames() { Continue(at) } else { Break(at) })
            })?;
            Ok(busy != 0)
        }
    }
}
