//! Memory sharing: one frame under several frame numbers, copied on the first write (Xen's
//! `mem_sharing.c`).
//!
//! A frame becomes *shareable* when it is nominated: it belongs to dom_cow then and notes who maps it. Sharing makes
//! two such frames one; unsharing gives a frame number a frame of its own again, by a copy, or without one if it was
//! the last that shared.
//!
//! Protocol. Every entry that is changed is locked, and stays locked until all is done: also those of third domains,
//! which a share finds in the notes of the frame that it gives up (S29); it asks for them through [`super::needs`]
//! before it has changed anything. Page locks come after entries' locks, lower mfn first (S19), page_alloc locks after
//! page locks. The last typed reference but the page lock's own is dropped only after the page is unlocked (S20). A
//! tuple goes before the record that holds it (S48), m2p of a frame that stays shared is left alone (S47), and a frame
//! is given up only after every TLB that may know it has answered: flushes are not put off here, since the TLBs of
//! several domains may know it, of which whoever frees it may hold none.

mod add;
mod audit;
mod nominate;
mod relinquish;
mod share;
mod unshare;

pub use add::add_to_physmap;
pub use audit::audit;
pub use nominate::nominate;
pub use relinquish::{RELINQUISH_UNITS, relinquish_shared_pages};
pub use share::{range_share, share};
pub use unshare::{unshare, unshare_held, unshare_or_tell};

use super::code::Code;
use super::query::walk;
use super::table::{NewEntry, flush_now, set_entry};
use crate::addr::{DomGfn, Mfn};
use crate::entry::{Leaf, P2mType};
use crate::lock::{Lock, Mode};
use crate::machine::XenWord;
use crate::machine::sharing::{Kept, SharingAct};
use crate::step::{Act, Step, Stop};

/// A handle that the caller has remembered, or none: whatever the frame's is.
pub type Handle = Option<u64>;

fn lock_page<S: Step>(s: &mut S, mfn: Mfn) -> Result<(), Stop> {
    s.lock(Lock::Page(mfn.0), Mode::Exclusive).map(|_| ())
}

fn unlock_page<S: Step>(s: &mut S, mfn: Mfn) -> Result<(), Stop> {
    s.unlock(Lock::Page(mfn.0), Mode::Exclusive)
}

fn record<S: Step>(s: &mut S, what: SharingAct) -> Result<Kept, Stop> {
    Ok(Kept::from_word(s.act(Act::Sharing(what))?))
}

fn handle_of<S: Step>(s: &mut S, mfn: Mfn) -> Result<u64, Stop> {
    s.act(Act::Sharing(SharingAct::Handle(mfn)))
}

fn tally<S: Step>(s: &mut S, of: XenWord, n: u64) -> Result<(), Stop> {
    let word = s.world().map.xen(of);
    s.note(match of {
        XenWord::NrShared => "counts the shared frames",
        XenWord::NrSaved => "counts the frames saved",
    });
    s.add(word, n).map(|_| ())
}

/// One less.
const LESS: u64 = u64::MAX;

/// What the entry of a frame number is.
fn leaf_at<S: Step>(s: &mut S, g: DomGfn) -> Result<Option<Leaf>, Stop> {
    let (entry, level) = walk(s, g)?;
    Ok(s.world().leaf_of(g, entry, level))
}

/// The frame, if the leaf is one that shares.
fn shared(leaf: Option<Leaf>) -> Option<Mfn> {
    leaf.filter(|l| l.ty.is_shared() && l.mfn.is_valid()).map(|l| l.mfn)
}

/// Writes an entry that is there already, as 4 KB, so that no table can be missing; its TLBs have answered when it
/// returns.
fn rewrite<S: Step>(s: &mut S, g: DomGfn, mfn: Mfn, ty: P2mType) -> Result<(), Stop> {
    let slot = s.slot(g.dom)?;
    if set_entry(s, g, NewEntry::fresh(mfn, ty))? != Code::Ok {
        return Err(Stop::Bad { what: "an entry that can be written", value: g.to_word() });
    }
    flush_now(s, slot)
}
