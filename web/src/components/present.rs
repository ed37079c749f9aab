//! The presenter's view: the graph of waits beside the walk, or the ranges, and the sentence, all to be read from the last
//! row; the lesson's question above, and its answer only when it is asked for.

use p2mscope_core::view::{Row, Walk};
use yew::prelude::*;

use super::scene::drawing;
use super::waits::graph;
use crate::hooks::{Ui, use_theme, use_ui};
use crate::moment::Moment;
use crate::state::{Action, Command};

/// The view.
#[component]
pub fn Present(props: &super::Props) -> Html {
    let ui = use_ui();
    // The head, which sees to it elsewhere, is not here.
    let _ = use_theme();
    let moment = &props.moment;
    let Some(presenting) = ui.presenting else { return Html::default() };
    let question = ui.stage.lesson.as_ref().map(|lesson| match lesson.teaching.notes.ask.as_str() {
        "" => lesson.goal.clone(),
        ask => ask.to_owned(),
    });
    html! {
        <div class="app presenting" id="present">
            <header>
                <h1>{ question.unwrap_or_default() }</h1>
                <div class="tools" role="group" aria-label="Presenter" data-not-drawn="">
                    { tool(&ui, Command::Answer, if presenting.answer { "Hide" } else { "Answer" }) }
                    { tool(&ui, Command::Swap, if presenting.ranges { "Graph" } else { "Ranges" }) }
                    { tool(&ui, Command::Escape, "Leave") }
                </div>
            </header>
            if presenting.answer {
                <main class="answer" id="answer" tabindex="0" aria-labelledby="answer-heading">{ answer(&ui, moment) }</main>
            } else if presenting.ranges {
                <main class="ranges"><section aria-label="Ranges">{ drawing(moment, &ui) }</section></main>
            } else {
                <main>
                    <section aria-labelledby="graph-heading">
                        <h2 id="graph-heading">{ "Who waits for whom" }</h2>
                        { graph(moment, &ui, "present") }
                    </section>
                    { moment.walk.as_ref().map(table).unwrap_or_default() }
                </main>
            }
            { sentence(&ui, moment) }
        </div>
    }
}

fn tool(ui: &Ui, command: Command, name: &'static str) -> Html {
    let press = {
        let ui = ui.clone();
        Callback::from(move |_: MouseEvent| ui.dispatch(Action::Do(command)))
    };
    html! { <button onclick={press} title={ui.title(command)}>{ name }{ super::say::key(ui, command) }</button> }
}

/// The entry that the walk takes at each level.
fn table(walk: &Walk) -> Html {
    let line = |level: &p2mscope_core::view::Level| {
        let on = level.rows.iter().find_map(|row| match row {
            Row::Entry { index, summary, picked: true, changed, .. } => Some((*index, summary.clone(), *changed)),
            _ => None,
        });
        let (index, words, changed) = match on {
            Some((index, summary, changed)) => (format!("[{index}]"), super::walk::short(&summary), changed),
            None => (String::new(), "empty".to_owned(), false),
        };
        html! {
            <tr class={classes!(changed.then_some("changed"))}>
                <th scope="row">{ format!("L{}", level.level + 1) }</th>
                <td class="mono">{ index }</td>
                <td class="mono">{ words }{ if changed { " \u{2190} changed" } else { "" } }</td>
            </tr>
        }
    };
    html! {
        <section aria-labelledby="table-heading">
            <h2 id="table-heading">{ format!("Walk of {}:{:#x}", walk.domain, walk.gfn) }</h2>
            <table><tbody>{ for walk.levels.iter().map(line) }</tbody></table>
            <p>{ &walk.end }</p>
        </section>
    }
}

/// What is wrong now, and what one might have thought.
fn answer(ui: &Ui, moment: &Moment) -> Html {
    let plain = moment.diagnosis.plain();
    let wrong = ui.stage.lesson.as_ref().map(|lesson| lesson.teaching.notes.wrong.clone()).unwrap_or_default();
    html! {
        <>
            <h2 id="answer-heading">{ "As it stands" }</h2>
            if plain.is_empty() {
                <p>{ "Nothing is wrong here: nobody is stuck, and no rule is broken." }</p>
            }
            { for plain.into_iter().map(|line| html! { <p>{ line }</p> }) }
            if !wrong.is_empty() {
                <h2>{ "One might have said" }</h2>
                <ul>{ for wrong.into_iter().map(|line| html! { <li>{ line }</li> }) }</ul>
            }
        </>
    }
}

fn sentence(ui: &Ui, moment: &Moment) -> Html {
    let report = &moment.report;
    let press = |command: Command| {
        let ui = ui.clone();
        Callback::from(move |_: MouseEvent| ui.dispatch(Action::Do(command)))
    };
    let bad = report.breaches.last().map(|breach| format!("\u{2717} {}", super::say::broken(breach.rule)));
    html! {
        <footer class={classes!("sentence", (bad.is_some() || !moment.waits.stuck.is_empty()).then_some("bad"))}>
            <button onclick={press(Command::Back)} title={ui.title(Command::Back)} aria-label="Back"
                aria-disabled={(report.at == 0).to_string()} data-not-drawn="">{ "\u{25c0}" }</button>
            <div>
                <p id="sentence"><b>{ if report.at == 0 { "Start".to_owned() } else { format!("Step {}", report.at) } }</b>{ " " }{ &report.sentence }</p>
                if let Some(notice) = ui.notice.clone().or(bad) {
                    <p class="notice" id="notice">{ notice }</p>
                }
            </div>
            <span class="mono" id="position">{ format!("{} / {}", report.at, report.len) }</span>
            <button class="primary" id="step" onclick={press(Command::Step)} title={ui.title(Command::Step)}
                aria-disabled={ui.why_not(Command::Step).is_some().to_string()} data-not-drawn="">{ "Step" }</button>
            { super::predict::card(ui) }
        </footer>
    }
}
