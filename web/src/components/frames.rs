//! The frames: each count as a list of named holders, with type, owner and m2p; and what was freed.

use p2mscope_core::addr::DomGfn;
use p2mscope_core::view::{FrameView, HolderView, PodView};
use yew::prelude::*;

use super::token::{Badge, colour};
use crate::hooks::{Ui, use_ui};
use crate::moment::{Moment, id};
use crate::state::Action;

/// What the panel holds.
#[component]
pub fn FrameTable(props: &super::Props) -> Html {
    let ui = use_ui();
    let moment = &props.moment;
    let frames = &moment.frames;
    html! {
        <>
            <table class="frames">
                <thead><tr><th>{ "frame" }</th><th title="count = who holds it">{ "count" }</th><th>{ "held by" }</th><th>{ "owner" }</th><th>{ "m2p" }</th></tr></thead>
                <tbody>{ for frames.frames.iter().map(|frame| row(frame, moment, &ui)) }</tbody>
            </table>
            { for frames.pods.iter().map(pod) }
            <p class="freed">{ format!("{} frames of the heap are free.", frames.free) }</p>
            if !frames.freed.is_empty() {
                <p class="freed">{ "Freed: " }
                    { for frames.freed.iter().take(6).map(|freed| html! {
                        <span class="chip">{ format!("{}{} by {} in step {}", if freed.table { "table " } else { "" }, freed.name, moment.name(freed.actor), freed.step) }</span>
                    }) }
                </p>
            }
            <details>
                <summary>{ format!("{} tables and lock pages", frames.tables.len()) }</summary>
                <ul class="mono">
                    { for frames.tables.iter().map(|table| html! {
                        <li>{ match (table.locks, table.level) {
                            (true, _) => format!("{:#x} locks of domain {}, {} in use", table.mfn, table.slot, table.used),
                            (false, Some(level)) => format!("{:#x} table L{} of domain {}, {} entries", table.mfn, level + 1, table.slot, table.used),
                            (false, None) => format!("{:#x} table of domain {}, not reached from its root", table.mfn, table.slot),
                        } }</li>
                    }) }
                </ul>
            </details>
        </>
    }
}

/// A domain's populate-on-demand cache.
fn pod(pod: &PodView) -> Html {
    let more = if pod.cached as usize > pod.frames.len() { ", \u{2026}" } else { "" };
    html! {
        <p class={classes!("pod", pod.changed.then_some("changed"))}>
            <b>{ format!("PoD of domain {}", pod.domain) }</b>
            { format!(": {} cached for {} promised, target {}", pod.cached, pod.promised, pod.target) }
            if !pod.frames.is_empty() {
                <span class="mono">{ format!(" ({}{more})", pod.frames.join(", ")) }</span>
            }
        </p>
    }
}

fn row(frame: &FrameView, moment: &Moment, ui: &Ui) -> Html {
    let walked = moment.walk.as_ref().is_some_and(|walk| walk.mfn == Some(frame.mfn));
    let picked = ui.picked.frame == Some(frame.mfn);
    let pick = {
        let (ui, mfn) = (ui.clone(), frame.mfn);
        Callback::from(move |_: MouseEvent| ui.dispatch(Action::Pick(ui.picked.frame(mfn))))
    };
    let class = classes!(
        frame.changed.then_some("changed"),
        walked.then_some("walked"),
        picked.then_some("picked"),
        (frame.unnamed != 0).then_some("wrong")
    );
    let m2p = match (frame.m2p_domain, frame.m2p) {
        (Some(domain), Some(gfn)) => DomGfn::new(domain, gfn).to_string(),
        _ => "\u{2013}".to_owned(),
    };
    let ty = if frame.type_count > 0 { format!("{} \u{d7}{}", frame.ty, frame.type_count) } else { String::new() };
    html! {
        <tr {class}>
            <td>
                <button class="plain mono" onclick={pick} aria-pressed={picked.to_string()}
                    title={format!("frame {:#x}, first word {:#x}", frame.mfn, frame.content)}>{ &frame.name }</button>
            </td>
            <td class="count">{ frame.count }</td>
            <td>
                { for frame.holders.iter().map(|it| holder(it, moment)) }
                if frame.unnamed != 0 {
                    <span class="chip wrong">{ format!("{:+} unnamed", frame.unnamed) }</span>
                }
                if !ty.is_empty() {
                    <span class="chip type">{ ty }</span>
                }
            </td>
            <td>{ &frame.owner }</td>
            <td class="mono">{ m2p }</td>
        </tr>
    }
}

fn holder(holder: &HolderView, moment: &Moment) -> Html {
    let times = if holder.count == 1 { String::new() } else { format!(" \u{d7}{}", holder.count) };
    html! {
        <span class={classes!("chip", holder.actor.map(|_| "ref"))} style={holder.actor.map(|actor| colour(id(actor)))}>
            if let Some(actor) = holder.actor {
                <Badge actor={id(actor)} kind={moment.kind(actor)} />
            }
            { format!("{}{times}", holder.text) }
        </span>
    }
}
