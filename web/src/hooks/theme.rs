//! Light or dark: the browser's wish, until the user says otherwise. And letters as large as the user wants them.

use gloo::utils::{document_element, window};
use yew::prelude::*;

use super::use_ui;
use crate::state::Action;

/// Whether the page is dark, and what turns it over.
#[hook]
pub fn use_theme() -> (bool, Callback<()>) {
    let ui = use_ui();
    let wished = || {
        let query = window().match_media("(prefers-color-scheme: dark)").ok().flatten();
        query.is_some_and(|query| query.matches())
    };
    let dark = ui.kept.dark.unwrap_or_else(wished);
    use_effect_with(dark, |dark| {
        // An attribute of the root element can always be set.
        let _ = document_element().set_attribute("data-theme", if *dark { "dark" } else { "light" });
    });
    use_effect_with(ui.kept.large, |large| {
        let _ = document_element().set_attribute("data-type", if *large { "large" } else { "normal" });
    });
    (dark, Callback::from(move |()| ui.dispatch(Action::Dark(!dark))))
}
