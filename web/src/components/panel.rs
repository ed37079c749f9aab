//! The frame that all panels have.

use yew::prelude::*;

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
    /// Controls beside the heading.
    #[prop_or_default]
    pub controls: Html,
    /// What is in it.
    pub children: Html,
}

/// A panel: a landmark with a heading.
#[component]
pub fn Panel(props: &Props) -> Html {
    let heading = format!("{}-heading", props.id);
    html! {
        <section id={&props.id} class={classes!("panel", props.class.clone())} aria-labelledby={heading.clone()}>
            <header>
                <h2 id={heading}>{ &props.title }</h2>
                if !props.note.is_empty() {
                    <p title={&props.note}>{ &props.note }</p>
                }
                { props.controls.clone() }
            </header>
            <div class="body">{ props.children.clone() }</div>
        </section>
    }
}
