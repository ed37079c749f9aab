//! Writing SVG: what a picture is made of, as text that any program for drawings reads. Knows nothing of the browser.

use std::fmt::Write;

/// A rectangle on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Rect {
    /// Its left edge.
    pub x: f64,
    /// Its upper edge.
    pub y: f64,
    /// Its width.
    pub w: f64,
    /// Its height.
    pub h: f64,
}

impl Rect {
    /// What both have in common; none if nothing.
    pub fn within(self, other: Rect) -> Option<Rect> {
        let (x, y) = (self.x.max(other.x), self.y.max(other.y));
        let (w, h) = ((self.x + self.w).min(other.x + other.w) - x, (self.y + self.h).min(other.y + other.h) - y);
        (w > 0.0 && h > 0.0).then_some(Rect { x, y, w, h })
    }
}

/// A colour as SVG has it: six digits and an opacity.
#[derive(Debug, Clone, PartialEq)]
pub struct Colour {
    /// `#rrggbb`.
    pub hex: String,
    /// 0 to 1.
    pub opacity: f64,
}

/// The colour that a browser computed: `rgb(..)`, `rgba(..)` or `color(srgb ..)`. None for what is no colour, or cannot be seen.
pub fn colour(css: &str) -> Option<Colour> {
    let (name, inside) = css.strip_suffix(')')?.split_once('(')?;
    let (inside, full) = match name {
        "rgb" | "rgba" => (inside, 255.0),
        "color" => (inside.strip_prefix("srgb ")?, 1.0),
        _ => return None,
    };
    let parts: Option<Vec<f64>> =
        inside.split([' ', ',', '/']).filter(|part| !part.is_empty()).map(|part| part.parse().ok()).collect();
    let (red, green, blue, opacity) = match *parts?.as_slice() {
        [r, g, b] => (r, g, b, 1.0),
        [r, g, b, a] => (r, g, b, a),
        _ => return None,
    };
    let byte = |part: f64| (part / full * 255.0).round().clamp(0.0, 255.0) as u8;
    let hex = format!("#{:02x}{:02x}{:02x}", byte(red), byte(green), byte(blue));
    (opacity > 0.0).then_some(Colour { hex, opacity })
}

/// Text as XML may hold it.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // XML has no way to hold these.
            '\u{0}'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {
                out.push('\u{fffd}')
            }
            c => out.push(c),
        }
    }
    out
}

/// Fonts that every machine has, in place of the browser's.
pub fn family(css: &str) -> &'static str {
    if css.contains("mono") { "'Courier New', Courier, monospace" } else { "Arial, Helvetica, sans-serif" }
}

/// A number with two places at most.
pub fn number(n: f64) -> String {
    let text = format!("{n:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// How a text looks.
#[derive(Debug, Clone, PartialEq)]
pub struct Type {
    /// Its font, as the browser computed it.
    pub family: String,
    /// Its size in pixels.
    pub size: f64,
    /// Its weight.
    pub weight: String,
    /// Its colour.
    pub colour: Colour,
    /// Whether a line goes through it.
    pub struck: bool,
}

/// A drawing under way.
#[derive(Default)]
pub struct Drawing {
    out: String,
    clips: usize,
}

impl Drawing {
    /// What was drawn, as a file of its own: so large, on this ground.
    pub fn file(&self, width: f64, height: f64, ground: &str, title: &str) -> String {
        let (w, h) = (number(width), number(height));
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" \
             xmlns:xlink=\"http://www.w3.org/1999/xlink\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\">\n\
             <title>{}</title>\n<rect width=\"{w}\" height=\"{h}\" fill=\"{ground}\"/>\n{}</svg>\n",
            escaped(title),
            self.out
        )
    }

    /// A part as it is.
    pub fn raw(&mut self, part: &str) {
        self.out.push_str(part);
    }

    /// A box with a ground and a border, either of which may be missing.
    pub fn rect(&mut self, rect: Rect, radius: f64, fill: Option<&Colour>, border: Option<(&Colour, f64, &str)>) {
        let inset = border.map_or(0.0, |(_, width, _)| width / 2.0);
        let (w, h) = (rect.w - 2.0 * inset, rect.h - 2.0 * inset);
        if w <= 0.0 || h <= 0.0 || (fill.is_none() && border.is_none()) {
            return;
        }
        let (x, y) = (number(rect.x + inset), number(rect.y + inset));
        let _ = write!(self.out, "<rect x=\"{x}\" y=\"{y}\" width=\"{}\" height=\"{}\"", number(w), number(h));
        let radius = (radius - inset).min(w / 2.0).min(h / 2.0);
        if radius > 0.0 {
            let _ = write!(self.out, " rx=\"{}\"", number(radius));
        }
        self.paint("fill", fill);
        if let Some((colour, width, dashes)) = border {
            self.paint("stroke", Some(colour));
            let _ = write!(self.out, " stroke-width=\"{}\"", number(width));
            if !dashes.is_empty() {
                let _ = write!(self.out, " stroke-dasharray=\"{dashes}\"");
            }
        }
        self.out.push_str("/>\n");
    }

    /// A line of text from `x` on along the line at `y`, as wide as it was on the screen whatever font it gets.
    pub fn text(&mut self, x: f64, y: f64, width: Option<f64>, how: &Type, text: &str) {
        let _ = write!(
            self.out,
            "<text x=\"{}\" y=\"{}\" font-family=\"{}\" font-size=\"{}\" xml:space=\"preserve\"",
            number(x),
            number(y),
            family(&how.family),
            number(how.size)
        );
        if how.weight != "400" {
            let _ = write!(self.out, " font-weight=\"{}\"", how.weight);
        }
        if how.struck {
            self.out.push_str(" text-decoration=\"line-through\"");
        }
        if let Some(width) = width.filter(|width| *width > 0.0) {
            let _ = write!(self.out, " textLength=\"{}\" lengthAdjust=\"spacingAndGlyphs\"", number(width));
        }
        self.paint("fill", Some(&how.colour));
        let _ = writeln!(self.out, ">{}</text>", escaped(text));
    }

    fn paint(&mut self, what: &str, colour: Option<&Colour>) {
        let Some(colour) = colour else {
            let _ = write!(self.out, " {what}=\"none\"");
            return;
        };
        let _ = write!(self.out, " {what}=\"{}\"", colour.hex);
        if colour.opacity < 1.0 {
            let _ = write!(self.out, " {what}-opacity=\"{}\"", number(colour.opacity));
        }
    }

    /// What is drawn until the end of the clip is seen only inside of `rect`.
    pub fn begin_clip(&mut self, rect: Rect) {
        self.clips += 1;
        let (n, x, y, w, h) = (self.clips, number(rect.x), number(rect.y), number(rect.w), number(rect.h));
        let _ = writeln!(
            self.out,
            "<clipPath id=\"clip{n}\"><rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\"/></clipPath>\n\
             <g clip-path=\"url(#clip{n})\">"
        );
    }

    /// The end of what [`Self::begin_clip`] began.
    pub fn end_clip(&mut self) {
        self.out.push_str("</g>\n");
    }
}

/// Cuts a text into lines of at most so many letters: between words where there are any, else anywhere.
pub fn lines(text: &str, most: usize) -> Vec<String> {
    let most = most.max(8);
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let letters: Vec<char> = word.chars().collect();
        for part in letters.chunks(most) {
            let last = lines.len() - 1;
            let used = lines[last].chars().count();
            if used > 0 && used + 1 + part.len() > most {
                lines.push(part.iter().collect());
                continue;
            }
            if used > 0 {
                lines[last].push(' ');
            }
            lines[last].extend(part);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_of_browsers_become_those_of_svg() {
        let check = |css: &str, hex: &str, opacity: f64| {
            assert_eq!(colour(css), Some(Colour { hex: hex.to_owned(), opacity }), "{css}");
        };
        check("rgb(0, 103, 176)", "#0067b0", 1.0);
        check("rgba(27, 31, 37, 0.5)", "#1b1f25", 0.5);
        check("color(srgb 1 0.5 0 / 0.25)", "#ff8000", 0.25);
        for none in ["rgba(0, 0, 0, 0)", "none", "transparent", "rgb(1, 2)", "oklab(0 0 0)", "rgb(a, b, c)"] {
            assert_eq!(colour(none), None, "{none}");
        }
    }

    #[test]
    fn any_text_is_safe_in_xml() {
        assert_eq!(escaped("a<b & \"c\">\u{0}\u{1f600}"), "a&lt;b &amp; &quot;c&quot;&gt;\u{fffd}\u{1f600}");
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!([1.0, 0.5, 12.345, -0.001, 100.0].map(number), ["1", "0.5", "12.35", "0", "100"]);
    }

    #[test]
    fn a_long_word_is_cut_and_words_are_kept_whole() {
        assert_eq!(lines("one two three", 8), ["one two", "three"]);
        assert_eq!(lines("abcdefghijkl mn", 8), ["abcdefgh", "ijkl mn"]);
        assert_eq!(lines("", 8), [""]);
    }

    #[test]
    fn what_two_rectangles_have_in_common() {
        let rect = |x, y, w, h| Rect { x, y, w, h };
        assert_eq!(rect(0.0, 0.0, 4.0, 4.0).within(rect(2.0, 1.0, 9.0, 1.0)), Some(rect(2.0, 1.0, 2.0, 1.0)));
        assert_eq!(rect(0.0, 0.0, 4.0, 4.0).within(rect(4.0, 0.0, 1.0, 1.0)), None);
    }
}
