//! The axis of the timeline: where each position is, with stretches folded in which nothing happened.

use p2mscope_core::view::Dull;

/// Steps that a folded stretch takes the room of.
const FOLDED: f32 = 3.0;

/// Positions from left to right.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// The last position that there is room for.
    len: usize,
    /// The folded stretches, in order.
    folds: Vec<Dull>,
}

impl Axis {
    /// An axis of that many positions, on which some stretches are folded.
    pub fn new(len: usize, folds: Vec<Dull>) -> Self {
        Self { len: len.max(1), folds }
    }

    /// The folded stretches.
    pub fn folds(&self) -> &[Dull] {
        &self.folds
    }

    /// How far from the left a position is, of 1.
    pub fn part(&self, step: usize) -> f32 {
        self.units(step) / self.units(self.len)
    }

    /// The position that is nearest to that part of the way.
    pub fn step(&self, part: f32) -> usize {
        let wanted = part.clamp(0.0, 1.0) * self.units(self.len);
        let (mut low, mut high) = (0, self.len);
        while low < high {
            let middle = (low + high) / 2;
            // Half way to the next one the next one is nearer.
            if (self.units(middle) + self.units(middle + 1)) / 2.0 <= wanted { low = middle + 1 } else { high = middle }
        }
        low
    }

    fn units(&self, step: usize) -> f32 {
        let saved = |fold: &Dull| {
            let inside = step.clamp(fold.from, fold.to) - fold.from;
            let whole = (fold.to - fold.from).max(1) as f32;
            inside as f32 * (1.0 - FOLDED.min(whole) / whole)
        };
        step as f32 - self.folds.iter().map(saved).sum::<f32>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_folds_positions_are_even() {
        let axis = Axis::new(20, Vec::new());
        assert_eq!((axis.part(0), axis.part(5), axis.part(20)), (0.0, 0.25, 1.0));
        assert_eq!((axis.step(0.26), axis.step(-1.0), axis.step(7.0)), (5, 0, 20));
    }

    #[test]
    fn a_fold_takes_the_room_of_three() {
        // 10 positions, 20 folded to 3, 10 more: 23 in all.
        let axis = Axis::new(40, vec![Dull { from: 10, to: 30 }]);
        assert_eq!(axis.part(10), 10.0 / 23.0);
        assert_eq!(axis.part(30), 13.0 / 23.0);
        assert_eq!(axis.part(40), 1.0);
        for step in [0, 3, 10, 20, 30, 35, 40] {
            assert_eq!(axis.step(axis.part(step)), step, "there and back");
        }
    }

    #[test]
    fn an_empty_run_has_an_axis() {
        assert_eq!(Axis::new(0, Vec::new()).part(0), 0.0);
    }
}
