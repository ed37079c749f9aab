//! Printing: what goes on paper is made when the browser asks for it, and taken away afterwards.

use gloo::events::EventListener;
use gloo::utils::window;
use yew::prelude::*;

use super::Ui;
use crate::state::Action;

/// Hears the browser's wish to print, and passes on the user's.
#[hook]
pub fn use_print(ui: &Ui) {
    let dispatch = ui.dispatcher();
    use_effect_with((), move |()| {
        let listeners = [("beforeprint", true), ("afterprint", false)].map(|(event, begins)| {
            let dispatch = dispatch.clone();
            EventListener::new(&window(), event, move |_| dispatch.dispatch(Action::Printing(begins)))
        });
        move || drop(listeners)
    });
    use_effect_with(ui.prints, |prints| {
        if *prints > 0 {
            // A browser that cannot print says so itself.
            let _ = window().print();
        }
    });
}
