//! Mapping the memory of real devices, and frame numbers that must be the machine's own (Xen's
//! `set_mmio_p2m_entry`, `clear_mmio_p2m_entry`, `map_mmio_regions`, `unmap_mmio_regions`, `set_identity_p2m_entry`).
//!
//! Protocol: the entry's lock is held from the look at what was there to the last of its books, so that the balloon or a
//! grant that comes between finds either the old page or the device (S06). What is special is taken away only by the
//! function that made it (S67): an RMRR's identity entry stays whatever else the guest asks for.

use super::change_type::{default_access, is_special};
use super::code::Code;
use super::crash::crash;
use super::log_dirty::mark_clean;
use super::needs::{Attempt, outermost_code};
use super::physmap::old::count_out;
use super::query::walk;
use super::sharing::unshare_held;
use super::table::{NewEntry, flush, set_entry};
use crate::addr::{DomGfn, Gfn, Mfn, Order};
use crate::entry::{Leaf, P2mType};
use crate::lock::{Hold, Lock, Mode};
use crate::machine::frames::M2P_INVALID;
use crate::machine::{DomWord, FrameWord};
use crate::step::{Step, Stop};
use std::ops::ControlFlow::{Break, Continue};

/// Mappings that one call of [`map_mmio_regions`] makes at the most (`MAP_MMIO_MAX_ITER`).
pub const MAP_MMIO_MAX_ITER: u64 = 64;

/// `set_mmio g = F [order n]` (`set_mmio_p2m_entry`). Errors in this order: `EINVAL` for what is not aligned or not in
/// the machine; `ERANGE` (Xen's `order + 1`: try a smaller order) where one of the frames of a superpage may only be read,
/// or the table holds smaller entries there already;
/// `EPERM`, and the domain crashes, where something special stands that is not this very frame as `mmio_direct`;
/// `ENOMEM`, and nothing has changed, also where a shared page stands that cannot be unshared. Memory that is replaced
/// has no gfn any more and is clean; promised memory is promised no longer, and a page that was out is counted no longer.
pub fn set_mmio<S: Step>(s: &mut S, g: DomGfn, mfn: Mfn, order: Order) -> Result<Code, Stop> {
    let slot = s.slot(g.dom)?;
    if !g.gfn.fits() || g.gfn.offset(order) != 0 || !mfn.0.is_multiple_of(order.frames()) {
        return Ok(Code::Einval);
    }
    let hold = Hold::entry(s.world(), slot, g.gfn, order);
    outermost_code(s, hold, |s, _| {
        let (entry, level) = walk(s, g)?;
        if level < order.level() || order > Order::K4 && s.world().is_mmio_ro(mfn, order) {
            return Attempt::done(Code::Erange);
        }
        let mut old = s.world().leaf_of(g, entry, level);
        if old.is_some_and(|old| old.ty.is_shared()) {
            let code = unshare_held(s, g)?;
            if code != Code::Ok {
                return Attempt::done(code);
            }
            let (entry, level) = walk(s, g)?;
            old = s.world().leaf_of(g, entry, level);
        }
        if let Some(old) = old
            && is_special(old.ty)
            && (old.mfn != mfn || old.ty != P2mType::MmioDirect)
        {
            crash(s, slot)?;
            return Attempt::done(Code::Eperm);
        }
        let access = default_access(s, slot)?;
        let new = NewEntry { access, order, ..NewEntry::new(mfn, P2mType::MmioDirect) };
        let code = set_entry(s, g, new)?;
        if code == Code::Ok
            && let Some(old) = old
        {
            if s.world().format.present(entry) {
                flush(s, slot)?;
            }
            replaced(s, slot, g, old, order)?;
        }
        Attempt::done(code)
    })
}

/// The books of what a device's memory has replaced.
fn replaced<S: Step>(s: &mut S, slot: u8, g: DomGfn, old: Leaf, order: Order) -> Result<(), Stop> {
    if old.ty == P2mType::PopulateOnDemand {
        let count = s.dom_word(slot, DomWord::EntryCount);
        s.lock(Lock::Pod(slot), Mode::Exclusive)?;
        s.note("promises these frame numbers no longer");
        s.add(count, order.frames().wrapping_neg())?;
        return s.unlock(Lock::Pod(slot), Mode::Exclusive);
    }
    if old.ty.is_paging() && !old.has_frame() {
        return count_out(s, slot, 1);
    }
    if !old.ty.is_ram() || !old.mfn.is_valid() {
        return Ok(());
    }
    s.fold(0, |s, i| {
        let m2p = s.frame_word(old.mfn.plus(i), FrameWord::M2p)?;
        s.note("takes the old frame's gfn out of m2p");
        s.store(m2p, M2P_INVALID)?;
        mark_clean(s, slot, Gfn(g.gfn.0 + i))?;
        Ok(if i + 1 < order.frames() { Continue(i + 1) } else { Break(i + 1) })
    })
    .map(|_| ())
}

/// `clear_mmio g = F` (`clear_mmio_p2m_entry`): one 4 KB entry. `EINVAL` unless it is `mmio_direct`; another frame than
/// `F` is only worth a warning to Xen, and to nobody here. `ENOMEM` where a larger entry cannot be split.
pub fn clear_mmio<S: Step>(s: &mut S, g: DomGfn) -> Result<Code, Stop> {
    clear(s, g, None, Order::K4)
}

/// `unmap_mmio g = F by n` (`unmap_mmio_regions`): takes what [`map_mmio_regions`] mapped away, entry by entry, at most
/// [`MAP_MMIO_MAX_ITER`] in one call; a superpage as a whole where all of it is meant. Gives how many frame numbers were
/// done with: fewer than `n` means to call again for the rest, or that the next one fails as [`clear_mmio`] does. None if
/// the first one fails.
pub fn unmap_mmio_regions<S: Step>(s: &mut S, g: DomGfn, n: u64) -> Result<Option<u64>, Stop> {
    let (done, _, _) = s.fold((0, 0, 0), |s, (done, calls, small)| {
        if done >= n || calls == MAP_MMIO_MAX_ITER {
            return Ok(Break((done, calls, small)));
        }
        let at = DomGfn { dom: g.dom, gfn: Gfn(g.gfn.0 + done) };
        let large = at.gfn.offset(Order::M2) == 0 && n - done >= Order::M2.frames() && small <= done;
        let order = if large { Order::M2 } else { Order::K4 };
        Ok(match clear(s, at, None, order)? {
            Code::Ok => Continue((done + order.frames(), calls + 1, small)),
            Code::Erange if order != Order::K4 => Continue((done, calls, done + order.frames())),
            _ => Break((done, calls, small)),
        })
    })?;
    Ok((done > 0 || n == 0).then_some(done))
}

/// `map_mmio g = F by n`: maps `n` frames from `F` on, in entries as large as they can be, and tries again with a
/// smaller order where [`set_mmio`] says so; at most [`MAP_MMIO_MAX_ITER`] entries in one call. Gives how many frames
/// are mapped: fewer than `n` means to call again for the rest (`map_mmio_regions`), or that the next one fails. None
/// if the first one fails.
pub fn map_mmio_regions<S: Step>(s: &mut S, g: DomGfn, mfn: Mfn, n: u64) -> Result<Option<u64>, Stop> {
    let (done, _, _) = s.fold((0, 0, 0), |s, (done, calls, small)| {
        if done >= n || calls == MAP_MMIO_MAX_ITER {
            return Ok(Break((done, calls, small)));
        }
        let at = DomGfn { dom: g.dom, gfn: Gfn(g.gfn.0 + done) };
        let frame = mfn.plus(done);
        let fits = (at.gfn.0 | frame.0).is_multiple_of(Order::M2.frames()) && n - done >= Order::M2.frames();
        let order = if fits && small <= done { Order::M2 } else { Order::K4 };
        Ok(match set_mmio(s, at, frame, order)? {
            Code::Ok => Continue((done + order.frames(), calls + 1, small)),
            // 4 KB entries up to the end of this block.
            Code::Erange if order != Order::K4 => Continue((done, calls, done + order.frames())),
            _ => Break((done, calls, small)),
        })
    })?;
    Ok((done > 0 || n == 0).then_some(done))
}

/// `set_identity g` (`set_identity_p2m_entry`): maps a frame number to the machine's frame of the same number, as a
/// device wants it that was told so by firmware (RMRR). `EBUSY` if anything but that very entry stands there; `EINVAL`
/// if the machine has no such frame, `ENOMEM` if there is no page for a table.
pub fn set_identity<S: Step>(s: &mut S, g: DomGfn) -> Result<Code, Stop> {
    let slot = s.slot(g.dom)?;
    let mfn = Mfn(g.gfn.0);
    let hold = Hold::entry(s.world(), slot, g.gfn, Order::K4);
    outermost_code(s, hold, |s, _| {
        let (entry, level) = walk(s, g)?;
        match s.world().leaf_of(g, entry, level) {
            Some(old) if old.ty == P2mType::MmioDirect && old.mfn == mfn => return Attempt::done(Code::Ok),
            Some(old) if !matches!(old.ty, P2mType::Invalid | P2mType::MmioDm) => return Attempt::done(Code::Ebusy),
            _ => {}
        }
        let access = default_access(s, slot)?;
        Attempt::done(set_entry(s, g, NewEntry { access, ..NewEntry::new(mfn, P2mType::MmioDirect) })?)
    })
}

/// `clear_identity g` (`clear_identity_p2m_entry`): unmaps it. `EBUSY` if something else stands there.
pub fn clear_identity<S: Step>(s: &mut S, g: DomGfn) -> Result<Code, Stop> {
    clear(s, g, Some(Mfn(g.gfn.0)), Order::K4)
}

/// Clears an entry of type `mmio_direct`: of that very frame if one is named. `ERANGE` if smaller entries stand there.
fn clear<S: Step>(s: &mut S, g: DomGfn, only: Option<Mfn>, order: Order) -> Result<Code, Stop> {
    let slot = s.slot(g.dom)?;
    let hold = Hold::entry(s.world(), slot, g.gfn, order);
    outermost_code(s, hold, |s, _| {
        let (entry, level) = walk(s, g)?;
        if level < order.level() {
            return Attempt::done(Code::Erange);
        }
        let old = s.world().leaf_of(g, entry, level).filter(|l| l.ty == P2mType::MmioDirect);
        if old.is_none_or(|l| only.is_some_and(|mfn| mfn != l.mfn)) {
            return Attempt::done(if only.is_some() { Code::Ebusy } else { Code::Einval });
        }
        let code = set_entry(s, g, NewEntry { order, ..NewEntry::new(Mfn::INVALID, P2mType::Invalid) })?;
        if code == Code::Ok && s.world().format.present(entry) {
            flush(s, slot)?;
        }
        Attempt::done(code)
    })
}
