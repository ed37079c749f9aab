//! Taking samples: subjects that are compared take turns, so that whatever disturbs the machine disturbs both.

/// Runs the subjects in turn, as often as said; gives the samples of each. The first round warms up and is not kept.
pub fn in_turn(samples: usize, subjects: &mut [&mut dyn FnMut() -> f64]) -> Vec<Vec<f64>> {
    let mut all = vec![Vec::with_capacity(samples); subjects.len()];
    for round in 0..=samples {
        for (subject, kept) in subjects.iter_mut().zip(&mut all) {
            let sample = subject();
            if round > 0 {
                kept.push(sample);
            }
        }
    }
    all
}

/// The middle one; of an even number the mean of the two in the middle; 0 of none.
pub fn median(of: &[f64]) -> f64 {
    let mut sorted = of.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => 0.0,
        n if n % 2 == 1 => sorted[n / 2],
        n => (sorted[n / 2 - 1] + sorted[n / 2]) / 2.0,
    }
}

/// The smallest that `share` of all are not above; 0 of none.
pub fn quantile(of: &[f64], share: f64) -> f64 {
    let mut sorted = of.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(at.saturating_sub(1)).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_and_the_edge_are_found() {
        assert_eq!(median(&[]), 0.0);
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
        let hundred: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!((quantile(&hundred, 0.95), quantile(&hundred, 1.0), quantile(&[7.0], 0.5)), (95.0, 100.0, 7.0));
    }

    #[test]
    fn subjects_take_turns_and_the_first_round_is_dropped() {
        let said = std::cell::RefCell::new(String::new());
        let say = |c: char| {
            said.borrow_mut().push(c);
            said.borrow().len() as f64
        };
        assert_eq!(in_turn(2, &mut [&mut || say('a'), &mut || say('b')]), [[3.0, 5.0], [4.0, 6.0]]);
        assert_eq!(said.into_inner(), "ababab");
    }
}
