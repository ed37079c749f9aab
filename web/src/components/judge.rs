//! A repair, judged: the button, how far the search is, what is wrong and the way there in the learner's own lines.

use yew::prelude::*;

use super::explore::grouped;
use super::goal::learn;
use crate::hooks::{Ui, moves};
use crate::state::{Learn, Ruled};

/// What stands below the text of an exercise.
pub fn judge(ui: &Ui) -> Html {
    let Some(lesson) = &ui.stage.lesson else { return Html::default() };
    if let Some(why) = lesson.no_exercise() {
        return html! { <p class="mute">{ why }</p> };
    }
    let running = ui.judging.answer.is_some();
    html! {
        <section id="judge" aria-label="Repair">
            <div class="buttons">
                if running {
                    <button onclick={learn(ui, || Learn::StopJudging)}>{ "Stop" }</button>
                } else {
                    <button class="primary" onclick={learn(ui, || Learn::Judge)}>{ "Judge my repair" }</button>
                }
                <span class="mute">{ format!("change: {}", lesson.editable.join(", ")) }</span>
            </div>
            if let Some(why) = &ui.judging.trouble {
                <p class="mute">{ why }</p>
            }
            <div role="status" id="ruling">
                if running {
                    <p>{ format!("Trying every order of steps: {} states.", grouped(ui.judging.progress.states)) }</p>
                } else if let Some(ruled) = &ui.judging.ruled {
                    { ruling(ui, ruled) }
                }
            </div>
        </section>
    }
}

fn ruling(ui: &Ui, ruled: &Ruled) -> Html {
    let class = classes!("verdict", if ruled.accepted { "safe" } else { "found" });
    let verdict = match ruled.verdict.as_str() {
        "accepted" => "\u{2713} Repaired",
        "unchanged" => "Nothing has been changed yet",
        "breaks" => "\u{2717} It still breaks",
        "undone" => "\u{2717} Nothing breaks, but the work is not done",
        "not allowed" => "\u{2717} That may not be changed",
        "not read" => "\u{2717} The text has faults",
        _ => "Not judged",
    };
    html! {
        <div {class} data-verdict={ruled.verdict.clone()}>
            <p><b>{ verdict }</b>{ ":" }</p>
            { for ruled.why.iter().map(|why| html! { <p>{ format!("{why}.") }</p> }) }
            if let Some(counterexample) = &ruled.counterexample {
                <button class="primary" onclick={learn(ui, || Learn::Counterexample { play: moves() })}>
                    { format!("Step through it ({} steps)", counterexample.steps.len()) }
                </button>
                <ol class="lines">
                    { for counterexample.lines.iter().map(|(who, line, text)| html! {
                        <li><b>{ who }</b><span>{ line.map_or("the lesson\u{2019}s".to_owned(), |line| format!("line {line}")) }</span><code>{ text }</code></li>
                    }) }
                </ol>
            }
        </div>
    }
}
