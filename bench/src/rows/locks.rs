//! The locks by themselves: a range alone, two threads on two ranges, the whole table against its parts, lock memory.

use p2mscope_core::addr::ActorId;
use p2mscope_core::live::{Live, Threads};
use p2mscope_core::lock::{self, Lock, Mode, policy};
use p2mscope_core::machine::{Form, Policy, Words};
use std::collections::BTreeSet;
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Instant;

use super::peers::{self, Ranges};
use super::{Effort, ns};
use crate::measure::in_turn;
use crate::table::{Line, Target};
use crate::work::{self, PER_ROUND, Program, Task};

/// Range 0's word, that of its neighbour a line further, and one far from both.
const FIRST: u64 = 0;
const NEIGHBOUR: u64 = 1;
const FAR: u64 = 32;

/// A run on the thread that calls, one actor; ns for each of its operations.
fn alone_ns(live: &Live<Program>, rounds: u64) -> f64 {
    live.start();
    ns(rounds * PER_ROUND, || {
        live.run_actor(ActorId(0));
    })
}

/// A task on this thread, so many rounds.
pub(super) fn task_ns(policy: Policy, task: Task, rounds: u64) -> f64 {
    alone_ns(&work::live(policy, Form::Atomic, &[task], rounds), rounds)
}

/// Tasks on threads of their own, so many rounds each; millions of operations a second, together.
pub(super) fn threads_rate(policy: Policy, form: Form, tasks: &[Task], rounds: u64) -> f64 {
    let live = work::live(policy, form, tasks, rounds);
    let start = Instant::now();
    Threads::start(&live).expect("the system grants a few threads").join();
    (rounds * PER_ROUND * tasks.len() as u64) as f64 / start.elapsed().as_micros() as f64
}

/// Row 1.
pub fn alone(e: &Effort) -> Vec<Line> {
    let rounds = e.times(3) / PER_ROUND + 1;
    let word = AtomicU64::new(0);
    let mut ours = || task_ns(Policy::M2, Task::Range(FIRST), rounds);
    let mut floor = || {
        let n = rounds * PER_ROUND;
        ns(n, || {
            for _ in 0..n {
                black_box(&word).fetch_add(1, SeqCst);
            }
        })
    };
    let (world, first) = work::world(Policy::M2, Form::Atomic, 1, &[0]);
    let live = Live::new(world.clone(), std::sync::Arc::new(Program::of(&[])), &first, Default::default());
    let mut bare = || {
        let (n, mut m, me, range) = (rounds * PER_ROUND, live.words(), ActorId(0), Lock::Range(0, FIRST));
        ns(n, || {
            for _ in 0..n {
                black_box(lock::try_take(&mut m, &world, me, black_box(range), Mode::Exclusive));
                lock::release(&mut m, &world, me, black_box(range), Mode::Exclusive);
            }
        })
    };
    let (spin, parking_lot) = (spin::Mutex::new(0u64), parking_lot::Mutex::new(0u64));
    let std_mutex = std::sync::Mutex::new(0u64);
    let n = rounds * PER_ROUND;
    let mut spin_ns = || ns(n, || (0..n).for_each(|_| *black_box(&spin).lock() += 1));
    let mut std_ns = || ns(n, || (0..n).for_each(|_| *black_box(&std_mutex).lock().expect("nobody panics") += 1));
    let mut parking_ns = || ns(n, || (0..n).for_each(|_| *black_box(&parking_lot).lock() += 1));
    let range_lock = peers::RangeLock::new();
    let range_mutex = peers::RangeMutex::new();
    let mut range_lock_ns = || ns(n / 8, || (0..n / 8).for_each(|_| range_lock.with(FIRST, || ())));
    let mut range_mutex_ns = || ns(n / 8, || (0..n / 8).for_each(|_| range_mutex.with(FIRST, || ())));
    let all = in_turn(
        e.samples,
        &mut [
            &mut ours,
            &mut floor,
            &mut bare,
            &mut spin_ns,
            &mut std_ns,
            &mut parking_ns,
            &mut range_lock_ns,
            &mut range_mutex_ns,
        ],
    );
    let what = "lock + unlock one range of 2 MB, uncontended, with wait records, held locks and halt word";
    let against =
        |id: &str, peer: &str, i: usize, target| Line::ratio(id, what, peer, "ns", [&all[0], &all[i]], target);
    vec![
        against("1a", "one atomic exchange-and-add", 1, Target::AtMost(1.2)),
        Line::ratio(
            "1b",
            "the lock word alone, without what a live actor keeps",
            "one atomic exchange-and-add",
            "ns",
            [&all[2], &all[1]],
            Target::AtMost(1.2),
        ),
        against("1c", "spin::Mutex", 3, Target::Reported),
        against("1d", "std Mutex", 4, Target::Reported),
        against("1e", "parking_lot::Mutex", 5, Target::Reported),
        against("1f", "range-lock", 6, Target::Reported),
        against("1g", "range-mutex", 7, Target::Reported),
    ]
}

/// Rows 4 and 5.
pub fn two_threads(e: &Effort) -> Vec<Line> {
    let rounds = e.times(3) / PER_ROUND + 1;
    let run = |tasks: &[Task]| threads_rate(Policy::M2, Form::Atomic, tasks, rounds);
    let mut one = || run(&[Task::Range(FIRST)]);
    let mut far = || run(&[Task::Range(FIRST), Task::Range(FAR)]);
    let mut near = || run(&[Task::Range(FIRST), Task::Range(NEIGHBOUR)]);
    let (range_lock, range_mutex) = (peers::RangeLock::new(), peers::RangeMutex::new());
    let mut range_lock_rate = || peers::two_threads(&range_lock, e.times(60), [FIRST, FAR]);
    let mut range_mutex_rate = || peers::two_threads(&range_mutex, e.times(60), [FIRST, FAR]);
    let all = in_turn(e.samples, &mut [&mut far, &mut one, &mut near, &mut range_lock_rate, &mut range_mutex_rate]);
    let what = "a range lock alone, two threads, far ranges";
    let line = |id: &str, work: &str, peer: &str, sides: [&[f64]; 2], target| {
        Line::ratio(id, work, peer, "M/s", sides, target)
    };
    vec![
        line("4a", what, "one thread", [&all[0], &all[1]], Target::AtLeast(1.8)),
        line("4b", what, "range-lock", [&all[0], &all[3]], Target::Reported),
        line("4c", what, "range-mutex", [&all[0], &all[4]], Target::Reported),
        line(
            "5",
            "a range lock alone, two threads, neighbouring ranges",
            "far ranges",
            [&all[2], &all[0]],
            Target::AtLeast(0.5),
        ),
    ]
}

/// Row 7.
pub fn whole(e: &Effort) -> Vec<Line> {
    let rounds = e.times(10_000) / 8 + 1;
    let (world, first) = work::world(Policy::M2, Form::Atomic, 1, &[0]);
    let live = Live::new(world.clone(), std::sync::Arc::new(Program::of(&[])), &first, Default::default());
    let mut whole = || task_ns(Policy::M2, Task::Whole, rounds);
    let mut parts = || {
        let (mut m, me) = (live.words(), ActorId(0));
        ns(rounds, || {
            for _ in 0..rounds {
                for i in 0..512 {
                    lock::try_take(&mut m, &world, me, black_box(Lock::Range(0, i)), Mode::Exclusive);
                }
                for i in (0..512).rev() {
                    lock::release(&mut m, &world, me, black_box(Lock::Range(0, i)), Mode::Exclusive);
                }
            }
        })
    };
    let range_lock = peers::RangeLock::new();
    let mut peer = || ns(rounds, || (0..rounds).for_each(|_| range_lock.all(|| ())));
    let all = in_turn(e.samples, &mut [&mut whole, &mut parts, &mut peer]);
    let what = "1 GB locked and released as the global lock's exclusive side";
    vec![
        Line::ratio("7a", what, "its 512 range locks, one by one", "ns", [&all[0], &all[1]], Target::AtMost(0.05)),
        Line::ratio("7b", what, "range-lock, one range of it all", "ns", [&all[0], &all[2]], Target::Reported),
    ]
}

/// Row 14: the pages that are claimed when each of a GB's ranges is taken once.
pub fn memory(_: &Effort) -> Vec<Line> {
    let (world, first) = work::world(Policy::M2, Form::Atomic, 1, &[0]);
    let mut m = first.to_vec();
    let mut pages = BTreeSet::new();
    for i in 0..512 {
        lock::try_take(&mut m, &world, ActorId(0), Lock::Range(0, i), Mode::Exclusive);
        let word = lock::word_of(&mut m, &world, Lock::Range(0, i)).expect("it was taken");
        assert_ne!(m.get(word), 0, "range {i} has a word of its own");
        pages.insert(word.0 / 512);
    }
    let bytes = pages.len() as f64 * 4096.0;
    assert_eq!(bytes, policy::lock_bytes(Policy::M2, 1) as f64, "what the policy says of itself");
    vec![Line::value("14", "lock memory for each GB of guest, 2 MB ranges", "bytes", &[bytes], Target::Exactly(4096.0))]
}
