//! Jobs on their way from one thread to another: closures in shared memory, fetched by number.
//!
//! A message between workers can carry a number but no Rust value; the memory is the same on both sides, so the value
//! stays where it is. The main thread may not sleep, hence it spins for the lock, which is held for one insertion or
//! removal only.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, TryLockError};

use super::Port;

/// What a worker is to do.
pub struct Start {
    /// Start the thread pool first, with so many threads.
    pub pool: Option<usize>,
    /// The job itself.
    pub job: Box<dyn FnOnce(Port) + Send>,
}

struct Jobs {
    next: u32,
    waiting: BTreeMap<u32, Start>,
}

static JOBS: Mutex<Jobs> = Mutex::new(Jobs { next: 0, waiting: BTreeMap::new() });

/// Puts `start` down and returns its number.
pub fn put(start: Start) -> u32 {
    let mut jobs = jobs();
    let number = jobs.next;
    jobs.next = jobs.next.wrapping_add(1);
    jobs.waiting.insert(number, start);
    number
}

/// Takes the job `number`; none if it has been taken.
pub fn take(number: u32) -> Option<Start> {
    jobs().waiting.remove(&number)
}

fn jobs() -> MutexGuard<'static, Jobs> {
    loop {
        match JOBS.try_lock() {
            Ok(jobs) => return jobs,
            Err(TryLockError::Poisoned(poisoned)) => return poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => std::hint::spin_loop(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_taken_once() {
        let start = || Start { pool: Some(2), job: Box::new(|_| {}) };
        let (first, second) = (put(start()), put(start()));
        assert_ne!(first, second);
        assert_eq!(take(first).and_then(|start| start.pool), Some(2));
        assert!(take(first).is_none());
        assert!(take(second).is_some());
    }
}
