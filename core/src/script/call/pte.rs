//! Primitives on `pte(g, level)` and its parts: one effect, which finds the word.

use super::{Call, bad};
use crate::addr::{DomGfn, Mfn};
use crate::entry::{self, Format, P2mType};
use crate::machine::pte::{PteAct, PteOp};
use crate::script::eval::{self, Env, PlaceAt};
use crate::script::things::{Field, PlaceKind};
use crate::script::values::Kind;
use crate::script::verbs::{Verb, Word};
use crate::step::{Act, Effect, Step, Stop};

/// The bits of an entry, or of a part of it.
#[derive(Clone, Copy)]
struct Bits {
    format: Format,
    part: Option<(Field, entry::Field)>,
}

impl Bits {
    fn mask(self) -> u64 {
        self.part.map_or(u64::MAX, |(_, f)| f.mask())
    }

    /// The bits that stand for a value, in place.
    fn of(self, value: u64) -> Result<u64, Stop> {
        let none = |what| Stop::Bad { what, value };
        match self.part {
            None if value == Kind::Entry.none() => Ok(self.format.empty()),
            None => Ok(self.format.stored(value)),
            Some((Field::Type, f)) => {
                let ty = P2mType::all().get(value as usize).copied();
                ty.and_then(|ty| self.format.type_code(ty)).map(|c| f.put(c)).ok_or(none("a type of these entries"))
            }
            Some((Field::Mfn | Field::Table, f)) if value == Mfn::INVALID.0 => Ok(f.mask()),
            Some((_, f)) => Ok(f.put(value)),
        }
    }
}

/// Does the verb if it is about a table word; none for any other place.
pub(super) fn word<S: Step>(c: &Call<'_>, s: &mut S) -> Result<Option<u64>, Stop> {
    let Some(place) = c.call.place() else { return Ok(None) };
    let at = eval::place(place, &c.locals.vars, &c.room(s.world())).map_err(bad)?;
    let PlaceAt::Core(PlaceKind::Pte, g, level, field) = at else { return Ok(None) };
    let (g, level, format) = (DomGfn::from_word(g), level as u8, s.world().format);
    let kind = match field {
        Some(Field::Type) => entry::Kind::Type,
        Some(Field::Access) => entry::Kind::Access,
        _ => entry::Kind::Mfn,
    };
    let part = match field {
        None => None,
        Some(field) => {
            let bits = format.fields(level).iter().copied().find(|f| f.kind == kind);
            Some((field, bits.ok_or(Stop::Bad { what: "such a part of these entries", value: level as u64 })?))
        }
    };
    let bits = Bits { format, part };
    let value = |s: &S, word| c.needed(s, word).and_then(|v| bits.of(v));
    let op = match c.call.verb {
        Verb::Load => PteOp::Load,
        Verb::Cas => PteOp::Cas(value(s, Word::From)?, value(s, Word::To)?),
        _ => PteOp::Store(value(s, Word::Equals)?),
    };
    let act = PteAct { g, level, mask: bits.mask(), op };
    let [old, reached] = s.effect(Effect::Act(Act::Pte(act)))?;
    if reached == 0 {
        return Err(Stop::Bad { what: "a table at that level", value: g.gfn.0 });
    }
    let taken = format.taken(old, level);
    let was = match field {
        None => taken,
        Some(field) => c.room(s.world()).field(taken, field).map_err(bad)?,
    };
    Ok(Some(match op {
        PteOp::Cas(from, _) => (old & bits.mask() == from) as u64,
        _ => was,
    }))
}
