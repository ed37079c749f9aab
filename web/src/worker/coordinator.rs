//! The thread pool, started from within the coordinator: starting it can block, which the main thread must not.

use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

/// Starts the one global pool with `threads` threads; done when all of them run.
pub async fn start_pool(threads: usize) -> Result<(), JsValue> {
    JsFuture::from(wasm_bindgen_rayon::init_thread_pool(threads)).await.map(drop)
}

/// Adds 1 to `word` so many `times`, spread over the pool: a trial of it. To be called in the coordinator.
pub fn count_in_pool(word: &AtomicU64, times: u64) {
    (0..times).into_par_iter().for_each(|_| {
        word.fetch_add(1, Ordering::Relaxed);
    });
}
