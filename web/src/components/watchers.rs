//! What the watchers say: each rule and the step that broke it, how long actors wait or go round beside what is too
//! long, and the deadlocks that could be, with the steps at which their orders were seen first.

use p2mscope_core::view::{OrderView, Party, Possible, RuleView};
use yew::prelude::*;

use super::token::Badge;
use crate::hooks::{Ui, use_ui};
use crate::moment::{Moment, id};
use crate::state::Action;

/// What the panel holds.
#[component]
pub fn Watchers(props: &super::Props) -> Html {
    let ui = use_ui();
    let moment = &props.moment;
    let found = &moment.diagnosis;
    let broken = moment.rules.iter().filter(|rule| rule.step.is_some()).count();
    let rules = match broken {
        0 => "all hold".to_owned(),
        n => format!("{n} broken"),
    };
    html! {
        <>
            <h3>{ "Possible deadlocks" }</h3>
            if found.possible.is_empty() {
                <p class="mute">{ "None: in no run seen so far were locks asked for in orders that could meet." }</p>
            } else {
                <ul class="possible">{ for found.possible.iter().map(|it| possible(it, moment, &ui)) }</ul>
            }
            <h3>{ "Waiting, going round" }</h3>
            <table class="counters">
                <thead><tr><th>{ "actor" }</th><th title="Steps of others while it had to wait for one lock">{ "waited" }</th>
                    <th title="Rounds in a row after which all it did was undone again">{ "rounds" }</th><th>{ "" }</th></tr></thead>
                <tbody>{ for found.parties.iter().map(|party| counters(party, moment)) }</tbody>
            </table>
            <h3>{ "Rules: " }<span class={if broken == 0 { "ok" } else { "bad" }}>{ rules }</span></h3>
            <ul class="rule-list">{ for moment.rules.iter().map(|it| rule(it, &ui)) }</ul>
        </>
    }
}

fn on(ui: &Ui, action: Action) -> Callback<MouseEvent> {
    let ui = ui.clone();
    Callback::from(move |_| ui.dispatch(action.clone()))
}

/// A ring that could close: who, and where each order was seen first.
fn possible(it: &Possible, moment: &Moment, ui: &Ui) -> Html {
    let round: Vec<String> = it.orders.iter().chain(it.orders.first()).map(|order| moment.name(order.actor)).collect();
    html! {
        <li>
            <p><b>{ round.join(" \u{2192} ") }</b>{ if it.stands { " stands now" } else { " could close" } }</p>
            <ul>{ for it.orders.iter().map(|it| order(it, moment, ui)) }</ul>
        </li>
    }
}

fn order(it: &OrderView, moment: &Moment, ui: &Ui) -> Html {
    let side = if it.shared { "the shared side of " } else { "" };
    let wants = format!("{side}{}", it.wants.text);
    let label = format!("Go to where that was seen first: {}, step {}", it.run_name, it.step);
    html! {
        <li>
            <Badge actor={id(it.actor)} kind={moment.kind(it.actor)} />
            <span>{ format!("{} held {}, asked for {wants}", moment.name(it.actor), it.held.text) }</span>
            <button class="small" title={label.clone()} aria-label={label}
                onclick={on(ui, Action::Seen { run: it.run, step: it.step })}>{ format!("{}, step {}", it.run_name, it.step) }</button>
        </li>
    }
}

/// What is counted of an actor, each beside its threshold.
fn counters(party: &Party, moment: &Moment) -> Html {
    let counted = &party.counted;
    let limits = &moment.diagnosis.thresholds;
    let word = match (counted.livelock, counted.spins, counted.starves) {
        (true, ..) => "livelock",
        (_, true, _) => "spins",
        (.., true) => "starves",
        _ => "",
    };
    let overtaken = match counted.overtaken {
        0 => String::new(),
        n => format!(", overtaken {n} times"),
    };
    let waited = format!("{} of {} steps{overtaken}", counted.waited, limits.waited);
    let rounds = format!("{} of {} rounds", counted.rounds, limits.rounds);
    html! {
        <tr class={classes!((!word.is_empty()).then_some("hot"))}>
            <td><Badge actor={id(party.actor)} kind={moment.kind(party.actor)} />{ format!(" {}", party.name) }</td>
            <td title={waited}>{ meter(counted.waited, limits.waited) }</td>
            <td title={rounds}>{ meter(counted.rounds, limits.rounds) }</td>
            <td class="word">{ word }</td>
        </tr>
    }
}

/// A count beside its threshold, and how near it is.
fn meter(count: u64, limit: u64) -> Html {
    let part = (count as f64 / limit.max(1) as f64).min(1.0) * 100.0;
    html! {
        <span class="meter"><i style={format!("width: {part:.0}%")}></i><span class="mono">{ format!("{count} / {limit}") }</span></span>
    }
}

/// A rule: it holds, or was broken by a step, to which a click goes.
fn rule(it: &RuleView, ui: &Ui) -> Html {
    let rest = if it.at_rest { " Looked at while nobody holds a lock or is inside a statement." } else { "" };
    let name = it.rule;
    let sentence = format!("{name}: {}.{rest}", it.sentence);
    match (it.step, &it.why) {
        (Some(step), why) => {
            let title = format!("{sentence} {} Go to step {step}.", why.as_deref().unwrap_or_default());
            html! { <li class="bad"><button class="plain" {title} onclick={on(ui, Action::Seek(step))}>{ format!("\u{2717} {name}") }<span>{ format!("step {step}") }</span></button></li> }
        }
        _ if !it.told => {
            html! { <li class="mute" title={sentence}>{ format!("\u{2013} {name}") }<span>{ "not told here" }</span></li> }
        }
        _ => html! { <li title={sentence}><i>{ "\u{2713}" }</i>{ format!(" {name}") }<span>{ "holds" }</span></li> },
    }
}
