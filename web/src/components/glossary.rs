//! Words that are explained: marked in a text, with what they mean on hover, focus or a press; and a sheet of all of them.
//!
//! What appears can be had away with Escape without moving, the pointer can go onto it, and it stays until pointer and focus
//! have gone.

use gloo::events::{EventListener, EventListenerOptions, EventListenerPhase};
use gloo::timers::callback::Timeout;
use gloo::utils::{document, window};
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, HtmlInputElement, KeyboardEvent};
use yew::prelude::*;

use super::sheet::Sheet;
use crate::glossary::{TERMS, Term, places};
use crate::hooks::use_ui;
use crate::state::Action;

/// A text with its words marked, each once.
pub fn marked(text: &str) -> Html {
    let mut out = Vec::new();
    let mut at = 0;
    for (term, place) in places(text) {
        out.push(html! { { &text[at..place.start] } });
        out.push(html! { <Word meaning={term.meaning} word={term.word} text={text[place.clone()].to_owned()} /> });
        at = place.end;
    }
    out.push(html! { { &text[at..] } });
    out.into_iter().collect()
}

/// A word in a text.
#[derive(Properties, PartialEq)]
struct WordProps {
    /// As it is listed.
    word: &'static str,
    /// As it stands in the text.
    text: AttrValue,
    /// What it means.
    meaning: &'static str,
}

/// How wide what appears is, and how far from the window's edge, in CSS pixels.
const WIDE: f64 = 300.0;
const EDGE: f64 = 8.0;
/// How long the pointer may take from the word to what appears, in milliseconds.
const GRACE: u32 = 200;

#[component]
fn Word(props: &WordProps) -> Html {
    let place = use_state(|| None::<String>);
    let (word, tip) = (use_node_ref(), use_node_ref());
    let leaving = use_mut_ref(|| None::<Timeout>);
    let open = {
        let (place, word, leaving) = (place.clone(), word.clone(), leaving.clone());
        move || {
            leaving.borrow_mut().take();
            if place.is_none() {
                place.set(word.cast::<HtmlElement>().map(|word| beside(&word)));
            }
        }
    };
    let enter = {
        let open = open.clone();
        Callback::from(move |_: MouseEvent| open())
    };
    let focus = {
        let open = open.clone();
        Callback::from(move |_: FocusEvent| open())
    };
    let press = Callback::from(move |_: MouseEvent| open());
    let leave = {
        let (place, word, leaving) = (place.clone(), word.clone(), leaving.clone());
        Callback::from(move |_: MouseEvent| {
            let (place, word) = (place.clone(), word.clone());
            *leaving.borrow_mut() = Some(Timeout::new(GRACE, move || {
                let focused = word.cast::<HtmlElement>().is_some_and(|word| has_focus(&word));
                if !focused {
                    place.set(None);
                }
            }));
        })
    };
    let blur = {
        let place = place.clone();
        Callback::from(move |_: FocusEvent| place.set(None))
    };
    {
        let tip = tip.clone();
        use_effect_with(place.is_some(), move |_| to_the_top(&tip));
    }
    {
        let place = place.clone();
        use_effect_with(place.is_some(), move |open| {
            // Heard before anything else of the page, where the focus may be anywhere: this Escape is for it alone.
            let options = EventListenerOptions { phase: EventListenerPhase::Capture, passive: false };
            let listener = open.then(|| {
                EventListener::new_with_options(&document(), "keydown", options, move |event| {
                    if event.dyn_ref::<KeyboardEvent>().is_some_and(|event| event.key() == "Escape") {
                        event.stop_propagation();
                        event.prevent_default();
                        place.set(None);
                    }
                })
            });
            move || drop(listener)
        });
    }
    let id = format!("term-{}", props.word.replace(' ', "-"));
    html! {
        <span class="explained" onmouseenter={enter} onmouseleave={leave}>
            <button type="button" class="term" ref={word} onfocus={focus} onblur={blur} onclick={press}
                aria-describedby={place.is_some().then(|| id.clone())}>{ &props.text }</button>
            if let Some(place) = &*place {
                <span class="meaning" role="tooltip" popover="manual" ref={tip.clone()} {id} style={place.clone()}><b>{ props.word }</b>{ " " }{ props.meaning }</span>
            }
        </span>
    }
}

/// Lays it over everything, where no panel cuts it off; a browser that cannot leaves it where it is.
fn to_the_top(tip: &NodeRef) {
    let Some(tip) = tip.cast::<HtmlElement>() else { return };
    let show =
        js_sys::Reflect::get(&tip, &"showPopover".into()).ok().and_then(|it| it.dyn_into::<js_sys::Function>().ok());
    if let Some(show) = show {
        // What is shown already stays so.
        let _ = show.call0(&tip);
    }
}

fn has_focus(element: &HtmlElement) -> bool {
    document().active_element().is_some_and(|focused| focused.is_same_node(Some(element)))
}

/// Where what appears stands: below the word where there is room, else above.
fn beside(word: &HtmlElement) -> String {
    let rect = word.get_bounding_client_rect();
    let size = |value: Result<wasm_bindgen::JsValue, _>| value.ok().and_then(|it| it.as_f64()).unwrap_or(1000.0);
    let (wide, high) = (size(window().inner_width()), size(window().inner_height()));
    let left = rect.left().min(wide - WIDE - EDGE).max(EDGE);
    match rect.bottom() < high * 0.7 {
        true => format!("left: {left}px; top: {}px; width: {WIDE}px", rect.bottom()),
        false => format!("left: {left}px; bottom: {}px; width: {WIDE}px", high - rect.top()),
    }
}

/// The sheet over the page.
#[component]
pub fn GlossarySheet() -> Html {
    let ui = use_ui();
    let sought = use_state(String::new);
    let close = Callback::from(move |()| ui.dispatch(Action::Over(None)));
    let seek = {
        let sought = sought.clone();
        Callback::from(move |event: InputEvent| {
            let input = event.target().and_then(|it| it.dyn_into::<HtmlInputElement>().ok());
            sought.set(input.map(|input| input.value().to_lowercase()).unwrap_or_default());
        })
    };
    let has = |term: &&Term| {
        let word = term.word.to_lowercase();
        sought.split_whitespace().all(|part| word.contains(part) || term.meaning.to_lowercase().contains(part))
    };
    let found: Vec<&Term> = TERMS.iter().filter(has).collect();
    html! {
        <Sheet id="glossary" class="wide" title="Glossary" {close}>
            <input class="search" data-first="" type="text" aria-label="Search the glossary" placeholder="Search" oninput={seek} />
            <dl class="terms">
                { for found.iter().map(|term| html! { <><dt>{ term.word }</dt><dd>{ term.meaning }</dd></> }) }
            </dl>
            if found.is_empty() {
                <p class="mute">{ "No word has that in it." }</p>
            }
        </Sheet>
    }
}
