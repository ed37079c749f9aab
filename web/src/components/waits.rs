//! Who waits for whom. Every actor has its place for good; each ring of waiting actors gets a box of its own, and
//! what is in no ring is grey. A wait for all of its owners is a line, a sleep that any one could end is dashed; who is
//! stuck for another reason than a ring says which, and below stands whom to abort.

use p2mscope_core::view::{FormView, Sleep, WaitEdge, WaitNode, Waits};
use yew::prelude::*;

use super::panel::Panel;
use super::say::key;
use super::token::{Badge, Token};
use crate::hooks::{Ui, use_ui};
use crate::moment::{Moment, id};
use crate::state::{Action, Command, Mode, Over};

const WIDTH: f32 = 280.0;
const HEIGHT: f32 = 176.0;

/// The panel.
#[component]
pub fn WaitsPanel(props: &super::Props) -> Html {
    let ui = use_ui();
    let moment = &props.moment;
    let waits = &moment.waits;
    let note = match (waits.cycles.len(), waits.edges.len() + waits.sleeps.len(), waits.stuck.len()) {
        (0, 0, 0) => "nobody waits".to_owned(),
        (0, _, 0) => "somebody waits, and can still be freed".to_owned(),
        (0, _, n) => format!("{n} can never go on"),
        (1, ..) => format!("a ring of {}: deadlock", waits.cycles[0].len()),
        (n, ..) => format!("{n} rings: deadlock"),
    };
    let lines = in_words(moment, ui.mode != Mode::Live);
    let report = {
        let ui = ui.clone();
        Callback::from(move |_: MouseEvent| ui.dispatch(Action::Over(Some(Over::Report))))
    };
    let quiet = moment.diagnosis.is_quiet();
    let controls = html! {
        <button class="small" onclick={report} aria-disabled={quiet.to_string()} aria-haspopup="dialog"
            title={if quiet { "Nothing is wrong" } else { "What is wrong, in words and for engineers" }}>{ "Report" }{ key(&ui, Command::Report) }</button>
    };
    html! {
        <Panel id="waits" title="Waits" still=true {note} {controls} class={classes!((!waits.stuck.is_empty()).then_some("alarm"))}>
            { graph(moment, &ui, "waits") }
            <h3 class="unseen">{ "The waits in words" }</h3>
            <ul class="words">{ for lines.into_iter().map(|(form, line)| html! { <li data-form={form}>{ line }</li> }) }</ul>
            if !waits.abort.is_empty() {
                <p class="abort" id="abort">{ "Smallest set to abort: " }{ for waits.abort.iter().map(|actor| html! {
                    <span class="chip"><Badge actor={id(*actor)} kind={moment.kind(*actor)} />{ moment.name(*actor) }</span>
                }) }</p>
            }
        </Panel>
    }
}

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
    let (middle, low) = (WIDTH / 2.0, HEIGHT / 2.0);
    let turn = std::f32::consts::TAU / of as f32;
    // Two side by side, three on a corner, four in a square.
    let start = if of.is_multiple_of(2) { -std::f32::consts::PI + turn / 2.0 } else { -std::f32::consts::FRAC_PI_2 };
    let start = if of == 2 { -std::f32::consts::PI } else { start };
    let angle = start + turn * f32::from(n);
    (middle + 88.0 * angle.cos(), low + if of == 2 { 0.0 } else { 58.0 } * angle.sin())
}

/// Whether the edge is a part of a ring.
fn in_ring(edge: &WaitEdge, waits: &Waits) -> bool {
    waits.cycles.iter().any(|cycle| {
        let next = |i: usize| cycle[(i + 1) % cycle.len()];
        cycle.iter().enumerate().any(|(i, actor)| *actor == edge.from && next(i) == edge.to)
    })
}

fn draw_box(cycle: &[u8], of: usize) -> Html {
    let places = cycle.iter().map(|actor| place(*actor, of));
    let around = places.fold((WIDTH, HEIGHT, 0.0_f32, 0.0_f32), |(l, t, r, b), (x, y)| {
        (l.min(x - 30.0), t.min(y - 26.0), r.max(x + 30.0), b.max(y + 34.0))
    });
    let (l, t, r, b) = (around.0.max(1.0), around.1.max(1.0), around.2.min(WIDTH - 1.0), around.3.min(HEIGHT - 1.0));
    html! {
        <rect class="ring-box" x={l.to_string()} y={t.to_string()} width={(r - l).to_string()} height={(b - t).to_string()} rx="14" />
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

/// The graph: each ring, the other forms of being stuck, and every other wait, each with the word for its form; threads
/// have no steps.
pub fn in_words(moment: &Moment, steps: bool) -> Vec<(Option<&'static str>, String)> {
    let waits = &moment.waits;
    let sentence = |edge: &WaitEdge| {
        let side = if edge.shared { "the shared side of " } else { "" };
        let since = if steps { format!(", since step {}", edge.since) } else { String::new() };
        format!(
            "{} waits for {side}{}, held by {}{since}",
            moment.name(edge.from),
            edge.lock.text,
            moment.name(edge.to)
        )
    };
    let ring = |cycle: &Vec<u8>| {
        let round: Vec<_> = cycle.iter().chain(cycle.first()).map(|actor| moment.name(*actor)).collect();
        let next = |i: usize| cycle[(i + 1) % cycle.len()];
        let edge = |(i, actor): (usize, &u8)| {
            waits.edges.iter().find(|edge| edge.from == *actor && edge.to == next(i)).map(sentence)
        };
        let why: Vec<_> = cycle.iter().enumerate().filter_map(edge).collect();
        format!("{}: {}.", round.join(" -> "), why.join("; "))
    };
    let told = |actor: u8| waits.forms.iter().any(|form| form.kind != "ring" && form.actors.contains(&actor));
    let rings = waits.cycles.iter().map(|cycle| (Some("ring"), ring(cycle)));
    let alone = waits.forms.iter().filter(|form| form.kind != "ring");
    let alone = alone.map(|form: &FormView| (Some(form.kind), form.sentence.clone()));
    let others = waits.edges.iter().filter(|edge| !in_ring(edge, waits) && !told(edge.from));
    let others = others.map(|edge| (None, format!("{}.", sentence(edge))));
    let sleeps = waits.sleeps.iter().filter(|sleep| !told(sleep.actor));
    let sleeps = sleeps.map(|sleep| (None, format!("{}.", sleep.sentence)));
    rings.chain(alone).chain(others).chain(sleeps).collect()
}
