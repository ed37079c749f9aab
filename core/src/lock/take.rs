//! Any lock, by name: where its word is, who holds it, taking and releasing it.

use super::{Lock, Mode, global, owned};
use crate::addr::{ActorId, FRAME_WORDS, Mfn, Word};
use crate::machine::{DomWord, LOCK_PAGES, Words, World};

/// What became of an attempt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Taken {
    /// Held now.
    Yes,
    /// Somebody else holds it.
    No,
    /// Not held, but new holders of the shared side wait from now on.
    Queued,
    /// The actor holds the shared side and asks for the exclusive one: a breach, nothing has changed.
    Promotion,
}

/// What an attempt would find, without making it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Look {
    /// It would succeed.
    Free,
    /// It would wait.
    Busy,
    /// It would queue, and then wait.
    Queue,
    /// It would be a promotion.
    Promotion,
}

/// The word of a lock; none for a range in whose GB nobody has taken a lock yet. Changes nothing.
#[inline(always)]
pub fn word_of<W: Words>(m: &mut W, world: &World, lock: Lock) -> Option<Word> {
    find(m, world, lock, false)
}

/// The word of a lock. With `claim` a range gets a lock page if it has none and one is left.
#[inline(always)]
fn find<W: Words>(m: &mut W, world: &World, lock: Lock, claim: bool) -> Option<Word> {
    let dom = |d, w| Some(world.map.dom(d, w));
    match lock {
        Lock::Range(d, i) => range_word(m, world, d, i, claim),
        Lock::Global(d) => dom(d, DomWord::Global),
        Lock::Domctl => Some(world.map.domctl()),
        Lock::Grant(d) => dom(d, DomWord::Grant),
        Lock::Nested(d) => dom(d, DomWord::Nested),
        Lock::Pod(d) => dom(d, DomWord::Pod),
        Lock::PageAlloc(d) => dom(d, DomWord::PageAlloc),
        Lock::Paging(d) => dom(d, DomWord::Paging),
        Lock::Structure(d) => dom(d, DomWord::Structure),
        Lock::Named(n) => Some(world.map.named_lock(n as u32)),
    }
}

/// Where in its page the lock of a range lies: neighbours are a line of 64 bytes apart.
pub const fn scatter(i: u64) -> u64 {
    (i & 63) << 3 | (i >> 6 & 7)
}

/// Two levels, sparse: a directory of lock pages, each for 512 ranges. A page is given to the first key that claims it.
#[inline(always)]
fn range_word<W: Words>(m: &mut W, world: &World, d: u8, i: u64, claim: bool) -> Option<Word> {
    let key = i / FRAME_WORDS + 1;
    let (key_at, mfn_at) = world.map.lock_page(d, 0);
    let page = if m.get(key_at) == key { Mfn(m.get(mfn_at)) } else { other_page(m, world, d, key, claim)? };
    world.map.page(page, scatter(i % FRAME_WORDS))
}

/// The lock page of a key that the first page is not, or not yet, given to.
#[inline(never)]
fn other_page<W: Words>(m: &mut W, world: &World, d: u8, key: u64, claim: bool) -> Option<Mfn> {
    for p in 0..LOCK_PAGES {
        let (key_at, mfn_at) = world.map.lock_page(d, p);
        let seen = m.get(key_at);
        let mine = seen == key
            || claim && seen == 0 && m.get(mfn_at) != 0 && {
                let now = m.cas(key_at, 0, key);
                now == 0 || now == key
            };
        if mine {
            return Some(Mfn(m.get(mfn_at)));
        }
    }
    None
}

/// Takes a lock if that needs no waiting. A range that no lock page is left for is never free.
#[inline(always)]
pub fn try_take<W: Words>(m: &mut W, world: &World, me: ActorId, lock: Lock, mode: Mode) -> Taken {
    let Some(word) = find(m, world, lock, true) else { return Taken::No };
    match (lock, mode) {
        (Lock::Global(d), Mode::Shared) => global::try_shared(m, word, world.map.shared_depth(me, d), me),
        (Lock::Global(d), Mode::Exclusive) => global::try_exclusive(m, word, world.map.shared_depth(me, d), me),
        _ if owned::try_take(m, word, me, lock.recursive()) => Taken::Yes,
        _ => Taken::No,
    }
}

/// Releases a lock once.
#[inline(always)]
pub fn release<W: Words>(m: &mut W, world: &World, me: ActorId, lock: Lock, mode: Mode) {
    let Some(word) = word_of(m, world, lock) else { return };
    match (lock, mode) {
        (Lock::Global(d), Mode::Shared) => global::release_shared(m, word, world.map.shared_depth(me, d)),
        (Lock::Global(_), Mode::Exclusive) => global::release_exclusive(m, word),
        _ => owned::release(m, word),
    }
}

/// Whether a range without a lock page could claim one.
fn page_left<W: Words>(m: &mut W, world: &World, lock: Lock) -> bool {
    let Lock::Range(d, _) = lock else { return false };
    (0..LOCK_PAGES).map(|p| world.map.lock_page(d, p)).any(|(key, mfn)| m.get(key) == 0 && m.get(mfn) != 0)
}

/// What an attempt by `me` would find.
pub fn look<W: Words>(m: &mut W, world: &World, me: ActorId, lock: Lock, mode: Mode) -> Look {
    let Some(word) = word_of(m, world, lock) else {
        return if page_left(m, world, lock) { Look::Free } else { Look::Busy };
    };
    let seen = m.get(word);
    match (lock, mode) {
        (Lock::Global(d), Mode::Shared) => global::look_shared(seen, m.get(world.map.shared_depth(me, d)), me),
        (Lock::Global(d), Mode::Exclusive) => global::look_exclusive(seen, m.get(world.map.shared_depth(me, d)), me),
        _ => match owned::owner(seen) {
            None => Look::Free,
            Some((owner, depth)) if owner == me && lock.recursive() && depth < owned::MAX_DEPTH => Look::Free,
            Some(_) => Look::Busy,
        },
    }
}

/// Who holds a lock now, with mode and depth, in the order of actors. Of a global lock both sides.
pub fn holders<W: Words>(m: &mut W, world: &World, lock: Lock) -> Vec<(ActorId, Mode, u64)> {
    let Some(word) = word_of(m, world, lock) else { return Vec::new() };
    let seen = m.get(word);
    let Lock::Global(d) = lock else {
        return owned::owner(seen).map(|(a, depth)| (a, Mode::Exclusive, depth)).into_iter().collect();
    };
    let mut all: Vec<_> = global::exclusive(seen).map(|(a, depth)| (a, Mode::Exclusive, depth)).into_iter().collect();
    for a in world.actor_ids() {
        let depth = m.get(world.map.shared_depth(a, d));
        if depth > 0 {
            all.push((a, Mode::Shared, depth));
        }
    }
    all.sort_by_key(|h| h.0);
    all
}
