//! Live: the actors on threads of their own. How much each does, who waits, and a deadlock while it stands.

use p2mscope_core::live::State as Thread;
use p2mscope_core::lock::Mode;
use yew::prelude::*;

use super::explore::grouped;
use super::head::policy_in_words;
use super::panel::Panel;
use super::token::{Badge, colour};
use crate::hooks::{Ui, use_ui};
use crate::moment::{Moment, id};
use crate::sight::{Actor, Sight};
use crate::state::{Action, Wish};

/// The panel.
#[component]
pub fn LivePanel(props: &super::Props) -> Html {
    let ui = use_ui();
    let live = &ui.live;
    let note =
        format!("program {}, locks: {}, a thread to each actor", ui.stage.version, policy_in_words(ui.stage.policy));
    html! {
        <Panel id="live" title="Live: real threads over one memory" {note}>
            <div class="explore">
                { buttons(&ui) }
                if let Some(sight) = &live.sight {
                    { figures(sight) }
                }
            </div>
            <div role="status" id="live-says">{ says(&ui, &props.moment) }</div>
            if let Some(sight) = &live.sight {
                { table(sight, &props.moment) }
            }
        </Panel>
    }
}

fn buttons(ui: &Ui) -> Html {
    let button = |wish: Wish, name: &'static str, class: &'static str| {
        let ui = ui.clone();
        let act = Callback::from(move |_: MouseEvent| ui.dispatch(Action::Live(wish)));
        html! { <button {class} onclick={act}>{ name }</button> }
    };
    html! {
        <div class="buttons">
            if ui.live.is_running() {
                { button(Wish::Freeze, "Freeze", "primary") }
                { button(Wish::Drain, "Drain", "") }
            } else {
                { button(Wish::Run, "Start threads", "primary") }
            }
        </div>
    }
}

fn figures(sight: &Sight) -> Html {
    let sum = |count: fn(&Actor) -> u64| grouped(sight.actors.iter().map(count).sum());
    html! {
        <dl class="figures">
            <div><dt>{ "operations a second" }</dt><dd id="live-rate">{ grouped(sight.rate() as u64) }</dd></div>
            <div><dt>{ "operations" }</dt><dd>{ sum(|it| it.counts.operations) }</dd></div>
            <div><dt>{ "waits" }</dt><dd>{ sum(|it| it.counts.waits) }</dd></div>
            <div><dt>{ "failures" }</dt><dd>{ sum(|it| it.counts.failures) }</dd></div>
        </dl>
    }
}

/// What there is to say about the run as a whole.
fn says(ui: &Ui, moment: &Moment) -> Html {
    let live = &ui.live;
    if let Some(why) = &live.trouble {
        return html! { <p class="verdict found">{ "Live needs threads, and there are none here: " }{ why }{ " All else works." }</p> };
    }
    let Some(sight) = &live.sight else {
        let text = match live.wish {
            Wish::Run => "Starting threads.",
            _ => "Each actor runs its program round after round, on a processor of its own if there are enough.",
        };
        return html! { <p class="mute">{ text }</p> };
    };
    let ring = moment.waits.cycles.first();
    let names = |ring: &Vec<u8>| {
        let round: Vec<_> = ring.iter().chain(ring.first()).map(|actor| moment.name(*actor)).collect();
        round.join(" -> ")
    };
    match (ring, sight.stopped(), live.wish) {
        (Some(ring), stopped, _) => html! {
            <p class="verdict found">{ format!("{}deadlock, for real: {}.", if stopped { "Frozen in a " } else { "A " }, names(ring)) }
                if !stopped { { " Freeze to look at it." } }
            </p>
        },
        (None, true, Wish::Drain) => drained(sight),
        (None, true, _) => html! { <p class="verdict">{ "Frozen: the panels show the words as they stand." }</p> },
        (None, false, Wish::Drain) => html! { <p class="mute">{ "Draining: each actor ends its round." }</p> },
        (None, false, _) => html! { <p class="mute">{ format!("Running for {:.0} s.", sight.seconds) }</p> },
    }
}

fn table(sight: &Sight, moment: &Moment) -> Html {
    let most = sight.actors.iter().map(|it| it.rate).fold(1.0, f64::max);
    html! {
        <table class="threads">
            <thead><tr><th>{ "thread" }</th><th>{ "operations a second" }</th><th>{ "operations" }</th><th>{ "waits" }</th><th>{ "failures" }</th><th>{ "now" }</th></tr></thead>
            <tbody>
                { for sight.actors.iter().zip(0_u8..).map(|(actor, n)| html! {
                    <tr style={colour(id(n))} data-testid={format!("thread-{}", moment.name(n))}>
                        <td><Badge actor={id(n)} kind={moment.kind(n)} />{ " " }<b>{ moment.name(n) }</b></td>
                        <td><span class="amount" style={format!("width: {:.1}%", actor.rate / most * 60.0)} />{ grouped(actor.rate as u64) }</td>
                        <td class="operations">{ grouped(actor.counts.operations) }</td>
                        <td>{ grouped(actor.counts.waits) }</td>
                        <td>{ grouped(actor.counts.failures) }</td>
                        <td>{ doing(actor, sight) }</td>
                    </tr>
                }) }
            </tbody>
        </table>
    }
}

fn doing(actor: &Actor, sight: &Sight) -> String {
    if let Some((lock, mode)) = actor.waiting {
        let side = if mode == Mode::Shared { "the shared side of " } else { "" };
        return format!("waits for {side}{}", lock.describe(&sight.world));
    }
    match actor.thread {
        Thread::Absent | Thread::Ready => "starting",
        Thread::Running => "runs",
        Thread::Drained => "has ended its round",
        Thread::Frozen => "frozen",
        Thread::Strayed => "went astray: a word led nowhere",
        Thread::Releasing | Thread::Aborted => "aborted",
    }
    .to_owned()
}

/// What a drained run left, and whether every rule of words at rest holds of it.
fn drained(sight: &Sight) -> Html {
    let said = "Drained: every actor has ended its round.";
    match sight.broken.as_deref().unwrap_or_default() {
        [] => html! { <p class="verdict safe">{ format!("{said} All rules hold.") }</p> },
        broken => html! {
            <p class="verdict found">
                { said }
                { for broken.iter().map(|it| format!(" Breaks {}: {}.", it.rule, it.why)) }
            </p>
        },
    }
}
