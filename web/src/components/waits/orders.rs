//! The graph of lock orders: an arrow from what was held to what was asked for, over all branches and searches of the
//! session. What is a part of a ring that could close is marked; each order leads to where it was seen first.

use p2mscope_core::view::OrderEdge;
use yew::prelude::*;

use crate::components::token::Badge;
use crate::hooks::{Ui, use_ui};
use crate::moment::{Moment, id};
use crate::state::Action;

const WIDTH: f32 = 280.0;
const HEIGHT: f32 = 132.0;
/// Locks that there is room to draw; the list has all.
const DRAWN: usize = 8;

/// The graph, and the list of its arrows.
#[component]
pub fn Orders(props: &crate::components::Props) -> Html {
    let ui = use_ui();
    let moment = &props.moment;
    let orders = &moment.orders;
    if orders.edges.is_empty() {
        return html! { <p class="mute">{ "In no run seen so far was a lock asked for while another was held. Shared sides are left out." }</p> };
    }
    let many = moment.scene.domains.len() > 1;
    let name = |lock: usize| short(&orders.locks[lock].text, many);
    let drawn = orders.locks.len() <= DRAWN;
    html! {
        <>
            if drawn {
                <svg class="waits orders" viewBox={format!("0 0 {WIDTH} {HEIGHT}")} role="img" aria-label="Orders of locks; the same in words follows">
                    <defs>
                        { for ["ring", "other"].map(|class| html! {
                            <marker id={format!("orders-{class}")} {class} viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
                                <path d="M0 .8 7.4 4 0 7.2Z" />
                            </marker>
                        }) }
                    </defs>
                    { for orders.edges.iter().map(|edge| draw(edge, orders.locks.len())) }
                    { for (0..orders.locks.len()).map(|lock| node(lock, orders.locks.len(), &name(lock))) }
                </svg>
            }
            <h3 class="unseen">{ "The orders in words" }</h3>
            <ul class="order-list">{ for orders.edges.iter().map(|edge| words(edge, moment, &ui, &name)) }</ul>
        </>
    }
}

/// A lock's name in few letters.
fn short(text: &str, many: bool) -> String {
    let bare = text.strip_prefix("the ").unwrap_or(text);
    match bare.split_once(" of domain ") {
        Some((what, domain)) if many => format!("{domain}: {}", what.trim_end_matches(" lock")),
        Some((what, _)) => what.trim_end_matches(" lock").to_owned(),
        None => bare.to_owned(),
    }
}

/// The place of the `n`th of so many locks, around an oval.
fn place(n: usize, of: usize) -> (f32, f32) {
    let angle = std::f32::consts::PI + std::f32::consts::TAU * n as f32 / of as f32;
    (WIDTH / 2.0 + 96.0 * angle.cos(), HEIGHT / 2.0 + if of == 2 { 0.0 } else { 48.0 } * angle.sin())
}

fn node(lock: usize, of: usize, name: &str) -> Html {
    let (x, y) = place(lock, of);
    let w = 6.4 * name.chars().count() as f32 + 14.0;
    html! {
        <g class="lock-node" style={format!("transform: translate({x:.1}px, {y:.1}px)")}>
            <rect x={format!("{:.1}", -w / 2.0)} y="-10" width={format!("{w:.1}")} height="20" rx="6" />
            <text class="mid" y="4">{ name.to_owned() }</text>
        </g>
    }
}

fn draw(edge: &OrderEdge, of: usize) -> Html {
    let ((x0, y0), (x1, y1)) = (place(edge.held, of), place(edge.wants, of));
    let (dx, dy) = (x1 - x0, y1 - y0);
    let length = dx.hypot(dy).max(1.0);
    // Bent to the left of its way, so that two opposite orders stand apart; it leaves and ends clear of the names.
    let (mx, my) = ((x0 + x1) / 2.0 + dy / length * 22.0, (y0 + y1) / 2.0 - dx / length * 22.0);
    let clear = |x: f32, y: f32| {
        let (ex, ey) = (mx - x, my - y);
        let l = ex.hypot(ey).max(1.0);
        let by = (34.0 * (ex / l).abs()).max(13.0);
        (x + ex / l * by, y + ey / l * by)
    };
    let ((sx, sy), (ex, ey)) = (clear(x0, y0), clear(x1, y1));
    let class = if edge.ring { "ring" } else { "other" };
    html! {
        <g class={classes!("edge", class)}>
            <path d={format!("M{sx:.1} {sy:.1}Q{mx:.1} {my:.1} {ex:.1} {ey:.1}")} marker-end={format!("url(#orders-{class})")} />
        </g>
    }
}

fn words(edge: &OrderEdge, moment: &Moment, ui: &Ui, name: &impl Fn(usize) -> String) -> Html {
    let go = {
        let (ui, run, step) = (ui.clone(), edge.run, edge.step);
        Callback::from(move |_: MouseEvent| ui.dispatch(Action::Seen { run, step }))
    };
    let place = format!("{}, step {}", edge.run_name, edge.step);
    html! {
        <li class={classes!(edge.ring.then_some("ring"))}>
            { for edge.actors.iter().map(|actor| html! { <Badge actor={id(*actor)} kind={moment.kind(*actor)} /> }) }
            <span>{ format!("{}: {} \u{2192} {}", moment.names(edge.actors.iter().copied()), name(edge.held), name(edge.wants)) }
                if edge.ring {
                    <b>{ " could ring" }</b>
                }
            </span>
            <button class="small" onclick={go} title={format!("Go to where that was seen first: {place}")}>{ place.clone() }</button>
        </li>
    }
}
