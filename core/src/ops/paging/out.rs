//! Paging out: nominate and evict (Xen's `p2m_mem_paging_nominate` and
//! `p2m_mem_paging_evict`).
//!
//! Protocol: both hold the entry's lock from the look-up to the change, so that what was checked still holds (S06).
//! Evict drops the allocation's reference only after the entry is gone and every TLB has answered.

use crate::addr::{DomGfn, Mfn, Order};
use crate::entry::{Access, Decoded, Era, Format, Group, Leaf, LeafCtx, P2mType};
use crate::lock::policy;
use crate::machine::frames::{PGC_ALLOCATED, PGT_COUNT};
use crate::machine::{DomWord, FrameWord};
use crate::ops::Code;
use crate::ops::query::{release, take, walk};
use crate::ops::table::{NewEntry, before_free, flush, set_entry};
use crate::step::{Act, Page, Step, Stop};

/// Whether nobody uses the frame but its allocation and `others`: two loads, the general count first.
fn idle<S: Step>(s: &mut S, mfn: Mfn, others: u64) -> Result<bool, Stop> {
    let count = s.frame_word(mfn, FrameWord::Count)?;
    s.note("counts the frame's users");
    if s.load(count)? != PGC_ALLOCATED | (1 + others) {
        return Ok(false);
    }
    let types = s.frame_word(mfn, FrameWord::Type)?;
    s.note("counts the frame's typed users");
    Ok(s.load(types)? & PGT_COUNT == 0)
}

/// Whether the table can say that a page is out. AMD's tables of 2011 write nothing where there is no frame, so that
/// the page would be lost.
fn remembers(format: Format) -> bool {
    let paged = Leaf::new(P2mType::RamPaged, Access::Rwx, Mfn::INVALID, Order::K4);
    matches!(format.decode(0, format.leaf(&paged, &LeafCtx::default())), Decoded::Leaf(_))
}

/// The answer of the tree of October 2011, or the one that all later ones give.
const fn refusal(format: Format, then: Code) -> Code {
    match format.era() {
        Era::Oct2011 => then,
        Era::Dec2012 | Era::Now => Code::Ebusy,
    }
}

/// `nominate g`: a page that nobody else uses becomes `ram_paging_out`, which no guest can touch. In this order:
/// `ENODEV` where the table cannot say that a page is out (`npt-2011`; Xen refuses to enable paging there); `EBUSY`
/// (`EINVAL` in 2011) if there is no frame; `EBUSY` (`EAGAIN` in 2011) if its type is not pageable, or it is in use;
/// `ENOMEM` if a superpage would have to be split and no table page is left.
pub fn nominate<S: Step>(s: &mut S, g: DomGfn) -> Result<Code, Stop> {
    with_leaf(s, g, |s, slot, leaf| {
        let format = s.world().format;
        match leaf {
            None => Ok(refusal(format, Code::Einval)),
            Some(Leaf { mfn, access, ty, .. }) if format.is(ty, Group::Pageable) && idle(s, mfn, 0)? => {
                let code = set_entry(s, g, NewEntry { access, ..NewEntry::new(mfn, P2mType::RamPagingOut) })?;
                if code == Code::Ok {
                    flush(s, slot)?;
                }
                Ok(code)
            }
            Some(_) => Ok(refusal(format, Code::Eagain)),
        }
    })
}

/// `evict g`: the frame of a nominated page is scrubbed and freed, the entry becomes `ram_paged`. In this order: `ENODEV`
/// as for [`nominate`]; `EBUSY` (`EINVAL` in 2011) if the entry is not `ram_paging_out` any more; `EBUSY` if the frame is
/// in use; `ENOMEM` as for [`nominate`].
pub fn evict<S: Step>(s: &mut S, g: DomGfn) -> Result<Code, Stop> {
    with_leaf(s, g, |s, slot, leaf| match leaf {
        Some(leaf) if leaf.ty == P2mType::RamPagingOut => evict_frame(s, g, slot, leaf),
        _ => Ok(refusal(s.world().format, Code::Einval)),
    })
}

/// Runs `f` under the entry's lock, on what has a frame there. `ENODEV` where the table cannot say that a page is out.
fn with_leaf<S: Step>(
    s: &mut S,
    g: DomGfn,
    f: impl FnOnce(&mut S, u8, Option<Leaf>) -> Result<Code, Stop>,
) -> Result<Code, Stop> {
    let slot = s.slot(g.dom)?;
    if !remembers(s.world().format) {
        return Ok(Code::Enodev);
    }
    let plan = policy::for_update(s.world(), slot, g.gfn);
    take(s, slot, plan)?;
    let (entry, level) = walk(s, g)?;
    let leaf = s.world().leaf_of(g, entry, level).filter(|l| l.mfn.is_valid());
    let code = f(s, slot, leaf)?;
    release(s, slot, plan)?;
    Ok(code)
}

fn evict_frame<S: Step>(s: &mut S, g: DomGfn, slot: u8, leaf: Leaf) -> Result<Code, Stop> {
    let mfn = leaf.mfn;
    if s.act(Act::GetPage { mfn, dom: Some(g.dom) })? == 0 {
        return Ok(Code::Ebusy);
    }
    let mut code = Code::Ebusy;
    if idle(s, mfn, 1)? {
        let new = NewEntry { access: leaf.access, ..NewEntry::new(Mfn::INVALID, P2mType::RamPaged) };
        code = set_entry(s, g, new)?;
    }
    if code == Code::Ok {
        flush(s, slot)?;
        before_free(s, slot)?;
        s.act(Act::PutAllocation(mfn))?;
        let paged = s.dom_word(slot, DomWord::PagedPages);
        s.note("counts the paged-out page");
        s.add(paged, 1)?;
        s.note("scrubs the frame");
        s.page(Page::Zero(mfn))?;
    }
    s.act(Act::PutPage(mfn))?;
    Ok(code)
}
