//! Eight actors of mixed kinds: the lesson `mixed.toml`, how it is run and stopped, and what must be true of what it leaves
//! behind.
//!
//! vCPUs are drained first: they may be waiting for others, who then go on for as long as it takes.

use crate::addr::ActorId;
use crate::lesson::{Lesson, Staged};
use crate::live::{Counts, Detector, Live, State};
use crate::machine::{Kind, Words};
use crate::script::Error;
use crate::sim::Code;
use crate::watch::waits::{self, Wait};
use crate::watch::{Broken, Rule, Rules, invariants};
use std::time::Duration;

/// The lesson as it stands.
pub const TEXT: &str = include_str!("mixed.toml");
/// How often the controller looks after the run.
pub const LOOK: Duration = Duration::from_millis(5);
/// Looks after which an actor that has ended no round counts as stuck: ten seconds at least, also on a loaded machine.
const PATIENCE: u32 = 2_000;

/// The lesson's text with further keys of its world: `policy = 'rw', captive = true`. A key that is there already is
/// replaced.
pub fn text(keys: &str) -> String {
    let key = |line: &str| line.split(" = ").next().map(str::to_string);
    let mut lines = Vec::new();
    let (mut within, mut put) = (false, false);
    for line in TEXT.lines() {
        within = if line.starts_with('[') { line == "[world]" } else { within };
        if within && keys.split(", ").any(|k| !line.is_empty() && key(k) == key(line)) {
            continue;
        }
        lines.push(line);
        if line == "[world]" && !put {
            lines.extend(keys.split(", ").filter(|k| !k.is_empty()));
            put = true;
        }
    }
    lines.join("\n") + "\n"
}

/// The lesson in a world with these keys.
///
/// # Errors
/// What is wrong with the keys.
pub fn stage(keys: &str) -> Result<Staged, Vec<Error>> {
    Lesson::parse(&text(keys))?.stage("before", None, None)
}

/// Controls a run whose threads have been started: for as long as there is to be more, which is asked at every look, then
/// until all have drained.
///
/// # Errors
/// What everybody waits for, if somebody is stuck or ends no round for too long. The run is frozen then.
pub fn control<C: Code>(live: &Live<C>, mut more: impl FnMut() -> bool) -> Result<(), String> {
    let mut watch = Watch { live, detector: Detector::new(), rounds: vec![(0, 0); live.world().actors.len()] };
    while more() {
        watch.look()?;
    }
    let (vcpus, others): (Vec<ActorId>, Vec<ActorId>) =
        live.world().actor_ids().partition(|&a| live.world().actors[a.0 as usize].kind == Kind::Vcpu);
    for all in [vcpus, others] {
        all.iter().for_each(|&a| live.drain_one(a));
        while !all.iter().all(|&a| live.state(a).is_some_and(State::stopped)) {
            watch.look()?;
        }
    }
    Ok(())
}

/// What [`control`] asks: as many looks as that time takes at least.
pub fn during(time: Duration) -> impl FnMut() -> bool {
    let mut looks = time.as_millis() / LOOK.as_millis();
    move || {
        let more = looks > 0;
        looks = looks.saturating_sub(1);
        more
    }
}

struct Watch<'a, C> {
    live: &'a Live<C>,
    detector: Detector,
    /// Rounds that each actor has ended, and looks since the last of them.
    rounds: Vec<(u64, u32)>,
}

impl<C: Code> Watch<'_, C> {
    fn look(&mut self) -> Result<(), String> {
        std::thread::sleep(LOOK);
        let stuck = self.detector.poll(self.live).to_vec();
        let mut late = Vec::new();
        for (a, count) in self.live.world().actor_ids().zip(self.live.counts()) {
            let (rounds, looks) = &mut self.rounds[a.0 as usize];
            let now = count.operations + count.failures;
            let moves = now != *rounds || self.live.state(a).is_some_and(State::stopped);
            *looks = if moves { 0 } else { *looks + 1 };
            *rounds = now;
            if *looks > PATIENCE {
                late.push(a);
            }
        }
        if stuck.is_empty() && late.is_empty() {
            return Ok(());
        }
        let says = report(self.live, &stuck, &late);
        self.live.freeze();
        Err(says)
    }
}

/// Who is stuck and who ends no round, and what each actor holds and waits for.
fn report<C: Code>(live: &Live<C>, stuck: &[Wait], late: &[ActorId]) -> String {
    let world = live.world();
    let named = |all: &mut dyn Iterator<Item = ActorId>| {
        let names: Vec<_> = all.map(|a| world.actor_name(a).to_string()).collect();
        if names.is_empty() { "nobody".into() } else { names.join(", ") }
    };
    let mut says = format!(
        "stuck: {}; without a round for too long: {}\n",
        named(&mut stuck.iter().map(|w| w.actor)),
        named(&mut late.iter().copied())
    );
    for ring in waits::rings(stuck) {
        says += &format!("{}\n", waits::describe(world, stuck, &ring));
    }
    for a in world.actor_ids() {
        let held: Vec<String> =
            live.held(a).iter().map(|(l, mode)| format!("{} {mode:?}", l.describe(world))).collect();
        let waits = live.waiting(a).map(|(l, mode)| format!("{} {mode:?}", l.describe(world)));
        says += &format!("{}: {:?}, holds {held:?}, waits for {waits:?}\n", world.actor_name(a), live.state(a));
    }
    says
}

/// What a drained run leaves behind: nothing lost, nothing held, every count as it should be, every rule of words at
/// rest kept, and words that can be stepped on from. Gives what is not so, each in a sentence. What belongs to a run in which every
/// actor has had the time for a round is asked only with `all`.
pub fn judge<C: Code>(staged: &Staged, live: &Live<C>, all: bool) -> Vec<String> {
    let world = live.world();
    let counts = live.counts();
    let mut wrong = Vec::new();
    for a in world.actor_ids() {
        let name = world.actor_name(a);
        if live.state(a) != Some(State::Drained) {
            wrong.push(format!("{name} has not drained: {:?}", live.state(a)));
        }
        let Counts { operations, failures, .. } = counts[a.0 as usize];
        if all && operations + failures == 0 {
            wrong.push(format!("{name} has done nothing"));
        }
        for (lock, mode) in live.held(a) {
            wrong.push(format!("{name} still holds {} {mode:?}", lock.describe(world)));
        }
        if let Some((lock, mode)) = live.waiting(a) {
            wrong.push(format!("{name} still waits for {} {mode:?}", lock.describe(world)));
        }
        if !world.map.pins(a).is_empty(&mut live.words()) {
            wrong.push(format!("{name} has not put all that it got"));
        }
    }
    let mut words = live.words().copy();
    for (i, what) in [(0, "reads of what was not written"), (1, "pages that were no memory")] {
        match words.get(world.map.word(i)) {
            0 => {}
            n => wrong.push(format!("{n} {what}")),
        }
    }
    let told = |b: &Broken| format!("{} is broken: {}", b.rule, b.why);
    wrong.extend(invariants::drained(&mut words, world).iter().map(told));
    let staged = Staged { first: words.into(), ..staged.clone() };
    // One round each: the pager's may be over when somebody asks for a page.
    let mut beside = Rules::only(Rule::Deadlock);
    if world.captive {
        // Who holds an entry captive asks for the grant lock with that entry held: what speaks against captive entries.
        beside = beside.with(Rule::I27);
    }
    let mut sim = staged.sim(Rules::ALL.without(beside));
    wrong.extend(sim.start_broken().iter().map(told));
    while let Some(a) = world.actor_ids().find(|&a| sim.enabled(a)) {
        match sim.step(a, 0) {
            Ok(did) => {
                wrong.extend(did.broken.iter().map(|b| format!("stepped on, by {}: {}", world.actor_name(a), told(b))))
            }
            Err(_) => break,
        }
        if !wrong.is_empty() {
            break;
        }
    }
    wrong
}

/// Rounds of all actors: those that went well, and those in which something was refused.
pub fn rounds<C: Code>(live: &Live<C>) -> (u64, u64) {
    live.counts().iter().fold((0, 0), |(ok, bad), c| (ok + c.operations, bad + c.failures))
}
