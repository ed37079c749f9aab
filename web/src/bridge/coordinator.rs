//! The coordinator of this page load: the worker with the pool, started by the first search and kept. Jobs run in it one
//! after the other; what a job says is heard by whoever gave it, as long as no later job has been given.

use std::cell::RefCell;

use super::cores;
use crate::worker::{Event, Port, Worker};

enum Coordinator {
    NotTried,
    Here(Worker),
    /// It failed, for this reason; from then on everything runs on this thread.
    Refused(String),
}

/// What is heard of a job.
pub enum Heard {
    /// It says this.
    Said(String),
    /// The coordinator has failed, for this reason.
    Failed(String),
}

type Listener = Box<dyn Fn(Heard)>;

thread_local! {
    static COORDINATOR: RefCell<Coordinator> = const { RefCell::new(Coordinator::NotTried) };
    /// The number of the last job, and who hears of it.
    static LISTENER: RefCell<(u32, Option<Listener>)> = const { RefCell::new((0, None)) };
}

/// How many threads the pool has.
pub fn threads() -> usize {
    cores().saturating_sub(1).max(1)
}

/// Has the coordinator run a job, which says one text; or why it cannot be had.
pub fn run(job: impl FnOnce() -> String + Send + 'static, hears: impl Fn(Heard) + 'static) -> Result<(), String> {
    let number = LISTENER.with_borrow_mut(|slot| {
        *slot = (slot.0.wrapping_add(1), Some(Box::new(hears)));
        slot.0
    });
    COORDINATOR.with_borrow_mut(|slot| {
        if let Coordinator::NotTried = slot {
            let started = Worker::coordinator(threads(), |_| {}, on_event);
            *slot = started.map_or_else(|reason| Coordinator::Refused(reason.to_string()), Coordinator::Here);
        }
        match slot {
            Coordinator::Here(worker) => {
                worker.run(move |port: Port| port.say(&format!("{number} {}", job())));
                Ok(())
            }
            Coordinator::Refused(why) => Err(why.clone()),
            Coordinator::NotTried => Err("it was not tried".to_owned()),
        }
    })
}

fn on_event(event: Event) {
    let heard = match event {
        Event::Ready => return,
        Event::Said(text) => {
            // A job that was stopped says so when the next one has long been given.
            let Some((number, text)) = text.split_once(' ') else { return };
            if number.parse() != Ok(LISTENER.with_borrow(|listener| listener.0)) {
                return;
            }
            Heard::Said(text.to_owned())
        }
        Event::Failed(reason) => {
            COORDINATOR.set(Coordinator::Refused(reason.to_string()));
            Heard::Failed(reason.to_string())
        }
    };
    // Taken out while it is told: it may give another job.
    let (number, listener) = LISTENER.with_borrow_mut(|slot| (slot.0, slot.1.take()));
    if let Some(hears) = listener {
        hears(heard);
        LISTENER.with_borrow_mut(|slot| {
            if slot.0 == number {
                slot.1.get_or_insert(hears);
            }
        });
    }
}
