//! What tests across crates share: how much work to do, and a harness that drives the built page.
//!
//! - `tests/e2e/`: tests of the built page in headless Chromium, over [`harness`]; feature `e2e`.
//! - `tests/*.rs` for wasm: tests that wasm-pack runs in a browser.

#[cfg(all(feature = "e2e", not(target_arch = "wasm32")))]
pub mod harness;

/// How many times the usual number of cases a random test tries: `P2MSCOPE_SCALE`, 1 if unset. For wasm it is read when
/// the test is compiled.
pub fn scale() -> u32 {
    #[cfg(target_arch = "wasm32")]
    let text = option_env!("P2MSCOPE_SCALE").map(str::to_owned);
    #[cfg(not(target_arch = "wasm32"))]
    let text = std::env::var("P2MSCOPE_SCALE").ok();
    match text {
        None => 1,
        Some(text) => text.parse().unwrap_or_else(|_| panic!("P2MSCOPE_SCALE must be a number, not {text:?}")),
    }
}
