//! What a step does to the shape of a table, and the note of flushes that are due, as sentences say it.

use super::naming::Names;
use crate::machine::table::TableAct;

/// The step's deed, as it follows the actor's name.
pub(super) fn did(names: &Names<'_>, a: TableAct, result: u64) -> String {
    let dom = |slot: u8| &names.world.domain(slot).name;
    match a {
        TableAct::Top { g, .. } if result == 0 => format!("finds nothing at the root of the table for {g}"),
        TableAct::Top { slot, g } => {
            format!("reads the root of the table of {} for {g}: {}", dom(slot), names.entry(3, result))
        }
        TableAct::FreeTree { table, .. } if result != 0 => {
            format!("gives the table in {} back, and all below it", names.frame(table))
        }
        TableAct::FreeTree { table, .. } => format!("gives back {}, which is no table", names.frame(table)),
        TableAct::NeedFlush(slot) if result != 0 => format!("notes that the TLBs of {} need a flush", dom(slot)),
        TableAct::NeedFlush(slot) => format!("holds nothing of the table of {} and flushes at once", dom(slot)),
        TableAct::FlushDue(slot) if result != 0 => format!("has put off a flush of {}, which is due now", dom(slot)),
        TableAct::FlushDue(slot) => format!("has no flush of {} to make here", dom(slot)),
        TableAct::Flushed(slot) => format!("knows that every TLB of {} has answered", dom(slot)),
    }
}

/// What it would do, as it follows `is about to`.
pub(super) fn doing(names: &Names<'_>, a: TableAct) -> String {
    let dom = |slot: u8| &names.world.domain(slot).name;
    match a {
        TableAct::Top { slot, g } => format!("read the root of the table of {} for {g}", dom(slot)),
        TableAct::FreeTree { table, .. } => format!("give the table in {} back, and all below it", names.frame(table)),
        TableAct::NeedFlush(slot) => format!("note that the TLBs of {} need a flush", dom(slot)),
        TableAct::FlushDue(slot) => format!("look whether a flush of {} is due", dom(slot)),
        TableAct::Flushed(slot) => format!("note that every TLB of {} has answered", dom(slot)),
    }
}
