//! A program error of the page's own, from whatever thread. It is shown by `static/start.js` in plain elements, together with
//! the lesson's text, since yew and all of this module may be what has died.

use gloo::events::EventListener;
use gloo::utils::window;
use js_sys::{Function, Reflect};
use wasm_bindgen::{JsCast, JsValue};

use crate::worker::{self, Worker};

/// Shows every panic from now on. To be called once, on the main thread, before anything else.
///
/// To try that out, the event `p2mscope-break` has a thread panic: a worker if its `detail` is `worker`, else this one.
pub fn watch() {
    worker::report_traps(|what| show(&what));
    let earlier = std::panic::take_hook();
    // By yew's own way, or yew would set its hook in place of this one when it begins.
    yew::set_custom_panic_hook(Box::new(move |panic| {
        show(&panic.to_string());
        earlier(panic);
    }));
    let broken = EventListener::new(&window(), "p2mscope-break", |event| {
        let detail = Reflect::get(event, &"detail".into()).ok().and_then(|it| it.as_string());
        if detail.as_deref() != Some("worker") {
            panic!("this thread was asked to break");
        }
        // It lives until it panics; without threads there is nothing to try.
        std::mem::forget(Worker::spawn(|_| panic!("this worker was asked to break"), |_| {}));
    });
    broken.forget();
}

/// Keeps the lesson's text where it outlives this module.
pub fn keep(text: &str) {
    if let Some(ours) = ours() {
        // An object of our own takes any property.
        let _ = Reflect::set(&ours, &"text".into(), &text.into());
    }
}

/// Shows what happened; on another thread than the main one nothing, which hears of it by the worker's report.
fn show(what: &str) {
    let show = ours().and_then(|ours| Reflect::get(&ours, &"trouble".into()).ok());
    if let Some(show) = show.as_ref().and_then(|show| show.dyn_ref::<Function>()) {
        // The console has it in any case.
        let _ = show.call1(&JsValue::UNDEFINED, &what.into());
    }
}

/// What `start.js` has made; none on another thread, or in a page without that script.
fn ours() -> Option<JsValue> {
    let ours = Reflect::get(web_sys::window()?.as_ref(), &"p2mscope".into()).ok()?;
    ours.is_object().then_some(ours)
}
