//! Sharing.

use super::{Call, code, unknown};
use crate::addr::{DomGfn, Gfn};
use crate::ops::sharing;
use crate::script::verbs::{Verb, Word};
use crate::step::{Step, Stop};

pub(super) fn run<S: Step>(c: &Call<'_>, s: &mut S) -> Result<u64, Stop> {
    let g = c.gfn(s, Word::Object)?;
    match c.call.verb {
        Verb::ShareNominate => code(sharing::nominate(s, g, 0)?.0),
        Verb::Share => {
            let with = c.gfn(s, Word::With)?;
            match c.value(s, Word::Through)? {
                Some(last) => {
                    let last = DomGfn::from_word(last);
                    let last = if last.dom == g.dom { last.gfn } else { Gfn(u64::MAX) };
                    code(sharing::range_share(s, g, last, with)?)
                }
                None => code(sharing::share(s, g, None, with, None)?),
            }
        }
        Verb::ShareAdd => code(sharing::add_to_physmap(s, g, None, c.gfn(s, Word::With)?)?),
        Verb::Unshare => code(sharing::unshare(s, g, c.call.has(Word::Destroy))?),
        _ => unknown(c),
    }
}
