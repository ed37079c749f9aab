//! Eight actors of mixed kinds on real threads, under every policy, form of the shared side, and way to flush.
//!
//! Each run lasts a few seconds at the most; `P2MSCOPE_SCALE` multiplies that.

use p2mscope_core::live::{Live, Plan, Threads};
use p2mscope_core::trial::mixed::{control, during, judge, rounds, stage};
use std::time::{Duration, Instant};

/// Runs for so many tenths of a second at scale 1.
fn run(tenths: u64, keys: &str) {
    let scale: u64 = std::env::var("P2MSCOPE_SCALE").ok().and_then(|s| s.parse().ok()).unwrap_or(1);
    let staged = stage(keys).unwrap_or_else(|e| panic!("{keys}: {e:#?}"));
    let plan = Plan { seed: 11, rounds: None };
    let live = Live::new(staged.world.clone(), staged.script.clone(), &staged.first, plan);
    let begin = Instant::now();
    let threads = Threads::start(&live).unwrap();
    control(&live, during(Duration::from_millis(100 * tenths * scale)))
        .unwrap_or_else(|stuck| panic!("{keys}: {stuck}"));
    threads.join();
    let (ok, refused) = rounds(&live);
    let time = begin.elapsed().as_secs_f64();
    println!(
        "{keys}: {ok} rounds and {refused} with a refusal in {time:.1} s, {:.0} a second",
        (ok + refused) as f64 / time
    );
    for (a, c) in live.world().actor_ids().zip(live.counts()) {
        println!("  {}: {c:?}", live.world().actor_name(a));
    }
    assert_eq!(judge(&staged, &live, true), [""; 0], "{keys}");
}

#[test]
fn nothing_is_lost_by_eight_under_2m() {
    run(30, "policy = '2m'");
}

#[test]
fn nothing_is_lost_by_eight_under_the_global_lock() {
    run(30, "policy = 'global'");
}

#[test]
fn nothing_is_lost_by_eight_under_other_sizes_of_ranges() {
    run(10, "policy = '1g'");
    run(10, "policy = '4k'");
    run(10, "policy = 'rw'");
}

#[test]
fn nothing_is_lost_by_eight_in_any_form_of_the_shared_side() {
    run(10, "policy = '2m', nonexclusive = 'spinlock'");
    run(10, "policy = '2m', nonexclusive = 'percpu'");
}

#[test]
fn nothing_is_lost_by_eight_with_captive_entries_or_late_flushes() {
    run(10, "policy = '2m', captive = true");
    run(10, "policy = '2m', flush = 'deferred'");
    run(10, "policy = 'rw', captive = true");
}

#[test]
fn nothing_is_lost_by_eight_in_other_encodings() {
    run(5, "encoding = 'ept-2011'");
    run(5, "encoding = 'npt'");
    run(5, "encoding = 'npt-2012'");
}
