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
        Verb::Populate => code(paging::populate(s, g, c.call.has(Word::Nowait))?),
        Verb::Prep => {
            let buffer = c.value(s, Word::Equals)?;
            code(paging::prep(s, g, buffer)?)
        }
        Verb::Resume => code(paging::resume(s, g)?),
        Verb::Drop => code(paging::drop_page(s, g)?),
        _ => unknown(c),
    }
}
