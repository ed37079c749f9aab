//! Whether a lesson's live loops return the world to where it began, as the lesson says.

use crate::addr::{ActorId, DomGfn, Order};
use crate::entry::{Access, P2mType};
use crate::lesson::{Form, Lesson, Staged};
use crate::machine::Policy;
use crate::sched::{PATIENCE, Run};
use crate::watch::Rules;
use crate::watch::survey::Survey;

/// What is mapped where, without which frame: a frame number, its size, type and restriction.
type Mapped = Vec<(u8, DomGfn, Order, P2mType, Access)>;

/// Lets all actors run their loops, each until it waits or ends, in turn, and compares what is mapped where after one
/// round and after three with what was mapped at first. What pages contain may differ: loops copy. The error says what is
/// otherwise. Loops that can close a ring do not close it here, since nobody is stopped between two locks.
pub fn returns(lesson: &Lesson, version: &str, policy: Policy) -> Result<(), String> {
    let name = |e: Vec<crate::script::Error>| e.first().map_or(String::new(), ToString::to_string);
    let staged = lesson.stage_as(version, Form::Loop, Some(policy), None).map_err(name)?;
    let first = mapped(&mut after(&staged, 0)?);
    for rounds in [1, 3] {
        let mut run = after(&staged, rounds)?;
        let now = mapped(&mut run);
        let one = |all: &Mapped, other: &Mapped| all.iter().find(|m| !other.contains(m)).copied();
        if let Some((_, g, _, ty, access)) = one(&now, &first) {
            return Err(format!("after {rounds} rounds {g} is {ty} with {access}, which it was not at first"));
        }
        if let Some((_, g, _, ty, _)) = one(&first, &now) {
            return Err(format!("after {rounds} rounds {g} is {ty} no longer"));
        }
    }
    Ok(())
}

/// The run in which each actor has ended so many rounds.
fn after(staged: &Staged, rounds: u32) -> Result<Run<crate::script::Script>, String> {
    let world = &staged.world;
    let mut run = Run::new(staged.sim_with(vec![rounds; world.actors.len()], Rules::NONE));
    let mut steps = 0;
    loop {
        let all = world.actor_ids().filter(|&a| run.until_blocked(a).is_ok());
        if all.count() == 0 {
            break;
        }
        steps += 1;
        if steps > PATIENCE {
            return Err(format!("{rounds} rounds do not end"));
        }
    }
    match world.actor_ids().find(|&a: &ActorId| !run.sim().ended(a)) {
        Some(a) => Err(format!("{} does not end {rounds} rounds", world.actor_name(a))),
        None => Ok(run),
    }
}

fn mapped(run: &mut Run<crate::script::Script>) -> Mapped {
    let world = run.world().clone();
    let leaves = Survey::take(run.words(), &world).leaves;
    leaves.into_iter().map(|at| (at.slot, at.g, at.leaf.order, at.leaf.ty, at.leaf.access)).collect()
}
