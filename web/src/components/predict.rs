//! The question before a step, above the bar with the controls; then what came of it, until the next move.

use yew::prelude::*;

use super::glossary::marked;
use crate::hooks::Ui;
use crate::state::{Action, Asked, Command, Predicting, Told};

/// The switch among the controls.
pub fn switch(ui: &Ui) -> Html {
    let on = ui.kept.predict;
    html! {
        <button class="predict" aria-pressed={on.to_string()} title={ui.title(Command::Predict)} onclick={act(ui, Predicting::On(!on))}>
            { "Predict" }
        </button>
    }
}

/// The question, or what came of it.
pub fn card(ui: &Ui) -> Option<Html> {
    match (&ui.predict.asked, &ui.predict.told) {
        (Some(asked), _) => Some(question(ui, asked)),
        (None, Some(told)) => Some(answer(ui, told)),
        (None, None) => None,
    }
}

fn question(ui: &Ui, asked: &Asked) -> Html {
    html! {
        <section id="predict" class="ask" aria-labelledby="predict-question">
            <p id="predict-question" class="question">{ marked(&asked.prediction.question) }</p>
            <div class="options" role="group" aria-labelledby="predict-question">
                { for asked.prediction.options.iter().enumerate().map(|(i, option)| html! {
                    <button onclick={act(ui, Predicting::Answer(i))}><kbd aria-hidden="true">{ i + 1 }</kbd>{ option }</button>
                }) }
                <button class="plain" onclick={act(ui, Predicting::Skip)}>{ "Skip" }<kbd aria-hidden="true">{ "Esc" }</kbd></button>
            </div>
        </section>
    }
}

fn answer(ui: &Ui, told: &Told) -> Html {
    let class = match (told.chosen, told.is_right()) {
        (None, _) => "ask",
        (Some(_), true) => "ask right",
        (Some(_), false) => "ask wrong",
    };
    let sign = match (told.chosen, told.is_right()) {
        (None, _) => "\u{2192}",
        (Some(_), true) => "\u{2713}",
        (Some(_), false) => "\u{2717}",
    };
    let results = &ui.kept.results;
    html! {
        <section id="predict" {class} aria-label="What came of the prediction">
            <p class="question"><b aria-hidden="true">{ sign }</b>{ " " }{ told.sentence() }</p>
            <div class="options">
                if told.playing {
                    <button class="primary" onclick={act(ui, Predicting::PlayOn)}>{ "Play on" }</button>
                }
                <span class="mute" id="score">{ format!("{} of {} predicted rightly", results.right, results.asked) }</span>
            </div>
        </section>
    }
}

fn act(ui: &Ui, what: Predicting) -> Callback<MouseEvent> {
    let ui = ui.clone();
    Callback::from(move |_| ui.dispatch(Action::Predict(what)))
}

/// What is read out of it.
pub fn spoken(ui: &Ui) -> Option<String> {
    if let Some(asked) = &ui.predict.asked {
        let options = asked.prediction.options.iter().zip(1..);
        let options: Vec<String> = options.map(|(option, n)| format!("{n}: {option}")).collect();
        return Some(format!("{} {}", asked.prediction.question, options.join(" ")));
    }
    ui.predict.told.as_ref().map(Told::sentence)
}
