//! One clock for all threads of the page: ns since the page's own time origin.
//!
//! A worker's time begins when it does, so the difference of the origins is added. How fine the browser lets its clock tick
//! is its own affair (5 microseconds in a page that is isolated): it is measured, and whoever shows times says it.

use std::sync::OnceLock;

use wasm_bindgen::JsCast;
use web_sys::{Performance, WorkerGlobalScope};

/// The page's time origin in ms; set before a worker asks for it.
static ORIGIN: OnceLock<f64> = OnceLock::new();

thread_local! {
    /// This thread's clock, and how much later than the page's it begins, in ms.
    static CLOCK: Option<(Performance, f64)> = here();
}

fn here() -> Option<(Performance, f64)> {
    // A window has `performance` as a worker has it.
    let clock = js_sys::global().unchecked_into::<WorkerGlobalScope>().performance()?;
    let later = ORIGIN.get().map_or(0.0, |origin| clock.time_origin() - origin);
    Some((clock, later))
}

/// To be called on the main thread before the first worker is started that asks for the time.
pub fn begin() {
    if let Some(clock) = gloo::utils::window().performance() {
        // The first call's origin holds; it is the same at each.
        let _ = ORIGIN.set(clock.time_origin());
    }
}

/// The time in ns, on any thread; 0 where there is no clock.
pub fn nanos() -> u64 {
    let ms = CLOCK.with(|clock| clock.as_ref().map_or(0.0, |(clock, later)| clock.now() + later));
    (ms * 1e6) as u64
}

/// The shortest step of the clock that a few hundred readings show, in ns.
pub fn tick() -> u64 {
    let mut last = nanos();
    let mut least = u64::MAX;
    for _ in 0..400 {
        let now = nanos();
        if now > last {
            least = least.min(now - last);
        }
        last = now;
    }
    least
}
