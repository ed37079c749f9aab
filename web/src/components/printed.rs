//! A state on paper: what it is, the question, the sentence, the graph, the table, who stands how, and the link as text.
//! It is in the page only while it is printed.

use p2mscope_core::view::{ActorView, State};
use yew::prelude::*;

use super::legend::Legend;
use super::waits::{graph, in_words};
use super::walk::levels;
use crate::bridge::page_address;
use crate::hooks::use_ui;
use crate::state::policy_in_words;

/// The sheet of paper.
#[component]
pub fn Printed(props: &super::Props) -> Html {
    let ui = use_ui();
    let moment = &props.moment;
    let report = &moment.report;
    let Some(lesson) = &ui.stage.lesson else { return Html::default() };
    let link = match ui.shared() {
        Some(shared) if shared.fits => format!("{}#{}", page_address(), shared.letters),
        _ => "The link to this state is too long for an address; save the lesson and the schedule as files.".to_owned(),
    };
    let broken =
        report.broken.iter().map(|breach| format!("Step {} breaks {}: {}", breach.step, breach.rule, breach.why));
    html! {
        <article class="printed" id="printed">
            <h1>{ format!("p2mscope: {}", lesson.id) }</h1>
            <p>{ &lesson.goal }</p>
            <p>{ format!("Program {}, locks: {}. Step {} of {}; the state's hash is {:016x}.",
                ui.stage.version, policy_in_words(ui.stage.policy), report.at, report.len, moment.hash) }</p>
            if !lesson.teaching.notes.ask.is_empty() {
                <p class="question"><b>{ "Question: " }</b>{ &lesson.teaching.notes.ask }</p>
            }
            <p class="sentence"><b>{ format!("Step {}: ", report.at) }</b>{ &report.sentence }</p>
            <div class="two">
                <section>
                    <h2>{ "Who waits for whom" }</h2>
                    { graph(moment, &ui, "printed") }
                    <ul>{ for in_words(moment, true).into_iter().map(|(_, line)| html! { <li>{ line }</li> }) }</ul>
                </section>
                <section>
                    <h2>{ "Actors" }</h2>
                    <table>
                        <thead><tr><th>{ "actor" }</th><th>{ "state" }</th><th>{ "holds" }</th></tr></thead>
                        <tbody>{ for moment.actors.iter().map(actor) }</tbody>
                    </table>
                </section>
            </div>
            if let Some(walk) = &moment.walk {
                <section>
                    <h2>{ format!("Walk of {}:{:#x}", walk.domain, walk.gfn) }</h2>
                    { levels(walk, None, &ui) }
                    <p>{ &walk.end }</p>
                </section>
            }
            <section>
                <h2>{ "Frames" }</h2>
                <table>
                    <thead><tr><th>{ "frame" }</th><th>{ "count" }</th><th>{ "held by" }</th><th>{ "owner" }</th></tr></thead>
                    <tbody>{ for moment.frames.frames.iter().take(12).map(|frame| html! {
                        <tr><td class="mono">{ &frame.name }</td><td>{ frame.count }</td>
                            <td>{ frame.holders.iter().map(|it| it.text.clone()).collect::<Vec<_>>().join(", ") }</td><td>{ &frame.owner }</td></tr>
                    }) }</tbody>
                </table>
            </section>
            { for broken.map(|line| html! { <p>{ line }</p> }) }
            <Legend moment={moment.clone()} />
            <p class="link">{ link }</p>
        </article>
    }
}

fn actor(actor: &ActorView) -> Html {
    let state = match actor.state {
        State::Runs => "can run",
        State::Waits { .. } => "waits",
        State::Asleep { .. } => "asleep",
        _ => "ended",
    };
    let held: Vec<String> = actor.held.iter().map(|held| held.lock.text.clone()).collect();
    html! {
        <tr>
            <td><b>{ &actor.name }</b></td>
            <td>{ state }{ actor.why.as_ref().map(|why| format!(": {why}")) }</td>
            <td>{ if held.is_empty() { "nothing".to_owned() } else { held.join(", ") } }</td>
        </tr>
    }
}
