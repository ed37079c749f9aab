//! The report of what is wrong, in both registers, over the page: sentences for the class, and the text for engineers
//! with a button that copies it.

use p2mscope_core::view::Context;
use yew::prelude::*;

use super::sheet::Sheet;
use crate::hooks::{Ui, copy, use_ui};
use crate::moment::Moment;
use crate::state::Action;

/// The sheet over the page.
#[component]
pub fn ReportSheet(props: &super::Props) -> Html {
    let ui = use_ui();
    let copied = use_state(|| None::<bool>);
    let close = {
        let ui = ui.clone();
        Callback::from(move |()| ui.dispatch(Action::Over(None)))
    };
    let plain = props.moment.diagnosis.plain();
    let text = text(&ui, &props.moment);
    let take = {
        let (text, copied) = (text.clone(), copied.clone());
        Callback::from(move |_: MouseEvent| {
            let copied = copied.clone();
            copy(&text, Callback::from(move |done| copied.set(Some(done))));
        })
    };
    let said = match *copied {
        None => "",
        Some(true) => "Copied.",
        Some(false) => "The browser does not let this page copy; select the text instead.",
    };
    html! {
        <Sheet id="report" class="report" title="What is wrong" {close}>
            if plain.is_empty() {
                <p>{ "Nothing: nobody is stuck, no rule is broken, and in no run seen so far were locks asked for in orders that could meet." }</p>
            } else {
                <ul class="plain">{ for plain.into_iter().map(|line| html! { <li>{ line }</li> }) }</ul>
                <h3>{ "For engineers" }</h3>
                <pre tabindex="0">{ text }</pre>
            }
            if !props.moment.diagnosis.is_quiet() {
                <div class="buttons">
                    <button onclick={take}>{ "Copy" }</button>
                    <output role="status">{ said }</output>
                </div>
            }
        </Sheet>
    }
}

/// The text for engineers, with the lines of the lesson.
fn text(ui: &Ui, moment: &Moment) -> String {
    let stage = &ui.stage;
    let name = stage.lesson.as_ref().map_or("", |lesson| lesson.id.as_str());
    let what = format!("{name} {} under {}", stage.version, stage.policy.name());
    let statement = |actor: u8, place: u64| stage.lesson.as_ref()?.statement(actor, place);
    moment.diagnosis.engineer(&Context { what: what.trim(), statement: &statement })
}
