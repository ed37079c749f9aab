//! What the lesson asks for, and how far that is: reached, shown, repaired, or not yet, with the reason.

use yew::prelude::*;

use super::head::policy_in_words;
use crate::hooks::{Ui, moves};
use crate::state::{Action, Learn, Met, Standing};

/// One sign for the head: a mark and the word for it.
pub fn sign(ui: &Ui) -> (&'static str, &'static str) {
    let results = &ui.kept.results;
    let id = &ui.course.home.id;
    match ui.standing() {
        Some(Standing { reached: true, own: true, .. }) => ("\u{2713}", "reached"),
        Some(Standing { reached: true, own: false, .. }) => ("\u{25c6}", "shown"),
        _ if results.repaired.contains(id) => ("\u{2713}", "repaired"),
        _ if results.reached.contains(id) => ("\u{2713}", "reached before"),
        _ => ("\u{25cb}", "not yet"),
    }
}

/// The box.
pub fn goal_box(ui: &Ui) -> Html {
    let Some(lesson) = &ui.stage.lesson else { return Html::default() };
    let results = &ui.kept.results;
    let id = &ui.course.home.id;
    html! {
        <section id="goal" aria-labelledby="goal-heading">
            <h3 id="goal-heading">{ "Goal" }</h3>
            <p class="what">{ &lesson.goal }</p>
            <ul role="status">
                { match ui.standing() {
                    Some(standing) => breaks(ui, &standing),
                    None => html! {
                        <li><b>{ "\u{2013}" }</b>{ format!(
                            "Of the program {} under locks \u{201c}{}\u{201d} the lesson names no breach. The explorer can prove that there is none.",
                            ui.stage.version, policy_in_words(ui.stage.policy)
                        ) }</li>
                    },
                } }
                if !lesson.editable.is_empty() {
                    if results.repaired.contains(id) {
                        <li class="ok"><b>{ "\u{2713}" }</b>{ "Repaired: the explorer has found no way to break your program." }</li>
                    } else {
                        <li><b>{ "\u{25cb}" }</b>{ format!("Not yet repaired. To be changed: {}.", lesson.editable.join(", ")) }</li>
                    }
                }
            </ul>
            <div class="buttons">
                <button onclick={leave(learn(ui, || Learn::ModelAnswer { play: moves() }))} id="model-answer">{ "Model answer: how it breaks" }</button>
                if ui.course.loaded {
                    <button onclick={leave(learn(ui, || Learn::Afresh))}>{ "Begin again by yourself" }</button>
                }
                if !lesson.editable.is_empty() && !ui.editing {
                    <button onclick={leave(edit(ui))}>{ "Repair it" }</button>
                }
                if lesson.versions.iter().any(|version| version == "repaired") && ui.stage.version != "repaired" {
                    <button onclick={leave(repaired(ui))}>{ "Model repair" }</button>
                }
            </div>
        </section>
    }
}

fn breaks(ui: &Ui, standing: &Standing) -> Html {
    let goals = ui.stage.lesson.as_ref().map(|lesson| &lesson.goals[..]).unwrap_or_default();
    let before = ui.kept.results.reached.contains(&ui.course.home.id);
    let line = |(n, Met { rule, step }): (usize, &Met)| match step {
        Some((step, why)) if standing.own => html! {
            <li class="ok"><b>{ "\u{2713}" }</b>{ format!("Reached in step {step}: {rule}. {}", full(why)) }</li>
        },
        Some((step, why)) => html! {
            <li class="shown"><b>{ "\u{25c6}" }</b>{ format!("Shown in step {step}: {rule}. {} Now by steps of your own?", full(why)) }</li>
        },
        None => {
            let shortest = goals.get(n).and_then(|goal| goal.shortest());
            let shortest = shortest.map(|it| format!(" The shortest way has {it}.")).unwrap_or_default();
            let before = if before { " You have reached it before." } else { "" };
            html! { <li><b>{ "\u{25cb}" }</b>{ format!("Not yet: {rule}. {}{shortest}{before}", full(rule.sentence())) }</li> }
        }
    };
    standing.rules.iter().enumerate().map(line).collect()
}

fn full(why: &str) -> String {
    let mut letters = why.trim_end_matches('.').chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).chain(['.']).collect())
}

/// Shuts the story behind a press: what it does is to be seen below.
fn leave(press: Callback<MouseEvent>) -> Callback<MouseEvent> {
    Callback::from(move |event| {
        shut_story();
        press.emit(event);
    })
}

/// Shuts the story; whether it was open.
pub fn shut_story() -> bool {
    let open = gloo::utils::document().query_selector("details.goal[open]").ok().flatten();
    // An attribute can always be taken away.
    open.is_some_and(|story| story.remove_attribute("open").is_ok())
}

/// Dispatches something of learning.
pub fn learn(ui: &Ui, what: impl Fn() -> Learn + 'static) -> Callback<MouseEvent> {
    let ui = ui.clone();
    Callback::from(move |_| ui.dispatch(Action::Learn(what())))
}

fn edit(ui: &Ui) -> Callback<MouseEvent> {
    let ui = ui.clone();
    Callback::from(move |_| ui.dispatch(Action::Edit(true)))
}

fn repaired(ui: &Ui) -> Callback<MouseEvent> {
    let ui = ui.clone();
    Callback::from(move |_| ui.dispatch(Action::Version("repaired".to_owned())))
}
