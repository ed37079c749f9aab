//! Two branches side by side: what each did after they parted, and how their last states differ.

use p2mscope_core::view::{Compared, Side};
use yew::prelude::*;

use super::panel::Panel;
use super::token::{Badge, colour};
use crate::hooks::{Ui, use_ui};
use crate::moment::{Moment, id};
use crate::state::{Action, Picked};

/// The panel, in the place of walk and entry.
#[component]
pub fn ComparePanel(props: &super::Props) -> Html {
    let ui = use_ui();
    let moment = &props.moment;
    let Some(compared) = &moment.compared else { return Html::default() };
    let title = format!("{} beside {}", compared.here.name, compared.there.name);
    let note = match (compared.same, compared.common) {
        (true, _) => "both lead to the very same state".to_owned(),
        (false, 0) => "they part at the first step".to_owned(),
        (false, n) => format!("the same up to step {n}"),
    };
    let close = {
        let ui = ui.clone();
        Callback::from(move |_: MouseEvent| ui.dispatch(Action::Pick(Picked { against: None, ..ui.picked })))
    };
    let controls = html! { <button class="small" onclick={close}>{ "Close" }</button> };
    html! {
        <Panel id="compare" {title} {note} {controls}>
            <div class="compared-sides">
                { side(&compared.here, moment, &ui) }
                { side(&compared.there, moment, &ui) }
                { differences(compared) }
            </div>
        </Panel>
    }
}

/// A branch's own steps; a click goes to the state after one.
fn side(side: &Side, moment: &Moment, ui: &Ui) -> Html {
    html! {
        <section>
            <h3>{ format!("{}, {} steps", side.name, side.len) }</h3>
            if side.steps.is_empty() {
                <p class="mute">{ "It ends where they part." }</p>
            }
            <ol class="steps">
                { for side.steps.iter().map(|it| {
                    let go = {
                        let (ui, fork, step) = (ui.clone(), side.fork, it.step);
                        Callback::from(move |_: MouseEvent| ui.dispatch(Action::At(fork, step)))
                    };
                    html! {
                        <li style={colour(id(it.actor))}>
                            if it.looks > 0 {
                                <p class="looks" title="Steps that only looked at something">{ format!("\u{22ef} {}", it.looks) }</p>
                            }
                            <button class="plain" onclick={go} title={format!("Go to step {} of {}", it.step, side.name)}>
                                <span class="mono">{ it.step }</span>
                                <Badge actor={id(it.actor)} kind={moment.kind(it.actor)} />
                                <span>{ &it.sentence }</span>
                            </button>
                        </li>
                    }
                }) }
            </ol>
            if side.more > 0 {
                <p class="mute">{ format!("and {} more steps", side.more) }</p>
            }
        </section>
    }
}

fn differences(compared: &Compared) -> Html {
    html! {
        <section>
            <h3>{ "How their last states differ" }</h3>
            if compared.differences.is_empty() {
                <p class="mute">{ if compared.same { "Not at all: the two states are one." } else { "Only in how far the programs have come." } }</p>
            } else {
                <table class="differences">
                    <thead><tr><th>{ "word or lock" }</th><th>{ &compared.here.name }</th><th>{ &compared.there.name }</th></tr></thead>
                    <tbody>{ for compared.differences.iter().map(|it| html! {
                        <tr><td>{ &it.what }</td><td>{ &it.here }</td><td>{ &it.there }</td></tr>
                    }) }</tbody>
                </table>
            }
            if compared.more > 0 {
                <p class="mute">{ format!("and {} more words", compared.more) }</p>
            }
        </section>
    }
}
