//! Begins and ends searches as the state wants them.

use yew::prelude::*;

use super::Ui;
use crate::bridge::Search;
use crate::state::Action;

/// A search runs as long as the state has a question for it.
#[hook]
pub fn use_search(ui: &Ui) {
    let wanted = (ui.explore.search, ui.explore.question.clone());
    let dispatch = ui.dispatcher();
    use_effect_with(wanted, move |(number, question)| {
        let tell = Callback::from(move |heard| dispatch.dispatch(Action::Explorer(heard)));
        let search = question.clone().map(|question| Search::begin(*number, question, tell));
        move || drop(search)
    });
}
