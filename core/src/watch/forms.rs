//! In which form each of the stuck is stuck.
//!
//! | form | what it is |
//! |---|---|
//! | ring | each waits for what the next one holds |
//! | leaked | it waits for a lock that one who has ended never released |
//! | forsaken | it sleeps for what nobody who is left can bring |
//! | behind | it waits for others that are stuck |

use super::waits::{On, Wait, rings, stuck};
use crate::addr::ActorId;
use crate::lock::Lock;
use crate::machine::World;

/// A form of being stuck, and who is in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Form {
    /// A ring, from its lowest actor on.
    Ring(Vec<ActorId>),
    /// It waits for a lock that the other one has left.
    Leaked {
        /// Who waits.
        actor: ActorId,
        /// For which lock.
        lock: Lock,
        /// Who has ended with it; of several the first. None where the lock has no owner that could be named.
        by: Option<ActorId>,
    },
    /// It sleeps for what nobody is left to bring.
    Forsaken(ActorId),
    /// It waits for these, who are stuck.
    Behind(ActorId, Vec<ActorId>),
}

/// The forms of all who are stuck: rings first, each independent one by itself, then the others in the order of
/// actors. `moving` are those that can move, `ended` those that have ended.
pub fn forms(waits: &[Wait], moving: &[ActorId], ended: &[ActorId]) -> Vec<Form> {
    let stuck = stuck(waits, moving);
    let among: Vec<Wait> = waits.iter().filter(|w| stuck.contains(&w.actor)).cloned().collect();
    let rings = rings(&among);
    let in_ring = |a: ActorId| rings.iter().any(|ring| ring.contains(&a));
    let alone = among.iter().filter(|w| !in_ring(w.actor)).map(|w| {
        let on: Vec<ActorId> = w.needs.iter().copied().filter(|n| stuck.contains(n)).collect();
        match w.on {
            On::Lock(lock, _) if on.is_empty() => {
                Form::Leaked { actor: w.actor, lock, by: w.needs.iter().copied().find(|n| ended.contains(n)) }
            }
            _ if on.is_empty() || !w.on.needs_all() => Form::Forsaken(w.actor),
            _ => Form::Behind(w.actor, on),
        }
    });
    let alone: Vec<Form> = alone.collect();
    rings.iter().cloned().map(Form::Ring).chain(alone).collect()
}

/// The form in a sentence.
pub fn describe(world: &World, form: &Form) -> String {
    let name = |a: &ActorId| world.actor_name(*a);
    let names = |all: &[ActorId]| all.iter().map(name).collect::<Vec<_>>().join(" and ");
    match form {
        Form::Ring(ring) => {
            let closed = ring.iter().chain(ring.first()).map(name).collect::<Vec<_>>().join(" -> ");
            format!("{closed}: each waits for what the next one holds, so none of them can ever go on.")
        }
        Form::Leaked { actor, lock, by: Some(by) } => {
            let lock = lock.describe(world);
            format!("{} waits for {lock}, and {} has ended without releasing it.", name(actor), name(by))
        }
        Form::Leaked { actor, lock, by: None } => {
            format!("{} waits for {}, and nobody is left who could release it.", name(actor), lock.describe(world))
        }
        Form::Forsaken(actor) => format!("{} sleeps for what nobody who is left can bring.", name(actor)),
        Form::Behind(actor, on) => {
            let are = if on.len() == 1 { "is" } else { "are" };
            format!("{} waits for {}, who {are} stuck.", name(actor), names(on))
        }
    }
}
