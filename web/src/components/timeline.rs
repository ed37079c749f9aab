//! The run over its steps: a lane to an actor, what it held as a stripe, and where each rule broke.

use p2mscope_core::view::{BarState, Lane, Timeline};
use wasm_bindgen::JsCast;
use yew::prelude::*;

use super::panel::Panel;
use super::token::{Badge, colour};
use crate::hooks::{Ui, use_ui};
use crate::moment::{Moment, id};
use crate::state::Action;

/// Units of the drawing from left to right; it is stretched to the panel's width.
const WIDTH: f32 = 1000.0;
const LANE: f32 = 21.0;
/// Steps that the axis has room for at least, so that the first ones do not fill it.
const ROOM: usize = 24;

/// The panel.
#[component]
pub fn TimelinePanel(props: &super::Props) -> Html {
    let ui = use_ui();
    let moment = &props.moment;
    let timeline = &moment.timeline;
    let steps = timeline.len.max(ROOM);
    html! {
        <Panel id="timeline" title="Timeline" class="time" controls={forks(timeline, &ui)}>
            <div class="lanes" style={format!("--lanes: {}", timeline.lanes.len())}>
                { names(timeline, moment) }
                <div class="track" role="slider" tabindex="0" aria-label="Position in the run" aria-valuemin="0"
                    aria-valuemax={timeline.len.to_string()} aria-valuenow={timeline.at.to_string()}
                    aria-valuetext={format!("step {} of {}", timeline.at, timeline.len)}
                    onclick={seek(&ui, steps)}>
                    { draw(timeline, steps) }
                    { labels(timeline, steps) }
                </div>
            </div>
            <div class="unseen">
                <h3>{ "The timeline in words" }</h3>
                <ul>{ for in_words(moment).into_iter().map(|line| html! { <li>{ line }</li> }) }</ul>
            </div>
        </Panel>
    }
}

/// A click goes to the step under it.
fn seek(ui: &Ui, steps: usize) -> Callback<MouseEvent> {
    let ui = ui.clone();
    Callback::from(move |event: MouseEvent| {
        let track = event.current_target().and_then(|it| it.dyn_into::<web_sys::Element>().ok());
        let Some(rect) = track.map(|track| track.get_bounding_client_rect()) else { return };
        let part = (f64::from(event.client_x()) - rect.left()) / rect.width().max(1.0);
        ui.dispatch(Action::Seek((part * steps as f64).round().max(0.0) as usize));
    })
}

fn x_of(step: usize, steps: usize) -> f32 {
    step as f32 / steps as f32 * WIDTH
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

/// The lanes; the axis has so many positions.
pub fn draw(timeline: &Timeline, steps: usize) -> Html {
    let height = LANE * timeline.lanes.len() as f32;
    let x = |step| x_of(step, steps);
    html! {
        <svg viewBox={format!("0 0 {WIDTH} {height}")} preserveAspectRatio="none" aria-hidden="true">
            { for timeline.lanes.iter().enumerate().map(|(i, lane)| draw_lane(lane, i as f32 * LANE, timeline, &x)) }
            { for timeline.marks.iter().map(|mark| html! {
                <path class="breach" d={format!("M{0:.1} 0V{height}", x(mark.step))}><title>{ format!("{}: {}", mark.rule, mark.why) }</title></path>
            }) }
            <path class="now" d={format!("M{0:.1} 0V{height}", x(timeline.at))} />
        </svg>
    }
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
pub fn labels(timeline: &Timeline, steps: usize) -> Html {
    let at = |step: usize| format!("left: {:.2}%", x_of(step, steps) / WIDTH * 100.0);
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

/// The branches, once there is more than one.
fn forks(timeline: &Timeline, ui: &Ui) -> Html {
    if timeline.forks.len() < 2 {
        return html! { <p>{ "click to go there; go back and choose otherwise to open a fork" }</p> };
    }
    html! {
        <div class="forks" role="group" aria-label="Branches">
            { for timeline.forks.iter().map(|fork| {
                let choose = {
                    let (ui, index) = (ui.clone(), fork.index);
                    Callback::from(move |_: MouseEvent| ui.dispatch(Action::Fork(index)))
                };
                let left = fork.parent.map_or(String::new(), |(_, at)| format!(" from {at}"));
                html! { <button class="small" aria-pressed={fork.current.to_string()} onclick={choose}>{ format!("{}{left}, {} steps", fork.name, fork.len) }</button> }
            }) }
        </div>
    }
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
    holds.chain(marks).collect()
}
