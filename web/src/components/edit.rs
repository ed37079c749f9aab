//! The lesson's text beside the stage: its faults as one types, its run from the top whenever it is free of them.

use gloo::timers::callback::Timeout;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::{HtmlInputElement, HtmlTextAreaElement};
use yew::prelude::*;

use super::goal::learn;
use super::judge::judge;
use super::panel::Panel;
use crate::bridge::text_of_file;
use crate::hooks::use_ui;
use crate::program::Fault;
use crate::state::{Action, Learn};

/// How long the user must be silent before the text is read, in milliseconds.
const PAUSE: u32 = 200;

/// The panel.
#[component]
pub fn Edit() -> Html {
    let ui = use_ui();
    let area = use_node_ref();
    let timer = use_mut_ref(|| None::<Timeout>);
    let typed_last = use_mut_ref(|| None::<String>);
    let faults = &ui.stage.faults;
    // What was typed last, if that has not been read yet.
    let read = {
        let (dispatch, typed_last) = (ui.dispatcher(), typed_last.clone());
        Callback::from(move |()| {
            if let Some(text) = typed_last.borrow_mut().take() {
                dispatch.dispatch(Action::Text(text));
            }
        })
    };
    let typed = {
        let read = read.clone();
        Callback::from(move |event: InputEvent| {
            let area = event.target().and_then(|target| target.dyn_into::<HtmlTextAreaElement>().ok());
            let Some(area) = area else { return };
            *typed_last.borrow_mut() = Some(area.value());
            let read = read.clone();
            // Dropping the earlier timer cancels it.
            *timer.borrow_mut() = Some(Timeout::new(PAUSE, move || read.emit(())));
        })
    };
    let left = {
        let read = read.clone();
        Callback::from(move |_: FocusEvent| read.emit(()))
    };
    // Nothing that was typed is lost when the panel goes.
    use_effect_with((), move |()| move || read.emit(()));
    let opened = {
        let ui = ui.clone();
        Callback::from(move |event: Event| {
            let input = event.target().and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
            let Some(file) = input.and_then(|input| input.files()).and_then(|files| files.get(0)) else { return };
            let ui = ui.clone();
            spawn_local(async move {
                ui.dispatch(match text_of_file(file).await {
                    Ok(text) => Action::Learn(Learn::Open(text)),
                    Err(why) => Action::NotText(why),
                });
            });
        })
    };
    let close = {
        let ui = ui.clone();
        Callback::from(move |_: MouseEvent| ui.dispatch(Action::Edit(false)))
    };
    let note = match faults.len() {
        0 => "free of faults; the run begins at the top with every change".to_owned(),
        1 => "one fault; the run is that of the last good text".to_owned(),
        n => format!("{n} faults; the run is that of the last good text"),
    };
    html! {
        <Panel id="edit" title="Text" {note} class="actors edit">
            <textarea ref={area.clone()} aria-label="The lesson's text" spellcheck="false" autocomplete="off" autocapitalize="off"
                wrap="off" value={ui.stage.text.to_string()} oninput={typed} onblur={left} aria-describedby="faults" />
            <ul id="faults" class={classes!("faults", (!faults.is_empty()).then_some("some"))} aria-live="polite">
                { for faults.iter().take(50).map(|fault| fault_line(fault, &area)) }
            </ul>
            { judge(&ui) }
            <div class="buttons">
                if ui.is_edited() {
                    <button onclick={learn(&ui, || Learn::Original)}>{ "Back to the original" }</button>
                }
                if ui.course.former.is_some() {
                    <button onclick={learn(&ui, || Learn::Former)}>{ "Bring back the text before" }</button>
                }
                <label class="button">{ "Open a file" }<input class="unseen" type="file" accept=".toml,.txt,text/plain" onchange={opened} /></label>
                <button onclick={close}>{ "Close" }</button>
            </div>
        </Panel>
    }
}

/// A fault; pressing it goes to its place.
fn fault_line(fault: &Fault, area: &NodeRef) -> Html {
    let go = {
        let (area, line, col) = (area.clone(), fault.line, fault.col);
        Callback::from(move |_: MouseEvent| {
            let Some(area) = area.cast::<HtmlTextAreaElement>() else { return };
            let at = offset(&area.value(), line, col);
            // A text area that refuses the focus has the message all the same.
            let _ = area.focus();
            let _ = area.set_selection_range(at, at + 1);
        })
    };
    html! {
        <li><button class="plain" onclick={go}><code>{ format!("{}:{}", fault.line, fault.col) }</code>{ " " }{ &fault.message }</button></li>
    }
}

/// Where a line and column (in characters) stand in a text, in UTF-16 units, as text areas count.
fn offset(text: &str, line: u32, col: u32) -> u32 {
    let units = |text: &str| text.encode_utf16().count();
    let lines: Vec<&str> = text.split('\n').collect();
    let before: usize = lines.iter().take(line.saturating_sub(1) as usize).map(|line| units(line) + 1).sum();
    let here: String = lines
        .get(line.saturating_sub(1) as usize)
        .map_or(String::new(), |it| it.chars().take(col.saturating_sub(1) as usize).collect());
    (before + units(&here)).min(units(text)).try_into().unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::offset;

    #[test]
    fn a_place_is_found_in_utf16() {
        assert_eq!(offset("ab\ncd", 1, 1), 0);
        assert_eq!(offset("ab\ncd", 2, 2), 4);
        // Outside the basic plane a character is two units.
        assert_eq!(offset("\u{1f600}x\ny", 1, 2), 2);
        assert_eq!(offset("\u{1f600}x\ny", 2, 1), 4);
        assert_eq!(offset("a", 9, 9), 1);
    }
}
