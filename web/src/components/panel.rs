//! The frame that all panels have, with the button that takes a picture.

use yew::prelude::*;

use super::icon::{Icon, Sign};
use crate::hooks::use_ui;
use crate::state::Action;

/// A panel's heading and content.
#[derive(Properties, PartialEq)]
pub struct Props {
    /// Its id, for links and tests.
    pub id: AttrValue,
    /// Its heading.
    pub title: AttrValue,
    /// What stands beside the heading.
    #[prop_or_default]
    pub note: AttrValue,
    /// Further classes.
    #[prop_or_default]
    pub class: Classes,
    /// The id of the tab that the content belongs to. The heading is then for those who do not see the tabs.
    #[prop_or_default]
    pub tab: Option<AttrValue>,
    /// Controls beside the heading.
    #[prop_or_default]
    pub controls: Html,
    /// Whether nothing in it can be focused, so that its body has to be, to be scrolled by keyboard.
    #[prop_or_default]
    pub still: bool,
    /// What is in it.
    pub children: Html,
}

/// A panel: a landmark with a heading.
#[component]
pub fn Panel(props: &Props) -> Html {
    let ui = use_ui();
    let heading = format!("{}-heading", props.id);
    let picture = {
        let id = props.id.clone();
        Callback::from(move |_: MouseEvent| ui.dispatch(Action::Picture(id.to_string())))
    };
    html! {
        <section id={&props.id} class={classes!("panel", props.class.clone())} aria-labelledby={heading.clone()}>
            <header>
                <h2 id={heading} class={classes!(props.tab.is_some().then_some("unseen"))}>{ &props.title }</h2>
                if !props.note.is_empty() {
                    <p title={&props.note}>{ &props.note }</p>
                }
                { props.controls.clone() }
                <button class="plain take" onclick={picture} data-not-drawn="" aria-haspopup="dialog"
                    aria-label={format!("Picture of {}", props.title)} title={format!("Picture of {}", props.title)}><Icon sign={Sign::Picture} /></button>
            </header>
            <div class="body" role={props.tab.as_ref().map(|_| "tabpanel")} aria-labelledby={props.tab.clone()}
                tabindex={props.still.then_some("0")}>{ props.children.clone() }</div>
        </section>
    }
}
