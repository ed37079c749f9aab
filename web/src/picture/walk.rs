//! The walk over a panel's elements: boxes, texts and what lies over them, as the browser has laid them out.

use gloo::utils::{document, window};
use wasm_bindgen::JsCast;
use web_sys::{
    CssStyleDeclaration, DomRect, Element, HtmlCanvasElement, HtmlElement, HtmlInputElement, HtmlSelectElement, Node,
    Range, Text,
};

use super::copy::copy;
use super::svg::{Colour, Drawing, Rect, Type, colour, escaped, number};

/// The part of a line's height that is above the line on which letters stand.
const ABOVE: f64 = 0.8;

/// The page's own ground and ink.
pub struct Colours {
    /// The ground.
    pub ground: Colour,
    /// The text on it.
    pub ink: Colour,
}

/// What the page's body is painted with.
pub fn root_colours() -> Colours {
    let style = style_of(&gloo::utils::body());
    let of = |name: &str, otherwise: &str| {
        let found = style.as_ref().and_then(|style| colour(&value(style, name)));
        found.unwrap_or(Colour { hex: otherwise.to_owned(), opacity: 1.0 })
    };
    Colours { ground: of("background-color", "#ffffff"), ink: of("color", "#000000") }
}

/// What styles make of an element.
pub fn style_of(element: &Element) -> Option<CssStyleDeclaration> {
    window().get_computed_style(element).ok().flatten()
}

/// One property; empty where there is none.
pub fn value(style: &CssStyleDeclaration, name: &str) -> String {
    style.get_property_value(name).unwrap_or_default()
}

fn length(style: &CssStyleDeclaration, name: &str) -> f64 {
    value(style, name).trim_end_matches("px").parse().unwrap_or(0.0)
}

/// Where an element is.
pub fn rect_of(element: &Element) -> Rect {
    of_dom(&element.get_bounding_client_rect())
}

fn of_dom(rect: &DomRect) -> Rect {
    Rect { x: rect.x(), y: rect.y(), w: rect.width(), h: rect.height() }
}

/// A walk; what it meets is drawn so far to the right and down.
pub struct Walk<'a> {
    drawing: &'a mut Drawing,
    right: f64,
    down: f64,
    /// What can be seen through the boxes that cut off what is too long.
    seen: Rect,
    /// How much larger the page is drawn than its styles say.
    zoom: f64,
}

impl<'a> Walk<'a> {
    /// A walk that draws here.
    pub fn new(drawing: &'a mut Drawing, right: f64, down: f64) -> Self {
        let zoom = document().query_selector(".app").ok().flatten().map_or(1.0, |app| {
            let laid_out = app.dyn_ref::<HtmlElement>().map_or(0, HtmlElement::offset_width);
            let ratio = rect_of(&app).w / f64::from(laid_out.max(1));
            if laid_out > 0 && (ratio - 1.0).abs() > 0.02 { ratio } else { 1.0 }
        });
        Self { drawing, right, down, seen: Rect { x: -1e5, y: -1e5, w: 2e5, h: 2e5 }, zoom }
    }

    fn shifted(&self, rect: Rect) -> Rect {
        Rect { x: rect.x + self.right, y: rect.y + self.down, ..rect }
    }

    /// Draws an element and all that is in it.
    pub fn element(&mut self, element: &Element) {
        let tag = element.local_name();
        if element.has_attribute("data-not-drawn") || ["script", "style", "option", "optgroup"].contains(&tag.as_str())
        {
            return;
        }
        let Some(style) = style_of(element) else { return };
        let display = value(&style, "display");
        if display == "none" || value(&style, "visibility") == "hidden" || value(&style, "opacity") == "0" {
            return;
        }
        let rect = rect_of(element);
        // Text for screen readers has a pixel.
        let nothing = rect.w <= 1.0 && rect.h <= 1.0;
        if display != "contents" && (nothing || rect.within(self.seen).is_none()) {
            return;
        }
        if tag == "svg" {
            let mut out = String::new();
            copy(element, self.shifted(rect), &mut out);
            self.drawing.raw(&out);
            return;
        }
        if let Some(canvas) = element.dyn_ref::<HtmlCanvasElement>() {
            self.canvas(canvas, rect);
            return;
        }
        self.ground(&style, rect);
        self.before(element, &style, rect);
        let cut = value(&style, "overflow-x") != "visible" && overflows(element);
        let before = self.seen;
        if cut {
            self.seen = before.within(rect).unwrap_or_default();
            let seen = self.shifted(self.seen);
            self.drawing.begin_clip(seen);
        }
        match tag.as_str() {
            "select" => {
                let seen = self.shifted(rect.within(self.seen).unwrap_or_default());
                self.drawing.begin_clip(seen);
                self.inside(&style, rect, &chosen(element), true);
                self.drawing.end_clip();
            }
            "input" => self.input(element, &style, rect),
            _ => self.children(element, &style),
        }
        if cut {
            self.drawing.end_clip();
            self.seen = before;
        }
    }

    fn children(&mut self, element: &Element, style: &CssStyleDeclaration) {
        let closed = element.local_name() == "details" && !element.has_attribute("open");
        let nodes = element.child_nodes();
        for node in (0..nodes.length()).filter_map(|i| nodes.item(i)) {
            if let Some(child) = node.dyn_ref::<Element>() {
                if !closed || child.local_name() == "summary" {
                    self.element(child);
                }
            } else if node.node_type() == Node::TEXT_NODE && !closed {
                self.text(&node.unchecked_into(), style);
            }
        }
    }

    /// The ground and the border.
    fn ground(&mut self, style: &CssStyleDeclaration, rect: Rect) {
        let fill = colour(&value(style, "background-color"));
        let radius = length(style, "border-top-left-radius") * self.zoom;
        let sides = ["top", "right", "bottom", "left"].map(|side| {
            let kind = value(style, &format!("border-{side}-style"));
            let width = length(style, &format!("border-{side}-width")) * self.zoom;
            let colour = colour(&value(style, &format!("border-{side}-color")));
            colour.filter(|_| kind != "none" && width > 0.0).map(|colour| (colour, width, dashes(&kind)))
        });
        let place = self.shifted(rect);
        if sides.iter().all(|side| *side == sides[0]) {
            let border = sides[0].as_ref().map(|(colour, width, dashes)| (colour, *width, *dashes));
            self.drawing.rect(place, radius, fill.as_ref(), border);
            return;
        }
        self.drawing.rect(place, radius, fill.as_ref(), None);
        for (i, side) in sides.iter().enumerate() {
            let Some((colour, width, _)) = side else { continue };
            let bar = match i {
                0 => Rect { h: *width, ..place },
                1 => Rect { x: place.x + place.w - width, w: *width, ..place },
                2 => Rect { y: place.y + place.h - width, h: *width, ..place },
                _ => Rect { w: *width, ..place },
            };
            self.drawing.rect(bar, 0.0, Some(colour), None);
        }
    }

    fn type_of(&self, style: &CssStyleDeclaration) -> Option<Type> {
        Some(Type {
            family: value(style, "font-family"),
            size: length(style, "font-size") * self.zoom,
            weight: value(style, "font-weight"),
            colour: colour(&value(style, "color"))?,
            struck: value(style, "text-decoration-line").contains("line-through"),
        })
    }

    /// A word that styles put before an element's own text.
    fn before(&mut self, element: &Element, style: &CssStyleDeclaration, rect: Rect) {
        let Ok(Some(own)) = window().get_computed_style_with_pseudo_elt(element, "::before") else { return };
        let content = value(&own, "content");
        let Some(word) = content.strip_prefix('"').and_then(|it| it.strip_suffix('"')).filter(|it| !it.is_empty())
        else {
            return;
        };
        let Some(how) = self.type_of(&own) else { return };
        let around = |name: &str| length(&own, &format!("{name}-left")) + length(&own, &format!("{name}-right"));
        let place = Rect {
            x: rect.x + length(style, "padding-left") * self.zoom,
            y: rect.y + 1.0,
            w: (length(&own, "width") + around("padding")) * self.zoom,
            h: length(&own, "height") * self.zoom,
        };
        self.ground(&own, place);
        let place = self.shifted(place);
        let left = place.x + length(&own, "padding-left") * self.zoom;
        self.drawing.text(left, place.y + place.h / 2.0 + how.size * 0.35, None, &how, word);
    }

    /// A text, line by line as it was broken.
    fn text(&mut self, text: &Text, style: &CssStyleDeclaration) {
        let data = text.data();
        let (Some(how), Ok(range)) = (self.type_of(style), document().create_range()) else { return };
        if data.trim().is_empty() {
            return;
        }
        // The lines so far: where each begins in the text and ends, and where it stands.
        let mut lines: Vec<(usize, usize, Rect)> = Vec::new();
        for (from, to) in words(&data) {
            let Some(rect) = place_of(&range, text, &data, from, to) else { continue };
            match lines.last_mut() {
                Some((_, end, line)) if (line.y - rect.y).abs() < rect.h / 2.0 && rect.x >= line.x => {
                    *end = to;
                    line.w = rect.x + rect.w - line.x;
                }
                _ => lines.push((from, to, rect)),
            }
        }
        for (from, to, rect) in lines {
            if rect.within(self.seen).is_none() {
                continue;
            }
            let at = self.shifted(rect);
            let line = data[from..to].replace(['\n', '\t'], " ");
            self.drawing.text(at.x, at.y + at.h * ABOVE, Some(at.w), &how, &line);
        }
    }

    /// What stands in a box that is no element of its own.
    fn inside(&mut self, style: &CssStyleDeclaration, rect: Rect, text: &str, list: bool) {
        let Some(how) = self.type_of(style) else { return };
        let place = self.shifted(rect);
        let line = place.y + place.h / 2.0 + how.size * 0.35;
        let left = place.x + length(style, "padding-left") * self.zoom + 2.0;
        self.drawing.text(left, line, None, &how, text);
        if list {
            // The sign covers what is too long.
            let end = Rect { x: place.x + place.w - 18.0, y: place.y + 2.0, w: 16.0, h: place.h - 4.0 };
            let ground = colour(&value(style, "background-color"));
            self.drawing.rect(end, 0.0, ground.as_ref(), None);
            self.drawing.text(place.x + place.w - 15.0, line, None, &how, "\u{25be}");
        }
    }

    fn input(&mut self, element: &Element, style: &CssStyleDeclaration, rect: Rect) {
        let Some(input) = element.dyn_ref::<HtmlInputElement>() else { return };
        match input.type_().as_str() {
            "checkbox" | "radio" => {
                let Some(how) = self.type_of(style) else { return };
                let place = self.shifted(rect);
                self.drawing.rect(place, 2.0, None, Some((&how.colour, 1.0, "")));
                if input.checked() {
                    self.drawing.text(place.x + 2.0, place.y + place.h - 2.0, Some(place.w - 4.0), &how, "\u{2713}");
                }
            }
            _ => self.inside(style, rect, &input.value(), false),
        }
    }

    fn canvas(&mut self, canvas: &HtmlCanvasElement, rect: Rect) {
        let Ok(data) = canvas.to_data_url() else { return };
        let (at, data) = (self.shifted(rect), escaped(&data));
        self.drawing.raw(&format!(
            "<image x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" preserveAspectRatio=\"none\" href=\"{data}\" xlink:href=\"{data}\"/>\n",
            number(at.x),
            number(at.y),
            number(at.w),
            number(at.h)
        ));
    }
}

/// Whether more is in an element than it shows.
fn overflows(element: &Element) -> bool {
    element.scroll_width() > element.client_width() || element.scroll_height() > element.client_height()
}

fn dashes(kind: &str) -> &'static str {
    match kind {
        "dashed" => "4 3",
        "dotted" => "1.5 2",
        _ => "",
    }
}

fn chosen(element: &Element) -> String {
    let list = element.dyn_ref::<HtmlSelectElement>();
    let option = list.and_then(|list| list.options().item(u32::try_from(list.selected_index()).unwrap_or(0)));
    option.and_then(|option| option.text_content()).unwrap_or_default()
}

/// The words of a text: where each begins and ends.
fn words(text: &str) -> Vec<(usize, usize)> {
    let mut words = Vec::new();
    let mut start = None;
    for (at, c) in text.char_indices() {
        match (c.is_whitespace() && c != '\u{a0}' && c != '\u{202f}', start) {
            (true, Some(from)) => {
                words.push((from, at));
                start = None;
            }
            (false, None) => start = Some(at),
            _ => {}
        }
    }
    words.extend(start.map(|from| (from, text.len())));
    words
}

/// Where a part of a text stands; browsers count it in UTF-16 units.
fn place_of(range: &Range, text: &Text, data: &str, from: usize, to: usize) -> Option<Rect> {
    let units = |end: usize| u32::try_from(data[..end].encode_utf16().count()).unwrap_or(0);
    range.set_start(text, units(from)).ok()?;
    range.set_end(text, units(to)).ok()?;
    let rect = range.get_client_rects()?.item(0)?;
    Some(of_dom(&rect)).filter(|rect| rect.w > 0.0)
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn words_are_found_where_they_stand() {
        assert_eq!(words(" a bc\n\u{e9}d "), [(1, 2), (3, 5), (6, 9)]);
        assert_eq!(words("12\u{202f}345"), [(0, 8)]);
        assert_eq!(words("  "), []);
    }
}
