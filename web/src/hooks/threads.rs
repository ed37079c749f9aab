//! Starts and ends live threads as the state wants them, and passes its wishes on.

use yew::prelude::*;

use super::Ui;
use crate::bridge::Threads;
use crate::state::{Action, Seen};

/// Threads run as long as the state has something for them to run.
#[hook]
pub fn use_threads(ui: &Ui) {
    let threads = use_mut_ref(|| None::<Threads>);
    let wanted = (ui.live.run, ui.live.order.clone());
    {
        let (threads, dispatch) = (threads.clone(), ui.dispatcher());
        use_effect_with(wanted, move |(run, order)| {
            let run = *run;
            let tell = Callback::from(move |seen| dispatch.dispatch(Action::Threads(seen)));
            *threads.borrow_mut() = order.as_ref().and_then(|order| {
                let started = Threads::start(run, order, tell.clone());
                started.map_err(|why| tell.emit(Seen { run, sight: Err(why) })).ok()
            });
            move || drop(threads.borrow_mut().take())
        });
    }
    {
        let threads = threads.clone();
        use_effect_with((ui.live.run, ui.live.aborts.clone()), move |(_, aborts)| {
            if let Some(threads) = &*threads.borrow() {
                aborts.iter().for_each(|actor| threads.abort(*actor));
            }
        });
    }
    use_effect_with((ui.live.run, ui.live.wish), move |(_, wish)| {
        if let Some(threads) = &*threads.borrow() {
            threads.wish(*wish);
        }
    });
}
