//! After a step: looks again only at what it wrote.
//!
//! A rule of every state that holds before a step can be broken only by what the step wrote, and one that is broken
//! is never told again: so the entries written are looked at with the frames they map, and the records written with
//! the entries that map them, which the [`index`] finds. A rule of rest may be broken and mended while somebody is at
//! work: the index notes which frames and lists break one now, and is asked when all are at rest. Where a step
//! changed how tables hang together, everything is looked at.

use super::survey::{At, Survey};
use super::{Broken, Rules, dirty, domains, entries, frames, index, invariants, memory, pod, requests, shared};
use crate::addr::{ActorId, DomGfn, Mfn, Word};
use crate::entry::Decoded;
use crate::lock::{Lock, holders};
use crate::machine::Sorted;
use crate::machine::frames::{FrameUse, changes_mapping, count, is_free, used_as};
use crate::machine::grants::GrantWord;
use crate::machine::kept::Keeper;
use crate::machine::{ActorWord, DomWord, FrameWord, GhostWord, Region, Words, World, grants, sharing};
use crate::perform::PIN_COUNT;
use crate::sim::Memory;

/// What a step wrote, by what rules read.
#[derive(Default)]
pub struct Wrote {
    /// How tables hang together, or something that every entry is measured by.
    structure: bool,
    /// Leaves taken away.
    gone: Vec<At>,
    /// Leaves written.
    new: Vec<At>,
    /// Those of them whose place had another type before.
    retyped: Vec<At>,
    /// Frames whose count came or went, or whose owner or use changed.
    remapped: Vec<Mfn>,
    /// Frames of which a rule of rest may hold no longer, or again.
    frames: Vec<Mfn>,
    /// Links of page lists, or their length.
    lists: bool,
    /// Frames and table pages that were free and are in use.
    reused: Vec<Mfn>,
    /// Sharing records, whose tuples hold references on frames, or their counters.
    records: bool,
    /// Whether a domain's writes are noted, or its bitmap of them.
    dirty: bool,
    /// Rings, what a vCPU waits for, or whether anybody answers it.
    requests: bool,
    /// Domains that are dying from this step on.
    dying: Vec<u8>,
    /// Domains whose pod lock was taken or released.
    pod_lock: Vec<u8>,
    /// Domains whose cache was not as large before, and how large it was.
    grown: Vec<(u8, u64)>,
    /// TLBs.
    tlb: bool,
    /// Any record of the frame table, a domain or an actor: what rules of rest read.
    pub any: bool,
}

/// The ends of a domain's lists, and the counters that their frames add up to.
const LISTS: [DomWord; 8] = [
    DomWord::TotPages,
    DomWord::CacheCount,
    DomWord::ListHead,
    DomWord::ListTail,
    DomWord::PodSuperHead,
    DomWord::PodSuperTail,
    DomWord::PodSingleHead,
    DomWord::PodSingleTail,
];

impl Wrote {
    /// What the step whose writes begin at `mark` wrote.
    pub fn since(m: &mut Memory, world: &World, mark: usize) -> Wrote {
        let mut wrote = Wrote::default();
        let mut all = m.since(mark).to_vec();
        all.sort_by_key(|w| w.0);
        all.dedup_by_key(|w| w.0);
        for (at, old) in all {
            let (at, now) = (Word(at), m.peek(Word(at)));
            if old == now {
                continue;
            }
            match world.map.region(at) {
                Region::Page => wrote.page(m, world, at, old, now),
                Region::Frames => wrote.frame(world, at, old, now),
                Region::Domains => {
                    wrote.any = true;
                    wrote.domain(world, at, old, now);
                }
                Region::Actors => {
                    wrote.any = true;
                    wrote.actor(world, at, old, now);
                }
                Region::Ghost => wrote.refs(m, world, at, old, now),
                Region::Records => {
                    wrote.any = true;
                    wrote.records = true;
                }
                Region::Xen => {
                    wrote.any = true;
                    wrote.records = true;
                }
                Region::Grants => {
                    wrote.any = true;
                    wrote.grant(m, world, at, old, now);
                }
                Region::Lesson => {
                    let rings = world.map.ring(0).0..world.map.ring(world.rings.len() as u32).0;
                    wrote.requests |= rings.contains(&at.0);
                }
                Region::Heap | Region::Objects => {}
            }
        }
        wrote.lists |= wrote.records;
        if wrote.records {
            let all = (0..world.map.frames() as u64).map(Mfn);
            wrote.frames.extend(all.filter(|&f| sharing::info(m, world, f).is_some()));
        }
        wrote.frames.sort_unstable();
        wrote.frames.dedup();
        wrote
    }

    fn page(&mut self, m: &mut Memory, world: &World, at: Word, old: u64, now: u64) {
        let Some(hangs) = index::hangs(m, world, at.frame()) else {
            return self.content(m, world, at.frame());
        };
        let table = |e| hangs.level > 0 && matches!(world.format.decode(hangs.level, e), Decoded::Table { .. });
        if table(old) || table(now) || index::twice(m, world) {
            self.structure = true;
            return;
        }
        let i = at.0 as u64 % 512;
        let (old, new) = (At::decode(world, hangs, i, old), At::decode(world, hangs, i, now));
        self.retyped.extend(new.filter(|new| old.is_none_or(|old| old.leaf.ty != new.leaf.ty)));
        self.gone.extend(old);
        self.new.extend(new);
    }

    /// A page that is no table: in a cache it must be zero, and a bitmap says what was written.
    fn content(&mut self, m: &mut Memory, world: &World, mfn: Mfn) {
        let cached = index::cached(m, world, mfn).is_some();
        let bitmap = matches!(used_as(m, world, mfn), FrameUse::Dirty { .. });
        self.frames.extend(cached.then_some(mfn));
        self.dirty |= bitmap;
        self.any |= cached || bitmap;
    }

    fn frame(&mut self, world: &World, at: Word, old: u64, now: u64) {
        self.any = true;
        let Some((mfn, w)) = world.map.frame_record(at) else { return };
        self.frames.push(mfn);
        if changes_mapping(w, old, now) {
            self.remapped.push(mfn);
            self.tlb = true;
        }
        self.lists |= w == FrameWord::Next as u8 || w == FrameWord::Prev as u8;
        self.records |= w == FrameWord::Sharing as u8;
        const COUNT: u8 = FrameWord::Count as u8;
        const USE: u8 = FrameWord::Use as u8;
        let reused = match w {
            COUNT => count(old) == 0 && count(now) > 0,
            USE => matches!(FrameUse::from_word(old), FrameUse::Pool { .. }),
            _ => false,
        };
        self.reused.extend(reused.then_some(mfn));
    }

    fn domain(&mut self, world: &World, at: Word, old: u64, now: u64) {
        for slot in 0..world.domains.len() as u8 {
            let is = |w| world.dom_word(slot, w) == at;
            self.structure |= is(DomWord::MaxMapped) && now < old;
            self.lists |= LISTS.into_iter().any(is);
            if [Keeper::RingPage(slot), Keeper::SharedPage(slot)].iter().any(|k| k.word(world) == at) {
                self.holders(world, [old.wrapping_sub(1), now.wrapping_sub(1)]);
            }
            self.dirty |= [DomWord::LogDirty, DomWord::DirtyTop, DomWord::DirtyLost].into_iter().any(is);
            self.requests |= is(DomWord::HasRing) || is(DomWord::Crashed);
            self.dying.extend((is(DomWord::Dying) && old == 0).then_some(slot));
            self.pod_lock.extend(is(DomWord::Pod).then_some(slot));
            self.grown.extend((is(DomWord::CacheCount) && now > old).then_some((slot, old)));
        }
    }

    /// Pins and TLBs of actors, which are pairs of key and value.
    fn actor(&mut self, world: &World, at: Word, old: u64, now: u64) {
        let Some(a) = whose(world, at, |a| world.map.actor(a, ActorWord::WaitsFor)) else { return };
        self.requests |= at == world.map.actor(a, ActorWord::Awaits);
        if [Keeper::Vvmcx(a), Keeper::VcpuInfo(a)].iter().any(|k| k.word(world) == at) {
            self.holders(world, [old.wrapping_sub(1), now.wrapping_sub(1)]);
        }
        let tlb = world.map.tlb(a);
        self.dirty |= at == world.map.actor(a, ActorWord::PmlCount);
        self.tlb |= at.0 >= tlb.at.0 && at.0 <= tlb.at.0 + 2 * tlb.room as u32;
        if value_of(world.map.pins(a), at).is_some() {
            self.holders(world, [old & (PIN_COUNT - 1), now & (PIN_COUNT - 1)]);
        }
    }

    /// References of actors, whose keys are frames.
    fn refs(&mut self, m: &mut Memory, world: &World, at: Word, old: u64, now: u64) {
        let Some(a) = whose(world, at, |a| world.map.ghost(a, GhostWord::Place)) else { return };
        match value_of(world.map.refs(a), at) {
            Some(true) => {
                let frame = m.get(Word(at.0 - 1));
                self.holders(world, [frame, frame]);
            }
            Some(false) => self.holders(world, [old, now]),
            None => {}
        }
    }

    /// The frame that a grant pins, or no longer pins, or pins more or less often.
    fn grant(&mut self, m: &mut Memory, world: &World, at: Word, old: u64, now: u64) {
        for i in 0..world.map.grants() as u64 {
            let word = |w: GrantWord| world.map.grant(i, w as u32);
            if word(GrantWord::Frame) == Some(at) {
                self.holders(world, [old.wrapping_sub(1), now.wrapping_sub(1)]);
            } else if word(GrantWord::Writers) == Some(at) || word(GrantWord::Readers) == Some(at) {
                let frame = grants::word(m, world, i, GrantWord::Frame).wrapping_sub(1);
                self.holders(world, [frame, frame]);
            }
        }
    }

    fn holders(&mut self, world: &World, named: [u64; 2]) {
        self.frames
            .extend(named.into_iter().map(memory::frame_of_key).filter(|&f| f < world.map.frames() as u64).map(Mfn));
    }

    /// Brings the index up to date, and reports which rules of every state the step broke.
    pub fn look<W: Words>(&self, m: &mut W, world: &World, out: &mut Vec<Broken>) {
        let moved = if self.lists { index::note_caches(m, world) } else { Vec::new() };
        if self.structure {
            let s = Survey::take(m, world);
            index::rebuild(m, world, &s);
            invariants::entries(m, world, &s, out);
            (0..world.map.frames() as u64).for_each(|f| note(m, world, Mfn(f)));
        } else {
            self.gone.iter().for_each(|at| index::leaf(m, world, at, true));
            self.new.iter().for_each(|at| index::leaf(m, world, at, false));
            for at in &self.new {
                entries::leaf(m, world, at, out);
                for (_, mfn) in at.frames(world) {
                    let maps = index::maps(m, world, mfn);
                    out.extend(frames::i3(m, world, mfn, &maps));
                }
            }
            self.remapped.iter().for_each(|&mfn| remapped(m, world, mfn, out));
            for at in self.gone.iter().chain(&self.new) {
                at.frames(world).for_each(|(_, mfn)| note(m, world, mfn));
            }
            self.frames.iter().chain(&moved).for_each(|&mfn| note(m, world, mfn));
            for mfn in (0..world.map.frames() as u64).map(Mfn).filter(|_| self.dirty) {
                if index::maps(m, world, mfn).own > 0 {
                    note(m, world, mfn);
                }
            }
        }
        self.retyped.iter().for_each(|at| out.extend(dirty::i26(m, world, at)));
        self.reused.iter().for_each(|&mfn| out.extend(entries::i31(m, world, mfn)));
        for &mfn in &self.frames {
            out.extend(frames::i11(m, world, mfn));
        }
        if self.tlb {
            invariants::tlbs(m, world, out);
        }
        if self.requests {
            requests::all(m, world, out);
        }
        self.caches(m, world, out);
        for slot in 0..world.domains.len() as u8 {
            out.extend(domains::i34(m, world, slot));
        }
        if self.lists {
            for slot in 0..world.domains.len() as u8 {
                let bad = domains::rules_of_lists(m, world, slot);
                index::note_domain(m, world, slot, bad);
            }
        }
        if self.records {
            let bad = shared::rules_of_machine(m, world);
            index::note_machine(m, world, bad);
        }
    }

    /// Caches that grew, and who may still let that of a dying domain grow.
    fn caches<W: Words>(&self, m: &mut W, world: &World, out: &mut Vec<Broken>) {
        for &(slot, was) in self.grown.iter().filter(|g| !self.dying.contains(&g.0)) {
            out.extend(pod::i24(m, world, slot, was));
        }
        for &slot in self.dying.iter().chain(&self.pod_lock) {
            let held = !holders(m, world, Lock::Pod(slot)).is_empty();
            let spared = held && (self.dying.contains(&slot) || index::spared(m, world, slot));
            index::note_spared(m, world, slot, spared);
        }
    }
}

/// Everything that the index says of words as they are: before the first step.
pub fn prime<W: Words>(m: &mut W, world: &World) {
    let s = Survey::take(m, world);
    index::rebuild(m, world, &s);
    index::note_caches(m, world);
    (0..world.map.frames() as u64).for_each(|f| note(m, world, Mfn(f)));
    let bad = shared::rules_of_machine(m, world);
    index::note_machine(m, world, bad);
    for slot in 0..world.domains.len() as u8 {
        let bad = domains::rules_of_lists(m, world, slot);
        index::note_domain(m, world, slot, bad);
    }
}

/// Whether words would break any of these rules of rest, by what the index says and no more.
pub fn any_at_rest<W: Words>(m: &mut W, world: &World, rules: Rules) -> bool {
    let mut out = Vec::new();
    (0..world.domains.len() as u8).for_each(|slot| domains::counters(m, world, slot, &mut out));
    !out.is_empty()
        || Rules::OF_FRAMES_AT_REST.and(rules).iter().any(|rule| index::any_bad_frame(m, world, rule))
        || (0..world.domains.len() as u8).any(|slot| !index::bad_domain(m, world, slot).and(rules).is_empty())
        || !index::bad_machine(m, world).and(rules).is_empty()
}

/// The rules of rest, of those asked for, that words break which are at rest now.
pub fn at_rest<W: Words>(m: &mut W, world: &World, rules: Rules, out: &mut Vec<Broken>) {
    for rule in Rules::OF_FRAMES_AT_REST.and(rules).iter() {
        if let Some(mfn) = index::bad_frame(m, world, rule) {
            out.extend(frames::at_rest(m, world, mfn).into_iter().filter(|b| b.rule == rule));
        }
    }
    for slot in 0..world.domains.len() as u8 {
        domains::counters(m, world, slot, out);
        if !index::bad_domain(m, world, slot).and(rules).is_empty() {
            domains::lists(m, world, slot, out);
        }
    }
    if !index::bad_machine(m, world).and(rules).is_empty() {
        shared::machine(m, world, out);
    }
}

fn note<W: Words>(m: &mut W, world: &World, mfn: Mfn) {
    let bad = frames::rules_at_rest(m, world, mfn);
    index::note_frame(m, world, mfn, bad);
}

/// The entries that map a frame whose record changed, and the table that it is.
fn remapped<W: Words>(m: &mut W, world: &World, mfn: Mfn, out: &mut Vec<Broken>) {
    if let Some(hangs) = index::hangs(m, world, mfn) {
        out.extend(entries::i7(m, world, mfn, hangs));
    }
    let maps = index::maps(m, world, mfn);
    if maps.own == 1 {
        entries::mapped(m, world, DomGfn::from_word(maps.at), mfn, out);
    }
    if maps.own > 1 || maps.views > 0 || maps.any() && is_free(m, world, mfn) {
        let s = Survey::take(m, world);
        let at: Vec<DomGfn> = s.frames(world).filter(|f| f.1 == mfn).map(|f| f.0).collect();
        at.into_iter().for_each(|g| entries::mapped(m, world, g, mfn, out));
    }
}

/// The actor whose record a word is in; records begin where `first` says and have one size.
fn whose(world: &World, at: Word, first: impl Fn(ActorId) -> Word) -> Option<ActorId> {
    let (base, next) = (first(ActorId(0)).0, first(ActorId(1)).0);
    let a = at.0.checked_sub(base)? / (next - base);
    ((a as usize) < world.actors.len()).then_some(ActorId(a as u8))
}

/// Whether a word is the value of a pair, or its key; none where it is neither.
fn value_of(s: Sorted, at: Word) -> Option<bool> {
    let i = at.0.checked_sub(s.at.0)?;
    (i > 0 && i <= 2 * s.room as u32).then(|| i.is_multiple_of(2))
}
