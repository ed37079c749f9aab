//! The link in the page's address: opened when the page is, and whenever it is changed by hand.

use gloo::events::EventListener;
use gloo::utils::window;
use yew::prelude::*;

use crate::state::{Action, State};

/// Opens what stands behind `#`, as long as the component lives.
#[hook]
pub fn use_address(dispatch: UseReducerDispatcher<State>) {
    use_effect_with((), move |()| {
        let open = move || {
            let letters = window().location().hash().unwrap_or_default();
            if letters.len() > 1 {
                dispatch.dispatch(Action::Link(letters));
            }
        };
        open();
        let listener = EventListener::new(&window(), "hashchange", move |_| open());
        move || drop(listener)
    });
}
