//! The browser's local storage. It may be refused; then what is kept lasts as long as the page is open.

use gloo::utils::window;
use yew::prelude::*;

use super::Ui;
use crate::state::Kept;

const KEY: &str = "p2mscope";

/// What was kept at an earlier visit.
pub fn kept() -> Kept {
    let storage = window().local_storage().ok().flatten();
    let text = storage.and_then(|storage| storage.get_item(KEY).ok().flatten());
    text.map(|text| Kept::of(&text)).unwrap_or_default()
}

/// Keeps what the state says is kept, whenever that changes.
#[hook]
pub fn use_kept(ui: &Ui) {
    use_effect_with(ui.kept.clone(), |kept| {
        if *kept == self::kept() {
            return;
        }
        if let Ok(Some(storage)) = window().local_storage() {
            // Refused, or full: the page works on without.
            let _ = storage.set_item(KEY, &kept.text());
        }
    });
}
