//! The words of a panic, from whatever thread it comes.
//!
//! A panic ends its thread with a trap that says only "unreachable", and when the thread is one of the pool, whoever waits
//! for it waits for ever. So the hook speaks up first, over a broadcast channel that is this page load's own, which the
//! main thread hears whatever the threads between are doing.

use std::sync::OnceLock;

use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use web_sys::{BroadcastChannel, MessageEvent};

/// The channel's name; another tab's panics are not ours.
static CHANNEL: OnceLock<String> = OnceLock::new();

/// Calls `on_trap` on this thread with the text of every panic of any thread. To be called once, from the main thread,
/// before a worker is started.
pub fn report(mut on_trap: impl FnMut(String) + 'static) {
    let name = CHANNEL.get_or_init(|| format!("p2mscope-trap-{}", js_sys::Math::random()));
    let Ok(channel) = BroadcastChannel::new(name) else { return };
    let hears = Closure::<dyn FnMut(_)>::new(move |event: MessageEvent| {
        on_trap(event.data().as_string().unwrap_or_default());
    });
    channel.set_onmessage(Some(hears.into_js_value().unchecked_ref()));
    let earlier = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let text = panic.to_string();
        web_sys::console::error_1(&JsValue::from_str(&text));
        if let Some(Ok(channel)) = CHANNEL.get().map(|name| BroadcastChannel::new(name)) {
            // Nothing can be done about a refusal in a thread that is about to end; the console has the text.
            let _ = channel.post_message(&JsValue::from_str(&text));
        }
        earlier(panic);
    }));
    // The channel must live as long as the page.
    std::mem::forget(channel);
}
