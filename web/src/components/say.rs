//! What just happened, in one sentence, and the controls that make the next thing happen.

use p2mscope_core::sched::Size;
use yew::prelude::*;

use super::glossary::marked;
use super::icon::{Icon, Sign};
use super::predict;
use crate::hooks::{Ui, use_ui};
use crate::moment::Moment;
use crate::sight::Sight;
use crate::state::{Action, Command, Mode, Side, Turn};

/// The bar.
#[component]
pub fn Say(props: &super::Props) -> Html {
    let ui = use_ui();
    let report = &props.moment.report;
    let bad = !report.breaches.is_empty() || !props.moment.waits.stuck.is_empty();
    let live = ui.mode == Mode::Live && ui.live.sight.is_some();
    let at_end = props.moment.actors.iter().all(|actor| actor.next.as_ref().is_none_or(|next| next.ways == 0));
    let cannot_step = at_end && !live && report.at == report.len;
    let sentence = match (&ui.stage.lesson, report.at) {
        _ if live => "The panels show the threads. Step goes on from where stepping was left.".to_owned(),
        (Some(lesson), 0) => format!("{} Press Step, or step whom you like.", lesson.goal),
        _ => report.sentence.clone(),
    };
    let step = match report.at {
        _ if live => "Live".to_owned(),
        0 => "Start".to_owned(),
        at => format!("Step {at}"),
    };
    html! {
        <section id="say" class={classes!("panel", "say", bad.then_some("bad"))} aria-label="This step">
            { controls(&ui, report.at, report.len, cannot_step) }
            <div class="sentence">
                <p id="sentence" title={sentence.clone()}><b>{ step }</b>{ " " }<span>{ marked(&sentence) }</span></p>
                if let Some(notice) = &ui.notice {
                    <p class="notice" id="notice">{ notice }</p>
                } else if let Some(breach) = report.breaches.last().filter(|_| !live) {
                    <p class="notice" title={breach.why.clone()}>{ format!("{}: {}", broken(breach.rule), breach.why) }</p>
                }
            </div>
            { rules(props, &ui) }
            { predict::card(&ui) }
        </section>
    }
}

fn button(ui: &Ui, command: Command, name: &'static str, sign: Sign) -> Html {
    let title = ui.title(command);
    let off = ui.why_not(command);
    let title = off.as_ref().map_or(title.clone(), |why| format!("{title}: {why}"));
    let act = {
        let ui = ui.clone();
        Callback::from(move |_: MouseEvent| ui.dispatch(Action::Do(command)))
    };
    html! {
        <button onclick={act} aria-label={name} {title} aria-disabled={off.is_some().to_string()}><Icon {sign} /></button>
    }
}

fn controls(ui: &Ui, at: usize, len: usize, cannot_step: bool) -> Html {
    let step = {
        let ui = ui.clone();
        Callback::from(move |_: MouseEvent| ui.dispatch(Action::Step))
    };
    html! {
        <div class="controls" role="group" aria-label="Stepping">
            { button(ui, Command::First, "First state", Sign::First) }
            { button(ui, Command::Back, "Back", Sign::Back) }
            <button id="step" class={classes!("primary", "big", (at == 0 && len == 0).then_some("first"))} onclick={step}
                aria-disabled={cannot_step.to_string()} title={ui.title(Command::Step)}>{ "Step" }{ key(ui, Command::Step) }</button>
            { button(ui, Command::Last, "Last state", Sign::Last) }
            { button(ui, Command::Play, if ui.playing { "Pause" } else { "Play" }, if ui.playing { Sign::Pause } else { Sign::Play }) }
            <span class="position mono" id="position">{ format!("{at} / {len}") }</span>
            { sizes(ui) }
            { turns(ui) }
            { predict::switch(ui) }
        </div>
    }
}

/// The key of a command, on its button.
pub fn key(ui: &Ui, command: Command) -> Html {
    let key = ui.key_of(command).map(|key| html! { <kbd aria-hidden="true">{ key }</kbd> });
    key.unwrap_or_default()
}

fn sizes(ui: &Ui) -> Html {
    let sizes = [(Size::Effect, "effect"), (Size::LockEvent, "lock event"), (Size::Statement, "statement")];
    html! {
        <div class="segments" role="group" aria-label="Size of a step">
            { for sizes.map(|(size, name)| {
                let choose = {
                    let ui = ui.clone();
                    Callback::from(move |_: MouseEvent| ui.dispatch(Action::Size(size)))
                };
                html! { <button aria-pressed={(ui.size == size).to_string()} onclick={choose}>{ name }</button> }
            }) }
        </div>
    }
}

fn turns(ui: &Ui) -> Html {
    let (turn, name) = match ui.turn {
        Turn::Round => (Turn::Chance, "each in turn"),
        Turn::Chance => (Turn::Round, "by chance"),
    };
    let choose = {
        let ui = ui.clone();
        Callback::from(move |_: MouseEvent| ui.dispatch(Action::Turn(turn)))
    };
    html! {
        <button class="plain turn" onclick={choose} title="Who goes next when nobody is named"
            aria-label={format!("Next goes: {name}")}>{ "\u{21bb} " }{ name }</button>
    }
}

/// A breach where it begins a sentence: invariants are broken, the others have happened.
pub fn broken(rule: &str) -> String {
    match rule.chars().next() {
        Some('I') => format!("Breaks {rule}"),
        Some(first) => first.to_uppercase().chain(rule.chars().skip(1)).collect(),
        None => String::new(),
    }
}

/// Which rules are broken.
fn rules(props: &super::Props, ui: &Ui) -> Html {
    if let Some(said) =
        ui.live.sight.as_ref().filter(|_| ui.mode == Mode::Live).map(|sight| live_rules(sight, &props.moment))
    {
        return said;
    }
    let report = &props.moment.report;
    let act = |action: Action| {
        let ui = ui.clone();
        Callback::from(move |_: MouseEvent| ui.dispatch(action.clone()))
    };
    let watchers = act(Action::Side(Side::Watchers));
    if report.broken.is_empty() {
        return html! {
            <p class="rules ok" id="rules">
                <button class="plain" onclick={watchers} title="Each rule, below the waits">{ "\u{2713} all rules hold" }</button>
            </p>
        };
    }
    html! {
        <ul class="rules bad" id="rules">
            { for report.broken.iter().take(3).map(|breach| html! {
                <li><button class="plain" onclick={act(Action::Seek(breach.step))} title={format!("{}. {} Go to that step.", breach.sentence, breach.why)}>
                    { format!("\u{2717} {} in step {}", breach.rule, breach.step) }</button></li>
            }) }
            if report.broken.len() > 3 {
                <li><button class="plain" onclick={watchers}>{ format!("and {} more", report.broken.len() - 3) }</button></li>
            }
        </ul>
    }
}

/// What there is to say of rules while threads are shown: they are looked at once all stand still.
fn live_rules(sight: &Sight, moment: &Moment) -> Html {
    let waits = &moment.waits;
    let (class, text) = match (waits.cycles.len(), waits.stuck.len(), &sight.left) {
        (1.., ..) => ("bad", "\u{2717} deadlock, for real".to_owned()),
        (0, n @ 1.., _) => ("bad", format!("\u{2717} {n} can never go on")),
        (0, 0, Some(left)) if left.is_empty() => ("ok", "\u{2713} all rules hold".to_owned()),
        (0, 0, Some(left)) => ("bad", format!("\u{2717} {} rules broken", left.len())),
        (0, 0, None) => ("", "rules are looked at when all have ended a round".to_owned()),
    };
    html! { <p class={classes!("rules", class)} id="rules">{ text }</p> }
}
