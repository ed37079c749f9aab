//! The thread pool in a browser, over one shared memory.
#![cfg(target_arch = "wasm32")]

use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

// Waiting for the pool blocks, which only a worker may.
wasm_bindgen_test_configure!(run_in_dedicated_worker);

#[wasm_bindgen_test]
async fn two_threads_count_in_one_word() {
    JsFuture::from(wasm_bindgen_rayon::init_thread_pool(2)).await.expect("a pool of two threads");
    assert_eq!(rayon::current_num_threads(), 2);

    let word = AtomicU64::new(0);
    (0..100_000).into_par_iter().for_each(|_| {
        word.fetch_add(1, Ordering::Relaxed);
    });
    assert_eq!(word.into_inner(), 100_000);

    // Each side waits for the other, so this ends only if both run at the same time.
    let met = AtomicU64::new(0);
    let meet = || {
        met.fetch_add(1, Ordering::SeqCst);
        while met.load(Ordering::SeqCst) < 2 {
            std::hint::spin_loop();
        }
    };
    rayon::join(meet, meet);
}
