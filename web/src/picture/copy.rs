//! Drawings copied into a picture: each element with what styles say of it written at it.

use std::fmt::Write;

use wasm_bindgen::JsCast;
use web_sys::{CssStyleDeclaration, Element, Node, Text};

use super::svg::{Rect, colour, escaped, family, number};
use super::walk::{style_of, value};

/// What children take over from their parents unless they say otherwise, and what it is at first.
const INHERITED: [(&str, &str); 14] = [
    ("fill", "rgb(0, 0, 0)"),
    ("fill-opacity", "1"),
    ("stroke", "none"),
    ("stroke-opacity", "1"),
    ("stroke-width", "1px"),
    ("stroke-dasharray", "none"),
    ("stroke-linejoin", "miter"),
    ("stroke-linecap", "butt"),
    ("paint-order", "normal"),
    ("text-anchor", "start"),
    ("font-size", ""),
    ("font-weight", "400"),
    ("font-family", ""),
    ("marker-end", "none"),
];

/// What they do not.
const OWN: [(&str, &str); 3] = [("opacity", "1"), ("transform", "none"), ("vector-effect", "none")];

/// Copies a drawing to where it stands in the picture.
pub fn copy(svg: &Element, place: Rect, out: &mut String) {
    let style = style_of(svg);
    let _ = write!(
        out,
        "<svg x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"",
        number(place.x),
        number(place.y),
        number(place.w),
        number(place.h)
    );
    for name in ["viewBox", "preserveAspectRatio"] {
        if let Some(value) = svg.get_attribute(name) {
            let _ = write!(out, " {name}=\"{}\"", escaped(&value));
        }
    }
    if style.as_ref().is_some_and(|style| value(style, "overflow").contains("visible")) {
        out.push_str(" overflow=\"visible\"");
    }
    let first: Vec<String> = INHERITED.iter().map(|(_, first)| (*first).to_owned()).collect();
    let here = style.map(|style| write_style(&style, &first, false, out)).unwrap_or(first);
    out.push_str(">\n");
    children(svg, &here, out);
    out.push_str("</svg>\n");
}

fn children(parent: &Element, above: &[String], out: &mut String) {
    let nodes = parent.child_nodes();
    for i in 0..nodes.length() {
        let Some(node) = nodes.item(i) else { continue };
        if let Some(element) = node.dyn_ref::<Element>() {
            copy_element(element, above, out);
        } else if node.node_type() == Node::TEXT_NODE {
            out.push_str(&escaped(&node.unchecked_into::<Text>().data()));
        }
    }
}

fn copy_element(element: &Element, above: &[String], out: &mut String) {
    let tag = element.local_name();
    let Some(style) = style_of(element).filter(|style| value(style, "display") != "none" || tag == "title") else {
        return;
    };
    if value(&style, "visibility") == "hidden" {
        return;
    }
    let _ = write!(out, "<{tag}");
    let names = element.get_attribute_names();
    for name in names.iter().filter_map(|name| name.as_string()) {
        let page_only = ["class", "style", "role", "tabindex"].contains(&name.as_str())
            || ["aria-", "data-", "on"].iter().any(|begin| name.starts_with(begin));
        let styled = INHERITED.iter().chain(&OWN).any(|(property, _)| *property == name);
        if let Some(value) = element.get_attribute(&name).filter(|_| !page_only && !styled) {
            let _ = write!(out, " {name}=\"{}\"", escaped(&value));
        }
    }
    if tag == "title" {
        out.push('>');
        children(element, above, out);
        out.push_str("</title>");
        return;
    }
    let here = write_style(&style, above, true, out);
    out.push('>');
    children(element, &here, out);
    let _ = writeln!(out, "</{tag}>");
}

/// Writes what differs from `above`; returns what holds here. The outermost element has its place given otherwise.
fn write_style(style: &CssStyleDeclaration, above: &[String], inner: bool, out: &mut String) -> Vec<String> {
    let here: Vec<String> = INHERITED.iter().map(|(name, _)| value(style, name)).collect();
    for (((name, _), here), above) in INHERITED.iter().zip(&here).zip(above) {
        if here != above {
            write_property(name, here, out);
        }
    }
    for (name, first) in OWN.iter().filter(|_| inner) {
        let here = value(style, name);
        if !here.is_empty() && here != *first {
            write_property(name, &here, out);
        }
    }
    here
}

fn write_property(name: &str, css: &str, out: &mut String) {
    if let Some(colour) = colour(css) {
        let _ = write!(out, " {name}=\"{}\"", colour.hex);
        if colour.opacity < 1.0 {
            let _ = write!(out, " {name}-opacity=\"{}\"", number(colour.opacity));
        }
        return;
    }
    let value = match name {
        "font-family" => family(css).to_owned(),
        "fill" | "stroke" if css.contains('(') && !css.starts_with("url") => "none".to_owned(),
        _ => css.replace("px", "").replace('"', ""),
    };
    let _ = write!(out, " {name}=\"{}\"", escaped(&value));
}
