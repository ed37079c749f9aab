//! What each effect does to words. Written once: a simulated step and a live effect both end here.

use crate::addr::{ActorId, DomGfn, FRAME_WORDS, Gfn, Mfn, Order};
use crate::entry::{Access, Decoded, Era, Leaf, LeafCtx, P2mType};
use crate::lock::{self, Taken};
use crate::machine::{
    DomWord, FrameUse, Words, World, blocks, dirty, foreign, frames, grants, ioreq, kept, lists, monitor, nested,
    objects, paging, pause, pod, pte, recalc, refs, ring, sharing, sweep, table, teardown, tlb,
};
use crate::step::{Act, Cond, Effect, Page};

/// What became of an effect.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Performed {
    /// It has happened; its result.
    Done([u64; 2]),
    /// It must wait; nothing has changed but, perhaps, that the actor has queued.
    Blocked,
}

/// Pins are counted above this bit of a pin's value; the mfn stands below.
pub const PIN_COUNT: u64 = 1 << 40;

/// An mfn as an effect's result: all ones for none.
const fn mfn_word(mfn: Option<Mfn>) -> u64 {
    match mfn {
        Some(mfn) => mfn.0,
        None => Mfn::INVALID.0,
    }
}

/// Does an effect. [`Effect::Wait`] and [`Effect::Choose`] are decided by whoever runs the actor and do nothing here.
#[inline(always)]
pub fn perform<W: Words>(m: &mut W, world: &World, me: ActorId, e: &Effect) -> Performed {
    let one = |v: u64| Performed::Done([v, 0]);
    match *e {
        Effect::Load(w) => one(m.get(w)),
        Effect::Store(w, v) => {
            m.set(w, v);
            one(0)
        }
        Effect::StoreBits { word, mask, bits } => {
            let old = m.get(word);
            m.set(word, old & !mask | bits & mask);
            one(0)
        }
        Effect::Cas(w, old, new) => one(m.cas(w, old, new)),
        Effect::Add(w, n) => one(m.add(w, n).wrapping_add(n)),
        Effect::Swap(w, v) => one(m.swap(w, v)),
        Effect::Page(p) => one(page(m, world, p)),
        Effect::Lock(l, mode) => match lock::try_take(m, world, me, l, mode) {
            Taken::Yes => one(1),
            Taken::Promotion => one(0),
            Taken::No | Taken::Queued => Performed::Blocked,
        },
        Effect::TryLock(l, mode) => match lock::look(m, world, me, l, mode) {
            lock::Look::Free => one((lock::try_take(m, world, me, l, mode) == Taken::Yes) as u64),
            _ => one(0),
        },
        Effect::Unlock(l, mode) => {
            lock::release(m, world, me, l, mode);
            one(0)
        }
        Effect::Wait(_) | Effect::Wake(_) | Effect::Choose(_) => one(0),
        Effect::Act(Act::Ring(a)) => ring::act(m, world, a).map_or(Performed::Blocked, Performed::Done),
        Effect::Act(Act::Paging(a)) => paging::act(m, world, me, a).map_or(Performed::Blocked, one),
        Effect::Act(a) => Performed::Done(act(m, world, me, a)),
    }
}

/// Whether the actor's effect can happen now, without waiting; a condition that a program states is not asked.
#[inline]
pub fn ready<W: Words>(m: &mut W, world: &World, me: ActorId, e: &Effect) -> bool {
    if world.pausable && pause::stays(m, world, me) {
        return false;
    }
    match *e {
        Effect::Lock(l, mode) => lock::look(m, world, me, l, mode) != lock::Look::Busy,
        Effect::Wait(c) => holds(m, world, me, c),
        Effect::Act(Act::Ring(a)) => a.ready(m, world),
        Effect::Act(Act::Paging(a)) => a.ready(m, world, me),
        _ => true,
    }
}

/// Whether what a sleeper waits for has come; a condition that a program states is not asked.
#[inline]
pub fn holds<W: Words>(m: &mut W, world: &World, me: ActorId, c: Cond) -> bool {
    match c {
        Cond::Is(w, v) => m.get(w) == v,
        Cond::Not(w, v) => m.get(w) != v,
        Cond::Outside(who) => pause::inside(m, world, me, who).is_empty(),
        Cond::Stated => true,
    }
}

#[inline(always)]
fn act<W: Words>(m: &mut W, world: &World, me: ActorId, a: Act) -> [u64; 2] {
    let flag = |b: bool| [b as u64, 0];
    match a {
        Act::GetPage { mfn, dom } => flag(frames::get_page(m, world, mfn, dom)),
        Act::PutPage(mfn) => flag(frames::put_page(m, world, mfn)),
        Act::PutAllocation(mfn) => flag(frames::put_allocation(m, world, mfn)),
        Act::Pin { g, mfn } => flag(pin(m, world, me, g, mfn)),
        Act::Unpin { g } => flag(unpin(m, world, me, g)),
        Act::AllocFrame(slot) => [mfn_word(frames::alloc_frame(m, world, me, slot)), 0],
        Act::AllocTable(slot) => [mfn_word(frames::alloc_table(m, world, me, slot)), 0],
        Act::FreeTable(mfn) => flag(frames::free_table(m, world, mfn)),
        Act::SetEntry { word, entry, g, order, fresh } => {
            let entry = if fresh { with_default_access(m, world, g, order, entry) } else { entry };
            if teardown::refuses(m, world, g.dom, (word, order), entry) {
                return [m.get(word), foreign::Refused::Closed as u64];
            }
            if let Err(refused) = foreign::before(m, world, g.dom, (word, order), entry) {
                return [m.get(word), refused as u64];
            }
            raise_max_mapped(m, world, g, order, entry);
            let old = m.swap(word, entry);
            foreign::after(m, world, g.dom, order, (old, entry));
            ioreq::recount(m, world, g.dom, order, old, entry);
            move_pins(m, world, me, g, order, entry);
            [old, 0]
        }
        Act::TlbAccess { g, root, access } => tlb::access(m, world, me, root, g, access).to_words(),
        Act::TlbWalk { g, entry, level, access } => tlb::walk(m, world, me, g, entry, level, access).to_words(),
        Act::Refs(a) => [refs::act(m, world, a), 0],
        Act::Monitor(a) => [monitor::act(m, world, me, a), 0],
        Act::Recalc(a) => [recalc::act(m, world, a), 0],
        Act::Grant(a) => [grants::act(m, world, a), 0],
        Act::Kept(a) => [kept::act(m, world, a), 0],
        Act::Sharing(a) => [sharing::act(m, world, me, a), 0],
        Act::Nested(n) => [nested::perform(m, world, n), 0],
        Act::Flush(of) => {
            tlb::flush(m, world, of);
            [0, 0]
        }
        Act::Sweep(of) => sweep::Found::to_words(sweep::next(m, world, of)),
        Act::Dirty(a) => [dirty::act(m, world, me, a), 0],
        Act::Block(b) => [blocks::perform(m, world, me, b), 0],
        Act::Pod(p) => [pod::perform(m, world, p), 0],
        Act::Pte(a) => pte::act(m, world, a),
        Act::Ring(a) => ring::act(m, world, a).unwrap_or_default(),
        Act::Paging(a) => [paging::act(m, world, me, a).unwrap_or_default(), 0],
        Act::List(a) => [lists::act(m, world, a), 0],
        Act::Object(a) => [objects::act(m, world, me, a), 0],
        Act::Pause(a) => {
            pause::act(m, world, me, a);
            [0, 0]
        }
        Act::MayTake(hold) => flag(lock::may_take(m, world, me, hold)),
        Act::Teardown(a) => [teardown::act(m, world, a), 0],
        Act::Table(a) => {
            let inside = a.section().is_some_and(|slot| lock::holds_table(m, world, me, slot));
            [table::act(m, world, me, a, inside), 0]
        }
    }
}

fn page<W: Words>(m: &mut W, world: &World, p: Page) -> u64 {
    let word = |mfn, i| world.map.page(mfn, i);
    match p {
        Page::Fill { table, entry, level } => {
            let ctx = match frames::used_as(m, world, table) {
                FrameUse::Table { slot } => world.leaf_ctx(slot),
                _ => LeafCtx::default(),
            };
            for i in 0..FRAME_WORDS {
                if let Some(w) = word(table, i) {
                    m.set(w, world.split_child(entry, level, i, &ctx));
                }
            }
            0
        }
        Page::Copy { from, to } => {
            for i in 0..FRAME_WORDS {
                if let (Some(f), Some(t)) = (word(from, i), word(to, i)) {
                    let v = m.get(f);
                    m.set(t, v);
                }
            }
            0
        }
        Page::Zero(mfn) => {
            for i in 0..FRAME_WORDS {
                if let Some(w) = word(mfn, i) {
                    m.set(w, 0);
                }
            }
            0
        }
        Page::IsZero(mfn) => (0..FRAME_WORDS).all(|i| word(mfn, i).is_none_or(|w| m.get(w) == 0)) as u64,
    }
}

/// A get's reference, noted in the actor's own record, so that the put finds it and a replacement inside the region
/// can swap it. A nested get pins the frame that the outer one holds. False, and nothing is held, if the frame is free
/// or the record is full.
#[inline(always)]
fn pin<W: Words>(m: &mut W, world: &World, me: ActorId, g: DomGfn, mfn: Mfn) -> bool {
    let pins = world.map.pins(me);
    // Nobody else writes the record, so the place stays.
    let place = pins.find(m, g.to_word());
    let held = place.held.unwrap_or(mfn.0);
    let mfn = Mfn(held & (PIN_COUNT - 1));
    if !frames::get_page(m, world, mfn, None) {
        return false;
    }
    let ok = pins.put_at(m, place, g.to_word(), held.wrapping_add(PIN_COUNT));
    if !ok {
        frames::put_page(m, world, mfn);
    }
    ok
}

/// Drops one of the actor's pins on `g`; false if it has none.
#[inline(always)]
fn unpin<W: Words>(m: &mut W, world: &World, me: ActorId, g: DomGfn) -> bool {
    let pins = world.map.pins(me);
    let place = pins.find(m, g.to_word());
    let Some(held) = place.held else { return false };
    if held < 2 * PIN_COUNT {
        pins.take_at(m, place);
    } else {
        pins.put_at(m, place, g.to_word(), held - PIN_COUNT);
    }
    frames::put_page(m, world, Mfn(held & (PIN_COUNT - 1)));
    true
}

/// The frame's references of the actor's own gets move to the frame that is mapped now (rule R4 of the proposal).
#[inline(always)]
fn move_pins<W: Words>(m: &mut W, world: &World, me: ActorId, g: DomGfn, order: Order, entry: u64) {
    let pins = world.map.pins(me);
    if pins.is_empty(m) {
        return;
    }
    for (key, held) in pins.pairs(m) {
        let at = DomGfn::from_word(key);
        if at.dom != g.dom || at.gfn.base(order) != g.gfn {
            continue;
        }
        let (old, n) = (Mfn(held & (PIN_COUNT - 1)), held / PIN_COUNT);
        let leaf = world.leaf_of(at, entry, order.level()).filter(Leaf::has_frame);
        let new = leaf.map(|l| l.mfn);
        if new == Some(old) {
            continue;
        }
        let got = (0..n).filter(|_| new.is_some_and(|f| frames::get_page(m, world, f, None))).count() as u64;
        match new {
            Some(f) if got > 0 => drop(pins.put(m, key, f.0 + got * PIN_COUNT)),
            _ => drop(pins.take(m, key)),
        }
        for _ in 0..n {
            frames::put_page(m, world, old);
        }
    }
}

/// The entry with the access that new ones of the domain have. One that the layout has no room for stays.
fn with_default_access<W: Words>(m: &mut W, world: &World, g: DomGfn, order: Order, entry: u64) -> u64 {
    let Some(slot) = world.slot(g.dom) else { return entry };
    let access = Access::from_code(m.get(world.map.dom(slot, DomWord::DefaultAccess))).unwrap_or(Access::Rwx);
    match world.format.decode(order.level(), entry) {
        Decoded::Leaf(leaf) if leaf.access != access && world.format.has_access(access) => {
            world.format.leaf(&Leaf { access, ..leaf }, &ioreq::leaf_ctx(m, world, slot, &leaf))
        }
        _ => entry,
    }
}

/// Raised before the entry is written, so that nobody who looks below it misses a mapping. Never lowered. In 2011
/// it is raised for what names a frame (populate on demand names frame 0), later for any type but `invalid`.
fn raise_max_mapped<W: Words>(m: &mut W, world: &World, g: DomGfn, order: Order, entry: u64) {
    let Some(slot) = world.slot(g.dom) else { return };
    let Decoded::Leaf(leaf) = world.format.decode(order.level(), entry) else { return };
    let raises = match world.format.era() {
        Era::Oct2011 => leaf.mfn.is_valid(),
        Era::Dec2012 | Era::Now => leaf.ty != P2mType::Invalid,
    };
    if !raises {
        return;
    }
    let word = world.map.dom(slot, DomWord::MaxMapped);
    let Gfn(first) = g.gfn;
    let top = first + order.frames();
    let mut seen = m.get(word);
    while seen < top {
        let now = m.cas(word, seen, top);
        if now == seen {
            return;
        }
        seen = now;
    }
}
