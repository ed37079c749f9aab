//! Giving domains memory and taking it back.

use super::{Call, code, unknown};
use crate::addr::{Mfn, Order};
use crate::ops::{Code as Answer, physmap};
use crate::script::verbs::{Verb, Word};
use crate::step::{Step, Stop};

pub(super) fn run<S: Step>(c: &Call<'_>, s: &mut S) -> Result<u64, Stop> {
    let g = c.gfn(s, Word::Object)?;
    let order = Order::new(c.value(s, Word::Order)?.unwrap_or(0));
    let mfn = c.value(s, Word::Equals)?.map_or(Mfn::INVALID, Mfn);
    match (c.call.verb, order) {
        (Verb::Increase, Some(order)) => code(physmap::increase(s, g, order)?),
        (Verb::AddPage, Some(order)) => code(physmap::add_page(s, g, mfn, order)?),
        (Verb::Decrease, Some(order)) => physmap::decrease(s, g, order),
        (Verb::Decrease, None) => Ok(0),
        (Verb::Increase | Verb::AddPage, None) => code(Answer::Einval),
        (Verb::RemovePage, _) => code(physmap::remove_page(s, g, mfn)?),
        (Verb::GuestRemove, _) => code(physmap::guest_remove(s, g)?),
        (Verb::MapSpecial, _) => code(physmap::map_special(s, g, mfn)?),
        (Verb::Exchange, _) => {
            let to = if c.call.has(Word::To) { c.gfn(s, Word::To)? } else { g };
            code(physmap::memory_exchange(s, g, to)?)
        }
        (Verb::MovePage, _) => {
            let to = c.gfn(s, Word::To)?;
            code(physmap::move_page(s, g, to)?)
        }
        _ => unknown(c),
    }
}
