//! Log-dirty, the bits that it keeps, and changes of types.

use super::{Call, bad, code, unknown};
use crate::addr::DomGfn;
use crate::machine::dirty::{BitOp, DirtyAct};
use crate::ops::table::recalc;
use crate::ops::{Code as Answer, change_type, log_dirty};
use crate::script::eval::{self, PlaceAt};
use crate::script::things::PlaceKind;
use crate::script::values::Kind;
use crate::script::verbs::{Verb, Word};
use crate::step::{Act, Step, Stop};

pub(super) fn run<S: Step>(c: &Call<'_>, s: &mut S) -> Result<u64, Stop> {
    let number = |n: Option<u64>| n.unwrap_or(Kind::Num.none());
    match c.call.verb {
        Verb::MarkDirty => {
            let g = c.gfn(s, Word::Object)?;
            let slot = s.slot(g.dom)?;
            log_dirty::mark_dirty(s, slot, g.gfn)?;
            code(Answer::Ok)
        }
        Verb::LogdirtyFault => {
            let g = c.gfn(s, Word::Object)?;
            code(log_dirty::write_fault(s, g)?)
        }
        Verb::ChangeType => {
            let g = c.gfn(s, Word::Object)?;
            let (from, to) = (c.ty(s, Word::From)?, c.ty(s, Word::To)?);
            code(change_type::change_type_one(s, g, from, to)?)
        }
        Verb::ChangeTypeRange => {
            let (g, through) = (c.gfn(s, Word::Object)?, c.gfn(s, Word::Through)?);
            let (from, to) = (c.ty(s, Word::From)?, c.ty(s, Word::To)?);
            code(change_type::change_type_range(s, g, through, from, to)?)
        }
        Verb::FinishTypeChange => {
            let (g, through) = (c.gfn(s, Word::Object)?, c.gfn(s, Word::Through)?);
            code(recalc::finish_type_change(s, g, through)?)
        }
        Verb::TrackVram => {
            let (g, through) = (c.gfn(s, Word::Object)?, c.gfn(s, Word::Through)?);
            Ok(number(log_dirty::track_vram(s, g, through)?))
        }
        verb => {
            let slot = c.slot(s)?;
            match verb {
                Verb::ChangeTypeGlobal => {
                    let (from, to) = (c.ty(s, Word::From)?, c.ty(s, Word::To)?);
                    code(recalc::change_type_global(s, slot, from, to)?)
                }
                Verb::LogdirtyEnable => code(log_dirty::enable(s, slot)?),
                Verb::LogdirtyDisable => code(log_dirty::disable(s, slot)?),
                Verb::LogdirtyClean => Ok(number(log_dirty::clean(s, slot)?)),
                Verb::LogdirtyPeek => Ok(number(log_dirty::peek(s, slot)?)),
                Verb::UntrackVram => code(log_dirty::untrack_vram(s, slot)?),
                _ => unknown(c),
            }
        }
    }
}

/// A primitive on `dirty(g)`: one effect, which finds the bit's page, or makes it. None for any other place.
pub(super) fn bit<S: Step>(c: &Call<'_>, s: &mut S) -> Result<Option<u64>, Stop> {
    let Some(at) = c.call.place() else { return Ok(None) };
    let PlaceAt::Core(PlaceKind::Dirty, g, ..) = eval::place(at, &c.locals.vars, &c.room(s.world())).map_err(bad)?
    else {
        return Ok(None);
    };
    let g = DomGfn::from_word(g);
    let value = |word| Ok::<bool, Stop>(c.needed(s, word)? & 1 == 1);
    let op = match c.call.verb {
        Verb::Load => BitOp::Load,
        Verb::Store | Verb::Swap => BitOp::Swap(value(Word::Equals)?),
        Verb::Add => BitOp::Add(value(Word::By)?),
        Verb::Cas => BitOp::Cas(value(Word::From)?, value(Word::To)?),
        _ => return Ok(None),
    };
    let slot = s.slot(g.dom)?;
    let result = s.act(Act::Dirty(DirtyAct::Bit { slot, gfn: g.gfn, op }))?;
    Ok(Some(if c.call.verb == Verb::Store { 0 } else { result }))
}
