//! The themes' colours, by the measure of WCAG 2.2: text stands out by 4.5 to 1 from all that it stands on, what is drawn by 3
//! to 1; and what is told by more or less of one hue differs in grey too.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// The colours of a theme, by their names.
type Theme = BTreeMap<String, [f64; 3]>;

/// The light theme, and the dark one.
fn themes() -> [(&'static str, Theme); 2] {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let css = fs::read_to_string(root.join("static/style/theme.css")).unwrap();
    let of = |head: &str| {
        let block = css.split_once(head).unwrap_or_else(|| panic!("no {head} in the theme")).1;
        let block = block.split_once('}').unwrap().0;
        block.lines().filter_map(colour).collect()
    };
    [("light", of(":root {")), ("dark", of(":root[data-theme=\"dark\"] {"))]
}

/// A line such as `--ink: #1b1f25;`.
fn colour(line: &str) -> Option<(String, [f64; 3])> {
    let (name, hex) = line.trim().strip_prefix("--")?.strip_suffix(';')?.split_once(": #")?;
    let part = |i: usize| Some(f64::from(u8::from_str_radix(hex.get(i..i + 2)?, 16).ok()?) / 255.0);
    Some((name.to_owned(), [part(0)?, part(2)?, part(4)?]))
}

/// How bright a colour is, as WCAG counts it.
fn luminance(colour: [f64; 3]) -> f64 {
    let linear = colour.map(|c| if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) });
    0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
}

fn contrast(one: [f64; 3], other: [f64; 3]) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// The pairs of `above` on `below` that stand out by less than `least`.
fn faults(theme: &Theme, least: f64, above: &[&str], below: &[&str]) -> Vec<String> {
    let at = |name: &str| *theme.get(name).unwrap_or_else(|| panic!("the theme has no --{name}"));
    let pairs = above.iter().flat_map(|above| below.iter().map(move |below| (above, below)));
    pairs
        .filter(|(above, below)| contrast(at(above), at(below)) < least)
        .map(|(above, below)| format!("{above} on {below}: {:.2} of {least}", contrast(at(above), at(below))))
        .collect()
}

const GROUNDS: [&str; 3] = ["paper", "panel", "sunk"];
const ACTORS: [&str; 8] = ["a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7"];
const HEAT: [&str; 5] = ["heat0", "heat1", "heat2", "heat3", "heat4"];

#[test]
fn text_and_drawings_stand_out_in_both_themes() {
    for (name, theme) in themes() {
        let text = |above: &[&str], below: &[&str]| faults(&theme, 4.5, above, below);
        let drawn = |above: &[&str], below: &[&str]| faults(&theme, 3.0, above, below);
        let faults = [
            text(&["ink", "soft", "bad", "ok", "accent"], &GROUNDS),
            text(&["ink", "soft", "bad"], &["mark", "accent-wash", "bad-wash"]),
            text(&["ink"], &HEAT),
            text(&["ok"], &["ok-wash"]),
            text(&["asleep"], &["asleep-wash"]),
            text(&["on-accent"], &["accent"]),
            text(&["on-actor"], &ACTORS),
            // A token that is only outlined has its name in the actor's colour.
            text(&ACTORS, &["panel"]),
            drawn(&ACTORS, &["panel", "paper"]),
            drawn(&["faint", "edge", "mark-edge", "bad"], &GROUNDS),
        ];
        let faults: Vec<_> = faults.into_iter().flatten().collect();
        assert!(faults.is_empty(), "{name}: {faults:#?}");
    }
}

#[test]
fn heat_grows_in_one_direction_in_grey_too() {
    for (name, theme) in themes() {
        let steps: Vec<f64> = HEAT.windows(2).map(|it| contrast(theme[it[0]], theme[it[1]])).collect();
        assert!(steps.iter().all(|step| *step > 1.08), "{name}: {steps:?}");
        let bright: Vec<f64> = HEAT.iter().map(|it| luminance(theme[*it])).collect();
        assert!(bright.is_sorted() || bright.is_sorted_by(|a, b| a >= b), "{name}: {bright:?}");
    }
}

#[test]
fn contrast_is_counted_as_the_standard_counts_it() {
    let [white, black, grey] = [[1.0; 3], [0.0; 3], [0x76 as f64 / 255.0; 3]];
    assert!((contrast(white, black) - 21.0).abs() < 1e-9);
    // The darkest grey that text may have on white, and the one after it.
    assert!(contrast(white, grey) > 4.5 && contrast(white, [0x77 as f64 / 255.0; 3]) < 4.5);
    assert_eq!(colour("  --ink: #1b1f25;").unwrap().0, "ink");
    assert_eq!(colour("  --gap: 8px;"), None);
}
