//! Tabs: one of several faces of a panel, chosen by click or by arrows, as WAI-ARIA has them.

use wasm_bindgen::JsCast;
use web_sys::HtmlElement;
use yew::prelude::*;

/// One tab.
#[derive(Clone, PartialEq)]
pub struct Tab {
    /// What stands on it.
    pub name: AttrValue,
    /// What it is called where there is room.
    pub label: AttrValue,
}

impl Tab {
    /// A tab.
    pub fn new(name: impl Into<AttrValue>, label: impl Into<AttrValue>) -> Self {
        Self { name: name.into(), label: label.into() }
    }
}

/// A row of tabs.
#[derive(Properties, PartialEq)]
pub struct Props {
    /// What begins the id of each: the `n`th is `id-n`.
    pub id: AttrValue,
    /// What they choose between.
    pub label: AttrValue,
    /// The tabs.
    pub tabs: Vec<Tab>,
    /// Which is chosen.
    pub chosen: usize,
    /// Another is chosen.
    pub choose: Callback<usize>,
}

/// The row. The panel that has it says by [`Panel`](super::panel::Panel)'s `tab` which one it belongs to.
#[component]
pub fn Tabs(props: &Props) -> Html {
    let last = props.tabs.len().saturating_sub(1);
    let keys = {
        let (id, chosen, choose) = (props.id.clone(), props.chosen, props.choose.clone());
        Callback::from(move |event: KeyboardEvent| {
            let to = match event.key().as_str() {
                "ArrowRight" => (chosen + 1) % (last + 1),
                "ArrowLeft" => (chosen + last) % (last + 1),
                "Home" => 0,
                "End" => last,
                _ => return,
            };
            // The page's own keys of that name mean something else.
            event.prevent_default();
            choose.emit(to);
            let tab = gloo::utils::document().get_element_by_id(&format!("{id}-{to}"));
            if let Some(tab) = tab.and_then(|it| it.dyn_into::<HtmlElement>().ok()) {
                // It is shown chosen all the same.
                let _ = tab.focus();
            }
        })
    };
    html! {
        <div class="segments tabs" role="tablist" aria-label={&props.label} onkeydown={keys}>
            { for props.tabs.iter().enumerate().map(|(n, tab)| {
                let chosen = n == props.chosen;
                let choose = {
                    let choose = props.choose.clone();
                    Callback::from(move |_: MouseEvent| choose.emit(n))
                };
                html! {
                    <button id={format!("{}-{n}", props.id)} role="tab" aria-selected={chosen.to_string()} aria-label={&tab.label}
                        title={&tab.label} tabindex={if chosen { "0" } else { "-1" }} onclick={choose}>{ &tab.name }</button>
                }
            }) }
        </div>
    }
}
