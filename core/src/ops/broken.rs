//! Frames that the hardware reports as broken (Xen's `offline_page`, `mark_page_offline` and, in vmce.c,
//! `unmap_broken_page`, as of 2026-08).
//!
//! Protocol. The frame is marked first: from then on it is never given out again, whoever frees it. One that is free
//! already, or in a populate-on-demand cache, goes out of use at once, and the cache gets another. One that a domain has
//! mapped stays the domain's, but its entry becomes `ram_broken` under the entry's lock, which lets no access through:
//! hardware's next one faults, and a look-up gives no frame. What is read or written through references that somebody
//! has already taken is that one's risk.

use super::change_type::default_access;
use super::code::Code;
use super::needs::{Attempt, outermost_code};
use super::physmap::old;
use super::pod;
use super::table::{NewEntry, flush, set_entry};
use crate::addr::{DomGfn, DomId, Mfn, Order};
use crate::entry::P2mType;
use crate::lock::Hold;
use crate::machine::FrameWord;
use crate::machine::frames::owner_of_word;
use crate::machine::refs::{Offlined, RefsAct};
use crate::step::{Act, Step, Stop};

/// `machine_check F`: the frame is broken. In this order: `ok` if it is free, or was found broken before, or has been given
/// back meanwhile: nothing else is to be done; `EBUSY` if it is Xen's own, a device's or shared: it stays in use, marked; `ENOMEM` if it was in a cache
/// that gets no other for it; otherwise what [`break_page`] answers for the frame number that m2p names, or `ok` where
/// none is named.
pub fn machine_check<S: Step>(s: &mut S, mfn: Mfn) -> Result<Code, Stop> {
    match Offlined::from_word(s.act(Act::Refs(RefsAct::Offline(mfn)))?) {
        Offlined::InUse => {}
        Offlined::Free | Offlined::Before => return Ok(Code::Ok),
    }
    let owner = s.frame_word(mfn, FrameWord::Owner)?;
    s.note("reads whose frame it is");
    let owner = owner_of_word(s.load(owner)?);
    if owner == DomId::NOBODY {
        return Ok(Code::Ok);
    }
    let Some(slot) = s.world().slot(owner) else { return Ok(Code::Ebusy) };
    if s.scope(|s| pod::offline_or_broken_hit(s, slot, mfn))? {
        return pod::offline_or_broken_replace(s, slot, mfn);
    }
    let m2p = s.frame_word(mfn, FrameWord::M2p)?;
    s.note("looks where the frame is mapped");
    let named = s.load(m2p)?;
    match (named >> 63 == 0).then(|| DomGfn::from_word(named)).filter(|g| g.dom == owner) {
        Some(g) => break_page(s, g, mfn),
        None => Ok(Code::Ok),
    }
}

/// Makes the entry that maps a broken frame `ram_broken`. `EINVAL` if it is not memory of the domain's own that maps
/// this frame any more; `ENOMEM` without a page to split a superpage with, and then nothing has changed. Nothing is done
/// to the control domain, which is trusted to touch it no more. Xen's `unmap_broken_page`.
pub fn break_page<S: Step>(s: &mut S, g: DomGfn, mfn: Mfn) -> Result<Code, Stop> {
    let slot = s.slot(g.dom)?;
    if s.world().domain(slot).control {
        return Ok(Code::Ok);
    }
    let first = Hold::entry(s.world(), slot, g.gfn, Order::K4);
    outermost_code(s, first, |s, _| {
        let there = old::look(s, g)?;
        let own = [P2mType::RamRw, P2mType::RamLogdirty, P2mType::RamRo].contains(&there.ty());
        if !own || there.mfn() != Some(mfn) {
            return Attempt::done(Code::Einval);
        }
        let access = default_access(s, slot)?;
        let code = set_entry(s, g, NewEntry { access, ..NewEntry::new(mfn, P2mType::RamBroken) })?;
        if code == Code::Ok {
            flush(s, slot)?;
        }
        Attempt::done(code)
    })
}
