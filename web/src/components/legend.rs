//! What shapes, rims and lines mean, for whoever sees a picture without the page.

use std::collections::BTreeMap;

use yew::prelude::*;

use super::token::{Badge, kind_in_words};
use crate::moment::id;

/// The legend of a moment: the kinds of its actors, and the marks.
#[component]
pub fn Legend(props: &super::Props) -> Html {
    let moment = &props.moment;
    let kinds: BTreeMap<&str, u8> =
        moment.actors.iter().rev().map(|actor| (kind_in_words(moment.kind(actor.actor)), actor.actor)).collect();
    let mark = |class: &'static str, drawn: Html, words: &'static str| {
        html! { <li {class}><svg class="mark" viewBox="0 0 28 16" aria-hidden="true">{ drawn }</svg>{ words }</li> }
    };
    html! {
        <ul class="legend">
            { for kinds.into_iter().map(|(kind, actor)| html! {
                <li><Badge actor={id(actor)} kind={moment.kind(actor)} />{ kind }</li>
            }) }
            { mark("mark-held", html! { <rect x="2" y="2" width="24" height="12" rx="3" /> }, "held") }
            { mark("mark-shared", html! { <rect x="2" y="2" width="24" height="12" rx="3" /> }, "shared") }
            { mark("mark-waits", html! { <path d="M1 8H27" /> }, "waits for") }
            { mark("mark-ring", html! { <circle cx="14" cy="8" r="6.5" /> }, "can never go on") }
            { mark("mark-changed", html! { <rect x="2" y="2" width="24" height="12" rx="3" /> }, "changed by this step") }
            { mark("mark-heat", html! { <><rect x="1" y="2" width="9" height="12" /><rect x="10" y="2" width="9" height="12" /><rect x="19" y="2" width="8" height="12" /></> }, "darker: waited for longer") }
        </ul>
    }
}
