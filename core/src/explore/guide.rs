//! Which actor may go alone: the reduction.
//!
//! **What is decided.** In a state where actor A can step, and no step that another could take before A goes touches a
//! word that A's step writes, or writes one that it touches, it makes no difference when A goes: it may go first and
//! alone (a *persistent set* of one). What a step touches is all that it looks at and writes, with whether it can be
//! taken at all and with what the watchers look at. So two steps that touch nothing in common give the same state, the
//! same results and the same breaches in either order, and no rule needs a word of its own here.
//!
//! **How it is known.** Nothing is analysed beforehand. The search begins as if nobody touched anything, and keeps for
//! each spot of each actor which words its step was seen to touch, under which locks, and which spot followed
//! ([`super::lore`]). What an actor may touch from a spot on is what is touched at all spots that can follow. A word that
//! another touches under a lock only is not touched while A holds that lock. Whenever something is seen that was not
//! known, the search is begun again, with what is known by then; the answer is that of a pass in which nothing new was
//! seen (after Stoller and Cohen, optimistic synchronisation-based reduction). A breach that is found in any pass is one.
//!
//! **Why that is enough.** Say that a step *conforms* if the lore of that last pass knows it. All steps that the pass took
//! conform. Claim: from each state that was met, for every run `t1 .. tn` there is a path that was searched and is the
//! same but for the order of independent steps and for steps added at its end. By induction on `n`: where all were tried,
//! `t1` was. Where A went alone with step `a`, the first step of A among `t1 .. tn` is `a`, since those before it do not
//! touch what `a` touches, and it can be moved to the front; or there is none, and `a` can be put before the run, since
//! it changes nothing for it. That happens only so often: no circle of states consists of such steps, for each takes its
//! actor further in its program (see [`Spot::goes_on_at`]), so a state where all are tried comes. This needs that
//! `t1 .. tn` conform. Take the shortest run with a last step `tn` that does not. Those before it do, so it can be
//! searched in the changed order until `tn` is taken; only if a step `a` was put before it that touches what `tn` touches
//! can `tn` now be another. Then, of all that it touches, it comes up to the word that both touch as before, and its spot
//! did not know that word, or not without a lock that was held by A: still it does not conform, and was searched, which
//! cannot be. So all runs conform, and every breach, every end and every deadlock is met. A state that *hangs* is met,
//! too: from a run to one the searched path goes on to a state behind it, which hangs as well, and from a state that was
//! met an end can be reached by searched steps if it can be reached at all.
//!
//! So the lore of the last pass is exactly what all steps of the whole state space do, whatever order they were seen in.
//! Who goes alone follows from it and from the state. That is why the number of states met is the same for any number of
//! threads.
//!
//! **What never goes alone**: a choice of the world, whatever pauses or crashes, a step that broke a rule, one that only
//! queues, one that goes back. **What is not looked at**: the search for rings of waits, since a ring stands for ever, and
//! the rules of the last state, since all runs of a class end in the same. **When nobody goes alone** ([`whole`]): where
//! conditions are asked of every state, where patience counts all steps of others, where paths end at breaches that are
//! not looked for. Locks are taken at their word only as long as no two actors were seen to hold one.
//!
//! Sleep sets would leave out steps, not states: what they save is the step into a state that was seen. With states
//! merged, each would have to be kept with its set and be entered again with a smaller one. A fingerprint of eight
//! bytes has no room for that.

use super::lore::{Lore, Met, Node, Spot, Touched};
use super::question::Question;
use crate::addr::{ActorId, Mfn, Word};
use crate::lock::{Lock, Mode};
use crate::machine::{DomWord, Form, GhostWord, HELD_ROOM, Sorted, World};
use crate::perform::PIN_COUNT;
use crate::sim::{Code, Sim, Stepped};
use crate::step::{Act, Effect};
use crate::watch::memory::frame_of_key;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Why nobody can go alone in the search for an answer to `q`, if that is so.
pub(super) fn whole<C>(world: &World, q: &Question<C>) -> Option<&'static str> {
    if q.probe.is_some() {
        Some("a condition is asked of every state")
    } else if world.patience.is_some() {
        Some("patience counts every step of others")
    } else if !q.stop.without(q.target()).is_empty() {
        Some("paths end at breaches that are not looked for")
    } else {
        None
    }
}

/// What stands in the way of going alone, from one spot while another actor stands at another.
#[derive(Clone)]
enum Meets {
    /// Nothing.
    Free,
    /// A word that both touch without a lock.
    Always,
    /// Words that the other touches under locks: of each of these sets one must be held.
    Unless(Vec<u64>),
}

/// What one thread needs to say who goes alone, and to see what steps touch.
pub(super) struct Guide {
    lore: Arc<Lore>,
    /// The lore's version since which this thread decides.
    since: u64,
    spots: HashMap<Spot, Node>,
    locks: Vec<(u64, u64)>,
    never: HashMap<Node, bool>,
    futures: HashMap<Node, Touched>,
    meets: HashMap<(Node, Node), Meets>,
    leaky: u64,
    /// Hashes of what steps did that is known already.
    known: HashSet<u64>,
    before: Before,
}

/// Of the state before a step.
#[derive(Clone, Copy)]
struct Before {
    spot: Spot,
    held: u64,
    rests: bool,
}

impl Guide {
    /// A guide by that lore. The memory of its world must keep what is looked at.
    pub fn new(lore: Arc<Lore>) -> Guide {
        let spot = Spot { actor: 0, place: 0, len: 0, scopes: 0 };
        Guide {
            since: lore.version(),
            lore,
            spots: HashMap::new(),
            locks: Vec::new(),
            never: HashMap::new(),
            futures: HashMap::new(),
            meets: HashMap::new(),
            leaky: 0,
            known: HashSet::new(),
            before: Before { spot, held: 0, rests: true },
        }
    }

    /// Whether the lore has grown since this pass began.
    pub fn stale(&self) -> bool {
        self.lore.version() != self.since
    }

    /// Decides by what is known now, for want of a pass that still holds.
    pub fn refresh(&mut self) {
        self.never.clear();
        self.futures.clear();
        self.meets.clear();
        self.leaky = self.lore.known().leaky();
    }

    /// Who goes alone in this state; none: all are tried.
    pub fn alone<C: Code>(&mut self, sim: &mut Sim<C>, skip: u16) -> Option<ActorId> {
        let mut all = Vec::new();
        for a in sim.world().actor_ids().filter(|&a| !sim.ended(a)) {
            all.push((a, self.node(spot(sim, a))));
        }
        if all.len() < 2 {
            return None;
        }
        for &(a, mine) in &all {
            if skip >> a.0 & 1 == 1 || self.is_never(mine) || sim.ways(a) == 0 {
                continue;
            }
            let mut held = None;
            let free = all.iter().filter(|other| other.0 != a).all(|&(_, other)| match self.meets(mine, other) {
                Meets::Free => true,
                Meets::Always => false,
                Meets::Unless(sets) => {
                    let held = *held.get_or_insert_with(|| self.held(sim, a));
                    sets.iter().all(|set| set & held & !self.leaky != 0)
                }
            });
            if free {
                return Some(a);
            }
        }
        None
    }

    /// An actor is about to step.
    pub fn before<C: Code>(&mut self, sim: &mut Sim<C>, a: ActorId) {
        self.before = Before { spot: spot(sim, a), held: self.held(sim, a), rests: rests(sim, a) };
        sim.words().forget_looks();
    }

    /// It has stepped; the writes begin at that mark.
    pub fn after<C: Code>(&mut self, sim: &Sim<C>, mark: usize, did: &Stepped) {
        let a = did.actor;
        if let (Effect::Lock(lock, mode) | Effect::TryLock(lock, mode), 1) = (did.did.effect, did.result[0]) {
            self.taken(sim, a, lock, mode);
        }
        let next = (!sim.ended(a)).then(|| spot(sim, a));
        let rests = rests(sim, a);
        let broke = !did.broken.is_empty();
        let Before { spot, held, rests: rested } = self.before;
        let node = self.node(spot);
        let (looked, wrote) = (sim.memory().looked(), sim.memory().since(mark));
        let mut print = mix(node as u64 ^ held.rotate_left(32) ^ ((broke || did.queued) as u64) << 63);
        let to = next.map_or([u64::MAX; 3], |n| [n.place, n.len, n.scopes]);
        for x in to.into_iter().chain(looked.iter().map(|&w| w as u64)).chain([rests as u64]) {
            print = mix(print ^ x);
        }
        for &(w, _) in wrote {
            print = mix(print ^ (w as u64 | 1 << 40));
        }
        if !self.known.insert(print) {
            return;
        }
        let ghost = |w| sim.world().map.ghost(a, w).0;
        let mut looked: Vec<u32> =
            looked.iter().copied().chain([ghost(GhostWord::Stale), ghost(GhostWord::Ended)]).collect();
        looked.sort_unstable();
        looked.dedup();
        let mut wrote = behind(sim, wrote);
        wrote.extend((rests != rested).then(|| sim.world().map.rests(a)));
        let counted = counted(sim, mark, &did.did.effect);
        if let Some((word, half)) = counted {
            looked.retain(|&w| w != word);
            wrote.retain(|&w| w != word);
            looked.push(half);
        }
        let counted = counted.map(|c| c.0);
        let never = broke
            || did.queued
            || matches!(did.did.effect, Effect::Choose(_) | Effect::Act(Act::Pause(_)))
            || next.is_some_and(|next| !spot.goes_on_at(&next));
        self.lore.learn(Met { spot, next, looked, wrote, counted, held, never });
    }

    /// A lock was taken: does another hold it, so that holding it says nothing?
    fn taken<C: Code>(&mut self, sim: &Sim<C>, a: ActorId, lock: Lock, mode: Mode) {
        let others = sim.world().actor_ids().filter(|&b| b != a);
        let both =
            others.flat_map(|b| stack(sim, b)).any(|(l, m)| l == lock.to_word() && (mode == Mode::Exclusive || m));
        if both {
            let bit = self.bit(lock.to_word());
            self.lore.leaks(bit);
        }
    }

    fn node(&mut self, spot: Spot) -> Node {
        let lore = &self.lore;
        *self.spots.entry(spot).or_insert_with(|| lore.node(spot))
    }

    fn is_never(&mut self, node: Node) -> bool {
        let lore = &self.lore;
        *self.never.entry(node).or_insert_with(|| lore.known().never(node))
    }

    /// The locks that the actor holds exclusively.
    fn held<C: Code>(&mut self, sim: &Sim<C>, a: ActorId) -> u64 {
        stack(sim, a).filter(|h| h.1).fold(0, |set, (lock, _)| set | self.bit(lock))
    }

    fn bit(&mut self, lock: u64) -> u64 {
        if let Some(&(_, bit)) = self.locks.iter().find(|l| l.0 == lock) {
            return bit;
        }
        let bit = self.lore.lock(Lock::from_word(lock));
        self.locks.push((lock, bit));
        bit
    }

    /// What stands in the way of `mine` while another stands at `other`.
    fn meets(&mut self, mine: Node, other: Node) -> Meets {
        if let Some(meets) = self.meets.get(&(mine, other)) {
            return meets.clone();
        }
        let known = self.lore.known();
        let future = self.futures.entry(other).or_insert_with(|| known.future(other));
        let mut sets = Vec::new();
        for (word, touch) in known.touched(mine) {
            let Some(theirs) = future.get(word) else { continue };
            let set = touch.meets(theirs);
            if set != u64::MAX && !sets.contains(&set) {
                sets.push(set);
            }
        }
        let meets = match sets {
            sets if sets.is_empty() => Meets::Free,
            sets if sets.contains(&0) => Meets::Always,
            sets => Meets::Unless(sets),
        };
        self.meets.insert((mine, other), meets.clone());
        meets
    }
}

/// The words that a step changed, and what stands for some of them: the upper half of a global lock, the holders of frames.
fn behind<C: Code>(sim: &Sim<C>, wrote: &[(u32, u64)]) -> Vec<u32> {
    let (w, m) = (sim.world(), sim.memory());
    // The first entry of a word says what it held before.
    let before = |at: u32| wrote.iter().find(|j| j.0 == at).map_or(m.peek(Word(at)), |j| j.1);
    let mut all: Vec<u32> = wrote.iter().map(|w| w.0).filter(|&at| before(at) != m.peek(Word(at))).collect();
    for i in 0..all.len() {
        let at = all[i];
        let (old, now) = (before(at), m.peek(Word(at)));
        for slot in 0..w.domains.len() as u8 {
            let changed = w.map.dom(slot, DomWord::Global).0 == at && (old ^ now) >> 32 != 0;
            all.extend(changed.then(|| w.map.upper_half(slot)));
        }
        for a in w.actor_ids() {
            let inside = |s: Sorted| at > s.at.0 && at <= s.at.0 + 2 * s.room as u32;
            // The pair of a key and a value that the word is in, as it was and as it is.
            let pair = |s: Sorted| {
                let key = s.at.0 + 1 + (at - s.at.0 - 1) / 2 * 2;
                let is = |at| m.peek(Word(at));
                [(before(key), before(key + 1)), (is(key), is(key + 1))].into_iter().filter(|p| p.1 != 0)
            };
            let frames: Vec<u64> = match (w.map.pins(a), w.map.refs(a)) {
                (pins, _) if inside(pins) => pair(pins).map(|p| p.1 & (PIN_COUNT - 1)).collect(),
                (_, refs) if inside(refs) => pair(refs).map(|p| frame_of_key(p.0)).collect(),
                _ => continue,
            };
            let frames = frames.into_iter().filter(|&f| f < w.map.frames() as u64);
            all.extend(frames.map(|f| w.map.holders(Mfn(f))));
        }
    }
    all
}

/// The word of a global lock that an effect only counts up or down, with what stands for its upper half, which it looks
/// at: takes and releases of the shared side leave the same word in whatever order they come.
fn counted<C: Code>(sim: &Sim<C>, mark: usize, e: &Effect) -> Option<(u32, u32)> {
    let w = sim.world();
    let (Effect::Lock(lock, mode) | Effect::TryLock(lock, mode) | Effect::Unlock(lock, mode)) = *e else { return None };
    let (Lock::Global(slot), Mode::Shared, Form::Atomic) = (lock, mode, w.form) else { return None };
    let word = w.map.dom(slot, DomWord::Global);
    let mut writes = sim.memory().since(mark).iter().filter(|w| w.0 == word.0);
    let halves = writes.all(|&(_, old)| (old ^ sim.memory().peek(word)) >> 32 == 0);
    halves.then(|| (word.0, w.map.upper_half(slot)))
}

fn spot<C: Code>(sim: &Sim<C>, a: ActorId) -> Spot {
    let ghost = |w| sim.memory().peek(sim.world().map.ghost(a, w));
    Spot {
        actor: a.0,
        place: ghost(GhostWord::Place),
        len: ghost(GhostWord::LogLen),
        scopes: ghost(GhostWord::LogScopes),
    }
}

fn rests<C: Code>(sim: &Sim<C>, a: ActorId) -> bool {
    let ghost = |w| sim.memory().peek(sim.world().map.ghost(a, w));
    ghost(GhostWord::Held) == 0 && ghost(GhostWord::LogLen) == 0
}

/// The locks that the actor holds, as the watchers remember them, and whether exclusively.
fn stack<C: Code>(sim: &Sim<C>, a: ActorId) -> impl Iterator<Item = (u64, bool)> + '_ {
    let (m, map) = (sim.memory(), sim.world().map);
    let n = m.peek(map.ghost(a, GhostWord::Held)).min(HELD_ROOM);
    (0..n).map(move |i| {
        let (lock, mode) = map.held(a, i);
        (m.peek(lock), m.peek(mode) != 1)
    })
}

/// The finaliser of splitmix64.
fn mix(mut z: u64) -> u64 {
    z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ z >> 31
}
