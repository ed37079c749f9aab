//! Paging.

use super::{Call, code, unknown};
use crate::ops::paging;
use crate::script::verbs::{Verb, Word};
use crate::step::{Step, Stop};

pub(super) fn run<S: Step>(c: &Call<'_>, s: &mut S) -> Result<u64, Stop> {
    let g = c.gfn(s, Word::Object)?;
    match c.call.verb {
        Verb::Nominate => code(paging::nominate(s, g)?),
        Verb::Evict => code(paging::evict(s, g)?),
        _ => unknown(c),
    }
}
