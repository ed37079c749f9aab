//! Look-ups, entries and guest accesses.

use super::{Call, code, unknown};
use crate::addr::{Mfn, Order};
use crate::entry::{Access, P2mType};
use crate::machine::tlb;
use crate::ops::query::Query;
use crate::ops::table::{self, NewEntry};
use crate::ops::{Code as Answer, guest, page, query};
use crate::script::values::Kind;
use crate::script::verbs::{Verb, Word};
use crate::step::{Step, Stop};

pub(super) fn run<S: Step>(c: &Call<'_>, s: &mut S) -> Result<u64, Stop> {
    let g = c.gfn(s, Word::Object)?;
    match c.call.verb {
        Verb::Lookup => query::lookup(s, g),
        Verb::SetEntry => c.set_entry(s),
        Verb::HwRead => Ok(guest::access(s, g, tlb::Access::Read)?.unwrap_or(Kind::Num.none())),
        Verb::HwWrite => {
            let v = c.needed(s, Word::Equals)?;
            code(guest::access(s, g, tlb::Access::Write(v))?.map_or(Answer::Fault, |_| Answer::Ok))
        }
        Verb::GetGfn => query::get_gfn(s, g),
        Verb::GetGfnQuery => query::get_gfn_query(s, g),
        Verb::PutGfn => query::put_gfn(s, g).map(|()| 0),
        Verb::GetTwoGfns => query::get_two_gfns(s, g, c.gfn(s, Word::With)?).map(|()| 0),
        Verb::PutTwoGfns => query::put_two_gfns(s, g, c.gfn(s, Word::With)?).map(|()| 0),
        Verb::GetGfnUnshare => query::get_gfn_unshare(s, g),
        Verb::GetPageFromGfn => {
            let q = if c.call.has(Word::Unshare) { Query::UNSHARE } else { Query::ALLOC };
            Ok(page::get_page_from_gfn(s, g, q)?.0.0)
        }
        _ => unknown(c),
    }
}

impl Call<'_> {
    fn set_entry<S: Step>(&self, s: &mut S) -> Result<u64, Stop> {
        let g = self.gfn(s, Word::Object)?;
        let mfn = Mfn(self.needed(s, Word::Equals)?);
        let ty = P2mType::all().get(self.needed(s, Word::As)? as usize).copied().unwrap_or(P2mType::Invalid);
        let access = self.value(s, Word::With)?.and_then(Access::from_code).unwrap_or(Access::Rwx);
        let Some(order) = Order::new(self.value(s, Word::Order)?.unwrap_or(0)) else {
            return Ok(Answer::Einval.word());
        };
        Ok(table::set_entry(s, g, NewEntry { mfn, ty, access, order, fresh: false })?.word())
    }
}
