//! `#selftest`: what this browser can do, tried out. The coordinator with its pool and two workers of ours count at the
//! same time in one word of shared memory; the page shows what came out, or the reason why there are no threads.

use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier};

use yew::prelude::*;

use crate::worker::{self, Event, Port, Reason, Worker};

/// How far each of the three counts.
const EACH: u64 = 100_000;

/// What the three share.
struct Shared {
    /// They begin together; a worker may sleep here, as the main thread may not.
    begin: Barrier,
    word: AtomicU64,
}

#[derive(Default)]
struct Progress {
    done: u32,
    /// The highest value of the word that was told: messages of different workers need not come in the order in which they
    /// were sent, so the last one may tell less.
    word: u64,
    verdict: Option<String>,
}

impl Reducible for Progress {
    type Action = Result<u64, Reason>;

    /// One of the three has finished with the word at this value, or failed.
    fn reduce(self: Rc<Self>, action: Self::Action) -> Rc<Self> {
        let done = self.done + 1;
        let word = action.as_ref().map_or(self.word, |word| self.word.max(*word));
        let verdict = match action {
            _ if self.verdict.is_some() => self.verdict.clone(),
            Err(reason) => Some(format!("One thread only: {reason}.")),
            Ok(_) if done == 3 => Some(format!("Three workers and a pool counted to {word} of {}.", 3 * EACH)),
            Ok(_) => None,
        };
        Rc::new(Self { done, word, verdict })
    }
}

/// The page under `#selftest`.
#[component]
pub fn Selftest() -> Html {
    let progress = use_reducer(Progress::default);
    {
        let dispatch = progress.dispatcher();
        use_effect_with((), move |()| {
            let workers = start(&dispatch);
            move || drop(workers)
        });
    }
    html! {
        <main>
            <h1>{ "p2mscope" }</h1>
            <p role="status">{ progress.verdict.clone().unwrap_or_else(|| "Trying threads.".to_owned()) }</p>
        </main>
    }
}

/// Starts the three; they live as long as what is returned.
fn start(dispatch: &UseReducerDispatcher<Progress>) -> Vec<Worker> {
    let shared = Arc::new(Shared { begin: Barrier::new(3), word: AtomicU64::new(0) });
    let actor = |shared: Arc<Shared>| {
        move |port: Port| {
            shared.begin.wait();
            for _ in 0..EACH {
                shared.word.fetch_add(1, Ordering::Relaxed);
            }
            port.say(&shared.word.load(Ordering::SeqCst).to_string());
        }
    };
    let pool = {
        let shared = shared.clone();
        move |port: Port| {
            shared.begin.wait();
            worker::count_in_pool(&shared.word, EACH);
            port.say(&shared.word.load(Ordering::SeqCst).to_string());
        }
    };
    let hears = || {
        let dispatch = dispatch.clone();
        move |event| match event {
            Event::Ready => {}
            Event::Said(word) => dispatch.dispatch(Ok(word.parse().unwrap_or(0))),
            Event::Failed(reason) => dispatch.dispatch(Err(reason)),
        }
    };
    let started = [
        Worker::coordinator(1, pool, hears()),
        Worker::spawn(actor(shared.clone()), hears()),
        Worker::spawn(actor(shared), hears()),
    ];
    started.into_iter().filter_map(|worker| worker.map_err(|reason| dispatch.dispatch(Err(reason))).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_heard_last_the_highest_count_is_told() {
        let heard = |words: [u64; 3]| {
            let all = words.into_iter().fold(Rc::new(Progress::default()), |progress, word| progress.reduce(Ok(word)));
            all.verdict.clone().unwrap()
        };
        for words in [[100_000, 200_000, 300_000], [300_000, 150_000, 204_381]] {
            assert!(heard(words).starts_with("Three workers and a pool counted to 300000 of "), "{words:?}");
        }
    }
}
