//! Light or dark: the browser's wish, until the user says otherwise. Storage may be refused; then it is forgotten.

use gloo::utils::{document_element, window};
use yew::prelude::*;

const KEY: &str = "p2mscope-theme";

fn wanted() -> bool {
    let stored = window().local_storage().ok().flatten().and_then(|storage| storage.get_item(KEY).ok().flatten());
    match stored.as_deref() {
        Some("dark") => true,
        Some("light") => false,
        _ => window().match_media("(prefers-color-scheme: dark)").ok().flatten().is_some_and(|query| query.matches()),
    }
}

/// Whether the page is dark, and what turns it over.
#[hook]
pub fn use_theme() -> (bool, Callback<()>) {
    let dark = use_state(wanted);
    use_effect_with(*dark, |dark| {
        // An attribute of the root element can always be set.
        let _ = document_element().set_attribute("data-theme", if *dark { "dark" } else { "light" });
    });
    let turn = {
        let dark = dark.clone();
        Callback::from(move |()| {
            let now = !*dark;
            if let Ok(Some(storage)) = window().local_storage() {
                // Refused: the choice holds until the page is closed.
                let _ = storage.set_item(KEY, if now { "dark" } else { "light" });
            }
            dark.set(now);
        })
    };
    (*dark, turn)
}
