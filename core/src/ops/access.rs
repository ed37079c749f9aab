//! mem_access: restrictions that a listener (an introspection tool) puts over entries (Xen's
//! `p2m_set_mem_access`, `p2m_get_mem_access`, `p2m_mem_access_check`).
//!
//! Protocol: an access right is soft state beside the type. It is changed like any entry, under the entry's lock, or for
//! a range under the whole table; and reset by most changes of type.

use super::code::Code;
use super::crash::crash;
use super::monitor;
use super::needs::{Attempt, outermost, outermost_code};
use super::query::walk;
use super::table::{NewEntry, flush, set_entry};
use crate::addr::{DomGfn, Order};
use crate::entry::{Access, Leaf, P2mType};
use crate::lock::Hold;
use crate::machine::DomWord;
use crate::machine::sweep::{Found, Sweep};
use crate::step::{Act, Effect, Step, Stop};
use std::ops::ControlFlow::{Break, Continue};

/// Entries of a range that one call writes before it lets others run.
pub const ACCESS_UNITS: u64 = 1024;

/// Writes one 4 KB entry anew with another access. What has neither frame nor type of its own is left alone.
fn put<S: Step>(s: &mut S, g: DomGfn, leaf: Leaf, access: Access) -> Result<Code, Stop> {
    set_entry(s, g, NewEntry { access, ..NewEntry::new(leaf.mfn, leaf.ty) })
}

/// `set_access g [through h] = A` (`p2m_set_mem_access`): entries are written anew as 4 KB ones, superpages split.
/// `EINVAL` if entries of this format cannot store the right, or the range ends before it begins or in another domain;
/// `ENOMEM` where there is no page to split with: what comes before it has changed. A range takes the whole table;
/// `ERESTART` for who holds a range of it, and after a slice of [`ACCESS_UNITS`] entries: those that have the right already
/// are passed over, so that the next call goes on with the rest.
pub fn set_access<S: Step>(s: &mut S, g: DomGfn, through: DomGfn, access: Access) -> Result<Code, Stop> {
    let slot = s.slot(g.dom)?;
    if !s.world().format.has_access(access) || through < g || through.dom != g.dom {
        return Ok(Code::Einval);
    }
    let hold = match through == g {
        true => Hold::entry(s.world(), slot, g.gfn, Order::K4),
        false => Hold::whole(slot),
    };
    outermost_code(s, hold, |s, _| {
        if through == g {
            let (entry, level) = walk(s, g)?;
            let Some(leaf) = s.world().leaf_of(g, entry, level) else { return Attempt::done(Code::Ok) };
            let code = put(s, g, leaf, access)?;
            if code == Code::Ok && s.world().format.present(entry) {
                flush(s, slot)?;
            }
            return Attempt::done(code);
        }
        let most = s.world().slice(ACCESS_UNITS);
        let (_, code, units) = s.fold((g.gfn.0, Code::Ok.word(), 0), |s, (at, _, units)| {
            s.note("looks for the next entry");
            let sweep = Sweep { slot, from: crate::addr::Gfn(at), through: through.gfn, ty: None };
            let Some(found) = Found::from_words(s.effect(Effect::Act(Act::Sweep(sweep)))?) else {
                return Ok(Break((at, Code::Ok.word(), units)));
            };
            let g = DomGfn { dom: g.dom, gfn: found.gfn };
            let Some(leaf) = s.world().leaf_of(g, found.entry, found.level) else {
                return Ok(Break((at, Code::Ok.word(), units)));
            };
            if leaf.order == Order::K4 && leaf.access == access {
                return Ok(Continue((found.gfn.0 + 1, Code::Ok.word(), units)));
            }
            if units == most {
                return Ok(Break((at, Code::Erestart.word(), units)));
            }
            Ok(match put(s, g, leaf, access)? {
                Code::Ok => Continue((found.gfn.0 + 1, Code::Ok.word(), units + 1)),
                error => Break((at, error.word(), units)),
            })
        })?;
        if units > 0 {
            flush(s, slot)?;
        }
        Attempt::done(Code::from_word(code).unwrap_or(Code::Ok))
    })
}

/// `get_access g` (`p2m_get_mem_access`): the entry's right; none if nothing is mapped there (`ESRCH`).
pub fn get_access<S: Step>(s: &mut S, g: DomGfn) -> Result<Option<Access>, Stop> {
    let slot = s.slot(g.dom)?;
    let hold = Hold::entry(s.world(), slot, g.gfn, Order::K4);
    let code = outermost(s, hold, |s, _| {
        let (entry, level) = walk(s, g)?;
        let leaf = s.world().leaf_of(g, entry, level).filter(|l| l.ty != P2mType::Invalid);
        Attempt::done(leaf.map_or(u64::MAX, |l| l.access.code()))
    })?;
    Ok(code.and_then(Access::from_code))
}

/// `default_access d = A`: the right of new and retyped entries from now on (`XENMEM_access_op` on no frame). `EINVAL`
/// if entries of this format cannot store it.
pub fn set_default<S: Step>(s: &mut S, slot: u8, access: Access) -> Result<Code, Stop> {
    if !s.world().format.has_access(access) {
        return Ok(Code::Einval);
    }
    let word = s.dom_word(slot, DomWord::DefaultAccess);
    s.note("writes the default access");
    s.store(word, access.code())?;
    Ok(Code::Ok)
}

/// `access_check g [for_write]` (`p2m_mem_access_check`): what becomes of an access that an entry's right forbids. `ok`:
/// try again, since the right allows it or has been changed: `rx2rw` becomes `rw` at a write; `n2rwx` becomes `rwx`, and
/// a listener is told. Of anything else a listener is told, and a vCPU of the domain is paused until it has answered
/// ([`monitor`]); anybody else gets `EAGAIN`. Where nobody listens it becomes `rwx`; or `EPERM`, and the domain crashes,
/// where it must not run without a listener. `fault` if nothing is mapped there, or the type forbids it: other handlers'
/// business.
pub fn check<S: Step>(s: &mut S, g: DomGfn, write: bool) -> Result<Code, Stop> {
    let slot = s.slot(g.dom)?;
    let hold = Hold::entry(s.world(), slot, g.gfn, Order::K4);
    let out = outermost(s, hold, |s, _| under_lock(s, slot, g, write))?;
    let Some((code, event)) = out else { return Ok(Code::Erestart) };
    let code = Code::from_word(code).unwrap_or(Code::Fault);
    if event == NONE {
        return Ok(code);
    }
    let paused = monitor::tell(s, slot, g, event == ASK)?;
    Ok(if event == ASK && !paused { Code::Eagain } else { code })
}

/// What a listener is to be told when the entry's lock is released: nothing, that something has happened, or it is asked.
const NONE: u64 = 0;
const TELL: u64 = 1;
const ASK: u64 = 2;

fn under_lock<S: Step>(s: &mut S, slot: u8, g: DomGfn, write: bool) -> Result<Attempt<(u64, u64)>, Stop> {
    let done = |code: Code, event| Attempt::done((code.word(), event));
    {
        let (entry, level) = walk(s, g)?;
        let allows = |access: Access| if write { access.mask().w } else { access.mask().r };
        let Some(leaf) = s.world().leaf_of(g, entry, level).filter(|l| l.ty != P2mType::Invalid) else {
            return done(Code::Fault, NONE);
        };
        if allows(leaf.access) {
            let perms = s.world().format.perms(entry);
            let code = if if write { perms.w } else { perms.r } { Code::Ok } else { Code::Fault };
            return done(code, NONE);
        }
        let mut event = NONE;
        let to = match leaf.access {
            Access::Rx2rw => Access::Rw,
            Access::N2rwx => {
                event = if monitor::listens(s, slot)? { TELL } else { NONE };
                Access::Rwx
            }
            _ if monitor::listens(s, slot)? => return done(Code::Ok, ASK),
            _ => {
                let required = s.dom_word(slot, DomWord::AccessRequired);
                s.note("looks whether it must have a listener");
                if s.load(required)? != 0 {
                    crash(s, slot)?;
                    return done(Code::Eperm, NONE);
                }
                Access::Rwx
            }
        };
        // More is allowed than before, so no TLB holds anything that must go.
        let code = put(s, g, leaf, to)?;
        done(code, if code == Code::Ok { event } else { NONE })
    }
}
