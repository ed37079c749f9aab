//! The worker's side: its entry, and the port by which a job talks with the page.

use std::cell::RefCell;

use js_sys::Array;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

use super::{coordinator, jobs};

/// What a job has of the page; it lives in the worker and cannot leave it.
#[derive(Clone)]
pub struct Port(DedicatedWorkerGlobalScope);

type OnSaid = Box<dyn FnMut(String)>;

thread_local! {
    static ON_SAID: RefCell<Option<OnSaid>> = const { RefCell::new(None) };
}

impl Port {
    fn of_this_worker() -> Self {
        Self(js_sys::global().unchecked_into())
    }

    /// Says `text` to the page.
    pub fn say(&self, text: &str) {
        self.post(&Array::of2(&"said".into(), &text.into()));
    }

    /// Hears what the page says from now on, once the job has returned.
    pub fn on_said(&self, hears: impl FnMut(String) + 'static) {
        ON_SAID.set(Some(Box::new(hears)));
    }

    fn post(&self, message: &Array) {
        self.0.post_message(message).expect("a plain message");
    }

    /// Hears the page's messages until the worker ends.
    fn listen(&self) {
        let port = self.clone();
        let on_message = Closure::<dyn FnMut(_)>::new(move |event: MessageEvent| {
            let message = Array::from(&event.data());
            let text = message.get(1).as_string();
            match (message.get(0).as_string().as_deref(), message.get(1).as_f64(), text) {
                (Some("run"), Some(number), _) => {
                    if let Some(start) = jobs::take(number as u32) {
                        (start.job)(port.clone());
                    }
                }
                (Some("say"), _, Some(text)) => {
                    // Taken out while it runs: it may set another in its place.
                    if let Some(mut hears) = ON_SAID.take() {
                        hears(text);
                        ON_SAID.with_borrow_mut(|slot| {
                            slot.get_or_insert(hears);
                        });
                    }
                }
                _ => {}
            }
        });
        self.0.set_onmessage(Some(on_message.into_js_value().unchecked_ref()));
    }
}

/// The entry of every worker: takes job `number` and runs it. Called by `boot.js` alone.
#[wasm_bindgen]
pub async fn worker_entry(number: u32) -> Result<(), JsValue> {
    let start = jobs::take(number).ok_or_else(|| JsValue::from_str("this job has been taken already"))?;
    let port = Port::of_this_worker();
    if let Some(threads) = start.pool {
        coordinator::start_pool(threads).await?;
    }
    port.listen();
    port.post(&Array::of1(&"ready".into()));
    (start.job)(port);
    Ok(())
}
