//! A guest's own guests.

use super::{Call, code, unknown};
use crate::addr::{ActorId, DomGfn, DomId};
use crate::ops::nested;
use crate::script::code::Arg;
use crate::script::verbs::{Verb, Word};
use crate::step::{Step, Stop};

pub(super) fn run<S: Step>(c: &Call<'_>, s: &mut S) -> Result<u64, Stop> {
    match c.call.verb {
        Verb::NestedGet => {
            let Some(Arg::Actor(a)) = c.call.arg(Word::Object) else { return unknown(c) };
            let base = c.value(s, Word::Equals)?.unwrap_or(0);
            code(nested::nested_get(s, ActorId(*a as u8), base)?)
        }
        Verb::NestedLeave => {
            let Some(Arg::Actor(a)) = c.call.arg(Word::Object) else { return unknown(c) };
            code(nested::nested_leave(s, ActorId(*a as u8))?)
        }
        Verb::NestedFill => {
            let n = c.gfn(s, Word::Object)?;
            let same = s.world().host(n.dom).map(|dom| DomGfn { dom, ..n });
            let g = match c.value(s, Word::To)? {
                Some(_) => c.gfn(s, Word::To)?,
                None => same.unwrap_or(n),
            };
            code(nested::nested_fill(s, n, g)?)
        }
        Verb::NestedFlush => {
            let dom = DomId(c.needed(s, Word::Object)? as u16);
            let slot = s.slot(dom)?;
            code(nested::nested_flush(s, slot)?)
        }
        _ => unknown(c),
    }
}
