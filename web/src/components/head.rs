//! The head of the page: which lesson, what for, what is done with it, and under which policy and version.

use p2mscope_core::machine::Policy;
use wasm_bindgen::JsCast;
use web_sys::HtmlSelectElement;
use yew::prelude::*;

use super::icon::{Icon, Sign};
use super::story::story;
use crate::hooks::{Ui, use_theme, use_ui};
use crate::lessons;
pub use crate::state::policy_in_words;
use crate::state::{Action, Command, Mode};

/// The head.
#[component]
pub fn Head() -> Html {
    let ui = use_ui();
    let (dark, turn) = use_theme();
    let goal = ui.stage.lesson.as_ref().map(|lesson| lesson.goal.clone()).unwrap_or_default();
    let command = |command| on_click(&ui, Action::Do(command));
    html! {
        <header class="head">
            <h1><Mark />{ "p2mscope" }</h1>
            { lesson(&ui) }
            { story(&ui, goal) }
            <div class="segments" role="group" aria-label="What to do with the lesson">
                { for [
                    (Mode::Step, "Step", Command::Stepping), (Mode::Explore, "Explore", Command::Explore),
                    (Mode::Live, "Live", Command::Live), (Mode::Scale, "Scale", Command::Scale),
                ].map(|(mode, name, command)| html! {
                    <button aria-pressed={(ui.mode == mode).to_string()} title={ui.title(command)}
                        onclick={on_click(&ui, Action::Mode(mode))}>{ name }</button>
                }) }
            </div>
            { policy(&ui) }
            { version(&ui) }
            <button onclick={command(Command::Edit)} aria-pressed={ui.editing.to_string()} title={ui.title(Command::Edit)}>{ "Edit" }</button>
            <button onclick={command(Command::Share)} aria-haspopup="dialog" title={ui.title(Command::Share)}>{ "Share" }</button>
            <button class="plain" onclick={Callback::from(move |_| turn.emit(()))}
                aria-label={if dark { "Light theme" } else { "Dark theme" }} title={if dark { "Light theme" } else { "Dark theme" }}>
                <Icon sign={if dark { Sign::Sun } else { Sign::Moon }} />
            </button>
            <button class="plain" onclick={command(Command::Palette)} aria-haspopup="dialog" aria-label="Commands"
                title={ui.title(Command::Palette)}><Icon sign={Sign::Commands} /></button>
            <button class="plain" onclick={command(Command::Help)} aria-haspopup="dialog" aria-label="Keys"
                title={ui.title(Command::Help)}>{ "?" }</button>
        </header>
    }
}

fn on_click(ui: &Ui, action: Action) -> Callback<MouseEvent> {
    let ui = ui.clone();
    Callback::from(move |_| ui.dispatch(action.clone()))
}

/// Hears a select; what was chosen comes as the place in its list.
pub fn on_choice(ui: &Ui, action: impl Fn(usize) -> Option<Action> + 'static) -> Callback<Event> {
    let ui = ui.clone();
    Callback::from(move |event: Event| {
        let chosen = event.target().and_then(|target| target.dyn_into::<HtmlSelectElement>().ok());
        let index = chosen.and_then(|select| usize::try_from(select.selected_index()).ok());
        if let Some(action) = index.and_then(&action) {
            ui.dispatch(action);
        }
    })
}

fn lesson(ui: &Ui) -> Html {
    let own = ui.stage.built_in.is_none();
    let choose = on_choice(ui, |index| (index < lessons::ALL.len()).then_some(Action::Lesson(index)));
    html! {
        <select class="lesson" aria-label="Lesson" onchange={choose}>
            { for lessons::GROUPS.iter().map(|group| html! {
                <optgroup label={group.title.clone()}>
                    { for group.lessons.clone().map(|i| html! {
                        <option selected={ui.stage.built_in == Some(i)}>{ &lessons::ALL[i].name }</option>
                    }) }
                </optgroup>
            }) }
            if own {
                <option selected=true>{ "your own text" }</option>
            }
        </select>
    }
}

fn policy(ui: &Ui) -> Html {
    let choose = on_choice(ui, |index| Policy::ALL.get(index).map(|policy| Action::Policy(*policy)));
    html! {
        <label class="labelled"><span class="word">{ "locks" }</span>
            <select onchange={choose} aria-label="Locks">
                { for Policy::ALL.map(|policy| html! {
                    <option value={policy.name()} selected={ui.stage.policy == policy}>{ policy_in_words(policy) }</option>
                }) }
            </select>
        </label>
    }
}

/// A list of all policies.
pub fn policies(chosen: Policy, label: &'static str, choose: Callback<Policy>) -> Html {
    let choose = Callback::from(move |event: Event| {
        let list = event.target().and_then(|target| target.dyn_into::<HtmlSelectElement>().ok());
        let index = list.and_then(|list| usize::try_from(list.selected_index()).ok());
        if let Some(policy) = index.and_then(|index| Policy::ALL.get(index)) {
            choose.emit(*policy);
        }
    });
    html! {
        <select onchange={choose} aria-label={label}>
            { for Policy::ALL.map(|policy| html! {
                <option value={policy.name()} selected={chosen == policy}>{ policy_in_words(policy) }</option>
            }) }
        </select>
    }
}

fn version(ui: &Ui) -> Html {
    let versions = ui.stage.lesson.as_ref().map(|lesson| lesson.versions.clone()).unwrap_or_default();
    if versions.len() < 2 {
        return Html::default();
    }
    let options: Html = versions
        .iter()
        .map(|version| html! { <option selected={ui.stage.version == *version}>{ version }</option> })
        .collect();
    let choose = on_choice(ui, move |index| versions.get(index).cloned().map(Action::Version));
    html! {
        <label class="labelled"><span class="word">{ "program" }</span>
            <select onchange={choose} aria-label="Version">{ options }</select>
        </label>
    }
}

/// The page's mark: ranges, one of them taken, one waited for.
#[component]
fn Mark() -> Html {
    html! {
        <svg viewBox="0 0 32 32" aria-hidden="true">
            <rect x="2" y="2" width="12" height="12" rx="3" fill="var(--a0)" />
            <rect x="18" y="2" width="12" height="12" rx="3" fill="var(--edge)" />
            <rect x="2" y="18" width="12" height="12" rx="3" fill="var(--edge)" />
            <circle cx="24" cy="24" r="5.5" fill="none" stroke="var(--a1)" stroke-width="3.5" />
        </svg>
    }
}
