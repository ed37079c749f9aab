//! Threads of the page: Web Workers that run the page's own module over the page's own memory.
//!
//! The protocol. The page makes a worker from a small module (`boot.js`) and sends it the URL of the main module, the
//! compiled wasm, the memory, and the number of a job: a closure that waits in shared memory (`jobs`). The worker says
//! "alive" at each stage of its start, "ready" when it is about to run its job. Whether a browser can do this is found by
//! trying: silence for `PATIENCE` counts as no. All messages are arrays, kind first:
//!
//! | from   | message            | meaning                                        |
//! |--------|--------------------|------------------------------------------------|
//! | worker | `["alive"]`        | still starting: wait for me as long once more  |
//! | worker | `["ready"]`        | started: the job runs now                      |
//! | worker | `["said", text]`   | what the job says                              |
//! | worker | `["failed", text]` | it could not start, or an exception ended it   |
//! | page   | `["run", number]`  | run this job too                               |
//! | page   | `["say", text]`    | for the function that the job gave to `Port::on_said` |
//!
//! A worker whose job does not return hears nothing more; shared memory is the way to reach it. The main thread waits
//! for nobody: it only ever spins, for the moment in which another thread puts a job down or takes one.

mod coordinator;
mod inside;
mod jobs;
mod trap;

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use gloo::timers::callback::Timeout;
use js_sys::{Array, JsString, Object, Reflect};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use web_sys::{Blob, BlobPropertyBag, ErrorEvent, MessageEvent, Url, WorkerOptions, WorkerType};

pub use coordinator::count_in_pool;
pub use inside::Port;
pub use trap::report as report_traps;

/// How long a starting worker may be silent.
pub const PATIENCE: Duration = Duration::from_secs(3);

/// The stack of a worker, in bytes. There is no guard page below it.
const STACK: u32 = 2 << 20;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_namespace = ["import", "meta"], js_name = url)]
    static MODULE_URL: JsString;
}

/// Why there is no worker (any more).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// The browser does not let memory be shared, or a worker be started, for the reason that it gives.
    Refused(String),
    /// A worker was started and has not been heard of since.
    Silent,
    /// An exception, in loading the module or in the job; a panic's own words come by [`report_traps`].
    Failed(String),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(why) => write!(f, "the browser refuses a thread over shared memory: {why}"),
            Self::Silent => write!(f, "a thread was started and said nothing for {} s", PATIENCE.as_secs()),
            Self::Failed(why) => write!(f, "a thread failed: {why}"),
        }
    }
}

/// What the page hears from a worker. After `Failed` nothing more comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// It has started; its job runs now.
    Ready,
    /// Its job said this.
    Said(String),
    /// It could not be started, or has ended by an exception; it has been terminated.
    Failed(Reason),
}

/// A worker; dropping it ends it at once, wherever it is.
pub struct Worker(Rc<Inner>);

struct Inner {
    worker: web_sys::Worker,
    state: RefCell<State>,
}

enum State {
    /// Not ready; what it is to be sent then, and the timer of our patience.
    Starting {
        unsent: Vec<Array>,
        _timer: Timeout,
    },
    Ready,
    Ended,
}

type OnEvent = Rc<RefCell<dyn FnMut(Event)>>;

impl Worker {
    /// Starts a worker that runs `job`, and tells `on_event` what becomes of it.
    ///
    /// # Errors
    /// `Refused` where the browser says no at once; any other failure is an `Event`.
    pub fn spawn(
        job: impl FnOnce(Port) + Send + 'static,
        on_event: impl FnMut(Event) + 'static,
    ) -> Result<Self, Reason> {
        Self::start(jobs::Start { pool: None, job: Box::new(job) }, on_event)
    }

    /// Starts the coordinator: a worker that first starts the one global thread pool with `threads` threads, then is
    /// ready and runs `job`. Parallel iterators may be run in it, and nowhere else. At most one to a page load.
    ///
    /// # Errors
    /// As [`Worker::spawn`].
    pub fn coordinator(
        threads: usize,
        job: impl FnOnce(Port) + Send + 'static,
        on_event: impl FnMut(Event) + 'static,
    ) -> Result<Self, Reason> {
        Self::start(jobs::Start { pool: Some(threads.max(1)), job: Box::new(job) }, on_event)
    }

    /// Runs `job` in the worker, after the jobs that it has been given before.
    pub fn run(&self, job: impl FnOnce(Port) + Send + 'static) {
        let number = jobs::put(jobs::Start { pool: None, job: Box::new(job) });
        self.send(Array::of2(&"run".into(), &number.into()));
    }

    /// Says `text` to the function that its job gave to [`Port::on_said`].
    pub fn say(&self, text: &str) {
        self.send(Array::of2(&"say".into(), &text.into()));
    }

    fn send(&self, message: Array) {
        match &mut *self.0.state.borrow_mut() {
            State::Starting { unsent, .. } => unsent.push(message),
            State::Ready => self.0.post(&message),
            State::Ended => {}
        }
    }

    fn start(start: jobs::Start, on_event: impl FnMut(Event) + 'static) -> Result<Self, Reason> {
        let refused = |error: JsValue| Reason::Refused(text_of(&error));
        let worker = make_worker().map_err(refused)?;
        let job = jobs::put(start);
        if let Err(error) = worker.post_message(&boot_message(job)) {
            worker.terminate();
            drop(jobs::take(job));
            return Err(refused(error));
        }
        let on_event: OnEvent = Rc::new(RefCell::new(on_event));
        let inner = Rc::new_cyclic(|weak: &std::rc::Weak<Inner>| {
            let timer = patience(weak.clone(), on_event.clone());
            Inner { worker, state: RefCell::new(State::Starting { unsent: Vec::new(), _timer: timer }) }
        });
        listen(&inner, on_event);
        Ok(Self(inner))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl Inner {
    fn post(&self, message: &Array) {
        // Arrays of strings and numbers can always be copied, so this cannot be refused.
        self.worker.post_message(message).expect("a plain message");
    }

    /// Ends the worker; whether it had not been ended before.
    fn end(&self) -> bool {
        self.worker.terminate();
        !matches!(self.state.replace(State::Ended), State::Ended)
    }

    fn ready(&self) {
        if let State::Starting { unsent, .. } = self.state.replace(State::Ready) {
            unsent.iter().for_each(|message| self.post(message));
        }
    }
}

/// A timer that gives the worker up.
fn patience(inner: std::rc::Weak<Inner>, on_event: OnEvent) -> Timeout {
    Timeout::new(PATIENCE.as_millis() as u32, move || fail(&inner, &on_event, Reason::Silent))
}

fn fail(inner: &std::rc::Weak<Inner>, on_event: &OnEvent, reason: Reason) {
    if inner.upgrade().is_some_and(|inner| inner.end()) {
        on_event.borrow_mut()(Event::Failed(reason));
    }
}

/// Hears the worker's messages and errors for as long as the worker lives.
fn listen(inner: &Rc<Inner>, on_event: OnEvent) {
    let (weak, hears) = (Rc::downgrade(inner), on_event.clone());
    let on_message = Closure::<dyn FnMut(_)>::new(move |event: MessageEvent| {
        let Some(inner) = weak.upgrade() else { return };
        let message = Array::from(&event.data());
        let text = || message.get(1).as_string().unwrap_or_default();
        match message.get(0).as_string().as_deref() {
            Some("alive") => {
                if let State::Starting { _timer, .. } = &mut *inner.state.borrow_mut() {
                    *_timer = patience(weak.clone(), hears.clone());
                }
            }
            Some("ready") => {
                inner.ready();
                hears.borrow_mut()(Event::Ready);
            }
            Some("said") => hears.borrow_mut()(Event::Said(text())),
            Some("failed") => fail(&weak, &hears, Reason::Failed(text())),
            _ => {}
        }
    });
    inner.worker.set_onmessage(Some(on_message.into_js_value().unchecked_ref()));

    let weak = Rc::downgrade(inner);
    let on_error = Closure::<dyn FnMut(_)>::new(move |event: web_sys::Event| {
        // A script that could not be loaded fires a plain event, without a message.
        let text = event.dyn_ref::<ErrorEvent>().map(ErrorEvent::message);
        fail(&weak, &on_event, Reason::Failed(text.unwrap_or_else(|| "its script could not be loaded".to_owned())));
    });
    let on_error = on_error.into_js_value();
    inner.worker.set_onerror(Some(on_error.unchecked_ref()));
    inner.worker.set_onmessageerror(Some(on_error.unchecked_ref()));
}

/// A worker that runs `boot.js` and waits for its first message.
fn make_worker() -> Result<web_sys::Worker, JsValue> {
    let properties = BlobPropertyBag::new();
    properties.set_type("text/javascript");
    let parts = Array::of1(&include_str!("worker/boot.js").into());
    let url = Url::create_object_url_with_blob(&Blob::new_with_str_sequence_and_options(&parts, &properties)?)?;
    let options = WorkerOptions::new();
    options.set_type(WorkerType::Module);
    let worker = web_sys::Worker::new_with_options(&url, &options);
    Url::revoke_object_url(&url)?;
    worker
}

/// What `boot.js` waits for.
fn boot_message(job: u32) -> Object {
    let message = Object::new();
    for (name, value) in [
        ("url", MODULE_URL.with(|url| url.into())),
        ("module", wasm_bindgen::module()),
        ("memory", wasm_bindgen::memory()),
        ("stack", STACK.into()),
        ("job", job.into()),
    ] {
        Reflect::set(&message, &name.into(), &value).expect("an object of our own takes any property");
    }
    message
}

/// An exception in words.
fn text_of(error: &JsValue) -> String {
    error.dyn_ref::<js_sys::Error>().map_or_else(|| format!("{error:?}"), |error| String::from(error.to_string()))
}
