//! Guest access as hardware does it: through the TLB, else by a walk that fills it.

use crate::addr::DomGfn;
use crate::entry::{Cpu, Hardware};
use crate::machine::tlb::{Access, Outcome};
use crate::step::{Act, Effect, Step, Stop};
use std::ops::ControlFlow::{Break, Continue};

/// `hw_read g`, `hw_write g = n`: the value read or written, or none on a violation or misconfiguration. No handler
/// runs.
pub fn access<S: Step>(s: &mut S, g: DomGfn, access: Access) -> Result<Option<u64>, Stop> {
    Ok(match touch(s, g, access)? {
        Outcome::Done(value) => Some(value),
        _ => None,
    })
}

/// The same, telling a violation ([`Outcome::Fault`]) from a misconfiguration and a full page of logged writes; there are no
/// other outcomes but these and [`Outcome::Done`].
///
/// One effect where the TLB has a leaf; else one for each level read, from the deepest link that the TLB has, and one
/// that fills the TLB and touches the frame. A walk that a flush overtakes begins again.
pub fn touch<S: Step>(s: &mut S, g: DomGfn, access: Access) -> Result<Outcome, Stop> {
    let (a, b) = s.retry(|s| {
        let outcome = try_once(s, g, access)?;
        let [a, b] = outcome.to_words();
        Ok((outcome != Outcome::Again).then_some((a, b)))
    })?;
    Ok(Outcome::from_words([a, b]))
}

/// One attempt of that: also [`Outcome::Again`], if a flush overtook the walk. Begins with an effect.
pub fn try_once<S: Step>(s: &mut S, g: DomGfn, access: Access) -> Result<Outcome, Stop> {
    let slot = s.slot(g.dom)?;
    let root = s.world().domain(slot).root;
    let first = s.effect(Effect::Act(Act::TlbAccess { g, root, access }))?;
    let (a, b) = s.fold((first[0], first[1]), |s, (a, b)| {
        let Outcome::Walk { entry, level } = Outcome::from_words([a, b]) else { return Ok(Break((a, b))) };
        if let Hardware::Table { mfn, .. } = s.world().format.hardware(level, entry, Cpu::default()) {
            s.page_word(mfn, 0)?;
        }
        let [a, b] = s.effect(Effect::Act(Act::TlbWalk { g, entry, level, access }))?;
        Ok(match Outcome::from_words([a, b]) {
            Outcome::Walk { .. } => Continue((a, b)),
            _ => Break((a, b)),
        })
    })?;
    Ok(Outcome::from_words([a, b]))
}
