//! Locks held, in order: the ghost stack of each actor, and the rules about it (I27, I29).
//!
//! The stack holds every take, outermost first; a recursion stands in it again.

use super::{Broken, Rule};
use crate::addr::ActorId;
use crate::lock::{Lock, Mode};
use crate::machine::{GhostWord, HELD_ROOM, Words, World};
use crate::step::Effect;

/// How deep a lock may be held (I29): the recursion counter of a 2011 spinlock has four bits.
pub const MAX_RECURSION: usize = 15;

/// What an actor holds, outermost first. A lock taken twice stands there twice.
pub fn held<W: Words>(m: &mut W, world: &World, a: ActorId) -> Vec<(Lock, Mode)> {
    let n = m.get(world.map.ghost(a, GhostWord::Held)).min(HELD_ROOM);
    (0..n)
        .map(|i| {
            let (lock, mode) = world.map.held(a, i);
            let mode = if m.get(mode) == 1 { Mode::Shared } else { Mode::Exclusive };
            (Lock::from_word(m.get(lock)), mode)
        })
        .collect()
}

fn write<W: Words>(m: &mut W, world: &World, a: ActorId, stack: &[(Lock, Mode)]) {
    let was = m.get(world.map.ghost(a, GhostWord::Held));
    for i in 0..was.max(stack.len() as u64).min(HELD_ROOM) {
        let (lock_at, mode_at) = world.map.held(a, i);
        let (lock, mode) = stack.get(i as usize).map_or((0, 0), |h| (h.0.to_word(), (h.1 == Mode::Shared) as u64));
        m.set(lock_at, lock);
        m.set(mode_at, mode);
    }
    m.set(world.map.ghost(a, GhostWord::Held), (stack.len() as u64).min(HELD_ROOM));
}

/// Keeps the stack after an effect, and reports what is released without being held, or held too deep.
pub fn after<W: Words>(m: &mut W, world: &World, a: ActorId, e: &Effect, result: u64, broken: &mut Vec<Broken>) {
    match *e {
        Effect::Lock(lock, mode) if result == 0 => {
            let what = lock.describe(world);
            let mode = if mode == Mode::Exclusive { "exclusively " } else { "" };
            broken.push(Broken::by(
                a,
                Rule::I27,
                format!(
                    "{} asks for {what} {mode}while it holds its shared side: it would wait for itself",
                    world.actor_name(a)
                ),
            ));
        }
        Effect::Lock(lock, mode) | Effect::TryLock(lock, mode) if result == 1 => {
            let mut stack = held(m, world, a);
            let depth = 1 + stack.iter().filter(|h| h.0 == lock).count();
            if depth > MAX_RECURSION || stack.len() as u64 == HELD_ROOM {
                let why = format!("{} holds {} {depth} deep", world.actor_name(a), lock.describe(world));
                broken.push(Broken::by(a, Rule::I29, why));
            }
            stack.push((lock, mode));
            write(m, world, a, &stack);
        }
        Effect::Unlock(lock, mode) => {
            let mut stack = held(m, world, a);
            let mode = lock.released(mode, stack.contains(&(lock, Mode::Shared)));
            match stack.iter().rposition(|h| *h == (lock, mode)) {
                Some(i) => drop(stack.remove(i)),
                None => {
                    let why =
                        format!("{} releases {}, which it does not hold", world.actor_name(a), lock.describe(world));
                    broken.push(Broken::by(a, Rule::I29, why));
                }
            }
            write(m, world, a, &stack);
        }
        _ => {}
    }
}

/// Whether asking for a lock keeps the order (I27). Asked when the lock becomes the actor's next effect, so that a
/// wrong order is reported before it hangs. Not checked: a lock held already, ranges under one's own exclusive global
/// lock, attempts that do not wait, and locks of level 0.
pub fn asks<W: Words>(m: &mut W, world: &World, a: ActorId, next: &Effect, broken: &mut Vec<Broken>) {
    let Effect::Lock(lock, mode) = *next else { return };
    let stack = held(m, world, a);
    let rank = lock.rank(world);
    let own = |h: &(Lock, Mode)| h.0 == lock && (lock.recursive() && (h.1 == mode || h.1 == Mode::Exclusive));
    if rank.0 == 0 || stack.iter().any(|h| own(h) || h.0.covers(lock)) {
        return;
    }
    let under = |h: &(Lock, Mode)| matches!((h.0, lock), (Lock::Global(d), Lock::Range(e, _) | Lock::Area(e, _)) if d == e && h.1 == Mode::Exclusive);
    if stack.iter().any(under) {
        return;
    }
    let inner = stack.iter().filter(|h| h.0.level(world) > 0 && h.0 != lock).max_by_key(|h| h.0.rank(world));
    if let Some(h) = inner.filter(|h| h.0.rank(world) > rank) {
        let (who, what, other) = (world.actor_name(a), lock.describe(world), h.0.describe(world));
        broken.push(Broken::by(
            a,
            Rule::I27,
            format!("{who} asks for {what} while it holds {other}, which comes later in the order"),
        ));
    }
}

/// The first lock of level above 0 that the actor holds: with it nobody may sleep or enter the guest (I28).
pub fn atomic<W: Words>(m: &mut W, world: &World, a: ActorId) -> Option<Lock> {
    held(m, world, a).into_iter().map(|h| h.0).find(|l| l.level(world) > 0)
}
