//! What a lesson is for and what lies behind it: opened from the goal in the head.

use p2mscope_core::lesson::{Notes, Teaching};
use yew::prelude::*;

use super::glossary::marked;
use super::goal::{goal_box, learn, shut_story, sign};
use crate::hooks::Ui;
use crate::state::Learn;

/// The goal, with how far it is; opened, the story behind it.
pub fn story(ui: &Ui, goal: String) -> Html {
    let Some(lesson) = &ui.stage.lesson else { return Html::default() };
    let (mark, word) = sign(ui);
    let shut = Callback::from(|event: KeyboardEvent| {
        if event.key() == "Escape" && shut_story() {
            event.stop_propagation();
        }
    });
    html! {
        <details class="goal" key={goal.clone()} onkeydown={shut}>
            <summary title={goal.clone()}>
                <span class={classes!("standing", word.split(' ').next())} title={word}><span aria-hidden="true">{ mark }</span>
                    <span class="unseen">{ format!("{word}: ") }</span></span>
                { &goal }
            </summary>
            <div class="story">
                { goal_box(ui) }
                { for lesson.story.split("\n\n").map(|part| html! { <p>{ marked(part) }</p> }) }
                { hints(ui, &lesson.hints) }
                { ranges(&lesson.teaching) }
                { notes(&lesson.teaching) }
                <p class="mute">{ &lesson.source }</p>
            </div>
        </details>
    }
}

/// Hints, from gentle to plain, each when it is asked for.
fn hints(ui: &Ui, all: &[String]) -> Html {
    let given = ui.course.hints.min(all.len());
    html! {
        <section id="hints" aria-label="Hints">
            <ol role="status">{ for all[..given].iter().map(|hint| html! { <li>{ marked(hint) }</li> }) }</ol>
            if given < all.len() {
                <button class="small" onclick={learn(ui, || Learn::Hint)}>
                    { format!("{} ({} of {})", if given == 0 { "A hint" } else { "A plainer hint" }, given + 1, all.len()) }
                </button>
            }
        </section>
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
