//! A question about steps that are about to be taken, made from the state after them: what a learner is asked before they
//! are shown.
//!
//! Not every step is worth a question. Asked is about a lock that is taken or waited for, about who can go on once one is
//! released, about an actor that falls asleep, about the end of one for whom others wait, and about a count of references.
//! Which question is asked never depends on its answer alone: that a lock is asked about says nothing of who gets it.

use super::frames::{Frames, frames};
use super::naming::Names;
use super::sentence::sentence;
use super::waits::{Waits, waits};
use crate::addr::{ActorId, Mfn};
use crate::lock::{Lock, Mode};
use crate::sched::{Event, Run, holds, side, why};
use crate::sim::Code;
use crate::step::{Act, Effect};

/// A question with its answers, and which is right.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Prediction {
    /// What is asked, one or two sentences.
    pub question: String,
    /// The answers to choose from, two or more.
    pub options: Vec<String>,
    /// Which of them is right.
    pub right: usize,
    /// Why, in a sentence or two.
    pub why: String,
}

/// What can be asked about the steps from position `from` to where the run stands; none if nothing there is worth it. The run
/// stands where it stood.
pub fn prediction<C: Code>(run: &mut Run<C>, from: usize) -> Option<Prediction> {
    let at = run.at();
    let events: Vec<Event> = run.past().get(from..)?.to_vec();
    let last = events.last()?;
    let actor = last.actor;
    let after = (waits(run), frames(run));
    run.seek(from);
    let before = (waits(run), frames(run));
    run.seek(at);
    let ways = Ways { actor, name: run.world().actor_name(actor).to_string(), before: &before.0, after: &after.0 };
    let stops = run.waiting(at).iter().find(|w| w.actor == actor).map(|w| w.on);
    match stops {
        Some(Effect::Lock(lock, mode)) => return Some(ways.waits(run, lock, mode)),
        Some(Effect::Wait(_)) => return Some(ways.sleeps(run)),
        _ => {}
    }
    let taking = match last.did.effect {
        Effect::Lock(lock, mode) if last.result[0] != 0 => ways.takes(run, last, lock, mode),
        Effect::TryLock(lock, mode) => Some(ways.tries(run, last, lock, mode)),
        Effect::Unlock(lock, _) => ways.releases(run, lock),
        Effect::Wait(_) => Some(ways.wakes()),
        _ => None,
    };
    taking.or_else(|| ways.ends(run, last)).or_else(|| counted(run, &events, &before.1, &after.1))
}

/// Who steps, and who waits for whom before and after.
struct Ways<'v> {
    actor: ActorId,
    name: String,
    before: &'v Waits,
    after: &'v Waits,
}

const GETS: &str = "It gets it.";
const WAITS: &str = "It has to wait.";
const NEVER: &str = "It has to wait, and somebody can never go on: a deadlock.";

impl Ways<'_> {
    /// Somebody is stuck who was not.
    fn closes(&self) -> bool {
        self.after.stuck.iter().any(|a| !self.before.stuck.contains(a))
    }

    /// How the stuck are stuck, in a sentence.
    fn form(&self) -> Option<String> {
        let new = |a: &u8| !self.before.stuck.contains(a);
        self.after.forms.iter().find(|form| form.actors.iter().any(new)).map(|form| form.sentence.clone())
    }

    fn asks(&self, what: &str, right: usize, why: String) -> Prediction {
        Prediction {
            question: format!("{} is about to ask for {what}. What comes of it?", self.name),
            options: [GETS, WAITS, NEVER].map(String::from).into(),
            right,
            why,
        }
    }

    fn waits<C: Code>(&self, run: &mut Run<C>, lock: Lock, mode: Mode) -> Prediction {
        let what = side(lock, mode, &run.world().clone());
        let cause = why(run, self.actor).unwrap_or_default();
        match self.form().filter(|_| self.closes()) {
            Some(form) => self.asks(&what, 2, form),
            None => self.asks(&what, 1, cause),
        }
    }

    /// None for what goes without saying: that the shared side is shared.
    fn takes<C: Code>(&self, run: &mut Run<C>, e: &Event, lock: Lock, mode: Mode) -> Option<Prediction> {
        let what = side(lock, mode, &run.world().clone());
        let held = holds(&run.events()[..e.step - 1]);
        let own = held.iter().any(|h| h.depth > 0 && h.lock == lock && h.actor == self.actor);
        let why = match mode {
            _ if own => format!("{} holds it already, and whoever holds a lock may take it again.", self.name),
            Mode::Shared => return None,
            _ => "Nobody else holds it.".into(),
        };
        Some(self.asks(&what, 0, why))
    }

    fn tries<C: Code>(&self, run: &mut Run<C>, e: &Event, lock: Lock, mode: Mode) -> Prediction {
        let what = side(lock, mode, &run.world().clone());
        let got = e.result[0] != 0;
        Prediction {
            question: format!("{} is about to try {what}, without waiting. Does it get it?", self.name),
            options: vec![GETS.into(), "It does not, and goes on without.".into()],
            right: usize::from(!got),
            why: sentence(run),
        }
    }

    /// None where nobody waits for the lock, or where some can go on and some cannot.
    fn releases<C: Code>(&self, run: &mut Run<C>, lock: Lock) -> Option<Prediction> {
        let world = run.world().clone();
        let what = lock.describe(&world);
        let waited = |waits: &Waits| -> Vec<u8> {
            let edges = waits.edges.iter().filter(|e| e.to == self.actor.0 && e.lock.text == what);
            let mut all: Vec<u8> = edges.map(|e| e.from).collect();
            all.dedup();
            all
        };
        let waiting = waited(self.before);
        let name = |a: &u8| world.actor_name(ActorId(*a)).to_string();
        let first = *waiting.first()?;
        let still = |a: &u8| self.after.nodes.iter().any(|n| n.actor == *a && n.state == "waits");
        let free: Vec<u8> = waiting.iter().copied().filter(|a| !still(a)).collect();
        let mut options: Vec<String> = waiting.iter().map(name).collect();
        options.push("None of them.".into());
        let right = match free[..] {
            [] => waiting.len(),
            [one] => waiting.iter().position(|a| *a == one)?,
            _ if free.len() == waiting.len() => waiting.len() + 1,
            _ => return None,
        };
        if waiting.len() > 1 {
            options.push("All of them, whoever comes first.".into());
        }
        let why = match free.first() {
            Some(a) => format!("{} waited for {what}, and nobody holds it any more.", name(a)),
            None => why(run, ActorId(first)).unwrap_or_default(),
        };
        let names = waiting.iter().map(name).collect::<Vec<_>>().join(", ");
        let question =
            format!("{} is about to release {what}, for which {names} waits. Who can go on then?", self.name);
        Some(Prediction { question, options, right, why })
    }

    fn may_sleep(&self, right: usize, why: String) -> Prediction {
        Prediction {
            question: format!("{} may have to sleep until something has come. What will it do?", self.name),
            options: [
                "It goes on: what it waits for is there.",
                "It sleeps until it is woken.",
                "It sleeps, and somebody can never go on.",
            ]
            .map(String::from)
            .into(),
            right,
            why,
        }
    }

    fn sleeps<C: Code>(&self, run: &mut Run<C>) -> Prediction {
        let sleep = self.after.sleeps.iter().find(|s| s.actor == self.actor.0).map(|s| format!("{}.", s.sentence));
        let why = sleep.or_else(|| why(run, self.actor)).unwrap_or_default();
        match self.form().filter(|_| self.closes()) {
            Some(form) => self.may_sleep(2, form),
            None => self.may_sleep(1, why),
        }
    }

    fn wakes(&self) -> Prediction {
        self.may_sleep(0, format!("What {} waits for has come.", self.name))
    }

    /// The end of an actor while others wait.
    fn ends<C: Code>(&self, run: &mut Run<C>, e: &Event) -> Option<Prediction> {
        let waiting = !self.before.edges.is_empty() || !self.before.sleeps.is_empty();
        if !e.ended || !waiting || !self.before.stuck.is_empty() {
            return None;
        }
        let why = self.form().unwrap_or_else(|| sentence(run));
        Some(Prediction {
            question: format!("{} is about to end. What becomes of those who wait?", self.name),
            options: vec!["All can go on, now or later.".into(), "Somebody can never go on.".into()],
            right: usize::from(self.closes()),
            why,
        })
    }
}

/// A frame's count, if the steps take or drop a reference on it, or try to.
fn counted<C: Code>(run: &mut Run<C>, events: &[Event], before: &Frames, after: &Frames) -> Option<Prediction> {
    let of = |e: &Event| match e.did.effect {
        Effect::Act(Act::GetPage { mfn, .. } | Act::PutPage(mfn) | Act::PutAllocation(mfn) | Act::Pin { mfn, .. }) => {
            Some(mfn)
        }
        _ => None,
    };
    let count = |frames: &Frames, mfn: Mfn| frames.frames.iter().find(|f| f.mfn == mfn.0).map_or(0, |f| f.count);
    let changed = |frames: &Frames, other: &Frames| {
        let all = frames.frames.iter().map(|f| Mfn(f.mfn));
        all.into_iter().find(|&mfn| count(frames, mfn) != count(other, mfn))
    };
    let noted = events.iter().rev().find_map(|e| Some((of(e)?, e.step)));
    let last = events.last()?.step;
    let (mfn, step) = match noted {
        Some(noted) => noted,
        None => (changed(before, after).or_else(|| changed(after, before))?, last),
    };
    let (was, is) = (count(before, mfn), count(after, mfn));
    let at = run.at();
    run.seek(step);
    let why = sentence(run);
    run.seek(at);
    let mut options = vec![was, was + 1, was.saturating_sub(1), is];
    options.sort_unstable();
    options.dedup();
    let world = run.world().clone();
    let name = world.actor_name(events.last()?.actor);
    Some(Prediction {
        question: format!(
            "{name} is about to step, and the count of {} is {was} now. What will it be after that?",
            Names::new(run.words(), &world).frame(mfn)
        ),
        right: options.iter().position(|n| *n == is)?,
        options: options.iter().map(u64::to_string).collect(),
        why,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sched::tests::programs::{ab_ba, release, run, take};

    const V0: ActorId = ActorId(0);
    const PG: ActorId = ActorId(1);
    const A: Lock = Lock::Range(0, 0);

    /// The right answer in words, and why.
    fn answer(p: &Prediction) -> (&str, &str) {
        (&p.options[p.right], &p.why)
    }

    #[test]
    fn a_lock_is_taken_waited_for_and_closes_a_ring() {
        let mut run = ab_ba();
        run.take(V0, 0).unwrap();
        let free = prediction(&mut run, 0).unwrap();
        assert_eq!(free.question, "V0 is about to ask for range 0 of domain 1. What comes of it?");
        assert_eq!(answer(&free), (GETS, "Nobody else holds it."));
        run.until_blocked(PG).unwrap();
        let waits = prediction(&mut run, 1).unwrap();
        assert_eq!(answer(&waits), (WAITS, "PG asks for range 0 of domain 1, which V0 holds since step 1."));
        let from = run.at();
        run.until_blocked(V0).unwrap();
        let ring = prediction(&mut run, from).unwrap();
        assert_eq!(answer(&ring).0, NEVER);
        assert!(ring.why.starts_with("V0 -> PG -> V0: each waits"), "{}", ring.why);
        assert_eq!(ring.options, free.options, "the question does not give its answer away");
        assert_eq!(run.at(), 6, "the run stands where it stood");
    }

    #[test]
    fn a_lock_of_ones_own_is_taken_again() {
        let mut run = run(vec![vec![vec![take(A)], vec![take(A)]]]);
        run.take(V0, 0).unwrap();
        run.take(V0, 0).unwrap();
        let again = prediction(&mut run, 1).unwrap();
        assert_eq!(answer(&again), (GETS, "V0 holds it already, and whoever holds a lock may take it again."));
    }

    #[test]
    fn who_can_go_on_is_asked_when_a_lock_is_released() {
        let twice = vec![vec![take(A)], vec![take(A)], vec![release(A)], vec![release(A)], vec![take(A)]];
        let mut run = run(vec![twice, vec![vec![take(A)]], vec![vec![take(A)]]]);
        for _ in 0..3 {
            run.take(V0, 0).unwrap();
        }
        let once = prediction(&mut run, 2).unwrap();
        assert_eq!(once.options, ["PG", "SH", "None of them.", "All of them, whoever comes first."]);
        assert_eq!(answer(&once).0, "None of them.");
        run.take(V0, 0).unwrap();
        let both = prediction(&mut run, 3).unwrap();
        assert_eq!((answer(&both).0, &both.options), ("All of them, whoever comes first.", &once.options));
    }

    #[test]
    fn a_release_that_nobody_waits_for_is_not_asked_about() {
        let mut run = run(vec![vec![vec![take(A)], vec![release(A)], vec![take(A)]]]);
        run.take(V0, 0).unwrap();
        run.take(V0, 0).unwrap();
        assert_eq!(prediction(&mut run, 1), None);
        assert_eq!(prediction(&mut run, 2), None, "no step, no question");
    }

    #[test]
    fn the_end_of_one_who_still_holds_a_lock_is_asked_about() {
        let mut run = run(vec![vec![vec![take(A)], vec![Effect::Wake(crate::addr::Word(0))]], vec![vec![take(A)]]]);
        run.take(V0, 0).unwrap();
        run.take(V0, 0).unwrap();
        let end = prediction(&mut run, 1).unwrap();
        assert_eq!(answer(&end).0, "Somebody can never go on.");
        assert!(end.why.contains("V0 has ended without releasing it"), "{}", end.why);
    }

    #[test]
    fn a_count_is_asked_for_whether_the_reference_is_got_or_not() {
        let run = run(vec![vec![Vec::new()]]);
        let m = run.world().frames[0].1;
        let get = |dom| vec![Effect::Act(Act::GetPage { mfn: m, dom })];
        let stranger = Some(crate::addr::DomId(9));
        let mut run = self::run(vec![vec![get(None), get(stranger), get(None)]]);
        run.take(V0, 0).unwrap();
        let got = prediction(&mut run, 0).unwrap();
        assert_eq!((&got.options[..], got.right), (&["0", "1", "2"].map(String::from)[..], 2));
        assert_eq!(got.why, "V0 takes a reference on M.");
        run.take(V0, 0).unwrap();
        let refused = prediction(&mut run, 1).unwrap();
        assert_eq!(answer(&refused).0, "2");
        assert!(refused.question.contains("the count of M is 2 now"), "{}", refused.question);
    }
}
