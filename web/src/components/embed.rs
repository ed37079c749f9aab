//! The page in somebody else's page (`?embed`): what it shows and how it is stepped, without what surrounds it.

use yew::prelude::*;

use super::{Say, Stage, WaitsPanel};
use crate::bridge::page_address;
use crate::hooks::use_ui;

/// A frame's content: the lesson's title with a way to the whole page, the scene, the waits, and stepping.
#[component]
pub fn Embed(props: &super::Props) -> Html {
    let ui = use_ui();
    let moment = &props.moment;
    let title = ui.stage.lesson.as_ref().map(|lesson| lesson.title.clone()).unwrap_or_default();
    let state = ui.shared().map(|shared| format!("#{}", shared.letters)).unwrap_or_default();
    html! {
        <div class="app embed">
            <header class="head">
                <h1>{ title }</h1>
                <a id="open-full" class="button" href={format!("{}{state}", page_address())} target="_blank" rel="noopener">
                    { "Open full" }</a>
            </header>
            <main class="stage"><Stage moment={moment.clone()} /></main>
            <div class="side"><WaitsPanel moment={moment.clone()} /></div>
            <Say moment={moment.clone()} />
        </div>
    }
}
