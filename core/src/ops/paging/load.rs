//! Bringing a page back (transitions 6 to 8; Xen's `p2m_mem_paging_prep` and `p2m_mem_paging_resume`).

use super::{asked, look};
use crate::addr::{DomGfn, Mfn};
use crate::entry::{Era, P2mType};
use crate::lock::policy;
use crate::machine::paging::PagingAct;
use crate::machine::{DomWord, FrameWord};
use crate::ops::Code;
use crate::ops::change_type::default_access;
use crate::ops::log_dirty;
use crate::ops::physmap::give_back;
use crate::ops::query::{release, take};
use crate::ops::table::{NewEntry, set_entry};
use crate::step::{Act, Page, Step, Stop};

/// `prep g [= n]`: gives a page that is out, or was asked for, its frame again, filled from the pager's buffer: the
/// first word is `n`, the others 0. Where the frame is still there the buffer is not looked at. The page is memory
/// then; in 2011 it is `ram_paging_in` until it is resumed.
///
/// In this order: `ENOENT` if it is in no such state; `EINVAL` without a buffer where one is needed (S08: in every era,
/// although in 2011 there was none); `ENOMEM` without a frame, of which a dying domain gets none; `ENOMEM` without a page
/// for a table. Then nothing has changed.
pub fn prep<S: Step>(s: &mut S, g: DomGfn, buffer: Option<u64>) -> Result<Code, Stop> {
    let slot = s.slot(g.dom)?;
    let plan = policy::for_update(s.world(), slot, g.gfn);
    take(s, slot, plan)?;
    let expected = [P2mType::RamPaged, asked(s.world().format)];
    let leaf = look(s, g)?.filter(|l| expected.contains(&l.ty));
    let code = match (leaf, buffer) {
        (None, _) => Code::Enoent,
        (Some(leaf), _) if leaf.has_frame() => prepared(s, g, slot, leaf.mfn)?,
        (Some(_), None) => Code::Einval,
        (Some(_), Some(n)) => load(s, g, slot, n)?,
    };
    release(s, slot, plan)?;
    Ok(code)
}

/// A new frame, filled before anybody can find it.
fn load<S: Step>(s: &mut S, g: DomGfn, slot: u8, n: u64) -> Result<Code, Stop> {
    let mfn = Mfn(s.act(Act::AllocFrame(slot))?);
    if !mfn.is_valid() {
        return Ok(Code::Enomem);
    }
    s.page(Page::Zero(mfn))?;
    let first = s.page_word(mfn, 0)?;
    s.note("fills the frame from the pager's buffer");
    s.store(first, n)?;
    let code = prepared(s, g, slot, mfn)?;
    if code == Code::Ok {
        let paged = s.dom_word(slot, DomWord::PagedPages);
        s.note("counts the paged-out page no longer");
        s.add(paged, u64::MAX)?;
    } else {
        give_back(s, mfn)?;
    }
    Ok(code)
}

/// The page has its frame.
fn prepared<S: Step>(s: &mut S, g: DomGfn, slot: u8, mfn: Mfn) -> Result<Code, Stop> {
    let ty = match s.world().format.era() {
        Era::Oct2011 => P2mType::RamPagingIn,
        Era::Dec2012 | Era::Now => log_dirty::ram_type(s, slot)?,
    };
    write(s, g, slot, mfn, ty)
}

/// Writes the entry, with the access that new ones have, and the frame's gfn. The old entry let nobody through, so no TLB has it.
fn write<S: Step>(s: &mut S, g: DomGfn, slot: u8, mfn: Mfn, ty: P2mType) -> Result<Code, Stop> {
    let access = default_access(s, slot)?;
    let code = set_entry(s, g, NewEntry { access, ..NewEntry::new(mfn, ty) })?;
    if code == Code::Ok {
        let m2p = s.frame_word(mfn, FrameWord::M2p)?;
        s.note("names the frame's gfn in m2p");
        s.store(m2p, g.to_word())?;
    }
    Ok(code)
}

/// `resume g`: the pager's answer. A page on its way back that has its frame becomes memory; anything else stays as it
/// is, so an answer may come twice. Then every vCPU that was paused for the page goes on. `ENOMEM` if the entry cannot
/// be written: then nobody does.
pub fn resume<S: Step>(s: &mut S, g: DomGfn) -> Result<Code, Stop> {
    let slot = s.slot(g.dom)?;
    let plan = policy::for_update(s.world(), slot, g.gfn);
    take(s, slot, plan)?;
    let coming = [P2mType::RamPagingIn, asked(s.world().format)];
    let code = match look(s, g)?.filter(|l| coming.contains(&l.ty) && l.has_frame()) {
        Some(leaf) => {
            let ty = log_dirty::ram_type(s, slot)?;
            write(s, g, slot, leaf.mfn, ty)?
        }
        None => Code::Ok,
    };
    release(s, slot, plan)?;
    if code == Code::Ok {
        s.act(Act::Paging(PagingAct::LetGo(g)))?;
    }
    Ok(code)
}
