//! The global lock of a table: an exclusive side and a shared side that every range holder takes.
//!
//! | bits | meaning |
//! |---|---|
//! | 31:0 | how many actors hold the shared side, where one word counts them |
//! | 47:32 | the exclusive owner's number plus one; 0: none |
//! | 55:48 | how often the exclusive owner holds it |
//! | 63 | somebody who wants the exclusive side has queued |
//!
//! How deep an actor holds the shared side stands in its own record, which no other writes; only its first take and
//! last release are seen by others. The shared side comes in three forms ([`Form`]), with the same meaning.
//! - *Atomic*: all changes are compare-and-exchange on this one word, so whoever succeeds has seen both sides. There
//!   is no "store mine, look at theirs".
//! - *Spinlock*: all changes are made under a spinlock beside the word, as plain loads and stores. Taking it acquires,
//!   releasing it releases. Nobody waits, or is stopped, while it holds the spinlock.
//! - *Percpu*: nothing counts. A new holder **stores its own depth, then looks at the word**; whoever wants the
//!   exclusive side **writes the word, then looks at every depth**. Each of the two pairs is a store and a load of
//!   different words that must not pass each other, so all four are sequentially consistent: at least one of two
//!   who come at once sees the other. The holder backs out if it sees an owner or a queue, the owner if it sees a
//!   depth. Both may back out, and then both come again.
//!
//! In every form:
//! - An actor that finds the shared side held by others, and wants the exclusive one, queues by setting bit 63. New
//!   shared holders then wait; one that holds the shared side already passes. Taking the exclusive side clears the
//!   bit; who still waits sets it again.
//! - The exclusive owner may take it again, and the shared side and ranges beneath it.
//! - A holder of the shared side that asks for the exclusive one would wait for itself: a [`Taken::Promotion`],
//!   which is a breach and never a wait.

use super::owned::MAX_DEPTH;
use super::take::{Look, Taken};
use crate::addr::{ActorId, Word};
use crate::machine::{DomWord, Form, Words, World};
use std::sync::atomic::Ordering::SeqCst;

const SHARED: u64 = 0xffff_ffff;
const OWNER_AT: u32 = 32;
const OWNER: u64 = 0xffff << OWNER_AT;
const DEPTH: u64 = 1 << 48;
const DEPTHS: u64 = 0xff << 48;
const QUEUED: u64 = 1 << 63;

/// How many actors hold the shared side, where the word counts them.
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

#[inline(always)]
fn word_at(world: &World, d: u8) -> Word {
    world.map.dom(d, DomWord::Global)
}

/// Changes the word: under the spinlock where the form has one, else by exchange. Gives what it held; where `next`
/// gives none nothing changes.
#[inline(always)]
fn update<W: Words>(m: &mut W, world: &World, d: u8, next: impl Fn(u64) -> Option<u64>) -> u64 {
    let word = word_at(world, d);
    if world.form == Form::Spinlock {
        let spin = world.map.dom(d, DomWord::GlobalSpin);
        while m.cas(spin, 0, 1) != 0 {
            m.relax();
        }
        let seen = m.get(word);
        if let Some(new) = next(seen) {
            m.set(word, new);
        }
        m.set(spin, 0);
        return seen;
    }
    let mut seen = m.get(word);
    while let Some(new) = next(seen) {
        let now = m.cas(word, seen, new);
        if now == seen {
            break;
        }
        seen = now;
    }
    seen
}

/// Takes the shared side of a domain's lock.
#[inline(always)]
pub fn try_shared<W: Words>(m: &mut W, world: &World, d: u8, me: ActorId) -> Taken {
    let depth = world.map.shared_depth(me, d);
    let mine = m.get(depth);
    if mine == 0 {
        if world.form == Form::Percpu {
            return try_shared_percpu(m, world, d, me);
        }
        if closed(update(m, world, d, |seen| (!closed(seen, me)).then_some(seen.wrapping_add(1))), me) {
            return Taken::No;
        }
    }
    m.set(depth, mine.wrapping_add(1));
    Taken::Yes
}

/// Stores mine, looks at theirs.
fn try_shared_percpu<W: Words>(m: &mut W, world: &World, d: u8, me: ActorId) -> Taken {
    let (word, depth) = (word_at(world, d), world.map.shared_depth(me, d));
    if closed(m.get(word), me) {
        return Taken::No;
    }
    m.store(depth, 1, SeqCst);
    if closed(m.load(word, SeqCst), me) {
        m.set(depth, 0);
        return Taken::No;
    }
    Taken::Yes
}

/// Releases the shared side once.
#[inline(always)]
pub fn release_shared<W: Words>(m: &mut W, world: &World, d: u8, me: ActorId) {
    let depth = world.map.shared_depth(me, d);
    let mine = m.get(depth);
    if mine == 0 {
        return;
    }
    m.set(depth, mine - 1);
    if mine == 1 {
        match world.form {
            Form::Atomic => drop(m.add(word_at(world, d), u64::MAX)),
            Form::Spinlock => drop(update(m, world, d, |seen| Some(seen.wrapping_sub(1)))),
            Form::Percpu => {}
        }
    }
}

/// Whether an actor holds the shared side, where each counts for itself.
fn any_depth<W: Words>(m: &mut W, world: &World, d: u8) -> bool {
    world.actor_ids().any(|a| m.load(world.map.shared_depth(a, d), SeqCst) != 0)
}

/// Takes the exclusive side, or queues for it where others hold the shared one.
pub fn try_exclusive<W: Words>(m: &mut W, world: &World, d: u8, me: ActorId) -> Taken {
    let mine = m.get(world.map.shared_depth(me, d));
    let taken = |seen: u64| (seen & !QUEUED) | owned_by(me) | DEPTH;
    let seen = update(m, world, d, |seen| match look_word(seen, shared(seen) != 0, mine, me) {
        Look::Free if seen & OWNER != 0 => Some(seen + DEPTH),
        Look::Free => Some(taken(seen)),
        Look::Queue => Some(seen | QUEUED),
        Look::Promotion | Look::Busy => None,
    });
    match look_word(seen, shared(seen) != 0, mine, me) {
        Look::Free if world.form == Form::Percpu && seen & OWNER == 0 && any_depth(m, world, d) => {
            // Backs out. The word is its own, so that nobody else has changed it.
            update(m, world, d, |now| Some(now & !(OWNER | DEPTHS) | QUEUED));
            if queued(seen) { Taken::No } else { Taken::Queued }
        }
        Look::Free => Taken::Yes,
        Look::Queue => Taken::Queued,
        Look::Promotion => Taken::Promotion,
        Look::Busy => Taken::No,
    }
}

/// Releases the exclusive side once.
pub fn release_exclusive<W: Words>(m: &mut W, world: &World, d: u8) {
    update(m, world, d, |seen| match (seen & DEPTHS) >> 48 {
        0 => None,
        1 => Some(seen & !(OWNER | DEPTHS)),
        _ => Some(seen - DEPTH),
    });
}

/// Empties the queue for the exclusive side, because one who stood in it has gone. Who still waits queues again.
pub fn leave_queue<W: Words>(m: &mut W, world: &World, d: u8) {
    update(m, world, d, |seen| queued(seen).then_some(seen & !QUEUED));
}

/// What a taker of the shared side would find.
pub fn look_shared<W: Words>(m: &mut W, world: &World, d: u8, me: ActorId) -> Look {
    let mine = m.get(world.map.shared_depth(me, d));
    if mine == 0 && closed(m.get(word_at(world, d)), me) { Look::Busy } else { Look::Free }
}

/// What a taker of the exclusive side would find.
pub fn look_exclusive<W: Words>(m: &mut W, world: &World, d: u8, me: ActorId) -> Look {
    let seen = m.get(word_at(world, d));
    let others = match world.form {
        Form::Percpu => any_depth(m, world, d),
        Form::Atomic | Form::Spinlock => shared(seen) != 0,
    };
    look_word(seen, others, m.get(world.map.shared_depth(me, d)), me)
}

/// What a taker of the exclusive side finds in the word; `shared`: whether the shared side is held.
const fn look_word(word: u64, shared: bool, mine: u64, me: ActorId) -> Look {
    match exclusive(word) {
        Some((owner, depth)) if owner.0 == me.0 && depth < MAX_DEPTH => Look::Free,
        Some((owner, _)) if owner.0 == me.0 => Look::Busy,
        _ if mine != 0 => Look::Promotion,
        Some(_) => Look::Busy,
        None if !shared => Look::Free,
        None if queued(word) => Look::Busy,
        None => Look::Queue,
    }
}
