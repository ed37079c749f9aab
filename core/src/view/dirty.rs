//! What a step does to the log-dirty bitmap, or finds on its way through a table, as sentences say it.

use super::naming::Names;
use crate::addr::{DomGfn, Gfn};
use crate::machine::dirty::{BitOp, DirtyAct, Marked};
use crate::machine::sweep::{Found, Sweep};

/// The step's deed, as it follows the actor's name.
pub(super) fn did(names: &Names<'_>, a: DirtyAct, result: u64) -> String {
    let g = |slot: u8, gfn: Gfn| DomGfn { dom: names.world.domain(slot).id, gfn };
    let dom = |slot: u8| &names.world.domain(slot).name;
    match a {
        DirtyAct::Mark { slot, gfn } if result == Marked::Off as u64 => {
            format!("marks nothing at {}: writes are not noted", g(slot, gfn))
        }
        DirtyAct::Mark { slot, gfn } if result == Marked::Lost as u64 => {
            format!("finds no page for the dirty bit of {}: the mark is lost", g(slot, gfn))
        }
        DirtyAct::Mark { slot, gfn } if result == Marked::Known as u64 => {
            format!("finds {} marked dirty already", g(slot, gfn))
        }
        DirtyAct::Mark { slot, gfn } => format!("marks {} dirty", g(slot, gfn)),
        DirtyAct::Clean { slot, gfn } if result == 0 => format!("finds {} not marked dirty", g(slot, gfn)),
        DirtyAct::Clean { slot, gfn } => format!("marks {} clean", g(slot, gfn)),
        DirtyAct::Bit { slot, gfn, op } => match op {
            BitOp::Load => format!("reads the dirty bit of {}: {result}", g(slot, gfn)),
            BitOp::Swap(v) => format!("writes the dirty bit of {}: {result} becomes {}", g(slot, gfn), v as u8),
            BitOp::Add(_) => format!("adds to the dirty bit of {}: now {result}", g(slot, gfn)),
            BitOp::Cas(_, v) if result != 0 => format!("sets the dirty bit of {} to {}", g(slot, gfn), v as u8),
            BitOp::Cas(old, _) => {
                format!("finds the dirty bit of {} not {} and changes nothing", g(slot, gfn), old as u8)
            }
        },
        DirtyAct::Harvest { slot, .. } if result == u64::MAX => {
            format!("finds that a mark in the bitmap of {} was lost", dom(slot))
        }
        DirtyAct::Harvest { slot, clear: true } => {
            format!("takes {result} dirty bits of {} and clears them", dom(slot))
        }
        DirtyAct::Harvest { slot, clear: false } => format!("counts {result} dirty bits of {}", dom(slot)),
        DirtyAct::Drain { slot, of } => {
            format!("marks the {result} writes that {} has logged dirty in {}", names.world.actor_name(of), dom(slot))
        }
        DirtyAct::Free { slot } => format!("frees the dirty bitmap of {}", dom(slot)),
    }
}

/// What it would do, as it follows `is about to`.
pub(super) fn doing(names: &Names<'_>, a: DirtyAct) -> String {
    let g = |slot: u8, gfn: Gfn| DomGfn { dom: names.world.domain(slot).id, gfn };
    let dom = |slot: u8| &names.world.domain(slot).name;
    match a {
        DirtyAct::Mark { slot, gfn } => format!("mark {} dirty", g(slot, gfn)),
        DirtyAct::Clean { slot, gfn } => format!("mark {} clean", g(slot, gfn)),
        DirtyAct::Bit { slot, gfn, op: BitOp::Load } => format!("read the dirty bit of {}", g(slot, gfn)),
        DirtyAct::Bit { slot, gfn, .. } => format!("change the dirty bit of {}", g(slot, gfn)),
        DirtyAct::Harvest { slot, clear: true } => format!("take the dirty bits of {} and clear them", dom(slot)),
        DirtyAct::Harvest { slot, .. } => format!("count the dirty bits of {}", dom(slot)),
        DirtyAct::Drain { of, .. } => format!("take what {} has logged", names.world.actor_name(of)),
        DirtyAct::Free { slot } => format!("free the dirty bitmap of {}", dom(slot)),
    }
}

/// What a look through a table found.
pub(super) fn swept(names: &Names<'_>, of: Sweep, result: [u64; 2]) -> String {
    let dom = names.world.domain(of.slot);
    match Found::from_words(result) {
        Some(f) => {
            format!("finds {} at {}", names.entry(f.level, f.entry), DomGfn { dom: dom.id, gfn: f.gfn })
        }
        None => format!("finds no further {} in the table of {}", kind(of), dom.name),
    }
}

/// What it would look for.
pub(super) fn sweeping(names: &Names<'_>, of: Sweep) -> String {
    format!("look for the next {} in the table of {}", kind(of), names.world.domain(of.slot).name)
}

fn kind(of: Sweep) -> &'static str {
    of.ty.map_or("entry", |ty| ty.name())
}
