//! What the browser runs: the same work as natively. Its time is taken outside.

use wasm_bindgen::prelude::wasm_bindgen;

use crate::work;

/// Gets a page and puts it, so many rounds of a thousand.
#[wasm_bindgen]
pub fn get_put(rounds: u32) {
    work::get_put_alone(rounds.into());
}

/// Explores the twin; gives the number of states.
#[wasm_bindgen]
pub fn explore() -> u32 {
    work::explore_twin() as u32
}
