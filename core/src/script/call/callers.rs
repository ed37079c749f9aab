//! Who uses the p2m from outside it.

use super::{Call, bad, code, unknown};
use crate::addr::{ActorId, Mfn};
use crate::ops::Code as Answer;
use crate::ops::callers::{copy, emulate, give, gref, kept, nested, shadow, switch, walk};
use crate::script::code::Arg;
use crate::script::eval::EvalError;
use crate::script::values::Kind;
use crate::script::verbs::{Verb, Word};
use crate::step::{Step, Stop};

pub(super) fn run<S: Step>(c: &Call<'_>, s: &mut S) -> Result<u64, Stop> {
    match c.call.verb {
        Verb::UnmapVvmcx => return code(nested::unmap_vvmcx(s)?),
        Verb::UnmapVcpuInfo => {
            let Some(Arg::Actor(a)) = c.call.arg(Word::Object) else { return unknown(c) };
            return code(kept::unmap_vcpu_info(s, ActorId(*a as u8))?);
        }
        Verb::MemEventDisable => {
            let slot = c.slot(s)?;
            return code(kept::mem_event_disable(s, slot)?);
        }
        Verb::NominateGref => return code(gref::nominate_gref(s, c.grant()?)?),
        _ => {}
    }
    let g = c.gfn(s, Word::Object)?;
    match c.call.verb {
        Verb::CopyTo => {
            let last = if c.call.has(Word::Through) { c.gfn(s, Word::Through)? } else { g };
            let value = c.needed(s, Word::Equals)?;
            code(copy::copy_to(s, g, last, value)?)
        }
        Verb::CopyFrom => Ok(match copy::copy_from(s, g)? {
            (Answer::Ok, value) => value,
            _ => Kind::Num.none(),
        }),
        Verb::RepMovs => {
            let (h, n) = (c.gfn(s, Word::To)?, c.value(s, Word::By)?.unwrap_or(1));
            code(emulate::rep_movs(s, g, h, n as i64)?)
        }
        Verb::Emulate => {
            let value = c.value(s, Word::Equals)?;
            code(emulate::emulate(s, g, value)?)
        }
        Verb::TaskSwitch => {
            let (h, state) = (c.gfn(s, Word::To)?, c.needed(s, Word::Equals)?);
            code(switch::task_switch(s, g, h, state)?)
        }
        Verb::GuestWalk => {
            let n = c.needed(s, Word::By)?;
            Ok(match walk::guest_walk(s, g, n)? {
                (Answer::Ok, at) => at.to_word(),
                _ => Kind::Gfn.none(),
            })
        }
        Verb::DbgRwMem => {
            let (n, value) = (c.value(s, Word::By)?.unwrap_or(0), c.value(s, Word::Equals)?);
            code(walk::dbg_rw_mem(s, g, n, value)?)
        }
        Verb::ShadowFault => code(shadow::shadow_fault(s, g, c.call.has(Word::ForWrite))?),
        Verb::NestedFault => code(nested::nested_fault(s, g)?),
        Verb::MapVvmcx => code(nested::map_vvmcx(s, g)?),
        Verb::MapVcpuInfo => code(kept::map_vcpu_info(s, g)?),
        Verb::MemEventEnable => {
            let h = c.gfn(s, Word::With)?;
            code(kept::mem_event_enable(s, g, h)?)
        }
        Verb::HypercallPage => {
            let value = c.needed(s, Word::Equals)?;
            code(give::hypercall_page(s, g, value)?)
        }
        Verb::TmemPut => {
            let to = frame(c, s, Word::Into)?;
            code(give::tmem_put(s, g, to)?)
        }
        Verb::TmemGet => {
            let from = frame(c, s, Word::From)?;
            code(give::tmem_get(s, g, from)?)
        }
        _ => unknown(c),
    }
}

/// A frame of the machine behind that word.
fn frame<S: Step>(c: &Call<'_>, s: &S, word: Word) -> Result<Mfn, Stop> {
    match c.needed(s, word)? {
        u64::MAX => Err(bad(EvalError::NoneUsed)),
        mfn => s.page_word(Mfn(mfn), 0).map(|_| Mfn(mfn)),
    }
}
