//! Starts and ends live threads as the state wants them, and passes its wishes on.

use yew::prelude::*;

use super::Ui;
use crate::bridge::Threads;
use crate::state::{Action, Seen};

/// Threads run as long as the state has something for them to run.
#[hook]
pub fn use_threads(ui: &Ui) {
    let threads = use_mut_ref(|| None::<Threads>);
    let wanted = (ui.live.run, ui.live.question.clone());
    {
        let (threads, dispatch) = (threads.clone(), ui.dispatcher());
        use_effect_with(wanted, move |(run, question)| {
            let run = *run;
            let tell = Callback::from(move |seen| dispatch.dispatch(Action::Threads(seen)));
            *threads.borrow_mut() = question.as_ref().and_then(|question| {
                let started = Threads::start(run, question, tell.clone());
                started.map_err(|why| tell.emit(Seen { run, sight: Err(why) })).ok()
            });
            move || drop(threads.borrow_mut().take())
        });
    }
    use_effect_with(ui.live.wish, move |wish| {
        if let Some(threads) = &*threads.borrow() {
            threads.wish(*wish);
        }
    });
}
