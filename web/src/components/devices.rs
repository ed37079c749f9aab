//! Rings, slot by slot, with who waits for them; and what each TLB keeps, the stale marked.

use p2mscope_core::view::{Kept, RingView, TlbView};
use yew::prelude::*;

use super::token::{Badge, colour};
use crate::hooks::{Ui, use_ui};
use crate::moment::{Moment, id};
use crate::state::Action;

/// What the panel holds.
#[component]
pub fn Devices(props: &super::Props) -> Html {
    let ui = use_ui();
    let moment = &props.moment;
    html! {
        <>
            <h3>{ "Rings" }</h3>
            if moment.rings.is_empty() {
                <p class="mute">{ "This lesson has no ring." }</p>
            }
            { for moment.rings.iter().map(|it| ring(it, moment)) }
            <h3>{ "TLBs" }</h3>
            if moment.tlbs.is_empty() {
                <p class="mute">{ "No vCPU and no device is in this lesson, so nothing is cached." }</p>
            }
            { for moment.tlbs.iter().map(|it| tlb(it, moment, &ui)) }
        </>
    }
}

/// Actors by badge and name, after what they have in common.
fn who(actors: &[u8], what: &'static str, moment: &Moment) -> Html {
    if actors.is_empty() {
        return Html::default();
    }
    html! {
        <p class="who-line">{ what }{ for actors.iter().map(|actor| html! {
            <span class="chip ref" style={colour(id(*actor))}><Badge actor={id(*actor)} kind={moment.kind(*actor)} />{ moment.name(*actor) }</span>
        }) }</p>
    }
}

fn ring(ring: &RingView, moment: &Moment) -> Html {
    let used = ring.requests.len() as u64;
    let free = ring.slots.saturating_sub(used + ring.claimed);
    let says = match () {
        () if !ring.there => "taken away".to_owned(),
        () if free == 0 => format!("full: {} of {}", used + ring.claimed, ring.slots),
        () => format!("{} of {} slots used", used + ring.claimed, ring.slots),
    };
    html! {
        <div class={classes!("ring", ring.changed.then_some("changed"))}>
            <p><b>{ &ring.name }</b>{ " " }<span class="mute">{ says }</span></p>
            <ol class="slots">
                { for ring.requests.iter().map(|it| html! {
                    <li class="used" style={it.who.map(|actor| colour(id(actor)))}>
                        if let Some(actor) = it.who {
                            <Badge actor={id(actor)} kind={moment.kind(actor)} />
                        }
                        { &it.text }
                    </li>
                }) }
                { for (0..ring.claimed.min(ring.slots)).map(|_| html! { <li class="claimed">{ "set aside" }</li> }) }
                { for (0..free).map(|_| html! { <li>{ "free" }</li> }) }
            </ol>
            { who(&ring.unanswered, "taken, not answered yet:", moment) }
            { who(&ring.for_room, "wait for room:", moment) }
            { who(&ring.for_request, "wait for a request:", moment) }
        </div>
    }
}

fn tlb(tlb: &TlbView, moment: &Moment, ui: &Ui) -> Html {
    let stale = tlb.kept.iter().filter(|it| it.now.is_some()).count();
    let says = match (tlb.kept.len(), stale) {
        (0, _) => "empty".to_owned(),
        (n, 0) => format!("{n} entries"),
        (n, stale) => format!("{n} entries, {stale} stale"),
    };
    html! {
        <div class={classes!("tlb", tlb.changed.then_some("changed"))}>
            <p><Badge actor={id(tlb.actor)} kind={moment.kind(tlb.actor)} /><b>{ moment.name(tlb.actor) }</b>{ " " }<span class="mute">{ says }</span></p>
            <ul>{ for tlb.kept.iter().map(|it| kept(it, moment, ui)) }</ul>
        </div>
    }
}

/// What is kept of one entry; a click goes to its page.
fn kept(it: &Kept, moment: &Moment, ui: &Ui) -> Html {
    let slot = moment.scene.domains.iter().find(|domain| domain.id == it.domain).map(|domain| domain.slot);
    let pick = {
        let (ui, gfn) = (ui.clone(), it.gfn);
        Callback::from(move |_: MouseEvent| {
            if let Some(slot) = slot {
                ui.dispatch(Action::Pick(ui.picked.page(slot, gfn)));
            }
        })
    };
    html! {
        <li class={classes!(it.now.is_some().then_some("stale"))}>
            <button class="plain mono" onclick={pick} title="Show its walk">{ format!("{}:{:#x}", it.domain, it.gfn) }</button>
            <span class="mute">{ format!("L{}", it.level + 1) }</span>
            <span>{ &it.text }</span>
            if let Some(now) = &it.now {
                <b>{ format!("\u{2260} stale: now {now}") }</b>
            }
        </li>
    }
}
