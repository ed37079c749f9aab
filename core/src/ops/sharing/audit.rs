//! Auditing all sharing records (Xen's `audit`, XENMEM_sharing_op_audit).
//!
//! Protocol: the tables of all domains but the control domain are held whole from the first look to the last. Everything that shares or unshares
//! holds an entry's lock until its counters are right again, so that whatever disagrees is wrong and not under way; Xen
//! holds none of them and may count what a share has half done. The page of each frame is locked while its record is
//! compared, and unlocked on the one way out (two of Xen's leave it locked). What Xen's audit leaves out is looked at
//! too: the count of frames saved, and that no two frames have one handle.

use super::{SharingAct, leaf_at, lock_page, shared, unlock_page};
use crate::addr::{DomGfn, DomId, Mfn};
use crate::lock::Hold;
use crate::machine::frames::{M2P_SHARED, PGT_COUNT, owner_of_word};
use crate::machine::refs::{PageType, TypeBits};
use crate::machine::{FrameWord, XenWord};
use crate::ops::needs::{Attempt, outermost};
use crate::step::{Act, Step, Stop};
use std::ops::ControlFlow::{Break, Continue};

/// `share_audit`: the number of errors; none for who holds a lock of a table, and so cannot wait for all of them. An
/// error is, of each frame with a record: a type that is not the shared one; an owner that is not dom_cow; an m2p that
/// does not say that it is shared; no tuple; each tuple whose domain is not there, or whose frame number does not map
/// the frame as shared; a type count that is not the tuples; a handle that a lower frame has. And one error each: a
/// wrong `nr_shared`, a wrong `nr_saved`.
pub fn audit<S: Step>(s: &mut S) -> Result<Option<u64>, Stop> {
    // The control domain's locks come after every page's; it has nothing to share with whom it serves.
    let may_share = |slot: &u8| !s.world().domain(*slot).control;
    let all = (0..s.world().domains.len() as u8).filter(may_share);
    let all = all.fold(Hold::NOTHING, |all, slot| all.and(s.world(), Hold::whole(slot)));
    outermost(s, all, |s, _| {
        let found = s.fold(Found::default(), |s, found| {
            let next = s.act(Act::Sharing(SharingAct::From(found.next)))?;
            if next == u64::MAX {
                return Ok(Break(found));
            }
            let (errors, tuples) = s.scope(|s| frame(s, Mfn(next)))?;
            Ok(Continue(found.with(Mfn(next), errors, tuples)))
        })?;
        let mut errors = found.errors as u64;
        for (of, is) in [(XenWord::NrShared, found.frames as u64), (XenWord::NrSaved, found.saved)] {
            let word = s.world().map.xen(of);
            s.note(match of {
                XenWord::NrShared => "compares the count of shared frames",
                XenWord::NrSaved => "compares the count of frames saved",
            });
            errors += (s.load(word)? != is) as u64;
        }
        Attempt::done(errors)
    })
}

/// What the audit has found so far.
#[derive(Clone, Copy)]
struct Found {
    next: Mfn,
    errors: u32,
    frames: u32,
    saved: u64,
}

impl Default for Found {
    fn default() -> Found {
        Found { next: Mfn(0), errors: 0, frames: 0, saved: 0 }
    }
}

impl Found {
    fn with(self, mfn: Mfn, errors: u64, tuples: u64) -> Found {
        Found {
            next: mfn.plus(1),
            errors: self.errors.saturating_add(errors as u32),
            frames: self.frames + 1,
            saved: self.saved + tuples.saturating_sub(1),
        }
    }
}

impl crate::step::Plain for Found {
    const WORDS: usize = 4;

    fn to_words(self) -> [u64; 4] {
        [self.next.0, self.errors as u64, self.frames as u64, self.saved]
    }

    fn from_words(w: [u64; 4]) -> Found {
        Found { next: Mfn(w[0]), errors: w[1] as u32, frames: w[2] as u32, saved: w[3] }
    }
}

/// One frame, with its page locked: its errors, and how many tuples it has.
fn frame<S: Step>(s: &mut S, mfn: Mfn) -> Result<(u64, u64), Stop> {
    lock_page(s, mfn)?;
    let (mut errors, tuples) = s.fold((0, 0), |s, (errors, i)| {
        let at = s.act(Act::Sharing(SharingAct::Nth { mfn, i }))?;
        if at == u64::MAX {
            return Ok(Break((errors, i)));
        }
        let g = DomGfn::from_word(at);
        // A tuple of a domain that is not there leads nowhere.
        let maps = s.world().slot(g.dom).is_some() && shared(leaf_at(s, g)?) == Some(mfn);
        Ok(Continue((errors + !maps as u64, i + 1)))
    })?;
    let record = |s: &mut S, w, what| {
        let word = s.frame_word(mfn, w)?;
        s.note(what);
        s.load(word)
    };
    let bits = TypeBits::of(s.world().format);
    let types = record(s, FrameWord::Type, "looks at the type, and who relies on it")?;
    let owner = record(s, FrameWord::Owner, "looks whether dom_cow owns the shared frame")?;
    let m2p = record(s, FrameWord::M2p, "looks whether m2p says that it is shared")?;
    let twin = s.act(Act::Sharing(SharingAct::Twins(mfn)))? > 0;
    let wrong = [
        bits.get(types) != PageType::Shared,
        owner_of_word(owner) != DomId::COW,
        m2p != M2P_SHARED,
        tuples == 0,
        // The page's lock is one of those who count on the type.
        types & PGT_COUNT != tuples + 1,
        twin,
    ];
    errors += wrong.into_iter().filter(|w| *w).count() as u64;
    unlock_page(s, mfn)?;
    Ok((errors, tuples))
}
