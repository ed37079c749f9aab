//! A program error of the page's own: what happened, the user's text to be kept, and a way to load the page again.

use yew::prelude::*;

/// What happened, and the text that would be lost.
#[derive(Properties, PartialEq)]
pub struct Props {
    /// The panic's words.
    pub what: AttrValue,
    /// The lesson's text.
    pub text: AttrValue,
}

/// The sheet over the page.
#[component]
pub fn Trouble(props: &Props) -> Html {
    let reload = Callback::from(|_: MouseEvent| {
        // A page that cannot be loaded again stays as it is.
        let _ = gloo::utils::window().location().reload();
    });
    html! {
        <div class="veil">
            <div class="sheet" role="alertdialog" aria-modal="true" aria-labelledby="trouble-heading">
                <h2 id="trouble-heading">{ "p2mscope has made a mistake" }</h2>
                <p>{ "This is a fault of the program, not of your text. Threads have ended; loading the page again begins anew." }</p>
                <pre>{ &props.what }</pre>
                <p>{ "Your text:" }</p>
                <pre>{ &props.text }</pre>
                <button class="primary" onclick={reload}>{ "Load the page again" }</button>
            </div>
        </div>
    }
}
