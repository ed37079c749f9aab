//! The lessons in their order: what each asks for, for whom it is, which wrong idea it meets, how short its way is, and what
//! has been done of it. Searched by any of its words. Behind them the user's own.

use p2mscope_core::lesson::Results;
use wasm_bindgen::JsCast;
use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::goal::learn;
use super::sheet::Sheet;
use crate::hooks::{Ui, use_ui};
use crate::lessons::{ALL, CARDS, GROUPS, title_in};
use crate::program::Card;
use crate::state::{Action, Learn, Over};

/// The sheet over the page.
#[component]
pub fn LessonsSheet() -> Html {
    let ui = use_ui();
    let sought = use_state(String::new);
    let close = {
        let ui = ui.clone();
        Callback::from(move |()| ui.dispatch(Action::Over(None)))
    };
    let seek = {
        let sought = sought.clone();
        Callback::from(move |event: InputEvent| {
            let input = event.target().and_then(|it| it.dyn_into::<HtmlInputElement>().ok());
            sought.set(input.map(|input| input.value().to_lowercase()).unwrap_or_default());
        })
    };
    let shown = |lesson: usize| CARDS[lesson].as_ref().filter(|card| has(card, &ALL[lesson].name, &sought));
    let found = (0..ALL.len()).filter(|lesson| shown(*lesson).is_some()).count();
    let group = |group: &crate::lessons::Group| {
        let lessons: Vec<_> = group.lessons.clone().filter_map(|n| Some((n, shown(n)?))).collect();
        (!lessons.is_empty()).then(|| {
            html! {
                <section>
                    <h3>{ &group.title }</h3>
                    <ul>{ for lessons.into_iter().map(|(n, card)| built_in(&ui, n, card)) }</ul>
                </section>
            }
        })
    };
    html! {
        <Sheet id="lessons" class="wide lessons" title="Lessons" {close}>
            <div class="search-line">
                <input class="search" data-first="" type="text" aria-label="Search the lessons" placeholder="Search: a word, a number, easy .."
                    autocomplete="off" spellcheck="false" oninput={seek} />
                <p role="status">{ match sought.is_empty() {
                    true => done(&ui.kept.results),
                    false => format!("{found} of {} lessons", ALL.len()),
                } }</p>
            </div>
            <div class="course" tabindex="0" role="region" aria-label="Lessons in their order">
                { own(&ui, &sought) }
                { for GROUPS.iter().filter_map(group) }
            </div>
            <div class="buttons">
                <button onclick={over(&ui, Over::Results)}>{ "Result code" }</button>
                <button onclick={learn(&ui, || Learn::New)}>{ "Write a lesson of my own" }</button>
                <button onclick={over(&ui, Over::Glossary)}>{ "Glossary" }</button>
            </div>
        </Sheet>
    }
}

fn over(ui: &Ui, sheet: Over) -> Callback<MouseEvent> {
    let ui = ui.clone();
    Callback::from(move |_| ui.dispatch(Action::Over(Some(sheet))))
}

fn done(results: &Results) -> String {
    let count = |all: &std::collections::BTreeSet<String>| ALL.iter().filter(|lesson| all.contains(&lesson.id)).count();
    format!("{} lessons; {} reached, {} repaired", ALL.len(), count(&results.reached), count(&results.repaired))
}

/// Whether each word that is sought stands in what is said of a lesson.
fn has(card: &Card, name: &str, sought: &str) -> bool {
    let difficulty = card.teaching.difficulty.map_or("", |how| how.name());
    let all = [name, &card.goal, &card.teaching.misconception, difficulty].join(" ").to_lowercase();
    sought.split_whitespace().all(|word| all.contains(word))
}

fn built_in(ui: &Ui, n: usize, card: &Card) -> Html {
    let lesson = &ALL[n];
    let go = {
        let ui = ui.clone();
        Callback::from(move |_: MouseEvent| {
            ui.dispatch(Action::Lesson(n));
            ui.dispatch(Action::Over(None));
        })
    };
    row(ui, &lesson.id, &lesson.name, Some(card), go)
}

fn row(ui: &Ui, id: &str, name: &str, card: Option<&Card>, go: Callback<MouseEvent>) -> Html {
    let results = &ui.kept.results;
    let here = ui.course.home.id == id;
    let mark =
        |is: bool, word: &'static str| is.then(|| html! { <span class="pill runs">{ "\u{2713} " }{ word }</span> });
    let about: Vec<String> = card.map_or(Vec::new(), |card| {
        let difficulty = card.teaching.difficulty.map(|how| how.name().to_owned());
        let minutes = card.teaching.minutes.map(|minutes| format!("{minutes} min"));
        let shortest = card.shortest.as_ref().map(|shortest| format!("shortest way: {shortest}"));
        difficulty.into_iter().chain(minutes).chain(shortest).collect()
    });
    html! {
        <li class={classes!(here.then_some("here"))} data-lesson={id.to_owned()}>
            <button class="plain" onclick={go} aria-current={here.then_some("true")}>
                <span class="name">{ name }</span>
                { mark(results.reached.contains(id), "reached") }
                { mark(results.repaired.contains(id), "repaired") }
                if ui.kept.edits.contains_key(id) {
                    <span class="pill">{ "edited" }</span>
                }
                <span class="about">{ about.join(" \u{b7} ") }</span>
                if let Some(card) = card {
                    <span class="what">{ &card.goal }</span>
                    if !card.teaching.misconception.is_empty() {
                        <span class="idea">{ "Meets the idea: " }{ &card.teaching.misconception }</span>
                    }
                }
            </button>
        </li>
    }
}

/// The user's own lessons.
fn own(ui: &Ui, sought: &str) -> Option<Html> {
    let lessons = ui.kept.own.iter().map(|(id, opened)| {
        let text = ui.kept.edits.get(id).unwrap_or(opened);
        (id.clone(), title_in(text).unwrap_or(id).to_owned(), Card::of(text))
    });
    let fits = |(_, name, card): &(String, String, Option<Card>)| match card {
        Some(card) => has(card, name, sought),
        None => name.to_lowercase().contains(sought),
    };
    let lessons: Vec<_> = lessons.filter(fits).collect();
    let each = |(id, name, card): &(String, String, Option<Card>)| {
        let go = {
            let (ui, id) = (ui.clone(), id.clone());
            Callback::from(move |_: MouseEvent| {
                ui.dispatch(Action::Learn(Learn::Own(id.clone())));
                ui.dispatch(Action::Over(None));
            })
        };
        let forget = {
            let id = id.clone();
            learn(ui, move || Learn::Forget(id.clone()))
        };
        html! {
            <div class="own">
                { row(ui, id, name, card.as_ref(), go) }
                <button class="small" onclick={forget} aria-label={format!("Remove {name}")}>{ "Remove" }</button>
            </div>
        }
    };
    (!lessons.is_empty()).then(|| {
        html! { <section><h3>{ "Your own, in this browser" }</h3><ul>{ for lessons.iter().map(each) }</ul></section> }
    })
}
