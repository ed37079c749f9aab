//! Giving a domain memory (reference section 7.6; Xen's `populate_physmap` for one page).

use super::code::Code;
use super::query::{release, take, walk};
use super::table::{NewEntry, flush, set_entry};
use crate::addr::{DomGfn, Mfn};
use crate::entry::P2mType;
use crate::lock::policy;
use crate::machine::frames::M2P_INVALID;
use crate::machine::{DomWord, FrameWord};
use crate::step::{Act, Step, Stop};

/// `increase g`: the domain gets the lowest free frame, mapped at `g` as `ram_rw`, its content as it was left.
/// `ENOMEM` if there is no frame, or no page for a table; then the frame is given back.
///
/// What was mapped there is replaced: memory keeps its frame, whose m2p no longer names a gfn; a paged-out page is
/// counted out.
pub fn increase<S: Step>(s: &mut S, g: DomGfn) -> Result<Code, Stop> {
    let slot = s.slot(g.dom)?;
    let mfn = Mfn(s.act(Act::AllocFrame(slot))?);
    if !mfn.is_valid() {
        return Ok(Code::Enomem);
    }
    let plan = policy::for_update(s.world(), slot, g.gfn);
    take(s, slot, plan)?;
    let (entry, level) = walk(s, g)?;
    let code = set_entry(s, g, NewEntry::new(mfn, P2mType::RamRw))?;
    if code == Code::Ok {
        if let Some(old) = s.world().leaf_of(g, entry, level) {
            replaced(s, slot, old.ty, old.mfn)?;
        }
        let m2p = s.frame_word(mfn, FrameWord::M2p)?;
        s.note("names the frame's gfn in m2p");
        s.store(m2p, g.to_word())?;
        flush(s, slot)?;
    }
    release(s, slot, plan)?;
    if code != Code::Ok {
        give_back(s, mfn)?;
    }
    Ok(code)
}

/// The books of what stood at a gfn that is mapped anew.
fn replaced<S: Step>(s: &mut S, slot: u8, ty: P2mType, mfn: Mfn) -> Result<(), Stop> {
    match ty {
        P2mType::RamPaged => {
            let paged = s.dom_word(slot, DomWord::PagedPages);
            s.note("counts the paged-out page no longer");
            s.add(paged, u64::MAX)?;
        }
        _ if ty.is_ram() && !ty.is_shared() && mfn.is_valid() => {
            let m2p = s.frame_word(mfn, FrameWord::M2p)?;
            s.note("takes the old frame's gfn out of m2p");
            s.store(m2p, M2P_INVALID)?;
        }
        _ => {}
    }
    Ok(())
}

/// `free F`: tests and clears the allocated bit and drops its reference; false if it was clear.
pub fn give_back<S: Step>(s: &mut S, mfn: Mfn) -> Result<bool, Stop> {
    Ok(s.act(Act::PutAllocation(mfn))? != 0)
}
