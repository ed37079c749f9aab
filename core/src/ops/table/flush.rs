//! Flushes: at once, or put off to the end of the section in which the table's lock is held.
//!
//! Protocol. An operation that has changed an entry which a TLB may hold asks for a flush. Where the world flushes at
//! once (`flush = "sync"`, Xen until April 2016), every TLB is emptied before the operation goes on. Where it puts
//! flushes off (`flush = "deferred"`, Xen's `p2m_unlock_and_tlb_flush`, 09fc40ed30 of 2016-04-12), the actor only
//! notes that one is due, and flushes when it has released the last lock it holds on that table: after the release.
//!
//! With range locks there are several such sections at once, and each holder flushes what it changed itself. Another
//! holder's note is none of its own, but it counts: whoever is to free a frame or table first empties the TLBs if
//! *anybody* has a flush outstanding ([`before_free`], Xen's `p2m_tlb_flush_sync`). Between a release and the flush
//! that follows it another actor may find the entry changed, think the frame unused, and free it, though a TLB still
//! has it; the note that stands until the TLBs have answered tells it so (I31).
//!
//! Nested views hold copies of the domain's entries. They are no TLBs: they are tables, and are emptied under locks of
//! their own, at once (see [`nested`]).
//!
//! Devices have TLBs of their own (the IOMMU's). A batch may empty the vCPUs' as it goes and the devices' once at its
//! end; it must not free a frame before that (S64: XSA-346, dea460d869 and 5777a3742d of 2020-10-20).

use crate::machine::table::TableAct;
use crate::machine::{Deferral, DomWord, Kind};
use crate::ops::nested;
use crate::step::{Act, Step, Stop};

/// Asks for a flush of all that may know the domain's entries: at once, or at the end of the section. Its nested views
/// are emptied at once in either case, so the caller holds no lock behind those of p2m tables.
pub fn flush<S: Step>(s: &mut S, slot: u8) -> Result<(), Stop> {
    nested::host_changed(s, slot)?;
    if s.world().flush == Deferral::Deferred && s.act(Act::Table(TableAct::NeedFlush(slot)))? != 0 {
        return Ok(());
    }
    flush_now(s, slot)
}

/// The same, never put off: for who frees at once what its entry has mapped.
pub fn flush_sync<S: Step>(s: &mut S, slot: u8) -> Result<(), Stop> {
    nested::host_changed(s, slot)?;
    flush_now(s, slot)
}

/// `flush d`: empties the TLBs of a domain's vCPUs and devices, one by one. Returns when all have answered.
pub fn flush_now<S: Step>(s: &mut S, slot: u8) -> Result<(), Stop> {
    each(s, slot, |kind| kind.has_tlb())?;
    if s.world().flush == Deferral::Deferred {
        s.act(Act::Table(TableAct::Flushed(slot)))?;
    }
    Ok(())
}

/// Empties the TLBs of a domain's vCPUs alone: within a batch that ends with [`flush_devices`].
pub fn flush_vcpus<S: Step>(s: &mut S, slot: u8) -> Result<(), Stop> {
    each(s, slot, |kind| kind == Kind::Vcpu)
}

/// Empties the TLBs of a domain's devices alone.
pub fn flush_devices<S: Step>(s: &mut S, slot: u8) -> Result<(), Stop> {
    each(s, slot, |kind| kind == Kind::Hardware)
}

/// Before a frame or table of the domain is freed: a flush that is outstanding, whoever asked for it, is made now.
pub fn before_free<S: Step>(s: &mut S, slot: u8) -> Result<(), Stop> {
    if s.world().flush == Deferral::Sync {
        return Ok(());
    }
    let note = s.dom_word(slot, DomWord::NeedFlush);
    s.note("looks whether a flush is outstanding");
    match s.load(note)? {
        0 => Ok(()),
        _ => flush_now(s, slot),
    }
}

/// After a lock of the domain's table was released: if that was the actor's last, the flush that it has put off.
#[inline(always)]
pub fn released<S: Step>(s: &mut S, slot: u8) -> Result<(), Stop> {
    if s.world().flush == Deferral::Deferred && s.act(Act::Table(TableAct::FlushDue(slot)))? != 0 {
        flush_now(s, slot)?;
    }
    Ok(())
}

/// A view is seen by the vCPUs and devices of the domain that it is a view of.
fn each<S: Step>(s: &mut S, slot: u8, which: impl Fn(Kind) -> bool) -> Result<(), Stop> {
    for a in s.world().actor_ids() {
        let world = s.world();
        let actor = &world.actors[a.0 as usize];
        let of = world.domain(slot).view.map_or(slot, |v| v.of);
        if actor.domain == world.domain(of).id && which(actor.kind) {
            s.act(Act::Flush(a))?;
        }
    }
    Ok(())
}
