//! The branches below the lanes: each from where it left its trunk; the current one bold. They can be chosen, named, and
//! compared.

use p2mscope_core::view::{Branch, Timeline};
use wasm_bindgen::JsCast;
use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::WIDTH;
use super::axis::Axis;
use crate::components::head::on_choice;
use crate::hooks::Ui;
use crate::state::{Action, Picked};

/// The height of a branch.
const ROW: f32 = 17.0;

/// The names of the branches, each a button that goes there.
pub fn names(timeline: &Timeline, ui: &Ui) -> Html {
    html! {
        <div class="forks" role="group" aria-label="Branches">
            { for timeline.forks.iter().map(|fork| {
                let choose = on(ui, Action::Fork(fork.index));
                let left = fork.parent.map_or(String::new(), |(_, at)| format!(" from step {at}"));
                let title = format!("{}{left}, {} steps", fork.name, fork.len);
                html! { <button class="plain" aria-pressed={fork.current.to_string()} title={title.clone()} aria-label={title} onclick={choose}>{ &fork.name }</button> }
            }) }
        </div>
    }
}

fn on(ui: &Ui, action: Action) -> Callback<MouseEvent> {
    let ui = ui.clone();
    Callback::from(move |_| ui.dispatch(action.clone()))
}

/// The tree. A branch shares its trunk's line up to where it leaves.
pub fn tree(timeline: &Timeline, axis: &Axis, ui: &Ui) -> Html {
    let height = ROW * timeline.forks.len() as f32;
    let x = |step: usize| axis.part(step) * WIDTH;
    let mid = |row: usize| ROW * row as f32 + ROW / 2.0;
    let draw = |(row, fork): (usize, &Branch)| {
        let from = fork.parent.map_or(0, |(_, at)| at);
        let down = fork.parent.map(|(parent, at)| {
            html! { <path class="leaves" d={format!("M{0:.1} {1:.1}V{2:.1}", x(at), mid(parent), mid(row))} /> }
        });
        html! {
            <g class={classes!("fork", fork.current.then_some("current"))} onclick={on(ui, Action::Fork(fork.index))}>
                <rect x="0" y={format!("{:.1}", ROW * row as f32)} width={WIDTH.to_string()} height={ROW.to_string()} />
                { down }
                <path class="own" d={format!("M{0:.1} {1:.1}H{2:.1}", x(from), mid(row), x(fork.len))} />
                <path class="end" d={format!("M{:.1} {:.1}v8", x(fork.len), mid(row) - 4.0)} />
            </g>
        }
    };
    html! {
        <svg class="fork-tree" viewBox={format!("0 0 {WIDTH} {height}")} preserveAspectRatio="none" aria-hidden="true"
            style={format!("height: {height}px")}>
            { for timeline.forks.iter().enumerate().map(draw) }
        </svg>
    }
}

/// The current branch's name, to be changed, and the choice of one to compare it with.
pub fn controls(timeline: &Timeline, ui: &Ui) -> Html {
    let Some(current) = timeline.forks.iter().find(|fork| fork.current) else { return Html::default() };
    let rename = {
        let (ui, index, was) = (ui.clone(), current.index, current.name.clone());
        Callback::from(move |event: Event| {
            let Some(input) = event.target().and_then(|it| it.dyn_into::<HtmlInputElement>().ok()) else { return };
            if input.value().trim().is_empty() {
                input.set_value(&was);
            }
            ui.dispatch(Action::Name(index, input.value()));
        })
    };
    let others: Vec<usize> = timeline.forks.iter().filter(|fork| !fork.current).map(|fork| fork.index).collect();
    let against = ui.picked.against.filter(|it| others.contains(it));
    let picked = ui.picked;
    let choose = {
        let others = others.clone();
        on_choice(ui, move |index| {
            let against = index.checked_sub(1).and_then(|i| others.get(i).copied());
            Some(Action::Pick(Picked { against, ..picked }))
        })
    };
    let name = |fork: &usize| timeline.forks.iter().find(|it| it.index == *fork).map_or("", |it| it.name.as_str());
    html! {
        <>
            <label class="labelled small">{ "branch" }
                <input value={current.name.clone()} onchange={rename} maxlength="40" aria-label="Branch" spellcheck="false" />
            </label>
            <label class="labelled small">{ "against" }
                <select onchange={choose} aria-label="Against">
                    <option selected={against.is_none()}>{ "none" }</option>
                    { for others.iter().map(|fork| html! { <option selected={against == Some(*fork)}>{ name(fork).to_owned() }</option> }) }
                </select>
            </label>
        </>
    }
}
