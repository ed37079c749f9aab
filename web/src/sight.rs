//! What live threads were seen to do at one look, and how that is laid over the views of their world.
//!
//! While threads run, a look is no moment of the run: words change between two reads. Once all have stopped it is one.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use p2mscope_core::addr::ActorId;
use p2mscope_core::live::{Counts, Recording, State as Thread};
use p2mscope_core::lock::{Lock, Mode};
use p2mscope_core::machine::World;
use p2mscope_core::sched::Run;
use p2mscope_core::view::{
    Counted, Diagnosis, HeldLock, HeldView, Holder, LiveTimeline, LockName, Sleep, State, StuckView, TimesView,
    WaitEdge, WaitNode, Waits, Wanted, stuck_forms,
};
use p2mscope_core::watch::waits::{On, Wait, describe_one, rings};

use crate::moment::Moment;
use crate::program::Program;

/// One thread.
#[derive(Debug, Clone, PartialEq)]
pub struct Actor {
    /// What it has done so far.
    pub counts: Counts,
    /// Rounds a second, over the last second or so.
    pub rate: f64,
    /// Where it is.
    pub thread: Thread,
    /// What it holds, outermost first.
    pub held: Vec<(Lock, Mode)>,
    /// What it waits for.
    pub waiting: Option<(Lock, Mode)>,
    /// Whether it sleeps until a condition holds.
    pub asleep: bool,
    /// What was released when it was aborted, in that order.
    pub released: Vec<(Lock, Mode)>,
}

/// A recording of a run, and whether its steps lead to the words that the run left.
pub struct Recorded {
    /// What was recorded.
    pub recording: Recording,
    /// Whether all of it can be stepped again and leads to the same words.
    pub same: bool,
    /// The hash of the words that the run left.
    pub live: u64,
    /// The hash of those that the steps lead to.
    pub stepped: u64,
    /// Rounds a second while it was recorded; 0 where that was too short to say.
    pub rate: f64,
}

/// All threads of a run.
pub struct Sight {
    /// One to an actor, in their order.
    pub actors: Vec<Actor>,
    /// Those who can never go on, with what they wait for.
    pub stuck: Vec<Wait>,
    /// In which forms they are stuck, and whom it is enough to abort.
    pub forms: StuckView,
    /// The world that they share.
    pub world: std::sync::Arc<World>,
    /// How long locks were held and waited for, if that is metered.
    pub times: Vec<TimesView>,
    /// How often somebody was seen to wait for each lock, at all looks so far.
    pub waited: BTreeMap<Lock, u64>,
    /// Times that found no place.
    pub beyond: u64,
    /// How finely the clock ticks, in ns, if times are metered.
    pub tick: Option<u64>,
    /// What threads did last, if that is kept.
    pub timeline: Option<Rc<LiveTimeline>>,
    /// Once all have stopped: the words as they stand, to be decoded.
    pub words: Option<Rc<RefCell<Run<Program>>>>,
    /// What does not hold of the words, once all are at rest. None while any actor is elsewhere.
    pub left: Option<Vec<String>>,
    /// Once all have stopped: the recording, if there is one.
    pub recorded: Option<Rc<Recorded>>,
    /// Seconds since they began.
    pub seconds: f64,
}

impl Sight {
    /// Whether all have stopped.
    pub fn stopped(&self) -> bool {
        self.actors.iter().all(|actor| actor.thread.stopped())
    }

    /// Rounds a second, all together.
    pub fn rate(&self) -> f64 {
        self.actors.iter().map(|actor| actor.rate).sum()
    }

    /// Lays the threads over a moment of their world: where they stand, hold and wait.
    pub fn lay_over(&self, moment: &mut Moment) {
        for (view, actor) in moment.actors.iter_mut().zip(&self.actors) {
            let me = ActorId(view.actor);
            view.held = actor.held.iter().map(|(lock, mode)| self.held(*lock, *mode)).collect();
            view.state = match actor.waiting {
                Some((lock, mode)) => State::Waits {
                    lock: LockName::of(lock, &self.world),
                    shared: mode == Mode::Shared,
                    owners: self.owners(me, lock, mode).into_iter().map(|it| it.0).collect(),
                    since: 0,
                },
                None if matches!(actor.thread, Thread::Drained | Thread::Aborted) => State::Ended,
                None => State::Runs,
            };
            // Where in its program a thread is nobody can see.
            (view.why, view.next, view.place, view.done) = (None, None, None, None);
        }
        let holder = |lock: u64, wanted: Mode| {
            let has =
                |actor: &Actor| actor.held.iter().filter(|(it, mode)| it.to_word() == lock && *mode == wanted).count();
            let all = self.actors.iter().zip(0..).map(move |(actor, n)| (n, has(actor) as u64));
            all.filter(|(_, depth)| *depth > 0)
                .map(|(actor, depth)| Holder { actor, depth, since: None })
                .collect::<Vec<_>>()
        };
        let queue = |lock: u64| {
            let waits = move |actor: &Actor| actor.waiting.filter(|(it, _)| it.to_word() == lock);
            self.actors.iter().zip(0_u8..).filter_map(move |(actor, n)| Some((n, waits(actor)?.1 == Mode::Shared)))
        };
        for domain in &mut moment.scene.domains {
            let global = &mut domain.global;
            global.exclusive = holder(global.lock.id, Mode::Exclusive).pop();
            global.shared = holder(global.lock.id, Mode::Shared);
            global.queue = queue(global.lock.id).collect();
            for cell in &mut domain.cells {
                let Some(lock) = &cell.lock else { continue };
                cell.holder = holder(lock.id, Mode::Exclusive).pop();
                cell.queue = queue(lock.id).map(|(actor, _)| actor).collect();
                cell.heat = self.heat(lock.id);
            }
            global.heat = self.heat(global.lock.id);
        }
        for it in &mut moment.scene.locks {
            it.holder = holder(it.lock.id, Mode::Exclusive).pop();
            it.queue = queue(it.lock.id).map(|(actor, _)| actor).collect();
        }
        (moment.scene.asleep, moment.scene.ended) = (Vec::new(), Vec::new());
        moment.waits = self.waits();
        self.diagnose(&moment.waits, &mut moment.diagnosis);
    }

    /// How much a lock was waited for, beside the one that was waited for most: 60 for that one, as the scene's steps go.
    /// Where times are not metered, how often somebody was seen to wait for it.
    fn heat(&self, lock: u64) -> u64 {
        if self.times.is_empty() {
            let most = self.waited.values().copied().max().unwrap_or(0).max(1);
            return self.waited.get(&Lock::from_word(lock)).map_or(0, |n| (n * 60).div_ceil(most));
        }
        let cost = |it: &TimesView| it.waited.count * it.waited.mean;
        let most = self.times.iter().map(cost).max().unwrap_or(0).max(1);
        self.times.iter().filter(|it| it.lock.id == lock).map(|it| cost(it) * 60 / most).max().unwrap_or(0)
    }

    fn held(&self, lock: Lock, mode: Mode) -> HeldView {
        HeldView { lock: LockName::of(lock, &self.world), shared: mode == Mode::Shared, depth: 1, since: None }
    }

    /// Who would have to let go of a lock.
    fn owners(&self, me: ActorId, lock: Lock, wanted: Mode) -> Vec<ActorId> {
        let clashes = |held: &(Lock, Mode)| held.0 == lock && (wanted == Mode::Exclusive || held.1 == Mode::Exclusive);
        let all = self.actors.iter().zip(0..).filter(|(actor, _)| actor.held.iter().any(clashes));
        all.map(|(_, n)| ActorId(n)).filter(|it| *it != me).collect()
    }

    /// Who waits for whom; rings are those of whom it is known that they stand.
    fn waits(&self) -> Waits {
        let stuck: Vec<u8> = self.stuck.iter().map(|wait| wait.actor.0).collect();
        let node = |(actor, n): (&Actor, u8)| WaitNode {
            actor: n,
            name: self.world.actor_name(ActorId(n)).to_owned(),
            state: match (actor.thread, actor.waiting) {
                (_, Some(_)) => "waits",
                (Thread::Drained | Thread::Aborted, _) => "ended",
                _ => "runs",
            },
            stuck: stuck.contains(&n),
        };
        let mut edges = Vec::new();
        for (actor, n) in self.actors.iter().zip(0_u8..) {
            let known = self.stuck.iter().find(|wait| wait.actor.0 == n);
            let (lock, mode, needs) = match (known, actor.waiting) {
                (Some(Wait { on: On::Lock(lock, mode), needs, .. }), _) => (*lock, *mode, needs.clone()),
                (_, Some((lock, mode))) => (lock, mode, self.owners(ActorId(n), lock, mode)),
                _ => continue,
            };
            edges.extend(needs.into_iter().map(|to| WaitEdge {
                from: n,
                to: to.0,
                lock: LockName::of(lock, &self.world),
                shared: mode == Mode::Shared,
                since: 0,
            }));
        }
        let cycles = rings(&self.stuck).iter().map(|ring| ring.iter().map(|it| it.0).collect()).collect();
        let (moving, ended) = self.others();
        let (forms, abort) = stuck_forms(&self.world, &self.stuck, &moving, &ended);
        let sleep = |wait: &Wait| Sleep {
            actor: wait.actor.0,
            needs: wait.needs.iter().map(|it| it.0).collect(),
            all: wait.on.needs_all(),
            sentence: describe_one(&self.world, wait),
            since: 0,
        };
        let sleeps = self.stuck.iter().filter(|wait| !matches!(wait.on, On::Lock(..))).map(sleep).collect();
        Waits { nodes: self.actors.iter().zip(0..).map(node).collect(), edges, cycles, stuck, sleeps, forms, abort }
    }

    /// Who is not known to be stuck and may go on, and who has ended.
    fn others(&self) -> (Vec<ActorId>, Vec<ActorId>) {
        let free = self.actors.iter().zip(0..).filter(|(_, n)| !self.stuck.iter().any(|wait| wait.actor.0 == *n));
        let (ended, moving): (Vec<_>, Vec<_>) =
            free.partition(|(actor, _)| matches!(actor.thread, Thread::Drained | Thread::Strayed | Thread::Aborted));
        let ids = |all: Vec<(&Actor, u8)>| all.into_iter().map(|(_, n)| ActorId(n)).collect();
        (ids(moving), ids(ended))
    }

    /// What is wrong of what the threads were seen to do; threads have no steps.
    fn diagnose(&self, waits: &Waits, diagnosis: &mut Diagnosis) {
        let lock = |lock: Lock| LockName::of(lock, &self.world);
        for (party, actor) in diagnosis.parties.iter_mut().zip(&self.actors) {
            let held = |&(it, mode): &(Lock, Mode)| HeldLock {
                lock: lock(it),
                level: it.level(&self.world),
                shared: mode == Mode::Shared,
                depth: 1,
                since: None,
                place: None,
            };
            party.held = actor.held.iter().map(held).collect();
            party.wants = actor.waiting.map(|(it, mode)| Wanted {
                lock: lock(it),
                level: it.level(&self.world),
                shared: mode == Mode::Shared,
                since: 0,
                needs: waits.edges.iter().filter(|edge| edge.from == party.actor).map(|edge| edge.to).collect(),
            });
            (party.place, party.sleeps, party.counted) = (None, None, Counted::default());
        }
        diagnosis.moving = self.others().0.iter().map(|it| it.0).collect();
        (diagnosis.forms, diagnosis.abort) = (waits.forms.clone(), waits.abort.clone());
        (diagnosis.broken, diagnosis.again) = (Vec::new(), None);
    }
}
