//! Giving a page up that is in the pager's hands (transition 9; the branch of Xen's `guest_remove_page`, with
//! `p2m_mem_paging_drop_page`).

use super::look;
use crate::addr::{DomGfn, Mfn};
use crate::entry::{Leaf, P2mType};
use crate::lock::policy;
use crate::machine::frames::M2P_INVALID;
use crate::machine::paging::{PagingAct, flag, is_own};
use crate::machine::ring::Ringed;
use crate::machine::{DomWord, FrameWord};
use crate::ops::Code;
use crate::ops::log_dirty;
use crate::ops::physmap::give_back;
use crate::ops::query::{release, take};
use crate::ops::table::{NewEntry, before_free, set_entry};
use crate::step::{Act, Step, Stop};

/// `drop g`: the entry of a page that is out, or on its way, is emptied. A frame that is still there is freed; a page
/// without one is counted no longer. Then the pager is told to forget it, if there is a ring with a slot for that:
/// nobody sleeps for it.
///
/// In this order: `ENOENT` if the page is not in the pager's hands; `ENOMEM` if the entry cannot be written, and then
/// nothing has changed.
///
/// Xen counts down for every page that is not `ram_paging_out`, also one that still has its frame and was never
/// counted, and only if there is a ring; here the count and the entries always agree (I12).
pub fn drop_page<S: Step>(s: &mut S, g: DomGfn) -> Result<Code, Stop> {
    let slot = s.slot(g.dom)?;
    let plan = policy::for_update(s.world(), slot, g.gfn);
    take(s, slot, plan)?;
    let leaf = look(s, g)?;
    let code = match leaf {
        Some(leaf) => clear(s, g, slot, leaf)?,
        None => Code::Enoent,
    };
    release(s, slot, plan)?;
    if let Some(leaf) = leaf.filter(|_| code == Code::Ok) {
        tell_dropped(s, g, leaf.ty)?;
    }
    Ok(code)
}

/// Empties the entry, under its lock.
fn clear<S: Step>(s: &mut S, g: DomGfn, slot: u8, leaf: Leaf) -> Result<Code, Stop> {
    let code = set_entry(s, g, NewEntry::new(Mfn::INVALID, P2mType::Invalid))?;
    if code != Code::Ok {
        return Ok(code);
    }
    if leaf.has_frame() {
        let m2p = s.frame_word(leaf.mfn, FrameWord::M2p)?;
        s.note("takes the frame's gfn out of m2p");
        s.store(m2p, M2P_INVALID)?;
        log_dirty::mark_clean(s, slot, g.gfn)?;
        // No TLB has what nobody may touch: at most the flush of its nomination is outstanding.
        before_free(s, slot)?;
        give_back(s, leaf.mfn)?;
    } else {
        let paged = s.dom_word(slot, DomWord::PagedPages);
        s.note("counts the paged-out page no longer");
        s.add(paged, u64::MAX)?;
    }
    Ok(code)
}

/// Tells the pager to forget a page that was of that type, if its ring has a slot. Never sleeps.
pub fn tell_dropped<S: Step>(s: &mut S, g: DomGfn, ty: P2mType) -> Result<(), Stop> {
    let slot = s.slot(g.dom)?;
    let claimed = s.act(Act::Paging(PagingAct::Claim { slot, wait: false }))?;
    if Ringed::from_word(claimed) == Ringed::Done {
        let evict_fail = if ty == P2mType::RamPagingOut { flag::EVICT_FAIL } else { 0 };
        let foreign = if is_own(s.world(), s.me(), slot) { 0 } else { flag::FOREIGN };
        let flags = flag::DROP_PAGE | evict_fail | foreign;
        s.act(Act::Paging(PagingAct::Put { slot, g, flags }))?;
    }
    Ok(())
}
