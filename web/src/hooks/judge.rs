//! Begins and ends judgements as the state wants them.

use yew::prelude::*;

use super::Ui;
use crate::bridge::Judge;
use crate::state::{Action, Learn};

/// A repair is judged as long as the state has one to be judged.
#[hook]
pub fn use_judge(ui: &Ui) {
    let wanted = (ui.judging.number, ui.judging.answer.clone());
    let dispatch = ui.dispatcher();
    use_effect_with(wanted, move |(number, answer)| {
        let tell = Callback::from(move |word| dispatch.dispatch(Action::Learn(Learn::Judged(word))));
        let judge = answer.clone().map(|answer| Judge::begin(*number, answer, tell));
        move || drop(judge)
    });
}
