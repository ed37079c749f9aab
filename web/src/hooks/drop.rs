//! A file or text that is dropped anywhere on the page.

use gloo::events::{EventListener, EventListenerOptions};
use gloo::utils::document;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::DragEvent;
use yew::prelude::*;

use crate::bridge::text_of_file;
use crate::state::{Action, Learn, State};

/// Opens what is dropped, as long as the component lives; tells whether something is held over the page.
#[hook]
pub fn use_drop(dispatch: UseReducerDispatcher<State>) -> bool {
    let over = use_state(|| false);
    {
        let over = over.clone();
        use_effect_with((), move |()| {
            let listen = |name: &'static str, hears: Box<dyn Fn(&DragEvent)>| {
                // What is dropped in a text area that has the focus goes there all the same.
                let options = EventListenerOptions::enable_prevent_default();
                EventListener::new_with_options(&document(), name, options, move |event| {
                    if let Some(event) = event.dyn_ref::<DragEvent>().filter(|event| holds_something(event)) {
                        event.prevent_default();
                        hears(event);
                    }
                })
            };
            let listeners = [
                listen(
                    "dragover",
                    Box::new({
                        let over = over.clone();
                        move |_| over.set(true)
                    }),
                ),
                listen(
                    "dragleave",
                    Box::new({
                        let over = over.clone();
                        // Only where it leaves the page itself there is nothing that it goes to.
                        move |event| over.set(event.related_target().is_some())
                    }),
                ),
                listen(
                    "drop",
                    Box::new(move |event| {
                        over.set(false);
                        open(event, &dispatch);
                    }),
                ),
            ];
            move || drop(listeners)
        });
    }
    *over
}

/// Whether it is a file, or a text from another place than this page.
fn holds_something(event: &DragEvent) -> bool {
    let Some(data) = event.data_transfer() else { return false };
    let types: Vec<String> = data.types().iter().filter_map(|it| it.as_string()).collect();
    types.iter().any(|it| it == "Files")
}

fn open(event: &DragEvent, dispatch: &UseReducerDispatcher<State>) {
    let file = event.data_transfer().and_then(|data| data.files()).and_then(|files| files.get(0));
    let Some(file) = file else { return };
    let dispatch = dispatch.clone();
    spawn_local(async move {
        dispatch.dispatch(match text_of_file(file).await {
            Ok(text) => Action::Learn(Learn::Open(text)),
            Err(why) => Action::NotText(why),
        });
    });
}
