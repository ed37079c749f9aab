//! Asking the pager for a page (transitions 3 to 5; Xen's `p2m_mem_paging_populate` as of 2012-03-15).

use super::{asked, look};
use crate::addr::DomGfn;
use crate::entry::P2mType;
use crate::lock::policy;
use crate::machine::paging::{PagingAct, flag, is_own};
use crate::machine::pause::{PauseAct, Who};
use crate::machine::ring::Ringed;
use crate::ops::Code;
use crate::ops::query::{release, take};
use crate::ops::table::{NewEntry, set_entry};
use crate::step::{Act, Step, Stop};

/// What the look at the entry has led to.
enum Found {
    /// The pager is to be told, with these flags.
    Ask(u64),
    /// It is not, and this is the answer.
    Leave(Code),
}

/// `populate g [nowait]`: asks the pager for a page. A vCPU of the domain sleeps while the ring has no slot for it, and
/// is paused from before its request is placed until somebody resumes the page; nobody else sleeps, nor does a vCPU
/// with `nowait`.
///
/// In this order: `ENODEV` without a ring (a vCPU of the domain is then paused and the domain crashed, so that it does
/// not fault for ever: 90e88dbae3); `EBUSY` without a slot; `ENOMEM` if the entry cannot be written; `EAGAIN` for
/// anybody else than a vCPU of the domain if the page was asked for before. `ok` also where there is nothing to ask for.
pub fn populate<S: Step>(s: &mut S, g: DomGfn, nowait: bool) -> Result<Code, Stop> {
    let slot = s.slot(g.dom)?;
    let me = s.me();
    let own = is_own(s.world(), me, slot);
    match Ringed::from_word(s.act(Act::Paging(PagingAct::Claim { slot, wait: own && !nowait }))?) {
        Ringed::Done => {}
        Ringed::NotNow => return Ok(Code::Ebusy),
        Ringed::NoRing => {
            if own {
                s.note("there is no ring, and the vCPU would fault for ever");
                s.act(Act::Pause(PauseAct::Pause(Who::Actor(me))))?;
                s.act(Act::Pause(PauseAct::Crash(slot)))?;
            }
            return Ok(Code::Enodev);
        }
    }
    let plan = policy::for_update(s.world(), slot, g.gfn);
    take(s, slot, plan)?;
    let found = ask(s, g, own)?;
    release(s, slot, plan)?;
    let flags = match found {
        Found::Ask(flags) => flags,
        Found::Leave(code) => {
            s.act(Act::Paging(PagingAct::Cancel { slot }))?;
            return Ok(code);
        }
    };
    if own {
        s.act(Act::Paging(PagingAct::Await(g)))?;
    }
    let flags = if own { flags } else { flags | flag::FOREIGN };
    match Ringed::from_word(s.act(Act::Paging(PagingAct::Put { slot, g, flags }))?) {
        Ringed::Done => Ok(Code::Ok),
        _ => {
            if own {
                s.note("the ring is gone, and nobody would let the vCPU go on");
                s.act(Act::Pause(PauseAct::Crash(slot)))?;
            }
            Ok(Code::Enodev)
        }
    }
}

/// Under the entry's lock: looks, and notes that the page was asked for.
fn ask<S: Step>(s: &mut S, g: DomGfn, own: bool) -> Result<Found, Stop> {
    let Some(leaf) = look(s, g)? else { return Ok(Found::Leave(Code::Ok)) };
    let flags = match leaf.ty {
        P2mType::RamPagingOut => flag::EVICT_FAIL,
        P2mType::RamPaged => 0,
        _ if own => return Ok(Found::Ask(0)),
        _ => return Ok(Found::Leave(Code::Eagain)),
    };
    // No TLB has what nobody may touch: nothing is flushed.
    let new = NewEntry { access: leaf.access, ..NewEntry::new(leaf.mfn, asked(s.world().format)) };
    Ok(match set_entry(s, g, new)? {
        Code::Ok => Found::Ask(flags),
        code => Found::Leave(code),
    })
}
