//! Live threads: a worker to each actor, over one memory; looked at from here, thirty times a second for a deadlock and
//! five times a second to be shown.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use gloo::timers::callback::Interval;
use p2mscope_core::addr::{ActorId, Word};
use p2mscope_core::lesson::{Form, Staged};
use p2mscope_core::live::{Detector, Live, Notes, Plan, Track, differences, digest};
use p2mscope_core::lock::Lock;
use p2mscope_core::sched::Run;
use p2mscope_core::view::{self, LiveTimeline};
use p2mscope_core::watch::Rules;
use p2mscope_core::watch::waits::Wait;
use yew::Callback;

use super::clock;
use crate::program::{self, Opened, Program};
use crate::sight::{Actor, Recorded, Sight};
use crate::state::{Order, Seen, Wish};
use crate::worker::{Event, Reason, Worker};

/// Milliseconds between two looks.
const LOOK: u32 = 33;
/// Looks from one that is shown to the next, unless there is something new.
const SHOWN: u32 = 6;
/// Seconds of a recorded run from which on its rate says anything: a shorter one was mostly threads that woke up.
const LONG_ENOUGH: f64 = 0.1;
/// Shown looks over which a rate is taken.
const SPAN: usize = 6;
/// Events of all threads that are drawn at most.
const DRAWN: usize = 900;

/// The threads of a run; dropping them ends them wherever they are.
pub struct Threads {
    live: Live<Program>,
    looks: Rc<RefCell<Looks>>,
    _workers: Vec<Worker>,
    _clock: Interval,
}

impl Threads {
    /// Starts a thread to each actor of the lesson as run number `number`; what they do goes to `tell`.
    ///
    /// # Errors
    /// Why there can be none.
    pub fn start(number: u32, order: &Order, tell: Callback<Seen>) -> Result<Self, String> {
        let question = &order.question;
        let opened =
            program::open_as(&question.text, &question.version, Form::Loop, Some(question.policy), Some(Rules::NONE));
        let Opened { staged, .. } =
            opened.map_err(|faults| faults.first().map_or(String::new(), ToString::to_string))?;
        clock::begin();
        let meter = order.metered.then_some(clock::nanos as fn() -> u64);
        let notes = Notes { record: order.record, times: meter, events: meter };
        let plan = Plan { seed: clock::nanos(), rounds: None };
        let live = Live::noted(staged.world.clone(), staged.script.clone(), &staged.first, plan, notes);
        let (mut workers, ended) = (Vec::new(), Arc::new(AtomicU64::new(0)));
        for actor in live.world().actor_ids() {
            let (tell, job, ended) = (tell.clone(), live.clone(), ended.clone());
            let hears = move |event| {
                if let Event::Failed(reason) = event {
                    tell.emit(Seen { run: number, sight: Err(why_none(&reason)) });
                }
            };
            let run = move |_| {
                job.run_actor(actor);
                ended.fetch_max(clock::nanos(), Ordering::SeqCst);
            };
            let worker = Worker::spawn(run, hears).map_err(|reason| why_none(&reason))?;
            workers.push(worker);
        }
        let looks = Rc::new(RefCell::new(Looks::new(live.clone(), staged, ended, order.metered)));
        let shared = looks.clone();
        let clock = Interval::new(LOOK, move || {
            let sight = shared.borrow_mut().look();
            if let Some(sight) = sight {
                tell.emit(Seen { run: number, sight: Ok(Rc::new(sight)) });
            }
        });
        Ok(Self { live, looks, _workers: workers, _clock: clock })
    }

    /// Passes a wish on.
    pub fn wish(&self, wish: Wish) {
        match wish {
            Wish::Nothing | Wish::Run | Wish::Compare => {}
            Wish::Freeze => self.live.freeze(),
            Wish::Drain => self.looks.borrow_mut().draining = true,
        }
    }

    /// Aborts an actor, also after it has been frozen.
    pub fn abort(&self, actor: ActorId) {
        self.live.abort(actor);
        self.looks.borrow_mut().look_again();
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
    staged: Staged,
    detector: Detector,
    begun: Option<u64>,
    /// When the last thread ended, in ns; 0 while none has.
    ended: Arc<AtomicU64>,
    /// How finely the clock ticks, where times are metered.
    tick: Option<u64>,
    draining: bool,
    looks: u32,
    /// Who was stuck when that was shown last.
    stuck: Vec<Wait>,
    /// Earlier looks: when, and the rounds of each actor.
    past: VecDeque<(u64, Vec<u64>)>,
    /// How often somebody was seen to wait for each lock.
    waited: BTreeMap<Lock, u64>,
    /// What threads did last, as it is drawn.
    timeline: Option<Rc<LiveTimeline>>,
    /// Whether all have stopped and that was shown.
    over: bool,
}

impl Looks {
    fn new(live: Live<Program>, staged: Staged, ended: Arc<AtomicU64>, metered: bool) -> Self {
        let tick = metered.then(clock::tick);
        Self {
            live,
            staged,
            detector: Detector::new(),
            begun: None,
            ended,
            tick,
            draining: false,
            looks: 0,
            stuck: Vec::new(),
            past: VecDeque::new(),
            waited: BTreeMap::new(),
            timeline: None,
            over: false,
        }
    }

    /// Something has been done from here that is to be seen at once.
    fn look_again(&mut self) {
        self.over = false;
        self.looks = 0;
        self.detector = Detector::new();
    }

    /// What the threads do now, if it is to be shown: nothing until all are there, and nothing new after all have stopped.
    fn look(&mut self) -> Option<Sight> {
        let begun = match self.begun {
            Some(begun) => begun,
            None if self.live.all_ready() => {
                let begun = clock::nanos();
                self.live.start();
                *self.begun.insert(begun)
            }
            None => return None,
        };
        if self.over {
            return None;
        }
        for actor in self.live.world().actor_ids() {
            if let Some((lock, _)) = self.live.waiting(actor) {
                *self.waited.entry(lock).or_insert(0) += 1;
            }
        }
        let stuck = self.detector.poll(&self.live).to_vec();
        if self.draining {
            self.live.drain_in_turn();
            // Asleep for what nobody is left to bring: it stays where it is.
            if !stuck.is_empty() && !stuck.iter().any(|wait| wait.on.needs_all()) && self.only_stuck(&stuck) {
                self.live.freeze();
            }
        }
        let over = self.live.all_stopped();
        let is_new = over || stuck != self.stuck;
        self.looks += 1;
        if !is_new && self.looks % SHOWN != 1 {
            return None;
        }
        (self.over, self.stuck) = (over, stuck.clone());
        let now = match self.ended.load(Ordering::SeqCst) {
            ended if over && ended > begun => ended,
            _ => clock::nanos(),
        };
        Some(self.sight(begun, now, stuck, over))
    }

    /// Whether all others have stopped.
    fn only_stuck(&self, stuck: &[Wait]) -> bool {
        let is_stuck = |a: ActorId| stuck.iter().any(|wait| wait.actor == a);
        self.live.world().actor_ids().all(|a| is_stuck(a) || self.live.state(a).is_some_and(|it| it.stopped()))
    }

    fn sight(&mut self, begun: u64, now: u64, stuck: Vec<Wait>, over: bool) -> Sight {
        let counts = self.live.counts();
        let rounds: Vec<u64> = counts.iter().map(|it| it.operations).collect();
        let (then, before) = self.past.front().cloned().unwrap_or((begun, vec![0; counts.len()]));
        let seconds = |from: u64| now.saturating_sub(from) as f64 / 1e9;
        let rate = |n: usize| (rounds[n] - before[n]) as f64 / seconds(then).max(0.001);
        let actor = |n: usize| {
            let id = ActorId(n as u8);
            Some(Actor {
                counts: counts[n],
                rate: rate(n),
                thread: self.live.state(id)?,
                held: self.live.held(id),
                waiting: self.live.waiting(id),
                asleep: self.live.sleeps(id),
                released: self.live.released(id),
            })
        };
        let actors = (0..counts.len()).filter_map(actor).collect();
        self.past.push_back((now, rounds));
        if self.past.len() > SPAN {
            self.past.pop_front();
        }
        let world = self.live.world().clone();
        let gone: Vec<ActorId> =
            world.actor_ids().filter(|&a| self.live.state(a).is_some_and(|it| it.stopped() && !over)).collect();
        let (times, beyond) = self.live.times();
        self.draw();
        Sight {
            actors,
            forms: view::stuck(&world, &stuck, &gone),
            stuck,
            times: view::times(&world, &times),
            beyond,
            waited: self.waited.clone(),
            tick: self.tick,
            timeline: self.timeline.clone(),
            words: over.then(|| Rc::new(RefCell::new(self.stand()))),
            left: if over { view::left(&self.live) } else { None },
            recorded: if over { self.recorded(seconds(begun)).map(Rc::new) } else { None },
            world,
            seconds: seconds(begun),
        }
    }

    /// The last events of the threads, if there are any new ones.
    fn draw(&mut self) {
        let mut tracks = self.live.tracks();
        if tracks.iter().all(|track| track.moments.is_empty()) {
            return;
        }
        let most = DRAWN / tracks.len().max(1);
        for Track { moments, dropped } in &mut tracks {
            let more = moments.len().saturating_sub(most);
            moments.drain(..more);
            *dropped += more as u64;
        }
        self.timeline = view::live_timeline(self.live.world(), &tracks).map(Rc::new);
    }

    /// The words as they stand, as the first state of a run: to be decoded, not to be gone on from.
    fn stand(&self) -> Run<Program> {
        let staged = Staged { first: self.live.words().copy().into(), ..self.staged.clone() };
        Run::new(staged.sim(Rules::NONE))
    }

    /// The recording, stepped through again to see whether it leads to the same words.
    fn recorded(&self, seconds: f64) -> Option<Recorded> {
        let (recording, words) = (self.live.recording()?, self.live.recorded_words()?);
        let mut run = Run::new(self.staged.sim_of(&recording, Rules::NONE));
        let taken = run.retrace(&recording.steps);
        let (map, actors) = (&self.staged.world.map, self.staged.world.actors.len());
        let stepped: Vec<u64> = (0..map.len()).map(|i| run.sim().memory().peek(Word(i))).collect();
        let rounds: u64 = self.live.counts().iter().map(|it| it.operations + it.failures).sum();
        Some(Recorded {
            same: taken == recording.steps.len() && differences(map, actors, &words, &stepped).is_empty(),
            live: digest(map, actors, &words),
            stepped: digest(map, actors, &stepped),
            rate: if seconds < LONG_ENOUGH { 0.0 } else { rounds as f64 / seconds },
            recording,
        })
    }
}
