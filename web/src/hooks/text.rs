//! The lesson's text, where it outlives the page's module.

use yew::prelude::*;

use super::Ui;
use crate::trouble;

/// Keeps the text whenever it changes.
#[hook]
pub fn use_text(ui: &Ui) {
    use_effect_with(ui.stage.text.clone(), |text| trouble::keep(text));
}
