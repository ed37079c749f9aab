//! Guest accesses with all that a fault brings about.

use super::{Call, code, unknown};
use crate::machine::tlb::Access;
use crate::ops::{Code as Answer, fault};
use crate::script::values::Kind;
use crate::script::verbs::{Verb, Word};
use crate::step::{Step, Stop};

pub(super) fn run<S: Step>(c: &Call<'_>, s: &mut S) -> Result<u64, Stop> {
    let g = c.gfn(s, Word::Object)?;
    match c.call.verb {
        Verb::Fault => code(fault::fault(s, g, c.call.has(Word::ForWrite))?.code()),
        Verb::Read => Ok(match fault::guest_access(s, g, Access::Read)? {
            (Answer::Ok, value) => value,
            _ => Kind::Num.none(),
        }),
        Verb::Write => {
            let v = c.needed(s, Word::Equals)?;
            code(fault::guest_access(s, g, Access::Write(v))?.0)
        }
        _ => unknown(c),
    }
}
