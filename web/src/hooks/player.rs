//! The clock of playing. One for the page; it runs only while something is played.

use gloo::timers::callback::Interval;
use yew::prelude::*;

use crate::state::{Action, State};

/// Milliseconds from one step to the next: the eye follows a token that slides for 200 of them.
const RHYTHM: u32 = 450;

/// Steps as long as `playing`.
#[hook]
pub fn use_player(playing: bool, dispatch: UseReducerDispatcher<State>) {
    use_effect_with(playing, move |playing| {
        let clock = playing.then(|| Interval::new(RHYTHM, move || dispatch.dispatch(Action::Tick)));
        move || drop(clock)
    });
}
