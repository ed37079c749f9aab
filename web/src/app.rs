//! The page's root: holds the state, gives it to all, and lays the panels out.

use yew::prelude::*;

use crate::bridge::embedded;
use crate::components::{
    Actors, BesidePanel, ComparePanel, Edit, Embed, Entry, Explore, GlossarySheet, Head, KeysSheet, LessonsSheet,
    LivePanel, LiveTimelinePanel, Palette, PictureSheet, Present, Printed, ReportSheet, ResultsSheet, Say, ScalePanel,
    ShareSheet, SidePanel, Stage, TimelinePanel, WaitsPanel, WalkPanel, spoken_question,
};
use crate::hooks::{
    Ui, kept, use_address, use_drop, use_judge, use_kept, use_keys, use_lists_let_go, use_player, use_print, use_scale,
    use_search, use_text, use_threads,
};
use crate::state::{Mode, Over, State};

/// The whole page.
#[component]
pub fn App() -> Html {
    let ui = use_reducer(|| State::open(kept()));
    use_kept(&ui);
    use_keys(&ui);
    use_lists_let_go();
    use_address(ui.dispatcher());
    use_player(ui.playing, ui.dispatcher());
    use_search(&ui);
    use_judge(&ui);
    let held_over = use_drop(ui.dispatcher());
    use_threads(&ui);
    use_scale(&ui);
    use_print(&ui);
    use_text(&ui);
    let embedded = use_memo((), |()| embedded());
    html! {
        <ContextProvider<Ui> context={ui.clone()}>
            <div class="page">
                if let Some(moment) = ui.moment.clone().filter(|_| *embedded) {
                    <Embed {moment} />
                } else if let Some(moment) = ui.moment.clone().filter(|_| ui.presenting.is_some()) {
                    <Present {moment} />
                } else {
                    <div class={classes!("app", ui.editing.then_some("editing"))}>
                        <Head />
                        { stage(&ui) }
                    </div>
                }
            </div>
            if let Some(moment) = ui.moment.clone().filter(|_| ui.printing) {
                <Printed {moment} />
            }
            <p class="unseen" role="status" aria-live="polite">{ spoken(&ui) }</p>
            { sheet(&ui) }
            if held_over {
                <p class="drop">{ "Let go to open it as a lesson. What stands here now is kept." }</p>
            }
        </ContextProvider<Ui>>
    }
}

/// What lies over the page.
fn sheet(ui: &Ui) -> Html {
    match ui.over {
        None => Html::default(),
        Some(Over::Keys) => html! { <KeysSheet /> },
        Some(Over::Palette) => html! { <Palette /> },
        Some(Over::Picture) => ui.moment.clone().map(|moment| html! { <PictureSheet {moment} /> }).unwrap_or_default(),
        Some(Over::Report) => ui.moment.clone().map(|moment| html! { <ReportSheet {moment} /> }).unwrap_or_default(),
        Some(Over::Share) => html! { <ShareSheet /> },
        Some(Over::Lessons) => html! { <LessonsSheet /> },
        Some(Over::Results) => html! { <ResultsSheet /> },
        Some(Over::Glossary) => html! { <GlossarySheet /> },
    }
}

/// The panels; without a run there is only the text.
fn stage(ui: &Ui) -> Html {
    let Some(moment) = ui.moment.clone() else { return html! { <Edit /> } };
    html! {
        <>
            if ui.editing {
                <Edit />
            } else {
                <Actors moment={moment.clone()} />
            }
            <main class="stage">
                <Stage moment={moment.clone()} />
                { match ui.mode {
                    Mode::Step if ui.other.is_some() => html! { <BesidePanel /> },
                    Mode::Step if moment.compared.is_some() => html! { <ComparePanel moment={moment.clone()} /> },
                    Mode::Step if ui.panels.sandbox.is_some() || ui.panels.formats => html! { <Entry moment={moment.clone()} /> },
                    Mode::Step => html! { <><WalkPanel moment={moment.clone()} /><Entry moment={moment.clone()} /></> },
                    Mode::Explore => html! { <Explore /> },
                    Mode::Live => html! { <LivePanel moment={moment.clone()} /> },
                    Mode::Scale => html! { <ScalePanel moment={moment.clone()} /> },
                } }
            </main>
            <div class="side">
                <WaitsPanel moment={moment.clone()} />
                // Frames of running threads change while they are read.
                if !(ui.mode == Mode::Live && ui.live.is_running()) {
                    <SidePanel moment={moment.clone()} />
                }
            </div>
            <Say moment={moment.clone()} />
            if let Some(live) = ui.live.sight.as_ref().filter(|_| ui.mode == Mode::Live).and_then(|sight| sight.timeline.clone()) {
                <LiveTimelinePanel {moment} {live} />
            } else {
                <TimelinePanel {moment} />
            }
        </>
    }
}

/// What is read out: the step's sentence once per step by hand, nothing while steps follow by themselves.
fn spoken(ui: &Ui) -> String {
    match (&ui.notice, &ui.moment) {
        (Some(notice), _) => notice.clone(),
        (None, Some(_)) if ui.predict.asked.is_some() || ui.predict.told.is_some() => {
            spoken_question(ui).unwrap_or_default()
        }
        (None, Some(moment)) if !ui.playing => moment.report.sentence.clone(),
        _ => String::new(),
    }
}
