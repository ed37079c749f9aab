//! What live threads did last, over time: a lane to a thread, as the timeline draws steps.

use std::rc::Rc;

use p2mscope_core::view::{LiveTimeline, nanos};
use yew::prelude::*;

use super::explore::grouped;
use super::panel::Panel;
use super::timeline::{Axis, draw, labels, names};
use crate::moment::Shown;

/// What is shown.
#[derive(Properties, PartialEq)]
pub struct Props {
    /// Who is who.
    pub moment: Shown,
    /// The events.
    pub live: Rc<LiveTimeline>,
}

/// Lock names that there is room for.
const NAMED: usize = 40;

/// The panel.
#[component]
pub fn LiveTimelinePanel(props: &Props) -> Html {
    let (live, moment) = (&props.live, &props.moment);
    let timeline = &live.timeline;
    let axis = Axis::new(timeline.len, Vec::new());
    let holds: usize = timeline.lanes.iter().map(|lane| lane.holds.len()).sum();
    let waits = |lane: &p2mscope_core::view::Lane| {
        lane.bars.iter().filter(|bar| bar.state == p2mscope_core::view::BarState::Wait).count()
    };
    let note = format!(
        "what threads did last, {} from left to right; {} events passed unseen",
        nanos(live.span),
        grouped(live.dropped)
    );
    html! {
        <Panel id="timeline" title="Timeline" class="time" {note}>
            <div class="lanes" style={format!("--lanes: {}", timeline.lanes.len())}>
                { names(timeline, moment) }
                <div class="track still">
                    { draw(timeline, &axis, None) }
                    if holds <= NAMED {
                        { labels(timeline, &axis) }
                    }
                </div>
            </div>
            <div class="unseen">
                <h3>{ "The timeline in words" }</h3>
                <ul>{ for timeline.lanes.iter().map(|lane| html! {
                    <li>{ format!("{} let go of {} locks and waited {} times.", lane.name, lane.holds.iter().filter(|it| it.to.is_some()).count(), waits(lane)) }</li>
                }) }</ul>
            </div>
        </Panel>
    }
}
