//! What another policy makes of the same schedule, drawn as the scene is, below it.

use p2mscope_core::machine::Policy;
use yew::prelude::*;

use super::head::policy_in_words;
use super::panel::Panel;
use super::scene::drawing;
use crate::hooks::{Ui, use_ui};
use crate::state::Action;

/// The panel.
#[component]
pub fn BesidePanel() -> Html {
    let ui = use_ui();
    let Some(other) = &ui.other else { return Html::default() };
    let title = format!("The same steps, locks: {}", policy_in_words(other.policy));
    let note =
        format!("{} steps here, {} there", other.moment.report.at, ui.moment.as_ref().map_or(0, |it| it.report.at));
    html! {
        <Panel id="beside" {title} {note}>
            <div role="status" id="beside-says">
                <p class={if other.parted.is_some() { "parted" } else { "mute" }}>
                    { other.parted.clone().unwrap_or_else(|| "They do not part: every turn can be taken under both.".to_owned()) }
                </p>
                if let Some(ends) = &other.ends {
                    <p>{ ends }</p>
                }
                { for other.breaks.iter().map(|it| html! { <p class="why">{ it }</p> }) }
                if other.breaks.is_empty() {
                    <p class="mute">{ "Nothing breaks here." }</p>
                }
            </div>
            { drawing(&other.moment, &ui) }
        </Panel>
    }
}

/// The choice of what is shown beside: nothing, or another policy than that of the run.
pub fn choice(ui: &Ui) -> Html {
    let others: Vec<Policy> = Policy::ALL.into_iter().filter(|it| *it != ui.stage.policy).collect();
    let choose = {
        let others = others.clone();
        super::head::on_choice(ui, move |index| {
            Some(Action::Beside(index.checked_sub(1).and_then(|i| others.get(i).copied())))
        })
    };
    html! {
        <label class="labelled small">{ "beside" }
            <select onchange={choose} aria-label="Beside">
                <option selected={ui.beside.is_none()}>{ "nothing" }</option>
                { for others.iter().map(|policy| html! {
                    <option selected={ui.beside == Some(*policy)}>{ policy_in_words(*policy) }</option>
                }) }
            </select>
        </label>
    }
}
