//! Pages of a guest that the hypervisor keeps after the call that named them: a vCPU's `vcpu_info` (Xen's
//! `map_vcpu_info`, `unmap_vcpu_info`), and the two of a pager's ring (`mem_event_enable`, `mem_event_disable`). What
//! `PHYSDEVOP_pirq_eoi_gmfn` registers for a domain is kept just so.
//!
//! Protocol: the page is got with a reference and as writable, and both stay with the place where it is kept until it is
//! given up; the frame number is held no longer than that takes. Of two who register the later one finds the place
//! taken and drops its own.

use super::page::{Page, close_typed, open_held, open_typed, typed};
use crate::addr::{ActorId, DomGfn, Mfn};
use crate::machine::kept::{Keeper, KeptAct};
use crate::machine::paging::is_own;
use crate::machine::{DomWord, Kind};
use crate::ops::query::{answered, get_two_gfns, lookup, put_two_gfns};
use crate::ops::refs::put_page_and_type;
use crate::ops::{Code, pod};
use crate::step::{Act, Step, Stop};

/// Hands an open page over; takes it back and drops it if one is kept there already (`EBUSY`).
fn keep<S: Step>(s: &mut S, at: Keeper, page: Page) -> Result<Code, Stop> {
    if s.act(Act::Kept(KeptAct::Keep { at, mfn: page.mfn }))? != 0 {
        return Ok(Code::Ok);
    }
    close_typed(s, page)?;
    Ok(Code::Ebusy)
}

/// Gives up what is kept there: the page may be freed with it. Whether anything was.
fn give_up<S: Step>(s: &mut S, at: Keeper) -> Result<bool, Stop> {
    match s.act(Act::Kept(KeptAct::GiveUp(at)))?.checked_sub(1) {
        Some(mfn) => {
            put_page_and_type(s, Mfn(mfn))?;
            Ok(true)
        }
        None => Ok(false),
    }
}

/// `map_vcpu_info g`: the hypervisor tells the vCPU in that page what it has to know, until it is unmapped. `EINVAL` it
/// is no vCPU of that domain; then what [`open_typed`] answers; `EBUSY` it has one already (`EINVAL` in 2011).
pub fn map_vcpu_info<S: Step>(s: &mut S, g: DomGfn) -> Result<Code, Stop> {
    let (me, slot) = (s.me(), s.slot(g.dom)?);
    if !is_own(s.world(), me, slot) {
        return Ok(Code::Einval);
    }
    match open_typed(s, g)? {
        Ok(page) => keep(s, Keeper::VcpuInfo(me), page),
        Err(code) => Ok(code),
    }
}

/// `unmap_vcpu_info A`: as a domain's end does for each of its vCPUs. `ENOENT` if it has none.
pub fn unmap_vcpu_info<S: Step>(s: &mut S, vcpu: ActorId) -> Result<Code, Stop> {
    Ok(if give_up(s, Keeper::VcpuInfo(vcpu))? { Code::Ok } else { Code::Enoent })
}

/// `mem_event_enable g with h`: the page at `g` becomes the ring of the domain's pager, that at `h` the page by which the
/// two find each other. Both are held at once, in the order of (domain, range): in 2011 one was looked up after the
/// other, so that two who name them the other way round criss-cross (S28).
///
/// `EINVAL`: of two domains, or one page for both. `ENODEV`: the world says of no slots for that domain. `EBUSY`: it has
/// a ring. Then of `g`, and of `h`: `EAGAIN` it is shared, and there is no memory for a copy, or it is out, and nobody is
/// asked to bring it; `EPERM`, `EINVAL`, `EACCES` as [`open_typed`]. After an error nothing is kept.
pub fn mem_event_enable<S: Step>(s: &mut S, g: DomGfn, h: DomGfn) -> Result<Code, Stop> {
    let slot = s.slot(g.dom)?;
    if g == h || g.dom != h.dom || !g.gfn.fits() || !h.gfn.fits() {
        return Ok(Code::Einval);
    }
    if s.world().domain(slot).ring.is_none() {
        return Ok(Code::Enodev);
    }
    let has = s.dom_word(slot, DomWord::HasRing);
    s.note("looks whether the domain has a ring");
    if s.load(has)? != 0 {
        return Ok(Code::Ebusy);
    }
    // What is promised gets its frame before: that may need more than may be waited for with the other page held.
    for x in [g, h] {
        let seen = lookup(s, x)?;
        if answered(s.world(), seen).is_some_and(|l| l.ty.is_pod()) {
            s.scope(|s| pod::demand_populate_one(s, x))?;
        }
    }
    s.scope(|s| get_two_gfns(s, g, h))?;
    let code = s.scope(|s| both(s, slot, g, h))?;
    if code == Code::Ok {
        s.note("says that there is a ring");
        s.store(has, 1)?;
    }
    put_two_gfns(s, g, h)?;
    Ok(code)
}

fn both<S: Step>(s: &mut S, slot: u8, g: DomGfn, h: DomGfn) -> Result<Code, Stop> {
    let opened = open_held(s, g, true)?;
    let ring = match typed(s, opened)? {
        Ok(page) => page,
        Err(code) => return Ok(code),
    };
    let opened = open_held(s, h, true)?;
    let shared = match typed(s, opened)? {
        Ok(page) => page,
        Err(code) => {
            close_typed(s, ring)?;
            return Ok(code);
        }
    };
    let code = keep(s, Keeper::RingPage(slot), ring)?;
    if code != Code::Ok {
        close_typed(s, shared)?;
        return Ok(code);
    }
    // Who has the one has the other: nobody else can be here now.
    keep(s, Keeper::SharedPage(slot), shared)
}

/// A domain that ends gives up all that is kept of it: its ring, and what its vCPUs have registered.
pub fn give_all_up<S: Step>(s: &mut S, slot: u8) -> Result<(), Stop> {
    mem_event_disable(s, slot)?;
    let world = s.world();
    let dom = world.domain(slot).id;
    let own = |a: &ActorId| world.actors[a.0 as usize].domain == dom && world.actors[a.0 as usize].kind == Kind::Vcpu;
    let vcpus: Vec<ActorId> = world.actor_ids().filter(own).collect();
    for a in vcpus {
        give_up(s, Keeper::VcpuInfo(a))?;
        // Its reference is a plain one.
        if let Some(mfn) = s.act(Act::Kept(KeptAct::GiveUp(Keeper::Vvmcx(a))))?.checked_sub(1) {
            s.act(Act::PutPage(Mfn(mfn)))?;
        }
    }
    Ok(())
}

/// `mem_event_disable d`: there is no ring any more, and its pages are the domain's alone again. `ENODEV` if there is
/// none. Who waits for a page then waits until somebody resumes it, or the domain ends.
pub fn mem_event_disable<S: Step>(s: &mut S, slot: u8) -> Result<Code, Stop> {
    let has = s.dom_word(slot, DomWord::HasRing);
    s.note("says that there is no ring any more");
    if !s.cas(has, 1, 0)? {
        return Ok(Code::Enodev);
    }
    give_up(s, Keeper::SharedPage(slot))?;
    give_up(s, Keeper::RingPage(slot))?;
    Ok(Code::Ok)
}
