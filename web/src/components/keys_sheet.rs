//! The list of keys. A press on a key gives the command another one; keys that type a character can be switched off.

use wasm_bindgen::JsCast;
use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::sheet::Sheet;
use crate::hooks::{Ui, use_ui};
use crate::state::{Action, Command, FIXED, Keys, TABLE};

/// The sheet over the page.
#[component]
pub fn KeysSheet() -> Html {
    let ui = use_ui();
    let asked = use_state(|| None::<Command>);
    let said = use_state(String::new);
    let close = {
        let ui = ui.clone();
        Callback::from(move |()| ui.dispatch(Action::Over(None)))
    };
    let reset = {
        let (ui, said) = (ui.clone(), said.clone());
        Callback::from(move |_: MouseEvent| {
            let mut keys = ui.kept.keys.clone();
            keys.reset();
            ui.dispatch(Action::Keys(keys));
            said.set("All keys are as they were at first.".to_owned());
        })
    };
    html! {
        <Sheet id="keys" title="Keys" {close}>
            <p>{ "Press a key in this list to give the command another one. None of them works while you type in a text." }</p>
            <p role="status" id="keys-said" class="said">{ &*said }</p>
            <dl class="keys">
                { for TABLE.iter().map(|row| html! {
                    <><dt>{ key_button(row.command, &ui, &asked, &said) }</dt><dd>{ row.name }</dd></>
                }) }
                { for FIXED.iter().map(|(keys, name)| html! {
                    <><dt>{ for keys.split(' ').map(|key| html! { <><kbd>{ key }</kbd>{ " " }</> }) }</dt><dd>{ *name }</dd></>
                }) }
            </dl>
            <div class="buttons">
                { characters(&ui) }
                <button onclick={reset} aria-disabled={(!ui.kept.keys.are_changed()).to_string()}>{ "As they were at first" }</button>
            </div>
        </Sheet>
    }
}

/// Whether keys that type a character do anything.
fn characters(ui: &Ui) -> Html {
    let turn = {
        let ui = ui.clone();
        Callback::from(move |event: Event| {
            let input = event.target().and_then(|it| it.dyn_into::<HtmlInputElement>().ok());
            let on = input.is_some_and(|it| it.checked());
            let mut keys = ui.kept.keys.clone();
            keys.characters_off = !on;
            ui.dispatch(Action::Keys(keys));
        })
    };
    html! {
        <label class="labelled"><input type="checkbox" checked={!ui.kept.keys.characters_off} onchange={turn} />
            { "letters, digits and signs are keys" }</label>
    }
}

/// The keys of a command; pressed, the next key becomes its own.
fn key_button(
    command: Command,
    ui: &Ui,
    asked: &UseStateHandle<Option<Command>>,
    said: &UseStateHandle<String>,
) -> Html {
    let Some(row) = command.row() else { return Html::default() };
    let keys = &ui.kept.keys;
    let shown: Vec<String> = keys.of(row).into_iter().map(Keys::shown).collect();
    if command == Command::Escape {
        return html! { <kbd>{ shown.join(" ") }</kbd> };
    }
    let asking = **asked == Some(command);
    let ask = {
        let (asked, said) = (asked.clone(), said.clone());
        Callback::from(move |_: MouseEvent| {
            asked.set((*asked != Some(command)).then_some(command));
            said.set(format!("Press the key for {:?}; Delete for none, Esc to leave it as it is.", row.name));
        })
    };
    let press = {
        let (ui, asked, said) = (ui.clone(), asked.clone(), said.clone());
        Callback::from(move |event: KeyboardEvent| {
            let key = event.key();
            if !asking || ["Tab", "Shift", "Control", "Alt", "Meta"].contains(&key.as_str()) {
                return;
            }
            event.prevent_default();
            asked.set(None);
            let mut keys = ui.kept.keys.clone();
            let done = match key.as_str() {
                "Escape" => Ok(()),
                "Delete" | "Backspace" => keys.bind(command, ""),
                key => keys.bind(command, key),
            };
            said.set(match done {
                Err(why) => why,
                Ok(()) if keys == ui.kept.keys => String::new(),
                Ok(()) => format!("{:?} has another key now.", row.name),
            });
            if keys != ui.kept.keys {
                ui.dispatch(Action::Keys(keys));
            }
        })
    };
    let leave = {
        let asked = asked.clone();
        Callback::from(move |_: FocusEvent| {
            if asking {
                asked.set(None);
            }
        })
    };
    let what = if shown.is_empty() { "none".to_owned() } else { shown.join(", ") };
    html! {
        <button class="plain key" onclick={ask} onkeydown={press} onblur={leave} aria-pressed={asking.to_string()}
            data-own-keys={asking.then_some("")} aria-label={format!("{}: key {what}", row.name)}>
            if asking {
                { "press a key" }
            } else if shown.is_empty() {
                <span class="mute">{ "none" }</span>
            } else {
                { for shown.iter().map(|key| html! { <><kbd class={classes!((!keys.hears(key)).then_some("off"))}>{ key }</kbd>{ " " }</> }) }
            }
        </button>
    }
}
