//! The lock word of range locks and plain locks: 8 bytes, owner and depth.
//!
//! | bits | meaning |
//! |---|---|
//! | 15:0 | the owner's number plus one; 0: free |
//! | 23:16 | how often the owner holds it |
//!
//! Protocol: a free word is taken by compare-and-exchange. A taken one is written by its owner alone, so taking it
//! again and releasing it are plain stores.
//!
//! Memory ordering: the exchange acquires, the releasing store releases; what is done under the lock stays between.
//! There is no other handshake on the word, since a waiter only looks again.

use crate::addr::{ActorId, Word};
use crate::machine::Words;

/// How deep a lock can be held before another take is refused. Sixteen deep is a breach of I29 already.
pub const MAX_DEPTH: u64 = 200;

const OWNER: u64 = 0xffff;
const DEPTH: u64 = 1 << 16;

/// Who holds the word and how deep.
pub const fn owner(word: u64) -> Option<(ActorId, u64)> {
    match word & OWNER {
        0 => None,
        o => Some((ActorId((o - 1) as u8), word >> 16)),
    }
}

/// The word of a lock that `a` holds once.
pub const fn held_by(a: ActorId) -> u64 {
    (a.0 as u64 + 1) | DEPTH
}

/// Takes the lock if it is free, or again if it is `recursive` and the actor's own.
#[inline(always)]
pub fn try_take<W: Words>(m: &mut W, word: Word, me: ActorId, recursive: bool) -> bool {
    let seen = m.get(word);
    if seen == 0 {
        return m.cas(word, 0, held_by(me)) == 0;
    }
    if recursive && seen & OWNER == me.0 as u64 + 1 && seen >> 16 < MAX_DEPTH {
        m.set(word, seen + DEPTH);
        return true;
    }
    false
}

/// Releases the lock once. Whose it is is not looked at: a release of another's lock is the watchers' to report.
/// Releasing a free lock does nothing.
#[inline(always)]
pub fn release<W: Words>(m: &mut W, word: Word) {
    let seen = m.get(word);
    match seen >> 16 {
        0 => {}
        1 => m.set(word, 0),
        _ => m.set(word, seen - DEPTH),
    }
}
