//! Breaches that one effect shows by itself: a list or an object used wrongly, a sleep with a lock held, a wait that
//! lasts too long.

use super::{Broken, Rule, held};
use crate::addr::ActorId;
use crate::machine::lists::{self, Element, ListAct};
use crate::machine::objects::ObjectAct;
use crate::machine::pause::PauseAct;
use crate::machine::sharing::{self, Kept, SharingAct};
use crate::machine::{GhostWord, Words, World};
use crate::step::{Act, Effect};

/// What the effect does that nobody may do with a lock held (I28); none if it may.
fn parts_with_the_cpu(e: &Effect) -> Option<&'static str> {
    match e {
        Effect::Wait(_) => Some("sleeps"),
        Effect::Act(Act::Ring(ring)) if ring.waits() => Some("may sleep"),
        Effect::Act(Act::Paging(paging)) if paging.waits() => Some("may sleep"),
        Effect::Act(Act::TlbAccess { .. } | Act::Pause(PauseAct::EnterGuest)) => Some("enters the guest"),
        _ => None,
    }
}

/// I28: whether the actor parts with the processor while it holds a lock.
pub fn i28<W: Words>(m: &mut W, world: &World, a: ActorId, e: &Effect) -> Option<Broken> {
    let does = parts_with_the_cpu(e)?;
    let lock = held::atomic(m, world, a)?;
    let why = format!("{} {does} while it holds {}", world.actor_name(a), lock.describe(world));
    Some(Broken::by(a, Rule::I28, why))
}

/// What was wrong with the list or object that an effect used. Looked at after the effect, which has then changed
/// nothing.
pub fn stray<W: Words>(m: &mut W, world: &World, a: ActorId, e: &Effect, result: u64) -> Option<Broken> {
    let Effect::Act(act) = *e else { return None };
    let of = |x: Element| match x {
        Element::Frame(mfn) => format!("frame {}", world.frame_name(mfn)),
        Element::Object(i) => format!("object {i}"),
    };
    let name = world.actor_name(a);
    let why = match act {
        Act::List(ListAct::Insert(list, x)) if result == 0 => {
            let other = lists::on(m, world, x).map_or(String::new(), |l| l.describe(world));
            format!("{name} puts {} on {} while it is on {other}", of(x), list.describe(world))
        }
        Act::List(ListAct::Remove(list, x)) if result == 0 => {
            format!("{name} takes {} off {}, where it is not", of(x), list.describe(world))
        }
        Act::List(ListAct::Next(list, x)) if lists::on(m, world, x) != Some(list) => {
            format!("{name} follows the link of {}, which has left {}", of(x), list.describe(world))
        }
        Act::Object(ObjectAct::Free(i)) if result == 0 => format!("{name} frees object {i}, which is free already"),
        Act::Sharing(SharingAct::Free(mfn)) if result == 0 => {
            format!("{name} frees the sharing record of {}, which has none", world.frame_name(mfn))
        }
        Act::Sharing(SharingAct::Remove { mfn, g }) if Kept::from_word(result) != Kept::Yes => {
            format!("{name} takes {g} off the reverse map of {}, where it is not", world.frame_name(mfn))
        }
        Act::Sharing(SharingAct::Insert { mfn, g }) if Kept::from_word(result) == Kept::Stray => {
            format!("{name} puts {g} on the reverse map of {}, which has none", world.frame_name(mfn))
        }
        Act::Sharing(SharingAct::Next { mfn, after }) if !sharing::rmap(m, world, mfn).contains(&after) => {
            format!("{name} follows the link of {after}, which has left the reverse map of {}", world.frame_name(mfn))
        }
        Act::FreeTable(mfn) if result == 0 => format!("{name} gives back page {mfn}, which is no table"),
        _ => return None,
    };
    Some(Broken::by(a, Rule::Stray, why))
}

/// `starvation`: counts the steps of others for each actor that waits for a lock, and reports who has waited for more
/// than the world's patience. `waits` are those who wait for one now; `queued` says that the one who stepped has only
/// queued. A wait ends when its actor steps on: that the lock is free for a moment, and another takes it, ends none.
pub fn starvation<W: Words>(
    m: &mut W,
    world: &World,
    (stepped, queued): (ActorId, bool),
    waits: &[ActorId],
    out: &mut Vec<Broken>,
) {
    let Some(patience) = world.patience else { return };
    for a in world.actor_ids() {
        let word = world.map.ghost(a, GhostWord::Waited);
        let seen = m.get(word);
        let now = match waits.contains(&a) {
            _ if a == stepped && !queued => 0,
            true if a != stepped => (seen + 1).min(patience + 1),
            _ => seen,
        };
        if now != seen {
            m.set(word, now);
        }
        if now > patience {
            let why = format!("{} waits for a lock during more than {patience} steps of others", world.actor_name(a));
            out.push(Broken { rule: Rule::Starvation, actor: None, why });
        }
    }
}
