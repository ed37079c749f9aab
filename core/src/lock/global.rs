//! The global lock of a table: an exclusive side and a shared side that every range holder takes, in one atomic word.
//!
//! | bits | meaning |
//! |---|---|
//! | 31:0 | how many actors hold the shared side |
//! | 47:32 | the exclusive owner's number plus one; 0: none |
//! | 55:48 | how often the exclusive owner holds it |
//! | 63 | somebody who wants the exclusive side has queued |
//!
//! Protocol. All changes but the owner's own are compare-and-exchange on this one word, so whoever succeeds has seen
//! both sides: there is no "store mine, look at theirs". How deep an actor holds the shared side stands in its own
//! record, which no other writes; only the first take and the last release touch the word.
//! - An actor that finds the shared side held by others, and wants the exclusive one, queues by setting bit 63. New
//!   shared holders then wait; one that holds the shared side already passes. Taking the exclusive side clears the
//!   bit; who still waits sets it again.
//! - The exclusive owner may take it again, and the shared side and ranges beneath it.
//! - A holder of the shared side that asks for the exclusive one would wait for itself: a [`Taken::Promotion`],
//!   which is a breach and never a wait.

use super::owned::MAX_DEPTH;
use super::take::{Look, Taken};
use crate::addr::{ActorId, Word};
use crate::machine::Words;

const SHARED: u64 = 0xffff_ffff;
const OWNER_AT: u32 = 32;
const OWNER: u64 = 0xffff << OWNER_AT;
const DEPTH: u64 = 1 << 48;
const DEPTHS: u64 = 0xff << 48;
const QUEUED: u64 = 1 << 63;

/// How many actors hold the shared side.
pub const fn shared(word: u64) -> u64 {
    word & SHARED
}

/// Who holds the exclusive side, and how deep.
pub const fn exclusive(word: u64) -> Option<(ActorId, u64)> {
    match word & OWNER {
        0 => None,
        o => Some((ActorId(((o >> OWNER_AT) - 1) as u8), (word & DEPTHS) >> 48)),
    }
}

/// Whether somebody has queued for the exclusive side.
pub const fn queued(word: u64) -> bool {
    word & QUEUED != 0
}

const fn owned_by(me: ActorId) -> u64 {
    (me.0 as u64 + 1) << OWNER_AT
}

/// Whether a new holder of the shared side must wait.
const fn closed(word: u64, me: ActorId) -> bool {
    word & OWNER != owned_by(me) && word & (OWNER | QUEUED) != 0
}

/// Takes the shared side. `depth` is the actor's own count of it.
#[inline(always)]
pub fn try_shared<W: Words>(m: &mut W, word: Word, depth: Word, me: ActorId) -> Taken {
    let mine = m.get(depth);
    if mine == 0 {
        let mut seen = m.get(word);
        loop {
            if closed(seen, me) {
                return Taken::No;
            }
            let now = m.cas(word, seen, seen + 1);
            if now == seen {
                break;
            }
            seen = now;
        }
    }
    m.set(depth, mine + 1);
    Taken::Yes
}

/// Releases the shared side once.
#[inline(always)]
pub fn release_shared<W: Words>(m: &mut W, word: Word, depth: Word) {
    let mine = m.get(depth);
    if mine == 0 {
        return;
    }
    m.set(depth, mine - 1);
    if mine == 1 {
        m.add(word, u64::MAX);
    }
}

/// Takes the exclusive side, or queues for it where others hold the shared one.
pub fn try_exclusive<W: Words>(m: &mut W, word: Word, depth: Word, me: ActorId) -> Taken {
    let mut seen = m.get(word);
    loop {
        let (next, taken) = match look_exclusive(seen, m.get(depth), me) {
            Look::Free if seen & OWNER != 0 => (seen + DEPTH, Taken::Yes),
            Look::Free => ((seen & !QUEUED) | owned_by(me) | DEPTH, Taken::Yes),
            Look::Queue => (seen | QUEUED, Taken::Queued),
            Look::Promotion => return Taken::Promotion,
            Look::Busy => return Taken::No,
        };
        let now = m.cas(word, seen, next);
        if now == seen {
            return taken;
        }
        seen = now;
    }
}

/// Releases the exclusive side once.
pub fn release_exclusive<W: Words>(m: &mut W, word: Word) {
    let mut seen = m.get(word);
    loop {
        let next = match (seen & DEPTHS) >> 48 {
            0 => return,
            1 => seen & !(OWNER | DEPTHS),
            _ => seen - DEPTH,
        };
        let now = m.cas(word, seen, next);
        if now == seen {
            return;
        }
        seen = now;
    }
}

/// Empties the queue for the exclusive side, because one who stood in it has gone. Who still waits queues again.
pub fn leave_queue<W: Words>(m: &mut W, word: Word) {
    let mut seen = m.get(word);
    while queued(seen) {
        let now = m.cas(word, seen, seen & !QUEUED);
        if now == seen {
            return;
        }
        seen = now;
    }
}

/// What a taker of the shared side would find.
pub const fn look_shared(word: u64, mine: u64, me: ActorId) -> Look {
    if mine == 0 && closed(word, me) { Look::Busy } else { Look::Free }
}

/// What a taker of the exclusive side would find.
pub const fn look_exclusive(word: u64, mine: u64, me: ActorId) -> Look {
    match exclusive(word) {
        Some((owner, depth)) if owner.0 == me.0 && depth < MAX_DEPTH => Look::Free,
        Some((owner, _)) if owner.0 == me.0 => Look::Busy,
        _ if mine != 0 => Look::Promotion,
        Some(_) => Look::Busy,
        None if shared(word) == 0 => Look::Free,
        None if queued(word) => Look::Busy,
        None => Look::Queue,
    }
}
