//! Threads as the page sees them: what is wanted of them, what they were last seen to do, and what earlier runs came to.
//!
//! A run goes in legs, one after the other: plain ones for as long as one likes, for a comparison one under each policy for
//! the same time, for a recording a short one without it, so that it can be said how much recording slows.

use std::rc::Rc;

use p2mscope_core::addr::ActorId;
use p2mscope_core::machine::Policy;
use p2mscope_core::view::TimesView;

use super::explore::Question;
use crate::sight::Sight;

/// Seconds that each policy of a comparison runs.
pub const COMPARED: f64 = 2.0;
/// Seconds that a run goes without a recording, before it is recorded.
const PLAIN: f64 = 0.4;
/// Effects that are recorded, about: more would take long to step through.
pub const RECORDED: u64 = 1000;

/// What is wanted of the threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Wish {
    /// Nothing: there are none.
    #[default]
    Nothing,
    /// Run until told otherwise.
    Run,
    /// Run for some seconds under this policy and then as long under the other one.
    Compare,
    /// Stop each at its next effect, or in its wait.
    Freeze,
    /// Stop each at the end of its round.
    Drain,
}

/// One leg of a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Leg {
    /// Under which policy.
    pub policy: Policy,
    /// How many effects are recorded, if they are.
    pub record: Option<u64>,
    /// After how many seconds it is drained, if nobody does that before.
    pub seconds: Option<f64>,
}

/// What the threads of a leg are to run, and what is noted of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    /// The lesson, its version and the leg's policy.
    pub question: Question,
    /// How many effects are recorded.
    pub record: Option<u64>,
    /// Whether locks are metered and events kept.
    pub metered: bool,
}

/// What the page hears of the threads of a run; the number is the one that the run was begun with.
#[derive(Clone)]
pub struct Seen {
    /// Of which run.
    pub run: u32,
    /// What they were seen to do, or why there are none.
    pub sight: Result<Rc<Sight>, String>,
}

/// What a run under a policy came to, or has come to so far.
#[derive(Clone, PartialEq)]
pub struct Summary {
    /// Under which policy.
    pub policy: Policy,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// Rounds that went well.
    pub operations: u64,
    /// Rounds in which something was refused.
    pub failures: u64,
    /// How often somebody had to wait.
    pub waits: u64,
    /// Whether somebody stood still for ever.
    pub stuck: bool,
    /// How long locks were held and waited for, if that was metered.
    pub times: Vec<TimesView>,
}

impl Summary {
    /// Rounds that went well, a second.
    pub fn rate(&self) -> f64 {
        self.operations as f64 / self.seconds.max(0.001)
    }

    fn of(sight: &Sight) -> Self {
        let sum = |count: fn(&crate::sight::Actor) -> u64| sight.actors.iter().map(count).sum();
        Self {
            policy: sight.world.policy,
            seconds: sight.seconds,
            operations: sum(|it| it.counts.operations),
            failures: sum(|it| it.counts.failures),
            waits: sum(|it| it.counts.waits),
            stuck: !sight.stuck.is_empty(),
            times: sight.times.clone(),
        }
    }
}

/// The threads.
#[derive(Clone)]
pub struct Live {
    /// The number of the last run.
    pub run: u32,
    /// What they run, while there are any.
    pub order: Option<Order>,
    /// What is wanted of them.
    pub wish: Wish,
    /// Who is to be aborted.
    pub aborts: Vec<ActorId>,
    /// What they were last seen to do.
    pub sight: Option<Rc<Sight>>,
    /// Why there are none.
    pub trouble: Option<String>,
    /// Whether the next run is metered.
    pub metered: bool,
    /// Whether the next run is recorded.
    pub recorded: bool,
    /// The policy to compare with.
    pub other: Policy,
    /// What the last run under each policy came to, in the order in which they were begun.
    pub summaries: Vec<Summary>,
    /// The leg that runs, and those to come.
    legs: Vec<Leg>,
    /// Rounds a second without a recording, under the last policy that was run so.
    pub plain: Option<f64>,
}

impl Default for Live {
    fn default() -> Self {
        Self {
            run: 0,
            order: None,
            wish: Wish::Nothing,
            aborts: Vec::new(),
            sight: None,
            trouble: None,
            metered: false,
            recorded: false,
            other: Policy::Global,
            summaries: Vec::new(),
            legs: Vec::new(),
            plain: None,
        }
    }
}

impl Live {
    /// Takes a wish. Running begins anew; stopping goes to the threads that there are, and ends what was to come.
    pub fn wish(&mut self, wish: Wish, question: Question) {
        match wish {
            Wish::Run | Wish::Compare => {
                let leg = |policy, record, seconds| Leg { policy, record, seconds };
                let own = question.policy;
                self.plain = None;
                self.summaries.clear();
                self.legs = match (wish, self.recorded) {
                    (Wish::Compare, _) => {
                        vec![leg(own, None, Some(COMPARED)), leg(self.other, None, Some(COMPARED))]
                    }
                    (_, true) => vec![leg(own, None, Some(PLAIN)), leg(own, Some(RECORDED), Some(COMPARED))],
                    (_, false) => vec![leg(own, None, None)],
                };
                self.trouble = None;
                self.begin(question);
            }
            Wish::Nothing => *self = self.without_threads(),
            Wish::Freeze | Wish::Drain if self.order.is_some() => {
                self.wish = wish;
                self.legs.truncate(1);
            }
            Wish::Freeze | Wish::Drain => {}
        }
    }

    /// Begins the first of the legs.
    fn begin(&mut self, question: Question) {
        let Some(leg) = self.legs.first() else { return };
        let question = Question { policy: leg.policy, ..question };
        self.order = Some(Order { question, record: leg.record, metered: self.metered });
        self.run += 1;
        (self.wish, self.sight) = (Wish::Run, None);
        self.aborts.clear();
    }

    /// Has an actor aborted, wherever it is.
    pub fn abort(&mut self, actor: ActorId) {
        if self.order.is_some() && !self.aborts.contains(&actor) {
            self.aborts.push(actor);
        }
    }

    /// Takes note of what the threads were seen to do; an earlier run's are passed over.
    pub fn see(&mut self, seen: Seen) {
        let (true, Some(order)) = (seen.run == self.run, self.order.clone()) else { return };
        let sight = match seen.sight {
            Ok(sight) => sight,
            Err(why) => {
                *self = Self { trouble: Some(why), ..self.without_threads() };
                return;
            }
        };
        let leg = self.legs.first().copied();
        let (stopped, more) = (sight.stopped(), self.legs.len() > 1);
        if leg.is_some_and(|leg| leg.seconds.is_some()) && self.wish == Wish::Run && !stopped {
            // A deadlock ends its leg, where there is another one to come; the last one is left to be looked at.
            if !sight.stuck.is_empty() && more {
                self.wish = Wish::Freeze;
            } else if sight.stuck.is_empty() && leg.and_then(|leg| leg.seconds).is_some_and(|it| sight.seconds >= it) {
                self.wish = Wish::Drain;
            }
        }
        self.summarise(&sight, order.record.is_some());
        self.sight = Some(sight);
        if stopped && more {
            self.legs.remove(0);
            self.begin(order.question);
        }
    }

    /// Keeps what the run has come to. A recording is too slow to be compared with anything but itself without one.
    fn summarise(&mut self, sight: &Sight, recorded: bool) {
        if recorded {
            return;
        }
        let now = Summary::of(sight);
        if sight.stopped() && sight.stuck.is_empty() && sight.seconds > 0.1 {
            self.plain = Some((now.operations + now.failures) as f64 / now.seconds);
        }
        match self.summaries.iter_mut().find(|it| it.policy == now.policy) {
            Some(it) => *it = now,
            None => self.summaries.push(now),
        }
    }

    /// The same with the threads ended. What was chosen stays.
    pub fn without_threads(&self) -> Self {
        let (trouble, other) = (self.trouble.clone(), self.other);
        Self { run: self.run, trouble, metered: self.metered, recorded: self.recorded, other, ..Self::default() }
    }

    /// Whether threads are running, as far as was seen.
    pub fn is_running(&self) -> bool {
        self.order.is_some() && !self.sight.as_ref().is_some_and(|sight| sight.stopped())
    }

    /// Whether a comparison is under way or has been made.
    pub fn compares(&self) -> bool {
        self.summaries.len() > 1
    }
}
