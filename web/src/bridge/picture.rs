//! A picture as PNG: the browser draws the SVG at twice its size.

use js_sys::Function;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Blob, CanvasRenderingContext2d, HtmlCanvasElement, HtmlImageElement};
use yew::Callback;

use super::file::save_blob;
use crate::picture::Picture;

/// Dots to a pixel.
const DENSITY: f64 = 2.0;

/// Draws and saves it; says what came of it.
pub fn save_png(name: &str, picture: &Picture, said: Callback<String>) {
    let (name, picture) = (name.to_owned(), picture.clone());
    spawn_local(async move {
        said.emit(match draw(&picture).await {
            Ok(canvas) => {
                let file = name.clone();
                let give = Closure::once_into_js(move |blob: Option<Blob>| {
                    if let Some(blob) = blob {
                        save_blob(&file, &blob);
                    }
                });
                match canvas.to_blob(give.unchecked_ref::<Function>()) {
                    Ok(()) => {
                        format!("{name}: {:.0} by {:.0} dots.", picture.width * DENSITY, picture.height * DENSITY)
                    }
                    Err(_) => "The browser does not give the drawn picture away; take the SVG.".to_owned(),
                }
            }
            Err(_) => "The browser cannot draw it as PNG; take the SVG.".to_owned(),
        });
    });
}

async fn draw(picture: &Picture) -> Result<HtmlCanvasElement, JsValue> {
    let image = HtmlImageElement::new()?;
    image.set_src(&format!("data:image/svg+xml;charset=utf-8,{}", js_sys::encode_uri_component(&picture.svg)));
    JsFuture::from(image.decode()).await?;
    let canvas: HtmlCanvasElement = gloo::utils::document().create_element("canvas")?.unchecked_into();
    canvas.set_width((picture.width * DENSITY) as u32);
    canvas.set_height((picture.height * DENSITY) as u32);
    let context = canvas.get_context("2d")?.ok_or("no canvas")?.unchecked_into::<CanvasRenderingContext2d>();
    context.scale(DENSITY, DENSITY)?;
    context.draw_image_with_html_image_element_and_dw_and_dh(&image, 0.0, 0.0, picture.width, picture.height)?;
    Ok(canvas)
}
