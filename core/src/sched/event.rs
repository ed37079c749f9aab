//! What a step did, as the run remembers it.

use crate::addr::{ActorId, Word};
use crate::sim::Pending;
use crate::step::Effect;
use crate::watch::Broken;

/// How far one press of Step goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Size {
    /// One effect.
    Effect,
    /// Up to and including the next lock event ([`Effect::is_lock_event`]), or until the actor waits or ends.
    #[default]
    LockEvent,
    /// To the end of the statement, or until the actor waits.
    Statement,
}

/// An actor that cannot step now, and what it is about to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Waiting {
    /// Who.
    pub actor: ActorId,
    /// The effect that has to wait.
    pub on: Effect,
}

/// One taken step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Event {
    /// The position that the step led to: the first step is 1.
    pub step: usize,
    /// Who stepped.
    pub actor: ActorId,
    /// What decided a [`Effect::Choose`], else 0.
    pub choice: u64,
    /// The effect, as it was pending.
    pub did: Pending,
    /// What it gave.
    pub result: [u64; 2],
    /// The actor has only queued for the lock; the effect is still to come.
    pub queued: bool,
    /// The statement has ended with this step.
    pub finished: bool,
    /// The program has ended with this step.
    pub ended: bool,
    /// Whether it is one of the events that [`Size::LockEvent`] stops at.
    pub lock_event: bool,
    /// The rules that the step broke.
    pub broken: Vec<Broken>,
    /// The words that it changed, ghost words left out, with what each held before; none twice.
    pub wrote: Vec<(Word, u64)>,
    /// Who cannot step after it.
    pub waiting: Vec<Waiting>,
    /// The hash of the state after it.
    pub hash: u64,
    /// What stands for the actor's own part of that state: its place, its variables, its log. Equal where that is.
    pub own: u64,
    /// What stands for the changes to words: the sum over several events is 0 where all of them together were undone.
    pub moved: u64,
}
