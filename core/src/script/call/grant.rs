//! Mapping what other domains own.

use super::{Call, code, unknown};
use crate::ops::foreign;
use crate::script::verbs::{Verb, Word};
use crate::step::{Step, Stop};

pub(super) fn run<S: Step>(c: &Call<'_>, s: &mut S) -> Result<u64, Stop> {
    let g = c.gfn(s, Word::Object)?;
    match c.call.verb {
        Verb::ForeignMap => {
            let of = c.gfn(s, Word::Equals)?;
            code(foreign::foreign_map(s, g, of)?)
        }
        Verb::ForeignUnmap => code(foreign::foreign_unmap(s, g)?),
        _ => unknown(c),
    }
}
