//! Can this go wrong? The search: begun, watched, stopped; its verdict, and the way to step through its finding.

use wasm_bindgen::JsCast;
use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::head::policy_in_words;
use super::panel::Panel;
use super::say::key;
use crate::hooks::{Ui, moves, use_ui};
use crate::state::{Action, Command, Progress, Report};

/// The panel.
#[component]
pub fn Explore() -> Html {
    let ui = use_ui();
    let explore = &ui.explore;
    let running = explore.question.is_some();
    let note = format!("program {}, locks: {}", ui.stage.version, policy_in_words(ui.stage.policy));
    let progress = &explore.progress;
    let rate = if progress.millis > 0.0 { progress.steps as f64 / progress.millis * 1000.0 } else { 0.0 };
    html! {
        <Panel id="explore" title="Explore: can any order of steps break a rule?" {note}>
            <div class="explore">
                <div class="buttons">
                    if running {
                        <button onclick={on(&ui, Action::StopExploring)}>{ "Stop" }</button>
                    } else {
                        <label title="Where nobody else can touch what an actor touches, it goes alone; actors who are alike count as one. The verdict stays the same.">
                            <input type="checkbox" checked={explore.reduced} onchange={reduced(&ui)} />{ " leave out orders that others stand for" }
                        </label>
                        <button class="primary" onclick={on(&ui, Action::Explore)}>{ "Explore every order" }{ key(&ui, Command::Explore) }</button>
                    }
                </div>
                <dl class="figures">
                    <div><dt>{ "states" }</dt><dd>{ grouped(progress.states) }</dd></div>
                    <div><dt>{ "steps" }</dt><dd>{ grouped(progress.steps) }</dd></div>
                    <div><dt>{ "steps a second" }</dt><dd>{ grouped(rate as u64) }</dd></div>
                    <div><dt>{ "deepest" }</dt><dd>{ grouped(progress.depth) }</dd></div>
                    <div><dt>{ "left out" }</dt><dd>{ format!("{:.0} %", 100.0 * progress.pruned) }</dd></div>
                    <div><dt>{ "memory for states" }</dt><dd>{ table(progress) }</dd></div>
                </dl>
            </div>
            if let Some(why) = &explore.trouble {
                <p class="mute">{ why }</p>
            }
            <div role="status" id="verdict">
                if running {
                    <p>{ "Searching." }</p>
                } else if let Some(report) = &explore.report {
                    { verdict(report, &ui) }
                } else if progress.states > 0 {
                    <p>{ "Stopped; nothing found so far." }</p>
                } else {
                    <p class="mute">{ "The search takes every actor at every step, and looks at each state once." }</p>
                }
            </div>
        </Panel>
    }
}

/// What the table of states takes.
fn table(progress: &Progress) -> String {
    match progress.bytes {
        0 => "none yet".to_owned(),
        bytes => format!("{} MB, {:.0} % full", bytes.div_ceil(1 << 20), f64::from(progress.load) / 10.0),
    }
}

/// Hears the box.
fn reduced(ui: &Ui) -> Callback<Event> {
    let ui = ui.clone();
    Callback::from(move |event: Event| {
        if let Some(input) = event.target().and_then(|target| target.dyn_into::<HtmlInputElement>().ok()) {
            ui.dispatch(Action::Reduced(input.checked()));
        }
    })
}

fn verdict(report: &Report, ui: &Ui) -> Html {
    let load = {
        let ui = ui.clone();
        Callback::from(move |_: MouseEvent| ui.dispatch(Action::LoadFinding { play: moves() }))
    };
    let class = match (report.safe, report.found.is_some()) {
        (true, _) => "verdict safe",
        (_, true) => "verdict found",
        _ => "verdict",
    };
    html! {
        <div {class}>
            <p>{ &report.verdict }</p>
            if let Some(found) = &report.found {
                <p>{ &found.why }</p>
                <button class="primary" onclick={load}>{ format!("Step through it ({} steps)", found.steps.len()) }</button>
            }
            <p class="mute">{ format!("{} states, {} steps, {:.1} s on {}", grouped(report.progress.states), grouped(report.progress.steps),
                report.progress.millis / 1000.0, if report.threads == 1 { "one thread".to_owned() } else { format!("{} threads", report.threads) }) }</p>
        </div>
    }
}

fn on(ui: &Ui, action: Action) -> Callback<MouseEvent> {
    let ui = ui.clone();
    Callback::from(move |_| ui.dispatch(action.clone()))
}

/// A number with its thousands apart: `12 345`.
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().filter_map(|group| std::str::from_utf8(group).ok()).collect();
    groups.join("\u{202f}")
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn thousands_stand_apart() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_000), "1\u{202f}000");
        assert_eq!(grouped(1_234_567), "1\u{202f}234\u{202f}567");
    }
}
