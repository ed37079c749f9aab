//! What an atomic operation and the transfer of a line take on this machine.
//!
//! Both are the least of many short trials: whatever else the machine does only adds to them.

use super::lines::Costs;
use std::hint::spin_loop;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const TRIALS: usize = 40;
const ATOMICS: u32 = 20_000;
const HANDOVERS: u64 = 1_000;
/// How long the two threads may take to come together, and for all of their trials.
const PATIENCE: Duration = Duration::from_secs(10);

/// A word on lines of its own.
#[repr(align(128))]
struct Alone(AtomicU64);

/// Measures both; the other costs are as usual.
///
/// # Errors
/// Where two threads do not run at once, in words.
pub fn costs() -> Result<Costs, String> {
    Ok(Costs { atomic: atomic(), transfer: transfer()?, ..Costs::default() })
}

/// Nanoseconds of an atomic read-modify-write on a line that nobody else wants.
pub fn atomic() -> f64 {
    let word = Alone(AtomicU64::new(0));
    let trial = || {
        let begun = Instant::now();
        for _ in 0..ATOMICS {
            word.0.fetch_add(1, Ordering::SeqCst);
        }
        begun.elapsed().as_secs_f64() * 1e9 / f64::from(ATOMICS)
    };
    (0..TRIALS).map(|_| trial()).fold(f64::INFINITY, f64::min)
}

/// Nanoseconds in which a line comes from one processor to another.
///
/// Two threads hand one word to each other. Whoever has it stores, which takes the line from the other, who was looking
/// at it; and the other reads, which fetches the line again: two transfers for each handing over.
///
/// # Errors
/// Where two threads do not run at once, in words.
pub fn transfer() -> Result<f64, String> {
    if thread::available_parallelism().map_or(1, usize::from) < 2 {
        return Err("a transfer between processors cannot be measured on one processor".to_string());
    }
    let word = Alone(AtomicU64::new(0));
    let begun = Instant::now();
    let late = || begun.elapsed() > PATIENCE;
    let last = TRIALS as u64 * 2 * HANDOVERS;
    // Even numbers are this thread's to raise, odd ones the other's.
    let raise = |mine: u64, until: u64| {
        let mut looks = 0_u32;
        loop {
            let now = word.0.load(Ordering::Acquire);
            if now >= until {
                return true;
            }
            if now % 2 == mine {
                word.0.store(now + 1, Ordering::Release);
                continue;
            }
            looks = looks.wrapping_add(1);
            if looks.is_multiple_of(1 << 20) && late() {
                return false;
            }
            spin_loop();
        }
    };
    let mut least = f64::INFINITY;
    let ended = thread::scope(|threads| {
        threads.spawn(|| raise(1, last));
        (1..=TRIALS as u64).all(|trial| {
            let from = Instant::now();
            let ended = raise(0, trial * 2 * HANDOVERS);
            let handovers = (2 * HANDOVERS) as f64;
            least = least.min(from.elapsed().as_secs_f64() * 1e9 / handovers / 2.0);
            ended
        })
    });
    match ended {
        true => Ok(least),
        false => Err(format!("two threads did not run at once within {} s", PATIENCE.as_secs())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_measured_is_possible() {
        // From a tenth of a nanosecond, which no exchange takes, to a hundred microseconds, which none of them needs.
        let possible = 0.1..1e5;
        assert!(possible.contains(&atomic()));
        if let Ok(transfer) = transfer() {
            assert!(possible.contains(&transfer), "{transfer}");
        }
    }
}
