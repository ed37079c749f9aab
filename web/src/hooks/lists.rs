//! Lists let go of the keys once something was chosen in them.

use std::cell::Cell;
use std::rc::Rc;

use gloo::events::EventListener;
use wasm_bindgen::JsCast;
use web_sys::{HtmlSelectElement, KeyboardEvent};
use yew::prelude::*;

/// Gives the keys back to the page once something was chosen in a list. Whoever goes through a closed list by its own keys
/// stays in it.
#[hook]
pub fn use_lists_let_go() {
    use_effect_with((), move |()| {
        let stepping = Rc::new(Cell::new(false));
        let document = gloo::utils::document();
        let keyed = {
            let stepping = stepping.clone();
            EventListener::new(&document, "keydown", move |event| {
                let key = event.dyn_ref::<KeyboardEvent>().map(KeyboardEvent::key).unwrap_or_default();
                // A key that is for the page says nothing of how a list is used later.
                let in_list = event.target().is_some_and(|it| it.has_type::<HtmlSelectElement>());
                stepping.set(in_list && !matches!(key.as_str(), "Enter" | " " | "Tab"));
            })
        };
        let pressed = {
            let stepping = stepping.clone();
            EventListener::new(&document, "pointerdown", move |_| stepping.set(false))
        };
        let changed = EventListener::new(&document, "change", move |event| {
            let list = event.target().and_then(|it| it.dyn_into::<HtmlSelectElement>().ok());
            if let Some(list) = list.filter(|_| !stepping.get()) {
                // Where it does not let go, its keys are its own as before.
                let _ = list.blur();
            }
        });
        move || drop((keyed, pressed, changed))
    });
}
