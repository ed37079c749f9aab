//! Walks of a guest's own page tables (Xen's `guest_walk_tables` and `hap_p2m_ga_to_gfn`), and a debugger's access to a
//! guest (`dbg_rw_mem`, `dbg_hvm_va2mfn`).
//!
//! A guest's tables are its own memory. Here a table has one entry, the first word of its page: the number of the next
//! page, and 0 where nothing is mapped.
//!
//! Protocol: a walk visits frame numbers in whatever order the guest wrote there, so that holding one while getting the
//! next would be a deadlock for two who walk in opposite directions. Each table is held alone, and by a reference: the
//! pager cannot take it while it is read, and nobody waits for it (S05, `b61d7d4e30` of 2011-11-24).

use super::page::{ask, close, open};
use crate::addr::{DomGfn, Gfn};
use crate::entry::{Group, Leaf};
use crate::ops::Code;
use crate::ops::log_dirty::mark_dirty;
use crate::ops::query::{answered, get_gfn, put_gfn};
use crate::step::{Step, Stop};
use std::ops::ControlFlow::{Break, Continue};

/// Levels of a guest's page tables, at the most.
pub const LEVELS: u64 = 4;

/// `h = guest_walk g by n`: walks `n` tables, from that at `g` on, and gives the frame number that the last one names.
/// `EINVAL`: no, or more than [`LEVELS`], levels. Then of each table in turn: `EAGAIN` and `ENODEV` it is out, `EAGAIN`
/// it is shared and must not be (the walk marks it as used), as [`open`] answers; `fault` there is none, or it names
/// nothing.
pub fn guest_walk<S: Step>(s: &mut S, g: DomGfn, levels: u64) -> Result<(Code, DomGfn), Stop> {
    if levels == 0 || levels > LEVELS {
        return Ok((Code::Einval, g));
    }
    let (gfn, _, code) = s.fold((g.gfn.0, levels, 0), |s, (at, left, _)| {
        let (code, next) = step(s, DomGfn { gfn: Gfn(at), ..g })?;
        Ok(match code {
            Code::Ok if left > 1 => Continue((next, left - 1, code.word())),
            _ => Break((next, left - 1, code.word())),
        })
    })?;
    Ok((Code::from_word(code).unwrap_or(Code::Fault), DomGfn { gfn: Gfn(gfn), ..g }))
}

/// What one table names.
fn step<S: Step>(s: &mut S, g: DomGfn) -> Result<(Code, u64), Stop> {
    let table = match open(s, g, true)? {
        Ok(table) => table,
        Err(code @ (Code::Eagain | Code::Enodev)) => return Ok((code, 0)),
        Err(_) => return Ok((Code::Fault, 0)),
    };
    let names = table.read(s, 0)?;
    close(s, table)?;
    Ok(if names == 0 || !Gfn(names).fits() { (Code::Fault, 0) } else { (Code::Ok, names) })
}

/// `dbg_rw_mem g [by n] [= v]`: a debugger reads the page that a walk of `n` tables from `g` leads to, or writes it;
/// without `by`, the page at `g`. Errors in their order: those of the walk, but `EFAULT` for `fault`; `EAGAIN`, `ENODEV`
/// the page is out; `EFAULT` it is no memory; `EACCES` it is to be written and its type is one that is never writable,
/// `ram_logdirty` among them. Its frame number is held while it is read or written.
pub fn dbg_rw_mem<S: Step>(s: &mut S, g: DomGfn, levels: u64, value: Option<u64>) -> Result<Code, Stop> {
    let (code, at) = if levels == 0 { (Code::Ok, g) } else { guest_walk(s, g, levels)? };
    match code {
        Code::Ok if at.gfn.fits() => {}
        Code::Ok | Code::Fault => return Ok(Code::Efault),
        code => return Ok(code),
    }
    let entry = get_gfn(s, at)?;
    let format = s.world().format;
    let leaf = answered(s.world(), entry);
    let out = leaf.is_some_and(|l| l.ty.is_paging());
    let code = match leaf.filter(|l| format.is(l.ty, Group::Ram) && !l.ty.is_paging() && l.mfn.is_valid()) {
        None => Code::Efault,
        Some(leaf) if value.is_some() && format.is(leaf.ty, Group::ReadOnly) => Code::Eacces,
        Some(leaf) => touch(s, at, leaf, value)?,
    };
    put_gfn(s, at)?;
    if out { ask(s, at) } else { Ok(code) }
}

fn touch<S: Step>(s: &mut S, g: DomGfn, leaf: Leaf, value: Option<u64>) -> Result<Code, Stop> {
    let word = s.page_word(leaf.mfn, 0)?;
    match value {
        None => {
            s.note("reads the page for the debugger");
            s.load(word)?;
        }
        Some(value) => {
            s.note("writes to the page for the debugger");
            s.store(word, value)?;
            let slot = s.slot(g.dom)?;
            mark_dirty(s, slot, g.gfn)?;
        }
    }
    Ok(Code::Ok)
}
