//! Mapping what other domains own.

use super::{Call, code, unknown};
use crate::ops::{foreign, grant, physmap};
use crate::script::code::Arg;
use crate::script::verbs::{Verb, Word};
use crate::step::{Step, Stop};

pub(super) fn run<S: Step>(c: &Call<'_>, s: &mut S) -> Result<u64, Stop> {
    let g = c.gfn(s, Word::Object)?;
    match c.call.verb {
        Verb::GrantMap => code(grant::grant_map(s, g, c.grant()?, c.call.has(Word::Readonly))?),
        Verb::GrantUnmap => code(grant::grant_unmap(s, g)?),
        Verb::GrantCopy => code(grant::grant_copy(s, g, c.grant()?)?),
        Verb::GrantTransfer => code(physmap::grant_transfer(s, g, c.grant()?)?),
        Verb::ForeignMap => {
            let of = c.gfn(s, Word::Equals)?;
            code(foreign::foreign_map(s, g, of)?)
        }
        Verb::ForeignUnmap => code(foreign::foreign_unmap(s, g)?),
        _ => unknown(c),
    }
}

impl Call<'_> {
    /// The grant that the verb is about, by its place.
    pub(super) fn grant(&self) -> Result<u64, Stop> {
        let named = self.call.args.iter().find_map(|(_, a)| if let Arg::Grant(i) = a { Some(*i as u64) } else { None });
        named.ok_or(Stop::Bad { what: "a grant", value: 0 })
    }
}
