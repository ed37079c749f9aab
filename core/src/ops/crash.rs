//! Ending a domain that did what nothing can be made of (Xen's `domain_crash`).

use crate::machine::pause::PauseAct;
use crate::step::{Act, Step, Stop};

/// Marks the domain crashed, and dying; its vCPUs end when they are outside. One effect, which no lock guards and nobody
/// takes back.
pub fn crash<S: Step>(s: &mut S, slot: u8) -> Result<(), Stop> {
    s.note("ends the domain");
    s.act(Act::Pause(PauseAct::Crash(slot)))?;
    Ok(())
}
