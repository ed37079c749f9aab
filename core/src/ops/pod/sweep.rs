//! The emergency sweep: from the highest number that was populated downwards, every page that holds only zeroes goes
//! back to the cache (`p2m_pod_emergency_sweep`, up to 101ce53266 of 2015-10-29 the only way).
//!
//! Protocol: the pod lock is held. A comment in Xen has the sweep take the whole table; its author would try and skip.
//! So does this one: pages of a range that somebody else holds are passed over, and the caller is told. Sixteen numbers
//! are checked together (`POD_SWEEP_STRIDE`), such as lie side by side. Xen gathers sixteen wherever they lie; side by
//! side they are in one range, which is taken once: sixteen times would be more than a lock counts.

use super::populate::cached;
use super::zero_check::{Check, zero_check_window};
use super::{counter, dying, lock, unlock};
use crate::addr::{DomGfn, Gfn};
use crate::lock::Hold;
use crate::machine::DomWord;
use crate::machine::pod::{PodAct, candidates};
use crate::ops::code::Code;
use crate::ops::needs::{Attempt, outermost_code};
use crate::step::{Act, Step, Stop};
use std::ops::ControlFlow::{Break, Continue};

/// Numbers after which a sweep ends as soon as the cache has something (`POD_SWEEP_LIMIT`).
pub const SWEEP_LIMIT: u64 = 1024;

/// Sweeps. What was skipped because others hold it: true. The cache tells what was found.
pub(super) fn emergency_sweep<S: Step>(s: &mut S, hold: Hold, slot: u8) -> Result<bool, Stop> {
    Ok(sweep_slice(s, hold, slot, None)?.0)
}

/// The same, at most so many numbers further if that is wanted, and whether it has got to the end. A slice in which
/// something was skipped is not noted as done.
fn sweep_slice<S: Step>(s: &mut S, hold: Hold, slot: u8, most: Option<u64>) -> Result<(bool, bool), Stop> {
    let resume = s.dom_word(slot, DomWord::PodReclaimSingle);
    s.note("asks where the last sweep ended");
    let start = match s.load(resume)? {
        0 => counter(s, slot, DomWord::PodMaxGuest)?,
        at => at,
    };
    let dom = s.world().domain(slot).id;
    // The next number plus one, 0 behind the last; how many were looked at; whether any were skipped.
    let (next, _, skipped) = s.fold((start + 1, 0, 0), |s, (above, done, skipped): (u64, u64, u64)| {
        s.note("looks further down for what is mapped");
        let found = s.act(Act::Pod(PodAct::Scan { slot, above: Gfn(above) }))?;
        let Some((base, window)) = candidates(found) else { return Ok(Break((0, done, skipped))) };
        let busy = zero_check_window(s, hold, slot, DomGfn { dom, gfn: base }, window)? == Check::Busy;
        let at = (base.0, done + (above - base.0), skipped | busy as u64);
        let enough = most.is_some_and(|n| at.1 >= n) || at.1 >= SWEEP_LIMIT && cached(s, slot)? > 0;
        Ok(if enough || base.0 == 0 { Break(at) } else { Continue(at) })
    })?;
    if most.is_none() || skipped == 0 {
        let at = next.saturating_sub(1);
        s.note("notes where the sweep has got to");
        s.store(resume, at)?;
    }
    Ok((skipped != 0, next <= 1))
}

/// `sweep d`: sweeps a domain. `EINVAL` if it is dying, `ENOMEM` if the cache has nothing afterwards. Where ranges that
/// others hold were skipped, and nothing was found, it begins again with the whole table. Where the world preempts,
/// `ERESTART` after so many numbers if nothing was found and there are more below: the next call goes on there.
pub fn sweep<S: Step>(s: &mut S, slot: u8) -> Result<Code, Stop> {
    outermost_code(s, Hold::NOTHING, |s, hold| {
        lock(s, slot)?;
        if dying(s, slot)? {
            unlock(s, slot)?;
            return Attempt::done(Code::Einval);
        }
        let most = s.world().preempt;
        let skipped = match most {
            None => emergency_sweep(s, hold, slot).map(|skipped| (skipped, true)),
            Some(_) => sweep_slice(s, hold, slot, most),
        };
        let (skipped, ended) = skipped?;
        let count = cached(s, slot)?;
        unlock(s, slot)?;
        if count == 0 && skipped && !hold.has_whole(slot) {
            return Attempt::needs(Hold::whole(slot));
        }
        Attempt::done(match count {
            0 if !ended => Code::Erestart,
            0 => Code::Enomem,
            _ => Code::Ok,
        })
    })
}
