//! The list of keys.

use yew::prelude::*;

use super::sheet::Sheet;
use crate::hooks::use_ui;
use crate::state::{Action, LIST};

/// The sheet over the page.
#[component]
pub fn KeysSheet() -> Html {
    let ui = use_ui();
    let close = Callback::from(move |()| ui.dispatch(Action::Over(None)));
    html! {
        <Sheet id="keys" title="Keys" {close}>
            <dl>
                { for LIST.iter().map(|(keys, what)| html! {
                    <><dt>{ for keys.split(' ').map(|key| html! { <><kbd>{ key }</kbd>{ " " }</> }) }</dt><dd>{ *what }</dd></>
                }) }
            </dl>
            <p>{ "None of them works while you type in a text." }</p>
        </Sheet>
    }
}
