//! Why an actor cannot step.

use super::programs::{ab_ba, release, run, take};
use super::*;
use crate::lock::{Lock, Mode};
use crate::step::{Cond, Effect};

#[test]
fn a_waiting_actor_says_who_holds_what_since_when() {
    let mut run = ab_ba();
    run.take(PG, 0).unwrap();
    run.until_blocked(V0).unwrap();
    assert_eq!(why(&mut run, V0).unwrap(), "V0 asks for range 2 of domain 1, which PG holds since step 1.");
    assert_eq!(why(&mut run, PG), None);
    assert_eq!(owners(&mut run, V0), [PG]);
}

#[test]
fn whoever_has_ended_or_sleeps_says_so() {
    let n = super::programs::world(crate::machine::Policy::M2).0.map.word(0);
    let mut run = run(vec![vec![vec![Effect::Wait(Cond::Is(n, 1))]], vec![vec![Effect::Add(n, 1)]]]);
    assert_eq!(why(&mut run, V0).unwrap(), "V0 sleeps until a condition holds, since step 0.");
    run.take(PG, 0).unwrap();
    assert_eq!(why(&mut run, V0), None);
    assert_eq!(why(&mut run, PG).unwrap(), "PG has ended.");
    assert_eq!(why(&mut run, ActorId(9)).unwrap(), "There is no such actor.");
}

#[test]
fn a_new_shared_holder_waits_for_whoever_queued() {
    let shared = |e: fn(Lock, Mode) -> Effect| e(Lock::Global(0), Mode::Shared);
    let mut run = run(vec![
        vec![vec![shared(Effect::Lock)], vec![shared(Effect::Unlock)]],
        vec![vec![take(Lock::Global(0))], vec![release(Lock::Global(0))]],
        vec![vec![shared(Effect::Lock)]],
    ]);
    run.take(V0, 0).unwrap();
    run.take(PG, 0).unwrap();
    assert!(run.last_event().unwrap().queued);
    assert_eq!(why(&mut run, PG).unwrap(), "PG asks for the p2m lock of domain 1, which V0 holds since step 1.");
    assert_eq!(
        why(&mut run, SH).unwrap(),
        "SH asks for the shared side of the p2m lock of domain 1, for which PG has queued."
    );
    assert_eq!(schedule_words(&run), "V0 0 PG .1q");
}

fn schedule_words(run: &Run<super::programs::Programs>) -> String {
    run.schedule().split(' ').filter(|w| !w.starts_with('~')).collect::<Vec<_>>().join(" ")
}

#[test]
fn holds_are_intervals_with_their_depth() {
    let r = Lock::Range(0, 7);
    let mut run = run(vec![vec![vec![take(r), take(r), release(r)], vec![release(r)], vec![take(r)]]]);
    run.seek(0);
    for _ in 0..3 {
        run.take(V0, 0).unwrap();
    }
    let hold = |until, depth| Hold { actor: V0, lock: r, mode: Mode::Exclusive, since: 1, until, depth };
    assert_eq!(holds(run.past()), [hold(None, 1)]);
    run.take(V0, 0).unwrap();
    assert_eq!(holds(run.past()), [hold(Some(4), 0)]);
    run.take(V0, 0).unwrap();
    assert_eq!(holds(run.past()), [hold(Some(4), 0), Hold { since: 5, ..hold(None, 1) }]);
}
