//! The palette: everything that can be done, found by some of its letters. What cannot be done now stays, with the reason.

use wasm_bindgen::JsCast;
use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::sheet::Sheet;
use crate::hooks::use_ui;
use crate::state::{Action, Offer};

/// Lines that are shown at most; who wants another types more of it.
const LINES: usize = 60;

/// The sheet over the page.
#[component]
pub fn Palette() -> Html {
    let ui = use_ui();
    let letters = use_state(String::new);
    let at = use_state(|| 0_usize);
    let offers: Vec<Offer> = ui.offers(&letters).into_iter().take(LINES).collect();
    let close = {
        let ui = ui.clone();
        Callback::from(move |()| ui.dispatch(Action::Over(None)))
    };
    let choose = {
        let ui = ui.clone();
        move |offer: Offer| ui.dispatch(Action::Choose(Box::new(offer)))
    };
    let typed = {
        let (letters, at) = (letters.clone(), at.clone());
        Callback::from(move |event: InputEvent| {
            let input = event.target().and_then(|it| it.dyn_into::<HtmlInputElement>().ok());
            letters.set(input.map(|it| it.value()).unwrap_or_default());
            at.set(0);
        })
    };
    let press = {
        let (at, offers, choose) = (at.clone(), offers.clone(), choose.clone());
        Callback::from(move |event: KeyboardEvent| {
            let last = offers.len().saturating_sub(1);
            let to = match event.key().as_str() {
                "ArrowDown" => (*at + 1).min(last),
                "ArrowUp" => at.saturating_sub(1),
                "PageDown" => (*at + 8).min(last),
                "PageUp" => at.saturating_sub(8),
                "Enter" => {
                    event.prevent_default();
                    if let Some(offer) = offers.get(*at) {
                        choose(offer.clone());
                    }
                    return;
                }
                _ => return,
            };
            event.prevent_default();
            at.set(to);
        })
    };
    use_effect_with(*at, |at| {
        let line = gloo::utils::document().get_element_by_id(&format!("offer-{at}"));
        if let Some(line) = line {
            let options = web_sys::ScrollIntoViewOptions::new();
            options.set_block(web_sys::ScrollLogicalPosition::Nearest);
            line.scroll_into_view_with_scroll_into_view_options(&options);
        }
    });
    let line = |(i, offer): (usize, &Offer)| {
        let chosen = i == *at;
        let press = {
            let (choose, offer) = (choose.clone(), offer.clone());
            Callback::from(move |_: MouseEvent| choose(offer.clone()))
        };
        html! {
            <li id={format!("offer-{i}")} role="option" aria-selected={chosen.to_string()}
                aria-disabled={offer.why_not.is_some().to_string()} onclick={press}>
                <span>{ &offer.name }</span>
                if let Some(why) = &offer.why_not {
                    <small>{ why }</small>
                }
                if let Some(key) = &offer.key {
                    <kbd>{ key }</kbd>
                }
            </li>
        }
    };
    html! {
        <Sheet id="palette" title="Commands" {close}>
            <input type="text" data-first="" role="combobox" aria-label="Find a command" aria-autocomplete="list" aria-expanded="true"
                aria-controls="offers" aria-activedescendant={(!offers.is_empty()).then(|| format!("offer-{}", *at))}
                placeholder="step, lesson, locks, share .." autocomplete="off" spellcheck="false" oninput={typed} onkeydown={press} />
            <ul id="offers" role="listbox" aria-label="Commands">{ for offers.iter().enumerate().map(line) }</ul>
            <p role="status" class="said">{ match offers.len() {
                0 => "Nothing is called so.".to_owned(),
                LINES => format!("the first {LINES}"),
                n => format!("{n} found"),
            } }</p>
        </Sheet>
    }
}
