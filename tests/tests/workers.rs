//! Workers of the page, seen from its main thread.
#![cfg(target_arch = "wasm32")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::StreamExt;
use futures::channel::mpsc::{UnboundedReceiver, unbounded};
use p2mscope_web::worker::{Event, Port, Reason, Worker, report_traps};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

fn spawn(job: impl FnOnce(Port) + Send + 'static) -> (Worker, UnboundedReceiver<Event>) {
    let (sender, receiver) = unbounded();
    let worker = Worker::spawn(job, move |event| sender.unbounded_send(event).expect("the test listens"));
    (worker.expect("this page is isolated"), receiver)
}

fn said(text: &str) -> Option<Event> {
    Some(Event::Said(text.to_owned()))
}

#[wasm_bindgen_test]
async fn a_worker_is_ready_and_then_talks() {
    let (worker, mut events) = spawn(|port| {
        let answer = port.clone();
        port.on_said(move |text| answer.say(&format!("{text}, too")));
        port.say("hello");
    });
    // Said before it is ready: kept for it until then.
    worker.say("good day");
    assert_eq!(events.next().await, Some(Event::Ready));
    assert_eq!(events.next().await, said("hello"));
    assert_eq!(events.next().await, said("good day, too"));
}

#[wasm_bindgen_test]
async fn jobs_are_run_in_their_order() {
    let (worker, mut events) = spawn(|port| port.say("first"));
    worker.run(|port| port.say("second"));
    assert_eq!(events.next().await, Some(Event::Ready));
    worker.run(|port| port.say("third"));
    for text in ["first", "second", "third"] {
        assert_eq!(events.next().await, said(text));
    }
}

#[wasm_bindgen_test]
async fn a_flag_in_shared_memory_stops_an_endless_loop() {
    let stop = Arc::new(AtomicBool::new(false));
    let actor = {
        let stop = stop.clone();
        move |port: Port| {
            port.say("begins");
            while !stop.load(Ordering::Relaxed) {
                std::hint::spin_loop();
            }
            port.say("stopped");
        }
    };
    let (_worker, mut events) = spawn(actor);
    assert_eq!(events.next().await, Some(Event::Ready));
    assert_eq!(events.next().await, said("begins"));
    stop.store(true, Ordering::Relaxed);
    assert_eq!(events.next().await, said("stopped"));
}

#[wasm_bindgen_test]
async fn a_trap_is_told_with_the_words_of_the_panic() {
    let (sender, mut traps) = unbounded();
    report_traps(move |text| drop(sender.unbounded_send(text)));
    let (_worker, mut events) = spawn(|_| panic!("the actor lost its way"));
    assert_eq!(events.next().await, Some(Event::Ready));
    assert!(matches!(events.next().await, Some(Event::Failed(Reason::Failed(_)))));
    let text = traps.next().await.unwrap();
    assert!(text.contains("the actor lost its way") && text.contains("workers.rs"), "{text}");
}

/// A panic in a thread of the pool: the coordinator waits for it for ever, and yet the page hears of it.
#[wasm_bindgen_test]
async fn a_trap_in_the_pool_is_told_too() {
    let (sender, mut traps) = unbounded();
    report_traps(move |text| drop(sender.unbounded_send(text)));
    let job = |_: Port| rayon::scope(|scope| scope.spawn(|_| panic!("the search lost its way")));
    let coordinator = Worker::coordinator(2, job, |_| {});
    let text = traps.next().await.unwrap();
    assert!(text.contains("the search lost its way"), "{text}");
    drop(coordinator);
}
