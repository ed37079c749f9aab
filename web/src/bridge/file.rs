//! Files that the user opens and keeps, and the page's own address.

use gloo::utils::{document, window};
use js_sys::Array;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, BlobPropertyBag, File, HtmlAnchorElement, Url};

/// The most bytes that are read of a file; a lesson may have 64 KB, and more is refused with a better reason than this.
const MOST: f64 = 1_000_000.0;

/// The text of a file that the user has opened, or why it has none.
pub async fn text_of_file(file: File) -> Result<String, String> {
    if file.size() > MOST {
        return Err(format!("{} has {:.1} MB; a lesson is a text of at most 64 KB.", file.name(), file.size() / 1e6));
    }
    let buffer = JsFuture::from(file.array_buffer()).await.map_err(|_| format!("{} cannot be read.", file.name()))?;
    let bytes = js_sys::Uint8Array::new(&buffer).to_vec();
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        format!("{} is not a text: byte {at} is not UTF-8. A lesson is a TOML file.", file.name())
    })
}

/// Offers a text to be kept as a file. Where the browser refuses, nothing happens: it says so itself.
pub fn save(name: &str, kind: &str, text: &str) {
    let properties = BlobPropertyBag::new();
    properties.set_type(kind);
    let parts = Array::of1(&JsValue::from_str(text));
    let Ok(blob) = Blob::new_with_str_sequence_and_options(&parts, &properties) else { return };
    save_blob(name, &blob);
}

/// The same for what is no text.
pub fn save_blob(name: &str, blob: &Blob) {
    let Ok(url) = Url::create_object_url_with_blob(blob) else { return };
    let anchor = document().create_element("a").ok().and_then(|it| it.dyn_into::<HtmlAnchorElement>().ok());
    if let Some(anchor) = anchor {
        anchor.set_href(&url);
        anchor.set_download(name);
        anchor.click();
    }
    // The download has its own hold on the bytes by now.
    let _ = Url::revoke_object_url(&url);
}

/// The page's address, without what stands behind `?` or `#`.
pub fn page_address() -> String {
    let location = window().location();
    location.origin().and_then(|origin| Ok(origin + &location.pathname()?)).unwrap_or_default()
}

/// Whether the page is asked to do without what surrounds the stage: `?embed`.
pub fn embedded() -> bool {
    let search = window().location().search().unwrap_or_default();
    search.trim_start_matches('?').split('&').any(|part| part == "embed" || part.starts_with("embed="))
}
