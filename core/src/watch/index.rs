//! The watchers' index: what is mapped, found from the frame, and which frames break a rule of rest.
//!
//! Ghost words, so that undo and snapshots hold for them. Each but one is a function of the other words (so equal states
//! stay equal), kept by what a step wrote and made anew when a step changed how tables hang together. Protocol: only the
//! watcher of a simulated run writes it; [`rebuild`] makes it from nothing, and [`leaf`] keeps it, entry by entry.

use super::Rule;
use super::survey::{At, Hangs, Survey};
use crate::addr::Mfn;
use crate::entry::P2mType;
use crate::machine::{Words, World, pod};

/// A word of the index's frame record.
#[derive(Clone, Copy)]
#[repr(u32)]
enum OfFrame {
    /// Where a table page hangs, as [`pack`] has it; 0: nowhere.
    Hangs,
    /// How many frame numbers map it, by [`Maps`]: 16 bits each.
    Maps,
    /// The frame numbers that map it as memory of their own, as words, one exclusive-or the other: where there is
    /// one, that one.
    At,
    /// The rules of rest that it breaks, one bit each.
    Bad,
    /// How many frame numbers of views map it as memory.
    Views,
    /// In whose populate-on-demand cache it stands: the domain's place plus one; 0: in none.
    Cached,
}

/// Word of the index's head: 1 while some table page hangs in two places. The words before it count the frames that
/// break each rule of rest, by the rule's bit.
const TWICE: u32 = 63;
/// The rules of the machine as a whole that do not hold, in the head.
const MACHINE: u32 = 62;
/// How many frames stand in caches, in the head.
const CACHED: u32 = 61;
/// Word of a domain's record in the index: the rules of rest that it breaks. Those before it count its frame numbers
/// by type, and in one more those that are paged out or on their way back and have no frame.
const DOM_BAD: u32 = 31;
const DOM_PAGED: u32 = 30;
/// And one that no other words tell: 1 while the pod lock is held by who took it before the domain was dying.
const DOM_SPARED: u32 = 29;

const _: () = assert!(P2mType::COUNT <= DOM_SPARED as usize);

/// As what a frame is mapped.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Maps {
    /// As its domain's own memory.
    pub own: u64,
    /// As `ram_shared`.
    pub shared: u64,
    /// Through a grant.
    pub grant: u64,
    /// As a foreign frame, by views too: each such entry holds a reference.
    pub foreign: u64,
    /// By a nested or alternative table of its domain.
    pub views: u64,
    /// Where it is mapped as own memory; means that only where `own` is 1.
    pub at: u64,
}

impl Maps {
    /// Whether anything maps it as memory.
    pub const fn any(&self) -> bool {
        self.own + self.shared + self.grant + self.foreign + self.views > 0
    }
}

/// Whether the type maps memory of the domain's own: what I1 to I3 speak of.
pub const fn own_memory(ty: P2mType) -> bool {
    (ty.is_ram() || matches!(ty, P2mType::IoreqServer | P2mType::RamBroken)) && ty.may_have_frame() && !ty.is_shared()
}

/// By how much one mapping of that type changes the counts.
const fn unit(ty: P2mType) -> u64 {
    match ty {
        P2mType::RamShared => 1 << 16,
        P2mType::GrantMapRw | P2mType::GrantMapRo => 1 << 32,
        P2mType::MapForeign => 1 << 48,
        ty => own_memory(ty) as u64,
    }
}

const fn pack(h: Hangs) -> u64 {
    1 << 63 | (h.slot as u64) << 56 | (h.level as u64) << 48 | h.base
}

fn word<W: Words>(m: &mut W, world: &World, mfn: Mfn, w: OfFrame) -> u64 {
    world.map.index_of_frame(mfn, w as u32).map_or(0, |word| m.get(word))
}

/// Where a page hangs, if it hangs in a table.
pub fn hangs<W: Words>(m: &mut W, world: &World, mfn: Mfn) -> Option<Hangs> {
    let w = word(m, world, mfn, OfFrame::Hangs);
    let base = w & ((1 << 48) - 1);
    (w != 0).then_some(Hangs { slot: (w >> 56 & 0x7f) as u8, level: (w >> 48 & 0xff) as u8, base })
}

/// As what a frame is mapped.
pub fn maps<W: Words>(m: &mut W, world: &World, mfn: Mfn) -> Maps {
    let w = word(m, world, mfn, OfFrame::Maps);
    let at = word(m, world, mfn, OfFrame::At);
    let views = word(m, world, mfn, OfFrame::Views);
    Maps { own: w & 0xffff, shared: w >> 16 & 0xffff, grant: w >> 32 & 0xffff, foreign: w >> 48, views, at }
}

/// How many frame numbers of a domain have that type.
pub fn of_type<W: Words>(m: &mut W, world: &World, slot: u8, ty: P2mType) -> u64 {
    m.get(world.map.index_of_domain(slot, ty as u32))
}

/// How many frame numbers of a domain are paged out, or on their way back, and have no frame.
pub fn paged<W: Words>(m: &mut W, world: &World, slot: u8) -> u64 {
    m.get(world.map.index_of_domain(slot, DOM_PAGED))
}

/// Whether some table page hangs in two places: then only a survey says what is mapped.
pub fn twice<W: Words>(m: &mut W, world: &World) -> bool {
    m.get(world.map.index(TWICE)) != 0
}

/// Takes a leaf in, or out again.
pub fn leaf<W: Words>(m: &mut W, world: &World, at: &At, out: bool) {
    let count = |m: &mut W, w, n: u64| {
        let n = if out { n.wrapping_neg() } else { n };
        m.add(w, n);
    };
    count(m, world.map.index_of_domain(at.slot, at.leaf.ty as u32), at.leaf.order.frames());
    if at.leaf.ty.is_paging() && !at.leaf.has_frame() {
        count(m, world.map.index_of_domain(at.slot, DOM_PAGED), at.leaf.order.frames());
    }
    let unit = unit(at.leaf.ty);
    if unit == 0 {
        return;
    }
    let view = world.domain(at.slot).view.is_some();
    for (g, mfn) in at.frames(world) {
        let (counter, unit) =
            if view && at.leaf.ty != P2mType::MapForeign { (OfFrame::Views, 1) } else { (OfFrame::Maps, unit) };
        if let Some(w) = world.map.index_of_frame(mfn, counter as u32) {
            count(m, w, unit);
        }
        if let Some(w) = world.map.index_of_frame(mfn, OfFrame::At as u32).filter(|_| unit == 1 && !view) {
            let was = m.get(w);
            m.set(w, was ^ g.to_word());
        }
    }
}

/// Makes the index of tables and leaves anew; what breaks a rule of rest is left as it was.
pub fn rebuild<W: Words>(m: &mut W, world: &World, s: &Survey) {
    let map = &world.map;
    for slot in 0..map.domains() as u8 {
        (0..DOM_BAD).filter(|&i| i != DOM_SPARED).for_each(|i| m.set(map.index_of_domain(slot, i), 0));
    }
    for mfn in (0..map.frames() as u64).map(Mfn) {
        for w in [OfFrame::Hangs, OfFrame::Maps, OfFrame::At, OfFrame::Views] {
            if let Some(w) = map.index_of_frame(mfn, w as u32) {
                m.set(w, 0);
            }
        }
    }
    let mut twice = false;
    for (i, &(mfn, h)) in s.tables.iter().enumerate() {
        if s.hangs_among(mfn, i) {
            twice = true;
        } else if let Some(w) = map.index_of_frame(mfn, OfFrame::Hangs as u32) {
            m.set(w, pack(h));
        }
    }
    m.set(map.index(TWICE), twice as u64);
    s.leaves.iter().for_each(|at| leaf(m, world, at, false));
}

/// Notes which rules of rest a frame breaks now.
pub fn note_frame<W: Words>(m: &mut W, world: &World, mfn: Mfn, bad: super::Rules) {
    let Some(w) = world.map.index_of_frame(mfn, OfFrame::Bad as u32) else { return };
    let was = m.get(w);
    if was == bad.0 {
        return;
    }
    m.set(w, bad.0);
    for rule in super::Rules(was ^ bad.0).iter() {
        m.add(world.map.index(rule as u32), if bad.has(rule) { 1 } else { u64::MAX });
    }
}

/// Whether some frame breaks a rule of rest.
pub fn any_bad_frame<W: Words>(m: &mut W, world: &World, rule: Rule) -> bool {
    m.get(world.map.index(rule as u32)) != 0
}

/// The first frame that breaks a rule of rest.
pub fn bad_frame<W: Words>(m: &mut W, world: &World, rule: Rule) -> Option<Mfn> {
    if !any_bad_frame(m, world, rule) {
        return None;
    }
    (0..world.map.frames() as u64).map(Mfn).find(|&f| word(m, world, f, OfFrame::Bad) >> rule as u8 & 1 == 1)
}

/// Notes which rules of rest a domain's lists break now.
pub fn note_domain<W: Words>(m: &mut W, world: &World, slot: u8, bad: super::Rules) {
    m.set(world.map.index_of_domain(slot, DOM_BAD), bad.0);
}

/// Notes which rules of rest the machine as a whole breaks now.
pub fn note_machine<W: Words>(m: &mut W, world: &World, bad: super::Rules) {
    m.set(world.map.index(MACHINE), bad.0);
}

/// The rules of rest that the machine as a whole breaks.
pub fn bad_machine<W: Words>(m: &mut W, world: &World) -> super::Rules {
    super::Rules(m.get(world.map.index(MACHINE)))
}

/// Whether the pod lock is held by who took it before the domain was dying.
pub fn spared<W: Words>(m: &mut W, world: &World, slot: u8) -> bool {
    m.get(world.map.index_of_domain(slot, DOM_SPARED)) != 0
}

/// Notes whether it is.
pub fn note_spared<W: Words>(m: &mut W, world: &World, slot: u8, spared: bool) {
    m.set(world.map.index_of_domain(slot, DOM_SPARED), spared as u64);
}

/// The domain in whose populate-on-demand cache a frame stands, by its place.
pub fn cached<W: Words>(m: &mut W, world: &World, mfn: Mfn) -> Option<u8> {
    word(m, world, mfn, OfFrame::Cached).checked_sub(1).map(|slot| slot as u8)
}

/// Notes anew which frames stand in caches; gives those that came or went.
pub fn note_caches<W: Words>(m: &mut W, world: &World) -> Vec<Mfn> {
    let slots = 0..world.domains.len() as u8;
    let all: Vec<(Mfn, u8)> =
        slots.flat_map(|slot| pod::cached(m, world, slot).into_iter().map(move |f| (f, slot))).collect();
    if all.is_empty() && m.get(world.map.index(CACHED)) == 0 {
        return Vec::new();
    }
    let mut is = vec![0; world.map.frames() as usize];
    for (mfn, slot) in all {
        if let Some(at) = is.get_mut(mfn.0 as usize) {
            *at = slot as u64 + 1;
        }
    }
    m.set(world.map.index(CACHED), is.iter().filter(|&&slot| slot != 0).count() as u64);
    let mut changed = Vec::new();
    for (mfn, slot) in (0..).map(Mfn).zip(is) {
        if let Some(w) = world.map.index_of_frame(mfn, OfFrame::Cached as u32)
            && m.get(w) != slot
        {
            m.set(w, slot);
            changed.push(mfn);
        }
    }
    changed
}

/// The rules of rest that a domain's lists break.
pub fn bad_domain<W: Words>(m: &mut W, world: &World, slot: u8) -> super::Rules {
    super::Rules(m.get(world.map.index_of_domain(slot, DOM_BAD)))
}
