//! The chart: rounds a second over processors, both in powers. Lines differ in dash, mark and label, not in colour alone.

use p2mscope_core::scale::COUNTS;
use yew::prelude::*;

use crate::state::Dot;

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 300.0;
/// Room for the figures at the left, the labels at the right, the counts below.
const LEFT: f64 = 46.0;
const RIGHT: f64 = 206.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 36.0;
/// Labels are at least so far apart.
const APART: f64 = 15.0;
const DASHES: [&str; 6] = ["", "8 4", "2 4", "10 4 2 4", "5 3 1 3 1 3", "1 3"];

/// What is drawn.
#[derive(Properties, PartialEq)]
pub struct Props {
    /// The names of the lines.
    pub names: Vec<String>,
    /// The points of all lines.
    pub dots: Vec<Dot>,
}

/// Where things are.
struct Scale {
    /// The powers of ten below and above all rates.
    low: i32,
    high: i32,
}

impl Scale {
    fn of(dots: &[Dot]) -> Self {
        let powers = || dots.iter().filter(|dot| dot.rate > 0.0).map(|dot| dot.rate.log10());
        let low = powers().fold(f64::INFINITY, f64::min).floor();
        let high = powers().fold(f64::NEG_INFINITY, f64::max).ceil();
        match low.is_finite() {
            true => Self { low: low as i32, high: (high as i32).max(low as i32 + 1) },
            false => Self { low: 0, high: 1 },
        }
    }

    fn x(vcpus: usize) -> f64 {
        let most = COUNTS.last().map_or(1.0, |&most| (most as f64).log2());
        LEFT + (vcpus as f64).log2() / most * (WIDTH - LEFT - RIGHT)
    }

    fn y(&self, rate: f64) -> f64 {
        let part = (rate.max(1e-9).log10() - f64::from(self.low)) / f64::from(self.high - self.low);
        HEIGHT - BOTTOM - part.clamp(0.0, 1.0) * (HEIGHT - TOP - BOTTOM)
    }
}

/// The chart. What it says stands in the table beside it.
#[component]
pub fn Chart(props: &Props) -> Html {
    let scale = Scale::of(&props.dots);
    let ends: Vec<(usize, f64, f64)> = (0..props.names.len())
        .filter_map(|line| props.dots.iter().rfind(|dot| dot.line == line).map(|dot| (line, dot)))
        .map(|(line, dot)| (line, Scale::x(dot.vcpus), scale.y(dot.rate)))
        .collect();
    html! {
        <svg class="scale-chart" viewBox={format!("0 0 {WIDTH} {HEIGHT}")} role="img"
            aria-label="Rounds a second over the number of processors; the table has the figures">
            { for (scale.low..=scale.high).map(|power| grid(&scale, power)) }
            { for COUNTS.map(|vcpus| html! {
                <text x={Scale::x(vcpus).to_string()} y={(HEIGHT - 18.0).to_string()} text-anchor="middle">{ vcpus }</text>
            }) }
            <text x={((WIDTH - RIGHT + LEFT) / 2.0).to_string()} y={(HEIGHT - 3.0).to_string()} text-anchor="middle">{ "processors" }</text>
            { for (0..props.names.len()).map(|line| drawn(line, &scale, &props.dots)) }
            { for labels(ends).into_iter().map(|(line, x, y, label)| html! {
                <g class="scale-label">
                    <path d={format!("M{x:.1} {y:.1}L{:.1} {label:.1}", WIDTH - RIGHT + 14.0)} />
                    { mark(line, WIDTH - RIGHT + 20.0, label) }
                    <text x={(WIDTH - RIGHT + 28.0).to_string()} y={(label + 4.0).to_string()}>{ &props.names[line] }</text>
                </g>
            }) }
        </svg>
    }
}

/// A power of ten.
fn grid(scale: &Scale, power: i32) -> Html {
    let y = scale.y(10_f64.powi(power));
    let name = match power {
        9.. => format!("{} G", 10_u64.pow(power as u32 - 9)),
        6.. => format!("{} M", 10_u64.pow(power as u32 - 6)),
        3.. => format!("{} k", 10_u64.pow(power as u32 - 3)),
        _ => format!("{}", 10_f64.powi(power)),
    };
    html! {
        <>
            <path class="scale-grid" d={format!("M{LEFT} {y:.1}H{:.1}", WIDTH - RIGHT)} />
            <text x={(LEFT - 6.0).to_string()} y={(y + 4.0).to_string()} text-anchor="end">{ name }</text>
        </>
    }
}

fn drawn(line: usize, scale: &Scale, dots: &[Dot]) -> Html {
    let at: Vec<(f64, f64)> =
        dots.iter().filter(|dot| dot.line == line).map(|dot| (Scale::x(dot.vcpus), scale.y(dot.rate))).collect();
    let points: Vec<String> = at.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    html! {
        <g class="scale-line" style={format!("color: var(--a{})", line % 8)}>
            <polyline points={points.join(" ")} stroke-dasharray={DASHES[line % DASHES.len()]} />
            { for at.into_iter().map(|(x, y)| mark(line, x, y)) }
        </g>
    }
}

/// A mark: each line has another shape.
fn mark(line: usize, x: f64, y: f64) -> Html {
    let d = match line % 6 {
        0 => format!("M{:.1} {y:.1}a4 4 0 1 0 8 0a4 4 0 1 0 -8 0", x - 4.0),
        1 => format!("M{:.1} {:.1}h7v7h-7z", x - 3.5, y - 3.5),
        2 => format!("M{x:.1} {:.1}l4.5 8h-9z", y - 5.0),
        3 => format!("M{x:.1} {:.1}l5 5l-5 5l-5 -5z", y - 5.0),
        4 => format!("M{:.1} {:.1}l8 8m0 -8l-8 8", x - 4.0, y - 4.0),
        _ => format!("M{x:.1} {:.1}v10m-5 -5h10", y - 5.0),
    };
    html! { <path class="scale-mark" style={format!("color: var(--a{})", line % 8)} {d} /> }
}

/// Where the label of each line's end stands, so that none covers another: line, its end, the label's height.
fn labels(mut ends: Vec<(usize, f64, f64)>) -> Vec<(usize, f64, f64, f64)> {
    ends.sort_by(|a, b| a.2.total_cmp(&b.2));
    let mut last = f64::NEG_INFINITY;
    let mut placed: Vec<(usize, f64, f64, f64)> = Vec::new();
    for (line, x, y) in ends {
        last = y.max(last + APART);
        placed.push((line, x, y, last));
    }
    // What has been pushed below the chart moves up again.
    let mut room = HEIGHT - BOTTOM + 4.0;
    for label in placed.iter_mut().rev() {
        label.3 = label.3.min(room);
        room = label.3 - APART;
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_label_covers_another() {
        let ends = (0..6).map(|line| (line, 400.0, 262.0 + line as f64)).collect();
        let placed = labels(ends);
        let heights: Vec<f64> = placed.iter().map(|label| label.3).collect();
        assert!(heights.windows(2).all(|pair| pair[1] - pair[0] >= APART), "{heights:?}");
        assert!(heights.iter().all(|y| (0.0..=HEIGHT).contains(y)), "{heights:?}");
    }

    #[test]
    fn powers_stand_around_all_rates() {
        let dot = |rate| Dot {
            line: 0,
            vcpus: 1,
            rate,
            speedup: None,
            waiting: 0.0,
            moving: 0.0,
            lost: String::new(),
            failures: 0,
        };
        let scale = Scale::of(&[dot(2e6), dot(5e7)]);
        assert_eq!((scale.low, scale.high), (6, 8));
        let empty = Scale::of(&[dot(0.0)]);
        assert_eq!((empty.low, empty.high), (0, 1));
    }
}
