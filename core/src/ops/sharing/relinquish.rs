//! Giving up all that a dying domain shares (`relinquish_shared_pages`).

use super::{Code, unshare};
use crate::addr::{DomGfn, Gfn};
use crate::lock::Hold;
use crate::machine::DomWord;
use crate::ops::needs::{self, Attempt};
use crate::ops::query::walk;
use crate::step::{Step, Stop};
use std::ops::ControlFlow::{Break, Continue};

/// Units of work until a slice ends: a frame number that shared is worth sixteen, any other one.
pub const RELINQUISH_UNITS: u64 = 0x2000;
/// What giving up one share is worth.
const SHARED_UNITS: u64 = 0x10;

/// Gives up every share of a domain, from the lowest frame number up, under its whole table; it cannot fail. `ERESTART`
/// when a slice of [`RELINQUISH_UNITS`] is done and shares are left: the next call goes on from there. Xen asks at
/// that point whether it should make room for others; here it always does.
pub fn relinquish_shared_pages<S: Step>(s: &mut S, slot: u8) -> Result<Code, Stop> {
    needs::outermost_code(s, Hold::whole(slot), |s, _| {
        let (max, next, left) = (
            s.dom_word(slot, DomWord::MaxMapped),
            s.dom_word(slot, DomWord::NextShared),
            s.dom_word(slot, DomWord::ShrPages),
        );
        s.note("reads how far the table goes");
        let max = s.load(max)?;
        s.note("reads where the last slice ended");
        let from = s.load(next)?;
        let slice = s.world().slice(RELINQUISH_UNITS);
        let (at, _, done) = s.fold((from, 0, 0), |s, (gfn, units, _)| {
            s.note("counts what the domain still shares");
            if gfn >= max || s.load(left)? == 0 {
                return Ok(Break((0, units, 1)));
            }
            if units >= slice {
                return Ok(Break((gfn, units, 0)));
            }
            // A world with slices of its own counts looks, so that holes do not fill them.
            let own = s.world().preempt.is_some();
            let most = if own { max - gfn } else { (slice - units).min(max - gfn) };
            let (to, worth) = s.scope(|s| one(s, slot, Gfn(gfn), most))?;
            let worth = if own { 1 } else { worth };
            Ok(Continue((to, units + worth, 0)))
        })?;
        s.note("notes where this slice ended");
        s.store(next, at)?;
        Attempt::done(if done == 1 { Code::Ok } else { Code::Erestart })
    })
}

/// Gives up the share of a frame number, if it has one: the next one to look at, and what that was worth. What one
/// entry above the lowest level covers is passed at once, up to `most`.
fn one<S: Step>(s: &mut S, slot: u8, gfn: Gfn, most: u64) -> Result<(u64, u64), Stop> {
    let g = DomGfn { dom: s.world().domain(slot).id, gfn };
    let (entry, level) = walk(s, g)?;
    if s.world().leaf_of(g, entry, level).is_some_and(|l| l.ty.is_shared()) {
        unshare::locked(s, g, slot, true)?;
        return Ok((gfn.0 + 1, SHARED_UNITS));
    }
    let span = 1 << (9 * level as u32);
    let passed = (span - gfn.0 % span).min(most);
    Ok((gfn.0 + passed, passed))
}
