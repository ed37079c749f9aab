//! Giving domains memory and taking it back.

use super::{Call, code, unknown};
use crate::ops::physmap;
use crate::script::verbs::{Verb, Word};
use crate::step::{Step, Stop};

pub(super) fn run<S: Step>(c: &Call<'_>, s: &mut S) -> Result<u64, Stop> {
    let g = c.gfn(s, Word::Object)?;
    match c.call.verb {
        Verb::Increase => code(physmap::increase(s, g)?),
        _ => unknown(c),
    }
}
