//! Any lock, by name: where its word is, who holds it, taking and releasing it.

use super::area::{self, Part};
use super::{Lock, Mode, global, owned, page, readers};
use crate::addr::{ActorId, FRAME_WORDS, Mfn, Word};
use crate::machine::refs::TypeBits;
use crate::machine::{DomWord, FrameWord, Policy, Words, World};

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
        Lock::Area(d, i) => area_at(m, world, d, i, claim).map(|at| at.0),
        Lock::Page(mfn) => world.map.frame(Mfn(mfn), FrameWord::Type),
        Lock::Altp2m(d) => dom(d, DomWord::Altp2m),
    }
}

/// How a range's lock is kept under the policy in force.
enum Kept {
    /// By one owner.
    Owned,
    /// By readers or a writer.
    Readers,
    /// By one owner, counted in an area.
    Part,
}

#[inline(always)]
const fn kept(world: &World, lock: Lock) -> Kept {
    match (lock, world.policy) {
        (Lock::Range(..), Policy::K4) => Kept::Part,
        (Lock::Range(..), Policy::Rw) => Kept::Readers,
        _ => Kept::Owned,
    }
}

/// The word of 512 gfns as a whole, and their lock page.
fn area_at<W: Words>(m: &mut W, world: &World, d: u8, i: u64, claim: bool) -> Option<(Word, Mfn)> {
    let p = page_of(m, world, d, i + 1, claim)?;
    Some((world.map.area(d, p), Mfn(m.get(world.map.lock_page(d, p).1))))
}

/// A gfn's lock with its area. Its word has been found, so its page is there.
fn part<W: Words>(m: &mut W, world: &World, lock: Lock, word: Word) -> Option<Part> {
    let Lock::Range(d, i) = lock else { return None };
    area_at(m, world, d, i / FRAME_WORDS, false).map(|(area, _)| Part { area, word })
}

/// Where in its page the lock of a range lies: neighbours are a line of 64 bytes apart.
pub const fn scatter(i: u64) -> u64 {
    (i & 63) << 3 | (i >> 6 & 7)
}

/// Two levels, sparse: a directory of lock pages, each for 512 ranges. A page is given to the first key that claims it.
#[inline(always)]
fn range_word<W: Words>(m: &mut W, world: &World, d: u8, i: u64, claim: bool) -> Option<Word> {
    let key = i / FRAME_WORDS + 1;
    let (key_at, mfn_at) = world.map.lock_page(d, world.map.first_lock_page(key));
    let page = if m.get(key_at) == key { Mfn(m.get(mfn_at)) } else { other_page(m, world, d, key, claim)? };
    world.map.page(page, scatter(i % FRAME_WORDS))
}

/// The lock page of a key that the page looked at first is not, or not yet, given to.
#[inline(never)]
fn other_page<W: Words>(m: &mut W, world: &World, d: u8, key: u64, claim: bool) -> Option<Mfn> {
    let p = page_of(m, world, d, key, claim)?;
    Some(Mfn(m.get(world.map.lock_page(d, p).1)))
}

/// The place of a key's lock page in the directory.
fn page_of<W: Words>(m: &mut W, world: &World, d: u8, key: u64, claim: bool) -> Option<u64> {
    let (first, pages) = (world.map.first_lock_page(key), world.map.lock_pages());
    (first..pages).chain(0..first).find(|&p| {
        let (key_at, mfn_at) = world.map.lock_page(d, p);
        let seen = m.get(key_at);
        seen == key
            || claim && seen == 0 && m.get(mfn_at) != 0 && {
                let now = m.cas(key_at, 0, key);
                now == 0 || now == key
            }
    })
}

/// Takes a lock if that needs no waiting. A range that no lock page is left for is never free.
#[inline(always)]
pub fn try_take<W: Words>(m: &mut W, world: &World, me: ActorId, lock: Lock, mode: Mode) -> Taken {
    match (lock, mode) {
        (Lock::Global(d), Mode::Shared) => return global::try_shared(m, world, d, me),
        (Lock::Global(d), Mode::Exclusive) => return global::try_exclusive(m, world, d, me),
        _ => {}
    }
    let Some(word) = find(m, world, lock, true) else { return Taken::No };
    match kept(world, lock) {
        Kept::Owned if !matches!(lock, Lock::Page(_) | Lock::Area(..)) => {
            if owned::try_take(m, word, me, lock.recursive()) { Taken::Yes } else { Taken::No }
        }
        _ => try_other(m, world, me, (lock, word), mode),
    }
}

/// Takes a lock whose word is not just an owner's.
#[inline(never)]
fn try_other<W: Words>(m: &mut W, world: &World, me: ActorId, (lock, word): (Lock, Word), mode: Mode) -> Taken {
    let yes = |taken| if taken { Taken::Yes } else { Taken::No };
    match (lock, kept(world, lock)) {
        (Lock::Page(mfn), _) => yes(page::try_take(m, world, Mfn(mfn), word, me)),
        (Lock::Area(d, i), _) => match area_at(m, world, d, i, false) {
            Some((area, page)) => area::try_whole(m, world, area, page, me),
            None => Taken::No,
        },
        (_, Kept::Readers) => readers::try_take(m, world, (word, lock.to_word()), me, mode),
        (_, Kept::Part) => part(m, world, lock, word).map_or(Taken::No, |at| area::try_part(m, at, me)),
        (_, Kept::Owned) => yes(owned::try_take(m, word, me, lock.recursive())),
    }
}

/// Releases a lock once.
#[inline(always)]
pub fn release<W: Words>(m: &mut W, world: &World, me: ActorId, lock: Lock, mode: Mode) {
    match (lock, mode) {
        (Lock::Global(d), Mode::Shared) => return global::release_shared(m, world, d, me),
        (Lock::Global(d), Mode::Exclusive) => return global::release_exclusive(m, world, d),
        _ => {}
    }
    let Some(word) = word_of(m, world, lock) else { return };
    match (lock, kept(world, lock)) {
        (Lock::Page(mfn), _) => page::release(m, world, Mfn(mfn), word, me),
        (Lock::Area(..), _) => area::release_whole(m, word),
        (_, Kept::Owned) => owned::release(m, word),
        (_, Kept::Readers) => readers::release(m, world, (word, lock.to_word()), me),
        (_, Kept::Part) => part(m, world, lock, word).into_iter().for_each(|at| area::release_part(m, at)),
    }
}

/// Whether a range without a lock page could claim one.
fn page_left<W: Words>(m: &mut W, world: &World, lock: Lock) -> bool {
    let (Lock::Range(d, _) | Lock::Area(d, _)) = lock else { return false };
    (0..world.map.lock_pages()).map(|p| world.map.lock_page(d, p)).any(|(key, mfn)| m.get(key) == 0 && m.get(mfn) != 0)
}

/// What an attempt by `me` would find.
pub fn look<W: Words>(m: &mut W, world: &World, me: ActorId, lock: Lock, mode: Mode) -> Look {
    match (lock, mode) {
        (Lock::Global(d), Mode::Shared) => return global::look_shared(m, world, d, me),
        (Lock::Global(d), Mode::Exclusive) => return global::look_exclusive(m, world, d, me),
        _ => {}
    }
    let Some(word) = word_of(m, world, lock) else {
        return if page_left(m, world, lock) { Look::Free } else { Look::Busy };
    };
    let free = |free| if free { Look::Free } else { Look::Busy };
    match (lock, kept(world, lock)) {
        (Lock::Page(_), _) => free(m.get(word) & TypeBits::of(world.format).locked == 0),
        (Lock::Area(d, i), _) => match area_at(m, world, d, i, false) {
            Some((area, page)) => area::look_whole(m, world, area, page, me),
            None => Look::Busy,
        },
        (_, Kept::Readers) => readers::look(m, world, (word, lock.to_word()), me, mode),
        (_, Kept::Part) => part(m, world, lock, word).map_or(Look::Busy, |at| area::look_part(m, at, me)),
        (_, Kept::Owned) => free(match owned::owner(m.get(word)) {
            None => true,
            Some((owner, depth)) => owner == me && lock.recursive() && depth < owned::MAX_DEPTH,
        }),
    }
}

/// Who holds a lock now, with mode and depth, in the order of actors. Of a lock with two sides both.
pub fn holders<W: Words>(m: &mut W, world: &World, lock: Lock) -> Vec<(ActorId, Mode, u64)> {
    let Some(word) = word_of(m, world, lock) else { return Vec::new() };
    let alone = |of: Option<(ActorId, u64)>| of.map(|(a, depth)| (a, Mode::Exclusive, depth)).into_iter().collect();
    let mut all: Vec<_> = match (lock, kept(world, lock)) {
        (Lock::Global(d), _) => {
            let mut all: Vec<_> = alone(global::exclusive(m.get(word)));
            let depths = world.actor_ids().map(|a| (a, Mode::Shared, m.get(world.map.shared_depth(a, d))));
            all.extend(depths.filter(|h| h.2 > 0));
            all
        }
        (Lock::Page(mfn), _) => alone(page::holder(m, world, Mfn(mfn)).map(|a| (a, 1))),
        (Lock::Area(..), _) => alone(global::exclusive(m.get(word))),
        (_, Kept::Readers) => readers::holders(m, world, (word, lock.to_word())),
        (_, Kept::Owned | Kept::Part) => alone(owned::owner(m.get(word))),
    };
    all.sort_by_key(|h| h.0);
    all
}

/// Who must release before `me` can take the lock, others first of all: its holders in a mode that excludes this one,
/// and, where locks lie inside each other, the holders of those. A reader that asks to write does not wait for
/// itself.
pub fn in_the_way<W: Words>(m: &mut W, world: &World, me: ActorId, lock: Lock, mode: Mode) -> Vec<ActorId> {
    let mut all = holders(m, world, lock);
    if matches!(kept(world, lock), Kept::Readers) {
        all.retain(|h| h.0 != me || h.1 == Mode::Exclusive);
    }
    let excludes = |h: &&(ActorId, Mode, u64)| mode == Mode::Exclusive || h.1 == Mode::Exclusive;
    let mut found: Vec<ActorId> = all.iter().filter(excludes).map(|h| h.0).collect();
    match lock {
        Lock::Range(d, i) if world.policy == Policy::K4 => {
            let whole = holders(m, world, Lock::Area(d, i / FRAME_WORDS));
            found.extend(whole.into_iter().map(|h| h.0).filter(|&a| a != me));
        }
        Lock::Area(d, i) => {
            if let Some((_, page)) = area_at(m, world, d, i, false) {
                found.extend(area::part_holders(m, world, page).into_iter().map(|h| h.0).filter(|&a| a != me));
            }
        }
        _ => {}
    }
    found.sort();
    found.dedup();
    found
}
