//! The page: a p2m to step, explore and run live.

mod app;
mod bridge;
mod components;
mod glossary;
mod hooks;
mod lessons;
mod moment;
mod picture;
mod program;
mod selftest;
mod sight;
mod state;
mod trouble;
pub mod worker;

use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};

/// Mounts the page in the document's body.
pub fn start() {
    trouble::watch();
    let location = gloo::utils::window().location();
    // What is published says that it keeps a service worker.
    let published = gloo::utils::document_element().has_attribute("data-offline");
    if !published && matches!(location.hostname().as_deref(), Ok("localhost" | "127.0.0.1" | "[::1]")) {
        spawn_local(forget_service_workers());
    }
    if location.hash().as_deref() == Ok("#selftest") {
        yew::Renderer::<selftest::Selftest>::new().render();
    } else {
        yew::Renderer::<app::App>::new().render();
    }
}

/// Unregisters every service worker of this origin. On a development server an old one would go on serving an old page.
async fn forget_service_workers() {
    let navigator = gloo::utils::window().navigator();
    // Absent, or asking for it throws, where the browser refuses service workers.
    let workers = js_sys::Reflect::get(&navigator, &JsValue::from_str("serviceWorker"));
    let Some(workers) = workers.ok().and_then(|it| it.dyn_into::<web_sys::ServiceWorkerContainer>().ok()) else {
        return;
    };
    let Ok(found) = JsFuture::from(workers.get_registrations()).await else { return };
    for registration in js_sys::Array::from(&found) {
        if let Ok(promise) = registration.unchecked_into::<web_sys::ServiceWorkerRegistration>().unregister() {
            // Already gone is as good as unregistered.
            let _ = JsFuture::from(promise).await;
        }
    }
}
