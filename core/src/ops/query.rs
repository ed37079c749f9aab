//! Looking entries up: `get_gfn` and its kin.
//!
//! Protocol: a get takes the entry's lock, walks, and pins the frame it finds; the put drops the pin and the lock. In
//! between neither the translation nor the frame goes away (rules R1 and R2 of the proposal). Gets nest. Two frame
//! numbers are got in the order of (domain, range).

use super::table::flush;
use crate::addr::{DomGfn, Mfn};
use crate::entry::{Decoded, Era, Leaf};
use crate::lock::policy::{self, Plan};
use crate::lock::{Lock, Mode};
use crate::machine::recalc::RecalcAct;
use crate::machine::table::TableAct;
use crate::machine::{Deferral, World};
use crate::step::{Act, Step, Stop, Turn};
use std::ops::ControlFlow::{self, Break, Continue};

/// Takes what guards an entry: the global lock in its mode, then the range.
///
/// The usual plan, a range of its own beneath the shared side, is written out, here and in [`release`]: which locks these
/// are is then known when this is compiled, and nothing of the other kinds stands between a live actor and the two words.
#[inline(always)]
pub fn take<S: Step>(s: &mut S, slot: u8, plan: Plan) -> Result<(), Stop> {
    match usual(plan) {
        Some((d, i)) => {
            s.lock(Lock::Global(slot), Mode::Shared)?;
            s.lock(Lock::Range(d, i), Mode::Exclusive)?;
            Ok(())
        }
        None => take_any(s, slot, plan),
    }
}

/// The range of the usual plan.
#[inline(always)]
fn usual(plan: Plan) -> Option<(u8, u64)> {
    match plan {
        Plan { global: Some(Mode::Shared), range: Some(Lock::Range(d, i)), mode: Mode::Exclusive } => Some((d, i)),
        _ => None,
    }
}

#[inline(never)]
fn take_any<S: Step>(s: &mut S, slot: u8, plan: Plan) -> Result<(), Stop> {
    if let Some(mode) = plan.global {
        s.lock(Lock::Global(slot), mode)?;
    }
    if let Some(range) = plan.range {
        s.lock(range, plan.mode)?;
    }
    Ok(())
}

/// Releases it, innermost first; then makes a flush that was put off, if nothing of the table is held any more.
#[inline(always)]
pub fn release<S: Step>(s: &mut S, slot: u8, plan: Plan) -> Result<(), Stop> {
    match usual(plan) {
        Some((d, i)) => {
            s.unlock(Lock::Range(d, i), Mode::Exclusive)?;
            s.unlock(Lock::Global(slot), Mode::Shared)?;
            flush::released(s, slot)
        }
        None => release_any(s, slot, plan),
    }
}

#[inline(never)]
fn release_any<S: Step>(s: &mut S, slot: u8, plan: Plan) -> Result<(), Stop> {
    if let Some(range) = plan.range {
        s.unlock(range, plan.mode)?;
    }
    if let Some(mode) = plan.global {
        s.unlock(Lock::Global(slot), mode)?;
        flush::released(s, slot)?;
    }
    Ok(())
}

/// `lock gfn(g)`: takes the lock that updates of the entry take.
pub fn lock_entry<S: Step>(s: &mut S, g: DomGfn) -> Result<(), Stop> {
    let slot = s.slot(g.dom)?;
    let plan = policy::for_update(s.world(), slot, g.gfn);
    take(s, slot, plan)
}

/// `lock gfn(g) shared`: as a reader, where the policy has readers.
pub fn lock_entry_shared<S: Step>(s: &mut S, g: DomGfn) -> Result<(), Stop> {
    let slot = s.slot(g.dom)?;
    let plan = policy::for_update(s.world(), slot, g.gfn).shared(s.world());
    take(s, slot, plan)
}

/// `lock gfn(g) [shared] nowait`: all that it takes, or nothing.
pub fn try_lock_entry<S: Step>(s: &mut S, g: DomGfn, shared: bool) -> Result<bool, Stop> {
    let slot = s.slot(g.dom)?;
    let plan = policy::for_update(s.world(), slot, g.gfn);
    let plan = if shared { plan.shared(s.world()) } else { plan };
    let global = Lock::Global(slot);
    if let Some(mode) = plan.global
        && !s.try_lock(global, mode)?
    {
        return Ok(false);
    }
    if let Some(range) = plan.range
        && !s.try_lock(range, plan.mode)?
    {
        if let Some(mode) = plan.global {
            s.unlock(global, mode)?;
        }
        return Ok(false);
    }
    Ok(true)
}

/// `unlock gfn(g)`.
pub fn unlock_entry<S: Step>(s: &mut S, g: DomGfn) -> Result<(), Stop> {
    let slot = s.slot(g.dom)?;
    let plan = policy::for_update(s.world(), slot, g.gfn);
    release(s, slot, plan)
}

/// Walks down from the root: the entry that ends the walk, and its level. One effect for each level met. Above the
/// highest gfn ever mapped the first answers at once, whatever stands there.
pub fn walk<S: Step>(s: &mut S, g: DomGfn) -> Result<(u64, u8), Stop> {
    let (entry, level, _) = walk_marks(s, g)?;
    Ok((entry, level))
}

/// The same, and whether an entry on the path is marked for its type to be computed again. Then the entry that ends the
/// walk is given as it is by now, for one effect more; the table stays as it is.
pub fn walk_marks<S: Step>(s: &mut S, g: DomGfn) -> Result<(u64, u8, bool), Stop> {
    let slot = s.slot(g.dom)?;
    walk_here(s, slot, g)
}

/// The same, made part of whoever calls it.
#[inline(always)]
fn walk_here<S: Step>(s: &mut S, slot: u8, g: DomGfn) -> Result<(u64, u8, bool), Stop> {
    s.note("walks the table");
    let top = s.act(Act::Table(TableAct::Top { slot, g }))?;
    // Above the level's byte stands whether a mark was met.
    let (entry, at) = s.turns((top, 3 | marked(s, top)), &Down(g))?;
    let level = at as u8;
    if at >> 8 == 0 {
        return Ok((entry, level, false));
    }
    s.note("computes the type that the entry has by now");
    Ok((s.act(Act::Recalc(RecalcAct::Type { slot, gfn: g.gfn, entry, level }))?, level, true))
}

/// Whether the entry is marked, as the bit above a level's byte.
#[inline(always)]
fn marked<S: Step>(s: &S, entry: u64) -> u64 {
    (s.world().format.needs_recalc(entry) as u64) << 8
}

/// One level down on the way to a gfn.
struct Down(DomGfn);

impl<S: Step> Turn<S, (u64, u64)> for Down {
    #[inline(always)]
    fn turn(&self, s: &mut S, (entry, at): (u64, u64)) -> Result<ControlFlow<(u64, u64), (u64, u64)>, Stop> {
        match s.world().format.leads_to(at as u8, entry) {
            Some(mfn) => {
                let word = s.page_word(mfn, self.0.gfn.index(at as u8 - 1))?;
                s.note("walks the table");
                let entry = s.load(word)?;
                Ok(Continue((entry, (at - 1) | marked(s, entry))))
            }
            None => Ok(Break((entry, at))),
        }
    }
}

/// The table word that a look-up of `g` answers: inside a superpage with the frame of this very gfn; with none where
/// the type has none, whatever the entry keeps there (populate on demand: a number that means nothing), or the frame
/// is broken; for a hole [`Format::miss`](crate::entry::Format::miss). Its size is that of [`Format::taken`](crate::entry::Format::taken).
pub fn answer(world: &World, g: DomGfn, entry: u64, level: u8) -> u64 {
    answer_of(world, entry, level, world.leaf_of(g, entry, level))
}

/// The same, where the leaf is known.
#[inline(always)]
fn answer_of(world: &World, entry: u64, level: u8, leaf: Option<Leaf>) -> u64 {
    let format = world.format;
    match leaf {
        Some(leaf) if leaf.ty.may_have_frame() && !leaf.ty.is_broken() => {
            format.taken(format.with_mfn(entry, leaf.mfn), level)
        }
        Some(_) => format.taken(format.with_mfn(entry, Mfn::INVALID), level),
        None => format.miss(),
    }
}

/// The leaf that such an answer says; it has the frame of that very gfn in it, so that nothing is to be added.
pub fn answered(world: &World, answer: u64) -> Option<Leaf> {
    match world.format.decode(world.format.taken_at(answer), answer) {
        Decoded::Leaf(leaf) => Some(leaf),
        _ => None,
    }
}

/// `lookup g`: walks without any lock. What it answers may be stale at once.
pub fn lookup<S: Step>(s: &mut S, g: DomGfn) -> Result<u64, Stop> {
    let (entry, level) = walk(s, g)?;
    Ok(answer(s.world(), g, entry, level))
}

/// What a look-up may change on its way (`P2M_ALLOC`, `P2M_UNSHARE`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Query {
    /// Gives a frame to what is populated on demand.
    pub alloc: bool,
    /// Gives a frame of its own to what is shared.
    pub unshare: bool,
}

impl Query {
    /// Nothing.
    pub const PLAIN: Query = Query { alloc: false, unshare: false };
    /// What `get_gfn` may.
    pub const ALLOC: Query = Query { alloc: true, unshare: false };
    /// What `get_gfn_unshare` may: whoever unshares allocates too.
    pub const UNSHARE: Query = Query { alloc: true, unshare: true };
}

/// The entry that ends the walk to `g`, and its level, after what the query may change. Under the look-up's lock. An
/// entry that still shares where it should not found no memory, and an event says so.
pub fn resolve<S: Step>(s: &mut S, g: DomGfn, q: Query) -> Result<(u64, u8), Stop> {
    let found = walk(s, g)?;
    unshared(s, g, q, found)
}

/// The same, when the walk has been made.
fn unshared<S: Step>(s: &mut S, g: DomGfn, q: Query, found: (u64, u8)) -> Result<(u64, u8), Stop> {
    let shares = s.world().leaf_of(g, found.0, found.1).is_some_and(|l| l.ty.is_shared());
    if !(q.unshare && shares) {
        return Ok(found);
    }
    s.scope(|s| super::sharing::unshare_or_tell(s, g))?;
    walk(s, g)
}

/// `get_gfn g`: takes the entry's lock, looks it up, and pins the frame, if it has one. Must be put even if not. A broken
/// page has none, and whoever may populate (from 2012 on) ends the domain over it: the guest would go on as if it were
/// there.
pub fn get_gfn<S: Step>(s: &mut S, g: DomGfn) -> Result<u64, Stop> {
    get_gfn_type(s, g, Query::ALLOC)
}

/// `get_gfn_unshare g`: the same, and gives a shared page a frame of its own first. The type is still `ram_shared` if
/// there was no memory for one.
pub fn get_gfn_unshare<S: Step>(s: &mut S, g: DomGfn) -> Result<u64, Stop> {
    get_gfn_type(s, g, Query::UNSHARE)
}

/// `get_gfn` and its kin, by what they may change. Xen's `get_gfn_type_access`.
pub fn get_gfn_type<S: Step>(s: &mut S, g: DomGfn, q: Query) -> Result<u64, Stop> {
    let slot = s.slot(g.dom)?;
    let plan = policy::for_lookup(s.world(), slot, g.gfn);
    get(s, g, slot, plan, q)
}

/// `get_gfn_query g`: the same, as a reader where the policy has readers. It never populates on demand.
pub fn get_gfn_query<S: Step>(s: &mut S, g: DomGfn) -> Result<u64, Stop> {
    let slot = s.slot(g.dom)?;
    let plan = policy::for_lookup(s.world(), slot, g.gfn).shared(s.world());
    get(s, g, slot, plan, Query::PLAIN)
}

fn get<S: Step>(s: &mut S, g: DomGfn, slot: u8, plan: Plan, q: Query) -> Result<u64, Stop> {
    take(s, slot, plan)?;
    let (mut entry, mut level, _) = walk_here(s, slot, g)?;
    let mut leaf = s.world().leaf_of(g, entry, level);
    if leaf.is_some_and(|l| q.unshare && l.ty.is_shared() || q.alloc && l.ty.is_pod()) {
        (entry, level) = changed(s, g, (slot, plan), q, (entry, level))?;
        leaf = s.world().leaf_of(g, entry, level);
    }
    if q.alloc && leaf.is_some_and(|l| l.ty.is_broken()) && s.world().format.era() != Era::Oct2011 {
        super::crash::crash(s, slot)?;
    }
    if policy::pins(s.world())
        && let Some(leaf) = leaf.filter(|l| l.has_frame() && !l.ty.is_broken())
    {
        s.act(Act::Pin { g, mfn: leaf.mfn })?;
    }
    Ok(answer_of(s.world(), entry, level, leaf))
}

/// The entry that a get finds where the first one is to be changed: unshared, or populated on demand.
#[cold]
#[inline(never)]
fn changed<S: Step>(
    s: &mut S,
    g: DomGfn,
    (slot, plan): (u8, Plan),
    q: Query,
    found: (u64, u8),
) -> Result<(u64, u8), Stop> {
    let found = unshared(s, g, q, found)?;
    if !(q.alloc && s.world().leaf_of(g, found.0, found.1).is_some_and(|l| l.ty.is_pod())) {
        return Ok(found);
    }
    // That may need more than the entry: it begins with nothing held. What it could not populate is answered so.
    release(s, slot, plan)?;
    s.scope(|s| super::pod::demand_populate_one(s, g))?;
    take(s, slot, plan)?;
    resolve(s, g, q)
}

/// `put_gfn g`: drops the pin of the innermost get of `g`, if that got a frame, and the entry's lock. Where flushes are
/// put off the pin goes last, when the TLBs have answered: it may be what keeps a frame that the section unmapped.
pub fn put_gfn<S: Step>(s: &mut S, g: DomGfn) -> Result<(), Stop> {
    let slot = s.slot(g.dom)?;
    let plan = policy::for_lookup(s.world(), slot, g.gfn);
    let late = s.world().flush == Deferral::Deferred;
    if late {
        release(s, slot, plan)?;
        flush::before_free(s, slot)?;
    }
    if policy::pins(s.world()) {
        s.act(Act::Unpin { g })?;
    }
    if late { Ok(()) } else { release(s, slot, plan) }
}

/// What becomes of the get of `g` when a mapping elsewhere, foreign or granted, has been made of it. Where entries are
/// not held captive it is put, and the mapping's own reference is what keeps the frame. Where they are it stays, lock
/// and pin, until [`let_go`] (question Q3 of the proposal, which decided against it): then whoever wants the whole
/// table, like log-dirty, waits for as long as the mapping lives, and who lives with one cannot take it at all.
pub fn keep_captive<S: Step>(s: &mut S, g: DomGfn) -> Result<(), Stop> {
    if s.world().captive { Ok(()) } else { put_gfn(s, g) }
}

/// The mapping elsewhere of `g` has gone: puts what [`keep_captive`] kept. By the same actor, as with all locks.
pub fn let_go<S: Step>(s: &mut S, g: DomGfn) -> Result<(), Stop> {
    if s.world().captive { put_gfn(s, g) } else { Ok(()) }
}

/// Two frame numbers in the order in which they are got: by domain, then by range. One range twice is one lock taken
/// twice (S15).
pub fn in_order(world: &World, g: DomGfn, h: DomGfn) -> (DomGfn, DomGfn) {
    let key = |x: DomGfn| (x.dom, world.range(x.gfn), x.gfn);
    if key(g) <= key(h) { (g, h) } else { (h, g) }
}

/// `get_two_gfns g with h`. Look the entries up afterwards.
pub fn get_two_gfns<S: Step>(s: &mut S, g: DomGfn, h: DomGfn) -> Result<(), Stop> {
    let (first, second) = in_order(s.world(), g, h);
    get_gfn(s, first)?;
    get_gfn(s, second)?;
    Ok(())
}

/// `put_two_gfns g with h`: the later one first.
pub fn put_two_gfns<S: Step>(s: &mut S, g: DomGfn, h: DomGfn) -> Result<(), Stop> {
    let (first, second) = in_order(s.world(), g, h);
    put_gfn(s, second)?;
    put_gfn(s, first)
}
