//! Pictures of what the page shows. One mechanism for all panels: their elements are walked, text becomes text, boxes
//! become rectangles, drawings are copied with all that styles say of them; so the file needs nothing of the page, and no
//! program needs to understand HTML.

mod copy;
mod svg;
mod walk;

use web_sys::Element;

use self::svg::{Colour, Drawing, Rect, Type};
use self::walk::Walk;

/// What stands below a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caption {
    /// The lesson and the step.
    pub title: String,
    /// What just happened.
    pub sentence: String,
    /// The link to this state; none if it is too long for an address.
    pub link: Option<String>,
}

/// A finished picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    /// The file.
    pub svg: String,
    /// Its width in pixels.
    pub width: f64,
    /// Its height in pixels.
    pub height: f64,
}

const MARGIN: f64 = 12.0;
/// The least width, so that captions have room.
const NARROW: f64 = 520.0;
/// About so much of its size is a letter's width.
const LETTER: f64 = 0.56;

/// The picture of these elements, one below the other, with a caption.
pub fn picture(parts: &[Element], caption: &Caption) -> Picture {
    let rects: Vec<Rect> = parts.iter().map(walk::rect_of).collect();
    let width = rects.iter().map(|rect| rect.w).fold(NARROW, f64::max) + 2.0 * MARGIN;
    let mut drawing = Drawing::default();
    let mut y = MARGIN;
    for (part, rect) in parts.iter().zip(&rects) {
        Walk::new(&mut drawing, MARGIN - rect.x, y - rect.y).element(part);
        y += rect.h + MARGIN;
    }
    let colours = walk::root_colours();
    let height = draw_caption(&mut drawing, caption, width, y, &colours.ink);
    Picture { svg: drawing.file(width, height, &colours.ground.hex, &caption.title), width, height }
}

/// Draws the caption from `y` on; where it ends.
fn draw_caption(drawing: &mut Drawing, caption: &Caption, width: f64, mut y: f64, ink: &Colour) -> f64 {
    let mut write = |text: &str, size: f64, weight: &str, family: &str, letter: f64| {
        let how =
            Type { family: family.to_owned(), size, weight: weight.to_owned(), colour: ink.clone(), struck: false };
        for line in svg::lines(text, ((width - 2.0 * MARGIN) / (size * letter)) as usize) {
            y += size * 1.35;
            drawing.text(MARGIN, y, None, &how, &line);
        }
    };
    write(&caption.title, 14.0, "700", "sans", LETTER);
    write(&caption.sentence, 13.0, "400", "sans", LETTER);
    match &caption.link {
        None => write("The link to this state is too long for an address.", 11.0, "400", "sans", LETTER),
        Some(link) => {
            let address = svg::escaped(link);
            // Programs of before SVG 2 know the older attribute.
            drawing.raw(&format!("<a href=\"{address}\" xlink:href=\"{address}\">\n"));
            let how =
                Type { family: "mono".into(), size: 11.0, weight: "400".into(), colour: ink.clone(), struck: false };
            for line in svg::lines(link, ((width - 2.0 * MARGIN) / (11.0 * 0.62)) as usize) {
                y += 15.0;
                drawing.text(MARGIN, y, None, &how, &line);
            }
            drawing.raw("</a>\n");
        }
    }
    y + MARGIN
}
