//! Live runs: what recording them costs, and how two threads scale beside what virtual time says.

use p2mscope_core::live::{Live, Plan, Threads};
use p2mscope_core::machine::{Form, Policy};
use p2mscope_core::scale::measure;
use std::sync::Arc;
use std::time::Instant;

use super::locks::threads_rate;
use super::{Effort, pair};
use crate::table::{Line, Target};
use crate::work::{self, PER_ROUND, Program, Task};

/// What virtual time says and what happens are within a factor of this, either way.
const TARGET: Target = Target::Within(1.5);

/// Row 18: how much faster ranges of 2 MB are than one lock for the table, on two threads that never meet in a range.
pub fn scale(e: &Effort) -> Vec<Line> {
    let rounds = e.times(25) / PER_ROUND + 1;
    let tasks = [0, 32].map(Task::GetPut);
    let ranges = || threads_rate(Policy::M2, Form::Percpu, &tasks, rounds);
    let global = || threads_rate(Policy::Global, Form::Percpu, &tasks, rounds / 8 + 1);
    let sides = pair(e.samples, ranges, global);
    let live: Vec<f64> = sides[0].iter().zip(&sides[1]).map(|(ranges, global)| ranges / global).collect();
    let what = "two threads, how much ranges of 2 MB are faster than one lock: in virtual time";
    let costs = match measure::costs() {
        Ok(costs) => costs,
        Err(why) => return vec![Line::ratio("18", what, "live", "times", [&[], &live], TARGET).noted(why)],
    };
    let virtually = |policy| work::virtually(policy, Form::Percpu, &tasks, costs);
    let in_theory = virtually(Policy::M2) / virtually(Policy::Global);
    let known =
        format!("an atomic of {:.1} ns and a transfer of {:.0} ns, as measured here", costs.atomic, costs.transfer);
    vec![Line::ratio("18", what, "live", "times", [&vec![in_theory; live.len()], &live], TARGET).noted(known)]
}

/// How much slower a live run is while every effect of it is written down.
pub fn recording(e: &Effort) -> Vec<Line> {
    let rounds = if e.quick { 1 } else { 20 };
    let mut lines = Vec::new();
    let one = vec![Task::GetPut(0)];
    let two = [0, 32].map(Task::GetPut).to_vec();
    for (id, threads, tasks) in [("19a", "one thread", one), ("19b", "two threads", two)] {
        let run = |recorded: bool, rounds: u64| {
            let mut ranges = vec![0, 32];
            ranges.truncate(tasks.len());
            let (world, first) = work::world(Policy::M2, Form::Percpu, tasks.len(), &ranges);
            let (code, plan) = (Arc::new(Program::of(&tasks)), Plan { seed: 7, rounds: Some(rounds) });
            let live = match recorded {
                true => Live::recorded(world, code, &first, plan, u64::MAX),
                false => Live::new(world, code, &first, plan),
            };
            let start = Instant::now();
            Threads::start(&live).expect("the system grants a few threads").join();
            start.elapsed().as_nanos() as f64 / (rounds * PER_ROUND) as f64
        };
        let sides = pair(e.samples, || run(true, rounds), || run(false, 20 * rounds));
        let what = format!("get_gfn + put_gfn, live and recorded, {threads}");
        lines.push(Line::ratio(id, &what, "not recorded", "ns", [&sides[0], &sides[1]], Target::Reported));
    }
    lines
}
