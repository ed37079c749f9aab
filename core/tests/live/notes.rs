//! What is noted beside a run: how long locks are held and waited for, and what each thread did just now.

use super::pages::{Abba, GetPut, LOCKS, RANGES, Statement, assert_all_free, live, noted};
use super::until;
use p2mscope_core::addr::{ActorId, Word};
use p2mscope_core::lesson::Lesson;
use p2mscope_core::live::{Deed, Detector, Live, Notes, Plan, TRACK_ROOM, Threads, differences};
use p2mscope_core::lock::{Lock, Mode};
use p2mscope_core::machine::Policy;
use p2mscope_core::sched::Run;
use p2mscope_core::step::{Step, Stop};
use p2mscope_core::watch::Rules;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

fn clock() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed().as_nanos() as u64
}

fn all_notes() -> Notes {
    Notes { times: Some(clock), events: Some(clock), record: None }
}

/// Takes a lock and lets it go.
struct One;

impl Statement for One {
    fn run<S: Step>(&self, s: &mut S) -> Result<u64, Stop> {
        s.lock(LOCKS[0], Mode::Exclusive)?;
        s.lock(LOCKS[1], Mode::Exclusive)?;
        s.unlock(LOCKS[0], Mode::Exclusive)?;
        s.unlock(LOCKS[1], Mode::Exclusive)?;
        Ok(1)
    }
}

#[test]
fn each_hold_lasts_from_its_lock_to_its_unlock() {
    /// Counts how often it is asked: 0, 1, 2 ..
    fn ticks() -> u64 {
        static TICKS: AtomicU64 = AtomicU64::new(0);
        TICKS.fetch_add(1, Ordering::Relaxed)
    }
    // Metered alone, a lock and an unlock ask once each: l0 is held from 0 to 2, l1 from 1 to 3, in each of 5 rounds.
    let live = noted(1, Some(5), One, Notes { times: Some(ticks), ..Notes::default() });
    Threads::start(&live).unwrap().join();
    let (times, beyond) = live.times();
    let seen: Vec<_> =
        times.iter().map(|t| (t.lock, t.mode, t.held.count(), t.held.nanos(), t.waited.count())).collect();
    assert_eq!(seen, LOCKS.map(|lock| (lock, Mode::Exclusive, 5, 10, 0)));
    assert_eq!((beyond, live.tracks()), (0, vec![]));
}

#[test]
fn a_ring_has_what_the_thread_did_in_order() {
    let live = noted(1, Some(2), One, Notes { events: Some(clock), ..Notes::default() });
    Threads::start(&live).unwrap().join();
    let [track] = &live.tracks()[..] else { panic!("one ring for each actor") };
    let (l0, l1) = (LOCKS[0], LOCKS[1]);
    let round = [
        Deed::Takes(l0, Mode::Exclusive),
        Deed::Takes(l1, Mode::Exclusive),
        Deed::Gives(l0, Mode::Exclusive),
        Deed::Gives(l1, Mode::Exclusive),
        Deed::Round { failed: true },
    ];
    assert_eq!(track.moments.iter().map(|m| m.deed).collect::<Vec<_>>(), [round, round].concat());
    assert!(track.moments.windows(2).all(|two| two[0].at <= two[1].at));
    assert_eq!((track.dropped, live.times().0.len()), (0, 0));
}

#[test]
fn what_a_ring_drops_is_counted() {
    // Five events a round: 100 rounds are 500.
    let live = noted(1, Some(100), One, Notes { events: Some(clock), ..Notes::default() });
    Threads::start(&live).unwrap().join();
    let [track] = &live.tracks()[..] else { panic!("one ring for each actor") };
    assert_eq!((track.moments.len(), track.dropped), (TRACK_ROOM, 500 - TRACK_ROOM as u64));
}

#[test]
fn all_holds_and_waits_of_a_run_are_counted() {
    const ROUNDS: u64 = 20_000;
    let live = noted(2, Some(ROUNDS), GetPut, all_notes());
    Threads::start(&live).unwrap().join();
    let (times, _) = live.times();
    let ranges: u64 = times.iter().filter(|t| matches!(t.lock, Lock::Range(..))).map(|t| t.held.count()).sum();
    assert_eq!(ranges, 2 * ROUNDS * 2, "two actors, two ranges a round");
    let sides: Vec<_> = times.iter().filter(|t| t.lock == Lock::Global(0)).map(|t| t.mode).collect();
    assert_eq!(sides, [Mode::Shared]);
    assert!(times.iter().all(|t| t.held.nanos() > 0));
    let (waited, waits): (u64, u64) =
        (times.iter().map(|t| t.waited.count()).sum(), live.counts().iter().map(|c| c.waits).sum());
    assert_eq!(waited, waits, "every wait ended with the lock");
    assert_eq!(times.iter().filter(|t| matches!(t.lock, Lock::Range(..))).count(), RANGES as usize);
    assert_all_free(&live);
}

#[test]
fn nothing_is_noted_unless_asked() {
    let live = live(1, Some(10), GetPut);
    Threads::start(&live).unwrap().join();
    assert_eq!((live.times(), live.tracks(), live.recording()), ((vec![], 0), vec![], None));
}

#[test]
fn an_abort_shows_what_it_released_and_the_other_goes_on() {
    let live = noted(2, Some(1), Abba, all_notes());
    let threads = Threads::start(&live).unwrap();
    let mut detector = Detector::new();
    until("both are stuck", || detector.poll(&live).len() == 2);
    assert_eq!(live.released(ActorId(0)), []);
    live.abort(ActorId(0));
    threads.join();
    let (l0, l1, alone) = (LOCKS[0], LOCKS[1], Mode::Exclusive);
    assert_eq!([0, 1].map(|a| live.released(ActorId(a))), [vec![(l0, alone)], vec![]]);
    let deeds: Vec<Vec<Deed>> =
        live.tracks().iter().map(|track| track.moments.iter().map(|m| m.deed).collect()).collect();
    let (takes, waits, gives) = (|l| Deed::Takes(l, alone), |l| Deed::Waits(l, alone), |l| Deed::Gives(l, alone));
    assert_eq!(deeds[0], [takes(l0), waits(l1)]);
    let round = Deed::Round { failed: false };
    assert_eq!(deeds[1], [takes(l1), waits(l0), takes(l0), gives(l0), gives(l1), round]);
    // What the aborted one held and waited for ended otherwise than by its own unlock, and does not count.
    let counts: Vec<_> = live.times().0.iter().map(|t| (t.lock, t.held.count(), t.waited.count())).collect();
    assert_eq!(counts, [(l0, 1, 1), (l1, 1, 0)]);
}

#[test]
fn a_recording_ends_where_an_actor_is_aborted() {
    let lesson = Lesson::parse(include_str!("../../../static/lessons/first.toml")).unwrap();
    let staged = lesson.stage("before", Some(Policy::M2), None).unwrap();
    let notes = Notes { record: Some(1 << 20), ..all_notes() };
    let live = Live::noted(staged.world.clone(), staged.script.clone(), &staged.first, Plan::default(), notes);
    let threads = Threads::start(&live).unwrap();
    let mut detector = Detector::new();
    until("V0 and V1 close a ring", || !detector.poll(&live).is_empty());
    live.abort(ActorId(0));
    let rounds = live.counts()[1].operations;
    until("V1 goes on", || live.counts()[1].operations > rounds);
    live.drain();
    threads.join();
    let held = live.released(ActorId(0));
    // Innermost first: the side of the table for the page that it could not get, then the range of the page that it
    // has, and the side of the table that goes with that.
    let side = (Lock::Global(0), Mode::Shared);
    assert_eq!(held, [side, (Lock::Range(0, 0), Mode::Exclusive), side]);
    let recording = live.recording().unwrap();
    let mut run = Run::new(staged.sim_of(&recording, Rules::NONE));
    assert_eq!(run.retrace(&recording.steps), recording.steps.len());
    let (map, actors) = (&staged.world.map, staged.world.actors.len());
    let simulated: Vec<u64> = (0..map.len()).map(|i| run.sim().memory().peek(Word(i))).collect();
    assert_eq!(differences(map, actors, &live.recorded_words().unwrap(), &simulated), []);
    assert_ne!(differences(map, actors, &live.words().copy(), &simulated), [], "others went on afterwards");
}
