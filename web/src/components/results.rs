//! The result code: what has been done, as some letters that can be shown; and what such letters of others say.

use wasm_bindgen::JsCast;
use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::sheet::Sheet;
use crate::hooks::{copy, use_ui};
use crate::state::{Action, Learn};

/// The sheet over the page.
#[component]
pub fn ResultsSheet() -> Html {
    let ui = use_ui();
    let copied = use_state(|| None::<bool>);
    let close = {
        let ui = ui.clone();
        Callback::from(move |()| ui.dispatch(Action::Over(None)))
    };
    let typed = |what: fn(String) -> Learn| {
        let ui = ui.clone();
        Callback::from(move |event: InputEvent| {
            let input = event.target().and_then(|it| it.dyn_into::<HtmlInputElement>().ok());
            ui.dispatch(Action::Learn(what(input.map(|input| input.value()).unwrap_or_default())));
        })
    };
    let results = &ui.kept.results;
    let code = results.code();
    let take = {
        let (code, copied) = (code.clone(), copied.clone());
        Callback::from(move |_: MouseEvent| {
            let copied = copied.clone();
            copy(&code, Callback::from(move |done| copied.set(Some(done))));
        })
    };
    html! {
        <Sheet id="results" class="results" title="Result code" {close}>
            <p>{ "What you have done, kept in this browser alone. Show or send the code; nobody is told anything otherwise." }</p>
            <div class="shared">
                <label for="results-name">{ "Name or initials" }</label>
                <input id="results-name" data-first="" type="text" maxlength={p2mscope_core::lesson::NAME.to_string()} value={results.name.clone()}
                    autocomplete="off" oninput={typed(Learn::Name)} />
            </div>
            <p class="code"><output id="result-code">{ &code }</output>
                <button class="small" onclick={take}>{ "Copy" }</button>
                <span role="status" class="mute">{ match *copied {
                    None => "",
                    Some(true) => "Copied.",
                    Some(false) => "The browser does not let this page copy; select the code instead.",
                } }</span>
            </p>
            <ul class="said">{ for results.sentences().iter().map(|sentence| html! { <li>{ sentence }</li> }) }</ul>
            <h3>{ "For teachers: check a code" }</h3>
            <div class="shared">
                <label for="results-read">{ "A code that you were given" }</label>
                <input id="results-read" type="text" placeholder="04142-GG30G-.." autocomplete="off" spellcheck="false" oninput={typed(Learn::Read)} />
            </div>
            <div role="status" id="results-said">
                { match &ui.course.read {
                    None => Html::default(),
                    Some(Err(why)) => html! { <p class="why">{ why.to_string() }</p> },
                    Some(Ok(read)) => html! {
                        <ul class="said">
                            <li class="ok">{ "\u{2713} The check value fits." }</li>
                            { for read.sentences().iter().map(|sentence| html! { <li>{ sentence }</li> }) }
                        </ul>
                    },
                } }
            </div>
        </Sheet>
    }
}
