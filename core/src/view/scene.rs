//! The scene: the domains' address spaces in cells of 2 MB, their locks, and who stands where.

use super::LockName;
use super::actors::{State, state};
use super::tables::tables;
use crate::addr::{ActorId, Gfn, Order};
use crate::entry::Decoded;
use crate::lock::{self, Lock, Mode, global};
use crate::machine::{Policy, Words};
use crate::sched::{Hold, Run, holds};
use crate::sim::Code;
use crate::step::Effect;
use std::collections::BTreeMap;

/// Somebody who holds a lock.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Holder {
    /// Who.
    pub actor: u8,
    /// How often.
    pub depth: u64,
    /// The step that took it; none if it was held before the first step.
    pub since: Option<usize>,
}

/// A cell of 2 MB of a domain's address space, or one of 1 GB where a single leaf maps that.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Cell {
    /// Which 2 MB from the bottom of the address space.
    pub index: u64,
    /// Its first gfn.
    pub first_gfn: u64,
    /// How many cells of 2 MB it stands for: 1 or 512.
    pub span: u64,
    /// Cells between the last shown one and this one are left out.
    pub cut: bool,
    /// How many leaves lie in it.
    pub leaves: u64,
    /// The order of the largest leaf: 0, 9 or 18; none where there is no leaf.
    pub order: Option<u8>,
    /// The types of its leaves by the number of gfns, most first.
    pub types: Vec<(String, u64)>,
    /// The range lock that guards it; none under a policy without ranges.
    pub lock: Option<LockName>,
    /// Who holds that lock.
    pub holder: Option<Holder>,
    /// Who waits for that lock, longest first.
    pub queue: Vec<u8>,
    /// Steps that actors have spent waiting for that lock so far, summed over the actors.
    pub heat: u64,
}

/// The global lock of a table.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct GlobalBox {
    /// The lock.
    pub lock: LockName,
    /// Who holds the exclusive side.
    pub exclusive: Option<Holder>,
    /// Who holds the shared side.
    pub shared: Vec<Holder>,
    /// Who waits for it, longest first, and whether for the shared side.
    pub queue: Vec<(u8, bool)>,
    /// Somebody has queued for the exclusive side, so new holders of the shared one wait.
    pub queued: bool,
    /// Steps that actors have spent waiting for it so far.
    pub heat: u64,
}

/// A lock that is no range and no global lock, held or wanted.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct LockBox {
    /// The lock.
    pub lock: LockName,
    /// Who holds it.
    pub holder: Option<Holder>,
    /// Who waits for it, longest first.
    pub queue: Vec<u8>,
    /// Steps that actors have spent waiting for it so far.
    pub heat: u64,
}

/// A domain.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct DomainScene {
    /// Its place in the world.
    pub slot: u8,
    /// Its number.
    pub id: u16,
    /// Its name.
    pub name: String,
    /// Its global lock.
    pub global: GlobalBox,
    /// The cells that are populated, locked or wanted, lowest first.
    pub cells: Vec<Cell>,
}

/// All domains and whatever else can be stood at.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Scene {
    /// The policy in force, as lessons name it.
    pub policy: &'static str,
    /// The domains.
    pub domains: Vec<DomainScene>,
    /// Other locks that are held or wanted, or that the lesson has named.
    pub locks: Vec<LockBox>,
    /// Who is asleep.
    pub asleep: Vec<u8>,
    /// Whose program has ended.
    pub ended: Vec<u8>,
    /// The greatest heat of any lock: what the scale ends at.
    pub hottest: u64,
}

/// Who holds and wants which lock, and how hot it is.
struct Crowd {
    held: Vec<Hold>,
    wanted: Vec<(Lock, ActorId, Mode, usize)>,
    heat: BTreeMap<Lock, u64>,
}

/// The scene at the position.
pub fn scene<C: Code>(run: &mut Run<C>) -> Scene {
    let world = run.world().clone();
    let crowd = crowd(run);
    let domains = (0..world.domains.len() as u8).map(|slot| domain(run, slot, &crowd)).collect();
    let (mut asleep, mut ended) = (Vec::new(), Vec::new());
    for a in world.actor_ids() {
        match state(run, a) {
            State::Asleep { .. } => asleep.push(a.0),
            State::Ended => ended.push(a.0),
            _ => {}
        }
    }
    Scene {
        policy: world.policy.name(),
        domains,
        locks: other_locks(run, &crowd),
        asleep,
        ended,
        hottest: crowd.heat.values().copied().max().unwrap_or(0),
    }
}

fn crowd<C: Code>(run: &mut Run<C>) -> Crowd {
    let held = holds(run.past());
    let mut heat = BTreeMap::new();
    // A step that somebody else takes while an actor waits is a waiting step of that actor.
    for k in 0..run.at() {
        for w in run.waiting(k) {
            if let Effect::Lock(lock, _) = w.on {
                *heat.entry(lock).or_insert(0) += 1;
            }
        }
    }
    let mut wanted: Vec<_> = run
        .waiting(run.at())
        .iter()
        .filter_map(|w| match w.on {
            Effect::Lock(lock, mode) => Some((lock, w.actor, mode, run.waits_since(w.actor).unwrap_or(run.at()))),
            _ => None,
        })
        .collect();
    wanted.sort_by_key(|w| (w.3, w.1));
    Crowd { held, wanted, heat }
}

impl Crowd {
    fn since(&self, a: ActorId, lock: Lock, mode: Mode) -> Option<usize> {
        self.held.iter().find(|h| h.depth > 0 && h.actor == a && h.lock == lock && h.mode == mode).map(|h| h.since)
    }

    fn holders<C: Code>(&self, run: &mut Run<C>, lock: Lock, mode: Mode) -> Vec<Holder> {
        let world = run.world().clone();
        let all = lock::holders(run.words(), &world, lock);
        let of_mode = all.into_iter().filter(|h| h.1 == mode);
        of_mode.map(|(a, _, depth)| Holder { actor: a.0, depth, since: self.since(a, lock, mode) }).collect()
    }

    fn queue(&self, lock: Lock) -> Vec<u8> {
        self.wanted.iter().filter(|w| w.0 == lock).map(|w| w.1.0).collect()
    }

    fn heat(&self, lock: Lock) -> u64 {
        self.heat.get(&lock).copied().unwrap_or(0)
    }

    /// All locks that are held or wanted, or have been waited for.
    fn locks(&self) -> impl Iterator<Item = Lock> + '_ {
        let held = self.held.iter().filter(|h| h.depth > 0).map(|h| h.lock);
        held.chain(self.wanted.iter().map(|w| w.0)).chain(self.heat.keys().copied())
    }
}

fn domain<C: Code>(run: &mut Run<C>, slot: u8, crowd: &Crowd) -> DomainScene {
    let world = run.world().clone();
    let d = world.domain(slot);
    let lock = Lock::Global(slot);
    let word = lock::word_of(run.words(), &world, lock).map_or(0, |w| run.words().get(w));
    let global = GlobalBox {
        lock: LockName::of(lock, &world),
        exclusive: crowd.holders(run, lock, Mode::Exclusive).into_iter().next(),
        shared: crowd.holders(run, lock, Mode::Shared),
        queue: crowd.wanted.iter().filter(|w| w.0 == lock).map(|w| (w.1.0, w.2 == Mode::Shared)).collect(),
        queued: global::queued(word),
        heat: crowd.heat(lock),
    };
    DomainScene { slot, id: d.id.0, name: d.name.clone(), global, cells: cells(run, slot, crowd) }
}

/// What a cell holds, before locks are looked at.
#[derive(Default)]
struct Content {
    span: u64,
    leaves: u64,
    order: Option<u8>,
    types: BTreeMap<String, u64>,
}

fn cells<C: Code>(run: &mut Run<C>, slot: u8, crowd: &Crowd) -> Vec<Cell> {
    let world = run.world().clone();
    let mut found: BTreeMap<u64, Content> = BTreeMap::new();
    for t in tables(run.words(), &world).into_iter().filter(|t| t.slot == slot) {
        for (i, entry) in t.entries(run.words(), &world) {
            let Decoded::Leaf(leaf) = world.format.decode(t.level, entry) else { continue };
            let cell = found.entry(t.gfn(i).0 >> Order::M2.bits()).or_default();
            cell.span = cell.span.max(leaf.order.frames() >> Order::M2.bits());
            cell.leaves += 1;
            cell.order = cell.order.max(Some(leaf.order.bits()));
            *cell.types.entry(leaf.ty.to_string()).or_insert(0) += leaf.order.frames();
        }
    }
    for lock in crowd.locks() {
        let (Lock::Range(d, i) | Lock::Area(d, i)) = lock else { continue };
        if let (false, Some(bits)) = (matches!(lock, Lock::Area(..)), world.policy.range_bits().filter(|&b| b > 0))
            && d == slot
        {
            let first = i << (bits - Order::M2.bits());
            let last = first + (1 << (bits - Order::M2.bits()));
            if bits == Order::M2.bits() || found.range(first..last).next().is_none() {
                found.entry(first).or_default();
            }
        } else if d == slot {
            // Locks of one gfn stand in the cell of their 2 MB.
            let area = if matches!(lock, Lock::Area(..)) { i } else { i >> Order::M2.bits() };
            found.entry(area).or_default();
        }
    }
    let mut out: Vec<Cell> = Vec::new();
    for (index, content) in found {
        let end = out.last().map_or(0, |c| c.index + c.span);
        out.push(cell(run, slot, crowd, index, content, index > end));
    }
    out
}

fn cell<C: Code>(run: &mut Run<C>, slot: u8, crowd: &Crowd, index: u64, content: Content, cut: bool) -> Cell {
    let world = run.world().clone();
    let first_gfn = index << Order::M2.bits();
    let lock = match world.policy {
        Policy::Unlocked | Policy::Global => None,
        Policy::K4 => Some(Lock::Area(slot, index)),
        Policy::G1 | Policy::M2 | Policy::Rw => Some(Lock::Range(slot, world.range(Gfn(first_gfn)))),
    };
    let mut types: Vec<_> = content.types.into_iter().collect();
    types.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    Cell {
        index,
        first_gfn,
        span: content.span.max(1),
        cut,
        leaves: content.leaves,
        order: content.order,
        types,
        lock: lock.map(|l| LockName::of(l, &world)),
        holder: lock.and_then(|l| crowd.holders(run, l, Mode::Exclusive).into_iter().next()),
        queue: lock.map_or(Vec::new(), |l| crowd.queue(l)),
        heat: lock.map_or(0, |l| crowd.heat(l)),
    }
}

fn other_locks<C: Code>(run: &mut Run<C>, crowd: &Crowd) -> Vec<LockBox> {
    let world = run.world().clone();
    let named = (0..world.locks.len() as u8).map(Lock::Named);
    // A lock of one gfn is too small for a cell of 2 MB.
    let in_cell = |l: &Lock| l.of_p2m() && !(world.policy == Policy::K4 && matches!(l, Lock::Range(..)));
    let mut all: Vec<Lock> = crowd.locks().filter(|l| !in_cell(l)).collect();
    all.extend(named);
    all.sort_by_key(|l| (l.rank(&world), *l));
    all.dedup();
    let view = |lock: Lock| LockBox {
        lock: LockName::of(lock, &world),
        holder: crowd.holders(run, lock, Mode::Exclusive).into_iter().next(),
        queue: crowd.queue(lock),
        heat: crowd.heat(lock),
    };
    all.into_iter().map(view).collect()
}
