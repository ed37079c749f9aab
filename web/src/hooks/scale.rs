//! Begins and ends runs in virtual time as the state wants them.

use yew::prelude::*;

use super::Ui;
use crate::bridge::Computing;
use crate::state::Action;

/// A run goes on as long as the state has an inquiry for it.
#[hook]
pub fn use_scale(ui: &Ui) {
    let wanted = (ui.scale.run, ui.scale.inquiry.clone());
    let dispatch = ui.dispatcher();
    use_effect_with(wanted, move |(run, inquiry)| {
        let tell = Callback::from(move |(run, said)| dispatch.dispatch(Action::Scaled(run, said)));
        let computing = inquiry.clone().map(|inquiry| Computing::begin(*run, inquiry, tell));
        move || drop(computing)
    });
}
