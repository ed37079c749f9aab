//! What a lesson is for and what lies behind it: opened from the goal in the head.

use p2mscope_core::lesson::{Notes, Teaching};
use yew::prelude::*;

use crate::hooks::Ui;

/// The goal; opened, the story behind it.
pub fn story(ui: &Ui, goal: String) -> Html {
    let Some(lesson) = &ui.stage.lesson else { return Html::default() };
    html! {
        <details class="goal" key={goal.clone()}>
            <summary title={goal.clone()}>{ &goal }</summary>
            <div class="story">
                { for lesson.story.split("\n\n").map(|part| html! { <p>{ part }</p> }) }
                { for lesson.hints.iter().zip(1..).map(|(hint, n)| html! {
                    <details><summary>{ format!("Hint {n}") }</summary><p>{ hint }</p></details>
                }) }
                { ranges(&lesson.teaching) }
                { notes(&lesson.teaching) }
                <p class="mute">{ &lesson.source }</p>
            </div>
        </details>
    }
}

/// What the locks that were proposed change; asked before it is told.
fn ranges(teaching: &Teaching) -> Option<Html> {
    (!teaching.ranges.is_empty()).then(|| {
        html! { <details><summary>{ "What do locks of 2 MB change?" }</summary><p>{ &teaching.ranges }</p></details> }
    })
}

/// What is for the teacher alone, shut until it is asked for.
fn notes(teaching: &Teaching) -> Option<Html> {
    let Notes { ask, wrong, show } = &teaching.notes;
    if *teaching == (Teaching { ranges: teaching.ranges.clone(), ..Teaching::default() }) {
        return None;
    }
    let minutes = teaching.minutes.map(|minutes| format!("{minutes} minutes"));
    let about: Vec<_> = minutes.into_iter().chain(teaching.difficulty.map(|how| how.name().to_owned())).collect();
    let part = |what: &str, texts: &[String]| {
        let texts: Vec<_> = texts.iter().filter(|text| !text.is_empty()).collect();
        (!texts.is_empty()).then(|| {
            html! { <><p>{ format!("{what}:") }</p><ul>{ for texts.iter().map(|text| html! { <li>{ text }</li> }) }</ul></> }
        })
    };
    Some(html! {
        <details class="notes">
            <summary>{ "For teachers" }</summary>
            if !about.is_empty() {
                <p>{ about.join(", ") }</p>
            }
            { part("The idea to meet", std::slice::from_ref(&teaching.misconception)) }
            { part("Ask", std::slice::from_ref(ask)) }
            { part("Usual wrong answers", wrong) }
            { part("Show", show) }
        </details>
    })
}
