//! Taking a domain down, and a frame out of use.

use super::{Call, code, unknown};
use crate::ops::{broken, teardown};
use crate::script::verbs::Verb;
use crate::step::{Step, Stop};

pub(super) fn run<S: Step>(c: &Call<'_>, s: &mut S) -> Result<u64, Stop> {
    match c.call.verb {
        Verb::Teardown => {
            let slot = c.slot(s)?;
            code(teardown::teardown(s, slot)?)
        }
        Verb::MachineCheck => {
            let mfn = c.frame(s)?;
            code(broken::machine_check(s, mfn)?)
        }
        _ => unknown(c),
    }
}
