//! Files that the user opens.

use wasm_bindgen_futures::JsFuture;
use web_sys::File;

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
