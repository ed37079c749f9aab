//! Guest access as hardware does it: through the TLB, else by a walk that fills it.

use crate::addr::{DomGfn, Mfn};
use crate::entry::Decoded;
use crate::machine::tlb::{Access, Outcome};
use crate::step::{Act, Effect, Step, Stop};
use std::ops::ControlFlow::{Break, Continue};

/// `hw_read g`, `hw_write g = n`: the value read or written, or none on a violation. One effect on a TLB hit; else
/// one for each level read and one that fills the TLB and touches the frame. A walk that a flush overtakes begins
/// again. No handler runs.
pub fn access<S: Step>(s: &mut S, g: DomGfn, access: Access) -> Result<Option<u64>, Stop> {
    let slot = s.slot(g.dom)?;
    let root = s.world().domain(slot).root;
    let (value, ok) = s.retry(|s| {
        let first = s.effect(Effect::Act(Act::TlbAccess { g, root, access }))?;
        let top = match Outcome::from_words(first) {
            Outcome::Miss(entry) => entry,
            out => return Ok(settled(out)),
        };
        let (entry, level) =
            s.fold((top, 3), |s, (entry, level)| match s.world().format.decode(level as u8, entry) {
                Decoded::Table { mfn } if level > 0 => {
                    let word = s.page_word(Mfn(mfn.0), g.gfn.index(level as u8 - 1))?;
                    s.note("walks on in hardware");
                    Ok(Continue((s.load(word)?, level - 1)))
                }
                _ => Ok(Break((entry, level))),
            })?;
        let last = s.effect(Effect::Act(Act::TlbFinish { g, entry, level: level as u8, access }))?;
        Ok(settled(Outcome::from_words(last)))
    })?;
    Ok((ok == 1).then_some(value))
}

/// The value with 1, a fault with 0, or nothing where the walk must begin again.
const fn settled(out: Outcome) -> Option<(u64, u64)> {
    match out {
        Outcome::Done(v) => Some((v, 1)),
        Outcome::Fault => Some((0, 0)),
        Outcome::Miss(_) | Outcome::Again => None,
    }
}
