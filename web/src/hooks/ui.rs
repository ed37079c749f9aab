//! The page's state, for every component.

use yew::prelude::*;

use crate::state::State;

/// The state, and what changes it.
pub type Ui = UseReducerHandle<State>;

/// The state that the page's root holds.
#[hook]
pub fn use_ui() -> Ui {
    use_context::<Ui>().expect("the root gives it to all")
}
