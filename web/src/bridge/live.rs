//! Live threads: a worker to each actor, over one memory; looked at from here, ten times a second.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;

use gloo::timers::callback::Interval;
use p2mscope_core::addr::ActorId;
use p2mscope_core::live::{Detector, Live, Plan, State};
use p2mscope_core::sched::Run;
use p2mscope_core::sim::Sim;
use p2mscope_core::watch::{Rules, invariants};
use yew::Callback;

use super::now;
use crate::program::{self, Opened, Program};
use crate::sight::{Actor, Sight};
use crate::state::{Question, Seen, Wish};
use crate::worker::{Event, Reason, Worker};

/// Milliseconds between two looks.
const LOOK: u32 = 100;
/// Looks over which a rate is taken.
const SPAN: usize = 10;

/// The threads of a run; dropping them ends them wherever they are.
pub struct Threads {
    live: Live<Program>,
    _workers: Vec<Worker>,
    _clock: Interval,
}

impl Threads {
    /// Starts a thread to each actor of the lesson as run number `number`; what they do goes to `tell`.
    ///
    /// # Errors
    /// Why there can be none.
    pub fn start(number: u32, question: &Question, tell: Callback<Seen>) -> Result<Self, String> {
        let opened = program::open(&question.text, &question.version, Some(question.policy), Some(Rules::NONE));
        let Opened { sim, first, .. } =
            opened.map_err(|faults| faults.first().map_or(String::new(), ToString::to_string))?;
        let live =
            Live::new(sim.world().clone(), sim.code().clone(), &first, Plan { seed: now() as u64, rounds: None });
        let mut workers = Vec::new();
        for actor in live.world().actor_ids() {
            let (tell, job) = (tell.clone(), live.clone());
            let hears = move |event| {
                if let Event::Failed(reason) = event {
                    tell.emit(Seen { run: number, sight: Err(why_none(&reason)) });
                }
            };
            let run = move |_| {
                job.run_actor(actor);
            };
            let worker = Worker::spawn(run, hears).map_err(|reason| why_none(&reason))?;
            workers.push(worker);
        }
        let mut looks = Looks::new(live.clone());
        let clock = Interval::new(LOOK, move || {
            if let Some(sight) = looks.look() {
                tell.emit(Seen { run: number, sight: Ok(Rc::new(sight)) });
            }
        });
        Ok(Self { live, _workers: workers, _clock: clock })
    }

    /// Passes a wish on.
    pub fn wish(&self, wish: Wish) {
        match wish {
            Wish::Nothing | Wish::Run => {}
            Wish::Freeze => self.live.freeze(),
            Wish::Drain => self.live.drain(),
        }
    }
}

/// Why there are no threads, and what would be needed.
fn why_none(reason: &Reason) -> String {
    let reason = reason.to_string();
    let reason = reason.trim_end_matches('.');
    let isolated = js_sys::Reflect::get(&gloo::utils::window(), &"crossOriginIsolated".into());
    match isolated.ok().and_then(|it| it.as_bool()) {
        Some(true) => format!("{reason}."),
        _ => format!(
            "{reason}. This page is not cross-origin isolated: its host must send \
             Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp."
        ),
    }
}

/// One look after the other.
struct Looks {
    live: Live<Program>,
    detector: Detector,
    begun: Option<f64>,
    /// Earlier looks: when, and the rounds of each actor.
    past: VecDeque<(f64, Vec<u64>)>,
    /// The words, once all have stopped.
    words: Option<Rc<RefCell<Run<Program>>>>,
}

impl Looks {
    fn new(live: Live<Program>) -> Self {
        Self { live, detector: Detector::new(), begun: None, past: VecDeque::new(), words: None }
    }

    /// What the threads do now; nothing until all are there, and nothing new after all have stopped.
    fn look(&mut self) -> Option<Sight> {
        let begun = match self.begun {
            Some(begun) => begun,
            None if self.live.all_ready() => {
                self.live.start();
                *self.begun.insert(now())
            }
            None => return None,
        };
        if self.words.is_some() {
            return None;
        }
        let stuck = self.detector.poll(&self.live).to_vec();
        let counts = self.live.counts();
        let now = now();
        let rounds: Vec<u64> = counts.iter().map(|it| it.operations).collect();
        let (then, before) = self.past.front().cloned().unwrap_or((begun, vec![0; counts.len()]));
        let rate = |n: usize| (rounds[n] - before[n]) as f64 / ((now - then) / 1000.0).max(0.001);
        let actor = |n: usize| {
            let id = ActorId(n as u8);
            Some(Actor {
                counts: counts[n],
                rate: rate(n),
                thread: self.live.state(id)?,
                held: self.live.held(id),
                waiting: self.live.waiting(id),
            })
        };
        let actors = (0..counts.len()).filter_map(actor).collect();
        self.past.push_back((now, rounds));
        if self.past.len() > SPAN {
            self.past.pop_front();
        }
        if self.live.all_stopped() {
            self.words = Some(Rc::new(RefCell::new(self.stand())));
        }
        let (world, words) = (self.live.world().clone(), self.words.clone());
        let drained = self.live.world().actor_ids().all(|a| self.live.state(a) == Some(State::Drained));
        let broken = drained.then(|| invariants::drained(&mut self.live.words().copy(), &world));
        Some(Sight { actors, stuck, world, words, broken, seconds: (now - begun) / 1000.0 })
    }

    /// The words as they stand, as the first state of a run: to be decoded, not to be gone on from.
    fn stand(&self) -> Run<Program> {
        let words: Arc<[u64]> = self.live.words().copy().into();
        Run::new(Sim::new(self.live.world().clone(), self.live.code().clone(), words, Rules::NONE))
    }
}
