//! Who waits for whom, in three faces: the graph, the trees of those who stand behind one another, and the orders in which
//! locks were asked for over the session. Below stands in words how the stuck are stuck, and whom to abort.

mod behind;
mod graph;
mod orders;

pub use self::graph::graph;

use p2mscope_core::view::{FormView, WaitEdge, Waits};
use yew::prelude::*;

use super::panel::Panel;
use super::say::key;
use super::tabs::{Tab, Tabs};
use super::token::Badge;
use crate::hooks::{Ui, use_ui};
use crate::moment::{Moment, id};
use crate::state::{Action, Command, Face, Mode, Over, WaitsFace};

/// The faces, in the order of their tabs.
const FACES: [WaitsFace; 3] = [WaitsFace::Graph, WaitsFace::Behind, WaitsFace::Orders];

/// The panel.
#[component]
pub fn WaitsPanel(props: &super::Props) -> Html {
    let ui = use_ui();
    let moment = &props.moment;
    let waits = &moment.waits;
    let says = match (waits.cycles.len(), waits.edges.len() + waits.sleeps.len(), waits.stuck.len()) {
        (0, 0, 0) => "Nobody waits.".to_owned(),
        (0, _, 0) => "Somebody waits, and can still be freed.".to_owned(),
        (0, _, n) => format!("{n} can never go on."),
        (1, ..) => format!("A ring of {}: deadlock.", waits.cycles[0].len()),
        (n, ..) => format!("{n} rings: deadlock."),
    };
    let rings = moment.orders.edges.iter().any(|edge| edge.ring);
    let tabs = vec![
        Tab::new("Waits", "Waits: who waits for whom"),
        Tab::new("Behind", "Behind: who stands behind whom"),
        Tab::new(if rings { "Orders !" } else { "Orders" }, "Orders: which lock was asked for while which was held"),
    ];
    let chosen = FACES.iter().position(|face| *face == ui.panels.waits).unwrap_or(0);
    let choose = {
        let ui = ui.clone();
        Callback::from(move |n: usize| ui.dispatch(Action::Face(Face::Waits(FACES[n.min(2)]))))
    };
    let controls = html! {
        <>
            <Tabs id="waits-tab" label="Waits" {tabs} {chosen} {choose} />
            { report(moment, &ui) }
        </>
    };
    let alarm = !waits.stuck.is_empty();
    html! {
        <Panel id="waits" title="Waits" still=true {controls} tab={format!("waits-tab-{chosen}")} class={classes!(alarm.then_some("alarm"))}>
            if ui.panels.waits != WaitsFace::Orders {
                <p class="says">{ says }</p>
            }
            { match ui.panels.waits {
                WaitsFace::Graph => graph(moment, &ui, "waits"),
                WaitsFace::Behind => html! { <behind::Behind moment={moment.clone()} /> },
                WaitsFace::Orders => html! { <orders::Orders moment={moment.clone()} /> },
            } }
            if ui.panels.waits == WaitsFace::Graph {
                <h3 class="unseen">{ "The waits in words" }</h3>
                <ul class="words">{ for in_words(moment, ui.mode != Mode::Live).into_iter().map(|(form, line)| html! { <li data-form={form}>{ line }</li> }) }</ul>
            }
            if !waits.abort.is_empty() && ui.panels.waits != WaitsFace::Orders {
                <p class="abort" id="abort">{ "Smallest set to abort: " }{ for waits.abort.iter().map(|actor| html! {
                    <span class="chip"><Badge actor={id(*actor)} kind={moment.kind(*actor)} />{ moment.name(*actor) }</span>
                }) }</p>
            }
        </Panel>
    }
}

/// The button that opens the report.
fn report(moment: &Moment, ui: &Ui) -> Html {
    let report = {
        let ui = ui.clone();
        Callback::from(move |_: MouseEvent| ui.dispatch(Action::Over(Some(Over::Report))))
    };
    let quiet = moment.diagnosis.is_quiet();
    html! {
        <button class="small" onclick={report} aria-disabled={quiet.to_string()} aria-haspopup="dialog"
            title={if quiet { "Nothing is wrong" } else { "What is wrong, in words and for engineers" }}>{ "Report" }{ key(ui, Command::Report) }</button>
    }
}

/// Whether the edge is a part of a ring.
fn in_ring(edge: &WaitEdge, waits: &Waits) -> bool {
    waits.cycles.iter().any(|cycle| {
        let next = |i: usize| cycle[(i + 1) % cycle.len()];
        cycle.iter().enumerate().any(|(i, actor)| *actor == edge.from && next(i) == edge.to)
    })
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
