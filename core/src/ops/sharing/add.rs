//! Mapping a shareable frame where there was none (`mem_sharing_add_to_physmap`).

use super::{Code, Handle, handle_of, leaf_at, lock_page, record, shared, tally, unlock_page};
use crate::addr::{DomGfn, DomId, Mfn, Order};
use crate::entry::{Leaf, P2mType};
use crate::lock::Hold;
use crate::machine::frames::M2P_INVALID;
use crate::machine::refs::PageType;
use crate::machine::sharing::{Kept, SharingAct};
use crate::machine::{DomWord, XenWord};
use crate::ops::needs::{self, Attempt};
use crate::ops::refs::{get_page_and_type, put_page_alloc_ref, put_page_and_type, set_gpfn};
use crate::ops::table::{NewEntry, flush_now, set_entry};
use crate::step::{Act, Step, Stop};

/// `share_add g with h`: the frame at `g` is mapped at `h` too, which was a hole. A page that is on its way back there
/// gives way: its frame is freed, or it is counted as paged out no longer.
///
/// `S_HANDLE_INVALID`: the source does not share, or its handle is another by now; `C_HANDLE_INVALID`: the client is
/// no hole; `ENOMEM`: no record, or no table for the entry, and nothing has changed. Xen of today counts a frame saved
/// in the latter case all the same.
pub fn add_to_physmap<S: Step>(s: &mut S, g: DomGfn, sh: Handle, h: DomGfn) -> Result<Code, Stop> {
    let (of, with) = (s.slot(g.dom)?, s.slot(h.dom)?);
    let first = Hold::entry(s.world(), of, g.gfn, Order::K4);
    let first = first.and(s.world(), Hold::entry(s.world(), with, h.gfn, Order::K4));
    needs::outermost_code(s, first, |s, _| {
        let (source, client) = (shared(leaf_at(s, g)?), leaf_at(s, h)?);
        let Some(mfn) = source else { return Attempt::done(Code::SHandleInvalid) };
        lock_page(s, mfn)?;
        let wrong = match sh {
            Some(sh) if handle_of(s, mfn)? != sh => Some(Code::SHandleInvalid),
            _ if !is_hole(client) => Some(Code::CHandleInvalid),
            _ => None,
        };
        if let Some(code) = wrong {
            unlock_page(s, mfn)?;
            return Attempt::done(code);
        }
        Attempt::done(s.scope(|s| add(s, mfn, h, with, client))?)
    })
}

fn is_hole(leaf: Option<Leaf>) -> bool {
    leaf.is_none_or(|l| l.ty.is_hole() || l.ty == P2mType::RamPagingInStart)
}

/// With the page locked, which it is no longer afterwards.
fn add<S: Step>(s: &mut S, mfn: Mfn, h: DomGfn, slot: u8, old: Option<Leaf>) -> Result<Code, Stop> {
    if !get_page_and_type(s, mfn, DomId::COW, PageType::Shared)? {
        return Err(Stop::Bad { what: "a shared frame that one more can share", value: mfn.0 });
    }
    let noted = record(s, SharingAct::Insert { mfn, g: h })? == Kept::Yes;
    let code = match noted {
        true => set_entry(s, h, NewEntry::fresh(mfn, P2mType::RamShared))?,
        false => Code::Enomem,
    };
    if code != Code::Ok {
        if noted {
            record(s, SharingAct::Remove { mfn, g: h })?;
        }
        put_page_and_type(s, mfn)?;
        unlock_page(s, mfn)?;
        return Ok(code);
    }
    tally(s, XenWord::NrSaved, 1)?;
    unlock_page(s, mfn)?;
    if let Some(old) = old.filter(|l| l.ty.is_paging() || l.ty == P2mType::RamPagingInStart) {
        match old.mfn.is_valid() && s.world().format.has_frame(old.ty) {
            true => free_old(s, slot, old.mfn)?,
            false => {
                let paged = s.dom_word(slot, DomWord::PagedPages);
                s.note("counts the paged-out page no longer");
                s.add(paged, u64::MAX)?;
            }
        }
    }
    Ok(Code::Ok)
}

/// The frame that stood there, prepared for a page on its way back.
fn free_old<S: Step>(s: &mut S, slot: u8, mfn: Mfn) -> Result<(), Stop> {
    flush_now(s, slot)?;
    let dom = Some(s.world().domain(slot).id);
    if s.act(Act::GetPage { mfn, dom })? != 0 {
        set_gpfn(s, mfn, M2P_INVALID)?;
        put_page_alloc_ref(s, mfn)?;
        s.act(Act::PutPage(mfn))?;
    }
    Ok(())
}
