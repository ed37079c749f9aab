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
use crate::state::{Action, Command, Learn, Mode};

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
            <span class="which">
                { lesson(&ui) }
                <button onclick={command(Command::Lessons)} aria-haspopup="dialog" aria-label="Lessons" title={ui.title(Command::Lessons)}>
                    <Icon sign={Sign::List} />
                </button>
            </span>
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
    let own: Vec<String> = ui.kept.own.keys().cloned().collect();
    let home = &ui.course.home;
    let elsewhere = home.built_in.is_none() && !own.contains(&home.id);
    let choose = {
        let own = own.clone();
        on_choice(ui, move |index| match index.checked_sub(lessons::ALL.len()) {
            None => Some(Action::Lesson(index)),
            Some(at) => own.get(at).map(|id| Action::Learn(Learn::Own(id.clone()))),
        })
    };
    let edited = |id: &str| {
        let is = if home.id == id { ui.is_edited() } else { ui.kept.edits.contains_key(id) };
        if is { " (edited)" } else { "" }
    };
    html! {
        <select class="lesson" aria-label="Lesson" onchange={choose}>
            { for lessons::GROUPS.iter().map(|group| html! {
                <optgroup label={group.title.clone()}>
                    { for group.lessons.clone().map(|i| html! {
                        <option selected={home.built_in == Some(i)}>{ &lessons::ALL[i].name }{ edited(&lessons::ALL[i].id) }</option>
                    }) }
                </optgroup>
            }) }
            if !own.is_empty() {
                <optgroup label="Your own">
                    { for own.iter().map(|id| html! {
                        <option selected={home.built_in.is_none() && home.id == *id}>{ own_title(ui, id) }</option>
                    }) }
                </optgroup>
            }
            if elsewhere {
                <option selected=true>{ lessons::title_in(&ui.stage.text).unwrap_or("from a link") }</option>
            }
        </select>
    }
}

/// What a lesson of one's own is called.
fn own_title(ui: &Ui, id: &str) -> String {
    let text = ui.kept.edits.get(id).or(ui.kept.own.get(id));
    text.and_then(|text| lessons::title_in(text)).unwrap_or(id).to_owned()
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
