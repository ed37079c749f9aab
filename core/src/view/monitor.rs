//! Listeners and those who wait for them, in sentences.

use super::naming::Names;
use crate::machine::monitor::MonitorAct;

/// What was done, as it follows the actor's name.
pub(super) fn did(names: &Names<'_>, a: MonitorAct, result: u64) -> String {
    let dom = |slot: u8| names.world.domain(slot).name.as_str();
    match (a, result) {
        (MonitorAct::Listen(slot), 0) => format!("finds that somebody listens to {} already", dom(slot)),
        (MonitorAct::Listen(slot), _) => format!("listens to {}", dom(slot)),
        (MonitorAct::Unlisten(slot), 0) => format!("does not listen to {}", dom(slot)),
        (MonitorAct::Unlisten(slot), _) => format!("listens to {} no longer, and lets those go on who wait", dom(slot)),
        (MonitorAct::Await(g), _) => format!("is paused until its access to {g} is answered"),
        (MonitorAct::LetGo(g), n) => format!("answers for {g}: {n} go on"),
    }
}

/// What is about to be done, as it follows `is about to`.
pub(super) fn doing(names: &Names<'_>, a: MonitorAct) -> String {
    let dom = |slot: u8| names.world.domain(slot).name.as_str();
    match a {
        MonitorAct::Listen(slot) => format!("listen to {}", dom(slot)),
        MonitorAct::Unlisten(slot) => format!("listen to {} no longer", dom(slot)),
        MonitorAct::Await(g) => format!("pause itself until its access to {g} is answered"),
        MonitorAct::LetGo(g) => format!("answer for {g}"),
    }
}
