//! The rows: which there are, and what each needs.

mod browser;
mod explorer;
mod gets;
mod live;
mod locks;
mod peers;
mod steps;

use crate::measure::in_turn;
use crate::table::Line;
use std::hint::black_box;
use std::time::Instant;

/// How much to measure.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Effort {
    /// Samples of each subject.
    pub samples: usize,
    /// Milliseconds that a sample of a short operation lasts.
    pub millis: u64,
    /// Only to see that it works.
    pub quick: bool,
}

impl Effort {
    /// For figures that are told.
    pub const FULL: Effort = Effort { samples: 15, millis: 60, quick: false };
    /// To see that it works.
    pub const QUICK: Effort = Effort { samples: 3, millis: 4, quick: true };

    /// Fewer samples, where one takes seconds.
    pub fn few(&self) -> usize {
        if self.quick { 1 } else { 5 }
    }

    /// How many operations of about that many ns make a sample.
    pub fn times(&self, ns: u64) -> u64 {
        (self.millis * 1_000_000 / ns).max(1)
    }
}

/// What measures one or several rows.
pub struct Group {
    /// The rows.
    pub rows: &'static [u32],
    /// Whether a browser and the built page are needed.
    pub browser: bool,
    /// Measures; gives the lines of all its rows.
    pub run: fn(&Effort) -> Vec<Line>,
}

/// All of them, in the order of their rows.
pub const GROUPS: [Group; 14] = [
    Group { rows: &[1], browser: false, run: locks::alone },
    Group { rows: &[2, 3], browser: false, run: gets::alone },
    Group { rows: &[4, 5], browser: false, run: locks::two_threads },
    Group { rows: &[6], browser: false, run: gets::two_threads },
    Group { rows: &[7], browser: false, run: locks::whole },
    Group { rows: &[8], browser: false, run: explorer::twin },
    Group { rows: &[9], browser: false, run: explorer::lesson },
    Group { rows: &[10], browser: false, run: explorer::two_threads },
    Group { rows: &[11, 12], browser: false, run: steps::steps },
    Group { rows: &[13], browser: true, run: browser::wasm },
    Group { rows: &[14], browser: false, run: locks::memory },
    Group { rows: &[15, 16, 17], browser: true, run: browser::page },
    Group { rows: &[18], browser: false, run: live::scale },
    Group { rows: &[19], browser: false, run: live::recording },
];

/// ns for one of `n` operations that `f` does.
fn ns(n: u64, f: impl FnOnce()) -> f64 {
    let start = Instant::now();
    f();
    black_box(start.elapsed().as_nanos() as f64 / n as f64)
}

/// Two subjects, in turn.
fn pair(samples: usize, mut a: impl FnMut() -> f64, mut b: impl FnMut() -> f64) -> [Vec<f64>; 2] {
    let mut both = in_turn(samples, &mut [&mut a, &mut b]);
    let second = both.pop().unwrap_or_default();
    [both.pop().unwrap_or_default(), second]
}
