//! A range of 2 MB from near: 512 squares on a canvas, each with the look of its type, and beside them the same as
//! stretches, each of which can be picked. More shapes than a drawing of elements bears.

use p2mscope_core::view::{Stretch, Zoom};
use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};
use yew::prelude::*;

use crate::hooks::{Ui, use_ui};
use crate::state::Action;

/// What is shown.
#[derive(Properties, PartialEq)]
pub struct Props {
    /// The range.
    pub zoom: Zoom,
}

const COLUMNS: usize = 32;
const ROWS: usize = 16;
/// Pixels of the canvas to a square; it is stretched to where it stands.
const WIDE: usize = 24;
const HIGH: usize = 12;

/// The squares and the stretches.
#[component]
pub fn Near(props: &Props) -> Html {
    let ui = use_ui();
    let zoom = &props.zoom;
    let canvas = use_node_ref();
    let dark = ui.kept.dark;
    let shown = ui.moment.as_ref().and_then(|it| it.walk.as_ref()).map(|walk| walk.gfn);
    {
        let canvas = canvas.clone();
        use_effect_with((zoom.clone(), shown, dark), move |(zoom, shown, _)| {
            let canvas = canvas.cast::<HtmlCanvasElement>();
            if let Some((canvas, context)) = canvas.and_then(|it| context(&it).map(|context| (it, context))) {
                draw(&canvas, &context, zoom, *shown);
            }
        });
    }
    let pick = {
        let (ui, first, slot) = (ui.clone(), zoom.first_gfn, zoom.slot);
        Callback::from(move |event: MouseEvent| {
            let canvas = event.current_target().and_then(|it| it.dyn_into::<web_sys::Element>().ok());
            let Some(rect) = canvas.map(|it| it.get_bounding_client_rect()) else { return };
            let part = |at: i32, from: f64, size: f64, of: usize| {
                (((f64::from(at) - from) / size.max(1.0) * of as f64).max(0.0) as usize).min(of - 1)
            };
            let column = part(event.client_x(), rect.left(), rect.width(), COLUMNS);
            let row = part(event.client_y(), rect.top(), rect.height(), ROWS);
            ui.dispatch(Action::Pick(ui.picked.page(slot, first + (row * COLUMNS + column) as u64)));
        })
    };
    let says = format!("512 pages of 4 KB, {COLUMNS} in a row; the same as a list follows");
    html! {
        <div class="near">
            <canvas ref={canvas} width={(COLUMNS * WIDE).to_string()} height={(ROWS * HIGH).to_string()} role="img" aria-label={says} onclick={pick} />
            <div class="stretches">
                <h3>{ "The pages as stretches" }</h3>
                <ol>{ for zoom.stretches.iter().map(|it| stretch(it, zoom, shown, &ui)) }</ol>
            </div>
        </div>
    }
}

fn stretch(it: &Stretch, zoom: &Zoom, shown: Option<u64>, ui: &Ui) -> Html {
    let pick = {
        let (ui, slot, gfn) = (ui.clone(), zoom.slot, it.first);
        Callback::from(move |_: MouseEvent| ui.dispatch(Action::Pick(ui.picked.page(slot, gfn))))
    };
    let ty = zoom.types.iter().position(|ty| *ty == it.ty);
    let which = match it.count {
        1 => format!("{:#x}", it.first),
        n => format!("{:#x}..{:#x}", it.first, it.first + n - 1),
    };
    let class = classes!(
        it.changed.then_some("changed"),
        shown.is_some_and(|gfn| (it.first..it.first + it.count).contains(&gfn)).then_some("on")
    );
    let at = it.frame.as_ref().map_or(String::new(), |frame| format!(" at {frame}"));
    html! {
        <li {class}>
            <button class="plain" onclick={pick}>
                <svg viewBox="0 0 12 12" aria-hidden="true"><path class={look(ty)} d="M0 0H12V12H0Z" /><path class="strokes" d={strokes(ty)} /></svg>
                <span class="mono">{ which }</span>
                <span>{ format!("{}{at}", it.ty) }</span>
                if it.count > 1 {
                    <span class="mute">{ format!("\u{d7}{}", it.count) }</span>
                }
            </button>
        </li>
    }
}

/// The fill of a type, by its place; what is empty has none.
fn look(ty: Option<usize>) -> &'static str {
    match ty {
        None => "nothing",
        Some(0) => "full",
        Some(_) => "half",
    }
}

/// The strokes of a type in a square of 12: types are told apart by them, not by hue.
fn strokes(ty: Option<usize>) -> &'static str {
    match ty.map(|ty| ty % 6) {
        None | Some(0) => "",
        Some(1) => "M0 12 12 0",
        Some(2) => "M0 6H12",
        Some(3) => "M6 0V12",
        Some(4) => "M0 0 12 12M0 12 12 0",
        Some(_) => "M0 6H12M6 0V12",
    }
}

fn context(canvas: &HtmlCanvasElement) -> Option<CanvasRenderingContext2d> {
    canvas.get_context("2d").ok()??.dyn_into().ok()
}

/// A colour of the theme.
fn theme(canvas: &HtmlCanvasElement, name: &str) -> String {
    let style = gloo::utils::window().get_computed_style(canvas).ok().flatten();
    style.and_then(|style| style.get_property_value(name).ok()).unwrap_or_default()
}

fn draw(canvas: &HtmlCanvasElement, context: &CanvasRenderingContext2d, zoom: &Zoom, shown: Option<u64>) {
    let [nothing, full, half, ink, line, mark, accent, pin] =
        ["--sunk", "--soft", "--heat2", "--ink", "--line", "--mark-edge", "--accent", "--bad"]
            .map(|name| theme(canvas, name));
    let (wide, high) = (WIDE as f64, HIGH as f64);
    context.clear_rect(0.0, 0.0, f64::from(canvas.width()), f64::from(canvas.height()));
    for (i, spot) in zoom.spots.iter().enumerate() {
        let (x, y) = ((i % COLUMNS) as f64 * wide, (i / COLUMNS) as f64 * high);
        let ty = spot.ty.map(usize::from);
        context.set_fill_style_str(match look(ty) {
            "nothing" => &nothing,
            "full" => &full,
            _ => &half,
        });
        context.fill_rect(x + 0.5, y + 0.5, wide - 1.5, high - 1.5);
        context.set_line_width(1.2);
        context.set_stroke_style_str(if ty.is_none() { &line } else { &ink });
        context.begin_path();
        if let Some(n) = ty.map(|ty| ty % 6) {
            let stroke = |from: (f64, f64), to: (f64, f64)| {
                context.move_to(x + from.0 * wide, y + from.1 * high);
                context.line_to(x + to.0 * wide, y + to.1 * high);
            };
            if matches!(n, 1 | 4) {
                stroke((0.1, 0.9), (0.9, 0.1));
            }
            if n == 4 {
                stroke((0.1, 0.1), (0.9, 0.9));
            }
            if matches!(n, 2 | 5) {
                stroke((0.1, 0.5), (0.9, 0.5));
            }
            if matches!(n, 3 | 5) {
                stroke((0.5, 0.1), (0.5, 0.9));
            }
        }
        context.stroke();
        if spot.pins > 0 {
            context.set_fill_style_str(&pin);
            context.fill_rect(x + 2.0, y + 2.0, 5.0, 5.0);
        }
        let here = shown == Some(zoom.first_gfn + i as u64);
        if spot.changed || here {
            context.set_stroke_style_str(if spot.changed { &mark } else { &accent });
            context.set_line_width(2.5);
            context.stroke_rect(x + 1.5, y + 1.5, wide - 3.0, high - 3.0);
        }
    }
}
