//! Changing the type of entries that have a certain type (Xen's
//! `p2m_change_type_one`, `p2m_change_type_range`). A change of all entries at once is [`recalc`](super::table::recalc)'s.
//!
//! Protocol: one entry under its own lock, many under the whole table's, so that no holder of a range has read a type
//! that it writes back afterwards. What is not of the first type stays as it is: the change is conditional, and two who
//! make the same one do not harm each other.

use super::code::Code;
use super::needs::{Attempt, outermost_code};
use super::query::walk;
use super::table::{NewEntry, flush, set_entry};
use crate::addr::{DomGfn, Gfn, Order};
use crate::entry::{Access, P2mType};
use crate::lock::Hold;
use crate::machine::DomWord;
use crate::machine::sweep::{Found, Sweep};
use crate::step::{Act, Effect, Step, Stop};
use std::ops::ControlFlow::{Break, Continue};

/// The last frame number of any table.
pub const LAST: Gfn = Gfn((1 << crate::addr::GFN_BITS) - 1);

/// Types with rules of their own (`p2m_is_special` of today): only the functions that make them take them away (S67).
pub const fn is_special(ty: P2mType) -> bool {
    matches!(ty, P2mType::GrantMapRw | P2mType::GrantMapRo | P2mType::MapForeign | P2mType::MmioDirect)
}

/// The access that new and retyped entries of the domain get (`p2m->default_access`). One effect.
pub fn default_access<S: Step>(s: &mut S, slot: u8) -> Result<Access, Stop> {
    let word = s.dom_word(slot, DomWord::DefaultAccess);
    s.note("looks up the default access");
    Ok(Access::from_code(s.load(word)?).unwrap_or(Access::Rwx))
}

/// `change_type g from T to U` (`p2m_change_type_one`): changes the type of one 4 KB entry, splitting a larger one; its
/// access becomes the default. `EINVAL` if either type is special, `EBUSY` if the entry is not of the first type,
/// `ENOMEM` if there is no page to split with, and then nothing has changed.
pub fn change_type_one<S: Step>(s: &mut S, g: DomGfn, from: P2mType, to: P2mType) -> Result<Code, Stop> {
    let slot = s.slot(g.dom)?;
    if is_special(from) || is_special(to) {
        return Ok(Code::Einval);
    }
    let hold = Hold::entry(s.world(), slot, g.gfn, Order::K4);
    outermost_code(s, hold, |s, _| {
        let (entry, level) = walk(s, g)?;
        match s.world().leaf_of(g, entry, level).filter(|l| l.ty == from) {
            Some(leaf) => {
                let access = default_access(s, slot)?;
                let code = set_entry(s, g, NewEntry { access, ..NewEntry::new(leaf.mfn, to) })?;
                if code == Code::Ok && s.world().format.present(entry) {
                    flush(s, slot)?;
                }
                Attempt::done(code)
            }
            None => Attempt::done(Code::Ebusy),
        }
    })
}

/// `change_type_range g through h from T to U` (`p2m_change_type_range`): the same for every entry of the range that is
/// of the first type, under the whole table. A superpage that lies in the range stays one; one that crosses its border
/// is split. `EINVAL` if either type is special, or the range ends before it begins or in another domain; `ENOMEM` where
/// a page to split with is missing: what comes before it has changed. `ERESTART` after a slice of [`CHANGE_UNITS`] entries:
/// what has changed is not of the first type any more, so that the next call goes on with the rest.
pub fn change_type_range<S: Step>(
    s: &mut S,
    g: DomGfn,
    through: DomGfn,
    from: P2mType,
    to: P2mType,
) -> Result<Code, Stop> {
    let slot = s.slot(g.dom)?;
    if is_special(from) || is_special(to) || through < g || through.dom != g.dom {
        return Ok(Code::Einval);
    }
    outermost_code(s, Hold::whole(slot), |s, _| {
        let access = default_access(s, slot)?;
        let most = s.world().slice(CHANGE_UNITS);
        let (code, _) = rewrite_slice(s, slot, (g.gfn, through.gfn), (from, to), Some(access), most)?;
        Attempt::done(code)
    })
}

/// Entries that one call changes before it lets others run.
pub const CHANGE_UNITS: u64 = 1024;

/// Under the whole table: every leaf of the first type in `span` (both ends included) gets the second, and `access` if
/// there is one, else it keeps its own. One flush at the end, if anything was changed. Gives the first error and how
/// many frame numbers were changed before it.
pub fn rewrite<S: Step>(
    s: &mut S,
    slot: u8,
    span: (Gfn, Gfn),
    (from, to): (P2mType, P2mType),
    access: Option<Access>,
) -> Result<(Code, u64), Stop> {
    rewrite_slice(s, slot, span, (from, to), access, u64::MAX)
}

/// The same, and `ERESTART` once so many entries have changed and there are more.
fn rewrite_slice<S: Step>(
    s: &mut S,
    slot: u8,
    span: (Gfn, Gfn),
    (from, to): (P2mType, P2mType),
    access: Option<Access>,
    most: u64,
) -> Result<(Code, u64), Stop> {
    /// Entries changed are counted above the code.
    const UNIT: u64 = 1 << 8;
    let dom = s.world().domain(slot).id;
    let through = span.1;
    let (_, code, changed) = s.fold((span.0.0, Code::Ok.word(), 0), |s, (at, units, changed)| {
        if at > through.0 || from == to {
            return Ok(Break((at, Code::Ok.word(), changed)));
        }
        s.note("looks for the next entry of that type");
        let sweep = Sweep { slot, from: Gfn(at), through, ty: Some(from) };
        let found = Found::from_words(s.effect(Effect::Act(Act::Sweep(sweep)))?);
        let Some((found, leaf)) =
            found.and_then(|f| Some((f, s.world().leaf_of(DomGfn { dom, gfn: f.gfn }, f.entry, f.level)?)))
        else {
            return Ok(Break((at, Code::Ok.word(), changed)));
        };
        if units / UNIT >= most {
            return Ok(Break((at, Code::Erestart.word(), changed)));
        }
        let whole = found.gfn.offset(leaf.order) == 0 && found.gfn.0 + (leaf.order.frames() - 1) <= through.0;
        let order = if whole { leaf.order } else { Order::K4 };
        let new = NewEntry { access: access.unwrap_or(leaf.access), order, ..NewEntry::new(leaf.mfn, to) };
        Ok(match set_entry(s, DomGfn { dom, gfn: found.gfn }, new)? {
            Code::Ok => Continue((found.gfn.0 + order.frames(), units + UNIT, changed + order.frames())),
            error => Break((at, error.word(), changed)),
        })
    })?;
    if changed > 0 {
        flush(s, slot)?;
    }
    Ok((Code::from_word(code).unwrap_or(Code::Ok), changed))
}
