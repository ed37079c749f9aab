//! Live: the actors on threads of their own. How much each does, who waits, a deadlock while it stands, what was recorded.

use p2mscope_core::live::State as Thread;
use p2mscope_core::lock::{Lock, Mode};
use p2mscope_core::sched::side;
use yew::prelude::*;

use super::explore::grouped;
use super::head::policy_in_words;
use super::live_times::{Compared, Times};
use super::panel::Panel;
use super::token::{Badge, colour};
use crate::hooks::{Ui, use_ui};
use crate::moment::{Moment, id};
use crate::sight::{Actor, Recorded, Sight};
use crate::state::{Action, COMPARED, RECORDED, Wish};

/// The panel.
#[component]
pub fn LivePanel(props: &super::Props) -> Html {
    let ui = use_ui();
    let live = &ui.live;
    let policy = live.order.as_ref().map_or(ui.stage.policy, |order| order.question.policy);
    let note = format!("program {}, locks: {}, a thread to each actor", ui.stage.version, policy_in_words(policy));
    let why_not = ui.stage.lesson.as_ref().and_then(|lesson| lesson.not_live.clone());
    html! {
        <Panel id="live" title="Live: real threads over one memory" {note}>
            <div class="explore">
                { buttons(&ui, why_not.is_some()) }
                if let Some(sight) = &live.sight {
                    { figures(sight) }
                }
            </div>
            <div role="status" id="live-says">
                if let Some(why) = why_not {
                    <p class="verdict">{ why }</p>
                } else {
                    { says(&ui, &props.moment) }
                }
            </div>
            if let Some(sight) = &live.sight {
                { aborts(sight, &props.moment, &ui) }
                if let Some(recorded) = &sight.recorded {
                    { recording(recorded, &ui) }
                }
                if live.compares() {
                    <Compared summaries={live.summaries.clone()} tick={sight.tick} />
                } else {
                    { table(sight, &props.moment) }
                    <Times times={sight.times.clone()} beyond={sight.beyond} tick={sight.tick} />
                }
            }
        </Panel>
    }
}

fn buttons(ui: &Ui, off: bool) -> Html {
    let on = |action: Action| {
        let ui = ui.clone();
        Callback::from(move |_: MouseEvent| ui.dispatch(action.clone()))
    };
    let wish = |wish: Wish, name: &'static str, class: &'static str| {
        html! { <button {class} disabled={off} onclick={on(Action::Live(wish))}>{ name }</button> }
    };
    let toggle = |action: Action, name: &'static str, is: bool, title: String| {
        html! { <button class="small" aria-pressed={is.to_string()} {title} disabled={off} onclick={on(action)}>{ name }</button> }
    };
    let live = &ui.live;
    html! {
        <div class="buttons">
            if live.is_running() {
                { wish(Wish::Freeze, "Freeze", "primary") }
                { wish(Wish::Drain, "Drain", "") }
            } else {
                { wish(Wish::Run, "Start threads", "primary") }
                { toggle(Action::Meter(!live.metered), "Meter locks", live.metered,
                    "How long locks are held and waited for, and what threads did last; costs time".to_owned()) }
                { toggle(Action::Record(!live.recorded), "Record", live.recorded,
                    format!("Writes down about {RECORDED} effects, to be stepped through; slows the run much")) }
                { wish(Wish::Compare, "Compare with", "") }
                { super::head::policies(live.other, "Compare with", {
                    let ui = ui.clone();
                    Callback::from(move |policy| ui.dispatch(Action::CompareWith(policy)))
                }) }
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
                if !stopped { { " Freeze to look at it, or abort one of them." } }
            </p>
        },
        (None, true, _) => stopped(sight),
        (None, false, Wish::Drain) => html! { <p class="mute">{ "Draining: each actor ends its round." }</p> },
        (None, false, _) if live.compares() || live.order.as_ref().is_some_and(|it| it.record.is_some()) => {
            html! { <p class="mute">{ format!("Running for {COMPARED:.0} s.") }</p> }
        }
        (None, false, _) => html! { <p class="mute">{ format!("Running for {:.0} s.", sight.seconds) }</p> },
    }
}

/// What a stopped run left, and whether every rule of words at rest holds of it.
fn stopped(sight: &Sight) -> Html {
    let Some(left) = &sight.left else {
        return html! { <p class="verdict">{ "Frozen: the panels show the words as they stand." }</p> };
    };
    let drained = sight.actors.iter().all(|it| it.thread == Thread::Drained);
    let said = if drained { "Drained: every actor has ended its round." } else { "All threads have stopped." };
    match left.as_slice() {
        [] => html! { <p class="verdict safe">{ format!("{said} All rules hold.") }</p> },
        left => html! { <p class="verdict found">{ said }{ for left.iter().map(|it| format!(" {it}.")) }</p> },
    }
}

/// Who can be aborted out of a deadlock, and what aborts have released.
fn aborts(sight: &Sight, moment: &Moment, ui: &Ui) -> Html {
    let locks = |all: &[(Lock, Mode)]| {
        let names: Vec<String> = all.iter().map(|(lock, mode)| side(*lock, *mode, &sight.world)).collect();
        if names.is_empty() { "nothing".to_owned() } else { names.join(", then ") }
    };
    let gone = sight.actors.iter().zip(0_u8..).filter(|(it, _)| it.thread == Thread::Aborted);
    let stuck = sight
        .stuck
        .iter()
        .map(|wait| wait.actor)
        .filter(|a| sight.actors.get(usize::from(a.0)).is_some_and(|it| it.thread != Thread::Aborted));
    html! {
        <div id="aborts">
            { for gone.map(|(it, n)| html! {
                <p>{ format!("{} was aborted and gave up {}.", moment.name(n), locks(&it.released)) }</p>
            }) }
            if !sight.stuck.is_empty() {
                { for sight.forms.forms.iter().map(|form| html! { <p>{ form }</p> }) }
                <div class="buttons">
                    { for stuck.map(|actor| {
                        let enough = sight.forms.abort.contains(&actor.0);
                        let act = { let ui = ui.clone(); Callback::from(move |_: MouseEvent| ui.dispatch(Action::Abort(actor))) };
                        let name = format!("Abort {}", moment.name(actor.0));
                        html! { <button class={classes!("small", enough.then_some("primary"))} onclick={act}
                            title={if enough { "enough to let the others go on" } else { "" }}>{ name }</button> }
                    }) }
                </div>
            }
        </div>
    }
}

/// What was recorded, where it leads, how much it slowed, and the way to step through it.
fn recording(recorded: &Recorded, ui: &Ui) -> Html {
    let load = {
        let ui = ui.clone();
        Callback::from(move |_: MouseEvent| ui.dispatch(Action::StepThrough))
    };
    let n = recorded.recording.steps.len();
    let same = match recorded.same {
        true => format!("Stepped again they lead to the same words: {:016x}.", recorded.live),
        false => format!(
            "Stepped again they lead to other words: {:016x} live, {:016x} stepped. That is a finding.",
            recorded.live, recorded.stepped
        ),
    };
    let slower = match ui.live.plain {
        Some(plain) if recorded.rate > 0.0 => format!(
            "Recording made it {:.1} times slower: {} rounds a second instead of {}.",
            plain / recorded.rate,
            grouped(recorded.rate as u64),
            grouped(plain as u64)
        ),
        Some(_) => "It was over too soon to say how much recording slows: `p2mscope live --record` says it.".to_owned(),
        None => "How much recording slows cannot be said, since without it the run stood still.".to_owned(),
    };
    html! {
        <div id="recorded" class={classes!("verdict", if recorded.same { "safe" } else { "found" })}>
            <p>{ format!("Recorded {} effects. {same}", grouped(n as u64)) }</p>
            <p class="mute">{ slower }</p>
            <button class="primary" onclick={load}>{ format!("Step through it ({n} steps)") }</button>
        </div>
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
        return format!("waits for {}", side(lock, mode, &sight.world));
    }
    match actor.thread {
        Thread::Absent | Thread::Ready => "starting",
        Thread::Running if actor.asleep => "asleep",
        Thread::Running => "runs",
        Thread::Drained => "has ended its round",
        Thread::Frozen if actor.asleep => "frozen, asleep",
        Thread::Frozen => "frozen",
        Thread::Strayed => "went astray: a word led nowhere",
        Thread::Releasing | Thread::Aborted => "aborted",
    }
    .to_owned()
}
