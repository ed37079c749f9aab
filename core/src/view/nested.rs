//! Sentences about nested views: what such an effect did, and what it is about to do.

use super::naming::Names;
use crate::machine::nested::NestedAct;

/// What an effect on nested views did.
pub fn did(names: &Names<'_>, act: NestedAct, result: u64) -> String {
    let view = |slot: u64| names.world.domains.get(slot as usize).map_or("no view", |d| &d.name);
    match act {
        NestedAct::Find { base, .. } if result == u64::MAX => format!("finds no view of root {base:#x}"),
        NestedAct::Find { base, .. } => format!("finds that {} shows root {base:#x}", view(result)),
        NestedAct::Oldest(_) => format!("finds that {} was used longest ago", view(result)),
        NestedAct::Touch(v) => format!("notes that {} is used", view(v as u64)),
        NestedAct::Stop { actor, view: v } if result != 0 => {
            format!("stops {}, which ran on {}", names.world.actor_name(actor), view(v as u64))
        }
        NestedAct::Stop { actor, view: v } => {
            format!("finds that {} does not run on {}", names.world.actor_name(actor), view(v as u64))
        }
        NestedAct::FreeTable(v) if result != 0 => format!("frees a table of {}", view(v as u64)),
        NestedAct::FreeTable(v) => format!("finds no table of {} left", view(v as u64)),
    }
}

/// What an effect on nested views would do.
pub fn doing(names: &Names<'_>, act: NestedAct) -> String {
    let view = |v: u8| &names.world.domain(v).name;
    match act {
        NestedAct::Find { base, .. } => format!("look for a view of root {base:#x}"),
        NestedAct::Oldest(of) => format!("look which view of {} was used longest ago", names.world.domain(of).name),
        NestedAct::Touch(v) => format!("note that {} is used", view(v)),
        NestedAct::Stop { actor, view: v } => {
            format!("stop {} if it runs on {}", names.world.actor_name(actor), view(v))
        }
        NestedAct::FreeTable(v) => format!("free a table of {}", view(v)),
    }
}
