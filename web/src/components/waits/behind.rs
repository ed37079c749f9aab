//! Who stands behind whom: at the left those who wait for nobody, or wait in a ring; indented below each, those behind.

use p2mscope_core::view::{Blocker, blockers};
use yew::prelude::*;

use crate::components::token::{Badge, colour};
use crate::hooks::{Ui, use_ui};
use crate::moment::{Moment, id};
use crate::state::{Action, Mode};

/// The trees.
#[component]
pub fn Behind(props: &crate::components::Props) -> Html {
    let ui = use_ui();
    let moment = &props.moment;
    let all = blockers(&moment.waits);
    if all.is_empty() {
        return html! { <p class="mute">{ "Nobody stands behind anybody." }</p> };
    }
    html! { <ol class="behind">{ for all.iter().map(|it| row(it, moment, &ui)) }</ol> }
}

fn row(it: &Blocker, moment: &Moment, ui: &Ui) -> Html {
    let ring = it.actors.len() > 1;
    let since = if ui.mode == Mode::Live { String::new() } else { format!(", since step {}", it.since) };
    let side = if it.shared { "the shared side of " } else { "" };
    let says = match &it.lock {
        Some(lock) => format!("waits for {side}{}{since}", lock.text),
        None if ring => "wait in a ring".to_owned(),
        None => match moment.actor(it.actors[0]).map(|actor| &actor.why) {
            Some(Some(_)) => "holds, and sleeps".to_owned(),
            _ => "holds, and waits for nobody".to_owned(),
        },
    };
    html! {
        <li class={classes!(ring.then_some("ring"), (it.depth == 0).then_some("root"))} style={format!("margin-left: {}px", 14 * it.depth.min(8))}>
            { for it.actors.iter().map(|actor| {
                let pick = {
                    let (ui, actor) = (ui.clone(), id(*actor));
                    Callback::from(move |_: MouseEvent| ui.dispatch(Action::Pick(ui.picked.actor(actor))))
                };
                html! {
                    <button class="plain who" style={colour(id(*actor))} onclick={pick}>
                        <Badge actor={id(*actor)} kind={moment.kind(*actor)} /><b>{ moment.name(*actor) }</b>
                    </button>
                }
            }) }
            <span>{ says }</span>
        </li>
    }
}
