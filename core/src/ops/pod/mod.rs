//! Populate on demand: a guest begins with less memory than it believes to have (p2m-pod.c as
//! of 2026-08).
//!
//! A promised frame number is an entry without a frame. The domain keeps zero frames in a cache; the first access to
//! a promised number takes one. Where there are more promises than frames, pages that hold only zeroes are taken back.
//!
//! Protocol. The pod lock guards the cache, the counters and the ring of recent numbers; it nests inside the lock of
//! an entry, and the page_alloc lock inside it. `entry_count` changes while the pod lock is held that was taken before
//! the entries changed, so that who holds it never sees promises uncounted (S39). Whoever holds the pod lock has
//! looked whether the domain is dying, so that once the emptier has had the lock nothing comes into the cache (S38).
//!
//! Taking pages back happens at other frame numbers than the one that is held. Waiting for those under the pod lock
//! would turn the order round (S27), so they are tried and skipped where somebody holds them. If nothing was found and
//! something was skipped, the operation asks for the whole table and begins again; so a domain is crashed for want of
//! memory only after a look that nobody's lock stood in the way of.

mod cache;
mod decrease;
mod mark;
mod populate;
mod reclaim;
mod sweep;
mod zero_check;

pub use cache::{empty_cache, offline_or_broken_hit, offline_or_broken_replace, set_target};
pub use decrease::decrease_reservation;
pub use mark::mark;
pub use populate::{demand_populate, demand_populate_one, populate};
pub use sweep::sweep;
pub use zero_check::zero_check;

use crate::lock::{Lock, Mode};
use crate::machine::DomWord;
use crate::step::{Step, Stop};

fn lock<S: Step>(s: &mut S, slot: u8) -> Result<(), Stop> {
    s.lock(Lock::Pod(slot), Mode::Exclusive).map(|_| ())
}

fn unlock<S: Step>(s: &mut S, slot: u8) -> Result<(), Stop> {
    s.unlock(Lock::Pod(slot), Mode::Exclusive)
}

/// A counter of the domain's, under the pod lock.
fn counter<S: Step>(s: &mut S, slot: u8, of: DomWord) -> Result<u64, Stop> {
    let word = s.dom_word(slot, of);
    s.load(word)
}

fn add<S: Step>(s: &mut S, slot: u8, of: DomWord, n: u64) -> Result<(), Stop> {
    let word = s.dom_word(slot, of);
    s.add(word, n).map(|_| ())
}

/// Whether the domain is being destroyed. Asked under the pod lock.
fn dying<S: Step>(s: &mut S, slot: u8) -> Result<bool, Stop> {
    s.note("looks whether the domain is dying");
    Ok(counter(s, slot, DomWord::Dying)? != 0)
}
