//! Live runs in a browser: threads over one shared memory take the real locks.
#![cfg(target_arch = "wasm32")]

#[path = "../../core/tests/live/pages.rs"]
mod pages;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use p2mscope_core::addr::ActorId;
use p2mscope_core::live::{Detector, Live, Plan, State};
use p2mscope_core::sim::Code;
use p2mscope_core::trial::mixed;
use pages::{Abba, GetPut, RANGES, assert_all_free, live, peek};
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

// The controller sleeps between two looks, which only a worker may.
wasm_bindgen_test_configure!(run_in_dedicated_worker);

/// Threads of the pool: as many as the largest run has actors.
const THREADS: usize = 8;

/// Starts each actor on a thread of its own and opens the gate. The threads come from the pool, which nobody else uses here.
async fn start<C: Code + 'static>(live: &Live<C>) {
    static STARTED: AtomicBool = AtomicBool::new(false);
    if !STARTED.swap(true, Ordering::SeqCst) {
        JsFuture::from(wasm_bindgen_rayon::init_thread_pool(THREADS)).await.expect("a pool of threads");
    }
    for a in live.world().actor_ids() {
        let live = live.clone();
        rayon::spawn(move || assert!(live.run_actor(a).is_some()));
    }
    until(|| live.all_ready());
    live.start();
}

/// The runner's own time-out ends a wait in vain.
fn until(mut holds: impl FnMut() -> bool) {
    while !holds() {
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[wasm_bindgen_test]
async fn nothing_is_lost_under_overlapping_ranges() {
    const ROUNDS: u64 = 100_000;
    let live = live(2, Some(ROUNDS), GetPut);
    start(&live).await;
    let mut detector = Detector::new();
    until(|| {
        assert_eq!(detector.poll(&live), [], "nobody is stuck");
        live.all_stopped()
    });
    assert!(live.counts().iter().all(|c| (c.operations, c.failures) == (ROUNDS, 0)));
    let sum: u64 = (0..2 * RANGES).map(|i| peek(&live, |map| map.word(i as u32))).sum();
    assert_eq!(sum, 2 * ROUNDS * 2 * 2, "two actors, two ranges, two words");
    assert_all_free(&live);
}

#[wasm_bindgen_test]
async fn a_deadlock_is_found_while_it_stands_and_ended() {
    let live = live(2, Some(1), Abba);
    start(&live).await;
    let mut detector = Detector::new();
    until(|| detector.poll(&live).len() == 2);
    assert_eq!(detector.poll(&live).iter().map(|w| w.needs.clone()).collect::<Vec<_>>(), [[ActorId(1)], [ActorId(0)]]);
    live.abort(ActorId(0));
    until(|| live.all_stopped());
    assert_eq!([0, 1].map(|a| live.state(ActorId(a)).unwrap()), [State::Aborted, State::Drained]);
    assert_all_free(&live);
}

/// The same lesson and the same judgement as natively. Three seconds at scale 1.
#[wasm_bindgen_test]
async fn nothing_is_lost_by_eight_actors_of_mixed_kinds() {
    for policy in ["2m", "global"] {
        let staged = mixed::stage(&format!("policy = '{policy}'")).expect("the keys are right");
        let plan = Plan { seed: 11, rounds: None };
        let live = Live::new(staged.world.clone(), staged.script.clone(), &staged.first, plan);
        start(&live).await;
        let time = Duration::from_millis(1_500 * u64::from(p2mscope_tests::scale()));
        mixed::control(&live, mixed::during(time)).unwrap_or_else(|stuck| panic!("{stuck}"));
        let (ok, refused) = mixed::rounds(&live);
        wasm_bindgen_test::console_log!("{policy}: {ok} rounds and {refused} with a refusal");
        assert_eq!(mixed::judge(&staged, &live, true), [""; 0]);
    }
}
