//! What can be handed out: a link to this very state, the lesson as a file, the run as a schedule or a trace.

use yew::prelude::*;

use super::sheet::Sheet;
use crate::bridge::{page_address, save};
use crate::hooks::{Ui, copy, use_ui};
use crate::state::{Action, Command};

/// The sheet over the page.
#[component]
pub fn ShareSheet() -> Html {
    let ui = use_ui();
    let copied = use_state(|| None::<(&'static str, bool)>);
    let close = {
        let ui = ui.clone();
        Callback::from(move |()| ui.dispatch(Action::Over(None)))
    };
    let Some(shared) = ui.shared() else {
        return html! {
            <Sheet id="share" title="Share" {close}>
                <p>{ "There is no run to share until the text is free of faults. The text itself can be kept as a file." }</p>
                { lesson_file(&ui) }
            </Sheet>
        };
    };
    let link = format!("{}#{}", page_address(), shared.letters);
    let title = ui.stage.lesson.as_ref().map(|lesson| lesson.title.clone()).unwrap_or_default();
    let state = ui.moment.as_ref().map(|moment| {
        let report = &moment.report;
        html! {
            <p class="mute">{ format!("Step {} of {}; the state's hash is ", report.at, report.len) }
                <code id="state-hash">{ format!("{:016x}", moment.hash) }</code>{ "." }</p>
        }
    });
    html! {
        <Sheet id="share" title="Share" {close}>
            { state }
            if shared.fits {
                <p>{ "Whoever opens this link sees the same lesson, policy, branches and step, with the same things marked." }</p>
                { line("share-link", "Link", &link, &copied) }
                { line("share-embed", "In a page of yours", &frame(&shared.letters, &title), &copied) }
            } else {
                <p id="share-long">{ format!(
                    "A link to this would have {} letters, and some programs cut one of more than {}. Hand out the lesson and the \
                     schedule as files instead.", shared.letters.len(), shared.most
                ) }</p>
            }
            <p role="status" class="mute" id="share-said">{ match &*copied {
                None => String::new(),
                Some((what, true)) => format!("{what} copied."),
                Some((_, false)) => "The browser does not let this page copy; select the text instead.".to_owned(),
            } }</p>
            <div class="buttons">
                { command(&ui, Command::Picture, "Picture") }
                { command(&ui, Command::Print, "Print") }
                { lesson_file(&ui) }
                { file(&ui, "Schedule as a file", "schedule.txt", "text/plain", |ui| ui.stage.schedule()) }
                { file(&ui, "Trace for Perfetto", "trace.json", "application/json", |ui| ui.stage.trace()) }
            </div>
        </Sheet>
    }
}

type Copied = UseStateHandle<Option<(&'static str, bool)>>;

/// The element that shows this state in another page.
fn frame(letters: &str, title: &str) -> String {
    let title = title.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
    format!(
        "<iframe src=\"{}?embed#{letters}\" title=\"p2mscope: {title}\" width=\"960\" height=\"540\" style=\"border: 0\" \
         allow=\"clipboard-write; cross-origin-isolated; fullscreen\"></iframe>",
        page_address()
    )
}

/// A text to be copied.
fn line(id: &'static str, name: &'static str, text: &str, copied: &Copied) -> Html {
    let press = {
        let (text, copied) = (text.to_owned(), copied.clone());
        Callback::from(move |_: MouseEvent| {
            let copied = copied.clone();
            copy(&text, Callback::from(move |done| copied.set(Some((name, done)))));
        })
    };
    html! {
        <div class="shared">
            <label for={id}>{ name }</label>
            <input {id} type="text" readonly=true value={text.to_owned()} />
            <button onclick={press} aria-label={format!("Copy: {name}")}>{ "Copy" }</button>
        </div>
    }
}

fn command(ui: &Ui, command: Command, name: &'static str) -> Html {
    let press = {
        let ui = ui.clone();
        Callback::from(move |_: MouseEvent| ui.dispatch(Action::Do(command)))
    };
    html! { <button onclick={press} title={ui.title(command)}>{ name }</button> }
}

fn lesson_file(ui: &Ui) -> Html {
    file(ui, "Lesson as a file", "lesson.toml", "text/plain", |ui| Some(ui.stage.text.to_string()))
}

/// A button that saves a file.
fn file(
    ui: &Ui,
    label: &'static str,
    name: &'static str,
    kind: &'static str,
    text: impl Fn(&Ui) -> Option<String> + 'static,
) -> Html {
    let ui = ui.clone();
    let press = Callback::from(move |_: MouseEvent| {
        if let Some(text) = text(&ui) {
            save(name, kind, &text);
        }
    });
    html! { <button onclick={press}>{ label }</button> }
}
