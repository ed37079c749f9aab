//! The run over its steps: a lane to an actor, what it held as a stripe, and where each rule broke.

mod axis;
mod forks;

use p2mscope_core::view::{BarState, Dull, Lane, Timeline};
use wasm_bindgen::JsCast;
use yew::prelude::*;

pub use self::axis::Axis;
use super::panel::Panel;
use super::say::key;
use super::token::{Badge, colour};
use crate::hooks::{Ui, use_ui};
use crate::moment::{Moment, Shade, id};
use crate::state::{Action, Command, Face};

/// Units of the drawing from left to right; it is stretched to the panel's width.
const WIDTH: f32 = 1000.0;
const LANE: f32 = 21.0;
/// Steps that the axis has room for at least, so that the first ones do not fill it.
const ROOM: usize = 24;
/// Steps that PageUp and PageDown pass over.
const PAGE: usize = 10;

/// The panel.
#[component]
pub fn TimelinePanel(props: &super::Props) -> Html {
    let ui = use_ui();
    let moment = &props.moment;
    let timeline = &moment.timeline;
    let folded = timeline.dull.iter().filter(|it| !ui.panels.unfolded.contains(&it.from)).copied().collect();
    let axis = Axis::new(timeline.len.max(ROOM), folded);
    let forked = timeline.forks.len() > 1;
    html! {
        <Panel id="timeline" title="Timeline" class="time" controls={controls(moment, &ui)}>
            <div class="lanes" style={format!("--lanes: {}", timeline.lanes.len())}>
                { names(timeline, moment) }
                <div class="time-field">
                    <div class="track" role="slider" tabindex="0" aria-label="Position in the run" aria-valuemin="0"
                        aria-valuemax={timeline.len.to_string()} aria-valuenow={timeline.at.to_string()}
                        aria-valuetext={format!("step {} of {}: {}", timeline.at, timeline.len, moment.report.sentence)}
                        onclick={seek(&ui, &axis)} onkeydown={slide(&ui, timeline.at, timeline.len)}>
                        { draw(timeline, &axis, moment.shades.as_deref()) }
                        { labels(timeline, &axis) }
                    </div>
                    { folds(timeline, &axis, &ui) }
                </div>
                if forked {
                    { forks::names(timeline, &ui) }
                    { forks::tree(timeline, &axis, &ui) }
                }
            </div>
            <div class="unseen">
                <h3>{ "The timeline in words" }</h3>
                <ul>{ for in_words(moment).into_iter().map(|line| html! { <li>{ line }</li> }) }</ul>
            </div>
        </Panel>
    }
}

/// What is beside the heading: the shades of before and after, and what there is to do with branches.
fn controls(moment: &Moment, ui: &Ui) -> Html {
    let turn = {
        let ui = ui.clone();
        Callback::from(move |_: MouseEvent| ui.dispatch(Action::Do(Command::Shade)))
    };
    let forked = moment.timeline.forks.len() > 1;
    html! {
        <div class="faces">
            if ui.picked.shade {
                <span class="shade-scale">
                    <i class="before">{ "had to come before" }</i><i class="here">{ "this step" }</i><i class="after">{ "had to come after" }</i>
                    { "the rest: in any order" }
                </span>
            } else if !forked {
                <p class="mute">{ "click to go there; go back and choose otherwise to open a fork" }</p>
            }
            if forked {
                { forks::controls(&moment.timeline, ui) }
            }
            <button class="small" aria-pressed={ui.picked.shade.to_string()} onclick={turn} title={ui.title(Command::Shade)}>
                { "Before, after" }{ key(ui, Command::Shade) }
            </button>
        </div>
    }
}

/// A click goes to the step under it.
fn seek(ui: &Ui, axis: &Axis) -> Callback<MouseEvent> {
    let (ui, axis) = (ui.clone(), axis.clone());
    Callback::from(move |event: MouseEvent| {
        let track = event.current_target().and_then(|it| it.dyn_into::<web_sys::Element>().ok());
        let Some(rect) = track.map(|track| track.get_bounding_client_rect()) else { return };
        let part = (f64::from(event.client_x()) - rect.left()) / rect.width().max(1.0);
        ui.dispatch(Action::Seek(axis.step(part as f32)));
    })
}

/// The keys of a slider: they move over the run and take no step.
fn slide(ui: &Ui, at: usize, len: usize) -> Callback<KeyboardEvent> {
    let ui = ui.clone();
    Callback::from(move |event: KeyboardEvent| {
        let to = match event.key().as_str() {
            "ArrowRight" | "ArrowUp" => at + 1,
            "ArrowLeft" | "ArrowDown" => at.saturating_sub(1),
            "PageUp" => at + PAGE,
            "PageDown" => at.saturating_sub(PAGE),
            "Home" => 0,
            "End" => len,
            _ => return,
        };
        event.prevent_default();
        ui.dispatch(Action::Seek(to.min(len)));
    })
}

/// The marks of stretches that can be folded: folded ones with the number of their steps inside.
fn folds(timeline: &Timeline, axis: &Axis, ui: &Ui) -> Html {
    let mark = |it: &Dull| {
        let folded = axis.folds().contains(it);
        let n = it.to - it.from;
        let title = match folded {
            true => format!("{n} steps without an event of locks: unfold them"),
            false => format!("Fold these {n} steps"),
        };
        let turn = {
            let (ui, from) = (ui.clone(), it.from);
            Callback::from(move |_: MouseEvent| ui.dispatch(Action::Face(Face::Fold(from))))
        };
        let (left, right) = (axis.part(it.from) * 100.0, axis.part(it.to) * 100.0);
        html! {
            <button class={classes!("fold", folded.then_some("folded"))} title={title.clone()} aria-label={title} aria-expanded={(!folded).to_string()}
                style={format!("left: {left:.2}%; width: {:.2}%", right - left)} onclick={turn}>{ n }</button>
        }
    };
    html! { <div class="folds">{ for timeline.dull.iter().map(mark) }</div> }
}

/// The actors' names, a line to each lane.
pub fn names(timeline: &Timeline, moment: &Moment) -> Html {
    html! {
        <ol class="lane-names">
            { for timeline.lanes.iter().map(|lane| html! {
                <li style={colour(id(lane.actor))}><Badge actor={id(lane.actor)} kind={moment.kind(lane.actor)} />{ &lane.name }</li>
            }) }
        </ol>
    }
}

/// The lanes; with shades, how each step stands to the last one that was taken.
pub fn draw(timeline: &Timeline, axis: &Axis, shades: Option<&[Shade]>) -> Html {
    let height = LANE * timeline.lanes.len() as f32;
    let x = |step| axis.part(step) * WIDTH;
    html! {
        <svg viewBox={format!("0 0 {WIDTH} {height}")} preserveAspectRatio="none" aria-hidden="true">
            { for timeline.lanes.iter().enumerate().map(|(i, lane)| draw_shades(lane, i as f32 * LANE, shades.unwrap_or(&[]), &x)) }
            { for timeline.lanes.iter().enumerate().map(|(i, lane)| draw_lane(lane, i as f32 * LANE, timeline, &x)) }
            { for timeline.marks.iter().map(|mark| html! {
                <path class="breach" d={format!("M{0:.1} 0V{height}", x(mark.step))}><title>{ format!("{}: {}", mark.rule, mark.why) }</title></path>
            }) }
            <path class="now" d={format!("M{0:.1} 0V{height}", x(timeline.at))} />
        </svg>
    }
}

/// What had to come before and after, each with an edge of its own, above or below.
fn draw_shades(lane: &Lane, y: f32, shades: &[Shade], x: &impl Fn(usize) -> f32) -> Html {
    let shade = |step: usize| {
        let (class, edge) = match shades.get(step.wrapping_sub(1))? {
            Shade::Before => ("before", y + 1.0),
            Shade::After => ("after", y + LANE - 1.0),
            Shade::Here => ("here", y + 1.0),
            Shade::Beside => return None,
        };
        let (left, right) = (x(step - 1), x(step));
        Some(html! {
            <g class={classes!("shade", class)}>
                <rect x={format!("{left:.2}")} y={y.to_string()} width={format!("{:.2}", (right - left).max(0.5))} height={LANE.to_string()} />
                <path d={format!("M{left:.2} {edge:.1}H{right:.2}")} />
            </g>
        })
    };
    html! { <>{ for lane.ticks.iter().filter_map(|tick| shade(tick.step)) }</> }
}

fn draw_lane(lane: &Lane, y: f32, timeline: &Timeline, x: &impl Fn(usize) -> f32) -> Html {
    let rect = |class: String, from: usize, to: usize, top: f32, h: f32| {
        let (left, right) = (x(from), x(to));
        html! { <rect {class} x={format!("{left:.2}")} y={format!("{:.1}", y + top)} width={format!("{:.2}", (right - left).max(0.5))} height={h.to_string()} /> }
    };
    let state = |state: BarState| match state {
        BarState::Run => "run",
        BarState::Wait => "wait",
        BarState::Idle => "idle",
        BarState::Ended => "ended",
    };
    html! {
        <g class="lane" style={colour(id(lane.actor))}>
            <path class="axis" d={format!("M0 {0}H{WIDTH}", y + LANE - 4.5)} />
            { for lane.holds.iter().filter(|hold| !hold.shared).map(|hold| {
                rect("hold".to_owned(), hold.from.saturating_sub(1), hold.to.unwrap_or(timeline.len), 2.0, LANE - 7.0)
            }) }
            { for lane.bars.iter().filter(|bar| bar.state != BarState::Idle).map(|bar| {
                let (top, h) = if bar.state == BarState::Run { (LANE - 7.0, 5.0) } else { (2.0, LANE - 4.0) };
                rect(format!("bar {}", state(bar.state)), bar.from, bar.to, top, h)
            }) }
        </g>
    }
}

/// The letters on the lanes; they keep their shape while the drawing is stretched.
pub fn labels(timeline: &Timeline, axis: &Axis) -> Html {
    let at = |step: usize| format!("left: {:.2}%", axis.part(step) * 100.0);
    let tag = |lane: usize, from: usize, text: String, class: &'static str| {
        html! { <span {class} style={format!("{}; top: calc({lane} * var(--lane))", at(from))}>{ text }</span> }
    };
    html! {
        <div class="labels" aria-hidden="true">
            { for timeline.lanes.iter().enumerate().flat_map(|(i, lane)| {
                let holds = lane.holds.iter().filter(|hold| !hold.shared).map(move |hold| {
                    tag(i, hold.from, hold.lock.text.split(" of ").next().unwrap_or_default().trim_start_matches("the ").to_owned(), "hold-name")
                });
                let waits = lane.bars.iter().filter(|bar| bar.state == BarState::Wait).map(move |bar| tag(i, bar.from, "waits".to_owned(), "wait-name"));
                holds.chain(waits).collect::<Vec<_>>()
            }) }
            { for breaches(timeline).into_iter().map(|(step, rules)| html! { <span class="breach-name" style={at(step)}>{ rules }</span> }) }
        </div>
    }
}

/// The steps that broke a rule for the first time, with the names of the rules.
fn breaches(timeline: &Timeline) -> Vec<(usize, String)> {
    let mut seen = Vec::new();
    let mut steps: Vec<(usize, String)> = Vec::new();
    for mark in &timeline.marks {
        if seen.contains(&mark.rule) {
            continue;
        }
        seen.push(mark.rule);
        match steps.last_mut().filter(|(step, _)| *step == mark.step) {
            Some((_, rules)) => *rules = format!("{rules}, {}", mark.rule),
            None => steps.push((mark.step, mark.rule.to_owned())),
        }
    }
    steps
}

fn in_words(moment: &Moment) -> Vec<String> {
    let holds = moment.timeline.lanes.iter().flat_map(|lane| {
        lane.holds.iter().map(move |hold| {
            let until = hold.to.map_or("to the end".to_owned(), |to| format!("to step {to}"));
            format!("{} holds {} from step {} {until}.", lane.name, hold.lock.text, hold.from)
        })
    });
    let marks =
        moment.timeline.marks.iter().map(|mark| format!("Step {} breaks {}: {}", mark.step, mark.rule, mark.why));
    let forks = moment.timeline.forks.iter().filter_map(|fork| {
        let (parent, at) = fork.parent?;
        let from = moment.timeline.forks.get(parent).map_or("", |it| it.name.as_str());
        Some(format!("{} leaves {from} after step {at}, and has {} steps.", fork.name, fork.len))
    });
    let told = |which: Shade, words: &str| {
        let all = moment.shades.iter().flatten().enumerate().filter(|(_, shade)| **shade == which);
        let steps: Vec<String> = all.map(|(i, _)| (i + 1).to_string()).collect();
        (!steps.is_empty()).then(|| format!("{words} step {}: {}.", moment.timeline.at, steps.join(", ")))
    };
    let shades = [told(Shade::Before, "Had to come before"), told(Shade::After, "Had to come after")];
    holds.chain(marks).chain(forks).chain(shades.into_iter().flatten()).collect()
}
