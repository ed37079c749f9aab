//! Virtual time: computed in a worker of its own, or in slices on this thread where there are none.
//!
//! The worker is started by the first run and kept. A run that is dropped is told to stop by a word that both share.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use gloo::timers::callback::Timeout;
use p2mscope_core::lesson::Lesson;
use p2mscope_core::scale::{Advance, Ask, COUNTS, Costs, Point, Setup, Stood, Sweep};
use yew::Callback;

use super::now;
use crate::state::{Dot, Inquiry, Said};
use crate::worker::{Event, Worker};

/// Effects between two looks at the clock.
const EFFECTS: u64 = 2_000;
/// Milliseconds of a frame that a run on this thread may take.
const SLICE: f64 = 10.0;

/// A run under way; dropping it stops it.
pub struct Computing(Arc<AtomicBool>);

impl Drop for Computing {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

type Listener = Box<dyn Fn(Event)>;

thread_local! {
    static WORKER: RefCell<Option<Worker>> = const { RefCell::new(None) };
    /// Whether no worker can be had; from then on runs are on this thread.
    static NONE: RefCell<bool> = const { RefCell::new(false) };
    static LISTENER: RefCell<Option<Listener>> = const { RefCell::new(None) };
}

impl Computing {
    /// Begins run `run`; what is to be said of it goes to `tell`.
    pub fn begin(run: u32, inquiry: Inquiry, tell: Callback<(u32, Said)>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let say = move |said| tell.emit((run, said));
        if NONE.take() || !elsewhere(run, &inquiry, &stop, say.clone()) {
            NONE.set(true);
            alone(&inquiry, stop.clone(), say);
        }
        Self(stop)
    }
}

/// Has the worker compute; false if there is none.
fn elsewhere(run: u32, inquiry: &Inquiry, stop: &Arc<AtomicBool>, say: impl Fn(Said) + Clone + 'static) -> bool {
    let hears = {
        let (inquiry, stop) = (inquiry.clone(), stop.clone());
        move |event| match event {
            Event::Ready => {}
            // An earlier run may still have something to say.
            Event::Said(json) => match serde_json::from_str::<(u32, Said)>(&json) {
                Ok((of, said)) if of == run => say(said),
                Ok(_) => {}
                Err(error) => say(Said::Trouble(format!("The answer cannot be read: {error}."))),
            },
            Event::Failed(_) => {
                WORKER.take();
                NONE.set(true);
                alone(&inquiry, stop.clone(), say.clone());
            }
        }
    };
    LISTENER.set(Some(Box::new(hears)));
    WORKER.with_borrow_mut(|slot| {
        if slot.is_none() {
            let heard =
                |event: Event| LISTENER.with_borrow(|listener| listener.iter().for_each(|hears| hears(event.clone())));
            *slot = Worker::spawn(|_| {}, heard).ok();
        }
        let Some(worker) = slot else { return false };
        let (text, version, settings) = (inquiry.text.to_string(), inquiry.version.clone(), inquiry.settings);
        let stop = stop.clone();
        worker.run(move |port| {
            let inquiry = Inquiry { text: text.into(), version, settings };
            let say = |said: Said| port.say(&serde_json::to_string(&(run, said)).expect("plain data"));
            let mut sweep = match prepare(&inquiry) {
                Ok(sweep) => sweep,
                Err(why) => return say(Said::Trouble(why)),
            };
            while !stop.load(Ordering::Relaxed) {
                match said(sweep.advance(EFFECTS)) {
                    None => {}
                    Some(said @ Said::Dot(_)) => say(said),
                    Some(last) => return say(last),
                }
            }
        });
        true
    })
}

/// Computes on this thread, a slice to a turn of the event loop.
fn alone(inquiry: &Inquiry, stop: Arc<AtomicBool>, say: impl Fn(Said) + 'static) {
    match prepare(inquiry) {
        Ok(sweep) => turn(sweep, stop, Box::new(say)),
        Err(why) => say(Said::Trouble(why)),
    }
}

fn turn(mut sweep: Sweep, stop: Arc<AtomicBool>, say: Box<dyn Fn(Said)>) {
    Timeout::new(0, move || {
        let begun = now();
        while !stop.load(Ordering::Relaxed) {
            match said(sweep.advance(EFFECTS)) {
                None => {}
                Some(said @ Said::Dot(_)) => say(said),
                Some(last) => return say(last),
            }
            if now() - begun > SLICE {
                return turn(sweep, stop, say);
            }
        }
    })
    .forget();
}

fn prepare(inquiry: &Inquiry) -> Result<Sweep, String> {
    let lesson =
        Lesson::parse(&inquiry.text).map_err(|errors| errors.first().map(ToString::to_string).unwrap_or_default())?;
    let s = inquiry.settings;
    let costs = Costs { atomic: s.atomic, transfer: s.transfer, ..Costs::default() };
    let ask = Ask {
        version: inquiry.version.clone(),
        actors: vec![s.actor],
        spread: s.spread,
        lines: s.lines(),
        counts: COUNTS.to_vec(),
        setup: Setup { costs, pause: s.pause, waiters: s.waiters, ..Setup::default() },
    };
    Sweep::new(lesson, ask)
}

fn said(advanced: Result<Advance, String>) -> Option<Said> {
    match advanced {
        Ok(Advance::Going) => None,
        Ok(Advance::Point(point)) => Some(Said::Dot(dot(point))),
        Ok(Advance::Ended) => Some(Said::Ended),
        Err(why) => Some(Said::Trouble(why)),
    }
}

fn dot(point: Point) -> Dot {
    let Point { line, vcpus, outcome, speedup, contended } = point;
    let lost = match (&outcome.stood, contended) {
        (Some(Stood::Deadlock), _) => "deadlock: everybody waits".to_owned(),
        (Some(Stood::NoRounds), _) => "no round of the program ends".to_owned(),
        (None, Some((lock, share))) if share >= 0.01 => format!("{lock} ({:.0} %)", share * 100.0),
        (None, _) => "nowhere".to_owned(),
    };
    Dot {
        line,
        vcpus,
        rate: outcome.per_second,
        speedup,
        waiting: outcome.waiting,
        moving: outcome.moving,
        lost,
        failures: outcome.failures,
    }
}
