//! The actors: program with the line that is next, state and why, locks held as a stack, and buttons to step each.

use p2mscope_core::view::{ActorView, State};
use yew::prelude::*;

use super::icon::{Icon, Sign};
use super::panel::Panel;
use super::token::{Badge, colour, kind_in_words};
use crate::hooks::{Ui, use_ui};
use crate::moment::{Moment, id};
use crate::program::{Lesson, Line};
use crate::state::{Action, Mode};

/// The panel.
#[component]
pub fn Actors(props: &super::Props) -> Html {
    let ui = use_ui();
    let moment = &props.moment;
    let note = format!("keys 1 to {} step one", moment.actors.len().min(9));
    html! {
        <Panel id="actors" title="Actors" {note} class="actors">
            <ol class="cards">
                { for moment.actors.iter().map(|actor| card(actor, moment, &ui)) }
            </ol>
        </Panel>
    }
}

fn card(actor: &ActorView, moment: &Moment, ui: &Ui) -> Html {
    let me = id(actor.actor);
    let picked = ui.picked.actor == Some(me);
    let pick = {
        let ui = ui.clone();
        Callback::from(move |_: MouseEvent| ui.dispatch(Action::Pick(ui.picked.actor(me))))
    };
    let class = classes!("card", picked.then_some("picked"), actor.just_stepped.then_some("stepped"));
    html! {
        <li key={actor.actor} {class} style={colour(me)} data-testid={format!("actor-{}", actor.name)}>
            <div class="name">
                <button class="plain who" onclick={pick} aria-pressed={picked.to_string()}>
                    <Badge actor={me} kind={moment.kind(actor.actor)} />
                    <b>{ &actor.name }</b>
                    <span>{ kind_in_words(moment.kind(actor.actor)) }</span>
                </button>
                { pill(actor) }
                { buttons(actor, ui) }
            </div>
            if let Some(lesson) = &ui.stage.lesson {
                { program(actor, lesson, ui.mode == Mode::Live, moment.actors.len() > 3) }
            }
            { status(actor, moment) }
        </li>
    }
}

fn pill(actor: &ActorView) -> Html {
    let (class, words) = match actor.state {
        State::Runs => ("runs", "\u{25b8} can run"),
        State::Waits { .. } => ("waits", "\u{25a0} waits"),
        State::Asleep { .. } => ("asleep", "\u{263e} asleep"),
        State::Ended => ("ended", "\u{2713} ended"),
    };
    html! { <span class={classes!("pill", class)}>{ words }</span> }
}

/// The actor's lines. Where the page is low only those around the next one are shown.
fn program(actor: &ActorView, lesson: &Lesson, live: bool, many: bool) -> Html {
    let programs = if live { &lesson.loops } else { &lesson.programs };
    let Some(lines) = programs.get(usize::from(actor.actor)) else { return Html::default() };
    let line = |place: Option<u64>| place.and_then(|place| lesson.line(actor.actor, place));
    let (next, done) = (line(actor.place), line(actor.done));
    let near = window(lines.len(), next.or(done).unwrap_or(0), if many { 2 } else { 3 });
    let row = |n: usize, line: &Line| {
        let (mark, class) = match () {
            () if next == Some(n) => ("\u{25b6}", "next"),
            () if done == Some(n) => ("\u{2713}", "done"),
            () => ("", "other"),
        };
        let current = (next == Some(n)).then_some("step");
        let title = (!line.comment.is_empty()).then(|| line.comment.clone());
        html! {
            <li class={classes!(class, (!near.contains(&n)).then_some("far"))} aria-current={current} {title}>
                <i aria-hidden="true">{ mark }</i>
                <code style={format!("padding-left: {}ch", 2 * line.indent)}>{ &line.text }</code>
                if class != "other" {
                    <span class="word">{ class }</span>
                }
            </li>
        }
    };
    html! { <ol class="program">{ for lines.iter().enumerate().map(|(n, line)| row(n, line)) }</ol> }
}

/// Which `near` of so many lines are shown around `at`: the one before it, itself, and what follows.
fn window(lines: usize, at: usize, near: usize) -> std::ops::Range<usize> {
    let start = at.saturating_sub(1).min(lines.saturating_sub(near));
    start..(start + near).min(lines)
}

/// What it is about to do or why it cannot, and what it holds.
fn status(actor: &ActorView, moment: &Moment) -> Html {
    let many = moment.scene.domains.len() > 1;
    html! {
        <div class="status">
            if let Some(why) = actor.why.as_ref().filter(|_| actor.next.is_some()) {
                <p class="why">{ why }</p>
            } else if let Some(next) = &actor.next {
                <p class="next-effect" title={format!("{} {}", next.text, next.note)}>{ "next: " }{ &next.text }</p>
            }
            if !actor.held.is_empty() {
                <p class="held">
                    <span class="unseen">{ "holds " }</span>
                    { for actor.held.iter().map(|held| {
                        let class = classes!("chip", "lock", held.shared.then_some("side"));
                        let depth = if held.depth > 1 { format!(" \u{d7}{}", held.depth) } else { String::new() };
                        let side = if held.shared { ", the shared side" } else { "" };
                        let since = held.since.map_or(String::new(), |step| format!(", since step {step}"));
                        html! { <span {class} title={format!("holds {}{side}{since}", held.lock.text)}>{ short(&held.lock.text, many) }{ depth }</span> }
                    }) }
                </p>
            }
        </div>
    }
}

/// A lock's name where there is little room: without its article, and without its domain if that goes without saying.
fn short(lock: &str, with_domain: bool) -> String {
    let bare = lock.strip_prefix("the ").unwrap_or(lock);
    match bare.split_once(" of ") {
        Some((what, domain)) if with_domain => {
            format!("{}: {}", domain.trim_start_matches("domain "), what.trim_end_matches(" lock"))
        }
        Some((what, _)) => what.trim_end_matches(" lock").to_owned(),
        None => bare.to_owned(),
    }
}

/// The two ways to step it. A button that cannot be used stays, and says why when it is tried.
fn buttons(actor: &ActorView, ui: &Ui) -> Html {
    let me = id(actor.actor);
    let cannot = !matches!(actor.state, State::Runs);
    let on = |action: fn(p2mscope_core::addr::ActorId) -> Action| {
        let ui = ui.clone();
        Callback::from(move |_: MouseEvent| ui.dispatch(action(me)))
    };
    let title = |what: &str| actor.why.clone().unwrap_or_else(|| what.to_owned());
    html! {
        <div class="buttons">
            <button class="small" aria-disabled={cannot.to_string()} title={title("Step")} onclick={on(Action::Actor)}
                aria-label={format!("Step {}, key {}", actor.name, actor.actor + 1)}>
                <Icon sign={Sign::Step} /><kbd aria-hidden="true">{ actor.actor + 1 }</kbd>
            </button>
            <button class="small" aria-disabled={cannot.to_string()} title={title("Run until it waits or ends")} onclick={on(Action::UntilBlocked)}
                aria-label={format!("Run {} until it waits or ends", actor.name)}>
                <Icon sign={Sign::UntilBlocked} />
            </button>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::{short, window};

    #[test]
    fn a_lock_has_a_short_name() {
        assert_eq!(short("the p2m lock of domain 1", false), "p2m");
        assert_eq!(short("range 2 of domain 1", true), "1: range 2");
        assert_eq!(short("lock event", true), "lock event");
    }

    #[test]
    fn the_line_that_is_next_is_always_shown() {
        for lines in 0..40 {
            for at in 0..lines {
                let shown = window(lines, at, 3);
                assert!(shown.contains(&at) && shown.end <= lines, "{at} of {lines}: {shown:?}");
                assert_eq!(shown.len(), lines.min(3));
            }
        }
    }
}
