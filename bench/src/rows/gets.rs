//! A get and a put of one page, live: what the abstraction costs, and how it scales beside other locks.

use p2mscope_core::machine::{Form, Policy};

use super::locks::{task_ns, threads_rate};
use super::peers::{self, Ranges};
use super::{Effort, ns};
use crate::hand::Hand;
use crate::measure::in_turn;
use crate::table::{Line, Target};
use crate::work::{self, PER_ROUND, Task};

/// Ranges whose locks and frames lie far apart.
const RANGES: [u64; 2] = [0, 32];

/// Rows 2 and 3.
pub fn alone(e: &Effort) -> Vec<Line> {
    let rounds = e.times(25) / PER_ROUND + 1;
    let hand = Hand::new(work::world(Policy::M2, Form::Atomic, 1, &[0]));
    hand.claim();
    let mut ours = || task_ns(Policy::M2, Task::GetPut(0), rounds);
    let mut by_hand =
        || ns(rounds * PER_ROUND, || (0..rounds).for_each(|_| hand.round(0).expect("nobody else is there")));
    let mut floor = || ns(rounds * PER_ROUND, || (0..rounds).for_each(|_| hand.bare_round(0)));
    let all = in_turn(e.samples, &mut [&mut ours, &mut by_hand, &mut floor]);
    let what = "get_gfn + put_gfn, live: range, global shared side, walk, page reference";
    vec![
        Line::ratio("2", what, "the same by hand", "ns", [&all[0], &all[1]], Target::AtMost(1.05)),
        Line::ratio("3", what, "its atomic changes alone", "ns", [&all[0], &all[2]], Target::AtMost(2.0)),
    ]
}

/// Row 6.
pub fn two_threads(e: &Effort) -> Vec<Line> {
    let rounds = e.times(25) / PER_ROUND + 1;
    let tasks = RANGES.map(Task::GetPut);
    let table = Hand::new(work::world(Policy::M2, Form::Percpu, 2, &RANGES));
    let (range_lock, readers) = (peers::RangeLock::new(), peers::Readers(parking_lot::RwLock::new(())));
    let mut ours = || threads_rate(Policy::M2, Form::Percpu, &tasks, rounds);
    let mut global = || threads_rate(Policy::Global, Form::Percpu, &tasks, rounds / 8 + 1);
    let mut by_range_lock = || peers::each(RANGES, e.times(150), |r| range_lock.with(r, || table.look_up(r)));
    let mut by_readers = || peers::each(RANGES, e.times(60), |r| readers.with(r, || table.look_up(r)));
    let all = in_turn(e.samples, &mut [&mut ours, &mut global, &mut by_range_lock, &mut by_readers]);
    let what = "get_gfn + put_gfn, two threads, disjoint ranges of 2 MB";
    let line = |id: &str, peer: &str, i: usize, least| {
        Line::ratio(id, what, peer, "M/s", [&all[0], &all[i]], Target::AtLeast(least))
    };
    vec![
        line("6a", "the same under the global policy", 1, 5.0),
        line("6b", "walk and reference by hand under range-lock", 2, 20.0),
        line("6c", "walk and reference by hand under parking_lot RwLock over the table", 3, 3.0),
    ]
}
