//! A thread of the operating system for each actor of a live run.

use super::{Live, State};
use crate::sim::Code;
use std::io;
use std::thread::{Builder, JoinHandle};

/// The threads of a run. Dropping them freezes the run and waits until they have ended.
pub struct Threads<C: Code> {
    live: Live<C>,
    threads: Vec<JoinHandle<Option<State>>>,
}

impl<C: Code + 'static> Threads<C> {
    /// Starts a thread for each actor and opens the gate.
    ///
    /// # Errors
    /// The operating system's, where it grants no more threads; none is left running then.
    pub fn start(live: &Live<C>) -> io::Result<Threads<C>> {
        let mut run = Threads { live: live.clone(), threads: Vec::new() };
        for a in live.world().actor_ids() {
            let live = live.clone();
            let name = live.world().actor_name(a).to_owned();
            run.threads.push(Builder::new().name(name).spawn(move || live.run_actor(a))?);
        }
        live.start();
        Ok(run)
    }
}

impl<C: Code> Threads<C> {
    /// Waits until every actor has stopped. Somebody must have told them to, or the plan must end.
    pub fn join(mut self) {
        self.end();
    }

    /// A panic in one of them ends the others, and is then the caller's.
    fn end(&mut self) {
        let mut panic = None;
        for thread in std::mem::take(&mut self.threads) {
            if let Err(why) = thread.join() {
                self.live.freeze();
                panic = Some(why);
            }
        }
        if let Some(why) = panic.filter(|_| !std::thread::panicking()) {
            std::panic::resume_unwind(why);
        }
    }
}

impl<C: Code> Drop for Threads<C> {
    fn drop(&mut self) {
        self.live.freeze();
        self.end();
    }
}
