//! The watcher of a simulated run: which rules it looks at, and when.
//!
//! It keeps no memory of its own. What a rule must remember are ghost words, written by the same step and undone with
//! it. Rules about what a step does (a stray access, a wrong release) are reported each time; rules about a state (an
//! invariant, a deadlock) when the state first breaks them: the ghost word of broken rules remembers.

use super::recheck::{self, Wrote};
use super::survey::Survey;
use super::{Broken, Rule, Rules, held, invariants, memory, misuse, waits};
use crate::addr::ActorId;
use crate::entry::{Decoded, P2mType};
use crate::lock::global;
use crate::machine::frames::{PGC_ALLOCATED, PGC_BROKEN};
use crate::machine::{DomWord, FrameUse, FrameWord, GhostWord, Region, Words, World, frames, tlb};
use crate::sim::{Code, Locals, Memory, Pending, Stepped, Thing, ways};
use crate::step::{Act, Effect};
use std::sync::Arc;

/// Looks at effects and words from outside.
#[derive(Clone, Debug)]
pub struct Watch {
    rules: Rules,
}

impl Watch {
    /// A watcher of these rules.
    pub fn new(rules: Rules) -> Watch {
        Watch { rules }
    }

    /// Which rules.
    pub fn rules(&self) -> Rules {
        self.rules
    }

    /// Whether there is nothing to watch.
    pub fn is_idle(&self) -> bool {
        self.rules.is_empty()
    }

    /// The rules that a state has broken on its way, of those that are watched.
    pub fn broken<W: Words>(m: &mut W, world: &World) -> Rules {
        Rules(m.get(world.map.ghost(ActorId(0), GhostWord::Broken)))
    }

    /// Whether some rule about words or writes is watched, so that the index is kept.
    fn of_words(&self) -> bool {
        !self.rules.and(Rules::OF_WRITES).is_empty()
    }

    /// The first words with the index of them, and what they break before anybody has done anything.
    pub fn first(&self, w: &World, first: Arc<[u64]>) -> (Arc<[u64]>, Vec<Broken>) {
        if !self.of_words() {
            return (first, Vec::new());
        }
        let mut m = first.to_vec();
        let mut broken = invariants::drained(&mut m, w);
        let mut told = Rules::NONE;
        broken.retain(|b| {
            let new = self.rules.has(b.rule) && !told.has(b.rule);
            told = if new { told.with(b.rule) } else { told };
            new
        });
        m.set(w.map.ghost(ActorId(0), GhostWord::Broken), told.0);
        (m.into(), broken)
    }

    /// Before an effect: what it touches, and whether it sleeps with a lock held.
    pub fn before<C: Code>(
        &self,
        w: &World,
        m: &mut Memory,
        code: &C,
        did: &Pending,
        locals: &Locals,
        out: &mut Stepped,
    ) {
        let a = out.actor;
        let stale = code.touches(a, did.place) & locals.stale;
        let name = w.actor_name(a);
        if stale != 0 {
            out.broken.push(Broken::by(a, Rule::Stray, stray(w, m, code, a, locals, stale)));
        }
        let read = match did.effect {
            Effect::Load(word) if w.map.region(word) == Region::Page => Some(word.frame()),
            Effect::Act(Act::TlbAccess { g, root, .. }) => tlb::begins_at(m, w, a, root, g),
            Effect::Act(Act::TlbWalk { entry, level, .. }) => tlb::goes_on_at(m, w, a, entry, level),
            _ => None,
        };
        if let Some(table) = read.filter(|&f| matches!(frames::used_as(m, w, f), FrameUse::Pool { .. })) {
            let why = format!("{name} reads table page {table}, which was freed");
            out.broken.push(Broken::by(a, Rule::Stray, why));
        }
        out.broken.extend(misuse::i28(m, w, a, &did.effect));
    }

    /// After a step whose writes begin at `mark`: ghost words, then rules.
    pub fn after<C: Code>(
        &self,
        w: &World,
        m: &mut Memory,
        mark: usize,
        code: &C,
        next: &[Option<Pending>],
        out: &mut Stepped,
    ) {
        let (a, e) = (out.actor, out.did.effect);
        if !out.queued {
            held::after(m, w, a, &e, out.result[0], &mut out.broken);
            memory::references(m, w, a, &e, out.result[0]);
            out.broken.extend(misuse::stray(m, w, a, &e, out.result[0]));
            out.broken.extend(memory::shared(m, w, mark, a, &e));
            memory::guest(m, w, mark, a, &e, out.result, &mut out.broken);
        }
        match &next[a.0 as usize] {
            Some(p) => {
                held::asks(m, w, a, &p.effect, &mut out.broken);
                // Who cannot go on sleeps already.
                if let Some(sleeps) = misuse::i28(m, w, a, &p.effect)
                    && ways(w, m, code, p, a) == 0
                {
                    out.broken.push(sleeps);
                }
            }
            None => {
                if let Some((lock, _)) = held::held(m, w, a).first() {
                    let why = format!("{} ends while it holds {}", w.actor_name(a), lock.describe(w));
                    out.broken.push(Broken::by(a, Rule::I29, why));
                }
            }
        }
        self.nominated(w, m, out);
        let mut state = Vec::new();
        let known = Watch::broken(m, w);
        let of_words = self.of_words();
        let wrote = if of_words { Wrote::since(m, w, mark) } else { Wrote::default() };
        wrote.look(m, w, &mut state);
        if matches!(e, Effect::Lock(..) | Effect::TryLock(..)) {
            let whole = |m: &mut Memory, slot: u8| {
                m.note(w.map.upper_half(slot));
                m.unseen(|m| global::exclusive(m.get(w.map.dom(slot, DomWord::Global)))).is_some()
            };
            if (0..w.domains.len() as u8).any(|slot| whole(m, slot)) {
                invariants::exclusion(m, w, &mut state);
            }
        }
        let ended = next.iter().all(Option::is_none);
        if ended {
            // The last state is the same whoever came to it, so that nobody's looks are of account.
            m.unseen(|m| {
                if of_words {
                    recheck::at_rest(m, w, self.rules.without(known), &mut state);
                }
                memory::at_end(m, w, &mut state);
                let survey = Survey::take(m, w);
                invariants::leaks(m, w, &survey, &mut state);
                code.at_end(w, m, &mut state);
            });
        } else if of_words && (wrote.any || out.finished) && m.unseen(|m| invariants::rests(m, w, a)) {
            self.at_rest(m, w, a, known, &mut state);
        }
        if w.patience.is_some() {
            let lock = |p: &Pending| matches!(p.effect, Effect::Lock(..));
            let mut waits = w.actor_ids().collect::<Vec<_>>();
            waits.retain(|&b| next[b.0 as usize].as_ref().is_some_and(|p| lock(p) && ways(w, m, code, p, b) == 0));
            misuse::starvation(m, w, (a, out.queued), &waits, &mut state);
        }
        // A ring that stands once stands for ever, and where nobody can move nobody does: it is seen later, too.
        m.unseen(|m| deadlock(w, m, code, next, &mut state));
        self.report(w, m, state, out);
    }

    /// The rules of rest, after a step of `a`, which rests now. Where it is kept what is looked at, the
    /// question whether any is broken comes before that whether all rest: mostly none is, and then it does not matter.
    fn at_rest(&self, m: &mut Memory, w: &World, a: ActorId, known: Rules, state: &mut Vec<Broken>) {
        let rules = self.rules.without(known);
        if m.is_watched() && !recheck::any_at_rest(m, w, rules) {
            return;
        }
        let rests = |b| {
            m.note(w.map.rests(b));
            m.unseen(|m| invariants::rests(m, w, b))
        };
        if w.actor_ids().filter(|&b| b != a).all(rests) {
            recheck::at_rest(m, w, rules, state);
        }
    }

    /// Keeps what is watched; what a state breaks only the first time; notes it in the ghost word.
    fn report(&self, w: &World, m: &mut Memory, state: Vec<Broken>, out: &mut Stepped) {
        let known = Watch::broken(m, w);
        let mut told = known;
        for b in state {
            if !told.has(b.rule) {
                out.broken.push(Broken { actor: b.actor.or(Some(out.actor)), ..b });
            }
            told = told.with(b.rule);
        }
        out.broken.retain(|b| self.rules.has(b.rule));
        let now = out.broken.iter().fold(known, |set, b| set.with(b.rule));
        m.set(w.map.ghost(ActorId(0), GhostWord::Broken), now.0);
    }

    /// I13: at the moment of nomination the frame has no user but its domain.
    fn nominated(&self, w: &World, m: &mut Memory, out: &mut Stepped) {
        let Effect::Act(Act::SetEntry { entry, g, order, .. }) = out.did.effect else { return };
        let Decoded::Leaf(leaf) = w.format.decode(order.level(), entry) else { return };
        if leaf.ty != P2mType::RamPagingOut || out.queued {
            return;
        }
        let info = w.map.frame(leaf.mfn, FrameWord::Count).map_or(0, |c| m.get(c));
        // A frame that has broken meanwhile has no more users for it.
        if info & !PGC_BROKEN != PGC_ALLOCATED | 1 {
            let why = format!("{g} is nominated while frame {} has other users", w.frame_name(leaf.mfn));
            out.broken.push(Broken::by(out.actor, Rule::I13, why));
        }
    }
}

/// Reports a ring of waits as soon as it stands.
fn deadlock<C: Code>(w: &World, m: &mut Memory, code: &C, next: &[Option<Pending>], state: &mut Vec<Broken>) {
    let enabled = |m: &mut Memory, a: ActorId| next[a.0 as usize].as_ref().is_some_and(|p| ways(w, m, code, p, a) > 0);
    let moving: Vec<ActorId> = w.actor_ids().filter(|&a| enabled(m, a)).collect();
    if moving.len() == next.iter().flatten().count() {
        return;
    }
    let all = waits::waits(m, w, next, &enabled);
    let Some(rings) = waits::deadlock(&all, &moving) else { return };
    let why = rings.iter().map(|r| waits::describe(w, &all, r)).collect::<Vec<_>>().join(". ");
    state.push(Broken { rule: Rule::Deadlock, actor: None, why });
}

/// What a stray access touches, and who owns the frame now.
fn stray<C: Code>(w: &World, m: &mut Memory, code: &C, a: ActorId, locals: &Locals, stale: u32) -> String {
    let name = w.actor_name(a);
    let mut all = (0..w.map.frames() as u64).map(crate::addr::Mfn);
    let Some(mfn) = all.find(|&f| code.names(w, a, locals, Thing::Frame(f)) & stale != 0) else {
        return format!("{name} uses something that was freed since it was read");
    };
    let frame = w.frame_name(mfn);
    let owner = frames::owner(m, w, mfn);
    let now = match owner {
        crate::addr::DomId::NOBODY => "is free now".into(),
        d => format!("belongs to domain {d} now"),
    };
    format!("{name} touches frame {frame}, which was freed since it was read and {now}")
}
