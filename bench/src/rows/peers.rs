//! Peers that lock parts of something, behind one small trait: the crates range-lock and range-mutex, and a reader/writer
//! lock over all of it.

use p2mscope_core::addr::FRAME_WORDS;
use std::hint::black_box;
use std::sync::Barrier;
use std::time::Instant;

/// Ranges of 512 elements each, of which one can be locked.
pub trait Ranges: Sync {
    /// Runs `f` while the range is locked.
    fn with<R>(&self, range: u64, f: impl FnOnce() -> R) -> R;
}

/// A GB of guest frames, a byte for each, so that a range of 2 MB is 512 of them.
const FRAMES: usize = 512 * FRAME_WORDS as usize;

const fn part(range: u64) -> std::ops::Range<usize> {
    let first = (range * FRAME_WORDS) as usize;
    first..first + FRAME_WORDS as usize
}

/// The crate range-lock, which can only try: it is asked again until it grants.
pub struct RangeLock(range_lock::VecRangeLock<u8>);

impl RangeLock {
    pub fn new() -> RangeLock {
        RangeLock(range_lock::VecRangeLock::new(vec![0; FRAMES]))
    }

    /// Runs `f` while all of it is locked.
    pub fn all<R>(&self, f: impl FnOnce() -> R) -> R {
        let guard = self.0.try_lock(black_box(0..FRAMES));
        assert!(guard.is_ok(), "nobody else locks it");
        f()
    }
}

impl Ranges for RangeLock {
    fn with<R>(&self, range: u64, f: impl FnOnce() -> R) -> R {
        loop {
            if let Ok(_guard) = self.0.try_lock(black_box(part(range))) {
                return f();
            }
            std::hint::spin_loop();
        }
    }
}

/// The crate range-mutex.
pub struct RangeMutex(range_mutex::RangeMutex<u8, Vec<u8>>);

impl RangeMutex {
    pub fn new() -> RangeMutex {
        RangeMutex(range_mutex::RangeMutex::new(vec![0; FRAMES]))
    }
}

impl Ranges for RangeMutex {
    fn with<R>(&self, range: u64, f: impl FnOnce() -> R) -> R {
        let _guard = self.0.lock(black_box(part(range)));
        f()
    }
}

/// A reader/writer lock over the whole, which every look-up takes as a reader.
pub struct Readers(pub parking_lot::RwLock<()>);

impl Ranges for Readers {
    fn with<R>(&self, _: u64, f: impl FnOnce() -> R) -> R {
        let _guard = self.0.read();
        f()
    }
}

/// Two threads, so many times each, each on a range of its own; millions of operations a second, together.
pub fn two_threads(lock: &impl Ranges, times: u64, ranges: [u64; 2]) -> f64 {
    each(ranges, times, |range| lock.with(range, || ()))
}

/// The same of any operation on a range.
pub fn each(ranges: [u64; 2], times: u64, f: impl Fn(u64) + Sync) -> f64 {
    let (f, barrier) = (&f, &Barrier::new(3));
    std::thread::scope(|scope| {
        let threads = ranges.map(|range| {
            scope.spawn(move || {
                barrier.wait();
                (0..times).for_each(|_| f(range));
            })
        });
        barrier.wait();
        let start = Instant::now();
        threads.into_iter().for_each(|t| t.join().expect("it does not panic"));
        2.0 * times as f64 / start.elapsed().as_micros() as f64
    })
}
