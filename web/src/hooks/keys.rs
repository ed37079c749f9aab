//! The page's keys, heard on the whole document but never in a text field, nor where an element has keys of its own
//! (`data-own-keys`). While they are, the root element says so: `data-keys="heard"`.

use gloo::events::{EventListener, EventListenerOptions};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, KeyboardEvent};
use yew::prelude::*;

use super::Ui;
use crate::state::{Action, Command, Keys};

/// Hears the keys as long as the component lives.
#[hook]
pub fn use_keys(ui: &Ui) {
    let dispatch = ui.dispatcher();
    let heard = (ui.kept.keys.clone(), ui.over.is_some(), ui.presenting.is_some());
    use_effect_with(heard, move |(keys, sheet, presenting)| {
        let (keys, sheet, presenting) = (keys.clone(), *sheet, *presenting);
        let options = EventListenerOptions::enable_prevent_default();
        let listener = EventListener::new_with_options(&gloo::utils::document(), "keydown", options, move |event| {
            let Some(event) = event.dyn_ref::<KeyboardEvent>() else { return };
            let command = command_of(event, &keys, presenting).filter(|command| !sheet || command.is_of_sheets());
            if let Some(command) = command {
                // Nor does the page scroll.
                event.prevent_default();
                dispatch.dispatch(Action::Do(command));
            }
        });
        let root = gloo::utils::document_element();
        // Only for whoever presses keys from outside; nothing of the page reads it.
        let _ = root.set_attribute("data-keys", "heard");
        move || {
            let _ = root.remove_attribute("data-keys");
            drop(listener);
        }
    });
}

/// What this event means to the page, if anything.
fn command_of(event: &KeyboardEvent, keys: &Keys, presenting: bool) -> Option<Command> {
    if event.alt_key() || event.is_composing() || event.default_prevented() {
        return None;
    }
    let key = event.key();
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let tag = target.as_ref().map(|target| target.tag_name().to_ascii_lowercase()).unwrap_or_default();
    let typing = matches!(tag.as_str(), "textarea" | "select" | "input")
        || target
            .as_ref()
            .and_then(|target| target.dyn_ref::<HtmlElement>())
            .is_some_and(HtmlElement::is_content_editable);
    let own = target.as_ref().is_some_and(|target| matches!(target.closest("[data-own-keys]"), Ok(Some(_))));
    if event.ctrl_key() || event.meta_key() {
        return (key.eq_ignore_ascii_case("k") && !typing && !own).then_some(Command::Palette);
    }
    match (tag.as_str(), key.as_str()) {
        (_, "Escape") if !own => Some(Command::Escape),
        _ if typing || own => None,
        // On a button, space and enter press the button.
        ("button" | "summary" | "a", " " | "Enter") => None,
        // What a list or a slider of its own would do with a key, it has prevented by now.
        _ if presenting => keys.presented(&key, &event.code(), event.shift_key()),
        _ => keys.command(&key, &event.code(), event.shift_key()),
    }
}
