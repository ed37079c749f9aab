//! The page's keys, heard on the whole document but never in a text field. While they are, the root element says so:
//! `data-keys="heard"`.

use gloo::events::{EventListener, EventListenerOptions};
use wasm_bindgen::JsCast;
use web_sys::KeyboardEvent;
use yew::prelude::*;

use crate::state::{Action, Key, State};

/// Hears the keys as long as the component lives.
#[hook]
pub fn use_keys(dispatch: UseReducerDispatcher<State>) {
    use_effect_with((), move |()| {
        let options = EventListenerOptions::enable_prevent_default();
        let listener = EventListener::new_with_options(&gloo::utils::document(), "keydown", options, move |event| {
            let Some(event) = event.dyn_ref::<KeyboardEvent>() else { return };
            if let Some(key) = key_of(event) {
                event.prevent_default();
                dispatch.dispatch(Action::Key(key));
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

/// The key that this event is to the page, if it is one.
fn key_of(event: &KeyboardEvent) -> Option<Key> {
    if event.ctrl_key() || event.alt_key() || event.meta_key() || event.is_composing() {
        return None;
    }
    let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    let tag = target.map(|target| target.tag_name().to_ascii_lowercase()).unwrap_or_default();
    match (tag.as_str(), event.key().as_str()) {
        ("textarea" | "select", key) if key != "Escape" => None,
        ("input", key) if key != "Escape" => None,
        // On a button, space and enter press the button.
        ("button" | "summary" | "a", " " | "Enter") => None,
        // With shift a digit key gives some other character; which one is the keyboard's affair, hence the code.
        (_, key) => Key::of(key, &event.code(), event.shift_key()),
    }
}
