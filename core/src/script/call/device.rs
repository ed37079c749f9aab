//! What device models and introspection tools do to a domain's memory: MMIO, restrictions, ioreq servers.

use super::{Call, code, unknown};
use crate::addr::{Mfn, Order};
use crate::entry::Access;
use crate::ops::{Code as Answer, access, ioreq, mmio, monitor};
use crate::script::values::Kind;
use crate::script::verbs::{Verb, Word};
use crate::step::{Step, Stop};

pub(super) fn run<S: Step>(c: &Call<'_>, s: &mut S) -> Result<u64, Stop> {
    let writes = c.call.has(Word::ForWrite);
    match c.call.verb {
        Verb::DefaultAccess => {
            let (slot, right) = (c.slot(s)?, right(c, s)?);
            return code(access::set_default(s, slot, right)?);
        }
        Verb::AccessListen => {
            let slot = c.slot(s)?;
            return code(monitor::listen(s, slot)?);
        }
        Verb::AccessUnlisten => {
            let slot = c.slot(s)?;
            return code(monitor::unlisten(s, slot)?);
        }
        Verb::IoreqClaim => {
            let slot = c.slot(s)?;
            return code(ioreq::claim(s, slot, writes)?);
        }
        Verb::IoreqRelease => {
            let slot = c.slot(s)?;
            return code(ioreq::release(s, slot)?);
        }
        _ => {}
    }
    let g = c.gfn(s, Word::Object)?;
    match c.call.verb {
        Verb::SetMmio => {
            let mfn = Mfn(c.needed(s, Word::Equals)?);
            let Some(order) = Order::new(c.value(s, Word::Order)?.unwrap_or(0)) else { return code(Answer::Einval) };
            if !mfn.is_valid() {
                return code(Answer::Einval);
            }
            code(mmio::set_mmio(s, g, mfn, order)?)
        }
        Verb::ClearMmio => code(mmio::clear_mmio(s, g)?),
        Verb::MapMmio => {
            let (mfn, n) = (Mfn(c.needed(s, Word::Equals)?), c.needed(s, Word::By)?);
            let n = if mfn.is_valid() { (n as i64).max(0) as u64 } else { 0 };
            Ok(mmio::map_mmio_regions(s, g, mfn, n)?.unwrap_or(Kind::Num.none()))
        }
        Verb::UnmapMmio => {
            let n = (c.needed(s, Word::By)? as i64).max(0) as u64;
            Ok(mmio::unmap_mmio_regions(s, g, n)?.unwrap_or(Kind::Num.none()))
        }
        Verb::AccessResume => monitor::resume(s, g),
        Verb::SetIdentity => code(mmio::set_identity(s, g)?),
        Verb::ClearIdentity => code(mmio::clear_identity(s, g)?),
        Verb::SetAccess => {
            let through = if c.call.has(Word::Through) { c.gfn(s, Word::Through)? } else { g };
            let right = right(c, s)?;
            code(access::set_access(s, g, through, right)?)
        }
        Verb::GetAccess => Ok(access::get_access(s, g)?.map_or(Kind::Access.none(), Access::code)),
        Verb::AccessCheck => code(access::check(s, g, writes)?),
        Verb::SetMemType => {
            let ty = c.ty(s, Word::As)?;
            code(ioreq::set_mem_type(s, g, ty)?)
        }
        _ => unknown(c),
    }
}

/// The access right behind `=`.
fn right<S: Step>(c: &Call<'_>, s: &S) -> Result<Access, Stop> {
    let word = c.needed(s, Word::Equals)?;
    Access::from_code(word).ok_or(Stop::Bad { what: "an access right", value: word })
}
