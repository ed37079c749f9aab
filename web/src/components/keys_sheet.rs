//! The list of keys.

use yew::prelude::*;

use crate::hooks::use_ui;
use crate::state::{Action, LIST};

/// The sheet over the page; it takes the focus, and gives it back when it closes.
#[component]
pub fn KeysSheet() -> Html {
    let ui = use_ui();
    let close = {
        let ui = ui.clone();
        Callback::from(move |_: MouseEvent| ui.dispatch(Action::Help(false)))
    };
    let button = use_node_ref();
    {
        let button = button.clone();
        use_effect_with((), move |()| {
            let before = gloo::utils::document().active_element();
            if let Some(button) = button.cast::<web_sys::HtmlElement>() {
                // Without the focus the sheet is still there, and Escape closes it.
                let _ = button.focus();
            }
            move || {
                use wasm_bindgen::JsCast;
                if let Some(before) = before.and_then(|it| it.dyn_into::<web_sys::HtmlElement>().ok()) {
                    let _ = before.focus();
                }
            }
        });
    }
    html! {
        <div class="veil" onclick={close.clone()}>
            <div class="sheet" role="dialog" aria-modal="true" aria-labelledby="keys-heading"
                onclick={Callback::from(|event: MouseEvent| event.stop_propagation())}>
                <h2 id="keys-heading">{ "Keys" }</h2>
                <dl>
                    { for LIST.iter().map(|(keys, what)| html! {
                        <><dt>{ for keys.split(' ').map(|key| html! { <><kbd>{ key }</kbd>{ " " }</> }) }</dt><dd>{ *what }</dd></>
                    }) }
                </dl>
                <p>{ "None of them works while you type in a text." }</p>
                <button class="primary" onclick={close} ref={button}>{ "Close" }</button>
            </div>
        </div>
    }
}
