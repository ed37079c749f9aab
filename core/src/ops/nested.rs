//! Nested tables (Xen's `p2m_get_nestedp2m`, `p2m_flush_nestedp2m` and `nestedhap_fix_p2m`,
//! 2011 with the mending of 2017): what a guest's own guest runs on.
//!
//! A view shows one root of the guest, its *base*. A vCPU that enters its own guest gets the view of that base, or the
//! one that was used longest ago, emptied. A fault there is filled from what the guest's tables say (its own gfn for
//! the number) and what the domain's table says for that.
//!
//! Protocol. Who assigns views holds the domain's nestedp2m lock, which comes before every p2m lock. A view's content
//! changes under the view's own p2m lock, taken after the domain's entry lock (views rank behind domains). Emptying
//! a view follows one order (S66): it is marked empty, then every vCPU on it is stopped, and only then are its tables
//! cleared and freed; so no walker meets a half-cleared root, and none can fill between clear and flush. A fill looks
//! again, under the view's lock, whether its vCPU still runs on the view, and gives up if not.
//! A change of the domain's table empties all its views ([`host_changed`]), before a frame that it took away is freed.
//! That takes their p2m locks, which no holder of a lock behind these may wait for (S22: 3e6c560ea1 of 2021-01-08,
//! 6d187caae5 of 2021-10-20). A fill holds the domain's entry, so whoever holds that can empty the views *first* and be
//! sure that it does not come back: sharing does so before it locks a page. Where page locks say what is changed the
//! views are emptied when these are released. Under the pod lock they are only tried for ([`try_host_changes`]).

use super::code::Code;
use super::query::{answered, get_gfn, put_gfn};
use super::table::{NewEntry, set_entry};
use crate::addr::{ActorId, DomGfn, Mfn, Order};
use crate::lock::{Lock, Mode};
use crate::machine::nested::{NestedAct, views};
use crate::machine::{ActorWord, DomWord, Kind, ViewKind};
use crate::step::{Act, Page, Step, Stop};
use std::ops::ControlFlow::{Break, Continue};

/// `nested_get A [= base]`: the vCPU enters its own guest, whose tables begin at `base`. It keeps its view if that
/// shows the base; else it gets one that does; else the one used longest ago, emptied. `EINVAL` if the actor is no
/// vCPU, `ENODEV` if its domain has no nested view.
pub fn nested_get<S: Step>(s: &mut S, vcpu: ActorId, base: u64) -> Result<Code, Stop> {
    let actor = &s.world().actors[vcpu.0 as usize];
    let (kind, of) = (actor.kind, s.slot(actor.domain)?);
    if kind != Kind::Vcpu {
        return Ok(Code::Einval);
    }
    if views(s.world(), of).next().is_none() {
        return Ok(Code::Enodev);
    }
    s.lock(Lock::Nested(of), Mode::Exclusive)?;
    let on = s.world().map.actor(vcpu, ActorWord::Nested);
    s.note("looks which view the vCPU runs on");
    let now = s.load(on)?;
    let runs_on = views(s.world(), of).find(|v| *v as u64 + 1 == now);
    let kept = match runs_on {
        None if now != 0 => return Err(Stop::Bad { what: "a view of the vCPU's domain", value: now }),
        None => false,
        Some(view) => {
            let shows = s.dom_word(view, DomWord::NestedBase);
            s.note("looks which root that view shows");
            s.load(shows)? == base + 1
        }
    };
    let view = match runs_on {
        Some(view) if kept => view,
        _ => choose(s, of, base)?,
    };
    s.note("notes that the view is used");
    s.act(Act::Nested(NestedAct::Touch(view)))?;
    if !kept {
        s.scope(|s| enter(s, vcpu, view, base))?;
    }
    s.unlock(Lock::Nested(of), Mode::Exclusive)?;
    Ok(Code::Ok)
}

/// The view for a base that the vCPU does not run on: another's that shows it, or the oldest.
fn choose<S: Step>(s: &mut S, of: u8, base: u64) -> Result<u8, Stop> {
    s.note("looks for a view that shows the root");
    let found = s.act(Act::Nested(NestedAct::Find { of, base }))?;
    if found != u64::MAX {
        return Ok(found as u8);
    }
    s.note("takes the view that was used longest ago");
    Ok(s.act(Act::Nested(NestedAct::Oldest(of)))? as u8)
}

/// Lets the vCPU run on the view, emptied if it shows another root. Under the view's lock, so that whoever empties it
/// meanwhile either comes before it gets the root, or stops the vCPU: none runs, and fills, where nothing is shown.
fn enter<S: Step>(s: &mut S, vcpu: ActorId, view: u8, base: u64) -> Result<(), Stop> {
    let (shows, on) = (s.dom_word(view, DomWord::NestedBase), s.world().map.actor(vcpu, ActorWord::Nested));
    s.lock(Lock::Global(view), Mode::Exclusive)?;
    s.note("looks which root the view shows");
    if s.load(shows)? != base + 1 {
        clear(s, view)?;
        s.note("gives the view its new root");
        s.store(shows, base + 1)?;
    }
    s.note("lets the vCPU run on the view");
    s.store(on, view as u64 + 1)?;
    s.unlock(Lock::Global(view), Mode::Exclusive)
}

/// `nested_fill n:0x80 [to g]`: fills the entry that a fault in the view asks for. `g` is what the guest's own tables
/// say for the number, of the view's domain; without it, the same number. The size is the smaller of both tables' and
/// the access what the domain's entry allows.
///
/// `EINVAL` if the first is no number of a nested view or the second none of its domain; `ENOENT` if nothing that could be touched is
/// mapped there (the fault is the guest's own to handle); `EAGAIN` if the vCPU does not run on the view any more;
/// `ENOMEM` without a table page.
pub fn nested_fill<S: Step>(s: &mut S, n: DomGfn, g: DomGfn) -> Result<Code, Stop> {
    let view = s.slot(n.dom)?;
    let of = match s.world().domain(view).view {
        Some(v) if v.kind == ViewKind::Nested && s.world().domain(v.of).id == g.dom => v.of,
        _ => return Ok(Code::Einval),
    };
    let entry = get_gfn(s, g)?;
    let touchable =
        answered(s.world(), entry).filter(|l| l.mfn.is_valid() && l.ty.is_ram() && s.world().format.present(entry));
    let code = match touchable {
        None => Code::Enoent,
        Some(leaf) => {
            s.lock(Lock::Global(view), Mode::Exclusive)?;
            let code = if runs_on(s, view)? {
                // A larger leaf serves as a whole where both numbers stand at the same place in it.
                let alike = n.gfn.offset(leaf.order) == g.gfn.offset(leaf.order);
                let order = if alike && of != view { leaf.order } else { Order::K4 };
                let (at, mfn) = (n.gfn.base(order), Mfn(leaf.mfn.0 - n.gfn.offset(order)));
                let new = NewEntry { mfn, ty: leaf.ty, access: leaf.access, order, fresh: false };
                set_entry(s, DomGfn { gfn: at, ..n }, new)?
            } else {
                Code::Eagain
            };
            s.unlock(Lock::Global(view), Mode::Exclusive)?;
            code
        }
    };
    put_gfn(s, g)?;
    Ok(code)
}

/// Whether the actor still runs on the view.
fn runs_on<S: Step>(s: &mut S, view: u8) -> Result<bool, Stop> {
    let me = s.me();
    let on = s.world().map.actor(me, ActorWord::Nested);
    s.note("looks whether it still runs on the view");
    Ok(s.load(on)? == view as u64 + 1)
}

/// `nested_flush d`: empties all nested views of a domain, one after the other.
pub fn nested_flush<S: Step>(s: &mut S, of: u8) -> Result<Code, Stop> {
    let all: Vec<u8> = views(s.world(), of).collect();
    for view in all {
        empty(s, view)?;
    }
    Ok(Code::Ok)
}

/// `nested_leave A`: a vCPU runs on no nested view any more, and its TLB is empty: what an interrupt does to it. `ok` too
/// where it ran on none; `EINVAL` if the actor is no vCPU.
pub fn nested_leave<S: Step>(s: &mut S, vcpu: ActorId) -> Result<Code, Stop> {
    let actor = &s.world().actors[vcpu.0 as usize];
    let (kind, of) = (actor.kind, s.slot(actor.domain)?);
    if kind != Kind::Vcpu {
        return Ok(Code::Einval);
    }
    let on = s.world().map.actor(vcpu, ActorWord::Nested);
    s.note("looks which view the vCPU runs on");
    let now = s.load(on)?;
    let runs_on = views(s.world(), of).find(|v| *v as u64 + 1 == now);
    if let Some(view) = runs_on {
        s.note("stops a vCPU that may run on the view");
        s.act(Act::Nested(NestedAct::Stop { actor: vcpu, view }))?;
    }
    Ok(Code::Ok)
}

/// The domain's table has changed, or is about to where the caller holds the entries: empties its nested views that
/// show anything. Xen's `p2m_flush_nestedp2m` of `write_p2m_entry` and `ept_sync_domain_prepare`. No effect where the
/// domain has no nested view.
pub fn host_changed<S: Step>(s: &mut S, of: u8) -> Result<(), Stop> {
    let all: Vec<u8> = views(s.world(), of).collect();
    for view in all {
        s.scope(|s| if shows(s, view)? { empty(s, view) } else { Ok(()) })?;
    }
    Ok(())
}

/// The same for who holds the entries and a lock behind the views' own: each is tried for. False if one is busy, and
/// then the domain's table must stay as it is.
pub fn try_host_changes<S: Step>(s: &mut S, of: u8) -> Result<bool, Stop> {
    let all: Vec<u8> = views(s.world(), of).collect();
    for view in all {
        let emptied = s.scope(|s| {
            if !shows(s, view)? {
                return Ok(true);
            }
            if !s.try_lock(Lock::Global(view), Mode::Exclusive)? {
                return Ok(false);
            }
            clear(s, view)?;
            s.unlock(Lock::Global(view), Mode::Exclusive)?;
            Ok(true)
        })?;
        if !emptied {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether the view shows anything. Without its lock this is true of what was filled under entries that the caller
/// holds: a view gets its root before its first fill.
fn shows<S: Step>(s: &mut S, view: u8) -> Result<bool, Stop> {
    let base = s.dom_word(view, DomWord::NestedBase);
    s.note("looks whether the view shows anything");
    Ok(s.load(base)? != 0)
}

/// Empties a view under its lock.
fn empty<S: Step>(s: &mut S, view: u8) -> Result<(), Stop> {
    s.scope(|s| {
        s.lock(Lock::Global(view), Mode::Exclusive)?;
        clear(s, view)?;
        s.unlock(Lock::Global(view), Mode::Exclusive)
    })
}

/// With its lock held: marked empty, users stopped, tables cleared and freed, in this order (S66). One that shows nothing
/// is left alone.
fn clear<S: Step>(s: &mut S, view: u8) -> Result<(), Stop> {
    if !shows(s, view)? {
        return Ok(());
    }
    let base = s.dom_word(view, DomWord::NestedBase);
    s.note("marks the view empty");
    s.store(base, 0)?;
    let times = s.dom_word(view, DomWord::NestedGeneration);
    s.note("counts that the view was emptied");
    s.add(times, 1)?;
    let world = s.world();
    let host = world.domain(view).view.map(|v| world.domain(v.of).id);
    for actor in s.world().actor_ids() {
        let a = &s.world().actors[actor.0 as usize];
        if a.kind == Kind::Vcpu && Some(a.domain) == host {
            s.note("stops a vCPU that may run on the view");
            s.act(Act::Nested(NestedAct::Stop { actor, view }))?;
        }
    }
    let root = s.world().domain(view).root;
    s.note("clears the view's root");
    s.page(Page::Zero(root))?;
    s.fold((), |s, ()| {
        s.note("frees a table of the view");
        Ok(if s.act(Act::Nested(NestedAct::FreeTable(view)))? != 0 { Continue(()) } else { Break(()) })
    })
}
