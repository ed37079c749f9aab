//! Locks of one gfn each, and what guards a leaf of 2 MB among them (policy `4k`).
//!
//! The 512 gfns of 2 MB have a lock page to themselves, and that page an *area word*:
//!
//! | bits | meaning |
//! |---|---|
//! | 31:0 | how many locks of the page are held |
//! | 47:32 | the number plus one of who holds the area as a whole; 0: nobody |
//! | 55:48 | how often |
//!
//! Protocol. Whoever takes a gfn's lock first counts itself into the area word, unless another holds the area, and
//! then takes the lock's own word; if that is taken it counts itself out again. Whoever takes the area does so by one
//! exchange that finds no count and no holder. So at no moment are the area and a part of it held by two actors,
//! whatever the table holds meanwhile: who holds the area finds nobody who relies on a part of its leaf, and who came
//! to a part, before or after somebody split the leaf, finds nobody who changes the whole. The holder of the area may
//! take parts of it too. One that holds a part and asks for the area would wait for itself: a promotion.
//!
//! Memory ordering: both sides exchange the one area word, so there is no handshake of two words.

use super::global::{exclusive, shared};
use super::owned::{self, MAX_DEPTH};
use super::take::{Look, Taken};
use crate::addr::{ActorId, FRAME_WORDS, Mfn, Word};
use crate::machine::{Words, World};

const OWNER_AT: u32 = 32;
const OWNER: u64 = 0xffff << OWNER_AT;
const DEPTH: u64 = 1 << 48;
const DEPTHS: u64 = 0xff << 48;

/// The words of a gfn's lock: its area's, and its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Part {
    /// The area word.
    pub area: Word,
    /// The lock's own.
    pub word: Word,
}

const fn owned_by(me: ActorId) -> u64 {
    (me.0 as u64 + 1) << OWNER_AT
}

/// Whether another holds the area as a whole.
const fn closed(area: u64, me: ActorId) -> bool {
    area & OWNER != 0 && area & OWNER != owned_by(me)
}

/// Changes the area word; false, and nothing is changed, where `next` gives none.
fn update<W: Words>(m: &mut W, area: Word, next: impl Fn(u64) -> Option<u64>) -> bool {
    let mut seen = m.get(area);
    while let Some(new) = next(seen) {
        let now = m.cas(area, seen, new);
        if now == seen {
            return true;
        }
        seen = now;
    }
    false
}

/// Takes a gfn's lock.
pub fn try_part<W: Words>(m: &mut W, at: Part, me: ActorId) -> Taken {
    match owned::owner(m.get(at.word)) {
        // Counted already. Nobody else changes the word of what is its own.
        Some((a, _)) if a == me => return if owned::try_take(m, at.word, me, true) { Taken::Yes } else { Taken::No },
        // It may be free by now: then it is to be counted first, the next time.
        Some(_) => return Taken::No,
        None => {}
    }
    if !update(m, at.area, |seen| (!closed(seen, me)).then_some(seen + 1)) {
        return Taken::No;
    }
    if owned::try_take(m, at.word, me, false) {
        return Taken::Yes;
    }
    m.add(at.area, u64::MAX);
    Taken::No
}

/// Releases a gfn's lock once.
pub fn release_part<W: Words>(m: &mut W, at: Part) {
    let last = owned::owner(m.get(at.word)).is_some_and(|(_, depth)| depth == 1);
    owned::release(m, at.word);
    if last {
        m.add(at.area, u64::MAX);
    }
}

/// Takes the area as a whole. `page` is its lock page.
pub fn try_whole<W: Words>(m: &mut W, world: &World, area: Word, page: Mfn, me: ActorId) -> Taken {
    let free = |seen: u64| match exclusive(seen) {
        Some((a, depth)) => (a == me && depth < MAX_DEPTH).then_some(seen + DEPTH),
        None => (shared(seen) == 0).then_some(seen | owned_by(me) | DEPTH),
    };
    match update(m, area, free) {
        true => Taken::Yes,
        false if look_whole(m, world, area, page, me) == Look::Promotion => Taken::Promotion,
        false => Taken::No,
    }
}

/// Releases the area once.
pub fn release_whole<W: Words>(m: &mut W, area: Word) {
    update(m, area, |seen| match (seen & DEPTHS) >> 48 {
        0 => None,
        1 => Some(seen & !(OWNER | DEPTHS)),
        _ => Some(seen - DEPTH),
    });
}

/// What a taker of a gfn's lock would find.
pub fn look_part<W: Words>(m: &mut W, at: Part, me: ActorId) -> Look {
    match owned::owner(m.get(at.word)) {
        None if !closed(m.get(at.area), me) => Look::Free,
        Some((a, depth)) if a == me && depth < MAX_DEPTH => Look::Free,
        _ => Look::Busy,
    }
}

/// What a taker of the area would find.
pub fn look_whole<W: Words>(m: &mut W, world: &World, area: Word, page: Mfn, me: ActorId) -> Look {
    let seen = m.get(area);
    match exclusive(seen) {
        Some((a, depth)) if a == me && depth < MAX_DEPTH => Look::Free,
        Some(_) => Look::Busy,
        None if shared(seen) == 0 => Look::Free,
        None if part_holders(m, world, page).iter().any(|h| h.0 == me) => Look::Promotion,
        None => Look::Busy,
    }
}

/// Who holds locks of a lock page, each with how many of them.
pub fn part_holders<W: Words>(m: &mut W, world: &World, page: Mfn) -> Vec<(ActorId, u64)> {
    let mut all: Vec<(ActorId, u64)> = world.actor_ids().map(|a| (a, 0)).collect();
    for i in 0..FRAME_WORDS {
        let word = world.map.page(page, i).map_or(0, |w| m.get(w));
        if let Some((a, _)) = owned::owner(word)
            && let Some(of) = all.get_mut(a.0 as usize)
        {
            of.1 += 1;
        }
    }
    all.retain(|h| h.1 > 0);
    all
}
