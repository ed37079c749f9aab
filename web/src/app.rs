//! The page's root component.

use yew::prelude::*;

/// The whole page.
#[component]
pub fn App() -> Html {
    html! {
        <main>
            <h1>{ "p2mscope" }</h1>
        </main>
    }
}
