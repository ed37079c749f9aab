//! Marks of entries whose types are computed when they are needed, in sentences.

use super::naming::Names;
use crate::machine::recalc::RecalcAct;

/// What was done, as it follows the actor's name.
pub(super) fn did(names: &Names<'_>, a: RecalcAct, result: u64) -> String {
    let dom = |slot: u8| names.world.domain(slot).name.as_str();
    match (a, result) {
        (RecalcAct::MarkRoot(slot), n) => format!("marks the root of {}: {n} entries", dom(slot)),
        (RecalcAct::Settle { slot, gfn }, 0) => format!("finds no mark on the way to {gfn} of {}", dom(slot)),
        (RecalcAct::Settle { slot, gfn }, _) => format!("moves the mark on the way to {gfn} of {} down", dom(slot)),
        (RecalcAct::Type { gfn, level, .. }, entry) => {
            format!("computes that {gfn} is {} by now", names.entry(level, entry))
        }
        (RecalcAct::Next { slot, .. }, u64::MAX) => format!("finds no further mark in the table of {}", dom(slot)),
        (RecalcAct::Next { slot, .. }, gfn) => format!("finds a mark on the way to {gfn:#x} of {}", dom(slot)),
        (RecalcAct::Refused { gfn, .. }, 0) => format!("finds nothing wrong on the way to {gfn}"),
        (RecalcAct::Refused { gfn, .. }, _) => format!("finds bits on the way to {gfn} that a processor refuses"),
    }
}

/// What is about to be done, as it follows `is about to`.
pub(super) fn doing(names: &Names<'_>, a: RecalcAct) -> String {
    let dom = |slot: u8| names.world.domain(slot).name.as_str();
    match a {
        RecalcAct::MarkRoot(slot) => format!("mark the root of {}", dom(slot)),
        RecalcAct::Settle { slot, gfn } => format!("move a mark on the way to {gfn} of {} down", dom(slot)),
        RecalcAct::Type { gfn, .. } => format!("compute the type of {gfn}"),
        RecalcAct::Next { slot, .. } => format!("look for a mark in the table of {}", dom(slot)),
        RecalcAct::Refused { gfn, .. } => format!("look what a processor refuses on the way to {gfn}"),
    }
}
