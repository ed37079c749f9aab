//! A sheet over the page: it takes the focus (or gives it to what is marked `data-first`), keeps it, and gives it back when
//! it closes.

use wasm_bindgen::JsCast;
use web_sys::HtmlElement;
use yew::prelude::*;

/// What stands on it.
#[derive(Properties, PartialEq)]
pub struct Props {
    /// Its id; its heading's is the same with `-heading`.
    pub id: AttrValue,
    /// Further classes.
    #[prop_or_default]
    pub class: Classes,
    /// Its heading.
    pub title: AttrValue,
    /// What closes it: its button, and a press beside it. Escape is the page's.
    pub close: Callback<()>,
    /// What is on it.
    pub children: Html,
}

/// A dialog with a button that closes it.
#[component]
pub fn Sheet(props: &Props) -> Html {
    let close = {
        let close = props.close.clone();
        Callback::from(move |_: MouseEvent| close.emit(()))
    };
    let sheet = use_node_ref();
    {
        let sheet = sheet.clone();
        use_effect_with((), move |()| {
            let before = gloo::utils::document().active_element();
            if let Some(sheet) = sheet.cast::<HtmlElement>() {
                let first = sheet.query_selector("[data-first]").ok().flatten();
                let first = first.and_then(|it| it.dyn_into::<HtmlElement>().ok());
                // Without the focus the sheet is still there, and Escape closes it.
                let _ = first.unwrap_or(sheet).focus();
            }
            move || {
                if let Some(before) = before.and_then(|it| it.dyn_into::<HtmlElement>().ok()) {
                    let _ = before.focus();
                }
            }
        });
    }
    let keep = Callback::from(keep_focus);
    let heading = format!("{}-heading", props.id);
    html! {
        <div class="veil" onclick={close.clone()}>
            <div class={classes!("sheet", props.class.clone())} id={&props.id} role="dialog" aria-modal="true" aria-labelledby={heading.clone()} tabindex="-1"
                ref={sheet} onkeydown={keep} onclick={Callback::from(|event: MouseEvent| event.stop_propagation())}>
                <h2 id={heading}>{ &props.title }</h2>
                { props.children.clone() }
                <button class="primary" onclick={close}>{ "Close" }</button>
            </div>
        </div>
    }
}

/// Tab goes round within the sheet.
fn keep_focus(event: KeyboardEvent) {
    if event.key() != "Tab" {
        return;
    }
    let Some(sheet) = event.current_target().and_then(|it| it.dyn_into::<HtmlElement>().ok()) else { return };
    let Ok(all) = sheet.query_selector_all("button, [href], input, select, textarea, summary, [tabindex='0']") else {
        return;
    };
    let at = |i: u32| all.item(i).and_then(|it| it.dyn_into::<HtmlElement>().ok());
    let (Some(first), Some(last)) = (at(0), all.length().checked_sub(1).and_then(at)) else { return };
    let now = gloo::utils::document().active_element();
    let on = |it: &HtmlElement| now.as_ref().is_some_and(|now| now.is_same_node(Some(it)));
    let to = match event.shift_key() {
        true if on(&first) || on(&sheet) => last,
        false if on(&last) => first,
        _ => return,
    };
    event.prevent_default();
    let _ = to.focus();
}
