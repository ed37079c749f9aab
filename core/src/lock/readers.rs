//! Range locks with readers (policy `rw`).
//!
//! | bits | meaning |
//! |---|---|
//! | 15:0 | the writer's number plus one; 0: none |
//! | 23:16 | how often the writer holds it |
//! | 63:32 | how many actors read it |
//!
//! Protocol. All changes are exchanges of this one word. Whether an actor reads it, and how deep, stands in its own
//! record of ranges, which no other writes. There are no more readers than actors, so nothing is unbounded.
//! - Readers wait for the writer, a writer for the writer and for all *other* readers. So a reader that asks to write
//!   is promoted once the others have gone. Two readers that ask wait for each other, for ever: that is why such locks
//!   were not proposed.
//! - The writer that reads holds it once more as a writer: what it holds already is enough.
//! - A put does not say how its get held the range. It releases a reader's hold while there is one, and the writer's
//!   after that. Where a get inside a query is put, the range stays written a little longer than it had to be, and
//!   never shorter.

use super::Mode;
use super::owned::MAX_DEPTH;
use super::take::{Look, Taken};
use crate::addr::{ActorId, Word};
use crate::machine::{Words, World};

const OWNER: u64 = 0xffff;
const DEPTH: u64 = 1 << 16;
const DEPTHS: u64 = 0xff << 16;
const READERS_AT: u32 = 32;
const READER: u64 = 1 << READERS_AT;

const fn owned_by(me: ActorId) -> u64 {
    me.0 as u64 + 1
}

/// Who writes, and how deep.
pub const fn writer(word: u64) -> Option<(ActorId, u64)> {
    match word & OWNER {
        0 => None,
        o => Some((ActorId((o - 1) as u8), (word & DEPTHS) >> 16)),
    }
}

/// What becomes of the word when `me` takes the lock so; none if it must wait. `reads`: it reads already.
const fn next(word: u64, me: ActorId, mode: Mode, reads: bool) -> Option<u64> {
    let others = word >> READERS_AT != reads as u64;
    match (writer(word), mode) {
        (Some((a, depth)), _) if a.0 == me.0 && depth < MAX_DEPTH => Some(word + DEPTH),
        (Some(_), _) => None,
        (None, Mode::Shared) if reads => Some(word),
        (None, Mode::Shared) => Some(word + READER),
        (None, Mode::Exclusive) if others => None,
        (None, Mode::Exclusive) => Some(word | owned_by(me) | DEPTH),
    }
}

/// Takes the lock. `key` names it in the actor's record of what it reads.
pub fn try_take<W: Words>(m: &mut W, world: &World, (word, key): (Word, u64), me: ActorId, mode: Mode) -> Taken {
    let mine = world.map.reads(me);
    let depth = mine.get(m, key).unwrap_or(0);
    let mut seen = m.get(word);
    loop {
        let Some(new) = next(seen, me, mode, depth > 0) else { return Taken::No };
        let now = if new == seen { seen } else { m.cas(word, seen, new) };
        if now == seen {
            break;
        }
        seen = now;
    }
    if writer(seen).is_some() || mode == Mode::Exclusive {
        return Taken::Yes;
    }
    if mine.put(m, key, depth + 1) {
        return Taken::Yes;
    }
    update(m, word, |seen| seen - READER);
    Taken::No
}

/// Releases it once: as a reader if the actor is one, else as the writer.
pub fn release<W: Words>(m: &mut W, world: &World, (word, key): (Word, u64), me: ActorId) {
    let mine = world.map.reads(me);
    match mine.get(m, key) {
        Some(1) => {
            mine.take(m, key);
            update(m, word, |seen| seen - READER);
        }
        Some(depth) => drop(mine.put(m, key, depth - 1)),
        None => update(m, word, |seen| match (seen & DEPTHS) >> 16 {
            0 => seen,
            1 => seen & !(OWNER | DEPTHS),
            _ => seen - DEPTH,
        }),
    }
}

fn update<W: Words>(m: &mut W, word: Word, next: impl Fn(u64) -> u64) {
    let mut seen = m.get(word);
    loop {
        let now = m.cas(word, seen, next(seen));
        if now == seen {
            return;
        }
        seen = now;
    }
}

/// What a taker would find.
pub fn look<W: Words>(m: &mut W, world: &World, (word, key): (Word, u64), me: ActorId, mode: Mode) -> Look {
    let reads = world.map.reads(me).get(m, key).is_some();
    if next(m.get(word), me, mode, reads).is_some() { Look::Free } else { Look::Busy }
}

/// Who holds it, with mode and depth; who writes and reads stands in it twice.
pub fn holders<W: Words>(m: &mut W, world: &World, (word, key): (Word, u64)) -> Vec<(ActorId, Mode, u64)> {
    let seen = m.get(word);
    let mut all: Vec<_> = writer(seen).map(|(a, depth)| (a, Mode::Exclusive, depth)).into_iter().collect();
    if seen >> READERS_AT > 0 {
        all.extend(world.actor_ids().filter_map(|a| Some((a, Mode::Shared, world.map.reads(a).get(m, key)?))));
    }
    all
}
