//! The graph of waits: every actor has its place for good; each ring of waiting actors gets a box of its own, and what is
//! in no ring is grey.

use p2mscope_core::view::{Sleep, WaitEdge, WaitNode, Waits};
use yew::prelude::*;

use super::in_ring;
use crate::components::token::Token;
use crate::hooks::Ui;
use crate::moment::{Moment, id};
use crate::state::Action;

const WIDTH: f32 = 280.0;
const HEIGHT: f32 = 186.0;

/// The graph; the ends of its lines have ids that begin with `name`, which no other graph of the page has.
pub fn graph(moment: &Moment, ui: &Ui, name: &'static str) -> Html {
    let waits = &moment.waits;
    html! {
        <svg class="waits" viewBox={format!("0 0 {WIDTH} {HEIGHT}")} role="img" aria-label="Who waits for whom; the same in words follows">
            <defs>
                { for ["ring", "other"].map(|class| html! {
                    <marker id={format!("{name}-{class}")} {class} viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
                        <path d="M0 .8 7.4 4 0 7.2Z" />
                    </marker>
                }) }
            </defs>
            { for waits.cycles.iter().map(|cycle| draw_box(cycle, waits.nodes.len())) }
            { for waits.sleeps.iter().flat_map(|sleep| draw_sleep(sleep, waits, name)) }
            { for waits.edges.iter().map(|edge| draw_edge(edge, waits, name)) }
            { for waits.nodes.iter().map(|node| draw_node(node, moment, ui)) }
        </svg>
    }
}

/// The place of the `n`th of so many actors: around a circle, so that a ring looks like one.
fn place(n: u8, of: usize) -> (f32, f32) {
    let (middle, low) = (WIDTH / 2.0, HEIGHT / 2.0 - 2.0);
    let turn = std::f32::consts::TAU / of as f32;
    // Two side by side, three on a corner, four in a square.
    let start = if of.is_multiple_of(2) { -std::f32::consts::PI + turn / 2.0 } else { -std::f32::consts::FRAC_PI_2 };
    let start = if of == 2 { -std::f32::consts::PI } else { start };
    let angle = start + turn * f32::from(n);
    (middle + 88.0 * angle.cos(), low + if of == 2 { 0.0 } else { 58.0 } * angle.sin())
}

/// The box of a ring: around its own members alone, whoever else stands near.
fn draw_box(cycle: &[u8], of: usize) -> Html {
    let corners: Vec<String> = cycle
        .iter()
        .map(|actor| {
            let (x, y) = place(*actor, of);
            format!("{x:.1} {:.1}", y + 4.0)
        })
        .collect();
    let d = format!("M{}Z", corners.join("L"));
    html! {
        <g class="ring-box"><path class="rim" d={d.clone()} /><path class="wash" {d} /></g>
    }
}

fn draw_edge(edge: &WaitEdge, waits: &Waits, name: &'static str) -> Html {
    let class = if in_ring(edge, waits) { "ring" } else { "other" };
    let what = edge.lock.text.split(" of ").next().unwrap_or(&edge.lock.text);
    let mode = if edge.shared { ", shared" } else { "" };
    draw_line((edge.from, edge.to), waits, name, class, &format!("{what}{mode}"))
}

/// The lines of a sleep, to each who could end it, or to all who must be outside; to many none, the words name them.
fn draw_sleep(sleep: &Sleep, waits: &Waits, name: &'static str) -> Vec<Html> {
    let class = if sleep.all { "other" } else { "other any" };
    let some = sleep.needs.iter().filter(|_| sleep.needs.len() <= 3);
    let text = |i: usize| if sleep.all || i > 0 { "" } else { "any" };
    some.enumerate().map(|(i, to)| draw_line((sleep.actor, *to), waits, name, class, text(i))).collect()
}

fn draw_line((from, to): (u8, u8), waits: &Waits, name: &'static str, class: &'static str, text: &str) -> Html {
    let of = waits.nodes.len();
    let ((x0, y0), (x1, y1)) = (place(from, of), place(to, of));
    let (dx, dy) = (x1 - x0, y1 - y0);
    let length = dx.hypot(dy).max(1.0);
    // Bent to the left of its way, so that the two edges between two actors stand apart.
    let (nx, ny) = (dy / length, -dx / length);
    let bend = 26.0;
    let (mx, my) = ((x0 + x1) / 2.0 + nx * bend, (y0 + y1) / 2.0 + ny * bend);
    let towards = |x: f32, y: f32, from: f32| {
        let (ex, ey) = (mx - x, my - y);
        let l = ex.hypot(ey).max(1.0);
        (x + ex / l * from, y + ey / l * from)
    };
    let ((sx, sy), (ex, ey)) = (towards(x0, y0, 17.0), towards(x1, y1, 19.0));
    let (lx, ly) = ((x0 + x1) / 2.0 + nx * bend * 0.62, (y0 + y1) / 2.0 + ny * bend * 0.62);
    let marker = if class == "ring" { "ring" } else { "other" };
    html! {
        <g class={classes!("edge", class)}>
            <path d={format!("M{sx:.1} {sy:.1}Q{mx:.1} {my:.1} {ex:.1} {ey:.1}")} marker-end={format!("url(#{name}-{marker})")} />
            <text x={format!("{lx:.1}")} y={format!("{:.1}", ly + 4.0)}>{ text }</text>
        </g>
    }
}

fn draw_node(node: &WaitNode, moment: &Moment, ui: &Ui) -> Html {
    let (x, y) = place(node.actor, moment.waits.nodes.len());
    let me = id(node.actor);
    let picked = ui.picked.actor == Some(me);
    let waits = &moment.waits;
    let waiting = waits.edges.iter().any(|edge| edge.from == node.actor || edge.to == node.actor)
        || waits.sleeps.iter().any(|sleep| sleep.actor == node.actor);
    let alone = waits.forms.iter().find(|form| form.kind != "ring" && form.actors.contains(&node.actor));
    let pick = {
        let ui = ui.clone();
        Callback::from(move |_: MouseEvent| ui.dispatch(Action::Pick(ui.picked.actor(me))))
    };
    html! {
        <g key={node.actor} class={classes!("node", picked.then_some("picked"), (!waiting && !node.stuck).then_some("aside"))}
            style={format!("transform: translate({x:.1}px, {y:.1}px)")} onclick={pick}>
            <circle class="halo" r="19" />
            <Token actor={me} kind={moment.kind(node.actor)} name={node.name.clone()} />
            <text class={classes!("state", node.stuck.then_some("stuck"))} y="27">{ alone.map_or(node.state, |form| form.kind) }</text>
        </g>
    }
}
