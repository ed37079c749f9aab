//! An actor's thread: its program, round after round, until it is told to stop.

use super::control::{DRAIN, FREEZE, Own, State};
use super::record::Recorder;
use super::step::{Backoff, LiveStep, Seat};
use super::{Inner, Live};
use crate::addr::ActorId;
use crate::machine::{Kind, World, pause};
use crate::sim::{Code, Locals};
use crate::step::Stop;
use crate::watch::{Broken, Rule};
use std::sync::atomic::Ordering;

impl<C: Code> Live<C> {
    /// Runs an actor on the thread that calls this: waits at the gate, then runs its program again and again. Returns
    /// where it has stopped; none if the world has no such actor or another thread runs it already.
    ///
    /// It sleeps while it waits, so in a browser it must be called in a worker.
    pub fn run_actor(&self, a: ActorId) -> Option<State> {
        let live = &*self.0;
        let own = live.owns.get(a.0 as usize)?;
        if !own.pass(State::Absent, State::Ready) {
            return None;
        }
        let stopped = if live.wait_at_gate(own) { live.rounds(a, own) } else { State::Drained };
        own.set_state(stopped);
        live.release_if_aborted(a, own);
        Some(own.state())
    }
}

impl<C: Code> Inner<C> {
    /// Releases what an aborted actor holds, if it has stopped. No recording goes on from there: that is no step.
    pub(super) fn release_if_aborted(&self, a: ActorId, own: &Own) {
        own.release_if_aborted(&mut self.store.words(), &self.world, a, || {
            if let Some(recorder) = self.beside.as_ref().and_then(|beside| beside.recorder.as_ref()) {
                recorder.close(self.store.words());
            }
        });
    }

    /// False if the actor was told to stop before the gate was opened.
    fn wait_at_gate(&self, own: &Own) -> bool {
        let mut backoff = Backoff::NEW;
        while self.gate.load(Ordering::SeqCst) == 0 {
            if own.halt() != 0 {
                return false;
            }
            backoff.pause();
        }
        own.set_state(State::Running);
        true
    }

    fn rounds(&self, a: ActorId, own: &Own) -> State {
        let seed = self.plan.seed ^ (a.0 as u64) << 56;
        let gated = self.world.pausable && self.world.actors[a.0 as usize].kind == Kind::Vcpu;
        let beside = self.beside.as_ref();
        let recorder = beside.and_then(|beside| beside.recorder.as_ref());
        let mut seat = Seat::new(&self.world, self.store.words(), (own, a), (0, seed), (gated, beside));
        let mut left = self.plan.rounds;
        while left != Some(0) {
            if let Some(recorder) = recorder {
                recorder.round(a);
            }
            match self.round(&mut seat) {
                Ok(Round::Empty) => return State::Drained,
                Ok(Round::Done { failed }) => {
                    own.count_round(failed);
                    if let Some(beside) = beside {
                        beside.round(a, failed);
                    }
                }
                // Its domain has crashed: nobody else told it to stop.
                Err(Stop::Halt) if own.halt() < FREEZE => return State::Drained,
                Err(Stop::Pending | Stop::Halt) => return State::Frozen,
                Err(Stop::Bad { .. }) => {
                    own.count_round(true);
                    return State::Strayed;
                }
            }
            if gated {
                pause::set_inside(&mut seat.words, &self.world, a, false);
            }
            match own.halt() {
                0 if recorder.is_some_and(Recorder::full) => return State::Drained,
                0 => {}
                DRAIN => return State::Drained,
                FREEZE.. => return State::Frozen,
            }
            left = left.map(|n| n - 1);
        }
        State::Drained
    }

    /// One round of the program. An assertion looks at several words, which others change meanwhile, so what it says
    /// belongs to simulated runs and is dropped.
    fn round(&self, seat: &mut Seat<'_>) -> Result<Round, Stop> {
        let (world, code, a): (&World, &C, _) = (&self.world, &self.code, seat.me);
        let (mut locals, mut broken) = (Locals::NONE, Vec::<Broken>::new());
        let mut words = seat.words;
        let mut place = code.start(world, &mut words, a, &mut locals, &mut broken);
        if place.is_none() {
            return Ok(Round::Empty);
        }
        let gone_wrong = |broken: &[Broken]| broken.iter().any(|b| b.rule != Rule::Assert);
        let mut failed = gone_wrong(&broken);
        while let Some(at) = place {
            // A loop of statements without an effect would look at the halt word nowhere else.
            seat.own.go_on()?;
            let mut step = LiveStep { seat: *seat, stated: &|mut m| code.stated(world, &mut m, a, at, &locals) };
            let result = code.run(a, at, &locals, &mut step)?;
            (seat.depth, seat.seed) = (step.seat.depth, step.seat.seed);
            failed |= code.failed(a, at, result);
            place = code.finish(world, &mut words, a, at, result, &mut locals, &mut broken);
            failed |= gone_wrong(&broken);
            broken.clear();
        }
        Ok(Round::Done { failed })
    }
}

enum Round {
    /// The program has no effect.
    Empty,
    /// It has run to its end.
    Done {
        /// A statement gave an error.
        failed: bool,
    },
}
