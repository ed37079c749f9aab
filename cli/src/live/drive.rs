//! One live run: started, looked after, drained or frozen, and what it left behind.
//!
//! Once others have ended, an actor may sleep for what nobody is left to bring. It is frozen there, which is no deadlock.

use p2mscope_core::addr::{ActorId, Word};
use p2mscope_core::lesson::Staged;
use p2mscope_core::live::{Counts, Detector, Live, LockTimes, Notes, Plan, State, Threads, differences, digest};
use p2mscope_core::lock::{Lock, Mode};
use p2mscope_core::machine::Policy;
use p2mscope_core::sched::Run;
use p2mscope_core::script::Script;
use p2mscope_core::view::{self, StuckView};
use p2mscope_core::watch::Rules;
use p2mscope_core::watch::waits::rings;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// How often a run is looked after.
const LOOK: Duration = Duration::from_millis(1);
/// For how long a run is run without a recording, to say how much that slows.
const PLAIN: Duration = Duration::from_millis(200);

/// How a run is to be.
pub struct Wanted {
    pub time: Duration,
    pub seed: u64,
    pub times: bool,
    pub abort: bool,
    pub record: Option<u64>,
}

/// A deadlock that stood.
pub struct Stood {
    /// After how many seconds it was seen.
    pub after: f64,
    /// In which forms, and whom to abort.
    pub view: StuckView,
}

/// An actor that was aborted, and what was released.
pub struct Aborted {
    pub actor: ActorId,
    pub released: Vec<(Lock, Mode)>,
}

/// A recording that was stepped through again.
pub struct Again {
    pub effects: usize,
    pub rounds: u64,
    /// How many of its steps could be taken.
    pub taken: usize,
    /// The hash of the words that the run left, and of those that the steps lead to.
    pub live: u64,
    pub stepped: u64,
    /// How many words differ.
    pub differ: usize,
    pub schedule: String,
    /// Rounds a second without a recording and with it, where there was anything to compare.
    pub rates: Option<(f64, f64)>,
}

/// What came of a run.
pub struct Ran {
    pub staged: Staged,
    pub seconds: f64,
    pub counts: Vec<Counts>,
    pub states: Vec<State>,
    pub stood: Vec<Stood>,
    pub aborted: Vec<Aborted>,
    /// What does not hold of the words that were left; none where somebody stands in the middle with a lock held.
    pub left: Option<Vec<String>>,
    pub times: (Vec<LockTimes>, u64),
    pub again: Option<Again>,
}

impl Ran {
    pub fn policy(&self) -> Policy {
        self.staged.world.policy
    }

    /// Whether nothing has to be complained of.
    pub fn is_well(&self) -> bool {
        let steps_lead_there = |a: &Again| a.taken == a.effects && a.live == a.stepped;
        self.stood.is_empty()
            && self.left.as_ref().is_some_and(Vec::is_empty)
            && self.again.as_ref().is_none_or(steps_lead_there)
    }

    pub fn sum(&self, of: fn(&Counts) -> u64) -> u64 {
        self.counts.iter().map(of).sum()
    }

    /// Rounds that went well, a second.
    pub fn rate(&self) -> f64 {
        self.sum(|c| c.operations) as f64 / self.seconds.max(1e-9)
    }
}

/// A monotonic clock in ns.
fn clock() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed().as_nanos() as u64
}

/// Runs it to its end. The error is the operating system's.
pub fn drive(staged: Staged, wanted: &Wanted) -> std::io::Result<Ran> {
    let plain = match wanted.record {
        None => None,
        Some(_) => {
            let wanted = Wanted { time: PLAIN.min(wanted.time), record: None, times: false, abort: false, ..*wanted };
            let ran = once(staged.clone(), &wanted)?;
            ran.stood.is_empty().then(|| ran.sum(|c| c.operations + c.failures) as f64 / ran.seconds.max(1e-9))
        }
    };
    let mut ran = once(staged, wanted)?;
    if let Some(again) = &mut ran.again {
        again.rates =
            plain.filter(|_| again.rounds > 0).map(|plain| (plain, again.rounds as f64 / ran.seconds.max(1e-9)));
    }
    Ok(ran)
}

fn once(staged: Staged, wanted: &Wanted) -> std::io::Result<Ran> {
    let notes = Notes { record: wanted.record, times: wanted.times.then_some(clock as fn() -> u64), events: None };
    let plan = Plan { seed: wanted.seed, rounds: None };
    let live = Live::noted(staged.world.clone(), staged.script.clone(), &staged.first, plan, notes);
    let threads = Threads::start(&live)?;
    let mut looks = Looks {
        live: &live,
        detector: Detector::new(),
        begun: Instant::now(),
        stood: Vec::new(),
        aborted: Vec::new(),
        abort: wanted.abort,
    };
    looks.after(wanted);
    let seconds = looks.begun.elapsed().as_secs_f64();
    let (stood, aborted) = (std::mem::take(&mut looks.stood), std::mem::take(&mut looks.aborted));
    threads.join();
    let states: Vec<State> = staged.world.actor_ids().filter_map(|a| live.state(a)).collect();
    let aborted = aborted.into_iter().map(|actor| Aborted { actor, released: live.released(actor) }).collect();
    let left = view::left(&live);
    let again = live.recording().map(|recording| {
        let mut run = Run::new(staged.sim_of(&recording, Rules::NONE));
        let taken = run.retrace(&recording.steps);
        let (map, actors) = (&staged.world.map, staged.world.actors.len());
        let stepped: Vec<u64> = (0..map.len()).map(|i| run.sim().memory().peek(Word(i))).collect();
        let words = live.recorded_words().unwrap_or_default();
        Again {
            effects: recording.steps.len(),
            rounds: live.counts().iter().map(|c| c.operations + c.failures).sum(),
            taken,
            live: digest(map, actors, &words),
            stepped: digest(map, actors, &stepped),
            differ: differences(map, actors, &words, &stepped).len(),
            schedule: run.schedule(),
            rates: None,
        }
    });
    let (counts, times) = (live.counts(), live.times());
    Ok(Ran { staged, seconds, counts, states, stood, aborted, left, times, again })
}

/// Looking after a run.
struct Looks<'a> {
    live: &'a Live<Script>,
    detector: Detector,
    begun: Instant,
    stood: Vec<Stood>,
    aborted: Vec<ActorId>,
    abort: bool,
}

impl Looks<'_> {
    /// For its time, then until all have stopped.
    fn after(&mut self, wanted: &Wanted) {
        while !self.live.all_stopped() {
            if self.begun.elapsed() >= wanted.time {
                self.live.drain_in_turn();
            }
            if !self.look() {
                self.live.freeze();
            }
            // A short recording is over before anybody has slept.
            if wanted.record.is_some() && self.begun.elapsed() < PLAIN {
                std::thread::yield_now();
            } else {
                std::thread::sleep(LOOK);
            }
        }
    }

    /// False if those who are left can never stop by themselves.
    fn look(&mut self) -> bool {
        let stuck = self.detector.poll(self.live).to_vec();
        if stuck.is_empty() {
            return true;
        }
        let world = self.live.world();
        let ended: Vec<ActorId> =
            world.actor_ids().filter(|&a| self.live.state(a).is_some_and(State::stopped)).collect();
        let all = stuck.len() + ended.len() == world.actors.len();
        if rings(&stuck).is_empty() && !stuck.iter().any(|w| w.on.needs_all()) {
            // Sleepers: they hope while anybody moves, and are nobody's deadlock once all others have ended.
            return !all;
        }
        let view = view::stuck(world, &stuck, &ended);
        let (abort, after) = (view.abort.clone(), self.begun.elapsed().as_secs_f64());
        if self.stood.last().is_none_or(|stood| stood.view != view) {
            self.stood.push(Stood { after, view });
        }
        if !self.abort {
            return false;
        }
        for a in abort.into_iter().map(ActorId) {
            self.live.abort(a);
            self.aborted.push(a);
        }
        self.detector = Detector::new();
        true
    }
}
