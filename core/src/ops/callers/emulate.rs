//! Instructions that the hypervisor carries out for a guest (Xen's `hvmemul_*`, `hvmemul_rep_movs`, `hvmemul_do_mmio`).
//!
//! Protocol: what stands at a frame number decides what an instruction is, an access to memory or to a device; so the
//! frame number is held from the look to the deed, and of two the one that comes first in the order of (domain, range)
//! is got first (S14). A request to the device model is placed without sleeping, and where the ring has no room the
//! instruction is retried: in 2012 the frame number was put before that (S16, `77b8dfec88`), and from 2017 on it is held
//! again (`d909cb9999`), since a type that changes in between sends a write to memory that a server was to have, or the
//! reverse.

use super::page::{Page, ask, close, open_held};
use crate::addr::{DomGfn, Gfn};
use crate::entry::{Group, P2mType};
use crate::machine::World;
use crate::machine::ring::{RingAct, Ringed};
use crate::ops::fault::device_model;
use crate::ops::query::{answered, get_gfn, get_two_gfns, lookup, put_gfn, put_two_gfns};
use crate::ops::{Code, pod};
use crate::step::{self, Act, Effect, Step, Stop};
use std::ops::ControlFlow::{Break, Continue};

/// Pages that one `rep_movs` moves, at the most.
pub const MAX_REPS: u64 = 64;

/// What stands at a frame number, for an instruction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Is {
    /// Memory.
    Memory,
    /// A device model's.
    Device,
    /// In the pager's hands.
    Out,
    /// Promised: a look-up could not populate it while something else was held.
    Promised,
    /// What no instruction is emulated on: a real device, a grant, a broken frame.
    Not,
}

fn is(world: &World, answer: u64, write: bool) -> Is {
    let Some(leaf) = answered(world, answer) else { return Is::Device };
    match leaf.ty {
        P2mType::MmioDm | P2mType::Invalid => Is::Device,
        P2mType::IoreqServer if write => Is::Device,
        P2mType::PopulateOnDemand => Is::Promised,
        ty if ty.is_paging() => Is::Out,
        ty if world.format.is(ty, Group::Ram) && leaf.mfn.is_valid() => Is::Memory,
        P2mType::MapForeign => Is::Memory,
        _ => Is::Not,
    }
}

/// What an instruction does with what it has got hold of, and what is left to be done with nothing held.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Then {
    /// It is done, or cannot be.
    Done(Code),
    /// The pager is to be asked for that page.
    Ask(DomGfn),
    /// That page is to be populated.
    Populate(DomGfn),
}

impl Then {
    fn finish<S: Step>(self, s: &mut S) -> Result<Code, Stop> {
        match self {
            Then::Done(code) => Ok(code),
            Then::Ask(g) => ask(s, g),
            Then::Populate(g) => Ok(match pod::demand_populate_one(s, g)? {
                Code::Ok => Code::Eagain,
                code => code,
            }),
        }
    }
}

/// `emulate g [= n]`: an instruction that reads a page, or writes `n` there. Memory is read or written at once; what is
/// not mapped, `mmio_dm`, and a write to `ioreq_server` is a request on the world's ring `ioreq`, if it has one.
///
/// `EINVAL` no such frame number; `EAGAIN`, `ENODEV` the page is out; `EPERM` nothing that is emulated on; `EAGAIN` the
/// device model's ring has no room; `EAGAIN` it is shared, to be written, and there is no memory for a copy.
pub fn emulate<S: Step>(s: &mut S, g: DomGfn, value: Option<u64>) -> Result<Code, Stop> {
    if !g.gfn.fits() {
        return Ok(Code::Einval);
    }
    let entry = get_gfn(s, g)?;
    let then = match is(s.world(), entry, value.is_some()) {
        Is::Out => Then::Ask(g),
        Is::Promised => Then::Populate(g),
        Is::Not => Then::Done(Code::Eperm),
        Is::Device => Then::Done(request(s, g)?),
        Is::Memory => match open_held(s, g, value.is_some())? {
            Ok(page) => {
                match value {
                    Some(value) => page.write(s, 0, value)?,
                    None => drop(page.read(s, 0)?),
                }
                close(s, page)?;
                Then::Done(Code::Ok)
            }
            Err(code) => Then::Done(code),
        },
    };
    put_gfn(s, g)?;
    then.finish(s)
}

/// `rep_movs g to h [by n]`: moves `n` pages, from `g` on to `h` on, upwards; a number below zero moves downwards, as
/// with the direction flag set. Page by page, so that pages which overlap are moved as a processor moves them.
///
/// `EINVAL`: no such frame numbers, or more than [`MAX_REPS`]. Then of each pair: `EAGAIN`, `ENODEV` one is out, the
/// source asked about first; `EPERM` nothing that is emulated on; a device on either side has the device model asked,
/// who reads or writes the memory on the other side itself, and `EAGAIN` if its ring has no room; `EAGAIN` the target is
/// shared and there is no memory for a copy. What was moved before an error stays.
pub fn rep_movs<S: Step>(s: &mut S, g: DomGfn, h: DomGfn, n: i64) -> Result<Code, Stop> {
    let reps = n.unsigned_abs();
    let down = n < 0;
    let fits = |x: DomGfn| match down {
        true => x.gfn.fits() && x.gfn.0 + 1 >= reps,
        false => Gfn(x.gfn.0 + reps.saturating_sub(1)).fits(),
    };
    if reps == 0 || reps > MAX_REPS || !fits(g) || !fits(h) {
        return Ok(Code::Einval);
    }
    let (_, code) = s.fold((0, Code::Ok.word()), |s, (i, _)| {
        let at = |x: DomGfn| DomGfn { gfn: Gfn(if down { x.gfn.0 - i } else { x.gfn.0 + i }), ..x };
        let code = movs(s, at(g), at(h))?;
        let more = code == Code::Ok && i + 1 < reps;
        Ok(if more { Continue((i + 1, code.word())) } else { Break((i, code.word())) })
    })?;
    Ok(Code::from_word(code).unwrap_or(Code::Einval))
}

fn movs<S: Step>(s: &mut S, g: DomGfn, h: DomGfn) -> Result<Code, Stop> {
    s.scope(|s| get_two_gfns(s, g, h))?;
    let (source, target) = (lookup(s, g)?, lookup(s, h)?);
    let from = is(s.world(), source, false);
    let to = is(s.world(), target, true);
    let then = match (from, to) {
        (Is::Out, _) => Then::Ask(g),
        (_, Is::Out) => Then::Ask(h),
        (Is::Promised, _) => Then::Populate(g),
        (_, Is::Promised) => Then::Populate(h),
        (Is::Not, _) | (_, Is::Not) => Then::Done(Code::Eperm),
        (Is::Device, Is::Device) => {
            let first = request(s, g)?;
            Then::Done(if first == Code::Ok { request(s, h)? } else { first })
        }
        (Is::Device, Is::Memory) => Then::Done(request(s, g)?),
        (Is::Memory, Is::Device) => Then::Done(request(s, h)?),
        (Is::Memory, Is::Memory) => Then::Done(s.scope(|s| copy(s, g, h))?),
    };
    put_two_gfns(s, g, h)?;
    then.finish(s)
}

/// From memory to memory, both of which are held.
fn copy<S: Step>(s: &mut S, g: DomGfn, h: DomGfn) -> Result<Code, Stop> {
    // The target first: breaking its sharing may give it another frame.
    let to = match open_held(s, h, true)? {
        Ok(page) => page,
        Err(code) => return Ok(code),
    };
    let code = match open_held(s, g, false)? {
        Ok(from) => {
            if !to.discards() {
                whole(s, from, to)?;
            }
            close(s, from)?;
            Code::Ok
        }
        Err(code) => code,
    };
    close(s, to)?;
    Ok(code)
}

/// Copies a page that is open to another.
pub(super) fn whole<S: Step>(s: &mut S, from: Page, to: Page) -> Result<(), Stop> {
    s.note("copies the page");
    s.page(step::Page::Copy { from: from.mfn, to: to.mfn })?;
    to.written(s)
}

/// Asks the device model, without sleeping: `EAGAIN` if its ring has no room.
fn request<S: Step>(s: &mut S, g: DomGfn) -> Result<Code, Stop> {
    let Some(ring) = device_model(s.world()) else { return Ok(Code::Ok) };
    let post = RingAct::Post { ring, value: g.to_word(), wait: false };
    let [_, became] = s.effect(Effect::Act(Act::Ring(post)))?;
    Ok(match Ringed::from_word(became) {
        Ringed::Done => Code::Ok,
        Ringed::NotNow | Ringed::NoRing => Code::Eagain,
    })
}
