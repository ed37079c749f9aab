//! Populate on demand.

use super::{Call, code, unknown};
use crate::addr::{DomId, Order};
use crate::ops::{Code as Answer, pod};
use crate::script::verbs::{Verb, Word};
use crate::step::{Step, Stop};

pub(super) fn run<S: Step>(c: &Call<'_>, s: &mut S) -> Result<u64, Stop> {
    match c.call.verb {
        Verb::MarkPod => {
            let g = c.gfn(s, Word::Object)?;
            match Order::new(c.value(s, Word::Order)?.unwrap_or(0)) {
                Some(order) => code(pod::mark(s, g, order)?),
                None => code(Answer::Einval),
            }
        }
        Verb::DemandPopulate => {
            let g = c.gfn(s, Word::Object)?;
            code(pod::demand_populate_one(s, g)?)
        }
        Verb::ZeroCheck => {
            let g = c.gfn(s, Word::Object)?;
            code(pod::zero_check(s, g)?)
        }
        Verb::Sweep => {
            let slot = domain(c, s)?;
            code(pod::sweep(s, slot)?)
        }
        Verb::PodTarget => {
            let slot = domain(c, s)?;
            let target = c.needed(s, Word::Equals)?;
            code(pod::set_target(s, slot, target)?)
        }
        Verb::EmptyCache => {
            let slot = domain(c, s)?;
            code(pod::empty_cache(s, slot)?)
        }
        _ => unknown(c),
    }
}

fn domain<S: Step>(c: &Call<'_>, s: &S) -> Result<u8, Stop> {
    s.slot(DomId(c.needed(s, Word::Object)? as u16))
}
