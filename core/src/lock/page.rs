//! The lock of one frame's sharing data: a bit of its type_info, `PGT_locked`, 55 in 2011 and 60 today (Xen's
//! `mem_sharing_page_lock`, since `6a11f31bd5`, 2012-01-26).
//!
//! Protocol. Taking it sets the bit and raises the count of typed references by one, in one exchange, so that the
//! type cannot go while it is held; releasing it does both back. Whether the frame may be locked at all is the
//! caller's to ask. The bit does not say whose it is: each actor has a record of the frames that it has locked, which
//! no other writes. Not recursive. Two pages are locked lower mfn first (S19).

use crate::addr::{ActorId, Mfn, Word};
use crate::machine::refs::TypeBits;
use crate::machine::{Words, World};

/// Takes the lock; false if it is taken, or the actor has no room to note it.
pub fn try_take<W: Words>(m: &mut W, world: &World, mfn: Mfn, word: Word, me: ActorId) -> bool {
    let mine = world.map.page_locks(me);
    if mine.len(m) == mine.room {
        return false;
    }
    let mut seen = m.get(word);
    let bit = TypeBits::of(world.format).locked;
    while seen & bit == 0 {
        let now = m.cas(word, seen, (seen | bit) + 1);
        if now == seen {
            return mine.put(m, mfn.0, 1);
        }
        seen = now;
    }
    false
}

/// Releases the lock. Whose it is is not looked at; releasing a free lock does nothing.
pub fn release<W: Words>(m: &mut W, world: &World, mfn: Mfn, word: Word, me: ActorId) {
    // Forgotten before it is free: from then on another may hold it.
    let owner = holder(m, world, mfn).unwrap_or(me);
    world.map.page_locks(owner).take(m, mfn.0);
    let mut seen = m.get(word);
    let bit = TypeBits::of(world.format).locked;
    while seen & bit != 0 {
        let now = m.cas(word, seen, (seen & !bit) - 1);
        if now == seen {
            return;
        }
        seen = now;
    }
}

/// Who holds it.
pub fn holder<W: Words>(m: &mut W, world: &World, mfn: Mfn) -> Option<ActorId> {
    world.actor_ids().find(|&a| world.map.page_locks(a).get(m, mfn.0).is_some())
}
